/* SPDX-License-Identifier: Apache-2.0 */
/* Gates of their own for single layers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define FRAMES 20
#define RANDOM_NETS 24
#define MAX_GATES 64

/** A rule for every gate of a network, given to all layers that share it. */
typedef struct rules {
    rpr_gate of[MAX_GATES];
    rpr_layer_gate layer[MAX_GATES];
    size_t n;
} rules;

static rpr_gate random_rule(rng *r)
{
    rpr_gate g = {.kind = (rpr_gate_kind)rng_below(r, RPR_GATE_DEADZONE + 1)};
    g.levels = g.kind == RPR_GATE_LEVELS ? rng_between(r, 2, 100) : 0;
    g.threshold = g.kind == RPR_GATE_DEADZONE ? (double)rng_unit(r) * 0.05 : 0.0;
    if (rng_below(r, 2)) {
        g.lo = -0.5 * (double)rng_unit(r);
        g.hi = 0.1 + (double)rng_unit(r);
    }
    return g;
}

/** Some layers keep the stream's gate. */
static rules random_rules(const rpr_model *m, uint64_t seed)
{
    rng r = {seed};
    rules all = {.n = 0};
    for (int i = 0; i < m->plan->n_gate; i++)
        all.of[i] = rng_below(&r, 4) ? random_rule(&r) : play_gate_of(PLAY_DEADZONE);
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        rpr_layer_info info;
        assert_int_equal(rpr_model_layer(m, i, &info), RPR_OK);
        assert_int_equal(info.gate >= 0, info.weighted);
        if (info.weighted)
            all.layer[all.n++] = (rpr_layer_gate){i, all.of[info.gate]};
    }
    return all;
}

static rpr_stream_options options_of(const rules *r, uint64_t seed)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(PLAY_DEADZONE);
    opt.oracle = 1;
    opt.layer_gates = r->layer;
    opt.n_layer_gates = r->n;
    opt.policy = seed % 2 ? RPR_POLICY_AUTO : RPR_POLICY_RANDOM;
    opt.all_gates = seed % 3 == 0;
    opt.refresh = seed % 5 ? 0 : 6;
    return opt;
}

static void check_frame(const player *p, uint64_t seed, int f)
{
    rpr_oracle o;
    assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
    check_that(o.worst <= 1.0, "random %d, frame %d, layer %zu: %g of the bound", (int)seed, f,
               o.layer, o.worst);
    for (int i = 0; i < p->s->plan->n_gate; i++)
        if (p->s->gate[i].rule.kind == RPR_GATE_OFF && !p->s->gate[i].open)
            assert_true(p->s->gate[i].loose && !p->s->gate[i].compared);
}

/** The oracle holds with any mixture, and a clone or a restored stream goes on with the same one.
 */
static void mixtures_keep_the_contract(void **state)
{
    (void)state;
    for (uint64_t seed = 300; seed < 300 + RANDOM_NETS; seed++) {
        rpr_model *m = nets_random(seed);
        rules given = random_rules(m, seed), *mine = malloc(sizeof *mine);
        *mine = given;
        rpr_stream_options opt = options_of(mine, seed);
        player *p = player_new(m, &opt);
        free(mine); /* read when the stream is created, and not again */
        scene *s = scene_new(m, seed);
        for (int f = 0; f < FRAMES / 2; f++) {
            scene_next(s);
            player_run(p, s);
            check_frame(p, seed, f);
        }
        rpr_stream *copy = NULL;
        assert_int_equal(rpr_stream_clone(p->s, &copy, NULL), RPR_OK);
        player *clone = player_of(m, copy);
        size_t bytes = rpr_stream_save_bytes(p->s);
        void *saved = malloc(bytes);
        assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
        opt = options_of(&given, seed);
        player *restored = player_new(m, &opt);
        assert_int_equal(rpr_stream_load(restored->s, saved, bytes), RPR_OK);
        for (int f = FRAMES / 2; f < FRAMES; f++) {
            scene_next(s);
            player_run(p, s);
            player_run(clone, s);
            player_run(restored, s);
            check_frame(p, seed, f);
            assert_true(player_same(p, clone));
            assert_true(player_same(p, restored));
        }
        free(saved);
        scene_free(s);
        player_free(p);
        player_free(clone);
        player_free(restored);
        rpr_model_destroy(m);
    }
}

/** A state of other rules is refused. */
static void other_rules_are_refused(void **state)
{
    rpr_model *m = nets_named("residual");
    rules a = random_rules(m, 1), b = a;
    (void)state;
    b.layer[0].gate = (rpr_gate){.kind = RPR_GATE_LEVELS, .levels = 77};
    for (size_t i = 1; i < b.n; i++)
        b.layer[i].gate = a.layer[i].gate;
    rpr_stream_options opt = options_of(&a, 1);
    player *first = player_new(m, &opt);
    b.n = 1;
    opt = options_of(&b, 1);
    player *second = player_new(m, &opt);
    scene *s = scene_new(m, 1);
    scene_next(s);
    player_run(first, s);
    size_t bytes = rpr_stream_save_bytes(first->s);
    void *saved = malloc(bytes);
    assert_int_equal(rpr_stream_save(first->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(second->s, saved, bytes), RPR_ERR_STATE);
    assert_int_equal(rpr_stream_load(first->s, saved, bytes), RPR_OK);
    free(saved);
    scene_free(s);
    player_free(first);
    player_free(second);
    rpr_model_destroy(m);
}

/** Exact everywhere by single rules is exact by the common one, bit for bit. */
static void same_rule_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = play_options();
        rules all = random_rules(m, 1);
        player *common = player_new(m, &opt);
        for (size_t k = 0; k < all.n; k++)
            all.layer[k].gate = opt.gate;
        opt.gate = play_gate_of(PLAY_LEVELS);
        opt.layer_gates = all.layer;
        opt.n_layer_gates = all.n;
        player *single = player_new(m, &opt);
        scene *s = scene_new(m, 5);
        for (int f = 0; f < FRAMES; f++) {
            scene_next(s);
            player_run(common, s);
            player_run(single, s);
            check_that(player_same(common, single), "%s, frame %d", nets_name(i), f);
        }
        scene_free(s);
        player_free(common);
        player_free(single);
        rpr_model_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mixtures_keep_the_contract),
                                       cmocka_unit_test(other_rules_are_refused),
                                       cmocka_unit_test(same_rule_everywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
