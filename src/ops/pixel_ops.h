/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constructors of the operators without weights. Shapes are given as maps of which only n, h, w and
 * c are read. `act` is the fused activation, NULL for none. Each returns NULL when memory ran out.
 * Where an operator cannot do every shape there is a ..._fits that the caller asks first; a shape
 * that does not fit must not be given to the constructor or to run.
 */
#ifndef RPR_OPS_PIXEL_OPS_H
#define RPR_OPS_PIXEL_OPS_H

#include "ops/pad.h"
#include "ops/pixel_op.h"

/** out = act(in). */
rpr_pixel_op *rpr_pixel_unary_new(const rpr_act *act);

/** out = f(in) for Sqrt, Exp, Log, Neg, Abs, Reciprocal, Floor, Ceil, Round, Erf, by ONNX's name.
 */
bool rpr_pixel_function_fits(const char *name);
rpr_pixel_op *rpr_pixel_function_new(const char *name, const rpr_act *act);

/** out = in, for maps of the same dimensions and any strides. */
rpr_pixel_op *rpr_pixel_copy_new(const rpr_map *shape, const rpr_act *act);

/** out = in[0] op in[1]. Each dimension of each input is the output's or 1. */
bool rpr_pixel_binary_fits(const rpr_map shapes[2], const rpr_map *out);
rpr_pixel_op *rpr_pixel_binary_new(rpr_binary op, const rpr_act *act);

/** out = in[0] < 0 ? in[1] * in[0] : in[0]. in[1] (the slope) broadcasts to in[0]'s dimensions. */
bool rpr_pixel_prelu_fits(const rpr_map shapes[2], const rpr_map *out);
rpr_pixel_op *rpr_pixel_prelu_new(const rpr_act *act);

typedef enum rpr_axis { RPR_AXIS_N, RPR_AXIS_H, RPR_AXIS_W, RPR_AXIS_C } rpr_axis;

/** Joins n_in maps along an axis. The other dimensions agree and n_in <= RPR_PIXEL_MAX_IN. */
bool rpr_pixel_concat_fits(rpr_axis axis, int n_in, const rpr_map *in, const rpr_map *out);
rpr_pixel_op *rpr_pixel_concat_new(rpr_axis axis, int n_in, const rpr_map *in, const rpr_act *act);

/** Windows of a pool; index 0 is h, 1 is w. They are clipped at the borders of the input. */
typedef struct rpr_pool {
    int32_t kernel[2], stride[2], dilation[2];
    int32_t begin[2], end[2]; /* pads; end only counts where count_include_pad is set */
    bool count_include_pad;   /* average: divide by the taps in input and pads, not only in input */
} rpr_pool;

/** False for sizes that are not positive or whose windows reach beyond 32-bit positions. */
bool rpr_pixel_pool_fits(const rpr_pool *pool, const rpr_map *in, const rpr_map *out);
/** A window wholly outside the input gives -inf. */
rpr_pixel_op *rpr_pixel_pool_max_new(const rpr_pool *pool, const rpr_act *act);
/** A window wholly outside the input gives 0. */
rpr_pixel_op *rpr_pixel_pool_average_new(const rpr_pool *pool, const rpr_act *act);

typedef enum rpr_reduce {
    RPR_REDUCE_SUM,
    RPR_REDUCE_MEAN,
    RPR_REDUCE_MAX,
    RPR_REDUCE_MIN
} rpr_reduce;

/** Over all pixels of an image; out is n x 1 x 1 x c. Sums are the same bits on every path. */
rpr_pixel_op *rpr_pixel_reduce_space_new(rpr_reduce kind, const rpr_act *act);
/** Over the channels of a pixel; out is n x h x w x 1. */
rpr_pixel_op *rpr_pixel_reduce_channels_new(rpr_reduce kind, const rpr_act *act);
/** Over the channels of a pixel; out has the input's dimensions. */
rpr_pixel_op *rpr_pixel_softmax_new(const rpr_act *act);

#define RPR_RESIZE_TAPS 4

/**
 * One axis of a resize: output index i is the sum over j of weight[i * taps + j] times the input at
 * index[i * taps + j]. Taps of weight 0 are dropped: they neither cost time nor carry a change.
 */
typedef struct rpr_resize_axis {
    int32_t taps; /* 1 to RPR_RESIZE_TAPS */
    const int32_t *index;
    const float *weight;
} rpr_resize_axis;

/** Separable interpolation. The tables are copied. */
bool rpr_pixel_resize_fits(const rpr_map *in, const rpr_map *out, const rpr_resize_axis *h,
                           const rpr_resize_axis *w);
rpr_pixel_op *rpr_pixel_resize_new(const rpr_map *out, const rpr_resize_axis *h,
                                   const rpr_resize_axis *w, const rpr_act *act);

/**
 * out[n][y][x][k] = in[index N [n]][index H [y]][index W [x]][index C [k]], or `value` where one of
 * the four is negative: every operator that only moves elements axis by axis (slices, pads, nearest
 * resize, tile, expand, channel shuffle). index[axis] NULL stands for 0, 1, 2, ... Copied.
 */
bool rpr_pixel_gather_fits(const rpr_map *in, const rpr_map *out, const int32_t *const index[4]);
rpr_pixel_op *rpr_pixel_gather_new(const rpr_map *out, const int32_t *const index[4], float value,
                                   const rpr_act *act);

/** Output index i is input index start + i * step, for each rpr_axis. */
bool rpr_pixel_slice_fits(const rpr_map *in, const rpr_map *out, const int32_t start[4],
                          const int32_t step[4]);
rpr_pixel_op *rpr_pixel_slice_new(const rpr_map *out, const int32_t start[4], const int32_t step[4],
                                  const rpr_act *act);

/** begin: for each rpr_axis, may be negative (crops). The pads at the end follow from `out`. */
bool rpr_pixel_pad_fits(const rpr_map *in, const rpr_map *out, rpr_pad_mode mode);
rpr_pixel_op *rpr_pixel_pad_new(const rpr_map *in, const rpr_map *out, const int32_t begin[4],
                                rpr_pad_mode mode, float value, const rpr_act *act);

/**
 * Where element (dy, dx) of a block and channel k of the shallow map stand in the deep map's
 * channels: DCR (dy * block + dx) * c + k, CRD (k * block + dy) * block + dx.
 */
typedef enum rpr_block_order { RPR_BLOCK_DCR, RPR_BLOCK_CRD } rpr_block_order;

bool rpr_pixel_depth_to_space_fits(const rpr_map *in, const rpr_map *out, int32_t block);
rpr_pixel_op *rpr_pixel_depth_to_space_new(int32_t block, rpr_block_order order,
                                           const rpr_act *act);
bool rpr_pixel_space_to_depth_fits(const rpr_map *in, const rpr_map *out, int32_t block);
rpr_pixel_op *rpr_pixel_space_to_depth_new(int32_t block, rpr_block_order order,
                                           const rpr_act *act);

#endif
