/* SPDX-License-Identifier: Apache-2.0 */
/* Resize of maps of u8 as separable weighted sums of what the bytes stand for. */
#include "ops/pixel_bytes.h"
#include "ops/pixel_resize.h"

#include <math.h>

typedef struct byte_resize {
    rpr_resize resize;
    rpr_byte_mix mix;
} byte_resize;

/** Of how many parts, a power of two, a weight is some; 0 if of too many or below 0. */
static float steps_of(float weight)
{
    float steps = 1.0f;
    while (steps <= RPR_BYTE_STEPS &&
           (weight * steps < floorf(weight * steps) || weight * steps > floorf(weight * steps)))
        steps *= 2.0f;
    return weight < 0.0f || steps > RPR_BYTE_STEPS ? 0.0f : steps;
}

/** What the weights of an axis have in common, over all output indices. */
static rpr_byte_weights weights_of(const rpr_taps *t, int32_t count)
{
    rpr_byte_weights s = {.steps = 1.0f};
    for (const rpr_taps *end = t + count; t < end; t++) {
        double sum = 0.0, size = 0.0;
        for (int32_t j = 0; j < t->n; j++) {
            const float steps = steps_of(t->weight[j]);
            sum += (double)t->weight[j];
            size += fabs((double)t->weight[j]);
            s.steps = steps > 0.0f && s.steps > 0.0f ? fmaxf(steps, s.steps) : 0.0f;
        }
        s.m = t->n > s.m ? t->n : s.m;
        s.most = fmax(s.most, size);
        s.drift = fmax(s.drift, fabs(sum - 1.0));
    }
    return s;
}

/**
 * For all pixels. (1 + a) (1 + b) is within |a| + |b| + |a b| of 1; each product of two weights is
 * rounded once more, by at most 2^-24 of its magnitude.
 */
static rpr_byte_mix mix_of(const rpr_taps *rows, int32_t h, int32_t w, const rpr_byte_scale *from,
                           const rpr_byte_scale *to)
{
    const rpr_byte_weights y = weights_of(rows, h), x = weights_of(rows + h, w);
    rpr_byte_weights all = {.m = y.m * x.m, .most = y.most * x.most * (1.0 + 0x1p-24)};
    all.drift = y.drift + x.drift + y.drift * x.drift + 0x1p-24 * all.most;
    if ((double)(y.steps * x.steps) * y.most * x.most <= RPR_BYTE_STEPS)
        all.steps = y.steps * x.steps;
    return rpr_byte_mix_of(*from, *to, &all);
}

static void run_resize(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    const byte_resize *r = op->params;
    const rpr_taps *ty = op->tables, *tx = ty + r->resize.h;
    rpr_walk w = rpr_walk_start(out, rows);
    rpr_sources s;
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++) {
            uint8_t *o = (uint8_t *)rpr_map_at(out, w.n, w.y, x);
            rpr_resize_sources(in, w.n, &ty[w.y], &tx[x], &s);
            if (s.n > 0)
                k->bytes->mix(&r->mix, o, (const uint8_t *const *)s.p, s.weight, s.n,
                              4 * (int64_t)in->c);
            else
                memset(o, r->mix.to.zero, 4 * (size_t)in->c);
        }
    }
}

rpr_pixel_op *rpr_pixel_bytes_resize_new(const rpr_map *out, const rpr_resize_axis *h,
                                         const rpr_resize_axis *w, const rpr_byte_scale *from,
                                         const rpr_byte_scale *to)
{
    rpr_pixel_op *op = rpr_resize_op_new(out, h, w, NULL, sizeof(byte_resize));
    if (!op)
        return NULL;
    ((byte_resize *)op->params)->mix = mix_of(op->tables, out->h, out->w, from, to);
    op->run = run_resize;
    return op;
}
