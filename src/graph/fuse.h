/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fusing steps share. Each step walks the sorted nodes once and looks backwards, from a
 * node to the producers of its inputs; between steps the graph is swept and the uses are counted
 * anew. Nodes are never added, so pointers to nodes stay valid; values are, so pointers to values
 * do not.
 */
#ifndef RPR_GRAPH_FUSE_H
#define RPR_GRAPH_FUSE_H

#include "graph/opdef.h"

typedef struct rpr_fuse {
    rpr_graph *g;
    int *uses;       /* per value: node inputs and graph outputs that read it */
    bool *is_output; /* per value */
    size_t cap;      /* of both */
    rpr_error *err;
} rpr_fuse;

/* ------------------------------------------------------------------- steps */

/** Drops nodes whose output is their input. */
int rpr_fuse_noops(rpr_fuse *f);
/** Pow by 2 and 0.5 into Mul and Sqrt. */
int rpr_fuse_powers(rpr_fuse *f);
/** Pad into the pads of Conv, MaxPool and AveragePool. */
int rpr_fuse_pads(rpr_fuse *f);
/** x * clip(x + b, 0, c) * k and x * HardSigmoid(x) into HardSwish. */
int rpr_fuse_hardswish(rpr_fuse *f);
/** BatchNormalization and per-channel Mul, Div, Add, Sub into weights and bias. */
int rpr_fuse_affines(rpr_fuse *f);
/** Activations, and scalar Mul and Add behind them, into the node before. */
int rpr_fuse_acts(rpr_fuse *f);
/** Channels that only meet weights of zero are not computed. */
int rpr_fuse_unread(rpr_fuse *f);

/* ----------------------------------------------------------------- queries */

bool rpr_fuse_is(const rpr_node *n, const char *op); /* in the default domain and not dead */
/** The shape of a value. */
const rpr_shape *rpr_fuse_shape(const rpr_fuse *f, int value);
/** True if input i of a node is there. */
bool rpr_fuse_has(const rpr_node *n, int i);
/** True if a node has no output but the first. */
bool rpr_fuse_one_output(const rpr_node *n);
/** The node whose first output is this value; NULL if there is none. */
rpr_node *rpr_fuse_producer(const rpr_fuse *f, int value);
/** The same if exactly one input of a node reads the value, and no graph output does. */
rpr_node *rpr_fuse_sole_producer(const rpr_fuse *f, int value);
/** Data of an f32 constant and its number of elements; NULL if it is none. */
const float *rpr_fuse_floats(const rpr_fuse *f, int value, int64_t *count);
/** The one element of an f32 constant. */
bool rpr_fuse_scalar(const rpr_fuse *f, int value, float *x);
/**
 * A list of integers from constant input i, or from an attribute where the node lists no such
 * input. *n is the room before and the count after; 0 where it is absent. False if it is not known.
 */
bool rpr_fuse_ints(const rpr_fuse *f, const rpr_node *n, int i, const char *attr, int64_t *v,
                   size_t *count);
/** For a node with two inputs: the index of the only one that is an f32 constant, or RPR_NONE. */
int rpr_fuse_constant_side(const rpr_fuse *f, const rpr_node *n);

/** The bounds of a Clip: inputs since opset 11, attributes before, the type's limits if absent. */
bool rpr_fuse_clip_bounds(const rpr_fuse *f, const rpr_node *n, float *lo, float *hi);
/**
 * Mul, Div, Add or Sub with a constant v as input `side`: y = scale * x + shift, x being the other
 * input. False for other nodes, and for v / x.
 */
bool rpr_fuse_line(const rpr_node *n, int side, double v, double *scale, double *shift);
/** The same of a BatchNormalization by constants in inference form, for every channel. */
bool rpr_fuse_norm(const rpr_fuse *f, const rpr_node *n, int64_t channels, double *scale,
                   double *shift);

/* ----------------------------------------------------------------- changes */

/** Makes input i of a node read another value; inputs up to i are added where missing. */
int rpr_fuse_set_input(rpr_fuse *f, rpr_node *n, int i, int value);
/** Keeps the first `count` inputs only. */
void rpr_fuse_cut_inputs(rpr_fuse *f, rpr_node *n, int count);
/** Writable data of constant f32 input i, which no one else reads: it is copied if need be. */
float *rpr_fuse_own(rpr_fuse *f, rpr_node *n, int i);
/** Gives a node a new f32 constant as input i; returns its data, NULL when memory ran out. */
float *rpr_fuse_new_const(rpr_fuse *f, rpr_node *n, int i, const char *what,
                          const rpr_shape *shape);
/** Gives a node a new f32 vector as input i. */
float *rpr_fuse_new_vector(rpr_fuse *f, rpr_node *n, int i, const char *what, int64_t count);
/** `into` yields what `n` yielded, which is dead then. */
void rpr_fuse_absorb(rpr_fuse *f, rpr_node *into, rpr_node *n);
/** False if the operator changed to has no definition; then nothing has changed. */
bool rpr_fuse_can_retype(const rpr_fuse *f, const char *op, int opset);
/** Changes a node's operator; its attributes are dropped. */
int rpr_fuse_retype(rpr_fuse *f, rpr_node *n, const char *op, int opset);
/** Counts the uses of all values; false when memory ran out. */
bool rpr_fuse_count(rpr_fuse *f);
/** Makes the arrays per value long enough; false when memory ran out. */
bool rpr_fuse_reserve(rpr_fuse *f);
int rpr_fuse_nomem(const rpr_fuse *f);

/* ------------------------------------------------- weighted nodes (weights) */

typedef struct rpr_weighted {
    int axis; /* of the output channels in the output */
    int64_t channels;
} rpr_weighted;

/** True if a node's result may be scaled and shifted per output channel. */
bool rpr_fuse_weighted(const rpr_fuse *f, const rpr_node *n, rpr_weighted *w);
/** True if that node can take a shift, too. */
bool rpr_fuse_shiftable(const rpr_fuse *f, const rpr_node *n);
/** Changes weights and bias so that the result becomes scale * result + shift. */
int rpr_fuse_scale(rpr_fuse *f, rpr_node *n, const rpr_weighted *w, const double *scale,
                   const double *shift);

#endif
