/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/pack.h"

#include "kernels/kernels.h"

void rpr_pack_weights(float *dst, const float *src, int32_t co, int32_t taps, int32_t ci,
                      int64_t so, int64_t st, int64_t si)
{
    for (int32_t c0 = 0; c0 < co; c0 += RPR_BLOCK) {
        int32_t width = rpr_block_width(co, c0);
        for (int32_t t = 0; t < taps; t++)
            for (int32_t i = 0; i < ci; i++)
                for (int32_t o = c0; o < c0 + width; o++)
                    *dst++ = o < co ? src[o * so + t * st + i * si] : 0.0f;
    }
}
