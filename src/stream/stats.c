/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

#include <string.h>

int rpr_stream_frame_stats(const rpr_stream *s, rpr_frame_stats *st)
{
    if (s->frame == 0)
        return RPR_ERR_ARGUMENT;
    *st = s->stats;
    return RPR_OK;
}

void rpr_stream_time_layers(rpr_stream *s, int on)
{
    s->time_layers = on != 0;
}

void rpr_stream_recurrent_range(const rpr_stream *s, int index, float *lo, float *hi)
{
    const rpr_gate *rule = &s->own_rule[index];
    rpr_recurrent_range(s->recurrent[index], lo, hi);
    if (rule->lo < rule->hi) {
        *lo = (float)rule->lo;
        *hi = (float)rule->hi;
    }
}

/** Of all steps of the call; the state before counts as an input, too. */
static void recurrent_stats(const rpr_stream *s, int index, rpr_layer_stats *st)
{
    const rpr_step_state *state = &s->step[index];
    st->macs_dense = s->plan->step[index].recurrent->macs;
    st->macs_executed = state->macs;
    st->inputs = state->values;
    st->changed = state->changed;
    st->weight_bytes = state->weight_bytes;
    if (s->reuse)
        rpr_stream_recurrent_range(s, index, &st->range_lo, &st->range_hi);
}

int rpr_stream_layer_stats(const rpr_stream *s, size_t i, rpr_layer_stats *st)
{
    if (i >= (size_t)s->plan->n_step || s->frame == 0)
        return RPR_ERR_ARGUMENT;
    const rpr_step *step = &s->plan->step[i];
    *st = (rpr_layer_stats){.choice = s->step[i].choice, .ms = s->step[i].ms};
    if (step->recurrent)
        recurrent_stats(s, (int)i, st);
    if (!step->linear)
        return RPR_OK;
    st->macs_dense = rpr_linear_macs(step->linear, step->linear->macs);
    st->macs_executed = rpr_linear_macs(step->linear, s->step[i].macs);
    if (s->reuse) {
        const rpr_gate_state *g = &s->gate[step->gate];
        st->inputs = rpr_gate_elements(g);
        st->changed = g->n_changed;
        st->range_lo = g->lo;
        st->range_hi = g->hi;
        st->pixels = rpr_touch_pixels(&g->changed);
        st->changed_pixels = g->list_ok || g->n_changed == 0 ? g->n_pixels : st->pixels;
    }
    return RPR_OK;
}

/* ------------------------------------------------------------------- heat */

typedef struct heat {
    float *cells;
    int w, h;
    double dense; /* multiply-accumulates per cell of a dense run */
} heat;

/** Cells [*first, *last] over which pixel i of `size` lies when `cells` cells span all of them. */
static void covered(int32_t i, int32_t size, int cells, int *first, int *last)
{
    *first = (int)((int64_t)i * cells / size);
    *last = (int)(((int64_t)(i + 1) * cells - 1) / size);
}

/** How much of the pixel lies in cell c; over all cells this adds up to 1. */
static double overlap(int32_t i, int32_t size, int cells, int c)
{
    double lo = (double)i * cells / size, hi = (double)(i + 1) * cells / size;
    double from = lo > c ? lo : c, to = hi < c + 1 ? hi : c + 1;
    return to > from ? (to - from) / (hi - lo) : 0.0;
}

/** Spreads `macs` at pixel (y, x) of an in_h x in_w map over the cells that it covers. */
static void add_heat(heat *map, int32_t in_h, int32_t in_w, int32_t y, int32_t x, double macs)
{
    int y0, y1, x0, x1;
    covered(y, in_h, map->h, &y0, &y1);
    covered(x, in_w, map->w, &x0, &x1);
    for (int r = y0; r <= y1; r++)
        for (int c = x0; c <= x1; c++)
            map->cells[r * map->w + c] +=
                (float)(macs * overlap(y, in_h, map->h, r) * overlap(x, in_w, map->w, c));
}

/** Elements of a pixel that were changed. */
static int32_t changed_at(const rpr_gate_state *g, int32_t n, int32_t y, int32_t x)
{
    int32_t row = n * g->xhat.h + y;
    const int32_t *off = g->off + (int64_t)row * (g->xhat.w + 1);
    return g->row_n[row] ? off[x + 1] - off[x] : 0;
}

/** Outputs that a correction computed anew count by what changed under them, like the others. */
static void heat_of_layer(const rpr_stream *s, int index, heat *map)
{
    const rpr_step *step = &s->plan->step[index];
    const rpr_step_state *state = &s->step[index];
    const rpr_linear *l = step->linear;
    int32_t h = l->in_h, w = l->in_w;
    if (h < 2 || w < 2)
        return;
    double per_pixel = (double)rpr_linear_macs(l, l->macs) / ((double)l->n * h * w);
    map->dense += (double)rpr_linear_macs(l, l->macs) / ((double)map->w * map->h);
    if (state->choice == RPR_CHOICE_SKIP)
        return;
    const rpr_gate_state *g = s->reuse ? &s->gate[step->gate] : NULL;
    for (int32_t n = 0; n < l->n; n++)
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++) {
                double share = 1.0;
                if (state->choice == RPR_CHOICE_CORRECT)
                    share = rpr_linear_recomputes(l, g)
                                ? rpr_touch_row(&g->changed, n, y)[x]
                                : (double)changed_at(g, n, y, x) / g->xhat.c;
                if (share > 0.0)
                    add_heat(map, h, w, y, x, share * per_pixel);
            }
}

int rpr_stream_heat(const rpr_stream *s, int w, int h, float *cells)
{
    if (w < 1 || h < 1 || !cells || s->frame == 0)
        return RPR_ERR_ARGUMENT;
    heat map = {.cells = cells, .w = w, .h = h};
    memset(cells, 0, (size_t)w * (size_t)h * sizeof *cells);
    for (int i = 0; i < s->plan->n_step; i++)
        if (s->plan->step[i].linear)
            heat_of_layer(s, i, &map);
    for (int i = 0; i < w * h; i++) {
        cells[i] = map.dense > 0.0 ? (float)(cells[i] / map.dense) : 0.0f;
        cells[i] = cells[i] < 1.0f ? cells[i] : 1.0f;
    }
    return RPR_OK;
}
