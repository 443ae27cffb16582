/* SPDX-License-Identifier: Apache-2.0 */
/* Activation functions, as kernels compute them and as the graph fuses them. */
#ifndef RPR_KERNELS_ACT_H
#define RPR_KERNELS_ACT_H

/** y = post_mul * f(x) + post_add, each operation rounded (no contraction). */
typedef enum rpr_act_kind {
    RPR_ACT_NONE,        /* x */
    RPR_ACT_RELU,        /* max(x, 0); NaN stays NaN */
    RPR_ACT_LEAKY_RELU,  /* x < 0 ? alpha * x : x */
    RPR_ACT_CLIP,        /* min(max(x, alpha), beta); NaN stays NaN */
    RPR_ACT_SIGMOID,     /* 1 / (1 + exp(-x)) */
    RPR_ACT_HARDSIGMOID, /* min(max(alpha * x + beta, 0), 1) */
    RPR_ACT_HARDSWISH,   /* x * min(max(alpha * x + beta, 0), 1) */
    RPR_ACT_TANH
} rpr_act_kind;

typedef struct rpr_act {
    rpr_act_kind kind;
    float alpha, beta;
    float post_mul, post_add; /* 1 and 0 where nothing follows */
} rpr_act;

static inline rpr_act rpr_act_none(void)
{
    return (rpr_act){.kind = RPR_ACT_NONE, .post_mul = 1.0f};
}

/** True if the activation changes nothing. */
static inline int rpr_act_is_none(const rpr_act *a)
{
    return a->kind == RPR_ACT_NONE && !(a->post_mul < 1.0f || a->post_mul > 1.0f) &&
           !(a->post_add < 0.0f || a->post_add > 0.0f);
}

#endif
