/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable plan: what a model becomes. Tensors with a place in memory, and steps in the order
 * in which they run. Immutable; every stream of a model shares it.
 */
#ifndef RPR_PLAN_PLAN_H
#define RPR_PLAN_PLAN_H

#include "graph/graph.h"
#include "ops/linear.h"
#include "ops/pixel_ops.h"
#include "ops/recurrent_layer.h"
#include "slide/slide.h"

/**
 * One tensor of the frame path. Its logical shape is ONNX's; in memory the axis chan_axis is
 * innermost ("channels") and the other axes, in ONNX's order, are the pixels n, h, w. A plain
 * row-major tensor is the case chan_axis = rank - 1.
 *
 * A tensor of u8 that is neither an input nor a constant lies in *words*: four channels in 32 bits,
 * the last word filled up. There c, the strides and chan_off count words, as they count floats
 * elsewhere, and whoever writes a pixel writes all of its words, equal ones for equal channels.
 *
 * A tensor with a parent has no memory of its own: it is a slice of the parent's channels, or the
 * same pixels under another shape.
 */
typedef struct rpr_tensor {
    int value;        /* of the graph */
    const char *name; /* of that value */
    rpr_dtype dtype;
    int rank, chan_axis;
    int64_t dim[RPR_MAX_RANK];
    int32_t n, h, w, c;
    bool words;       /* c counts words, ... */
    int32_t channels; /* ... of so many channels; else the same as c */
    uint8_t zero;     /* of words: the byte that stands for zero, in the halo */
    int parent;       /* tensor, or RPR_NONE */
    int32_t chan_off; /* first channel within the parent */
    bool same_pixels; /* n, h, w equal the parent's (otherwise the parent is gap-free) */
    bool gap_free;    /* some child needs rows without a halo */
    int32_t halo_t, halo_b, halo_l, halo_r; /* of a tensor without a parent */
    const void *constant;                   /* owned by the plan; NULL unless constant */
    int touch_owner;                        /* tensor whose touched map stands for this one */
    int64_t img, row, pix;                  /* strides in units */
    size_t bytes;                           /* that a tensor without a parent takes, halo and all */
    size_t offset; /* of pixel (0,0,0), channel 0, from the start of that memory; bytes */
    bool is_input;
} rpr_tensor;

typedef enum rpr_step_kind {
    RPR_STEP_LINEAR, /* weighted: behind a gate; dense, corrected or skipped */
    RPR_STEP_PIXEL,  /* recomputed at the pixels that a change reaches */
    RPR_STEP_JOIN,   /* a Concat whose inputs already lie in place: only touched maps are merged */
    RPR_STEP_DELAY,  /* the columns of a window that slides, kept from call to call */
    RPR_STEP_GENERIC /* run densely by the operator's definition when an input changed */
} rpr_step_kind;

/**
 * The columns of a window along one axis of a map. Of an output `head` columns are the second
 * input's, the last ones the first input's, and `keep` between them are those that stood `shift`
 * further on in the output `period` calls ago.
 */
typedef struct rpr_delay {
    rpr_axis axis;  /* C: columns are elements of a pixel, ... */
    size_t element; /* ... of so many bytes */
    int32_t images; /* N: that are one column */
    int32_t columns, head, keep, shift, period;
    size_t bytes; /* of the kept columns: an output before the last one is remembered in so many */
} rpr_delay;

typedef struct rpr_step {
    rpr_step_kind kind;
    const rpr_node *node; /* NULL for a change of layout */
    const char *name, *op;
    int n_in, n_out;
    int *in, *out;      /* tensors, RPR_NONE where absent; owned */
    rpr_linear *linear; /* owned; LINEAR */
    int gate;           /* LINEAR */
    bool deferred;      /* LINEAR: with reuse its output holds z, and the gates activate */
    int reader;         /* LINEAR, deferred: the gate that alone reads the output, or RPR_NONE */
    int next; /* gate that may compare the output row by row as it is written, or RPR_NONE */
    rpr_pixel_op *pixel;            /* owned; PIXEL */
    rpr_delay *delay;               /* owned; DELAY */
    rpr_recurrent_layer *recurrent; /* owned; GENERIC: what runs in place of the definition */
    rpr_map *pixel_map; /* owned; PIXEL: maps of the inputs and, last, the output; data is NULL
                           unless constant */
} rpr_step;

/** One gate: the gated form of one tensor, shared by all layers that read it. */
typedef struct rpr_gate_plan {
    int tensor;
    int32_t halo_t, halo_b, halo_l, halo_r;
    rpr_act act;     /* with reuse, applied to the tensor before comparing: it holds z */
    bool needs_list; /* false if all its layers are corrected by pixel */
    int first;       /* the first of its layers, a step */
    int maker;       /* step that leaves the activation to this gate alone, or RPR_NONE */
    int writer;      /* step whose `next` this gate is, or RPR_NONE */
    uint8_t zero;    /* of words: the byte that stands for zero */
    bool cheap;      /* all its layers are: a stream may leave it open */
} rpr_gate_plan;

/** The one gate through which all that reads an input reads it. */
typedef struct rpr_picture_plan {
    int gate;           /* or RPR_NONE: there is none, or more than that depends on the input */
    bool direct;        /* it reads the input itself; else what constants make of it, ... */
    double least, most; /* ... whose values differ so many times as much, by channel */
    int quantiser;      /* step that is all that reads the input, and quantises it; or RPR_NONE */
} rpr_picture_plan;

/** What a stream feeds itself. */
typedef struct rpr_carry_plan {
    int output;          /* of the plan's outputs */
    const void *initial; /* owned by the plan; dense row-major */
    size_t bytes;
} rpr_carry_plan;

typedef struct rpr_plan {
    rpr_graph *graph; /* owned */
    rpr_slide *slide; /* owned; NULL: no input is a window */
    rpr_tensor *tensor;
    int n_tensor, cap_tensor;
    int *tensor_of; /* value -> tensor or RPR_NONE */
    rpr_step *step;
    int n_step, cap_step;
    rpr_gate_plan *gate;
    int n_gate, cap_gate;
    int *input, *output; /* tensors */
    int n_input, n_output;
    int n_given;               /* inputs that the caller gives; the others follow, ... */
    int64_t *most_steps;       /* of every input that is sequence lengths: their limit, else 0 */
    rpr_carry_plan *carry;     /* ... carried from call to call */
    rpr_picture_plan *picture; /* of every input */
    void **owned;              /* constants in frame-path layout */
    int n_owned, cap_owned;
    size_t tensor_bytes;   /* all tensors, if none shares memory with another */
    size_t generic_bytes;  /* scratch for the largest result of a GENERIC step */
    size_t constant_bytes; /* weights and constants */
    uint64_t fingerprint;  /* of shapes, steps and weights */
} rpr_plan;

/** Bytes of what c and the strides of a tensor count. */
size_t rpr_tensor_unit(const rpr_tensor *t);

bool rpr_tensor_has_halo(const rpr_tensor *t);

/** Sets the strides of a tensor without halo or gaps. */
void rpr_tensor_gap_free(rpr_tensor *t);

/** Builds the plan; takes the graph and what became of its window (may be NULL) over, also on
 *  failure. */
int rpr_plan_build(rpr_graph *g, rpr_slide *slide, const rpr_model_options *opt, rpr_plan **out,
                   rpr_error *err);
void rpr_plan_free(rpr_plan *p);

/** Calls that fill a window; 1 if there is none. */
int64_t rpr_plan_window_calls(const rpr_plan *p);

/** The tensor at the top of a tensor's chain of parents. */
int rpr_plan_root(const rpr_plan *p, int tensor);

/** Map of a tensor of f32 or of words over memory that begins with its pixel (0,0,0), channel 0. */
rpr_map rpr_tensor_map(const rpr_tensor *t, void *data);

/** View of a tensor in ONNX's axis order, over the same. */
rpr_view rpr_tensor_view(const rpr_tensor *t, void *data);

#endif
