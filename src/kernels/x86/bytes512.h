/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 64 bytes for the kernel templates. Include after enabling AVX-512 F, BW, DQ, VL. */
#ifndef RPR_KERNELS_X86_BYTES512_H
#define RPR_KERNELS_X86_BYTES512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/x86/vbmi.h"

#define VB 64

typedef __m512i vbytes;

static inline vbytes vb_set(uint8_t x)
{
    return _mm512_set1_epi8((char)x);
}

static inline vbytes vb_load(const uint8_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline void vb_store(uint8_t *p, vbytes a)
{
    _mm512_storeu_si512(p, a);
}

/* 16 bytes, ready for vb_look_up */
static inline vbytes vb_table(const uint8_t *p)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p));
}

/* table[index], index below 16 */
static inline vbytes vb_look_up(vbytes table, vbytes index)
{
    return _mm512_shuffle_epi8(table, index);
}

/* a / 16 */
static inline vbytes vb_high_digit(vbytes a)
{
    return _mm512_and_si512(_mm512_srli_epi16(a, 4), vb_set(15));
}

/* a - b, or 0 */
static inline vbytes vb_sub_sat(vbytes a, vbytes b)
{
    return _mm512_subs_epu8(a, b);
}

static inline vbytes vb_or(vbytes a, vbytes b)
{
    return _mm512_or_si512(a, b);
}

/* |a - b| */
static inline vbytes vb_distance(vbytes a, vbytes b)
{
    return vb_or(vb_sub_sat(a, b), vb_sub_sat(b, a));
}

static inline vbytes vb_min(vbytes a, vbytes b)
{
    return _mm512_min_epu8(a, b);
}

static inline vbytes vb_max(vbytes a, vbytes b)
{
    return _mm512_max_epu8(a, b);
}

static inline bool vb_any(vbytes a)
{
    return _mm512_test_epi8_mask(a, a) != 0;
}

/* Of words, n in [0, VB / 4]: those outside are 0 and their memory is not touched. */
static inline vbytes vb_load_words(const uint8_t *p, int64_t n)
{
    return _mm512_maskz_loadu_epi32((__mmask16)((1u << n) - 1), p);
}

static inline void vb_store_words(uint8_t *p, int64_t n, vbytes a)
{
    _mm512_mask_storeu_epi32(p, (__mmask16)((1u << n) - 1), a);
}

/* The bytes of 4 vectors of integers, in [-2^31, 2^31), saturated. */
static inline vbytes vb_of_floats(const __m512 k[4])
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i a = _mm512_packs_epi32(_mm512_cvtps_epi32(k[0]), _mm512_cvtps_epi32(k[1]));
    __m512i b = _mm512_packs_epi32(_mm512_cvtps_epi32(k[2]), _mm512_cvtps_epi32(k[3]));
    return _mm512_permutexvar_epi32(order, _mm512_packus_epi16(a, b));
}

/* Sums of up to 256 vectors, in 16 bits. */
typedef struct vsums {
    __m512i low, high;
} vsums;

static inline vsums vs_zero(void)
{
    return (vsums){_mm512_setzero_si512(), _mm512_setzero_si512()};
}

static inline vsums vs_add(vsums s, vbytes a)
{
    s.low = _mm512_add_epi16(s.low, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(a)));
    s.high = _mm512_add_epi16(s.high, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(a, 1)));
    return s;
}

static inline void vs_add16(int32_t *o, __m256i sums)
{
    __m512i now = _mm512_loadu_si512(o);
    _mm512_storeu_si512(o, _mm512_add_epi32(now, _mm512_cvtepu16_epi32(sums)));
}

/* o[i] += sum i, for all VB */
static inline void vs_add_to(int32_t *o, vsums s)
{
    vs_add16(o, _mm512_castsi512_si256(s.low));
    vs_add16(o + 16, _mm512_extracti64x4_epi64(s.low, 1));
    vs_add16(o + 32, _mm512_castsi512_si256(s.high));
    vs_add16(o + 48, _mm512_extracti64x4_epi64(s.high, 1));
}

/* Weighted sums of two vectors at a time, in 16 bits: of the lower eight bytes of each 128 bits,
 * and of the upper ones. All sums of weights are at most 127. */
typedef struct vmix {
    __m512i low, high;
} vmix;

static inline vmix vm_zero(void)
{
    return (vmix){_mm512_setzero_si512(), _mm512_setzero_si512()};
}

/* s + a * (w % 256) + b * (w / 256) */
static inline vmix vm_add(vmix s, vbytes a, vbytes b, int16_t w)
{
    const __m512i both = _mm512_set1_epi16(w);
    s.low = _mm512_add_epi16(s.low, _mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b), both));
    s.high = _mm512_add_epi16(s.high, _mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b), both));
    return s;
}

static inline void vm_floats(vmix s, __m512 x[4])
{
    const __m512i zero = _mm512_setzero_si512();
    x[0] = _mm512_cvtepi32_ps(_mm512_unpacklo_epi16(s.low, zero));
    x[1] = _mm512_cvtepi32_ps(_mm512_unpackhi_epi16(s.low, zero));
    x[2] = _mm512_cvtepi32_ps(_mm512_unpacklo_epi16(s.high, zero));
    x[3] = _mm512_cvtepi32_ps(_mm512_unpackhi_epi16(s.high, zero));
}

/* As vb_of_floats, of floats in the order of vm_floats. */
static inline vbytes vm_bytes(const __m512 k[4])
{
    __m512i low = _mm512_packs_epi32(_mm512_cvtps_epi32(k[0]), _mm512_cvtps_epi32(k[1]));
    __m512i high = _mm512_packs_epi32(_mm512_cvtps_epi32(k[2]), _mm512_cvtps_epi32(k[3]));
    return _mm512_packus_epi16(low, high);
}

/*
 * Looks bytes up in 256 of them; returns how many it did. Processors without VBMI do it one by one.
 */
static inline int64_t vb_table_all(const uint8_t *t, const uint8_t *x, uint8_t *y, int64_t n)
{
    if (!rpr_has_vbmi())
        return 0;
    rpr_vbmi_table(t, x, y, n);
    return n;
}

#endif
