/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are run past the reuse because it would cost more. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define RANDOM_NETS 20

static bool run(player *p, const scene *s)
{
    player_run(p, s);
    return player_stats(p).bypassed != 0;
}

/** Plays noise until the stream gives reuse up; the frames that it took. */
static int play_until_bypassed(player *p, scene *s, rng *r)
{
    for (int f = 0; f < 20; f++) {
        scene_noise(s, r);
        if (run(p, s))
            return f;
    }
    return -1;
}

/** Past the reuse a frame is the dense run's in every bit; what repeats is not computed. */
static void noise_runs_densely(void **state)
{
    static const char *const names[] = {"plain", "depthwise", "residual", "joined_and_read"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i]);
        rpr_stream_options opt = play_bypassing(PLAY_DEADZONE);
        player *p = player_new(m, &opt);
        opt.gate.kind = RPR_GATE_OFF;
        player *dense = player_new(m, &opt);
        scene *s = scene_new(m, 1);
        rng r = {7};
        scene_next(s);
        check_that(play_until_bypassed(p, s, &r) > 0, "%s: noise is not run densely", names[i]);
        for (int f = 0; f < 5; f++) {
            scene_noise(s, &r);
            assert_true(run(p, s));
            player_run(dense, s);
            assert_true(player_same(p, dense));
            assert_true(player_stats(p).macs_executed == player_stats(p).macs_dense);
            assert_true(run(p, s)); /* the same frame */
            assert_true(player_same(p, dense));
            assert_int_equal(player_stats(p).macs_executed, 0);
        }
        scene_free(s);
        player_free(p);
        player_free(dense);
        rpr_model_destroy(m);
    }
}

/** When the noise ends, reuse begins again, at once because less changes or after a wait. */
static void reuse_comes_back(void **state)
{
    (void)state;
    for (int g = 0; g < PLAY_GATES; g++) {
        rpr_model *m = nets_named("residual");
        rpr_stream_options opt = play_bypassing((play_gate)g);
        player *p = player_new(m, &opt);
        scene *s = scene_new(m, 1);
        rng r = {7};
        rpr_oracle o;
        scene_next(s);
        assert_true(play_until_bypassed(p, s, &r) > 0);
        for (int f = 0; f < 30; f++) {
            s->data[0][0] = rng_unit(&r); /* one value of a still picture */
            bool bypassed = run(p, s);
            check_that(!bypassed || f == 0, "%s: frame %d of calm", play_gate_name((play_gate)g),
                       f);
            assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
            assert_true(o.worst <= 1.0);
        }
        rpr_frame_stats st = player_stats(p);
        assert_true(st.macs_executed < st.macs_dense / 4);
        scene_free(s);
        player_free(p);
        rpr_model_destroy(m);
    }
}

/** It is tried again now and then, less often the longer it fails. */
static void waits_double(void **state)
{
    rpr_model *m = nets_named("plain");
    rpr_stream_options opt = play_bypassing(PLAY_EXACT);
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 1);
    rng r = {7};
    int waits[4] = {0}, n = 0;
    (void)state;
    scene_next(s);
    for (int f = 0; f < 300 && n < 4; f++) {
        scene_noise(s, &r);
        bool was = waits[n] > 0, bypassed = run(p, s);
        n += was && !bypassed;
        if (n < 4)
            waits[n] += bypassed;
    }
    assert_true(n >= 3);
    for (int i = 0; i + 1 < n; i++)
        assert_true(abs(waits[i + 1] - 2 * waits[i]) <= 2);
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

/** Calm, noise and repeats by turns. */
static void next_frame(scene *s, rng *r, int f)
{
    if (f % 40 < 14)
        scene_noise(s, r);
    else if (f % 5)
        scene_next(s);
}

/** Whatever is bypassed: exact gates give the dense run, threads, copies and traces no other bit.
 */
static void random_nets_keep_the_contract(void **state)
{
    int64_t bypassed = 0;
    (void)state;
    for (uint64_t seed = 500; seed < 500 + RANDOM_NETS; seed++) {
        rpr_model *m = nets_random(seed);
        rpr_stream_options opt = play_bypassing((play_gate)(seed % PLAY_GATES)), off = opt;
        off.gate.kind = RPR_GATE_OFF;
        player *p = player_new(m, &opt), *dense = player_new(m, &off);
        opt.threads = 3;
        opt.trace = seed % 2 != 0;
        player *threads = player_new(m, &opt), *copy = NULL;
        scene *s = scene_new(m, seed);
        rng r = {seed};
        rpr_oracle o;
        scene_next(s);
        for (int f = 0; f < 90; f++) {
            next_frame(s, &r, f);
            bypassed += run(p, s);
            player_run(dense, s);
            player_run(threads, s);
            assert_true(player_same(p, threads));
            if (copy) {
                player_run(copy, s);
                assert_true(player_same(p, copy));
            }
            if (opt.gate.kind == RPR_GATE_EXACT)
                check_that(player_error(p, dense) < 1e-4, "random %d, frame %d", (int)seed, f);
            assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
            check_that(o.worst <= 1.0, "random %d, frame %d: %g", (int)seed, f, o.worst);
            if (f % 9 == 8) {
                if (copy)
                    player_free(copy);
                copy = player_go_on(m, p, f % 18 == 8);
            }
        }
        player_free(copy);
        scene_free(s);
        player_free(p);
        player_free(dense);
        player_free(threads);
        rpr_model_destroy(m);
    }
    assert_true(bypassed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_runs_densely), cmocka_unit_test(reuse_comes_back),
        cmocka_unit_test(waits_double), cmocka_unit_test(random_nets_keep_the_contract)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
