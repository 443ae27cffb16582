/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of pools, for maps of floats and of words. */
#ifndef RPR_OPS_PIXEL_POOL_H
#define RPR_OPS_PIXEL_POOL_H

#include "ops/pixel_ops.h"
#include "ops/pixel_walk.h"

/** Input index of the first tap of window i along an axis (0: h, 1: w). */
static inline int32_t rpr_pool_start(const rpr_pool *p, int axis, int32_t i)
{
    return i * p->stride[axis] - p->begin[axis];
}

/** How many taps of window i along an axis of so many inputs are counted by an average. */
int32_t rpr_pool_count(const rpr_pool *p, int axis, int32_t i, int32_t size);

#define RPR_POOL_TAPS 15 /* that come at once: a maximum of so many and the one so far */

/** Walks over the taps of the window of output pixel (n, y, x) that lie inside the input. */
typedef struct rpr_pool_walk {
    const rpr_pool *p;
    const rpr_map *in;
    int32_t n, y, x, ky, kx;
} rpr_pool_walk;

/** The next taps, and how many of them; 0 after the last. */
int32_t rpr_pool_taps(rpr_pool_walk *w, const float *tap[RPR_POOL_TAPS]);

/**
 * How many windows from output pixel x on, up to `end`, have their taps side by side: then those of
 * the first, read further, are those of the next ones. At least 1.
 */
int32_t rpr_pool_side_by_side(const rpr_pool *p, const rpr_map *in, const rpr_map *out, int32_t x,
                              int32_t end);

/** An operator with `params` bytes of parameters, of which an rpr_pool is the first; without run.
 */
rpr_pixel_op *rpr_pool_op_new(const rpr_pool *pool, const rpr_act *act, size_t params);

#endif
