/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times the kernels over shapes of real networks. The tables take turns within each repetition and
 * medians are compared, so that a machine that slows down slows all of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { MAX_REPS = 31, MAX_BUFFERS = 24 };

static void *buffers[MAX_BUFFERS];
static int n_buffers;

void *buffer(size_t bytes)
{
    size_t size = (bytes + 127) / 64 * 64;
    void *p = n_buffers < MAX_BUFFERS ? aligned_alloc(64, size) : NULL;
    if (!p) {
        printf("checkkern: out of memory\n");
        exit(2);
    }
    buffers[n_buffers++] = p;
    return memset(p, 0, size);
}

float *buffer_floats(int64_t n)
{
    float *p = buffer((size_t)n * sizeof *p);
    fill_floats(p, n);
    return p;
}

static void free_buffers(void)
{
    while (n_buffers)
        free(buffers[--n_buffers]);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void time_runs(const work *w, int n_work, const rpr_kernels *const *tables, int n, double *median)
{
    double seconds[MAX_WORK * MAX_TABLES][MAX_REPS], start = now();
    int reps = 0;
    for (; n_work && reps < MAX_REPS && (reps < 3 || now() - start < 0.3); reps++)
        for (int i = 0; i < n * n_work; i++) {
            double t = now();
            w[i % n_work].run(tables[i / n_work], w[i % n_work].data);
            seconds[i][reps] = now() - t;
        }
    for (int i = 0; i < n * n_work; i++) {
        qsort(seconds[i], (size_t)reps, sizeof seconds[i][0], compare);
        median[i] = seconds[i][reps / 2];
    }
    free_buffers();
}

/* Prints one line. */
void measure(const work *w, const rpr_kernels *const *tables, int n)
{
    double median[MAX_TABLES], scalar = 0.0;
    time_runs(w, 1, tables, n, median);
    printf("%-34s %-6s", w->name, w->unit);
    for (int i = 0; i < n; i++) {
        double rate = w->amount / median[i] * 1e-9;
        scalar = i ? scalar : rate;
        printf(" %8.2f", rate);
        if (i)
            printf(" %5.1fx", rate / scalar);
    }
    printf("\n");
    fflush(stdout);
}

/* ------------------------------------------------------------------ conv_row */

typedef struct conv_job {
    rpr_conv_row row;
    int32_t h;
    int64_t in_rows; /* floats from the input of an output row to that of the next */
} conv_job;

static void run_conv(const rpr_kernels *k, void *data)
{
    const conv_job *j = data;
    rpr_conv_row r = j->row;
    for (int32_t y = 0; y < j->h; y++, r.in += j->in_rows, r.out += r.n * r.out_pix)
        k->conv_row(&r);
}

/* side x side outputs; square kernel of `size`; few rows, as rows cost the same */
static void bench_conv(const rpr_kernels *const *t, int n, int side, int ci, int co, int size,
                       int stride)
{
    int32_t h = side < 16 ? side : 16;
    int64_t width = (int64_t)side * stride + size, rows = (int64_t)size * size * ci;
    conv_job j = {.h = h, .in_rows = stride * width * ci};
    j.row = (rpr_conv_row){.in = buffer_floats((h * stride + size) * width * ci),
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
    work w = {
        .amount = (double)rows * co * h * side, .unit = "GMAC/s", .run = run_conv, .data = &j};
    snprintf(w.name, sizeof w.name, "conv_row %dx%d %d->%d %dx%d s%d", side, side, ci, co, size,
             size, stride);
    measure(&w, t, n);
}

/* --------------------------------------------------------------------- delta */

static void run_delta(const rpr_kernels *k, void *data)
{
    k->delta(data);
}

/* Change lists of a side x side picture: all channels of a pixel in one range from first[pixel]. */
typedef struct changes {
    int32_t *first, *idx;
    float *delta;
} changes;

static changes rnd_changes(int side, int ci, double pixels, double channels)
{
    int32_t n_pix = side * side, n = 0;
    changes c = {.first = buffer(((size_t)n_pix + 1) * sizeof(int32_t)),
                 .idx = buffer((size_t)n_pix * (size_t)ci * sizeof(int32_t)),
                 .delta = buffer_floats((int64_t)n_pix * ci)};
    uint32_t cell_salt = rnd();
    for (int32_t p = 0; p < n_pix; p++) {
        int32_t y = p / side, x = p % side; /* motion comes in cells of 8 x 8 pixels */
        uint32_t cell = ((uint32_t)(y / 8 * 131 + x / 8) ^ cell_salt) * 2654435761u;
        c.first[p] = n;
        for (int32_t i = 0; i < ci && (cell >> 8) % 1000 < pixels * 1000; i++)
            if (rnd() % 1000 < channels * 1000)
                c.idx[n++] = x * ci + i;
    }
    c.first[n_pix] = n;
    return c;
}

/* Every output pixel with a change under its taps, tap row by tap row. */
static void bench_delta(const rpr_kernels *const *t, int n, int side, int ci, int co, int size,
                        double pixels, double channels)
{
    int32_t half = size / 2, n_visit = 0;
    int64_t rows = (int64_t)size * size * ci;
    changes c = rnd_changes(side, ci, pixels, channels);
    float *z = buffer_floats((int64_t)side * side * co);
    rpr_delta_visit *visit = buffer((size_t)(side * side * size) * sizeof *visit);
    double macs = 0.0;
    for (int32_t k = 0; k < size; k++)
        for (int32_t p = 0; p < side * side; p++) {
            int32_t y = p / side, x = p % side, row = y + k - half;
            int32_t x0 = x < half ? 0 : x - half, x1 = x + half < side ? x + half : side - 1;
            if (row < 0 || row >= side)
                continue;
            int32_t first = c.first[row * side + x0], end = c.first[row * side + x1 + 1];
            if (first < end)
                visit[n_visit++] = (rpr_delta_visit){z + (int64_t)p * co, first, end - first,
                                                     (k * size - (x - half)) * ci};
            macs += (double)(end - first) * co;
        }
    rpr_delta_job j = {.idx = c.idx,
                       .delta = c.delta,
                       .w = buffer_floats(rpr_packed_floats(rows, co)),
                       .w_rows = rows,
                       .co = co,
                       .visit = visit,
                       .n_visit = n_visit};
    work w = {.amount = macs, .unit = "GMAC/s", .run = run_delta, .data = &j};
    snprintf(w.name, sizeof w.name, "delta %d %d->%d %dx%d %.0f%% of %.0f%%", side, ci, co, size,
             size, channels * 100, pixels * 100);
    measure(&w, t, n);
}

/* ----------------------------------------------------------------- depthwise */

static void run_depthwise(const rpr_kernels *k, void *data)
{
    k->depthwise_row(data);
}

static void bench_depthwise(const rpr_kernels *const *t, int n, int side, int c, int size)
{
    int64_t row = (int64_t)(side + size) * c;
    rpr_depthwise_row r = {.in = buffer_floats(row * size),
                           .in_row = row,
                           .in_pix = c,
                           .in_step = c,
                           .w = buffer_floats((int64_t)size * size * c),
                           .bias = buffer_floats(c),
                           .out = buffer_floats((int64_t)side * c),
                           .out_pix = c,
                           .kh = size,
                           .kw = size,
                           .c = c,
                           .n = side};
    work w = {.amount = (double)size * size * c * side,
              .unit = "GMAC/s",
              .run = run_depthwise,
              .data = &r};
    snprintf(w.name, sizeof w.name, "depthwise_row %d c %d %dx%d", side, c, size, size);
    measure(&w, t, n);
}

/* -------------------------------------------------- gates and element by element */

enum { N = 1 << 16, TIMES = 8 };

typedef struct array_job {
    float *a, *b, *o, *delta;
    int32_t *idx;
    uint8_t *bytes;
    rpr_act act;
    rpr_levels levels;
    double changed;
} array_job;

static array_job new_arrays(void)
{
    array_job j = {.a = buffer_floats(N),
                   .b = buffer_floats(N),
                   .o = buffer_floats(N),
                   .delta = buffer_floats(N + RPR_LANE),
                   .idx = buffer((N + RPR_LANE) * sizeof(int32_t)),
                   .bytes = buffer(N),
                   .act = rpr_act_none()};
    j.levels = (rpr_levels){.lo = -1.0f, .step = 2.0f / 31, .inv_step = 15.5f, .top = 31.0f};
    return j;
}

/* The gates change xhat: between two frames a and b that differ in so many blocks, in turn. */
static void run_deadzone(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    bool bad = false;
    for (int i = 0; i < TIMES; i++)
        k->gate_deadzone(i % 2 ? j->a : j->b, j->o, N, 0.0f, 0, j->idx, j->delta, &bad);
}

static void run_levels(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    bool bad = false;
    for (int i = 0; i < TIMES; i++)
        k->gate_levels(i % 2 ? j->a : j->b, j->o, N, &j->levels, 0, j->idx, j->delta, &bad);
}

static void run_act(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    for (int i = 0; i < TIMES; i++)
        k->act(&j->act, j->a, j->o, N);
}

static void run_add(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    for (int i = 0; i < TIMES; i++)
        k->binary(RPR_BIN_ADD, j->a, j->b, j->o, N);
}

static void run_sum4(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    const float *p[4] = {j->a, j->b, j->delta, j->a}, w[4] = {0.1f, 0.2f, 0.3f, 0.4f};
    for (int i = 0; i < TIMES; i++)
        k->weighted_sum(j->o, p, w, 4, N);
}

static void run_finite(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    for (int i = 0; i < TIMES; i++)
        j->changed += k->all_finite(j->a, N);
}

static void run_u8(const rpr_kernels *k, void *data)
{
    array_job *j = data;
    const float scale[3] = {0.1f, 0.2f, 0.3f}, offset[3] = {1.0f, 2.0f, 3.0f};
    for (int i = 0; i < TIMES; i++)
        k->u8_to_f32(j->bytes, j->o, N / 3, 3, scale, offset);
}

static void bench_array(const rpr_kernels *const *t, int n, array_job *j, const char *name,
                        double bytes_each, void (*run)(const rpr_kernels *, void *))
{
    work w = {.amount = bytes_each * N * TIMES, .unit = "GB/s", .run = run, .data = j};
    snprintf(w.name, sizeof w.name, "%s", name);
    measure(&w, t, n);
}

/* Frames that differ in a share of their blocks of 64, there in a tenth of the elements. */
static void bench_gate(const rpr_kernels *const *t, int n, const char *name, double blocks,
                       void (*run)(const rpr_kernels *, void *))
{
    array_job j = new_arrays();
    memcpy(j.b, j.a, N * sizeof *j.a);
    for (int32_t i = 0; i < N; i += 64)
        for (int32_t k = i; rnd() % 1000 < blocks * 1000 && k < i + 64; k += rnd_int(1, 19))
            j.b[k] = rnd_float();
    char full[64];
    snprintf(full, sizeof full, "%s, %.0f%% of blocks", name, blocks * 100);
    bench_array(t, n, &j, full, 2 * sizeof(float), run);
}

static void bench_arrays(const rpr_kernels *const *t, int n)
{
    static const struct {
        const char *name;
        rpr_act_kind kind;
    } acts[] = {{"act relu", RPR_ACT_RELU},
                {"act sigmoid", RPR_ACT_SIGMOID},
                {"act hardswish", RPR_ACT_HARDSWISH},
                {"act tanh", RPR_ACT_TANH}};
    for (double blocks = 0.0; blocks < 1.0; blocks += 0.3) {
        bench_gate(t, n, "gate_deadzone", blocks, run_deadzone);
        bench_gate(t, n, "gate_levels", blocks, run_levels);
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        array_job j = new_arrays();
        j.act.kind = acts[i].kind;
        bench_array(t, n, &j, acts[i].name, 2 * sizeof(float), run_act);
    }
    array_job j = new_arrays();
    bench_array(t, n, &j, "binary add", 3 * sizeof(float), run_add);
    j = new_arrays();
    bench_array(t, n, &j, "weighted_sum of 4", 5 * sizeof(float), run_sum4);
    j = new_arrays();
    bench_array(t, n, &j, "all_finite", sizeof(float), run_finite);
    j = new_arrays();
    bench_array(t, n, &j, "u8_to_f32 rgb", 1 + sizeof(float), run_u8);
}

void bench(const rpr_kernels *const *tables, int n)
{
    printf("%-34s %-6s", "kernel", "");
    for (int i = 0; i < n; i++)
        printf(i ? " %15s" : " %8s", tables[i]->isa);
    printf("\n");
    bench_conv(tables, n, 52, 128, 128, 3, 1);
    bench_conv(tables, n, 104, 64, 64, 3, 1);
    bench_conv(tables, n, 26, 256, 256, 3, 1);
    bench_conv(tables, n, 13, 512, 512, 3, 1);
    bench_conv(tables, n, 52, 256, 128, 1, 1);
    bench_conv(tables, n, 13, 512, 512, 1, 1);
    bench_conv(tables, n, 52, 72, 24, 1, 1);
    bench_conv(tables, n, 208, 3, 16, 3, 2);
    bench_conv(tables, n, 208, 3, 24, 3, 2);
    bench_conv(tables, n, 104, 32, 48, 3, 1);
    bench_conv(tables, n, 1, 2048, 1000, 1, 1);
    bench_delta(tables, n, 52, 128, 128, 3, 0.4, 0.1);
    bench_delta(tables, n, 104, 64, 64, 3, 0.4, 0.1);
    bench_delta(tables, n, 26, 256, 256, 3, 0.4, 0.1);
    bench_delta(tables, n, 13, 512, 512, 1, 0.4, 0.1);
    bench_delta(tables, n, 104, 64, 128, 1, 0.4, 0.1);
    bench_delta(tables, n, 52, 128, 128, 3, 0.2, 0.01);
    bench_depthwise(tables, n, 56, 128, 3);
    bench_depthwise(tables, n, 104, 24, 3);
    bench_depthwise(tables, n, 28, 240, 5);
    bench_depthwise(tables, n, 112, 24, 3);
    bench_arrays(tables, n);
    bench_bytes(tables, n);
}
