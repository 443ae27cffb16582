/* SPDX-License-Identifier: Apache-2.0 */
/* Profiling the range of a gate's input: quantiles by counting, refined once. */
#include "change/gate.h"

#include <float.h>
#include <math.h>

/*
 * Share of the values at either end that the range leaves out. A wider range means wider dead-zones
 * and cells: less work and more error. Measured on nanodet (doc/contract.md).
 */
#define OUTLIERS 0.0001

/** Values in [lo, hi], by equal bins; those outside are counted at the ends. */
typedef struct histogram {
    float lo, hi;
    int64_t below, total;
    int32_t *bin;
} histogram;

/** Whose values are looked at. */
typedef struct source {
    const rpr_gate_state *g;
    const rpr_kernels *k;
    const rpr_map *x;
} source;

static const float *row_of(const source *s, int32_t n, int32_t y)
{
    return rpr_gate_values(s->g, s->k, rpr_map_at(s->x, n, y, 0), s->x->pix, s->x->w, 0);
}

static void count_row(histogram *h, const float *v, int64_t c)
{
    double scale = RPR_PROFILE_BINS / ((double)h->hi - (double)h->lo);
    for (int64_t k = 0; k < c; k++) {
        if (!isfinite(v[k]))
            continue;
        h->total++;
        if (v[k] < h->lo) {
            h->below++;
        } else if (v[k] <= h->hi) {
            int at = (int)(((double)v[k] - (double)h->lo) * scale);
            h->bin[at < RPR_PROFILE_BINS ? at : RPR_PROFILE_BINS - 1]++;
        }
    }
}

static void count(histogram *h, const source *s)
{
    memset(h->bin, 0, RPR_PROFILE_BINS * sizeof *h->bin);
    h->below = h->total = 0;
    for (int32_t n = 0; n < s->x->n; n++)
        for (int32_t y = 0; y < s->x->h; y++)
            count_row(h, row_of(s, n, y), (int64_t)s->x->w * s->x->c);
}

/** Bin in which the value of a rank (0 is the smallest) lies. */
static int bin_of(const histogram *h, int64_t rank)
{
    int64_t seen = h->below;
    int at = 0;
    while (at < RPR_PROFILE_BINS - 1 && seen + h->bin[at] <= rank)
        seen += h->bin[at++];
    return at;
}

static float edge(const histogram *h, int at)
{
    double width = ((double)h->hi - (double)h->lo) / RPR_PROFILE_BINS;
    return (float)((double)h->lo + at * width);
}

/** The value of a rank: its bin, divided once more. `upper` picks that cell's upper edge. */
static float quantile(const histogram *coarse, const source *s, int64_t rank, bool upper)
{
    int at = bin_of(coarse, rank);
    histogram fine = {.lo = edge(coarse, at), .hi = edge(coarse, at + 1), .bin = coarse->bin};
    if (!(fine.hi > fine.lo))
        return upper ? fine.hi : fine.lo;
    count(&fine, s);
    return edge(&fine, bin_of(&fine, rank) + upper);
}

static void extremes(const source *s, float *lo, float *hi)
{
    *lo = FLT_MAX;
    *hi = -FLT_MAX;
    for (int32_t n = 0; n < s->x->n; n++)
        for (int32_t y = 0; y < s->x->h; y++) {
            const float *v = row_of(s, n, y);
            for (int64_t i = 0; i < (int64_t)s->x->w * s->x->c; i++) {
                bool finite = isfinite(v[i]);
                *lo = finite && v[i] < *lo ? v[i] : *lo;
                *hi = finite && v[i] > *hi ? v[i] : *hi;
            }
        }
}

void rpr_gate_profile(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x, int32_t *scratch)
{
    const source s = {.g = g, .k = k, .x = x};
    histogram h = {.bin = scratch};
    extremes(&s, &h.lo, &h.hi);
    g->lo = g->hi = 0.0f;
    if (h.lo > h.hi)
        return;
    g->lo = h.lo;
    g->hi = h.hi;
    if (!(h.hi > h.lo))
        return;
    count(&h, &s);
    int64_t cut = (int64_t)(OUTLIERS * (double)h.total), last = h.total - 1;
    g->lo = quantile(&h, &s, cut, false);
    count(&h, &s); /* the bins were used for refining */
    g->hi = quantile(&h, &s, last - cut, true);
}
