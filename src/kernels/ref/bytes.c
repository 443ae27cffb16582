/* SPDX-License-Identifier: Apache-2.0 */
/* 8-bit values without weights: one f32 rounding per operation. */

#include <math.h>

#include "kernels/ref/ref.h"

static float load1(const rpr_byte_scale *s, uint8_t q)
{
    return (float)(q - s->zero) * s->scale;
}

/* r is rounded. */
static uint8_t saturate(float r, int32_t zero)
{
    if (isnan(r))
        return (uint8_t)zero;
    if (r < -512.0f || r > 512.0f) /* beyond any zero point */
        return r < 0.0f ? 0 : UINT8_MAX;
    int32_t q = (int32_t)r + zero;
    return (uint8_t)(q < 0 ? 0 : q > UINT8_MAX ? UINT8_MAX : q);
}

static uint8_t store1(const rpr_byte_scale *s, float r)
{
    return saturate(rintf(r / s->scale), s->zero);
}

static uint8_t binary1(const rpr_byte_binary *q, uint8_t a, uint8_t b)
{
    if (q->by_ratio) {
        const float x[2] = {(float)a, (float)b};
        const int in = !q->turned; /* the inner one */
        float y = fmaf(x[in], q->mul[in], q->add);
        return saturate(rintf(fmaf(x[!in], q->mul[!in], y)), 0);
    }
    float x = load1(&q->a, a), y = load1(&q->b, b);
    return store1(&q->to, q->op == RPR_BYTE_ADD ? x + y : x * y);
}

static void table(const uint8_t *t, const uint8_t *x, uint8_t *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = t[x[i]];
}

static void binary(const rpr_byte_binary *q, const uint8_t *a, const uint8_t *b, uint8_t *o,
                   int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        o[i] = binary1(q, a[i], b[i]);
}

static void binary_scalar(const rpr_byte_binary *q, const uint8_t *a, uint8_t b, uint8_t *o,
                          int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        o[i] = binary1(q, a[i], b);
}

static void quantise(const rpr_byte_scale *to, const float *x, uint8_t *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = store1(to, x[i]);
}

static void dequantise(const rpr_byte_scale *from, const uint8_t *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = load1(from, x[i]);
}

static void average(const rpr_byte_average *q, const int32_t *sum, uint8_t *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float mean = (float)(sum[i] + q->bias) * q->mul / q->div / q->step;
        y[i] = saturate(rintf(mean + q->before), q->after);
    }
}

static void accumulate(int32_t *o, const uint8_t *const *p, int32_t m, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int32_t j = 0; j < m; j++)
            o[i] += p[j][i];
}

static void maximum(uint8_t *o, const uint8_t *const *p, int32_t m, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint8_t most = p[0][i];
        for (int32_t j = 1; j < m; j++)
            most = p[j][i] > most ? p[j][i] : most;
        o[i] = most;
    }
}

static void mix(const rpr_byte_mix *q, uint8_t *o, const uint8_t *const *p, const float *w,
                int32_t m, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float sum = w[0] * load1(&q->from, p[0][i]);
        for (int32_t j = 1; j < m; j++)
            sum += w[j] * load1(&q->from, p[j][i]);
        o[i] = store1(&q->to, sum);
    }
}

const rpr_byte_kernels rpr_ref_bytes = {
    .table = table,
    .binary = binary,
    .binary_scalar = binary_scalar,
    .quantise = quantise,
    .dequantise = dequantise,
    .average = average,
    .accumulate = accumulate,
    .maximum = maximum,
    .mix = mix,
};
