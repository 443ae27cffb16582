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

static inline bool vb_any(vbytes a)
{
    return !_mm256_testz_si256(a, a);
}

#endif
