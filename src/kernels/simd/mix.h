/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: weighted sums of bytes. Part of kernels/simd/quantised.h. A block near whose sums no
 * half lies takes the short cut of rpr_byte_mix_of, the others are summed as the definition says.
 */

/* What the sums of a block are, by definition. */
static inline ALWAYS_INLINE vbytes mixed_exactly(const rpr_byte_mix *q, const uint8_t *const *p,
                                                 const float *w, int32_t m, int64_t i)
{
    const vscale from = vscale_of(&q->from);
    const vinverse to = vinverse_of(&q->to);
    vf x[4], sum[4];
    load_block(p[0] + i, x);
    QUARTERS(k)
    sum[k] = v_mul(v_set(w[0]), from_scale(from, x[k]));
    for (int32_t j = 1; j < m; j++) {
        load_block(p[j] + i, x);
        QUARTERS(k)
        sum[k] = v_add(sum[k], v_mul(v_set(w[j]), from_scale(from, x[k])));
    }
    return quantised_block(&to, sum);
}

static inline ALWAYS_INLINE vbytes mixed_block(const rpr_byte_mix *q, const uint8_t *const *p,
                                               const float *w, int32_t m, int64_t i)
{
    vf x[4], sum[4], distance = v_set(0.0f);
    if (q->limit < 0.0f)
        return mixed_exactly(q, p, w, m, i);
    load_block(p[0] + i, x);
    QUARTERS(k)
    sum[k] = v_mul(v_set(w[0]), x[k]);
    for (int32_t j = 1; j < m; j++) {
        load_block(p[j] + i, x);
        QUARTERS(k)
        sum[k] = v_fma(v_set(w[j]), x[k], sum[k]);
    }
    QUARTERS(k)
    {
        vf t = v_fma(sum[k], v_set(q->ratio), v_set(q->add));
        sum[k] = v_round(t);
        distance = v_max(v_abs(v_sub(t, sum[k])), distance);
    }
    if (__builtin_expect(v_bits(v_not_within(distance, v_set(q->limit))) != 0, 0))
        return mixed_exactly(q, p, w, m, i);
    return vb_of_floats(sum);
}

/* Less than VB bytes, in a block of their own. */
static void mix_rest(const rpr_byte_mix *q, uint8_t *o, const uint8_t *const *p, const float *w,
                     int32_t m, int64_t i, int64_t n)
{
    uint8_t rest[RPR_BYTE_ROWS][VB];
    const uint8_t *at[RPR_BYTE_ROWS];
    const bool words = n % 4 == 0;
    for (int32_t j = 0; j < m; j++) {
        at[j] = rest[j];
        vb_store(rest[j], words ? vb_load_words(p[j] + i, n / 4) : vb_set(0));
        if (!words)
            memcpy(rest[j], p[j] + i, (size_t)n);
    }
    vbytes mixed = mixed_block(q, at, w, m, 0);
    if (words)
        vb_store_words(o + i, n / 4, mixed);
    else
        store_rest(o + i, n, mixed);
}

static void byte_mix(const rpr_byte_mix *q, uint8_t *o, const uint8_t *const *p, const float *w,
                     int32_t m, int64_t n)
{
    const rpr_byte_mix kept = *q;
    int64_t i = 0;
    for (; i + VB <= n; i += VB)
        vb_store(o + i, mixed_block(&kept, p, w, m, i));
    if (i < n)
        mix_rest(&kept, o, p, w, m, i, n - i);
}
