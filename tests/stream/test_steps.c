/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers of few and many steps a call: products made together, half weights, traces. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "play.h"
#include "trace/macs.h"
#include "trace/read.h"

enum { INPUTS = 40, HIDDEN = 24, ROWS = 4 * HIDDEN, MOST_STEPS = 150 };

/** Y of a bidirectional LSTM; weights in [-spread, spread). */
static rpr_model *bilstm(int steps, float spread)
{
    net b = net_new(5);
    int x = net_input(&b, NET_DIMS(steps, 1, INPUTS));
    int w = net_floats(&b, 0.0f, spread, NET_DIMS(2, ROWS, INPUTS));
    int r = net_floats(&b, 0.0f, 0.4f, NET_DIMS(2, ROWS, HIDDEN));
    int bias = net_floats(&b, 0.0f, 0.2f, NET_DIMS(2, 2 * ROWS));
    net_output(&b, net_op(&b, "LSTM", "direction@bidirectional", 4, x, w, r, bias));
    return net_finish(b.g);
}

static size_t layer_of(const rpr_model *m)
{
    rpr_layer_info info;
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        assert_int_equal(rpr_model_layer(m, i, &info), RPR_OK);
        if (info.recurrent)
            return i;
    }
    fail();
    return 0;
}

typedef struct steps {
    rng r;
    int n;
    float now[INPUTS], x[MOST_STEPS * INPUTS];
} steps;

/** Values that walk: `share` of them do from step to step; on step `wild` all do. */
static void walk(steps *s, float share, int wild)
{
    for (int t = 0; t < s->n; t++)
        for (int j = 0; j < INPUTS; j++) {
            if (rng_unit(&s->r) < share || t == wild)
                s->now[j] = rng_signed(&s->r);
            s->x[t * INPUTS + j] = s->now[j];
        }
}

typedef struct runner {
    rpr_stream *s;
    float y[MOST_STEPS * 2 * HIDDEN];
    rpr_layer_stats st;
} runner;

static runner *runner_new(const rpr_model *m, const rpr_stream_options *opt)
{
    runner *r = calloc(1, sizeof *r);
    rpr_error err;
    assert_non_null(r);
    assert_int_equal(rpr_stream_create(m, opt, &r->s, &err), RPR_OK);
    return r;
}

static void runner_free(runner *r)
{
    rpr_stream_destroy(r->s);
    free(r);
}

static void run(runner *r, const rpr_model *m, const steps *x)
{
    const rpr_input in = {.data = x->x};
    rpr_output out = {.data = r->y, .bytes = sizeof r->y};
    assert_int_equal(rpr_stream_run(r->s, &in, 1, &out, 1), RPR_OK);
    assert_int_equal(rpr_stream_layer_stats(r->s, layer_of(m), &r->st), RPR_OK);
}

static double difference(const runner *a, const runner *b, int n)
{
    double most = 0;
    for (int i = 0; i < n * 2 * HIDDEN; i++) {
        const double x = (double)a->y[i], y = (double)b->y[i];
        const double e = isnan(x) && isnan(y) ? 0
                         : isfinite(x - y)    ? fabs(x - y)
                                              : (double)INFINITY;
        most = e > most ? e : most;
    }
    return most;
}

static rpr_stream_options dense_options(void)
{
    rpr_stream_options opt = play_options();
    opt.gate.kind = RPR_GATE_OFF;
    return opt;
}

/** Around the numbers of steps that are made together, and of those that share weights. */
static void any_number_of_steps(void **state)
{
    static const int lengths[] = {1, 2, 5, 6, 7, 63, 64, 65, 128, 150};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        rpr_model *m = bilstm(lengths[i], 0.3f);
        rpr_stream_options opt = dense_options();
        runner *dense = runner_new(m, &opt), *by[3];
        for (int k = 0; k < 3; k++) {
            opt = play_options();
            opt.policy = (rpr_policy)(RPR_POLICY_AUTO + k);
            opt.refresh = k == 1 ? 40 : 0;
            by[k] = runner_new(m, &opt);
        }
        steps x = {.r = {i + 1}, .n = lengths[i]};
        for (int f = 0; f < 4; f++) {
            walk(&x, 0.3f, f + 3);
            run(dense, m, &x);
            for (int k = 0; k < 3; k++) {
                run(by[k], m, &x);
                const double e = difference(by[k], dense, x.n);
                check_that(e < 4e-6, "%d steps, call %d, policy %d: error %g", x.n, f, k, e);
            }
            assert_true(by[2]->st.macs_executed <= dense->st.macs_executed);
        }
        for (int k = 0; k < 3; k++)
            runner_free(by[k]);
        runner_free(dense);
        rpr_model_destroy(m);
    }
}

/** Bytes of a weight, by what it is used for. */
static void weight_bytes_are_counted(void **state)
{
    (void)state;
    rpr_model *m = bilstm(70, 0.3f);
    rpr_stream_options opt = dense_options();
    runner *dense = runner_new(m, &opt);
    opt = play_options();
    opt.all_gates = 1; /* no frames past the reuse */
    opt.policy = RPR_POLICY_CORRECT;
    runner *exact = runner_new(m, &opt);
    opt.gate = play_gate_of(PLAY_DEADZONE);
    runner *half = runner_new(m, &opt);
    opt.weights = RPR_WEIGHTS_F32;
    runner *whole = runner_new(m, &opt);
    steps x = {.r = {9}, .n = 70};
    for (int f = 0; f < 3; f++) {
        walk(&x, 0.25f, -1);
        runner *all[] = {dense, exact, half, whole};
        for (int k = 0; k < 4; k++)
            run(all[k], m, &x);
        assert_int_equal(dense->st.weight_bytes, 4 * dense->st.macs_dense);
        assert_int_equal(exact->st.weight_bytes, 4 * exact->st.macs_executed);
        assert_int_equal(whole->st.weight_bytes, 4 * whole->st.macs_executed);
        if (f > 0) { /* nothing but corrections */
            assert_int_equal(half->st.weight_bytes, 2 * half->st.macs_executed);
            assert_int_equal(half->st.macs_executed, half->st.changed * ROWS);
            assert_true(half->st.changed > 0 && half->st.changed < half->st.inputs);
        }
        /* Weights to 8 bits, times what moved. */
        const double e = difference(half, whole, x.n);
        check_that(f == 0 || (e > 0 && e < 0.02), "call %d: error %g", f, e);
    }
    run(half, m, &x); /* nothing changed but the first step against the last one */
    assert_true(half->st.weight_bytes <= 2 * half->st.macs_executed);
    runner_free(dense);
    runner_free(exact);
    runner_free(half);
    runner_free(whole);
    rpr_model_destroy(m);
}

/** Weights as asked for: bf16 behind exact gates, too, which a sweep ends. */
static void weights_follow_the_option(void **state)
{
    (void)state;
    rpr_model *m = bilstm(20, 0.3f);
    rpr_stream_options opt = dense_options();
    runner *dense = runner_new(m, &opt);
    opt = play_options();
    opt.weights = RPR_WEIGHTS_BF16;
    runner *half = runner_new(m, &opt);
    steps x = {.r = {2}, .n = 20};
    for (int f = 0; f < 5; f++) {
        walk(&x, 0.3f, -1);
        run(half, m, &x);
    }
    run(dense, m, &x);
    const double before = difference(half, dense, x.n);
    check_that(before > 1e-5 && before < 0.02, "error %g", before);
    assert_true(half->st.weight_bytes < 4 * half->st.macs_executed);
    assert_int_equal(rpr_stream_refresh(half->s), RPR_OK);
    run(half, m, &x);
    check_that(difference(half, dense, x.n) < 4e-6, "error %g", difference(half, dense, x.n));
    assert_int_equal(half->st.weight_bytes, 4 * half->st.macs_dense);
    runner_free(half);
    runner_free(dense);
    rpr_model_destroy(m);
}

/** NaN, infinity and sums that overflow, in the middle of steps that are made together. */
static void nonfinite_steps_pass(void **state)
{
    static const float bad[] = {NAN, INFINITY, 3e38f};
    (void)state;
    for (int k = 0; k < 3; k++)
        for (int gate = PLAY_EXACT; gate <= PLAY_LEVELS; gate += PLAY_LEVELS - PLAY_EXACT) {
            rpr_model *m = bilstm(100, 2.0f);
            rpr_stream_options opt = dense_options();
            opt.allow_nonfinite = 1;
            runner *dense = runner_new(m, &opt);
            opt.gate = play_gate_of((play_gate)gate);
            opt.policy = RPR_POLICY_CORRECT;
            runner *reuse = runner_new(m, &opt);
            steps x = {.r = {3}, .n = 100};
            for (int f = 0; f < 4; f++) {
                walk(&x, 0.2f, -1);
                for (int j = 0; f == 1 && j < 8; j++) /* 8 values, so that sums overflow */
                    x.x[70 * INPUTS + j] = bad[k];
                run(dense, m, &x);
                run(reuse, m, &x);
                int wrong = 0;
                for (int i = 0; i < 100 * 2 * HIDDEN; i++)
                    wrong += isnan(reuse->y[i]) && !isnan(dense->y[i]);
                check_that(wrong == 0, "value %d, gate %d, call %d: %d are NaN", k, gate, f, wrong);
                if (gate == PLAY_EXACT)
                    check_that(difference(reuse, dense, 100) < 1e-4, "value %d, call %d: error %g",
                               k, f, difference(reuse, dense, 100));
            }
            runner_free(dense);
            runner_free(reuse);
            rpr_model_destroy(m);
        }
}

/** Weights beyond bf16's range have no half ones. */
static void huge_weights_stay_whole(void **state)
{
    (void)state;
    rpr_model *m = bilstm(10, 3e38f);
    rpr_stream_options opt = play_options();
    opt.weights = RPR_WEIGHTS_BF16;
    opt.policy = RPR_POLICY_CORRECT;
    runner *r = runner_new(m, &opt);
    steps x = {.r = {4}, .n = 10};
    walk(&x, 0.0f, 0);
    for (int i = 0; i < 10 * INPUTS; i++)
        x.x[i] *= 1e-38f;
    run(r, m, &x);
    for (int i = 0; i < 10; i++)
        x.x[i * INPUTS] += 1e-38f;
    run(r, m, &x);
    /* One correction of an input in either direction: the other product has half weights. */
    const int64_t inputs = 2 * ROWS, states = r->st.macs_executed - inputs;
    assert_int_equal(r->st.weight_bytes, 4 * inputs + 2 * states);
    runner_free(r);
    rpr_model_destroy(m);
}

/* ------------------------------------------------------------------- traces */

typedef struct bytes {
    char *data;
    size_t n;
    FILE *file;
} bytes;

static int write_bytes(void *user, const void *data, size_t n)
{
    const bytes *b = user;
    return fwrite(data, 1, n, b->file) != n || fflush(b->file) != 0;
}

enum { VALUES = INPUTS + HIDDEN, TRACED = 5, TRACED_STEPS = 70 };

/** What the first call, and each later one, is expected to say of inputs behind an exact gate. */
static void check_inputs(const rpr_trace_frame *f, const float *x, const float *before)
{
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < TRACED_STEPS; i++)
            for (int j = 0; j < INPUTS; j++) {
                const int t = d ? TRACED_STEPS - 1 - i : i, last = d ? t + 1 : t - 1;
                const int end = d ? 0 : TRACED_STEPS - 1; /* of the call before */
                const float now = x[t * INPUTS + j];
                const float then = i > 0    ? x[last * INPUTS + j]
                                   : before ? before[end * INPUTS + j]
                                            : now + 1.0f;
                const int64_t e = (int64_t)i * VALUES + j;
                const bool changed = (f->changed[d][e / 64] >> (e % 64) & 1) != 0;
                check_that(changed == (now < then || now > then), "direction %d, step %d, value %d",
                           d, i, j);
            }
}

/** Counts of both directions are the layer's. */
static void check_counts(const rpr_trace_net *of, const rpr_trace_frame *f,
                         const rpr_layer_stats *st)
{
    assert_int_equal(f->n_changed[0] + f->n_changed[1], st->changed);
    assert_int_equal(f->layer[0].macs + f->layer[1].macs, st->macs_executed);
    for (int i = 0; i < 2; i++)
        check_that(rpr_trace_macs_fit(of, f, i), "layer %d: %lld MACs, but %lld by its bits", i,
                   (long long)f->layer[i].macs, (long long)rpr_trace_macs(of, f, i));
}

static rpr_trace_reader *reader_of(const bytes *b)
{
    rpr_trace_reader *r = NULL;
    rpr_error err = {""};
    FILE *f = fmemopen(b->data, b->n, "rb");
    assert_non_null(f);
    if (rpr_trace_open_file(f, "trace", &r, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return r;
}

/** Runs some calls with and without a trace; gives the trace, the inputs and what was counted. */
static bytes record(const rpr_model *m, const rpr_stream_options *opt, steps x[TRACED],
                    rpr_layer_stats st[TRACED])
{
    rpr_stream_options with = *opt;
    with.trace = 1;
    runner *traced = runner_new(m, &with), *plain = runner_new(m, opt);
    bytes b = {NULL, 0, NULL};
    rpr_trace *t = NULL;
    rpr_error err = {""};
    b.file = open_memstream(&b.data, &b.n);
    assert_non_null(b.file);
    if (rpr_trace_create(traced->s, write_bytes, &b, &t, &err) != RPR_OK)
        fail_msg("%s", err.message);
    for (int f = 0; f < TRACED; f++) {
        x[f] = f ? x[f - 1] : (steps){.r = {6}, .n = TRACED_STEPS};
        if (f != 3) /* which repeats the one before */
            walk(&x[f], 0.3f, f == 2 ? 40 : -1);
        run(traced, m, &x[f]);
        run(plain, m, &x[f]);
        assert_memory_equal(traced->y, plain->y, sizeof traced->y);
        st[f] = traced->st;
        assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
    }
    assert_int_equal(rpr_trace_end(t), RPR_OK);
    rpr_trace_destroy(t);
    runner_free(traced);
    runner_free(plain);
    return b;
}

static void traces_say_what_changed(void **state)
{
    (void)state;
    rpr_model *m = bilstm(TRACED_STEPS, 0.3f);
    for (int gate = PLAY_EXACT; gate < PLAY_GATES; gate++)
        for (int policy = RPR_POLICY_AUTO; policy <= RPR_POLICY_DENSE; policy++) {
            static steps x[TRACED];
            rpr_layer_stats st[TRACED];
            rpr_stream_options opt = play_options();
            opt.gate = play_gate_of((play_gate)gate);
            opt.policy = (rpr_policy)policy;
            opt.all_gates = 1;
            opt.refresh = 100; /* comes in the middle of the second call, and again */
            bytes b = record(m, &opt, x, st);
            rpr_trace_reader *r = reader_of(&b);
            const rpr_trace_net *of = rpr_trace_reader_net(r);
            const rpr_trace_frame *f;
            rpr_error err = {""};
            assert_true(of->n_input == 2 && of->n_layer == 2);
            assert_non_null(strstr(of->layer[0].name, "/forward"));
            assert_non_null(strstr(of->layer[1].name, "/backward"));
            for (int k = 0; k < TRACED; k++) {
                if (rpr_trace_next(r, &f, &err) != RPR_OK)
                    fail_msg("%s", err.message);
                assert_true(f->first == (k == 0));
                check_counts(of, f, &st[k]);
                if (k == 0 && gate == PLAY_EXACT)
                    check_inputs(f, x[k].x, NULL);
                assert_true((f->layer[0].choice == RPR_CHOICE_SKIP) == (k == 3));
            }
            rpr_trace_close(r);
            fclose(b.file);
            free(b.data);
        }
    rpr_model_destroy(m);
}

/** Without a refresh nothing but changes counts, from call to call, too. */
static void traces_go_on_from_call_to_call(void **state)
{
    (void)state;
    rpr_model *m = bilstm(TRACED_STEPS, 0.3f);
    static steps x[TRACED];
    rpr_layer_stats st[TRACED];
    rpr_stream_options opt = play_options();
    opt.all_gates = 1;
    bytes b = record(m, &opt, x, st);
    rpr_trace_reader *r = reader_of(&b);
    const rpr_trace_frame *f;
    rpr_error err = {""};
    for (int k = 0; k < TRACED; k++) {
        assert_int_equal(rpr_trace_next(r, &f, &err), RPR_OK);
        if (k != 3)
            check_inputs(f, x[k].x, k ? x[k - 1].x : NULL);
        else
            assert_int_equal(f->n_changed[0] + f->n_changed[1], 0);
    }
    rpr_trace_close(r);
    fclose(b.file);
    free(b.data);
    rpr_model_destroy(m);
}

/** Layers that are left out pass all, and a sweep takes all. */
static void traces_of_all(void **state)
{
    (void)state;
    rpr_model *m = bilstm(TRACED_STEPS, 0.3f);
    const rpr_layer_gate off = {.layer = layer_of(m), .gate = {.kind = RPR_GATE_OFF}};
    for (int sweep = 0; sweep <= 1; sweep++) {
        rpr_stream_options opt = play_options();
        opt.trace = opt.all_gates = 1;
        opt.layer_gates = &off;
        opt.n_layer_gates = sweep ? 0 : 1;
        runner *p = runner_new(m, &opt);
        bytes b = {NULL, 0, NULL};
        rpr_trace *t = NULL;
        rpr_error err = {""};
        b.file = open_memstream(&b.data, &b.n);
        assert_non_null(b.file);
        assert_int_equal(rpr_trace_create(p->s, write_bytes, &b, &t, &err), RPR_OK);
        steps x = {.r = {6}, .n = TRACED_STEPS};
        for (int f = 0; f < 2; f++) {
            walk(&x, 0.1f, -1);
            if (sweep && f == 1)
                assert_int_equal(rpr_stream_refresh(p->s), RPR_OK);
            run(p, m, &x);
            assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
        }
        assert_int_equal(rpr_trace_end(t), RPR_OK);
        rpr_trace_reader *r = reader_of(&b);
        const rpr_trace_frame *f;
        assert_int_equal(rpr_trace_next(r, &f, &err), RPR_OK);
        if (rpr_trace_next(r, &f, &err) != RPR_OK)
            fail_msg("%s", err.message);
        assert_int_equal(f->n_changed[1], TRACED_STEPS * VALUES);
        assert_int_equal(f->layer[1].choice, RPR_CHOICE_DENSE);
        assert_true(f->layer[1].refreshed == (sweep != 0));
        rpr_trace_close(r);
        rpr_trace_destroy(t);
        runner_free(p);
        fclose(b.file);
        free(b.data);
    }
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_steps),
        cmocka_unit_test(weight_bytes_are_counted),
        cmocka_unit_test(weights_follow_the_option),
        cmocka_unit_test(nonfinite_steps_pass),
        cmocka_unit_test(huge_weights_stay_whole),
        cmocka_unit_test(traces_say_what_changed),
        cmocka_unit_test(traces_of_all),
        cmocka_unit_test(traces_go_on_from_call_to_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
