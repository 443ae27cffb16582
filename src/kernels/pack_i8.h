/* SPDX-License-Identifier: Apache-2.0 */
/* Packing weights for the integer kernels. */
#ifndef RPR_KERNELS_PACK_I8_H
#define RPR_KERNELS_PACK_I8_H

#include <stdint.h>

/** Bytes of a packed matrix of `rows` weight rows. The block at channel c0 starts at 4 rows * c0.
 */
int64_t rpr_packed_bytes_i8(int64_t rows, int32_t co);

/**
 * Packs weights into int8.h's layout. src(o, t, i) = src[o * so + t * st + i * si] for output
 * channel o, tap t in ky, kx order, input channel i in [0, ci). dst: rpr_packed_bytes_i8(taps *
 * rpr_words(ci), co) bytes.
 */
void rpr_pack_i8(int8_t *dst, const int8_t *src, int32_t co, int32_t taps, int32_t ci, int64_t so,
                 int64_t st, int64_t si);

/** sum[o] = 128 * the sum of output o's weights, for rpr_round_lane(co) outputs. */
void rpr_sum128_i8(int32_t *sum, const int8_t *packed, int64_t rows, int32_t co);

/** Bytes of packed depthwise weights; their layout is the kernels' own affair. */
int64_t rpr_depthwise_bytes_i8(int32_t kh, int32_t kw, int32_t c);

/** Bytes before their second half, the pairs. */
int64_t rpr_depthwise_pairs_i8(int32_t kh, int32_t kw, int32_t c);

/**
 * Packs depthwise weights. src(k, t) = src[k * sk + t * st] for channel k and tap t in ky, kx
 * order. dst: rpr_depthwise_bytes_i8(kh, kw, c) bytes.
 */
void rpr_pack_depthwise_i8(int8_t *dst, const int8_t *src, int32_t kh, int32_t kw, int32_t c,
                           int64_t sk, int64_t st);

/** Channel k's weight of tap (ky, kx). */
int8_t rpr_depthwise_weight_i8(const int8_t *packed, int32_t kh, int32_t kw, int32_t c, int32_t ky,
                               int32_t kx, int32_t k);

/** sum[k] = 128 * the sum of channel k's weights, for rpr_round_lane(c) channels. */
void rpr_depthwise_sum128_i8(int32_t *sum, const int8_t *packed, int32_t kh, int32_t kw, int32_t c);

#endif
