/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/pack.h"

#include <math.h>
#include <string.h>

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

#define SIGN 0x80000000u
#define MIN_NORMAL 0x1p-126f
#define UPPER 16 /* bits of a float that are bf16's */

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/** The float nearest to w among those that end in the 16 bits `below`; none is denormal. */
static uint32_t round_above(float w, uint32_t below)
{
    const uint32_t sign = bits_of(w) & SIGN;
    if (fabsf(w) < MIN_NORMAL) /* rounding a pruned weight up a little beats a slow denormal */
        return below ? sign | bits_of(MIN_NORMAL) | below : sign;
    const uint32_t upper = (bits_of(w) & ~SIGN) >> UPPER;
    uint32_t best = upper << UPPER | below;
    for (uint32_t near = upper - 1; near <= upper + 1; near += 2) {
        uint32_t other = near << UPPER | below;
        if (fabsf(float_of(other) - fabsf(w)) < fabsf(float_of(best) - fabsf(w)) &&
            float_of(other) >= MIN_NORMAL)
            best = other;
    }
    return sign | best;
}

static bool rounds_to_finite(float w)
{
    return fabsf(w) < 0x1p127f;
}

bool rpr_pack_half(float *dst, const float *packed, int64_t rows, int32_t co)
{
    bool finite = true;
    for (int32_t c0 = 0; c0 < co; c0 += RPR_BLOCK) {
        const int32_t width = rpr_block_width(co, c0);
        for (int64_t row = 0; row < rows; row++, packed += width)
            for (int32_t at = 0; at < width; at += 2 * RPR_LANE)
                for (int32_t k = 0; k < RPR_LANE; k++) {
                    const bool pair = at + RPR_LANE < width;
                    const float low = packed[at + k], high = pair ? packed[at + RPR_LANE + k] : low;
                    finite &= rounds_to_finite(low) && rounds_to_finite(high);
                    uint32_t below = pair ? round_above(low, 0) >> UPPER : 0;
                    uint32_t word = pair ? round_above(high, below) : bits_of(low);
                    memcpy(dst++, &word, sizeof word);
                }
    }
    return finite;
}

float rpr_half_weight(const float *words, int32_t lanes, int32_t lane, int32_t k)
{
    uint32_t word;
    memcpy(&word, &words[lane / 2 * RPR_LANE + k], sizeof word);
    const bool low = lane % 2 == 0 && lane + 1 < lanes;
    return float_of(low ? word << UPPER : word);
}
