/* SPDX-License-Identifier: Apache-2.0 */
/* Gates that let everything pass while comparing does not pay, and come back when it does. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define NOISY 6  /* frames in which everything changes, ... */
#define CALM 8   /* ... and in which hardly anything does */
#define ROUNDS 2 /* of both */

static void all_new(scene *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->info[i].bytes / sizeof(float); k++)
            s->data[i][k] = rng_unit(&s->r);
}

static void one_new(scene *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->data[i][rng_below(&s->r, (int)(s->info[i].bytes / sizeof(float)))] = rng_unit(&s->r);
}

static int loose_gates(const rpr_stream *s)
{
    int n = 0;
    for (int i = 0; i < s->plan->n_gate; i++)
        n += s->gate[i].loose;
    return n;
}

static void check(const player *reuse, const player *off, const char *name, int f)
{
    rpr_oracle o;
    assert_int_equal(rpr_stream_oracle(reuse->s, &o), RPR_OK);
    check_that(o.worst <= 1.0, "%s, frame %d, layer %zu: %g of the bound", name, f, o.layer,
               o.worst);
    double e = player_error(reuse, off);
    check_that(e <= 2e-5, "%s, frame %d: error %g", name, f, e);
}

/** Exact gates: noise, calm, noise, calm; the result is that of a dense run throughout. */
static void play_noise(const rpr_model *m, const char *name, rpr_policy policy, int *loosened)
{
    rpr_stream_options opt = play_options();
    opt.policy = policy;
    opt.oracle = 1;
    player *reuse = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *off = player_new(m, &opt);
    scene *s = scene_new(m, 3);
    for (int f = 0; f < ROUNDS * (NOISY + CALM); f++) {
        bool noisy = f % (NOISY + CALM) < NOISY;
        if (noisy)
            all_new(s);
        else
            one_new(s);
        player_run(reuse, s);
        player_run(off, s);
        check(reuse, off, name, f);
        *loosened += loose_gates(reuse->s);
    }
    scene_free(s);
    player_free(reuse);
    player_free(off);
}

static void noise_loosens(void **state)
{
    (void)state;
    for (int policy = RPR_POLICY_AUTO; policy <= RPR_POLICY_RANDOM; policy++)
        for (size_t i = 0; i < nets_count(); i++) {
            rpr_model *m = nets_make(i);
            int loosened = 0, gated = 0;
            play_noise(m, nets_name(i), (rpr_policy)policy, &loosened);
            for (int g = 0; g < m->plan->n_gate; g++)
                gated += !m->plan->gate[g].cheap;
            check_that(loosened > 0 || gated == 0, "%s: no gate became loose", nets_name(i));
            rpr_model_destroy(m);
        }
}

/** The first gate sees the frames themselves: it can be told when it is loose. */
static void calm_tightens(void **state)
{
    rpr_model *m = nets_named("plain");
    rpr_stream_options opt = play_options();
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 5);
    const rpr_gate_state *first = &p->s->gate[0];
    (void)state;
    for (int f = 0; f < 3; f++) { /* the first frame is not compared */
        assert_false(first->loose);
        all_new(s);
        player_run(p, s);
    }
    assert_true(first->loose);
    all_new(s);
    player_run(p, s);
    assert_true(first->loose);
    assert_int_equal(player_stats(p).changed, player_stats(p).inputs);
    one_new(s);
    player_run(p, s); /* everything is taken once more, to compare with */
    assert_false(first->loose);
    assert_int_equal(player_stats(p).layers[RPR_CHOICE_SKIP], 0);
    one_new(s);
    player_run(p, s);
    assert_int_equal(first->n_changed, 1);
    assert_true(player_stats(p).macs_executed * 2 < player_stats(p).macs_dense);
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

/** With all gates nothing is ever loose: every value of every frame is compared. */
static void all_gates_stay(void **state)
{
    rpr_model *m = nets_named("depthwise");
    rpr_stream_options opt = play_options();
    opt.all_gates = 1;
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 5);
    (void)state;
    for (int f = 0; f < NOISY; f++) {
        all_new(s);
        player_run(p, s);
        assert_int_equal(loose_gates(p->s), 0);
        for (int i = 0; i < m->plan->n_gate; i++)
            assert_false(p->s->gate[i].open);
    }
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

/** A state saved at any time goes on like the stream that it was taken from, bit for bit. */
static void saves_go_on(void **state)
{
    static const char *const names[] = {"plain", "depthwise", "residual", "concats", "shared_gate"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i]);
        rpr_stream_options opt = play_options();
        opt.gate = play_gate_of(PLAY_DEADZONE);
        player *a = player_new(m, &opt), *b = player_new(m, &opt);
        scene *s = scene_new(m, 9);
        size_t bytes = rpr_stream_save_bytes(a->s);
        void *saved = malloc(bytes);
        assert_non_null(saved);
        for (int f = 0; f < NOISY + CALM; f++) {
            if (f < NOISY)
                all_new(s);
            else
                one_new(s);
            player_run(a, s);
            if (f > 0)
                player_run(b, s);
            check_that(f == 0 || player_same(a, b), "%s, frame %d: the copy went another way",
                       names[i], f);
            assert_int_equal(rpr_stream_save(a->s, saved, bytes), RPR_OK);
            assert_int_equal(rpr_stream_load(b->s, saved, bytes), RPR_OK);
        }
        free(saved);
        scene_free(s);
        player_free(a);
        player_free(b);
        rpr_model_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_loosens),
        cmocka_unit_test(calm_tightens),
        cmocka_unit_test(all_gates_stay),
        cmocka_unit_test(saves_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
