/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: conv_row.h for integers. A tile of pixels times vectors of sums stays in registers
 * while the taps stream past, and is made 8-bit values there. CONV_SHAPES(S), CONV_WIDE(S) and
 * CONV_SCATTERED(S) are as in conv_row.h.
 */
#define CONV_UP_TO_4(S, nv) S(1, nv) S(2, nv) S(3, nv) S(4, nv)
#define CONV_UP_TO_5(S, nv) CONV_UP_TO_4(S, nv) S(5, nv)
#define CONV_UP_TO_6(S, nv) CONV_UP_TO_5(S, nv) S(6, nv)
#define CONV_UP_TO_8(S, nv) CONV_UP_TO_6(S, nv) S(7, nv) S(8, nv)
#define CONV_UP_TO_10(S, nv) CONV_UP_TO_8(S, nv) S(9, nv) S(10, nv)
#define CONV_UP_TO_12(S, nv) CONV_UP_TO_10(S, nv) S(11, nv) S(12, nv)

/* One column of a convolution: `nv` vectors of output channels, from channel o on. */
typedef struct conv_column {
    const rpr_conv_row_i8 *r;
    const int8_t *w;
    int64_t w_step; /* bytes from weight row to weight row */
    int32_t taps_x; /* runs of contiguous input per tap row, ... */
    int32_t run;    /* ... of so many words */
    int32_t o;      /* first channel */
    int32_t n_out;  /* channels */
} conv_column;

typedef struct conv_sums {
    vi z[CONV_MAX_PIXELS][I_MAX_VECTORS];
} conv_sums;

static inline ALWAYS_INLINE void conv_start(const conv_column *c, conv_sums *s, int np, int nv)
{
    UNROLL
    for (int v = 0; v < nv; v++) {
        vi z = i_load(c->r->bias + c->o + v * IL);
        if (I_SIGNED)
            z = i_add(z, i_load(c->r->sum128 + c->o + v * IL));
        UNROLL
        for (int p = 0; p < np; p++)
            s->z[p][v] = z;
    }
}

/* Adds one weight row times word i of every pixel's input: at in[p], or `step` apart from x on. */
static inline ALWAYS_INLINE void conv_tap(conv_sums *s, const int8_t *w, const uint8_t *x,
                                          int64_t step, const uint8_t *const *in, int64_t i, int np,
                                          int nv)
{
    vw wv[I_MAX_VECTORS];
    UNROLL
    for (int v = 0; v < nv; v++)
        wv[v] = i_weights(w + v * IL * RPR_WORD);
    UNROLL
    for (int p = 0; p < np; p++) {
        const vx value = i_value((in ? in[p] : x + p * step) + i * RPR_WORD);
        UNROLL
        for (int v = 0; v < nv; v++)
            s->z[p][v] = i_dot(s->z[p][v], value, wv[v]);
    }
}

static inline ALWAYS_INLINE void conv_store_sums(const conv_column *c, const conv_sums *s,
                                                 int32_t first, const int32_t *pixel, int np,
                                                 int nv)
{
    const rpr_conv_row_i8 *r = c->r;
    UNROLL
    for (int p = 0; p < np; p++) {
        int32_t *z = r->z + (first + (pixel ? pixel[p] : p)) * r->z_pix;
        sums_store(s->z[p], z, r->z24, c->o, c->n_out, nv);
    }
}

/* To the pixels listed, or side by side from pixel `first` on. */
static inline ALWAYS_INLINE void conv_finish(const conv_column *c, conv_sums *s, int32_t first,
                                             const int32_t *pixel, int np, int nv)
{
    const rpr_conv_row_i8 *r = c->r;
    if (r->z)
        conv_store_sums(c, s, first, pixel, np, nv);
    if (r->a)
        requant_tile(r->q, s->z, r->a + first * r->a_pix, r->a_pix, pixel, c->o,
                     rpr_words(c->n_out), np, nv);
}

static inline ALWAYS_INLINE void conv_tile(const conv_column *c, int32_t first, int np, int nv)
{
    const rpr_conv_row_i8 *r = c->r;
    const int8_t *w = c->w;
    const int64_t step = r->in_step, w_step = c->w_step;
    const uint8_t *in = r->in + first * step;
    conv_sums s;
    conv_start(c, &s, np, nv);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < c->taps_x; kx++) {
            const uint8_t *x = in + ky * r->in_row + kx * r->in_pix;
            for (int32_t i = 0; i < c->run; i++, w += w_step)
                conv_tap(&s, w, x, step, NULL, i, np, nv);
        }
    conv_finish(c, &s, first, NULL, np, nv);
}

/* The same for np pixels that lie anywhere in the row. */
static inline ALWAYS_INLINE void conv_scattered(const conv_column *c, const int32_t *pixel, int np,
                                                int nv)
{
    const rpr_conv_row_i8 *r = c->r;
    const int8_t *w = c->w;
    const int64_t w_step = c->w_step;
    conv_sums s;
    conv_start(c, &s, np, nv);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < c->taps_x; kx++) {
            const uint8_t *tap = r->in + ky * r->in_row + kx * r->in_pix, *x[CONV_MAX_SCATTERED];
            UNROLL
            for (int p = 0; p < np; p++)
                x[p] = tap + pixel[p] * r->in_step;
            for (int32_t i = 0; i < c->run; i++, w += w_step)
                conv_tap(&s, w, NULL, 0, x, i, np, nv);
        }
    conv_finish(c, &s, 0, pixel, np, nv);
}

typedef void (*conv_tile_fn)(const conv_column *c, int32_t first);
typedef void (*conv_scattered_fn)(const conv_column *c, const int32_t *pixel);

/* Per number of vectors a large tile and a small one. */
typedef struct conv_scattered_tiles {
    conv_scattered_fn large, small;
    int large_np, small_np;
} conv_scattered_tiles;

#define CONV_DEFINE(np, nv)                                                                        \
    static void conv_tile_##np##x##nv(const conv_column *c, int32_t first)                         \
    {                                                                                              \
        conv_tile(c, first, np, nv);                                                               \
    }
#define CONV_DEFINE_SCATTERED(np, nv)                                                              \
    static void conv_scattered_##np##x##nv(const conv_column *c, const int32_t *pixel)             \
    {                                                                                              \
        conv_scattered(c, pixel, np, nv);                                                          \
    }
#define CONV_DEFINE_BOTH(large, small, nv)                                                         \
    CONV_DEFINE_SCATTERED(large, nv) CONV_DEFINE_SCATTERED(small, nv)
#define CONV_ENTRY(np, nv) [nv - 1][np - 1] = conv_tile_##np##x##nv,
#define CONV_WIDTH(np, nv) [nv - 1] = np,
#define CONV_BOTH(large, small, nv)                                                                \
    [nv - 1] = {conv_scattered_##large##x##nv, conv_scattered_##small##x##nv, large, small},
CONV_SHAPES(CONV_DEFINE)
CONV_SCATTERED(CONV_DEFINE_BOTH)
static const conv_tile_fn conv_tiles[][CONV_MAX_PIXELS] = {CONV_SHAPES(CONV_ENTRY)};
static const int32_t conv_widest[] = {CONV_WIDE(CONV_WIDTH)};
static const conv_scattered_tiles conv_scattered_of[] = {CONV_SCATTERED(CONV_BOTH)};

static bool conv_all_marked(const uint8_t *mask, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (!mask[i])
            return false;
    return true;
}

/* Runs of marked pixels in tiles side by side, the others collected; what is missing in the last
 * collection is its last pixel again. */
static void conv_marked(const conv_column *c, int nv)
{
    const rpr_conv_row_i8 *r = c->r;
    const conv_scattered_tiles *t = &conv_scattered_of[nv - 1];
    const int32_t np = conv_widest[nv - 1];
    int32_t pixel[CONV_MAX_SCATTERED], n = 0;
    for (int32_t p = 0; p < r->n; p++) {
        while (n == 0 && p + np <= r->n && conv_all_marked(r->mask + p, np)) {
            conv_tiles[nv - 1][np - 1](c, p);
            p += np;
        }
        if (p == r->n)
            break;
        pixel[n] = p;
        n += r->mask[p] != 0;
        if (n == t->large_np) {
            t->large(c, pixel);
            n = 0;
        }
    }
    if (n == 0)
        return;
    const bool few = n <= t->small_np;
    for (int32_t k = n; k < (few ? t->small_np : t->large_np); k++)
        pixel[k] = pixel[n - 1];
    (few ? t->small : t->large)(c, pixel);
}

/* Splits the row into tiles whose sizes differ by one at most. */
static void conv_row_tiles(const conv_column *c, int nv)
{
    const int32_t n = c->r->n, widest = conv_widest[nv - 1], tiles = (n + widest - 1) / widest;
    for (int32_t t = 0, p = 0; t < tiles; t++) {
        const int32_t np = (n - p) / (tiles - t);
        conv_tiles[nv - 1][np - 1](c, p);
        p += np;
    }
}

void INT8(conv_row_i8)(const rpr_conv_row_i8 *r)
{
    const int64_t rows = (int64_t)r->kh * r->kw * r->ci;
    const bool contiguous = r->in_pix == (int64_t)r->ci * RPR_WORD;
    conv_column c = {
        .r = r, .taps_x = contiguous ? 1 : r->kw, .run = contiguous ? r->kw * r->ci : r->ci};
    for (int32_t c0 = 0; c0 < r->co; c0 += RPR_BLOCK) {
        const int32_t end = c0 + RPR_BLOCK < r->co ? c0 + RPR_BLOCK : r->co;
        c.w_step = (int64_t)rpr_block_width(r->co, c0) * RPR_WORD;
        for (c.o = c0; c.o < end; c.o += CONV_MAX_VECTORS * IL) {
            c.n_out = end - c.o < CONV_MAX_VECTORS * IL ? end - c.o : CONV_MAX_VECTORS * IL;
            c.w = r->w + (rows * c0 + c.o - c0) * RPR_WORD;
            const int nv = (c.n_out + IL - 1) / IL;
            if (r->mask)
                conv_marked(&c, nv);
            else
                conv_row_tiles(&c, nv);
        }
    }
}
