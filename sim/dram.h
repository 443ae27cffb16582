/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LPDDR4. The channels work in step as one wide channel: a row of it is a row of each. A transfer
 * is a list of contiguous pieces; the controller keeps rows open and activates the row of the next
 * piece while the present one is transferred. All times are clocks of the DRAM.
 */
#ifndef SIM_DRAM_H
#define SIM_DRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/config.h"
#include "sim/counts.h"

#define SIM_DRAM_MAX_BANKS 64

typedef struct sim_dram {
    int64_t row, burst; /* bytes, all channels */
    int64_t channels, banks;
    int64_t burst_clocks, trcd, trp, tras, trfc, trefi, turn, power_down, self_refresh;
    int64_t clock, core; /* kHz */
    /* state */
    int64_t now;     /* the data bus is free from here on */
    int64_t start;   /* of the data of the previous piece: the next row is activated from then */
    int64_t refresh; /* when the next one is due */
    int64_t open[SIM_DRAM_MAX_BANKS];     /* row of each bank; -1: none */
    int64_t closable[SIM_DRAM_MAX_BANKS]; /* when its row may be closed */
    bool writing;
    sim_counts *counts;
} sim_dram;

void sim_dram_init(sim_dram *d, const sim_config *c);

/** Begins a transfer: what follows until sim_dram_end is timed and counted into `counts`. */
void sim_dram_begin(sim_dram *d, sim_counts *counts);

/** `bytes` contiguous bytes from address `at`. */
void sim_dram_move(sim_dram *d, int64_t at, int64_t bytes, bool write);

/** Ends it; returns its length in cycles of the accelerator, rounded up. */
int64_t sim_dram_end(sim_dram *d);

/** Nothing was asked for during so many cycles of the accelerator: standby, then deeper states. */
void sim_dram_idle(sim_dram *d, sim_counts *counts, int64_t cycles);

#endif
