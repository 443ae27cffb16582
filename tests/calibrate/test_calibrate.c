/* SPDX-License-Identifier: Apache-2.0 */
/* The search for gates: what it promises is held against runs of the public API. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "film.h"
#include "nets.h"
#include "play.h"
#include "reprise/calibrate.h"

#define SEEN 16 /* of them, with a fifth held back */

static rpr_calibration *calibrate_settled(const rpr_model *m, film *f, double budget,
                                          const rpr_metric *metric, int settle)
{
    const rpr_sample sample = sample_of(f);
    rpr_calibrate_options o;
    rpr_calibration *c = NULL;
    rpr_error err;
    rpr_calibrate_options_init(&o);
    o.budget = budget;
    o.metric = metric;
    o.settle = settle;
    int status = rpr_calibrate(m, &sample, &o, &c, &err);
    check_that(status == RPR_OK && c, "%d: %s", status, err.message);
    return c;
}

static rpr_calibration *calibrate(const rpr_model *m, film *f, double budget,
                                  const rpr_metric *metric)
{
    return calibrate_settled(m, f, budget, metric, 0);
}

/* ------------------------------------------------------------------ promise */

typedef struct sums {
    double difference[MAX_ENDS], reference[MAX_ENDS];
    int64_t executed, dense;
} sums;

static void add_outputs(sums *s, const player *dense, const player *reuse)
{
    for (size_t i = 0; i < dense->n; i++)
        for (size_t k = 0; k < dense->info[i].bytes / sizeof(float); k++) {
            double a = (double)((const float *)dense->out[i].data)[k];
            double b = (double)((const float *)reuse->out[i].data)[k];
            s->difference[i] += (b - a) * (b - a);
            s->reference[i] += a * a;
        }
}

/** What a run with the gates really does, first frame left out. */
static rpr_calibration_result replay(const rpr_model *m, const film *f, int first, int end,
                                     const rpr_calibration *c)
{
    rpr_stream_options opt = play_options();
    opt.refresh = 256;
    opt.settle = c->settle;
    opt.layer_gates = c->gate;
    opt.n_layer_gates = c->n;
    player *reuse = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *dense = player_new(m, &opt);
    sums s = {.executed = 0};
    for (int i = first; i < end; i++) {
        assert_int_equal(rpr_stream_run(reuse->s, &f->in[i], 1, reuse->out, reuse->n), RPR_OK);
        assert_int_equal(rpr_stream_run(dense->s, &f->in[i], 1, dense->out, dense->n), RPR_OK);
        if (i == first)
            continue;
        add_outputs(&s, dense, reuse);
        s.executed += player_stats(reuse).macs_executed;
        s.dense += player_stats(reuse).macs_dense;
    }
    double worst = 0.0;
    for (size_t i = 0; i < dense->n; i++)
        if (s.difference[i] > 0.0)
            worst = fmax(worst, sqrt(s.difference[i] / s.reference[i]));
    player_free(reuse);
    player_free(dense);
    return (rpr_calibration_result){(size_t)(end - first - 1), worst,
                                    (double)s.executed / (double)s.dense};
}

static void check_result(const rpr_calibration_result *a, const rpr_calibration_result *b,
                         const char *what)
{
    assert_int_equal(a->frames, b->frames);
    check_that(fabs(a->error - b->error) < 1e-9 && fabs(a->mac_share - b->mac_share) < 1e-12,
               "%s: error %g and %g, MACs %g and %g", what, a->error, b->error, a->mac_share,
               b->mac_share);
}

static void promises_are_kept(void **state)
{
    static const char *const names[] = {"plain", "residual", "depthwise"};
    static const double budgets[] = {0.0, 0.01, 0.1, 1.0};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i]);
        film *f = film_new(m, 5);
        double share = 1.1;
        for (size_t k = 0; k < sizeof budgets / sizeof *budgets; k++) {
            rpr_calibration *c = calibrate_settled(m, f, budgets[k], NULL, i == 1 ? 3 : 0);
            assert_int_equal(c->settle, i == 1 && budgets[k] > 0.0 ? 3 : 0);
            const rpr_calibration_result seen = replay(m, f, 0, SEEN, c);
            const rpr_calibration_result held = replay(m, f, SEEN, FRAMES, c);
            check_result(&c->seen, &seen, "seen");
            check_result(&c->held_back, &held, "held back");
            check_that(seen.error <= fmax(budgets[k], 1e-5), "%s: error %g for %g", names[i],
                       seen.error, budgets[k]);
            check_that(seen.mac_share <= share, "%s: a larger budget costs more", names[i]);
            share = seen.mac_share;
            assert_false(c->stopped);
            rpr_calibration_destroy(c);
        }
        check_that(share < 0.5, "%s: %g of the MACs with an error of 1", names[i], share);
        film_free(f);
        rpr_model_destroy(m);
    }
}

/* ------------------------------------------------------------ known optimum */

/** Two equal branches; only the output of the first is looked at. */
static rpr_model *two_branches(void)
{
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(1, 3, 24, 24));
    for (int i = 0; i < 2; i++) {
        int y = net_relu(&b, net_conv(&b, x, 16, 3, 3, 1, "pads:1,1,1,1"));
        y = net_relu(&b, net_conv(&b, y, 16, 3, 3, 1, "pads:1,1,1,1"));
        net_output(&b, net_conv(&b, y, 8, 3, 3, 1, "pads:1,1,1,1"));
    }
    return net_finish(b.g);
}

static double difference2, reference2;

static void begin(void *user)
{
    (void)user;
    difference2 = reference2 = 0.0;
}

static int add_first(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out)
{
    const size_t count = *(const size_t *)user;
    assert_int_equal(n_out, 2);
    for (size_t k = 0; k < count; k++) {
        double a = (double)((const float *)dense[0].data)[k];
        double d = (double)((const float *)reuse[0].data)[k] - a;
        difference2 += d * d;
        reference2 += a * a;
    }
    return 0;
}

static double error_of_first(void *user)
{
    (void)user;
    return sqrt(difference2 / reference2);
}

/** What the metric does not see gets the widest zones that there are beside the others. */
static void optimum_is_found(void **state)
{
    rpr_model *m = two_branches();
    film *f = film_new(m, 9);
    rpr_tensor_info out;
    double threshold[2] = {0.0, 0.0};
    int n[2] = {0, 0};
    (void)state;
    assert_int_equal(rpr_model_output(m, 0, &out), RPR_OK);
    size_t count = out.bytes / sizeof(float);
    const rpr_metric metric = {
        .user = &count, .begin = begin, .add = add_first, .error = error_of_first};
    rpr_calibration *c = calibrate(m, f, 0.05, &metric);
    assert_true(c->seen.error <= 0.05);
    for (size_t i = 0; i < c->n; i++) {
        rpr_layer_info info;
        assert_int_equal(rpr_model_layer(m, c->gate[i].layer, &info), RPR_OK);
        if (info.gate == 0) /* of the picture, which both branches read */
            continue;
        int branch = c->gate[i].layer >= rpr_model_n_layers(m) / 2;
        threshold[branch] += c->gate[i].gate.threshold;
        n[branch]++;
    }
    assert_int_equal(n[0], 2);
    assert_int_equal(n[1], 2);
    check_that(threshold[1] > 8.0 * threshold[0], "thresholds %g where it matters, else %g",
               threshold[0], threshold[1]);
    rpr_calibration_destroy(c);
    film_free(f);
    rpr_model_destroy(m);
}

/* ------------------------------------------------------------- brute force */

/** An expensive layer that hardly matters to the metric below, and a cheap one that does. */
static rpr_model *dear_and_cheap(void)
{
    net b = net_new(4);
    int x = net_input(&b, NET_DIMS(1, 3, 24, 24));
    int dear = net_relu(&b, net_conv(&b, x, 16, 3, 3, 1, "pads:1,1,1,1"));
    net_output(&b, net_conv(&b, dear, 48, 5, 5, 1, "pads:2,2,2,2"));
    int cheap = net_relu(&b, net_conv(&b, x, 16, 3, 3, 1, "pads:1,1,1,1"));
    net_output(&b, net_conv(&b, cheap, 8, 3, 3, 1, "pads:1,1,1,1"));
    return net_finish(b.g);
}

typedef struct weighted {
    size_t count[2];
    double weight[2], difference2, reference2;
} weighted;

static void begin_weighted(void *user)
{
    weighted *w = user;
    w->difference2 = w->reference2 = 0.0;
}

static int add_weighted(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out)
{
    weighted *w = user;
    assert_true(n_out <= 2);
    for (size_t i = 0; i < n_out; i++)
        for (size_t k = 0; k < w->count[i]; k++) {
            double a = (double)((const float *)dense[i].data)[k];
            double d = (double)((const float *)reuse[i].data)[k] - a;
            w->difference2 += w->weight[i] * d * d;
            w->reference2 += w->weight[i] * a * a;
        }
    return 0;
}

static void count_outputs(const rpr_model *m, weighted *w)
{
    rpr_tensor_info out;
    for (size_t i = 0; i < rpr_model_n_outputs(m); i++) {
        assert_int_equal(rpr_model_output(m, i, &out), RPR_OK);
        w->count[i] = out.bytes / sizeof(float);
    }
}

static double error_weighted(void *user)
{
    const weighted *w = user;
    return sqrt(w->difference2 / w->reference2);
}

enum { GRID = 8, POINTS = GRID * GRID * GRID, MOST_LAYERS = 4 };

/** Every combination of thresholds of three gates, from 0.5/255 in steps of 2. */
static void fill_grid(const rpr_model *m, const rpr_calibration *c, rpr_way *way,
                      rpr_layer_gate *gate)
{
    for (int p = 0; p < POINTS; p++) {
        const int at[3] = {p % GRID, p / GRID % GRID, p / GRID / GRID};
        rpr_layer_gate *g = gate + (size_t)p * MOST_LAYERS;
        for (size_t i = 0; i < c->n; i++) {
            rpr_layer_info info;
            assert_int_equal(rpr_model_layer(m, c->gate[i].layer, &info), RPR_OK);
            assert_true(info.gate >= 0 && info.gate <= 2);
            g[i] = c->gate[i];
            g[i].gate.kind = RPR_GATE_DEADZONE;
            g[i].gate.threshold = ldexp(0.5 / 255.0, at[info.gate]);
        }
        way[p] =
            (rpr_way){.gate = {.kind = RPR_GATE_EXACT}, .layer_gates = g, .n_layer_gates = c->n};
    }
}

/** The least work on the grid within the budget. */
static double best_of_grid(const rpr_model *m, const rpr_sample *s, const rpr_calibrate_options *o,
                           const rpr_calibration *c)
{
    rpr_way *way = calloc(POINTS, sizeof *way);
    rpr_layer_gate *gate = calloc((size_t)POINTS * MOST_LAYERS, sizeof *gate);
    rpr_calibration_result *r = calloc(POINTS, sizeof *r);
    rpr_sample seen = *s;
    double best = 1.0;
    seen.n = SEEN;
    fill_grid(m, c, way, gate);
    assert_int_equal(rpr_measure(m, &seen, 0, o, way, POINTS, r, NULL), RPR_OK);
    for (int p = 0; p < POINTS; p++)
        if (r[p].error <= o->budget)
            best = fmin(best, r[p].mac_share);
    free(way);
    free(gate);
    free(r);
    return best;
}

static void brute_force_is_not_better(void **state)
{
    rpr_model *m = dear_and_cheap();
    film *f = film_new(m, 7);
    const rpr_sample s = sample_of(f);
    weighted w = {.weight = {0.001, 1.0}};
    const rpr_metric metric = {
        .user = &w, .begin = begin_weighted, .add = add_weighted, .error = error_weighted};
    rpr_calibrate_options o;
    (void)state;
    count_outputs(m, &w);
    rpr_calibrate_options_init(&o);
    o.metric = &metric;
    for (o.budget = 0.02; o.budget < 0.2; o.budget *= 3.0) {
        rpr_calibration *c;
        assert_int_equal(rpr_calibrate(m, &s, &o, &c, NULL), RPR_OK);
        assert_int_equal(c->n, 4);
        const double best = best_of_grid(m, &s, &o, c);
        check_that(c->seen.error <= o.budget && c->seen.mac_share <= 1.05 * best,
                   "budget %g: error %g with %g of the MACs; on a grid %g", o.budget, c->seen.error,
                   c->seen.mac_share, best);
        assert_true(best < 0.9);
        rpr_calibration_destroy(c);
    }
    film_free(f);
    rpr_model_destroy(m);
}

/* ------------------------------------------------------------------ chance */

/** The error moves by chance around what the deviation makes one expect. */
static double error_by_chance(void *user)
{
    const double d = error_weighted(user);
    return d * (1.0 + 0.4 * sin(1e5 * d));
}

/** Good and bad luck of single trials does not decide: a larger budget hardly ever costs more. */
static void chance_does_not_decide(void **state)
{
    enum { N = 12 };
    rpr_model *m = two_branches();
    film *f = film_new(m, 9);
    const rpr_sample s = sample_of(f);
    weighted w = {.weight = {1.0, 1.0}};
    const rpr_metric metric = {.user = &w,
                               .begin = begin_weighted,
                               .add = add_weighted,
                               .error = error_by_chance,
                               .deviation = error_weighted};
    rpr_calibrate_options o;
    double least = 1.0, sum = 0.0;
    (void)state;
    count_outputs(m, &w);
    rpr_calibrate_options_init(&o);
    o.metric = &metric;
    o.budget = 0.05;
    for (int i = 0; i < N; i++, o.budget *= 1.05) {
        rpr_calibration *c;
        assert_int_equal(rpr_calibrate(m, &s, &o, &c, NULL), RPR_OK);
        check_that(c->seen.error <= o.budget, "error %g for %g", c->seen.error, o.budget);
        check_that(c->seen.mac_share <= 1.08 * least, "budget %g: %g of the MACs, less had %g",
                   o.budget, c->seen.mac_share, least);
        least = fmin(least, c->seen.mac_share);
        sum += c->seen.mac_share;
        rpr_calibration_destroy(c);
    }
    check_that(sum < 0.066 * N, "%g of the MACs in the mean", sum / N);
    assert_true(least < 0.06);
    film_free(f);
    rpr_model_destroy(m);
}

/* -------------------------------------------------------------------- kinds */

/** A frame of `count` values: what is painted, and noise of so much on what is nearly 0. */
static void paint(rng *r, float *v, size_t count, size_t frame, double noise)
{
    for (size_t i = 0; i < count; i++) {
        const size_t x = i % 24, y = i / 24 % 24;
        const bool inside = x >= frame && x < frame + 4 && y >= 8 && y < 12;
        v[i] = inside ? 1.0f : (float)(noise * (2.0 * (double)rng_unit(r) - 1.0));
    }
}

static film *film_painted(const rpr_model *m, double noise)
{
    film *f = calloc(1, sizeof *f);
    rng r = {77};
    rpr_tensor_info info;
    assert_int_equal(rpr_model_input(m, 0, &info), RPR_OK);
    f->broken = -1;
    f->bytes = info.bytes;
    for (size_t i = 0; i < FRAMES; i++) {
        float *v = malloc(f->bytes);
        paint(&r, v, f->bytes / sizeof *v, i, noise);
        f->in[i] = (rpr_input){.data = v};
    }
    return f;
}

static rpr_gate gate_of_layer(const rpr_calibration *c, size_t layer)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->gate[i].layer == layer)
            return c->gate[i].gate;
    fail_msg("layer %zu has no gate", layer);
    return (rpr_gate){.kind = RPR_GATE_OFF};
}

/**
 * Noise around a value: the last used one errs by the noise twice, that of then and of now, a
 * centroid by the present one only. The work is the same.
 */
static void clusters_get_levels(void **state)
{
    net b = net_new(5);
    int x = net_input(&b, NET_DIMS(1, 3, 24, 24));
    net_output(&b, net_conv(&b, x, 16, 3, 3, 1, "pads:1,1,1,1"));
    rpr_model *m = net_finish(b.g);
    film *f = film_painted(m, 0.02);
    (void)state;
    rpr_calibration *c = calibrate(m, f, 0.2, NULL);
    const rpr_gate gate = gate_of_layer(c, 0);
    check_that(gate.kind == RPR_GATE_LEVELS && gate.levels >= 2, "kind %d, %d levels", gate.kind,
               gate.levels);
    assert_true(c->seen.error <= 0.2);
    const rpr_calibration_result seen = replay(m, f, 0, SEEN, c);
    check_result(&c->seen, &seen, "with levels");
    rpr_calibration_destroy(c);
    film_free(f);
    rpr_model_destroy(m);
}

/** All of a frame changes: to compare is lost time, so that no gate does. */
static void noise_is_run_densely(void **state)
{
    rpr_model *m = dear_and_cheap();
    film *f = film_painted(m, 1.0);
    const rpr_sample s = sample_of(f);
    rpr_calibrate_options o;
    rpr_calibration *c;
    (void)state;
    rpr_calibrate_options_init(&o);
    o.objective = RPR_OBJECTIVE_TIME;
    o.budget = 0.01;
    assert_int_equal(rpr_calibrate(m, &s, &o, &c, NULL), RPR_OK);
    for (size_t i = 0; i < c->n; i++)
        assert_int_equal(c->gate[i].gate.kind, RPR_GATE_OFF);
    check_that(c->seen.cost_share <= 1.05 && c->seen.error <= 0.0, "time %g, error %g",
               c->seen.cost_share, c->seen.error);
    rpr_calibration_destroy(c);
    film_free(f);
    rpr_model_destroy(m);
}

/** Two inputs: noise, and something that moves on a still ground. */
static int both_frames(void *user, size_t i, rpr_input *in)
{
    film *const *f = user;
    in[0] = f[0]->in[i];
    in[1] = f[1]->in[i];
    return 0;
}

/** Noise changes so much that its layer is run densely all the same: to look at it is lost time. */
static void only_noise_is_dense(void **state)
{
    net b = net_new(6);
    for (int i = 0; i < 2; i++) {
        int x = net_input(&b, NET_DIMS(1, 3, 24, 24));
        net_output(&b, net_conv(&b, x, 16, 3, 3, 1, "pads:1,1,1,1"));
    }
    rpr_model *m = net_finish(b.g);
    film *f[2] = {film_painted(m, 1.0), film_painted(m, 0.02)};
    const rpr_sample s = {.user = f, .n = FRAMES, .frame = both_frames};
    rpr_calibrate_options o;
    rpr_calibration *c, *looks;
    (void)state;
    rpr_calibrate_options_init(&o);
    o.budget = 0.15;
    assert_int_equal(rpr_calibrate(m, &s, &o, &looks, NULL), RPR_OK);
    o.objective = RPR_OBJECTIVE_TIME;
    assert_int_equal(rpr_calibrate(m, &s, &o, &c, NULL), RPR_OK);
    assert_int_equal(gate_of_layer(c, 0).kind, RPR_GATE_OFF);
    assert_true(gate_of_layer(looks, 0).kind != RPR_GATE_OFF);
    assert_true(gate_of_layer(c, 1).kind != RPR_GATE_OFF);
    /* How much looking costs depends on the instruction set: its cost table. */
    check_that(c->seen.cost_share < (strncmp(rpr_isa(), "avx", 3) == 0 ? 0.8 : 0.9), "time %g",
               c->seen.cost_share);
    check_that(c->seen.cost_share < looks->seen.cost_share, "time %g, with a look at noise %g",
               c->seen.cost_share, looks->seen.cost_share);
    rpr_calibration_destroy(c);
    rpr_calibration_destroy(looks);
    film_free(f[0]);
    film_free(f[1]);
    rpr_model_destroy(m);
}

/* ------------------------------------------------------- objective, measuring */

static void time_is_an_objective(void **state)
{
    rpr_model *m = dear_and_cheap();
    film *f = film_new(m, 7);
    const rpr_sample s = sample_of(f);
    rpr_calibration *c[2];
    rpr_calibrate_options o;
    (void)state;
    rpr_calibrate_options_init(&o);
    o.budget = 0.1;
    for (int i = 0; i < 2; i++) {
        o.objective = i ? RPR_OBJECTIVE_TIME : RPR_OBJECTIVE_MACS;
        assert_int_equal(rpr_calibrate(m, &s, &o, &c[i], NULL), RPR_OK);
        assert_true(c[i]->seen.error <= 0.1 && c[i]->seen.cost_share > 0.0);
    }
    check_that(c[1]->seen.cost_share <= 1.1 * c[0]->seen.cost_share, "time %g, for MACs %g",
               c[1]->seen.cost_share, c[0]->seen.cost_share);
    check_that(c[0]->seen.mac_share <= 1.1 * c[1]->seen.mac_share, "MACs %g, for time %g",
               c[0]->seen.mac_share, c[1]->seen.mac_share);
    rpr_calibration_destroy(c[0]);
    rpr_calibration_destroy(c[1]);
    film_free(f);
    rpr_model_destroy(m);
}

static void ways_are_measured(void **state)
{
    rpr_model *m = dear_and_cheap();
    film *f = film_new(m, 7);
    const rpr_sample s = sample_of(f);
    rpr_calibrate_options o;
    rpr_calibration_result r[5];
    const rpr_gate zone = {.kind = RPR_GATE_DEADZONE, .threshold = 4.0 / 255.0};
    const rpr_way way[5] = {{.gate = {.kind = RPR_GATE_OFF}},
                            {.gate = {.kind = RPR_GATE_EXACT}},
                            {.gate = zone},
                            {.gate = zone, .whole_pixels = 1},
                            {.every = 4}};
    (void)state;
    rpr_calibrate_options_init(&o);
    assert_int_equal(rpr_measure(m, &s, 3, &o, way, 5, r, NULL), RPR_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(r[i].frames, FRAMES - 4);
    check_that(r[0].error <= 0.0 && fabs(r[0].mac_share - 1.0) < 1e-12 &&
                   fabs(r[0].cost_share - 1.0) < 1e-12,
               "dense: error %g, MACs %g, time %g", r[0].error, r[0].mac_share, r[0].cost_share);
    assert_true(r[1].error < 1e-5 && r[1].mac_share > r[2].mac_share);
    assert_true(r[2].error > 1e-3 && r[2].mac_share < r[3].mac_share && isnan(r[3].cost_share));
    assert_true(fabs(r[2].error - r[3].error) < 1e-12);
    check_that(r[4].error > 0.0 && fabs(r[4].mac_share - 0.25) < 1e-12, "skipping: error %g, %g",
               r[4].error, r[4].mac_share);
    assert_int_equal(rpr_measure(m, &s, FRAMES - 1, &o, way, 5, r, NULL), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_measure(m, &s, 0, &o, NULL, 5, r, NULL), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_measure(m, NULL, 0, &o, way, 5, r, NULL), RPR_ERR_ARGUMENT);
    film_free(f);
    rpr_model_destroy(m);
}

/* --------------------------------------------------------------- the paper's */

static void paper_leaves_layers_out(void **state)
{
    rpr_model *m = dear_and_cheap();
    film *f = film_new(m, 7);
    const rpr_sample s = sample_of(f);
    rpr_calibrate_options o;
    rpr_calibration *c;
    rpr_calibration_result again;
    rpr_error err;
    size_t first = 0, unweighted = SIZE_MAX;
    (void)state;
    rpr_calibrate_options_init(&o);
    assert_int_equal(rpr_calibrate_isca2018(m, &s, &o, 16, &first, 1, &c, &err), RPR_OK);
    assert_int_equal(c->n, 4); /* both layers that read the picture are left out */
    for (size_t i = 0; i < c->n; i++) {
        rpr_layer_info info;
        const rpr_gate *g = &c->gate[i].gate;
        assert_int_equal(rpr_model_layer(m, c->gate[i].layer, &info), RPR_OK);
        assert_int_equal(g->kind, info.gate == 0 ? RPR_GATE_OFF : RPR_GATE_LEVELS);
        assert_true(info.gate == 0 || (g->levels == 16 && g->lo < g->hi));
    }
    const rpr_way way = {.gate = {.kind = RPR_GATE_EXACT},
                         .layer_gates = c->gate,
                         .n_layer_gates = c->n,
                         .all_gates = 1};
    assert_int_equal(rpr_measure(m, &s, SEEN, &o, &way, 1, &again, &err), RPR_OK);
    check_result(&c->held_back, &again, "held back");
    rpr_calibration_destroy(c);
    assert_int_equal(rpr_calibrate_isca2018(m, &s, &o, 1, NULL, 0, &c, &err), RPR_ERR_ARGUMENT);
    check_that(strstr(err.message, "clusters: 1") != NULL, "%s", err.message);
    assert_int_equal(rpr_calibrate_isca2018(m, &s, &o, 16, &unweighted, 1, &c, &err),
                     RPR_ERR_ARGUMENT);
    check_that(strstr(err.message, "left_out") != NULL, "%s", err.message);
    assert_null(c);
    film_free(f);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_are_kept),         cmocka_unit_test(optimum_is_found),
        cmocka_unit_test(brute_force_is_not_better), cmocka_unit_test(chance_does_not_decide),
        cmocka_unit_test(clusters_get_levels),       cmocka_unit_test(noise_is_run_densely),
        cmocka_unit_test(only_noise_is_dense),       cmocka_unit_test(time_is_an_objective),
        cmocka_unit_test(ways_are_measured),         cmocka_unit_test(paper_leaves_layers_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
