/* SPDX-License-Identifier: Apache-2.0 */
/* Pixel operators that compute, against loops that say what they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pixel_check.h"

static const rpr_act sigmoid = {.kind = RPR_ACT_SIGMOID, .post_mul = 1.0f};
static const rpr_act hardswish = {RPR_ACT_HARDSWISH, 1.0f / 6.0f, 0.5f, 2.0f, 0.25f};

/* -------------------------------------------------------------- one pixel */

static void naive_unary(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    (void)ctx;
    EACH(out)
    SET(out) = at(in, n, y, x, c);
}

static void test_unary(void **state)
{
    const rpr_act relu = {.kind = RPR_ACT_RELU, .post_mul = 1.0f};
    const rpr_act *acts[] = {&sigmoid, &hardswish, &relu};
    (void)state;
    for (int i = 0; i < 3; i++)
        for (int32_t c = 1; c < 40; c += 6)
            check_pixel(&(pixel_case){.op = rpr_pixel_unary_new(acts[i]),
                                      .n_in = 1,
                                      .in = {dims(2, 3, 7, c)},
                                      .out = dims(2, 3, 7, c),
                                      .naive = naive_unary});
}

/** Element of a map of which some dimensions are 1. */
static float broadcast(const rpr_map *m, int32_t n, int32_t y, int32_t x, int32_t c)
{
    return at(m, n % m->n, y % m->h, x % m->w, c % m->c);
}

static void naive_binary(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    EACH(out)
    {
        float a = broadcast(&in[0], n, y, x, c), b = broadcast(&in[1], n, y, x, c), r = NAN;
        bool nan = isnan(a) || isnan(b);
        switch (*(const rpr_binary *)ctx) {
        case RPR_BIN_ADD:
            r = a + b;
            break;
        case RPR_BIN_SUB:
            r = a - b;
            break;
        case RPR_BIN_MUL:
            r = a * b;
            break;
        case RPR_BIN_DIV:
            r = a / b;
            break;
        case RPR_BIN_MAX:
            r = nan ? NAN : fmaxf(a, b);
            break;
        default:
            r = nan ? NAN : fminf(a, b);
        }
        SET(out) = r;
    }
}

static const rpr_map pairs[][3] = {
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 2, .h = 3, .w = 7, .c = 19}},
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 1, .h = 1, .w = 1, .c = 19}},
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 2, .h = 1, .w = 1, .c = 19}},
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 1, .h = 1, .w = 1, .c = 1}},
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 2, .h = 3, .w = 7, .c = 1}},
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 2, .h = 3, .w = 1, .c = 1}},
    {{.n = 2, .h = 3, .w = 7, .c = 19}, {.n = 2, .h = 1, .w = 7, .c = 19}},
    {{.n = 2, .h = 3, .w = 1, .c = 4}, {.n = 2, .h = 1, .w = 5, .c = 1}},
    {{.n = 1, .h = 2, .w = 200, .c = 3}, {.n = 1, .h = 1, .w = 1, .c = 3}},
    {{.n = 1, .h = 2, .w = 50, .c = 32}, {.n = 1, .h = 2, .w = 1, .c = 32}},
    {{.n = 1, .h = 1, .w = 1, .c = 33}, {.n = 1, .h = 1, .w = 1, .c = 33}},
    {{.n = 1, .h = 1, .w = 1, .c = 1}, {.n = 1, .h = 1, .w = 1, .c = 1}},
    {{.n = 1, .h = 6, .w = 9, .c = 1}, {.n = 1, .h = 6, .w = 9, .c = 1}},
    {{.n = 1, .h = 6, .w = 9, .c = 1}, {.n = 1, .h = 1, .w = 1, .c = 1}},
};
#define N_PAIRS (sizeof pairs / sizeof *pairs)

static rpr_map larger(const rpr_map *a, const rpr_map *b)
{
    return dims(a->n > b->n ? a->n : b->n, a->h > b->h ? a->h : b->h, a->w > b->w ? a->w : b->w,
                a->c > b->c ? a->c : b->c);
}

static void test_binary(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PAIRS * 2; i++) {
        for (rpr_binary f = 0; f < RPR_BIN_COUNT; f++) {
            bool swap = i & 1;
            pixel_case t = {.op = rpr_pixel_binary_new(f, f == RPR_BIN_SUB ? &sigmoid : NULL),
                            .n_in = 2,
                            .in = {pairs[i / 2][swap], pairs[i / 2][!swap]},
                            .constant = {false, f % 2 == 0},
                            .out = larger(&pairs[i / 2][0], &pairs[i / 2][1]),
                            .naive = naive_binary,
                            .ctx = &f};
            assert_true(rpr_pixel_binary_fits(t.in, &t.out));
            check_pixel(&t);
        }
    }
}

static void test_binary_fits(void **state)
{
    const rpr_map x = dims(1, 4, 4, 8), out = x;
    (void)state;
    assert_false(rpr_pixel_binary_fits((rpr_map[]){x, dims(1, 4, 4, 2)}, &out));
    assert_false(rpr_pixel_binary_fits((rpr_map[]){x, dims(1, 2, 4, 8)}, &out));
    assert_false(rpr_pixel_binary_fits((rpr_map[]){dims(1, 4, 4, 1), dims(1, 4, 4, 1)}, &out));
    assert_false(rpr_pixel_prelu_fits((rpr_map[]){dims(1, 4, 4, 1), x}, &out));
    assert_true(rpr_pixel_prelu_fits((rpr_map[]){x, dims(1, 1, 1, 8)}, &out));
}

static void naive_prelu(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    (void)ctx;
    EACH(out)
    {
        float v = at(in, n, y, x, c), s = broadcast(&in[1], n, y, x, c);
        SET(out) = v < 0.0f ? v * s : v;
    }
}

static void test_prelu(void **state)
{
    const rpr_map x = dims(2, 3, 5, 11);
    const rpr_map slopes[] = {x, dims(1, 1, 1, 11), dims(1, 1, 1, 1), dims(2, 3, 5, 1)};
    (void)state;
    for (int i = 0; i < 4; i++)
        check_pixel(&(pixel_case){.op = rpr_pixel_prelu_new(i == 2 ? &hardswish : NULL),
                                  .n_in = 2,
                                  .in = {x, slopes[i]},
                                  .constant = {false, true},
                                  .out = x,
                                  .naive = naive_prelu});
}

/* ------------------------------------------------------------------ pools */

typedef struct pool_ctx {
    rpr_pool p;
    bool max;
} pool_ctx;

static float naive_window(const pool_ctx *q, const rpr_map *in, int32_t n, int32_t y, int32_t x,
                          int32_t c)
{
    const rpr_pool *p = &q->p;
    double sum = 0, max = -INFINITY;
    int count = 0;
    for (int ky = 0; ky < p->kernel[0]; ky++) {
        for (int kx = 0; kx < p->kernel[1]; kx++) {
            int32_t iy = y * p->stride[0] - p->begin[0] + ky * p->dilation[0];
            int32_t ix = x * p->stride[1] - p->begin[1] + kx * p->dilation[1];
            bool inside = iy >= 0 && iy < in->h && ix >= 0 && ix < in->w;
            bool padded = iy >= -p->begin[0] && iy < in->h + p->end[0] && ix >= -p->begin[1] &&
                          ix < in->w + p->end[1];
            double v = inside ? (double)at(in, n, iy, ix, c) : 0.0;
            count += p->count_include_pad ? padded : inside;
            sum += v;
            max = inside && !(v <= max) ? (isnan(max) ? max : v) : max;
        }
    }
    return (float)(q->max ? max : sum / (count ? count : 1));
}

static void naive_pool(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    EACH(out)
    SET(out) = naive_window(ctx, in, n, y, x, c);
}

static void check_pool(const pool_ctx *q, const rpr_map *in, const rpr_map *out, const rpr_act *act)
{
    assert_true(rpr_pixel_pool_fits(&q->p, in, out));
    check_pixel(&(pixel_case){.op = q->max ? rpr_pixel_pool_max_new(&q->p, act)
                                           : rpr_pixel_pool_average_new(&q->p, act),
                              .n_in = 1,
                              .in = {*in},
                              .out = *out,
                              .naive = naive_pool,
                              .ctx = q});
}

/** Outputs along one axis; `ceil` as ONNX's ceil_mode, which may let a window hang over the end. */
static int32_t pool_size(const rpr_pool *p, int axis, int32_t in, bool ceil)
{
    int32_t span = in + p->begin[axis] + p->end[axis] - (p->kernel[axis] - 1) * p->dilation[axis];
    return span < 1 ? 0 : (span - 1 + (ceil ? p->stride[axis] - 1 : 0)) / p->stride[axis] + 1;
}

static void test_pool(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        pool_ctx q = {.max = round % 2, .p.count_include_pad = round % 4 == 0};
        for (int a = 0; a < 2; a++) {
            q.p.kernel[a] = 1 + (int32_t)check_random(4);
            q.p.stride[a] = 1 + (int32_t)check_random(3);
            q.p.dilation[a] = 1 + (int32_t)check_random(2);
            q.p.begin[a] = (int32_t)check_random((uint32_t)q.p.kernel[a]);
            q.p.end[a] = (int32_t)check_random((uint32_t)q.p.kernel[a]);
        }
        rpr_map in = dims(1 + round % 2, 5 + (int32_t)check_random(6), 5 + (int32_t)check_random(9),
                          1 + (int32_t)check_random(21)),
                out = dims(in.n, pool_size(&q.p, 0, in.h, round % 3 == 0),
                           pool_size(&q.p, 1, in.w, round % 3 == 0), in.c);
        if (out.h > 0 && out.w > 0)
            check_pool(&q, &in, &out, round % 5 == 0 ? &hardswish : NULL);
    }
}

/** Rows longer than the stretch that is worked on at a time. */
static void test_pool_long(void **state)
{
    rpr_map m = dims(1, 2, 95, 64);
    pool_ctx q = {.p = {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, false}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        q.max = i;
        check_pool(&q, &m, &m, NULL);
    }
}

static void test_pool_fits(void **state)
{
    const rpr_map m = dims(1, 8, 8, 4), wide = dims(1, 8, 8, 5);
    const rpr_pool good = {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, false};
    rpr_pool bad = good;
    (void)state;
    assert_true(rpr_pixel_pool_fits(&good, &m, &m));
    assert_false(rpr_pixel_pool_fits(&good, &m, &wide));
    bad.stride[1] = 0;
    assert_false(rpr_pixel_pool_fits(&bad, &m, &m));
    bad = good;
    bad.kernel[0] = bad.dilation[0] = INT32_MAX;
    assert_false(rpr_pixel_pool_fits(&bad, &m, &m));
    bad = good;
    bad.begin[0] = -1;
    assert_false(rpr_pixel_pool_fits(&bad, &m, &m));
}

/* ------------------------------------------------------------- reductions */

static double naive_fold(rpr_reduce kind, double acc, double v)
{
    if (kind == RPR_REDUCE_SUM || kind == RPR_REDUCE_MEAN || isnan(acc))
        return acc + v;
    return kind == RPR_REDUCE_MAX ? (v <= acc ? acc : v) : (v >= acc ? acc : v);
}

static double naive_start(rpr_reduce kind)
{
    return kind == RPR_REDUCE_MAX ? -INFINITY : kind == RPR_REDUCE_MIN ? INFINITY : 0.0;
}

static void naive_space(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    rpr_reduce kind = *(const rpr_reduce *)ctx;
    EACH(out)
    {
        double acc = naive_start(kind);
        for (int32_t i = 0; i < in->h * in->w; i++)
            acc = naive_fold(kind, acc, (double)at(in, n, i / in->w, i % in->w, c));
        SET(out) = (float)(kind == RPR_REDUCE_MEAN ? acc / (in->h * in->w) : acc);
    }
}

static void naive_channels(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    rpr_reduce kind = *(const rpr_reduce *)ctx;
    EACH(out)
    {
        double acc = naive_start(kind);
        for (int32_t i = 0; i < in->c; i++)
            acc = naive_fold(kind, acc, (double)at(in, n, y, x, i));
        SET(out) = (float)(kind == RPR_REDUCE_MEAN ? acc / in->c : acc);
    }
}

static void test_reduce(void **state)
{
    const rpr_map in[] = {dims(2, 5, 7, 9), dims(1, 1, 1, 3), dims(3, 4, 4, 150)};
    (void)state;
    for (int i = 0; i < 3; i++) {
        for (rpr_reduce kind = RPR_REDUCE_SUM; kind <= RPR_REDUCE_MIN; kind++) {
            const rpr_act *act = kind == RPR_REDUCE_MAX ? &sigmoid : NULL;
            check_pixel(&(pixel_case){.op = rpr_pixel_reduce_space_new(kind, act),
                                      .n_in = 1,
                                      .in = {in[i]},
                                      .out = dims(in[i].n, 1, 1, in[i].c),
                                      .naive = naive_space,
                                      .ctx = &kind});
            check_pixel(&(pixel_case){.op = rpr_pixel_reduce_channels_new(kind, act),
                                      .n_in = 1,
                                      .in = {in[i]},
                                      .out = dims(in[i].n, in[i].h, in[i].w, 1),
                                      .naive = naive_channels,
                                      .ctx = &kind});
        }
    }
}

static void test_mean_is_accurate(void **state)
{
    enum { H = 80, W = 80, C = 130 };
    static float data[H * W * C];
    float mean[C];
    const rpr_map in = {data, 1, H, W, C, H * W * C, W * C, C}, out = {mean, 1, 1, 1, C, C, C, C};
    rpr_pixel_op *op = rpr_pixel_reduce_space_new(RPR_REDUCE_MEAN, NULL);
    (void)state;
    assert_non_null(op);
    for (int i = 0; i < H * W * C; i++)
        data[i] = 1000.0f + check_random_float();
    op->run(op, rpr_kernels_best(), &in, &out, rpr_all_rows(&out, NULL));
    for (int c = 0; c < C; c++) {
        double sum = 0;
        for (int i = 0; i < H * W; i++)
            sum += (double)data[i * C + c];
        assert_true(fabs((double)mean[c] * H * W - sum) <= 1e-6 * fabs(sum));
    }
    rpr_pixel_op_free(op);
}

static void naive_softmax(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    (void)ctx;
    EACH(out)
    {
        double sum = 0;
        for (int32_t i = 0; i < in->c; i++)
            sum += exp((double)at(in, n, y, x, i));
        SET(out) = (float)(exp((double)at(in, n, y, x, c)) / sum);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    for (int32_t c = 1; c < 40; c += 19)
        check_pixel(&(pixel_case){.op = rpr_pixel_softmax_new(NULL),
                                  .n_in = 1,
                                  .in = {dims(2, 4, 5, c)},
                                  .out = dims(2, 4, 5, c),
                                  .naive = naive_softmax});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unary),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_binary_fits),
        cmocka_unit_test(test_prelu),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pool_long),
        cmocka_unit_test(test_pool_fits),
        cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_mean_is_accurate),
        cmocka_unit_test(test_softmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
