/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a sequence of errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/control.h"

static rpr_control control_of(double budget)
{
    rpr_control c;
    rpr_control_begin(&c, budget, 1.0, 16);
    return c;
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b)))
        fail_msg("%.12g for %.12g", a, b);
}

/** Two like audits are sure; the scale aims at less than the budget. */
static void a_breach_tightens(void **state)
{
    rpr_control c = control_of(0.05);
    double scale = 1.0;
    (void)state;
    assert_int_equal(rpr_control_add(&c, 0.1, &scale), RPR_DOUBT);
    assert_near(scale, 1.0);
    assert_int_equal(rpr_control_add(&c, 0.1, &scale), RPR_TIGHTEN);
    assert_near(scale, 0.8 * 0.05 / 0.1);
    assert_near(rpr_control_mean(&c) + 1.0, 1.0); /* what came before is forgotten */
    (void)rpr_control_add(&c, 0.9, &scale);
    assert_int_equal(rpr_control_add(&c, 0.9, &scale), RPR_TIGHTEN);
    assert_near(scale, 0.4 * 0.25);
    (void)rpr_control_add(&c, 0.051, &scale);
    assert_int_equal(rpr_control_add(&c, 0.051, &scale), RPR_TIGHTEN);
    assert_near(scale, 0.1 * 0.8 * 0.05 / 0.051);
}

static void an_enormous_error_acts_at_once(void **state)
{
    rpr_control c = control_of(0.01);
    double scale = 1.0;
    (void)state;
    assert_int_equal(rpr_control_add(&c, 0.15, &scale), RPR_DOUBT);
    assert_int_equal(rpr_control_add(&c, 0.25, &scale), RPR_TIGHTEN);
    assert_int_equal(rpr_control_add(&c, (double)INFINITY, &scale), RPR_TIGHTEN);
    assert_near(scale, 0.25 * 0.25);
}

/** Boxes agree or not: a few that do not are no breach while they are as rare as the budget. */
static void rare_errors_are_no_breach(void **state)
{
    rpr_control c = control_of(0.02);
    double scale = 1.0;
    (void)state;
    for (int i = 0; i < 400; i++) {
        rpr_verdict v = rpr_control_add(&c, i % 8 == 3 ? 0.1 : 0.0, &scale);
        assert_true(v == RPR_KEEP || v == RPR_DOUBT);
    }
    assert_near(scale, 1.0);
    int tightened = 0;
    for (int i = 0; i < 40; i++) /* and twice in five they are */
        tightened += rpr_control_add(&c, i % 5 < 2 ? 0.1 : 0.0, &scale) == RPR_TIGHTEN;
    assert_true(tightened > 0);
}

static void calm_loosens_up_to_the_plan(void **state)
{
    rpr_control c = control_of(0.05);
    double scale = 0.3, before = scale;
    int decisions = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        rpr_verdict v = rpr_control_add(&c, 0.01, &scale);
        assert_true(v == RPR_KEEP || v == RPR_LOOSEN);
        assert_true(scale >= before && scale <= before * 1.1500001 && scale <= 1.0);
        assert_true((v == RPR_LOOSEN) == (scale > before));
        decisions += v == RPR_LOOSEN;
        before = scale;
    }
    assert_near(scale, 1.0);
    assert_int_equal(decisions, 9); /* 0.3 * 1.15^9 > 1 */
}

/** With errors in proportion to the scale it settles, and stays where it is. */
static void it_settles(void **state)
{
    static const double slopes[] = {0.02, 0.06, 0.1, 0.5, 2.0};
    (void)state;
    for (size_t k = 0; k < sizeof slopes / sizeof *slopes; k++) {
        rpr_control c = control_of(0.05);
        double scale = 1.0;
        int late = 0;
        for (int i = 0; i < 200; i++) {
            const double error = slopes[k] * scale * (1.0 + 0.2 * sin(7.0 * i));
            rpr_verdict v = rpr_control_add(&c, error, &scale);
            late += i >= 100 && (v == RPR_TIGHTEN || v == RPR_LOOSEN);
        }
        if (!(slopes[k] * scale <= 0.05) || (scale < 1.0 && slopes[k] * scale < 0.4 * 0.05))
            fail_msg("slope %g: %g", slopes[k], slopes[k] * scale);
        assert_int_equal(late, 0);
    }
}

/** Gates that are wrong at any scale but 0 are tried more and more seldom. */
static void hopeless_gates_stay_exact(void **state)
{
    rpr_control c = control_of(0.05);
    double scale = 1.0;
    int wrong = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        const double error = 20.0 * scale;
        wrong += i >= 100 && error > 0.05;
        (void)rpr_control_add(&c, error, &scale);
    }
    assert_true(wrong > 0 && wrong < 20);
}

static void the_tightest_is_exact(void **state)
{
    rpr_control c = control_of(0.0);
    double scale = 1.0;
    (void)state;
    for (int i = 0; i < 20; i++)
        (void)rpr_control_add(&c, 1e-6, &scale);
    assert_near(scale, 1.0); /* rounding */
    for (int i = 0; i < 20; i++)
        (void)rpr_control_add(&c, 1e-3, &scale);
    assert_true(scale >= 0.0 && scale <= 0.0);
    assert_int_equal(rpr_control_add(&c, 1.0, &scale), RPR_TIGHTEN);
    assert_true(scale >= 0.0 && scale <= 0.0);
    c = control_of(0.1);
    for (int i = 0; i < 4; i++)
        (void)rpr_control_add(&c, 0.0, &scale);
    assert_near(scale, 1.0 / 64.0);
}

static void without_a_budget_nothing_follows(void **state)
{
    rpr_control c = control_of(-1.0);
    double scale = 0.5;
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(rpr_control_add(&c, i, &scale), RPR_KEEP);
    assert_near(scale, 0.5);
    assert_near(rpr_control_mean(&c), 11.5); /* of the last sixteen */
}

/** Of relative L2 a few large errors count for more than their mean. */
static void squares_are_averaged(void **state)
{
    rpr_control c, mean = control_of(0.05);
    double scale = 1.0, other = 1.0;
    int tightened = 0;
    (void)state;
    rpr_control_begin(&c, 0.05, 2.0, 16);
    (void)rpr_control_add(&c, 0.03, &scale);
    (void)rpr_control_add(&c, 0.04, &scale);
    assert_near(rpr_control_mean(&c), 0.05 / sqrt(2.0));
    for (int i = 0; i < 16; i++) {
        const double error = i == 0 ? 0.5 : 0.0; /* 0.031 on average, 0.125 by squares */
        tightened += rpr_control_add(&c, error, &scale) == RPR_TIGHTEN;
        assert_true(rpr_control_add(&mean, error, &other) != RPR_TIGHTEN);
    }
    assert_int_equal(tightened, 1);
    rpr_control_begin(&c, 0.05, 2.0, 16);
    scale = 1.0;
    (void)rpr_control_add(&c, 0.1, &scale);
    (void)rpr_control_add(&c, 0.1, &scale);
    assert_near(scale, 0.8 * 0.05 / 0.1);
}

static void a_window_of_one_is_sure(void **state)
{
    rpr_control c;
    double scale = 1.0;
    (void)state;
    rpr_control_begin(&c, 0.05, 1.0, 1);
    assert_int_equal(rpr_control_add(&c, 0.06, &scale), RPR_TIGHTEN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rpr_control_add(&c, 0.01, &scale), RPR_KEEP);
    assert_int_equal(rpr_control_add(&c, 0.01, &scale), RPR_LOOSEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_breach_tightens),
                                       cmocka_unit_test(an_enormous_error_acts_at_once),
                                       cmocka_unit_test(rare_errors_are_no_breach),
                                       cmocka_unit_test(calm_loosens_up_to_the_plan),
                                       cmocka_unit_test(it_settles),
                                       cmocka_unit_test(hopeless_gates_stay_exact),
                                       cmocka_unit_test(the_tightest_is_exact),
                                       cmocka_unit_test(without_a_budget_nothing_follows),
                                       cmocka_unit_test(squares_are_averaged),
                                       cmocka_unit_test(a_window_of_one_is_sure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
