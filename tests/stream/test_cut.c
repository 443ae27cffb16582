/* SPDX-License-Identifier: Apache-2.0 */
/* Scene cuts: found where they are, and only there; what they leave is exact. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define CUT 23 /* the frame on which a scene is repainted (play.c) */
#define RANDOM_NETS 40

static rpr_stream_options options_of(play_gate g, bool oracle)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(g);
    opt.oracle = oracle;
    opt.refresh = 9;
    return opt;
}

/** Something that needs a look at more than one pixel can be cut. */
static bool has_witnesses(const player *p)
{
    return p->s->cut.n > 0;
}

/**
 * Plays past a cut; the number of cuts that were found. Whatever else the gates did, such a frame
 * is the dense run's, and so is nothing before it.
 */
static int play_cut(const rpr_model *m, const char *name, rpr_policy policy, uint64_t seed)
{
    rpr_stream_options opt = options_of(PLAY_DEADZONE, seed % 2);
    opt.policy = policy;
    player *p = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *dense = player_new(m, &opt);
    scene *s = scene_new(m, seed);
    int found = 0;
    for (int f = 0; f < CUT + 8; f++) {
        scene_next(s);
        player_run(p, s);
        player_run(dense, s);
        const rpr_frame_stats st = player_stats(p);
        check_that(!st.cut || f == CUT, "%s: a cut on frame %d", name, f);
        if (st.cut) {
            double e = player_error(p, dense);
            check_that(e < 2e-6, "%s: a cut leaves an error of %g", name, e);
            assert_int_equal(st.frame, CUT);
            for (int i = 0; i < m->plan->n_gate; i++)
                assert_true(p->s->refresh.turn[i].clean);
        }
        found += st.cut;
    }
    scene_free(s);
    player_free(p);
    player_free(dense);
    return found;
}

static void planted_cuts_are_found(void **state)
{
    int found = 0, could = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = options_of(PLAY_DEADZONE, false);
        player *p = player_new(m, &opt);
        could += 2 * has_witnesses(p);
        player_free(p);
        found += play_cut(m, nets_name(i), RPR_POLICY_AUTO, i);
        found += play_cut(m, nets_name(i), RPR_POLICY_RANDOM, i + 1);
        rpr_model_destroy(m);
    }
    check_that(found > could / 2, "%d of %d cuts were found", found, could);
    for (uint64_t seed = 800; seed < 800 + RANDOM_NETS; seed++) {
        rpr_model *m = nets_random(seed);
        (void)play_cut(m, "random", RPR_POLICY_AUTO, seed);
        rpr_model_destroy(m);
    }
}

/* -------------------------------------------------------------- what is none */

typedef enum kind { STILL, DRIFT, NOISE, BRIGHTER, KINDS } kind;

static void next_of(scene *s, rng *r, kind k)
{
    for (size_t i = 0; k != STILL && i < s->n; i++)
        for (size_t e = 0; e < s->info[i].bytes / sizeof(float); e++) {
            float *v = &s->data[i][e];
            *v = k == NOISE ? rng_unit(r) : *v + (k == DRIFT ? 0.003f * rng_signed(r) : 0.03f);
        }
}

static void others_are_none(void **state)
{
    static const char *const names[] = {"plain", "residual", "pyramid", "depthwise"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int g = 0; g < PLAY_GATES; g++)
            for (int k = 0; k < KINDS; k++) {
                rpr_model *m = nets_named(names[i]);
                rpr_stream_options opt = options_of((play_gate)g, false);
                player *p = player_new(m, &opt);
                scene *s = scene_new(m, 3);
                rng r = {7};
                scene_next(s);
                for (int f = 0; f < 20; f++) {
                    player_run(p, s);
                    check_that(!player_stats(p).cut, "%s, %s, kind %d: a cut on frame %d", names[i],
                               play_gate_name((play_gate)g), k, f);
                    next_of(s, &r, (kind)k);
                }
                scene_free(s);
                player_free(p);
                rpr_model_destroy(m);
            }
}

/** Noise that begins is one cut; while it lasts there is no other, and after it one at most. */
static void noise_is_one_cut(void **state)
{
    rpr_model *m = nets_named("residual");
    rpr_stream_options opt = options_of(PLAY_DEADZONE, false);
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 3);
    rng r = {7};
    int cuts = 0;
    (void)state;
    scene_next(s);
    for (int f = 0; f < 30; f++) {
        player_run(p, s);
        cuts += player_stats(p).cut;
        assert_true(player_stats(p).cut == (f == 10));
        next_of(s, &r, f < 9 ? DRIFT : NOISE);
    }
    assert_int_equal(cuts, 1);
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

/** With all gates everything is compared, always. */
static void all_gates_see_none(void **state)
{
    rpr_model *m = nets_named("residual");
    rpr_stream_options opt = options_of(PLAY_DEADZONE, false);
    opt.all_gates = 1;
    show w = show_new(m, &opt, 5);
    (void)state;
    for (int f = 0; f < CUT + 3; f++) {
        show_next(&w);
        assert_int_equal(player_stats(w.p).cut, 0);
    }
    show_free(&w);
}

/* ------------------------------------------------------ threads, copies, saves */

static player *go_on(const rpr_model *m, const player *p, const rpr_stream_options *opt, bool clone)
{
    rpr_stream *s = NULL;
    if (clone) {
        assert_int_equal(rpr_stream_clone(p->s, &s, NULL), RPR_OK);
        return player_of(m, s);
    }
    player *to = player_new(m, opt);
    size_t bytes = rpr_stream_save_bytes(p->s);
    void *saved = malloc(bytes);
    assert_non_null(saved);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(to->s, saved, bytes), RPR_OK);
    free(saved);
    return to;
}

static void check_same(const player *a, const player *b, int seed, int f, const char *what)
{
    const rpr_frame_stats x = player_stats(a), y = player_stats(b);
    check_that(player_same(a, b) && x.cut == y.cut && x.refreshed == y.refreshed &&
                   x.macs_executed == y.macs_executed,
               "random %d, frame %d: %s went another way", seed, f, what);
}

/** Sweeps, some asked for, and cuts: no other bit with threads, or from a copy at any time. */
static void copies_go_on(void **state)
{
    int cuts = 0, refreshed = 0;
    (void)state;
    for (int seed = 900; seed < 900 + RANDOM_NETS / 2; seed++) {
        rpr_model *m = nets_random((uint64_t)seed);
        rpr_stream_options opt = options_of((play_gate)(seed % PLAY_GATES), true), many = opt;
        many.threads = 3;
        player *p = player_new(m, &opt), *threads = player_new(m, &many), *copy = NULL;
        scene *s = scene_new(m, (uint64_t)seed);
        for (int f = 0; f < 2 * CUT; f++) {
            rpr_oracle o;
            scene_next(s);
            player *all[] = {p, threads, copy};
            for (int i = 0; i < 3 && all[i]; i++) {
                if (f % 10 == 4)
                    assert_int_equal(rpr_stream_refresh(all[i]->s), RPR_OK);
                player_run(all[i], s);
                check_same(p, all[i], seed, f, i == 1 ? "threads" : "a copy");
            }
            assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
            check_that(o.worst <= 1.0, "random %d, frame %d: %g", seed, f, o.worst);
            cuts += player_stats(p).cut;
            refreshed += player_stats(p).refreshed;
            if (copy)
                player_free(copy);
            copy = go_on(m, p, &opt, f % 2);
        }
        player_free(copy);
        scene_free(s);
        player_free(p);
        player_free(threads);
        rpr_model_destroy(m);
    }
    check_that(cuts > 3 && refreshed > 100, "%d cuts, %d refreshed", cuts, refreshed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_cuts_are_found), cmocka_unit_test(others_are_none),
        cmocka_unit_test(noise_is_one_cut),       cmocka_unit_test(all_gates_see_none),
        cmocka_unit_test(copies_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
