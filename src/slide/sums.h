/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reductions over the window's axis. The new columns of a call that see no edge are reduced by
 * themselves; such partial results wait in a Delay, and those of the whole window are reduced anew
 * on every call, together with the columns that do see an edge: no sum runs on, so nothing drifts.
 */
#ifndef RPR_SLIDE_SUMS_H
#define RPR_SLIDE_SUMS_H

#include "slide/state.h"

#define RPR_SUM_PARTS 3

/** True if a node that is not shift-invariant can be computed this way; sets f->m. */
bool rpr_sum_can(const rpr_slider *s, const rpr_node *n, rpr_fate *f);

/** The columns that it reads on a call: the new ones first. Returns how many ranges. */
int rpr_sum_ranges(const rpr_slider *s, const rpr_node *n, rpr_range *parts);

/** Rewrites node `index`. */
int rpr_sum_rewrite(rpr_slider *s, int index);

#endif
