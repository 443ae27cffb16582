/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear.h"

#include "core/alloc.h"

void rpr_linear_free(rpr_linear *l)
{
    if (!l)
        return;
    rpr_free(l->phase);
    rpr_free(l->weights);
    rpr_free(l);
}

/** Taps of output index j that fall inside the input, along one axis. */
static int64_t taps_inside(int32_t j, int32_t k, int32_t s, int32_t d, int32_t first, int32_t size)
{
    int64_t count = 0;
    for (int32_t t = 0; t < k; t++) {
        int64_t at = (int64_t)j * s + first + (int64_t)t * d;
        count += at >= 0 && at < size;
    }
    return count;
}

/** The same over all output indices. */
static int64_t valid_taps(int32_t count, int32_t k, int32_t s, int32_t d, int32_t first,
                          int32_t size)
{
    int64_t sum = 0;
    for (int32_t j = 0; j < count; j++)
        sum += taps_inside(j, k, s, d, first, size);
    return sum;
}

static int32_t at_least(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

void rpr_linear_measure(rpr_linear *l)
{
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        if (p->rows == 0 || p->cols == 0 || p->kh == 0 || p->kw == 0)
            continue;
        int32_t last_y = (p->rows - 1) * p->sh + p->in_y0 + (p->kh - 1) * p->dh;
        int32_t last_x = (p->cols - 1) * p->sw + p->in_x0 + (p->kw - 1) * p->dw;
        int64_t channels = l->depthwise ? p->co : (int64_t)p->ci * p->co;
        int64_t terms = (int64_t)p->kh * p->kw * (l->depthwise ? 1 : p->ci);
        l->halo_t = at_least(l->halo_t, -p->in_y0);
        l->halo_l = at_least(l->halo_l, -p->in_x0);
        l->halo_b = at_least(l->halo_b, last_y - (l->in_h - 1));
        l->halo_r = at_least(l->halo_r, last_x - (l->in_w - 1));
        l->max_segs = at_least(l->max_segs, p->cols * p->kh * p->kw);
        l->max_terms = at_least(l->max_terms, (int32_t)terms);
        l->macs += l->n * channels * valid_taps(p->rows, p->kh, p->sh, p->dh, p->in_y0, l->in_h) *
                   valid_taps(p->cols, p->kw, p->sw, p->dw, p->in_x0, l->in_w);
        l->macs_nominal += l->n * channels * p->rows * p->cols * p->kh * p->kw;
    }
}

static rpr_conv_row conv_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z, int32_t n,
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
        .out = rpr_map_at(z, n, p->out_y0 + j * p->out_sy, p->out_x0) + p->co0,
        .out_pix = p->out_sx * z->pix,
        .kh = p->kh,
        .kw = p->kw,
        .ci = p->ci,
        .co = p->co,
        .n = p->cols,
    };
    return r;
}

static rpr_depthwise_row depthwise_row(const rpr_phase *p, const rpr_map *in, const rpr_map *z,
                                       int32_t n, int32_t j)
{
    rpr_conv_row c = conv_row(p, in, z, n, j);
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
    return p->kh == 1 && p->kw == 1 && p->sh == 1 && p->sw == 1 && p->in_x0 == 0 && p->in_y0 == 0 &&
           p->cols == in->w && gap_free(in) && gap_free(z) && gap_free(a);
}

/** a = act(z) for `count` neighbouring pixels. */
static void activate_run(const rpr_linear *l, const rpr_kernels *k, const float *z, int64_t z_pix,
                         float *a, int64_t a_pix, int32_t count)
{
    if (rpr_act_is_none(&l->act))
        return;
    if (z_pix == l->out_c && a_pix == l->out_c) {
        k->act(&l->act, z, a, (int64_t)count * l->out_c);
        return;
    }
    for (int32_t x = 0; x < count; x++)
        k->act(&l->act, z + x * z_pix, a + x * a_pix, l->out_c);
}

static void dense_pointwise(const rpr_linear *l, const rpr_kernels *k, const rpr_map *in,
                            const rpr_map *z, const rpr_map *a, int32_t n)
{
    rpr_conv_row r = conv_row(&l->phase[0], in, z, n, 0);
    int32_t total = l->phase[0].rows * l->phase[0].cols;
    float *act = rpr_map_at(a, n, 0, 0);
    for (int32_t at = 0; at < total; at += POINTWISE_PIECE) {
        r.n = total - at < POINTWISE_PIECE ? total - at : POINTWISE_PIECE;
        k->conv_row(&r);
        activate_run(l, k, r.out, z->pix, act, a->pix, r.n);
        r.in += r.n * r.in_step;
        r.out += r.n * r.out_pix;
        act += r.n * a->pix;
    }
}

static void dense_row(const rpr_linear *l, const rpr_kernels *k, const rpr_phase *p,
                      const rpr_map *in, const rpr_map *z, int32_t n, int32_t j)
{
    if (l->depthwise) {
        rpr_depthwise_row r = depthwise_row(p, in, z, n, j);
        k->depthwise_row(&r);
    } else {
        rpr_conv_row r = conv_row(p, in, z, n, j);
        k->conv_row(&r);
    }
}

void rpr_linear_dense(const rpr_linear *l, const rpr_kernels *k, const rpr_map *in,
                      const rpr_map *z, const rpr_map *a)
{
    bool whole_rows = l->n_phase == 1; /* then a row is activated while it is in the cache */
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        for (int32_t n = 0; n < l->n; n++) {
            if (whole_rows && !l->depthwise && is_one_row(p, in, z, a)) {
                dense_pointwise(l, k, in, z, a, n);
                continue;
            }
            for (int32_t j = 0; j < p->rows; j++) {
                dense_row(l, k, p, in, z, n, j);
                if (whole_rows)
                    activate_run(l, k, rpr_map_at(z, n, j, 0), z->pix, rpr_map_at(a, n, j, 0),
                                 a->pix, z->w);
            }
        }
    }
    if (!whole_rows)
        rpr_linear_activate(l, k, z, a, NULL);
}

void rpr_linear_activate(const rpr_linear *l, const rpr_kernels *k, const rpr_map *z,
                         const rpr_map *a, const rpr_touch *touched)
{
    for (int32_t n = 0; n < z->n; n++)
        for (int32_t y = 0; y < z->h; y++) {
            const uint8_t *row = touched ? rpr_touch_row(touched, n, y) : NULL;
            for (int32_t x0 = 0, x1 = 0; rpr_touch_run(row, x1, z->w, &x0, &x1);)
                activate_run(l, k, rpr_map_at(z, n, y, x0), z->pix, rpr_map_at(a, n, y, x0), a->pix,
                             x1 - x0);
        }
}

bool rpr_linear_finite(const rpr_kernels *k, const rpr_map *z, const rpr_touch *touched)
{
    bool finite = true;
    for (int32_t n = 0; n < z->n; n++)
        for (int32_t y = 0; y < z->h; y++) {
            const uint8_t *row = touched ? rpr_touch_row(touched, n, y) : NULL;
            for (int32_t x0 = 0, x1 = 0; rpr_touch_run(row, x1, z->w, &x0, &x1);) {
                if (z->pix == z->c) {
                    finite &= k->all_finite(rpr_map_at(z, n, y, x0), (int64_t)(x1 - x0) * z->c);
                    continue;
                }
                for (int32_t x = x0; x < x1; x++)
                    finite &= k->all_finite(rpr_map_at(z, n, y, x), z->c);
            }
        }
    return finite;
}

/* ---------------------------------------------------------------- correct */

/** The input rows under one output row of a phase that hold changes. */
typedef struct tap_row {
    const int32_t *off;
    int32_t weight_row; /* of tap kx = 0, channel 0 */
} tap_row;

#define MAX_KERNEL 64

static int32_t changed_tap_rows(const rpr_phase *p, const rpr_gate_state *g, int32_t n, int32_t j,
                                tap_row *rows)
{
    int32_t count = 0, h = g->xhat.h, w = g->xhat.w;
    for (int32_t ky = 0; ky < p->kh; ky++) {
        int32_t y = j * p->sh + p->in_y0 + ky * p->dh;
        if (y < 0 || y >= h || g->row_n[n * h + y] == 0)
            continue;
        rows[count].off = g->off + (int64_t)(n * h + y) * (w + 1);
        rows[count++].weight_row = ky * p->kw * p->ci;
    }
    return count;
}

/** Appends one segment for the changes [first, end); returns the new count. */
static int32_t add_seg(rpr_delta_seg *segs, int32_t n, int32_t first, int32_t end, int32_t row)
{
    segs[n] = (rpr_delta_seg){.first = first, .n = end - first, .row = row};
    return n + (end > first);
}

/** Segments when all channels are read and neighbouring taps are neighbouring pixels. */
static int32_t segs_contiguous(const rpr_phase *p, const rpr_gate_state *g, const tap_row *rows,
                               int32_t n_rows, int32_t i, rpr_delta_seg *segs)
{
    int32_t x = i * p->sw + p->in_x0, n = 0;
    int32_t x0 = x < 0 ? 0 : x, x1 = x + p->kw < g->xhat.w ? x + p->kw : g->xhat.w;
    if (x0 >= x1)
        return 0;
    for (int32_t r = 0; r < n_rows; r++)
        n = add_seg(segs, n, rows[r].off[x0], rows[r].off[x1], rows[r].weight_row - x * p->ci);
    return n;
}

/** First list position in [e, end) whose element index is at least `idx`. */
static int32_t seek(const int32_t *list, int32_t e, int32_t end, int32_t idx)
{
    while (e < end && list[e] < idx)
        e++;
    return e;
}

/** Segments of dilated or grouped layers: one per tap, cut to the phase's channels. */
static int32_t segs_scattered(const rpr_phase *p, const rpr_gate_state *g, const tap_row *rows,
                              int32_t n_rows, int32_t i, rpr_delta_seg *segs)
{
    int32_t n = 0, c = g->xhat.c;
    for (int32_t r = 0; r < n_rows; r++)
        for (int32_t kx = 0; kx < p->kw; kx++) {
            int32_t x = i * p->sw + p->in_x0 + kx * p->dw;
            if (x < 0 || x >= g->xhat.w)
                continue;
            int32_t end = rows[r].off[x + 1], base = x * c + p->ci0;
            int32_t first = seek(g->idx, rows[r].off[x], end, base);
            n = add_seg(segs, n, first, seek(g->idx, first, end, base + p->ci),
                        rows[r].weight_row + kx * p->ci - base);
        }
    return n;
}

static void correct_row(const rpr_phase *p, const rpr_kernels *k, const rpr_gate_state *g,
                        const rpr_map *z, rpr_touch *touched, const rpr_linear_scratch *scratch,
                        int32_t n, int32_t j, rpr_correction *total)
{
    tap_row rows[MAX_KERNEL];
    int32_t n_rows = changed_tap_rows(p, g, n, j, rows);
    if (n_rows == 0)
        return;
    bool contiguous = p->ci == g->xhat.c && p->dw == 1;
    int32_t y = p->out_y0 + j * p->out_sy, n_segs = 0, n_pix = 0;
    uint8_t *mark = rpr_touch_row(touched, n, y);
    for (int32_t i = 0; i < p->cols; i++) {
        rpr_delta_seg *segs = scratch->segs + n_segs;
        int32_t count = contiguous ? segs_contiguous(p, g, rows, n_rows, i, segs)
                                   : segs_scattered(p, g, rows, n_rows, i, segs);
        if (count == 0)
            continue;
        int32_t x = p->out_x0 + i * p->out_sx, terms = 0;
        for (int32_t s = 0; s < count; s++)
            terms += segs[s].n;
        total->macs += (int64_t)terms * p->co;
        total->max_terms = at_least(total->max_terms, terms);
        scratch->pix[n_pix++] =
            (rpr_delta_pixel){.z = rpr_map_at(z, n, y, x) + p->co0, .seg = n_segs, .n_seg = count};
        mark[x] = 1;
        n_segs += count;
    }
    const rpr_delta_job job = {.idx = g->idx,
                               .delta = g->delta,
                               .w = p->w,
                               .w_rows = (int64_t)p->kh * p->kw * p->ci,
                               .co = p->co,
                               .segs = scratch->segs,
                               .pix = scratch->pix,
                               .n_pix = n_pix};
    if (n_pix == 0)
        return;
    touched->any = true;
    k->delta(&job);
}

/**
 * Depthwise layers are recomputed, all channels, at the output pixels that see a change: with one
 * product per tap and channel a list would cost more than it saves. What is executed is counted.
 */
static rpr_correction correct_depthwise(const rpr_linear *l, const rpr_kernels *k,
                                        const rpr_gate_state *g, const rpr_map *z,
                                        rpr_touch *touched)
{
    const rpr_phase *p = &l->phase[0];
    rpr_correction total = {0};
    rpr_touch_window(touched, &g->changed, p->kh, p->kw, p->sh, p->sw, -p->in_y0, -p->in_x0, p->dh,
                     p->dw);
    for (int32_t n = 0; n < l->n; n++)
        for (int32_t j = 0; j < p->rows; j++) {
            const uint8_t *mark = rpr_touch_row(touched, n, j);
            if (!rpr_touch_range(mark, p->cols))
                continue;
            int64_t taps = 0;
            for (int32_t i = 0; i < p->cols; i++)
                taps += mark[i] ? taps_inside(i, p->kw, p->sw, p->dw, p->in_x0, l->in_w) : 0;
            total.macs += taps * taps_inside(j, p->kh, p->sh, p->dh, p->in_y0, l->in_h) * p->co;
            rpr_depthwise_row r = depthwise_row(p, &g->xhat, z, n, j);
            r.mask = mark;
            k->depthwise_row(&r);
        }
    return total;
}

rpr_correction rpr_linear_correct(const rpr_linear *l, const rpr_kernels *k,
                                  const rpr_gate_state *g, const rpr_map *z, rpr_touch *touched,
                                  const rpr_linear_scratch *scratch)
{
    rpr_correction total = {0};
    rpr_touch_fill(touched, false);
    if (l->depthwise)
        return correct_depthwise(l, k, g, z, touched);
    for (int32_t i = 0; i < l->n_phase; i++)
        for (int32_t n = 0; n < l->n; n++)
            for (int32_t j = 0; j < l->phase[i].rows; j++)
                correct_row(&l->phase[i], k, g, z, touched, scratch, n, j, &total);
    return total;
}
