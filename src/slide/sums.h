/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reductions over the window's axis. The new columns of a call that see no edge are reduced by
 * themselves; such partial results wait in a Delay, and those of the whole window are reduced anew
 * on every call, together with the columns that do see an edge: no sum runs on, so nothing drifts.
 */
#ifndef RPR_SLIDE_SUMS_H
#define RPR_SLIDE_SUMS_H

#include "slide/state.h"

typedef struct rpr_sum {
    const rpr_columns *c; /* of input 0 */
    int64_t parts;        /* partial results that fill the window */
    bool reduced[RPR_MAX_RANK];
    bool keepdims;
    bool pool;               /* over the columns a window as long as they are, over others any */
    const char *part, *join; /* operators: of columns, of partial results */
    bool mean, root;         /* what follows: a division by the elements, a square root */
} rpr_sum;

/**
 * True if a node can be computed this way that is not shift-invariant. Else *why (NULL is allowed)
 * says more, if it is the columns that do not allow it.
 */
bool rpr_sum_parse(const rpr_slider *s, const rpr_node *n, rpr_sum *sum, rpr_reason *why);

#define RPR_SUM_RANGES 3
/** The columns that it reads on a call: new ones, then those that see an edge. How many ranges. */
int rpr_sum_ranges(const rpr_sum *sum, rpr_range *ranges);

/** Rewrites node `index`. */
void rpr_sum_rewrite(rpr_slider *s, int index);

#endif
