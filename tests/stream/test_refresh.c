/* SPDX-License-Identifier: Apache-2.0 */
/* Gates that take their input as it is when their turn comes, or when it is asked for. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define PERIOD 12
#define LIMIT 1.3 /* dense frames */
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
            const int most =
                f < 2 * period ? 2 * period - 1 : period; /* the first period has no turns */
            check_that(age[i] <= most, "%s, frame %d: gate %d waits", name, f, i);
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

/* ------------------------------------------------------------------- spread */

/** What one frame of a period executes on a scene that hardly moves: its share, or one gate. */
static void frames_share_the_work(void **state)
{
    static const char *const names[] = {"plain", "residual", "pyramid", "concats"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i]);
        rpr_stream_options opt = options_of(PLAY_DEADZONE, PERIOD);
        player *p = player_new(m, &opt);
        scene *s = scene_new(m, 4);
        rng r = {3};
        double all = 0.0, most = 0.0;
        scene_next(s);
        for (int g = 0; g < m->plan->n_gate; g++) {
            const double cost = p->s->refresh.turn[g].cost;
            all += cost;
            most = cost > most ? cost : most;
        }
        int busy = 0;
        for (int f = 0; f < 4 * PERIOD; f++) {
            drift(s, &r);
            player_run(p, s);
            check_that(p->s->refresh.took <= all / PERIOD + most, "%s, frame %d: %g of %g at once",
                       names[i], f, p->s->refresh.took, all);
            busy += turns(p->s) > 0;
        }
        assert_true(busy >= 3);
        scene_free(s);
        player_free(p);
        rpr_model_destroy(m);
    }
}

/** A sweep keeps each frame below 1.3 dense ones, and ends all the same where it cannot. */
static void sweeps_keep_the_limit(void **state)
{
    int several = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = options_of(PLAY_DEADZONE, 0);
        player *p = player_new(m, &opt);
        scene *s = scene_new(m, 4);
        rng r = {3};
        scene_next(s);
        for (int f = 0; f < 6; f++) {
            drift(s, &r);
            player_run(p, s);
        }
        int frames = 0;
        assert_int_equal(rpr_stream_refresh(p->s), RPR_OK);
        for (; frames == 0 || p->s->refresh.asked; frames++) {
            drift(s, &r);
            player_run(p, s);
            const rpr_refresh *now = &p->s->refresh;
            const bool least = now->taken <= 1 || now->took <= now->least;
            check_that(least || p->s->cost <= LIMIT * p->s->dense_cost,
                       "%s, frame %d: %d turns, and it costs %g dense ones", nets_name(i), frames,
                       now->taken, p->s->cost / p->s->dense_cost);
        }
        check_that(frames <= 16, "%s: %d frames", nets_name(i), frames);
        several += frames > 1;
        scene_free(s);
        player_free(p);
        rpr_model_destroy(m);
    }
    assert_true(several > 0);
}

/** Behind exact gates all layers have their turn on one frame, and only rounding tells. */
static void exact_gates_sweep_at_once(void **state)
{
    int refreshed = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = options_of(PLAY_EXACT, PERIOD), never = options_of(PLAY_EXACT, 0);
        opt.all_gates = never.all_gates = 1; /* nothing becomes loose, which needs no turn */
        player *p = player_new(m, &opt), *q = player_new(m, &never);
        scene *s = scene_new(m, 4);
        for (int f = 0; f < 3 * PERIOD; f++) {
            scene_next(s);
            player_run(p, s);
            player_run(q, s);
            double e = player_error(p, q);
            check_that(e < 2e-5, "%s, frame %d: error %g", nets_name(i), f, e);
            assert_true((f >= PERIOD && f % PERIOD == 0) || turns(p->s) == 0);
            refreshed += turns(p->s);
        }
        scene_free(s);
        player_free(p);
        player_free(q);
        rpr_model_destroy(m);
    }
    assert_true(refreshed > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_take_turns),         cmocka_unit_test(sweeps_end_errors),
        cmocka_unit_test(frames_share_the_work),     cmocka_unit_test(sweeps_keep_the_limit),
        cmocka_unit_test(exact_gates_sweep_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
