/* SPDX-License-Identifier: Apache-2.0 */
/* Where the parts of a Concat go, for maps of floats and of words. */
#ifndef RPR_OPS_PIXEL_CONCAT_H
#define RPR_OPS_PIXEL_CONCAT_H

#include "ops/pixel_ops.h"
#include "ops/pixel_walk.h"

typedef struct rpr_concat {
    rpr_axis axis;
    int32_t start[RPR_PIXEL_MAX_IN + 1]; /* where each input begins along the axis; the total */
} rpr_concat;

/** A piece of an input and where it goes: n pixels. Along the channels `to` is the whole pixel. */
typedef struct rpr_concat_piece {
    rpr_span from, to;
    int32_t n;
} rpr_concat_piece;

/** What input i gives to the run at which the walk stands; n is 0 if nothing. */
rpr_concat_piece rpr_concat_part(const rpr_concat *p, int i, const rpr_map *in, const rpr_walk *w);

/** An operator with `params` bytes of parameters, of which an rpr_concat is the first, and `words`
 *  of tables; without run. */
rpr_pixel_op *rpr_concat_op_new(rpr_axis axis, int n_in, const rpr_map *in, const rpr_act *act,
                                size_t params, size_t words);

#endif
