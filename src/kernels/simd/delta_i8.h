/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: delta.h for integers. The sums of one pixel (one or two blocks) stay in registers while
 * its changes stream past; each change costs a broadcast of what its bytes moved by, and a dot
 * product per vector of its weight row. Moves of more than a signed byte are rare and added in
 * parts.
 */

/* Neighbouring output channels of a job: one or two whole blocks or the part of one. */
typedef struct delta_column {
    const rpr_delta_job_i8 *j;
    const int8_t *w;    /* weight row 0 of the first block */
    int64_t block_step; /* bytes from block to block */
    int32_t c0;
    int32_t n_out;     /* channels */
    const char *ahead; /* weights that are wanted after this column, in the second cache, ... */
    int32_t lines;     /* ... so many cache lines, ... */
    int32_t per_visit; /* ... of which each visit fetches some */
} delta_column;

enum {
    BLOCK_VECTORS = RPR_BLOCK / IL,
    DELTA_MAX_VECTORS = BLOCK_VECTORS > 8 ? BLOCK_VECTORS : 8,
    DELTA_CHAINS = 2,
    DELTA_LINE = 64, /* bytes */
    DELTA_AHEAD = 6, /* visits */
    DELTA_SPARSE = 8 /* changes per visit below which the cost per visit counts most */
};

typedef struct delta_sums {
    vi z[DELTA_MAX_VECTORS];
    vi excess; /* of each */
} delta_sums;

/* Bytes from weight row to weight row in a block of nv vectors, or in the first of two blocks. */
static inline ALWAYS_INLINE int64_t delta_row_step(int nv)
{
    return (nv > BLOCK_VECTORS ? RPR_BLOCK : rpr_round_lane(nv * IL)) * RPR_WORD;
}

/* Adds a weight row times what a word moved by in one step. */
static inline ALWAYS_INLINE void delta_change(const delta_column *c, delta_sums *s, int64_t row0,
                                              int32_t e, int nv)
{
    const int8_t *row = c->w + (row0 + c->j->idx[e]) * delta_row_step(nv);
    const vmove d = i_move(c->j->step + e);
    s->excess = i_excess(s->excess, d);
    UNROLL
    for (int v = 0; v < nv; v++) {
        const int8_t *w = row + v / BLOCK_VECTORS * c->block_step;
        s->z[v] = i_apply(s->z[v], d, w + v % BLOCK_VECTORS * (IL * RPR_WORD));
    }
}

static int32_t *delta_sums_of(const rpr_delta_visit *visit)
{
    return (int32_t *)(void *)visit->z;
}

/* What change e moved by beyond its step, for n outputs of a column. */
static void delta_rest(const delta_column *c, const int8_t *row, int32_t e, int32_t *z, int32_t n)
{
    const uint32_t step = c->j->step[e], rest = c->j->rest[e];
    int8_t s[RPR_WORD];
    int32_t by[RPR_WORD];
    memcpy(s, &step, sizeof s);
    for (int i = 0; i < RPR_WORD; i++)
        by[i] = rpr_word_move(step, rest, i) - s[i];
    for (int32_t o = 0; o < n; o++) {
        const int8_t *w = row + o / RPR_BLOCK * c->block_step + o % RPR_BLOCK * RPR_WORD;
        z[o] += by[0] * w[0] + by[1] * w[1] + by[2] * w[2] + by[3] * w[3];
    }
}

/* The rare ones of a visit that have a rest. */
static void delta_rests(const delta_column *c, const rpr_delta_visit *visit, int nv)
{
    int32_t z[DELTA_MAX_VECTORS * IL], *sums = delta_sums_of(visit);
    for (int32_t o = 0; o < c->n_out; o++)
        z[o] = c->j->z24 ? rpr_sum24(sums, c->c0 + o) : sums[c->c0 + o];
    for (int32_t e = visit->first; e < visit->first + visit->n; e++)
        if (c->j->rest[e] != 0)
            delta_rest(c, c->w + (visit->row + c->j->idx[e]) * delta_row_step(nv), e, z, c->n_out);
    for (int32_t o = 0; o < c->n_out; o++) {
        if (c->j->z24)
            rpr_put_sum24(sums, c->c0 + o, z[o]);
        else
            sums[c->c0 + o] = z[o];
    }
}

/* z += the changes of one visit. With few vectors they are dealt out to two chains of sums. */
static inline ALWAYS_INLINE void delta_visit(const delta_column *c, const rpr_delta_visit *visit,
                                             int nv)
{
    const int chains = nv == 1 ? DELTA_CHAINS : 1;
    const int64_t row0 = visit->row;
    const int32_t end = visit->first + visit->n;
    int32_t *z = delta_sums_of(visit), e = visit->first;
    delta_sums s[DELTA_CHAINS];
    sums_load(s[0].z, z, c->j->z24, c->c0, c->n_out, nv);
    s[0].excess = s[1].excess = i_set(0);
    UNROLL
    for (int v = 0; v < nv && chains > 1; v++)
        s[1].z[v] = i_set(0);
    for (; chains > 1 && e + 1 < end; e += 2) {
        delta_change(c, &s[0], row0, e, nv);
        delta_change(c, &s[1], row0, e + 1, nv);
    }
    for (; e < end; e++)
        delta_change(c, &s[0], row0, e, nv);
    UNROLL
    for (int v = 0; v < nv; v++) {
        s[0].z[v] = i_sub(s[0].z[v], s[0].excess);
        if (chains > 1)
            s[0].z[v] = i_add(s[0].z[v], i_sub(s[1].z[v], s[1].excess));
    }
    sums_store(s[0].z, z, c->j->z24, c->c0, c->n_out, nv);
    if (__builtin_expect(i_any(c->j->rest + visit->first, visit->n), 0))
        delta_rests(c, visit, nv);
}

/* As in delta.h. */
static inline ALWAYS_INLINE void delta_fetch(const delta_column *c, int32_t i, int nv)
{
    const int64_t first = (int64_t)i * c->per_visit;
    for (int64_t k = first; k < first + c->per_visit && k < c->lines; k++)
        __builtin_prefetch(c->ahead + k * DELTA_LINE, 0, 2);
    if (i + DELTA_AHEAD >= c->j->n_visit)
        return;
    const int32_t *z = sums_at(delta_sums_of(&c->j->visit[i + DELTA_AHEAD]), c->j->z24, c->c0);
    UNROLL
    for (int k = 0; k < nv * IL; k += DELTA_LINE / (int)sizeof *z)
        __builtin_prefetch(z + k);
}

static inline ALWAYS_INLINE void delta_visits(const delta_column *c, int nv)
{
    for (int32_t i = 0; i < c->j->n_visit; i++) {
        delta_fetch(c, i, nv);
        delta_visit(c, &c->j->visit[i], nv);
    }
}

#define DELTA_DEFINE(nv)                                                                           \
    static void delta_visits_##nv(const delta_column *c)                                           \
    {                                                                                              \
        delta_visits(c, nv);                                                                       \
    }
#define DELTA_ENTRY(nv) [nv] = delta_visits_##nv,
#if IL == 16
#define DELTA_VECTORS(S) S(1) S(2) S(3) S(4) S(8)
#else
#define DELTA_UP_TO_8(S) S(1) S(2) S(3) S(4) S(5) S(6) S(7) S(8)
#if IL == 8
#define DELTA_VECTORS(S) DELTA_UP_TO_8(S)
#else
#define DELTA_VECTORS(S) DELTA_UP_TO_8(S) S(9) S(10) S(11) S(12) S(13) S(14) S(15) S(16)
#endif
#endif
DELTA_VECTORS(DELTA_DEFINE)
static void (*const delta_visits_fn[])(const delta_column *c) = {DELTA_VECTORS(DELTA_ENTRY)};

static const int8_t *delta_block(const rpr_delta_job_i8 *j, int32_t c0)
{
    return j->w + j->w_rows * c0 * RPR_WORD;
}

/* Bytes from weight row to weight row in block c0. */
static int64_t delta_width(const rpr_delta_job_i8 *j, int32_t c0)
{
    return (int64_t)rpr_block_width(j->co, c0) * RPR_WORD;
}

/* Cache lines of a job's weight rows in block c0. */
static int32_t delta_lines(const rpr_delta_job_i8 *j, int32_t c0)
{
    return (int32_t)(j->n_rows * delta_width(j, c0) / DELTA_LINE);
}

/* As in delta.h: what is to be fetched meanwhile. */
static void delta_look_ahead(delta_column *c, int32_t next_c0, int64_t changes)
{
    const rpr_delta_job_i8 *j = c->j;
    const bool last = next_c0 >= j->co, first = c->c0 == 0 && j->first_row == 0;
    const int32_t c0 = last ? 0 : next_c0, row = last ? j->next_row : j->first_row;
    c->lines = c->per_visit = 0;
    if (changes < j->n_rows || j->n_visit == 0)
        return;
    for (int32_t k = 0; first && k < delta_lines(j, 0); k++)
        __builtin_prefetch((const char *)c->w + k * DELTA_LINE, 0, 2);
    if (row < 0)
        return;
    c->ahead = (const char *)(delta_block(j, c0) + row * delta_width(j, c0));
    c->lines = delta_lines(j, c0);
    c->per_visit = (c->lines + j->n_visit - 1) / j->n_visit;
}

void INT8(delta_i8)(const rpr_delta_job_i8 *j)
{
    int64_t changes = 0;
    for (int32_t i = 0; i < j->n_visit; i++)
        changes += j->visit[i].n;
    delta_column c = {.j = j, .block_step = j->w_rows * RPR_BLOCK * RPR_WORD};
    const int32_t widest =
        changes < j->n_visit * (int64_t)DELTA_SPARSE ? DELTA_MAX_VECTORS * IL : RPR_BLOCK;
    for (; c.c0 < j->co; c.c0 += c.n_out) {
        const int32_t left = j->co - c.c0;
        c.n_out = left >= widest ? widest : left < RPR_BLOCK ? left : RPR_BLOCK;
        const int nv = (c.n_out + IL - 1) / IL;
        c.w = delta_block(j, c.c0);
        delta_look_ahead(&c, c.c0 + c.n_out, changes);
        delta_visits_fn[nv](&c);
    }
}
