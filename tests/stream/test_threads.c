/* SPDX-License-Identifier: Apache-2.0 */
/* The number of threads changes no bit and no count; and the pool itself. */
#define _POSIX_C_SOURCE 200112L
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/pool.h"
#include "nets.h"
#include "play.h"

#define FRAMES 30
#define JOBS 2000
#define PARTS 37

typedef struct tally {
    _Atomic int part[PARTS], wrong;
    int threads;
} tally;

static void count_part(void *job, int part, int thread)
{
    tally *t = job;
    atomic_fetch_add(&t->part[part], 1);
    if (thread < 0 || thread >= t->threads)
        atomic_fetch_add(&t->wrong, 1);
}

static void every_part_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++) {
        rpr_pool *p;
        assert_int_equal(rpr_pool_new(threads, &p), 0);
        assert_int_equal(rpr_pool_threads(p), threads);
        for (int i = 0; i < JOBS; i++) {
            tally t = {.threads = threads};
            if (i % 50 == 0) /* also with threads that sleep or go to sleep */
                rpr_pool_busy(p, i % 100 == 0);
            rpr_pool_run(p, i % PARTS, count_part, &t);
            for (int k = 0; k < PARTS; k++)
                assert_int_equal(t.part[k], k < i % PARTS);
            assert_int_equal(t.wrong, 0);
        }
        rpr_pool_free(p);
    }
}

static void play_net(rpr_model *m, const char *name, play_gate gate, rpr_policy policy)
{
    rpr_stream_options one = play_options(), many;
    one.gate = play_gate_of(gate);
    one.policy = policy;
    one.refresh = 11;
    many = one;
    many.threads = 3;
    player *a = player_new(m, &one), *b = player_new(m, &many);
    scene *s = scene_new(m, 3);
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(a, s);
        player_run(b, s);
        rpr_frame_stats x = player_stats(a), y = player_stats(b);
        x.ms = y.ms = 0.0;
        check_that(player_same(a, b), "%s, %s: frame %d differs", name, play_gate_name(gate), f);
        check_that(x.macs_executed == y.macs_executed && x.changed == y.changed &&
                       memcmp(x.layers, y.layers, sizeof x.layers) == 0,
                   "%s, %s: frame %d was counted otherwise", name, play_gate_name(gate), f);
    }
    scene_free(s);
    player_free(a);
    player_free(b);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        for (int gate = 0; gate < PLAY_GATES; gate++) {
            play_net(m, nets_name(i), (play_gate)gate, RPR_POLICY_AUTO);
            play_net(m, nets_name(i), (play_gate)gate, RPR_POLICY_CORRECT);
        }
        rpr_model_destroy(m);
    }
}

static void wrong_counts_are_refused(void **state)
{
    rpr_model *m = nets_named("plain");
    rpr_stream_options opt = play_options();
    rpr_stream *s;
    (void)state;
    for (int i = 0; i < 3; i++) {
        rpr_error err;
        opt.threads = (int[]){0, -1, RPR_MAX_THREADS + 1}[i];
        assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_ERR_ARGUMENT);
        assert_non_null(strstr(err.message, "threads"));
    }
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_once),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(wrong_counts_are_refused),
    };
    setenv("RPR_EAGER", "1", 1); /* also the small layers of these networks are shared */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
