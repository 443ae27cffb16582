/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a trace through a function that takes bytes. */
#ifndef RPR_TRACE_WRITE_H
#define RPR_TRACE_WRITE_H

#include "trace/trace.h"

typedef struct rpr_trace_writer rpr_trace_writer;

/** What changed in one input on one frame. */
typedef struct rpr_trace_change {
    int64_t n_changed;    /* 0: nothing; all elements: everything. Then the lists are not read. */
    const int32_t *row_n; /* changed elements of every row; the rows in the order n, d, h */
    const int32_t *idx;   /* x * c + channel, ascending within each row; row after row, no gaps */
    float lo, hi;         /* profiled range */
} rpr_trace_change;

/**
 * Writes the header. The net is read during the call only. RPR_ERR_UNSUPPORTED if it does not fit
 * the format's limits; RPR_ERR_IO if `write` failed. On failure *out is NULL.
 */
int rpr_trace_writer_create(const rpr_trace_net *net, rpr_write_fn write, void *user,
                            rpr_trace_writer **out, rpr_error *err);

/**
 * Writes one frame: n_input changes and n_layer layers. Allocates nothing and calls `write` once.
 * RPR_ERR_IO if that failed.
 */
int rpr_trace_writer_frame(rpr_trace_writer *w, bool first, const rpr_trace_change *change,
                           const rpr_trace_layer_frame *layer);

/** Writes the end record: without it a trace counts as truncated. */
int rpr_trace_writer_end(rpr_trace_writer *w);

/** NULL is allowed. Writes nothing. */
void rpr_trace_writer_free(rpr_trace_writer *w);

#endif
