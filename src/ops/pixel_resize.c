/* SPDX-License-Identifier: Apache-2.0 */
/* Resize as separable weighted sums; the caller's tables say which source indices and weights. */
#include "ops/pixel_resize.h"

static bool axis_fits(const rpr_resize_axis *a, int32_t in, int32_t out)
{
    if (a->taps < 1 || a->taps > RPR_RESIZE_TAPS)
        return false;
    for (int64_t i = 0; i < (int64_t)out * a->taps; i++)
        if (a->index[i] < 0 || a->index[i] >= in)
            return false;
    return true;
}

bool rpr_pixel_resize_fits(const rpr_map *in, const rpr_map *out, const rpr_resize_axis *h,
                           const rpr_resize_axis *w)
{
    return in->n == out->n && in->c == out->c && axis_fits(h, in->h, out->h) &&
           axis_fits(w, in->w, out->w);
}

static bool is_zero(float x)
{
    return !(x < 0.0f || x > 0.0f);
}

/** The taps of output index i that have a weight; there may be none. */
static rpr_taps taps_of(const rpr_resize_axis *a, int32_t i)
{
    const int32_t *index = a->index + (int64_t)i * a->taps;
    const float *weight = a->weight + (int64_t)i * a->taps;
    rpr_taps t = {.n = 0};
    for (int32_t j = 0; j < a->taps; j++) {
        if (is_zero(weight[j]))
            continue;
        t.index[t.n] = index[j];
        t.weight[t.n++] = weight[j];
    }
    return t;
}

void rpr_resize_sources(const rpr_map *in, int32_t n, const rpr_taps *ty, const rpr_taps *tx,
                        rpr_sources *s)
{
    s->n = 0;
    for (int32_t j = 0; j < ty->n; j++) {
        for (int32_t i = 0; i < tx->n; i++, s->n++) {
            s->p[s->n] = rpr_map_at(in, n, ty->index[j], tx->index[i]);
            s->weight[s->n] = ty->weight[j] * tx->weight[i];
        }
    }
}

/** o = the weighted sum of the up to 16 pixels under a tap row set and a tap column set. */
static void resize_pixel(const rpr_kernels *k, const rpr_map *in, int32_t n, const rpr_taps *ty,
                         const rpr_taps *tx, float *o)
{
    rpr_sources s;
    rpr_resize_sources(in, n, ty, tx, &s);
    if (s.n > 0)
        k->weighted_sum(o, s.p, s.weight, s.n, in->c);
    else
        memset(o, 0, (size_t)in->c * sizeof *o);
}

static void run_resize(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    const rpr_taps *ty = op->tables, *tx = ty + ((const rpr_resize *)op->params)->h;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++)
            resize_pixel(k, in, w.n, &ty[w.y], &tx[x], rpr_map_at(out, w.n, w.y, x));
        rpr_walk_act(&w, k, &op->act);
    }
}

/** Marks the pixels of output row o that read a marked pixel of an input row. */
static bool touch_row(uint8_t *o, int32_t w, const uint8_t *row, const rpr_taps *cols)
{
    uint8_t any = 0;
    for (int32_t x = 0; x < w; x++) {
        for (int32_t j = 0; j < cols[x].n; j++)
            o[x] |= row[cols[x].index[j]];
        any |= o[x];
    }
    return any != 0;
}

static void touch_resize(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    const rpr_taps *rows = op->tables, *cols = rows + ((const rpr_resize *)op->params)->h;
    if (!rpr_pixel_touch_start(op, in, out))
        return;
    for (int32_t n = 0; n < out->n; n++) {
        for (int32_t y = 0; y < out->h; y++) {
            for (int32_t j = 0; j < rows[y].n; j++) {
                const uint8_t *row = rpr_touch_row(in[0], n, rows[y].index[j]);
                if (rpr_touch_range(row, in[0]->w))
                    out->any |= touch_row(rpr_touch_row(out, n, y), out->w, row, cols);
            }
        }
    }
}

bool rpr_resize_only_copies(const rpr_resize_axis *a, int32_t out)
{
    for (int64_t i = 0; i < (int64_t)out * a->taps; i++)
        if (a->taps > 1 || a->weight[i] < 1.0f || a->weight[i] > 1.0f)
            return false;
    return true;
}

rpr_pixel_op *rpr_resize_op_new(const rpr_map *out, const rpr_resize_axis *h,
                                const rpr_resize_axis *w, const rpr_act *act, size_t params)
{
    size_t words = ((size_t)out->h + (size_t)out->w) * (sizeof(rpr_taps) / sizeof(int32_t));
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, params, words);
    if (!op)
        return NULL;
    rpr_taps *t = op->tables;
    ((rpr_resize *)op->params)->h = out->h;
    for (int32_t y = 0; y < out->h; y++)
        *t++ = taps_of(h, y);
    for (int32_t x = 0; x < out->w; x++)
        *t++ = taps_of(w, x);
    op->touch = touch_resize;
    return op;
}

rpr_pixel_op *rpr_pixel_resize_new(const rpr_map *out, const rpr_resize_axis *h,
                                   const rpr_resize_axis *w, const rpr_act *act)
{
    if (rpr_resize_only_copies(h, out->h) && rpr_resize_only_copies(w, out->w)) {
        const int32_t *const index[4] = {NULL, h->index, w->index, NULL};
        return rpr_pixel_gather_new(out, index, 0.0f, act);
    }
    rpr_pixel_op *op = rpr_resize_op_new(out, h, w, act, sizeof(rpr_resize));
    if (op)
        op->run = run_resize;
    return op;
}
