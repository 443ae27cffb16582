/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The range of a tensor from all its values. The mean squared error of a range is counted on a
 * histogram; zeros, of which a Relu leaves many, are counted apart, since they have no error.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

#define BINS 4096
#define SMALLEST 0.1 /* share of the range that clipping leaves at least */
#define STEPS 45

typedef struct histogram {
    double lo, hi; /* of the values and 0 */
    double width;  /* of a bin */
    double *count;
    double n; /* all, zeros too */
} histogram;

static int find_ends(qt_state *s, histogram *h, char *const *data, size_t stride, size_t count,
                     const char *name)
{
    float lo = 0.0f, hi = 0.0f, bad = 0.0f;
    for (size_t f = 0; f < s->n_frame; f++) {
        const float *x = (const float *)(const void *)data[f * stride];
        for (size_t i = 0; i < count; i++) {
            lo = x[i] < lo ? x[i] : lo;
            hi = x[i] > hi ? x[i] : hi;
            bad += x[i] - x[i]; /* NaN if any is not finite */
        }
    }
    if (isnan(bad) || !isfinite(lo) || !isfinite(hi))
        return rpr_fail(s->err, RPR_ERR_NONFINITE, "sample: '%s' is not finite", name);
    h->lo = (double)lo;
    h->hi = (double)hi;
    h->width = (h->hi - h->lo) / BINS;
    return RPR_OK;
}

static void fill(const qt_state *s, histogram *h, char *const *data, size_t stride, size_t count)
{
    const float lo = (float)h->lo, by = h->width > 0.0 ? (float)(1.0 / h->width) : 0.0f;
    for (size_t f = 0; f < s->n_frame; f++) {
        const float *x = (const float *)(const void *)data[f * stride];
        for (size_t i = 0; i < count; i++) {
            if (!(x[i] < 0.0f || x[i] > 0.0f))
                continue;
            int bin = (int)((x[i] - lo) * by);
            h->count[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin] += 1.0;
        }
    }
    h->n = (double)s->n_frame * (double)count;
}

/** Scale and zero point of a range that holds 0; the ends move by less than a step. */
static qt_params params_of(double lo, double hi)
{
    const float scale = (float)((hi - lo) / 255.0);
    if (!(scale > 0.0f) || !isfinite(1.0f / scale))
        return (qt_params){.scale = 1.0f};
    const double zero = rint(-lo / (double)scale);
    return (qt_params){.scale = scale, .zero = (int)fmin(fmax(zero, 0.0), 255.0)};
}

static double error_of(const histogram *h, double lo, double hi)
{
    const qt_params p = params_of(lo, hi);
    const double scale = (double)p.scale, least = -(double)p.zero, most = 255.0 + least;
    double sum = 0.0, by = 1.0 / scale;
    for (int i = 0; i < BINS; i++) {
        if (!(h->count[i] > 0.0))
            continue;
        const double x = h->lo + h->width * (i + 0.5);
        double q = rint(x * by);
        q = q < least ? least : q > most ? most : q;
        sum += h->count[i] * (x - q * scale) * (x - q * scale);
    }
    return sum;
}

/** One end after the other, twice. */
static void shrink(const histogram *h, double *lo, double *hi)
{
    double best = error_of(h, *lo, *hi);
    const double ends[2] = {h->lo, h->hi};
    double *const end[2] = {lo, hi};
    for (int turn = 0; turn < 4; turn++) {
        const int k = (turn + 1) % 2;
        if (!(fabs(ends[k]) > 0.0))
            continue;
        double chosen = *end[k];
        for (int i = 0; i <= STEPS; i++) {
            *end[k] = ends[k] * (1.0 - (1.0 - SMALLEST) * i / STEPS);
            const double e = error_of(h, *lo, *hi);
            if (e < best) {
                best = e;
                chosen = *end[k];
            }
        }
        *end[k] = chosen;
    }
}

/** Leaves the same share of all values out at both ends. */
static void cut(const histogram *h, double percentile, double *lo, double *hi)
{
    const double out = h->n * (1.0 - percentile / 100.0) / 2.0;
    double sum = 0.0;
    int i = 0;
    while (i < BINS && sum + h->count[i] <= out)
        sum += h->count[i++];
    *lo = fmin(h->lo + h->width * i, 0.0);
    for (sum = 0.0, i = BINS - 1; i >= 0 && sum + h->count[i] <= out; i--)
        sum += h->count[i];
    *hi = fmax(h->lo + h->width * (i + 1), 0.0);
}

int qt_find_params(qt_state *s, char *const *data, size_t stride, size_t count, const char *name,
                   qt_params *p)
{
    histogram h = {0};
    RPR_TRY(find_ends(s, &h, data, stride, count, name));
    double lo = h.lo, hi = h.hi;
    if (s->ranges != RPR_RANGES_MINMAX && h.width > 0.0) {
        h.count = rpr_alloc_array(BINS, sizeof *h.count);
        if (!h.count)
            return qt_no_memory(s);
        fill(s, &h, data, stride, count);
        if (s->ranges == RPR_RANGES_MSE)
            shrink(&h, &lo, &hi);
        else
            cut(&h, s->opt->percentile, &lo, &hi);
        rpr_free(h.count);
    }
    *p = params_of(lo, hi);
    return RPR_OK;
}

void qt_round(qt_params p, const float *from, float *to, size_t count)
{
    const float least = (float)-p.zero, most = 255.0f + least, scale = p.scale;
    for (size_t i = 0; i < count; i++) {
        float q = rintf(from[i] / scale);
        q = q < least ? least : q > most ? most : q;
        to[i] = q * scale;
    }
}
