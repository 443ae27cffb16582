/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a phase as the kernels take them; shared by the dense run and the correction. */
#ifndef RPR_OPS_LINEAR_ROWS_H
#define RPR_OPS_LINEAR_ROWS_H

#include "ops/linear.h"

/** Output row j of image n. */
rpr_conv_row rpr_phase_conv_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z, int32_t n,
                                int32_t j);
rpr_depthwise_row rpr_phase_depthwise_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z,
                                          int32_t n, int32_t j);

/**
 * a = act(z) at the marked pixels (NULL: all) of rows [y0, y1) of image n; true if z is finite
 * there.
 */
bool rpr_linear_finish_rows(const rpr_linear *l, const rpr_act *act, const rpr_kernels *k,
                            const rpr_map *z, const rpr_map *a, const rpr_touch *touched, int32_t n,
                            int32_t y0, int32_t y1);

/** Taps of output index j that fall inside the input, along one axis. */
static inline int64_t rpr_taps_inside(int32_t j, int32_t k, int32_t s, int32_t d, int32_t first,
                                      int32_t size)
{
    const int64_t at = (int64_t)j * s + first;
    if (at >= 0 && at + (int64_t)(k - 1) * d < size)
        return k;
    int64_t count = 0;
    for (int32_t t = 0; t < k; t++)
        count += at + (int64_t)t * d >= 0 && at + (int64_t)t * d < size;
    return count;
}

static inline int32_t rpr_at_least(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

#endif
