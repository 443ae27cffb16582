/* SPDX-License-Identifier: Apache-2.0 */
/* One machine, with or without reuse, at work on one network: execution after execution. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "sim/dram.h"
#include "sim/pass.h"
#include "sim/plan.h"

/** What one execution of the network is given. */
typedef struct sim_execution {
    bool first;   /* of a sequence: there is nothing to compare with, everything is computed */
    bool resumes; /* of a sequence that goes on from another: weights kept for one come anew */
    const uint64_t *const *changed; /* per input; ignored if first, and without reuse */
} sim_execution;

typedef struct sim_machine {
    const sim_config *c;
    const sim_net *net;
    bool reuse;
    sim_timing timing;
    sim_plan plan;
    sim_dram dram;
    bool cold;     /* nothing was executed: resident weights are not there yet */
    int64_t slack; /* cycles of the layer before during which the DRAM had nothing to do */
    /* scratch */
    int32_t *fan[3];
    int32_t *first_bank;
    sim_fan_cost *cost;
    int64_t *history, *uses, *skips;
} sim_machine;

/** The network and the configuration must outlive the machine. Close it in any case. */
int sim_machine_open(sim_machine *m, const sim_config *c, const sim_timing *timing,
                     const sim_net *net, bool reuse, rpr_error *err);
void sim_machine_close(sim_machine *m);

/** Runs one execution; adds to counts[i] of every layer i. Allocates nothing. */
void sim_machine_run(sim_machine *m, const sim_execution *e, sim_counts *counts);

/* --------------------------------------------- what the files of it share */

/** One block of a layer, and what it moves. */
typedef struct sim_block {
    int32_t image;
    int32_t out0[3], out1[3]; /* outputs */
    int32_t lo[3], hi[3];     /* inputs, halo included */
    int64_t outputs;          /* sums of all gates, for the maps of the present group */
    int64_t kept, kept_at;    /* values handed on, and where in DRAM: bytes */
    bool changed;             /* some input of it changed, so sums did */
} sim_block;

/** One layer during one execution. */
typedef struct sim_step {
    sim_machine *m;
    const sim_layer *l;
    const sim_layer_plan *p;
    const sim_input *in;
    bool first;              /* dense: no state to compare with */
    bool reuse;              /* this layer, in this machine */
    const uint64_t *changed; /* NULL: everything counts as changed */
    sim_counts *counts;
    int32_t group, maps; /* the present group of output maps, and how many it has */
    int64_t done;        /* outputs of the blocks before */
} sim_step;

/** The b-th of all blocks of a layer. */
void sim_block_make(const sim_step *r, int64_t b, sim_block *block);
int64_t sim_n_blocks(const sim_step *r);

/** Transfers of a block (move.c); return cycles. */
int64_t sim_fetch(sim_step *r, const sim_block *b);
int64_t sim_store(sim_step *r, const sim_block *b);
/** Weights of the present group, all of them. */
int64_t sim_load_weights(sim_step *r);
/** Weights of a layer that uses each once, for the inputs that changed. */
int64_t sim_stream_weights(sim_step *r);

#endif
