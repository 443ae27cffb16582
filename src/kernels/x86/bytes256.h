/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 32 bytes for the kernel templates. Include after enabling AVX2. */
#ifndef RPR_KERNELS_X86_BYTES256_H
#define RPR_KERNELS_X86_BYTES256_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define VB 32

typedef __m256i vbytes;

static inline vbytes vb_set(uint8_t x)
{
    return _mm256_set1_epi8((char)x);
}

static inline vbytes vb_load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void vb_store(uint8_t *p, vbytes a)
{
    _mm256_storeu_si256((__m256i *)p, a);
}

/* 16 bytes, ready for vb_look_up */
static inline vbytes vb_table(const uint8_t *p)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}

/* table[index], index below 16 */
static inline vbytes vb_look_up(vbytes table, vbytes index)
{
    return _mm256_shuffle_epi8(table, index);
}

/* a / 16 */
static inline vbytes vb_high_digit(vbytes a)
{
    return _mm256_and_si256(_mm256_srli_epi16(a, 4), vb_set(15));
}

/* a - b, or 0 */
static inline vbytes vb_sub_sat(vbytes a, vbytes b)
{
    return _mm256_subs_epu8(a, b);
}

static inline vbytes vb_or(vbytes a, vbytes b)
{
    return _mm256_or_si256(a, b);
}

/* |a - b| */
static inline vbytes vb_distance(vbytes a, vbytes b)
{
    return vb_or(vb_sub_sat(a, b), vb_sub_sat(b, a));
}

static inline vbytes vb_min(vbytes a, vbytes b)
{
    return _mm256_min_epu8(a, b);
}

static inline vbytes vb_max(vbytes a, vbytes b)
{
    return _mm256_max_epu8(a, b);
}

static inline bool vb_any(vbytes a)
{
    return !_mm256_testz_si256(a, a);
}

/* Of words, n in [0, VB / 4]: those outside are 0 and their memory is not touched. */
static inline __m256i vb_words(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vbytes vb_load_words(const uint8_t *p, int64_t n)
{
    return _mm256_maskload_epi32((const int *)p, vb_words(n));
}

static inline void vb_store_words(uint8_t *p, int64_t n, vbytes a)
{
    _mm256_maskstore_epi32((int *)p, vb_words(n), a);
}

/* The bytes of 4 vectors of integers, in [-2^31, 2^31), saturated. */
static inline vbytes vb_of_floats(const __m256 k[4])
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i a = _mm256_packs_epi32(_mm256_cvtps_epi32(k[0]), _mm256_cvtps_epi32(k[1]));
    __m256i b = _mm256_packs_epi32(_mm256_cvtps_epi32(k[2]), _mm256_cvtps_epi32(k[3]));
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b), order);
}

/* Sums of up to 256 vectors: of the bytes at even places and of those at odd ones, in 16 bits. */
typedef struct vsums {
    __m256i even, odd;
} vsums;

static inline vsums vs_zero(void)
{
    return (vsums){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

static inline vsums vs_add(vsums s, vbytes a)
{
    s.even = _mm256_add_epi16(s.even, _mm256_and_si256(a, _mm256_set1_epi16(255)));
    s.odd = _mm256_add_epi16(s.odd, _mm256_srli_epi16(a, 8));
    return s;
}

static inline void vs_add8(int32_t *o, __m128i sums)
{
    __m256i now = _mm256_loadu_si256((const __m256i *)o);
    _mm256_storeu_si256((__m256i *)o, _mm256_add_epi32(now, _mm256_cvtepu16_epi32(sums)));
}

/* o[i] += sum i, for all VB */
static inline void vs_add_to(int32_t *o, vsums s)
{
    __m256i low = _mm256_unpacklo_epi16(s.even, s.odd), high = _mm256_unpackhi_epi16(s.even, s.odd);
    vs_add8(o, _mm256_castsi256_si128(low));
    vs_add8(o + 8, _mm256_castsi256_si128(high));
    vs_add8(o + 16, _mm256_extracti128_si256(low, 1));
    vs_add8(o + 24, _mm256_extracti128_si256(high, 1));
}

/* Weighted sums of two vectors at a time, in 16 bits: of the lower eight bytes of each 128 bits,
 * and of the upper ones. All sums of weights are at most 127. */
typedef struct vmix {
    __m256i low, high;
} vmix;

static inline vmix vm_zero(void)
{
    return (vmix){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

/* s + a * (w % 256) + b * (w / 256) */
static inline vmix vm_add(vmix s, vbytes a, vbytes b, int16_t w)
{
    const __m256i both = _mm256_set1_epi16(w);
    s.low = _mm256_add_epi16(s.low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), both));
    s.high = _mm256_add_epi16(s.high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), both));
    return s;
}

static inline void vm_floats(vmix s, __m256 x[4])
{
    const __m256i zero = _mm256_setzero_si256();
    x[0] = _mm256_cvtepi32_ps(_mm256_unpacklo_epi16(s.low, zero));
    x[1] = _mm256_cvtepi32_ps(_mm256_unpackhi_epi16(s.low, zero));
    x[2] = _mm256_cvtepi32_ps(_mm256_unpacklo_epi16(s.high, zero));
    x[3] = _mm256_cvtepi32_ps(_mm256_unpackhi_epi16(s.high, zero));
}

/* As vb_of_floats, of floats in the order of vm_floats. */
static inline vbytes vm_bytes(const __m256 k[4])
{
    __m256i low = _mm256_packs_epi32(_mm256_cvtps_epi32(k[0]), _mm256_cvtps_epi32(k[1]));
    __m256i high = _mm256_packs_epi32(_mm256_cvtps_epi32(k[2]), _mm256_cvtps_epi32(k[3]));
    return _mm256_packus_epi16(low, high);
}

/*
 * Looks up whole vectors in 256 bytes; returns how many bytes it did. A shuffle looks up 16 and
 * gives 0 where the index is negative, so that in one half of the table part j counts for all
 * indices from 16 j on if it holds the difference to the part before; the subtraction saturates, so
 * that what is negative stays so.
 */
static inline vbytes vb_half_table(const vbytes part[8], vbytes index)
{
    vbytes r = _mm256_shuffle_epi8(part[0], index);
    for (int j = 1; j < 8; j++) {
        index = _mm256_subs_epi8(index, vb_set(16));
        r = _mm256_xor_si256(r, _mm256_shuffle_epi8(part[j], index));
    }
    return r;
}

static inline int64_t vb_table_all(const uint8_t *t, const uint8_t *x, uint8_t *y, int64_t n)
{
    enum { WORTH = 256 }; /* bytes that pay for preparing the parts */
    vbytes part[16];
    if (n < WORTH)
        return 0;
    for (int j = 0; j < 16; j++) {
        part[j] = vb_table(t + 16 * j);
        if (j % 8 != 0)
            part[j] = _mm256_xor_si256(part[j], vb_table(t + 16 * (j - 1)));
    }
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        vbytes a = vb_load(x + i), b = _mm256_xor_si256(a, vb_set(128));
        vb_store(y + i, vb_or(vb_half_table(part, a), vb_half_table(part + 8, b)));
    }
    return i;
}

#endif
