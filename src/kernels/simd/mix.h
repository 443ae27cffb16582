/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: weighted sums of bytes. Part of kernels/simd/quantised.h. A block near whose sums no
 * half lies takes the short cut of rpr_byte_mix_of, the others are summed as the definition says.
 */

/*
 * r / s, rounded once, with inverse = 1 / s rounded. The first product is within 3/2 ulp of r / s,
 * the first correction within one; and a quotient that near is corrected to the nearest float
 * (P. Markstein, Computation of elementary functions on the IBM RISC System/6000 processor, 1990).
 */
static inline ALWAYS_INLINE vf quotient(vf r, vf s, vf inverse)
{
    vf q = v_mul(r, inverse);
    q = v_fma(v_sub_product(r, q, s), inverse, q);
    return v_fma(v_sub_product(r, q, s), inverse, q);
}

/* The first `parts` vectors of a block; all of it, or one where less is left. */
#define PARTS(k) UNROLL for (int k = 0; k < parts; k++)

/* What their sums are, by definition. */
static inline ALWAYS_INLINE void mixed_exactly(const rpr_byte_mix *q, const uint8_t *const *p,
                                               const float *w, int32_t m, int64_t i, int parts,
                                               vf sum[4])
{
    const vscale from = vscale_of(&q->from), to = vscale_of(&q->to);
    PARTS(k)
    sum[k] = v_mul(v_set(w[0]), from_scale(from, v_load_u8(p[0] + i + k * VL)));
    for (int32_t j = 1; j < m; j++) {
        PARTS(k)
        sum[k] = v_add(sum[k], v_mul(v_set(w[j]), from_scale(from, v_load_u8(p[j] + i + k * VL))));
    }
    if (__builtin_expect(q->inverse > 0.0f, 1)) {
        PARTS(k)
        sum[k] = v_add(v_round(quotient(sum[k], to.scale, v_set(q->inverse))), to.zero);
    } else {
        PARTS(k)
        sum[k] = to_scale(to, sum[k]);
    }
}

/* The same if none is near a half. */
static inline ALWAYS_INLINE bool mixed_shortly(const rpr_byte_mix *q, const uint8_t *const *p,
                                               const float *w, int32_t m, int64_t i, int parts,
                                               vf sum[4])
{
    vf distance = v_set(0.0f);
    PARTS(k)
    sum[k] = v_mul(v_set(w[0]), v_load_u8(p[0] + i + k * VL));
    for (int32_t j = 1; j < m; j++) {
        PARTS(k)
        sum[k] = v_fma(v_set(w[j]), v_load_u8(p[j] + i + k * VL), sum[k]);
    }
    PARTS(k)
    {
        vf t = v_fma(sum[k], v_set(q->ratio), v_set(q->add));
        sum[k] = v_round(t);
        distance = v_max(v_abs(v_sub(t, sum[k])), distance);
    }
    return __builtin_expect(v_bits(v_not_within(distance, v_set(q->limit))) == 0, 1);
}

static inline ALWAYS_INLINE vbytes mixed(const rpr_byte_mix *q, const uint8_t *const *p,
                                         const float *w, int32_t m, int64_t i, int parts)
{
    vf sum[4] = {v_set(0.0f), v_set(0.0f), v_set(0.0f), v_set(0.0f)};
    if (q->limit < 0.0f || !mixed_shortly(q, p, w, m, i, parts, sum))
        mixed_exactly(q, p, w, m, i, parts, sum);
    return vb_of_floats(sum);
}

/* Less than VL bytes, in a vector of their own. Maps have whole words. */
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
    const vbytes sums = mixed(q, at, w, m, 0, 1);
    if (words)
        vb_store_words(o + i, n / 4, sums);
    else
        store_rest(o + i, n, sums);
}

static void byte_mix(const rpr_byte_mix *q, uint8_t *o, const uint8_t *const *p, const float *w,
                     int32_t m, int64_t n)
{
    const rpr_byte_mix kept = *q;
    int64_t i = 0;
    for (; i + VB <= n; i += VB)
        vb_store(o + i, mixed(&kept, p, w, m, i, 4));
    for (; i + VL <= n; i += VL)
        store_rest(o + i, VL, mixed(&kept, p, w, m, i, 1));
    if (i < n)
        mix_rest(&kept, o, p, w, m, i, n - i);
}
