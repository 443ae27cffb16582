/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels: one table of function pointers, one set of functions per instruction set.
 * kernels/ref/ defines what each computes; the others are checked against it (tests/checkkern.c).
 * No kernel reads or writes outside the ranges its arguments describe. No kernel allocates.
 */
#ifndef RPR_KERNELS_KERNELS_H
#define RPR_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/act.h"
#include "kernels/int8.h"
#include "kernels/bytes.h"

/**
 * Packed weights. Output channels stand in blocks of RPR_BLOCK; the last block is narrower, rounded
 * up to RPR_LANE channels with zeros. Within a block: weight rows, one per (ky, kx, input channel)
 * in that order, each as many floats as the block is wide. One packing for dense and delta, and for
 * every instruction set.
 */
#define RPR_BLOCK 64
#define RPR_LANE 16

static inline int32_t rpr_round_lane(int32_t co)
{
    return (co + RPR_LANE - 1) / RPR_LANE * RPR_LANE;
}

/** Width in floats of the block that starts at output channel c0. */
static inline int32_t rpr_block_width(int32_t co, int32_t c0)
{
    int32_t left = rpr_round_lane(co) - c0;
    return left < RPR_BLOCK ? left : RPR_BLOCK;
}

/** Floats of a packed matrix of `rows` weight rows. The block at channel c0 starts at rows * c0. */
static inline int64_t rpr_packed_floats(int64_t rows, int32_t co)
{
    return rows * rpr_round_lane(co);
}

/**
 * Half weights: packed weights rounded to bf16, for corrections. Lanes 2p and 2p + 1 of a weight
 * row share RPR_LANE words. A word's lower 16 bits are the upper ones of lane 2p's weight; the word
 * as it stands, read as a float, is lane 2p + 1's, rounded with those bits below it. A last lane
 * without a partner stands alone. Rounded: |w' - w| <= 2^-8 |w| + 2^-125.
 */
static inline int32_t rpr_half_words(int32_t width)
{
    return (width / RPR_LANE + 1) / 2 * RPR_LANE;
}

/** Words of `rows` weight rows. The block at channel c0 starts at rows * rpr_half_words(c0). */
static inline int64_t rpr_half_packed_words(int64_t rows, int32_t co)
{
    return rows * rpr_half_words(rpr_round_lane(co));
}

/**
 * One row of a dense convolution with group 1:
 *   out[p][o] = bias[o] + sum over ky, kx, i of in[p*in_step + ky*in_row + kx*in_pix + i] *
 * w(ky,kx,i,o) for o in [0, co) and the pixels p in [0, n) with mask[p] != 0 (mask NULL: all). All
 * taps of all pixels lie in readable memory (halo). The sum may be taken in any order, but a
 * pixel's bits depend on nothing else in the row. `out` is written in channels [0, co) only.
 */
typedef struct rpr_conv_row {
    const float *in;
    int64_t in_row, in_pix, in_step; /* floats; dilation and stride included */
    const float *w;                  /* packed, 64-byte aligned */
    const float *bias;               /* rpr_round_lane(co) floats */
    float *out;
    int64_t out_pix; /* floats from output pixel to output pixel */
    const uint8_t *mask;
    int32_t kh, kw, ci, co, n;
} rpr_conv_row;

/**
 * Correction by change lists, for convolutions of any geometry and matrix products. A visit adds a
 * piece of the list to one output pixel:
 *   z[o] += sum over changes e in [first, first + n): delta[e] * w(row + idx[e], o),  o in [0, co)
 * A pixel may be visited several times, in the order of the list. The bits that a visit adds depend
 * on the visit only, not on what else is in the job.
 */
typedef struct rpr_delta_visit {
    float *z;
    int32_t first, n; /* range of the change list, n > 0 */
    int32_t row;      /* weight row of a change with idx 0; may be negative */
} rpr_delta_visit;

typedef struct rpr_delta_job {
    const int32_t *idx;
    const float *delta;
    const float *w;    /* packed, 64-byte aligned; or NULL, and ... */
    const float *half; /* ... half weights, 64-byte aligned */
    int64_t w_rows;    /* weight rows per block */
    int32_t co;
    const rpr_delta_visit *visit;
    int32_t n_visit;
    /* A hint, that changes no bit: the visits read weight rows [first_row, first_row + n_rows), and
       the next job those from next_row on, so that they may be fetched meanwhile. n_rows 0: not
       known; next_row -1: there is no next job. */
    int32_t first_row, n_rows, next_row;
} rpr_delta_job;

/**
 * One row of a depthwise convolution (one output channel per input channel):
 *   out[p][k] = bias[k] + sum over ky, kx of in[p*in_step + ky*in_row + kx*in_pix + k] *
 * w[(ky*kw+kx)*c + k] for the pixels p in [0, n) with mask[p] != 0 (mask NULL: all). Taps are added
 * in the order ky, kx, so that a masked and an unmasked run agree in every bit.
 */
typedef struct rpr_depthwise_row {
    const float *in;
    int64_t in_row, in_pix, in_step;
    const float *w;    /* kh * kw * c floats */
    const float *bias; /* c floats */
    float *out;
    int64_t out_pix;
    const uint8_t *mask;
    int32_t kh, kw, c, n;
} rpr_depthwise_row;

/**
 * Gates. x: new values, xhat: last used values, updated in place where changed; n values.
 * A value is changed when !(|x - xhat| <= theta) (NaN and infinity count as changed), or, for
 * levels, when the centroid of x differs from xhat. If idx is not NULL, idx[j] = base + i and
 * delta[j] = new xhat - old xhat are appended in ascending i; idx and delta have room for
 * n + RPR_LANE entries. Returns the number of changed values. *nonfinite is set to true if a delta
 * was NaN or infinite, and left alone otherwise.
 */
typedef int32_t (*rpr_gate_deadzone_fn)(const float *x, float *xhat, int32_t n, float theta,
                                        int32_t base, int32_t *idx, float *delta, bool *nonfinite);

/**
 * Linear quantiser: q(x) = rint(clamp((x - lo) * inv_step, 0, levels - 1)) (round half to even),
 * centroid = lo + q * step, computed in f32 without contraction. A NaN or infinite x is kept as it
 * is.
 */
typedef struct rpr_levels {
    float lo, step, inv_step;
    float top; /* levels - 1 */
} rpr_levels;

typedef int32_t (*rpr_gate_levels_fn)(const float *x, float *xhat, int32_t n, const rpr_levels *q,
                                      int32_t base, int32_t *idx, float *delta, bool *nonfinite);

typedef enum rpr_binary {
    RPR_BIN_ADD,
    RPR_BIN_SUB,
    RPR_BIN_MUL,
    RPR_BIN_DIV,
    RPR_BIN_MAX,
    RPR_BIN_MIN,
    RPR_BIN_COUNT
} rpr_binary;

#define RPR_BYTE_LEVELS 16 /* ranges of 8-bit values that have a limit of their own */

typedef struct rpr_kernels {
    const char *isa; /* as src/cpu names bundles */
    void (*conv_row)(const rpr_conv_row *r);
    void (*delta)(const rpr_delta_job *j);
    void (*depthwise_row)(const rpr_depthwise_row *r);
    rpr_gate_deadzone_fn gate_deadzone; /* exact is theta = 0 */
    rpr_gate_levels_fn gate_levels;
    /** y[i] = act(x[i]); x == y is allowed. Transcendentals within 4 ulp of libm's. */
    void (*act)(const rpr_act *a, const float *x, float *y, int64_t n);
    /** o[i] = a[i] op b[i]; o may be a or b. MAX and MIN return NaN if either is NaN. */
    void (*binary)(rpr_binary op, const float *a, const float *b, float *o, int64_t n);
    /** o[i] = a[i] op b, or b op a[i] when reversed. */
    void (*binary_scalar)(rpr_binary op, const float *a, float b, bool reversed, float *o,
                          int64_t n);
    /** o[i] = sum over j of w[j] * p[j][i], added in the order of j. m in [1, 16]. */
    void (*weighted_sum)(float *o, const float *const *p, const float *w, int32_t m, int64_t n);
    /** o[i] += a[i]. */
    void (*accumulate)(float *o, const float *a, int64_t n);
    /** o[i] = the largest of p[j][i], NaN if one of them is; m in [1, 16]. o may be p[0]. */
    void (*maximum)(float *o, const float *const *p, int32_t m, int64_t n);
    /** The largest |x[i]|; 0 if n is 0. For finite values. */
    float (*magnitude)(const float *x, int64_t n);
    /** True if every value is finite. */
    bool (*all_finite)(const float *x, int64_t n);
    /** y[i] = x[i] * scale[i % c] + offset[i % c] for n = pixels * c 8-bit values; c in [1, 4].
     *  One rounding per operation, no contraction: the same bits everywhere. */
    void (*u8_to_f32)(const uint8_t *x, float *y, int64_t pixels, int32_t c, const float *scale,
                      const float *offset);
    /** to[k * plane + i] = from[i * pix + k] for i in [0, n) and k in [0, c): channels become
     *  planes. Moves only, the same bits everywhere; plane >= n. */
    void (*planes)(const float *from, int64_t pix, float *to, int64_t plane, int32_t n, int32_t c);
    /** moved[i] = 1 where |now[i] - then[i]| > limit[then[i] / 16], else 0, for n 8-bit values and
     *  RPR_BYTE_LEVELS limits; true if any is. moved may be neither of the others. */
    bool (*u8_moved)(const uint8_t *now, const uint8_t *then, const uint8_t *limit, uint8_t *moved,
                     int64_t n);
    /* Integers: int8.h. */
    void (*conv_row_i8)(const rpr_conv_row_i8 *r);
    void (*delta_i8)(const rpr_delta_job_i8 *j);
    void (*depthwise_row_i8)(const rpr_depthwise_row_i8 *r);
    rpr_gate_words_fn gate_words;
    rpr_requantise_fn requantise;
    const rpr_byte_kernels *bytes;
} rpr_kernels;

/** Table for the best instruction set that the processor has and RPR_ISA (test builds) allows. */
const rpr_kernels *rpr_kernels_best(void);

/** Table of a named instruction set; NULL if not compiled in or the processor lacks it. */
const rpr_kernels *rpr_kernels_named(const char *isa);

#endif
