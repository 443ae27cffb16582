/* SPDX-License-Identifier: Apache-2.0 */
/* Template: element by element arithmetic, one rounding per operation as in the reference. */

#include <string.h>

static inline ALWAYS_INLINE vf v_binary(rpr_binary op, vf a, vf b)
{
    switch (op) {
    case RPR_BIN_ADD:
        return v_add(a, b);
    case RPR_BIN_SUB:
        return v_sub(a, b);
    case RPR_BIN_MUL:
        return v_mul(a, b);
    case RPR_BIN_DIV:
        return v_div(a, b);
    case RPR_BIN_MAX:
        return v_select(v_is_nan(a), a, v_max(a, b));
    case RPR_BIN_MIN:
        return v_select(v_is_nan(a), a, v_min(a, b));
    case RPR_BIN_COUNT:
        break;
    }
    return a;
}

/* Operands: a step of 0 repeats the first VL values, which need not be more than that. */
static inline ALWAYS_INLINE void binary_loop(rpr_binary op, const float *a, int a_step,
                                             const float *b, int b_step, float *o, int64_t n)
{
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(o + i, v_binary(op, v_load(a + i * a_step), v_load(b + i * b_step)));
    if (i < n) {
        vtail t = v_tail(n - i);
        vf va = v_load_tail(a + i * a_step, t), vb = v_load_tail(b + i * b_step, t);
        v_store_tail(o + i, t, v_binary(op, va, vb));
    }
}

static inline ALWAYS_INLINE void binary_any(rpr_binary op, const float *a, int a_step,
                                            const float *b, int b_step, float *o, int64_t n)
{
    switch (op) {
    case RPR_BIN_ADD:
        binary_loop(RPR_BIN_ADD, a, a_step, b, b_step, o, n);
        break;
    case RPR_BIN_SUB:
        binary_loop(RPR_BIN_SUB, a, a_step, b, b_step, o, n);
        break;
    case RPR_BIN_MUL:
        binary_loop(RPR_BIN_MUL, a, a_step, b, b_step, o, n);
        break;
    case RPR_BIN_DIV:
        binary_loop(RPR_BIN_DIV, a, a_step, b, b_step, o, n);
        break;
    case RPR_BIN_MAX:
        binary_loop(RPR_BIN_MAX, a, a_step, b, b_step, o, n);
        break;
    case RPR_BIN_MIN:
        binary_loop(RPR_BIN_MIN, a, a_step, b, b_step, o, n);
        break;
    case RPR_BIN_COUNT:
        break;
    }
}

static void binary(rpr_binary op, const float *a, const float *b, float *o, int64_t n)
{
    binary_any(op, a, 1, b, 1, o, n);
}

static void binary_scalar(rpr_binary op, const float *a, float b, bool reversed, float *o,
                          int64_t n)
{
    float repeated[VL];
    v_store(repeated, v_set(b));
    if (reversed)
        binary_any(op, repeated, 0, a, 1, o, n);
    else
        binary_any(op, a, 1, repeated, 0, o, n);
}

static void accumulate(float *o, const float *a, int64_t n)
{
    binary_loop(RPR_BIN_ADD, o, 1, a, 1, o, n);
}

static void weighted_sum(float *o, const float *const *p, const float *w, int32_t m, int64_t n)
{
    int64_t i = 0;
    for (; i + VL <= n; i += VL) {
        vf sum = v_mul(v_set(w[0]), v_load(p[0] + i));
        for (int32_t j = 1; j < m; j++)
            sum = v_add(sum, v_mul(v_set(w[j]), v_load(p[j] + i)));
        v_store(o + i, sum);
    }
    if (i < n) {
        vtail t = v_tail(n - i);
        vf sum = v_mul(v_set(w[0]), v_load_tail(p[0] + i, t));
        for (int32_t j = 1; j < m; j++)
            sum = v_add(sum, v_mul(v_set(w[j]), v_load_tail(p[j] + i, t)));
        v_store_tail(o + i, t, sum);
    }
}

static inline ALWAYS_INLINE vf maximum_at(const float *const *p, int32_t m, int64_t i)
{
    vf most = v_load(p[0] + i);
    for (int32_t j = 1; j < m; j++)
        most = v_binary(RPR_BIN_MAX, most, v_load(p[j] + i));
    return most;
}

static void maximum(float *o, const float *const *p, int32_t m, int64_t n)
{
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(o + i, maximum_at(p, m, i));
    if (i < n) {
        vtail t = v_tail(n - i);
        vf most = v_load_tail(p[0] + i, t);
        for (int32_t j = 1; j < m; j++)
            most = v_binary(RPR_BIN_MAX, most, v_load_tail(p[j] + i, t));
        v_store_tail(o + i, t, most);
    }
}

static float magnitude(const float *x, int64_t n)
{
    vf most = v_abs(v_load_tail(x, v_tail(n % VL)));
    for (int64_t i = n % VL; i < n; i += VL)
        most = v_max(most, v_abs(v_load(x + i)));
    float lanes[VL], largest = 0.0f;
    v_store(lanes, most);
    for (int i = 0; i < VL; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    return largest;
}

static bool all_finite(const float *x, int64_t n)
{
    vbool bad = v_nonfinite(v_load_tail(x, v_tail(n % VL)));
    for (int64_t i = n % VL; i < n; i += VL)
        bad = v_or(bad, v_nonfinite(v_load(x + i)));
    return v_bits(bad) == 0;
}

/* The pattern of the channels repeats after three vectors at most. */
static void u8_to_f32(const uint8_t *x, float *y, int64_t pixels, int32_t c, const float *scale,
                      const float *offset)
{
    float mul[3 * VL], add[3 * VL];
    for (int32_t i = 0; i < 3 * VL; i++) {
        mul[i] = scale[i % c];
        add[i] = offset[i % c];
    }
    const int64_t n = pixels * c;
    int64_t i = 0;
    int phase = 0;
    for (; i + VL <= n; i += VL, phase = phase < 2 ? phase + 1 : 0) {
        vf v = v_mul(v_load_u8(x + i), v_load(mul + phase * VL));
        v_store(y + i, v_add(v, v_load(add + phase * VL)));
    }
    if (i < n) {
        uint8_t rest[VL] = {0};
        memcpy(rest, x + i, (size_t)(n - i));
        vf v = v_mul(v_load_u8(rest), v_load(mul + phase * VL));
        v_store_tail(y + i, v_tail(n - i), v_add(v, v_load(add + phase * VL)));
    }
}
