/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: dense convolution of one row. A tile of pixels times output vectors stays in registers
 * while the taps stream past; per tap, each weight vector is loaded once and each input value is
 * broadcast once. Every output is summed in the order ky, kx, i whatever the tile, so a result does
 * not depend on how a row was split.
 *
 * CONV_SHAPES(S) lists the tiles: S(pixels, vectors). CONV_WIDE(S) those with most
 * pixels. CONV_SCATTERED(S) lists those of pixels that lie anywhere, whose addresses need
 * registers too: S(pixels of a large tile, of a small one, vectors).
 */
#define CONV_UP_TO_5(S, nv) S(1, nv) S(2, nv) S(3, nv) S(4, nv) S(5, nv)
#define CONV_UP_TO_6(S, nv) CONV_UP_TO_5(S, nv) S(6, nv)
#define CONV_UP_TO_7(S, nv) CONV_UP_TO_6(S, nv) S(7, nv)
#define CONV_UP_TO_8(S, nv) CONV_UP_TO_7(S, nv) S(8, nv)
#define CONV_UP_TO_10(S, nv) CONV_UP_TO_8(S, nv) S(9, nv) S(10, nv)
#define CONV_UP_TO_12(S, nv) CONV_UP_TO_10(S, nv) S(11, nv) S(12, nv)

/* One column of a convolution: `nv` vectors of output channels. */
typedef struct conv_column {
    const rpr_conv_row *r;
    const float *w, *bias;
    int64_t w_step; /* floats from weight row to weight row */
    int32_t taps_x; /* runs of contiguous input per tap row, ... */
    int32_t run;    /* ... of so many values */
    int32_t last;   /* channels of the last vector */
} conv_column;

/* The sums of np pixels; with `half` the last of the nv vectors is half a one. */
typedef struct conv_sums {
    vf whole[CONV_MAX_PIXELS][CONV_MAX_VECTORS];
    vh half[CONV_MAX_PIXELS];
} conv_sums;

static inline ALWAYS_INLINE void conv_start(const conv_column *c, conv_sums *s, int np, int nv,
                                            bool half)
{
    const int whole = half ? nv - 1 : nv;
    UNROLL
    for (int p = 0; p < np; p++) {
        UNROLL
        for (int v = 0; v < whole; v++)
            s->whole[p][v] = v_load(c->bias + v * VL);
        if (half)
            s->half[p] = vh_load(c->bias + whole * VL);
    }
}

/* Adds one weight row times value i of every pixel's input: at in[p], or `step` apart from x on. */
static inline ALWAYS_INLINE void conv_tap(conv_sums *s, const float *w, const float *x,
                                          int64_t step, const float *const *in, int32_t i, int np,
                                          int nv, bool half)
{
    const int whole = half ? nv - 1 : nv;
    vf wv[CONV_MAX_VECTORS];
    vh wh = vh_set(0.0f);
    UNROLL
    for (int v = 0; v < whole; v++)
        wv[v] = v_load(w + v * VL);
    if (half)
        wh = vh_load(w + whole * VL);
    UNROLL
    for (int p = 0; p < np; p++) {
        const float b = in ? in[p][i] : x[i + p * step];
        UNROLL
        for (int v = 0; v < whole; v++)
            s->whole[p][v] = v_fma(v_set(b), wv[v], s->whole[p][v]);
        if (half)
            s->half[p] = vh_fma(vh_set(b), wh, s->half[p]);
    }
}

/* To the pixels listed, or side by side. */
static inline ALWAYS_INLINE void conv_store(const conv_column *c, const conv_sums *s, float *out,
                                            const int32_t *pixel, int np, int nv, bool half)
{
    const int whole = half ? nv - 1 : nv;
    const int64_t out_pix = c->r->out_pix;
    const bool full = c->last == (half ? VH : VL);
    const vtail tail = v_tail(c->last);
    UNROLL
    for (int p = 0; p < np; p++) {
        float *o = out + (pixel ? pixel[p] : p) * out_pix;
        UNROLL
        for (int v = 0; v < whole; v++)
            if (v < nv - 1 || full)
                v_store(o + v * VL, s->whole[p][v]);
            else
                v_store_tail(o + v * VL, tail, s->whole[p][v]);
        if (half && full)
            vh_store(o + whole * VL, s->half[p]);
        else if (half)
            vh_store_tail(o + whole * VL, tail, s->half[p]);
    }
}

static inline ALWAYS_INLINE void conv_tile(const conv_column *c, const float *in, float *out,
                                           int np, int nv, bool half)
{
    const rpr_conv_row *r = c->r;
    const float *w = c->w;
    const int64_t step = r->in_step, w_step = c->w_step;
    conv_sums s;
    conv_start(c, &s, np, nv, half);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < c->taps_x; kx++) {
            const float *x = in + ky * r->in_row + kx * r->in_pix;
            for (int32_t i = 0; i < c->run; i++, w += w_step)
                conv_tap(&s, w, x, step, NULL, i, np, nv, half);
        }
    conv_store(c, &s, out, NULL, np, nv, half);
}

/*
 * A picture's first layer: three channels, every other pixel. With all distances known there is
 * nothing to compute but the sums.
 */
enum { PICTURE_CHANNELS = 3, PICTURE_STEP = 6 };

static inline ALWAYS_INLINE void conv_picture(const conv_column *c, const float *in, float *out,
                                              int np, int nv, bool half)
{
    const rpr_conv_row *r = c->r;
    const float *w = c->w;
    const int64_t w_step = c->w_step;
    conv_sums s;
    conv_start(c, &s, np, nv, half);
    for (int32_t ky = 0; ky < r->kh; ky++) {
        const float *x = in + ky * r->in_row;
        for (int32_t kx = 0; kx < r->kw; kx++, x += PICTURE_CHANNELS) {
            FORGET(x); /* what is read twice must not be kept: there are no registers for it */
            UNROLL
            for (int i = 0; i < PICTURE_CHANNELS; i++, w += w_step)
                conv_tap(&s, w, x, PICTURE_STEP, NULL, i, np, nv, half);
        }
    }
    conv_store(c, &s, out, NULL, np, nv, half);
}

typedef void (*conv_tile_fn)(const conv_column *c, const float *in, float *out);

#define CONV_DEFINE_ONE(name, kind, np, nv, half)                                                  \
    static void conv_##name##_##np##x##nv(const conv_column *c, const float *in, float *out)       \
    {                                                                                              \
        conv_##kind(c, in, out, np, nv, half);                                                     \
    }
#define CONV_DEFINE(np, nv) CONV_DEFINE_ONE(tile, tile, np, nv, false)
#define CONV_DEFINE_HALF(np, nv) CONV_DEFINE_ONE(half_tile, tile, np, nv, true)
#define CONV_PICTURE(np, nv) CONV_DEFINE_ONE(picture, picture, np, nv, false)
#define CONV_PICTURE_HALF(np, nv) CONV_DEFINE_ONE(half_picture, picture, np, nv, true)
CONV_SHAPES(CONV_DEFINE)
CONV_WIDE(CONV_PICTURE)
#if VH
CONV_SHAPES(CONV_DEFINE_HALF)
CONV_WIDE(CONV_PICTURE_HALF)
#endif
#undef CONV_DEFINE_ONE
#undef CONV_DEFINE
#undef CONV_DEFINE_HALF
#undef CONV_PICTURE
#undef CONV_PICTURE_HALF

#define CONV_ENTRY(np, nv) [nv - 1][np - 1] = conv_tile_##np##x##nv,
#define CONV_ENTRY_HALF(np, nv) [nv - 1][np - 1] = conv_half_tile_##np##x##nv,
#define CONV_PICTURE(np, nv) [nv - 1] = conv_picture_##np##x##nv,
#define CONV_PICTURE_HALF(np, nv) [nv - 1] = conv_half_picture_##np##x##nv,
#define CONV_WIDTH(np, nv) [nv - 1] = np,
static const conv_tile_fn conv_tiles[][CONV_MAX_VECTORS][CONV_MAX_PIXELS] = {
    {CONV_SHAPES(CONV_ENTRY)},
#if VH
    {CONV_SHAPES(CONV_ENTRY_HALF)},
#endif
};
static const conv_tile_fn conv_pictures[][CONV_MAX_VECTORS] = {
    {CONV_WIDE(CONV_PICTURE)},
#if VH
    {CONV_WIDE(CONV_PICTURE_HALF)},
#endif
};
#undef CONV_ENTRY
#undef CONV_ENTRY_HALF
#undef CONV_PICTURE
#undef CONV_PICTURE_HALF

/* The same for np pixels that lie anywhere in the row. */
static inline ALWAYS_INLINE void conv_scattered(const conv_column *c, const int32_t *pixel,
                                                float *out, int np, int nv, bool half)
{
    const rpr_conv_row *r = c->r;
    const float *w = c->w;
    const int64_t w_step = c->w_step;
    conv_sums s;
    conv_start(c, &s, np, nv, half);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < c->taps_x; kx++) {
            const float *tap = r->in + ky * r->in_row + kx * r->in_pix, *x[CONV_MAX_SCATTERED];
            UNROLL
            for (int p = 0; p < np; p++)
                x[p] = tap + pixel[p] * r->in_step;
            for (int32_t i = 0; i < c->run; i++, w += w_step)
                conv_tap(&s, w, NULL, 0, x, i, np, nv, half);
        }
    conv_store(c, &s, out, pixel, np, nv, half);
}

/* Per number of vectors a large tile and a small one. */
typedef void (*conv_scattered_fn)(const conv_column *c, const int32_t *pixel, float *out);
typedef struct conv_scattered_tiles {
    conv_scattered_fn large, small;
    int large_np, small_np;
} conv_scattered_tiles;

#define CONV_DEFINE_ONE(name, np, nv, half)                                                        \
    static void conv_##name##_##np##x##nv(const conv_column *c, const int32_t *pixel, float *out)  \
    {                                                                                              \
        conv_scattered(c, pixel, out, np, nv, half);                                               \
    }
#define CONV_DEFINE(large, small, nv)                                                              \
    CONV_DEFINE_ONE(scattered, large, nv, false) CONV_DEFINE_ONE(scattered, small, nv, false)
#define CONV_DEFINE_HALF(large, small, nv)                                                         \
    CONV_DEFINE_ONE(half_scattered, large, nv, true)                                               \
    CONV_DEFINE_ONE(half_scattered, small, nv, true)
#define CONV_ENTRY(large, small, nv)                                                               \
    [nv - 1] = {conv_scattered_##large##x##nv, conv_scattered_##small##x##nv, large, small},
#define CONV_ENTRY_HALF(large, small, nv)                                                          \
    [nv - 1] = {conv_half_scattered_##large##x##nv, conv_half_scattered_##small##x##nv, large,     \
                small},
CONV_SCATTERED(CONV_DEFINE)
#if VH
CONV_SCATTERED(CONV_DEFINE_HALF)
#endif
static const conv_scattered_tiles conv_scattered_of[][CONV_MAX_VECTORS] = {
    {CONV_SCATTERED(CONV_ENTRY)},
#if VH
    {CONV_SCATTERED(CONV_ENTRY_HALF)},
#endif
};
#undef CONV_DEFINE_ONE
#undef CONV_DEFINE
#undef CONV_DEFINE_HALF
#undef CONV_ENTRY
#undef CONV_ENTRY_HALF

/* True if all pixels of a tile are marked. */
static bool conv_all_marked(const uint8_t *mask, int32_t np)
{
    uint8_t all = 1;
    for (int32_t p = 0; p < np; p++)
        all &= mask[p];
    return all != 0;
}

/*
 * Tiles over the marked pixels: of np neighbours where all are, else of what there is. What is
 * missing in the last one is its last pixel again.
 */
static void conv_marked(const conv_column *c, conv_tile_fn side_by_side, int32_t np,
                        const conv_scattered_tiles *t, float *out)
{
    const rpr_conv_row *r = c->r;
    int32_t pixel[CONV_MAX_SCATTERED], n = 0;
    for (int32_t p = 0; p < r->n; p++) {
        while (n == 0 && p + np <= r->n && conv_all_marked(r->mask + p, np)) {
            side_by_side(c, r->in + p * r->in_step, out + p * r->out_pix);
            p += np;
        }
        if (p == r->n)
            break;
        pixel[n] = p;
        n += r->mask[p] != 0;
        if (n == t->large_np) {
            t->large(c, pixel, out);
            n = 0;
        }
    }
    if (n == 0)
        return;
    bool few = n <= t->small_np;
    for (int32_t k = n; k < (few ? t->small_np : t->large_np); k++)
        pixel[k] = pixel[n - 1];
    (few ? t->small : t->large)(c, pixel, out);
}

/* Splits the row into tiles whose sizes differ by one at most. */
static void conv_columns(const conv_column *c, const conv_tile_fn *tile, int32_t widest, float *out)
{
    const rpr_conv_row *r = c->r;
    int32_t tiles = (r->n + widest - 1) / widest;
    for (int32_t t = 0, p = 0; t < tiles; t++) {
        int32_t np = (r->n - p) / (tiles - t);
        tile[np - 1](c, r->in + p * r->in_step, out + p * r->out_pix);
        p += np;
    }
}

/* Tiles of one size: the last one begins where it still fits, and computes some pixels again. */
static void conv_picture_columns(const conv_column *c, conv_tile_fn tile, int32_t np, float *out)
{
    const rpr_conv_row *r = c->r;
    for (int32_t p = 0; p < r->n; p += np) {
        int32_t at = p + np <= r->n ? p : r->n - np;
        tile(c, r->in + at * r->in_step, out + at * r->out_pix);
    }
}

static void conv_column_run(const conv_column *c, int nv, bool half, bool picture, float *out)
{
    static const int32_t widest[CONV_MAX_VECTORS] = {CONV_WIDE(CONV_WIDTH)};
    const int32_t np = widest[nv - 1];
    const conv_tile_fn wide =
        picture ? conv_pictures[half][nv - 1] : conv_tiles[half][nv - 1][np - 1];
    if (c->r->mask)
        conv_marked(c, wide, np, &conv_scattered_of[half][nv - 1], out);
    else if (picture && c->r->n >= np)
        conv_picture_columns(c, wide, np, out);
    else
        conv_columns(c, conv_tiles[half][nv - 1], np, out);
}

static void conv_row(const rpr_conv_row *r)
{
    const int64_t rows = (int64_t)r->kh * r->kw * r->ci;
    const bool contiguous = r->in_pix == r->ci;
    const bool picture = contiguous && r->ci == PICTURE_CHANNELS && r->in_step == PICTURE_STEP;
    conv_column c = {
        .r = r, .taps_x = contiguous ? 1 : r->kw, .run = contiguous ? r->kw * r->ci : r->ci};
    for (int32_t c0 = 0; c0 < r->co; c0 += RPR_BLOCK) {
        int32_t end = c0 + RPR_BLOCK < r->co ? c0 + RPR_BLOCK : r->co;
        c.w_step = rpr_block_width(r->co, c0);
        for (int32_t o = c0; o < end; o += CONV_MAX_VECTORS * VL) {
            int32_t n_out = end - o < CONV_MAX_VECTORS * VL ? end - o : CONV_MAX_VECTORS * VL;
            int32_t nv = (n_out + VL - 1) / VL;
            c.w = r->w + rows * c0 + (o - c0);
            c.bias = r->bias + o;
            c.last = n_out - (nv - 1) * VL;
            conv_column_run(&c, nv, c.last <= VH, picture, r->out + o);
        }
    }
}
