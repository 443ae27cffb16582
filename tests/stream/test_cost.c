/* SPDX-License-Identifier: Apache-2.0 */
/* The cost model's constants: sane wherever they come from, and without influence but on choices.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cost.h"
#include "nets.h"
#include "play.h"

static const char *const isas[] = {"scalar",   "neon",   "neondot",   "avx2",
                                   "avx2vnni", "avx512", "avx512vnni"};

enum { CONSTANTS = sizeof(rpr_cost) / sizeof(double) };

static void numbers_of(const rpr_cost *c, double v[CONSTANTS])
{
    memcpy(v, c, sizeof *c);
}

/** Positive, finite, and within `clamp` times and parts of the table. */
static void check_sane(const rpr_cost *c, const char *isa, double clamp)
{
    rpr_cost table = rpr_cost_named(isa);
    double v[CONSTANTS], t[CONSTANTS];
    numbers_of(c, v);
    numbers_of(&table, t);
    for (int i = 0; i < CONSTANTS; i++)
        check_that(isfinite(v[i]) && v[i] > 0.0 && v[i] <= t[i] * clamp * 1.000001 &&
                       v[i] * clamp * 1.000001 >= t[i],
                   "%s: constant %d is %g", isa, i, v[i]);
}

static void tables_are_sane(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        rpr_cost c = rpr_cost_named(isas[i]), unknown = rpr_cost_named("quantum");
        rpr_cost scalar = rpr_cost_named("scalar");
        check_sane(&c, isas[i], 1.0);
        assert_true(c.crowd_vector <= c.change_vector);
        assert_true(c.change_vector <= c.change_far_vector);
        assert_memory_equal(&unknown, &scalar, sizeof scalar);
    }
}

/** Those of the integer kernels, which no two sets of instructions need share. */
static void integer_tables_are_sane(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        const rpr_cost c = rpr_cost_named_i8(isas[i]), unknown = rpr_cost_named_i8("quantum");
        const rpr_cost scalar = rpr_cost_named_i8("scalar");
        double v[CONSTANTS];
        numbers_of(&c, v);
        for (int k = 0; k < CONSTANTS; k++)
            check_that(isfinite(v[k]) && v[k] > 0.0, "%s: constant %d is %g", isas[i], k, v[k]);
        assert_true(c.crowd_vector <= c.change_vector);
        assert_true(c.change_vector <= c.change_far_vector);
        assert_true(c.dense_vector <= scalar.dense_vector);
        assert_memory_equal(&unknown, &scalar, sizeof scalar);
    }
}

static void fits_are_sane(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        const rpr_kernels *k = rpr_kernels_named(isas[i]);
        rpr_cost c, table = rpr_cost_named(isas[i]);
        if (!k)
            continue;
        assert_true(rpr_cost_fit(k, &c));
        check_sane(&c, isas[i], RPR_COST_CLAMP);
        assert_true(!(c.dense_vector > table.dense_vector || c.dense_vector < table.dense_vector));
    }
}

/* --------------------------------------------------------------------- loading */

typedef struct lines {
    int n;
    rpr_log_level level;
    char last[256];
} lines;

static void keep_line(void *user, rpr_log_level level, const char *line)
{
    lines *l = user;
    l->n++;
    l->level = level;
    (void)snprintf(l->last, sizeof l->last, "%s", line);
}

static rpr_model *load(int fit, lines *l)
{
    rpr_model_options opt;
    rpr_model *m;
    rpr_error err;
    rpr_model_options_init(&opt);
    opt.fit = fit;
    opt.log = keep_line;
    opt.log_user = l;
    assert_int_equal(rpr_model_from_graph(nets_graph(0), &opt, &m, &err), RPR_OK);
    return m;
}

static void loading_fits_on_demand(void **state)
{
    const char *isa = rpr_isa();
    rpr_cost table = rpr_cost_named(isa);
    (void)state;
    for (int fit = 0; fit < 2; fit++) {
        lines l = {0};
        rpr_model *m = load(fit, &l);
        check_sane(&m->cost, isa, fit ? RPR_COST_CLAMP : 1.0);
        assert_int_equal(l.n, fit);
        if (fit) {
            assert_int_equal(l.level, RPR_LOG_INFO);
            assert_non_null(strstr(l.last, isa));
        } else {
            assert_memory_equal(&m->cost, &table, sizeof table);
        }
        rpr_model_destroy(m);
    }
}

static void options_have_versions(void **state)
{
    rpr_model_options opt;
    rpr_model *m;
    rpr_error err;
    (void)state;
    rpr_model_options_init(&opt);
    opt.fit = 2;
    assert_int_equal(rpr_model_load_memory("x", 1, &opt, &m, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "fit"));
    opt.struct_size = offsetof(rpr_model_options, fit); /* then nobody reads it */
    int status = rpr_model_load_memory("x", 1, &opt, &m, &err);
    assert_true(status != RPR_OK && status != RPR_ERR_ARGUMENT); /* it is no model */
}

/* -------------------------------------------------------------------- choosing */

static rpr_model *model_with(const char *net, const rpr_cost *c)
{
    rpr_model *m = nets_named(net);
    m->cost = *c;
    return m;
}

/** The table with some constants at the lowest and the others at the highest that a fit may give.
 */
static rpr_cost extreme(unsigned high)
{
    rpr_cost c = rpr_cost_named(rpr_isa());
    double v[CONSTANTS];
    numbers_of(&c, v);
    for (int i = 1; i < CONSTANTS; i++)
        v[i] *= high >> i & 1 ? RPR_COST_CLAMP : 1.0 / RPR_COST_CLAMP;
    memcpy(&c, v, sizeof c);
    return c;
}

/** The same constants, the same bits; other constants, other choices, and the contract holds. */
static void constants_decide(void **state)
{
    static const char *const nets[] = {"plain", "residual", "pyramid", "transposed"};
    int choices[2][3] = {{0}};
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        for (int round = 0; round < 4; round++) {
            const unsigned high = (const unsigned[]){0u, ~0u, 0x155u, 0x2aau}[round];
            const rpr_cost c = extreme(high);
            rpr_stream_options opt = play_options();
            opt.oracle = 1;
            opt.gate = play_gate_of(PLAY_DEADZONE);
            show a = show_new(model_with(nets[i], &c), &opt, 9);
            rpr_model *again = model_with(nets[i], &c);
            player *b = player_new(again, &opt);
            for (int f = 0; f < 20; f++) {
                rpr_oracle o;
                show_next(&a);
                player_run(b, a.s);
                rpr_frame_stats x = player_stats(a.p), y = player_stats(b);
                assert_true(player_same(a.p, b));
                assert_int_equal(x.macs_executed, y.macs_executed);
                assert_int_equal(rpr_stream_oracle(a.p->s, &o), RPR_OK);
                assert_true(o.worst <= 1.0);
                for (int k = 0; k < 3 && round < 2; k++)
                    choices[round][k] += x.layers[k];
            }
            player_free(b);
            rpr_model_destroy(again);
            show_free(&a);
        }
    assert_true(choices[0][RPR_CHOICE_DENSE] < choices[1][RPR_CHOICE_DENSE]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sane),       cmocka_unit_test(integer_tables_are_sane),
        cmocka_unit_test(fits_are_sane),         cmocka_unit_test(loading_fits_on_demand),
        cmocka_unit_test(options_have_versions), cmocka_unit_test(constants_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
