/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_rows.h"

#include "core/alloc.h"
#include "ops/linear_words.h"

void rpr_linear_free(rpr_linear *l)
{
    if (!l)
        return;
    rpr_free(l->phase);
    rpr_free(l->weights);
    rpr_free(l->half);
    rpr_free(l->requant);
    rpr_free(l);
}

/** Taps inside the input over all output indices of one axis. */
static int64_t valid_taps(int32_t count, int32_t k, int32_t s, int32_t d, int32_t first,
                          int32_t size)
{
    int64_t sum = 0;
    for (int32_t j = 0; j < count; j++)
        sum += rpr_taps_inside(j, k, s, d, first, size);
    return sum;
}

/* Input channels of a picture: where a pixel changes they mostly change together. */
#define PICTURE_CHANNELS 4

/*
 * Multiply-accumulates per input value below which comparing the value costs more than it saves,
 * and the smallest map of which that is true: a squeezed map of one pixel costs nothing to compare,
 * and a change in it reaches everywhere.
 */
#define CHEAP_FAN 32
#define CHEAP_PIXELS 64

static int32_t picture_channels(const rpr_linear *l)
{
    return l->words ? 1 : PICTURE_CHANNELS;
}

static bool is_cheap(const rpr_linear *l)
{
    const rpr_phase *p = &l->phase[0];
    int64_t pixels = (int64_t)l->n * l->in_h * l->in_w;
    bool regular = l->n_phase == 1 && p->out_sy == 1 && p->out_sx == 1;
    return regular && l->in_c > picture_channels(l) && pixels >= CHEAP_PIXELS &&
           (l->depthwise || l->macs < CHEAP_FAN * pixels * l->in_c);
}

void rpr_linear_measure(rpr_linear *l)
{
    const rpr_phase *first = &l->phase[0];
    l->by_pixel =
        l->depthwise || (l->n_phase == 1 && l->in_c <= picture_channels(l) && first->out_sy == 1 &&
                         first->out_sx == 1 && first->kh * first->kw > 1);
    for (int32_t i = 0; i < l->n_phase; i++) {
        rpr_phase *p = &l->phase[i];
        p->z0 = rpr_linear_z_floats(l, p->co0);
        if (p->rows == 0 || p->cols == 0 || p->kh == 0 || p->kw == 0)
            continue;
        int32_t last_y = (p->rows - 1) * p->sh + p->in_y0 + (p->kh - 1) * p->dh;
        int32_t last_x = (p->cols - 1) * p->sw + p->in_x0 + (p->kw - 1) * p->dw;
        int64_t channels = l->depthwise ? p->co : (int64_t)p->ci * p->co;
        int64_t terms = (int64_t)p->kh * p->kw * (l->depthwise ? 1 : p->ci);
        l->halo_t = rpr_at_least(l->halo_t, -p->in_y0);
        l->halo_l = rpr_at_least(l->halo_l, -p->in_x0);
        l->halo_b = rpr_at_least(l->halo_b, last_y - (l->in_h - 1));
        l->halo_r = rpr_at_least(l->halo_r, last_x - (l->in_w - 1));
        l->max_terms = rpr_at_least(l->max_terms, (int32_t)terms);
        l->macs += l->n * channels * valid_taps(p->rows, p->kh, p->sh, p->dh, p->in_y0, l->in_h) *
                   valid_taps(p->cols, p->kw, p->sw, p->dw, p->in_x0, l->in_w);
        l->macs_nominal += l->n * channels * p->rows * p->cols * p->kh * p->kw;
    }
    l->cheap = is_cheap(l);
}

rpr_conv_row rpr_phase_conv_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z, int32_t n,
                                int32_t j)
{
    const rpr_conv_row r = {
        .in = in->data + n * in->img + ((int64_t)j * p->sh + p->in_y0) * in->row +
              p->in_x0 * in->pix + p->ci0,
        .in_row = p->dh * in->row,
        .in_pix = p->dw * in->pix,
        .in_step = p->sw * in->pix,
        .w = p->w,
        .bias = p->bias,
        .out = z->data ? rpr_map_at(z, n, p->out_y0 + j * p->out_sy, p->out_x0) + p->z0 : NULL,
        .out_pix = p->out_sx * z->pix,
        .kh = p->kh,
        .kw = p->kw,
        .ci = p->ci,
        .co = p->co,
        .n = p->cols,
    };
    return r;
}

rpr_depthwise_row rpr_phase_depthwise_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z,
                                          int32_t n, int32_t j)
{
    rpr_conv_row c = rpr_phase_conv_row(p, in, z, n, j);
    const rpr_depthwise_row r = {.in = c.in,
                                 .in_row = c.in_row,
                                 .in_pix = c.in_pix,
                                 .in_step = c.in_step,
                                 .w = c.w,
                                 .bias = c.bias,
                                 .out = c.out,
                                 .out_pix = c.out_pix,
                                 .kh = p->kh,
                                 .kw = p->kw,
                                 .c = p->co,
                                 .n = p->cols};
    return r;
}

/* A pointwise layer on gap-free maps is one long row; pieces keep its input in the first cache. */
#define POINTWISE_PIECE 48

static bool gap_free(const rpr_map *m)
{
    return m->row == m->w * m->pix;
}

static bool is_one_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z, const rpr_map *a)
{
    return p->out_n == 1 && p->kh == 1 && p->kw == 1 && p->sh == 1 && p->sw == 1 && p->in_x0 == 0 &&
           p->in_y0 == 0 && p->cols == in->w && gap_free(in) && (!z->data || gap_free(z)) &&
           gap_free(a);
}

/** a = act(z) for `count` neighbouring pixels of c channels. */
static void activate_run(const rpr_act *act, const rpr_kernels *k, const float *z, int64_t z_pix,
                         float *a, int64_t a_pix, int32_t c, int32_t count)
{
    if (rpr_act_is_none(act))
        return;
    if (z_pix == c && a_pix == c) {
        k->act(act, z, a, (int64_t)count * c);
        return;
    }
    for (int32_t x = 0; x < count; x++)
        k->act(act, z + x * z_pix, a + x * a_pix, c);
}

/** One phase and image of a dense run, in parts of its rows, pixels or output channels. */
typedef struct dense_job {
    const rpr_linear *l;
    const rpr_kernels *k;
    const rpr_phase *p;
    const rpr_map *in, *z, *a;
    const rpr_act *act;
    int32_t n;
    int parts;
} dense_job;

/** Pixels [at, end) of a pointwise layer, output channels [c0, c1) of blocks. */
static void dense_pointwise(const dense_job *d, int64_t at, int64_t end, int32_t c0, int32_t c1)
{
    rpr_conv_row r = rpr_phase_conv_row(d->p, d->in, d->z, d->n, 0);
    const int64_t out_step = r.out ? r.out_pix : 0;
    float *to = rpr_map_at(d->a, d->n, 0, 0) + at * d->a->pix;
    r.in += at * r.in_step;
    r.out += r.out ? at * r.out_pix + rpr_linear_z_floats(d->l, c0) : 0;
    r.w += (int64_t)r.ci * c0;
    r.bias += c0;
    r.co = c1 - c0;
    for (; at < end; at += r.n) {
        r.n = end - at < POINTWISE_PIECE ? (int32_t)(end - at) : POINTWISE_PIECE;
        if (d->l->words) {
            rpr_words_conv_row(d->l, d->k, d->p, &r, c0, to, d->a->pix);
        } else {
            d->k->conv_row(&r);
            activate_run(d->act, d->k, r.out, d->z->pix, to + c0, d->a->pix, r.co, r.n);
        }
        r.in += r.n * r.in_step;
        r.out += r.n * out_step;
        to += r.n * d->a->pix;
    }
}

static void pointwise_part(void *job, int part, int thread)
{
    const dense_job *d = job;
    const int64_t total = (int64_t)d->p->rows * d->p->cols;
    (void)thread;
    dense_pointwise(d, rpr_part_start(total, d->parts, part),
                    rpr_part_start(total, d->parts, part + 1), 0, d->p->co);
}

/** For few pixels with many channels, as matrix products have them. */
static void block_part(void *job, int part, int thread)
{
    const dense_job *d = job;
    const int64_t blocks = (d->p->co + RPR_BLOCK - 1) / RPR_BLOCK;
    int64_t c0 = rpr_part_start(blocks, d->parts, part) * RPR_BLOCK;
    int64_t c1 = rpr_part_start(blocks, d->parts, part + 1) * RPR_BLOCK;
    (void)thread;
    dense_pointwise(d, 0, (int64_t)d->p->rows * d->p->cols, (int32_t)c0,
                    c1 < d->p->co ? (int32_t)c1 : d->p->co);
}

static void dense_row(const dense_job *d, int32_t j)
{
    if (d->l->words) {
        rpr_words_row(d->l, d->k, d->p, d->in, d->z, d->a, d->n, j, NULL);
    } else if (d->l->depthwise) {
        rpr_depthwise_row r = rpr_phase_depthwise_row(d->p, d->in, d->z, d->n, j);
        d->k->depthwise_row(&r);
    } else {
        rpr_conv_row r = rpr_phase_conv_row(d->p, d->in, d->z, d->n, j);
        d->k->conv_row(&r);
    }
}

static void rows_part(void *job, int part, int thread)
{
    const dense_job *d = job;
    const rpr_map *z = d->z, *a = d->a;
    bool whole_rows =
        d->l->n_phase == 1 && !d->l->words; /* then a row is activated while it is in the cache */
    int32_t j = (int32_t)rpr_part_start(d->p->rows, d->parts, part);
    int32_t end = (int32_t)rpr_part_start(d->p->rows, d->parts, part + 1);
    (void)thread;
    for (; j < end; j++) {
        dense_row(d, j);
        if (whole_rows)
            activate_run(d->act, d->k, rpr_map_at(z, d->n, j, 0), z->pix, rpr_map_at(a, d->n, j, 0),
                         a->pix, z->c, z->w);
    }
}

static void finish_part(void *job, int part, int thread)
{
    const dense_job *d = job;
    (void)thread;
    (void)rpr_linear_finish_rows(d->l, d->act, d->k, d->z, d->a, NULL, d->n,
                                 (int32_t)rpr_part_start(d->z->h, d->parts, part),
                                 (int32_t)rpr_part_start(d->z->h, d->parts, part + 1));
}

/* Multiply-adds of a part that are worth waking a thread for: some ten microseconds. */
#define PART_MACS 200000
#define PART_PIXELS 24   /* of a pointwise layer: whole tiles */
#define PART_VALUES 8192 /* activated */

static void dense_phase(dense_job *d, rpr_pool *pool)
{
    const rpr_phase *p = d->p;
    const int64_t pixels = (int64_t)p->rows * p->cols;
    const int64_t macs = pixels * p->kh * p->kw * p->co * (d->l->depthwise ? 1 : p->ci);
    const int64_t worth = rpr_pool_worth(macs, PART_MACS);
    rpr_part_fn *fn = rows_part;
    int64_t units = p->rows;
    if (d->l->n_phase == 1 && !d->l->depthwise && is_one_row(p, d->in, d->z, d->a)) {
        bool few = pixels < 2 * (int64_t)PART_PIXELS;
        fn = few ? block_part : pointwise_part;
        units = few ? (p->co + RPR_BLOCK - 1) / RPR_BLOCK : pixels / PART_PIXELS;
    }
    d->parts = rpr_pool_parts(pool, units, worth);
    rpr_pool_run(pool, d->parts, fn, d);
}

void rpr_linear_dense(const rpr_linear *l, const rpr_kernels *k, rpr_pool *pool, const rpr_map *in,
                      const rpr_map *z, const rpr_map *a, const rpr_act *act)
{
    dense_job d = {.l = l, .k = k, .in = in, .z = z, .a = a, .act = act};
    for (int32_t i = 0; i < l->n_phase; i++)
        for (d.n = 0; d.n < l->n; d.n++) {
            d.p = &l->phase[i];
            dense_phase(&d, pool);
        }
    d.parts = rpr_pool_parts(pool, z->h, rpr_pool_worth((int64_t)z->h * z->w * z->c, PART_VALUES));
    for (d.n = 0; l->n_phase > 1 && !l->words && d.n < l->n; d.n++)
        rpr_pool_run(pool, d.parts, finish_part, &d);
}

static bool finite_run(const rpr_kernels *k, const float *z, int64_t pix, int32_t c, int32_t count)
{
    if (pix == c)
        return k->all_finite(z, (int64_t)count * c);
    bool finite = true;
    for (int32_t x = 0; x < count; x++)
        finite &= k->all_finite(z + x * pix, c);
    return finite;
}

#define SPAN_VALUES 128 /* that cost about as much as a call */

bool rpr_linear_finish_rows(const rpr_linear *l, const rpr_act *act, const rpr_kernels *k,
                            const rpr_map *z, const rpr_map *a, const rpr_touch *touched, int32_t n,
                            int32_t y0, int32_t y1)
{
    /* Activating a pixel again changes nothing, unless in place. */
    const int32_t gap = z->data == a->data && !rpr_act_is_none(act) ? 0 : SPAN_VALUES / z->c;
    bool finite = true;
    for (int32_t y = y0; y < y1; y++) {
        const uint8_t *row = touched ? rpr_touch_row(touched, n, y) : NULL;
        for (int32_t x0 = 0, x1 = 0; rpr_touch_span(row, x1, z->w, gap, &x0, &x1);) {
            const float *from = rpr_map_at(z, n, y, x0);
            if (l->words) {
                rpr_words_finish(l, k, from, z->pix, rpr_map_at(a, n, y, x0), a->pix, x1 - x0);
                continue;
            }
            finite &= finite_run(k, from, z->pix, z->c, x1 - x0);
            activate_run(act, k, from, z->pix, rpr_map_at(a, n, y, x0), a->pix, z->c, x1 - x0);
        }
    }
    return finite;
}

bool rpr_linear_finite(const rpr_linear *l, const rpr_kernels *k, const rpr_map *z)
{
    if (l->words)
        return true;
    bool finite = true;
    for (int32_t n = 0; n < z->n; n++)
        for (int32_t y = 0; y < z->h; y++)
            finite &= finite_run(k, rpr_map_at(z, n, y, 0), z->pix, z->c, z->w);
    return finite;
}
