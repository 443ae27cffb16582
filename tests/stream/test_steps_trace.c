/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of recurrent layers: each step against the one before. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"
#include "trace/macs.h"
#include "trace/read.h"
#include "trace_bytes.h"

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

/** Runs some calls with and without a trace; gives the trace, which stays where it is, the inputs
 * and what was counted. */
static void record(bytes *b, const rpr_model *m, const rpr_stream_options *opt, steps x[TRACED],
                   rpr_layer_stats st[TRACED])
{
    rpr_stream_options with = *opt;
    with.trace = 1;
    runner *traced = runner_new(m, &with), *plain = runner_new(m, opt);
    rpr_trace *t = NULL;
    rpr_error err = {""};
    if (rpr_trace_create(traced->s, write_bytes, b, &t, &err) != RPR_OK)
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
            bytes b = bytes_new();
            record(&b, m, &opt, x, st);
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
            bytes_free(&b);
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
    bytes b = bytes_new();
    record(&b, m, &opt, x, st);
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
    bytes_free(&b);
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
        bytes b = bytes_new();
        rpr_trace *t = NULL;
        rpr_error err = {""};
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
        bytes_free(&b);
    }
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces_say_what_changed),
        cmocka_unit_test(traces_of_all),
        cmocka_unit_test(traces_go_on_from_call_to_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
