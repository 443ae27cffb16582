/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: depthwise convolution for integers. The bytes of four neighbouring pixels are
 * interleaved to words of one channel each, whose dot products with words of weights take four taps
 * at once. Interleaving within lanes of 16 bytes leaves the channels in four quarters (pack_i8.c),
 * and packing the results to bytes puts them in order again.
 */

enum {
    DEPTHWISE_PAIRS = DEPTHWISE_PIXELS + 3,
    DEPTHWISE_PLACES = 2 * DEPTHWISE_PAIRS,
    DEPTHWISE_CHANNELS = 4 * IL /* of a vector, at most */
};

/* Channels [k, k + 4 * words) of a row. */
typedef struct depthwise_part {
    const rpr_depthwise_row_i8 *r;
    const int8_t *w;
    int64_t w_row, w_quarter;     /* bytes from one row of weights, from one quarter to the next */
    const int32_t *bias;          /* in quarters, as ... */
    const float *scale;           /* ... this */
    int32_t *sums;                /* room for a pixel's */
    int64_t at[DEPTHWISE_PLACES]; /* where a tile's input pixels are; none beyond its last tap */
    int32_t k, words;
} depthwise_part;

typedef void (*depthwise_fn)(const depthwise_part *d, int32_t p, int32_t end);

/* Places of n input pixels from tap column kx0 on; those that no tap sees are the last one's. */
static inline void depthwise_places(depthwise_part *d, int n, int32_t kx0)
{
    for (int i = 0; i < n; i++) {
        const int32_t kx = kx0 + i < d->r->kw ? kx0 + i : d->r->kw - 1;
        d->at[i] = kx * d->r->in_pix;
    }
}

/* The same for a tile whose pixels are 1 or 2 taps apart. */
static void depthwise_tile_places(depthwise_part *d, int32_t step)
{
    const int32_t seen = (DEPTHWISE_PIXELS - 1) * step + d->r->kw;
    for (int i = 0; i < DEPTHWISE_PLACES; i++)
        d->at[i] = (i < seen ? i : seen - 1) * d->r->in_pix;
}

/* d->sums, in quarters of so many words, to z. */
static void depthwise_store_sums(const depthwise_part *d, int32_t *z, int32_t words)
{
    for (int32_t k = 0; k < 4 * words && d->k + k < d->r->c; k++)
        z[d->k + k] = d->sums[k % 16 / 4 * words + k / 16 * 4 + k % 4];
}

/* The first pixel from p on that is not wanted. */
static int32_t depthwise_run_end(const rpr_depthwise_row_i8 *r, int32_t p)
{
    if (!r->mask)
        return r->n;
    while (p < r->n && r->mask[p])
        p++;
    return p;
}

#define DW(name) depthwise_##name
#define DW_V vi
#define DW_X vx
#define DW_W vw
#define DW_LANES IL
#define DW_OP(name) i_##name
#include "kernels/simd/depthwise_i8_tile.h"
#undef DW
#undef DW_V
#undef DW_X
#undef DW_W
#undef DW_LANES
#undef DW_OP

#ifdef IH
#define DW(name) depthwise_half_##name
#define DW_V vih
#define DW_X vih
#define DW_W vih
#define DW_LANES IH
#define DW_OP(name) ih_##name
#include "kernels/simd/depthwise_i8_tile.h"
#undef DW
#undef DW_V
#undef DW_X
#undef DW_W
#undef DW_LANES
#undef DW_OP
#else
#define IH 0
#define depthwise_half_tiles depthwise_tiles
#define depthwise_half_pixels depthwise_pixels
#endif

/* Channels [k, k + n) of the block at channel c0. */
static void depthwise_channels(const rpr_depthwise_row_i8 *r, int32_t c0, int32_t k, int32_t n)
{
    const int32_t n_words = r->kw / 4 + 1, width = rpr_block_width(r->c, c0);
    const bool half = IH && rpr_words(n) <= IH;
    const int32_t lanes = half ? IH : IL, padded = rpr_round_lane(r->c);
    _Alignas(64) int32_t bias[DEPTHWISE_CHANNELS], sums[DEPTHWISE_CHANNELS];
    _Alignas(64) float scale[DEPTHWISE_CHANNELS];
    depthwise_part d = {.r = r,
                        .w = r->w + ((int64_t)r->kh * n_words * 2 * c0 + (k - c0) / 4) * RPR_WORD,
                        .w_row = (int64_t)width * RPR_WORD,
                        .w_quarter = width,
                        .bias = bias,
                        .scale = scale,
                        .sums = sums,
                        .k = k,
                        .words = rpr_words(n)};
    for (int32_t i = 0; i < 4 * lanes; i++) {
        const int32_t ch = k + i, at = i % 16 / 4 * lanes + i / 16 * 4 + i % 4;
        bias[at] = ch < padded ? r->bias[ch] + (I_SIGNED ? r->sum128[ch] : 0) : 0;
        scale[at] = r->q && ch < padded ? r->q->scale[ch] : 0.0f;
    }
    const bool one = r->in_step == r->in_pix, two = r->in_step == 2 * r->in_pix;
    depthwise_fn tiles = NULL;
    if ((one || two) && n_words <= 2) {
        depthwise_tile_places(&d, one ? 1 : 2);
        tiles = (half ? depthwise_half_tiles : depthwise_tiles)[n_words > 1][!one];
    }
    (half ? depthwise_half_pixels : depthwise_pixels)(&d, tiles);
}

void INT8(depthwise_row_i8)(const rpr_depthwise_row_i8 *r)
{
    for (int32_t c0 = 0; c0 < r->c; c0 += RPR_BLOCK) {
        const int32_t end = c0 + RPR_BLOCK < r->c ? c0 + RPR_BLOCK : r->c;
        for (int32_t k = c0, n; k < end; k += n) {
            n = end - k < 4 * IL ? end - k : 4 * IL;
            depthwise_channels(r, c0, k, n);
        }
    }
}
