/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correction of a weighted layer from its gate's change list.
 *
 * What bounds it is the way of the weights to the registers: every change needs its own weight row,
 * which is used for one multiply-add per output. So the work is ordered such that the weights in
 * use stay in the first cache: for a *run* of taps (a whole tap row, or a single tap where that is
 * too much) all output pixels of a band of rows are visited before the next run. A visit loads an
 * output pixel, adds a piece of the change list to it, and stores it. Every output is summed in the
 * order ky, kx, channel whatever the order of visits, so the result does not depend on it. A job
 * tells the kernel which weights come next, so that they are fetched from afar meanwhile.
 */
#include "ops/linear_rows.h"
#include "ops/linear_visits.h"
#include "ops/linear_words.h"

#define FIRST_CACHE                                                                                \
    49152                  /* bytes of weights in use at a time that are near enough when fetched  \
                            */
#define SECOND_CACHE 65536 /* ... of which neighbouring pixels find enough there */
#define SPARSE_PIXEL 14    /* changes per changed pixel below which visits count more */

/** What a thread found in its parts; the sum does not depend on who did which. */
typedef struct share {
    rpr_correction done;
    bool any; /* something was touched */
} share;

/** A correction whose rows the threads share. */
typedef struct job {
    const rpr_linear *l;
    const rpr_kernels *k;
    const rpr_linear_scratch *scratch;
    rpr_band b; /* with nothing of one part in it */
    const rpr_cost *cost;
    int32_t rows; /* of a band */
    int parts;
    rpr_gate_scan *next; /* compares rows that are done; or NULL */
    share *share;        /* of every thread */
} job;

/**
 * Taps along x that share a visit: neighbouring taps must be neighbouring pixels, all channels.
 * Single taps keep fewer weights in use, but load and store every output more often.
 */
static int32_t taps_per_run(const rpr_phase *p, const rpr_gate_state *g)
{
    int64_t width = p->co < RPR_BLOCK ? rpr_round_lane(p->co) : RPR_BLOCK;
    int64_t floats = rpr_phase_uses_half(p, g) ? rpr_half_words((int32_t)width) : width;
    int64_t bytes = (int64_t)sizeof(float) * floats * p->ci * p->kw;
    bool joined = p->ci == g->xhat.c && p->dw == 1;
    bool sparse = g->n_changed < g->n_pixels * SPARSE_PIXEL;
    return joined && (bytes <= FIRST_CACHE || (sparse && bytes <= SECOND_CACHE)) ? p->kw : 1;
}

/** Decides which outputs of the band are computed anew; true if any is. */
static bool find_fresh(rpr_band *b)
{
    bool any = false;
    memset(b->fresh, 0, (size_t)((b->j1 - b->j0) * b->p->cols));
    for (int32_t j = b->j0; j < b->j1; j++)
        any |= rpr_fresh_row(&b->rule, b->n, j, b->terms, b->fresh + (j - b->j0) * b->p->cols);
    return any;
}

static void compute_fresh(const job *c, const rpr_band *b, share *s)
{
    const rpr_phase *p = b->p;
    s->any = s->done.mixed = true;
    for (int32_t j = b->j0; j < b->j1; j++) {
        const uint8_t *fresh = b->fresh + (j - b->j0) * p->cols;
        uint8_t *mark = rpr_touch_row(b->touched, b->n, p->out_y0 + j * p->out_sy);
        s->done.macs += rpr_fresh_compute(&b->rule, c->l, c->k, b->z, b->n, j, fresh);
        for (int32_t i = 0; i < p->cols; i++)
            if (fresh[i])
                memset(mark + p->out_x0 + i * p->out_sx, 1, (size_t)p->out_n);
    }
}

static void correct_band(const job *c, rpr_band *b, share *s)
{
    const rpr_phase *p = b->p;
    int32_t outputs = (b->j1 - b->j0) * p->cols, *terms = b->terms;
    const int32_t taps = p->kh * p->kw;
    bool any_fresh = find_fresh(b);
    memset(terms, 0, (size_t)outputs * sizeof *terms);
    for (int32_t ky = 0; ky < p->kh; ky++)
        for (int32_t kx = 0; kx < p->kw; kx += b->run) {
            rpr_band_visit(b, ky, kx);
            if (b->visits == 0)
                continue;
            s->any = true;
            const int32_t tap = ky * p->kw + kx, next = tap + b->run;
            const rpr_delta_job delta = {.idx = b->g->idx,
                                         .delta = b->g->delta,
                                         .w = rpr_phase_uses_half(p, b->g) ? NULL : p->w,
                                         .half = p->half,
                                         .w_rows = (int64_t)p->kh * p->kw * p->ci,
                                         .co = p->co,
                                         .visit = b->visit,
                                         .n_visit = b->visits,
                                         .first_row = tap * p->ci,
                                         .n_rows = b->run * p->ci,
                                         .next_row = next < taps ? next * p->ci : -1};
            if (c->l->words)
                rpr_words_delta(c->l, c->k, &delta, b->g->rest);
            else
                c->k->delta(&delta);
        }
    s->done.macs += rpr_band_mark(b, &s->done.max_terms);
    if (any_fresh)
        compute_fresh(c, b, s);
}

/** First output row of a part: whole bands, or whole segments of the gate that is to compare. */
static int32_t part_row(const job *c, int part)
{
    if (c->next)
        return rpr_gate_part_row(c->next->g, c->parts, part);
    const int32_t bands = (c->b.p->rows + c->rows - 1) / c->rows;
    const int64_t row = rpr_part_start(bands, c->parts, part) * c->rows;
    return row < c->b.p->rows ? (int32_t)row : c->b.p->rows;
}

/** While its outputs are in the cache. */
static void finish_band(const job *c, const rpr_band *b, share *s, int thread)
{
    if (c->l->n_phase > 1)
        return;
    if (c->next)
        rpr_gate_fetch(c->next, b->j0, b->j1);
    s->done.finite &=
        rpr_linear_finish_rows(c->l, b->act, c->k, b->z, b->a, b->touched, b->n, b->j0, b->j1);
    if (c->next && s->done.finite)
        rpr_gate_rows(c->next, b->j0, b->j1, thread);
}

static void band_part(void *argument, int part, int thread)
{
    const job *c = argument;
    const int32_t end = part_row(c, part + 1);
    rpr_band b = c->b;
    share *s = &c->share[thread];
    b.visit = c->scratch->visit + (size_t)thread * c->scratch->pixels;
    b.terms = c->scratch->terms + (size_t)thread * c->scratch->pixels;
    b.fresh = c->scratch->fresh + (size_t)thread * c->scratch->pixels;
    for (b.j0 = part_row(c, part); b.j0 < end; b.j0 = b.j1) {
        b.j1 = end - b.j0 < c->rows ? end : b.j0 + c->rows;
        correct_band(c, &b, s);
        finish_band(c, &b, s, thread);
    }
}

/* Multiply-adds of a correction that are worth waking a thread for. */
#define JOB_MACS 200000

/** The pool, if there is enough to do. */
static rpr_pool *pool_for(const rpr_linear *l, const rpr_gate_state *g,
                          const rpr_linear_scratch *scratch)
{
    double changed = (double)g->n_changed / (double)rpr_gate_elements(g);
    int64_t macs = (int64_t)(changed * (double)l->macs);
    return rpr_pool_worth(macs, JOB_MACS) > 0 ? scratch->pool : NULL;
}

/** Bands: as many rows as the scratch holds, or fewer if all threads are to have some. */
static void cut(job *c, const rpr_pool *pool)
{
    const rpr_phase *p = c->b.p;
    int32_t most = rpr_at_least(RPR_CORRECT_PIXELS / rpr_at_least(p->cols, 1), 1);
    int parts = rpr_pool_parts(pool, p->rows, p->rows);
    int32_t even = rpr_at_least((p->rows + parts - 1) / parts, 1);
    c->rows = most < even ? most : even;
    c->parts = c->next ? rpr_pool_parts(pool, c->next->g->segments, c->next->g->segments)
                       : (p->rows + c->rows - 1) / c->rows;
}

static void correct_by_list(job *c, rpr_pool *pool)
{
    rpr_band *b = &c->b;
    for (int32_t i = 0; i < c->l->n_phase; i++) {
        b->p = &c->l->phase[i];
        b->run = taps_per_run(b->p, b->g);
        b->rule = rpr_fresh_rule_of(b->p, b->g, c->cost);
        cut(c, pool);
        for (b->n = 0; b->n < c->l->n; b->n++)
            rpr_pool_run(pool, c->parts, band_part, c);
    }
    for (int32_t n = 0; c->l->n_phase > 1 && n < c->l->n; n++)
        c->share->done.finite &=
            rpr_linear_finish_rows(c->l, b->act, c->k, b->z, b->a, b->touched, n, 0, b->z->h);
}

/** Recomputes the output pixels of row j that `mark` marks. */
static void recompute_row(const rpr_linear *l, const rpr_kernels *k, const rpr_map *in,
                          const rpr_map *z, const rpr_map *a, int32_t n, int32_t j,
                          const uint8_t *mark)
{
    const rpr_phase *p = &l->phase[0];
    if (l->words) {
        rpr_words_row(l, k, p, in, z, a, n, j, mark);
        return;
    }
    if (l->depthwise) {
        rpr_depthwise_row r = rpr_phase_depthwise_row(p, in, z, n, j);
        r.mask = mark;
        k->depthwise_row(&r);
        return;
    }
    rpr_conv_row r = rpr_phase_conv_row(p, in, z, n, j);
    r.mask = mark;
    k->conv_row(&r);
}

/** Taps along x of the marked outputs of a row; nearly all outputs have all of them. */
static int64_t marked_taps(const rpr_linear *l, const rpr_phase *p, const uint8_t *mark)
{
    const int32_t reach = (p->kw - 1) * p->dw;
    int64_t taps = 0;
    int32_t inside = 0, i = 0;
    for (; i < p->cols && i * p->sw + p->in_x0 < 0; i++)
        taps += mark[i] ? rpr_taps_inside(i, p->kw, p->sw, p->dw, p->in_x0, l->in_w) : 0;
    const int32_t room = l->in_w - reach - p->in_x0; /* i * sw must stay below */
    const int32_t end = room > 0 ? (room + p->sw - 1) / p->sw : 0;
    for (const int32_t stop = end < p->cols ? end : p->cols; i < stop; i++)
        inside += mark[i];
    for (; i < p->cols; i++)
        taps += mark[i] ? rpr_taps_inside(i, p->kw, p->sw, p->dw, p->in_x0, l->in_w) : 0;
    return taps + (int64_t)inside * p->kw;
}

/** Recomputes what is marked in row j. */
static void recompute_marked(const job *c, int32_t j, share *s)
{
    const rpr_band *b = &c->b;
    const rpr_linear *l = c->l;
    const rpr_phase *p = b->p;
    const int64_t channels = l->depthwise ? p->co : (int64_t)p->ci * p->co;
    const uint8_t *mark = rpr_touch_row(b->touched, b->n, j);
    if (!rpr_touch_range(mark, p->cols))
        return;
    s->done.macs += marked_taps(l, p, mark) * channels *
                    rpr_taps_inside(j, p->kh, p->sh, p->dh, p->in_y0, l->in_h);
    recompute_row(l, c->k, &b->g->in, b->z, b->a, b->n, j, mark);
    if (!l->words)
        s->done.finite &=
            rpr_linear_finish_rows(c->l, b->act, c->k, b->z, b->a, b->touched, b->n, j, j + 1);
}

static void pixel_part(void *argument, int part, int thread)
{
    const job *c = argument;
    const int32_t end = part_row(c, part + 1);
    for (int32_t j = part_row(c, part); j < end; j++) {
        recompute_marked(c, j, &c->share[thread]);
        if (c->next)
            rpr_gate_rows(c->next, j, j + 1, thread);
    }
}

void rpr_linear_reach(const rpr_linear *l, const rpr_gate_state *g, rpr_touch *touched)
{
    const rpr_phase *p = &l->phase[0];
    rpr_touch_window(touched, &g->changed, p->kh, p->kw, p->sh, p->sw, -p->in_y0, -p->in_x0, p->dh,
                     p->dw);
}

/**
 * Depthwise layers, and those that read a picture, are recomputed at the output pixels that see a
 * change: with one product per tap and channel, or with channels that change together, a list
 * would cost more than it saves. What is executed is counted.
 */
static void correct_by_pixel(job *c, rpr_pool *pool)
{
    rpr_band *b = &c->b;
    b->p = &c->l->phase[0];
    rpr_linear_reach(c->l, b->g, b->touched);
    cut(c, pool);
    for (b->n = 0; b->n < c->l->n; b->n++)
        rpr_pool_run(pool, c->parts, pixel_part, c);
}

rpr_correction rpr_linear_correct(const rpr_linear *l, const rpr_kernels *k,
                                  const rpr_gate_state *g, const rpr_map *z, const rpr_map *a,
                                  const rpr_act *act, rpr_touch *touched, const rpr_cost *cost,
                                  const rpr_linear_scratch *scratch, rpr_gate_scan *next)
{
    share shares[RPR_MAX_THREADS];
    job c = {.l = l, .k = k, .scratch = scratch, .cost = cost, .next = next, .share = shares};
    rpr_pool *pool = pool_for(l, g, scratch);
    c.b = (rpr_band){.g = g, .z = z, .a = a, .act = act, .touched = touched};
    for (int t = 0; t < rpr_pool_threads(pool); t++)
        shares[t] = (share){.done = {.finite = true}};
    rpr_touch_fill(touched, false);
    if (rpr_linear_recomputes(l, g))
        correct_by_pixel(&c, pool);
    else
        correct_by_list(&c, pool);
    share all = shares[0];
    for (int t = 1; t < rpr_pool_threads(pool); t++) {
        all.any |= shares[t].any;
        all.done.macs += shares[t].done.macs;
        all.done.max_terms = rpr_at_least(all.done.max_terms, shares[t].done.max_terms);
        all.done.finite &= shares[t].done.finite;
        all.done.mixed |= shares[t].done.mixed;
    }
    touched->any |= all.any;
    return all.done;
}
