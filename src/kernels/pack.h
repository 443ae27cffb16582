/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_KERNELS_PACK_H
#define RPR_KERNELS_PACK_H

#include <stdint.h>

/**
 * Packs weights into kernels.h's layout. src(o, t, i) = src[o * so + t * st + i * si] for output
 * channel o, tap t in ky, kx order, input channel i. dst: rpr_packed_floats(taps * ci, co) floats.
 */
void rpr_pack_weights(float *dst, const float *src, int32_t co, int32_t taps, int32_t ci,
                      int64_t so, int64_t st, int64_t si);

#endif
