/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constructors of the operators without weights on maps of u8. Such a map counts in words of four
 * channels: c = rpr_words(channels), strides in words. Padding, the bytes of the last word
 * that are no channels, never changes if that of the inputs does not.
 *
 * As in ops/pixel_ops.h: only n, h, w and c of a shape are read, NULL when memory ran out, and what
 * a ..._fits refuses must not be constructed. There is no fused activation; op->act is none.
 *
 * The operators of ops/pixel_ops.h that only move elements (copy, gather, slice, pad, depth to
 * space of whole words, nearest resize, concat of whole words) work on words as they are. Their
 * fill value is rpr_byte_word(zero point).
 */
#ifndef RPR_OPS_PIXEL_BYTES_H
#define RPR_OPS_PIXEL_BYTES_H

#include "ops/pixel_ops.h"

/** A word of four equal bytes, as maps hold it. */
float rpr_byte_word(uint8_t b);

/** out = table[in], 256 bytes, which are copied. */
rpr_pixel_op *rpr_pixel_bytes_table_new(const uint8_t *table);

/**
 * out = in[0] op in[1]; scales of both inputs and of the output. Each dimension of each input is
 * the output's or 1; an input of one channel has one byte per pixel in a word of its own.
 * `channels`: of both inputs and of the output.
 */
bool rpr_pixel_bytes_binary_fits(const rpr_map shapes[2], const rpr_map *out,
                                 const int32_t channels[3]);
rpr_pixel_op *rpr_pixel_bytes_binary_new(rpr_byte_op op, const rpr_byte_scale scales[3],
                                         const int32_t channels[3]);

/** A map of f32 to one of u8 (c = rpr_words(channels)); padding is the zero point. */
rpr_pixel_op *rpr_pixel_bytes_quantise_new(const rpr_byte_scale *to);
/** And back: out->c is the number of channels. */
rpr_pixel_op *rpr_pixel_bytes_dequantise_new(const rpr_byte_scale *from);

/**
 * Joins n_in maps along an axis; of channels[i] channels (along another axis all are equal). Part i
 * goes through table[i] (256 bytes, copied) unless that is NULL. `table` may be NULL.
 */
bool rpr_pixel_bytes_concat_fits(rpr_axis axis, int n_in, const rpr_map *in,
                                 const int32_t *channels, const rpr_map *out, int32_t out_channels);
rpr_pixel_op *rpr_pixel_bytes_concat_new(rpr_axis axis, int n_in, const rpr_map *in,
                                         const int32_t *channels, const uint8_t *const *table);

/** False, too, where a window lies wholly outside the input or its sum could leave 32 bits. */
bool rpr_pixel_bytes_pool_fits(const rpr_pool *pool, const rpr_map *in, const rpr_map *out);
rpr_pixel_op *rpr_pixel_bytes_max_new(const rpr_pool *pool);
/** QLinearAveragePool. */
rpr_pixel_op *rpr_pixel_bytes_average_new(const rpr_pool *pool, const rpr_byte_scale *from,
                                          const rpr_byte_scale *to);

/** QLinearGlobalAveragePool; out is n x 1 x 1 x c. */
bool rpr_pixel_bytes_mean_fits(const rpr_map *in, const rpr_map *out);
rpr_pixel_op *rpr_pixel_bytes_mean_new(const rpr_map *in, const rpr_byte_scale *from,
                                       const rpr_byte_scale *to);

/**
 * QLinearResize: dequantised, summed with the weights and stored, as one operator. What
 * rpr_pixel_resize_fits refuses must not be constructed. The tables are copied.
 */
rpr_pixel_op *rpr_pixel_bytes_resize_new(const rpr_map *out, const rpr_resize_axis *h,
                                         const rpr_resize_axis *w, const rpr_byte_scale *from,
                                         const rpr_byte_scale *to);

/**
 * rpr_pixel_gather_new with index[RPR_AXIS_C] in channels (out_channels entries; NULL: 0, 1, 2,
 * ...) and a byte as the value. Where channels move in whole words, words are moved.
 */
bool rpr_pixel_bytes_gather_fits(const rpr_map *in, int32_t in_channels, const rpr_map *out,
                                 int32_t out_channels, const int32_t *const index[4]);
rpr_pixel_op *rpr_pixel_bytes_gather_new(int32_t in_channels, const rpr_map *out,
                                         int32_t out_channels, const int32_t *const index[4],
                                         uint8_t value);

/** Of a shallow map of `channels` channels; bytes are moved where these are not whole words. */
bool rpr_pixel_bytes_depth_to_space_fits(const rpr_map *in, const rpr_map *out, int32_t block,
                                         int32_t channels);
rpr_pixel_op *rpr_pixel_bytes_depth_to_space_new(int32_t block, rpr_block_order order,
                                                 int32_t channels);
bool rpr_pixel_bytes_space_to_depth_fits(const rpr_map *in, const rpr_map *out, int32_t block,
                                         int32_t channels);
rpr_pixel_op *rpr_pixel_bytes_space_to_depth_new(int32_t block, rpr_block_order order,
                                                 int32_t channels);

#endif
