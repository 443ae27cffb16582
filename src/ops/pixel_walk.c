/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/pixel_walk.h"

#include "core/alloc.h"

/** True if n pixels of c channels are one piece of memory. */
static bool is_whole(rpr_span s, int32_t n, int32_t c)
{
    return s.step == c || n == 1;
}

/*
 * Turns a span of n pixels of c channels into one of a single, longer pixel where all the operands
 * allow it, so that each function below is one loop.
 */
static void join(bool whole, int32_t *n, int64_t *c)
{
    if (whole) {
        *c *= *n;
        *n = 1;
    }
}

enum { REPEATED = 512, REPEATED_CHANNELS = 32 };

/** One pixel over and over, as often as there is room and at most n times; returns how often. */
static int32_t repeat(float to[REPEATED], const float *pixel, int32_t n, int32_t c)
{
    const int32_t times = n < REPEATED / c ? n : REPEATED / c, all = times * c;
    memcpy(to, pixel, (size_t)c * sizeof *to);
    for (int32_t have = c; have < all; have *= 2)
        memcpy(to + have, to, (size_t)(have < all - have ? have : all - have) * sizeof *to);
    return times;
}

/** Pixels of few channels against one that is repeated: many of them in a call. */
static void repeated_pairs(const rpr_kernels *k, rpr_pairs_fn f, const void *ctx, const float *many,
                           const float *pixel, bool reversed, float *o, int32_t n, int32_t c)
{
    float row[REPEATED];
    const int32_t times = repeat(row, pixel, n, c);
    for (int32_t i = 0; i < n; i += times) {
        const int64_t at = (int64_t)i * c, len = (int64_t)(n - i < times ? n - i : times) * c;
        f(ctx, k, reversed ? row : many + at, reversed ? many + at : row, o + at, len);
    }
}

void rpr_span_pairs(const rpr_kernels *k, rpr_pairs_fn f, const void *ctx, rpr_span a, rpr_span b,
                    rpr_span o, int32_t n, int32_t c)
{
    int64_t len = c;
    if (n > 2 && c <= REPEATED_CHANNELS && o.step == c && a.step == c && b.step == 0) {
        repeated_pairs(k, f, ctx, a.p, b.p, false, o.p, n, c);
        return;
    }
    if (n > 2 && c <= REPEATED_CHANNELS && o.step == c && b.step == c && a.step == 0) {
        repeated_pairs(k, f, ctx, b.p, a.p, true, o.p, n, c);
        return;
    }
    join(is_whole(a, n, c) && is_whole(b, n, c) && is_whole(o, n, c), &n, &len);
    for (int32_t i = 0; i < n; i++)
        f(ctx, k, a.p + i * a.step, b.p + i * b.step, o.p + i * o.step, len);
}

void rpr_span_each(const rpr_kernels *k, rpr_each_fn f, const void *ctx, rpr_span a, rpr_span o,
                   int32_t n, int32_t c)
{
    int64_t len = c;
    join(is_whole(a, n, c) && is_whole(o, n, c), &n, &len);
    for (int32_t i = 0; i < n; i++)
        f(ctx, k, a.p + i * a.step, o.p + i * o.step, len);
}

static void binary_pairs(const void *ctx, const rpr_kernels *k, const float *a, const float *b,
                         float *o, int64_t len)
{
    k->binary(*(const rpr_binary *)ctx, a, b, o, len);
}

void rpr_span_binary(const rpr_kernels *k, rpr_binary op, rpr_span a, rpr_span b, rpr_span o,
                     int32_t n, int32_t c)
{
    rpr_span_pairs(k, binary_pairs, &op, a, b, o, n, c);
}

void rpr_span_scalar(const rpr_kernels *k, rpr_binary op, rpr_span a, float b, bool reversed,
                     rpr_span o, int32_t n, int32_t c)
{
    int64_t len = c;
    join(is_whole(a, n, c) && is_whole(o, n, c), &n, &len);
    for (int32_t i = 0; i < n; i++)
        k->binary_scalar(op, a.p + i * a.step, b, reversed, o.p + i * o.step, len);
}

static void act_each(const void *ctx, const rpr_kernels *k, const float *a, float *o, int64_t len)
{
    k->act(ctx, a, o, len);
}

void rpr_span_act(const rpr_kernels *k, const rpr_act *act, rpr_span a, rpr_span o, int32_t n,
                  int32_t c)
{
    rpr_span_each(k, act_each, act, a, o, n, c);
}

void rpr_span_copy(rpr_span a, rpr_span o, int32_t n, int32_t c)
{
    int64_t len = c;
    join(is_whole(a, n, c) && is_whole(o, n, c), &n, &len);
    for (int32_t i = 0; i < n; i++)
        memcpy(o.p + i * o.step, a.p + i * a.step, (size_t)len * sizeof(float));
}

void rpr_span_fill(rpr_span o, float value, int32_t n, int32_t c)
{
    int64_t len = c;
    join(is_whole(o, n, c), &n, &len);
    for (int32_t i = 0; i < n; i++)
        for (int64_t j = 0; j < len; j++)
            o.p[i * o.step + j] = value;
}

#define GAP_VALUES 64 /* that cost less than another call */

bool rpr_walk_next(rpr_walk *w)
{
    const rpr_map *m = w->map;
    const rpr_touch *mask = w->rows.mask;
    if (mask && !mask->any)
        return false;
    for (; w->rows.first < w->rows.end; w->rows.first++, w->x1 = 0) {
        w->n = w->rows.first / m->h;
        w->y = w->rows.first % m->h;
        const uint8_t *row = mask ? rpr_touch_row(mask, w->n, w->y) : NULL;
        const int32_t gap = w->rows.only ? 0 : GAP_VALUES / m->c;
        if (rpr_touch_span(row, w->x1, m->w, gap, &w->x0, &w->x1))
            return true;
    }
    return false;
}

void rpr_walk_act(const rpr_walk *w, const rpr_kernels *k, const rpr_act *act)
{
    if (rpr_act_is_none(act))
        return;
    rpr_span o = rpr_span_at(w->map, w->n, w->y, w->x0);
    rpr_span_act(k, act, o, o, w->x1 - w->x0, w->map->c);
}

rpr_pixel_op *rpr_pixel_op_alloc(int n_in, const rpr_act *act, size_t params, size_t words)
{
    rpr_pixel_op *op = rpr_alloc(sizeof *op);
    if (!op)
        return NULL;
    op->n_in = n_in;
    op->act = act ? *act : rpr_act_none();
    op->params = params ? rpr_alloc(params) : NULL;
    op->tables = words ? rpr_alloc_array(words, sizeof(int32_t)) : NULL;
    if ((params && !op->params) || (words && !op->tables)) {
        rpr_pixel_op_free(op);
        return NULL;
    }
    op->state_bytes = params + words * sizeof(int32_t);
    return op;
}

bool rpr_pixel_op_is_pointwise(const rpr_pixel_op *op)
{
    return op->touch == rpr_pixel_touch_same;
}

void rpr_pixel_op_free(rpr_pixel_op *op)
{
    if (!op)
        return;
    rpr_free(op->params);
    rpr_free(op->tables);
    rpr_free(op);
}

bool rpr_pixel_touch_start(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    rpr_touch_fill(out, false);
    for (int i = 0; i < op->n_in; i++)
        if (in[i] && in[i]->any)
            return true;
    return false;
}

static void or_row(uint8_t *o, const uint8_t *row, int32_t w)
{
    for (int32_t x = 0; x < w; x++)
        o[x] |= row[x];
}

/** Marks the rows of `out` that a touched map of the same or broadcast size reaches. */
static void spread(rpr_touch *out, const rpr_touch *in)
{
    for (int32_t n = 0; n < out->n; n++) {
        for (int32_t y = 0; y < out->h; y++) {
            const uint8_t *row = rpr_touch_row(in, in->n == 1 ? 0 : n, in->h == 1 ? 0 : y);
            uint8_t *o = rpr_touch_row(out, n, y);
            if (!rpr_touch_range(row, in->w))
                continue;
            if (in->w == out->w)
                or_row(o, row, out->w);
            else
                memset(o, 1, (size_t)out->w);
            out->any = true;
        }
    }
}

void rpr_pixel_touch_same(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    if (!rpr_pixel_touch_start(op, in, out))
        return;
    for (int i = 0; i < op->n_in; i++) {
        if (!in[i] || !in[i]->any)
            continue;
        if (in[i]->n == out->n && in[i]->h == out->h && in[i]->w == out->w)
            rpr_touch_or(out, in[i]);
        else
            spread(out, in[i]);
    }
}

void rpr_pixel_touch_image(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    if (!rpr_pixel_touch_start(op, in, out))
        return;
    int64_t pixels = (int64_t)in[0]->h * in[0]->w;
    for (int32_t n = 0; n < out->n; n++) {
        out->pix[n] = rpr_touch_range(in[0]->pix + n * pixels, pixels);
        out->any |= out->pix[n] != 0;
    }
}
