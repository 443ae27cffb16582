/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The similarity trace: what a network's weighted layers are, and which of the values that they
 * read counted as changed on each frame. A stream writes it, the simulator reads it;
 * doc/trace-format.md has the bytes. This folder knows core/ and the public API only.
 */
#ifndef RPR_TRACE_TRACE_H
#define RPR_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reprise/reprise.h"

#define RPR_TRACE_VERSION 2 /* the latest */

/* What a trace may hold; the writer keeps to it and the reader refuses more. */
#define RPR_TRACE_MAX_ELEMENTS (INT64_C(1) << 31) /* of all gated tensors together */
#define RPR_TRACE_MAX_SIZE (INT32_MAX / 4)        /* of one dimension, and of channels */
#define RPR_TRACE_MAX_ROW (INT32_MAX / 2)         /* w * c */
#define RPR_TRACE_MAX_KERNEL 4096
#define RPR_TRACE_MAX_TAPS (1 << 20)  /* of a whole window */
#define RPR_TRACE_MAX_STEP INT16_MAX  /* stride, dilation and padding at either end */
#define RPR_TRACE_MAX_NAME UINT16_MAX /* bytes; the writer cuts longer names */
#define RPR_TRACE_MAX_HEADER (1u << 24)

/** Sizes along one spatial axis. An absent axis is {1, 1, 1, 1, 1, 0}. */
typedef struct rpr_trace_axis {
    int32_t in, out, kernel, stride, dilation;
    int32_t pad; /* before the first element */
} rpr_trace_axis;

/** One gated tensor; elements in the order n, d, h, w, c, channels innermost. A row is w * c. */
typedef struct rpr_trace_input {
    char *name;
    int32_t n, d, h, w, c;
    rpr_gate gate;
    bool steps; /* of layers with steps: not written, follows from these */
} rpr_trace_input;

/**
 * One weighted layer, in the order in which they run. Along an axis output o and tap k meet at
 * input position o * stride + k * dilation - pad; if transposed, input position i and tap k meet at
 * output i * stride + k * dilation - pad.
 */
typedef struct rpr_trace_layer {
    char *name, *op;
    int32_t input; /* index of the gated tensor that it reads; several layers may share one */
    bool transposed;
    bool by_pixel; /* the engine corrects it by recomputing the output pixels that see a change */
    int32_t n, ci, co, groups; /* all channels, not per group */
    rpr_trace_axis axis[3];    /* d, h, w */
    int64_t macs;              /* of a dense evaluation, taps in the padding not counted */
    int64_t parameters;        /* weights and biases */
    bool steps; /* a recurrent layer: d are steps, each compared with the one before */
} rpr_trace_layer;

typedef struct rpr_trace_net {
    rpr_trace_input *input;
    int32_t n_input;
    rpr_trace_layer *layer;
    int32_t n_layer;
} rpr_trace_net;

/** What the engine did with a layer on one frame. */
typedef struct rpr_trace_layer_frame {
    rpr_choice choice;
    bool refreshed; /* recomputed because its turn had come; then choice is DENSE */
    bool mixed;     /* corrected by elements, but some outputs were computed anew */
    int64_t macs;   /* executed */
} rpr_trace_layer_frame;

/** One execution. The arrays belong to the reader and hold until its next call. */
typedef struct rpr_trace_frame {
    uint64_t index; /* 0, 1, 2, ... within the trace */
    bool first;     /* the first after create or reset: everything counts as changed */
    /* Per input: bit e % 64 of word e / 64 is set if element e = (((n*D + z)*H + y)*W + x)*C + ch
       changed. Never NULL; bits beyond the last element are 0; all ones if `first`. */
    uint64_t **changed;
    int64_t *n_changed; /* per input */
    float *lo, *hi;     /* per input: its range as profiled on the `first` frame */
    rpr_trace_layer_frame *layer;
} rpr_trace_frame;

/** Rows of a gated tensor: n * d * h. */
static inline int64_t rpr_trace_rows(const rpr_trace_input *in)
{
    return (int64_t)in->n * in->d * in->h;
}

/** Elements of one row: w * c. */
static inline int32_t rpr_trace_row_elements(const rpr_trace_input *in)
{
    return in->w * in->c;
}

static inline int64_t rpr_trace_elements(const rpr_trace_input *in)
{
    return rpr_trace_rows(in) * rpr_trace_row_elements(in);
}

/** 64-bit words of a bit per element. */
static inline size_t rpr_trace_words(int64_t elements)
{
    return (size_t)((elements + 63) / 64);
}

#endif
