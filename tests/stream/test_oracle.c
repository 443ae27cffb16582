/* SPDX-License-Identifier: Apache-2.0 */
/* z = W * xhat + b on every frame, and what the gates let into xhat. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define FRAMES 25
#define RANDOM_NETS 12

static const char *const policy_name[] = {"auto", "correct", "dense", "random"};

#define BF16_REL 0x1p-7 /* of half weights: twice half a unit of their 8 bits */

/** Gates of cheap layers are open with every other combination. */
static rpr_stream_options options_of(play_gate g, rpr_policy policy)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(g);
    opt.policy = policy;
    opt.refresh = policy == RPR_POLICY_AUTO ? 8 : 0;
    opt.all_gates = ((int)g + (int)policy) % 2;
    opt.oracle = 1;
    return opt;
}

static void check_oracle(const player *p, const char *name, play_gate g, rpr_policy policy, int f)
{
    rpr_oracle o;
    assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
    double limit = p->s->opt.weights == RPR_WEIGHTS_BF16 ? BF16_REL : 1e-4;
    check_that(o.worst <= 1.0 && o.max_rel < limit,
               "%s, %s, %s, frame %d, layer %zu: %g of the bound, relative error %g", name,
               play_gate_name(g), policy_name[policy], f, o.layer, o.worst, o.max_rel);
}

/** Half weights with every other combination, other ones for the next network. */
static void play_all(const rpr_model *m, const char *name, int number)
{
    for (int g = 0; g < PLAY_GATES; g++)
        for (int policy = RPR_POLICY_AUTO; policy <= RPR_POLICY_RANDOM; policy++) {
            rpr_stream_options opt = options_of((play_gate)g, (rpr_policy)policy);
            opt.weights = (number + g + policy / 2) % 2 ? RPR_WEIGHTS_BF16 : RPR_WEIGHTS_F32;
            player *p = player_new(m, &opt);
            scene *s = scene_new(m, 11);
            for (int f = 0; f < FRAMES; f++) {
                scene_next(s);
                player_run(p, s);
                check_oracle(p, name, (play_gate)g, (rpr_policy)policy, f);
            }
            scene_free(s);
            player_free(p);
        }
}

static void oracle_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        play_all(m, nets_name(i), (int)i);
        rpr_model_destroy(m);
    }
}

static void oracle_random(void **state)
{
    (void)state;
    for (unsigned seed = 100; seed < 100 + RANDOM_NETS; seed++) {
        char name[32];
        rpr_model *m = nets_random(seed);
        (void)snprintf(name, sizeof name, "random %u", seed);
        play_all(m, name, (int)seed);
        rpr_model_destroy(m);
    }
}

/** A check that cannot fail is none: one wrong value of z must be seen. */
static void oracle_sees_errors(void **state)
{
    rpr_model *m = nets_named("one_conv");
    rpr_stream_options opt = play_options();
    player *without = player_new(m, &opt);
    opt.oracle = 1;
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 1);
    rpr_oracle o;
    (void)state;
    assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_ERR_ARGUMENT);
    player_run(without, s);
    assert_int_equal(rpr_stream_oracle(without->s, &o), RPR_ERR_ARGUMENT);
    player_free(without);
    scene_next(s);
    player_run(p, s);
    rpr_map z = rpr_stream_pre_activation(p->s, &m->plan->step[0]);
    float *at = rpr_map_at(&z, 0, 3, 4) + 5;
    *at += 1e-3f * fmaxf(1.0f, fabsf(*at));
    assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
    assert_true(o.worst > 1.0);
    assert_true(o.max_rel > 1e-5);
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

/* ----------------------------------------------------------------- policies */

static void check_same_choice(const player *a, const player *b, const char *name, play_gate g)
{
    rpr_frame_stats sa = player_stats(a), sb = player_stats(b);
    check_that(sa.inputs == sb.inputs && sa.changed == sb.changed, "%s, %s: %lld and %lld changed",
               name, play_gate_name(g), (long long)sa.changed, (long long)sb.changed);
    double e = player_error(a, b);
    check_that(e <= 2e-6, "%s, %s: policies differ by %g", name, play_gate_name(g), e);
}

/** With one weighted layer no gate sees another policy's rounding: all choose the same xhat. */
static void policies_agree(void **state)
{
    static const char *const names[] = {"one_conv", "one_depthwise", "one_transposed", "one_gemm"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_model *m = nets_named(names[i]);
            player *p[4];
            for (int policy = 0; policy < 4; policy++) {
                rpr_stream_options opt = options_of((play_gate)g, (rpr_policy)policy);
                opt.all_gates = (int)(i % 2);
                opt.weights = RPR_WEIGHTS_F32;
                opt.refresh = 8;
                p[policy] = player_new(m, &opt);
            }
            scene *s = scene_new(m, 2);
            for (int f = 0; f < FRAMES; f++) {
                scene_next(s);
                for (int policy = 0; policy < 4; policy++)
                    player_run(p[policy], s);
                for (int policy = 1; policy < 4; policy++)
                    check_same_choice(p[policy], p[0], names[i], (play_gate)g);
            }
            scene_free(s);
            for (int policy = 0; policy < 4; policy++)
                player_free(p[policy]);
            rpr_model_destroy(m);
        }
}

/* ------------------------------------------------------------- half weights */

/** Fills the scene's only input with noise of its own. */
static void fill_noise(scene *s, uint64_t seed)
{
    rng r = {seed};
    for (size_t i = 0; i < s->info[0].bytes / sizeof(float); i++)
        s->data[0][i] = rng_unit(&r);
}

/**
 * Half weights stand in for the weights only in what inputs moved: the error is there, and gone
 * when the inputs are back, however often they moved in between.
 */
static void half_weights_telescope(void **state)
{
    rpr_model *m = nets_named("one_gemm");
    rpr_stream_options opt = play_options();
    (void)state;
    opt.policy = RPR_POLICY_CORRECT;
    opt.all_gates = 1;
    opt.weights = RPR_WEIGHTS_BF16;
    player *half = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *dense = player_new(m, &opt);
    scene *s = scene_new(m, 3);
    scene_next(s);
    for (uint64_t f = 0; f < 30; f++) {
        fill_noise(s, 1 + f % 10);
        player_run(half, s);
        player_run(dense, s);
        double e = player_error(half, dense);
        check_that(f % 10 ? e > 1e-5 && e < BF16_REL : e < 1e-5, "frame %d: error %g", (int)f, e);
    }
    scene_free(s);
    player_free(half);
    player_free(dense);
    rpr_model_destroy(m);
}

/* -------------------------------------------------------------------- xhat */

typedef bool (*element_check)(const rpr_gate_state *g, const rpr_gate *rule, float x, float xhat);

static bool within_zone(const rpr_gate_state *g, const rpr_gate *rule, float x, float xhat)
{
    float theta = (float)(rule->threshold * (double)(g->hi - g->lo));
    return fabsf(x - xhat) <= theta;
}

/** Multiples of step, C of them in the range and C more on either side. */
static bool is_centroid(const rpr_gate_state *g, const rpr_gate *rule, float x, float xhat)
{
    double range = (double)g->hi - (double)g->lo, step = range / (rule->levels - 1);
    double level = step > 0.0 ? (double)xhat / step : 0.0;
    bool inside = (double)x > (double)g->lo - range && (double)x < (double)g->hi + range;
    return fabs(level - rint(level)) < 1e-3 &&
           (!inside || fabs((double)xhat - (double)x) <= 0.501 * step);
}

static bool is_x(const rpr_gate_state *g, const rpr_gate *rule, float x, float xhat)
{
    (void)g;
    (void)rule;
    return !(x < xhat || x > xhat);
}

/** What a gate's rule lets it hold; NULL if it holds nothing: its layers read the tensor. */
static element_check check_of(const rpr_gate_state *g)
{
    static const element_check checks[] = {[RPR_GATE_OFF] = is_x,
                                           [RPR_GATE_EXACT] = is_x,
                                           [RPR_GATE_LEVELS] = is_centroid,
                                           [RPR_GATE_DEADZONE] = within_zone};
    return g->in.data == g->xhat.data ? checks[g->rule.kind] : NULL;
}

/** What a gate's rule lets a byte be held for. */
static bool byte_is_good(const rpr_gate_state *g, int x, int xhat)
{
    const double step = 255.0 / (g->rule.levels - 1);
    switch (g->rule.kind) {
    case RPR_GATE_DEADZONE:
        return abs(x - xhat) <= (int)floor(255.0 * g->rule.threshold + 1e-6);
    case RPR_GATE_LEVELS:
        return abs((int)fmin(fmax(g->zero + rint(rint((x - g->zero) / step) * step), 0.0), 255.0) -
                   xhat) == 0;
    case RPR_GATE_OFF:
    case RPR_GATE_EXACT:
        break;
    }
    return x == xhat;
}

static void check_bytes(const rpr_gate_state *g, const rpr_map *x, const char *what)
{
    for (int32_t n = 0; n < x->n; n++)
        for (int32_t y = 0; y < x->h; y++)
            for (int32_t p = 0; p < x->w; p++) {
                const uint8_t *now = (const uint8_t *)rpr_map_at(x, n, y, p);
                const uint8_t *used = (const uint8_t *)rpr_map_at(&g->xhat, n, y, p);
                for (int32_t k = 0; k < x->c * RPR_WORD; k++)
                    check_that(byte_is_good(g, now[k], used[k]), "%s, rule %d: holds %d for %d",
                               what, (int)g->rule.kind, used[k], now[k]);
            }
}

/** Holds every element of every gate against the tensor that it gates. */
static void check_gates(const rpr_stream *s, const char *what)
{
    for (int i = 0; i < s->plan->n_gate; i++) {
        const rpr_gate_state *g = &s->gate[i];
        const element_check good = check_of(g);
        if (!good)
            continue;
        rpr_map x = rpr_stream_map(s, s->plan->gate[i].tensor);
        if (g->words) {
            check_bytes(g, &x, what);
            continue;
        }
        for (int32_t n = 0; n < x.n; n++)
            for (int32_t y = 0; y < x.h; y++)
                for (int32_t p = 0; p < x.w * x.c; p++) {
                    float now = rpr_map_at(&x, n, y, p / x.c)[p % x.c];
                    if (!rpr_act_is_none(&s->plan->gate[i].act)) /* the tensor holds z */
                        s->k->act(&s->plan->gate[i].act, &now, &now, 1);
                    float used = rpr_map_at(&g->xhat, n, y, p / x.c)[p % x.c];
                    check_that(good(g, &g->rule, now, used),
                               "%s, rule %d: gate %d (%g to %g) holds %g for %g", what,
                               (int)g->rule.kind, i, (double)g->lo, (double)g->hi, (double)used,
                               (double)now);
                }
    }
}

static void gates_keep_their_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_model *m = nets_make(i);
            rpr_stream_options opt = options_of((play_gate)g, RPR_POLICY_AUTO);
            opt.all_gates = 1;
            player *p = player_new(m, &opt);
            scene *s = scene_new(m, 7);
            for (int f = 0; f < FRAMES; f++) {
                scene_next(s);
                player_run(p, s);
                check_gates(p->s, nets_name(i));
            }
            scene_free(s);
            player_free(p);
            rpr_model_destroy(m);
        }
}

/**
 * A ramp that rises by a quarter of the zone per frame: nothing is lost, every element is updated
 * about every fifth frame, and the output follows.
 */
static void drift_adds_up(void **state)
{
    rpr_model *m = nets_named("one_conv");
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(PLAY_DEADZONE);
    opt.all_gates = 1;
    opt.oracle = 1;
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 7);
    scene_next(s);
    player_run(p, s);
    float theta = (float)(opt.gate.threshold * (double)(p->s->gate[0].hi - p->s->gate[0].lo));
    size_t n = s->info[0].bytes / sizeof(float);
    int64_t updates = 0;
    (void)state;
    for (int f = 0; f < 40; f++) {
        for (size_t i = 0; i < n; i++)
            s->data[0][i] += theta / 4.0f;
        player_run(p, s);
        check_gates(p->s, "ramp");
        updates += player_stats(p).changed;
        if (f < 3)
            assert_int_equal(player_stats(p).changed, 0);
    }
    assert_true(updates >= (int64_t)n * 40 / 6);
    assert_true(updates <= (int64_t)n * 40 / 4);
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oracle_named),          cmocka_unit_test(oracle_random),
        cmocka_unit_test(oracle_sees_errors),    cmocka_unit_test(policies_agree),
        cmocka_unit_test(gates_keep_their_rule), cmocka_unit_test(drift_adds_up),
        cmocka_unit_test(half_weights_telescope)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
