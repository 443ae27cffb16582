/* SPDX-License-Identifier: Apache-2.0 */
/* What calibration refuses, and what is left of it when it is stopped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "film.h"
#include "nets.h"
#include "play.h"
#include "reprise/calibrate.h"

static void refuse(const rpr_model *m, const rpr_sample *s, const rpr_calibrate_options *o,
                   const char *named)
{
    rpr_calibration *c = (rpr_calibration *)&o;
    rpr_error err;
    assert_int_equal(rpr_calibrate(m, s, o, &c, &err), RPR_ERR_ARGUMENT);
    check_that(strstr(err.message, named) != NULL, "'%s' does not say '%s'", err.message, named);
    assert_null(c);
    assert_int_equal(rpr_calibrate(m, s, o, &c, NULL), RPR_ERR_ARGUMENT);
}

static void begin_nothing(void *user)
{
    (void)user;
}

static int add_nothing(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out)
{
    (void)dense, (void)reuse, (void)n_out;
    return user != NULL;
}

static double not_a_number(void *user)
{
    (void)user;
    return NAN;
}

static void mistakes_are_named(void **state)
{
    rpr_model *m = nets_named("plain");
    film *f = film_new(m, 1);
    rpr_sample s = sample_of(f);
    rpr_calibrate_options o;
    rpr_metric bad = {.begin = begin_nothing, .add = add_nothing, .error = not_a_number};
    (void)state;
#define REFUSE(change, named)                                                                      \
    do {                                                                                           \
        rpr_calibrate_options_init(&o);                                                            \
        o.budget = 0.1;                                                                            \
        s = sample_of(f);                                                                          \
        change;                                                                                    \
        refuse(m, &s, &o, named);                                                                  \
        f->broken = -1;                                                                            \
    } while (0)
    REFUSE(o.struct_size = 1, "rpr_calibrate_options_init");
    REFUSE(o.budget = -0.1, "budget: -0.1");
    REFUSE(o.budget = (double)NAN, "budget");
    REFUSE(o.budget = (double)INFINITY, "budget");
    REFUSE(o.budget = 1e9, "budget: 1e+09");
    REFUSE(o.objective = (rpr_objective)7, "objective: unknown value 7");
    REFUSE(o.held_back = 1.0, "held_back");
    REFUSE(o.threads = 0, "threads");
    REFUSE(o.settle = -1, "settle: -1 is negative");
    REFUSE(s.n = 0, "sample: 0 frames");
    REFUSE(s.n = 1, "sample: 1 frames");
    REFUSE(s.n = 3, "sample: 3 frames");
    REFUSE(s.frame = NULL, "no sample");
    REFUSE(f->broken = 0, "frame 0 could not be read");
    REFUSE(f->broken = 11, "frame 11 could not be read");
    REFUSE(o.metric = &bad, "metric: an error of nan");
    REFUSE((bad.user = f, o.metric = &bad), "metric: frame 1 was not taken");
#undef REFUSE
    assert_int_equal(rpr_calibrate(m, &s, &o, NULL, NULL), RPR_ERR_ARGUMENT);
    rpr_calibration_destroy(NULL);
    film_free(f);
    rpr_model_destroy(m);
}

static int stop_after(void *user, double done)
{
    int *calls = user;
    assert_true(done >= 0.0 && done <= 1.0);
    return --*calls < 0;
}

/** Ended early there is still a plan, and it keeps the budget. */
static void stops_with_the_best(void **state)
{
    rpr_model *m = nets_named("residual");
    film *f = film_new(m, 2);
    const rpr_sample s = sample_of(f);
    (void)state;
    for (int calls = 0; calls < 40; calls += 13) {
        int left = calls;
        rpr_calibrate_options o;
        rpr_calibration *c;
        rpr_calibrate_options_init(&o);
        o.budget = 0.1;
        o.progress = stop_after;
        o.progress_user = &left;
        assert_int_equal(rpr_calibrate(m, &s, &o, &c, NULL), RPR_OK);
        assert_true(c->stopped);
        assert_true(c->n > 0 && c->seen.error <= 0.1);
        rpr_calibration_destroy(c);
    }
    film_free(f);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mistakes_are_named),
                                       cmocka_unit_test(stops_with_the_best)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
