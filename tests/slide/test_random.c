/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs made at random, with a window at random: what the rewritten graph gives on the new columns
 * of every call is what the graph as it was gives on the whole window.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nets.h"
#include "rig.h"

#ifndef GRAPHS
#define GRAPHS 400
#endif
#define CALLS 32

typedef struct tally {
    int shifted, summed, whole, constant, delays, periods, heads, fewer;
    int64_t compared;
    double worst;
} tally;

static void count_layers(const rpr_slide *s, tally *t)
{
    for (size_t i = 0; i < s->n_layer; i++) {
        const rpr_slide_layer *l = &s->layer[i];
        t->shifted += l->verdict == RPR_WINDOW_SHIFTED;
        t->summed += l->verdict == RPR_WINDOW_SUMMED;
        t->whole += l->verdict == RPR_WINDOW_WHOLE;
        t->constant += l->verdict == RPR_WINDOW_CONSTANT;
        assert_true((l->verdict == RPR_WINDOW_WHOLE) == (*l->reason != '\0'));
        if (l->verdict == RPR_WINDOW_SHIFTED) {
            assert_true(l->computed >= 1 && l->computed < l->columns);
            assert_true(l->macs_hop <= l->macs);
        }
        t->fewer += l->macs_hop < l->macs;
    }
}

static void count_nodes(const rpr_graph *g, tally *t)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        if (strcmp(n->op, "Delay") != 0)
            continue;
        t->delays++;
        t->periods += rpr_node_int(n, "period", 1) > 1;
        t->heads += n->n_in > 1;
    }
}

static void one(uint64_t seed, tally *t)
{
    char what[64];
    random_window r;
    net whole = random_slide_net(seed, &r), slid = random_slide_net(seed, &r);
    const rpr_window w = {.axis = r.axis, .length = r.length, .hop = r.hop};
    (void)snprintf(what, sizeof what, "graph %llu", (unsigned long long)seed);
    rig_prepare(whole.g);
    rig_prepare(slid.g);
    rpr_slide *s = rig_slide(slid.g, &w);
    count_layers(s, t);
    count_nodes(slid.g, t);
    const rig_checked c = rig_compare(whole.g, slid.g, &w, CALLS, seed + 1000, what);
    assert_true(c.compared > 0);
    t->compared += c.compared;
    t->worst = c.worst > t->worst ? c.worst : t->worst;
    rpr_slide_free(s);
    rpr_graph_free(whole.g);
    rpr_graph_free(slid.g);
}

static void test_random(void **state)
{
    (void)state;
    tally t = {0};
    const char *only = getenv("SLIDE_SEED");
    for (uint64_t seed = 0; seed < GRAPHS && !only; seed++)
        one(seed, &t);
    if (only) {
        one(strtoull(only, NULL, 10), &t);
        return;
    }
    print_message("%d shifted, %d summed, %d whole, %d constant; %d delays, %d of several calls, "
                  "%d with a head; %lld values, off by %g at most\n",
                  t.shifted, t.summed, t.whole, t.constant, t.delays, t.periods, t.heads,
                  (long long)t.compared, t.worst);
    assert_true(t.shifted > 2 * GRAPHS);
    assert_true(t.whole > GRAPHS / 4);
    assert_true(t.delays > GRAPHS);
    assert_true(t.periods > GRAPHS / 10);
    assert_true(t.heads > GRAPHS / 10);
    assert_true(t.fewer > GRAPHS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
