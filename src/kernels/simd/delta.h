/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: correction by change lists. The outputs of one pixel (one or two blocks) stay in
 * registers while its changes stream past; each change costs one broadcast and one fused
 * multiply-add per vector of its weight row. Half weights halve the loads, which come from the
 * second cache, and cost a shift for every other vector.
 */

/* Neighbouring output channels of a job: one or two whole blocks or the part of one. */
typedef struct delta_column {
    const rpr_delta_job *j;
    const float *w;     /* weight row 0 of the first block, half weights or not */
    int64_t block_step; /* floats from block to block */
    int32_t c0;
    int32_t last;      /* channels of the last vector */
    const char *ahead; /* weights that are wanted after this column, in the second cache, ... */
    int32_t lines;     /* ... so many cache lines, ... */
    int32_t per_visit; /* ... of which each visit fetches some */
    bool alone;        /* the job has one visit, which reads every weight row but once */
    const float *next; /* ... and goes on with these after this column; or NULL */
} delta_column;

enum {
    BLOCK_VECTORS = RPR_BLOCK / VL,
    LANE_VECTORS = RPR_LANE / VL,
    DELTA_MAX_VECTORS = BLOCK_VECTORS > 8 ? BLOCK_VECTORS : 8,
    DELTA_LINE = 64, /* bytes */
    DELTA_AHEAD = 6, /* visits */
    DELTA_ROWS = 40, /* changes that a lone visit fetches ahead: some 10 KiB */
    DELTA_SPARSE = 8 /* changes per visit below which the cost per visit counts most */
};

/* Floats from weight row to weight row in a block of nv vectors, or in the first of two blocks. */
static inline ALWAYS_INLINE int64_t delta_row_step(int nv, bool half)
{
    int32_t width = nv > BLOCK_VECTORS ? RPR_BLOCK : rpr_round_lane(nv * VL);
    return half ? rpr_half_words(width) : width;
}

/*
 * Independent sums that a visit's changes are dealt out to in turn, so that the latency of the
 * multiply-add is hidden: with few vectors per weight row one sum per vector would wait for itself.
 */
static inline ALWAYS_INLINE int delta_chains(int nv)
{
    return nv == 1 ? 4 : nv == 2 ? 2 : 1;
}

/* acc[0, nv) += d times a weight row of one block. */
static inline ALWAYS_INLINE void delta_row(vf *acc, const float *row, vf d, int nv)
{
    UNROLL
    for (int v = 0; v < nv; v++)
        acc[v] = v_fma(d, v_load(row + v * VL), acc[v]);
}

/* The same with half weights: word k of a pair of lanes holds the weights of channels k of both. */
static inline ALWAYS_INLINE void delta_half_row(vf *acc, const float *words, vf d, int nv)
{
    UNROLL
    for (int low = 0; low < nv; low += 2 * LANE_VECTORS) {
        const int high = low + LANE_VECTORS;
        for (int k = 0; k < LANE_VECTORS && low + k < nv; k++) {
            vf w = v_load(words + low / 2 * VL + k * VL);
            if (high + k < nv)
                acc[high + k] = v_fma(d, w, acc[high + k]);
            acc[low + k] = v_fma(d, high < nv ? v_lower_half(w) : w, acc[low + k]);
        }
    }
}

/* acc += one change. */
static inline ALWAYS_INLINE void delta_change(const delta_column *c, vf *acc, int64_t row0,
                                              int32_t e, int nv, bool half)
{
    const float *row = c->w + (row0 + c->j->idx[e]) * delta_row_step(nv, half);
    vf d = v_set(c->j->delta[e]);
    UNROLL
    for (int v = 0; v < nv; v += BLOCK_VECTORS, row += c->block_step) {
        const int n = nv - v < BLOCK_VECTORS ? nv - v : BLOCK_VECTORS;
        if (half)
            delta_half_row(acc + v, row, d, n);
        else
            delta_row(acc + v, row, d, n);
    }
}

/* Fetches a weight row of two blocks, or of one. */
static inline ALWAYS_INLINE void delta_fetch_row(const delta_column *c, const float *w, int64_t row,
                                                 int nv, bool half)
{
    const int64_t step = delta_row_step(nv, half);
    const int32_t bytes = (int32_t)(step * (int64_t)sizeof *w);
    w += row * step;
    UNROLL
    for (int v = 0; v < nv; v += BLOCK_VECTORS, w += c->block_step)
        UNROLL
    for (int32_t k = 0; k < bytes; k += DELTA_LINE)
        __builtin_prefetch((const char *)w + k, 0, 2);
}

/*
 * The same for the change that comes DELTA_ROWS after e of a lone visit, in this column or in the
 * next: nobody else has fetched its row.
 */
static inline ALWAYS_INLINE void delta_fetch_change(const delta_column *c,
                                                    const rpr_delta_visit *visit, int32_t e, int nv,
                                                    bool half)
{
    const int32_t later = visit->n > DELTA_ROWS ? e + DELTA_ROWS : e + visit->n;
    const bool here = later < visit->first + visit->n;
    if (here)
        delta_fetch_row(c, c->w, visit->row + c->j->idx[later], nv, half);
    else if (c->next)
        delta_fetch_row(c, c->next, visit->row + c->j->idx[later - visit->n], nv, half);
}

/* z += the changes of one visit; `alone` in a loop of its own, which others do not pay for. */
static inline ALWAYS_INLINE void delta_visit(const delta_column *c, const rpr_delta_visit *visit,
                                             int nv, bool half, bool alone)
{
    const int chains = delta_chains(nv);
    const int64_t row0 = visit->row;
    int32_t e = visit->first, end = visit->first + visit->n;
    float *z = visit->z + c->c0;
    vf acc[4][DELTA_MAX_VECTORS];
    v_load_all(acc[0], z, nv, c->last);
    UNROLL
    for (int k = 1; k < chains; k++)
        UNROLL
    for (int v = 0; v < nv; v++)
        acc[k][v] = v_set(0.0f);
    for (; chains > 1 && e + chains <= end; e += chains)
        UNROLL
    for (int k = 0; k < chains; k++)
        delta_change(c, acc[k], row0, e + k, nv, half);
    for (; alone && e < end; e++) {
        delta_fetch_change(c, visit, e, nv, half);
        delta_change(c, acc[0], row0, e, nv, half);
    }
    for (; e < end; e++)
        delta_change(c, acc[0], row0, e, nv, half);
    UNROLL
    for (int k = 1; k < chains; k++)
        UNROLL
    for (int v = 0; v < nv; v++)
        acc[0][v] = v_add(acc[0][v], acc[k][v]);
    v_store_all(z, acc[0], nv, c->last);
}

/*
 * Fetches what visit i leaves to come: its part of the weights ahead, and the sums of a later
 * visit. Changes read weight rows here and there, and visits sums, which no processor foresees;
 * from beyond the second cache each would be waited for.
 */
static inline ALWAYS_INLINE void delta_fetch(const delta_column *c, int32_t i, int nv)
{
    const int64_t first = (int64_t)i * c->per_visit;
    for (int64_t k = first; k < first + c->per_visit && k < c->lines; k++)
        __builtin_prefetch(c->ahead + k * DELTA_LINE, 0, 2);
    if (i + DELTA_AHEAD >= c->j->n_visit)
        return;
    const float *z = c->j->visit[i + DELTA_AHEAD].z + c->c0;
    UNROLL
    for (int k = 0; k < nv * VL; k += DELTA_LINE / (int)sizeof *z)
        __builtin_prefetch(z + k);
}

static inline ALWAYS_INLINE void delta_visits(const delta_column *c, int nv, bool half)
{
    if (nv >= BLOCK_VECTORS && c->alone) {
        delta_visit(c, c->j->visit, nv, half, true);
        return;
    }
    for (int32_t i = 0; i < c->j->n_visit; i++) {
        delta_fetch(c, i, nv);
        delta_visit(c, &c->j->visit[i], nv, half, false);
    }
}

#define DELTA_DEFINE(nv)                                                                           \
    static void delta_visits_##nv(const delta_column *c)                                           \
    {                                                                                              \
        delta_visits(c, nv, false);                                                                \
    }                                                                                              \
    static void delta_half_visits_##nv(const delta_column *c)                                      \
    {                                                                                              \
        delta_visits(c, nv, true);                                                                 \
    }
#define DELTA_ENTRY(nv) [nv] = {delta_visits_##nv, delta_half_visits_##nv},
#if VL == 16
#define DELTA_VECTORS(S) S(1) S(2) S(3) S(4) S(8)
#else
#define DELTA_UP_TO_8(S) S(1) S(2) S(3) S(4) S(5) S(6) S(7) S(8)
#if VL == 8
#define DELTA_VECTORS(S) DELTA_UP_TO_8(S)
#else
#define DELTA_VECTORS(S) DELTA_UP_TO_8(S) S(9) S(10) S(11) S(12) S(13) S(14) S(15) S(16)
#endif
#endif
DELTA_VECTORS(DELTA_DEFINE)
static void (*const delta_visits_fn[][2])(const delta_column *c) = {DELTA_VECTORS(DELTA_ENTRY)};

/* The weights of block c0, half weights or not. */
static const float *delta_block(const rpr_delta_job *j, int32_t c0)
{
    return j->w ? j->w + j->w_rows * c0 : j->half + j->w_rows * rpr_half_words(c0);
}

/* Floats from weight row to weight row in block c0. */
static int32_t delta_width(const rpr_delta_job *j, int32_t c0)
{
    const int32_t width = rpr_block_width(j->co, c0);
    return j->w ? width : rpr_half_words(width);
}

/* Cache lines of a job's weight rows in block c0. */
static int32_t delta_lines(const rpr_delta_job *j, int32_t c0)
{
    return (int32_t)((int64_t)j->n_rows * delta_width(j, c0) * (int64_t)sizeof(float) / DELTA_LINE);
}

/*
 * Finds what is to be fetched meanwhile: the same rows of the next block or those of the next job.
 * Nobody has fetched those of the first. None if most of them would not be read.
 */
static void delta_look_ahead(delta_column *c, int32_t next_c0, int64_t changes)
{
    const rpr_delta_job *j = c->j;
    const bool last = next_c0 >= j->co, first = c->c0 == 0 && j->first_row == 0;
    const int32_t c0 = last ? 0 : next_c0, row = last ? j->next_row : j->first_row;
    c->lines = c->per_visit = 0;
    c->next = last ? NULL : delta_block(j, next_c0);
    if (c->alone || changes < j->n_rows || j->n_visit == 0)
        return;
    for (int32_t k = 0; first && k < delta_lines(j, 0); k++)
        __builtin_prefetch((const char *)c->w + k * DELTA_LINE, 0, 2);
    if (row < 0)
        return;
    c->ahead = (const char *)(delta_block(j, c0) + row * delta_width(j, c0));
    c->lines = delta_lines(j, c0);
    c->per_visit = (c->lines + j->n_visit - 1) / j->n_visit;
}

static void delta(const rpr_delta_job *j)
{
    const bool half = j->w == NULL;
    int64_t changes = 0;
    for (int32_t i = 0; i < j->n_visit; i++)
        changes += j->visit[i].n;
    delta_column c = {.j = j, .alone = j->n_visit == 1};
    c.block_step = j->w_rows * (half ? rpr_half_words(RPR_BLOCK) : RPR_BLOCK);
    int32_t widest =
        changes < j->n_visit * (int64_t)DELTA_SPARSE ? DELTA_MAX_VECTORS * VL : RPR_BLOCK;
    for (int32_t n_out; c.c0 < j->co; c.c0 += n_out) {
        n_out = j->co - c.c0;
        n_out = n_out >= widest ? widest : n_out < RPR_BLOCK ? n_out : RPR_BLOCK;
        int nv = (n_out + VL - 1) / VL;
        c.w = delta_block(j, c.c0);
        c.last = n_out - (nv - 1) * VL;
        delta_look_ahead(&c, c.c0 + n_out, changes);
        delta_visits_fn[nv][half](&c);
    }
}
