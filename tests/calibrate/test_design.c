/* SPDX-License-Identifier: Apache-2.0 */
/* Trials that tell the effects of many things apart. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "calibrate/design.h"

enum { MOST = 70, MOST_TRIALS = 80 };

static double sign(size_t trials, size_t trial, size_t thing)
{
    return rpr_design_more(trials, trial, thing) ? 1.0 : -1.0;
}

/* Everything is more in half of the trials, and so is it with any other thing in either state. */
static void trials_are_balanced(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MOST; n += n < 8 ? 1 : 13) {
        const size_t trials = rpr_design_trials(n);
        assert_true(trials > n && trials <= MOST_TRIALS);
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b <= a; b++) {
                double alone = 0.0, both = 0.0;
                for (size_t i = 0; i < trials; i++) {
                    alone += sign(trials, i, a);
                    both += sign(trials, i, a) * sign(trials, i, b);
                }
                assert_true(fabs(alone) < 0.5);
                assert_true(fabs(both - (a == b ? (double)trials : 0.0)) < 0.5);
            }
    }
}

static void effects_are_told_apart(void **state)
{
    enum { N = 32 };
    double value[MOST_TRIALS];
    const size_t trials = rpr_design_trials(N);
    (void)state;
    assert_int_equal(trials, 44);
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        for (size_t i = 0; i < trials; i++) {
            value[i] = 5.0;
            for (size_t k = 0; k < N; k++)
                value[i] += (mirrored ? -1.0 : 1.0) * sign(trials, i, k) * (double)(k * k);
        }
        for (size_t k = 0; k < N; k++)
            assert_true(fabs(rpr_design_effect(value, trials, k, mirrored != 0) - (double)(k * k)) <
                        1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(trials_are_balanced),
                                       cmocka_unit_test(effects_are_told_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
