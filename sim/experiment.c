/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/experiment.h"

#include <string.h>

#include "core/status.h"
#include "sim/from_trace.h"
#include "sim/arith.h"

/* Enough for stable means: executions are alike, so the larger the network the fewer are needed. */
#define EXECUTED_MACS 3e9
#define MOST_EXECUTIONS 200

static int64_t default_executions(const sim_net *net)
{
    double macs = 0.0;
    for (int32_t i = 0; i < net->n_layer; i++)
        macs += (double)net->layer[i].macs;
    int64_t n = (int64_t)(EXECUTED_MACS / macs);
    return n < 1 ? 1 : sim_least(n, MOST_EXECUTIONS);
}

/** Switches reuse off for the layers that `off` names. */
static int leave_out(sim_net *net, const char *off, rpr_error *err)
{
    while (off && *off) {
        size_t n = strcspn(off, ",");
        bool found = false;
        for (int32_t i = 0; i < net->n_layer; i++)
            if (strlen(net->layer[i].name) == n && strncmp(net->layer[i].name, off, n) == 0) {
                net->layer[i].reuse = false;
                found = true;
            }
        if (!found)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "%s has no layer %.*s", net->name, (int)n, off);
        off += n + (off[n] == ',');
    }
    return RPR_OK;
}

static int simulate_preset(sim_outcome *o, const sim_timing *timing, rpr_error *err)
{
    const sim_workload *w = &o->workload;
    sim_drawn drawn;
    double similarity[SIM_MAX_SIMILARITIES];
    if (w->n_similarity != 1 && w->n_similarity != o->net.n_layer)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s has %d layers, but %d similarities were given",
                        o->net.name, (int)o->net.n_layer, w->n_similarity);
    for (int32_t i = 0; i < o->net.n_layer; i++)
        similarity[i] = w->similarity[w->n_similarity == 1 ? 0 : i];
    sim_pattern pattern = {.clustered = w->clustered, .run = w->run, .state = w->seed};
    int64_t later = w->executions ? w->executions : default_executions(&o->net);
    RPR_TRY(sim_drawn_open(&drawn, &o->net, similarity, &pattern, later, err));
    sim_source source = sim_drawn_source(&drawn);
    source.tick = w->tick;
    int status = sim_simulate(&o->config, timing, &o->net, &source, &o->result, err);
    sim_drawn_close(&drawn);
    return status;
}

static int simulate_trace(sim_outcome *o, sim_traced *t, const sim_timing *timing, rpr_error *err)
{
    sim_source source = sim_traced_source(t);
    source.tick = o->workload.tick;
    RPR_TRY(sim_simulate(&o->config, timing, &o->net, &source, &o->result, err));
    o->net.sequence = sim_most(t->frames / sim_most(o->result.n_first, 1), 1);
    return RPR_OK;
}

/* ------------------------------------------------------------------- means */

static void scale(sim_band *b, double share, const sim_band *more)
{
    b->low += share * more->low;
    b->nominal += share * more->nominal;
    b->high += share * more->high;
}

static void add_share(const sim_outcome *o, const sim_counts *counts, int variant, double share,
                      sim_mean *mean)
{
    sim_energy e;
    for (int i = 0; i < SIM_N_COUNTS; i++)
        mean->n[i] += share * (double)counts->n[i];
    sim_energy_of(counts, &o->costs, &o->config, variant == SIM_REUSE, &e);
    for (int i = 0; i < SIM_N_PARTS; i++)
        scale(&mean->energy.part[i], share, &e.part[i]);
}

static void mean_of(const sim_outcome *o, const sim_counts *first, const sim_counts *later,
                    int variant, sim_mean *mean)
{
    double n = (double)o->sequence;
    *mean = (sim_mean){0};
    if (o->result.n_later == 0)
        n = 1.0;
    if (o->result.n_first > 0)
        add_share(o, first, variant, 1.0 / (n * (double)o->result.n_first), mean);
    if (o->result.n_later > 0)
        add_share(o, later, variant, (n - 1.0) / (n * (double)o->result.n_later), mean);
    mean->total = sim_energy_total(&mean->energy);
}

void sim_outcome_layer(const sim_outcome *o, int32_t layer, int variant, sim_mean *mean)
{
    const sim_layer_result *l = &o->result.layer[layer];
    mean_of(o, &l->first[variant], &l->later[variant], variant, mean);
}

void sim_outcome_summarise(sim_outcome *o)
{
    o->sequence = o->workload.sequence ? o->workload.sequence : o->net.sequence;
    for (int v = 0; v < SIM_N_VARIANTS; v++) {
        sim_counts first, later;
        sim_result_sum(&o->result, v, true, &first);
        sim_result_sum(&o->result, v, false, &later);
        mean_of(o, &first, &later, v, &o->mean[v]);
        sim_area_of(&o->costs, &o->config, v == SIM_REUSE, &o->area[v]);
    }
}

int sim_experiment_run(const sim_config *c, const sim_workload *w, sim_outcome *out, rpr_error *err)
{
    sim_traced traced = {0};
    *out = (sim_outcome){.config = *c, .workload = *w};
    RPR_TRY(sim_config_check(c, err));
    RPR_TRY(sim_tables_load(&out->tables, c->tables, err));
    RPR_TRY(sim_costs_find(&out->tables, c, &out->costs, err));
    sim_timing timing = sim_costs_timing(&out->costs, c, w->cycle_end);
    int status = w->trace ? sim_traced_open(&traced, w->trace, &out->net, err)
                          : sim_preset(w->preset, &out->net, err);
    if (status == RPR_OK && w->sequence)
        out->net.sequence = w->sequence;
    if (status == RPR_OK)
        status = leave_out(&out->net, w->off, err);
    if (status == RPR_OK)
        status = w->trace ? simulate_trace(out, &traced, &timing, err)
                          : simulate_preset(out, &timing, err);
    sim_traced_close(&traced);
    if (status == RPR_OK)
        sim_outcome_summarise(out);
    return status;
}

void sim_outcome_free(sim_outcome *o)
{
    sim_result_free(&o->result);
    sim_net_free(&o->net);
    sim_tables_free(&o->tables);
}

/* ------------------------------------------------------------------ shares */

/** Layers that read one input meet the same changes: of all layers, they count once. */
static bool reads_first(const sim_net *net, int32_t layer)
{
    for (int32_t i = 0; i < layer; i++)
        if (net->layer[i].input == net->layer[layer].input)
            return false;
    return true;
}

double sim_outcome_similarity(const sim_outcome *o, int32_t layer)
{
    int64_t elements = 0, changed = 0;
    for (int32_t i = 0; i < o->net.n_layer; i++)
        if (layer < 0 ? reads_first(&o->net, i) : layer == i) {
            elements += o->result.layer[i].elements;
            changed += o->result.layer[i].changed;
        }
    return elements ? 1.0 - (double)changed / (double)elements : 0.0;
}

double sim_outcome_reuse(const sim_outcome *o, int32_t layer)
{
    int64_t executed = 0, skipped = 0;
    for (int32_t i = 0; i < o->net.n_layer; i++)
        if (layer < 0 || layer == i) {
            const sim_counts *n = &o->result.layer[i].later[SIM_REUSE];
            executed += n->n[SIM_MACS];
            skipped += n->n[SIM_SKIPPED];
        }
    return executed + skipped ? (double)skipped / (double)(executed + skipped) : 0.0;
}

double sim_outcome_speedup(const sim_outcome *o)
{
    return o->mean[SIM_BASE].n[SIM_CYCLES] / o->mean[SIM_REUSE].n[SIM_CYCLES];
}

/** The same end of the band on either side: the rows are those of one technology. */
static sim_band share_of(const sim_band *part, const sim_band *whole)
{
    const sim_band one = {1.0, 1.0, 1.0}; /* of nothing */
    if (whole->low <= 0.0 || whole->nominal <= 0.0 || whole->high <= 0.0)
        return one;
    return (sim_band){.low = part->low / whole->low,
                      .nominal = part->nominal / whole->nominal,
                      .high = part->high / whole->high};
}

sim_band sim_outcome_saving(const sim_outcome *o)
{
    sim_band s = share_of(&o->mean[SIM_REUSE].total, &o->mean[SIM_BASE].total);
    return (sim_band){1.0 - s.low, 1.0 - s.nominal, 1.0 - s.high};
}

sim_band sim_outcome_extra_area(const sim_outcome *o)
{
    sim_band s = share_of(&o->area[SIM_REUSE].total, &o->area[SIM_BASE].total);
    return (sim_band){s.low - 1.0, s.nominal - 1.0, s.high - 1.0};
}
