/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps share that turn `DequantizeLinear -> operator -> QuantizeLinear` into an operator
 * on 8-bit tensors. Like fusing steps they walk the sorted nodes once and look backwards, and the
 * graph is swept and counted anew between them; but they may add nodes, which get their places when
 * the step is over (rpr_qdq_add_node), so pointers to nodes and to values do not stay valid.
 *
 * A constant that DequantizeLinear gives has its data, and that node as its producer, until the
 * last step is over.
 */
#ifndef RPR_GRAPH_QDQ_H
#define RPR_GRAPH_QDQ_H

#include "graph/fuse.h"
#include "graph/table.h"

#define RPR_MS_DOMAIN "com.microsoft"

typedef struct rpr_qdq {
    rpr_fuse f;
    rpr_find_op_fn find; /* of the library's own operators, too */
    size_t n_old;        /* nodes behind these were added by the current step ... */
    int *after;          /* ... each behind the node of that index, -1: before all */
    size_t cap_after;
} rpr_qdq;

/** What a whole u8 tensor was quantised with: x = scale * (q - zero). */
typedef struct rpr_quant_params {
    int scale, zero;   /* values, both constants of one element; zero may be RPR_NONE: 0 */
    float scale_value; /* finite, above 0 */
    int64_t zero_value;
} rpr_quant_params;

/* ------------------------------------------------------------------- steps */

/** QuantizeLinear nodes that do the same are one. */
int rpr_qdq_merge_equal(rpr_qdq *q);
/** i8 activations become u8 with zero point + 128: the same numbers. */
int rpr_qdq_unsign(rpr_qdq *q);
/** Operators that only move elements, or take the largest, go before DequantizeLinear. */
int rpr_qdq_move(rpr_qdq *q);
/** Conv, Gemm and MatMul become QLinearConv, QGemm and QLinearMatMul; ConvTranspose becomes the
 *  library's own QLinearConvTranspose. */
int rpr_qdq_products(rpr_qdq *q);
/** BatchNormalization becomes a depthwise QLinearConv of one tap. */
int rpr_qdq_norms(rpr_qdq *q);
/** Add, Mul, Concat and averages become com.microsoft's operators. */
int rpr_qdq_points(rpr_qdq *q);
/** Resize that interpolates becomes QLinearResize. */
int rpr_qdq_resizes(rpr_qdq *q);
/** What is a function of the elements of one 8-bit tensor becomes a Table of it. */
int rpr_qdq_tables(rpr_qdq *q);
/** Tables go into the products before them. */
int rpr_qdq_merge_tables(rpr_qdq *q);

/* ----------------------------------------------------------------- queries */

bool rpr_qdq_is(const rpr_node *n, const char *domain, const char *op);
/** The scale and zero point of a QuantizeLinear of f32 or a DequantizeLinear of a whole u8 tensor,
 *  if they are constants. */
bool rpr_qdq_params(const rpr_qdq *q, const rpr_node *n, rpr_quant_params *p);
bool rpr_qdq_equal(const rpr_quant_params *a, const rpr_quant_params *b);
/** The u8 activation that an f32 value was dequantised from; RPR_NONE if it was not. */
int rpr_qdq_source(const rpr_qdq *q, int value, rpr_quant_params *p);
/** q as QuantizeLinear has it. */
uint8_t rpr_qdq_store(const rpr_quant_params *p, float x);

/**
 * How many of a node's first inputs a node moves the elements of, to all of its outputs, one type
 * in and out, and never computes with; what is monotone counts as moving. 0 for other nodes.
 */
int rpr_qdq_moves(const rpr_qdq *q, const rpr_node *n);

/**
 * The node that computes what a QuantizeLinear stores: the only producer of its input, or of what
 * clamps (Relu, Clip) between them get. These commute with storing. NULL if there is none.
 */
rpr_node *rpr_qdq_stored(const rpr_qdq *q, const rpr_node *quantize);

/* ----------------------------------------------------------------- changes */

/** A new value like another one in shape and, but for the suffix, name; RPR_NONE: no memory. */
int rpr_qdq_new_value(rpr_qdq *q, int like, const char *suffix, rpr_dtype type);
/** A new constant over `data` (rpr_alloc; taken over also on failure); RPR_NONE: no memory. */
int rpr_qdq_new_const(rpr_qdq *q, const char *name, const char *suffix, rpr_dtype type, int rank,
                      int64_t dim, void *data);
/** A zero point that may be absent. */
int rpr_qdq_zero(rpr_qdq *q, const rpr_quant_params *p, int *value);
/** Adds a node behind the one of that index; its place is `after` + 1 when the step is over. */
int rpr_qdq_add_node(rpr_qdq *q, int after, const char *name, const rpr_node *kind, const int *in,
                     int n_in, int out);
int rpr_qdq_set_inputs(rpr_qdq *q, rpr_node *n, const int *in, int n_in);
/** Changes a node's operator; its attributes stay. */
int rpr_qdq_retype(rpr_qdq *q, rpr_node *n, const char *domain, const char *op, int opset);
/** Makes a node yield what a QuantizeLinear stores of its result, clamps included. */
int rpr_qdq_take_over(rpr_qdq *q, int node, int quantize);

#endif
