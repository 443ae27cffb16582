/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 4 floats, for what is turned around in squares. */
#ifndef RPR_KERNELS_X86_VEC4_H
#define RPR_KERNELS_X86_VEC4_H

#include <immintrin.h>

typedef __m128 v4;

static inline v4 v4_load(const float *p)
{
    return _mm_loadu_ps(p);
}

static inline void v4_store(float *p, v4 a)
{
    _mm_storeu_ps(p, a);
}

/* Rows become columns. */
static inline void v4_transpose(v4 r[4])
{
    _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]);
}

#endif
