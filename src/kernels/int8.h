/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The integer kernels: 8-bit values times 8-bit weights, summed exactly in 32 bits. ref/int8.c
 * defines them; the others give the same bits, because integer sums may be taken in any order.
 *
 * Values are unsigned. A pixel holds its channels side by side, rounded up to a multiple of
 * RPR_WORD bytes; four channels are a word. Weights are signed, and 0 for the channels that fill up
 * a word. Packed weights are those of kernels.h with a word of four weights in the place of a
 * float: blocks of RPR_BLOCK outputs, the last one narrower, and a weight row per (ky, kx, word of
 * input channels), each as many words as the block is wide. Word o of a weight row holds output o's
 * weights for the four channels. pack_i8.h packs.
 *
 * The caller sees to it that bias and 255 * (sum of an output's |weights|) together stay below
 * 2^31, so that no sum overflows, in whatever order.
 *
 * A pixel's sums lie in int32s, or, where z24 says so, in three bytes each: the lowest first,
 * channel by channel, in a whole number of words, the last one filled up with 0. Then the caller
 * sees to it that every sum is in [-2^23, 2^23) when all of its products are in; on the way there
 * it may be anything, as only multiples of 2^24 are lost.
 */
#ifndef RPR_KERNELS_INT8_H
#define RPR_KERNELS_INT8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RPR_WORD 4

/** Words of a pixel of c channels. */
static inline int32_t rpr_words(int32_t c)
{
    return (c + RPR_WORD - 1) / RPR_WORD;
}

/** Bytes of a pixel of c channels. */
static inline int32_t rpr_word_bytes(int32_t c)
{
    return rpr_words(c) * RPR_WORD;
}

/** Words of a pixel's c sums of three bytes. */
static inline int32_t rpr_sum24_words(int32_t c)
{
    return rpr_words(3 * c);
}

/** Sum o of a pixel's sums of three bytes. */
static inline int32_t rpr_sum24(const int32_t *z, int32_t o)
{
    const uint8_t *b = (const uint8_t *)z + 3 * o;
    return b[0] | b[1] << 8 | (int8_t)b[2] * 65536;
}

static inline void rpr_put_sum24(int32_t *z, int32_t o, int32_t sum)
{
    uint8_t *b = (uint8_t *)z + 3 * o;
    for (int i = 0; i < 3; i++)
        b[i] = (uint8_t)((uint32_t)sum >> 8 * i);
}

/**
 * How sums become 8-bit values: y = saturate(rint((float)z * scale[o]) + zero), then table[y].
 * saturate: to [0, 255]; rint: halves to even. One rounding per operation, no contraction: the same
 * bits everywhere.
 */
typedef struct rpr_requant {
    const float *scale;   /* rpr_round_lane(co) finite floats, 0 in the padding */
    int32_t zero;         /* 0 to 255 */
    const uint8_t *table; /* 256 bytes, or NULL */
} rpr_requant;

/**
 * One row of a dense convolution with group 1, as rpr_conv_row:
 *   z[p][o] = bias[o] + sum over ky, kx, i of w(ky,kx,i,o) * in[p*in_step + ky*in_row + kx*in_pix
 *   + i],   i in [0, 4 * ci)
 * for the pixels p in [0, n) with mask[p] != 0 (mask NULL: all). The sums go to z, or through q to
 * a, or both; at least one is not NULL. Other pixels are left alone.
 */
typedef struct rpr_conv_row_i8 {
    const uint8_t *in;
    int64_t in_row, in_pix, in_step; /* bytes; dilation and stride included */
    const int8_t *w;                 /* packed, 64-byte aligned */
    const int32_t *bias;             /* rpr_round_lane(co), 0 in the padding */
    const int32_t *sum128;           /* rpr_sum128_i8's, for instruction sets with signed values */
    int32_t *z;
    int64_t z_pix; /* in words; channels [0, co) are written */
    bool z24;
    uint8_t *a;
    int64_t a_pix;        /* in bytes; channels [0, rpr_word_bytes(co)) are written: those from co
                             on are what sums of 0 give */
    const rpr_requant *q; /* not NULL if a is not */
    const uint8_t *mask;
    int32_t kh, kw, ci, co, n; /* ci in words */
} rpr_conv_row_i8;

/**
 * One row of a depthwise convolution, as rpr_depthwise_row: channel k of the output has the sum
 *   bias[k] + sum over ky, kx of w(ky,kx,k) * in[p*in_step + ky*in_row + kx*in_pix + k]
 * The rest as in rpr_conv_row_i8 with c in the place of co, and z in int32s. Of an input pixel the
 * bytes [0, rpr_word_bytes(c)) are read.
 */
typedef struct rpr_depthwise_row_i8 {
    const uint8_t *in;
    int64_t in_row, in_pix, in_step;
    const int8_t *w; /* packed by rpr_pack_depthwise_i8, 64-byte aligned */
    const int32_t *bias, *sum128;
    int32_t *z;
    int64_t z_pix;
    uint8_t *a;
    int64_t a_pix;
    const rpr_requant *q;
    const uint8_t *mask;
    int32_t kh, kw, c, n; /* c in bytes */
} rpr_depthwise_row_i8;

struct rpr_delta_visit;

/**
 * What byte i of a listed word moved by. `step` holds signed bytes and says it all if that is in
 * [-128, 127], as it is nearly always; the bytes of `rest` are then 0. Else they hold what is left,
 * of the same sign: -1 to -127, or 1 to 128 as an unsigned byte.
 */
static inline int16_t rpr_word_move(uint32_t step, uint32_t rest, int i)
{
    uint8_t s[RPR_WORD], r[RPR_WORD];
    memcpy(s, &step, sizeof s);
    memcpy(r, &rest, sizeof r);
    return (int16_t)((int8_t)s[i] + ((int8_t)s[i] < 0 ? (int8_t)r[i] : r[i]));
}

/**
 * Correction by change lists, as rpr_delta_job, with words as values. A visit adds to its pixel
 *   z[o] += sum over changes e: dot of what step[e] and rest[e] say with word w(row + idx[e], o)
 * The visits' z point to int32s, or to sums of three bytes.
 */
typedef struct rpr_delta_job_i8 {
    const int32_t *idx;
    const uint32_t *step, *rest;
    const int8_t *w; /* packed, 64-byte aligned */
    int64_t w_rows;  /* weight rows per block */
    int32_t co;
    const struct rpr_delta_visit *visit;
    int32_t n_visit;
    int32_t first_row, n_rows, next_row; /* the hint of rpr_delta_job */
    bool z24;
} rpr_delta_job_i8;

/**
 * Gate for words, n of each: one is changed when a byte of it differs by more than theta (0 to
 * 255), and then xhat takes it whole. If idx is not NULL, idx[j] = base + i, and step[j] and
 * rest[j], what x[i] - xhat[i] was (rpr_word_move), are appended in ascending i; all three have
 * room for n + RPR_LANE entries. Returns the number of changed words.
 */
typedef int32_t (*rpr_gate_words_fn)(const uint32_t *x, uint32_t *xhat, int32_t n, int32_t theta,
                                     int32_t base, int32_t *idx, uint32_t *step, uint32_t *rest);

/**
 * Sums to 8-bit values: n pixels of c channels, from z, z_pix words apart, to a, a_pix bytes
 * apart. Reads channels [0, c), writes [0, rpr_word_bytes(c)) as rpr_conv_row_i8 does.
 */
typedef void (*rpr_requantise_fn)(const rpr_requant *q, const int32_t *z, int64_t z_pix, bool z24,
                                  uint8_t *a, int64_t a_pix, int32_t c, int32_t n);

#endif
