/* SPDX-License-Identifier: Apache-2.0 */
/* NaN, infinity and overflow: refused or run like the dense run, and forgotten afterwards. */
#include <math.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define TOLERANCE 1e-5

static size_t count_of(const scene *s, size_t i)
{
    return s->info[i].bytes / sizeof(float);
}

/* ----------------------------------------------------------------- refused */

static void refused_frames_leave_no_trace(void **state)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        rpr_stream_options opt = play_options();
        opt.gate = play_gate_of((play_gate)(i % PLAY_GATES));
        player *saw = player_new(m, &opt), *never = player_new(m, &opt);
        scene *s = scene_new(m, 9);
        for (int f = 0; f < 10; f++) {
            scene_next(s);
            for (size_t k = 0; k < s->n; k++) {
                float *at = &s->data[k][rng_below(&s->r, (int)count_of(s, k))], keep = *at;
                *at = bad[f % 3];
                assert_int_equal(rpr_stream_run(saw->s, s->in, s->n, saw->out, saw->n),
                                 RPR_ERR_NONFINITE);
                check_that(strstr(rpr_stream_error(saw->s), s->info[k].name) != NULL,
                           "'%s' does not name the input", rpr_stream_error(saw->s));
                *at = keep;
            }
            player_run(saw, s);
            player_run(never, s);
            check_that(player_same(saw, never), "%s, frame %d", nets_name(i), f);
            assert_int_equal(player_stats(saw).frame, f);
        }
        scene_free(s);
        player_free(saw);
        player_free(never);
        rpr_model_destroy(m);
    }
}

/* --------------------------------------------------------------------- run */

/** An exact stream beside the dense run, both taking everything. */
typedef struct pair {
    player *reuse, *off;
    scene *s;
    const char *name;
} pair;

static pair pair_new(const rpr_model *m, const char *name, rpr_policy policy)
{
    rpr_stream_options opt = play_options();
    opt.allow_nonfinite = 1;
    opt.policy = policy;
    pair p = {.reuse = player_new(m, &opt), .s = scene_new(m, 12), .name = name};
    opt.gate.kind = RPR_GATE_OFF;
    p.off = player_new(m, &opt);
    return p;
}

static void pair_free(pair *p)
{
    scene_free(p->s);
    player_free(p->reuse);
    player_free(p->off);
}

static void pair_run(pair *p, int frame)
{
    player_run(p->reuse, p->s);
    player_run(p->off, p->s);
    double e = player_error(p->reuse, p->off);
    check_that(e <= TOLERANCE, "%s, frame %d: error %g", p->name, frame, e);
}

/** Same values NaN, same values infinite. */
static void pair_run_wild(pair *p, int frame)
{
    player_run(p->reuse, p->s);
    player_run(p->off, p->s);
    for (size_t i = 0; i < p->off->n; i++) {
        const float *a = p->reuse->out[i].data, *b = p->off->out[i].data;
        for (size_t k = 0; k < p->off->info[i].bytes / sizeof *a; k++)
            check_that(isnan(a[k]) == isnan(b[k]) && isinf(a[k]) == isinf(b[k]),
                       "%s, frame %d: output %zu has %g where the dense run has %g", p->name, frame,
                       i, (double)a[k], (double)b[k]);
    }
}

static void spoil(scene *s, float value, int elements)
{
    for (size_t i = 0; i < s->n; i++)
        for (int k = 0; k < elements; k++)
            s->data[i][rng_below(&s->r, (int)count_of(s, i))] = value;
}

static void play_spoilt(const char *name, const rpr_model *m, rpr_policy policy, float value)
{
    pair p = pair_new(m, name, policy);
    for (int f = 0; f < 12; f++) {
        p.s->frame = f % 2; /* no repeats and no cut: every clean frame redraws everything */
        scene_next(p.s);
        if (f % 3 == 2)
            spoil(p.s, value, 1 + f % 4);
        if (f % 3 == 2)
            pair_run_wild(&p, f);
        else
            pair_run(&p, f);
    }
    pair_free(&p);
}

static void spoilt_frames_pass(void **state)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
            play_spoilt(nets_name(i), m, RPR_POLICY_CORRECT, bad[b]);
            play_spoilt(nets_name(i), m, RPR_POLICY_AUTO, bad[b]);
        }
        rpr_model_destroy(m);
    }
}

/** The first frame is spoilt: ranges are profiled without the bad values. */
static void first_frame_spoilt(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_model *m = nets_make(i);
            rpr_stream_options opt = play_options();
            opt.allow_nonfinite = 1;
            opt.gate = play_gate_of((play_gate)g);
            player *p = player_new(m, &opt);
            scene *s = scene_new(m, 12);
            scene_next(s);
            spoil(s, g == 1 ? NAN : INFINITY, 2);
            player_run(p, s);
            scene_next(s);
            player_run(p, s);
            for (size_t o = 0; o < p->n; o++)
                for (size_t k = 0; k < p->info[o].bytes / sizeof(float); k++)
                    check_that(isfinite(((const float *)p->out[o].data)[k]),
                               "%s, %s: not clean after a spoilt first frame", nets_name(i),
                               play_gate_name((play_gate)g));
            for (int q = 0; q < m->plan->n_gate; q++)
                assert_true(isfinite(p->s->gate[q].lo) && isfinite(p->s->gate[q].hi));
            scene_free(s);
            player_free(p);
            rpr_model_destroy(m);
        }
}

/** Values so large that sums inside overflow, or that merely dwarf what comes after. */
static void huge_values_are_forgotten(void **state)
{
    const float huge[] = {1e6f, 1e12f, 1e30f, 1e38f, -3e38f};
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (size_t h = 0; h < sizeof huge / sizeof *huge; h++)
            for (int policy = RPR_POLICY_AUTO; policy <= RPR_POLICY_CORRECT; policy++) {
                rpr_model *m = nets_make(i);
                pair p = pair_new(m, nets_name(i), (rpr_policy)policy);
                for (int f = 0; f < 9; f++) {
                    p.s->frame = f % 2;
                    scene_next(p.s);
                    if (f % 3 == 2) {
                        spoil(p.s, huge[h], 3);
                        player_run(p.reuse, p.s);
                        player_run(p.off, p.s);
                    } else {
                        pair_run(&p, f);
                    }
                }
                pair_free(&p);
                rpr_model_destroy(m);
            }
}

/** A light that goes out, at once or to a rest that fades: what is left is not drowned in old
 * rounding. */
static void darkness_is_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int steps = 1; steps <= 8; steps += 7) {
            rpr_model *m = nets_make(i);
            pair p = pair_new(m, nets_name(i), RPR_POLICY_CORRECT);
            scene_next(p.s);
            pair_run(&p, 0);
            for (int f = 1; f <= steps; f++) {
                float light = steps == 1 ? 0.0f : 1e-4f * (float)(steps - f + 1) / (float)steps;
                for (size_t k = 0; k < p.s->n; k++)
                    for (size_t e = 0; e < count_of(p.s, k); e++)
                        p.s->data[k][e] = p.s->background[k][e] * light;
                pair_run(&p, f);
            }
            pair_free(&p);
            rpr_model_destroy(m);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_frames_leave_no_trace), cmocka_unit_test(spoilt_frames_pass),
        cmocka_unit_test(first_frame_spoilt), cmocka_unit_test(huge_values_are_forgotten),
        cmocka_unit_test(darkness_is_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
