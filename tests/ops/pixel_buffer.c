/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pixel_buffer.h"

static uint64_t seed = 1;

uint32_t check_random(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

float check_random_float(void)
{
    return (float)check_random(1 << 24) / (float)(1 << 22) - 2.0f;
}

buffer buffer_new(rpr_map shape, int layout, float around)
{
    const int32_t halo[LAYOUTS] = {0, 2, 1}, extra[LAYOUTS] = {0, 0, 5}, first[LAYOUTS] = {0, 0, 3};
    buffer b = {.m = shape};
    b.m.pix = shape.c + extra[layout];
    b.m.row = (shape.w + 2 * halo[layout]) * b.m.pix;
    b.m.img = (shape.h + 2 * halo[layout]) * b.m.row;
    b.count = (size_t)(shape.n * b.m.img) + 1; /* never an empty one */
    b.mem = malloc(b.count * sizeof(float));
    assert_non_null(b.mem);
    for (size_t i = 0; i < b.count; i++)
        b.mem[i] = around;
    b.m.data = b.mem + halo[layout] * (b.m.row + b.m.pix) + first[layout];
    return b;
}

buffer buffer_copy(const buffer *b)
{
    buffer c = *b;
    c.mem = malloc(b->count * sizeof(float));
    assert_non_null(c.mem);
    memcpy(c.mem, b->mem, b->count * sizeof(float));
    c.m.data = c.mem + (b->m.data - b->mem);
    return c;
}

float *buffer_pixel(const rpr_map *m, int64_t pixel)
{
    int32_t x = (int32_t)(pixel % m->w), y = (int32_t)(pixel / m->w % m->h);
    return rpr_map_at(m, (int32_t)(pixel / m->w / m->h), y, x);
}

rpr_touch touch_new(const rpr_map *m)
{
    rpr_touch t = {.n = m->n, .h = m->h, .w = m->w};
    t.pix = malloc((size_t)rpr_touch_pixels(&t) + 8);
    assert_non_null(t.pix);
    memset(t.pix, 0xee, (size_t)rpr_touch_pixels(&t) + 8); /* operators clear their output */
    return t;
}
