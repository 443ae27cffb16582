/* SPDX-License-Identifier: Apache-2.0 */
/* Template: gates. Most blocks of four vectors hold no change at all; that path is kept short. */

/* Where changes go: the lists of kernels.h, or nowhere but into the count. */
typedef struct gate_sink {
    int32_t *idx;
    float *delta;
    uint32_t nonfinite; /* bits of lanes that were NaN or infinite */
    int32_t n;
} gate_sink;

/* Nearest centroid; a NaN or infinite x stays. */
static inline ALWAYS_INLINE vf gate_centroid(const rpr_levels *q, vf x)
{
    vf t = v_mul(v_sub(x, v_set(q->lo)), v_set(q->inv_step));
    t = v_min(v_max(t, v_set(0.0f)), v_set(q->top));
    vf c = v_add(v_set(q->lo), v_mul(v_round(t), v_set(q->step)));
    return v_select(v_nonfinite(x), x, c);
}

/* What xhat becomes if it changes: the centroid, or x itself without levels. */
static inline ALWAYS_INLINE vf gate_value(const rpr_levels *q, vf x)
{
    return q ? gate_centroid(q, x) : x;
}

/* One vector, or with `part` the tail of one. */
static inline ALWAYS_INLINE void gate_vector(gate_sink *s, const float *x, float *xhat,
                                             const rpr_levels *q, vf theta, int32_t index,
                                             bool part, vtail tail)
{
    vf old = part ? v_load_tail(xhat, tail) : v_load(xhat);
    vf value = gate_value(q, part ? v_load_tail(x, tail) : v_load(x));
    vf d = v_sub(value, old);
    vbool changed = v_not_within(v_abs(d), theta);
    uint32_t bits = v_bits(changed) & v_tail_bits(tail);
    if (!bits)
        return;
    if (s->idx)
        v_append(s->idx + s->n, s->delta + s->n, bits, index, d);
    value = v_select(changed, value, old);
    if (part)
        v_store_tail(xhat, tail, value);
    else
        v_store(xhat, value);
    s->nonfinite |= bits & v_bits(v_nonfinite(d));
    s->n += __builtin_popcount(bits);
}

/*
 * Four vectors at once. Where one changed the others mostly did, too, but which is not foreseen:
 * where appending nothing is cheap that is not asked.
 */
static inline ALWAYS_INLINE void gate_block(gate_sink *s, const float *x, float *xhat,
                                            const rpr_levels *q, vf theta, int32_t index)
{
    vf old[4], value[4], d[4];
    vbool changed[4];
    UNROLL
    for (int v = 0; v < 4; v++) {
        old[v] = v_load(xhat + v * VL);
        value[v] = gate_value(q, v_load(x + v * VL));
        d[v] = v_sub(value[v], old[v]);
        changed[v] = v_not_within(v_abs(d[v]), theta);
    }
    if (!v_bits(v_or(v_or(changed[0], changed[1]), v_or(changed[2], changed[3]))))
        return;
    UNROLL
    for (int v = 0; v < 4; v++) {
        const uint32_t bits = v_bits(changed[v]);
        if (!V_APPENDS_NOTHING && !bits)
            continue;
        if (s->idx)
            v_append(s->idx + s->n, s->delta + s->n, bits, index + v * VL, d[v]);
        v_store(xhat + v * VL, v_select(changed[v], value[v], old[v]));
        s->nonfinite |= v_bits(v_nonfinite(d[v])); /* such a lane has changed */
        s->n += __builtin_popcount(bits);
    }
}

static inline ALWAYS_INLINE int32_t gate(const float *x, float *xhat, int32_t n,
                                         const rpr_levels *q, float theta, int32_t base,
                                         int32_t *idx, float *delta, bool *nonfinite)
{
    const vf limit = v_set(theta);
    const vtail all = v_tail(VL);
    gate_sink s = {idx, delta, 0, 0};
    int32_t i = 0;
    for (; i + 4 * VL <= n; i += 4 * VL)
        gate_block(&s, x + i, xhat + i, q, limit, base + i);
    for (; i + VL <= n; i += VL)
        gate_vector(&s, x + i, xhat + i, q, limit, base + i, false, all);
    if (i < n)
        gate_vector(&s, x + i, xhat + i, q, limit, base + i, true, v_tail(n - i));
    if (s.nonfinite)
        *nonfinite = true;
    return s.n;
}

static int32_t gate_deadzone(const float *x, float *xhat, int32_t n, float theta, int32_t base,
                             int32_t *idx, float *delta, bool *nonfinite)
{
    return gate(x, xhat, n, NULL, theta, base, idx, delta, nonfinite);
}

static int32_t gate_levels(const float *x, float *xhat, int32_t n, const rpr_levels *q,
                           int32_t base, int32_t *idx, float *delta, bool *nonfinite)
{
    const rpr_levels local = *q;
    return gate(x, xhat, n, &local, 0.0f, base, idx, delta, nonfinite);
}
