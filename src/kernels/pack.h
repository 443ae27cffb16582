/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_KERNELS_PACK_H
#define RPR_KERNELS_PACK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Packs weights into kernels.h's layout. src(o, t, i) = src[o * so + t * st + i * si] for output
 * channel o, tap t in ky, kx order, input channel i. dst: rpr_packed_floats(taps * ci, co) floats.
 */
void rpr_pack_weights(float *dst, const float *src, int32_t co, int32_t taps, int32_t ci,
                      int64_t so, int64_t st, int64_t si);

/**
 * Rounds packed weights to half weights. dst: rpr_half_packed_words(rows, co) words. False if a
 * weight is not finite or rounds to infinity.
 */
bool rpr_pack_half(float *dst, const float *packed, int64_t rows, int32_t co);

/** Weight of lane `lane` of the row that starts at `words`, for channel k of the lane. */
float rpr_half_weight(const float *words, int32_t lanes, int32_t lane, int32_t k);

#endif
