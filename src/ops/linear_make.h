/* SPDX-License-Identifier: Apache-2.0 */
/* From an ONNX node with constant weights to a linear layer, one file per operator family. */
#ifndef RPR_OPS_LINEAR_MAKE_H
#define RPR_OPS_LINEAR_MAKE_H

#include "graph/graph.h"
#include "ops/linear.h"

/** Taps along y or x that one input row or column can have. */
#define RPR_LINEAR_MAX_KERNEL 1024

/**
 * *out is NULL, without an error, if the node has no such form: weights that are not constant, more
 * than two spatial axes, other element types, or a bias that varies along pixels.
 * The layer's input has its channels on axis 1 (Conv, ConvTranspose) or on the last (Gemm, MatMul).
 */
int rpr_linear_from_conv(const rpr_graph *g, const rpr_node *n, rpr_linear **out, rpr_error *err);
int rpr_linear_from_conv_transpose(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                   rpr_error *err);
int rpr_linear_from_matrix(const rpr_graph *g, const rpr_node *n, rpr_linear **out, rpr_error *err);

/** The same of u8 and s8, for layers of words; *out is NULL also where a sum may be beyond 32 bits.
 */
int rpr_linear_from_quant_conv(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                               rpr_error *err);
int rpr_linear_from_quant_conv_transpose(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                         rpr_error *err);
int rpr_linear_from_quant_matrix(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                 rpr_error *err);

/* Shared by all. */

/** Everything of a product of rows of x with a matrix but weights, biases and parameters. */
void rpr_matrix_describe(rpr_linear *l, int32_t depth, int32_t columns, const rpr_shape *x);

/** An f32 constant input of a node, or NULL. */
const float *rpr_linear_constant(const rpr_graph *g, const rpr_node *n, int input);

/** Allocates a layer with room for phases, and for `floats` weights plus `biases` floats. */
rpr_linear *rpr_linear_new(int32_t n_phase, int64_t floats, int64_t biases);

/**
 * Makes half weights for corrections, unless the layer is corrected otherwise, has too few output
 * channels to gain, or has weights beyond bf16's range. False if memory ran out.
 */
bool rpr_linear_make_half(rpr_linear *l);

/**
 * Batch and the axes y, x of a node with one or two spatial axes, from its parsed window; with one,
 * the batch is y. False if a size is out of range for a linear layer.
 */
struct rpr_window_spec;
bool rpr_linear_axes(const rpr_shape *in, const rpr_shape *out, const struct rpr_window_spec *w,
                     int32_t *batch, rpr_linear_axis axis[2]);

#endif
