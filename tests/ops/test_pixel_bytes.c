/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on maps of u8 that compute, against the definitions of ONNX's operators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bytes_check.h"
#include "ops/quant.h"

static float store(const rpr_byte_scale *to, float x)
{
    return (float)rpr_quant_store(x / to->scale, to->zero, RPR_U8);
}

static float load(const rpr_byte_scale *from, float q)
{
    return (q - (float)from->zero) * from->scale;
}

/* -------------------------------------------------------------- one pixel */

static float naive_table(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                         int32_t c)
{
    return ((const uint8_t *)ctx)[(int)bytes_get(r, 0, n, y, x, c)];
}

static void test_table(void **state)
{
    uint8_t table[256];
    (void)state;
    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)check_random(256);
    for (int32_t c = 1; c < 40; c += 6)
        check_bytes(&(bytes_case){.op = rpr_pixel_bytes_table_new(table),
                                  .n_in = 1,
                                  .in = {bytes_dims(2, 3, 7, c)},
                                  .out = bytes_dims(2, 3, 7, c),
                                  .naive = naive_table,
                                  .ctx = table});
}

typedef struct binary_ctx {
    rpr_byte_op op;
    rpr_byte_scale scale[3];
    bytes_map in[2];
} binary_ctx;

static float naive_binary(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                          int32_t c)
{
    const binary_ctx *b = ctx;
    const rpr_byte_scale *s = b->scale;
    float q[2];
    for (int i = 0; i < 2; i++) {
        const bytes_map *m = &b->in[i];
        q[i] = bytes_get(r, i, n % m->n, y % m->h, x % m->w, c % m->channels);
    }
    if (b->op == RPR_BYTE_MUL)
        return store(&s[2], load(&s[0], q[0]) * load(&s[1], q[1]));
    float ratio[2] = {s[0].scale / s[2].scale, s[1].scale / s[2].scale};
    float zeros = fmaf(ratio[0], (float)s[0].zero, ratio[1] * (float)s[1].zero);
    float sum = fmaf(q[1], ratio[1], (float)s[2].zero - zeros);
    sum = rintf(fmaf(q[0], ratio[0], sum));
    return fminf(fmaxf(sum, 0.0f), 255.0f);
}

static const bytes_map pairs[][2] = {
    {{.n = 2, .h = 3, .w = 7, .channels = 19}, {.n = 2, .h = 3, .w = 7, .channels = 19}},
    {{.n = 2, .h = 3, .w = 7, .channels = 16}, {.n = 1, .h = 1, .w = 1, .channels = 16}},
    {{.n = 2, .h = 3, .w = 7, .channels = 19}, {.n = 2, .h = 1, .w = 1, .channels = 19}},
    {{.n = 2, .h = 3, .w = 7, .channels = 19}, {.n = 1, .h = 1, .w = 1, .channels = 1}},
    {{.n = 2, .h = 3, .w = 7, .channels = 18}, {.n = 2, .h = 3, .w = 7, .channels = 1}},
    {{.n = 2, .h = 3, .w = 7, .channels = 3}, {.n = 2, .h = 3, .w = 7, .channels = 1}},
    {{.n = 2, .h = 3, .w = 7, .channels = 19}, {.n = 2, .h = 3, .w = 1, .channels = 1}},
    {{.n = 2, .h = 3, .w = 7, .channels = 19}, {.n = 2, .h = 1, .w = 7, .channels = 19}},
    {{.n = 2, .h = 3, .w = 1, .channels = 4}, {.n = 2, .h = 1, .w = 5, .channels = 1}},
    {{.n = 1, .h = 2, .w = 200, .channels = 3}, {.n = 1, .h = 1, .w = 1, .channels = 3}},
    {{.n = 1, .h = 2, .w = 50, .channels = 132}, {.n = 1, .h = 2, .w = 1, .channels = 132}},
    {{.n = 1, .h = 1, .w = 1, .channels = 33}, {.n = 1, .h = 1, .w = 1, .channels = 33}},
    {{.n = 1, .h = 1, .w = 1, .channels = 1}, {.n = 1, .h = 1, .w = 1, .channels = 1}},
    {{.n = 1, .h = 6, .w = 9, .channels = 1}, {.n = 1, .h = 6, .w = 9, .channels = 1}},
    {{.n = 1, .h = 6, .w = 9, .channels = 1}, {.n = 1, .h = 1, .w = 1, .channels = 1}},
    {{.n = 1, .h = 2, .w = 300, .channels = 4}, {.n = 1, .h = 1, .w = 1, .channels = 1}},
};

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static rpr_byte_scale random_scale(void)
{
    return (rpr_byte_scale){0.01f + (float)check_random(100) * 0.001f, (int32_t)check_random(256)};
}

static void test_binary(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof pairs / sizeof *pairs; i++) {
        for (rpr_byte_op f = RPR_BYTE_ADD; f <= RPR_BYTE_MUL; f++) {
            bool swap = i & 1;
            const bytes_map a = pairs[i / 2][swap], b = pairs[i / 2][!swap];
            const bytes_map out = bytes_dims(larger(a.n, b.n), larger(a.h, b.h), larger(a.w, b.w),
                                             larger(a.channels, b.channels));
            binary_ctx ctx = {f, {random_scale(), random_scale(), random_scale()}, {a, b}};
            if (f == RPR_BYTE_MUL)
                ctx.scale[2].scale *= 4.0f;
            const int32_t channels[3] = {a.channels, b.channels, out.channels};
            const rpr_map shapes[2] = {bytes_shape(&a), bytes_shape(&b)}, to = bytes_shape(&out);
            assert_true(rpr_pixel_bytes_binary_fits(shapes, &to, channels));
            check_bytes(&(bytes_case){.op = rpr_pixel_bytes_binary_new(f, ctx.scale, channels),
                                      .n_in = 2,
                                      .in = {a, b},
                                      .constant = {false, f == RPR_BYTE_MUL},
                                      .out = out,
                                      .naive = naive_binary,
                                      .ctx = &ctx});
        }
    }
}

static void test_binary_fits(void **state)
{
    const rpr_map m = {.n = 1, .h = 4, .w = 4, .c = 2}, one = {.n = 1, .h = 4, .w = 4, .c = 1};
    const rpr_map low = {.n = 1, .h = 2, .w = 4, .c = 2};
    (void)state;
    assert_true(rpr_pixel_bytes_binary_fits((rpr_map[]){m, one}, &m, (int32_t[]){7, 1, 7}));
    assert_false(rpr_pixel_bytes_binary_fits((rpr_map[]){m, one}, &m, (int32_t[]){7, 4, 7}));
    assert_false(rpr_pixel_bytes_binary_fits((rpr_map[]){m, one}, &m, (int32_t[]){9, 1, 9}));
    assert_false(rpr_pixel_bytes_binary_fits((rpr_map[]){m, m}, &m, (int32_t[]){7, 8, 8}));
    assert_false(rpr_pixel_bytes_binary_fits((rpr_map[]){m, low}, &m, (int32_t[]){7, 7, 7}));
}

/* ------------------------------------------------------ to and from floats */

static float naive_quantise(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                            int32_t c)
{
    return store(ctx, bytes_get(r, 0, n, y, x, c));
}

static float naive_dequantise(const void *ctx, const bytes_reader *r, int32_t n, int32_t y,
                              int32_t x, int32_t c)
{
    return load(ctx, bytes_get(r, 0, n, y, x, c));
}

static void test_scales(void **state)
{
    const int32_t channels[] = {1, 2, 3, 4, 5, 7, 16, 30, 31, 64, 70};
    (void)state;
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        const rpr_byte_scale s = random_scale();
        bytes_map u8 = bytes_dims(2, 3, i % 2 ? 7 : 401, channels[i]), f32 = u8;
        f32.floats = true;
        if (channels[i] > 4)
            u8.w = f32.w = 30;
        check_bytes(&(bytes_case){.op = rpr_pixel_bytes_quantise_new(&s),
                                  .n_in = 1,
                                  .in = {f32},
                                  .out = u8,
                                  .naive = naive_quantise,
                                  .ctx = &s});
        check_bytes(&(bytes_case){.op = rpr_pixel_bytes_dequantise_new(&s),
                                  .n_in = 1,
                                  .in = {u8},
                                  .out = f32,
                                  .naive = naive_dequantise,
                                  .ctx = &s});
    }
}

/* ------------------------------------------------------------------ pools */

typedef struct pool_ctx {
    rpr_pool p;
    bool max;
    bytes_map in;
    rpr_byte_scale from, to;
} pool_ctx;

static float naive_window(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                          int32_t c)
{
    const pool_ctx *q = ctx;
    const rpr_pool *p = &q->p;
    int32_t sum = 0, max = 0, count = 0;
    for (int ky = 0; ky < p->kernel[0]; ky++) {
        for (int kx = 0; kx < p->kernel[1]; kx++) {
            int32_t iy = y * p->stride[0] - p->begin[0] + ky * p->dilation[0];
            int32_t ix = x * p->stride[1] - p->begin[1] + kx * p->dilation[1];
            bool inside = iy >= 0 && iy < q->in.h && ix >= 0 && ix < q->in.w;
            bool padded = iy >= -p->begin[0] && iy < q->in.h + p->end[0] && ix >= -p->begin[1] &&
                          ix < q->in.w + p->end[1];
            int32_t v = inside ? (int32_t)bytes_get(r, 0, n, iy, ix, c) : 0;
            count += p->count_include_pad ? padded : inside;
            sum += inside ? v - q->from.zero : 0;
            max = v > max ? v : max;
        }
    }
    float mean = (float)sum * q->from.scale / (float)count / q->to.scale + (float)q->to.zero;
    return q->max ? (float)max : (float)rpr_quant_store(mean, 0, RPR_U8);
}

/** Returns false for shapes that have a window without taps. */
static bool check_pool(pool_ctx *q, const bytes_map *in, const bytes_map *out)
{
    const rpr_map from = bytes_shape(in), to = bytes_shape(out);
    if (!rpr_pixel_bytes_pool_fits(&q->p, &from, &to))
        return false;
    q->in = *in;
    q->from = random_scale();
    q->to = check_random(3) ? random_scale() : q->from;
    check_bytes(&(bytes_case){.op = q->max ? rpr_pixel_bytes_max_new(&q->p)
                                           : rpr_pixel_bytes_average_new(&q->p, &q->from, &q->to),
                              .n_in = 1,
                              .in = {*in},
                              .out = *out,
                              .naive = naive_window,
                              .ctx = q});
    return true;
}

/** Outputs along one axis; `ceil` as ONNX's ceil_mode, which may let a window hang over the end. */
static int32_t pool_size(const rpr_pool *p, int axis, int32_t in, bool ceil)
{
    int32_t span = in + p->begin[axis] + p->end[axis] - (p->kernel[axis] - 1) * p->dilation[axis];
    return span < 1 ? 0 : (span - 1 + (ceil ? p->stride[axis] - 1 : 0)) / p->stride[axis] + 1;
}

static void test_pool(void **state)
{
    int done = 0;
    (void)state;
    for (int round = 0; round < 60; round++) {
        pool_ctx q = {.max = round % 2, .p.count_include_pad = round % 4 == 0};
        for (int a = 0; a < 2; a++) {
            q.p.kernel[a] = 1 + (int32_t)check_random(5);
            q.p.stride[a] = 1 + (int32_t)check_random(3);
            q.p.dilation[a] = 1 + (int32_t)check_random(2);
            q.p.begin[a] = (int32_t)check_random((uint32_t)q.p.kernel[a]);
            q.p.end[a] = (int32_t)check_random((uint32_t)q.p.kernel[a]);
        }
        bytes_map in = bytes_dims(1 + round % 2, 5 + (int32_t)check_random(6),
                                  5 + (int32_t)check_random(9), 1 + (int32_t)check_random(41));
        bytes_map out = bytes_dims(in.n, pool_size(&q.p, 0, in.h, round % 3 == 0),
                                   pool_size(&q.p, 1, in.w, round % 3 == 0), in.channels);
        if (out.h > 0 && out.w > 0)
            done += check_pool(&q, &in, &out);
    }
    assert_true(done > 40);
}

/** Rows, and pixels, of more than the sums that are taken at a time. */
static void test_pool_long(void **state)
{
    const bytes_map maps[] = {bytes_dims(1, 2, 95, 64), bytes_dims(1, 3, 4, 1500)};
    (void)state;
    for (int i = 0; i < 4; i++) {
        pool_ctx q = {.p = {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, false}, .max = i % 2};
        assert_true(check_pool(&q, &maps[i / 2], &maps[i / 2]));
        q.p.stride[0] = q.p.stride[1] = 2; /* windows that overlap in part, in strips */
        const bytes_map half =
            bytes_dims(1, (maps[i / 2].h + 1) / 2, (maps[i / 2].w + 1) / 2, maps[i / 2].channels);
        assert_true(check_pool(&q, &maps[i / 2], &half));
    }
}

static void test_pool_fits(void **state)
{
    const rpr_map m = {.n = 1, .h = 8, .w = 8, .c = 4}, wide = {.n = 1, .h = 8, .w = 8, .c = 5};
    const rpr_map huge = {.n = 1, .h = 1 << 12, .w = 1 << 12, .c = 4},
                  dot = {.n = 1, .h = 1, .w = 1, .c = 4};
    const rpr_pool good = {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, false};
    rpr_pool bad = good;
    (void)state;
    assert_true(rpr_pixel_bytes_pool_fits(&good, &m, &m));
    assert_false(rpr_pixel_bytes_pool_fits(&good, &m, &wide));
    bad.stride[0] = 0;
    assert_false(rpr_pixel_bytes_pool_fits(&bad, &m, &m));
    bad = good;
    bad.begin[0] = 4; /* the first window is all padding */
    assert_false(rpr_pixel_bytes_pool_fits(&bad, &m, &m));
    bad = good;
    bad.kernel[0] = bad.kernel[1] = 1 << 12;
    assert_false(rpr_pixel_bytes_pool_fits(&bad, &huge, &dot));
    assert_false(rpr_pixel_bytes_mean_fits(&huge, &dot));
    assert_true(rpr_pixel_bytes_mean_fits(&m, &dot));
    assert_false(rpr_pixel_bytes_mean_fits(&m, &m));
}

static float naive_mean(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                        int32_t c)
{
    const pool_ctx *q = ctx;
    const int32_t count = q->in.h * q->in.w;
    int32_t sum = 0;
    (void)y;
    (void)x;
    for (int32_t i = 0; i < count; i++)
        sum += (int32_t)bytes_get(r, 0, n, i / q->in.w, i % q->in.w, c) - q->from.zero;
    float mean = (float)sum * (q->from.scale / (q->to.scale * (float)count));
    return (float)rpr_quant_store(mean, q->to.zero, RPR_U8);
}

static void test_mean(void **state)
{
    const bytes_map in[] = {bytes_dims(2, 5, 7, 9), bytes_dims(1, 1, 1, 3),
                            bytes_dims(3, 4, 4, 150), bytes_dims(1, 2, 3, 1500)};
    (void)state;
    for (int i = 0; i < 4; i++) {
        pool_ctx q = {.in = in[i], .from = random_scale(), .to = random_scale()};
        const rpr_map m = bytes_shape(&in[i]);
        check_bytes(&(bytes_case){.op = rpr_pixel_bytes_mean_new(&m, &q.from, &q.to),
                                  .n_in = 1,
                                  .in = {in[i]},
                                  .out = bytes_dims(in[i].n, 1, 1, in[i].channels),
                                  .naive = naive_mean,
                                  .ctx = &q});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_binary),
        cmocka_unit_test(test_scales),    cmocka_unit_test(test_binary_fits),
        cmocka_unit_test(test_pool),      cmocka_unit_test(test_pool_long),
        cmocka_unit_test(test_pool_fits), cmocka_unit_test(test_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
