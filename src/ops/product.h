/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes and sums of Conv and MatMul, for the operators that are made of them. */
#ifndef RPR_OPS_PRODUCT_H
#define RPR_OPS_PRODUCT_H

#include "ops/walk.h"
#include "ops/window.h"

/** The window of Conv; ranks, kernel_shape, channels and groups are checked. */
int rpr_conv_window(const rpr_node *n, const rpr_shape *x, const rpr_shape *w, rpr_window_spec *win,
                    rpr_error *err);

/** The same of ConvTranspose, with its output channels. */
int rpr_conv_transpose_window(const rpr_node *n, const rpr_shape *x, const rpr_shape *w,
                              rpr_window_spec *win, int64_t *channels, rpr_error *err);

/** Output 0 gets the type t and the shape that a convolution by this window gives. */
int rpr_conv_set_output(rpr_graph *g, const rpr_node *n, rpr_dtype t, int64_t batch,
                        int64_t channels, const rpr_window_spec *w, rpr_error *err);

typedef struct rpr_conv_views {
    rpr_view x, w, y;
    rpr_view bias; /* a vector, where biased */
    bool biased;
} rpr_conv_views;

/** y = x * w + bias by the node's attributes, summed in double. */
int rpr_conv_sum(const rpr_node *n, const rpr_conv_views *of, rpr_error *err);
/** The same of ConvTranspose. */
int rpr_conv_transpose_sum(const rpr_node *n, const rpr_conv_views *of, rpr_error *err);

/** The shape of a product by numpy's rules. */
int rpr_matmul_shape(const rpr_node *n, const rpr_shape *a, const rpr_shape *b, rpr_shape *out,
                     rpr_error *err);

/** c = a b: floating point is summed in double, integers wrap. */
int rpr_matmul_sum(const rpr_node *n, rpr_view a, rpr_view b, rpr_view c, rpr_error *err);

#endif
