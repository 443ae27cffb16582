/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel templates share, on top of an instruction set's vectors. */
#ifndef RPR_KERNELS_SIMD_VEC_COMMON_H
#define RPR_KERNELS_SIMD_VEC_COMMON_H

#include <stdbool.h>

/* Half vectors, where an instruction set has them and they are cheaper: else nothing is ever half.
 */
#ifndef VH
#define VH 0
typedef vf vh;
#define vh_set v_set
#define vh_load v_load
#define vh_store v_store
#define vh_store_tail v_store_tail
#define vh_load_tail v_load_tail
#define vh_kept v_kept
#define vh_fma v_fma
#endif

/* Stores nv vectors side by side, of the last one only so many lanes. */
static inline ALWAYS_INLINE void v_store_all(float *p, const vf *a, int nv, int32_t last)
{
    UNROLL
    for (int v = 0; v < nv - 1; v++)
        v_store(p + v * VL, a[v]);
    p += (nv - 1) * VL;
    if (last == VL)
        v_store(p, a[nv - 1]);
    else
        v_store_tail(p, v_tail(last), a[nv - 1]);
}

/* Loads nv vectors side by side, of the last one only so many lanes. */
static inline ALWAYS_INLINE void v_load_all(vf *a, const float *p, int nv, int32_t last)
{
    UNROLL
    for (int v = 0; v < nv - 1; v++)
        a[v] = v_load(p + v * VL);
    p += (nv - 1) * VL;
    a[nv - 1] = last == VL ? v_load(p) : v_load_tail(p, v_tail(last));
}

/* True if any lane is NaN or infinite. */
static inline vbool v_nonfinite(vf a)
{
    return v_not_within(v_abs(a), v_set(__FLT_MAX__));
}

#endif
