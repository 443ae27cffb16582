/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the simulator counts. Everything is a signed 64-bit integer; times are cycles of the
 * accelerator's clock unless their name says DRAM clocks. Joules come later, in energy.c.
 */
#ifndef SIM_COUNTS_H
#define SIM_COUNTS_H

#include <stdint.h>

#include "sim/config.h"

typedef enum sim_count {
    /* work */
    SIM_MACS,    /* multiply-accumulates executed */
    SIM_SKIPPED, /* of a dense execution, not executed */
    SIM_INPUTS,  /* inputs met by the front end, as often as it met them */
    SIM_CHANGED, /* of them sent on to the lanes */
    /* time: TOTAL is the sum of the ones below it */
    SIM_CYCLES,
    SIM_CYCLES_COMPUTE, /* lanes at work */
    SIM_STALL_WEIGHTS,  /* waiting for a bank or the width of the weights buffer */
    SIM_STALL_IO,       /* ... of the I/O buffer */
    SIM_STALL_RING,
    SIM_STALL_SCAN, /* reuse: no changed input found yet, or one cycle per skip */
    SIM_STALL_DRAM,
    SIM_CYCLES_FINISH, /* starting sums with biases; activation, cell update and write-out */
    SIM_CYCLES_FILL,   /* filling the pipeline */
    /* busy cycles of the units other than the lanes */
    SIM_BUSY_FRONT,
    SIM_BUSY_WEIGHTS,
    SIM_BUSY_IO,
    SIM_BUSY_RING,
    SIM_BUSY_DRAM,
    SIM_LANE_IDLE, /* lane-cycles of COMPUTE without a product: lanes * COMPUTE = MACS + this */
    /* accesses: lines of the buffers, all tiles together */
    SIM_WEIGHTS_READ,
    SIM_WEIGHTS_FILL,
    SIM_IO_INPUT_READ,
    SIM_IO_INDEX_READ,
    SIM_IO_INDEX_WRITE,
    SIM_IO_SUM_READ,
    SIM_IO_SUM_WRITE,
    SIM_IO_START_WRITE,  /* sums before the first product */
    SIM_IO_FINISH_READ,  /* sums to be activated */
    SIM_IO_FINISH_WRITE, /* what the next layer reads */
    SIM_IO_FILL,         /* from DRAM */
    SIM_IO_DRAIN,        /* to DRAM */
    SIM_RING_BYTES,      /* times hops */
    /* bytes at the buffers' side of the DRAM, by purpose */
    SIM_BYTES_WEIGHTS,
    SIM_BYTES_ACT_IN,
    SIM_BYTES_ACT_OUT,
    SIM_BYTES_STATE_IN, /* previous indices and sums */
    SIM_BYTES_STATE_OUT,
    /* at the DRAM's side */
    SIM_DRAM_READ,  /* bytes asked for */
    SIM_DRAM_WRITE, /* ... */
    SIM_DRAM_READ_BURSTS,
    SIM_DRAM_WRITE_BURSTS,
    SIM_DRAM_ACTIVATES, /* all channels */
    SIM_DRAM_HITS,      /* pieces of a transfer that found their row open */
    SIM_DRAM_ACTIVE,    /* DRAM clocks in active standby, one channel */
    SIM_DRAM_DOWN,      /* ... power-down */
    SIM_DRAM_SELF,      /* ... self-refresh */
    /* operations of the datapath */
    SIM_FP_MUL,
    SIM_FP_ADD,
    SIM_QUANTISE,
    SIM_COMPARE,
    SIM_LOOKUP,  /* of a centroid */
    SIM_SPECIAL, /* activations and the like */
    SIM_N_COUNTS
} sim_count;

typedef struct sim_counts {
    int64_t n[SIM_N_COUNTS];
} sim_counts;

/** "macs" and so on: as the JSON and CSV reports call it. */
const char *sim_count_name(sim_count c);

void sim_counts_add(sim_counts *to, const sim_counts *from, int64_t times);

/**
 * Conservation: parts add up to wholes, what enters a buffer leaves where it should, no unit is
 * busier than the clock, nothing is negative. `dense` is what MACS + SKIPPED must be. On failure
 * RPR_ERR_INTERNAL and a line that names layer and law.
 */
int sim_counts_check(const sim_counts *c, const sim_config *cfg, int64_t dense, const char *layer,
                     rpr_error *err);

#endif
