/* SPDX-License-Identifier: Apache-2.0 */
/* The search on networks of u8, whose thresholds are whole steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "film.h"
#include "nets.h"
#include "nets_quant.h"
#include "play.h"
#include "reprise/calibrate.h"

enum { SEEN = 16, STEPS = 40 };

/** The least work of one dead-zone for all gates, of whole steps, within the budget. */
static double best_uniform(const rpr_model *m, film *f, const rpr_calibrate_options *o)
{
    const rpr_sample seen = {.user = f, .n = SEEN, .frame = film_frame};
    rpr_way way[STEPS];
    rpr_calibration_result r[STEPS];
    double best = 1.0;
    for (int k = 0; k < STEPS; k++)
        way[k] = (rpr_way){.gate = {.kind = RPR_GATE_DEADZONE, .threshold = k / 255.0}};
    assert_int_equal(rpr_measure(m, &seen, 0, o, way, STEPS, r, NULL), RPR_OK);
    for (int k = 0; k < STEPS; k++)
        if (r[k].error <= o->budget)
            best = fmin(best, r[k].mac_share);
    return best;
}

static void check_gates(const rpr_calibration *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        const rpr_gate *g = &c->gate[i].gate;
        const double steps = g->threshold * 255.0;
        check_that(g->kind != RPR_GATE_DEADZONE ||
                       (steps > 0.5 && fabs(steps - rint(steps)) < 1e-9),
                   "%s, layer %zu: %g steps", name, c->gate[i].layer, steps);
        check_that(g->kind != RPR_GATE_LEVELS || (g->levels >= 2 && g->levels <= 256),
                   "%s, layer %zu: %d levels", name, c->gate[i].layer, g->levels);
    }
}

static void thresholds_are_whole_steps(void **state)
{
    static const char *const names[] = {"quantised_deep", "quantised_squeeze", "quantised_rows"};
    static const double budgets[] = {0.0, 0.02, 0.1, 0.3};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i]);
        film *f = film_new(m, 5);
        const rpr_sample sample = {.user = f, .n = FRAMES, .frame = film_frame};
        rpr_calibrate_options o;
        rpr_calibrate_options_init(&o);
        for (size_t k = 0; k < sizeof budgets / sizeof *budgets; k++) {
            rpr_calibration *c;
            o.budget = budgets[k];
            assert_int_equal(rpr_calibrate(m, &sample, &o, &c, NULL), RPR_OK);
            check_gates(c, names[i]);
            const double best = best_uniform(m, f, &o);
            check_that(c->seen.error <= o.budget && c->seen.mac_share <= 1.02 * best,
                       "%s, budget %g: error %g with %g of the MACs; with one dead-zone %g",
                       names[i], o.budget, c->seen.error, c->seen.mac_share, best);
            rpr_calibration_destroy(c);
        }
        film_free(f);
        rpr_model_destroy(m);
    }
}

/** A layer between two quantisations. */
static rpr_model *one_layer(void)
{
    const net_scales s = {0.02f, 0.05f, 128, 120};
    net b = net_new(4);
    int x = net_quantise(&b, net_input(&b, NET_DIMS(1, 8, 12, 12)), s.from, s.from_zero);
    net_output(&b, net_dequantise(&b, net_qconv(&b, x, &s, 16, 3, 3, 1, ""), s.to, s.to_zero));
    return net_finish(b.g);
}

/** Between two steps there is nothing to find: without that 36 runs of this film would be made. */
static void no_step_is_tried_twice(void **state)
{
    rpr_model *m = one_layer();
    film *f = film_new(m, 9);
    const rpr_sample sample = {.user = f, .n = FRAMES, .frame = film_frame};
    rpr_calibrate_options o;
    rpr_calibration *c;
    (void)state;
    rpr_calibrate_options_init(&o);
    o.budget = 0.01;
    assert_int_equal(rpr_calibrate(m, &sample, &o, &c, NULL), RPR_OK);
    check_that(f->read <= 30 * SEEN, "%d frames were read", f->read);
    rpr_calibration_destroy(c);
    film_free(f);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(thresholds_are_whole_steps),
                                       cmocka_unit_test(no_step_is_tried_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
