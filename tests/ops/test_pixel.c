/* SPDX-License-Identifier: Apache-2.0 */
/* Every pixel operator against a loop that says what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pixel_check.h"

static float at(const rpr_map *m, int32_t n, int32_t y, int32_t x, int32_t c)
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

static void test_copy(void **state)
{
    const rpr_map shape = dims(2, 3, 5, 7);
    (void)state;
    for (int i = 0; i < 2; i++)
        check_pixel(&(pixel_case){.op = rpr_pixel_copy_new(&shape, i ? &sigmoid : NULL),
                                  .n_in = 1,
                                  .in = {shape},
                                  .out = shape,
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

/* ----------------------------------------------------------------- concat */

static void naive_concat(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    rpr_axis axis = *(const rpr_axis *)ctx;
    EACH(out)
    {
        int32_t p[4] = {n, y, x, c};
        const rpr_map *m = in;
        for (;; m++) {
            int32_t size = ((int32_t[]){m->n, m->h, m->w, m->c})[axis];
            if (p[axis] < size)
                break;
            p[axis] -= size;
        }
        SET(out) = at(m, p[0], p[1], p[2], p[3]);
    }
}

static void test_concat(void **state)
{
    (void)state;
    for (rpr_axis axis = RPR_AXIS_N; axis <= RPR_AXIS_C; axis++) {
        int32_t size[4][4], total = 0;
        pixel_case t = {.n_in = 3, .constant = {false, true}, .naive = naive_concat, .ctx = &axis};
        for (int i = 0; i < 3; i++) {
            memcpy(size[i], (int32_t[]){2, 3, 5, 4}, sizeof size[i]);
            size[i][axis] = 1 + 2 * i;
            total += size[i][axis];
            t.in[i] = dims(size[i][0], size[i][1], size[i][2], size[i][3]);
        }
        size[0][axis] = total;
        t.out = dims(size[0][0], size[0][1], size[0][2], size[0][3]);
        t.op = rpr_pixel_concat_new(axis, 3, t.in, axis == RPR_AXIS_H ? &sigmoid : NULL);
        assert_true(rpr_pixel_concat_fits(axis, 3, t.in, &t.out));
        assert_false(rpr_pixel_concat_fits(axis, 2, t.in, &t.out));
        check_pixel(&t);
    }
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
    op->run(op, rpr_kernels_best(), &in, &out, NULL);
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

/* ----------------------------------------------------------------- resize */

typedef struct resize_ctx {
    rpr_resize_axis h, w;
} resize_ctx;

static float naive_taps(const resize_ctx *r, const rpr_map *in, int32_t n, int32_t y, int32_t x,
                        int32_t c)
{
    double sum = 0;
    for (int i = 0; i < r->h.taps; i++) {
        for (int j = 0; j < r->w.taps; j++) {
            double wy = (double)r->h.weight[y * r->h.taps + i];
            double wx = (double)r->w.weight[x * r->w.taps + j];
            if (fabs(wy) > 0 && fabs(wx) > 0)
                sum += wy * wx *
                       (double)at(in, n, r->h.index[y * r->h.taps + i],
                                  r->w.index[x * r->w.taps + j], c);
        }
    }
    return (float)sum;
}

static void naive_resize(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    EACH(out)
    SET(out) = naive_taps(ctx, in, n, y, x, c);
}

/** Random sources, near where they would be; some weights 0, or all 1 as for nearest. */
static void random_axis(rpr_resize_axis *a, int32_t *index, float *weight, int32_t in, int32_t out,
                        bool nearest)
{
    *a = (rpr_resize_axis){1 + (int32_t)check_random(RPR_RESIZE_TAPS), index, weight};
    a->taps = nearest ? 1 : a->taps;
    for (int32_t i = 0; i < out * a->taps; i++) {
        int32_t p = i / a->taps * in / out + (int32_t)check_random(3) - 1;
        index[i] = p < 0 ? 0 : p >= in ? in - 1 : p;
        weight[i] = nearest ? 1.0f : check_random(3) == 0 ? 0.0f : check_random_float();
    }
}

static void test_resize(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        int32_t index[2][20 * RPR_RESIZE_TAPS];
        float weight[2][20 * RPR_RESIZE_TAPS];
        resize_ctx r;
        rpr_map in = dims(2, 1 + (int32_t)check_random(9), 1 + (int32_t)check_random(9), 5);
        rpr_map out = dims(2, 1 + (int32_t)check_random(19), 1 + (int32_t)check_random(19), 5);
        random_axis(&r.h, index[0], weight[0], in.h, out.h, round % 4 == 0);
        random_axis(&r.w, index[1], weight[1], in.w, out.w, round % 4 == 0);
        assert_true(rpr_pixel_resize_fits(&in, &out, &r.h, &r.w));
        check_pixel(&(pixel_case){
            .op = rpr_pixel_resize_new(&out, &r.h, &r.w, round % 3 == 0 ? &sigmoid : NULL),
            .n_in = 1,
            .in = {in},
            .out = out,
            .naive = naive_resize,
            .ctx = &r});
        index[0][0] = in.h;
        assert_false(rpr_pixel_resize_fits(&in, &out, &r.h, &r.w));
    }
}

/* ------------------------------------------- gathers: slices, pads, tables */

/** index[axis][i], or -1. */
typedef struct gather_ctx {
    int32_t index[4][32];
    float value;
} gather_ctx;

static void naive_gather(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    const gather_ctx *g = ctx;
    EACH(out)
    {
        int32_t a = g->index[0][n], b = g->index[1][y], d = g->index[2][x], e = g->index[3][c];
        SET(out) = a < 0 || b < 0 || d < 0 || e < 0 ? g->value : at(in, a, b, d, e);
    }
}

static void check_gather(rpr_pixel_op *op, const rpr_map *in, const rpr_map *out,
                         const gather_ctx *g)
{
    check_pixel(&(pixel_case){
        .op = op, .n_in = 1, .in = {*in}, .out = *out, .naive = naive_gather, .ctx = g});
}

static void test_slice(void **state)
{
    const int32_t start[][4] = {{0, 1, 2, 0}, {1, 0, 8, 3}, {0, 6, 0, 1}, {1, 0, 1, 10}};
    const int32_t step[][4] = {{1, 2, 1, 1}, {-1, 1, -3, 1}, {1, -1, 2, 2}, {1, 1, 1, -1}};
    const rpr_map in = dims(2, 7, 9, 11);
    const rpr_map out[] = {dims(2, 3, 5, 11), dims(2, 7, 3, 6), dims(1, 7, 4, 5), dims(1, 2, 8, 9)};
    (void)state;
    for (int s = 0; s < 4; s++) {
        gather_ctx g;
        for (int a = 0; a < 4; a++)
            for (int i = 0; i < 32; i++)
                g.index[a][i] = start[s][a] + i * step[s][a];
        assert_true(rpr_pixel_slice_fits(&in, &out[s], start[s], step[s]));
        check_gather(rpr_pixel_slice_new(&out[s], start[s], step[s], s == 1 ? &sigmoid : NULL), &in,
                     &out[s], &g);
    }
    assert_false(rpr_pixel_slice_fits(&in, &in, start[0], step[0]));
    assert_false(rpr_pixel_slice_fits(&in, &in, start[1], step[1]));
}

/** ONNX's Pad, position by position: edge clamps, reflect mirrors without repeating the border. */
static int32_t naive_pad(rpr_pad_mode mode, int32_t i, int32_t size)
{
    if (mode == RPR_PAD_CONSTANT)
        return i < 0 || i >= size ? -1 : i;
    while (i < 0 || i >= size) {
        if (mode == RPR_PAD_EDGE)
            i += i < 0 ? 1 : -1;
        else
            i = i < 0 ? -i : 2 * size - 2 - i;
    }
    return i;
}

static void test_pad(void **state)
{
    const int32_t begin[][4] = {{0, 1, 2, 0}, {0, 2, 0, 3}, {0, -1, -2, 0}, {0, 0, 3, -2}};
    const rpr_map in = dims(2, 5, 6, 7);
    const rpr_map out[] = {dims(2, 8, 11, 7), dims(2, 7, 6, 12), dims(2, 3, 7, 7),
                           dims(2, 6, 9, 4)};
    (void)state;
    for (int s = 0; s < 4; s++) {
        for (rpr_pad_mode mode = RPR_PAD_CONSTANT; mode <= RPR_PAD_REFLECT; mode++) {
            const int32_t size[4] = {in.n, in.h, in.w, in.c};
            const int32_t count[4] = {out[s].n, out[s].h, out[s].w, out[s].c};
            gather_ctx g = {.value = -3.5f};
            for (int a = 0; a < 4; a++)
                for (int i = 0; i < count[a]; i++)
                    g.index[a][i] = naive_pad(mode, i - begin[s][a], size[a]);
            assert_true(rpr_pixel_pad_fits(&in, &out[s], begin[s], mode));
            check_gather(
                rpr_pixel_pad_new(&in, &out[s], begin[s], mode, -3.5f, s == 2 ? &sigmoid : NULL),
                &in, &out[s], &g);
        }
    }
    assert_false(rpr_pixel_pad_fits(&in, &out[0], (int32_t[]){0, 5, 0, 0}, RPR_PAD_REFLECT));
    assert_true(rpr_pixel_pad_fits(&in, &out[0], (int32_t[]){0, 5, 0, 0}, RPR_PAD_EDGE));
}

static void test_gather(void **state)
{
    const rpr_map in = dims(2, 3, 4, 5), out = dims(3, 4, 9, 7);
    (void)state;
    for (int round = 0; round < 8; round++) {
        const int32_t size[4] = {in.n, in.h, in.w, in.c}, count[4] = {out.n, out.h, out.w, out.c};
        gather_ctx g = {.value = 0.5f};
        for (int a = 0; a < 4; a++)
            for (int i = 0; i < count[a]; i++)
                g.index[a][i] = (int32_t)check_random((uint32_t)size[a] + 1) - (a < 3 && round % 2);
        for (int a = 0; a < 4; a++)
            for (int i = 0; i < count[a]; i++)
                g.index[a][i] = g.index[a][i] >= size[a] ? size[a] - 1 : g.index[a][i];
        const int32_t *const index[4] = {g.index[0], g.index[1], g.index[2], g.index[3]};
        assert_true(rpr_pixel_gather_fits(&in, &out, index));
        check_gather(rpr_pixel_gather_new(&out, index, g.value, NULL), &in, &out, &g);
        g.index[3][2] = in.c;
        assert_false(rpr_pixel_gather_fits(&in, &out, index));
    }
}

/* ----------------------------------------------------------------- blocks */

typedef struct block_ctx {
    int32_t block;
    rpr_block_order order;
} block_ctx;

static int32_t deep_channel(const block_ctx *b, int32_t y, int32_t x, int32_t c, int32_t channels)
{
    int32_t dy = y % b->block, dx = x % b->block;
    return b->order == RPR_BLOCK_DCR ? dy * b->block * channels + dx * channels + c
                                     : c * b->block * b->block + dy * b->block + dx;
}

static void naive_to_space(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    const block_ctx *b = ctx;
    EACH(out)
    SET(out) = at(in, n, y / b->block, x / b->block, deep_channel(b, y, x, c, out->c));
}

static void naive_to_depth(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    const block_ctx *b = ctx;
    EACH(in)
    {
        int32_t k = deep_channel(b, y, x, c, in->c);
        rpr_map_at(out, n, y / b->block, x / b->block)[k] = at(in, n, y, x, c);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    for (int32_t block = 1; block <= 3; block++) {
        for (rpr_block_order order = RPR_BLOCK_DCR; order <= RPR_BLOCK_CRD; order++) {
            const block_ctx b = {block, order};
            const rpr_map deep = dims(2, 3, 5, 4 * block * block);
            const rpr_map shallow = dims(2, 3 * block, 5 * block, 4);
            const rpr_act *act = block == 2 ? &sigmoid : NULL;
            assert_true(rpr_pixel_depth_to_space_fits(&deep, &shallow, block));
            assert_true(rpr_pixel_space_to_depth_fits(&shallow, &deep, block));
            assert_false(rpr_pixel_depth_to_space_fits(&deep, &shallow, block + 1));
            check_pixel(&(pixel_case){.op = rpr_pixel_depth_to_space_new(block, order, act),
                                      .n_in = 1,
                                      .in = {deep},
                                      .out = shallow,
                                      .naive = naive_to_space,
                                      .ctx = &b});
            check_pixel(&(pixel_case){.op = rpr_pixel_space_to_depth_new(block, order, act),
                                      .n_in = 1,
                                      .in = {shallow},
                                      .out = deep,
                                      .naive = naive_to_depth,
                                      .ctx = &b});
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unary),   cmocka_unit_test(test_copy),
        cmocka_unit_test(test_binary),  cmocka_unit_test(test_binary_fits),
        cmocka_unit_test(test_prelu),   cmocka_unit_test(test_concat),
        cmocka_unit_test(test_pool),    cmocka_unit_test(test_pool_long),
        cmocka_unit_test(test_reduce),  cmocka_unit_test(test_mean_is_accurate),
        cmocka_unit_test(test_softmax), cmocka_unit_test(test_resize),
        cmocka_unit_test(test_slice),   cmocka_unit_test(test_pad),
        cmocka_unit_test(test_gather),  cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
