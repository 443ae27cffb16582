/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, marks and random numbers for checks of pixel operators. */
#ifndef TESTS_OPS_PIXEL_BUFFER_H
#define TESTS_OPS_PIXEL_BUFFER_H

#include "ops/pixel_ops.h"

#define LAYOUTS 3

uint32_t check_random(uint32_t below);
float check_random_float(void); /* in [-2, 2) */

/** A map with memory around its pixels that nobody may write, nor read where it is an input. */
typedef struct buffer {
    rpr_map m;
    float *mem;
    size_t count;
} buffer;

/** Layout 0: no gaps. 1: a halo. 2: a halo, and a slice of wider pixels. `around` fills all. */
buffer buffer_new(rpr_map shape, int layout, float around);
buffer buffer_copy(const buffer *b);

/** The marks of a map, not cleared. */
rpr_touch touch_new(const rpr_map *m);

/** Channel 0 of a pixel by its number in the marks. */
float *buffer_pixel(const rpr_map *m, int64_t pixel);

#endif
