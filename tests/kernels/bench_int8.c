/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times the integer kernels beside those for floats: the same shapes, taking turns. Of every table
 * GMAC/s of floats, GMAC/s of integers and the ratio. The floats' results are not activated, the
 * integers' are made bytes.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "kernels/pack_i8.h"

static uint8_t *buffer_bytes(int64_t n)
{
    uint8_t *p = buffer((size_t)n);
    for (int64_t i = 0; i < n; i++)
        p[i] = (uint8_t)rnd();
    return p;
}

static const char *wanted;

static void print_line(const work *w, const rpr_kernels *const *tables, int n)
{
    double median[2 * MAX_TABLES];
    if (!strstr(w->name, wanted)) {
        time_runs(w, 0, tables, n, median);
        return;
    }
    time_runs(w, 2, tables, n, median);
    printf("%-34s", w->name);
    for (int i = 0; i < n; i++)
        printf(" %7.1f %7.1f %5.2fx", w[0].amount / median[2 * i] * 1e-9,
               w[1].amount / median[2 * i + 1] * 1e-9,
               median[2 * i] / median[2 * i + 1] * w[1].amount / w[0].amount);
    printf("\n");
    fflush(stdout);
}

static const rpr_requant *new_requant(int32_t co, bool table)
{
    rpr_requant *q = buffer(sizeof *q);
    float *scale = buffer((size_t)rpr_round_lane(co) * sizeof *scale);
    for (int32_t o = 0; o < co; o++)
        scale[o] = 0.001f;
    *q = (rpr_requant){.scale = scale, .zero = 100, .table = table ? buffer_bytes(256) : NULL};
    return q;
}

/* ------------------------------------------------------------------ conv_row */

typedef struct conv_job {
    rpr_conv_row f;
    rpr_conv_row_i8 i;
    int32_t h;
    int64_t f_rows, i_rows; /* from the input of an output row to that of the next */
} conv_job;

static void run_conv_f32(const rpr_kernels *k, void *data)
{
    const conv_job *j = data;
    rpr_conv_row r = j->f;
    for (int32_t y = 0; y < j->h; y++, r.in += j->f_rows, r.out += r.n * r.out_pix)
        k->conv_row(&r);
}

static void run_conv_i8(const rpr_kernels *k, void *data)
{
    const conv_job *j = data;
    rpr_conv_row_i8 r = j->i;
    for (int32_t y = 0; y < j->h; y++, r.in += j->i_rows, r.a += r.n * r.a_pix)
        k->conv_row_i8(&r);
}

/* side x side outputs; square kernel of `size`; few rows, as rows cost the same */
static void bench_conv(const rpr_kernels *const *t, int n, int side, int ci, int co, int size,
                       int stride, bool table)
{
    const int32_t h = side < 16 ? side : 16, words = rpr_words(ci), bytes = rpr_word_bytes(ci);
    const int64_t width = (int64_t)side * stride + size, rows = (int64_t)size * size * ci;
    const int64_t word_rows = (int64_t)size * size * words, high = h * stride + size;
    conv_job j = {.h = h, .f_rows = stride * width * ci, .i_rows = stride * width * bytes};
    j.f = (rpr_conv_row){.in = buffer_floats(high * width * ci),
                         .in_row = width * ci,
                         .in_pix = ci,
                         .in_step = (int64_t)stride * ci,
                         .w = buffer_floats(rpr_packed_floats(rows, co)),
                         .bias = buffer_floats(rpr_round_lane(co)),
                         .out = buffer_floats((int64_t)h * side * co),
                         .out_pix = co,
                         .kh = size,
                         .kw = size,
                         .ci = ci,
                         .co = co,
                         .n = side};
    j.i = (rpr_conv_row_i8){.in = buffer_bytes(high * width * bytes),
                            .in_row = width * bytes,
                            .in_pix = bytes,
                            .in_step = (int64_t)stride * bytes,
                            .w = (int8_t *)buffer_bytes(rpr_packed_bytes_i8(word_rows, co)),
                            .bias = buffer((size_t)rpr_round_lane(co) * 4),
                            .sum128 = buffer((size_t)rpr_round_lane(co) * 4),
                            .a = buffer((size_t)(h * side * rpr_word_bytes(co))),
                            .a_pix = rpr_word_bytes(co),
                            .q = new_requant(co, table),
                            .kh = size,
                            .kw = size,
                            .ci = words,
                            .co = co,
                            .n = side};
    const double macs = (double)rows * co * h * side;
    work w[] = {{.amount = macs, .run = run_conv_f32, .data = &j},
                {.amount = macs, .run = run_conv_i8, .data = &j}};
    snprintf(w->name, sizeof w->name, "conv %dx%d %d->%d %dx%d s%d%s", side, side, ci, co, size,
             size, stride, table ? " table" : "");
    print_line(w, t, n);
}

/* ----------------------------------------------------------------- depthwise */

typedef struct depthwise_job {
    rpr_depthwise_row f;
    rpr_depthwise_row_i8 i;
} depthwise_job;

static void run_depthwise_f32(const rpr_kernels *k, void *data)
{
    for (int i = 0; i < 8; i++)
        k->depthwise_row(&((depthwise_job *)data)->f);
}

static void run_depthwise_i8(const rpr_kernels *k, void *data)
{
    for (int i = 0; i < 8; i++)
        k->depthwise_row_i8(&((depthwise_job *)data)->i);
}

static void bench_depthwise(const rpr_kernels *const *t, int n, int side, int c, int size,
                            int stride)
{
    const int32_t bytes = rpr_word_bytes(c);
    const int64_t width = (int64_t)side * stride + size;
    depthwise_job j;
    j.f = (rpr_depthwise_row){.in = buffer_floats(width * c * size),
                              .in_row = width * c,
                              .in_pix = c,
                              .in_step = (int64_t)stride * c,
                              .w = buffer_floats((int64_t)size * size * c),
                              .bias = buffer_floats(c),
                              .out = buffer_floats((int64_t)side * c),
                              .out_pix = c,
                              .kh = size,
                              .kw = size,
                              .c = c,
                              .n = side};
    j.i = (rpr_depthwise_row_i8){.in = buffer_bytes(width * bytes * size),
                                 .in_row = width * bytes,
                                 .in_pix = bytes,
                                 .in_step = (int64_t)stride * bytes,
                                 .w = (int8_t *)buffer_bytes(rpr_depthwise_bytes_i8(size, size, c)),
                                 .bias = buffer((size_t)rpr_round_lane(c) * 4),
                                 .sum128 = buffer((size_t)rpr_round_lane(c) * 4),
                                 .a = buffer((size_t)(side * bytes)),
                                 .a_pix = bytes,
                                 .q = new_requant(c, false),
                                 .kh = size,
                                 .kw = size,
                                 .c = c,
                                 .n = side};
    const double macs = 8.0 * size * size * c * side;
    work w[] = {{.amount = macs, .run = run_depthwise_f32, .data = &j},
                {.amount = macs, .run = run_depthwise_i8, .data = &j}};
    snprintf(w->name, sizeof w->name, "depthwise %d c %d %dx%d s%d", side, c, size, size, stride);
    print_line(w, t, n);
}

/* --------------------------------------------------------------------- delta */

typedef struct delta_job {
    rpr_delta_job f;
    rpr_delta_job_i8 i;
} delta_job;

static void run_delta_f32(const rpr_kernels *k, void *data)
{
    k->delta(&((delta_job *)data)->f);
}

static void run_delta_i8(const rpr_kernels *k, void *data)
{
    k->delta_i8(&((delta_job *)data)->i);
}

/*
 * Changes of a side x side picture of `c` values or words: all of a pixel in one range from
 * first[pixel], motion in cells of 8 x 8 pixels.
 */
static void rnd_changes(int side, int c, double pixels, double values, int32_t *first, int32_t *idx)
{
    const uint32_t salt = rnd();
    int32_t n = 0;
    for (int32_t p = 0; p < side * side; p++) {
        const int32_t y = p / side, x = p % side;
        const uint32_t cell = ((uint32_t)(y / 8 * 131 + x / 8) ^ salt) * 2654435761u;
        first[p] = n;
        for (int32_t i = 0; i < c && (cell >> 8) % 1000 < pixels * 1000; i++)
            if (rnd() % 1000 < values * 1000)
                idx[n++] = x * c + i;
    }
    first[side * side] = n;
}

/* Every output pixel with a change under its taps, tap row by tap row; returns the changes. */
static double make_visits(int side, int c, int co, int size, const int32_t *first, void *z,
                          rpr_delta_visit *visit, int32_t *n_visit)
{
    const int32_t half = size / 2;
    double changes = 0.0;
    *n_visit = 0;
    for (int32_t k = 0; k < size; k++)
        for (int32_t p = 0; p < side * side; p++) {
            const int32_t y = p / side, x = p % side, row = y + k - half;
            const int32_t x0 = x < half ? 0 : x - half, x1 = x + half < side ? x + half : side - 1;
            if (row < 0 || row >= side)
                continue;
            const int32_t from = first[row * side + x0], end = first[row * side + x1 + 1];
            if (from < end)
                visit[(*n_visit)++] = (rpr_delta_visit){(float *)z + (int64_t)p * co, from,
                                                        end - from, (k * size - (x - half)) * c};
            changes += end - from;
        }
    return changes;
}

static void bench_delta(const rpr_kernels *const *t, int n, int side, int ci, int co, int size,
                        double pixels, double values)
{
    const int32_t words = rpr_words(ci), pix = side * side;
    delta_job j = {.f = {.co = co}, .i = {.co = co}};
    double macs[2] = {0.0, 0.0};
    for (int i8 = 0; i8 < 2; i8++) {
        const int32_t c = i8 ? words : ci;
        const int64_t rows = (int64_t)size * size * c;
        int32_t *first = buffer(((size_t)pix + 1) * 4), *idx = buffer((size_t)pix * (size_t)c * 4);
        rpr_delta_visit *visit = buffer((size_t)(pix * size) * sizeof *visit);
        void *z = buffer_floats((int64_t)pix * co);
        int32_t n_visit;
        rnd_changes(side, c, pixels, values, first, idx);
        macs[i8] =
            make_visits(side, c, co, size, first, z, visit, &n_visit) * co * (i8 ? RPR_WORD : 1);
        if (i8) {
            j.i.idx = idx, j.i.visit = visit, j.i.n_visit = n_visit, j.i.w_rows = rows;
            j.i.w = (int8_t *)buffer_bytes(rpr_packed_bytes_i8(rows, co));
            j.i.step = (uint32_t *)(void *)buffer_bytes((int64_t)pix * c * 4);
            j.i.rest = buffer((size_t)pix * (size_t)c * 4);
        } else {
            j.f.idx = idx, j.f.visit = visit, j.f.n_visit = n_visit, j.f.w_rows = rows;
            j.f.w = buffer_floats(rpr_packed_floats(rows, co));
            j.f.delta = buffer_floats((int64_t)pix * c);
        }
    }
    work w[] = {{.amount = macs[0], .run = run_delta_f32, .data = &j},
                {.amount = macs[1], .run = run_delta_i8, .data = &j}};
    snprintf(w->name, sizeof w->name, "delta %d %d->%d %dx%d %.0f%% of %.0f%%", side, ci, co, size,
             size, values * 100, pixels * 100);
    print_line(w, t, n);
}

/* --------------------------------------------------------------------- gates */

enum { N = 1 << 14, TIMES = 32 };

typedef struct gate_job {
    float *f[2], *fhat, *delta;
    uint32_t *i[2], *ihat, *step, *rest;
    int32_t *idx;
} gate_job;

static void run_gate_f32(const rpr_kernels *k, void *data)
{
    gate_job *j = data;
    bool bad = false;
    for (int i = 0; i < TIMES; i++)
        k->gate_deadzone(j->f[i % 2], j->fhat, N, 0.0f, 0, j->idx, j->delta, &bad);
}

static void run_gate_i8(const rpr_kernels *k, void *data)
{
    gate_job *j = data;
    for (int i = 0; i < TIMES; i++)
        k->gate_words(j->i[i % 2], j->ihat, N, 0, 0, j->idx, j->step, j->rest);
}

/* Frames that differ in a share of their blocks of 64, there in a tenth of the elements. */
static void bench_gate(const rpr_kernels *const *t, int n, double blocks)
{
    gate_job j = {.fhat = buffer_floats(N), .delta = buffer_floats(N + RPR_LANE)};
    for (int i = 0; i < 2; i++)
        j.f[i] = buffer_floats(N), j.i[i] = buffer(N * 4);
    j.ihat = buffer(N * 4), j.idx = buffer((N + RPR_LANE) * 4);
    j.step = buffer((N + RPR_LANE) * 4), j.rest = buffer((N + RPR_LANE) * 4);
    memcpy(j.f[1], j.f[0], N * sizeof(float));
    for (int32_t i = 0; i < N; i += 64)
        for (int32_t k = i; rnd() % 1000 < blocks * 1000 && k < i + 64; k += rnd_int(1, 19))
            j.f[1][k] = rnd_float(), j.i[1][k] = rnd();
    work w[] = {{.amount = (double)N * TIMES, .run = run_gate_f32, .data = &j},
                {.amount = (double)N * TIMES, .run = run_gate_i8, .data = &j}};
    snprintf(w->name, sizeof w->name, "gate, %.0f%% of blocks; G values/s", blocks * 100);
    print_line(w, t, n);
}

void bench_int8(const rpr_kernels *const *all, int n, const char *word)
{
    wanted = word;
    const rpr_kernels *const *t = all + 1; /* the scalar ones are no measure */
    n--;
    printf("%-34s", "GMAC/s: floats, int8, ratio");
    for (int i = 0; i < n; i++)
        printf(" %-22s", t[i]->isa);
    printf("\n");
    bench_conv(t, n, 52, 128, 128, 3, 1, false);
    bench_conv(t, n, 104, 64, 64, 3, 1, false);
    bench_conv(t, n, 13, 512, 512, 3, 1, false);
    bench_conv(t, n, 52, 256, 128, 1, 1, false);
    bench_conv(t, n, 52, 72, 24, 1, 1, false);
    bench_conv(t, n, 112, 16, 64, 1, 1, false);
    bench_conv(t, n, 112, 16, 64, 1, 1, true);
    bench_conv(t, n, 112, 32, 16, 1, 1, false);
    bench_conv(t, n, 56, 24, 144, 1, 1, false);
    bench_conv(t, n, 56, 144, 24, 1, 1, false);
    bench_conv(t, n, 28, 192, 40, 1, 1, false);
    bench_conv(t, n, 208, 3, 16, 3, 2, false);
    bench_conv(t, n, 208, 3, 32, 3, 2, false);
    bench_conv(t, n, 104, 32, 48, 3, 1, false);
    bench_conv(t, n, 104, 16, 16, 3, 1, false);
    bench_conv(t, n, 1, 2048, 1000, 1, 1, false);
    bench_depthwise(t, n, 56, 128, 3, 1);
    bench_depthwise(t, n, 56, 128, 3, 2);
    bench_depthwise(t, n, 112, 32, 3, 1);
    bench_depthwise(t, n, 56, 144, 3, 1);
    bench_depthwise(t, n, 104, 24, 3, 1);
    bench_depthwise(t, n, 104, 24, 3, 2);
    bench_depthwise(t, n, 28, 240, 5, 1);
    bench_depthwise(t, n, 28, 240, 5, 2);
    bench_depthwise(t, n, 112, 16, 3, 1);
    bench_delta(t, n, 52, 128, 128, 3, 0.4, 0.1);
    bench_delta(t, n, 104, 64, 64, 3, 0.4, 0.1);
    bench_delta(t, n, 26, 256, 256, 3, 0.4, 0.1);
    bench_delta(t, n, 13, 512, 512, 1, 0.4, 0.1);
    bench_delta(t, n, 104, 16, 16, 3, 0.4, 0.3);
    bench_delta(t, n, 52, 32, 32, 3, 0.4, 0.3);
    bench_delta(t, n, 52, 128, 128, 3, 0.2, 0.01);
    for (double blocks = 0.0; blocks < 1.0; blocks += 0.3)
        bench_gate(t, n, blocks);
}
