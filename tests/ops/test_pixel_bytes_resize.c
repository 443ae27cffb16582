/* SPDX-License-Identifier: Apache-2.0 */
/* Resize of maps of u8, against floats between the definitions of the two scales. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bytes_check.h"
#include "ops/quant.h"

typedef struct resize_ctx {
    rpr_resize_axis axis[2]; /* h, w */
    rpr_byte_scale from, to;
} resize_ctx;

/* One rounding per operation: row by row, taps without weight left out. */
static float naive_resize(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                          int32_t c)
{
    const resize_ctx *z = ctx;
    const rpr_resize_axis *h = &z->axis[0], *w = &z->axis[1];
    float sum = 0.0f;
    int32_t taps = 0;
    for (int32_t i = y * h->taps; i < (y + 1) * h->taps; i++)
        for (int32_t j = x * w->taps; j < (x + 1) * w->taps; j++) {
            if (!(fabsf(h->weight[i]) > 0.0f) || !(fabsf(w->weight[j]) > 0.0f))
                continue;
            const float q = bytes_get(r, 0, n, h->index[i], w->index[j], c);
            const float product =
                h->weight[i] * w->weight[j] * ((q - (float)z->from.zero) * z->from.scale);
            sum = taps++ ? sum + product : product;
        }
    return (float)rpr_quant_store(sum / z->to.scale, z->to.zero, RPR_U8);
}

enum { MOST = 20 };

typedef struct axis_room {
    int32_t index[MOST * RPR_RESIZE_TAPS];
    float weight[MOST * RPR_RESIZE_TAPS];
} axis_room;

static void set_tap(axis_room *a, int32_t at, int32_t index, int32_t in, float weight)
{
    a->index[at] = index < 0 ? 0 : index >= in ? in - 1 : index;
    a->weight[at] = weight;
}

/** Twice the length between centres: quarters, and halves at the ends. */
static rpr_resize_axis doubled(axis_room *a, int32_t in)
{
    for (int32_t o = 0; o < 2 * in; o++) {
        const bool end = o == 0 || o == 2 * in - 1;
        set_tap(a, 2 * o, (o + 1) / 2 - 1, in, end ? 0.5f : o % 2 ? 0.75f : 0.25f);
        set_tap(a, 2 * o + 1, (o + 1) / 2, in, end ? 0.5f : o % 2 ? 0.25f : 0.75f);
    }
    return (rpr_resize_axis){2, a->index, a->weight};
}

/** Sources near where they would be; weights of sum 1 or any, some of them 0. */
static rpr_resize_axis any_axis(axis_room *a, int32_t in, int32_t out)
{
    const int32_t taps = 1 + (int32_t)check_random(RPR_RESIZE_TAPS);
    const bool sums = check_random(3) != 0;
    for (int32_t o = 0; o < out; o++) {
        float rest = 1.0f;
        for (int32_t t = 0; t < taps; t++) {
            float w = check_random(3) == 0 ? 0.0f : check_random_float();
            w = sums && t == taps - 1 ? rest : w;
            rest -= w;
            set_tap(a, o * taps + t, o * in / out + (int32_t)check_random(3) - 1, in, w);
        }
    }
    return (rpr_resize_axis){taps, a->index, a->weight};
}

static rpr_byte_scale random_scale(void)
{
    return (rpr_byte_scale){0.01f + (float)check_random(100) * 0.0001f, (int32_t)check_random(256)};
}

static void check_resize(resize_ctx *z, bytes_map in, int32_t h, int32_t w)
{
    const bytes_map out = bytes_dims(in.n, h, w, in.channels);
    const rpr_map from = bytes_shape(&in), to = bytes_shape(&out);
    const rpr_resize_axis *a = z->axis;
    assert_true(rpr_pixel_resize_fits(&from, &to, &a[0], &a[1]));
    check_bytes(&(bytes_case){.op = rpr_pixel_bytes_resize_new(&to, &a[0], &a[1], &z->from, &z->to),
                              .n_in = 1,
                              .in = {in},
                              .out = out,
                              .naive = naive_resize,
                              .ctx = z});
}

static void test_doubled(void **state)
{
    const int32_t channels[] = {1, 4, 16, 19, 24, 33, 64, 70, 128};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof channels / sizeof *channels; i++) {
        axis_room h, w;
        const bytes_map in = bytes_dims(2, 1 + (int32_t)check_random(4),
                                        1 + (int32_t)check_random(6), channels[i / 2]);
        resize_ctx z = {{doubled(&h, in.h), doubled(&w, in.w)}, random_scale(), random_scale()};
        if (i % 2)
            z.to = z.from;
        check_resize(&z, in, 2 * in.h, 2 * in.w);
    }
}

static void test_any(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        axis_room room[2];
        const bytes_map in =
            bytes_dims(2, 1 + (int32_t)check_random(9), 1 + (int32_t)check_random(9),
                       1 + (int32_t)check_random(20));
        const int32_t h = 1 + (int32_t)check_random(MOST - 1);
        const int32_t w = 1 + (int32_t)check_random(MOST - 1);
        resize_ctx z = {{any_axis(&room[0], in.h, h), any_axis(&room[1], in.w, w)},
                        random_scale(),
                        random_scale()};
        if (round % 5 == 0)
            z.to.scale = z.from.scale;
        check_resize(&z, in, h, w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_doubled), cmocka_unit_test(test_any)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
