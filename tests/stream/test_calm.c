/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on which nothing is to be done: no step is walked, and nobody can tell. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"
#include "reprise/reprise.h"

#define RANDOM_NETS 12
#define FRAMES 60

enum { CELLS = 5 };

/** A trace, kept. */
typedef struct bytes {
    char *p;
    size_t n;
} bytes;

static int keep_bytes(void *user, const void *data, size_t n)
{
    bytes *b = user;
    b->p = realloc(b->p, b->n + n);
    memcpy(b->p + b->n, data, n);
    b->n += n;
    return 0;
}

/** A stream that may be calm, and one whose steps are timed, so that it walks on every frame. */
typedef struct pair {
    player *calm, *walks;
    rpr_trace *trace[2];
    bytes traced[2];
} pair;

/** The traces write to it where it is. */
static void pair_make(pair *w, const rpr_model *m, const rpr_stream_options *opt)
{
    *w = (pair){.calm = player_new(m, opt), .walks = player_new(m, opt)};
    rpr_error err;
    rpr_stream_time_layers(w->walks->s, 1);
    for (int i = 0; i < 2 && opt->trace; i++)
        assert_int_equal(rpr_trace_create((i ? w->walks : w->calm)->s, keep_bytes, &w->traced[i],
                                          &w->trace[i], &err),
                         RPR_OK);
}

static void pair_free(pair *w)
{
    for (int i = 0; i < 2; i++) {
        if (w->trace[i])
            assert_int_equal(rpr_trace_end(w->trace[i]), RPR_OK);
        rpr_trace_destroy(w->trace[i]);
    }
    assert_true(w->traced[0].n == w->traced[1].n);
    if (w->traced[0].n)
        assert_memory_equal(w->traced[0].p, w->traced[1].p, w->traced[0].n);
    for (int i = 0; i < 2; i++)
        free(w->traced[i].p);
    player_free(w->calm);
    player_free(w->walks);
}

static void same_stats(const player *a, const player *b)
{
    const rpr_frame_stats s = player_stats(a), t = player_stats(b);
    assert_true(s.frame == t.frame && s.inputs == t.inputs && s.changed == t.changed);
    assert_true(s.macs_dense == t.macs_dense && s.macs_executed == t.macs_executed);
    assert_memory_equal(s.layers, t.layers, sizeof s.layers);
    assert_true(s.refreshed == t.refreshed && s.bypassed == t.bypassed);
}

static void same_layers(const rpr_stream *a, const rpr_stream *b)
{
    for (size_t i = 0; i < (size_t)a->plan->n_step; i++) {
        rpr_layer_stats s, t;
        assert_int_equal(rpr_stream_layer_stats(a, i, &s), RPR_OK);
        assert_int_equal(rpr_stream_layer_stats(b, i, &t), RPR_OK);
        assert_true(s.choice == t.choice && s.inputs == t.inputs && s.changed == t.changed);
        assert_true(s.macs_dense == t.macs_dense && s.macs_executed == t.macs_executed);
        assert_memory_equal(&s.range_lo, &t.range_lo, sizeof s.range_lo);
        assert_memory_equal(&s.range_hi, &t.range_hi, sizeof s.range_hi);
    }
}

/** Everything that can be seen of the last frame. */
static void same_frame(const player *a, const player *b)
{
    float heat[2][CELLS * CELLS];
    same_stats(a, b);
    assert_true(player_same(a, b));
    same_layers(a->s, b->s);
    assert_int_equal(rpr_stream_heat(a->s, CELLS, CELLS, heat[0]), RPR_OK);
    assert_int_equal(rpr_stream_heat(b->s, CELLS, CELLS, heat[1]), RPR_OK);
    assert_memory_equal(heat[0], heat[1], sizeof heat[0]);
    if (a->s->opt.oracle) {
        rpr_oracle o, q;
        assert_int_equal(rpr_stream_oracle(a->s, &o), RPR_OK);
        assert_int_equal(rpr_stream_oracle(b->s, &q), RPR_OK);
        assert_true(o.layer == q.layer && memcmp(&o.worst, &q.worst, sizeof o.worst) == 0);
    }
}

/** Runs both; true if the first one had nothing to do. */
static bool run(pair *w, const scene *s)
{
    player_run(w->calm, s);
    player_run(w->walks, s);
    same_frame(w->calm, w->walks);
    for (int i = 0; i < 2 && w->trace[i]; i++)
        assert_int_equal(rpr_trace_frame_write(w->trace[i]), RPR_OK);
    assert_true(w->walks->s->gate_frame[0] == w->walks->s->frame ||
                rpr_stream_was_plain(w->walks->s));
    return w->calm->s->gate_frame[0] != w->calm->s->frame && !rpr_stream_was_plain(w->calm->s);
}

static rpr_stream_options options_of(uint64_t seed)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of((play_gate)(seed % PLAY_GATES));
    opt.refresh = (int[]){0, 7, 16}[seed / 2 % 3];
    opt.trace = seed % 4 == 1;
    opt.oracle = seed % 4 == 2;
    opt.bypass = seed % 5 < 2;
    opt.all_gates = seed % 7 == 3;
    opt.threads = seed % 2 ? 2 : 1;
    return opt;
}

/** Stretches of a still picture between others. */
static void random_nets_look_the_same(void **state)
{
    int calm = 0;
    (void)state;
    for (uint64_t seed = 900; seed < 900 + RANDOM_NETS; seed++) {
        rpr_model *m = nets_random(seed);
        const rpr_stream_options opt = options_of(seed);
        pair w;
        pair_make(&w, m, &opt);
        scene *s = scene_new(m, seed);
        for (int f = 0; f < FRAMES; f++) {
            if (f % 20 < 8 && f % 3 != 2)
                scene_next(s);
            calm += run(&w, s);
        }
        pair_free(&w);
        scene_free(s);
        rpr_model_destroy(m);
    }
    check_that(calm > 100, "only %d frames were calm", calm);
}

/** The second still frame is the first that is not walked; a change and a turn end the calm. */
static void calm_begins_and_ends(void **state)
{
    enum { EVERY = 24 };
    rpr_model *m = nets_named("residual");
    rpr_stream_options opt = play_options();
    opt.refresh = EVERY; /* exact gates: all layers at once */
    pair w;
    scene *s = scene_new(m, 3);
    (void)state;
    pair_make(&w, m, &opt);
    scene_next(s);
    assert_false(run(&w, s));
    assert_false(run(&w, s));
    for (int f = 2; f < 10; f++)
        assert_true(run(&w, s));
    s->data[0][0] += 0.25f;
    assert_false(run(&w, s)); /* 10 */
    assert_true(player_stats(w.calm).changed > 0);
    assert_false(run(&w, s));
    for (int f = 12; f < EVERY; f++)
        assert_true(run(&w, s));
    assert_false(run(&w, s));
    assert_true(player_stats(w.calm).refreshed > 0);
    assert_false(run(&w, s));
    assert_true(run(&w, s));
    pair_free(&w);
    scene_free(s);
    rpr_model_destroy(m);
}

/** What was reset, saved, loaded or cloned starts with a walk, and comes out the same. */
static void calm_is_not_carried_over(void **state)
{
    rpr_model *m = nets_named("residual");
    rpr_stream_options opt = play_options();
    pair w;
    scene *s = scene_new(m, 3);
    rpr_stream *copy = NULL;
    (void)state;
    pair_make(&w, m, &opt);
    scene_next(s);
    for (int f = 0; f < 4; f++)
        (void)run(&w, s);
    assert_int_equal(rpr_stream_clone(w.calm->s, &copy, NULL), RPR_OK);
    player *clone = player_of(m, copy);
    player_run(clone, s);
    assert_true(clone->s->gate_frame[0] == clone->s->frame);
    assert_true(player_same(clone, w.calm));

    size_t size = rpr_stream_save_bytes(clone->s);
    void *saved = malloc(size);
    assert_int_equal(rpr_stream_save(clone->s, saved, size), RPR_OK);
    scene_next(s);
    (void)run(&w, s); /* another picture, still for a while */
    for (int f = 0; f < 4; f++)
        (void)run(&w, s);
    player_run(clone, s);
    assert_int_equal(rpr_stream_load(w.calm->s, saved, size), RPR_OK);
    player_run(w.calm, s);
    assert_true(player_same(w.calm, clone));

    rpr_stream_reset(w.calm->s);
    rpr_stream_reset(w.walks->s);
    assert_false(run(&w, s));
    assert_int_equal(player_stats(w.calm).layers[RPR_CHOICE_SKIP], 0);
    free(saved);
    player_free(clone);
    pair_free(&w);
    scene_free(s);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_nets_look_the_same),
        cmocka_unit_test(calm_begins_and_ends),
        cmocka_unit_test(calm_is_not_carried_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
