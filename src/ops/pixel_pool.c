/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool. */
#include <math.h>

#include "ops/pixel_pool.h"

/* Every tap passes over a whole stretch of outputs, which should stay in the first-level cache. */
#define STRETCH_FLOATS 4096

static bool axis_fits(const rpr_pool *p, int axis, int32_t in, int32_t out)
{
    int64_t kernel = p->kernel[axis], stride = p->stride[axis], dilation = p->dilation[axis];
    int64_t begin = p->begin[axis], end = p->end[axis], limit = INT32_MAX / 4;
    if (kernel < 1 || stride < 1 || dilation < 1 || begin < 0 || end < 0)
        return false;
    return kernel * dilation <= limit && out * stride <= limit && begin <= limit &&
           in + end <= limit;
}

bool rpr_pixel_pool_fits(const rpr_pool *pool, const rpr_map *in, const rpr_map *out)
{
    return in->n == out->n && in->c == out->c && axis_fits(pool, 0, in->h, out->h) &&
           axis_fits(pool, 1, in->w, out->w);
}

static int32_t floor_div(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

/** Adds one tap row of the windows of output pixels [x0, x1) to o. */
static void add_tap_row(const rpr_pool *p, const rpr_kernels *k, const rpr_map *in,
                        const float *row, rpr_span o, int32_t x0, int32_t x1, int32_t c)
{
    int32_t sw = p->stride[1];
    for (int32_t kx = 0; kx < p->kernel[1]; kx++) {
        int32_t at = kx * p->dilation[1] - p->begin[1]; /* input column of output column 0 */
        int32_t lo = -floor_div(at, sw), hi = floor_div(in->w - 1 - at, sw) + 1;
        lo = lo > x0 ? lo : x0;
        hi = hi < x1 ? hi : x1;
        if (lo >= hi)
            continue;
        rpr_span a = {(float *)row + (int64_t)(lo * sw + at) * in->pix, sw * in->pix};
        rpr_span d = {o.p + (lo - x0) * o.step, o.step};
        rpr_span_binary(k, RPR_BIN_ADD, d, a, d, hi - lo, c);
    }
}

/** o = the sums over the windows of output pixels [x0, x1) of a row. */
static void sum_windows(const rpr_pool *p, const rpr_kernels *k, const rpr_map *in, rpr_span o,
                        const rpr_walk *w, int32_t x0, int32_t x1)
{
    int32_t c = w->map->c;
    rpr_span_fill(o, 0.0f, x1 - x0, c);
    for (int32_t ky = 0; ky < p->kernel[0]; ky++) {
        int32_t y = rpr_pool_start(p, 0, w->y) + ky * p->dilation[0];
        if (y >= 0 && y < in->h)
            add_tap_row(p, k, in, rpr_map_at(in, w->n, y, 0), o, x0, x1, c);
    }
}

int32_t rpr_pool_count(const rpr_pool *p, int axis, int32_t i, int32_t size)
{
    int32_t lo = p->count_include_pad ? -p->begin[axis] : 0;
    int32_t hi = p->count_include_pad ? size + p->end[axis] : size;
    int32_t at = rpr_pool_start(p, axis, i), count = 0;
    for (int32_t j = 0; j < p->kernel[axis]; j++, at += p->dilation[axis])
        count += at >= lo && at < hi;
    return count;
}

/** Divides the sums by the taps, in stretches of windows that have the same number of them. */
static void divide(const rpr_pool *p, const rpr_kernels *k, const rpr_map *in, rpr_span o,
                   const rpr_walk *w, int32_t x0, int32_t x1)
{
    int32_t rows = rpr_pool_count(p, 0, w->y, in->h);
    for (int32_t x = x0, next; x < x1; x = next) {
        int32_t cols = rpr_pool_count(p, 1, x, in->w);
        next = x + 1;
        while (next < x1 && rpr_pool_count(p, 1, next, in->w) == cols)
            next++;
        float count = (float)rows * (float)cols;
        rpr_span s = {o.p + (x - x0) * o.step, o.step};
        if (count > 1.0f)
            rpr_span_scalar(k, RPR_BIN_DIV, s, count, false, s, next - x, w->map->c);
    }
}

static void run_average(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                        const rpr_map *out, rpr_rows rows)
{
    const rpr_pool *p = op->params;
    int32_t stretch = STRETCH_FLOATS / (out->c > 0 ? out->c : 1) + 1;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0, next; x < w.x1; x = next) {
            next = w.x1 - x > stretch ? x + stretch : w.x1;
            rpr_span o = rpr_span_at(out, w.n, w.y, x);
            sum_windows(p, k, in, o, &w, x, next);
            divide(p, k, in, o, &w, x, next);
        }
        rpr_walk_act(&w, k, &op->act);
    }
}

int32_t rpr_pool_taps(rpr_pool_walk *w, const float *tap[RPR_POOL_TAPS])
{
    const rpr_pool *p = w->p;
    int32_t m = 0;
    for (; w->ky < p->kernel[0]; w->ky++, w->kx = 0) {
        int32_t y = rpr_pool_start(p, 0, w->y) + w->ky * p->dilation[0];
        if (y < 0 || y >= w->in->h)
            continue;
        for (; w->kx < p->kernel[1]; w->kx++) {
            int32_t x = rpr_pool_start(p, 1, w->x) + w->kx * p->dilation[1];
            if (x < 0 || x >= w->in->w)
                continue;
            if (m == RPR_POOL_TAPS)
                return m;
            tap[m++] = rpr_map_at(w->in, w->n, y, x);
        }
    }
    return m;
}

int32_t rpr_pool_side_by_side(const rpr_pool *p, const rpr_map *in, const rpr_map *out, int32_t x,
                              int32_t end)
{
    int32_t first = rpr_pool_start(p, 1, x), span = (p->kernel[1] - 1) * p->dilation[1];
    int32_t n = in->w - span - first;
    if (p->stride[1] != 1 || in->pix != in->c || out->pix != out->c || first < 0 || n < 1)
        return 1;
    return n < end - x ? n : end - x;
}

/** The largest of each channel over the windows of n output pixels from (w->y, x) on. */
static void max_windows(const rpr_pool *p, const rpr_kernels *k, const rpr_map *in, float *o,
                        const rpr_walk *w, int32_t x, int32_t n)
{
    const float *tap[1 + RPR_POOL_TAPS];
    rpr_pool_walk taps = {.p = p, .in = in, .n = w->n, .y = w->y, .x = x};
    int64_t len = (int64_t)n * w->map->c;
    int32_t have = 0;
    for (int32_t m; (m = rpr_pool_taps(&taps, tap + have)) > 0; have = 1) {
        k->maximum(o, tap, have + m, len);
        tap[0] = o;
    }
    if (!have)
        rpr_span_fill((rpr_span){o, w->map->c}, -INFINITY, n, w->map->c);
}

static void run_max(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                    const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0, n; x < w.x1; x += n) {
            n = rpr_pool_side_by_side(op->params, in, out, x, w.x1);
            max_windows(op->params, k, in, rpr_map_at(out, w.n, w.y, x), &w, x, n);
        }
        rpr_walk_act(&w, k, &op->act);
    }
}

static void touch_pool(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    const rpr_pool *p = op->params;
    if (rpr_pixel_touch_start(op, in, out))
        rpr_touch_window(out, in[0], p->kernel[0], p->kernel[1], p->stride[0], p->stride[1],
                         p->begin[0], p->begin[1], p->dilation[0], p->dilation[1]);
}

rpr_pixel_op *rpr_pool_op_new(const rpr_pool *pool, const rpr_act *act, size_t params)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, params, 0);
    if (op) {
        *(rpr_pool *)op->params = *pool;
        op->touch = touch_pool;
    }
    return op;
}

rpr_pixel_op *rpr_pixel_pool_max_new(const rpr_pool *pool, const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pool_op_new(pool, act, sizeof *pool);
    if (op)
        op->run = run_max;
    return op;
}

rpr_pixel_op *rpr_pixel_pool_average_new(const rpr_pool *pool, const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pool_op_new(pool, act, sizeof *pool);
    if (op)
        op->run = run_average;
    return op;
}
