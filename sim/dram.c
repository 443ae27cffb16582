/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/dram.h"

/** Clocks that cover a time in picoseconds. */
static int64_t clocks(const sim_config *c, int64_t ps)
{
    return (ps * c->dram_clock + 999999999) / 1000000000;
}

void sim_dram_init(sim_dram *d, const sim_config *c)
{
    *d = (sim_dram){.row = c->dram_row * c->dram_channels,
                    .burst = c->dram_burst * c->dram_channels,
                    .channels = c->dram_channels,
                    .banks = c->dram_banks,
                    .burst_clocks = c->dram_burst / 4, /* 2 bytes, twice per clock */
                    .trcd = clocks(c, c->dram_trcd),
                    .trp = clocks(c, c->dram_trp),
                    .tras = clocks(c, c->dram_tras),
                    .trfc = clocks(c, c->dram_trfc),
                    .trefi = clocks(c, c->dram_trefi),
                    .turn = clocks(c, c->dram_turn),
                    .power_down = clocks(c, c->dram_power_down),
                    .self_refresh = clocks(c, c->dram_self_refresh),
                    .clock = c->dram_clock,
                    .core = c->frequency};
    d->refresh = d->trefi;
    for (int i = 0; i < SIM_DRAM_MAX_BANKS; i++)
        d->open[i] = -1;
}

void sim_dram_begin(sim_dram *d, sim_counts *counts)
{
    /* Idle time is counted apart, so every transfer begins at 0 with all rows as they were left. */
    for (int i = 0; i < d->banks; i++)
        d->closable[i] = d->closable[i] > d->now ? d->closable[i] - d->now : 0;
    d->refresh -= d->now;
    d->now = d->start = 0;
    d->counts = counts;
}

static void close_all(sim_dram *d)
{
    for (int i = 0; i < d->banks; i++)
        d->open[i] = -1;
}

/** All banks are refreshed together, and closed for it. */
static void refresh_if_due(sim_dram *d)
{
    while (d->now >= d->refresh) { /* ends: the refresh is shorter than trefi */
        d->now += d->trp + d->trfc;
        d->start = d->now;
        d->refresh += d->trefi;
        close_all(d);
    }
}

/** Opens the row; returns when its first data may come. */
static int64_t open_row(sim_dram *d, int64_t row)
{
    int64_t bank = row % d->banks, from = d->start;
    if (d->open[bank] == row) {
        d->counts->n[SIM_DRAM_HITS] += 1;
        return d->now;
    }
    if (d->open[bank] >= 0) {
        from = d->closable[bank] > from ? d->closable[bank] : from;
        from += d->trp;
    }
    d->open[bank] = row;
    d->closable[bank] = from + d->tras;
    d->counts->n[SIM_DRAM_ACTIVATES] += d->channels;
    return from + d->trcd;
}

/** A row stays open while its data move. */
static void close_after(sim_dram *d, int64_t bank, int64_t time)
{
    d->closable[bank] = d->closable[bank] > time ? d->closable[bank] : time;
}

void sim_dram_move(sim_dram *d, int64_t at, int64_t bytes, bool write)
{
    d->counts->n[write ? SIM_DRAM_WRITE : SIM_DRAM_READ] += bytes;
    if (bytes > 0 && write != d->writing) {
        d->now += d->turn;
        d->writing = write;
    }
    while (bytes > 0) {
        int64_t row = at / d->row, in_row = d->row - at % d->row;
        int64_t here = bytes < in_row ? bytes : in_row;
        int64_t bursts = (at % d->burst + here + d->burst - 1) / d->burst;
        refresh_if_due(d);
        int64_t ready = open_row(d, row);
        d->start = ready > d->now ? ready : d->now;
        d->now = d->start + bursts * d->burst_clocks;
        close_after(d, row % d->banks, d->now);
        d->counts->n[write ? SIM_DRAM_WRITE_BURSTS : SIM_DRAM_READ_BURSTS] += bursts * d->channels;
        at += here;
        bytes -= here;
    }
}

int64_t sim_dram_end(sim_dram *d)
{
    d->counts->n[SIM_DRAM_ACTIVE] += d->now;
    return (d->now * d->core + d->clock - 1) / d->clock;
}

void sim_dram_idle(sim_dram *d, sim_counts *counts, int64_t cycles)
{
    int64_t left = cycles * d->clock / d->core;
    int64_t active = left < d->power_down ? left : d->power_down;
    int64_t self = left > d->self_refresh ? left - d->self_refresh : 0;
    counts->n[SIM_DRAM_ACTIVE] += active;
    counts->n[SIM_DRAM_SELF] += self;
    counts->n[SIM_DRAM_DOWN] += left - active - self;
    /* Refreshes that fall due meanwhile cost no time; a row that was closed for one is opened anew.
     */
    d->refresh -= left;
    if (d->refresh <= d->now) {
        d->refresh += ((d->now - d->refresh) / d->trefi + 1) * d->trefi;
        close_all(d);
    }
}
