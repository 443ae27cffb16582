/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element arithmetic: one rounding per operation. */
#include <math.h>

#include "kernels/ref/ref.h"

static float binary1(rpr_binary op, float a, float b)
{
    switch (op) {
    case RPR_BIN_ADD:
        return a + b;
    case RPR_BIN_SUB:
        return a - b;
    case RPR_BIN_MUL:
        return a * b;
    case RPR_BIN_DIV:
        return a / b;
    case RPR_BIN_MAX:
        return a > b || isnan(a) ? a : b;
    case RPR_BIN_MIN:
        return a < b || isnan(a) ? a : b;
    case RPR_BIN_COUNT:
        break;
    }
    return a;
}

void rpr_ref_binary(rpr_binary op, const float *a, const float *b, float *o, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        o[i] = binary1(op, a[i], b[i]);
}

void rpr_ref_binary_scalar(rpr_binary op, const float *a, float b, bool reversed, float *o,
                           int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        o[i] = reversed ? binary1(op, b, a[i]) : binary1(op, a[i], b);
}

void rpr_ref_weighted_sum(float *o, const float *const *p, const float *w, int32_t m, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float sum = w[0] * p[0][i];
        for (int32_t j = 1; j < m; j++)
            sum += w[j] * p[j][i];
        o[i] = sum;
    }
}

void rpr_ref_accumulate(float *o, const float *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        o[i] += a[i];
}

void rpr_ref_maximum(float *o, const float *const *p, int32_t m, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float most = p[0][i];
        for (int32_t j = 1; j < m; j++)
            most = binary1(RPR_BIN_MAX, most, p[j][i]);
        o[i] = most;
    }
}

float rpr_ref_magnitude(const float *x, int64_t n)
{
    float most = 0.0f;
    for (int64_t i = 0; i < n; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

bool rpr_ref_all_finite(const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

void rpr_ref_u8_to_f32(const uint8_t *x, float *y, int64_t pixels, int32_t c, const float *scale,
                       const float *offset)
{
    for (int64_t p = 0; p < pixels; p++)
        for (int32_t k = 0; k < c; k++)
            y[p * c + k] = (float)x[p * c + k] * scale[k] + offset[k];
}

void rpr_ref_planes(const float *from, int64_t pix, float *to, int64_t plane, int32_t n, int32_t c)
{
    for (int32_t k = 0; k < c; k++)
        for (int32_t i = 0; i < n; i++)
            to[k * plane + i] = from[i * pix + k];
}

bool rpr_ref_u8_moved(const uint8_t *now, const uint8_t *then, const uint8_t *limit, uint8_t *moved,
                      int64_t n)
{
    bool any = false;
    for (int64_t i = 0; i < n; i++) {
        int d = now[i] > then[i] ? now[i] - then[i] : then[i] - now[i];
        moved[i] = d > limit[then[i] / 16];
        any |= moved[i] != 0;
    }
    return any;
}
