/* SPDX-License-Identifier: Apache-2.0 */
/* A table of 256 bytes is four registers: two permutations of two registers each. */
#if defined(__x86_64__)

#include "kernels/x86/vbmi.h"

#define RPR_SIMD_TARGET "avx2,avx512f,avx512bw,avx512vl,avx512vbmi"
#include "kernels/simd/target_begin.h"

#include <immintrin.h>

int64_t rpr_vbmi_table(const uint8_t *table, const uint8_t *x, uint8_t *y, int64_t n)
{
    __m512i t[4];
    int64_t i = 0;
    for (int j = 0; j < 4; j++)
        t[j] = _mm512_loadu_si512(table + 64 * j);
    for (; i + 64 <= n; i += 64) {
        __m512i a = _mm512_loadu_si512(x + i);
        __m512i low = _mm512_permutex2var_epi8(t[0], a, t[1]);
        __m512i high = _mm512_permutex2var_epi8(t[2], a, t[3]);
        _mm512_storeu_si512(y + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(a), low, high));
    }
    return i;
}

#include "kernels/simd/target_end.h"

#endif
