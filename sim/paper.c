/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/paper.h"

#include <string.h>

#include "core/alloc.h"
#include "core/status.h"

/* A recollection has a speech network as the slowest and AutoPilot as the fastest. */
const sim_paper_net sim_paper_nets[SIM_PAPER_NETS] = {
    {"autopilot", 0.77, 0.79, "fc3,fc4,fc5"},
    {"c3d", 0.69, 0.74, "conv1a"},
    {"kaldi", 0.52, 0.55, "FC1,FC2"},
    {"eesen", 0.45, 0.53, NULL},
};

const sim_paper_figure sim_paper_figures[SIM_PAPER_N_FIGURES] = {
    [SIM_PAPER_SIMILARITY] = {"similarity, mean", "%", 61.0, "talk"},
    [SIM_PAPER_REUSE] = {"MACs avoided, mean", "%", 66.0, "talk"},
    [SIM_PAPER_SAVING] = {"energy saved, mean", "%", 63.0, "published"},
    [SIM_PAPER_SPEEDUP] = {"speed-up, mean", "x", 3.5, "recalled"},
    [SIM_PAPER_SPEEDUP_LOWEST] = {"speed-up, lowest", "x", 1.9, "recalled"},
    [SIM_PAPER_SPEEDUP_HIGHEST] = {"speed-up, highest", "x", 5.2, "recalled"},
    [SIM_PAPER_AREA] = {"area without reuse", "mm2", 52.0, "recalled"},
    [SIM_PAPER_AREA_REUSE] = {"area with reuse", "mm2", 53.0, "recalled"},
    [SIM_PAPER_AREA_MORE] = {"area added, less than", "%", 1.0, "recalled"},
};

/* -------------------------------------------------------------------- grid */

typedef struct cell {
    const sim_config *c;
    const double *at;
    int64_t sequence;
    sim_paper_grid *grid;
    int status[SIM_PAPER_NETS * SIM_PAPER_NETS];
    rpr_error err[SIM_PAPER_NETS * SIM_PAPER_NETS];
} cell;

static void run_cell(void *user, int i)
{
    cell *k = user;
    int net = i / SIM_PAPER_NETS, at = i % SIM_PAPER_NETS;
    const sim_workload w = {.preset = sim_paper_nets[net].name,
                            .similarity = {k->at[at]},
                            .n_similarity = 1,
                            .seed = 1,
                            .sequence = k->sequence};
    sim_outcome other, *o = net == at ? &k->grid->outcome[net] : &other;
    k->status[i] = sim_experiment_run(k->c, &w, o, &k->err[i]);
    if (k->status[i] == RPR_OK) {
        k->grid->speedup[net][at] = sim_outcome_speedup(o);
        k->grid->reuse[net][at] = sim_outcome_reuse(o, -1);
        k->grid->saving[net][at] = sim_outcome_saving(o);
    }
    if (net != at)
        sim_outcome_free(o);
}

int sim_paper_run(const sim_config *c, const double at[SIM_PAPER_NETS], int64_t sequence,
                  sim_paper_grid *grid, rpr_error *err)
{
    enum { CELLS = SIM_PAPER_NETS * SIM_PAPER_NETS };
    *grid = (sim_paper_grid){0};
    cell *k = rpr_alloc(sizeof *k);
    if (!k)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    k->c = c;
    k->at = at;
    k->grid = grid;
    k->sequence = sequence;
    sim_parallel(CELLS, run_cell, k, NULL);
    int status = RPR_OK;
    for (int i = 0; status == RPR_OK && i < CELLS; i++)
        if (k->status[i] != RPR_OK)
            status = rpr_fail(err, k->status[i], "%s", k->err[i].message);
    rpr_free(k);
    return status;
}

void sim_paper_free(sim_paper_grid *grid)
{
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        sim_outcome_free(&grid->outcome[i]);
}

/** Tries every assignment of the similarities that are not `used` to the networks from `net` on. */
static void assign(const double value[SIM_PAPER_NETS][SIM_PAPER_NETS], int net, unsigned used,
                   double sum, sim_paper_mean *mean)
{
    if (net == SIM_PAPER_NETS) {
        double m = sum / SIM_PAPER_NETS;
        mean->lowest = m < mean->lowest ? m : mean->lowest;
        mean->highest = m > mean->highest ? m : mean->highest;
        return;
    }
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        if (!(used >> i & 1))
            assign(value, net + 1, used | 1u << i, sum + value[net][i], mean);
}

sim_paper_mean sim_paper_mean_of(const double value[SIM_PAPER_NETS][SIM_PAPER_NETS])
{
    sim_paper_mean mean = {.lowest = 1e300, .highest = -1e300};
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        mean.assumed += value[i][i] / SIM_PAPER_NETS;
    assign(value, 0, 0, 0.0, &mean);
    return mean;
}
