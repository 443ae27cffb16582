/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/pack_i8.h"

#include <string.h>

#include "kernels/kernels.h"

int64_t rpr_packed_bytes_i8(int64_t rows, int32_t co)
{
    return rows * rpr_round_lane(co) * RPR_WORD;
}

void rpr_pack_i8(int8_t *dst, const int8_t *src, int32_t co, int32_t taps, int32_t ci, int64_t so,
                 int64_t st, int64_t si)
{
    for (int32_t c0 = 0; c0 < co; c0 += RPR_BLOCK) {
        const int32_t width = rpr_block_width(co, c0);
        for (int32_t t = 0; t < taps; t++)
            for (int32_t i0 = 0; i0 < ci; i0 += RPR_WORD)
                for (int32_t o = c0; o < c0 + width; o++)
                    for (int32_t i = i0; i < i0 + RPR_WORD; i++)
                        *dst++ = o < co && i < ci ? src[o * so + t * st + i * si] : 0;
    }
}

void rpr_sum128_i8(int32_t *sum, const int8_t *packed, int64_t rows, int32_t co)
{
    memset(sum, 0, (size_t)rpr_round_lane(co) * sizeof *sum);
    for (int32_t c0 = 0; c0 < co; c0 += RPR_BLOCK) {
        const int32_t width = rpr_block_width(co, c0);
        for (int64_t row = 0; row < rows; row++)
            for (int32_t o = c0; o < c0 + width; o++)
                for (int i = 0; i < RPR_WORD; i++)
                    sum[o] += 128 * *packed++;
    }
}

/*
 * Depthwise weights: a word holds four taps of a row of taps for one channel, so that a dot product
 * of words takes four taps at once. Each row stands there twice: as it is, and moved by one tap for
 * the pixel to the right, which sees the same input one tap earlier. Blocks of RPR_BLOCK channels,
 * the last one narrower; per block: ky, kx / 4, moved or not, then the words of all its channels in
 * four quarters. A quarter holds channels 4q to 4q + 3 of every 16: the order in which bytes arrive
 * that are interleaved within lanes of 16.
 *
 * Behind that they stand once more for instruction sets that multiply 16 bits: as pairs of two rows
 * of taps. Per 16 channels: ky / 2, kx, then the pairs of channels 0 to 3, 8 to 11, 4 to 7 and 12
 * to 15, as interleaving within lanes of 8 leaves them.
 */
enum { SLACK = 64 }; /* bytes: whole vectors may be read where a block is narrow */

static int32_t words_per_row(int32_t kw)
{
    return kw / RPR_WORD + 1; /* of kw + 1 taps, rounded up */
}

int64_t rpr_depthwise_pairs_i8(int32_t kh, int32_t kw, int32_t c)
{
    return (int64_t)kh * words_per_row(kw) * 2 * RPR_WORD * rpr_round_lane(c);
}

int64_t rpr_depthwise_bytes_i8(int32_t kh, int32_t kw, int32_t c)
{
    const int64_t pairs = (int64_t)(kh + 1) / 2 * kw * RPR_WORD * rpr_round_lane(c);
    return rpr_depthwise_pairs_i8(kh, kw, c) + pairs + SLACK;
}

/* Where channel k's word of taps [4 * word, 4 * word + 4) of row ky stands, moved or not. */
static int64_t word_at(int32_t kh, int32_t kw, int32_t c, int32_t ky, int32_t word, int32_t moved,
                       int32_t k)
{
    const int32_t c0 = k / RPR_BLOCK * RPR_BLOCK, width = rpr_block_width(c, c0);
    const int32_t quarter = k % RPR_LANE / RPR_WORD, lane = (k - c0) / RPR_LANE;
    const int64_t words = words_per_row(kw), row = (ky * words + word) * 2 + moved;
    const int64_t in_row = quarter * (width / RPR_WORD) + lane * RPR_WORD + k % RPR_WORD;
    return ((int64_t)kh * words * 2 * c0 + row * width + in_row) * RPR_WORD;
}

/* Where channel k's weight of tap (ky, kx) stands among the pairs. */
static int64_t pair_at(int32_t kh, int32_t kw, int32_t c, int32_t ky, int32_t kx, int32_t k)
{
    const int64_t column = ((int64_t)k / RPR_LANE * ((kh + 1) / 2) + ky / 2) * kw + kx;
    const int32_t lane = k % 8 / 4 * 8 + k % RPR_LANE / 8 * 4 + k % 4;
    return rpr_depthwise_pairs_i8(kh, kw, c) + (column * RPR_LANE + lane) * 4 + ky % 2 * 2;
}

void rpr_pack_depthwise_i8(int8_t *dst, const int8_t *src, int32_t kh, int32_t kw, int32_t c,
                           int64_t sk, int64_t st)
{
    memset(dst, 0, (size_t)rpr_depthwise_bytes_i8(kh, kw, c));
    for (int32_t k = 0; k < c; k++)
        for (int32_t ky = 0; ky < kh; ky++)
            for (int32_t kx = 0; kx < kw; kx++) {
                const int8_t w = src[k * sk + (ky * kw + kx) * st];
                const int16_t wide = w;
                memcpy(dst + pair_at(kh, kw, c, ky, kx, k), &wide, sizeof wide);
                for (int32_t moved = 0; moved < 2; moved++) {
                    const int32_t tap = kx + moved;
                    int64_t at = word_at(kh, kw, c, ky, tap / RPR_WORD, moved, k);
                    dst[at + tap % RPR_WORD] = w;
                }
            }
}

int8_t rpr_depthwise_weight_i8(const int8_t *packed, int32_t kh, int32_t kw, int32_t c, int32_t ky,
                               int32_t kx, int32_t k)
{
    return packed[word_at(kh, kw, c, ky, kx / RPR_WORD, 0, k) + kx % RPR_WORD];
}

void rpr_depthwise_sum128_i8(int32_t *sum, const int8_t *packed, int32_t kh, int32_t kw, int32_t c)
{
    for (int32_t k = 0; k < rpr_round_lane(c); k++) {
        sum[k] = 0;
        for (int32_t ky = 0; k < c && ky < kh; ky++)
            for (int32_t kx = 0; kx < kw; kx++)
                sum[k] += 128 * rpr_depthwise_weight_i8(packed, kh, kw, c, ky, kx, k);
    }
}
