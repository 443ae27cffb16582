/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The constants of rpr_cost_named_i8, by timing the integer kernels on the shapes of cost_fit.c
 * with words in the place of values. The unit is, as there, the dense kernel for floats.
 */
#include <stdio.h>

#include "bench.h"
#include "kernels/cost.h"
#include "kernels/pack_i8.h"

#define NEAR_ROWS 128 /* weight rows of a tap and block that fill the first cache */
#define FAR_ROWS 512  /* ... that lie in the second or beyond */
#define TAP_VISITS 24 /* of output pixels, with the weights of one tap after the other */
#define FEW 3         /* changes of a visit that costs little else */
#define MANY 24       /* changes of a scattered visit */
#define CROWD 0.75    /* share of the weight rows that a crowded visit reads */
#define VALUES 16384  /* of a gate */
#define GATE_EVERY 4  /* so-manieth value changes */
#define TIMES 16

enum { CI = 64, TAPS = 9, VISITS = TAPS * TAP_VISITS, SPREAD = 5 * RPR_BLOCK, PIXELS = 48 };

static double seconds(const rpr_kernels *k, void (*run)(const rpr_kernels *, void *), void *data)
{
    double median;
    const work w = {.run = run, .data = data};
    time_runs(&w, 1, &k, 1, &median);
    return median / TIMES;
}

/* ------------------------------------------------------------------- dense */

static void run_f32(const rpr_kernels *k, void *data)
{
    for (int i = 0; i < TIMES; i++)
        k->conv_row(data);
}

static void run_i8(const rpr_kernels *k, void *data)
{
    for (int i = 0; i < TIMES; i++)
        k->conv_row_i8(data);
}

static double dense_f32(const rpr_kernels *k)
{
    rpr_conv_row r = {.in = buffer_floats(3 * (PIXELS + 2) * CI),
                      .in_row = (PIXELS + 2) * CI,
                      .in_pix = CI,
                      .in_step = CI,
                      .w = buffer_floats(rpr_packed_floats(TAPS * CI, RPR_BLOCK)),
                      .bias = buffer_floats(RPR_BLOCK),
                      .out = buffer_floats(PIXELS * RPR_BLOCK),
                      .out_pix = RPR_BLOCK,
                      .kh = 3,
                      .kw = 3,
                      .ci = CI,
                      .co = RPR_BLOCK,
                      .n = PIXELS};
    return seconds(k, run_f32, &r);
}

static double dense_i8(const rpr_kernels *k)
{
    const rpr_requant q = {.scale = buffer_floats(RPR_BLOCK)};
    rpr_conv_row_i8 r = {.in = buffer(3 * (PIXELS + 2) * CI),
                         .in_row = (PIXELS + 2) * CI,
                         .in_pix = CI,
                         .in_step = CI,
                         .w = buffer((size_t)rpr_packed_bytes_i8(TAPS * CI / RPR_WORD, RPR_BLOCK)),
                         .bias = buffer(RPR_BLOCK * 4),
                         .sum128 = buffer(RPR_BLOCK * 4),
                         .a = buffer(PIXELS * RPR_BLOCK),
                         .a_pix = RPR_BLOCK,
                         .q = &q,
                         .kh = 3,
                         .kw = 3,
                         .ci = CI / RPR_WORD,
                         .co = RPR_BLOCK,
                         .n = PIXELS};
    return seconds(k, run_i8, &r);
}

/* ------------------------------------------------------------------- delta */

static void run_delta(const rpr_kernels *k, void *data)
{
    for (int i = 0; i < TIMES; i++)
        k->delta_i8(data);
}

/* Visits that each read about `share` of `rows` weight rows of `co` channels. */
static double delta(const rpr_kernels *k, int32_t rows, double share, int32_t co, double *changes)
{
    rpr_delta_visit *visit = buffer(VISITS * sizeof *visit);
    float *z = buffer(VISITS * SPREAD * sizeof *z);
    int32_t *idx = buffer((size_t)(VISITS * rows) * sizeof *idx), n = 0;
    for (int v = 0; v < VISITS; v++) {
        visit[v] = (rpr_delta_visit){.z = z + v * SPREAD, .first = n, .row = v / TAP_VISITS * rows};
        for (int32_t i = 0; i < rows; i++)
            if (rnd() % 100000 < share * 100000 || (i == rows - 1 && n == visit[v].first))
                idx[n++] = i;
        visit[v].n = n - visit[v].first;
    }
    rpr_delta_job_i8 j = {.idx = idx,
                          .step = buffer((size_t)n * 4),
                          .rest = buffer((size_t)n * 4),
                          .w = buffer((size_t)rpr_packed_bytes_i8(TAPS * rows, co)),
                          .w_rows = TAPS * rows,
                          .co = co,
                          .visit = visit,
                          .n_visit = VISITS,
                          .z24 = true}; /* as nearly all layers have it */
    *changes = n;
    return seconds(k, run_delta, &j);
}

static double per_change(const rpr_kernels *k, int32_t rows, double share, int32_t co,
                         double *visit)
{
    double few, many;
    const double t_few = delta(k, rows, (double)FEW / rows, co, &few);
    const double change = (delta(k, rows, share, co, &many) - t_few) / (many - few);
    *visit = (t_few - change * few) / VISITS;
    return change;
}

/* ---------------------------------------------------------- outputs and gates */

typedef struct outputs {
    rpr_requant q;
    int32_t *z;
    uint8_t *a;
} outputs;

static void run_outputs(const rpr_kernels *k, void *data)
{
    const outputs *o = data;
    for (int i = 0; i < TIMES; i++)
        for (int v = 0; v < VISITS; v++)
            k->requantise(&o->q, o->z + v * SPREAD, SPREAD, true, o->a + v * RPR_BLOCK, RPR_BLOCK,
                          RPR_BLOCK, 1);
}

typedef struct gate {
    uint32_t *x, *other, *xhat, *step, *rest;
    int32_t *idx;
} gate;

/* Words that take turns, so that the gate finds those that differ. */
static void run_gate(const rpr_kernels *k, void *data)
{
    const gate *g = data;
    for (int i = 0; i < TIMES; i++)
        (void)k->gate_words(i % 2 ? g->x : g->other, g->xhat, VALUES, 0, 0, g->idx, g->step,
                            g->rest);
}

static double time_gate(const rpr_kernels *k, int32_t every)
{
    const size_t room = (VALUES + RPR_LANE) * 4;
    gate g = {buffer(room), buffer(room), buffer(room), buffer(room), buffer(room), buffer(room)};
    for (int32_t v = 0; every && v < VALUES; v += every)
        g.x[v] = 1;
    return seconds(k, run_gate, &g);
}

static void print_costs(const rpr_kernels *k)
{
    const double vectors = RPR_BLOCK / RPR_LANE, scattered = (double)MANY / NEAR_ROWS;
    const double unit =
        dense_f32(k) / (PIXELS * TAPS * CI * vectors * rpr_cost_named(k->isa).dense_vector);
    const double dense = dense_i8(k) / (PIXELS * TAPS * CI / RPR_WORD * vectors);
    double visit, other;
    const double near = per_change(k, NEAR_ROWS, scattered, RPR_BLOCK, &visit);
    const double lane = per_change(k, NEAR_ROWS, scattered, RPR_LANE, &other);
    const double far = per_change(k, FAR_ROWS, (double)MANY / FAR_ROWS, RPR_BLOCK, &other);
    const double crowd = per_change(k, NEAR_ROWS, CROWD, RPR_BLOCK, &other);
    const double crowd_far = per_change(k, FAR_ROWS, CROWD, RPR_BLOCK, &other);
    const double block = (lane * vectors - near) / (vectors - 1.0);
    outputs o = {.q = {.scale = buffer_floats(RPR_BLOCK)}};
    o.z = buffer(VISITS * SPREAD * sizeof *o.z), o.a = buffer(VISITS * RPR_BLOCK);
    const double output = seconds(k, run_outputs, &o) / (VISITS * RPR_BLOCK);
    const double compare = time_gate(k, 0), list = time_gate(k, GATE_EVERY);
    printf("%-12s dense_vector %.2f change_block %.2f change_vector %.2f change_far_vector %.2f "
           "crowd_vector %.2f crowd_far_vector %.2f visit_block %.1f output_value %.2f gate_value "
           "%.2f gate_change %.2f\n",
           k->isa, dense / unit, block / unit, (near - block) / unit / vectors,
           (far - block) / unit / vectors, (crowd - block) / unit / vectors,
           (crowd_far - block) / unit / vectors, visit / unit, output / unit,
           compare / VALUES / unit, (list - compare) / (VALUES / GATE_EVERY) / unit);
    fflush(stdout);
}

void bench_cost(const rpr_kernels *const *tables, int n)
{
    for (int i = 0; i < n; i++)
        print_costs(tables[i]);
}
