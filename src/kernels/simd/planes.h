/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: channels that lie side by side become planes. A tile of 16 pixels and 4 channels writes
 * a whole line of the cache in every plane. Where a tile would go past the end it starts earlier
 * and writes some values again. Outputs have often left the caches since they were computed: the
 * pixels that come next are fetched ahead.
 */

enum { PLANES_PIXELS = 16, PLANES_CHANNELS = 4, LINE_FLOATS = 16 };

static inline ALWAYS_INLINE void planes_tile(const float *from, int64_t pix, float *to,
                                             int64_t plane, int pixels)
{
    UNROLL
    for (int i = 0; i < pixels; i += 4) {
        v4 r[4];
        UNROLL
        for (int k = 0; k < 4; k++)
            r[k] = v4_load(from + (i + k) * pix);
        v4_transpose(r);
        UNROLL
        for (int k = 0; k < 4; k++)
            v4_store(to + k * plane + i, r[k]);
    }
}

static void planes_one(const float *from, int64_t pix, float *to, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] = from[i * pix];
}

/* Pixels [0, pixels) of all c >= 4 channels. */
static inline ALWAYS_INLINE void planes_block(const float *from, int64_t pix, float *to,
                                              int64_t plane, int32_t c, int pixels)
{
    const float *next = from + pixels * pix;
    for (int32_t k = 0; k < c; k += PLANES_CHANNELS, next += PLANES_CHANNELS * pixels) {
        int32_t at = k + PLANES_CHANNELS <= c ? k : c - PLANES_CHANNELS;
        UNROLL
        for (int p = 0; p < PLANES_CHANNELS * pixels; p += LINE_FLOATS)
            __builtin_prefetch(next + p);
        planes_tile(from + at, pix, to + at * plane, plane, pixels);
    }
}

static void planes(const float *from, int64_t pix, float *to, int64_t plane, int32_t n, int32_t c)
{
    if (n < 4 || c < PLANES_CHANNELS) {
        for (int32_t k = 0; k < c; k++)
            planes_one(from + k, pix, to + k * plane, n);
        return;
    }
    int32_t i = 0;
    for (; i + PLANES_PIXELS <= n; i += PLANES_PIXELS)
        planes_block(from + i * pix, pix, to + i, plane, c, PLANES_PIXELS);
    for (; i < n; i += 4) {
        int32_t at = i + 4 <= n ? i : n - 4;
        planes_block(from + at * pix, pix, to + at, plane, c, 4);
    }
}
