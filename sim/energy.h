/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From counts to joules and square millimetres. Every figure comes from a row of the energy tables
 * and is a band: low, nominal, high.
 */
#ifndef SIM_ENERGY_H
#define SIM_ENERGY_H

#include "sim/counts.h"
#include "sim/pass.h"
#include "sim/tables.h"

/** The figures that a machine needs; costs.c says where each comes from. */
typedef enum sim_cost {
    SIM_COST_WEIGHTS_READ, /* pJ per line */
    SIM_COST_WEIGHTS_WRITE,
    SIM_COST_WEIGHTS_LEAKAGE, /* mW per tile */
    SIM_COST_WEIGHTS_REFRESH,
    SIM_COST_WEIGHTS_CYCLE, /* ns */
    SIM_COST_WEIGHTS_AREA,  /* mm2 per tile */
    SIM_COST_IO_READ,       /* the I/O buffer without reuse */
    SIM_COST_IO_WRITE,
    SIM_COST_IO_LEAKAGE,
    SIM_COST_IO_CYCLE,
    SIM_COST_IO_AREA,
    SIM_COST_IO_REUSE_READ, /* ... and with reuse */
    SIM_COST_IO_REUSE_WRITE,
    SIM_COST_IO_REUSE_LEAKAGE,
    SIM_COST_IO_REUSE_AREA,
    SIM_COST_MUL, /* pJ each */
    SIM_COST_ADD,
    SIM_COST_QUANTISE,
    SIM_COST_COMPARE,
    SIM_COST_LOOKUP,
    SIM_COST_SPECIAL,
    SIM_COST_LOGIC_LEAKAGE, /* mW per tile */
    SIM_COST_MUL_AREA,      /* um2 each */
    SIM_COST_ADD_AREA,
    SIM_COST_SPECIAL_AREA, /* um2 per lane */
    SIM_COST_REUSE_AREA,   /* um2: quantise and compare, per compare and cycle */
    SIM_COST_LOOKUP_AREA,  /* mm2: a centroid table */
    SIM_COST_CONTROL_AREA, /* um2 per tile: control unit and data master */
    SIM_COST_RING_HOP,     /* pJ per byte and hop */
    SIM_COST_RING_LEAKAGE, /* mW per byte of link, and hop */
    SIM_COST_RING_AREA,    /* um2 per tile */
    SIM_COST_DRAM_READ,    /* pJ per bit */
    SIM_COST_DRAM_WRITE,
    SIM_COST_DRAM_ACTIVATE, /* nJ per row of a channel */
    SIM_COST_DRAM_STANDBY,  /* mW per channel */
    SIM_COST_DRAM_DOWN,
    SIM_COST_DRAM_SELF,
    SIM_COST_DRAM_REFRESH,
    SIM_N_COSTS
} sim_cost;

typedef struct sim_costs {
    sim_found of[SIM_N_COSTS];
} sim_costs;

/** "weights read" and so on. */
const char *sim_cost_name(sim_cost c);

/** Finds every figure for this machine; err names the row that is missing. */
int sim_costs_find(const sim_tables *t, const sim_config *c, sim_costs *costs, rpr_error *err);

/** The figure whose band c has: the two vary together. Mostly c itself. */
sim_cost sim_costs_leader(sim_cost c);

/** Which end of a band. */
enum { SIM_END_NOMINAL, SIM_END_LOW, SIM_END_HIGH };

/** How long an access keeps a bank busy, in cycles, by one end of the bands. */
sim_timing sim_costs_timing(const sim_costs *costs, const sim_config *c, int end);

/** Whose energy it is. */
typedef enum sim_part {
    SIM_PART_WEIGHTS, /* eDRAM, accesses */
    SIM_PART_IO,      /* SRAM, accesses */
    SIM_PART_LANES,   /* multiply, add, activation */
    SIM_PART_COMPARE, /* quantise, compare, look up: what reuse adds */
    SIM_PART_RING,
    SIM_PART_DRAM,            /* reads, writes, activates */
    SIM_PART_DRAM_BACKGROUND, /* standby, power-down, refresh */
    SIM_PART_WEIGHTS_LEAKAGE,
    SIM_PART_WEIGHTS_REFRESH,
    SIM_PART_IO_LEAKAGE,
    SIM_PART_LOGIC_LEAKAGE,
    SIM_N_PARTS
} sim_part;

const char *sim_part_name(sim_part p);

/** Picojoules of each part. */
typedef struct sim_energy {
    sim_band part[SIM_N_PARTS];
} sim_energy;

/** reuse: the machine with the larger I/O buffer. */
void sim_energy_of(const sim_counts *counts, const sim_costs *costs, const sim_config *c,
                   bool reuse, sim_energy *e);
sim_band sim_energy_total(const sim_energy *e);

/** Square millimetres, by component. */
typedef struct sim_area {
    sim_band weights, io, lanes, reuse, control, total;
} sim_area;

void sim_area_of(const sim_costs *costs, const sim_config *c, bool reuse, sim_area *a);

#endif
