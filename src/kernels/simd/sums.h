/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: the sums of a pixel between memory, where they lie in int32s or in three bytes each
 * (int8.h), and vectors of int32s: channels [o, o + n), in nv vectors. o is a multiple of IL.
 */

enum { SUMS24_WORDS = IL / RPR_WORD * 3 }; /* of a vector */

/* Where sum o of a pixel lies. */
static inline ALWAYS_INLINE int32_t *sums_at(int32_t *z, bool z24, int32_t o)
{
    return z + (z24 ? o / RPR_WORD * 3 : o);
}

/* Lanes beyond the last channel hold anything. */
static inline ALWAYS_INLINE void sums_load(vi *sum, const int32_t *z, bool z24, int32_t o,
                                           int32_t n, int nv)
{
    const int32_t last = n - (nv - 1) * IL, step = z24 ? SUMS24_WORDS : IL;
    const int32_t *at = z + o / IL * step, *end = at + (nv - 1) * step;
    if (z24) {
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            sum[v] = i_load24(at + v * SUMS24_WORDS);
        sum[nv - 1] =
            last == IL ? i_load24(end) : i_load24_tail(end, i_tail(rpr_sum24_words(last)));
    } else {
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            sum[v] = i_load(at + v * IL);
        sum[nv - 1] = last == IL ? i_load(end) : i_load_tail(end, i_tail(last));
    }
}

/* Lanes beyond the last channel hold 0. */
static inline ALWAYS_INLINE void sums_store(const vi *sum, int32_t *z, bool z24, int32_t o,
                                            int32_t n, int nv)
{
    const int32_t last = n - (nv - 1) * IL, step = z24 ? SUMS24_WORDS : IL;
    int32_t *at = z + o / IL * step, *end = at + (nv - 1) * step;
    if (z24) {
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            i_store24(at + v * SUMS24_WORDS, sum[v], SUMS24_WORDS);
        if (last == IL)
            i_store24(end, sum[nv - 1], SUMS24_WORDS);
        else
            i_store24(end, sum[nv - 1], rpr_sum24_words(last));
    } else {
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            i_store(at + v * IL, sum[v]);
        if (last == IL)
            i_store(end, sum[nv - 1]);
        else
            i_store_words(end, sum[nv - 1], last);
    }
}
