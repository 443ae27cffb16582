/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 8 floats for the kernel templates. Include after enabling AVX2 and FMA. */
#ifndef RPR_KERNELS_X86_VEC256_H
#define RPR_KERNELS_X86_VEC256_H

#include <immintrin.h>
#include <stdint.h>

#include "kernels/x86/vec4.h"

#define VL 8
#define V_APPENDS_NOTHING 0 /* whether v_append without lanes costs less than a guess */

typedef __m256 vf;
typedef __m256i vtail; /* the first so many lanes */
typedef __m256 vbool;  /* result of a comparison */

static inline vf v_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vf v_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void v_store(float *p, vf a)
{
    _mm256_storeu_ps(p, a);
}

/* n in [0, VL] */
static inline vtail v_tail(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* Lanes outside the tail are 0 and their memory is not touched. */
static inline vf v_load_tail(const float *p, vtail t)
{
    return _mm256_maskload_ps(p, t);
}

static inline void v_store_tail(float *p, vtail t, vf a)
{
    _mm256_maskstore_ps(p, t, a);
}

/* In a register: the compiler does not read it from memory again for every use. */
static inline vf v_kept(vf a)
{
    __asm__("" : "+x"(a));
    return a;
}

/* The upper halves of floats, from the lower halves of words. */
static inline vf v_lower_half(vf words)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(words), 16));
}

static inline vf v_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}

/* a * b + c, rounded once */
static inline vf v_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* c - a * b, one rounding */
static inline vf v_sub_product(vf c, vf a, vf b)
{
    return _mm256_fnmadd_ps(a, b, c);
}

/* a > b ? a : b; so b if either is NaN */
static inline vf v_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}

/* a < b ? a : b; so b if either is NaN */
static inline vf v_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}

static inline vf v_abs(vf a)
{
    return _mm256_andnot_ps(v_set(-0.0f), a);
}

/* The sign bit of `sign` on the magnitude of a (a >= 0). */
static inline vf v_copy_sign(vf a, vf sign)
{
    return _mm256_or_ps(a, _mm256_and_ps(sign, v_set(-0.0f)));
}

/* To the nearest integer, ties to even. */
static inline vf v_round(vf a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* 2^n for integers n in [-126, 127] */
static inline vf v_exp2i(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/* a * 2^n for integral n in [-160, 160] and a in [0.5, 2]; NaN passes */
static inline vf v_scale2(vf a, vf n)
{
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i half = _mm256_srai_epi32(whole, 1); /* 2^n itself may be out of range */
    return v_mul(v_mul(a, v_exp2i(half)), v_exp2i(_mm256_sub_epi32(whole, half)));
}

static inline vbool v_less(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

/* !(a <= b): true for NaN */
static inline vbool v_not_within(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_NLE_UQ);
}

static inline vbool v_is_nan(vf a)
{
    return _mm256_cmp_ps(a, a, _CMP_UNORD_Q);
}

static inline vbool v_or(vbool a, vbool b)
{
    return _mm256_or_ps(a, b);
}

/* c ? a : b */
static inline vf v_select(vbool c, vf a, vf b)
{
    return _mm256_blendv_ps(b, a, c);
}

/* One bit per lane. */
static inline uint32_t v_bits(vbool c)
{
    return (uint32_t)_mm256_movemask_ps(c);
}

static inline uint32_t v_tail_bits(vtail t)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(t));
}

/* VL 8-bit values as floats. */
static inline vf v_load_u8(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

/* VL sums p[i] + b, of 32 bits, as floats. */
static inline vf v_load_sum(const int32_t *p, int32_t b)
{
    __m256i i = _mm256_loadu_si256((const __m256i *)p);
    return _mm256_cvtepi32_ps(_mm256_add_epi32(i, _mm256_set1_epi32(b)));
}

/* Lanes of a 4-bit mask in ascending order, then zeros. */
static const int32_t compress4[16][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0},
                                         {2, 0, 0, 0}, {0, 2, 0, 0}, {1, 2, 0, 0}, {0, 1, 2, 0},
                                         {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0},
                                         {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3}};

static inline void v_append4(int32_t *idx, float *delta, uint32_t bits, int32_t index, __m128 d)
{
    __m128i lanes = _mm_loadu_si128((const __m128i *)compress4[bits]);
    _mm_storeu_si128((__m128i *)idx, _mm_add_epi32(_mm_set1_epi32(index), lanes));
    _mm_storeu_ps(delta, _mm_permutevar_ps(d, lanes));
}

/* Appends the lanes of `bits`: index + lane to idx, d to delta. Writes whole vectors. */
static inline void v_append(int32_t *idx, float *delta, uint32_t bits, int32_t index, vf d)
{
    int low = __builtin_popcount(bits & 15);
    v_append4(idx, delta, bits & 15, index, _mm256_castps256_ps128(d));
    v_append4(idx + low, delta + low, bits >> 4, index + 4, _mm256_extractf128_ps(d, 1));
}

#endif
