/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 16 bytes for the kernel templates: AArch64's Advanced SIMD. */
#ifndef RPR_KERNELS_ARM_BYTES128_H
#define RPR_KERNELS_ARM_BYTES128_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/arm/vec128.h"

#define VB 16

typedef uint8x16_t vbytes;

static inline vbytes vb_set(uint8_t x)
{
    return vdupq_n_u8(x);
}

static inline vbytes vb_load(const uint8_t *p)
{
    return vld1q_u8(p);
}

static inline void vb_store(uint8_t *p, vbytes a)
{
    vst1q_u8(p, a);
}

/* 16 bytes, ready for vb_look_up */
static inline vbytes vb_table(const uint8_t *p)
{
    return vld1q_u8(p);
}

/* table[index], index below 16 */
static inline vbytes vb_look_up(vbytes table, vbytes index)
{
    return vqtbl1q_u8(table, index);
}

/* a / 16 */
static inline vbytes vb_high_digit(vbytes a)
{
    return vshrq_n_u8(a, 4);
}

/* a - b, or 0 */
static inline vbytes vb_sub_sat(vbytes a, vbytes b)
{
    return vqsubq_u8(a, b);
}

static inline vbytes vb_or(vbytes a, vbytes b)
{
    return vorrq_u8(a, b);
}

/* |a - b| */
static inline vbytes vb_distance(vbytes a, vbytes b)
{
    return vabdq_u8(a, b);
}

static inline vbytes vb_min(vbytes a, vbytes b)
{
    return vminq_u8(a, b);
}

static inline vbytes vb_max(vbytes a, vbytes b)
{
    return vmaxq_u8(a, b);
}

static inline bool vb_any(vbytes a)
{
    return vmaxvq_u8(a) != 0;
}

/* Of words, n in [0, VB / 4]: those outside are 0 and their memory is not touched. */
static inline vbytes vb_load_words(const uint8_t *p, int64_t n)
{
    return vreinterpretq_u8_f32(v_load_tail((const float *)p, v_tail(n)));
}

static inline void vb_store_words(uint8_t *p, int64_t n, vbytes a)
{
    v_store_tail((float *)p, v_tail(n), vreinterpretq_f32_u8(a));
}

static inline uint8x8_t vb_half_of_floats(vf a, vf b)
{
    uint16x4_t low = vqmovun_s32(vcvtq_s32_f32(a));
    return vqmovn_u16(vqmovun_high_s32(low, vcvtq_s32_f32(b)));
}

/* The bytes of 4 vectors of integers, in [-2^31, 2^31), saturated. */
static inline vbytes vb_of_floats(const vf k[4])
{
    return vcombine_u8(vb_half_of_floats(k[0], k[1]), vb_half_of_floats(k[2], k[3]));
}

/* Sums of up to 256 vectors, in 16 bits. */
typedef struct vsums {
    uint16x8_t low, high;
} vsums;

static inline vsums vs_zero(void)
{
    return (vsums){vdupq_n_u16(0), vdupq_n_u16(0)};
}

static inline vsums vs_add(vsums s, vbytes a)
{
    s.low = vaddw_u8(s.low, vget_low_u8(a));
    s.high = vaddw_high_u8(s.high, a);
    return s;
}

static inline void vs_add8(int32_t *o, uint16x8_t sums)
{
    uint32x4_t a = vreinterpretq_u32_s32(vld1q_s32(o)), b = vreinterpretq_u32_s32(vld1q_s32(o + 4));
    vst1q_s32(o, vreinterpretq_s32_u32(vaddw_u16(a, vget_low_u16(sums))));
    vst1q_s32(o + 4, vreinterpretq_s32_u32(vaddw_high_u16(b, sums)));
}

/* o[i] += sum i, for all VB */
static inline void vs_add_to(int32_t *o, vsums s)
{
    vs_add8(o, s.low);
    vs_add8(o + 8, s.high);
}

/* Weighted sums of two vectors at a time, in 16 bits. All sums of weights are at most 127. */
typedef struct vmix {
    uint16x8_t low, high;
} vmix;

static inline vmix vm_zero(void)
{
    return (vmix){vdupq_n_u16(0), vdupq_n_u16(0)};
}

/* s + a * (w % 256) + b * (w / 256) */
static inline vmix vm_add(vmix s, vbytes a, vbytes b, int16_t w)
{
    const vbytes first = vdupq_n_u8((uint8_t)w), second = vdupq_n_u8((uint8_t)(w >> 8));
    s.low = vmlal_u8(s.low, vget_low_u8(a), vget_low_u8(first));
    s.high = vmlal_high_u8(s.high, a, first);
    s.low = vmlal_u8(s.low, vget_low_u8(b), vget_low_u8(second));
    s.high = vmlal_high_u8(s.high, b, second);
    return s;
}

static inline void vm_floats(vmix s, vf x[4])
{
    x[0] = vcvtq_f32_u32(vmovl_u16(vget_low_u16(s.low)));
    x[1] = vcvtq_f32_u32(vmovl_high_u16(s.low));
    x[2] = vcvtq_f32_u32(vmovl_u16(vget_low_u16(s.high)));
    x[3] = vcvtq_f32_u32(vmovl_high_u16(s.high));
}

static inline vbytes vm_bytes(const vf k[4])
{
    return vb_of_floats(k);
}

/* Looks up whole vectors in 256 bytes; returns how many bytes it did. */
static inline int64_t vb_table_all(const uint8_t *t, const uint8_t *x, uint8_t *y, int64_t n)
{
    uint8x16x4_t quarter[4];
    for (int i = 0; i < 4; i++)
        quarter[i] = vld1q_u8_x4(t + 64 * i);
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        vbytes a = vb_load(x + i), r = vqtbl4q_u8(quarter[0], a);
        for (int j = 1; j < 4; j++)
            r = vqtbx4q_u8(r, quarter[j], vsubq_u8(a, vb_set((uint8_t)(64 * j))));
        vb_store(y + i, r);
    }
    return i;
}

#endif
