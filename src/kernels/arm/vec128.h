/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 4 floats for the kernel templates: AArch64's Advanced SIMD, which includes FMA. */
#ifndef RPR_KERNELS_ARM_VEC128_H
#define RPR_KERNELS_ARM_VEC128_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define VL 4
#define V_APPENDS_NOTHING 0 /* whether v_append without lanes costs less than a guess */

typedef float32x4_t vf;
typedef int vtail;        /* the first so many lanes */
typedef uint32x4_t vbool; /* result of a comparison: all bits of a lane or none */

static inline vf v_set(float x)
{
    return vdupq_n_f32(x);
}

static inline vf v_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void v_store(float *p, vf a)
{
    vst1q_f32(p, a);
}

/* n in [0, VL] */
static inline vtail v_tail(int64_t n)
{
    return (vtail)n;
}

/* Lanes outside the tail are 0 and their memory is not touched. */
static inline vf v_load_tail(const float *p, vtail t)
{
    const float32x2_t none = vdup_n_f32(0.0f);
    switch (t) {
    case 0:
        return vcombine_f32(none, none);
    case 1:
        return vcombine_f32(vld1_lane_f32(p, none, 0), none);
    case 2:
        return vcombine_f32(vld1_f32(p), none);
    case 3:
        return vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, none, 0));
    default:
        return v_load(p);
    }
}

static inline void v_store_tail(float *p, vtail t, vf a)
{
    if (t == VL) {
        v_store(p, a);
        return;
    }
    if (t & 2)
        vst1_f32(p, vget_low_f32(a));
    if (t == 1)
        vst1q_lane_f32(p, a, 0);
    else if (t == 3)
        vst1q_lane_f32(p + 2, a, 2);
}

/* In a register: the compiler does not read it from memory again for every use. */
static inline vf v_kept(vf a)
{
    __asm__("" : "+w"(a));
    return a;
}

/* The upper halves of floats, from the lower halves of words. */
static inline vf v_lower_half(vf words)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(words), 16));
}

static inline vf v_add(vf a, vf b)
{
    return vaddq_f32(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return vsubq_f32(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return vmulq_f32(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return vdivq_f32(a, b);
}

/* a * b + c, rounded once */
static inline vf v_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}

/* c - a * b, one rounding */
static inline vf v_sub_product(vf c, vf a, vf b)
{
    return vfmsq_f32(c, a, b);
}

/* a > b ? a : b; so b if either is NaN, which vmaxq_f32 would return instead */
static inline vf v_max(vf a, vf b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

/* a < b ? a : b; so b if either is NaN */
static inline vf v_min(vf a, vf b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

static inline vf v_abs(vf a)
{
    return vabsq_f32(a);
}

/* The sign bit of `sign` on the magnitude of a (a >= 0). */
static inline vf v_copy_sign(vf a, vf sign)
{
    return vbslq_f32(vdupq_n_u32(0x80000000u), sign, a);
}

/* To the nearest integer, ties to even. */
static inline vf v_round(vf a)
{
    return vrndnq_f32(a);
}

/* 2^n for integers n in [-126, 127] */
static inline vf v_exp2i(int32x4_t n)
{
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}

/* a * 2^n for integral n in [-160, 160] and a in [0.5, 2]; NaN passes */
static inline vf v_scale2(vf a, vf n)
{
    int32x4_t whole = vcvtq_s32_f32(n);
    int32x4_t half = vshrq_n_s32(whole, 1); /* 2^n itself may be out of range */
    return v_mul(v_mul(a, v_exp2i(half)), v_exp2i(vsubq_s32(whole, half)));
}

static inline vbool v_less(vf a, vf b)
{
    return vcltq_f32(a, b);
}

/* !(a <= b): true for NaN */
static inline vbool v_not_within(vf a, vf b)
{
    return vmvnq_u32(vcleq_f32(a, b));
}

static inline vbool v_is_nan(vf a)
{
    return vmvnq_u32(vceqq_f32(a, a));
}

static inline vbool v_or(vbool a, vbool b)
{
    return vorrq_u32(a, b);
}

/* c ? a : b */
static inline vf v_select(vbool c, vf a, vf b)
{
    return vbslq_f32(c, a, b);
}

/* One bit per lane. */
static inline uint32_t v_bits(vbool c)
{
    static const uint32_t lane_bits[VL] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(c, vld1q_u32(lane_bits)));
}

static inline uint32_t v_tail_bits(vtail t)
{
    return (1u << t) - 1;
}

/* VL 8-bit values as floats. */
static inline vf v_load_u8(const uint8_t *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof four);
    uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(four));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}

/* VL sums p[i] + b, of 32 bits, as floats. */
static inline vf v_load_sum(const int32_t *p, int32_t b)
{
    return vcvtq_f32_s32(vaddq_s32(vld1q_s32(p), vdupq_n_s32(b)));
}

/* Bytes of the lanes of a 4-bit mask in ascending order; the rest gives zeros. */
#define LANE(l) 4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3
#define NONE 255, 255, 255, 255
static const uint8_t compress_bytes[16][16] = {
    {NONE, NONE, NONE, NONE},          {LANE(0), NONE, NONE, NONE},
    {LANE(1), NONE, NONE, NONE},       {LANE(0), LANE(1), NONE, NONE},
    {LANE(2), NONE, NONE, NONE},       {LANE(0), LANE(2), NONE, NONE},
    {LANE(1), LANE(2), NONE, NONE},    {LANE(0), LANE(1), LANE(2), NONE},
    {LANE(3), NONE, NONE, NONE},       {LANE(0), LANE(3), NONE, NONE},
    {LANE(1), LANE(3), NONE, NONE},    {LANE(0), LANE(1), LANE(3), NONE},
    {LANE(2), LANE(3), NONE, NONE},    {LANE(0), LANE(2), LANE(3), NONE},
    {LANE(1), LANE(2), LANE(3), NONE}, {LANE(0), LANE(1), LANE(2), LANE(3)}};
#undef LANE
#undef NONE

/* Appends the lanes of `bits`: index + lane to idx, d to delta. Writes whole vectors. */
static inline void v_append(int32_t *idx, float *delta, uint32_t bits, int32_t index, vf d)
{
    static const int32_t lanes[VL] = {0, 1, 2, 3};
    uint8x16_t from = vld1q_u8(compress_bytes[bits]);
    int32x4_t i = vaddq_s32(vdupq_n_s32(index), vld1q_s32(lanes));
    vst1q_s32(idx, vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(i), from)));
    vst1q_f32(delta, vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(d), from)));
}

typedef float32x4_t v4;

static inline v4 v4_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void v4_store(float *p, v4 a)
{
    vst1q_f32(p, a);
}

/* Rows become columns. */
static inline void v4_transpose(v4 r[4])
{
    const float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);
    r[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    r[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    r[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    r[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

#endif
