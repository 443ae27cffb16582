/* SPDX-License-Identifier: Apache-2.0 */
/* The same executions on the machine without and with reuse. */
#ifndef SIM_SIMULATE_H
#define SIM_SIMULATE_H

#include "sim/machine.h"
#include "sim/pattern.h"

/** Told how far work has come, on the thread that called. fn may be NULL. */
typedef struct sim_tick {
    void (*fn)(void *user, int64_t done);
    void *user;
} sim_tick;

/** Where executions come from. */
typedef struct sim_source {
    /** The next one, valid until the following call; *end is set instead after the last. */
    int (*next)(void *user, sim_execution *e, bool *end, rpr_error *err);
    void *user;
    sim_tick tick; /* after every execution */
} sim_source;

enum { SIM_BASE, SIM_REUSE, SIM_N_VARIANTS };

typedef struct sim_layer_result {
    /* [variant]; sums over the first executions of a sequence, and over the further ones */
    sim_counts first[SIM_N_VARIANTS], later[SIM_N_VARIANTS];
    int64_t elements, changed; /* of its input, over the further executions, each counted once */
} sim_layer_result;

typedef struct sim_result {
    const sim_net *net;
    sim_plan plan[SIM_N_VARIANTS];
    sim_layer_result *layer;
    int64_t n_first, n_later; /* executions */
    int64_t n_resumes;        /* among the further ones */
} sim_result;

/** Simulates to the end of the source and checks that everything is conserved. */
int sim_simulate(const sim_config *c, const sim_timing *timing, const sim_net *net,
                 const sim_source *source, sim_result *result, rpr_error *err);
void sim_result_free(sim_result *r);

/** Sums over the layers. */
void sim_result_sum(const sim_result *r, int variant, bool first, sim_counts *sum);

/* ------------------------------------------------------- made-up executions */

/** A first execution and `later` ones whose changes are drawn. */
typedef struct sim_drawn {
    const sim_net *net;
    const double *similarity; /* per layer */
    sim_pattern pattern;
    int64_t later, done;
    uint64_t **changed; /* per input */
} sim_drawn;

int sim_drawn_open(sim_drawn *d, const sim_net *net, const double *similarity,
                   const sim_pattern *pattern, int64_t later, rpr_error *err);
void sim_drawn_close(sim_drawn *d);
sim_source sim_drawn_source(sim_drawn *d);

#endif
