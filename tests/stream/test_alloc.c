/* SPDX-License-Identifier: Apache-2.0 */
/* Running and tracing a frame take no memory; creating survives every failure to get some. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"
#include "reprise/audit.h"
#include "ride.h"
#include "trace/read.h"

/* The linker turns every call of posix_memalign, malloc and calloc into one of these. */
int __real_posix_memalign(void **p, size_t align, size_t bytes);
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t size);
int __wrap_posix_memalign(void **p, size_t align, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t size);

static long calls;
static long fail_at = -1; /* this call of posix_memalign fails; none if negative */

int __wrap_posix_memalign(void **p, size_t align, size_t bytes)
{
    calls++;
    if (fail_at >= 0 && fail_at-- == 0)
        return ENOMEM;
    return __real_posix_memalign(p, align, bytes);
}

void *__wrap_malloc(size_t bytes)
{
    calls++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t size)
{
    calls++;
    return __real_calloc(n, size);
}

static bool has_generic(const rpr_model *m)
{
    for (int i = 0; i < m->plan->n_step; i++)
        if (m->plan->step[i].kind == RPR_STEP_GENERIC && m->plan->step[i].node)
            return true;
    return false;
}

static void running_takes_no_memory(void **state)
{
    int checked = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_model *m = nets_make(i);
            rpr_stream_options opt = play_options();
            opt.gate = play_gate_of((play_gate)g);
            player *p = player_new(m, &opt);
            scene *s = scene_new(m, 1);
            for (int f = 0; f < 5 && !has_generic(m); f++) {
                scene_next(s);
                long before = calls;
                int status = rpr_stream_run(p->s, s->in, s->n, p->out, p->n);
                long taken = calls - before;
                assert_int_equal(status, RPR_OK);
                check_that(taken == 0, "%s, frame %d: %ld allocations", nets_name(i), f, taken);
                checked++;
            }
            scene_free(s);
            player_free(p);
            rpr_model_destroy(m);
        }
    assert_true(checked > 100);
}

/** What a trace has written, which must not be more than there is room for. */
typedef struct traced {
    char bytes[1 << 20];
    size_t n;
} traced;

static int keep(void *user, const void *bytes, size_t n)
{
    traced *t = user;
    if (n > sizeof t->bytes - t->n)
        return 1;
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
    return 0;
}

static traced kept; /* by the tests below */

static void tracing_takes_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_stream_options opt = play_options();
            rpr_trace *t;
            opt.gate = play_gate_of((play_gate)g);
            opt.trace = 1;
            show w = show_new(nets_make(i), &opt, 1);
            kept.n = 0;
            int status = rpr_trace_create(w.p->s, keep, &kept, &t, NULL);
            if (stream_has_words(w.p->s)) {
                assert_int_equal(status, RPR_ERR_UNSUPPORTED);
                show_free(&w);
                continue;
            }
            assert_int_equal(status, RPR_OK);
            for (int f = 0; f < 5; f++) {
                show_next(&w);
                long before = calls;
                assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
                assert_int_equal(calls - before, 0);
            }
            long before = calls;
            assert_int_equal(rpr_trace_end(t), RPR_OK);
            assert_int_equal(calls - before, 0);
            rpr_trace_destroy(t);
            show_free(&w);
        }
}

static void auditing_takes_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_stream_options opt = play_options();
        rpr_audit_options o;
        rpr_audit_stats st;
        rpr_audit *a;
        opt.gate = (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = 0.3};
        show w = show_new(nets_make(i), &opt, 1);
        rpr_audit_options_init(&o);
        o.every = 4;
        o.budget = 0.0;
        assert_int_equal(rpr_audit_create(w.p->s, &o, &a, NULL), RPR_OK);
        for (int f = 0; f < 40 && !has_generic(w.m); f++) {
            scene_next(w.s);
            long before = calls;
            player_run(w.p, w.s);
            int status = rpr_audit_frame(a, w.s->in, w.s->n);
            long taken = calls - before;
            assert_int_equal(status, RPR_OK);
            assert_int_equal(taken, 0);
        }
        rpr_audit_get_stats(a, &st);
        assert_true(st.audits > 0 || has_generic(w.m));
        rpr_audit_destroy(a);
        show_free(&w);
    }
}

/** Calls `make` with the first, the second, ... allocation failing until none does. */
static void fail_each(const rpr_model *m, int (*make)(const rpr_model *m))
{
    int status = RPR_ERR_NOMEM;
    for (long n = 0; status == RPR_ERR_NOMEM && n < 1000; n++) {
        fail_at = n;
        status = make(m);
        fail_at = -1;
    }
    assert_int_equal(status, RPR_OK);
}

static int make_stream(const rpr_model *m)
{
    rpr_stream *s = NULL, *copy = NULL;
    int status = rpr_stream_create(m, NULL, &s, NULL);
    if (status == RPR_OK)
        status = rpr_stream_clone(s, &copy, NULL);
    rpr_stream_destroy(copy);
    rpr_stream_destroy(s);
    return status;
}

static int make_audit(const rpr_model *m)
{
    rpr_stream *s = NULL;
    rpr_audit *a = NULL;
    rpr_audit_options o;
    rpr_audit_options_init(&o);
    int status = rpr_stream_create(m, NULL, &s, NULL);
    if (status == RPR_OK)
        status = rpr_audit_create(s, &o, &a, NULL);
    assert_true((status == RPR_OK) == (a != NULL));
    rpr_audit_destroy(a);
    rpr_stream_destroy(s);
    return status;
}

/** Writes a trace of one frame, with luck, and reads it. */
static int make_trace(const rpr_model *m)
{
    rpr_stream_options opt = play_options();
    rpr_trace *t = NULL;
    rpr_trace_reader *r = NULL;
    const rpr_trace_frame *f;
    rpr_error err = {{0}};
    long n = fail_at;
    fail_at = -1;
    opt.trace = 1;
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 1);
    scene_next(s);
    player_run(p, s);
    kept.n = 0;
    fail_at = n;
    int status = rpr_trace_create(p->s, keep, &kept, &t, &err);
    if (status == RPR_OK) {
        player_run(p, s);
        assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
        assert_int_equal(rpr_trace_end(t), RPR_OK);
        status = rpr_trace_open_file(fmemopen(kept.bytes, kept.n, "rb"), "trace", &r, &err);
    }
    assert_true((status == RPR_OK) == (r != NULL));
    assert_true((status == RPR_OK) == (err.message[0] == '\0'));
    if (status == RPR_OK)
        assert_int_equal(rpr_trace_next(r, &f, &err), RPR_OK);
    rpr_trace_close(r);
    rpr_trace_destroy(t);
    scene_free(s);
    player_free(p);
    return status;
}

static void traces_survive_lack_of_memory(void **state)
{
    rpr_model *m = nets_named("shared_gate");
    (void)state;
    fail_each(m, make_trace);
    rpr_model_destroy(m);
}

static void streams_survive_lack_of_memory(void **state)
{
    rpr_model *m = nets_named("pyramid");
    (void)state;
    fail_each(m, make_stream);
    fail_each(m, make_audit);
    rpr_model_destroy(m);
}

/** The graph is built in peace, the passes and the plan are not. */
static void make_models(const char *const *names, size_t n_names, const rpr_window *window)
{
    for (size_t i = 0; i < nets_all(); i++) {
        bool listed = false;
        for (size_t k = 0; k < n_names; k++)
            listed |= strcmp(nets_name(i), names[k]) == 0;
        int status = RPR_ERR_NOMEM;
        for (long n = 0; listed && status == RPR_ERR_NOMEM && n < 20000; n++) {
            rpr_model_options opt;
            rpr_model *m = NULL;
            rpr_error err = {{0}};
            rpr_graph *g = nets_graph(i);
            rpr_model_options_init(&opt);
            opt.window = window;
            fail_at = n;
            status = rpr_model_from_graph(g, &opt, &m, &err);
            fail_at = -1;
            if (status != RPR_OK)
                assert_true(*err.message != '\0');
            rpr_model_destroy(m);
        }
        check_that(!listed || status == RPR_OK, "%s: %d", nets_name(i), status);
    }
}

static void models_survive_lack_of_memory(void **state)
{
    static const char *const names[] = {"pyramid", "squeeze", "tail",         "transposed",
                                        "shuffle", "generic", "channels_last"};
    static const char *const slid[] = {"plain", "pools", "conv1d", "volume"};
    (void)state;
    make_models(names, sizeof names / sizeof *names, NULL);
    make_models(slid, sizeof slid / sizeof *slid, &(rpr_window){.axis = 2, .hop = 1});
}

static void windows_take_no_memory(void **state)
{
    (void)state;
    ride *w = ride_plain(1);
    for (int kind = RPR_GATE_OFF; kind <= RPR_GATE_EXACT; kind++) {
        const rpr_stream_options o = ride_options((rpr_gate_kind)kind, 1);
        player *p = player_new(w->slid, &o);
        for (int call = 0; call < 3 * (int)w->calls; call++) {
            ride_next(w, false);
            const long before = calls;
            ride_run(w, p);
            const long taken = calls - before;
            assert_int_equal(taken, 0);
        }
        player_free(p);
    }
    fail_each(w->slid, make_stream);
    ride_free(w);
}

/** A step that finds no memory leaves a stream that starts anew. */
static void frames_survive_lack_of_memory(void **state)
{
    rpr_model *m = nets_named("attention");
    player *p = player_new(m, NULL), *fresh = player_new(m, NULL);
    scene *s = scene_new(m, 1);
    int failed = 0;
    (void)state;
    scene_next(s);
    player_run(p, s);
    for (long n = 0; n < 50; n++) {
        scene_next(s);
        fail_at = n;
        int status = rpr_stream_run(p->s, s->in, s->n, p->out, p->n);
        bool reached = fail_at < 0;
        fail_at = -1;
        if (!reached)
            break;
        assert_int_equal(status, RPR_ERR_NOMEM);
        assert_true(*rpr_stream_error(p->s) != '\0');
        rpr_stream_reset(fresh->s);
        player_run(p, s);
        player_run(fresh, s);
        assert_true(player_same(p, fresh));
        failed++;
    }
    assert_true(failed > 3);
    scene_free(s);
    player_free(p);
    player_free(fresh);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(running_takes_no_memory),
                                       cmocka_unit_test(tracing_takes_no_memory),
                                       cmocka_unit_test(auditing_takes_no_memory),
                                       cmocka_unit_test(traces_survive_lack_of_memory),
                                       cmocka_unit_test(streams_survive_lack_of_memory),
                                       cmocka_unit_test(models_survive_lack_of_memory),
                                       cmocka_unit_test(windows_take_no_memory),
                                       cmocka_unit_test(frames_survive_lack_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
