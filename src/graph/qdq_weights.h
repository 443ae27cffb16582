/* SPDX-License-Identifier: Apache-2.0 */
/* The constant side of a quantised product: what its weights and bias are as integers. */
#ifndef RPR_GRAPH_QDQ_WEIGHTS_H
#define RPR_GRAPH_QDQ_WEIGHTS_H

#include "graph/qdq.h"

typedef struct rpr_quant_weights {
    int w, scale, zero; /* values; zero may be RPR_NONE */
    rpr_dtype type;     /* u8 or i8 */
    int axis;           /* of the output channels */
    int64_t channels;
    int bias;          /* the f32 constant, or RPR_NONE */
    float alpha, beta; /* factors of the product and of the bias */
    float x_scale, y_scale;
} rpr_quant_weights;

/**
 * True if value `w` is a constant dequantised from 8 bits, by channels of `axis` or as a whole, its
 * weights without zero point fit 8 bits with sign, and sums with any u8 input and the bias fit
 * 32 bits. The bias, too, must be constant, and one number or a vector of the channels.
 */
bool rpr_qdq_read_weights(const rpr_qdq *q, int w, rpr_quant_weights *of);

/**
 * The bias in i32, of scale alpha x_scale w_scale: the one that it was dequantised from if that had
 * this scale, or rounded, if that is fine enough for the output. *value is RPR_NONE where there is
 * no bias; false in *fits if there is no such bias.
 */
int rpr_qdq_make_bias(rpr_qdq *q, const char *name, const rpr_quant_weights *of, int *value,
                      bool *fits);

/** The zero point, which may have been left out. */
int rpr_qdq_weights_zero(rpr_qdq *q, const rpr_quant_weights *of, int *value);

#endif
