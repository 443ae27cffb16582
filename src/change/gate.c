/* SPDX-License-Identifier: Apache-2.0 */
#include "change/gate.h"

#include <math.h>

/*
 * From about half of the elements on, dense recompute is cheaper than a correction (stream/
 * choose.c). Making the list costs more than the comparison, so while a stream stays above it,
 * frames are only counted; the first that falls below is still recomputed densely.
 */
#define CROWDED 0.7

/**
 * A gate's rule with the numbers that its profiled range gives. The quantiser has `levels` clusters
 * in the range and one at zero, which padding and rectified values are. Its cells go on for
 * `levels` more on either side: later frames exceed a range profiled on the first one, and clipping
 * them costs more accuracy than anything else. A range of nothing gives one cluster.
 */
typedef struct gate_rule {
    bool levels;
    float theta;
    rpr_levels q;
} gate_rule;

static gate_rule make_rule(const rpr_gate_state *g, const rpr_gate *rule)
{
    gate_rule r = {.levels = rule->kind == RPR_GATE_LEVELS};
    float range = g->hi - g->lo;
    if (rule->kind == RPR_GATE_DEADZONE)
        r.theta = (float)(rule->threshold * (double)range);
    if (r.levels && range > 0.0f) {
        float cells = (float)rule->levels;
        r.q.step = range / (cells - 1.0f);
        r.q.inv_step = (cells - 1.0f) / range;
        r.q.lo = (rintf(g->lo * r.q.inv_step) - cells) * r.q.step;
        r.q.top = 3.0f * cells - 1.0f;
    }
    return r;
}

static int32_t gate_span(const gate_rule *r, const rpr_kernels *k, const float *x, float *xhat,
                         int32_t n, int32_t base, int32_t *idx, float *delta, bool *nonfinite)
{
    if (r->levels)
        return k->gate_levels(x, xhat, n, &r->q, base, idx, delta, nonfinite);
    return k->gate_deadzone(x, xhat, n, r->theta, base, idx, delta, nonfinite);
}

const float *rpr_gate_values(const rpr_gate_state *g, const rpr_kernels *k, const float *x,
                             int64_t pix, int32_t count)
{
    int32_t c = g->xhat.c;
    if (pix == c && rpr_act_is_none(&g->act))
        return x;
    if (pix == c) {
        k->act(&g->act, x, g->row, (int64_t)count * c);
        return g->row;
    }
    for (int32_t i = 0; i < count; i++)
        k->act(&g->act, x + i * pix, g->row + (int64_t)i * c, c);
    return g->row;
}

/** Gates pixels [x0, x1) of one row; returns the number of changed elements. */
static int32_t gate_run(rpr_gate_state *g, const gate_rule *r, const rpr_kernels *k, const float *x,
                        int64_t pix, float *xhat, int32_t x0, int32_t x1, int32_t *idx,
                        float *delta)
{
    int32_t c = g->xhat.c;
    return gate_span(r, k, rpr_gate_values(g, k, x + x0 * pix, pix, x1 - x0),
                     xhat + (int64_t)x0 * c, (x1 - x0) * c, x0 * c, idx, delta, &g->nonfinite);
}

/** Division of element indices by the number of channels, by multiplication where that is exact. */
typedef struct divisor {
    uint32_t c, inverse;
} divisor;

static divisor make_divisor(const rpr_gate_state *g)
{
    uint32_t c = (uint32_t)g->xhat.c;
    bool exact = c > 1 && (uint64_t)g->xhat.w * c * c <= UINT32_MAX; /* idx * c is below 2^32 */
    return (divisor){c, exact ? UINT32_MAX / c + 1 : 0};
}

static inline int32_t pixel_of(int32_t idx, divisor d)
{
    uint32_t i = (uint32_t)idx;
    return (int32_t)(d.inverse ? (uint32_t)((uint64_t)i * d.inverse >> 32) : i / d.c);
}

/**
 * Fills the row's pixel offsets and changed marks from its part [first, end) of the list; returns
 * the number of changed pixels. Written so that nothing depends on a guess: first the end of every
 * changed pixel's part, then the gaps between them.
 */
static int32_t index_row(const rpr_gate_state *g, int32_t *off, uint8_t *changed, int32_t first,
                         int32_t end)
{
    int32_t w = g->xhat.w, pixels = 0, at = first;
    const divisor c = make_divisor(g);
    memset(off, 0, ((size_t)w + 1) * sizeof *off);
    for (int32_t e = first; e < end; e++)
        off[pixel_of(g->idx[e], c) + 1] = e + 1;
    off[0] = first;
    for (int32_t x = 0; x < w; x++) {
        int32_t last = off[x + 1];
        bool any = last != 0;
        at = any ? last : at;
        changed[x] = any;
        pixels += any;
        off[x + 1] = at;
    }
    return pixels;
}

/** Marks the row's changed pixels from its list of n entries; returns how many. */
static int32_t mark_row(const rpr_gate_state *g, uint8_t *changed, const int32_t *idx, int32_t n)
{
    const divisor c = make_divisor(g);
    int32_t pixels = 0;
    for (int32_t e = 0; e < n; e++) {
        uint8_t *mark = &changed[pixel_of(idx[e], c)];
        pixels += !*mark;
        *mark = 1;
    }
    return pixels;
}

#define SPAN_VALUES 256 /* that cost about as much as a call */

void rpr_gate_update(rpr_gate_state *g, const rpr_gate *rule, const rpr_kernels *k,
                     const rpr_map *x, const rpr_touch *touched)
{
    gate_rule r = make_rule(g, rule);
    int32_t w = x->w, rows = x->n * x->h;
    int64_t row_elements = (int64_t)w * x->c;
    rpr_gate_hold(g);
    g->compared = true;
    g->list_ok = !g->crowded;
    for (int32_t row = 0; row < rows; row++) {
        int32_t n = row / x->h, y = row % x->h, x0 = 0, x1 = 0;
        const uint8_t *mark = rpr_touch_row(touched, n, y);
        const float *src = rpr_map_at(x, n, y, 0);
        float *dst = rpr_map_at(&g->xhat, n, y, 0);
        /* A list that could overflow is given up: so much has changed that dense is cheaper. */
        if (g->list_ok && g->n_listed + row_elements > g->cap)
            g->list_ok = false;
        int32_t first = (int32_t)(g->keeps_all ? g->n_changed : g->n_listed), found = 0;
        bool list = g->list_ok || g->keeps_all;
        while (rpr_touch_span(mark, x1, w, SPAN_VALUES / x->c, &x0, &x1))
            found +=
                gate_run(g, &r, k, src, x->pix, dst, x0, x1, list ? g->idx + first + found : NULL,
                         list ? g->delta + first + found : NULL);
        g->row_n[row] = found;
        g->n_changed += found;
        if (g->list_ok && found) {
            uint8_t *changed = rpr_touch_row(&g->changed, n, y);
            if (g->rows_only) {
                g->n_pixels += mark_row(g, changed, g->idx + first, found);
            } else {
                g->n_listed += found;
                g->n_pixels +=
                    index_row(g, g->off + (int64_t)row * (w + 1), changed, first, first + found);
            }
        }
    }
    g->crowded =
        g->adaptive && !g->loosens && (double)g->n_changed > CROWDED * (double)rpr_gate_elements(g);
    if (g->list_ok) {
        g->changed.any = g->n_changed > 0;
        g->fades = g->n_listed > 0 && rpr_gate_fades(g, k);
    } else {
        rpr_touch_fill(&g->changed, true);
    }
}

double rpr_gate_sample(rpr_gate_state *g, const rpr_gate *rule, const rpr_kernels *k,
                       const rpr_map *x, int32_t first, int32_t step)
{
    const gate_rule r = make_rule(g, rule);
    int64_t found = 0, looked = 0;
    for (int32_t row = first; row < x->n * x->h; row += step) {
        found += gate_run(g, &r, k, rpr_map_at(x, row / x->h, row % x->h, 0), x->pix,
                          rpr_map_at(&g->xhat, row / x->h, row % x->h, 0), 0, x->w, NULL, NULL);
        looked += (int64_t)x->w * x->c;
    }
    return (double)found / (double)looked;
}

void rpr_gate_copy(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x)
{
    const size_t bytes = (size_t)x->w * (size_t)x->c * sizeof(float);
    for (int32_t row = 0; row < x->n * x->h; row++)
        memcpy(rpr_map_at(&g->xhat, row / x->h, row % x->h, 0),
               rpr_gate_values(g, k, rpr_map_at(x, row / x->h, row % x->h, 0), x->pix, x->w),
               bytes);
}

void rpr_gate_hold(rpr_gate_state *g)
{
    g->n_changed = g->n_listed = g->n_pixels = 0;
    g->list_ok = true;
    g->compared = g->pays = false;
    g->nonfinite = g->fades = false;
    rpr_touch_fill(&g->changed, false);
}

void rpr_gate_restart(rpr_gate_state *g, const rpr_gate *rule, const rpr_kernels *k,
                      const rpr_map *x)
{
    const gate_rule r = make_rule(g, rule);
    const int64_t row_values = (int64_t)x->w * x->c;
    bool nonfinite = false;
    rpr_gate_copy(g, k, x);
    for (int32_t row = 0; r.levels && row < x->n * x->h; row++) {
        float *v = rpr_map_at(&g->xhat, row / x->h, row % x->h, 0);
        (void)k->gate_levels(v, v, (int32_t)row_values, &r.q, 0, NULL, NULL, &nonfinite);
    }
    g->in = g->xhat;
    g->compared = g->loose = false;
    g->peak = 0.0f; /* not known */
    g->n_changed = rpr_gate_elements(g);
    g->n_listed = 0;
    g->list_ok = false;
    g->nonfinite = g->fades = false;
    rpr_touch_fill(&g->changed, true);
    g->crowded = false;
}
