/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 8 words, beside int512.h, for what does not fill a vector of 16. */
#ifndef RPR_KERNELS_X86_INT512_HALF_H
#define RPR_KERNELS_X86_INT512_HALF_H

#include "kernels/x86/int512.h"

#define IH 8

typedef __m256i vih;

static inline vih ih_load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void ih_store(void *p, vih a)
{
    _mm256_storeu_si256(p, a);
}

static inline __mmask8 ih_tail(int32_t n)
{
    return (__mmask8)((1u << n) - 1);
}

static inline vih ih_load_tail(const void *p, __mmask8 t)
{
    return _mm256_maskz_loadu_epi32(t, p);
}

static inline void ih_store_tail(void *p, __mmask8 t, vih a)
{
    _mm256_mask_storeu_epi32(p, t, a);
}

static inline vih ih_weights(const int8_t *p)
{
    vih w = ih_load(p);
    __asm__("" : "+v"(w));
    return w;
}

static inline vih ih_values(vih words)
{
    return words;
}

static inline vih ih_dot(vih sum, vih x, vih w)
{
    return _mm256_dpbusd_epi32(sum, x, w);
}

static inline vih ih_scaled(vih z, const float *scale)
{
    __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(z), _mm256_loadu_ps(scale));
    return _mm256_cvtps_epi32(_mm256_min_ps(y, _mm256_set1_ps(1024.0f)));
}

static inline vih ih_lane_bytes(const vih y[4], int32_t zero)
{
    const vih z = _mm256_set1_epi16((int16_t)zero);
    vih low = _mm256_adds_epi16(_mm256_packs_epi32(y[0], y[1]), z);
    vih high = _mm256_adds_epi16(_mm256_packs_epi32(y[2], y[3]), z);
    return _mm256_packus_epi16(low, high);
}

static inline vih ih_look_up(vih bytes, const uint8_t *table)
{
    return _mm512_castsi512_si256(i_look_up(_mm512_castsi256_si512(bytes), table));
}

static inline vih ih_unpack8_low(vih a, vih b)
{
    return _mm256_unpacklo_epi8(a, b);
}

static inline vih ih_unpack8_high(vih a, vih b)
{
    return _mm256_unpackhi_epi8(a, b);
}

static inline vih ih_unpack16_low(vih a, vih b)
{
    return _mm256_unpacklo_epi16(a, b);
}

static inline vih ih_unpack16_high(vih a, vih b)
{
    return _mm256_unpackhi_epi16(a, b);
}

#endif
