/* SPDX-License-Identifier: Apache-2.0 */
/* Frames whose rest is run without reuse because it would cost too much with it. */
#include <stdlib.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define RANDOM_NETS 24
#define MOST 1.3 /* dense runs that a frame may cost */

/** Like a small detector: depthwise and pointwise layers with a sum around each pair. */
static rpr_model *make_deep(void)
{
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(1, 3, 32, 32));
    x = net_relu(&b, net_conv(&b, x, 24, 3, 3, 1, "pads:1,1,1,1"));
    for (int i = 0; i < 8; i++) {
        int y = net_conv(&b, x, 24, 3, 3, 24, "pads:1,1,1,1");
        y = net_conv(&b, y, 24, 1, 1, 1, "");
        x = net_relu(&b, net_op(&b, "Add", "", 2, x, y));
    }
    /* ... and a chain that only gates read. */
    for (int i = 0; i < 4; i++)
        x = net_relu(&b, net_conv(&b, x, 64, 1, 1, 1, ""));
    net_output(&b, x);
    return net_finish(b.g);
}

/** A still picture, noise, a picture in which something moves, by turns. */
static void next_frame(scene *s, rng *r, int f)
{
    const int part = f / 12 % 3;
    if (part == 1)
        scene_noise(s, r);
    else if (part == 2 || f % 12 == 0)
        scene_next(s);
}

static bool is_handed(const player *p)
{
    return !player_stats(p).bypassed && rpr_stream_was_plain(p->s);
}

/** However the stream's nature changes: no frame but the first costs more than promised. */
static void no_frame_is_too_dear(void **state)
{
    (void)state;
    for (int g = 0; g < PLAY_GATES; g++) {
        rpr_model *m = make_deep();
        const rpr_stream_options opt = play_bypassing((play_gate)g);
        show w = show_new(m, &opt, 5);
        rng r = {11};
        int handed = 0, reused = 0;
        for (int f = 0; f < 180; f++) {
            next_frame(w.s, &r, f);
            player_run(w.p, w.s);
            const rpr_frame_stats st = player_stats(w.p);
            check_that(f == 0 || st.cost <= MOST * st.cost_dense, "%s, frame %d: %g dense runs",
                       play_gate_name((play_gate)g), f, st.cost / st.cost_dense);
            handed += is_handed(w.p);
            reused += st.cost < 0.5 * st.cost_dense;
        }
        check_that(handed > 2 && reused > 10, "%s: %d frames handed over, %d cheap ones",
                   play_gate_name((play_gate)g), handed, reused);
        show_free(&w);
    }
}

typedef struct check {
    const rpr_model *m;
    player *p, *dense, *threads, *copy;
    const char *name;
    int handed;
} check;

/** Runs a frame on all; a copy begins anew wherever a frame was handed over. */
static void run(check *c, const scene *s, int f)
{
    rpr_oracle o;
    player_run(c->p, s);
    player_run(c->dense, s);
    player_run(c->threads, s);
    check_that(player_same(c->p, c->threads), "%s, frame %d: threads", c->name, f);
    if (c->copy) {
        player_run(c->copy, s);
        check_that(player_same(c->p, c->copy), "%s, frame %d: a copy", c->name, f);
    }
    if (c->p->s->opt.gate.kind == RPR_GATE_EXACT) {
        const bool words = stream_has_words(c->p->s);
        check_that(words ? player_same(c->p, c->dense) : player_error(c->p, c->dense) < 1e-4,
                   "%s, frame %d: error %g", c->name, f, player_error(c->p, c->dense));
    }
    assert_int_equal(rpr_stream_oracle(c->p->s, &o), RPR_OK);
    check_that(o.worst <= 1.0, "%s, frame %d: %g of the bound", c->name, f, o.worst);
    const rpr_frame_stats st = player_stats(c->p), d = player_stats(c->dense);
    check_that(st.macs_dense == d.macs_dense, "%s, frame %d: MACs", c->name, f);
    c->handed += is_handed(c->p);
    if (is_handed(c->p) || f % 10 == 9) {
        if (c->copy)
            player_free(c->copy);
        c->copy = player_go_on(c->m, c->p, f % 2 != 0);
    }
}

/** Returns how many frames were handed over. */
static int play(rpr_model *m, play_gate g, const char *name, uint64_t seed)
{
    rpr_stream_options opt = play_bypassing(g), off = opt;
    off.gate.kind = RPR_GATE_OFF;
    check c = {.m = m, .name = name, .p = player_new(m, &opt), .dense = player_new(m, &off)};
    opt.threads = 3;
    opt.trace = !stream_has_words(c.p->s) && seed % 2 != 0;
    c.threads = player_new(m, &opt);
    scene *s = scene_new(m, seed);
    rng r = {seed};
    scene_next(s);
    for (int f = 0; f < 110; f++) {
        next_frame(s, &r, f);
        run(&c, s, f);
    }
    if (c.copy)
        player_free(c.copy);
    scene_free(s);
    player_free(c.p);
    player_free(c.dense);
    player_free(c.threads);
    rpr_model_destroy(m);
    return c.handed;
}

/** Exact gates give the dense run, with integers in every bit; threads, traces, copies and saved
 *  states change no bit, wherever a frame was handed over. */
static void the_contract_holds(void **state)
{
    static const char *const names[] = {
        "plain",   "depthwise", "residual", "pyramid",        "concats",    "joined_and_read",
        "squeeze", "shuffle",   "generic",  "quantised_deep", "two_inputs", "consumed_output"};
    (void)state;
    int handed = play(make_deep(), PLAY_EXACT, "deep", 1) +
                 play(make_deep(), PLAY_DEADZONE, "deep", 2) +
                 play(make_deep(), PLAY_LEVELS, "deep", 3);
    assert_true(handed > 6);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int g = 0; g < PLAY_GATES; g++)
            handed += play(nets_named(names[i]), (play_gate)g, names[i], 20 + i);
    for (uint64_t seed = 900; seed < 900 + RANDOM_NETS; seed++)
        handed += play(nets_random(seed), (play_gate)(seed % PLAY_GATES), "random", seed);
    check_that(handed > 100, "%d frames were handed over", handed);
}

/** A picture that stands still is soon reused again, and its output is right. */
static void reuse_comes_back(void **state)
{
    rpr_model *m = make_deep();
    rpr_stream_options opt = play_bypassing(PLAY_EXACT), off = opt;
    (void)state;
    off.gate.kind = RPR_GATE_OFF;
    show w = show_new(m, &opt, 7);
    player *dense = player_new(m, &off);
    rng r = {7};
    for (int f = 0; f < 12 || !is_handed(w.p); f++) {
        assert_true(f < 60);
        next_frame(w.s, &r, f % 12 + 12 * (f > 11));
        player_run(w.p, w.s);
    }
    for (int f = 0; f < 12; f++) {
        w.s->data[0][f] = rng_unit(&r);
        player_run(w.p, w.s);
        player_run(dense, w.s);
        assert_true(player_error(w.p, dense) < 1e-4);
    }
    assert_false(rpr_stream_was_plain(w.p->s));
    assert_true(player_stats(w.p).cost < 0.5 * player_stats(w.p).cost_dense);
    player_free(dense);
    show_free(&w);
}

/** Without the option nothing is handed over. */
static void only_with_the_option(void **state)
{
    rpr_model *m = make_deep();
    rpr_stream_options opt = play_bypassing(PLAY_DEADZONE);
    (void)state;
    opt.bypass = 0;
    show w = show_new(m, &opt, 5);
    rng r = {11};
    double most = 0.0;
    for (int f = 0; f < 60; f++) {
        next_frame(w.s, &r, f);
        player_run(w.p, w.s);
        const rpr_frame_stats st = player_stats(w.p);
        assert_false(rpr_stream_was_plain(w.p->s));
        most = f > 0 && st.cost > most * st.cost_dense ? st.cost / st.cost_dense : most;
    }
    check_that(most > MOST, "%g dense runs are no test", most);
    show_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_is_too_dear), cmocka_unit_test(the_contract_holds),
        cmocka_unit_test(reuse_comes_back), cmocka_unit_test(only_with_the_option)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
