/* SPDX-License-Identifier: Apache-2.0 */
/* From a node of quantised numbers to a layer of words: what all operators share. */
#ifndef RPR_OPS_LINEAR_QUANT_H
#define RPR_OPS_LINEAR_QUANT_H

#include "ops/linear_make.h"

/** Which inputs of a node are what; RPR_NONE if there is no such input. */
typedef struct rpr_quant_places {
    int bias, out_scale, out_zero, table;
} rpr_quant_places;

/** A node's parameters, and its weights without zero point as [output][depth]. */
typedef struct rpr_quant_product {
    int8_t *w; /* owned */
    int64_t depth;
    int32_t outputs;
    float x_scale, y_scale;
    uint8_t x_zero, y_zero;
    const float *w_scale;
    int64_t w_scales; /* one, or one per output */
    const int32_t *bias;
    const uint8_t *table;
} rpr_quant_product;

/** Value (o, k) of a constant is at o * so + k / run * sk + k % run. */
typedef struct rpr_quant_strides {
    int64_t so, sk, run;
} rpr_quant_strides;

/** The arrays of one phase's outputs. */
typedef struct rpr_quant_arrays {
    int32_t *bias, *sum128;
    float *scale;
} rpr_quant_arrays;

/** A node of u8 activations and constant 8-bit weights (inputs 0 and 3). */
bool rpr_quant_is_layer(const rpr_graph *g, const rpr_node *n);

/** Fills everything but weights; false if something is not constant or of the wrong size. */
bool rpr_quant_find(const rpr_graph *g, const rpr_node *n, const rpr_quant_places *p,
                    rpr_quant_product *q);

/**
 * Weights minus zero point. False if they do not fit in 8 bits, or memory ran out (then q->w is
 * NULL).
 */
bool rpr_quant_take(const rpr_graph *g, const rpr_node *n, rpr_quant_strides s,
                    rpr_quant_product *q);

/** A layer with room for words of weights, and for all that is kept of `biases` outputs. */
rpr_linear *rpr_quant_new(const rpr_quant_product *q, int32_t n_phase, int64_t words,
                          int64_t biases);

/** Those of the outputs from `first` on, in a layer of so many words and biases. */
rpr_quant_arrays rpr_quant_arrays_of(rpr_linear *l, int64_t words, int64_t biases, int64_t first);

/** Of the sums of some outputs. Starts as zero. */
typedef struct rpr_sum_range {
    int64_t least, most; /* for any input */
    int64_t magnitude;   /* no part of the products passes it either */
} rpr_sum_range;

/**
 * Weights, biases and scales of a phase that is described but for them: outputs o0, o0 + 1, ... of
 * q. Bias and scale are those of output o modulo q->outputs, for residues that are folded. Widens
 * the range to hold their sums.
 */
void rpr_quant_fill(const rpr_quant_product *q, rpr_phase *p, float *w, int64_t o0,
                    const rpr_quant_arrays *to, rpr_sum_range *sums);

/** The layer with all that follows from its phases; freed, and NULL, if a sum may pass 32 bits. */
rpr_linear *rpr_quant_settle(rpr_linear *l, const rpr_sum_range *sums);

#endif
