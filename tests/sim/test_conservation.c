/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random networks on random machines. sim_simulate itself checks that everything is conserved; here
 * it has to be content, whatever it is given, and to give the same result where it must.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

/* ----------------------------------------------------------------- networks */

/** One direction of an LSTM. */
static sim_layer random_cell(rng *g)
{
    int32_t cells = rng_between(g, 1, 20);
    sim_layer l = sim_fc("cell", cells + rng_between(g, 1, 40), cells);
    l.gates = 4;
    l.macs *= 4;
    return l;
}

static void draw_net(rng *g, rig *r)
{
    int32_t n = rng_between(g, 1, 7);
    r->net.recurrent = rng_below(g, 5) == 0;
    r->net.sequence = rng_between(g, 1, 20);
    for (int32_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "layer%d", i);
        sim_layer l = rng_below(g, 6) == 0 ? random_cell(g) : random_layer(g, name);
        if (l.gates == 1 && rng_below(g, 3) == 0)
            l.kept = larger(1, l.kept / 4);
        l.reuse = rng_below(g, 6) > 0;
        rig_add(r, &l, rng_below(g, 4) ? rng_between(g, 1, 9) : 32);
        if (i > 0 && sim_layer_inputs(&l) == r->input[i - 1].elements)
            r->layer[i].input = i - 1; /* two that read the same */
    }
}

static void draw_config(rng *g, rig *r)
{
    static const char *const lines[] = {"4 B", "16 B", "64 B", "128 B"};
    rig_set_int(r, "machine.tiles", rng_between(g, 1, 6));
    rig_set_int(r, "machine.lanes", rng_between(g, 1, 40));
    rig_set(r, "pipeline.skips", rng_below(g, 2) ? "lookahead" : "in_order");
    rig_set(r, "pipeline.conv", rng_below(g, 2) ? "maps" : "positions");
    rig_set(r, "pipeline.gates", rng_below(g, 2) ? "one_by_one" : "together");
    rig_set_int(r, "pipeline.queue", rng_between(g, 1, 20));
    rig_set_int(r, "pipeline.compares", rng_between(g, 1, 9));
    rig_set(r, "weights.line", lines[rng_below(g, 4)]);
    rig_set(r, "io.line", lines[rng_below(g, 4)]);
    rig_set_int(r, "weights.banks", rng_between(g, 1, 9));
    rig_set_int(r, "io.banks", rng_between(g, 1, 9));
    r->c.weights_size = 1024 * rng_between(g, 1, 64);
    r->c.io_size = 1024 * rng_between(g, 1, 32);
    r->c.io_size_reuse = r->c.io_size + 1024 * rng_below(g, 3);
    rig_set(r, "ring.link", rng_below(g, 2) ? "3 B/cycle" : "32 B/cycle");
    rig_set_int(r, "dram.channels", rng_between(g, 1, 5));
    rig_set_int(r, "dram.banks", rng_between(g, 1, 9));
    rig_set(r, "dram.clock", rng_below(g, 2) ? "1600 MHz" : "333 MHz");
    rig_set(r, "dram.trefi", rng_below(g, 2) ? "3904 ns" : "1 us");
    r->timing = (sim_timing){rng_between(g, 1, 5), rng_between(g, 1, 5)};
}

/** False if the network cannot be placed there. */
static bool can_be_placed(const rig *r)
{
    for (int v = 0; v < SIM_N_VARIANTS; v++) {
        sim_plan p;
        rpr_error err;
        if (sim_plan_make(&r->c, &r->net, v == SIM_REUSE, &p, &err) != RPR_OK)
            return false;
        sim_plan_free(&p);
    }
    return true;
}

/* -------------------------------------------------------------- simulations */

static void draw_pattern(rng *g, const rig *r, sim_pattern *p, double *similarity)
{
    static const double some[] = {0.0, 1.0, 0.5, 0.99, 0.03, 0.66};
    *p = (sim_pattern){.clustered = rng_below(g, 2) == 0,
                       .run = 1.0 + 20.0 * (double)rng_unit(g),
                       .state = rng_next(g)};
    for (int i = 0; i < RIG_MAX; i++)
        similarity[i] = rng_below(g, 2) ? some[rng_below(g, 6)] : (double)rng_unit(g);
    for (int32_t i = 0; i < r->net.n_layer; i++)
        similarity[i] = similarity[r->layer[i].input]; /* given per layer, drawn per input */
}

/** Simulates a first execution and `later` more; free the result. */
static void simulate(const rig *r, const sim_pattern *p, const double *similarity, int64_t later,
                     sim_result *result)
{
    sim_drawn d;
    rpr_error err = {{0}};
    assert_int_equal(sim_drawn_open(&d, &r->net, similarity, p, later, &err), RPR_OK);
    sim_source source = sim_drawn_source(&d);
    if (sim_simulate(&r->c, &r->timing, &r->net, &source, result, &err) != RPR_OK)
        fail_msg("%s", err.message);
    sim_drawn_close(&d);
}

/** Every layer: dense work in both machines, the first executions alike. */
static void check_result(const rig *r, const double *similarity, const sim_result *s)
{
    assert_int_equal(s->n_first, 1);
    for (int32_t i = 0; i < r->net.n_layer; i++) {
        const sim_layer_result *l = &s->layer[i];
        const sim_layer *n = &r->layer[i];
        assert_int_equal(l->first[SIM_BASE].n[SIM_MACS], n->macs);
        assert_int_equal(l->first[SIM_REUSE].n[SIM_MACS], n->macs);
        assert_int_equal(l->later[SIM_BASE].n[SIM_MACS], n->macs * s->n_later);
        int64_t done = l->later[SIM_REUSE].n[SIM_MACS];
        assert_int_equal(done + l->later[SIM_REUSE].n[SIM_SKIPPED], n->macs * s->n_later);
        assert_int_equal(l->elements, sim_layer_inputs(n) * s->n_later);
        if (!n->reuse || similarity[i] == 0.0)
            assert_int_equal(done, n->macs * s->n_later);
        else if (similarity[i] == 1.0)
            assert_int_equal(done, 0);
    }
}

/** Transfers of one execution at most: every block comes and goes, and weights come. */
static int64_t transfers(const sim_plan *p, const sim_net *net)
{
    int64_t n = 0;
    for (int32_t i = 0; i < net->n_layer; i++) {
        const sim_layer_plan *l = &p->layer[i];
        int64_t blocks = (int64_t)net->layer[i].n * l->blocks[0] * l->blocks[1] * l->blocks[2];
        n += l->passes * (3 * blocks + 2);
    }
    return n;
}

/**
 * The DRAM is active, in power-down or in self-refresh all the time: clocks of these are the
 * cycles, but for what is lost when clocks become whole cycles, less than a cycle's per transfer
 * and per pause.
 */
static void check_background(const rig *r, const sim_result *s)
{
    for (int v = 0; v < SIM_N_VARIANTS; v++)
        for (int first = 0; first < 2; first++) {
            sim_counts n;
            sim_result_sum(s, v, first, &n);
            double ratio = (double)r->c.dram_clock / (double)r->c.frequency;
            double all = (double)n.n[SIM_CYCLES] * ratio;
            double known = (double)(n.n[SIM_DRAM_ACTIVE] + n.n[SIM_DRAM_DOWN] + n.n[SIM_DRAM_SELF]);
            int64_t executions = first ? s->n_first : s->n_later;
            double lost = (double)(executions * transfers(&s->plan[v], &r->net)) * (2.0 + ratio);
            if (fabs(all - known) > 2.0 * lost)
                fail_msg("variant %d, first %d: %g clocks of %g are accounted for (%g)", v, first,
                         known, all, lost);
        }
}

/** Anything that can be; false if the draw cannot be placed on its machine. */
static bool draw(rng *g, rig *r, sim_pattern *p, double *similarity)
{
    rig_init(r);
    draw_net(g, r);
    draw_config(g, r);
    draw_pattern(g, r, p, similarity);
    return can_be_placed(r);
}

static void test_anything(void **state)
{
    (void)state;
    rng g = {11};
    int done = 0;
    for (int round = 0; round < 3000; round++) {
        rig r;
        sim_pattern p;
        sim_result s;
        double similarity[RIG_MAX];
        if (!draw(&g, &r, &p, similarity))
            continue;
        simulate(&r, &p, similarity, rng_below(&g, 4), &s);
        check_result(&r, similarity, &s);
        check_background(&r, &s);
        sim_result_free(&s);
        done++;
    }
    assert_true(done > 1000);
}

static void same_counts(const rig *r, const sim_result *a, const sim_result *b, sim_count from,
                        sim_count to)
{
    for (int32_t i = 0; i < r->net.n_layer; i++)
        for (int v = 0; v < SIM_N_VARIANTS; v++)
            for (int k = (int)from; k <= (int)to; k++) {
                assert_int_equal(a->layer[i].first[v].n[k], b->layer[i].first[v].n[k]);
                assert_int_equal(a->layer[i].later[v].n[k], b->layer[i].later[v].n[k]);
            }
}

/* The same seed, the same counts, all of them; whatever the blocks, the same MACs. */
static void test_same(void **state)
{
    (void)state;
    rng g = {12};
    for (int round = 0; round < 200; round++) {
        rig r;
        sim_pattern p;
        sim_result a, b;
        double similarity[RIG_MAX];
        if (!draw(&g, &r, &p, similarity))
            continue;
        simulate(&r, &p, similarity, 2, &a);
        simulate(&r, &p, similarity, 2, &b);
        same_counts(&r, &a, &b, SIM_MACS, SIM_SPECIAL);
        sim_result_free(&b);
        rig_set(&r, "io.size", "8 MiB");
        rig_set(&r, "io.size_reuse", "8 MiB");
        simulate(&r, &p, similarity, 2, &b);
        same_counts(&r, &a, &b, SIM_MACS, SIM_SKIPPED);
        sim_result_free(&a);
        sim_result_free(&b);
    }
}

/* Sets that contain each other: what changed at a higher similarity changed at the lower ones too.
 */
static void test_nested(void **state)
{
    (void)state;
    static const float shares[] = {0.0f, 0.01f, 0.1f, 0.3f, 0.31f, 0.7f, 1.0f};
    rng g = {13};
    for (int round = 0; round < 100; round++) {
        rig r;
        sim_counts n;
        int64_t macs = 0, weights = 0;
        rig_init(&r);
        draw_config(&g, &r);
        sim_layer l = random_layer(&g, "layer");
        rig_add(&r, &l, 5);
        if (!can_be_placed(&r))
            continue;
        rig_open(&r);
        uint64_t seed = rng_next(&g);
        rig_run(&r, SIM_REUSE, true, &n);
        for (int i = 0; i < 7; i++) {
            rng each = {seed};
            rig_change(&r, 0, 0);
            for (int64_t e = 0; e < r.input[0].elements; e++)
                if (rng_unit(&each) < shares[i])
                    sim_bits_set(r.changed[0], e);
            rig_run(&r, SIM_REUSE, false, &n);
            assert_true(n.n[SIM_MACS] >= macs && n.n[SIM_WEIGHTS_READ] >= weights);
            macs = n.n[SIM_MACS];
            weights = n.n[SIM_WEIGHTS_READ];
        }
        assert_int_equal(macs, l.macs);
        rig_close(&r);
    }
}

/* -------------------------------------------------------- several sequences */

typedef struct sequences {
    const uint64_t *const *changed;
    int64_t done, length, all;
} sequences;

static int next_of_sequences(void *user, sim_execution *e, bool *end, rpr_error *err)
{
    sequences *s = user;
    (void)err;
    *end = s->done == s->all;
    *e = (sim_execution){.first = s->done % s->length == 0, .changed = s->changed};
    s->done += !*end;
    return RPR_OK;
}

/* Three sequences of four: weights that stay on chip come once, whatever the machine. */
static void test_sequences(void **state)
{
    (void)state;
    rig r;
    sim_result s;
    rpr_error err = {{0}};
    sim_layer l = sim_fc("fc", 64, 128);
    rig_init(&r);
    rig_add(&r, &l, 4);
    uint64_t none = 0;
    const uint64_t *changed[1] = {&none};
    sequences q = {.changed = changed, .length = 4, .all = 12};
    sim_source source = {next_of_sequences, &q};
    assert_int_equal(sim_simulate(&r.c, &r.timing, &r.net, &source, &s, &err), RPR_OK);
    assert_int_equal(s.n_first, 3);
    assert_int_equal(s.n_later, 9);
    for (int v = 0; v < SIM_N_VARIANTS; v++) {
        const sim_layer_result *x = &s.layer[0];
        assert_int_equal(x->later[v].n[SIM_MACS], v == SIM_BASE ? 9 * 64 * 128 : 0);
        assert_int_equal(x->first[v].n[SIM_MACS], 3 * 64 * 128);
    }
    int64_t weights = 64 * 128 * 4; /* 32 maps per tile are a line of 128 B */
    assert_int_equal(s.layer[0].first[SIM_REUSE].n[SIM_BYTES_WEIGHTS], weights);
    assert_int_equal(s.layer[0].first[SIM_BASE].n[SIM_BYTES_WEIGHTS], weights);
    sim_result_free(&s);
}

/* ----------------------------------------------------------------- patterns */

enum { ELEMENTS = 200003 };

/** Shares with at least so many expected of either kind are compared within 4 sigma. */
static void check_share(const sim_pattern *how, double similarity, uint64_t *bits)
{
    sim_pattern p = *how;
    double share = 1.0 - similarity, one = p.clustered ? p.run : 1.0 / (1.0 - share);
    double gap = p.clustered ? one * (1.0 - share) / share : 1.0 / share;
    sim_pattern_fill(&p, similarity, bits, ELEMENTS);
    int64_t n = sim_bits_count(bits, ELEMENTS), all = 0;
    for (int64_t i = 0; i < sim_bits_words(ELEMENTS); i++)
        all += __builtin_popcountll(bits[i]);
    assert_int_equal(n, all); /* nothing behind the last element */
    if (gap < 1.0) {          /* runs must then be longer than asked */
        gap = 1.0;
        one = share / (1.0 - share);
    }
    /* Neighbours agree with this correlation; it widens the spread of the mean. */
    double rho = 1.0 - 1.0 / one - 1.0 / gap;
    double sigma = sqrt(share * (1.0 - share) / ELEMENTS * (1.0 + rho) / (1.0 - rho));
    double off = fabs((double)n / ELEMENTS - share);
    if (off > 4.0 * sigma + 0x1p-16)
        fail_msg("similarity %g, run %g: share %g, %g sigma", similarity, how->run,
                 (double)n / ELEMENTS, off / sigma);
    int64_t runs = 0;
    for (int64_t e = 0; e < ELEMENTS; e++)
        runs += sim_bits_get(bits, e, 1) && (e == 0 || !sim_bits_get(bits, e - 1, 1));
    double mean = (double)n / (double)runs, spread = sqrt(one * (one - 1.0) / (double)runs);
    if (p.clustered && fabs(mean - one) > 4.0 * spread + one / (double)runs)
        fail_msg("similarity %g: runs of %g, asked for %g", similarity, mean, one);
}

static void test_patterns(void **state)
{
    (void)state;
    static const double similarity[] = {0.01, 0.1, 0.33, 0.5, 0.61, 0.8, 0.95, 0.99};
    static const double run[] = {1.0, 2.0, 7.5, 30.0};
    uint64_t *bits = malloc((size_t)sim_bits_words(ELEMENTS) * sizeof *bits);
    assert_non_null(bits);
    for (int i = 0; i < 8; i++) {
        check_share(&(sim_pattern){.state = (uint64_t)i}, similarity[i], bits);
        for (int k = 0; k < 4; k++)
            check_share(&(sim_pattern){.clustered = true, .run = run[k], .state = (uint64_t)i},
                        similarity[i], bits);
    }
    free(bits);
}

static void test_pattern_ends(void **state)
{
    (void)state;
    for (int clustered = 0; clustered < 2; clustered++)
        for (int64_t n = 1; n < 200; n++) {
            uint64_t bits[4];
            sim_pattern p = {.clustered = clustered, .run = 3.0, .state = 5};
            for (int all = 0; all < 2; all++) {
                memset(bits, 0xa5, sizeof bits);
                sim_pattern_fill(&p, all ? 0.0 : 1.0, bits, n);
                int64_t words = sim_bits_words(n), set = 0;
                for (int64_t i = 0; i < words; i++)
                    set += __builtin_popcountll(bits[i]);
                assert_int_equal(set, all ? n : 0);
            }
        }
}

/* --------------------------------------------------------------------- laws */

/* Counts that stand in an equation: one more or less of any must be noticed. */
static const sim_count bound[] = {
    SIM_MACS,         SIM_SKIPPED,       SIM_CYCLES,         SIM_CYCLES_COMPUTE,  SIM_STALL_WEIGHTS,
    SIM_STALL_IO,     SIM_STALL_RING,    SIM_STALL_SCAN,     SIM_STALL_DRAM,      SIM_CYCLES_FINISH,
    SIM_CYCLES_FILL,  SIM_LANE_IDLE,     SIM_IO_SUM_READ,    SIM_IO_SUM_WRITE,    SIM_BYTES_WEIGHTS,
    SIM_BYTES_ACT_IN, SIM_BYTES_ACT_OUT, SIM_BYTES_STATE_IN, SIM_BYTES_STATE_OUT, SIM_DRAM_READ,
    SIM_DRAM_WRITE,
};

static void must_fail(const sim_counts *n, const sim_config *c, int64_t dense, const char *what)
{
    rpr_error err = {{0}};
    if (sim_counts_check(n, c, dense, "the layer", &err) != RPR_ERR_INTERNAL)
        fail_msg("%s was disturbed, and nothing noticed", what);
    assert_non_null(strstr(err.message, "the layer"));
}

static void disturb(const sim_counts *n, const sim_config *c, int64_t dense)
{
    for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++)
        for (int64_t by = -1; by <= 1; by += 2) {
            sim_counts d = *n;
            d.n[bound[i]] += by;
            must_fail(&d, c, dense, sim_count_name(bound[i]));
        }
    for (int k = 0; k < SIM_N_COUNTS; k++) {
        sim_counts d = *n;
        d.n[k] = -1;
        must_fail(&d, c, dense, sim_count_name((sim_count)k));
    }
    for (int k = SIM_BUSY_FRONT; k <= SIM_BUSY_DRAM; k++) {
        sim_counts d = *n;
        d.n[k] = d.n[SIM_CYCLES] + 1;
        must_fail(&d, c, dense, sim_count_name((sim_count)k));
    }
    must_fail(n, c, dense + 1, "the dense count");
}

static void test_laws(void **state)
{
    (void)state;
    rng g = {14};
    rpr_error err;
    int done = 0;
    for (int round = 0; round < 60; round++) {
        rig r;
        sim_pattern p;
        sim_result s;
        double similarity[RIG_MAX];
        if (!draw(&g, &r, &p, similarity))
            continue;
        simulate(&r, &p, similarity, 1, &s);
        for (int v = 0; v < SIM_N_VARIANTS; v++) {
            const sim_counts *n = &s.layer[0].later[v];
            int64_t dense = r.layer[0].macs;
            assert_int_equal(sim_counts_check(n, &r.c, dense, "the layer", &err), RPR_OK);
            disturb(n, &r.c, dense);
        }
        sim_result_free(&s);
        done++;
    }
    assert_true(done > 20);
}

/* The sum over the layers is what it says. */
static void test_sum(void **state)
{
    (void)state;
    rng g = {15};
    rig r;
    sim_pattern p;
    sim_result s;
    sim_counts sum;
    double similarity[RIG_MAX];
    do {
        rig_init(&r);
        draw_net(&g, &r);
        draw_pattern(&g, &r, &p, similarity);
    } while (r.net.n_layer < 3 || !can_be_placed(&r));
    simulate(&r, &p, similarity, 3, &s);
    for (int first = 0; first < 2; first++)
        for (int v = 0; v < SIM_N_VARIANTS; v++) {
            sim_result_sum(&s, v, first, &sum);
            for (int k = 0; k < SIM_N_COUNTS; k++) {
                int64_t want = 0;
                for (int32_t i = 0; i < r.net.n_layer; i++)
                    want += first ? s.layer[i].first[v].n[k] : s.layer[i].later[v].n[k];
                assert_int_equal(sum.n[k], want);
            }
        }
    sim_result_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anything),     cmocka_unit_test(test_same),
        cmocka_unit_test(test_nested),       cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_pattern_ends), cmocka_unit_test(test_laws),
        cmocka_unit_test(test_sum),          cmocka_unit_test(test_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
