/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 16 floats for the kernel templates. Include after enabling AVX-512 F, BW, DQ, VL. */
#ifndef RPR_KERNELS_X86_VEC512_H
#define RPR_KERNELS_X86_VEC512_H

#include <immintrin.h>
#include <stdint.h>

#include "kernels/x86/vec4.h"

#define VL 16
#define V_APPENDS_NOTHING 1 /* whether v_append without lanes costs less than a guess */

typedef __m512 vf;
typedef __mmask16 vtail; /* the first so many lanes */
typedef __mmask16 vbool; /* result of a comparison */

static inline vf v_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vf v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void v_store(float *p, vf a)
{
    _mm512_storeu_ps(p, a);
}

/* n in [0, VL] */
static inline vtail v_tail(int64_t n)
{
    return (vtail)((1u << n) - 1);
}

/* Lanes outside the tail are 0 and their memory is not touched. */
static inline vf v_load_tail(const float *p, vtail t)
{
    return _mm512_maskz_loadu_ps(t, p);
}

static inline void v_store_tail(float *p, vtail t, vf a)
{
    _mm512_mask_storeu_ps(p, t, a);
}

/* In a register: the compiler does not read it from memory again for every use. */
static inline vf v_kept(vf a)
{
    __asm__("" : "+v"(a));
    return a;
}

/* Vectors of 8 floats, which take half the time of a processor that splits vectors of 16. */
#define VH 8

typedef __m256 vh;

static inline vh vh_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vh vh_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vh_store(float *p, vh a)
{
    _mm256_storeu_ps(p, a);
}

/* The tail has at most VH lanes. */
static inline vh vh_load_tail(const float *p, vtail t)
{
    return _mm256_maskz_loadu_ps((__mmask8)t, p);
}

static inline void vh_store_tail(float *p, vtail t, vh a)
{
    _mm256_mask_storeu_ps(p, (__mmask8)t, a);
}

static inline vh vh_kept(vh a)
{
    __asm__("" : "+v"(a));
    return a;
}

/* a * b + c, rounded once */
static inline vh vh_fma(vh a, vh b, vh c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* The upper halves of floats, from the lower halves of words. */
static inline vf v_lower_half(vf words)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(words), 16));
}

static inline vf v_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}

/* a * b + c, rounded once */
static inline vf v_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* c - a * b, one rounding */
static inline vf v_sub_product(vf c, vf a, vf b)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/* a > b ? a : b; so b if either is NaN */
static inline vf v_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}

/* a < b ? a : b; so b if either is NaN */
static inline vf v_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}

static inline vf v_abs(vf a)
{
    return _mm512_abs_ps(a);
}

/* The sign bit of `sign` on the magnitude of a (a >= 0). */
static inline vf v_copy_sign(vf a, vf sign)
{
    return _mm512_or_ps(a, _mm512_and_ps(sign, v_set(-0.0f)));
}

/* To the nearest integer, ties to even. */
static inline vf v_round(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for integral n in [-160, 160] and a in [0.5, 2]; NaN passes */
static inline vf v_scale2(vf a, vf n)
{
    return _mm512_scalef_ps(a, n);
}

static inline vbool v_less(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

/* !(a <= b): true for NaN */
static inline vbool v_not_within(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ);
}

static inline vbool v_is_nan(vf a)
{
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}

static inline vbool v_or(vbool a, vbool b)
{
    return a | b;
}

/* c ? a : b */
static inline vf v_select(vbool c, vf a, vf b)
{
    return _mm512_mask_blend_ps(c, b, a);
}

/* One bit per lane. */
static inline uint32_t v_bits(vbool c)
{
    return c;
}

static inline uint32_t v_tail_bits(vtail t)
{
    return t;
}

/* VL 8-bit values as floats. */
static inline vf v_load_u8(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}

/* VL sums p[i] + b, of 32 bits, as floats. */
static inline vf v_load_sum(const int32_t *p, int32_t b)
{
    return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_loadu_si512(p), _mm512_set1_epi32(b)));
}

/*
 * Appends the lanes of `bits`: index + lane to idx, d to delta. Writes whole vectors. Compresses in
 * registers, because a compressing store is slow on Zen 4.
 */
static inline void v_append(int32_t *idx, float *delta, uint32_t bits, int32_t index, vf d)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i i = _mm512_add_epi32(_mm512_set1_epi32(index), lane);
    _mm512_storeu_si512(idx, _mm512_maskz_compress_epi32((__mmask16)bits, i));
    _mm512_storeu_ps(delta, _mm512_maskz_compress_ps((__mmask16)bits, d));
}

#endif
