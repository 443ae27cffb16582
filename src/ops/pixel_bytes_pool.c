/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of maps of u8. Sums are exact, so that they may be taken in any order. */
#include "ops/pixel_bytes.h"
#include "kernels/int8.h"
#include "ops/pixel_pool.h"

#define MOST_VALUES (1 << 23) /* bytes whose sum fits 32 bits */

typedef struct byte_pool {
    rpr_pool pool;
    rpr_byte_scale from, to; /* of an average */
} byte_pool;

/** True if every window along an axis has a tap inside the input. */
static bool all_inside(const rpr_pool *p, int axis, int32_t in, int32_t out)
{
    rpr_pool clipped = *p;
    clipped.count_include_pad = false;
    for (int32_t i = 0; i < out; i++)
        if (rpr_pool_count(&clipped, axis, i, in) == 0)
            return false;
    return true;
}

bool rpr_pixel_bytes_pool_fits(const rpr_pool *pool, const rpr_map *in, const rpr_map *out)
{
    return rpr_pixel_pool_fits(pool, in, out) &&
           (int64_t)pool->kernel[0] * pool->kernel[1] <= MOST_VALUES &&
           all_inside(pool, 0, in->h, out->h) && all_inside(pool, 1, in->w, out->w);
}

/** The largest of each channel over the windows of n output pixels from (w->y, x) on. */
static void max_windows(const rpr_pool *p, const rpr_kernels *k, const rpr_map *in, float *o,
                        const rpr_walk *w, int32_t x, int32_t n)
{
    const float *tap[1 + RPR_POOL_TAPS];
    rpr_pool_walk taps = {.p = p, .in = in, .n = w->n, .y = w->y, .x = x};
    int32_t have = 0;
    for (int32_t m; (m = rpr_pool_taps(&taps, tap + have)) > 0; have = 1) {
        k->bytes->maximum((uint8_t *)o, (const uint8_t *const *)tap, have + m,
                          4 * (int64_t)n * w->map->c);
        tap[0] = o;
    }
}

enum { STRIP = 1024 }; /* words of a strip of columns that are kept on the stack */

/** Output pixels of [x, end) that max_strip takes at once; below 2: none. */
static int32_t strip_pixels(const rpr_pool *p, const rpr_map *in, int32_t x, int32_t end)
{
    const int32_t first = rpr_pool_start(p, 1, x), kw = p->kernel[1], sw = p->stride[1];
    const int32_t room = in->c < STRIP ? STRIP / in->c : 0, left = in->w - first;
    const int32_t columns = left < room ? left : room, n = (columns - kw) / sw + 1;
    if (sw == 1 || first < 0 || columns < kw || in->pix != in->c || p->dilation[1] != 1 ||
        p->kernel[0] > RPR_BYTE_ROWS || kw > RPR_BYTE_ROWS)
        return 0;
    return n < end - x ? n : end - x;
}

/** The same of n output pixels whose windows overlap: first along the columns, then the rows. */
static void max_strip(const rpr_pool *p, const rpr_kernels *k, const rpr_map *in,
                      const rpr_map *out, const rpr_walk *w, int32_t x, int32_t n)
{
    const int32_t c = in->c, kw = p->kernel[1], columns = (n - 1) * p->stride[1] + kw;
    const int32_t x0 = rpr_pool_start(p, 1, x), y0 = rpr_pool_start(p, 0, w->y);
    const uint8_t *tap[RPR_BYTE_ROWS];
    uint8_t tall[STRIP * RPR_WORD], most[STRIP * RPR_WORD];
    int32_t m = 0;
    for (int32_t ky = 0; ky < p->kernel[0]; ky++) {
        const int32_t y = y0 + ky * p->dilation[0];
        if (y >= 0 && y < in->h)
            tap[m++] = (const uint8_t *)rpr_map_at(in, w->n, y, x0);
    }
    k->bytes->maximum(tall, tap, m, (int64_t)columns * c * RPR_WORD);
    for (int32_t kx = 0; kx < kw; kx++)
        tap[kx] = tall + (int64_t)kx * c * RPR_WORD;
    k->bytes->maximum(most, tap, kw, (int64_t)(columns - kw + 1) * c * RPR_WORD);
    for (int32_t i = 0; i < n; i++)
        memcpy(rpr_map_at(out, w->n, w->y, x + i), most + (int64_t)i * p->stride[1] * c * RPR_WORD,
               (size_t)c * RPR_WORD);
}

static void run_max(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                    const rpr_map *out, rpr_rows rows)
{
    const byte_pool *p = op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0, n; x < w.x1; x += n) {
            n = strip_pixels(&p->pool, in, x, w.x1);
            if (n > 1) {
                max_strip(&p->pool, k, in, out, &w, x, n);
                continue;
            }
            n = rpr_pool_side_by_side(&p->pool, in, out, x, w.x1);
            max_windows(&p->pool, k, in, rpr_map_at(out, w.n, w.y, x), &w, x, n);
        }
    }
}

enum { SUMS = 1024 }; /* that are kept on the stack */

/** Adds words [c0, c0 + c) of all taps of a window to sum; returns how many taps there are. */
static int32_t sum_window(const rpr_kernels *k, rpr_pool_walk taps, int32_t c0, int32_t c,
                          int32_t *sum)
{
    const float *tap[RPR_POOL_TAPS];
    int32_t count = 0;
    memset(sum, 0, 4 * (size_t)c * sizeof *sum);
    for (int32_t m; (m = rpr_pool_taps(&taps, tap)) > 0; count += m) {
        for (int32_t j = 0; j < m; j++)
            tap[j] += c0;
        k->bytes->accumulate(sum, (const uint8_t *const *)tap, m, 4 * (int64_t)c);
    }
    return count;
}

/** The averages over the windows of n output pixels from (w->y, x) on. */
static void average_windows(const byte_pool *p, const rpr_kernels *k, const rpr_map *in, float *o,
                            const rpr_walk *w, int32_t x, int32_t n)
{
    const rpr_pool_walk taps = {.p = &p->pool, .in = in, .n = w->n, .y = w->y, .x = x};
    const int32_t all = n * w->map->c;
    const int32_t divisor =
        rpr_pool_count(&p->pool, 0, w->y, in->h) * rpr_pool_count(&p->pool, 1, x, in->w);
    int32_t sum[SUMS];
    rpr_byte_average q = {.mul = p->from.scale,
                          .div = (float)divisor,
                          .step = p->to.scale,
                          .before = (float)p->to.zero};
    for (int32_t c0 = 0, c; c0 < all; c0 += c) {
        c = all - c0 < SUMS / 4 ? all - c0 : SUMS / 4;
        q.bias = -sum_window(k, taps, c0, c, sum) * p->from.zero;
        k->bytes->average(&q, sum, (uint8_t *)(o + c0), 4 * (int64_t)c);
    }
}

static void run_average(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                        const rpr_map *out, rpr_rows rows)
{
    const byte_pool *p = op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0, n; x < w.x1; x += n) {
            n = rpr_pool_side_by_side(&p->pool, in, out, x, w.x1);
            average_windows(p, k, in, rpr_map_at(out, w.n, w.y, x), &w, x, n);
        }
    }
}

rpr_pixel_op *rpr_pixel_bytes_max_new(const rpr_pool *pool)
{
    rpr_pixel_op *op = rpr_pool_op_new(pool, NULL, sizeof(byte_pool));
    if (op)
        op->run = run_max;
    return op;
}

rpr_pixel_op *rpr_pixel_bytes_average_new(const rpr_pool *pool, const rpr_byte_scale *from,
                                          const rpr_byte_scale *to)
{
    rpr_pixel_op *op = rpr_pool_op_new(pool, NULL, sizeof(byte_pool));
    if (!op)
        return NULL;
    byte_pool *p = op->params;
    p->from = *from;
    p->to = *to;
    op->run = run_average;
    return op;
}

/* --------------------------------------------------------- of a whole picture */

bool rpr_pixel_bytes_mean_fits(const rpr_map *in, const rpr_map *out)
{
    return out->n == in->n && out->h == 1 && out->w == 1 && out->c == in->c &&
           (int64_t)in->h * in->w >= 1 && (int64_t)in->h * in->w <= MOST_VALUES;
}

/** Sums of words [c0, c0 + c) over all pixels of image n. */
static void sum_image(const rpr_kernels *k, const rpr_map *in, int32_t n, int32_t c0, int32_t c,
                      int32_t *sum)
{
    const float *p[RPR_BYTE_ROWS];
    int32_t m = 0;
    memset(sum, 0, 4 * (size_t)c * sizeof *sum);
    for (int32_t y = 0; y < in->h; y++) {
        for (int32_t x = 0; x < in->w; x++) {
            p[m++] = rpr_map_at(in, n, y, x) + c0;
            if (m < RPR_BYTE_ROWS && (y < in->h - 1 || x < in->w - 1))
                continue;
            k->bytes->accumulate(sum, (const uint8_t *const *)p, m, 4 * (int64_t)c);
            m = 0;
        }
    }
}

static void run_mean(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                     const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    int32_t sum[SUMS];
    while (rpr_walk_next(&w)) {
        float *o = rpr_map_at(out, w.n, 0, 0);
        for (int32_t c0 = 0, c; c0 < in->c; c0 += c) {
            c = in->c - c0 < SUMS / 4 ? in->c - c0 : SUMS / 4;
            sum_image(k, in, w.n, c0, c, sum);
            k->bytes->average(op->params, sum, (uint8_t *)(o + c0), 4 * (int64_t)c);
        }
    }
}

rpr_pixel_op *rpr_pixel_bytes_mean_new(const rpr_map *in, const rpr_byte_scale *from,
                                       const rpr_byte_scale *to)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, NULL, sizeof(rpr_byte_average), 0);
    if (!op)
        return NULL;
    const int32_t count = in->h * in->w;
    *(rpr_byte_average *)op->params =
        (rpr_byte_average){.bias = -count * from->zero,
                           .mul = from->scale / (to->scale * (float)count),
                           .div = 1.0f,
                           .step = 1.0f,
                           .after = to->zero};
    op->touch = rpr_pixel_touch_image;
    op->run = run_mean;
    return op;
}
