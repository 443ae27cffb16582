/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: the kernels of kernels/bytes.h, the same bits as the reference, in blocks of VB bytes,
 * which are four vectors of floats.
 *
 * A division by a scale is a multiplication where that is known to give the same: r / s and
 * r * (1 / s) differ by less than 2^-13 where the result does not saturate (below 512, three
 * roundings of relative 2^-24), so unless a lane is that near to a half, both round to the same
 * integer. Only blocks where one is are divided. rpr_byte_binary_of says it of products, and
 * rpr_byte_mix_of of weighted sums.
 */

#define QUARTERS(i) UNROLL for (int i = 0; i < 4; i++)

/* A block of bytes as floats. */
static inline ALWAYS_INLINE void load_block(const uint8_t *p, vf q[4])
{
    QUARTERS(i)
    q[i] = v_load_u8(p + i * VL);
}

/* A scale in registers. */
typedef struct vscale {
    vf scale, zero;
} vscale;

static inline ALWAYS_INLINE vscale vscale_of(const rpr_byte_scale *s)
{
    return (vscale){v_set(s->scale), v_set((float)s->zero)};
}

static inline ALWAYS_INLINE vf from_scale(vscale s, vf q)
{
    return v_mul(v_sub(q, s.zero), s.scale);
}

/* k + zero for an integer k, NaN as 0, far from the ends of 32-bit integers. */
static inline ALWAYS_INLINE vf shifted(vf k, vf zero)
{
    k = v_select(v_is_nan(k), v_set(0.0f), k);
    return v_add(v_min(v_max(k, v_set(-512.0f)), v_set(512.0f)), zero);
}

static inline ALWAYS_INLINE vf to_scale(vscale s, vf r)
{
    return shifted(v_round(v_div(r, s.scale)), s.zero);
}

/* -------------------------------------------------------------------- table */

static void byte_table(const uint8_t *t, const uint8_t *x, uint8_t *y, int64_t n)
{
    for (int64_t i = vb_table_all(t, x, y, n); i < n; i++)
        y[i] = t[x[i]];
}

/* --------------------------------------------------------------- two operands */

static inline ALWAYS_INLINE vf byte_exact(const rpr_byte_binary *q, vf a, vf b)
{
    vf x = from_scale(vscale_of(&q->a), a), y = from_scale(vscale_of(&q->b), b);
    return to_scale(vscale_of(&q->to), q->op == RPR_BYTE_ADD ? v_add(x, y) : v_mul(x, y));
}

static inline ALWAYS_INLINE vf byte_by_ratio(const rpr_byte_binary *q, vf a, vf b)
{
    const vf m0 = v_set(q->mul[0]), m1 = v_set(q->mul[1]), add = v_set(q->add);
    return v_round(q->turned ? v_fma(b, m1, v_fma(a, m0, add)) : v_fma(a, m0, v_fma(b, m1, add)));
}

static inline ALWAYS_INLINE vf byte_short_cut(const rpr_byte_binary *q, vf a, vf b)
{
    vf x = v_sub(a, v_set((float)q->a.zero)), y = v_sub(b, v_set((float)q->b.zero));
    return v_fma(v_mul(x, y), v_set(q->mul[0]), v_set(q->add));
}

static inline ALWAYS_INLINE vbytes byte_block(rpr_byte_op op, const rpr_byte_binary *q,
                                              const vf a[4], const vf b[4])
{
    vf k[4], distance = v_set(0.0f);
    if (op == RPR_BYTE_ADD) {
        QUARTERS(i)
        k[i] = q->by_ratio ? byte_by_ratio(q, a[i], b[i]) : byte_exact(q, a[i], b[i]);
        return vb_of_floats(k);
    }
    QUARTERS(i)
    {
        vf t = byte_short_cut(q, a[i], b[i]);
        k[i] = v_round(t);
        distance = v_max(v_abs(v_sub(t, k[i])), distance);
    }
    if (__builtin_expect(v_bits(v_not_within(distance, v_set(q->limit))) != 0, 0)) {
        QUARTERS(i)
        k[i] = byte_exact(q, a[i], b[i]);
    }
    return vb_of_floats(k);
}

/* The rest of an operand, less than VB bytes, is worked on in a block of its own. */
static inline ALWAYS_INLINE void load_rest(const uint8_t *p, int64_t n, vf q[4])
{
    uint8_t rest[VB] = {0};
    memcpy(rest, p, (size_t)n);
    load_block(rest, q);
}

static inline ALWAYS_INLINE void store_rest(uint8_t *p, int64_t n, vbytes a)
{
    uint8_t rest[VB];
    vb_store(rest, a);
    memcpy(p, rest, (size_t)n);
}

static inline ALWAYS_INLINE void byte_loop(rpr_byte_op op, const rpr_byte_binary *q,
                                           const uint8_t *a, const uint8_t *b, uint8_t *o,
                                           int64_t n)
{
    vf x[4], y[4];
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        load_block(a + i, x);
        load_block(b + i, y);
        vb_store(o + i, byte_block(op, q, x, y));
    }
    if (i < n) {
        load_rest(a + i, n - i, x);
        load_rest(b + i, n - i, y);
        store_rest(o + i, n - i, byte_block(op, q, x, y));
    }
}

static void byte_binary(const rpr_byte_binary *q, const uint8_t *a, const uint8_t *b, uint8_t *o,
                        int64_t n)
{
    const rpr_byte_binary kept = *q; /* nothing that is stored can change it */
    if (q->op == RPR_BYTE_ADD)
        byte_loop(RPR_BYTE_ADD, &kept, a, b, o, n);
    else
        byte_loop(RPR_BYTE_MUL, &kept, a, b, o, n);
}

static inline ALWAYS_INLINE void byte_scalar_loop(rpr_byte_op op, const rpr_byte_binary *q,
                                                  const uint8_t *a, uint8_t b, uint8_t *o,
                                                  int64_t n)
{
    const vf s = v_set((float)b), y[4] = {s, s, s, s};
    vf x[4];
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        load_block(a + i, x);
        vb_store(o + i, byte_block(op, q, x, y));
    }
    if (i < n) {
        load_rest(a + i, n - i, x);
        store_rest(o + i, n - i, byte_block(op, q, x, y));
    }
}

static void byte_scalar(const rpr_byte_binary *q, const uint8_t *a, uint8_t b, uint8_t *o,
                        int64_t n)
{
    const rpr_byte_binary kept = *q;
    if (q->op == RPR_BYTE_ADD)
        byte_scalar_loop(RPR_BYTE_ADD, &kept, a, b, o, n);
    else
        byte_scalar_loop(RPR_BYTE_MUL, &kept, a, b, o, n);
}

/* An operation with a scalar is a function of a byte: for many of them it becomes a table. */
static void byte_binary_scalar(const rpr_byte_binary *q, const uint8_t *a, uint8_t b, uint8_t *o,
                               int64_t n)
{
    enum { MANY = 1024 };
    uint8_t every[256], table[256];
    if (n < MANY) {
        byte_scalar(q, a, b, o, n);
        return;
    }
    for (int i = 0; i < 256; i++)
        every[i] = (uint8_t)i;
    byte_scalar(q, every, b, table, 256);
    byte_table(table, a, o, n);
}

/* ------------------------------------------------------------------- scales */

/* To a scale by its inverse, if that is normal; `limit` as in rpr_byte_binary. */
typedef struct vinverse {
    vscale to;
    vf inverse, limit;
} vinverse;

static inline ALWAYS_INLINE vinverse vinverse_of(const rpr_byte_scale *s)
{
    bool normal = s->scale > 0x1p-100f && s->scale < 0x1p100f;
    return (vinverse){.to = vscale_of(s),
                      .inverse = v_set(normal ? 1.0f / s->scale : 1.0f),
                      .limit = v_set(normal ? 0.5f - 0x1p-13f : -1.0f)};
}

static inline ALWAYS_INLINE vbytes quantised_block(const vinverse *s, const vf r[4])
{
    vf k[4];
    vbool near[4];
    QUARTERS(i)
    {
        vf t = v_mul(r[i], s->inverse);
        k[i] = v_round(t);
        near[i] = v_not_within(v_abs(v_sub(t, k[i])), s->limit); /* or infinite, or NaN */
        k[i] = v_add(v_min(k[i], v_set(512.0f)), s->to.zero);
    }
    if (__builtin_expect(v_bits(v_or(v_or(near[0], near[1]), v_or(near[2], near[3]))) != 0, 0)) {
        QUARTERS(i)
        k[i] = to_scale(s->to, r[i]);
    }
    return vb_of_floats(k);
}

static void byte_quantise(const rpr_byte_scale *scale, const float *x, uint8_t *y, int64_t n)
{
    const vinverse to = vinverse_of(scale);
    vf r[4];
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        QUARTERS(j)
        r[j] = v_load(x + i + j * VL);
        vb_store(y + i, quantised_block(&to, r));
    }
    if (i < n) {
        float rest[VB] = {0};
        memcpy(rest, x + i, (size_t)(n - i) * sizeof *rest);
        QUARTERS(j)
        r[j] = v_load(rest + j * VL);
        store_rest(y + i, n - i, quantised_block(&to, r));
    }
}

static void byte_dequantise(const rpr_byte_scale *scale, const uint8_t *x, float *y, int64_t n)
{
    const vscale from = vscale_of(scale);
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(y + i, from_scale(from, v_load_u8(x + i)));
    if (i < n) {
        uint8_t rest[VL] = {0};
        memcpy(rest, x + i, (size_t)(n - i));
        v_store_tail(y + i, v_tail(n - i), from_scale(from, v_load_u8(rest)));
    }
}

/* ----------------------------------------------------------------- averages */

static inline ALWAYS_INLINE vbytes average_block(const rpr_byte_average *q, const int32_t *sum)
{
    vf k[4];
    QUARTERS(i)
    {
        vf r = v_mul(v_load_sum(sum + i * VL, q->bias), v_set(q->mul));
        r = v_div(v_div(r, v_set(q->div)), v_set(q->step));
        k[i] = shifted(v_round(v_add(r, v_set(q->before))), v_set((float)q->after));
    }
    return vb_of_floats(k);
}

static void byte_average(const rpr_byte_average *q, const int32_t *sum, uint8_t *y, int64_t n)
{
    const rpr_byte_average kept = *q;
    int64_t i = 0;
    for (; i + VB <= n; i += VB)
        vb_store(y + i, average_block(&kept, sum + i));
    if (i < n) {
        int32_t rest[VB] = {0};
        memcpy(rest, sum + i, (size_t)(n - i) * sizeof *rest);
        store_rest(y + i, n - i, average_block(&kept, rest));
    }
}

/* Of the words behind the last block, then of the bytes behind these. */
static inline ALWAYS_INLINE int64_t accumulate_rest(int32_t *o, const uint8_t *const *p, int32_t m,
                                                    int64_t i, int64_t words)
{
    int32_t sum[VB] = {0};
    vsums s = vs_zero();
    for (int32_t j = 0; j < m; j++)
        s = vs_add(s, vb_load_words(p[j] + i, words));
    vs_add_to(sum, s);
    for (int64_t k = 0; k < 4 * words; k++)
        o[i + k] += sum[k];
    return i + 4 * words;
}

static void byte_accumulate(int32_t *o, const uint8_t *const *p, int32_t m, int64_t n)
{
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        vsums s = vs_zero();
        for (int32_t j = 0; j < m; j++)
            s = vs_add(s, vb_load(p[j] + i));
        vs_add_to(o + i, s);
    }
    if (n - i >= 4)
        i = accumulate_rest(o, p, m, i, (n - i) / 4);
    for (; i < n; i++)
        for (int32_t j = 0; j < m; j++)
            o[i] += p[j][i];
}

/* ------------------------------------------------------------------ maximum */

static void byte_maximum(uint8_t *o, const uint8_t *const *p, int32_t m, int64_t n)
{
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        vbytes most = vb_load(p[0] + i);
        for (int32_t j = 1; j < m; j++)
            most = vb_max(most, vb_load(p[j] + i));
        vb_store(o + i, most);
    }
    if (n - i >= 4) {
        const int64_t words = (n - i) / 4;
        vbytes most = vb_load_words(p[0] + i, words);
        for (int32_t j = 1; j < m; j++)
            most = vb_max(most, vb_load_words(p[j] + i, words));
        vb_store_words(o + i, words, most);
        i += 4 * words;
    }
    for (; i < n; i++) {
        uint8_t most = p[0][i];
        for (int32_t j = 1; j < m; j++)
            most = p[j][i] > most ? p[j][i] : most;
        o[i] = most;
    }
}

#include "kernels/simd/mix.h"

static const rpr_byte_kernels bytes = {
    .table = byte_table,
    .binary = byte_binary,
    .binary_scalar = byte_binary_scalar,
    .quantise = byte_quantise,
    .dequantise = byte_dequantise,
    .average = byte_average,
    .accumulate = byte_accumulate,
    .maximum = byte_maximum,
    .mix = byte_mix,
};
