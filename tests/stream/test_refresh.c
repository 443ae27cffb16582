/* SPDX-License-Identifier: Apache-2.0 */
/* Gates that take their input as it is when their turn comes, or when it is asked for. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define PERIOD 12
#define RANDOM_NETS 25

static rpr_stream_options options_of(play_gate g, int refresh)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(g);
    opt.refresh = refresh;
    opt.oracle = 1;
    return opt;
}

/** Every value moves, by less than a dead-zone of 2/255. */
static void drift(scene *s, rng *r)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->info[i].bytes / sizeof(float); k++)
            s->data[i][k] += 0.002f * rng_signed(r);
}

static int turns(const rpr_stream *s)
{
    int n = 0;
    for (int i = 0; i < s->plan->n_gate; i++)
        n += s->gate[i].refreshed;
    return n;
}

/* ----------------------------------------------------------------- periods */

/** Front to back, and a gate that compares goes without a turn no longer than a period. */
static void play_periods(const rpr_model *m, const char *name, int period)
{
    rpr_stream_options opt = options_of(PLAY_DEADZONE, period);
    opt.all_gates = 1; /* nothing becomes loose, so that every turn is one */
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 8);
    int *age = calloc((size_t)m->plan->n_gate, sizeof *age), last = -1, refreshed = 0;
    assert_non_null(age);
    for (int f = 0; f < 5 * period; f++) {
        if (p->s->refresh.next == m->plan->n_gate) /* the sweep is over */
            last = -1;
        scene_next(s);
        player_run(p, s);
        assert_true(f >= period || turns(p->s) == 0);
        for (int i = 0; i < m->plan->n_gate; i++) {
            const bool now = p->s->gate[i].refreshed;
            check_that(!now || i > last, "%s: gate %d after %d", name, i, last);
            last = now ? i : last;
            age[i] = now || p->s->refresh.turn[i].clean ? 0 : age[i] + 1;
            check_that(age[i] < 2 * period, "%s, frame %d: gate %d waits", name, f, i);
        }
        refreshed += player_stats(p).refreshed;
        assert_true(player_stats(p).refreshed <= player_stats(p).layers[RPR_CHOICE_DENSE]);
    }
    assert_true(refreshed > 0);
    free(age);
    scene_free(s);
    player_free(p);
}

static void layers_take_turns(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        play_periods(m, nets_name(i), PERIOD);
        play_periods(m, nets_name(i), 2 * PERIOD + 1);
        rpr_model_destroy(m);
    }
}

/* --------------------------------------------------------------- on demand */

/** The sweep that was asked for, on a scene that stands still; the frames that it took. */
static int sweep(player *p, const scene *s)
{
    int frames = 0;
    assert_int_equal(rpr_stream_refresh(p->s), RPR_OK);
    do {
        player_run(p, s);
        assert_true(frames == 0 || turns(p->s) > 0);
        frames++;
    } while (p->s->refresh.asked);
    return frames;
}

/** What gates have let pass is gone after a sweep, also if nothing moves any more. */
static double play_sweep(const rpr_model *m, const char *name, int still, uint64_t seed)
{
    rpr_stream_options opt = options_of(PLAY_DEADZONE, 0);
    opt.oracle = seed % 3 == 0; /* otherwise tensors share memory */
    opt.all_gates = seed % 4 == 1;
    player *p = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *dense = player_new(m, &opt);
    scene *s = scene_new(m, seed);
    rng r = {seed};
    scene_next(s);
    for (int f = 0; f < 8; f++) {
        drift(s, &r);
        player_run(p, s);
    }
    for (int f = 0; f < still; f++)
        player_run(p, s);
    player_run(dense, s);
    const double before = player_error(p, dense);
    sweep(p, s);
    const double after = player_error(p, dense);
    check_that(after < 4e-6, "%s: error %g after a sweep, %g before", name, after, before);
    player_run(p, s);
    check_that(player_error(p, dense) < 4e-6 && turns(p->s) == 0, "%s: error comes back", name);
    scene_free(s);
    player_free(p);
    player_free(dense);
    return before;
}

static void sweeps_end_errors(void **state)
{
    int had = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        for (int still = 0; still < 2; still++)
            had += play_sweep(m, nets_name(i), still, i) > 1e-4;
        rpr_model_destroy(m);
    }
    for (uint64_t seed = 600; seed < 600 + RANDOM_NETS; seed++) {
        rpr_model *m = nets_random(seed);
        had += play_sweep(m, "random", (int)(seed % 2), seed) > 1e-4;
        rpr_model_destroy(m);
    }
    check_that(had > 20, "only %d networks had an error", had);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_take_turns),
        cmocka_unit_test(sweeps_end_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
