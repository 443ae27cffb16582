/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: weighted sums of bytes. Part of kernels/simd/quantised.h. A block near whose sums no
 * half lies takes the short cut of rpr_byte_mix_of, on integers where the weights are steps; the
 * others are summed as the definition says.
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

/* Sources in pairs, of weights in steps: the second's in the upper byte. An odd one at the end
 * stands beside itself with weight 0. */
typedef struct vpairs {
    const uint8_t *a[RPR_BYTE_ROWS / 2], *b[RPR_BYTE_ROWS / 2];
    int16_t w[RPR_BYTE_ROWS / 2];
} vpairs;

static inline ALWAYS_INLINE void set_pair(vpairs *s, const uint8_t *const *p, const float *w,
                                          int32_t m, int32_t j, float steps)
{
    const bool two = j + 1 < m;
    const int32_t first = (int32_t)(w[j] * steps), second = two ? (int32_t)(w[j + 1] * steps) : 0;
    s->a[j / 2] = p[j];
    s->b[j / 2] = p[two ? j + 1 : j];
    s->w[j / 2] = (int16_t)(first | second << 8);
}

/* The short cut on integers: the sums of a block are exact. */
static inline ALWAYS_INLINE bool mixed_in_steps(const rpr_byte_mix *q, const vpairs *s,
                                                int32_t pairs, int64_t i, vbytes *o)
{
    vf x[4], distance = v_set(0.0f);
    vmix sums = vm_zero();
    for (int32_t j = 0; j < pairs; j++)
        sums = vm_add(sums, vb_load(s->a[j] + i), vb_load(s->b[j] + i), s->w[j]);
    vm_floats(sums, x);
    QUARTERS(k)
    {
        vf t = v_fma(x[k], v_set(q->step), v_set(q->add));
        x[k] = v_round(t);
        distance = v_max(v_abs(v_sub(t, x[k])), distance);
    }
    *o = vm_bytes(x);
    return __builtin_expect(v_bits(v_not_within(distance, v_set(q->limit))) == 0, 1);
}

/* Whole blocks; returns how many bytes they are. */
static inline ALWAYS_INLINE int64_t mix_in_steps(const rpr_byte_mix *q, uint8_t *o,
                                                 const uint8_t *const *p, const float *w, int32_t m,
                                                 int64_t n)
{
    vpairs s;
    int64_t i = 0;
    for (int32_t j = 0; j < m; j += 2)
        set_pair(&s, p, w, m, j, q->steps);
    for (; i + VB <= n; i += VB) {
        vf sum[4];
        vbytes sums;
        if (!mixed_in_steps(q, &s, (m + 1) / 2, i, &sums)) {
            mixed_exactly(q, p, w, m, i, 4, sum);
            sums = vb_of_floats(sum);
        }
        vb_store(o + i, sums);
    }
    return i;
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
    if (n >= VB && q->steps > 0.0f && q->limit >= 0.0f)
        i = m == 4 ? mix_in_steps(&kept, o, p, w, 4, n) : mix_in_steps(&kept, o, p, w, m, n);
    for (; i + VB <= n; i += VB)
        vb_store(o + i, mixed(&kept, p, w, m, i, 4));
    for (; i + VL <= n; i += VL)
        store_rest(o + i, VL, mixed(&kept, p, w, m, i, 1));
    if (i < n)
        mix_rest(&kept, o, p, w, m, i, n - i);
}
