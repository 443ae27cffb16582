/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of a resize's output pixels, for maps of floats and of words. */
#ifndef RPR_OPS_PIXEL_RESIZE_H
#define RPR_OPS_PIXEL_RESIZE_H

#include "ops/pixel_ops.h"
#include "ops/pixel_walk.h"

/** Sources of one output index. The table has one per output row, then one per output column. */
typedef struct rpr_taps {
    int32_t n;
    int32_t index[RPR_RESIZE_TAPS];
    float weight[RPR_RESIZE_TAPS];
} rpr_taps;

typedef struct rpr_resize {
    int32_t h; /* entries of the table that are rows */
} rpr_resize;

#define RPR_RESIZE_SOURCES (RPR_RESIZE_TAPS * RPR_RESIZE_TAPS)

/** Source pixels of one output pixel, row by row, each with the product of its two weights. */
typedef struct rpr_sources {
    int32_t n; /* there may be none */
    const float *p[RPR_RESIZE_SOURCES];
    float weight[RPR_RESIZE_SOURCES];
} rpr_sources;

void rpr_resize_sources(const rpr_map *in, int32_t n, const rpr_taps *ty, const rpr_taps *tx,
                        rpr_sources *s);

/** True if an axis with that many output indices copies one source each, as nearest does. */
bool rpr_resize_only_copies(const rpr_resize_axis *a, int32_t out);

/** An operator with its table and `params` bytes of parameters, of which an rpr_resize is the
 *  first; without run. */
rpr_pixel_op *rpr_resize_op_new(const rpr_map *out, const rpr_resize_axis *h,
                                const rpr_resize_axis *w, const rpr_act *act, size_t params);

#endif
