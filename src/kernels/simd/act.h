/* SPDX-License-Identifier: Apache-2.0 */
/* Template: activations, and the exponential and hyperbolic tangent that they need. */

/*
 * e^x: x = n ln 2 + r with |r| <= ln 2 / 2, then 1 + r + r^2 q(r) with q minimax (relative error
 * 3e-9). Beyond [-104, 89] the result is 0 or infinity as it should be.
 */
static inline ALWAYS_INLINE vf v_exp(vf x)
{
    x = v_min(v_set(89.0f), v_max(v_set(-104.0f), x)); /* NaN passes */
    vf n = v_round(v_mul(x, v_set(0x1.715476p+0f)));
    vf r = v_fma(n, v_set(-0x1.62e400p-1f), x); /* ln 2 in two parts */
    r = v_fma(n, v_set(-0x1.7f7d1cp-20f), r);
    vf q = v_set(0x1.6a2342p-10f);
    q = v_fma(q, r, v_set(0x1.123a6cp-7f));
    q = v_fma(q, r, v_set(0x1.5558f4p-5f));
    q = v_fma(q, r, v_set(0x1.555490p-3f));
    q = v_fma(q, r, v_set(0x1.fffffcp-2f));
    return v_scale2(v_add(v_fma(v_mul(r, r), q, r), v_set(1.0f)), n);
}

/* Odd minimax polynomial (relative error 1e-9) below 0.55, 1 - 2 / (e^2x + 1) above. */
static inline ALWAYS_INLINE vf v_tanh(vf x)
{
    const vf one = v_set(1.0f);
    vf u = v_mul(x, x);
    vf p = v_set(-0.006274213f);
    p = v_fma(p, u, v_set(0.02107166f));
    p = v_fma(p, u, v_set(-0.053852305f));
    p = v_fma(p, u, v_set(0.13332586f));
    p = v_fma(p, u, v_set(-0.33333316f));
    vf low = v_fma(v_mul(x, u), p, x);
    vf a = v_abs(x);
    vf high = v_sub(one, v_div(v_set(2.0f), v_add(v_exp(v_add(a, a)), one)));
    return v_select(v_less(a, v_set(0.55f)), low, v_copy_sign(high, x));
}

static inline ALWAYS_INLINE vf v_sigmoid(vf x)
{
    const vf one = v_set(1.0f);
    return v_div(one, v_add(one, v_exp(v_sub(v_set(0.0f), x))));
}

/* min(max(x, lo), hi); NaN stays */
static inline ALWAYS_INLINE vf v_clip(vf x, float lo, float hi)
{
    return v_min(v_set(hi), v_max(v_set(lo), x));
}

static inline ALWAYS_INLINE vf v_act(const rpr_act *a, rpr_act_kind kind, vf x)
{
    switch (kind) {
    case RPR_ACT_NONE:
        break;
    case RPR_ACT_RELU:
        return v_max(v_set(0.0f), x);
    case RPR_ACT_LEAKY_RELU:
        return v_select(v_less(x, v_set(0.0f)), v_mul(v_set(a->alpha), x), x);
    case RPR_ACT_CLIP:
        return v_clip(x, a->alpha, a->beta);
    case RPR_ACT_SIGMOID:
        return v_sigmoid(x);
    case RPR_ACT_HARDSIGMOID:
    case RPR_ACT_HARDSWISH: {
        vf h = v_clip(v_add(v_mul(v_set(a->alpha), x), v_set(a->beta)), 0.0f, 1.0f);
        return kind == RPR_ACT_HARDSWISH ? v_mul(x, h) : h;
    }
    case RPR_ACT_TANH:
        return v_tanh(x);
    }
    return x;
}

static inline ALWAYS_INLINE vf v_act_post(const rpr_act *a, rpr_act_kind kind, vf x)
{
    return v_add(v_mul(v_set(a->post_mul), v_act(a, kind, x)), v_set(a->post_add));
}

static inline ALWAYS_INLINE void act_loop(rpr_act a, rpr_act_kind kind, const float *x, float *y,
                                          int64_t n)
{
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(y + i, v_act_post(&a, kind, v_load(x + i)));
    if (i < n) {
        vtail t = v_tail(n - i);
        v_store_tail(y + i, t, v_act_post(&a, kind, v_load_tail(x + i, t)));
    }
}

static void act(const rpr_act *a, const float *x, float *y, int64_t n)
{
    switch (a->kind) {
    case RPR_ACT_NONE:
        act_loop(*a, RPR_ACT_NONE, x, y, n);
        break;
    case RPR_ACT_RELU:
        act_loop(*a, RPR_ACT_RELU, x, y, n);
        break;
    case RPR_ACT_LEAKY_RELU:
        act_loop(*a, RPR_ACT_LEAKY_RELU, x, y, n);
        break;
    case RPR_ACT_CLIP:
        act_loop(*a, RPR_ACT_CLIP, x, y, n);
        break;
    case RPR_ACT_SIGMOID:
        act_loop(*a, RPR_ACT_SIGMOID, x, y, n);
        break;
    case RPR_ACT_HARDSIGMOID:
        act_loop(*a, RPR_ACT_HARDSIGMOID, x, y, n);
        break;
    case RPR_ACT_HARDSWISH:
        act_loop(*a, RPR_ACT_HARDSWISH, x, y, n);
        break;
    case RPR_ACT_TANH:
        act_loop(*a, RPR_ACT_TANH, x, y, n);
        break;
    }
}
