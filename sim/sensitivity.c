/* SPDX-License-Identifier: Apache-2.0 */
/* What each assumption is worth: the paper's means with one of them changed at a time. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "sim/paper.h"

/* Other values that one could as well have assumed. */
static const struct {
    const char *key, *value;
} variations[] = {
    {"machine.frequency", "250 MHz"},
    {"machine.frequency", "1000 MHz"},
    {"machine.tiles", "2"},
    {"machine.tiles", "8"},
    {"machine.lanes", "16"},
    {"machine.lanes", "64"},
    {"pipeline.stages", "20 cycles"},
    {"pipeline.reuse_stages", "10 cycles"},
    {"pipeline.skips", "in_order"},
    {"pipeline.queue", "1"},
    {"pipeline.queue", "256"},
    {"pipeline.compares", "4"},
    {"pipeline.conv", "positions"},
    {"pipeline.gates", "together"},
    {"weights.size", "4 MiB"},
    {"weights.size", "18 MiB"},
    {"weights.line", "64 B"},
    {"weights.line", "256 B"},
    {"weights.banks", "2"},
    {"weights.banks", "16"},
    {"io.size", "256 KiB"},
    {"io.size_reuse", "512 KiB"},
    {"io.line", "64 B"},
    {"io.banks", "2"},
    {"centroids.size", "128 B"},
    {"ring.link", "4 B/cycle"},
    {"ring.hop", "4 cycles"},
    {"dram.channels", "1"},
    {"dram.channels", "4"},
    {"dram.clock", "800 MHz"},
    {"dram.turnaround", "60 ns"},
    {"dram.power_down_after", "1 us"},
    {"dram.self_refresh_after", "10 us"},
};

/* Other workloads. */
enum {
    LEFT_OUT,
    CLUSTERED,
    SHORT_SEQUENCE,
    LONG_SEQUENCE,
    AT_REUSE,
    SLOW_ARRAYS,
    FAST_ARRAYS,
    N_WORKLOADS
};
static const char *const workloads[N_WORKLOADS] = {"layers left out as recalled",
                                                   "changes in runs of 64",
                                                   "sequences ten times shorter",
                                                   "sequences ten times longer",
                                                   "similarities = MACs avoided of the talk",
                                                   "buffers' cycle times: high ends of their bands",
                                                   "buffers' cycle times: low ends of their bands"};

enum {
    N_VARIATIONS = sizeof variations / sizeof variations[0],
    N_RUNS = 1 + N_VARIATIONS + N_WORKLOADS
};

typedef struct trial {
    sim_config config;
    int workload; /* -1: the paper's */
    char what[96];
    sim_outcome outcome[SIM_PAPER_NETS];
    int status;
    rpr_error err;
} trial;

static sim_workload workload_of(int net, int other)
{
    const sim_paper_net *n = &sim_paper_nets[net];
    sim_workload w = {
        .preset = n->name, .similarity = {n->similarity}, .n_similarity = 1, .seed = 1};
    switch (other) {
    case LEFT_OUT:
        w.off = n->left_out;
        break;
    case CLUSTERED:
        w.clustered = true;
        w.run = 64;
        break;
    case AT_REUSE:
        w.similarity[0] = n->reuse;
        break;
    case SLOW_ARRAYS:
    case FAST_ARRAYS:
        w.cycle_end = other == SLOW_ARRAYS ? SIM_END_HIGH : SIM_END_LOW;
        break;
    default:
        break;
    }
    return w;
}

/** Sequences are of different length per network, so this needs the network first. */
static int64_t sequence_of(const char *preset, int other, rpr_error *err)
{
    sim_net net;
    if (other != SHORT_SEQUENCE && other != LONG_SEQUENCE)
        return 0;
    if (sim_preset(preset, &net, err) != RPR_OK)
        return 0;
    int64_t n = other == LONG_SEQUENCE ? net.sequence * 10 : net.sequence / 10;
    sim_net_free(&net);
    return n > 0 ? n : 1;
}

static void run_trial(void *user, int i)
{
    trial *t = (trial *)user + i;
    for (int net = 0; t->status == RPR_OK && net < SIM_PAPER_NETS; net++) {
        sim_workload w = workload_of(net, t->workload);
        w.sequence = sequence_of(w.preset, t->workload, &t->err);
        t->status = sim_experiment_run(&t->config, &w, &t->outcome[net], &t->err);
    }
}

static void effect_of(const trial *t, sim_paper_effect *e)
{
    *e = (sim_paper_effect){0};
    snprintf(e->what, sizeof e->what, "%s", t->what);
    for (int net = 0; net < SIM_PAPER_NETS; net++) {
        const sim_outcome *o = &t->outcome[net];
        e->speedup += sim_outcome_speedup(o) / SIM_PAPER_NETS;
        e->saving += sim_outcome_saving(o).nominal / SIM_PAPER_NETS;
        e->area_more += sim_outcome_extra_area(o).nominal / SIM_PAPER_NETS;
    }
}

/** The machine cannot be with this change; the others can. */
static void not_possible(const trial *t, sim_paper_effect *e)
{
    *e = (sim_paper_effect){.speedup = NAN, .saving = NAN, .area_more = NAN};
    snprintf(e->what, sizeof e->what, "%s", t->what);
}

/** Moves a figure, and what varies with it, to one end of its band. */
static void move_to_end(sim_costs *costs, sim_cost cost, bool high)
{
    for (int i = 0; i < SIM_N_COSTS; i++) {
        sim_band *v = &costs->of[i].value;
        if (sim_costs_leader((sim_cost)i) == cost)
            v->nominal = high ? v->high : v->low;
    }
}

/** Cycle times change the simulation; they are trials of their own. */
static bool varies_alone(sim_cost c)
{
    return sim_costs_leader(c) == c && c != SIM_COST_WEIGHTS_CYCLE && c != SIM_COST_IO_CYCLE;
}

/** The same simulations with other figures. */
static void effect_of_row(trial *t, sim_cost cost, bool high, sim_paper_effect *e)
{
    for (int net = 0; net < SIM_PAPER_NETS; net++) {
        sim_outcome *o = &t->outcome[net];
        const sim_costs kept = o->costs;
        move_to_end(&o->costs, cost, high);
        sim_outcome_summarise(o);
        o->costs = kept;
    }
    snprintf(t->what, sizeof t->what, "%s: %s end of its band", sim_cost_name(cost),
             high ? "high" : "low");
    effect_of(t, e);
    for (int net = 0; net < SIM_PAPER_NETS; net++)
        sim_outcome_summarise(&t->outcome[net]);
}

static int make_trials(const sim_config *c, trial *t, rpr_error *err)
{
    snprintf(t[0].what, sizeof t[0].what, "as configured");
    for (int i = 0; i < N_RUNS; i++) {
        t[i].config = *c;
        t[i].workload = -1;
    }
    for (int i = 0; i < N_VARIATIONS; i++) {
        trial *x = &t[1 + i];
        RPR_TRY(sim_config_set(&x->config, variations[i].key, variations[i].value, err));
        snprintf(x->what, sizeof x->what, "%s = %s", variations[i].key, variations[i].value);
    }
    for (int i = 0; i < N_WORKLOADS; i++) {
        trial *x = &t[1 + N_VARIATIONS + i];
        x->workload = i;
        snprintf(x->what, sizeof x->what, "%s", workloads[i]);
    }
    return RPR_OK;
}

int sim_paper_sensitivity(const sim_config *c, const sim_tick *tick, sim_paper_effects *effects,
                          rpr_error *err)
{
    *effects = (sim_paper_effects){0};
    trial *t = rpr_alloc_array(N_RUNS, sizeof *t);
    effects->effect = rpr_alloc_array(N_RUNS + 2 * SIM_N_COSTS, sizeof *effects->effect);
    int status = RPR_OK;
    if (!t || !effects->effect)
        status = rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    if (status == RPR_OK)
        status = make_trials(c, t, err);
    if (status == RPR_OK)
        sim_parallel(N_RUNS, run_trial, t, tick);
    for (int i = 0; status == RPR_OK && i < N_RUNS; i++) {
        if (t[i].status == RPR_OK)
            effect_of(&t[i], &effects->effect[effects->n++]);
        else if (i == 0 || t[i].status == RPR_ERR_NOMEM)
            status = rpr_fail(err, t[i].status, "%s", t[i].err.message);
        else
            not_possible(&t[i], &effects->effect[effects->n++]);
    }
    for (int i = 0; status == RPR_OK && i < SIM_N_COSTS; i++)
        for (int high = 0; high < 2 && varies_alone((sim_cost)i); high++)
            effect_of_row(&t[0], (sim_cost)i, high, &effects->effect[effects->n++]);
    for (int i = 0; t && i < N_RUNS; i++)
        for (int net = 0; net < SIM_PAPER_NETS; net++)
            sim_outcome_free(&t[i].outcome[net]);
    rpr_free(t);
    return status;
}

const char *sim_paper_variation(int i)
{
    return i >= 0 && i < N_VARIATIONS ? variations[i].key : NULL;
}

int sim_paper_trials(void)
{
    return N_RUNS;
}

void sim_paper_effects_free(sim_paper_effects *effects)
{
    rpr_free(effects->effect);
    *effects = (sim_paper_effects){0};
}
