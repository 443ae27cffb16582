/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels with weights, against sums in double on the plain weights (which also checks the
 * packing). Bound: |result - exact| <= (terms + 2) * 2^-24 * sum of |w * x|. Besides, a pixel's
 * bits must not depend on what else was asked for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkkern.h"
#include "kernels/pack.h"

enum { ROUNDS = 400 };

/* A sum in double and the sum of its magnitudes. */
typedef struct exact {
    double sum, magnitude;
    int64_t terms;
} exact;

static void exact_add(exact *e, double v)
{
    e->sum += v;
    e->magnitude += fabs(v);
    e->terms++;
}

static void expect_near(const exact *e, float got, const char *what, int p, int o)
{
    double bound = (double)(e->terms + 2) * 0x1p-24 * e->magnitude;
    expect(fabs((double)got - e->sum) <= bound, "%s: pixel %d, channel %d: %.9g, not %.9g", what, p,
           o, (double)got, e->sum);
}

static int32_t rnd_co(void)
{
    static const int32_t wide[] = {64, 80, 96, 128, 129, 144, 192, 200, 255};
    return rnd() % 3 ? rnd_int(1, 70) : wide[rnd() % (sizeof wide / sizeof wide[0])];
}

/* Plain weights [co][taps][ci] and their packed form, which ends at a trapping page. */
typedef struct weights {
    int32_t co, taps, ci;
    float *plain, *packed, *half, *bias;
} weights;

static weights new_weights(int32_t co, int32_t taps, int32_t ci)
{
    weights w = {.co = co, .taps = taps, .ci = ci};
    int64_t rows = (int64_t)taps * ci, n = rows * co, packed = rpr_packed_floats(rows, co);
    w.plain = guard_floats(n);
    fill_floats(w.plain, n);
    w.packed = guard_alloc((size_t)packed * sizeof(float), false);
    rpr_pack_weights(w.packed, w.plain, co, taps, ci, rows, ci, 1);
    w.half = guard_alloc((size_t)rpr_half_packed_words(rows, co) * sizeof(float), false);
    expect(rpr_pack_half(w.half, w.packed, rows, co), "half weights of small numbers");
    w.bias = guard_alloc((size_t)rpr_round_lane(co) * sizeof(float), false);
    fill_floats(w.bias, rpr_round_lane(co));
    return w;
}

static float weight(const weights *w, int32_t o, int64_t row)
{
    return w->plain[(int64_t)o * w->taps * w->ci + row];
}

/* ------------------------------------------------------------------ conv_row */

static exact conv_exact(const rpr_conv_row *r, const weights *w, int32_t p, int32_t o)
{
    exact e = {0};
    int64_t row = 0;
    exact_add(&e, (double)r->bias[o]);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++)
            for (int32_t i = 0; i < r->ci; i++) {
                const float *x = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix + i;
                exact_add(&e, (double)*x * (double)weight(w, o, row++));
            }
    return e;
}

/* Of a row with a mask the marked pixels are what they are without one, the others are left. */
static void conv_masked(const rpr_kernels *k, const rpr_conv_row *whole, const float *before,
                        int64_t n_out)
{
    rpr_conv_row r = *whole;
    float *out = guard_copy(before, n_out);
    uint8_t *mask = guard_alloc((size_t)r.n, false);
    uint32_t one_in = rnd() % 5 + 1;
    const bool runs = rnd() % 3 == 0; /* long ones between single pixels */
    for (int32_t p = 0; p < r.n; p++)
        mask[p] = runs ? p % 19 > 3 || rnd() % 2 : rnd() % one_in == 0;
    r.out = out, r.mask = mask;
    k->conv_row(&r);
    for (int32_t p = 0; p < r.n; p++) {
        const float *from = mask[p] ? whole->out : before;
        int64_t at = p * r.out_pix, n = p + 1 < r.n ? r.out_pix : r.co;
        expect(!memcmp(out + at, from + at, (size_t)(mask[p] ? r.co : n) * sizeof(float)),
               "masked row: pixel %d, %s", p, mask[p] ? "marked" : "not marked");
    }
}

static void conv_case(const rpr_kernels *k)
{
    rpr_conv_row r = {.kh = rnd_int(1, 3),
                      .kw = rnd_int(1, 3),
                      .ci = rnd_int(1, 9),
                      .co = rnd_co(),
                      .n = rnd_int(1, 45)};
    const bool picture = rnd() % 4 == 0; /* as their first layers mostly are */
    r.ci = picture ? 3 : r.ci;
    r.in_pix = r.ci + (rnd() % 2 && !picture ? rnd_int(1, 5) : 0);
    r.in_step = r.in_pix * (picture ? 2 : rnd_int(1, 2));
    r.in_row = r.n * r.in_step + r.kw * r.in_pix + rnd_int(0, 3);
    r.out_pix = r.co + (rnd() % 2 ? rnd_int(1, 5) : 0);
    int64_t n_in = (r.n - 1) * r.in_step + (r.kh - 1) * r.in_row + (r.kw - 1) * r.in_pix + r.ci;
    int64_t n_out = (r.n - 1) * r.out_pix + r.co;
    weights w = new_weights(r.co, r.kh * r.kw, r.ci);
    float *in = guard_floats(n_in), *out = guard_floats(n_out), *alone = guard_floats(r.co);
    fill_floats(in, n_in);
    fill_floats(out, n_out);
    float *before = guard_copy(out, n_out);
    r.in = in, r.out = out, r.w = w.packed, r.bias = w.bias;
    k->conv_row(&r);
    for (int32_t p = 0; p < r.n; p++) {
        for (int32_t o = 0; o < r.co; o++) {
            exact e = conv_exact(&r, &w, p, o);
            expect_near(&e, out[p * r.out_pix + o], "sum", p, o);
        }
        if (p + 1 < r.n) {
            int64_t gap = p * r.out_pix + r.co;
            expect(!memcmp(out + gap, before + gap, (size_t)(r.out_pix - r.co) * sizeof(float)),
                   "wrote between pixels");
        }
    }
    rpr_conv_row one = r;
    int32_t p = rnd_int(0, r.n - 1);
    one.n = 1, one.in = in + p * r.in_step, one.out = alone;
    k->conv_row(&one);
    expect(!memcmp(alone, out + p * r.out_pix, (size_t)r.co * sizeof(float)),
           "a pixel alone has other bits than in its row");
    conv_masked(k, &r, before, n_out);
}

void check_conv_row(const rpr_kernels *k)
{
    begin(k->isa, "conv_row");
    for (int i = 0; i < ROUNDS; i++) {
        conv_case(k);
        guard_release();
    }
}

/* -------------------------------------------------------------- half weights */

/* Output o's half weight in weight row `row`. */
static float half_weight(const weights *w, int32_t o, int32_t row)
{
    const int32_t c0 = o / RPR_BLOCK * RPR_BLOCK, width = rpr_block_width(w->co, c0);
    const int64_t rows = (int64_t)w->taps * w->ci;
    const float *words = w->half + rows * rpr_half_words(c0) + row * rpr_half_words(width);
    return rpr_half_weight(words, width / RPR_LANE, (o - c0) / RPR_LANE, o % RPR_LANE);
}

/* Rounding stays within half a unit of bf16, whatever the neighbour's bits are. */
static void half_case(void)
{
    static const float odd[] = {0.0f,      -0.0f,      1.0f,        0x1.ffp0f, 0x1.fffffep0f,
                                0x1p-126f, -0x1p-127f, 0x1.8p-130f, 0x1.01p0f, -0x1.fffffep126f};
    weights w = new_weights(rnd_co(), 1, rnd_int(1, 6));
    const int64_t n = rpr_packed_floats(w.ci, w.co);
    for (int64_t i = 0; i < n; i++)
        if (w.packed[i] != 0.0f && rnd() % 2)
            w.packed[i] = odd[rnd() % (sizeof odd / sizeof odd[0])];
    expect(rpr_pack_half(w.half, w.packed, w.ci, w.co), "half weights of finite numbers");
    for (int32_t row = 0; row < w.ci; row++)
        for (int32_t o = 0; o < w.co; o++) {
            const int32_t c0 = o / RPR_BLOCK * RPR_BLOCK;
            const float want =
                w.packed[(int64_t)w.ci * c0 + row * rpr_block_width(w.co, c0) + o - c0];
            const float got = half_weight(&w, o, row);
            const double bound = 0x1p-8 * fabs((double)want) + 0x1p-125;
            expect(fabs((double)got - (double)want) <= bound, "half weight %a of %a", (double)got,
                   (double)want);
            expect(!(got < want || got > want) || got == 0.0f || fabsf(got) >= 0x1p-126f,
                   "half weight %a is denormal", (double)got);
        }
    w.packed[rnd_int(0, (int32_t)n - 1)] = rnd() % 2 ? INFINITY : 0x1.ffffp127f;
    expect(!rpr_pack_half(w.half, w.packed, w.ci, w.co), "half weights of what bf16 cannot hold");
}

void check_half(void)
{
    begin("scalar", "half weights");
    for (int i = 0; i < ROUNDS; i++) {
        half_case();
        guard_release();
    }
}

/* --------------------------------------------------------------------- delta */

enum { MAX_PIX = 24, MAX_VISITS = 4 };

/* A job on random lists: every pixel is visited one to four times, round by round. */
typedef struct delta_data {
    rpr_delta_job job;
    rpr_delta_visit *visit;
    float *z, *before;
    int64_t z_pix;
    int32_t n_pix;
} delta_data;

static delta_data new_delta(weights *w)
{
    int32_t rows = rnd_int(1, 40), co = rnd_co(), rounds = rnd_int(1, MAX_VISITS), n_visit = 0;
    int32_t n_list = rnd_int(1, 90), most = rnd() % 2 ? 3 : 40, lead = rnd_int(-5, 5);
    const bool half = rnd() % 2;
    *w = new_weights(co, 1, rows);
    delta_data d = {.z_pix = co + rnd_int(0, 3), .n_pix = rnd_int(0, MAX_PIX)};
    int64_t n_z = d.n_pix ? (d.n_pix - 1) * d.z_pix + co : 0;
    int32_t *idx = guard_alloc((size_t)n_list * sizeof *idx, false);
    float *delta = guard_floats(n_list);
    d.z = guard_floats(n_z);
    fill_floats(d.z, n_z);
    d.before = guard_copy(d.z, n_z);
    fill_floats(delta, n_list);
    for (int32_t e = 0; e < n_list; e++)
        idx[e] = rnd_int(0, rows - 1) + lead; /* undone by the visits' rows */
    rpr_delta_visit visit[MAX_PIX * MAX_VISITS];
    for (int32_t r = 0; r < rounds; r++)
        for (int32_t p = 0; p < d.n_pix; p++) {
            int32_t first = rnd_int(0, n_list - 1), left = n_list - first;
            int32_t n = rnd_int(1, left < most ? left : most);
            if (r == 0 || rnd() % 3)
                visit[n_visit++] = (rpr_delta_visit){d.z + p * d.z_pix, first, n, -lead};
        }
    d.visit = guard_alloc((size_t)n_visit * sizeof *visit, false);
    if (n_visit)
        memcpy(d.visit, visit, (size_t)n_visit * sizeof *visit);
    d.job = (rpr_delta_job){.idx = idx,
                            .delta = delta,
                            .w = half ? NULL : w->packed,
                            .half = half ? w->half : NULL,
                            .w_rows = rows,
                            .co = co,
                            .visit = d.visit,
                            .n_visit = n_visit};
    d.job.first_row = rnd() % 2 ? rnd_int(0, rows - 1) : 0;
    d.job.n_rows = rnd() % 3 ? rnd_int(1, rows - d.job.first_row) : 0;
    d.job.next_row = rnd_int(-1, rows - rnd_int(1, rows - d.job.first_row));
    return d;
}

/* What output o of the pixel at z should be: `before` plus all its visits. */
static exact delta_exact(const delta_data *d, const weights *w, const float *z, int32_t o)
{
    const rpr_delta_job *j = &d->job;
    exact x = {0};
    exact_add(&x, (double)d->before[z - d->z + o]);
    for (const rpr_delta_visit *v = j->visit; v < j->visit + j->n_visit; v++)
        for (int32_t e = v->first; v->z == z && e < v->first + v->n; e++) {
            const int32_t row = v->row + j->idx[e];
            const float used = j->w ? weight(w, o, row) : half_weight(w, o, row);
            exact_add(&x, (double)j->delta[e] * (double)used);
        }
    return x;
}

static void delta_case(const rpr_kernels *k)
{
    weights w;
    delta_data d = new_delta(&w);
    const rpr_delta_job *j = &d.job;
    k->delta(j);
    for (int32_t p = 0; p < d.n_pix; p++) {
        const float *z = d.z + p * d.z_pix;
        for (int32_t o = 0; o < j->co; o++) {
            exact x = delta_exact(&d, &w, z, o);
            expect_near(&x, z[o], "sum", p, o);
        }
        if (p + 1 < d.n_pix) {
            int64_t gap = p * d.z_pix + j->co;
            expect(!memcmp(d.z + gap, d.before + gap, (size_t)(d.z_pix - j->co) * sizeof(float)),
                   "wrote between pixels");
        }
    }
    rpr_delta_visit *alone = guard_alloc(sizeof *alone, false);
    for (int32_t i = 0; i < j->n_visit; i++) { /* each visit in a job of its own */
        *alone = d.visit[i];
        alone->z = d.before + (d.visit[i].z - d.z);
        rpr_delta_job one = *j;
        one.visit = alone, one.n_visit = 1;
        one.first_row = one.n_rows = one.next_row = 0; /* the hint changes no bit either */
        k->delta(&one);
    }
    for (int32_t p = 0; p < d.n_pix; p++)
        expect(!memcmp(d.before + p * d.z_pix, d.z + p * d.z_pix, (size_t)j->co * sizeof(float)),
               "pixel %d has other bits when its visits are jobs of their own", p);
}

void check_delta(const rpr_kernels *k)
{
    begin(k->isa, "delta");
    for (int i = 0; i < ROUNDS; i++) {
        delta_case(k);
        guard_release();
    }
}

/* ----------------------------------------------------------------- depthwise */

static exact depthwise_exact(const rpr_depthwise_row *r, int32_t p, int32_t ch)
{
    exact e = {0};
    exact_add(&e, (double)r->bias[ch]);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++) {
            const float *x = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix + ch;
            exact_add(&e, (double)*x * (double)r->w[(ky * r->kw + kx) * r->c + ch]);
        }
    return e;
}

static void depthwise_case(const rpr_kernels *k)
{
    rpr_depthwise_row r = {
        .kh = rnd_int(1, 5), .kw = rnd_int(1, 5), .c = rnd_int(1, 70), .n = rnd_int(1, 30)};
    r.in_pix = r.c + rnd_int(0, 3);
    r.in_step = r.in_pix * rnd_int(1, 2);
    r.in_row = r.n * r.in_step + r.kw * r.in_pix;
    r.out_pix = r.c + rnd_int(0, 3);
    int64_t n_in = (r.n - 1) * r.in_step + (r.kh - 1) * r.in_row + (r.kw - 1) * r.in_pix + r.c;
    int64_t n_out = (r.n - 1) * r.out_pix + r.c;
    int32_t n_w = r.kh * r.kw * r.c;
    float *in = guard_floats(n_in), *w = guard_floats(n_w), *bias = guard_floats(r.c);
    float *out = guard_floats(n_out), *part = guard_floats(n_out);
    uint8_t *mask = guard_alloc((size_t)r.n, false);
    fill_floats(in, n_in), fill_floats(w, n_w), fill_floats(bias, r.c), fill_floats(out, n_out);
    memcpy(part, out, (size_t)n_out * sizeof(float));
    float *before = guard_copy(out, n_out);
    uint32_t odds = rnd() % 10;
    for (int32_t p = 0; p < r.n; p++)
        mask[p] = rnd() % 10 >= odds;
    r.in = in, r.w = w, r.bias = bias, r.out = out;
    k->depthwise_row(&r);
    r.mask = mask, r.out = part;
    k->depthwise_row(&r);
    for (int32_t p = 0; p < r.n; p++) {
        int64_t at = p * r.out_pix;
        for (int32_t ch = 0; ch < r.c; ch++) {
            exact e = depthwise_exact(&r, p, ch);
            expect_near(&e, out[at + ch], "sum", p, ch);
        }
        expect(!memcmp(part + at, (mask[p] ? out : before) + at, (size_t)r.c * sizeof(float)),
               mask[p] ? "masked and unmasked differ" : "wrote an unmarked pixel");
        if (p + 1 < r.n)
            expect(!memcmp(out + at + r.c, before + at + r.c,
                           (size_t)(r.out_pix - r.c) * sizeof(float)),
                   "wrote between pixels");
    }
}

void check_depthwise(const rpr_kernels *k)
{
    begin(k->isa, "depthwise_row");
    for (int i = 0; i < ROUNDS; i++) {
        depthwise_case(k);
        guard_release();
    }
}
