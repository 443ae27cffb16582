/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: sums of some pixels times some vectors of channels become 8-bit values while they are
 * in registers. Four vectors give one of bytes: those of one pixel, or of two or four if a pixel
 * has fewer.
 */

#include "kernels/simd/sums.h"

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

/* Some channels of some pixels, from sums in memory to bytes. */
typedef struct requant_job {
    const rpr_requant *q;
    const int32_t *z;
    int64_t z_pix;
    bool z24;
    uint8_t *a;
    int64_t a_pix;
    int32_t o, n_out, n;
} requant_job;

/* One tile of pixels [p, p + np). */
static inline ALWAYS_INLINE void requant_loaded(const requant_job *j, int32_t p, int np, int nv)
{
    vi sums[4][I_MAX_VECTORS];
    UNROLL
    for (int k = 0; k < np; k++)
        sums_load(sums[k], j->z + (p + k) * j->z_pix, j->z24, j->o, j->n_out, nv);
    requant_tile(j->q, sums, j->a + p * j->a_pix, j->a_pix, NULL, j->o, rpr_words(j->n_out), np,
                 nv);
}

#define REQUANT_COLUMN(nv)                                                                         \
    static void requant_column_##nv(const requant_job *j)                                          \
    {                                                                                              \
        const int np = requant_shared(nv);                                                         \
        int32_t p = 0;                                                                             \
        for (; p + np <= j->n; p += np)                                                            \
            requant_loaded(j, p, np, nv);                                                          \
        for (; p < j->n; p++)                                                                      \
            requant_loaded(j, p, 1, nv);                                                           \
    }
REQUANT_COLUMN(1)
REQUANT_COLUMN(2)
REQUANT_COLUMN(3)
REQUANT_COLUMN(4)
#undef REQUANT_COLUMN

void INT8(requantise)(const rpr_requant *q, const int32_t *z, int64_t z_pix, bool z24, uint8_t *a,
                      int64_t a_pix, int32_t c, int32_t n)
{
    static void (*const column[])(const requant_job *j) = {requant_column_1, requant_column_2,
                                                           requant_column_3, requant_column_4};
    requant_job j = {.q = q, .z = z, .z_pix = z_pix, .z24 = z24, .a = a, .a_pix = a_pix, .n = n};
    for (; j.o < c; j.o += 4 * IL) {
        j.n_out = c - j.o < 4 * IL ? c - j.o : 4 * IL;
        column[(j.n_out - 1) / IL](&j);
    }
}
