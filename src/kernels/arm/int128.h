/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of 4 words for the integer kernel templates: AArch64's Advanced SIMD, with its dot
 * products if I_DOT is 1. Both multiply signed bytes: values are read as x ^ 0x80.
 */
#ifndef RPR_KERNELS_ARM_INT128_H
#define RPR_KERNELS_ARM_INT128_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define IL 4
#define I_SIGNED 1 /* whether values are read as x ^ 0x80, so that sum128 is to be added */

typedef int32x4_t vi; /* words, or sums */
typedef int8x16_t vw; /* words of weights, ready to be multiplied */
typedef int8x16_t vx; /* words of values, ready to be multiplied */
typedef int itail;    /* the first so many lanes */

static inline vi i_set(int32_t x)
{
    return vdupq_n_s32(x);
}

static inline vi i_load(const void *p)
{
    return vld1q_s32(p);
}

static inline void i_store(void *p, vi a)
{
    vst1q_s32(p, a);
}

/* n in [0, IL] */
static inline itail i_tail(int32_t n)
{
    return n;
}

/* Lanes outside the tail are 0 and their memory is not touched. */
static inline vi i_load_tail(const void *p, itail t)
{
    int32_t words[IL] = {0, 0, 0, 0};
    if (t == IL)
        return i_load(p);
    memcpy(words, p, (size_t)t * sizeof *words);
    return i_load(words);
}

static inline void i_store_tail(void *p, itail t, vi a)
{
    int32_t words[IL];
    if (t == IL) {
        i_store(p, a);
        return;
    }
    i_store(words, a);
    memcpy(p, words, (size_t)t * sizeof *words);
}

/* The first n words, n below IL. */
static inline void i_store_words(void *p, vi a, int32_t n)
{
    int32_t *to = p;
    int32x2_t two = vget_low_s32(a);
    if (n & 2) {
        vst1_s32(to, two);
        two = vget_high_s32(a);
        to += 2;
    }
    if (n & 1)
        vst1_lane_s32(to, two, 0);
}

/* IL sums of three bytes, the lowest first, as words. */
static inline vi i_words24(vi bytes)
{
    static const uint8_t up[16] = {255, 0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11};
    const uint8x16_t words = vqtbl1q_u8(vreinterpretq_u8_s32(bytes), vld1q_u8(up));
    return vshrq_n_s32(vreinterpretq_s32_u8(words), 8);
}

/* The lower three bytes of each sum. */
static inline vi i_bytes24(vi a)
{
    static const uint8_t down[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
    return vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(a), vld1q_u8(down)));
}

static inline vi i_load24(const void *p)
{
    const int32_t *words = p;
    return i_words24(vcombine_s32(vld1_s32(words), vld1_dup_s32(words + 2)));
}

/* Those in the words of the tail. */
static inline vi i_load24_tail(const void *p, itail t)
{
    return i_words24(i_load_tail(p, t));
}

static inline void i_store24(void *p, vi a, int32_t n)
{
    i_store_words(p, i_bytes24(a), n);
}

static inline vi i_add(vi a, vi b)
{
    return vaddq_s32(a, b);
}

static inline vi i_sub(vi a, vi b)
{
    return vsubq_s32(a, b);
}

static inline vw i_weights(const int8_t *p)
{
    return vld1q_s8(p);
}

static inline vx i_values(vi words)
{
    return veorq_s8(vreinterpretq_s8_s32(words), vdupq_n_s8(-128));
}

/* One word for all lanes. */
static inline vx i_value(const void *p)
{
    return i_values(i_set(*(const int32_t *)p));
}

/* sum + the dot products of words */
static inline vi i_dot(vi sum, vx x, vw w)
{
#if I_DOT
    return vdotq_s32(sum, x, w);
#else
    int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(w)));
    int32x4_t high = vpaddlq_s16(vmull_high_s8(x, w));
    return vaddq_s32(sum, vpaddq_s32(low, high));
#endif
}

/* A word of signed bytes for all lanes. Both factors are signed: nothing is too much. */
typedef int8x16_t vmove;

static inline vmove i_move(const void *p)
{
    return vreinterpretq_s8_s32(i_set(*(const int32_t *)p));
}

/* sum + the dot products with weights at w */
static inline vi i_apply(vi sum, vmove d, const int8_t *w)
{
    return i_dot(sum, d, i_weights(w));
}

static inline vi i_excess(vi excess, vmove d)
{
    (void)d;
    return excess;
}

/* True if one of n words is not 0. */
static inline bool i_any(const uint32_t *word, int32_t n)
{
    uint32_t any = 0;
    for (int32_t i = 0; i < n; i++)
        any |= word[i];
    return any != 0;
}

/* rint(z * scale), saturated */
static inline vi i_scaled(vi z, const float *scale)
{
    return vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(z), vld1q_f32(scale)));
}

/* saturate(y + zero): the bytes of y[0], of y[1], ... */
static inline vi i_bytes(const vi y[4], int32_t zero)
{
    const int16x8_t z = vdupq_n_s16((int16_t)zero);
    int16x8_t low = vqmovn_high_s32(vqmovn_s32(y[0]), y[1]);
    int16x8_t high = vqmovn_high_s32(vqmovn_s32(y[2]), y[3]);
    uint8x8_t bytes = vqmovun_s16(vqaddq_s16(low, z));
    return vreinterpretq_s32_u8(vqmovun_high_s16(bytes, vqaddq_s16(high, z)));
}

/* The same: there is one lane of 16 bytes only. */
static inline vi i_lane_bytes(const vi y[4], int32_t zero)
{
    return i_bytes(y, zero);
}

/* table[byte] for every byte, a quarter of the table at a time: others leave a byte as it is */
static inline vi i_look_up(vi bytes, const uint8_t *table)
{
    const uint8x16_t i = vreinterpretq_u8_s32(bytes);
    uint8x16_t y = vqtbl4q_u8(vld1q_u8_x4(table), i);
    y = vqtbx4q_u8(y, vld1q_u8_x4(table + 64), vsubq_u8(i, vdupq_n_u8(64)));
    y = vqtbx4q_u8(y, vld1q_u8_x4(table + 128), vsubq_u8(i, vdupq_n_u8(128)));
    y = vqtbx4q_u8(y, vld1q_u8_x4(table + 192), vsubq_u8(i, vdupq_n_u8(192)));
    return vreinterpretq_s32_u8(y);
}

/* Stores the first n words of part `part` of `parts`. */
static inline void i_put(uint8_t *p, vi bytes, int part, int parts, int32_t n)
{
    int32_t words[IL];
    if (parts == 1) {
        i_store_tail(p, n, bytes);
    } else if (parts == 2 && n == 2) {
        vst1_s32((int32_t *)(void *)p, part ? vget_high_s32(bytes) : vget_low_s32(bytes));
    } else {
        i_store(words, bytes);
        memcpy(p, words + part * (IL / parts), sizeof *words);
    }
}

static inline vi i_unpack8_low(vi a, vi b)
{
    return vreinterpretq_s32_s8(vzip1q_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

static inline vi i_unpack8_high(vi a, vi b)
{
    return vreinterpretq_s32_s8(vzip2q_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

static inline vi i_unpack16_low(vi a, vi b)
{
    return vreinterpretq_s32_s16(vzip1q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

static inline vi i_unpack16_high(vi a, vi b)
{
    return vreinterpretq_s32_s16(vzip2q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

static inline vi i_sub8(vi a, vi b)
{
    return vreinterpretq_s32_s8(vsubq_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

/* a - b of unsigned bytes, saturated to signed ones */
static inline vi i_step8(vi a, vi b)
{
    return vreinterpretq_s32_s8(vqsubq_s8(i_values(a), i_values(b)));
}

static inline vi i_set8(int32_t x)
{
    return vreinterpretq_s32_u8(vdupq_n_u8((uint8_t)x));
}

/* One bit per word in which a byte of a and of b differ by more than that of theta. */
static inline uint32_t i_moved(vi a, vi b, vi theta)
{
    static const uint32_t lane_bits[IL] = {1, 2, 4, 8};
    uint8x16_t d = vabdq_u8(vreinterpretq_u8_s32(a), vreinterpretq_u8_s32(b));
    uint32x4_t over = vreinterpretq_u32_u8(vcgtq_u8(d, vreinterpretq_u8_s32(theta)));
    return vaddvq_u32(vandq_u32(vtstq_u32(over, over), vld1q_u32(lane_bits)));
}

/* Per lane a where its bit is set, else b. */
static inline vi i_select(uint32_t bits, vi a, vi b)
{
    static const uint32_t lane_bits[IL] = {1, 2, 4, 8};
    return vbslq_s32(vtstq_u32(vdupq_n_u32(bits), vld1q_u32(lane_bits)), a, b);
}

/* Bytes of the lanes of a 4-bit mask in ascending order; the rest gives zeros. */
#define LANE(l) 4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3
#define NONE 255, 255, 255, 255
static const uint8_t i_lanes_of[16][16] = {
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

/* The lanes of `bits`, in order, in whole vectors. */
static inline void i_append(uint32_t *to, uint32_t bits, vi a)
{
    const uint8x16_t from = vld1q_u8(i_lanes_of[bits]);
    vst1q_u32(to, vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(a), from)));
}

static inline void i_append_index(int32_t *to, uint32_t bits, int32_t index)
{
    static const int32_t lanes[IL] = {0, 1, 2, 3};
    i_append((uint32_t *)to, bits, i_add(i_set(index), i_load(lanes)));
}

#endif
