/* SPDX-License-Identifier: Apache-2.0 */
/* A table of 256 bytes is four registers: two permutations of two registers each. */
#if defined(__x86_64__)

#include "kernels/x86/vbmi.h"

#define RPR_SIMD_TARGET "avx2,avx512f,avx512bw,avx512vl,avx512vbmi"
#include "kernels/simd/target_begin.h"

#include <immintrin.h>

static inline ALWAYS_INLINE __m512i looked_up(const __m512i t[4], __m512i a)
{
    const __m512i low = _mm512_permutex2var_epi8(t[0], a, t[1]);
    const __m512i high = _mm512_permutex2var_epi8(t[2], a, t[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(a), low, high);
}

void rpr_vbmi_table(const uint8_t *table, const uint8_t *x, uint8_t *y, int64_t n)
{
    __m512i t[4];
    int64_t i = 0;
    for (int j = 0; j < 4; j++)
        t[j] = _mm512_loadu_si512(table + 64 * j);
    for (; i + 64 <= n; i += 64)
        _mm512_storeu_si512(y + i, looked_up(t, _mm512_loadu_si512(x + i)));
    if (i < n) {
        const __mmask64 rest = ((__mmask64)1 << (n - i)) - 1;
        _mm512_mask_storeu_epi8(y + i, rest, looked_up(t, _mm512_maskz_loadu_epi8(rest, x + i)));
    }
}

#include "kernels/simd/target_end.h"

#endif
