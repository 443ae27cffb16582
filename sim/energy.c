/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/energy.h"

static const char *const parts[SIM_N_PARTS] = {
    [SIM_PART_WEIGHTS] = "weights buffer",
    [SIM_PART_IO] = "I/O buffer",
    [SIM_PART_LANES] = "compute",
    [SIM_PART_COMPARE] = "quantise and compare",
    [SIM_PART_RING] = "ring",
    [SIM_PART_DRAM] = "DRAM",
    [SIM_PART_DRAM_BACKGROUND] = "DRAM background",
    [SIM_PART_WEIGHTS_LEAKAGE] = "weights buffer leakage",
    [SIM_PART_WEIGHTS_REFRESH] = "weights buffer refresh",
    [SIM_PART_IO_LEAKAGE] = "I/O buffer leakage",
    [SIM_PART_LOGIC_LEAKAGE] = "logic leakage",
};

const char *sim_part_name(sim_part p)
{
    return parts[p];
}

static void add(sim_band *to, const sim_costs *costs, sim_cost cost, double times)
{
    const sim_band *v = &costs->of[cost].value;
    to->low += times * v->low;
    to->nominal += times * v->nominal;
    to->high += times * v->high;
}

static double sum(const sim_counts *c, sim_count first, sim_count last)
{
    double s = 0.0;
    for (int i = (int)first; i <= (int)last; i++)
        s += (double)c->n[i];
    return s;
}

static void buffers(const sim_counts *n, const sim_costs *k, bool reuse, sim_energy *e)
{
    double io_reads =
        (double)(n->n[SIM_IO_INPUT_READ] + n->n[SIM_IO_INDEX_READ] + n->n[SIM_IO_SUM_READ] +
                 n->n[SIM_IO_FINISH_READ] + n->n[SIM_IO_DRAIN]);
    double io_writes =
        (double)(n->n[SIM_IO_INDEX_WRITE] + n->n[SIM_IO_SUM_WRITE] + n->n[SIM_IO_START_WRITE] +
                 n->n[SIM_IO_FINISH_WRITE] + n->n[SIM_IO_FILL]);
    add(&e->part[SIM_PART_WEIGHTS], k, SIM_COST_WEIGHTS_READ, (double)n->n[SIM_WEIGHTS_READ]);
    add(&e->part[SIM_PART_WEIGHTS], k, SIM_COST_WEIGHTS_WRITE, (double)n->n[SIM_WEIGHTS_FILL]);
    add(&e->part[SIM_PART_IO], k, reuse ? SIM_COST_IO_REUSE_READ : SIM_COST_IO_READ, io_reads);
    add(&e->part[SIM_PART_IO], k, reuse ? SIM_COST_IO_REUSE_WRITE : SIM_COST_IO_WRITE, io_writes);
}

static void datapath(const sim_counts *n, const sim_costs *k, sim_energy *e)
{
    sim_band *lanes = &e->part[SIM_PART_LANES], *compare = &e->part[SIM_PART_COMPARE];
    add(lanes, k, SIM_COST_MUL, (double)n->n[SIM_FP_MUL]);
    add(lanes, k, SIM_COST_ADD, (double)n->n[SIM_FP_ADD]);
    add(lanes, k, SIM_COST_SPECIAL, (double)n->n[SIM_SPECIAL]);
    add(compare, k, SIM_COST_QUANTISE, (double)n->n[SIM_QUANTISE]);
    add(compare, k, SIM_COST_COMPARE, (double)n->n[SIM_COMPARE]);
    add(compare, k, SIM_COST_LOOKUP, (double)n->n[SIM_LOOKUP]);
    add(&e->part[SIM_PART_RING], k, SIM_COST_RING_HOP, (double)n->n[SIM_RING_BYTES]);
}

static void dram(const sim_counts *n, const sim_costs *k, const sim_config *c, sim_energy *e)
{
    double bits = 8.0 * (double)c->dram_burst, channels = (double)c->dram_channels;
    double clock_ns = 1e6 / (double)c->dram_clock;
    double awake = sum(n, SIM_DRAM_ACTIVE, SIM_DRAM_DOWN); /* self-refresh refreshes itself */
    sim_band *moves = &e->part[SIM_PART_DRAM], *rest = &e->part[SIM_PART_DRAM_BACKGROUND];
    add(moves, k, SIM_COST_DRAM_READ, bits * (double)n->n[SIM_DRAM_READ_BURSTS]);
    add(moves, k, SIM_COST_DRAM_WRITE, bits * (double)n->n[SIM_DRAM_WRITE_BURSTS]);
    add(moves, k, SIM_COST_DRAM_ACTIVATE, 1e3 * (double)n->n[SIM_DRAM_ACTIVATES]);
    /* mW * ns = pJ */
    add(rest, k, SIM_COST_DRAM_STANDBY, channels * clock_ns * (double)n->n[SIM_DRAM_ACTIVE]);
    add(rest, k, SIM_COST_DRAM_DOWN, channels * clock_ns * (double)n->n[SIM_DRAM_DOWN]);
    add(rest, k, SIM_COST_DRAM_SELF, channels * clock_ns * (double)n->n[SIM_DRAM_SELF]);
    add(rest, k, SIM_COST_DRAM_REFRESH, channels * clock_ns * awake);
}

static void leakage(const sim_counts *n, const sim_costs *k, const sim_config *c, bool reuse,
                    sim_energy *e)
{
    double ns = 1e6 / (double)c->frequency * (double)n->n[SIM_CYCLES];
    double tiles = (double)c->tiles;
    add(&e->part[SIM_PART_WEIGHTS_LEAKAGE], k, SIM_COST_WEIGHTS_LEAKAGE, tiles * ns);
    add(&e->part[SIM_PART_WEIGHTS_REFRESH], k, SIM_COST_WEIGHTS_REFRESH, tiles * ns);
    add(&e->part[SIM_PART_IO_LEAKAGE], k, reuse ? SIM_COST_IO_REUSE_LEAKAGE : SIM_COST_IO_LEAKAGE,
        tiles * ns);
    add(&e->part[SIM_PART_LOGIC_LEAKAGE], k, SIM_COST_LOGIC_LEAKAGE, tiles * ns);
    if (c->tiles > 1) /* a ring has as many links as tiles */
        add(&e->part[SIM_PART_LOGIC_LEAKAGE], k, SIM_COST_RING_LEAKAGE,
            tiles * (double)c->ring_link * ns);
}

void sim_energy_of(const sim_counts *counts, const sim_costs *costs, const sim_config *c,
                   bool reuse, sim_energy *e)
{
    *e = (sim_energy){0};
    buffers(counts, costs, reuse, e);
    datapath(counts, costs, e);
    dram(counts, costs, c, e);
    leakage(counts, costs, c, reuse, e);
}

sim_band sim_energy_total(const sim_energy *e)
{
    sim_band t = {0};
    for (int i = 0; i < SIM_N_PARTS; i++) {
        t.low += e->part[i].low;
        t.nominal += e->part[i].nominal;
        t.high += e->part[i].high;
    }
    return t;
}

void sim_area_of(const sim_costs *costs, const sim_config *c, bool reuse, sim_area *a)
{
    const double um2 = 1e-6, tiles = (double)c->tiles, lanes = tiles * (double)c->lanes;
    *a = (sim_area){0};
    add(&a->weights, costs, SIM_COST_WEIGHTS_AREA, tiles);
    add(&a->io, costs, reuse ? SIM_COST_IO_REUSE_AREA : SIM_COST_IO_AREA, tiles);
    add(&a->lanes, costs, SIM_COST_MUL_AREA, um2 * lanes);
    add(&a->lanes, costs, SIM_COST_ADD_AREA, um2 * lanes);
    add(&a->lanes, costs, SIM_COST_SPECIAL_AREA, um2 * lanes);
    add(&a->control, costs, SIM_COST_CONTROL_AREA, um2 * tiles);
    add(&a->control, costs, SIM_COST_RING_AREA, um2 * tiles);
    if (reuse) { /* every tile compares its own part of the inputs */
        add(&a->reuse, costs, SIM_COST_REUSE_AREA, um2 * tiles * (double)c->compares);
        add(&a->reuse, costs, SIM_COST_LOOKUP_AREA, tiles);
    }
    const sim_band *part[] = {&a->weights, &a->io, &a->lanes, &a->reuse, &a->control};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        a->total.low += part[i]->low;
        a->total.nominal += part[i]->nominal;
        a->total.high += part[i]->high;
    }
}
