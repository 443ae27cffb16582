/* SPDX-License-Identifier: Apache-2.0 */
/* Holds a pixel operator against a naive definition of it, densely and sparsely. */
#ifndef TESTS_OPS_PIXEL_CHECK_H
#define TESTS_OPS_PIXEL_CHECK_H

#include "pixel_buffer.h"

#define CHECK_MAX_IN 4

typedef struct pixel_case {
    rpr_pixel_op *op; /* freed by check_pixel */
    int n_in;
    rpr_map in[CHECK_MAX_IN], out; /* dimensions only */
    bool constant[CHECK_MAX_IN];
    /** Writes all of out, without the activation. A NaN in what it reads makes its result NaN. */
    void (*naive)(const void *ctx, const rpr_map *in, const rpr_map *out);
    const void *ctx;
} pixel_case;

static inline rpr_map dims(int32_t n, int32_t h, int32_t w, int32_t c)
{
    return (rpr_map){.n = n, .h = h, .w = w, .c = c};
}

static inline float at(const rpr_map *m, int32_t n, int32_t y, int32_t x, int32_t c)
{
    return rpr_map_at(m, n, y, x)[c];
}

/* A naive run is a function of one output element, applied to all of them. */
#define EACH(o)                                                                                    \
    for (int32_t n = 0; n < (o)->n; n++)                                                           \
        for (int32_t y = 0; y < (o)->h; y++)                                                       \
            for (int32_t x = 0; x < (o)->w; x++)                                                   \
                for (int32_t c = 0; c < (o)->c; c++)

#define SET(o) rpr_map_at(o, n, y, x)[c]

/**
 * In several memory layouts and with every kernel table: the dense run agrees with the naive one
 * and writes nothing outside its map; touch marks exactly the pixels that read a marked pixel; and
 * after a change a masked run leaves the same bits as a dense one.
 */
void check_pixel(const pixel_case *t);

#endif
