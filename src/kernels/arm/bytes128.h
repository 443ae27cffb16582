/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 16 bytes for the kernel templates: AArch64's Advanced SIMD. */
#ifndef RPR_KERNELS_ARM_BYTES128_H
#define RPR_KERNELS_ARM_BYTES128_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

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

static inline bool vb_any(vbytes a)
{
    return vmaxvq_u8(a) != 0;
}

#endif
