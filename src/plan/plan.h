/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable plan: what a model becomes. Tensors with a place in memory, and steps in the order
 * in which they run. Immutable; every stream of a model shares it.
 */
#ifndef RPR_PLAN_PLAN_H
#define RPR_PLAN_PLAN_H

#include "graph/graph.h"
#include "ops/linear.h"
#include "ops/pixel_op.h"

/**
 * One tensor of the frame path. Its logical shape is ONNX's; in memory the axis chan_axis is
 * innermost ("channels") and the other axes, in ONNX's order, are the pixels n, h, w. A plain
 * row-major tensor is the case chan_axis = rank - 1.
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
    int parent;       /* tensor, or RPR_NONE */
    int32_t chan_off; /* first channel within the parent */
    bool same_pixels; /* n, h, w equal the parent's (otherwise the parent is gap-free) */
    bool gap_free;    /* some child needs rows without a halo */
    int32_t halo_t, halo_b, halo_l, halo_r; /* of a tensor without a parent */
    const void *constant;                   /* owned by the plan; NULL unless constant */
    int touch_owner;                        /* tensor whose touched map stands for this one */
    int64_t img, row, pix;                  /* strides in elements */
    size_t bytes;                           /* that a tensor without a parent takes, halo and all */
    size_t offset; /* of pixel (0,0,0), channel 0, from the start of that memory; bytes */
    bool is_input;
} rpr_tensor;

typedef enum rpr_step_kind {
    RPR_STEP_LINEAR, /* weighted: behind a gate; dense, corrected or skipped */
    RPR_STEP_PIXEL,  /* recomputed at the pixels that a change reaches */
    RPR_STEP_JOIN,   /* a Concat whose inputs already lie in place: only touched maps are merged */
    RPR_STEP_GENERIC /* run densely by the operator's definition when an input changed */
} rpr_step_kind;

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
    rpr_pixel_op *pixel; /* owned; PIXEL */
    rpr_map *pixel_map;  /* owned; PIXEL: maps of the inputs and, last, the output; data is NULL
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
    bool cheap;      /* all its layers are: a stream may leave it open */
} rpr_gate_plan;

/** The one gate through which all that reads an input reads it. */
typedef struct rpr_picture_plan {
    int gate;           /* or RPR_NONE: there is none, or more than that depends on the input */
    bool direct;        /* it reads the input itself; else what constants make of it, ... */
    double least, most; /* ... whose values differ so many times as much, by channel */
} rpr_picture_plan;

/** What a stream feeds itself. */
typedef struct rpr_carry_plan {
    int output;          /* of the plan's outputs */
    const void *initial; /* owned by the plan; dense row-major */
    size_t bytes;
} rpr_carry_plan;

typedef struct rpr_plan {
    rpr_graph *graph; /* owned */
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
    rpr_carry_plan *carry;     /* ... carried from call to call */
    rpr_picture_plan *picture; /* of every input */
    void **owned;              /* constants in frame-path layout */
    int n_owned, cap_owned;
    size_t tensor_bytes;   /* all tensors, if none shares memory with another */
    size_t generic_bytes;  /* scratch for the largest result of a GENERIC step */
    size_t constant_bytes; /* weights and constants */
    uint64_t fingerprint;  /* of shapes, steps and weights */
} rpr_plan;

/** Sets the strides of a tensor without halo or gaps. */
void rpr_tensor_gap_free(rpr_tensor *t);

/** Builds the plan; takes the graph over (also on failure). */
int rpr_plan_build(rpr_graph *g, const rpr_model_options *opt, rpr_plan **out, rpr_error *err);
void rpr_plan_free(rpr_plan *p);

/** The tensor at the top of a tensor's chain of parents. */
int rpr_plan_root(const rpr_plan *p, int tensor);

/** Map of an f32 tensor over memory that begins with its pixel (0,0,0), channel 0. */
rpr_map rpr_tensor_map(const rpr_tensor *t, void *data);

/** View of a tensor in ONNX's axis order, over the same. */
rpr_view rpr_tensor_view(const rpr_tensor *t, void *data);

#endif
