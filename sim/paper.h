/* SPDX-License-Identifier: Apache-2.0 */
/* The paper's four networks at the similarities that its authors showed, beside its figures. */
#ifndef SIM_PAPER_H
#define SIM_PAPER_H

#include "sim/experiment.h"

enum { SIM_PAPER_NETS = 4 };

/**
 * The authors' talk gave four similarities and four shares of MACs avoided, without saying which is
 * whose. Network i is assumed to have the i-th; the means over all other assignments are given too.
 */
typedef struct sim_paper_net {
    const char *name;
    double similarity, reuse; /* shown in the talk */
    const char *left_out;     /* layers said to be left out of reuse: recalled, not read */
} sim_paper_net;

extern const sim_paper_net sim_paper_nets[SIM_PAPER_NETS];

/** One figure of the paper. */
typedef struct sim_paper_figure {
    const char *name, *unit;
    double value;
    const char *how; /* "published", "talk", "recalled" */
} sim_paper_figure;

enum {
    SIM_PAPER_SIMILARITY,
    SIM_PAPER_REUSE,
    SIM_PAPER_SAVING,
    SIM_PAPER_SPEEDUP,
    SIM_PAPER_SPEEDUP_LOWEST,
    SIM_PAPER_SPEEDUP_HIGHEST,
    SIM_PAPER_AREA,
    SIM_PAPER_AREA_REUSE,
    SIM_PAPER_AREA_MORE,
    SIM_PAPER_N_FIGURES
};
extern const sim_paper_figure sim_paper_figures[SIM_PAPER_N_FIGURES];

/** Every network at every similarity of a set of four. */
typedef struct sim_paper_grid {
    double speedup[SIM_PAPER_NETS][SIM_PAPER_NETS]; /* [network][similarity] */
    double reuse[SIM_PAPER_NETS][SIM_PAPER_NETS];
    sim_band saving[SIM_PAPER_NETS][SIM_PAPER_NETS];
    sim_outcome outcome[SIM_PAPER_NETS]; /* of network i at similarity i */
} sim_paper_grid;

typedef struct sim_paper_mean {
    double assumed, lowest, highest; /* over the 24 assignments */
} sim_paper_mean;

/**
 * Simulates on all cores. at[i] is the i-th similarity; sequence as in sim_workload. Free the grid
 * in any case.
 */
int sim_paper_run(const sim_config *c, const double at[SIM_PAPER_NETS], int64_t sequence,
                  sim_paper_grid *grid, rpr_error *err);
void sim_paper_free(sim_paper_grid *grid);

/** Mean over the networks of a value per network and similarity. */
sim_paper_mean sim_paper_mean_of(const double value[SIM_PAPER_NETS][SIM_PAPER_NETS]);

/* ------------------------------------------------------------- sensitivity */

/** What a change of one assumption does to the means of the four networks. */
typedef struct sim_paper_effect {
    char what[96];
    double speedup, saving, area_more; /* NAN: such a machine cannot be */
} sim_paper_effect;

typedef struct sim_paper_effects {
    sim_paper_effect *effect; /* the first one is the configuration itself */
    int n;
} sim_paper_effects;

/** Varies every assumed parameter but the process, for which there are no other rows, and every row
 * of the energy tables. tick: of sim_paper_trials().
 */
int sim_paper_sensitivity(const sim_config *c, const sim_tick *tick, sim_paper_effects *effects,
                          rpr_error *err);
int sim_paper_trials(void);
/** Key that the i-th trial changes, such as "dram.channels"; NULL beyond the last. */
const char *sim_paper_variation(int i);
void sim_paper_effects_free(sim_paper_effects *effects);

#endif
