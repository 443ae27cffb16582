/* SPDX-License-Identifier: Apache-2.0 */
/* Sliding windows of convolutions and pools: parameters, padding and output extents. */
#ifndef RPR_OPS_WINDOW_H
#define RPR_OPS_WINDOW_H

#include "graph/graph.h"

#define RPR_MAX_SPATIAL (RPR_MAX_RANK - 2)

/**
 * For Conv and pools: output index o and tap k of an axis read input index
 *     o * stride + k * dilation - pad_begin
 * where that is inside the input. For ConvTranspose the roles of input and output are exchanged.
 */
typedef struct rpr_window_spec {
    int spatial; /* axes */
    int64_t kernel[RPR_MAX_SPATIAL];
    int64_t stride[RPR_MAX_SPATIAL];
    int64_t dilation[RPR_MAX_SPATIAL];
    int64_t pad_begin[RPR_MAX_SPATIAL]; /* after auto_pad; never negative */
    int64_t pad_end[RPR_MAX_SPATIAL];
    int64_t out[RPR_MAX_SPATIAL]; /* output extents */
    int64_t group;
    bool ceil_mode;
} rpr_window_spec;

/** Conv, MaxPool, AveragePool. Extents and kernel are of the spatial axes. Errors name the node. */
int rpr_window_parse(const rpr_node *n, int spatial, const int64_t *in_dims, const int64_t *kernel,
                     rpr_window_spec *w, rpr_error *err);

/** ConvTranspose. */
int rpr_conv_transpose_parse(const rpr_node *n, int spatial, const int64_t *in_dims,
                             const int64_t *kernel, rpr_window_spec *w, rpr_error *err);

/** The node's kernel_shape, checked to have `spatial` entries; RPR_ERR_FORMAT if it is absent. */
int rpr_window_kernel(const rpr_node *n, int spatial, int64_t *kernel, rpr_error *err);

/** Pools: output 0 of the type of input 0, which is in the set; output 1 for indices. */
int rpr_pool_infer(rpr_graph *g, rpr_node *n, unsigned types, rpr_error *err);

/**
 * AveragePool by parts: for every window the sum of x - zero in f64, and what it is to be divided
 * by (0 if no tap counts) in i64. Both views have the output's shape.
 */
int rpr_pool_sums(const rpr_node *n, const rpr_view *in, int64_t zero, const rpr_view *sum,
                  const rpr_view *divisor, rpr_error *err);

/** Steps an index through `extent`, last axis fastest; false after the last. */
bool rpr_window_next(int spatial, const int64_t *extent, int64_t *index);

/**
 * One tap of a convolution over one channel plane, planes dense: with coarse index o and
 * fine index o * stride + tap * dilation - pad_begin,
 *     scatter false: coarse[o] += weight * fine[...]      (Conv: coarse is the output)
 *     scatter true:  fine[...] += weight * coarse[o]      (ConvTranspose: coarse is the input)
 */
void rpr_window_tap(const rpr_window_spec *w, const int64_t *tap, double weight, double *coarse,
                    const int64_t *coarse_dims, double *fine, const int64_t *fine_dims,
                    bool scatter);

#endif
