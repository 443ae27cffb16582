/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/counts.h"

#include "core/status.h"

static const char *const names[SIM_N_COUNTS] = {
    [SIM_MACS] = "macs",
    [SIM_SKIPPED] = "macs_skipped",
    [SIM_INPUTS] = "inputs",
    [SIM_CHANGED] = "inputs_changed",
    [SIM_CYCLES] = "cycles",
    [SIM_CYCLES_COMPUTE] = "cycles_compute",
    [SIM_STALL_WEIGHTS] = "stall_weights",
    [SIM_STALL_IO] = "stall_io",
    [SIM_STALL_RING] = "stall_ring",
    [SIM_STALL_SCAN] = "stall_scan",
    [SIM_STALL_DRAM] = "stall_dram",
    [SIM_CYCLES_FINISH] = "cycles_finish",
    [SIM_CYCLES_FILL] = "cycles_fill",
    [SIM_BUSY_FRONT] = "busy_front",
    [SIM_BUSY_WEIGHTS] = "busy_weights",
    [SIM_BUSY_IO] = "busy_io",
    [SIM_BUSY_RING] = "busy_ring",
    [SIM_BUSY_DRAM] = "busy_dram",
    [SIM_LANE_IDLE] = "lane_idle",
    [SIM_WEIGHTS_READ] = "weights_read",
    [SIM_WEIGHTS_FILL] = "weights_fill",
    [SIM_IO_INPUT_READ] = "io_input_read",
    [SIM_IO_INDEX_READ] = "io_index_read",
    [SIM_IO_INDEX_WRITE] = "io_index_write",
    [SIM_IO_SUM_READ] = "io_sum_read",
    [SIM_IO_SUM_WRITE] = "io_sum_write",
    [SIM_IO_START_WRITE] = "io_start_write",
    [SIM_IO_FINISH_READ] = "io_finish_read",
    [SIM_IO_FINISH_WRITE] = "io_finish_write",
    [SIM_IO_FILL] = "io_fill",
    [SIM_IO_DRAIN] = "io_drain",
    [SIM_RING_BYTES] = "ring_bytes",
    [SIM_BYTES_WEIGHTS] = "bytes_weights",
    [SIM_BYTES_ACT_IN] = "bytes_activations_in",
    [SIM_BYTES_ACT_OUT] = "bytes_activations_out",
    [SIM_BYTES_STATE_IN] = "bytes_state_in",
    [SIM_BYTES_STATE_OUT] = "bytes_state_out",
    [SIM_DRAM_READ] = "dram_read",
    [SIM_DRAM_WRITE] = "dram_write",
    [SIM_DRAM_READ_BURSTS] = "dram_read_bursts",
    [SIM_DRAM_WRITE_BURSTS] = "dram_write_bursts",
    [SIM_DRAM_ACTIVATES] = "dram_activates",
    [SIM_DRAM_HITS] = "dram_row_hits",
    [SIM_DRAM_ACTIVE] = "dram_clocks_active",
    [SIM_DRAM_DOWN] = "dram_clocks_power_down",
    [SIM_DRAM_SELF] = "dram_clocks_self_refresh",
    [SIM_FP_MUL] = "fp_mul",
    [SIM_FP_ADD] = "fp_add",
    [SIM_QUANTISE] = "quantise",
    [SIM_COMPARE] = "compare",
    [SIM_LOOKUP] = "centroid_lookup",
    [SIM_SPECIAL] = "special",
};

const char *sim_count_name(sim_count c)
{
    return names[c];
}

void sim_counts_add(sim_counts *to, const sim_counts *from, int64_t times)
{
    for (int i = 0; i < SIM_N_COUNTS; i++)
        to->n[i] += times * from->n[i];
}

static int64_t sum(const sim_counts *c, sim_count first, sim_count last)
{
    int64_t s = 0;
    for (int i = (int)first; i <= (int)last; i++)
        s += c->n[i];
    return s;
}

int sim_counts_check(const sim_counts *c, const sim_config *cfg, int64_t dense, const char *layer,
                     rpr_error *err)
{
    const int64_t *n = c->n, lanes = cfg->tiles * cfg->lanes;
    const struct {
        const char *law;
        int64_t left, right;
    } laws[] = {
        {"MACs executed + skipped = dense MACs", n[SIM_MACS] + n[SIM_SKIPPED], dense},
        {"cycles = compute + stalls + finish + fill", n[SIM_CYCLES],
         sum(c, SIM_CYCLES_COMPUTE, SIM_CYCLES_FILL)},
        {"lanes * compute cycles = MACs + idle lane-cycles", lanes * n[SIM_CYCLES_COMPUTE],
         n[SIM_MACS] + n[SIM_LANE_IDLE]},
        {"sums read = sums written", n[SIM_IO_SUM_READ], n[SIM_IO_SUM_WRITE]},
        {"DRAM bytes read = bytes into the buffers", n[SIM_DRAM_READ],
         n[SIM_BYTES_WEIGHTS] + n[SIM_BYTES_ACT_IN] + n[SIM_BYTES_STATE_IN]},
        {"bytes out of the buffers = DRAM bytes written",
         n[SIM_BYTES_ACT_OUT] + n[SIM_BYTES_STATE_OUT], n[SIM_DRAM_WRITE]},
    };
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++)
        if (laws[i].left != laws[i].right)
            return rpr_fail(err, RPR_ERR_INTERNAL, "layer %s: %s does not hold: %lld and %lld",
                            layer, laws[i].law, (long long)laws[i].left, (long long)laws[i].right);
    const struct {
        const char *law;
        int64_t less, more;
    } bounds[] = {
        {"DRAM bytes read <= bursts", n[SIM_DRAM_READ], n[SIM_DRAM_READ_BURSTS] * cfg->dram_burst},
        {"DRAM bytes written <= bursts", n[SIM_DRAM_WRITE],
         n[SIM_DRAM_WRITE_BURSTS] * cfg->dram_burst},
        {"bytes of weights <= lines filled", n[SIM_BYTES_WEIGHTS],
         n[SIM_WEIGHTS_FILL] * cfg->weights_line},
        {"bytes fetched <= lines filled", n[SIM_BYTES_ACT_IN] + n[SIM_BYTES_STATE_IN],
         n[SIM_IO_FILL] * cfg->io_line},
        {"bytes stored <= lines drained", n[SIM_BYTES_ACT_OUT] + n[SIM_BYTES_STATE_OUT],
         n[SIM_IO_DRAIN] * cfg->io_line},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        if (bounds[i].less > bounds[i].more)
            return rpr_fail(err, RPR_ERR_INTERNAL, "layer %s: %s does not hold: %lld and %lld",
                            layer, bounds[i].law, (long long)bounds[i].less,
                            (long long)bounds[i].more);
    for (int i = 0; i < SIM_N_COUNTS; i++)
        if (n[i] < 0)
            return rpr_fail(err, RPR_ERR_INTERNAL, "layer %s: %s is negative", layer, names[i]);
    for (int i = SIM_CYCLES_COMPUTE; i <= SIM_BUSY_DRAM; i++)
        if (n[i] > n[SIM_CYCLES])
            return rpr_fail(err, RPR_ERR_INTERNAL, "layer %s: %s exceeds the cycles", layer,
                            names[i]);
    return RPR_OK;
}
