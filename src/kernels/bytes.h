/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels on 8-bit values without weights. A byte q stands for (q - zero) * scale; a number r is
 * stored as rint(r / scale) + zero, halves to even, saturated to [0, 255], NaN as `zero`: the
 * definitions of ONNX, as ops/quant.h has them. One f32 rounding per operation, no contraction: the
 * same bits on every instruction set. No kernel reads or writes outside the ranges its arguments
 * describe. kernels/ref/bytes.c defines what each computes.
 */
#ifndef RPR_KERNELS_BYTES_H
#define RPR_KERNELS_BYTES_H

#include <stdbool.h>
#include <stdint.h>

/** scale is finite and above zero; zero in [0, 255]. */
typedef struct rpr_byte_scale {
    float scale;
    int32_t zero;
} rpr_byte_scale;

typedef enum rpr_byte_op { RPR_BYTE_ADD, RPR_BYTE_MUL } rpr_byte_op;

/** Arithmetic of bytes of the scales a and b to bytes of the scale `to`. */
typedef struct rpr_byte_binary {
    rpr_byte_op op;
    rpr_byte_scale a, b, to;
    /* ADD, where `by_ratio`: rint(fma(a, mul[0], fma(b, mul[1], add))), saturated, with the ratios
       of the scales; `turned`: a is the operator's second operand, so the inner product. Else the
       sum of both numbers is divided and stored.
       MUL: a short cut to the result before rounding, (a - zero) * (b - zero) * mul[0] + add. Where
       it is within `limit` of an integer, that is the result; a limit below zero: never. */
    bool by_ratio, turned;
    float mul[2], add, limit;
} rpr_byte_binary;

/** Ratios of ADD are below this: with larger ones the differences of products lose bits. */
#define RPR_BYTE_RATIOS 256.0f

rpr_byte_binary rpr_byte_binary_of(rpr_byte_op op, rpr_byte_scale a, rpr_byte_scale b,
                                   rpr_byte_scale to);

/** The same with the operands in the other order: the kernels' a is the operator's b. */
rpr_byte_binary rpr_byte_binary_turned(const rpr_byte_binary *q);

/** An average: rint((float)(sum + bias) * mul / div / step + before) + after, saturated; NaN is as
 * 0.
 */
typedef struct rpr_byte_average {
    int32_t bias; /* -(count * zero point of the values) */
    float mul, div, step;
    float before;  /* added before rounding: an integer of at most 255 */
    int32_t after; /* and behind, in [0, 255] */
} rpr_byte_average;

#define RPR_BYTE_ROWS 16 /* that accumulate, maximum and mix take at once */

/** Weighted sums of bytes of one scale, stored with another. */
typedef struct rpr_byte_mix {
    rpr_byte_scale from, to;
    /* A short cut to the result before rounding: (the weighted sum of the bytes) * ratio + add.
       Where it is within `limit` of an integer, that is the result; a limit below zero: never. */
    float ratio, add, limit;
    /* 1 / to.scale where sums and quotients stay far from the ends of f32 and of 32-bit integers,
       else 0. */
    float inverse;
    float steps, step; /* of the weights, and ratio / steps */
} rpr_byte_mix;

/** What all sums with one rpr_byte_mix have in common. */
typedef struct rpr_byte_weights {
    int32_t m;    /* of each at most so many */
    double most;  /* the largest sum of their magnitudes */
    double drift; /* the furthest that their sum is from 1 */
    /* If not 0, a power of two of which each weight is so many parts, none below 0; of one sum at
       most RPR_BYTE_STEPS. */
    float steps;
} rpr_byte_weights;

#define RPR_BYTE_STEPS 127

rpr_byte_mix rpr_byte_mix_of(rpr_byte_scale from, rpr_byte_scale to, const rpr_byte_weights *w);

typedef struct rpr_byte_kernels {
    /** y[i] = table[x[i]], table of 256; y may be x. */
    void (*table)(const uint8_t *table, const uint8_t *x, uint8_t *y, int64_t n);
    /** o[i] = a[i] op b[i]; o may be a or b. q is from rpr_byte_binary_of. */
    void (*binary)(const rpr_byte_binary *q, const uint8_t *a, const uint8_t *b, uint8_t *o,
                   int64_t n);
    /** o[i] = a[i] op b; o may be a. For b op a[i]: rpr_byte_binary_turned. */
    void (*binary_scalar)(const rpr_byte_binary *q, const uint8_t *a, uint8_t b, uint8_t *o,
                          int64_t n);
    /** y[i] = x[i] stored with that scale. */
    void (*quantise)(const rpr_byte_scale *to, const float *x, uint8_t *y, int64_t n);
    /** y[i] = what x[i] stands for. */
    void (*dequantise)(const rpr_byte_scale *from, const uint8_t *x, float *y, int64_t n);
    /** y[i] = the average of a sum. sum[i] + bias fits 32 bits. */
    void (*average)(const rpr_byte_average *q, const int32_t *sum, uint8_t *y, int64_t n);
    /** o[i] += the sum over j of p[j][i]; m in [1, RPR_BYTE_ROWS]. */
    void (*accumulate)(int32_t *o, const uint8_t *const *p, int32_t m, int64_t n);
    /** o[i] = the largest of p[j][i]; m in [1, RPR_BYTE_ROWS]. o may be p[0]. */
    void (*maximum)(uint8_t *o, const uint8_t *const *p, int32_t m, int64_t n);
    /** o[i] = the sum over j of w[j] * (what p[j][i] stands for), added in the order of j and
     *  stored; m in [1, RPR_BYTE_ROWS]. q is from rpr_byte_mix_of, for such weights. */
    void (*mix)(const rpr_byte_mix *q, uint8_t *o, const uint8_t *const *p, const float *w,
                int32_t m, int64_t n);
} rpr_byte_kernels;

#endif
