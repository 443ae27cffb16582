/* SPDX-License-Identifier: Apache-2.0 */
/* Audits see what a dense run sees, act on it, and disturb nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"
#include "reprise/audit.h"

/** A metric that says what it is told, and looks at what it is given. */
typedef struct planted {
    double error;
    int refuses;
    const player *dense, *reuse; /* what it should be given; NULL: anything */
    int calls;
} planted;

static void begin(void *user)
{
    (void)user;
}

static void check_side(const player *p, const rpr_output *out)
{
    for (size_t i = 0; p && i < p->n; i++)
        assert_memory_equal(out[i].data, p->out[i].data, p->info[i].bytes);
}

static int add(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out)
{
    planted *p = user;
    assert_true(!p->dense || n_out == p->dense->n);
    check_side(p->dense, dense);
    check_side(p->reuse, reuse);
    p->calls++;
    return p->refuses;
}

static double error(void *user)
{
    return ((const planted *)user)->error;
}

static rpr_metric metric_of(planted *p)
{
    return (rpr_metric){.user = p, .begin = begin, .add = add, .error = error};
}

static rpr_audit_options options(int every, double budget)
{
    rpr_audit_options o;
    rpr_audit_options_init(&o);
    o.every = every;
    o.budget = budget;
    return o;
}

static rpr_audit *audit_new(rpr_stream *s, const rpr_audit_options *o)
{
    rpr_audit *a = NULL;
    rpr_error err;
    if (rpr_audit_create(s, o, &a, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return a;
}

static rpr_audit_stats audit_frame(rpr_audit *a, const scene *s)
{
    rpr_audit_stats st;
    if (rpr_audit_frame(a, s->in, s->n) != RPR_OK)
        fail_msg("%s", rpr_audit_error(a));
    rpr_audit_get_stats(a, &st);
    return st;
}

static rpr_stream_options gates(double threshold)
{
    rpr_stream_options opt = play_options();
    opt.gate = (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = threshold};
    return opt;
}

/** Both sides are those of the audited frame, though the stream went on; nothing else changes. */
static void both_sides_are_the_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int spread = 1; spread <= 4; spread++) {
            rpr_model *m = nets_make(i);
            rpr_stream_options opt = gates(2.0 / 255.0);
            player *p = player_new(m, &opt), *alone = player_new(m, &opt);
            player *kept = player_new(m, &opt);
            opt.gate.kind = RPR_GATE_OFF;
            player *dense = player_new(m, &opt);
            planted plant = {.dense = dense, .reuse = kept};
            rpr_metric metric = metric_of(&plant);
            rpr_audit_options o = options(7, 1.0);
            o.spread = spread;
            o.metric = &metric;
            rpr_audit *a = audit_new(p->s, &o);
            scene *s = scene_new(m, 3);
            for (int f = 0; f < 21; f++) {
                scene_next(s);
                player_run(p, s);
                player_run(alone, s);
                if (f % 7 == 2) {
                    player_run(dense, s);
                    for (size_t k = 0; k < p->n; k++)
                        memcpy(kept->out[k].data, p->out[k].data, p->info[k].bytes);
                }
                rpr_audit_stats st = audit_frame(a, s);
                if (f < 20) /* on a cut audits wait */
                    assert_int_equal(st.audits, (f - (spread > 1 ? spread : 0) + 5) / 7);
                check_that(player_same(p, alone), "%s, frame %d", nets_name(i), f);
            }
            assert_int_equal(plant.calls, 3);
            scene_free(s);
            rpr_audit_destroy(a);
            player_free(p);
            player_free(alone);
            player_free(kept);
            player_free(dense);
            rpr_model_destroy(m);
        }
}

/** No frame does much more than its share, and all of them together do a dense run. */
static void shares_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        const rpr_stream_options opt = play_options();
        show w = show_new(nets_make(i), &opt, 1);
        const rpr_plan *p = w.m->plan;
        rpr_audit_options o = options(10, -1.0);
        o.spread = 6;
        rpr_audit *a = audit_new(w.p->s, &o);
        double largest = 0.0, whole = 0.0, sum = 0.0;
        for (int k = 0; k < p->n_step; k++) {
            const double cost = rpr_stream_dense_cost(w.p->s, &p->step[k]);
            largest = fmax(largest, cost);
            whole += cost;
        }
        for (int f = 0; f < 20; f++) {
            show_next(&w);
            rpr_audit_stats st = audit_frame(a, w.s);
            check_that(st.share <= 1.0 / 6.0 + largest / whole + 1e-9, "%s: %g of a dense run",
                       nets_name(i), st.share);
            sum += st.share;
            assert_int_equal(st.audits, f >= 8 ? f >= 18 ? 2 : 1 : 0);
        }
        check_that(whole > 0.0 ? fabs(sum - 2.0) < 1e-9 : sum <= 0.0, "%s: %g dense runs",
                   nets_name(i), sum);
        rpr_audit_destroy(a);
        show_free(&w);
    }
}

/* ---------------------------------------------------------------- breaches */

typedef struct lines {
    int warnings, others;
    char last[256];
} lines;

static void take_line(void *user, rpr_log_level level, const char *line)
{
    lines *l = user;
    *(level == RPR_LOG_WARNING ? &l->warnings : &l->others) += 1;
    strncpy(l->last, line, sizeof l->last - 1);
}

/** A planted error tightens until it ends, and then the gates go back to where they were. */
static void planted_breach_is_caught(void **state)
{
    rpr_stream_options opt = gates(4.0 / 255.0);
    show w = show_new(nets_named("residual"), &opt, 1);
    planted plant = {0};
    rpr_metric metric = metric_of(&plant);
    lines said = {0};
    rpr_audit_options o = options(3, 0.1);
    (void)state;
    o.metric = &metric;
    o.log = take_line;
    o.log_user = &said;
    rpr_audit *a = audit_new(w.p->s, &o);
    rpr_audit_stats st = {.scale = 1.0};
    for (int f = 0; f < 700; f++) {
        const double before = st.scale;
        show_next(&w);
        plant.error = f >= 20 && f < 60 ? 0.3 : 0.01;
        st = audit_frame(a, w.s);
        assert_true(st.scale <= 1.0 && st.scale >= 0.0);
        if (f < 20)
            assert_true(st.breaches == 0 && st.scale >= 1.0);
        if (st.scale < before) /* at once, a sweep */
            assert_true(w.p->s->refresh.asked);
        if (f == 60)
            assert_true(st.breaches >= 2 && st.scale < 0.2);
    }
    assert_true(st.scale >= 1.0);
    assert_int_equal(said.warnings, st.breaches);
    assert_int_equal(said.others, st.loosened);
    assert_non_null(strstr(said.last, "gates are loosened to 1"));
    assert_true(st.worst >= 0.3 && st.worst <= 0.3 && st.mean > 0.01 && st.mean < 0.3);
    rpr_audit_destroy(a);
    show_free(&w);
}

/** Relative L2 over some frames. */
static double error_of(const player *a, const player *dense, double sums[2])
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < a->info[i].bytes / sizeof(float); k++) {
            double x = (double)((const float *)dense->out[i].data)[k];
            double d = (double)((const float *)a->out[i].data)[k] - x;
            sums[0] += d * d;
            sums[1] += x * x;
        }
    return sqrt(sums[0] / sums[1]);
}

/** Gates that are much too wide come to keep the budget, by what is really wrong. */
static void wide_gates_are_tightened(void **state)
{
    static const char *const names[] = {"plain", "residual", "pyramid", "depthwise"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i / 2]);
        rpr_stream_options opt = gates(0.3);
        if (i % 2)
            opt.gate = (rpr_gate){.kind = RPR_GATE_LEVELS, .levels = 6};
        player *p = player_new(m, &opt);
        opt.gate.kind = RPR_GATE_OFF;
        player *dense = player_new(m, &opt);
        rpr_audit_options o = options(4, 0.02);
        rpr_audit *a = audit_new(p->s, &o);
        scene *s = scene_new(m, 2);
        rpr_audit_stats st = {0};
        double sums[2] = {0.0, 0.0}, early[2] = {0.0, 0.0};
        for (int f = 0; f < 160; f++) {
            scene_next(s);
            player_run(p, s);
            player_run(dense, s);
            (void)error_of(p, dense, f < 8 ? early : f >= 80 ? sums : (double[2]){0.0, 0.0});
            st = audit_frame(a, s);
        }
        check_that(sqrt(early[0] / early[1]) > 0.03, "%s: %g already", names[i / 2],
                   sqrt(early[0] / early[1]));
        check_that(sqrt(sums[0] / sums[1]) <= 1.2 * 0.02, "%s: %g at scale %g", names[i / 2],
                   sqrt(sums[0] / sums[1]), st.scale);
        assert_true(st.breaches > 0 && st.scale < 0.7);
        scene_free(s);
        rpr_audit_destroy(a);
        player_free(p);
        player_free(dense);
        rpr_model_destroy(m);
    }
}

static void run_noise(const show *w, rng *r)
{
    for (size_t k = 0; k < w->s->info[0].bytes / sizeof(float); k++)
        w->s->data[0][k] = rng_unit(r);
    player_run(w->p, w->s);
}

/** Frames run past the reuse are dense: they cost no audit and let tight gates go. */
static void bypassed_frames_are_right(void **state)
{
    rpr_stream_options opt = gates(2.0 / 255.0);
    opt.bypass = 1;
    show w = show_new(nets_named("plain"), &opt, 1);
    planted plant = {.error = 0.05};
    rpr_metric metric = metric_of(&plant);
    rpr_audit_options o = options(4, 0.1);
    rng r = {1};
    (void)state;
    o.metric = &metric;
    rpr_audit *a = audit_new(w.p->s, &o);
    rpr_audit_stats st = {0};
    assert_int_equal(rpr_stream_scale_gates(w.p->s, 0.5), RPR_OK);
    int bypassed = 0;
    scene_next(w.s);
    for (int f = 0; f < 60; f++) {
        run_noise(&w, &r);
        const int calls = plant.calls;
        st = audit_frame(a, w.s);
        if (player_stats(w.p).bypassed && bypassed++ > 8 && f < 30)
            assert_true(st.share <= 0.0 && plant.calls == calls && st.last <= 0.0);
    }
    assert_true(bypassed > 16);
    assert_true(st.loosened > 0);
    rpr_audit_destroy(a);
    show_free(&w);
}

/** When reuse is tried again its first frames are looked at, however long the next audit is off. */
static void trials_are_audited(void **state)
{
    rpr_stream_options opt = gates(2.0 / 255.0);
    opt.bypass = 1;
    show w = show_new(nets_named("concats"), &opt, 1);
    const rpr_audit_options o = options(1000, -1.0);
    rpr_audit *a = audit_new(w.p->s, &o);
    rpr_audit_stats st = {0};
    rng r = {1};
    int64_t before = 0;
    (void)state;
    scene_next(w.s);
    for (int f = 0; f < 20; f++) {
        run_noise(&w, &r);
        st = audit_frame(a, w.s);
    }
    assert_true(player_stats(w.p).bypassed);
    before = st.audits;
    for (int f = 0; f < 16; f++) {
        show_next(&w);
        st = audit_frame(a, w.s);
    }
    assert_false(player_stats(w.p).bypassed);
    assert_int_equal(st.audits, before + 1);
    assert_true(st.last_frame >= 20 && st.last_frame <= 23);
    rpr_audit_destroy(a);
    show_free(&w);
}

/** Frames that try reuse in vain are dear; no share of an audit comes on top of them. */
static void dear_frames_have_no_share(void **state)
{
    int64_t audits = 0, dear = 0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_stream_options opt = gates(2.0 / 255.0);
        opt.bypass = 1;
        show w = show_new(nets_make(i), &opt, 1);
        const rpr_audit_options o = options(4, -1.0);
        rpr_audit *a = audit_new(w.p->s, &o);
        rpr_audit_stats st = {0};
        rng r = {1};
        for (int f = 0; f < 120; f++) {
            run_noise(&w, &r);
            st = audit_frame(a, w.s);
            const rpr_frame_stats frame = player_stats(w.p);
            if (f == 0 || !(frame.cost > 1.15 * frame.cost_dense))
                continue;
            dear++;
            check_that(st.share <= 0.0, "%s, frame %d: %g and %g", nets_name(i), f,
                       frame.cost / frame.cost_dense, st.share);
        }
        audits += st.audits;
        rpr_audit_destroy(a);
        show_free(&w);
    }
    assert_true(audits > 0 && dear > 0);
}

/** What was seen of the gates before a reset says nothing about those after it. */
static void a_reset_ends_an_audit(void **state)
{
    rpr_stream_options opt = gates(2.0 / 255.0);
    show w = show_new(nets_named("residual"), &opt, 1);
    planted plant = {.error = 1e6};
    rpr_metric metric = metric_of(&plant);
    rpr_audit_options o = options(12, 0.1);
    rpr_audit_stats st = {0};
    (void)state;
    o.metric = &metric;
    o.spread = 6;
    rpr_audit *a = audit_new(w.p->s, &o);
    assert_int_equal(rpr_stream_scale_gates(w.p->s, 0.5), RPR_OK);
    for (int f = 0; f < 13; f++) {
        show_next(&w);
        st = audit_frame(a, w.s);
        if (f == 4) {
            assert_true(st.share > 0.0);
            rpr_stream_reset(w.p->s);
        }
    }
    assert_int_equal(plant.calls, 0);
    assert_true(st.audits == 0 && st.breaches == 0 && st.scale >= 1.0);
    rpr_audit_destroy(a);
    show_free(&w);
}

/* ------------------------------------------------------------------ errors */

static void refuse(rpr_stream *s, const rpr_audit_options *o, const char *named)
{
    rpr_audit *a = (rpr_audit *)&o;
    rpr_error err;
    assert_int_equal(rpr_audit_create(s, o, &a, &err), RPR_ERR_ARGUMENT);
    check_that(strstr(err.message, named) != NULL, "'%s' does not say '%s'", err.message, named);
    assert_null(a);
    assert_int_equal(rpr_audit_create(s, o, &a, NULL), RPR_ERR_ARGUMENT);
}

static void mistakes_are_named(void **state)
{
    rpr_stream_options opt = play_options();
    show w = show_new(nets_named("plain"), &opt, 1);
    opt.gate.kind = RPR_GATE_OFF;
    player *dense = player_new(w.m, &opt);
    rpr_metric half = {.begin = begin};
    rpr_audit_options o;
    rpr_audit *a;
    (void)state;
#define REFUSE(change, named)                                                                      \
    do {                                                                                           \
        o = options(10, 0.1);                                                                      \
        change;                                                                                    \
        refuse(w.p->s, &o, named);                                                                 \
    } while (0)
    REFUSE(o.struct_size = 1, "rpr_audit_options_init");
    REFUSE(o.every = 0, "every 0 frames");
    REFUSE(o.every = -3, "every -3 frames");
    REFUSE(o.every = 2000000, "every 2000000 frames");
    REFUSE(o.spread = 10, "spread over 10 frames, not 1 to 9");
    REFUSE(o.spread = -1, "spread");
    REFUSE(o.window = 0, "window of 0");
    REFUSE(o.window = 1000, "window of 1000");
    REFUSE(o.power = 0.5, "a power of 0.5");
    REFUSE(o.power = (double)NAN, "a power of nan");
    REFUSE(o.budget = (double)NAN, "budget nan");
    REFUSE(o.budget = (double)INFINITY, "budget inf");
    REFUSE(o.metric = &half, "a metric without");
#undef REFUSE
    o = options(10, 0.1);
    refuse(dense->s, &o, "no gates");
    assert_int_equal(rpr_audit_create(NULL, &o, &a, NULL), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_audit_create(w.p->s, &o, NULL, NULL), RPR_ERR_ARGUMENT);
    rpr_audit_destroy(NULL);
    player_free(dense);
    show_free(&w);
}

/** A metric that fails is reported and does no harm. */
static void bad_metrics_do_no_harm(void **state)
{
    rpr_stream_options opt = gates(2.0 / 255.0);
    show w = show_new(nets_named("residual"), &opt, 1);
    player *alone = player_new(w.m, &opt);
    planted plant = {0};
    rpr_metric metric = metric_of(&plant);
    rpr_audit_options o = options(1, 0.1);
    int failed = 0;
    (void)state;
    o.metric = &metric;
    rpr_audit *a = audit_new(w.p->s, &o);
    assert_int_equal(rpr_audit_frame(a, w.s->in, w.s->n), RPR_ERR_ARGUMENT); /* no frame yet */
    for (int f = 0; f < 12; f++) {
        static const double bad[] = {0.0, (double)NAN, -1.0};
        show_next(&w);
        player_run(alone, w.s);
        plant.error = bad[f % 3];
        plant.refuses = f == 6;
        int status = rpr_audit_frame(a, w.s->in, w.s->n);
        const bool fails = f % 3 != 0 || f == 6;
        if (f > 0) /* the first is dense: nothing is audited */
            assert_int_equal(status, fails ? RPR_ERR_ARGUMENT : RPR_OK);
        failed += status != RPR_OK;
        assert_true((status != RPR_OK) == (strstr(rpr_audit_error(a), "metric: ") != NULL));
        assert_true(player_same(w.p, alone));
        assert_int_equal(rpr_audit_frame(a, w.s->in, w.s->n), RPR_ERR_ARGUMENT); /* again */
    }
    rpr_audit_stats st;
    rpr_audit_get_stats(a, &st);
    assert_int_equal(failed, 9);
    assert_int_equal(st.audits, 2);
    assert_true(st.scale >= 1.0 &&
                rpr_audit_bytes(a) > rpr_stream_state_bytes(a ? w.p->s : NULL) / 9);
    rpr_audit_destroy(a);
    player_free(alone);
    show_free(&w);
}

/** Inputs that the dense side cannot take are an error of the audit alone. */
static void bad_inputs_do_no_harm(void **state)
{
    rpr_stream_options opt = gates(2.0 / 255.0);
    show w = show_new(nets_named("plain"), &opt, 1);
    rpr_audit_options o = options(1, 0.1);
    rpr_audit *a = audit_new(w.p->s, &o);
    (void)state;
    show_next(&w);
    show_next(&w);
    assert_int_equal(rpr_audit_frame(a, w.s->in, 0), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(rpr_audit_error(a), "0 inputs given"));
    show_next(&w);
    assert_int_equal(rpr_audit_frame(a, w.s->in, w.s->n), RPR_OK);
    rpr_audit_destroy(a);
    show_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_are_the_frames), cmocka_unit_test(shares_are_bounded),
        cmocka_unit_test(planted_breach_is_caught),  cmocka_unit_test(wide_gates_are_tightened),
        cmocka_unit_test(bypassed_frames_are_right), cmocka_unit_test(trials_are_audited),
        cmocka_unit_test(dear_frames_have_no_share), cmocka_unit_test(a_reset_ends_an_audit),
        cmocka_unit_test(mistakes_are_named),        cmocka_unit_test(bad_metrics_do_no_harm),
        cmocka_unit_test(bad_inputs_do_no_harm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
