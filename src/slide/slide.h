/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows that slide: a graph on a window of T columns that moves by k becomes one on the k new
 * columns.
 *
 * Of every value that has the window's axis it is known: along which of its axes the columns lie,
 * how many there are (n), how many columns of the input one of them moves by (stride), and how many
 * at either end depend on where the window ends (left, right: padding, and what sees such columns).
 * `period` = stride / gcd(stride, hop) calls later the column j + shift is the column j,
 * shift = period * hop / stride, for left <= j < n - right - shift. So a call computes the first
 * `left` columns (the head) and the last right + shift (the tail), and Delay (graph/table.h) has
 * the others.
 */
#ifndef RPR_SLIDE_SLIDE_H
#define RPR_SLIDE_SLIDE_H

#include "graph/graph.h"

/** As rpr_window_layer, by node of the graph as it was before. Strings are owned. */
typedef struct rpr_slide_layer {
    char *name, *op, *reason; /* reason: "" unless WHOLE */
    rpr_window_verdict verdict;
    int64_t columns, computed, macs, macs_hop;
} rpr_slide_layer;

/** What became of a window: owned by the plan. */
typedef struct rpr_slide {
    int64_t length, hop;
    rpr_slide_layer *layer;
    size_t n_layer;
} rpr_slide;

void rpr_slide_free(rpr_slide *s);

/** Checks the option alone, without a graph. */
int rpr_slide_check_options(const rpr_window *w, rpr_error *err);

/** Before shapes are fixed: gives the input its length where the file leaves it open. */
int rpr_slide_fix(rpr_graph *g, const rpr_window *w, rpr_error *err);

/**
 * Rewrites a graph with known shapes, resolved and fused: the input becomes `hop` columns. Nodes
 * that it makes are not resolved, and shapes of values are to be inferred anew. Fails with
 * RPR_ERR_ARGUMENT or RPR_ERR_SHAPE, the input or axis named, where the window does not fit the
 * graph's input; a graph of which nothing can be shifted is no error: its input goes through one
 * Delay.
 */
int rpr_graph_slide(rpr_graph *g, const rpr_window *w, rpr_slide **out, rpr_error *err);

#endif
