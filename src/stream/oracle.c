/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle: every weighted layer's z must equal a dense evaluation of that layer on xhat, within
 * accumulated float rounding.
 *
 * The bound for one output o: each of its K products, and each of the T products that corrections
 * have added since the layer was last recomputed, is rounded a constant number of times (the
 * difference new - old once, the fused multiply-add once), each time by at most u = 2^-24 of a
 * partial sum; every partial sum is at most M = L1(w_o) * max|xhat| + |b_o| in magnitude, with old
 * and new inputs mixed. So |z - dense| <= 4 u (K + T + 2) M. max|xhat| is taken over the layer as
 * it is now. The dense value is computed in double here.
 *
 * Corrections with half weights add 2^-8 |w| of what every input moved since the layer was last
 * recomputed, which is at most 2 max|xhat|: 2^-7 M.
 *
 * A layer that is recomputed by pixel, or whose gate is loose, keeps no z: there act(z) is held
 * against its activated output, within that bound times the activation's steepest slope, and the
 * activation's own rounding.
 */
#include "stream/oracle.h"

#include <float.h>
#include <math.h>

/** One output pixel, RPR_BLOCK output channels at a time. */
typedef struct exact {
    double sum[RPR_BLOCK];       /* W * xhat + b */
    double magnitude[RPR_BLOCK]; /* sum |w * xhat| + |b| */
    double l1[RPR_BLOCK];        /* sum |w| */
} exact;

/** Adds input value v times one weight row of `width` outputs. */
static void add_row(exact *e, const float *w, double v, int32_t width)
{
    for (int32_t o = 0; o < width; o++) {
        double product = (double)w[o] * v;
        e->sum[o] += product;
        e->magnitude[o] += fabs(product);
        e->l1[o] += fabs((double)w[o]);
    }
}

/** Depthwise: output o sees input channel o only. */
static void add_channels(exact *e, const float *w, const float *x, int32_t width)
{
    for (int32_t o = 0; o < width; o++) {
        double product = (double)w[o] * (double)x[o];
        e->sum[o] += product;
        e->magnitude[o] += fabs(product);
        e->l1[o] += fabs((double)w[o]);
    }
}

static void evaluate(exact *e, const rpr_linear *l, const rpr_phase *p, const rpr_map *x, int32_t n,
                     int32_t j, int32_t i, int32_t block)
{
    int32_t width = p->co - block < RPR_BLOCK ? p->co - block : RPR_BLOCK;
    int64_t rows = (int64_t)p->kh * p->kw * p->ci;
    int32_t pitch = l->depthwise ? p->co : rpr_block_width(p->co, block);
    const float *w = l->depthwise ? p->w + block : p->w + rows * block;
    for (int32_t o = 0; o < width; o++) {
        e->sum[o] = (double)p->bias[block + o];
        e->magnitude[o] = fabs(e->sum[o]);
        e->l1[o] = 0.0;
    }
    for (int32_t ky = 0; ky < p->kh; ky++)
        for (int32_t kx = 0; kx < p->kw; kx++) {
            const float *at = rpr_map_at(x, n, j * p->sh + p->in_y0 + ky * p->dh,
                                         i * p->sw + p->in_x0 + kx * p->dw) +
                              p->ci0;
            if (l->depthwise) {
                add_channels(e, w, at + block, width);
                w += pitch;
                continue;
            }
            for (int32_t c = 0; c < p->ci; c++, w += pitch)
                add_row(e, w, (double)at[c], width);
        }
}

/** Comparisons in the place of fmax: gcc 12.2 for AArch64 crashes on it in a loop like this. */
static double largest(const rpr_map *x)
{
    double m = 0.0;
    for (int32_t n = 0; n < x->n; n++)
        for (int32_t y = 0; y < x->h; y++)
            for (int32_t i = 0; i < x->w; i++)
                for (int32_t c = 0; c < x->c; c++) {
                    double v = fabs((double)rpr_map_at(x, n, y, i)[c]);
                    m = v > m ? v : m;
                }
    return m;
}

typedef struct layer_check {
    const rpr_linear *l;
    rpr_map x, z;
    const rpr_act *act;        /* that z has been through already, or NULL */
    const rpr_kernels *scalar; /* which computes it */
    double terms, max_x;
    bool half;                       /* it was corrected with half weights */
    double worst;                    /* error / bound */
    double max_error, max_magnitude; /* of any output */
} layer_check;

/** Largest |f'|; of x * clip(alpha x + beta) it is at an end of the sloping part. */
static double steepest(const rpr_act *a)
{
    double alpha = fabs((double)a->alpha), beta = (double)a->beta, f = 1.0;
    switch (a->kind) {
    case RPR_ACT_NONE:
    case RPR_ACT_RELU:
    case RPR_ACT_CLIP:
    case RPR_ACT_TANH:
        break;
    case RPR_ACT_LEAKY_RELU:
        f = fmax(alpha, 1.0);
        break;
    case RPR_ACT_SIGMOID:
        f = 0.25;
        break;
    case RPR_ACT_HARDSIGMOID:
        f = alpha;
        break;
    case RPR_ACT_HARDSWISH:
        f = fmax(fmax(fabs(beta), fabs(2.0 - beta)), 1.0);
        break;
    }
    return f * fabs((double)a->post_mul);
}

/** Takes the expected value and the bound through the activation. */
static void activate(const layer_check *c, double *value, double *bound)
{
    const rpr_act *a = c->act;
    float x = (float)*value, y;
    *bound = steepest(a) * (*bound + 0x1p-24 * fabs(*value));
    c->scalar->act(a, &x, &y, 1);
    *value = (double)y;
    *bound += 16.0 * 0x1p-24 * (fabs(*value) + fabs((double)a->post_add));
}

static void check_output(layer_check *c, double z, double bias, const exact *e, int32_t o)
{
    double dense = e->sum[o];
    double bound = 4.0 * 0x1p-24 * (c->terms + 2.0) * (e->l1[o] * c->max_x + fabs(bias));
    if (c->half)
        bound += 0x1p-7 * e->l1[o] * c->max_x;
    bool overflows = !(fabs(dense) <= (double)FLT_MAX);
    if (c->act && !overflows)
        activate(c, &dense, &bound);
    double error = fabs(z - dense);
    c->max_magnitude = fmax(c->max_magnitude, e->magnitude[o]);
    if ((overflows && !isfinite(z)) || !(error > 0.0 || isnan(error)))
        return;
    c->worst = fmax(c->worst, bound > 0.0 && !isnan(error) ? error / bound : INFINITY);
    c->max_error = isnan(error) ? INFINITY : fmax(c->max_error, error);
}

static void check_pixel(layer_check *c, const rpr_phase *p, int32_t n, int32_t j, int32_t i)
{
    const float *z =
        rpr_map_at(&c->z, n, p->out_y0 + j * p->out_sy, p->out_x0 + i * p->out_sx) + p->co0;
    exact e;
    for (int32_t block = 0; block < p->co; block += RPR_BLOCK) {
        evaluate(&e, c->l, p, &c->x, n, j, i, block);
        for (int32_t o = block; o < p->co && o < block + RPR_BLOCK; o++)
            check_output(c, (double)z[o], (double)p->bias[o], &e, o - block);
    }
}

static void check_layer(layer_check *c)
{
    for (int32_t q = 0; q < c->l->n_phase; q++) {
        const rpr_phase *p = &c->l->phase[q];
        for (int32_t n = 0; n < c->l->n; n++)
            for (int32_t j = 0; j < p->rows; j++)
                for (int32_t i = 0; i < p->cols; i++)
                    check_pixel(c, p, n, j, i);
    }
}

/** One wrong bit is beyond every bound. */
static int check_words(const rpr_stream *s, int i, rpr_oracle *result)
{
    const rpr_step *step = &s->plan->step[i];
    const rpr_map z = rpr_stream_pre_activation(s, step), a = rpr_stream_map(s, step->out[0]);
    int64_t wrong;
    if (!rpr_oracle_words(step->linear, &s->gate[step->gate].in, &z, &a, &wrong))
        return RPR_ERR_NOMEM;
    if (wrong > 0) {
        result->worst = result->max_rel = (double)INFINITY;
        result->layer = (size_t)i;
    }
    return RPR_OK;
}

int rpr_stream_oracle(const rpr_stream *s, rpr_oracle *result)
{
    if (!s->reuse || !s->opt.oracle || s->frame == 0 || !result)
        return RPR_ERR_ARGUMENT;
    const rpr_kernels *scalar = rpr_kernels_named("scalar");
    *result = (rpr_oracle){0};
    if (s->stats.bypassed)
        return RPR_OK; /* nothing is kept that could be wrong */
    for (int i = 0; i < s->plan->n_step; i++) {
        const rpr_step *step = &s->plan->step[i];
        if (!step->linear)
            continue;
        if (i >= s->bypass.held)
            break; /* the same */
        if (step->linear->words) {
            RPR_TRY(check_words(s, i, result));
            continue;
        }
        layer_check c = {.l = step->linear, .x = s->gate[step->gate].in, .scalar = scalar};
        c.z = rpr_stream_pre_activation(s, step);
        c.terms = (double)(step->linear->max_terms + s->step[i].terms);
        c.half = step->linear->half && s->gate[step->gate].half && s->step[i].terms > 0;
        c.max_x = largest(&c.x);
        c.act = s->step[i].activated ? &step->linear->act : NULL;
        check_layer(&c);
        if (c.worst > result->worst) {
            result->worst = c.worst;
            result->layer = (size_t)i;
        }
        if (c.max_error > 0.0)
            result->max_rel = fmax(result->max_rel, c.max_error / c.max_magnitude);
    }
    return RPR_OK;
}
