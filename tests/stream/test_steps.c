/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers of few and many steps a call: products made together, and half weights. */
#include <math.h>
#include <string.h>

#include "steps.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_steps),       cmocka_unit_test(weight_bytes_are_counted),
        cmocka_unit_test(weights_follow_the_option), cmocka_unit_test(nonfinite_steps_pass),
        cmocka_unit_test(huge_weights_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
