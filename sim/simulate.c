/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/simulate.h"

#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "sim/bits.h"

void sim_result_free(sim_result *r)
{
    for (int v = 0; v < SIM_N_VARIANTS; v++)
        sim_plan_free(&r->plan[v]);
    rpr_free(r->layer);
    *r = (sim_result){0};
}

void sim_result_sum(const sim_result *r, int variant, bool first, sim_counts *sum)
{
    *sum = (sim_counts){0};
    for (int32_t i = 0; i < r->net->n_layer; i++) {
        const sim_layer_result *l = &r->layer[i];
        sim_counts_add(sum, first ? &l->first[variant] : &l->later[variant], 1);
    }
}

/** Elements of every layer's input that changed, each counted once. */
static void count_changed(const sim_net *net, const sim_execution *e, sim_result *r)
{
    for (int32_t i = 0; i < net->n_layer; i++) {
        int64_t elements = net->input[net->layer[i].input].elements;
        r->layer[i].elements += elements;
        r->layer[i].changed += sim_bits_count(e->changed[net->layer[i].input], elements);
    }
}

/**
 * Without reuse executions of a kind are alike: one of each is run, and counted as often as there
 * were. The very first one loads what stays.
 */
static int run_base(const sim_config *c, const sim_timing *timing, const sim_net *net,
                    sim_result *r, sim_counts *counts, rpr_error *err)
{
    sim_machine m;
    size_t bytes = (size_t)net->n_layer * sizeof *counts;
    int status = sim_machine_open(&m, c, timing, net, false, err);
    const struct {
        bool first, resumes;
        int64_t times;
    } kinds[] = {{true, false, 1},
                 {false, false, r->n_later - r->n_resumes},
                 {false, true, r->n_resumes},
                 {true, false, r->n_first - 1}};
    for (size_t k = 0; status == RPR_OK && k < sizeof kinds / sizeof kinds[0]; k++) {
        memset(counts, 0, bytes);
        const sim_execution e = {.first = kinds[k].first, .resumes = kinds[k].resumes};
        sim_machine_run(&m, &e, counts);
        for (int32_t i = 0; i < net->n_layer; i++) {
            sim_layer_result *l = &r->layer[i];
            sim_counts_add(kinds[k].first ? &l->first[SIM_BASE] : &l->later[SIM_BASE], &counts[i],
                           kinds[k].times);
        }
    }
    r->plan[SIM_BASE] = m.plan;
    m.plan = (sim_plan){0};
    sim_machine_close(&m);
    return status;
}

static int run_reuse(const sim_config *c, const sim_timing *timing, const sim_net *net,
                     const sim_source *source, sim_result *r, sim_counts *counts, rpr_error *err)
{
    sim_machine m;
    int status = sim_machine_open(&m, c, timing, net, true, err);
    while (status == RPR_OK) {
        sim_execution e = {0};
        bool end = false;
        status = source->next(source->user, &e, &end, err);
        if (status != RPR_OK || end)
            break;
        memset(counts, 0, (size_t)net->n_layer * sizeof *counts);
        sim_machine_run(&m, &e, counts);
        *(e.first ? &r->n_first : &r->n_later) += 1;
        r->n_resumes += !e.first && e.resumes;
        if (source->tick.fn)
            source->tick.fn(source->tick.user, r->n_first + r->n_later);
        if (!e.first)
            count_changed(net, &e, r);
        for (int32_t i = 0; i < net->n_layer; i++)
            sim_counts_add(e.first ? &r->layer[i].first[SIM_REUSE] : &r->layer[i].later[SIM_REUSE],
                           &counts[i], 1);
    }
    r->plan[SIM_REUSE] = m.plan;
    m.plan = (sim_plan){0};
    sim_machine_close(&m);
    return status;
}

static int check(const sim_config *c, const sim_result *r, rpr_error *err)
{
    for (int32_t i = 0; i < r->net->n_layer; i++)
        for (int v = 0; v < SIM_N_VARIANTS; v++) {
            const sim_layer *l = &r->net->layer[i];
            const sim_layer_result *x = &r->layer[i];
            RPR_TRY(sim_counts_check(&x->first[v], c, r->n_first * l->macs, l->name, err));
            RPR_TRY(sim_counts_check(&x->later[v], c, r->n_later * l->macs, l->name, err));
        }
    return RPR_OK;
}

int sim_simulate(const sim_config *c, const sim_timing *timing, const sim_net *net,
                 const sim_source *source, sim_result *result, rpr_error *err)
{
    size_t n = (size_t)net->n_layer;
    *result = (sim_result){.net = net};
    result->layer = rpr_alloc_array(n, sizeof *result->layer);
    sim_counts *counts = rpr_alloc_array(n, sizeof *counts);
    int status = RPR_OK;
    if (!result->layer || !counts)
        status = rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    if (status == RPR_OK)
        status = run_reuse(c, timing, net, source, result, counts, err);
    if (status == RPR_OK)
        status = run_base(c, timing, net, result, counts, err);
    if (status == RPR_OK)
        status = check(c, result, err);
    rpr_free(counts);
    if (status != RPR_OK)
        sim_result_free(result);
    return status;
}

/* ------------------------------------------------------- made-up executions */

int sim_drawn_open(sim_drawn *d, const sim_net *net, const double *similarity,
                   const sim_pattern *pattern, int64_t later, rpr_error *err)
{
    *d = (sim_drawn){.net = net, .similarity = similarity, .pattern = *pattern, .later = later};
    d->changed = rpr_alloc_array((size_t)net->n_input, sizeof *d->changed);
    bool ok = d->changed != NULL;
    for (int32_t i = 0; ok && i < net->n_input; i++) {
        d->changed[i] = rpr_alloc_array((size_t)sim_bits_words(net->input[i].elements) + 1,
                                        sizeof *d->changed[i]);
        ok = d->changed[i] != NULL;
    }
    if (ok)
        return RPR_OK;
    sim_drawn_close(d);
    return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
}

void sim_drawn_close(sim_drawn *d)
{
    for (int32_t i = 0; d->changed && i < d->net->n_input; i++)
        rpr_free(d->changed[i]);
    rpr_free(d->changed);
    *d = (sim_drawn){0};
}

static int next_drawn(void *user, sim_execution *e, bool *end, rpr_error *err)
{
    sim_drawn *d = user;
    (void)err;
    *end = d->done > d->later;
    *e = (sim_execution){.first = d->done == 0, .changed = (const uint64_t *const *)d->changed};
    for (int32_t i = 0; d->done > 0 && !*end && i < d->net->n_layer; i++) {
        int32_t input = d->net->layer[i].input;
        sim_pattern_fill(&d->pattern, d->similarity[i], d->changed[input],
                         d->net->input[input].elements);
    }
    d->done++;
    return RPR_OK;
}

sim_source sim_drawn_source(sim_drawn *d)
{
    return (sim_source){.next = next_drawn, .user = d};
}
