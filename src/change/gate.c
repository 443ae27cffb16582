/* SPDX-License-Identifier: Apache-2.0 */
#include "change/gate.h"

#include <math.h>

/*
 * From about half of the elements on, dense recompute is cheaper than a correction (stream/
 * choose.c). Making the list costs more than the comparison, so while a stream stays above it,
 * frames are only counted; the first that falls below is still recomputed densely.
 */
#define CROWDED 0.7

/** Narrower cells are more of them. */
static double levels_of(const rpr_gate_state *g)
{
    const double levels = (double)g->rule.levels, most = RPR_MAX_LEVELS;
    return levels < most * g->scale ? rint(levels / g->scale) : most;
}

/** Cells of equal width with a centroid at zero, which padding and rectified values are. */
static void make_cells(const rpr_gate_state *g, uint8_t cell[RPR_GATE_BYTES])
{
    const double step = (RPR_GATE_BYTES - 1) / (levels_of(g) - 1.0);
    for (int i = 0; i < RPR_GATE_BYTES; i++) {
        double centroid = g->zero + rint(rint((i - g->zero) / step) * step);
        cell[i] = (uint8_t)fmin(fmax(centroid, 0.0), RPR_GATE_BYTES - 1);
    }
}

/** A dead-zone is a share of all steps, rounded down: half a step more would never show. */
static rpr_gate_rule make_words_rule(const rpr_gate_state *g)
{
    rpr_gate_rule r = {.levels = g->rule.kind == RPR_GATE_LEVELS};
    if (g->rule.kind == RPR_GATE_DEADZONE && !g->tested)
        r.steps =
            (int32_t)floor(g->rule.threshold * g->narrow * g->scale * (RPR_GATE_BYTES - 1) + 1e-6);
    if (r.levels)
        make_cells(g, r.cell);
    return r;
}

static rpr_gate_rule make_rule(const rpr_gate_state *g)
{
    const rpr_gate *rule = &g->rule;
    rpr_gate_rule r = {.levels = rule->kind == RPR_GATE_LEVELS};
    if (g->words)
        return make_words_rule(g);
    float range = g->hi - g->lo;
    if (rule->kind == RPR_GATE_DEADZONE && !g->tested)
        r.theta = (float)(rule->threshold * g->narrow * g->scale * (double)range);
    if (r.levels && range > 0.0f) {
        float cells = (float)levels_of(g);
        r.q.step = range / (cells - 1.0f);
        r.q.inv_step = (cells - 1.0f) / range;
        r.q.lo = (rintf(g->lo * r.q.inv_step) - cells) * r.q.step;
        r.q.top = 3.0f * cells - 1.0f;
    }
    return r;
}

static int32_t gate_span(const rpr_gate_rule *r, const rpr_kernels *k, const float *x, float *xhat,
                         int32_t n, int32_t base, int32_t *idx, float *delta, bool *nonfinite)
{
    if (r->levels)
        return k->gate_levels(x, xhat, n, &r->q, base, idx, delta, nonfinite);
    return k->gate_deadzone(x, xhat, n, r->theta, base, idx, delta, nonfinite);
}

/** y may be x; n words. */
static void to_centroids(const rpr_gate_rule *r, const rpr_kernels *k, const float *x, float *y,
                         int64_t n)
{
    k->bytes->table(r->cell, (const uint8_t *)x, (uint8_t *)y, n * RPR_WORD);
}

#define SEGMENT_VALUES 8192 /* that are worth waking a thread for */

int rpr_gate_segments(int32_t n, int32_t h, int32_t w, int32_t c, bool one_piece)
{
    int64_t rows = (int64_t)n * h, worth = rpr_pool_worth(rows * w * c, SEGMENT_VALUES);
    worth = worth < rows ? worth : rows;
    worth = worth < RPR_GATE_SEGMENTS ? worth : RPR_GATE_SEGMENTS;
    return one_piece || worth < 1 ? 1 : (int)worth;
}

const float *rpr_gate_values(const rpr_gate_state *g, const rpr_kernels *k, const float *x,
                             int64_t pix, int32_t count, int thread)
{
    int32_t c = g->xhat.c;
    float *row = g->row + (size_t)thread * g->row_floats;
    if (pix == c && rpr_act_is_none(&g->act))
        return x;
    if (pix == c) {
        k->act(&g->act, x, row, (int64_t)count * c);
        return row;
    }
    for (int32_t i = 0; i < count; i++) {
        if (g->words)
            memcpy(row + (int64_t)i * c, x + i * pix, (size_t)c * sizeof *row);
        else
            k->act(&g->act, x + i * pix, row + (int64_t)i * c, c);
    }
    return row;
}

/** The same with words as elements: cells are looked up before. */
static int32_t words_span(const rpr_gate_scan *p, const float *x, float *xhat, int32_t n,
                          int32_t base, int32_t *idx, float *delta, int thread)
{
    const rpr_gate_state *g = p->g;
    float *row = g->row + (size_t)thread * g->row_floats;
    uint32_t *rest = idx ? g->rest + (idx - g->idx) : NULL;
    if (p->rule.levels) {
        to_centroids(&p->rule, p->k, x, row, n);
        x = row;
    }
    return p->k->gate_words((const uint32_t *)x, (uint32_t *)xhat, n, p->rule.steps, base, idx,
                            (uint32_t *)delta, rest);
}

/** A pixel of row `row`, counted over all images. */
static inline float *pixel_at(const rpr_map *m, int32_t row, int32_t x)
{
    return m->n == 1 ? rpr_map_at(m, 0, row, x) : rpr_map_at(m, row / m->h, row % m->h, x);
}

/** Pixels [x0, x1) of one row; returns the number of changed elements. */
static int32_t gate_run(const rpr_gate_scan *p, int32_t row, int32_t x0, int32_t x1, int32_t *idx,
                        float *delta, int thread, bool *nonfinite)
{
    rpr_gate_state *g = p->g;
    int32_t c = g->xhat.c;
    const float *x = rpr_gate_values(g, p->k, pixel_at(&p->x, row, x0), p->x.pix, x1 - x0, thread);
    float *xhat = pixel_at(&g->xhat, row, x0);
    if (g->words)
        return words_span(p, x, xhat, (x1 - x0) * c, x0 * c, idx, delta, thread);
    return gate_span(&p->rule, p->k, x, xhat, (x1 - x0) * c, x0 * c, idx, delta, nonfinite);
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

#define ROW_PIXELS 512 /* of rows whose ends are gathered in near memory */

/**
 * Fills the row's pixel offsets and changed marks from its part [first, end) of the list; returns
 * the number of changed pixels. Written so that nothing depends on a guess: first the end of every
 * changed pixel's part, then the gaps between them.
 */
static int32_t index_row(const rpr_gate_state *g, int32_t *restrict off, uint8_t *restrict changed,
                         int32_t first, int32_t end)
{
    const int32_t *restrict idx = g->idx;
    int32_t w = g->xhat.w, pixels = 0, at = first;
    const divisor c = make_divisor(g);
    int32_t here[ROW_PIXELS + 1], *ends = w <= ROW_PIXELS ? here : off;
    memset(ends, 0, ((size_t)w + 1) * sizeof *off);
    for (int32_t e = first; e < end; e++)
        ends[pixel_of(idx[e], c) + 1] = e + 1;
    off[0] = first;
    for (int32_t x = 0; x < w; x++) {
        int32_t last = ends[x + 1];
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

/** Files the `found` changes of a row, listed from `first` on; returns its changed pixels. */
static int32_t file_row(const rpr_gate_state *g, int32_t row, int32_t first, int32_t found)
{
    int32_t w = g->xhat.w;
    uint8_t *changed = g->changed.pix + (int64_t)row * w;
    return g->rows_only
               ? mark_row(g, changed, g->idx + first, found)
               : index_row(g, g->off + (int64_t)row * (w + 1), changed, first, first + found);
}

/** Whether a row can be compared by compare_words: a picture that is touched here and there. */
static bool is_single_words(const rpr_gate_scan *p)
{
    const rpr_gate_state *g = p->g;
    return g->words && p->x.c == 1 && p->x.pix == 1 && g->rows_only && !g->keeps_all &&
           g->list_ok && !p->rule.levels && p->rule.steps == 0;
}

/** A row of one word a pixel, in one pass without calls: what is marked and differs has changed. */
static int32_t compare_words(const rpr_gate_scan *p, int32_t row, const uint8_t *restrict mark)
{
    const rpr_gate_state *g = p->g;
    const int32_t w = p->x.w;
    const uint32_t *restrict x = (const uint32_t *)(const void *)pixel_at(&p->x, row, 0);
    uint32_t *restrict xhat = (uint32_t *)(void *)pixel_at(&g->xhat, row, 0);
    uint8_t *restrict changed = g->changed.pix + (int64_t)row * w;
    int32_t found = 0;
    for (int32_t i = 0; i < w; i++) {
        const bool moved = (mark[i] != 0) & (x[i] != xhat[i]);
        xhat[i] = moved ? x[i] : xhat[i];
        changed[i] = moved;
    }
    for (int32_t i = 0; i < w; i++)
        found += changed[i];
    return found;
}

static void compare_row(rpr_gate_scan *p, rpr_gate_segment *s, int32_t row, int thread)
{
    rpr_gate_state *g = p->g;
    const int32_t w = p->x.w, at = s->at, gap = g->partial ? 0 : SPAN_VALUES / p->x.c;
    const uint8_t *mark = p->touched.pix + (int64_t)row * w;
    const bool overwrites = g->rows_only && !g->keeps_all;
    /* So much has changed that dense is cheaper: the list is given up. */
    bool files = g->list_ok && (g->rows_only || atomic_load(&p->listed) <= g->cap);
    bool list = files || g->keeps_all;
    int32_t found = 0;
    if (is_single_words(p)) {
        found = rpr_touch_range(mark, w) ? compare_words(p, row, mark) : 0;
        g->row_n[row] = found;
        s->changed += found;
        s->pixels += found;
        atomic_fetch_add(&p->listed, found);
        return;
    }
    for (int32_t x0 = 0, x1 = 0; rpr_touch_span(mark, x1, w, gap, &x0, &x1);)
        found += gate_run(p, row, x0, x1, list ? g->idx + at + found : NULL,
                          list ? g->delta + at + found : NULL, thread, &s->nonfinite);
    g->row_n[row] = found;
    if (!found)
        return;
    s->changed += found;
    if (files)
        s->pixels += file_row(g, row, at, found);
    if (files && !g->rows_only && !g->words) {
        float most = p->k->magnitude(g->delta + at, found);
        s->largest = most > s->largest ? most : s->largest;
    }
    s->at += overwrites ? 0 : found;
    atomic_fetch_add(&p->listed, found);
}

void rpr_gate_begin(rpr_gate_scan *p, rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                    const rpr_touch *touched)
{
    p->g = g;
    p->k = k;
    p->rule = make_rule(g);
    p->x = *x;
    p->touched = *touched;
    atomic_init(&p->listed, 0);
    rpr_gate_hold(g);
    g->compared = true;
    g->list_ok = !g->crowded;
    for (int i = 0; i < g->segments; i++)
        g->segment[i] = (rpr_gate_segment){.at = (int32_t)rpr_gate_list_start(g, i)};
}

void rpr_gate_rows(rpr_gate_scan *p, int32_t first, int32_t end, int thread)
{
    int i = 0;
    for (int32_t row = first; row < end; row++) {
        while (rpr_gate_segment_row(p->g, i + 1) <= row)
            i++;
        compare_row(p, &p->g->segment[i], row, thread);
    }
}

#define CACHE_LINE 64
#define FETCH_GAP 4 /* pixels that are fetched rather than skipped */

void rpr_gate_fetch(const rpr_gate_scan *p, int32_t first, int32_t end)
{
    const rpr_map *m = &p->g->xhat;
    for (int32_t row = first; row < end; row++) {
        const uint8_t *mark = p->touched.pix + (int64_t)row * m->w;
        for (int32_t x0 = 0, x1 = 0; rpr_touch_span(mark, x1, m->w, FETCH_GAP, &x0, &x1);) {
            const char *at = (const char *)pixel_at(m, row, x0);
            const int64_t bytes = (x1 - x0) * m->pix * (int64_t)sizeof(float);
            for (int64_t i = 0; i < bytes; i += CACHE_LINE)
                __builtin_prefetch(at + i, 1, 2);
        }
    }
}

void rpr_gate_end(rpr_gate_scan *p)
{
    rpr_gate_state *g = p->g;
    for (int i = 0; i < g->segments; i++) {
        g->n_changed += g->segment[i].changed;
        g->n_pixels += g->segment[i].pixels;
        g->nonfinite |= g->segment[i].nonfinite;
    }
    g->nonfinite |= g->torn;
    g->torn = false;
    g->list_ok &= g->rows_only || g->n_changed <= g->cap;
    g->n_listed = g->list_ok && !g->rows_only ? g->n_changed : 0;
    g->crowded =
        g->adaptive && !g->loosens && (double)g->n_changed > CROWDED * (double)rpr_gate_elements(g);
    if (g->list_ok) {
        g->changed.any = g->n_changed > 0;
        g->fades = g->n_listed > 0 && !g->words && rpr_gate_fades(g, p->k);
    } else {
        rpr_touch_fill(&g->changed, true);
    }
}

void rpr_gate_tear(rpr_gate_scan *p)
{
    p->g->torn = true;
}

static void update_part(void *job, int part, int thread)
{
    rpr_gate_scan *p = job;
    rpr_gate_rows(p, rpr_gate_segment_row(p->g, part), rpr_gate_segment_row(p->g, part + 1),
                  thread);
}

void rpr_gate_update(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                     const rpr_touch *touched)
{
    rpr_gate_scan p;
    rpr_gate_begin(&p, g, k, x, touched);
    rpr_pool_run(g->pool, g->segments, update_part, &p);
    rpr_gate_end(&p);
}

double rpr_gate_sample(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x, int32_t first,
                       int32_t step)
{
    const rpr_gate_scan p = {.g = g, .rule = make_rule(g), .k = k, .x = *x};
    int64_t found = 0, looked = 0;
    for (int32_t row = first; row < x->n * x->h; row += step) {
        found += gate_run(&p, row, 0, x->w, NULL, NULL, 0, &g->nonfinite);
        looked += (int64_t)x->w * x->c;
    }
    return (double)found / (double)looked;
}

static void copy_part(void *job, int part, int thread)
{
    const rpr_gate_scan *p = job;
    const rpr_map *x = &p->x;
    const size_t bytes = (size_t)x->w * (size_t)x->c * sizeof(float);
    int32_t end = rpr_gate_segment_row(p->g, part + 1);
    for (int32_t row = rpr_gate_segment_row(p->g, part); row < end; row++)
        memcpy(pixel_at(&p->g->xhat, row, 0),
               rpr_gate_values(p->g, p->k, pixel_at(x, row, 0), x->pix, x->w, thread), bytes);
}

void rpr_gate_copy(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x)
{
    rpr_gate_scan p = {.g = g, .k = k, .x = *x};
    rpr_pool_run(g->pool, g->segments, copy_part, &p);
}

void rpr_gate_hold(rpr_gate_state *g)
{
    g->n_changed = g->n_listed = g->n_pixels = 0;
    g->list_ok = true;
    g->compared = g->pays = false;
    g->nonfinite = g->fades = false;
    rpr_touch_fill(&g->changed, false);
}

void rpr_gate_restart(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x)
{
    const rpr_gate_rule r = make_rule(g);
    const int64_t row_values = (int64_t)x->w * x->c;
    bool nonfinite = false;
    rpr_gate_copy(g, k, x);
    for (int32_t row = 0; r.levels && row < x->n * x->h; row++) {
        float *v = pixel_at(&g->xhat, row, 0);
        if (g->words) {
            to_centroids(&r, k, v, v, row_values);
            continue;
        }
        (void)k->gate_levels(v, v, (int32_t)row_values, &r.q, 0, NULL, NULL, &nonfinite);
    }
    g->in = g->xhat;
    g->compared = false;
    g->loose = g->rule.kind == RPR_GATE_OFF;
    g->peak = 0.0f; /* not known */
    g->n_changed = rpr_gate_elements(g);
    g->n_listed = 0;
    g->list_ok = false;
    g->nonfinite = g->fades = g->torn = false;
    rpr_touch_fill(&g->changed, true);
    g->crowded = false;
}
