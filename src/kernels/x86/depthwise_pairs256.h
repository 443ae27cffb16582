/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of integers for AVX2, where bytes are widened to 16 bits: the values of two
 * rows of taps are interleaved to pairs, and one instruction multiplies eight pairs and adds each.
 * 16 channels at a time, in two vectors of sums: 0 to 3 and 8 to 11, then the others (pack_i8.c).
 */

enum {
    PAIRS_CHANNELS = 16,
    PAIRS_BYTES = 64, /* of weights, per pair of rows and tap column */
    PAIRS_PIXELS = 4
};

/* Channels [k, k + 4 * words) of a row. */
typedef struct pairs_part {
    const rpr_depthwise_row_i8 *r;
    const int8_t *w;
    int64_t w_step;      /* bytes from tap column to tap column */
    const int32_t *bias; /* in the order of the sums, as ... */
    const float *scale;  /* ... this */
    int32_t k, words;
} pairs_part;

typedef void (*pairs_fn)(const pairs_part *d, int32_t p, int32_t end);

/* The pairs of two rows at one pixel. */
static inline ALWAYS_INLINE void pairs_input(const pairs_part *d, const uint8_t *x,
                                             const uint8_t *y, bool whole, vi *pairs)
{
    __m128i a, b;
    if (whole) {
        a = _mm_loadu_si128((const __m128i *)(const void *)x);
        b = _mm_loadu_si128((const __m128i *)(const void *)y);
    } else {
        const __m128i tail = _mm256_castsi256_si128(i_tail(d->words));
        a = _mm_maskload_epi32((const int *)(const void *)x, tail);
        b = _mm_maskload_epi32((const int *)(const void *)y, tail);
    }
    const vi above = _mm256_cvtepu8_epi16(a), below = _mm256_cvtepu8_epi16(b);
    pairs[0] = _mm256_unpacklo_epi16(above, below);
    pairs[1] = _mm256_unpackhi_epi16(above, below);
}

static inline ALWAYS_INLINE void pairs_add(vi *acc, const vi *pairs, const int8_t *w)
{
    acc[0] = i_add(acc[0], _mm256_madd_epi16(pairs[0], i_load(w)));
    acc[1] = i_add(acc[1], _mm256_madd_epi16(pairs[1], i_load(w + PAIRS_BYTES / 2)));
}

/* One pixel's sums to z. */
static void pairs_store_sums(const pairs_part *d, const vi *acc, int32_t p)
{
    int32_t sums[PAIRS_CHANNELS], *z = d->r->z + p * d->r->z_pix + d->k;
    i_store(sums, acc[0]);
    i_store(sums + IL, acc[1]);
    for (int32_t c = 0; c < PAIRS_CHANNELS && d->k + c < d->r->c; c++)
        z[c] = sums[c / 4 % 2 * IL + c / 8 * 4 + c % 4];
}

/* Sums of np pixels to where they belong. Two pixels' bytes fill a vector. */
static inline ALWAYS_INLINE void pairs_finish(const pairs_part *d, vi (*acc)[2], int32_t p, int np)
{
    const rpr_depthwise_row_i8 *r = d->r;
    UNROLL
    for (int i = 0; i < np; i++)
        if (r->z)
            pairs_store_sums(d, acc[i], p + i);
    if (!r->a)
        return;
    UNROLL
    for (int i = 0; i < np; i += 2) {
        const int next = i + 1 < np ? i + 1 : i;
        uint8_t *a = r->a + (p + i) * r->a_pix + d->k;
        const vi y[4] = {i_scaled(acc[i][0], d->scale), i_scaled(acc[i][1], d->scale + IL),
                         i_scaled(acc[next][0], d->scale), i_scaled(acc[next][1], d->scale + IL)};
        vi bytes = _mm256_permute4x64_epi64(i_lane_bytes(y, r->q->zero), 0xd8);
        if (r->q->table)
            bytes = i_look_up(bytes, r->q->table);
        i_put(a, bytes, 0, 2, d->words);
        if (next > i)
            i_put(a + r->a_pix, bytes, 1, 2, d->words);
    }
}

static inline ALWAYS_INLINE void pairs_start(const pairs_part *d, vi (*acc)[2], int np)
{
    UNROLL
    for (int i = 0; i < np; i++) {
        acc[i][0] = i_load(d->bias);
        acc[i][1] = i_load(d->bias + IL);
    }
}

/* Of an odd number of rows the last one is paired with itself: its partner's weights are 0. */
static inline const uint8_t *pairs_below(const rpr_depthwise_row_i8 *r, const uint8_t *x,
                                         int32_t ky)
{
    return ky + 1 < r->kh ? x + r->in_row : x;
}

/* np pixels of any kernel. */
static inline ALWAYS_INLINE void pairs_any(const pairs_part *d, int32_t p, int np)
{
    const rpr_depthwise_row_i8 *r = d->r;
    const int8_t *w = d->w;
    vi acc[PAIRS_PIXELS][2];
    pairs_start(d, acc, np);
    for (int32_t ky = 0; ky < r->kh; ky += 2) {
        const uint8_t *x = r->in + p * r->in_step + ky * r->in_row + d->k;
        const uint8_t *y = pairs_below(r, x, ky);
        for (int32_t kx = 0; kx < r->kw; kx++, w += d->w_step, x += r->in_pix, y += r->in_pix)
            UNROLL
        for (int i = 0; i < np; i++) {
            vi pairs[2];
            pairs_input(d, x + i * r->in_step, y + i * r->in_step, d->words == 4, pairs);
            pairs_add(acc[i], pairs, w);
        }
    }
    pairs_finish(d, acc, p, np);
}

/* PAIRS_PIXELS pixels, `step` taps apart, of kw columns: pairs are made once for all who see them.
 */
static inline ALWAYS_INLINE void pairs_slide(const pairs_part *d, int32_t p, int kw, int step,
                                             bool whole)
{
    const rpr_depthwise_row_i8 *r = d->r;
    const int8_t *w = d->w;
    vi acc[PAIRS_PIXELS][2];
    pairs_start(d, acc, PAIRS_PIXELS);
    for (int32_t ky = 0; ky < r->kh; ky += 2, w += kw * d->w_step) {
        const uint8_t *x = r->in + p * r->in_step + ky * r->in_row + d->k;
        const uint8_t *y = pairs_below(r, x, ky);
        UNROLL
        for (int i = 0; i < (PAIRS_PIXELS - 1) * step + kw; i++, x += r->in_pix, y += r->in_pix) {
            vi pairs[2];
            pairs_input(d, x, y, whole, pairs);
            UNROLL
            for (int kx = 0; kx < kw; kx++)
                if (i >= kx && (i - kx) % step == 0 && (i - kx) / step < PAIRS_PIXELS)
                    pairs_add(acc[(i - kx) / step], pairs, w + kx * d->w_step);
        }
    }
    pairs_finish(d, acc, p, PAIRS_PIXELS);
}

/* Where a tile begins that would begin at p, if it is the last one before `end`. */
static inline int32_t pairs_at(int32_t p, int32_t end)
{
    return p + PAIRS_PIXELS <= end ? p : end - PAIRS_PIXELS;
}

static void pairs_singles(const pairs_part *d, int32_t p, int32_t end)
{
    for (; p < end; p++)
        pairs_any(d, p, 1);
}

static void pairs_several(const pairs_part *d, int32_t p, int32_t end)
{
    for (; p < end; p += PAIRS_PIXELS)
        pairs_any(d, p = pairs_at(p, end), PAIRS_PIXELS);
}

#define PAIRS_SLIDE(kw, step)                                                                      \
    static void pairs_slide_##kw##_##step(const pairs_part *d, int32_t p, int32_t end)             \
    {                                                                                              \
        for (; p < end && d->words == 4; p += PAIRS_PIXELS)                                        \
            pairs_slide(d, p = pairs_at(p, end), kw, step, true);                                  \
        for (; p < end; p += PAIRS_PIXELS)                                                         \
            pairs_slide(d, p = pairs_at(p, end), kw, step, false);                                 \
    }
PAIRS_SLIDE(3, 1)
PAIRS_SLIDE(3, 2)
PAIRS_SLIDE(5, 1)
PAIRS_SLIDE(5, 2)
#undef PAIRS_SLIDE

static pairs_fn pairs_tiles_for(const rpr_depthwise_row_i8 *r)
{
    const bool one = r->in_step == r->in_pix, two = r->in_step == 2 * r->in_pix;
    if (r->kw == 3 && (one || two))
        return one ? pairs_slide_3_1 : pairs_slide_3_2;
    if (r->kw == 5 && (one || two))
        return one ? pairs_slide_5_1 : pairs_slide_5_2;
    return pairs_several;
}

/* The first pixel from p on that is not wanted. */
static int32_t pairs_run_end(const rpr_depthwise_row_i8 *r, int32_t p)
{
    if (!r->mask)
        return r->n;
    while (p < r->n && r->mask[p])
        p++;
    return p;
}

/* Runs of wanted pixels in tiles, short ones one by one. */
static void pairs_pixels(const pairs_part *d, pairs_fn tiles)
{
    for (int32_t p = 0, end; p < d->r->n; p = end + 1) {
        end = pairs_run_end(d->r, p);
        (end - p >= PAIRS_PIXELS ? tiles : pairs_singles)(d, p, end);
    }
}

void INT8(depthwise_row_i8)(const rpr_depthwise_row_i8 *r)
{
    const pairs_fn tiles = pairs_tiles_for(r);
    const int64_t columns = (int64_t)(r->kh + 1) / 2 * r->kw; /* of pairs of taps */
    const int8_t *w = r->w + rpr_depthwise_pairs_i8(r->kh, r->kw, r->c);
    for (int32_t k = 0; k < r->c; k += PAIRS_CHANNELS) {
        const int32_t left = r->c - k;
        _Alignas(64) int32_t bias[PAIRS_CHANNELS];
        _Alignas(64) float scale[PAIRS_CHANNELS];
        for (int32_t c = 0; c < PAIRS_CHANNELS; c++) {
            const int32_t at = c / 4 % 2 * IL + c / 8 * 4 + c % 4;
            bias[at] = r->bias[k + c];
            scale[at] = r->q ? r->q->scale[k + c] : 0.0f;
        }
        const pairs_part d = {.r = r,
                              .w = w + columns * PAIRS_BYTES * (k / PAIRS_CHANNELS),
                              .w_step = PAIRS_BYTES,
                              .bias = bias,
                              .scale = scale,
                              .k = k,
                              .words = left < PAIRS_CHANNELS ? rpr_words(left) : 4};
        pairs_pixels(&d, tiles);
    }
}
