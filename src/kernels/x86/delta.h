/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: correction by change lists. The outputs of one pixel (64 or 128 channels) stay in
 * registers while its changes stream past; each change costs one broadcast and one fused
 * multiply-add per vector of its weight row. Every output is summed in the order of the pixel's
 * changes, whatever else is in the job.
 */

/* Neighbouring output channels of a job: one or two whole blocks or the part of one. */
typedef struct delta_column {
    const rpr_delta_job *j;
    const float *w;     /* weight row 0 of the first block */
    int64_t block_step; /* floats from block to block */
    int32_t c0;
    int32_t last; /* channels of the last vector */
    bool by_segment;
} delta_column;

enum {
    BLOCK_VECTORS = RPR_BLOCK / VL,
    DELTA_MAX_VECTORS = 8,
    DELTA_DENSE = 12, /* changes per segment from which weights are worth keeping in L1 */
    DELTA_SPARSE = 8  /* changes per pixel below which the cost per pixel counts most */
};

/* Floats from weight row to weight row in a block of nv vectors, or in the first of two blocks. */
static inline ALWAYS_INLINE int64_t delta_row_step(int nv)
{
    return nv > BLOCK_VECTORS ? RPR_BLOCK : (nv * VL + RPR_LANE - 1) / RPR_LANE * RPR_LANE;
}

/* z += the changes of n_seg segments. */
static inline ALWAYS_INLINE void delta_pixel(const delta_column *c, float *z,
                                             const rpr_delta_seg *seg, int32_t n_seg, int nv)
{
    const int32_t *idx = c->j->idx;
    const float *delta = c->j->delta;
    const int64_t step = delta_row_step(nv);
    vf acc[DELTA_MAX_VECTORS];
    v_load_all(acc, z, nv, c->last);
    for (const rpr_delta_seg *end = seg + n_seg; seg < end; seg++) {
        const int64_t row0 = seg->row;
        for (int32_t e = seg->first; e < seg->first + seg->n; e++) {
            const float *row = c->w + (row0 + idx[e]) * step;
            vf d = v_set(delta[e]);
            UNROLL
            for (int v = 0; v < nv; v++) {
                const float *block = row + v / BLOCK_VECTORS * c->block_step;
                acc[v] = v_fma(d, v_load(block + v % BLOCK_VECTORS * VL), acc[v]);
            }
        }
    }
    v_store_all(z, acc, nv, c->last);
}

/*
 * By pixels, or round by round the first, second, ... segment of all pixels: the segments of a
 * round mostly belong to one row of taps, so that fewer weights are in use at a time.
 */
static inline ALWAYS_INLINE void delta_pixels(const delta_column *c, int nv)
{
    const rpr_delta_job *j = c->j;
    bool more = true;
    for (int32_t round = 0; more; round++) {
        more = false;
        for (int32_t p = 0; p < j->n_pix; p++) {
            const rpr_delta_pixel *pix = &j->pix[p];
            int32_t left = pix->n_seg - round;
            if (left <= 0)
                continue;
            delta_pixel(c, pix->z + c->c0, j->segs + pix->seg + round, c->by_segment ? 1 : left,
                        nv);
            more |= c->by_segment && left > 1;
        }
    }
}

#define DELTA_DEFINE(nv)                                                                           \
    static void delta_pixels_##nv(const delta_column *c)                                           \
    {                                                                                              \
        delta_pixels(c, nv);                                                                       \
    }
#define DELTA_ENTRY(nv) [nv] = delta_pixels_##nv,
#if VL == 16
#define DELTA_VECTORS(S) S(1) S(2) S(3) S(4) S(8)
#else
#define DELTA_VECTORS(S) S(1) S(2) S(3) S(4) S(5) S(6) S(7) S(8)
#endif
DELTA_VECTORS(DELTA_DEFINE)
static void (*const delta_pixels_fn[])(const delta_column *c) = {DELTA_VECTORS(DELTA_ENTRY)};

static void delta(const rpr_delta_job *j)
{
    int64_t changes = 0, segments = 0;
    for (int32_t p = 0; p < j->n_pix; p++) {
        segments += j->pix[p].n_seg;
        for (int32_t s = 0; s < j->pix[p].n_seg; s++)
            changes += j->segs[j->pix[p].seg + s].n;
    }
    delta_column c = {.j = j,
                      .block_step = j->w_rows * RPR_BLOCK,
                      .by_segment = changes >= segments * DELTA_DENSE};
    int32_t widest =
        changes < j->n_pix * (int64_t)DELTA_SPARSE ? DELTA_MAX_VECTORS * VL : RPR_BLOCK;
    for (int32_t n_out; c.c0 < j->co; c.c0 += n_out) {
        n_out = j->co - c.c0;
        n_out = n_out >= widest ? widest : n_out < RPR_BLOCK ? n_out : RPR_BLOCK;
        int nv = (n_out + VL - 1) / VL;
        c.w = j->w + j->w_rows * c.c0;
        c.last = n_out - (nv - 1) * VL;
        delta_pixels_fn[nv](&c);
    }
}
