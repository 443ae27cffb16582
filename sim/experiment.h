/* SPDX-License-Identifier: Apache-2.0 */
/* One workload on one configuration, with everything that a report shows of it. */
#ifndef SIM_EXPERIMENT_H
#define SIM_EXPERIMENT_H

#include "sim/energy.h"
#include "sim/simulate.h"

#define SIM_MAX_SIMILARITIES 64

/** Either a preset with made-up changes, or a trace. */
typedef struct sim_workload {
    const char *preset, *trace;
    double similarity[SIM_MAX_SIMILARITIES]; /* one for all layers, or one per layer */
    int n_similarity;
    bool clustered;
    double run; /* mean length of a run of changed elements, if clustered */
    uint64_t seed;
    int64_t executions; /* to simulate after the first; 0: by the size of the preset */
    int64_t sequence;   /* length of a sequence, for means; 0: the preset's, or the trace's */
    const char *off;    /* layers without reuse: names with commas between; NULL: none */
    int cycle_end;      /* of the bands of the buffers' cycle times: SIM_END_* */
    sim_tick tick;      /* executions done */
} sim_workload;

/** Of one execution, on average over a sequence: its first, and all further ones. */
typedef struct sim_mean {
    double n[SIM_N_COUNTS];
    sim_energy energy;
    sim_band total; /* pJ */
} sim_mean;

typedef struct sim_outcome {
    sim_config config;
    sim_workload workload;
    sim_net net;
    sim_tables tables;
    sim_costs costs;
    sim_result result;
    int64_t sequence;
    sim_mean mean[SIM_N_VARIANTS];
    sim_area area[SIM_N_VARIANTS];
} sim_outcome;

/** Free the outcome in any case. */
int sim_experiment_run(const sim_config *c, const sim_workload *w, sim_outcome *out,
                       rpr_error *err);
void sim_outcome_free(sim_outcome *o);

/** Fills sequence, mean and area from what was simulated; again after a change of the costs. */
void sim_outcome_summarise(sim_outcome *o);

/** Of one layer. */
void sim_outcome_layer(const sim_outcome *o, int32_t layer, int variant, sim_mean *mean);

/** Unchanged inputs / inputs, and MACs skipped / dense ones, over the further executions. */
double sim_outcome_similarity(const sim_outcome *o, int32_t layer); /* -1: of all layers */
double sim_outcome_reuse(const sim_outcome *o, int32_t layer);

/** Cycles without reuse / with reuse; energy saved as a share; extra area as a share. */
double sim_outcome_speedup(const sim_outcome *o);
sim_band sim_outcome_saving(const sim_outcome *o);
sim_band sim_outcome_extra_area(const sim_outcome *o);

/** Calls work(user, i) for i in [0, n) on as many threads as there are processors. tick may be
 * NULL. */
void sim_parallel(int n, void (*work)(void *user, int i), void *user, const sim_tick *tick);

#endif
