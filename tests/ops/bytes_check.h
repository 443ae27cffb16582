/* SPDX-License-Identifier: Apache-2.0 */
/* Holds a pixel operator on maps of u8 against a definition of one of its elements. */
#ifndef TESTS_OPS_BYTES_CHECK_H
#define TESTS_OPS_BYTES_CHECK_H

#include "ops/pixel_bytes.h"
#include "pixel_buffer.h"

#define BYTES_MAX_IN 4

/** A map of u8, or of floats; its channels are counted in elements. */
typedef struct bytes_map {
    int32_t n, h, w, channels;
    bool floats;
} bytes_map;

static inline bytes_map bytes_dims(int32_t n, int32_t h, int32_t w, int32_t channels)
{
    return (bytes_map){n, h, w, channels, false};
}

/** As operators see it, without memory. */
static inline rpr_map bytes_shape(const bytes_map *m)
{
    return (rpr_map){
        .n = m->n, .h = m->h, .w = m->w, .c = m->floats ? m->channels : rpr_words(m->channels)};
}

/** What a definition reads the inputs with: element (n, y, x, c) of input i. */
typedef struct bytes_reader bytes_reader;
float bytes_get(const bytes_reader *r, int i, int32_t n, int32_t y, int32_t x, int32_t c);

typedef struct bytes_case {
    rpr_pixel_op *op; /* freed by check_bytes */
    int n_in;
    bytes_map in[BYTES_MAX_IN], out;
    bool constant[BYTES_MAX_IN];
    /** Element (n, y, x, c) of the output. It reads all that it depends on. */
    float (*naive)(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                   int32_t c);
    const void *ctx;
} bytes_case;

/**
 * In several memory layouts and with every kernel table: the dense run gives the bits of the
 * definition and writes its whole map and nothing else; touch marks exactly the pixels that read a
 * marked pixel; after a change a masked run leaves the same bits as a dense one; and padding stays
 * what it was.
 */
void check_bytes(const bytes_case *t);

#endif
