/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "sim_report.h"

double sim_ms(const sim_config *c, double cycles)
{
    return cycles / (double)c->frequency;
}

/* ------------------------------------------------------------------- heads */

static void print_changes(const sim_outcome *o)
{
    const sim_workload *w = &o->workload;
    if (w->trace) {
        printf("changes      as traced: %s\n", w->trace);
        return;
    }
    printf("changes      made up: similarity %g", w->similarity[0]);
    for (int i = 1; i < w->n_similarity; i++)
        printf(", %g", w->similarity[i]);
    if (w->clustered)
        printf("; in runs of %g", w->run);
    else
        printf("; each element by itself");
    printf("; seed %llu\n", (unsigned long long)w->seed);
}

static void print_head(const sim_outcome *o, const char *arch)
{
    const sim_config *c = &o->config;
    double macs = 0;
    for (int32_t i = 0; i < o->net.n_layer; i++)
        macs += (double)o->net.layer[i].macs;
    printf("accelerator  %s: %lld tiles of %lld lanes, %g MHz, %lld nm\n", arch,
           (long long)c->tiles, (long long)c->lanes, (double)c->frequency / 1e3,
           (long long)c->process_nm);
    printf("network      %s: %d weighted layers, %.2f M MACs an execution\n", o->net.name,
           (int)o->net.n_layer, macs / 1e6);
    print_changes(o);
    printf("simulated    %lld first (dense) and %lld further executions; means are over sequences "
           "of %lld\n",
           (long long)o->result.n_first, (long long)o->result.n_later, (long long)o->sequence);
}

/* ------------------------------------------------------------------- table */

static double unit_of(double largest, const char **name)
{
    static const struct {
        double times;
        const char *name;
    } units[] = {{1e-9, "mJ"}, {1e-6, "uJ"}, {1e-3, "nJ"}};
    for (size_t i = 0; i < 3; i++)
        if (largest * units[i].times >= 1 || i == 2) {
            *name = units[i].name;
            return units[i].times;
        }
    return 1;
}

static void ratio(double base, double reuse)
{
    if (base > 0)
        printf("  %6.1f %%\n", 100 * reuse / base);
    else
        puts("");
}

static void row(const char *name, double base, double reuse, double whole)
{
    if (base == 0 && reuse == 0)
        return;
    printf("  %-30s %14.3f %14.3f", name, base, reuse);
    ratio(whole, reuse);
}

static void count_row(const sim_outcome *o, const char *name, sim_count c, double times)
{
    double base = times * o->mean[SIM_BASE].n[c], reuse = times * o->mean[SIM_REUSE].n[c];
    row(name, base, reuse, base);
}

static void table_head(void)
{
    printf("\n%-32s %14s %14s  %s\n", "per execution", "without reuse", "with reuse",
           "with/without");
}

/* What the last column is: a share of the whole without reuse, not of the same row. */
static void section(const char *name, int width)
{
    printf("%-*s  of all without\n", width, name);
}

enum { COUNT_WIDTH = 62, BAND_WIDTH = 88 }; /* of the rows up to that column */

static void time_table(const sim_outcome *o)
{
    static const struct {
        const char *name;
        sim_count count;
    } parts[] = {{"lanes at work", SIM_CYCLES_COMPUTE},
                 {"waiting: weights buffer", SIM_STALL_WEIGHTS},
                 {"waiting: I/O buffer", SIM_STALL_IO},
                 {"waiting: ring", SIM_STALL_RING},
                 {"waiting: no change found yet", SIM_STALL_SCAN},
                 {"waiting: DRAM", SIM_STALL_DRAM},
                 {"bias, activation, write-out", SIM_CYCLES_FINISH},
                 {"filling the pipeline", SIM_CYCLES_FILL}};
    const sim_mean *b = &o->mean[SIM_BASE], *r = &o->mean[SIM_REUSE];
    double lanes = (double)(o->config.tiles * o->config.lanes);
    table_head();
    count_row(o, "MACs, M", SIM_MACS, 1e-6);
    row("time, ms", sim_ms(&o->config, b->n[SIM_CYCLES]), sim_ms(&o->config, r->n[SIM_CYCLES]),
        sim_ms(&o->config, b->n[SIM_CYCLES]));
    section("cycles, thousands", COUNT_WIDTH);
    count_row(o, "all", SIM_CYCLES, 1e-3);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        row(parts[i].name, b->n[parts[i].count] / 1e3, r->n[parts[i].count] / 1e3,
            b->n[SIM_CYCLES] / 1e3);
    row("of the lanes at work: idle, %",
        100 * b->n[SIM_LANE_IDLE] / (lanes * b->n[SIM_CYCLES_COMPUTE]),
        r->n[SIM_CYCLES_COMPUTE] > 0
            ? 100 * r->n[SIM_LANE_IDLE] / (lanes * r->n[SIM_CYCLES_COMPUTE])
            : 0,
        0);
}

static void unit_table(const sim_outcome *o)
{
    static const struct {
        const char *name;
        sim_count count;
    } units[] = {{"front end", SIM_BUSY_FRONT},
                 {"lanes", SIM_CYCLES_COMPUTE},
                 {"weights buffer", SIM_BUSY_WEIGHTS},
                 {"I/O buffer, sums", SIM_BUSY_IO},
                 {"ring", SIM_BUSY_RING},
                 {"DRAM", SIM_BUSY_DRAM}};
    const sim_mean *b = &o->mean[SIM_BASE], *r = &o->mean[SIM_REUSE];
    puts("busy, % of the cycles of each machine; otherwise waiting");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        row(units[i].name, 100 * b->n[units[i].count] / b->n[SIM_CYCLES],
            100 * r->n[units[i].count] / r->n[SIM_CYCLES], 0);
}

static void access_table(const sim_outcome *o)
{
    double mb = 1e-6;
    puts("accesses");
    count_row(o, "weights buffer, thousand lines", SIM_WEIGHTS_READ, 1e-3);
    count_row(o, "sums, thousand lines", SIM_IO_SUM_READ, 1e-3);
    count_row(o, "indices, thousand lines", SIM_IO_INDEX_READ, 1e-3);
    count_row(o, "ring, MB times hops", SIM_RING_BYTES, mb);
    count_row(o, "DRAM: weights, MB", SIM_BYTES_WEIGHTS, mb);
    count_row(o, "DRAM: activations in, MB", SIM_BYTES_ACT_IN, mb);
    count_row(o, "DRAM: activations out, MB", SIM_BYTES_ACT_OUT, mb);
    count_row(o, "DRAM: state in, MB", SIM_BYTES_STATE_IN, mb);
    count_row(o, "DRAM: state out, MB", SIM_BYTES_STATE_OUT, mb);
}

static void band_row(const char *name, const sim_band *base, const sim_band *reuse, double times,
                     double whole)
{
    char x[64], y[64];
    if (base->high == 0 && reuse->high == 0)
        return;
    snprintf(x, sizeof x, "%.3f (%.3f to %.3f)", times * base->nominal, times * base->low,
             times * base->high);
    snprintf(y, sizeof y, "%.3f (%.3f to %.3f)", times * reuse->nominal, times * reuse->low,
             times * reuse->high);
    printf("  %-24s %30s %30s  %6.1f %%\n", name, x, y, 100 * reuse->nominal / whole);
}

static void energy_table(const sim_outcome *o)
{
    const sim_mean *b = &o->mean[SIM_BASE], *r = &o->mean[SIM_REUSE];
    const char *unit = "";
    double t = unit_of(b->total.nominal, &unit);
    char name[64];
    snprintf(name, sizeof name, "energy, %s: nominal (low to high)", unit);
    section(name, BAND_WIDTH);
    band_row("all", &b->total, &r->total, t, b->total.nominal);
    for (int i = 0; i < SIM_N_PARTS; i++)
        band_row(sim_part_name((sim_part)i), &b->energy.part[i], &r->energy.part[i], t,
                 b->total.nominal);
}

static void area_table(const sim_outcome *o)
{
    const sim_area *x = &o->area[SIM_BASE], *y = &o->area[SIM_REUSE];
    double whole = x->total.nominal;
    section("area, mm2: nominal (low to high)", BAND_WIDTH);
    band_row("all", &x->total, &y->total, 1, whole);
    band_row("weights buffer", &x->weights, &y->weights, 1, whole);
    band_row("I/O buffer", &x->io, &y->io, 1, whole);
    band_row("lanes", &x->lanes, &y->lanes, 1, whole);
    band_row("quantise and compare", &x->reuse, &y->reuse, 1, whole);
    band_row("control and ring", &x->control, &y->control, 1, whole);
}

static void size_table(const sim_outcome *o)
{
    const sim_plan *b = &o->result.plan[SIM_BASE], *r = &o->result.plan[SIM_REUSE];
    const sim_config *c = &o->config;
    puts("room");
    row("I/O buffer in use, KiB", (double)b->io_used / 1024, (double)r->io_used / 1024,
        (double)b->io_used / 1024);
    row("  of it state", (double)b->io_state / 1024, (double)r->io_state / 1024, 0);
    row("  there is", (double)(c->tiles * c->io_size) / 1024,
        (double)(c->tiles * c->io_size_reuse) / 1024, (double)(c->tiles * c->io_size) / 1024);
    row("weights buffer in use, MiB", (double)b->weights_used / 1048576,
        (double)r->weights_used / 1048576, (double)b->weights_used / 1048576);
    row("DRAM, MB", (double)b->dram_used / 1e6, (double)r->dram_used / 1e6,
        (double)b->dram_used / 1e6);
    row("  of it state", (double)b->dram_state / 1e6, (double)r->dram_state / 1e6, 0);
}

static void layer_table(const sim_outcome *o)
{
    printf("\n%-24s %-14s %9s %11s %7s %9s %8s\n", "layer", "op", "M MACs", "similarity", "reuse",
           "speed-up", "energy");
    for (int32_t i = 0; i < o->net.n_layer; i++) {
        const sim_layer *l = &o->net.layer[i];
        sim_mean b, r;
        sim_outcome_layer(o, i, SIM_BASE, &b);
        sim_outcome_layer(o, i, SIM_REUSE, &r);
        const char *tail = strlen(l->name) > 24 ? l->name + strlen(l->name) - 24 : l->name;
        printf("%-24s %-14.14s %9.3f %9.1f %% %5.1f %% %8.2fx %6.1f %%\n", tail, l->op,
               (double)l->macs / 1e6, 100 * sim_outcome_similarity(o, i),
               100 * sim_outcome_reuse(o, i), b.n[SIM_CYCLES] / r.n[SIM_CYCLES],
               100 * r.total.nominal / b.total.nominal);
    }
}

static void sums(const sim_outcome *o)
{
    sim_band saved = sim_outcome_saving(o), area = sim_outcome_extra_area(o);
    printf("\nsimilarity   %.1f %% of the inputs did not change\n"
           "reuse        %.1f %% of the MACs were not executed (further executions)\n",
           100 * sim_outcome_similarity(o, -1), 100 * sim_outcome_reuse(o, -1));
    printf("speed-up     %.2fx\n", sim_outcome_speedup(o));
    printf("energy       %.1f %% saved (%.1f with the low ends of all rows, %.1f with the high)\n",
           100 * saved.nominal, 100 * saved.low, 100 * saved.high);
    printf("area         %.2f %% more\n", 100 * area.nominal);
}

static void brief_table(const sim_outcome *o)
{
    const sim_mean *b = &o->mean[SIM_BASE], *r = &o->mean[SIM_REUSE];
    double base_ms = sim_ms(&o->config, b->n[SIM_CYCLES]);
    table_head();
    count_row(o, "MACs, M", SIM_MACS, 1e-6);
    row("time, ms", base_ms, sim_ms(&o->config, r->n[SIM_CYCLES]), base_ms);
    row("energy, mJ, nominal", 1e-9 * b->total.nominal, 1e-9 * r->total.nominal,
        1e-9 * b->total.nominal);
    row("  low", 1e-9 * b->total.low, 1e-9 * r->total.low, 1e-9 * b->total.low);
    row("  high", 1e-9 * b->total.high, 1e-9 * r->total.high, 1e-9 * b->total.high);
    count_row(o, "DRAM read, MB", SIM_DRAM_READ, 1e-6);
    count_row(o, "DRAM written, MB", SIM_DRAM_WRITE, 1e-6);
}

void sim_text(const sim_outcome *o, const char *arch, int brief)
{
    print_head(o, arch);
    if (brief) {
        brief_table(o);
    } else {
        time_table(o);
        unit_table(o);
        access_table(o);
        energy_table(o);
        area_table(o);
        size_table(o);
        layer_table(o);
    }
    sums(o);
}
