/* SPDX-License-Identifier: Apache-2.0 */
/* Scaled gates are other gates, and tightening reaches all that wider ones have left. */
#include <math.h>
#include <stdlib.h>

#include "nets.h"
#include "play.h"

/** Gates scaled from the start are other gates: by bits. */
static void scaled_gates_are_gates(void **state)
{
    static const rpr_gate wide[] = {{RPR_GATE_DEADZONE, 0, 0.04, -1.0, 1.0},
                                    {RPR_GATE_LEVELS, 32, 0.0, -1.0, 1.0}};
    static const rpr_gate tight[] = {{RPR_GATE_DEADZONE, 0, 0.01, -1.0, 1.0},
                                     {RPR_GATE_LEVELS, 128, 0.0, -1.0, 1.0}};
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < 2; g++) {
            rpr_model *m = nets_make(i);
            rpr_stream_options opt = play_options();
            opt.gate = wide[g];
            player *p = player_new(m, &opt);
            opt.gate = tight[g];
            player *other = player_new(m, &opt);
            scene *s = scene_new(m, 6);
            assert_int_equal(rpr_stream_scale_gates(p->s, 0.25), RPR_OK);
            for (int f = 0; f < 8; f++) {
                scene_next(s);
                player_run(p, s);
                player_run(other, s);
                check_that(player_same(p, other), "%s, gate %d, frame %d", nets_name(i), g, f);
            }
            scene_free(s);
            player_free(p);
            player_free(other);
            rpr_model_destroy(m);
        }
}

static double difference(const rpr_gate_state *g, const float *a, const float *b, int32_t c)
{
    return g->words ? fabs((double)((const uint8_t *)a)[c] - ((const uint8_t *)b)[c])
                    : fabs((double)a[c] - (double)b[c]);
}

/** Largest |x - xhat| of all gates that compare, in units of what they let pass. */
static double largest_error(const rpr_stream *s)
{
    double worst = 0.0;
    for (int i = 0; i < s->plan->n_gate; i++) {
        const rpr_gate_state *g = &s->gate[i];
        const rpr_map x = rpr_stream_map(s, s->plan->gate[i].tensor);
        const double step = (double)(g->hi - g->lo) / (g->rule.levels / s->scale - 1.0);
        const int32_t values = g->words ? x.c * RPR_WORD : x.c;
        const double pass = g->rule.kind == RPR_GATE_LEVELS
                                ? step / 2.0
                                : g->rule.threshold * s->scale * (double)(g->hi - g->lo);
        const double rounds =
            g->words && g->rule.kind == RPR_GATE_LEVELS ? 0.5 : 1e-6; /* centroids */
        if (g->open || g->loose || !rpr_act_is_none(&g->act))
            continue;
        for (int32_t row = 0; row < x.n * x.h; row++)
            for (int32_t k = 0; k < x.w; k++)
                for (int32_t c = 0; c < values; c++) {
                    const float *a = rpr_map_at(&x, row / x.h, row % x.h, k);
                    const float *b = rpr_map_at(&g->xhat, row / x.h, row % x.h, k);
                    const double error = difference(g, a, b, c) / (pass + rounds);
                    worst = error > worst ? error : worst; /* fmax crashes gcc 12.2, AArch64 */
                }
    }
    return worst;
}

/** After the sweep nothing is left of what the wider gates let pass, where nothing moves too. */
static void tightening_reaches_everything(void **state)
{
    double before = 0.0;
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < 2; g++) {
            rpr_stream_options opt = play_options();
            /* Beyond three times the range values are clipped: no net here goes so far. */
            opt.gate = g ? (rpr_gate){.kind = RPR_GATE_LEVELS, .levels = 47, .lo = -4.0, .hi = 4.0}
                         : (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = 0.1};
            opt.oracle = 1; /* keeps x */
            show w = show_new(nets_make(i), &opt, 8);
            for (int f = 0; f < 10; f++)
                show_next(&w);
            check_that(largest_error(w.p->s) <= 1.001, "%s: %g", nets_name(i),
                       largest_error(w.p->s));
            assert_int_equal(rpr_stream_scale_gates(w.p->s, 0.125), RPR_OK);
            before = fmax(before, largest_error(w.p->s));
            for (int f = 0; f < 100 && w.p->s->refresh.asked; f++)
                player_run(w.p, w.s); /* the same frame again and again */
            assert_false(w.p->s->refresh.asked);
            check_that(largest_error(w.p->s) <= 1.001, "%s: %g", nets_name(i),
                       largest_error(w.p->s));
            show_free(&w);
        }
    assert_true(before > 3.0);
}

/** The oracle holds whatever is done to the scale; copies and saved states take it with them. */
static void the_scale_belongs_to_the_state(void **state)
{
    (void)state;
    for (uint64_t seed = 40; seed < 56; seed++) {
        rpr_model *m = nets_random(seed);
        rpr_stream_options opt = play_options();
        rng r = {seed};
        opt.gate = play_gate_of(seed % 2 ? PLAY_DEADZONE : PLAY_LEVELS);
        opt.oracle = 1;
        opt.bypass = seed % 3 == 0;
        player *p = player_new(m, &opt), *restored = player_new(m, &opt);
        scene *s = scene_new(m, seed);
        for (int f = 0; f < 24; f++) {
            const double scales[] = {0.0, 0.3, 0.7, 1.0};
            rpr_stream *copy = NULL;
            rpr_oracle o;
            if (f % 2)
                (void)rpr_stream_scale_gates(p->s, scales[rng_below(&r, 4)]);
            const size_t bytes = rpr_stream_save_bytes(p->s);
            void *saved = malloc(bytes);
            assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
            assert_int_equal(rpr_stream_load(restored->s, saved, bytes), RPR_OK);
            assert_int_equal(rpr_stream_clone(p->s, &copy, NULL), RPR_OK);
            player *clone = player_of(m, copy);
            free(saved);
            scene_next(s);
            player_run(p, s);
            player_run(restored, s);
            player_run(clone, s);
            assert_true(player_same(p, restored) && player_same(p, clone));
            if (!player_stats(p).bypassed) {
                assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
                check_that(o.worst <= 1.0, "random %d, frame %d: %g", (int)seed, f, o.worst);
            }
            player_free(clone);
        }
        rpr_stream_reset(p->s);
        assert_true(rpr_stream_gate_scale(p->s) >= 1.0);
        scene_free(s);
        player_free(p);
        player_free(restored);
        rpr_model_destroy(m);
    }
}

static void bad_scales_are_refused(void **state)
{
    show w = show_new(nets_named("plain"), NULL, 1);
    (void)state;
    for (int i = 0; i < 3; i++) {
        const double bad[] = {-0.1, 1.5, (double)NAN};
        assert_int_equal(rpr_stream_scale_gates(w.p->s, bad[i]), RPR_ERR_ARGUMENT);
        assert_true(*rpr_stream_error(w.p->s) != '\0' && rpr_stream_gate_scale(w.p->s) >= 1.0);
    }
    show_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaled_gates_are_gates), cmocka_unit_test(tightening_reaches_everything),
        cmocka_unit_test(the_scale_belongs_to_the_state), cmocka_unit_test(bad_scales_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
