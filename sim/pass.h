/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass: the lanes go once over the inputs of a block for one group of output maps (of one
 * gate). The front end meets the inputs in order, channels innermost; with reuse it drops those
 * that did not change. Every input that is left is broadcast, its weights are read, and its
 * products are added to the sums in the I/O buffer.
 */
#ifndef SIM_PASS_H
#define SIM_PASS_H

#include "sim/config.h"
#include "sim/counts.h"
#include "sim/net.h"

/** What an input costs that feeds `fan` output positions. Per fan from 0 to the taps of the layer.
 */
typedef struct sim_fan_cost {
    int64_t compute;               /* cycles of the lanes */
    int64_t service;               /* cycles until the next input may follow */
    int64_t stall[3];              /* service - compute, by what causes it: weights, I/O, ring */
    int64_t busy_weights, busy_io; /* cycles, of the busiest tile */
    int64_t read_span;             /* from the first line of the weights buffer to the last */
    int64_t weight_reads;          /* lines, all tiles */
    int64_t sum_reads;             /* lines of the I/O buffer, all tiles; as many are written */
    int32_t bank_step;             /* from the bank of its first weights to that of the last */
    int64_t lane_idle;             /* lane-cycles */
    int64_t macs;
} sim_fan_cost;

/** Timing of the arrays, in cycles of the accelerator that one access keeps a bank busy. */
typedef struct sim_timing {
    int64_t weights_busy, io_busy;
} sim_timing;

typedef struct sim_pass {
    const sim_config *c;
    const sim_layer *l;
    const sim_input *in;
    sim_timing timing;
    int32_t maps;          /* of this pass */
    const int32_t *fan[3]; /* per position of each axis: outputs of the block that it feeds */
    int32_t lo[3], hi[3];  /* positions of the block */
    int32_t image;
    const uint64_t *changed;   /* bit per element of the whole input; NULL: everything is sent on */
    bool reuse;                /* the front end quantises, and compares unless changed is NULL */
    bool last;                 /* writes the indices back */
    const sim_fan_cost *cost;  /* per fan */
    const int32_t *first_bank; /* per input channel: where its weights begin */
    int64_t *history;          /* room for the look-ahead queue: [queue] entries */
    int64_t *uses, *skips;     /* zeroed room for counts per fan: taps + 1 entries each */
} sim_pass;

/** Fills cost[0 .. taps] for a pass of `maps` maps; `change`: differences are broadcast, not
 * values. */
void sim_fan_costs(const sim_config *c, const sim_layer *l, const sim_timing *t, bool change,
                   int32_t maps, sim_fan_cost *cost);

/** Fills first_bank[ci]. */
void sim_first_banks(const sim_config *c, const sim_layer *l, int32_t maps, int32_t *first_bank);

/** Runs it; adds to the counts. Returns its cycles without filling the pipeline. */
int64_t sim_pass_run(const sim_pass *p, sim_counts *counts);

#endif
