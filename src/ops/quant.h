/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scales and zero points: a number q of 8 bits stands for scale * (q - zero), and x is stored as
 * round(x / scale) + zero, halves to even, saturated (ONNX, QuantizeLinear and DequantizeLinear).
 * Both are done in f32, one rounding per operation. Scales and zero points are checked while
 * loading if they are constants; others are computed with as they come, and NaN is stored as zero.
 */
#ifndef RPR_OPS_QUANT_H
#define RPR_OPS_QUANT_H

#include "ops/node.h"

#define RPR_TYPES_QUANT (RPR_TYPE(RPR_U8) | RPR_TYPE(RPR_I8))

/** channels of parameters that must hold for the whole tensor. */
#define RPR_PER_TENSOR (-1)

/**
 * Inputs `scale` (f32) and `zero` (type t; may be absent or RPR_NONE) of a node: one value, or a
 * vector of one per channel. Constant scales are finite and above zero, zero points of i32 are 0.
 */
int rpr_quant_check(const rpr_graph *g, const rpr_node *n, int scale, int zero, rpr_dtype t,
                    int64_t channels, rpr_error *err);
int rpr_quant_check_zero(const rpr_graph *g, const rpr_node *n, int zero, rpr_dtype t,
                         int64_t channels, rpr_error *err);

/** A vector along an axis of a tensor, or one value, seen in that tensor's shape. */
rpr_view rpr_quant_spread(const rpr_view *p, int axis, const rpr_view *like);

/** Input i, or a view that reads as zeros. */
rpr_view rpr_quant_input(const rpr_node *n, const rpr_view *in, int i);

/** x is rounded; t is u8 or i8. */
static inline int64_t rpr_quant_store(float x, int64_t zero, rpr_dtype t)
{
    const int64_t far = (int64_t)1 << 30, lo = t == RPR_I8 ? INT8_MIN : 0;
    const int64_t hi = t == RPR_I8 ? INT8_MAX : UINT8_MAX;
    int64_t q = rpr_f64_to_i64((double)rintf(x), -far, far) + zero;
    return q < lo ? lo : q > hi ? hi : q;
}

static inline float rpr_quant_load(const rpr_view *x, int64_t at, float scale, int64_t zero)
{
    return (float)(rpr_load_i64(x, at) - zero) * scale;
}

/** Scale and zero point of a whole tensor. */
typedef struct rpr_quant {
    float scale;
    int64_t zero;
} rpr_quant;

rpr_quant rpr_quant_of(const rpr_node *n, const rpr_view *in, int scale, int zero);

/** Element by element; scale and zero are spread over the shape of x and out. */
void rpr_quantise(const rpr_view *x, const rpr_view *scale, const rpr_view *zero,
                  const rpr_view *out);
void rpr_dequantise(const rpr_view *x, const rpr_view *scale, const rpr_view *zero,
                    const rpr_view *out);

/** A dense view of that type and of the shape of v, over new memory (NULL if there is none). */
rpr_view rpr_quant_scratch(rpr_dtype t, const rpr_view *v);

#endif
