/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template of depthwise_i8.h for one width of vectors: DW(name) makes a name, DW_V is the type,
 * DW_LANES its words, DW_OP the prefix of what it can do.
 */

/* The words of four taps from pairs of bytes of two neighbours each: quarter v of the channels. */
static inline ALWAYS_INLINE DW_V DW(quarter)(const DW_V *low, const DW_V *high, int v)
{
    const DW_V *half = v < 2 ? low : high;
    return v % 2 ? DW_OP(unpack16_high)(half[0], half[1]) : DW_OP(unpack16_low)(half[0], half[1]);
}

static inline ALWAYS_INLINE DW_V DW(input)(const depthwise_part *d, const uint8_t *x, bool whole)
{
    return whole ? DW_OP(load)(x) : DW_OP(load_tail)(x, DW_OP(tail)(d->words));
}

/*
 * Adds one row of taps to np sums of DW_LANES words in four quarters. The words of taps begin at
 * even pixels: with step 1 the pixel to the right of such a one uses the same words and weights
 * that are moved by a tap.
 */
static inline ALWAYS_INLINE void DW(taps)(const depthwise_part *d, DW_V (*acc)[4],
                                          const uint8_t *in, const int8_t *w, int np, int step,
                                          int n_words, bool whole)
{
    const int starts = step == 1 ? (np + 1) / 2 : np, pairs = starts - 1 + 2 * n_words;
    DW_V low[DEPTHWISE_PAIRS], high[DEPTHWISE_PAIRS];
    UNROLL
    for (int i = 0; i < pairs; i++) {
        const DW_V a = DW(input)(d, in + d->at[2 * i], whole);
        const DW_V b = DW(input)(d, in + d->at[2 * i + 1], whole);
        low[i] = DW_OP(unpack8_low)(a, b);
        high[i] = DW_OP(unpack8_high)(a, b);
    }
    UNROLL
    for (int v = 0; v < 4; v++)
        UNROLL
    for (int t = 0; t < n_words; t++) {
        const int8_t *row = w + 2 * t * d->w_row + v * d->w_quarter;
        const DW_W here = DW_OP(weights)(row);
        const DW_W moved = step == 1 && np > 1 ? DW_OP(weights)(row + d->w_row) : here;
        UNROLL
        for (int m = 0; m < starts; m++) {
            const DW_X x = DW_OP(values)(DW(quarter)(low + m + 2 * t, high + m + 2 * t, v));
            const int p = step == 1 ? 2 * m : m;
            acc[p][v] = DW_OP(dot)(acc[p][v], x, here);
            if (step == 1 && p + 1 < np)
                acc[p + 1][v] = DW_OP(dot)(acc[p + 1][v], x, moved);
        }
    }
}

/* Sums of one pixel, to where they belong. */
static inline ALWAYS_INLINE void DW(finish)(const depthwise_part *d, const DW_V *acc, int32_t p,
                                            bool whole)
{
    const rpr_depthwise_row_i8 *r = d->r;
    if (r->z) {
        UNROLL
        for (int v = 0; v < 4; v++)
            DW_OP(store)(d->sums + v * DW_LANES, acc[v]);
        depthwise_store_sums(d, r->z + p * r->z_pix, DW_LANES);
    }
    if (!r->a)
        return;
    DW_V y[4];
    UNROLL
    for (int v = 0; v < 4; v++)
        y[v] = DW_OP(scaled)(acc[v], d->scale + v * DW_LANES);
    DW_V bytes = DW_OP(lane_bytes)(y, r->q->zero);
    if (r->q->table)
        bytes = DW_OP(look_up)(bytes, r->q->table);
    uint8_t *a = r->a + p * r->a_pix + d->k;
    if (whole)
        DW_OP(store)(a, bytes);
    else
        DW_OP(store_tail)(a, DW_OP(tail)(d->words), bytes);
}

/* Pixels [p, end), at least np, in tiles: the last one begins where it still fits. */
static inline ALWAYS_INLINE void DW(run)(const depthwise_part *d, int32_t p, int32_t end, int np,
                                         int step, int n_words, bool whole)
{
    const rpr_depthwise_row_i8 *r = d->r;
    for (; p < end; p += np) {
        p = p + np <= end ? p : end - np;
        const uint8_t *in = r->in + p * r->in_step + d->k;
        const int8_t *w = d->w;
        DW_V acc[DEPTHWISE_PIXELS][4];
        UNROLL
        for (int i = 0; i < np; i++)
            UNROLL
        for (int v = 0; v < 4; v++)
            acc[i][v] = DW_OP(load)(d->bias + v * DW_LANES);
        for (int32_t ky = 0; ky < r->kh; ky++, in += r->in_row, w += 2 * n_words * d->w_row)
            DW(taps)(d, acc, in, w, np, step, n_words, whole);
        UNROLL
        for (int i = 0; i < np; i++)
            DW(finish)(d, acc[i], p + i, whole);
    }
}

/* One pixel of any kernel. */
static void DW(single)(const depthwise_part *d, int32_t p)
{
    const rpr_depthwise_row_i8 *r = d->r;
    const uint8_t *in = r->in + p * r->in_step + d->k;
    const int8_t *w = d->w;
    DW_V acc[1][4];
    for (int v = 0; v < 4; v++)
        acc[0][v] = DW_OP(load)(d->bias + v * DW_LANES);
    depthwise_part one = *d;
    for (int32_t ky = 0; ky < r->kh; ky++, in += r->in_row)
        for (int32_t kx = 0; kx < r->kw / 4 + 1; kx++, w += 2 * d->w_row) {
            depthwise_places(&one, 4, 4 * kx);
            DW(taps)(&one, acc, in, w, 1, 2, 1, false);
        }
    DW(finish)(d, acc[0], p, false);
}

#define DW_TILES(name, step, n_words)                                                              \
    static void DW(name)(const depthwise_part *d, int32_t p, int32_t end)                          \
    {                                                                                              \
        if (d->words == DW_LANES)                                                                  \
            DW(run)(d, p, end, DEPTHWISE_PIXELS, step, n_words, true);                             \
        else                                                                                       \
            DW(run)(d, p, end, DEPTHWISE_PIXELS, step, n_words, false);                            \
    }
DW_TILES(narrow_1, 1, 1)
DW_TILES(narrow_2, 2, 1)
DW_TILES(wide_1, 1, 2)
DW_TILES(wide_2, 2, 2)
#undef DW_TILES

static const depthwise_fn DW(tiles)[2][2] = {{DW(narrow_1), DW(narrow_2)},
                                             {DW(wide_1), DW(wide_2)}};

/* Runs of wanted pixels by `tiles`, what is too short for that, or all if NULL, one by one. */
static void DW(pixels)(const depthwise_part *d, depthwise_fn tiles)
{
    const rpr_depthwise_row_i8 *r = d->r;
    for (int32_t p = 0, end; p < r->n; p = end + 1) {
        end = depthwise_run_end(r, p);
        if (tiles && end - p >= DEPTHWISE_PIXELS)
            tiles(d, p, end);
        else
            for (; p < end; p++)
                DW(single)(d, p);
    }
}
