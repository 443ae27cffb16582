/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: the sums of a pixel between memory, where they lie in int32s or in three bytes each
 * (int8.h), and vectors of int32s: channels [o, o + n), in nv vectors. o is a multiple of IL.
 */

/* Where sum o of a pixel lies. */
static inline ALWAYS_INLINE int32_t *sums_at(int32_t *z, bool z24, int32_t o)
{
    return z + (z24 ? o / RPR_WORD * 3 : o);
}

/* Lanes beyond the last channel hold anything. */
static inline ALWAYS_INLINE void sums_load(vi *sum, const int32_t *z, bool z24, int32_t o,
                                           int32_t n, int nv)
{
    const int32_t last = n - (nv - 1) * IL;
    if (z24) {
        z += o / RPR_WORD * 3;
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            sum[v] = i_load24(z + v * (IL / RPR_WORD * 3));
        z += (nv - 1) * (IL / RPR_WORD * 3);
        sum[nv - 1] = last == IL ? i_load24(z) : i_load24_tail(z, i_tail(rpr_sum24_words(last)));
        return;
    }
    z += o;
    UNROLL
    for (int v = 0; v < nv - 1; v++)
        sum[v] = i_load(z + v * IL);
    z += (nv - 1) * IL;
    sum[nv - 1] = last == IL ? i_load(z) : i_load_tail(z, i_tail(last));
}

/* Lanes beyond the last channel hold 0. */
static inline ALWAYS_INLINE void sums_store(const vi *sum, int32_t *z, bool z24, int32_t o,
                                            int32_t n, int nv)
{
    const int32_t last = n - (nv - 1) * IL;
    z = sums_at(z, z24, o);
    if (z24) {
        UNROLL
        for (int v = 0; v < nv - 1; v++)
            i_store24(z + v * (IL / RPR_WORD * 3), sum[v]);
        z += (nv - 1) * (IL / RPR_WORD * 3);
        if (last == IL)
            i_store24(z, sum[nv - 1]);
        else
            i_store24_tail(z, i_tail(rpr_sum24_words(last)), sum[nv - 1]);
        return;
    }
    UNROLL
    for (int v = 0; v < nv - 1; v++)
        i_store(z + v * IL, sum[v]);
    z += (nv - 1) * IL;
    if (last == IL)
        i_store(z, sum[nv - 1]);
    else
        i_store_tail(z, i_tail(last), sum[nv - 1]);
}
