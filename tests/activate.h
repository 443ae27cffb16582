/* SPDX-License-Identifier: Apache-2.0 */
/* Activations by their definition, value by value. */
#ifndef RPR_TESTS_ACTIVATE_H
#define RPR_TESTS_ACTIVATE_H

#include <math.h>

#include "kernels/act.h"

static inline float test_activate(const rpr_act *a, float x)
{
    switch (a->kind) {
    case RPR_ACT_NONE:
        return x;
    case RPR_ACT_RELU:
        return x > 0 ? x : 0;
    case RPR_ACT_LEAKY_RELU:
        return x < 0 ? a->alpha * x : x;
    case RPR_ACT_CLIP:
        return fminf(fmaxf(x, a->alpha), a->beta);
    case RPR_ACT_SIGMOID:
        return 1 / (1 + expf(-x));
    case RPR_ACT_HARDSIGMOID:
        return fminf(fmaxf(a->alpha * x + a->beta, 0), 1);
    case RPR_ACT_HARDSWISH:
        return x * fminf(fmaxf(a->alpha * x + a->beta, 0), 1);
    case RPR_ACT_TANH:
        return tanhf(x);
    }
    return NAN;
}

#endif
