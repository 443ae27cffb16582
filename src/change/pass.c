/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates that let values pass without comparing them. An open gate never compares. A loose one does
 * again when less changes: until then it looks at a sample of rows.
 */
#include "change/gate.h"

#include <string.h>

#define IDLE_FRAMES 2   /* that did not pay before a gate becomes loose */
#define TIGHT_SHARE 0.8 /* of the changes that did not pay: fewer make it compare again */

/** Lists every element of the touched pixels (NULL: of all), row after row. */
static void list_rows(rpr_gate_state *g, const rpr_touch *touched)
{
    const int32_t h = g->xhat.h, w = g->xhat.w, c = g->xhat.c;
    int64_t at = 0;
    for (int32_t row = 0; row < g->xhat.n * h; row++) {
        const uint8_t *mark = touched ? rpr_touch_row(touched, row / h, row % h) : NULL;
        const int64_t first = at;
        for (int32_t x0 = 0, x1 = 0; rpr_touch_run(mark, x1, w, &x0, &x1);)
            for (int32_t e = x0 * c; e < x1 * c; e++)
                g->idx[at++] = e;
        g->row_n[row] = (int32_t)(at - first);
    }
}

void rpr_gate_follow(rpr_gate_state *g, const rpr_touch *touched)
{
    g->changed = *touched;
    g->n_pixels = touched->any ? rpr_touch_count(touched) : 0;
    g->n_changed = g->n_pixels * g->xhat.c;
    g->list_ok = true;
    if (g->keeps_all)
        list_rows(g, touched);
}

void rpr_gate_take(rpr_gate_state *g, const rpr_map *x, const rpr_touch *touched, int64_t changed)
{
    rpr_gate_hold(g);
    g->in = *x;
    g->taken = true;
    g->loose = false;
    g->idle = 0;
    if (!touched->any)
        return;
    memcpy(g->changed.pix, touched->pix, (size_t)rpr_touch_pixels(touched));
    g->changed.any = true;
    g->changed.all = touched->all;
    g->n_pixels = rpr_touch_count(touched);
    g->n_changed = changed;
}

/** True if so little changed that comparing may pay again. */
static bool tightens(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                     const rpr_touch *touched)
{
    if (g->rule.kind == RPR_GATE_OFF)
        return false;
    int32_t rows = x->n * x->h, step = rows < RPR_GATE_SAMPLE_ROWS ? rows : RPR_GATE_SAMPLE_ROWS;
    double reached = (double)rpr_touch_count(touched) / (double)rpr_touch_pixels(touched);
    return reached < (double)g->tight ||
           rpr_gate_sample(g, k, x, step / 2, step) < (double)g->tight;
}

bool rpr_gate_pass(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                   const rpr_touch *touched)
{
    if (tightens(g, k, x, touched))
        return false;
    g->in = *x;
    if (!rpr_act_is_none(&g->act)) {
        rpr_gate_copy(g, k, x);
        g->in = g->xhat;
    }
    g->n_changed = rpr_gate_elements(g);
    g->n_listed = 0;
    g->list_ok = g->compared = false;
    g->nonfinite = g->fades = false;
    rpr_touch_fill(&g->changed, true);
    if (g->keeps_all)
        list_rows(g, NULL);
    return true;
}

void rpr_gate_bypass(rpr_gate_state *g, bool changed)
{
    g->n_changed = changed ? rpr_gate_elements(g) : 0;
    if (g->keeps_all && changed)
        list_rows(g, NULL);
    else if (g->keeps_all)
        memset(g->row_n, 0, (size_t)(g->xhat.n * g->xhat.h) * sizeof *g->row_n);
}

void rpr_gate_absorb(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                     const rpr_touch *touched)
{
    for (int32_t row = 0; row < x->n * x->h; row++) {
        const int32_t n = row / x->h, y = row % x->h;
        const uint8_t *mark = touched ? rpr_touch_row(touched, n, y) : NULL;
        for (int32_t x0 = 0, x1 = 0; rpr_touch_run(mark, x1, x->w, &x0, &x1);)
            memcpy(rpr_map_at(&g->xhat, n, y, x0),
                   rpr_gate_values(g, k, rpr_map_at(x, n, y, x0), x->pix, x1 - x0, 0),
                   (size_t)(x1 - x0) * (size_t)x->c * sizeof(float));
    }
}

void rpr_gate_forget(rpr_gate_state *g)
{
    g->crowded = false;
    g->loose = g->rule.kind == RPR_GATE_OFF;
    g->idle = 0;
    g->tight = 0.0f;
}

void rpr_gate_settle(rpr_gate_state *g)
{
    if (!g->loosens || g->loose || !g->compared)
        return;
    g->idle = g->pays ? 0 : g->idle + 1;
    g->loose = g->idle >= IDLE_FRAMES;
    if (!g->loose)
        return;
    g->tight = (float)(TIGHT_SHARE * (double)g->n_changed / (double)rpr_gate_elements(g));
    g->idle = 0;
}
