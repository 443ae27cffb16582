/* SPDX-License-Identifier: Apache-2.0 */
/* Corrections from change lists, against the dense evaluation of the same layer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define CELL 8  /* motion comes in cells of so many pixels squared */
#define BAR 0.6 /* of the dense kernel's rate, on the multiply-accumulates executed */
#define TOLERANCE 1e-4
#define HALF_TOLERANCE                                                                             \
    4e-3 /* weights are rounded by 2^-8, and only what changed is off by that                      \
          */

const change_pattern bench_patterns[BENCH_PATTERNS] = {
    {"10 %: 25 % of channels in 40 % of pixels", 0.4, 0.25},
    {"10 %, anywhere", 1.0, 0.1},
    {"1 %: 5 % of channels in 20 % of pixels", 0.2, 0.05},
    {"1 %, anywhere", 1.0, 0.01},
};

/* One layer after one change. */
typedef struct rig {
    const rpr_linear *l;
    const rpr_kernels *k;
    rpr_act act;
    ours_map in;
    rpr_gate_state gate;
    rpr_map z;
    rpr_touch touched;
    rpr_linear_scratch scratch;
    rpr_correction last;
    rpr_delta_job *jobs; /* all calls of the delta kernel, with visits of their own */
    int n_jobs;
} rig;

/*
 * The engine calls the kernel through a table; this one keeps what it asks for, so that the kernel
 * can be timed without what is around it.
 */
enum { MOST_JOBS = 4096 };
static void (*recorded_kernel)(const rpr_delta_job *j);
static rig *recorder;

static void record_delta(const rpr_delta_job *j)
{
    size_t bytes = (size_t)j->n_visit * sizeof *j->visit;
    if (recorder->n_jobs == MOST_JOBS)
        bench_fail("too many calls of the delta kernel");
    rpr_delta_job *copy = &recorder->jobs[recorder->n_jobs++];
    *copy = *j;
    copy->visit = memcpy(bench_alloc(bytes), j->visit, bytes);
    recorded_kernel(j);
}

/** Marks exactly the share of pixels, by whole cells in random order except for the last. */
static void choose_pixels(uint8_t *mark, int32_t h, int32_t w, double share)
{
    int32_t across = (w + CELL - 1) / CELL, cells = (h + CELL - 1) / CELL * across;
    int32_t left = (int32_t)(share * h * w + 0.5);
    int32_t *order = bench_alloc((size_t)cells * sizeof *order);
    for (int32_t i = 0; i < cells; i++) {
        int32_t j = (int32_t)(bench_random() * (float)(i + 1));
        order[i] = order[j];
        order[j] = i;
    }
    memset(mark, 0, (size_t)h * (size_t)w);
    for (int32_t i = 0; i < cells; i++)
        for (int32_t p = 0; p < CELL * CELL && left > 0; p++) {
            int32_t y = order[i] / across * CELL + p / CELL;
            int32_t x = order[i] % across * CELL + p % CELL;
            if (y >= h || x >= w)
                continue;
            mark[y * w + x] = 1;
            left--;
        }
    free(order);
}

/** The next frame's input, to be freed. */
static float *changed_input(const layer *l, const change_pattern *c)
{
    int64_t pixels = (int64_t)l->in_h * l->in_w;
    float *x = bench_floats(pixels * l->ci);
    uint8_t *mark = bench_alloc((size_t)pixels);
    choose_pixels(mark, l->in_h, l->in_w, c->pixels);
    memcpy(x, l->x, (size_t)(pixels * l->ci) * sizeof *x);
    for (int64_t p = 0; p < pixels; p++)
        for (int32_t i = 0; i < l->ci && mark[p]; i++)
            if ((double)bench_random() < c->channels)
                x[p * l->ci + i] += 0.5f * (bench_random() - 0.5f);
    free(mark);
    return x;
}

static rpr_touch new_touch(int32_t h, int32_t w)
{
    return (rpr_touch){.n = 1, .h = h, .w = w, .pix = bench_alloc((size_t)h * (size_t)w + 8)};
}

/** Gates the changed input, so that the list is there. */
static void gate_input(rig *r, float *x, bool half)
{
    const rpr_linear *l = r->l;
    rpr_gate_state *g = &r->gate;
    const size_t rows = (size_t)l->in_h, all = rows * (size_t)l->in_w * (size_t)l->in_c;
    const int64_t row = (int64_t)l->in_w * l->in_c;
    const rpr_map next = {.data = x,
                          .n = 1,
                          .h = l->in_h,
                          .w = l->in_w,
                          .c = l->in_c,
                          .img = row * l->in_h,
                          .row = row,
                          .pix = l->in_c};
    rpr_touch every = new_touch(l->in_h, l->in_w);
    rpr_touch_fill(&every, true);
    g->xhat = g->in = r->in.map;
    g->act = rpr_act_none();
    g->off = bench_alloc(rows * (size_t)(l->in_w + 1) * sizeof *g->off);
    g->row_n = bench_alloc(rows * sizeof *g->row_n);
    g->idx = bench_alloc((all + RPR_LANE) * sizeof *g->idx);
    g->delta = bench_alloc((all + RPR_LANE) * sizeof *g->delta);
    g->half = half;
    g->segments = 1;
    g->cap = (int64_t)all;
    g->changed = new_touch(l->in_h, l->in_w);
    g->rule = (rpr_gate){.kind = RPR_GATE_EXACT};
    rpr_gate_update(g, r->k, &next, &every);
    free(every.pix);
}

static void run_dense(void *data)
{
    rig *r = data;
    rpr_linear_dense(r->l, r->k, NULL, &r->in.map, &r->z, &r->z, &r->act);
}

/* Over and over: z moves away by the same step each time, which costs the same. */
static void run_correction(void *data)
{
    rig *r = data;
    r->last = rpr_linear_correct(r->l, r->k, &r->gate, &r->z, &r->z, &r->act, &r->touched, NULL,
                                 &r->scratch, NULL);
}

static void run_kernel(void *data)
{
    const rig *r = data;
    for (int i = 0; i < r->n_jobs; i++)
        r->k->delta(&r->jobs[i]);
}

static void rig_make(rig *r, const layer *l, const rpr_linear *linear, const rpr_kernels *k)
{
    size_t pixels = RPR_CORRECT_PIXELS + (size_t)l->out_w;
    *r = (rig){.l = linear, .k = k, .act = rpr_act_none(), .in = ours_input(linear, l->x)};
    r->z = ours_output(linear, bench_floats(layer_outputs(l)));
    r->touched = new_touch(l->out_h, l->out_w);
    r->scratch.visit = bench_alloc(pixels * sizeof *r->scratch.visit);
    r->scratch.terms = bench_alloc(pixels * sizeof *r->scratch.terms);
    r->scratch.fresh = bench_alloc(pixels);
    run_dense(r);
}

static void rig_free(rig *r)
{
    for (int i = 0; i < r->n_jobs; i++)
        free((void *)(uintptr_t)r->jobs[i].visit);
    free(r->jobs);
    free(r->in.memory);
    free(r->z.data);
    free(r->touched.pix);
    free(r->scratch.visit);
    free(r->scratch.terms);
    free(r->scratch.fresh);
    free(r->gate.off);
    free(r->gate.row_n);
    free(r->gate.idx);
    free(r->gate.delta);
    free(r->gate.changed.pix);
}

/** A corrected layer must be the dense layer of the new input. Keeps the kernel's work. */
static void verify(rig *r, const layer *l)
{
    int64_t n = layer_outputs(l);
    float *corrected = bench_floats(n);
    const rpr_kernels *k = r->k;
    rpr_kernels recording = *k;
    recording.delta = record_delta;
    recorded_kernel = k->delta;
    recorder = r;
    r->jobs = bench_alloc(MOST_JOBS * sizeof *r->jobs);
    r->k = &recording;
    run_correction(r);
    r->k = k;
    memcpy(corrected, r->z.data, (size_t)n * sizeof *corrected);
    run_dense(r); /* xhat has the new input by now */
    if (!(bench_error(corrected, r->z.data, n) <= (r->gate.half ? HALF_TOLERANCE : TOLERANCE)))
        bench_fail("a correction differs from the dense evaluation");
    free(corrected);
}

/** One layer and one pattern: with f32 weights and, if it has them, half weights. */
typedef struct row {
    rig rig[BENCH_WEIGHTS];
    int n; /* kinds of weights */
    job *correction[BENCH_WEIGHTS], *kernel[BENCH_WEIGHTS];
} row;

static void print_kernel(const row *o, int w, double dense_rate, total *sum)
{
    const double macs = (double)o->rig[w].last.macs;
    if (w >= o->n) {
        printf(" none | - |");
        return;
    }
    if (o->rig[w].l->by_pixel) {
        printf(" by pixel | - |");
        return;
    }
    const timing t = o->kernel[w]->time;
    const double ratio = macs / t.median / dense_rate;
    const char *bold = ratio < BAR ? "**" : "";
    sum->logs += log(ratio);
    sum->reached += ratio >= BAR;
    sum->n++;
    printf(" %.1f (%.1f to %.1f) | %s%.2f%s |", macs / t.median * 1e-9, macs / t.high * 1e-9,
           macs / t.low * 1e-9, bold, ratio, bold);
}

static void print_row(const layer *l, const change_pattern *c, const row *o, timing dense,
                      total sums[BENCH_WEIGHTS])
{
    char name[64];
    const rig *r = &o->rig[0];
    const double macs = (double)r->last.macs, all = (double)r->l->macs;
    const double dense_rate = all / dense.median;
    layer_name(l, name, sizeof name);
    printf("| %s | %s | %.1f%% | %.1f |", name, c->name, 100.0 * macs / all, dense_rate * 1e-9);
    for (int w = 0; w < BENCH_WEIGHTS; w++)
        print_kernel(o, w, dense_rate, &sums[w]);
    for (int w = 0; w < BENCH_WEIGHTS; w++)
        if (w < o->n)
            printf(" %.2f |", macs / o->correction[w]->time.median / dense_rate);
        else
            printf(" - |");
    for (int w = 0; w < BENCH_WEIGHTS; w++) {
        if (w >= o->n) {
            printf(" - |");
            continue;
        }
        const timing t = o->correction[w]->time;
        printf(" %.2f (%.2f to %.2f) |", dense.median / t.median, dense.median / t.high,
               dense.median / t.low);
    }
    printf("\n");
}

/** Rigs and jobs of one pattern; returns the number of jobs. */
static int make_row(row *o, const layer *l, const change_pattern *c, const rpr_linear *linear,
                    const rpr_kernels *k, job *jobs)
{
    float *next = changed_input(l, c);
    int n = 0;
    o->n = linear->half ? 2 : 1;
    for (int w = 0; w < o->n; w++) {
        rig *r = &o->rig[w];
        rig_make(r, l, linear, k);
        gate_input(r, next, w == 1);
        verify(r, l);
        o->correction[w] = &jobs[n];
        jobs[n++] = (job){.run = run_correction, .data = r};
        o->kernel[w] = &jobs[n];
        jobs[n++] = (job){.run = run_kernel, .data = r};
    }
    free(next);
    return n;
}

void bench_changes(const layer *l, const rpr_kernels *k, total sums[BENCH_PATTERNS][BENCH_WEIGHTS])
{
    rpr_linear *linear = ours_linear(l);
    rig dense;
    row rows[BENCH_PATTERNS];
    job jobs[1 + 2 * BENCH_WEIGHTS * BENCH_PATTERNS] = {{.run = run_dense, .data = &dense}};
    int n = 1;
    rig_make(&dense, l, linear, k);
    for (int i = 0; i < BENCH_PATTERNS; i++)
        n += make_row(&rows[i], l, &bench_patterns[i], linear, k, jobs + n);
    bench_measure(jobs, n);
    for (int i = 0; i < BENCH_PATTERNS; i++) {
        print_row(l, &bench_patterns[i], &rows[i], jobs[0].time, sums[i]);
        for (int w = 0; w < rows[i].n; w++)
            rig_free(&rows[i].rig[w]);
    }
    rig_free(&dense);
    rpr_linear_free(linear);
}
