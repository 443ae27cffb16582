/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: sums of some pixels times some vectors of channels become 8-bit values while they are
 * in registers. Four vectors give one of bytes: those of one pixel, or of two or four if a pixel
 * has fewer.
 */

enum { I_MAX_VECTORS = 4 };

/* Pixels whose nv vectors share a vector of bytes. */
static inline ALWAYS_INLINE int requant_shared(int nv)
{
    return nv == 1 ? 4 : nv == 2 ? 2 : 1;
}

/* `np` pixels' sums, channel o on, n words each; pixel[p] or p is a pixel's place. */
static inline ALWAYS_INLINE void requant_tile(const rpr_requant *q, vi (*z)[I_MAX_VECTORS],
                                              uint8_t *a, int64_t a_pix, const int32_t *pixel,
                                              int32_t o, int32_t n, int np, int nv)
{
    const int shared = requant_shared(nv), groups = (np + shared - 1) / shared;
    UNROLL
    for (int g = 0; g < groups; g++) {
        const int p = g * shared;
        vi y[4];
        UNROLL
        for (int k = 0; k < 4; k++) { /* what there is no pixel or vector for is given twice */
            const int at = p + k / nv < np ? p + k / nv : p;
            y[k] =
                shared == 1 && k >= nv ? y[0] : i_scaled(z[at][k % nv], q->scale + o + k % nv * IL);
        }
        vi bytes = i_bytes(y, q->zero);
        if (q->table)
            bytes = i_look_up(bytes, q->table);
        UNROLL
        for (int k = 0; k < 4; k++)
            if (k < shared && p + k < np)
                i_put(a + (pixel ? pixel[p + k] : p + k) * a_pix + o, bytes, k, shared, n);
    }
}

/* One tile of pixels [0, np) of sums in memory. */
static inline ALWAYS_INLINE void requant_loaded(const rpr_requant *q, const int32_t *z,
                                                int64_t z_pix, uint8_t *a, int64_t a_pix, int32_t o,
                                                int32_t n_out, int np, int nv)
{
    const int32_t last = n_out - (nv - 1) * IL;
    vi sums[4][I_MAX_VECTORS];
    UNROLL
    for (int p = 0; p < np; p++) {
        const int32_t *from = z + p * z_pix + o;
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            sums[p][v] = i_load(from + v * IL);
        from += (nv - 1) * IL;
        sums[p][nv - 1] = last == IL ? i_load(from) : i_load_tail(from, i_tail(last));
    }
    requant_tile(q, sums, a, a_pix, NULL, o, rpr_words(n_out), np, nv);
}

#define REQUANT_COLUMN(nv)                                                                         \
    static void requant_column_##nv(const rpr_requant *q, const int32_t *z, int64_t z_pix,         \
                                    uint8_t *a, int64_t a_pix, int32_t o, int32_t n_out,           \
                                    int32_t n)                                                     \
    {                                                                                              \
        const int np = requant_shared(nv);                                                         \
        int32_t p = 0;                                                                             \
        for (; p + np <= n; p += np)                                                               \
            requant_loaded(q, z + p * z_pix, z_pix, a + p * a_pix, a_pix, o, n_out, np, nv);       \
        for (; p < n; p++)                                                                         \
            requant_loaded(q, z + p * z_pix, z_pix, a + p * a_pix, a_pix, o, n_out, 1, nv);        \
    }
REQUANT_COLUMN(1)
REQUANT_COLUMN(2)
REQUANT_COLUMN(3)
REQUANT_COLUMN(4)
#undef REQUANT_COLUMN

void INT8(requantise)(const rpr_requant *q, const int32_t *z, int64_t z_pix, uint8_t *a,
                      int64_t a_pix, int32_t c, int32_t n)
{
    static void (*const column[])(const rpr_requant *, const int32_t *, int64_t, uint8_t *, int64_t,
                                  int32_t, int32_t, int32_t) = {requant_column_1, requant_column_2,
                                                                requant_column_3, requant_column_4};
    for (int32_t o = 0; o < c; o += 4 * IL) {
        const int32_t n_out = c - o < 4 * IL ? c - o : 4 * IL;
        column[(n_out - 1) / IL](q, z, z_pix, a, a_pix, o, n_out, n);
    }
}
