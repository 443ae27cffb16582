/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of quantize/ share. The graph is the model's with weights fused and everything
 * else as ONNX has it. It is run node by node over all frames at once, in two worlds: `exact` as it
 * is and `rough` as it will be, so that a layer's error is known before the next one is looked at.
 */
#ifndef RPR_QUANTIZE_STATE_H
#define RPR_QUANTIZE_STATE_H

#include "graph/graph.h"
#include "reprise/quantize.h"

/** One node as a model of its own. */
typedef struct qt_runner {
    rpr_model *model;
    rpr_stream *stream;
    int *in, n_in, n_out; /* values that it reads, each once; outputs that are there */
    rpr_input *input;
    rpr_output *output;
} qt_runner;

/** 8-bit numbers: x = scale * (q - zero), q from 0 to 255. */
typedef struct qt_params {
    float scale;
    int zero;
} qt_params;

/** Tensors that share their parameters, because they are moved or joined only. */
typedef struct qt_class {
    int value; /* the one whose values decide: all others are parts of it */
    bool known;
    qt_params p;
} qt_class;

typedef struct qt_value {
    int class; /* RPR_NONE: never 8 bits */
    int last;  /* the last node that reads it; the number of nodes for a graph output */
} qt_value;

typedef struct qt_node {
    bool weighted; /* a layer: constant weights and an integer form */
    bool kept;     /* such a one that stays f32 */
    bool rounded;  /* in 8 bits: so are its inputs and outputs */
    int axis;      /* weighted: of the output channels in the weights */
    int64_t channels, macs;
    int8_t *w;    /* weights, when the sweep has passed it */
    float *scale; /* of every output channel */
    float *bias;  /* corrected */
    double alone; /* sensitivity; NaN */
    qt_runner exact, rough;
} qt_node;

/** Memory that is free at the moment: values come and go at every node. */
typedef struct qt_spare {
    void *at;
    size_t bytes;
} qt_spare;

typedef struct qt_state {
    rpr_graph *g;
    int opset;
    const rpr_model *model; /* the whole one, as any stream runs it */
    const rpr_quantize_options *opt;
    const rpr_sample *sample;
    rpr_ranges ranges; /* now: never AUTO */
    bool correct_bias; /* now */
    size_t n_in, n_out;
    qt_node *node; /* n_node of them: emitting adds further nodes to the graph */
    size_t n_node;
    qt_value *value;
    qt_class *class;
    int n_class;
    size_t *frame; /* of the sample, those that are looked at */
    size_t n_frame;
    qt_spare *spare;
    size_t n_spare, cap_spare;
    char **exact, **rough, **rounded; /* [frame * values + value]; rounded may be rough's */
    double *difference, *reference;   /* of every output, squares */
    int equalised;
    double base, span; /* of the progress bar: this state's part */
    rpr_error *err;
} qt_state;

/* prepare.c */
int qt_open(qt_state *s, const char *path, const rpr_model_options *model, rpr_error *err);
void qt_close(qt_state *s);
int qt_no_memory(const qt_state *s);

/* runner.c */
/** weights and bias: in place of the graph's; NULL: these. */
int qt_runner_open(qt_runner *r, const rpr_graph *g, const rpr_node *n, const float *weights,
                   const float *bias, rpr_error *err);
void qt_runner_close(qt_runner *r);
/** Runs it on in[i], which belong to r->in[i], into out[i] (NULL where absent). */
int qt_runner_run(qt_runner *r, char *const *in, char *const *out, rpr_error *err);

/* roles.c */
/** From the kept layers: which nodes are rounded, and the classes of values. */
int qt_roles(qt_state *s);
/** True if node n reads the rounded form of the value. */
bool qt_reads_rounded(const qt_state *s, int n, int value);
/** Moves elements and changes none. */
bool qt_is_mover(const rpr_node *n);
/** Inputs that are neither constant nor anything but f32: the data. */
bool qt_is_data(const rpr_graph *g, int value);

/* ranges.c */
/** Parameters from the values of a tensor in all frames; RPR_ERR_NONFINITE. */
int qt_find_params(qt_state *s, char *const *data, size_t stride, size_t count, const char *name,
                   qt_params *p);
/** to = from in 8 bits and back. */
void qt_round(qt_params p, const float *from, float *to, size_t count);

/* weights.c */
/** Rounds the weights of node n into w and scale; moment: mean square of inputs by channel, or
 * NULL. rough: what they stand for, as many floats. */
int qt_round_weights(qt_state *s, int n, const float *moment, float *rough);
/** A weighted node's weights as the graph has them. */
const float *qt_weights(const qt_state *s, int n, int64_t *count);
/** Output channel of weight i, and its input channel within the node's input. */
int64_t qt_weight_out(const qt_state *s, int n, int64_t i);
int64_t qt_weight_in(const qt_state *s, int n, int64_t i);

/* equalise.c */
/** Scales the channels between layers; runs the exact world for that. */
int qt_equalise(qt_state *s);

/* frames.c: the values of all frames, from the moment they are made until nothing reads them */
/** Chooses from the first `seen` frames of the sample as many as memory allows, evenly. */
int qt_choose_frames(qt_state *s, size_t seen);
/** Takes the two worlds' tables; qt_close_worlds frees them and all values. */
int qt_open_worlds(qt_state *s);
void qt_close_worlds(qt_state *s);
/** Reads the inputs of all frames into the exact world. */
int qt_load_inputs(qt_state *s);
/** Room for a value in all frames of a world. */
int qt_make_room(qt_state *s, char **world, int value);
/** Frees what nothing reads after node n. */
void qt_forget(qt_state *s, int n);
/** Runs node n in the exact world. */
int qt_run_exact(qt_state *s, int n);
size_t qt_count(const qt_state *s, int value); /* elements */
/** Elements before an axis, on it and behind it. */
void qt_channels(const rpr_shape *shape, int axis, int64_t *outer, int64_t *channels,
                 int64_t *inner);
/** Axis of the channels in a layer's input and output. */
int qt_channel_axis(const qt_state *s, int n);
/** Progress; an error if it ends the work. */
int qt_tell(const qt_state *s, double done);

/* sweep.c */
/** Runs all nodes in both worlds; sets all parameters, the rounded weights, and the error. */
int qt_sweep(qt_state *s);
/** Relative L2 of the worst output in the last sweep. */
double qt_error(const qt_state *s);

/* alone.c */
/** Measures every layer's sensitivity, after a sweep. cost[node * outputs + output]: squared error
 * as a share of the output's squares. */
int qt_alone(qt_state *s, double *cost);

/* keep.c */
/** Decides what is kept, and sweeps again if that is more than nothing. */
int qt_keep(qt_state *s, const double *cost);

/* emit.c */
/** Turns the graph into the quantised one. Nothing else can be done with the state then. */
int qt_emit(qt_state *s);

#endif
