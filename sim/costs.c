/* SPDX-License-Identifier: Apache-2.0 */
/* Which row of the energy tables every figure of the machine comes from. */
#include <stddef.h>

#include "core/status.h"
#include "sim/energy.h"
#include "sim/arith.h"

#define NONE 0             /* offset 0 is the process, which is no size */
#define ONE_VALUE SIZE_MAX /* a width of one FP32 value */

/* size and width: the field of the configuration that holds them. */
static const struct {
    const char *name, *component, *op, *unit;
    size_t size, width;
} wanted[SIM_N_COSTS] = {
#define OF(field) offsetof(sim_config, field)
#define WEIGHTS OF(weights_size), OF(weights_line)
#define IO OF(io_size), OF(io_line)
#define IO_REUSE OF(io_size_reuse), OF(io_line)
#define CENTROIDS OF(centroids_size), ONE_VALUE
    [SIM_COST_WEIGHTS_READ] = {"weights buffer, read", "edram", "read", "pJ", WEIGHTS},
    [SIM_COST_WEIGHTS_WRITE] = {"weights buffer, write", "edram", "write", "pJ", WEIGHTS},
    [SIM_COST_WEIGHTS_LEAKAGE] = {"weights buffer, leakage", "edram", "leakage", "mW", WEIGHTS},
    [SIM_COST_WEIGHTS_REFRESH] = {"weights buffer, refresh", "edram", "refresh", "mW", WEIGHTS},
    [SIM_COST_WEIGHTS_CYCLE] = {"weights buffer, cycle", "edram", "cycle", "ns", WEIGHTS},
    [SIM_COST_WEIGHTS_AREA] = {"weights buffer, area", "edram", "area", "mm2", WEIGHTS},
    [SIM_COST_IO_READ] = {"I/O buffer, read", "sram", "read", "pJ", IO},
    [SIM_COST_IO_WRITE] = {"I/O buffer, write", "sram", "write", "pJ", IO},
    [SIM_COST_IO_LEAKAGE] = {"I/O buffer, leakage", "sram", "leakage", "mW", IO},
    [SIM_COST_IO_CYCLE] = {"I/O buffer, cycle", "sram", "cycle", "ns", IO_REUSE},
    [SIM_COST_IO_AREA] = {"I/O buffer, area", "sram", "area", "mm2", IO},
    [SIM_COST_IO_REUSE_READ] = {"I/O buffer with reuse, read", "sram", "read", "pJ", IO_REUSE},
    [SIM_COST_IO_REUSE_WRITE] = {"I/O buffer with reuse, write", "sram", "write", "pJ", IO_REUSE},
    [SIM_COST_IO_REUSE_LEAKAGE] = {"I/O buffer with reuse, leakage", "sram", "leakage", "mW",
                                   IO_REUSE},
    [SIM_COST_IO_REUSE_AREA] = {"I/O buffer with reuse, area", "sram", "area", "mm2", IO_REUSE},
    [SIM_COST_MUL] = {"multiply", "logic", "fp32 multiply", "pJ", NONE, NONE},
    [SIM_COST_ADD] = {"add", "logic", "fp32 add", "pJ", NONE, NONE},
    [SIM_COST_QUANTISE] = {"quantise", "logic", "quantise", "pJ", NONE, NONE},
    [SIM_COST_COMPARE] = {"compare", "logic", "compare", "pJ", NONE, NONE},
    [SIM_COST_LOOKUP] = {"centroid look-up", "sram", "read", "pJ", CENTROIDS},
    [SIM_COST_SPECIAL] = {"activation", "logic", "special", "pJ", NONE, NONE},
    [SIM_COST_LOGIC_LEAKAGE] = {"logic, leakage", "logic", "leakage", "mW", NONE, NONE},
    [SIM_COST_MUL_AREA] = {"multiplier, area", "logic", "fp32 multiply area", "um2", NONE, NONE},
    [SIM_COST_ADD_AREA] = {"adder, area", "logic", "fp32 add area", "um2", NONE, NONE},
    [SIM_COST_SPECIAL_AREA] = {"activation, area", "logic", "special area", "um2", NONE, NONE},
    [SIM_COST_REUSE_AREA] = {"quantise and compare, area", "logic", "quantise area", "um2", NONE,
                             NONE},
    [SIM_COST_LOOKUP_AREA] = {"centroid table, area", "sram", "area", "mm2", CENTROIDS},
    [SIM_COST_CONTROL_AREA] = {"control, area", "logic", "control area", "um2", NONE, NONE},
    [SIM_COST_RING_HOP] = {"ring, byte and hop", "ring", "hop", "pJ", NONE, NONE},
    [SIM_COST_RING_LEAKAGE] = {"ring, leakage", "ring", "leakage", "mW", NONE, NONE},
    [SIM_COST_RING_AREA] = {"ring, area", "ring", "area", "um2", NONE, NONE},
    [SIM_COST_DRAM_READ] = {"DRAM, read", "dram", "read", "pJ/bit", NONE, NONE},
    [SIM_COST_DRAM_WRITE] = {"DRAM, write", "dram", "write", "pJ/bit", NONE, NONE},
    [SIM_COST_DRAM_ACTIVATE] = {"DRAM, activate", "dram", "activate", "nJ", NONE, NONE},
    [SIM_COST_DRAM_STANDBY] = {"DRAM, active standby", "dram", "active standby", "mW", NONE, NONE},
    [SIM_COST_DRAM_DOWN] = {"DRAM, power-down", "dram", "power down", "mW", NONE, NONE},
    [SIM_COST_DRAM_SELF] = {"DRAM, self-refresh", "dram", "self refresh", "mW", NONE, NONE},
    [SIM_COST_DRAM_REFRESH] = {"DRAM, refresh", "dram", "refresh", "mW", NONE, NONE},
};

const char *sim_cost_name(sim_cost c)
{
    return wanted[c].name;
}

static int64_t field(const sim_config *c, size_t offset)
{
    if (offset == ONE_VALUE)
        return SIM_VALUE;
    return offset == NONE ? -1 : *(const int64_t *)(const void *)((const char *)c + offset);
}

/* Both machines are of one technology: the larger I/O buffer is off by as much as the smaller. */
static const sim_cost like[][2] = {{SIM_COST_IO_REUSE_READ, SIM_COST_IO_READ},
                                   {SIM_COST_IO_REUSE_WRITE, SIM_COST_IO_WRITE},
                                   {SIM_COST_IO_REUSE_LEAKAGE, SIM_COST_IO_LEAKAGE},
                                   {SIM_COST_IO_REUSE_AREA, SIM_COST_IO_AREA}};

static void share_bands(sim_costs *costs)
{
    for (size_t i = 0; i < sizeof like / sizeof like[0]; i++) {
        sim_band *to = &costs->of[like[i][0]].value;
        const sim_band *from = &costs->of[like[i][1]].value;
        if (from->nominal <= 0.0)
            continue;
        to->low = to->nominal * from->low / from->nominal;
        to->high = to->nominal * from->high / from->nominal;
    }
}

sim_cost sim_costs_leader(sim_cost c)
{
    for (size_t i = 0; i < sizeof like / sizeof like[0]; i++)
        if (like[i][0] == c)
            return like[i][1];
    return c;
}

int sim_costs_find(const sim_tables *t, const sim_config *c, sim_costs *costs, rpr_error *err)
{
    for (int i = 0; i < SIM_N_COSTS; i++) {
        sim_want want = {.component = wanted[i].component,
                         .op = wanted[i].op,
                         .unit = wanted[i].unit,
                         .node = c->process_nm,
                         .size = field(c, wanted[i].size),
                         .width = field(c, wanted[i].width)};
        RPR_TRY(sim_tables_find(t, &want, &costs->of[i], err));
    }
    share_bands(costs);
    return RPR_OK;
}

/** Cycles of the accelerator that cover a time in ns; a hair of rounding is forgiven. */
static int64_t cycles(double ns, const sim_config *c)
{
    double n = ns * (double)c->frequency / 1e6 - 1e-9;
    int64_t whole = (int64_t)n;
    return sim_most(whole + ((double)whole < n), 1);
}

static double at_end(const sim_band *b, int end)
{
    return end == SIM_END_LOW ? b->low : end == SIM_END_HIGH ? b->high : b->nominal;
}

sim_timing sim_costs_timing(const sim_costs *costs, const sim_config *c, int end)
{
    return (sim_timing){.weights_busy =
                            cycles(at_end(&costs->of[SIM_COST_WEIGHTS_CYCLE].value, end), c),
                        .io_busy = cycles(at_end(&costs->of[SIM_COST_IO_CYCLE].value, end), c)};
}
