/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: dense convolution of one row. A tile of pixels times output vectors stays in registers
 * while the taps stream past; per tap, each weight vector is loaded once and each input value is
 * broadcast once. Every output is summed in the order ky, kx, i whatever the tile, so a result does
 * not depend on how a row was split.
 *
 * CONV_SHAPES(S) lists the tiles: S(pixels, vectors). CONV_WIDEST: most pixels for 1, 2, ...
 * vectors. CONV_SCATTERED(S) lists those of pixels that lie anywhere, whose addresses need
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

static inline ALWAYS_INLINE void conv_tile(const conv_column *c, const float *in, float *out,
                                           int np, int nv)
{
    const rpr_conv_row *r = c->r;
    const float *w = c->w;
    const int64_t step = r->in_step, w_step = c->w_step;
    vf acc[CONV_MAX_PIXELS][CONV_MAX_VECTORS];
    UNROLL
    for (int p = 0; p < np; p++)
        v_load_all(acc[p], c->bias, nv, VL);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < c->taps_x; kx++) {
            const float *x = in + ky * r->in_row + kx * r->in_pix;
            for (int32_t i = 0; i < c->run; i++, w += w_step) {
                vf wv[CONV_MAX_VECTORS];
                v_load_all(wv, w, nv, VL);
                UNROLL
                for (int p = 0; p < np; p++) {
                    vf b = v_set(x[i + p * step]);
                    UNROLL
                    for (int v = 0; v < nv; v++)
                        acc[p][v] = v_fma(b, wv[v], acc[p][v]);
                }
            }
        }
    UNROLL
    for (int p = 0; p < np; p++)
        v_store_all(out + p * r->out_pix, acc[p], nv, c->last);
}

#define CONV_DEFINE(np, nv)                                                                        \
    static void conv_tile_##np##x##nv(const conv_column *c, const float *in, float *out)           \
    {                                                                                              \
        conv_tile(c, in, out, np, nv);                                                             \
    }
CONV_SHAPES(CONV_DEFINE)
#undef CONV_DEFINE

typedef void (*conv_tile_fn)(const conv_column *c, const float *in, float *out);

#define CONV_ENTRY(np, nv) [nv - 1][np - 1] = conv_tile_##np##x##nv,
static const conv_tile_fn conv_tiles[CONV_MAX_VECTORS][CONV_MAX_PIXELS] = {CONV_SHAPES(CONV_ENTRY)};
#undef CONV_ENTRY

/* The same for np pixels that lie anywhere in the row. */
static inline ALWAYS_INLINE void conv_scattered(const conv_column *c, const int32_t *pixel,
                                                float *out, int np, int nv)
{
    const rpr_conv_row *r = c->r;
    const float *w = c->w;
    const int64_t w_step = c->w_step;
    vf acc[CONV_MAX_SCATTERED][CONV_MAX_VECTORS];
    UNROLL
    for (int p = 0; p < np; p++)
        v_load_all(acc[p], c->bias, nv, VL);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < c->taps_x; kx++) {
            const float *tap = r->in + ky * r->in_row + kx * r->in_pix, *x[CONV_MAX_SCATTERED];
            UNROLL
            for (int p = 0; p < np; p++)
                x[p] = tap + pixel[p] * r->in_step;
            for (int32_t i = 0; i < c->run; i++, w += w_step) {
                vf wv[CONV_MAX_VECTORS];
                v_load_all(wv, w, nv, VL);
                UNROLL
                for (int p = 0; p < np; p++) {
                    vf b = v_set(x[p][i]);
                    UNROLL
                    for (int v = 0; v < nv; v++)
                        acc[p][v] = v_fma(b, wv[v], acc[p][v]);
                }
            }
        }
    UNROLL
    for (int p = 0; p < np; p++)
        v_store_all(out + pixel[p] * r->out_pix, acc[p], nv, c->last);
}

/* Per number of vectors a large tile and a small one. */
typedef struct conv_scattered_tiles {
    void (*large)(const conv_column *c, const int32_t *pixel, float *out);
    void (*small)(const conv_column *c, const int32_t *pixel, float *out);
    int large_np, small_np;
} conv_scattered_tiles;

#define CONV_DEFINE(np, nv)                                                                        \
    static void conv_scattered_##np##x##nv(const conv_column *c, const int32_t *pixel, float *out) \
    {                                                                                              \
        conv_scattered(c, pixel, out, np, nv);                                                     \
    }
#define CONV_DEFINE_BOTH(large, small, nv) CONV_DEFINE(large, nv) CONV_DEFINE(small, nv)
CONV_SCATTERED(CONV_DEFINE_BOTH)
#undef CONV_DEFINE_BOTH
#undef CONV_DEFINE

#define CONV_ENTRY(large, small, nv)                                                               \
    [nv - 1] = {conv_scattered_##large##x##nv, conv_scattered_##small##x##nv, large, small},
static const conv_scattered_tiles conv_scattered_of[CONV_MAX_VECTORS] = {
    CONV_SCATTERED(CONV_ENTRY)};
#undef CONV_ENTRY

/* Tiles over the marked pixels; what is missing in the last one is its last pixel again. */
static void conv_marked(const conv_column *c, int32_t nv, float *out)
{
    const conv_scattered_tiles *t = &conv_scattered_of[nv - 1];
    const rpr_conv_row *r = c->r;
    int32_t pixel[CONV_MAX_SCATTERED], n = 0;
    for (int32_t p = 0; p < r->n; p++) {
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
static void conv_columns(const conv_column *c, int32_t nv, float *out)
{
    static const int32_t widest[CONV_MAX_VECTORS] = {CONV_WIDEST};
    const rpr_conv_row *r = c->r;
    int32_t tiles = (r->n + widest[nv - 1] - 1) / widest[nv - 1];
    for (int32_t t = 0, p = 0; t < tiles; t++) {
        int32_t np = (r->n - p) / (tiles - t);
        conv_tiles[nv - 1][np - 1](c, r->in + p * r->in_step, out + p * r->out_pix);
        p += np;
    }
}

static void conv_row(const rpr_conv_row *r)
{
    const int64_t rows = (int64_t)r->kh * r->kw * r->ci;
    const bool contiguous = r->in_pix == r->ci;
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
            if (r->mask)
                conv_marked(&c, nv, r->out + o);
            else
                conv_columns(&c, nv, r->out + o);
        }
    }
}
