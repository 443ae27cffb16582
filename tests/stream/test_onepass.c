/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that compares rows as they are written finds what one finds that compares later: the same
 * changes, the same xhat, the same outputs, whatever the network, policy and number of threads.
 */
#define _POSIX_C_SOURCE 200112L
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define FRAMES 26 /* a cut is among them */
#define RANDOM_NETS 12

/** Has all gates of a model compare when the first layer behind them runs; returns how many did
 * not. */
static int take_apart(rpr_model *m)
{
    int joined = 0;
    for (int i = 0; i < m->plan->n_step; i++)
        m->plan->step[i].next = RPR_NONE;
    for (int i = 0; i < m->plan->n_gate; i++) {
        joined += m->plan->gate[i].writer != RPR_NONE;
        m->plan->gate[i].writer = RPR_NONE;
    }
    return joined;
}

static bool same_xhat(const rpr_gate_state *a, const rpr_gate_state *b)
{
    for (int32_t row = 0; row < a->xhat.n * a->xhat.h; row++)
        if (memcmp(rpr_map_at(&a->xhat, row / a->xhat.h, row % a->xhat.h, 0),
                   rpr_map_at(&b->xhat, row / b->xhat.h, row % b->xhat.h, 0),
                   (size_t)(a->xhat.w * a->xhat.c) * sizeof(float)) != 0)
            return false;
    return true;
}

/** All that a gate tells its layers, but for the list itself, whose memory others may have. */
static bool same_gate(const rpr_gate_state *a, const rpr_gate_state *b)
{
    if (a->open)
        return b->open && a->n_changed == b->n_changed;
    return a->n_changed == b->n_changed && a->n_listed == b->n_listed &&
           (a->n_pixels == b->n_pixels || !a->list_ok) && a->list_ok == b->list_ok &&
           a->loose == b->loose && a->nonfinite == b->nonfinite && a->fades == b->fades &&
           a->compared == b->compared && same_xhat(a, b);
}

static void compare(const player *a, const player *b, const char *name, int f)
{
    rpr_frame_stats x = player_stats(a), y = player_stats(b);
    check_that(player_same(a, b), "%s, frame %d: outputs differ", name, f);
    check_that(x.macs_executed == y.macs_executed && x.changed == y.changed &&
                   x.inputs == y.inputs && memcmp(x.layers, y.layers, sizeof x.layers) == 0,
               "%s, frame %d was counted otherwise", name, f);
    for (int g = 0; g < a->s->plan->n_gate; g++)
        check_that(same_gate(&a->s->gate[g], &b->s->gate[g]), "%s, frame %d: gate %d differs", name,
                   f, g);
}

/** `one` compares in one pass, `two` apart; makes models of the same network. */
static void play_both(rpr_model *one, rpr_model *two, const char *name,
                      const rpr_stream_options *opt)
{
    rpr_stream_options apart = *opt;
    apart.threads = 1;
    player *a = player_new(one, opt), *b = player_new(two, &apart);
    scene *s = scene_new(one, 5);
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(a, s);
        player_run(b, s);
        compare(a, b, name, f);
    }
    scene_free(s);
    player_free(a);
    player_free(b);
}

/** Every other combination of gate and policy; `turn` says which. */
static int play_options_of(rpr_model *one, rpr_model *two, const char *name, int turn)
{
    int joined = take_apart(two);
    for (int i = turn % 2; i < PLAY_GATES * 3; i += 2) {
        rpr_stream_options opt = play_options();
        opt.gate = play_gate_of((play_gate)(i % PLAY_GATES));
        opt.policy = (const rpr_policy[]){RPR_POLICY_AUTO, RPR_POLICY_CORRECT,
                                          RPR_POLICY_RANDOM}[i / PLAY_GATES];
        opt.seed = 77;
        opt.refresh = 11;
        opt.all_gates = turn / 2 % 2;
        opt.threads = 1 + i % 3;
        play_both(one, two, name, &opt);
    }
    rpr_model_destroy(one);
    rpr_model_destroy(two);
    return joined;
}

static void networks_agree(void **state)
{
    int joined = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        joined += play_options_of(nets_make(i), nets_make(i), nets_name(i), (int)i);
    assert_true(joined > 20);
}

static void random_networks_agree(void **state)
{
    int joined = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= RANDOM_NETS; seed++)
        joined += play_options_of(nets_random(seed), nets_random(seed), "random", (int)seed);
    assert_true(joined > RANDOM_NETS);
}

/* ---------------------------------------------------------------- overflow */

#define CHANNELS 4
#define SIZE 40
#define LARGE 1.6e38f /* twice it is finite, four times it is not */

/** The first layer adds its channels up; the second one's gate compares what the first corrects. */
static rpr_model *adding_layer(void)
{
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(1, CHANNELS, SIZE, SIZE));
    x = net_op(&b, "Conv", "", 2, x, net_floats(&b, 1.0f, 0.0f, NET_DIMS(6, CHANNELS, 1, 1)));
    net_output(&b, net_conv(&b, x, 7, 3, 3, 1, "pads:1,1,1,1"));
    return net_finish(b.g);
}

/** In one row, two channels of the value and two of its negative: their sum is nothing. */
static void set_row(scene *s, int row, float value)
{
    for (int c = 0; c < CHANNELS; c++)
        for (int x = 0; x < SIZE; x++)
            s->data[0][(c * SIZE + row) * SIZE + x] = c < CHANNELS / 2 ? value : -value;
}

/**
 * Where the large values change their signs the differences of two channels are more than a float
 * holds, though neither frame's sums are: the correction overflows after the gate behind has seen
 * the rows above. The layer is recomputed, and nothing of what the gate saw may remain.
 */
static void play_overflow(int threads, double threshold)
{
    rpr_model *m = adding_layer();
    rpr_stream_options opt = play_options();
    opt.policy = RPR_POLICY_CORRECT;
    opt.all_gates = 1;
    opt.gate = (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = threshold, .lo = 0.0, .hi = 1.0};
    opt.threads = threads;
    player *p = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *off = player_new(m, &opt);
    scene *s = scene_new(m, 4);
    for (int f = 0; f < 12; f++) {
        s->frame = f % 5; /* no repeats and no cut */
        scene_next(s);
        set_row(s, SIZE - 8, f / 2 % 2 ? -LARGE : LARGE); /* every other frame it changes */
        player_run(p, s);
        player_run(off, s);
        double e = player_error(p, off);
        check_that(e <= 1e-5 + 8 * threshold, "%d threads, frame %d: error %g", threads, f, e);
        bool overflows = f > 0 && f % 2 == 0;
        if (overflows &&
            strncmp(rpr_isa(), "neon", 4) == 0) /* its sums may meet in another order */
            overflows = p->s->step[0].choice == RPR_CHOICE_DENSE;
        rpr_choice wanted = f == 0 || overflows ? RPR_CHOICE_DENSE : RPR_CHOICE_CORRECT;
        check_that(p->s->step[0].choice == wanted && p->s->step[1].choice == wanted,
                   "%d threads, frame %d: not the choices that were expected", threads, f);
        check_that(p->s->gate[1].nonfinite == overflows && !p->s->gate[1].torn,
                   "%d threads, frame %d: the gate is not what it should be", threads, f);
    }
    scene_free(s);
    player_free(p);
    player_free(off);
    rpr_model_destroy(m);
}

static void overflow_is_recovered(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        play_overflow(threads, 0.0);
        play_overflow(threads, 1.0 / 255.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_agree),
        cmocka_unit_test(random_networks_agree),
        cmocka_unit_test(overflow_is_recovered),
    };
    setenv("RPR_EAGER", "1", 1); /* threads share also the small layers of these networks */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
