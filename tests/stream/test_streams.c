/* SPDX-License-Identifier: Apache-2.0 */
/* Streams beside each other, copied, saved and restored, and on other instruction sets. */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define FRAMES 30

/** Every network under another gate, with refresh and random choices in play. */
static rpr_stream_options options_of(size_t i)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of((play_gate)(i % PLAY_GATES));
    opt.policy = i % 2 ? RPR_POLICY_AUTO : RPR_POLICY_RANDOM;
    opt.seed = i;
    opt.refresh = 9;
    return opt;
}

/* ------------------------------------------------------------ side by side */

/** The outputs of all frames of one scene, run by itself. */
typedef struct recording {
    const rpr_model *m;
    size_t which;
    uint64_t seed;
    uint64_t hash[FRAMES];
} recording;

static uint64_t hash_of(const player *p)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->info[i].bytes; k++)
            h = (h ^ ((const uint8_t *)p->out[i].data)[k]) * 1099511628211u;
    return h;
}

static void *record(void *arg)
{
    recording *r = arg;
    rpr_stream_options opt = options_of(r->which);
    player *p = player_new(r->m, &opt);
    scene *s = scene_new(r->m, r->seed);
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(p, s);
        r->hash[f] = hash_of(p);
    }
    scene_free(s);
    player_free(p);
    return NULL;
}

static void interleaved_streams_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = options_of(i);
        recording alone[2] = {{.m = m, .which = i, .seed = 1}, {.m = m, .which = i, .seed = 2}};
        player *p[2];
        scene *s[2];
        for (int k = 0; k < 2; k++) {
            (void)record(&alone[k]);
            p[k] = player_new(m, &opt);
            s[k] = scene_new(m, alone[k].seed);
        }
        for (int f = 0; f < FRAMES; f++)
            for (int k = 0; k < 2; k++) {
                scene_next(s[k]);
                player_run(p[k], s[k]);
                check_that(hash_of(p[k]) == alone[k].hash[f], "%s, frame %d", nets_name(i), f);
            }
        for (int k = 0; k < 2; k++) {
            scene_free(s[k]);
            player_free(p[k]);
        }
        rpr_model_destroy(m);
    }
}

static void threads_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        recording alone[2], beside[2];
        pthread_t thread[2];
        for (int k = 0; k < 2; k++) {
            alone[k] = beside[k] = (recording){.m = m, .which = i, .seed = (uint64_t)k + 3};
            (void)record(&alone[k]);
        }
        for (int k = 0; k < 2; k++)
            assert_int_equal(pthread_create(&thread[k], NULL, record, &beside[k]), 0);
        for (int k = 0; k < 2; k++)
            assert_int_equal(pthread_join(thread[k], NULL), 0);
        for (int k = 0; k < 2; k++)
            check_that(memcmp(alone[k].hash, beside[k].hash, sizeof alone[k].hash) == 0, "%s",
                       nets_name(i));
        rpr_model_destroy(m);
    }
}

/* ------------------------------------------------------------------ copies */

typedef player *(*copy_fn)(const player *p, const rpr_stream_options *opt);

static player *by_clone(const player *p, const rpr_stream_options *opt)
{
    rpr_stream *s = NULL;
    (void)opt;
    assert_int_equal(rpr_stream_clone(p->s, &s, NULL), RPR_OK);
    return player_of(p->s->model, s);
}

static void *save(const rpr_stream *s, size_t *bytes)
{
    *bytes = rpr_stream_save_bytes(s);
    void *buffer = malloc(*bytes);
    assert_non_null(buffer);
    assert_int_equal(rpr_stream_save(s, buffer, *bytes - 1), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_save(s, NULL, *bytes), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_save(s, buffer, *bytes), RPR_OK);
    return buffer;
}

static player *by_saving(const player *p, const rpr_stream_options *opt)
{
    size_t bytes;
    void *buffer = save(p->s, &bytes);
    player *q = player_new(p->s->model, opt);
    assert_int_equal(rpr_stream_load(q->s, buffer, bytes), RPR_OK);
    free(buffer);
    return q;
}

/** Into a stream that has seen another scene. */
static player *by_saving_over(const player *p, const rpr_stream_options *opt)
{
    size_t bytes;
    void *buffer = save(p->s, &bytes);
    player *q = player_new(p->s->model, opt);
    scene *s = scene_new(p->s->model, 77);
    for (int f = 0; f < 3; f++) {
        scene_next(s);
        player_run(q, s);
    }
    assert_int_equal(rpr_stream_load(q->s, buffer, bytes), RPR_OK);
    scene_free(s);
    free(buffer);
    return q;
}

/** Copies before every one of a few frames, then lets the copy and the original go on. */
static void check_copy(const rpr_model *m, size_t which, copy_fn copy, int after)
{
    rpr_stream_options opt = options_of(which);
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 6);
    for (int f = 0; f < after; f++) {
        scene_next(s);
        player_run(p, s);
    }
    player *q = copy(p, &opt);
    for (int f = 0; f < 12; f++) {
        scene_next(s);
        player_run(p, s);
        player_run(q, s);
        check_that(player_same(p, q), "%s: copied after %d frames, frame %d differs",
                   nets_name(which), after, f);
        rpr_frame_stats a = player_stats(p), b = player_stats(q);
        check_that(a.frame == b.frame && a.changed == b.changed &&
                       a.macs_executed == b.macs_executed && a.refreshed == b.refreshed,
                   "%s: copied after %d frames, frame %d counts differ", nets_name(which), after,
                   f);
    }
    scene_free(s);
    player_free(p);
    player_free(q);
}

static void copies_go_on(void **state)
{
    static const copy_fn copies[] = {by_clone, by_saving, by_saving_over};
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        for (size_t c = 0; c < sizeof copies / sizeof *copies; c++)
            for (int after = 0; after <= 10; after += 5)
                check_copy(m, i, copies[c], after);
        rpr_model_destroy(m);
    }
}

/* ----------------------------------------------------------- bad states */

static void expect_refused(player *p, const void *state, size_t bytes, const char *what)
{
    int status = rpr_stream_load(p->s, state, bytes);
    check_that(status == RPR_ERR_STATE && *rpr_stream_error(p->s), "%s: %d, '%s'", what, status,
               rpr_stream_error(p->s));
}

/** What must be refused leaves a stream that goes on as if nothing had happened. */
static void bad_states_are_refused(void **state)
{
    rpr_model *m = nets_named("residual"), *other = nets_named("plain");
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(PLAY_DEADZONE);
    player *p = player_new(m, &opt), *same = player_new(m, &opt);
    player *of_other = player_new(other, &opt);
    opt.gate.threshold = 0.1;
    player *of_gate = player_new(m, &opt);
    opt.gate = play_gate_of(PLAY_LEVELS);
    player *of_levels = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *of_off = player_new(m, &opt);
    player *const strange[] = {of_other, of_gate, of_levels, of_off};
    scene *s = scene_new(m, 1);
    size_t bytes;
    (void)state;
    for (int f = 0; f < 4; f++) {
        scene_next(s);
        player_run(p, s);
        player_run(same, s);
    }
    char *good = save(p->s, &bytes);
    expect_refused(p, NULL, bytes, "no state");
    for (size_t cut = 0; cut < bytes; cut += cut < 200 ? 1 : 997)
        expect_refused(p, good, cut, "cut");
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        expect_refused(strange[i], good, bytes, "another stream's");
    good[0] ^= 1;
    expect_refused(p, good, bytes, "not a state");
    scene_next(s);
    player_run(p, s);
    player_run(same, s);
    assert_true(player_same(p, same));
    assert_string_equal(rpr_stream_error(p->s), "");
    free(good);
    scene_free(s);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        player_free(strange[i]);
    player_free(p);
    player_free(same);
    rpr_model_destroy(m);
    rpr_model_destroy(other);
}

static rpr_model *tiny(uint64_t seed)
{
    net b = net_new(seed);
    int x = net_input(&b, NET_DIMS(1, 3, 8, 8));
    net_output(&b, net_conv(&b, x, 4, 3, 3, 1, ""));
    return net_finish(b.g);
}

/** The same layers with other weights are another model; equal ones made twice are the same. */
static void weights_belong_to_a_state(void **state)
{
    rpr_model *a = tiny(5), *b = tiny(5), *c = tiny(6);
    player *pa = player_new(a, NULL), *pb = player_new(b, NULL), *pc = player_new(c, NULL);
    scene *s = scene_new(a, 1);
    size_t bytes;
    (void)state;
    scene_next(s);
    player_run(pa, s);
    void *saved = save(pa->s, &bytes);
    assert_int_equal(rpr_stream_load(pb->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(pc->s, saved, bytes), RPR_ERR_STATE);
    scene_next(s);
    player_run(pa, s);
    player_run(pb, s);
    assert_true(player_same(pa, pb));
    free(saved);
    scene_free(s);
    player_free(pa);
    player_free(pb);
    player_free(pc);
    rpr_model_destroy(a);
    rpr_model_destroy(b);
    rpr_model_destroy(c);
}

static void reset_forgets(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = options_of(i);
        player *fresh = player_new(m, &opt), *used = player_new(m, &opt);
        scene *s = scene_new(m, 4);
        for (int f = 0; f < 20; f++) {
            scene_next(s);
            player_run(used, s);
            if (f == 5)
                rpr_stream_reset(used->s);
            if (f < 6)
                continue;
            player_run(fresh, s);
            check_that(player_same(fresh, used), "%s, frame %d after a reset", nets_name(i), f);
        }
        scene_free(s);
        player_free(fresh);
        player_free(used);
        rpr_model_destroy(m);
    }
}

/* --------------------------------------------------------- instruction sets */

static const char *const isas[] = {"scalar",   "neon",   "neondot",   "avx2",
                                   "avx2vnni", "avx512", "avx512vnni"};
#define ISAS (sizeof isas / sizeof *isas)

/** A stream on one instruction set; NULL if this machine or build has none. */
static player *player_on(const rpr_model *m, const rpr_stream_options *opt, const char *isa)
{
    if (!rpr_kernels_named(isa))
        return NULL;
    assert_int_equal(setenv("RPR_ISA", isa, 1), 0);
    player *p = player_new(m, opt);
    assert_int_equal(unsetenv("RPR_ISA"), 0);
    return p;
}

static void instruction_sets_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = play_options();
        player *p[ISAS];
        scene *s = scene_new(m, 4);
        for (size_t k = 0; k < ISAS; k++)
            p[k] = player_on(m, &opt, isas[k]);
#ifdef RPR_TEST_HOOKS
        for (size_t k = 1; k < ISAS; k++)
            check_that(!p[k] || p[k]->s->k != p[0]->s->k, "RPR_ISA is not heeded");
#endif
        for (int f = 0; f < FRAMES; f++) {
            scene_next(s);
            for (size_t k = 0; k < ISAS; k++) {
                if (!p[k])
                    continue;
                player_run(p[k], s);
                double e = player_error(p[k], p[0]);
                check_that(e <= 1e-5, "%s, frame %d: %s differs from scalar by %g", nets_name(i), f,
                           isas[k], e);
            }
        }
        scene_free(s);
        for (size_t k = 0; k < ISAS; k++)
            if (p[k])
                player_free(p[k]);
        rpr_model_destroy(m);
    }
}

/** A state saved on one instruction set goes on under another. */
static void states_move_between_sets(void **state)
{
    rpr_model *m = nets_named("pyramid");
    rpr_stream_options opt = play_options();
    (void)state;
    for (size_t from = 0; from < ISAS; from++)
        for (size_t to = 0; to < ISAS; to++) {
            player *a = player_on(m, &opt, isas[from]), *b = player_on(m, &opt, isas[to]);
            scene *s = scene_new(m, 4);
            for (int f = 0; a && b && f < 20; f++) {
                scene_next(s);
                player_run(a, s);
                if (f == 8) {
                    size_t bytes;
                    void *saved = save(a->s, &bytes);
                    assert_int_equal(rpr_stream_load(b->s, saved, bytes), RPR_OK);
                    free(saved);
                } else if (f > 8) {
                    player_run(b, s);
                    double e = player_error(a, b);
                    check_that(e <= 1e-5, "%s to %s: %g", isas[from], isas[to], e);
                }
            }
            scene_free(s);
            if (a)
                player_free(a);
            if (b)
                player_free(b);
        }
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(interleaved_streams_agree),
                                       cmocka_unit_test(threads_agree),
                                       cmocka_unit_test(copies_go_on),
                                       cmocka_unit_test(bad_states_are_refused),
                                       cmocka_unit_test(weights_belong_to_a_state),
                                       cmocka_unit_test(reset_forgets),
                                       cmocka_unit_test(instruction_sets_agree),
                                       cmocka_unit_test(states_move_between_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
