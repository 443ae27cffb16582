/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers of many steps: gates along the steps, and what they count. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define FRAMES 12

static const char *const names[] = {"many_steps", "batch_first", "peepholes"};

static player *dense_of(const rpr_model *m)
{
    rpr_stream_options opt = play_options();
    opt.gate.kind = RPR_GATE_OFF;
    return player_new(m, &opt);
}

static void exact_is_dense(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int refresh = 0; refresh <= 5; refresh += 5) {
            rpr_model *m = nets_named(names[i]);
            rpr_stream_options opt = play_options();
            opt.refresh = refresh;
            player *p = player_new(m, &opt), *dense = dense_of(m);
            scene *s = scene_new(m, 4);
            for (int f = 0; f < FRAMES; f++) {
                scene_next(s);
                player_run(p, s);
                player_run(dense, s);
                const double e = player_error(p, dense);
                check_that(e < 4e-6, "%s, frame %d: error %g", names[i], f, e);
            }
            scene_free(s);
            player_free(p);
            player_free(dense);
            rpr_model_destroy(m);
        }
}

/** Dead-zones and levels let errors pass, and a sweep ends them. */
static void sweeps_end_errors(void **state)
{
    (void)state;
    for (int gate = PLAY_DEADZONE; gate <= PLAY_LEVELS; gate++) {
        rpr_model *m = nets_named("many_steps");
        rpr_stream_options opt = play_options();
        opt.gate = play_gate_of((play_gate)gate);
        player *p = player_new(m, &opt), *dense = dense_of(m);
        scene *s = scene_new(m, 4);
        for (int f = 0; f < 6; f++) {
            scene_next(s);
            player_run(p, s);
        }
        player_run(dense, s);
        const double before = player_error(p, dense);
        check_that(before > 1e-5 && before < 0.3, "error %g", before);
        assert_int_equal(rpr_stream_refresh(p->s), RPR_OK);
        player_run(p, s); /* the same frame once more */
        const double after = player_error(p, dense);
        check_that(after < 4e-6, "error %g after a sweep, %g before", after, before);
        const rpr_frame_stats st = player_stats(p);
        assert_int_equal(st.macs_executed, st.macs_dense);
        scene_free(s);
        player_free(p);
        player_free(dense);
        rpr_model_destroy(m);
    }
}

static void states_go_on(void **state)
{
    (void)state;
    rpr_model *m = nets_named("many_steps");
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(PLAY_DEADZONE);
    player *p = player_new(m, &opt), *loaded = player_new(m, &opt);
    scene *s = scene_new(m, 9);
    rpr_stream *copy = NULL;
    rpr_error err;
    for (int f = 0; f < 4; f++) {
        scene_next(s);
        player_run(p, s);
    }
    const size_t bytes = rpr_stream_save_bytes(p->s);
    void *saved = malloc(bytes);
    assert_non_null(saved);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(loaded->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_clone(p->s, &copy, &err), RPR_OK);
    player *cloned = player_of(m, copy), *fresh = player_new(m, &opt);
    for (int f = 0; f < 4; f++) {
        scene_next(s);
        player_run(p, s);
        player_run(loaded, s);
        player_run(cloned, s);
        player_run(fresh, s);
        assert_true(player_same(p, loaded) && player_same(p, cloned));
    }
    rpr_stream_reset(p->s);
    rpr_stream_reset(fresh->s);
    player_run(p, s);
    player_run(fresh, s);
    assert_true(player_same(p, fresh)); /* a reset leaves nothing */
    free(saved);
    scene_free(s);
    player_free(p);
    player_free(loaded);
    player_free(cloned);
    player_free(fresh);
    rpr_model_destroy(m);
}

static int no_write(void *user, const void *bytes, size_t n)
{
    (void)user;
    (void)bytes;
    (void)n;
    return -1;
}

#define STEPS 5
#define INPUTS 12
#define HIDDEN 10

/** An RNN without weights but for its input's: the state before says nothing. */
static rpr_model *input_only(void)
{
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(STEPS, 1, INPUTS));
    int w = net_floats(&b, 0.0f, 0.5f, NET_DIMS(1, HIDDEN, INPUTS));
    int r = net_floats(&b, 0.0f, 0.0f, NET_DIMS(1, HIDDEN, HIDDEN));
    net_output(&b, net_op(&b, "RNN", "", 3, x, w, r));
    return net_finish(b.g);
}

static rpr_frame_stats run_counted(rpr_stream *s, const float *x)
{
    float y[STEPS * HIDDEN];
    rpr_frame_stats st;
    rpr_output out = {.data = y, .bytes = sizeof y};
    assert_int_equal(rpr_stream_run(s, &(rpr_input){.data = x}, 1, &out, 1), RPR_OK);
    assert_int_equal(rpr_stream_frame_stats(s, &st), RPR_OK);
    return st;
}

/** What is the same from step to step, and from call to call, costs nothing. */
static void counts_are_exact(void **state)
{
    (void)state;
    rpr_model *m = input_only();
    rpr_stream_options opt = play_options();
    rpr_stream *s = NULL;
    rpr_error err;
    float x[STEPS * INPUTS];
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    for (int i = 0; i < STEPS * INPUTS; i++)
        x[i] = (float)(i % INPUTS) / INPUTS;
    rpr_frame_stats st = run_counted(s, x);
    const int64_t step = INPUTS * HIDDEN + HIDDEN * HIDDEN;
    assert_int_equal(st.macs_dense, STEPS * step);
    assert_int_equal(st.inputs, STEPS * (INPUTS + HIDDEN));
    /* The input once, the state before twice: it is zero on the first step only. */
    assert_int_equal(st.changed, INPUTS + 2 * HIDDEN);
    assert_int_equal(st.macs_executed, INPUTS * HIDDEN + 2 * HIDDEN * HIDDEN);
    /* One value is another on step 2 only, which makes two changes; so is the state after it. */
    x[2 * INPUTS + 4] += 1.0f;
    st = run_counted(s, x);
    const int64_t states = 4 * HIDDEN; /* zero, the same, another, and back */
    assert_int_equal(st.changed, 2 + states);
    assert_int_equal(st.macs_executed, 2 * HIDDEN + states * HIDDEN);
    st = run_counted(s, x); /* nothing at all */
    assert_int_equal(st.macs_executed + st.changed, 0);
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

static rpr_layer_gate gate_of_layer(size_t layer, rpr_gate_kind kind)
{
    return (rpr_layer_gate){.layer = layer, .gate = {.kind = kind, .levels = 4, .threshold = 0.25}};
}

/** The only recurrent layer of input_only(). */
static size_t recurrent_layer(const rpr_model *m)
{
    rpr_layer_info info;
    size_t found = rpr_model_n_layers(m);
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        assert_int_equal(rpr_model_layer(m, i, &info), RPR_OK);
        if (info.recurrent) {
            assert_false(info.weighted);
            found = i;
        }
    }
    assert_true(found < rpr_model_n_layers(m));
    return found;
}

/** One that is named has its own rule, whatever the others have; its numbers say so. */
static void layer_gates_reach_them(void **state)
{
    (void)state;
    rpr_model *m = input_only();
    const size_t layer = recurrent_layer(m);
    rpr_layer_gate own = gate_of_layer(layer, RPR_GATE_DEADZONE);
    rpr_stream_options opt = play_options();
    rpr_stream *s = NULL, *copy = NULL;
    rpr_error err;
    rpr_layer_stats ls;
    float x[STEPS * INPUTS];
    own.gate.lo = 0.0;
    own.gate.hi = 4.0; /* what moves by 1 or less is no change */
    opt.layer_gates = &own;
    opt.n_layer_gates = 1;
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    for (int i = 0; i < STEPS * INPUTS; i++)
        x[i] = (float)(i % INPUTS) / INPUTS;
    (void)run_counted(s, x);
    assert_int_equal(rpr_stream_clone(s, &copy, &err), RPR_OK);
    for (int i = 0; i < STEPS * INPUTS; i++)
        x[i] += 0.75f;
    x[4] += 2.0f; /* on the first step, and back on the next one */
    const rpr_frame_stats st = run_counted(s, x), other = run_counted(copy, x);
    assert_int_equal(rpr_stream_layer_stats(s, layer, &ls), RPR_OK);
    assert_int_equal(ls.inputs, STEPS * (INPUTS + HIDDEN));
    assert_int_equal(ls.macs_dense, st.macs_dense);
    assert_int_equal(ls.macs_executed, st.macs_executed);
    assert_int_equal(ls.changed, st.changed);
    assert_true(ls.range_lo == 0.0f && ls.range_hi == 4.0f);
    /* Two of the input; 13 and 4 times the states behind an exact gate. */
    assert_true(ls.changed >= 2 && ls.changed <= 2 + 3 * HIDDEN);
    assert_int_equal(other.changed, st.changed); /* a copy has the rule, too */
    rpr_stream_destroy(copy);
    rpr_stream_destroy(s);
    own = gate_of_layer(layer, RPR_GATE_OFF);
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    for (int f = 0; f < 2; f++) {
        x[f] += 1.0f;
        const rpr_frame_stats all = run_counted(s, x);
        assert_int_equal(all.macs_executed, all.macs_dense);
    }
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

/** Rules that are none, layers that have none, states of other rules. */
static void misuse_is_refused(void **state)
{
    (void)state;
    rpr_model *m = input_only();
    const size_t layer = recurrent_layer(m);
    rpr_layer_gate own = gate_of_layer(layer, RPR_GATE_LEVELS);
    rpr_stream_options opt = play_options();
    rpr_stream *s = NULL, *plain = NULL;
    rpr_trace *t = NULL;
    rpr_error err;
    opt.trace = 1;
    assert_int_equal(rpr_stream_create(m, &opt, &plain, &err), RPR_OK);
    opt.layer_gates = &own;
    opt.n_layer_gates = 1;
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    char saved[1 << 14];
    float x[STEPS * INPUTS] = {1, 2, 3};
    (void)run_counted(s, x);
    assert_true(rpr_stream_save_bytes(s) <= sizeof saved);
    assert_int_equal(rpr_stream_save(s, saved, rpr_stream_save_bytes(s)), RPR_OK);
    assert_int_equal(rpr_stream_load(plain, saved, rpr_stream_save_bytes(s)), RPR_ERR_STATE);
    assert_non_null(strstr(rpr_stream_error(plain), "of another gate"));
    assert_int_equal(rpr_stream_load(s, saved, rpr_stream_save_bytes(s)), RPR_OK);
    assert_int_equal(rpr_trace_create(s, no_write, NULL, &t, &err), RPR_ERR_IO);
    assert_null(t);
    rpr_stream_destroy(s);
    rpr_stream_destroy(plain);
    own.gate.levels = 1;
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "1 levels, not 2 to 65536"));
    own = gate_of_layer(rpr_model_n_layers(m), RPR_GATE_EXACT);
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "is not a weighted layer"));
    rpr_model_destroy(m);
}

/** A product on what a reset gate left is no part of a layer that a trace has. */
static void reset_gates_have_no_trace(void **state)
{
    (void)state;
    rpr_model *m = nets_named("many_steps");
    rpr_stream_options opt = play_options();
    rpr_stream *s = NULL;
    rpr_trace *t = NULL;
    rpr_error err;
    opt.trace = 1;
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    assert_int_equal(rpr_trace_create(s, no_write, NULL, &t, &err), RPR_ERR_UNSUPPORTED);
    assert_null(t);
    assert_non_null(strstr(err.message, "(GRU) has a product on what its reset gate left"));
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

/** Corrected always or never: the same outputs, up to rounding, of other work. */
static void policies_agree(void **state)
{
    (void)state;
    rpr_model *m = nets_named("many_steps");
    rpr_stream_options opt = play_options();
    opt.policy = RPR_POLICY_CORRECT;
    player *corrects = player_new(m, &opt);
    opt.policy = RPR_POLICY_DENSE;
    player *never = player_new(m, &opt);
    scene *s = scene_new(m, 4);
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(corrects, s);
        player_run(never, s);
        const double e = player_error(corrects, never);
        check_that(e < 1e-5, "frame %d: error %g", f, e);
        assert_true(player_stats(corrects).macs_executed <= player_stats(never).macs_executed);
    }
    assert_true(player_stats(corrects).macs_executed < player_stats(never).macs_executed);
    scene_free(s);
    player_free(corrects);
    player_free(never);
    rpr_model_destroy(m);
}

/** NaN that was let in leaves with the inputs that it came in. */
static void nan_leaves_again(void **state)
{
    (void)state;
    rpr_model *m = input_only();
    rpr_stream_options opt = play_options();
    rpr_stream *s = NULL, *dense = NULL;
    rpr_error err;
    float x[STEPS * INPUTS], y[2][STEPS * HIDDEN];
    opt.allow_nonfinite = 1;
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    opt.gate.kind = RPR_GATE_OFF;
    assert_int_equal(rpr_stream_create(m, &opt, &dense, &err), RPR_OK);
    for (int f = 0; f < 4; f++) {
        for (int i = 0; i < STEPS * INPUTS; i++)
            x[i] = (float)((i + f) % 7) / 7.0f;
        if (f == 1)
            x[(STEPS - 1) * INPUTS] = NAN;
        const rpr_input in = {.data = x};
        rpr_output out[2] = {{.data = y[0], .bytes = sizeof y[0]},
                             {.data = y[1], .bytes = sizeof y[1]}};
        assert_int_equal(rpr_stream_run(s, &in, 1, &out[0], 1), RPR_OK);
        assert_int_equal(rpr_stream_run(dense, &in, 1, &out[1], 1), RPR_OK);
        for (int i = 0; i < STEPS * HIDDEN; i++) {
            const double a = (double)y[0][i], b = (double)y[1][i];
            check_that((isnan(a) && isnan(b)) || fabs(a - b) < 1e-5, "frame %d: %g, not %g", f, a,
                       b);
        }
    }
    rpr_stream_destroy(s);
    rpr_stream_destroy(dense);
    rpr_model_destroy(m);
}

/** Lengths are looked at before anything is done: the stream goes on as if there had been no call.
 */
static void bad_lengths_harm_nothing(void **state)
{
    (void)state;
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(STEPS, 2, INPUTS)), lens = net_input(&b, NET_DIMS(2));
    int w = net_floats(&b, 0.0f, 0.5f, NET_DIMS(1, HIDDEN, INPUTS));
    int r = net_floats(&b, 0.0f, 0.5f, NET_DIMS(1, HIDDEN, HIDDEN));
    b.g->value[lens].dtype = RPR_I32;
    net_output(&b, net_op(&b, "RNN", "", 5, x, w, r, RPR_NONE, lens));
    rpr_model *m = net_finish(b.g);
    rpr_stream_options opt = play_options();
    rpr_stream *s = NULL;
    rpr_error err;
    float values[STEPS * 2 * INPUTS] = {1, 2, 3}, y[2][STEPS * 2 * HIDDEN];
    const int32_t fine[2] = {1, STEPS}, bad[3][2] = {{0, 1}, {1, STEPS + 1}, {-1, 1}};
    rpr_output out[2] = {{.data = y[0], .bytes = sizeof y[0]},
                         {.data = y[1], .bytes = sizeof y[1]}};
    rpr_input in[2] = {{.data = values}, {.data = fine}};
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_OK);
    assert_int_equal(rpr_stream_run(s, in, 2, &out[0], 1), RPR_OK);
    for (int i = 0; i < 3; i++) {
        in[1].data = bad[i];
        assert_int_equal(rpr_stream_run(s, in, 2, &out[1], 1), RPR_ERR_ARGUMENT);
        assert_non_null(strstr(rpr_stream_error(s), "a sequence length of"));
    }
    in[1].data = fine;
    assert_int_equal(rpr_stream_run(s, in, 2, &out[1], 1), RPR_OK);
    rpr_frame_stats st;
    assert_int_equal(rpr_stream_frame_stats(s, &st), RPR_OK);
    assert_int_equal(st.frame, 1); /* the stream was not reset */
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exact_is_dense),
                                       cmocka_unit_test(sweeps_end_errors),
                                       cmocka_unit_test(layer_gates_reach_them),
                                       cmocka_unit_test(misuse_is_refused),
                                       cmocka_unit_test(reset_gates_have_no_trace),
                                       cmocka_unit_test(policies_agree),
                                       cmocka_unit_test(states_go_on),
                                       cmocka_unit_test(counts_are_exact),
                                       cmocka_unit_test(nan_leaves_again),
                                       cmocka_unit_test(bad_lengths_harm_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
