/* SPDX-License-Identifier: Apache-2.0 */
/* Activations. Comparisons are written so that NaN falls through to the result. */
#include <math.h>

#include "kernels/ref/ref.h"

static float clip(float x, float lo, float hi)
{
    x = lo > x ? lo : x;
    return hi < x ? hi : x;
}

static float act1(const rpr_act *a, float x)
{
    switch (a->kind) {
    case RPR_ACT_NONE:
        break;
    case RPR_ACT_RELU:
        return 0.0f > x ? 0.0f : x;
    case RPR_ACT_LEAKY_RELU:
        return x < 0.0f ? a->alpha * x : x;
    case RPR_ACT_CLIP:
        return clip(x, a->alpha, a->beta);
    case RPR_ACT_SIGMOID:
        return 1.0f / (1.0f + expf(-x));
    case RPR_ACT_HARDSIGMOID:
        return clip(a->alpha * x + a->beta, 0.0f, 1.0f);
    case RPR_ACT_HARDSWISH:
        return x * clip(a->alpha * x + a->beta, 0.0f, 1.0f);
    case RPR_ACT_TANH:
        return tanhf(x);
    }
    return x;
}

void rpr_ref_act(const rpr_act *a, const float *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a->post_mul * act1(a, x[i]) + a->post_add;
}
