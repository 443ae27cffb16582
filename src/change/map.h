/* SPDX-License-Identifier: Apache-2.0 */
/* A channels-last f32 tensor as the frame path sees it. */
#ifndef RPR_CHANGE_MAP_H
#define RPR_CHANGE_MAP_H

#include <stdint.h>

/**
 * Channel k of pixel (n, y, x) is data[n * img + y * row + x * pix + k]. pix >= c: a map may be a
 * slice of channels of a wider one. row >= w * pix: there may be a halo of zeros between rows, and
 * the pixels left of 0 and right of w - 1 must not be written.
 */
typedef struct rpr_map {
    float *data; /* not owned */
    int32_t n, h, w, c;
    int64_t img, row, pix; /* in floats */
} rpr_map;

static inline float *rpr_map_at(const rpr_map *m, int32_t n, int32_t y, int32_t x)
{
    return m->data + n * m->img + y * m->row + x * m->pix;
}

#endif
