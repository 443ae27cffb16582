/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers of many steps: gates along the steps, and what they count. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define FRAMES 12

static const char *const names[] = {"many_steps", "batch_first"};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_is_dense), cmocka_unit_test(sweeps_end_errors),
        cmocka_unit_test(states_go_on), cmocka_unit_test(counts_are_exact),
        cmocka_unit_test(nan_leaves_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
