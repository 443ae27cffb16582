/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: which elements changed against their last used value, and by how much. */
#include <math.h>

#include "kernels/ref/ref.h"

/* Where changes go: the lists of kernels.h, or nowhere but into the count. */
typedef struct sink {
    int32_t *idx;
    float *delta;
    bool *nonfinite;
    int32_t n;
} sink;

/* Moves one element to `value` unless it lies within theta; the comparison is false for NaN. */
static void update(sink *s, float *xhat, float value, float theta, int32_t index)
{
    float d = value - *xhat;
    if (fabsf(d) <= theta)
        return;
    *xhat = value;
    if (s->idx) {
        s->idx[s->n] = index;
        s->delta[s->n] = d;
    }
    s->n++;
    if (!isfinite(d))
        *s->nonfinite = true;
}

int32_t rpr_ref_gate_deadzone(const float *x, float *xhat, int32_t n, float theta, int32_t base,
                              int32_t *idx, float *delta, bool *nonfinite)
{
    sink s = {idx, delta, nonfinite, 0};
    for (int32_t i = 0; i < n; i++)
        update(&s, &xhat[i], x[i], theta, base + i);
    return s.n;
}

static float centroid(float x, const rpr_levels *q)
{
    if (!isfinite(x))
        return x;
    float t = (x - q->lo) * q->inv_step;
    t = t > 0.0f ? t : 0.0f;
    t = t < q->top ? t : q->top;
    return q->lo + rintf(t) * q->step;
}

int32_t rpr_ref_gate_levels(const float *x, float *xhat, int32_t n, const rpr_levels *q,
                            int32_t base, int32_t *idx, float *delta, bool *nonfinite)
{
    sink s = {idx, delta, nonfinite, 0};
    for (int32_t i = 0; i < n; i++)
        update(&s, &xhat[i], centroid(x[i], q), 0.0f, base + i);
    return s.n;
}
