/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times the kernels of a table on a few synthetic shapes and solves for the constants of cost.h.
 * The dense kernel keeps its constant from the table, which makes its time the unit.
 */
#define _POSIX_C_SOURCE 200112L
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "kernels/cost.h"

#define NEAR_ROWS 128 /* weight rows of a tap and block that fill the first cache */
#define FAR_ROWS 512  /* ... that lie in the second or beyond */
#define TAP_VISITS 24 /* of output pixels, with the weights of one tap after the other */
#define FEW 3         /* changes of a visit that costs little else */
#define MANY 24       /* changes of a scattered visit */
#define CROWD 0.75    /* share of the weight rows that a crowded visit reads */
#define VALUES 16384  /* of a gate */
#define GATE_EVERY 4  /* so-manieth value changes */
#define LEAST_REPS 3  /* of a run, and ... */
#define MOST_REPS 9
#define SECONDS 0.005   /* ... after which it is not repeated */
#define DENSE_PIXELS 48 /* one row of a 3x3 layer with 64 channels */

enum {
    CI = 64,
    TAPS = 9,
    VISITS = TAPS * TAP_VISITS,
    SPREAD = 5 * RPR_BLOCK, /* floats between outputs, in no power of two */
    IDX = VISITS * FAR_ROWS
};

typedef struct rig {
    const rpr_kernels *k;
    float *w, *bias, *z, *in, *x, *xhat, *delta;
    int32_t *idx;
    rpr_delta_visit visit[VISITS];
    rpr_delta_job job;
    rpr_conv_row row;
    uint64_t random;
} rig;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t next_random(rig *r)
{
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->random >> 33);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Median seconds of a run, the first one, which fills the caches, not counted. */
static double seconds(rig *r, void (*run)(rig *r))
{
    double time[MOST_REPS], start = now();
    int n = 0;
    run(r);
    for (; n < MOST_REPS && (n < LEAST_REPS || now() - start < SECONDS); n++) {
        double t = now();
        run(r);
        time[n] = now() - t;
    }
    qsort(time, (size_t)n, sizeof *time, ascending);
    return time[n / 2];
}

/* --------------------------------------------------------------------- runs */

static void run_dense(rig *r)
{
    r->k->conv_row(&r->row);
}

static void run_delta(rig *r)
{
    r->k->delta(&r->job);
}

/** What follows a correction: every output is activated by itself. */
static void run_outputs(rig *r)
{
    const rpr_act relu = {.kind = RPR_ACT_RELU};
    for (int v = 0; v < VISITS; v++) {
        (void)r->k->all_finite(r->visit[v].z, RPR_BLOCK);
        r->k->act(&relu, r->visit[v].z, r->visit[v].z, RPR_BLOCK);
    }
}

static void run_compare(rig *r)
{
    bool bad = false;
    (void)r->k->gate_deadzone(r->x, r->xhat, VALUES, 0.0f, 0, r->idx, r->delta, &bad);
}

static void run_list(rig *r)
{
    for (int32_t i = 0; i < VALUES; i += GATE_EVERY)
        r->x[i] = -r->x[i];
    run_compare(r);
}

/** The part of run_list that is no gate's. */
static void run_negate(rig *r)
{
    for (int32_t i = 0; i < VALUES; i += GATE_EVERY)
        r->x[i] = -r->x[i];
}

/* -------------------------------------------------------------------- shapes */

static bool take(rig *r)
{
    const size_t weights = (size_t)rpr_packed_floats(TAPS * FAR_ROWS, RPR_BLOCK);
    r->w = rpr_alloc_array(weights, sizeof *r->w);
    r->bias = rpr_alloc_array(RPR_BLOCK, sizeof *r->bias);
    r->z = rpr_alloc_array((size_t)VISITS * SPREAD, sizeof *r->z);
    r->in = rpr_alloc_array((size_t)3 * (DENSE_PIXELS + 2) * CI, sizeof *r->in);
    r->x = rpr_alloc_array(VALUES, sizeof *r->x);
    r->xhat = rpr_alloc_array(VALUES, sizeof *r->xhat);
    r->idx = rpr_alloc_array(IDX + RPR_LANE, sizeof *r->idx);
    r->delta = rpr_alloc_array(IDX + RPR_LANE, sizeof *r->delta);
    if (!r->w || !r->bias || !r->z || !r->in || !r->x || !r->xhat || !r->idx || !r->delta)
        return false;
    for (int32_t i = 0; i < VALUES; i++)
        r->x[i] = r->xhat[i] = 1.0f + (float)(i % 7);
    for (size_t i = 0; i < weights; i++)
        r->w[i] = (float)(i % 13) * 0x1p-6f;
    r->row = (rpr_conv_row){.in = r->in,
                            .in_row = (DENSE_PIXELS + 2) * CI,
                            .in_pix = CI,
                            .in_step = CI,
                            .w = r->w,
                            .bias = r->bias,
                            .out = r->z,
                            .out_pix = RPR_BLOCK,
                            .kh = 3,
                            .kw = 3,
                            .ci = CI,
                            .co = RPR_BLOCK,
                            .n = DENSE_PIXELS};
    return true;
}

static void release(rig *r)
{
    rpr_free(r->w);
    rpr_free(r->bias);
    rpr_free(r->z);
    rpr_free(r->in);
    rpr_free(r->x);
    rpr_free(r->xhat);
    rpr_free(r->idx);
    rpr_free(r->delta);
}

/** Visits that each read about `share` of `rows` weight rows of `co` channels; returns changes. */
static double make_visits(rig *r, int32_t rows, double share, int32_t co)
{
    int32_t n = 0, limit = (int32_t)(share * 0x1p31);
    for (int v = 0; v < VISITS; v++) {
        rpr_delta_visit *visit = &r->visit[v];
        *visit =
            (rpr_delta_visit){.z = r->z + v * SPREAD, .first = n, .row = v / TAP_VISITS * rows};
        for (int32_t i = 0; i < rows; i++)
            if ((int32_t)(next_random(r) & INT32_MAX) < limit) {
                r->idx[n] = i;
                r->delta[n++] = 0.5f;
            }
        if (n == visit->first) {
            r->idx[n] = 0;
            r->delta[n++] = 0.5f;
        }
        visit->n = n - visit->first;
    }
    r->job = (rpr_delta_job){.idx = r->idx,
                             .delta = r->delta,
                             .w = r->w,
                             .w_rows = TAPS * rows,
                             .co = co,
                             .visit = r->visit,
                             .n_visit = VISITS};
    return (double)n;
}

/* ------------------------------------------------------------------- solving */

static double clamped(double value, double table)
{
    double lo = table / RPR_COST_CLAMP, hi = table * RPR_COST_CLAMP;
    return value > lo ? (value < hi ? value : hi) : lo; /* NaN: lo */
}

/** Seconds per change and per visit of one block, from lists of few and of many changes. */
static void fit_changes(rig *r, int32_t rows, double share, int32_t co, double *change,
                        double *visit)
{
    double few = make_visits(r, rows, (double)FEW / rows, co), t_few = seconds(r, run_delta);
    double many = make_visits(r, rows, share, co), t_many = seconds(r, run_delta);
    *change = (t_many - t_few) / (many - few);
    *visit = (t_few - *change * few) / VISITS;
}

bool rpr_cost_fit(const rpr_kernels *k, rpr_cost *cost)
{
    rig r = {.k = k, .random = 1};
    const rpr_cost table = rpr_cost_named(k->isa);
    const double vectors = RPR_BLOCK / RPR_LANE, scattered = (double)MANY / NEAR_ROWS;
    double near, lane, far, crowd, crowd_far, visit, other;
    if (!take(&r)) {
        release(&r);
        return false;
    }
    double unit =
        seconds(&r, run_dense) / (DENSE_PIXELS * TAPS * CI * vectors * table.dense_vector);
    fit_changes(&r, NEAR_ROWS, scattered, RPR_BLOCK, &near, &visit);
    fit_changes(&r, NEAR_ROWS, scattered, RPR_LANE, &lane, &other);
    fit_changes(&r, FAR_ROWS, (double)MANY / FAR_ROWS, RPR_BLOCK, &far, &other);
    fit_changes(&r, NEAR_ROWS, CROWD, RPR_BLOCK, &crowd, &other);
    fit_changes(&r, FAR_ROWS, CROWD, RPR_BLOCK, &crowd_far, &other);
    double outputs = seconds(&r, run_outputs) / (VISITS * RPR_BLOCK);
    double compare = seconds(&r, run_compare), negate = seconds(&r, run_negate);
    double list = seconds(&r, run_list) - negate - compare;
    release(&r);
    rpr_cost c = table;
    double block = (lane * vectors - near) / (vectors - 1.0);
    c.change_block = clamped(block / unit, table.change_block);
    c.change_vector = clamped((near / unit - c.change_block) / vectors, table.change_vector);
    c.change_far_vector = clamped((far / unit - c.change_block) / vectors, table.change_far_vector);
    c.crowd_vector = clamped((crowd / unit - c.change_block) / vectors, table.crowd_vector);
    c.crowd_far_vector =
        clamped((crowd_far / unit - c.change_block) / vectors, table.crowd_far_vector);
    c.visit_block = clamped(visit / unit, table.visit_block);
    c.output_value = clamped(outputs / unit, table.output_value);
    c.gate_value = clamped(compare / VALUES / unit, table.gate_value);
    c.gate_change = clamped(list / (VALUES / GATE_EVERY) / unit, table.gate_change);
    *cost = c;
    return true;
}
