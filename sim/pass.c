/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/pass.h"

#include <string.h>

#include "sim/bits.h"
#include "sim/arith.h"

#define FLIT_DENSE 4  /* bytes on the ring: the value; its place is known */
#define FLIT_CHANGE 8 /* the difference and which input it is */

/** Lines that hold `times` values per map, in all tiles: the first maps % tiles have one map more.
 */
static int64_t lines_in_tiles(const sim_config *c, int64_t maps, int64_t times, int64_t line)
{
    int64_t few = maps / c->tiles, more = maps % c->tiles;
    return (c->tiles - more) * sim_ceil_div(times * few * SIM_VALUE, line) +
           more * sim_ceil_div(times * (few + 1) * SIM_VALUE, line);
}

/** Cycles from one line of the weights buffer to the next. */
static int64_t pace(const sim_config *c, const sim_timing *t)
{
    return sim_ceil_div(t->weights_busy, c->weights_banks);
}

void sim_fan_costs(const sim_config *c, const sim_layer *l, const sim_timing *t, bool change,
                   int32_t maps, sim_fan_cost *cost)
{
    int64_t m = sim_ceil_div(maps, c->tiles); /* of the busiest tile */
    int64_t sum_lines = sim_ceil_div(m * SIM_VALUE, c->io_line);
    int64_t all_sum_lines = lines_in_tiles(c, maps, 1, c->io_line);
    int64_t ring = c->tiles > 1 ? sim_ceil_div(change ? FLIT_CHANGE : FLIT_DENSE, c->ring_link) : 0;
    for (int64_t fan = 0; fan <= sim_layer_taps(l); fan++) {
        sim_fan_cost *f = &cost[fan];
        *f = (sim_fan_cost){.macs = fan * maps};
        if (fan == 0)
            continue;
        f->compute = c->conv == SIM_CONV_MAPS ? fan * sim_ceil_div(m, c->lanes)
                                              : sim_ceil_div(fan * m, c->lanes);
        int64_t lines = sim_ceil_div(fan * m * SIM_VALUE, c->weights_line);
        f->bank_step = (int32_t)((lines - 1) % c->weights_banks);
        f->busy_weights = lines * pace(c, t);
        f->read_span = (lines - 1) * pace(c, t);
        f->weight_reads = lines_in_tiles(c, maps, fan, c->weights_line);
        f->sum_reads = fan * all_sum_lines;
        f->busy_io = sim_ceil_div(fan * sum_lines * t->io_busy, c->io_banks);
        f->lane_idle = f->compute * c->tiles * c->lanes - f->macs;
        int64_t unit[3] = {f->busy_weights, f->busy_io, ring};
        f->service = f->compute;
        for (int i = 0; i < 3; i++) /* whoever is slower than all before it adds its part */
            if (unit[i] > f->service) {
                f->stall[i] = unit[i] - f->service;
                f->service = unit[i];
            }
    }
}

void sim_first_banks(const sim_config *c, const sim_layer *l, int32_t maps, int32_t *first_bank)
{
    int64_t m = sim_ceil_div(maps, c->tiles);
    int64_t lines = sim_ceil_div(sim_layer_taps(l) * m * SIM_VALUE, c->weights_line);
    for (int32_t i = 0; i < l->ci; i++)
        first_bank[i] = (int32_t)(i * lines % c->weights_banks);
}

/* --------------------------------------------------------------- time line */

/** The lanes and the front end of one pass. Cycle 0 is when the first input is looked at. */
typedef struct line {
    const sim_pass *p;
    int64_t free;        /* the lanes may begin with the next input */
    int64_t scan;        /* of the last found input */
    int64_t scanned;     /* its position in units of compares per cycle */
    int64_t found;       /* inputs */
    int64_t starved;     /* cycles that the lanes waited for the front end */
    int64_t conflict;    /* ... for a bank of the weights buffer */
    int32_t bank;        /* that was read last */
    int64_t last_read;   /* when */
    int64_t slot;        /* of the queue: found % queue */
    int64_t index_lines; /* lines of indices with a new one */
    int64_t line_end;    /* of the last of them: bits from the beginning */
    /* of the configuration and the pass, near at hand */
    bool lookahead;
    int32_t busy, banks, pace;
    int64_t compares, queue, bits, line_bits;
    const int32_t *first_bank;
    const uint64_t *changed;
    int64_t *history;
} line;

/** How the inputs of a pass come; LOOK_AHEAD_ONE: one compare per cycle, the usual case. */
typedef enum way { EVERYTHING, IN_ORDER, LOOK_AHEAD, LOOK_AHEAD_ONE } way;

/* So that the time line of a walk lives in registers, and each way is a loop of its own. */
#define INLINE static inline __attribute__((always_inline))

/**
 * A run of reads goes from bank to bank, one per `pace` cycles. If the last one was from bank e,
 * bank s was read (e - s) mod banks reads before it, and is busy for `busy` cycles from then on.
 */
INLINE int64_t bank_conflict(line *t, int32_t channel, const sim_fan_cost *f)
{
    int32_t first = t->first_bank[channel], ago = t->bank - first;
    ago += ago < 0 ? t->banks : 0;
    int64_t wait = sim_most(t->last_read - ago * t->pace + t->busy - t->free, 0);
    t->last_read = t->free + wait + f->read_span;
    t->bank = first + f->bank_step;
    t->bank -= t->bank >= t->banks ? t->banks : 0;
    return wait;
}

/** When the front end has found the input at position `at` of its way, and the lanes can take it.
 */
INLINE void wait_for_front(line *t, int64_t at, way w)
{
    int64_t looked = w == LOOK_AHEAD_ONE ? at : at / t->compares;
    int64_t *slot = &t->history[t->slot]; /* when the input `queue` before this one began */
    t->scan += looked - t->scanned;
    t->scanned = looked;
    if (t->found >= t->queue)
        t->scan = sim_most(t->scan, *slot);
    t->starved += sim_most(t->scan - t->free, 0);
    t->free = sim_most(t->scan, t->free);
    *slot = t->free;
    t->slot = t->slot + 1 == t->queue ? 0 : t->slot + 1;
}

/** Of the inputs before position `at`, those that were not sent took a cycle each. */
INLINE void wait_for_skips(line *t, int64_t at)
{
    int64_t skips = at - t->found - t->starved;
    t->starved += skips;
    t->free += skips;
}

/** The index at position `at` is packed and may lie across lines; those not written yet are. */
INLINE void mark_lines(line *t, int64_t at)
{
    int64_t first = at * t->bits / t->line_bits, last = ((at + 1) * t->bits - 1) / t->line_bits;
    first = sim_most(first, t->line_end / t->line_bits);
    t->index_lines += last - first + 1;
    t->line_end = (last + 1) * t->line_bits;
}

/** The next changed input for the lanes. */
INLINE void send_changed(line *t, int64_t at, int32_t channel, const sim_fan_cost *f, way w)
{
    if (w == IN_ORDER)
        wait_for_skips(t, at);
    else
        wait_for_front(t, at, w);
    int64_t wait = bank_conflict(t, channel, f);
    t->conflict += wait;
    t->free += wait + f->service;
    t->found++;
    if ((at + 1) * t->bits > t->line_end)
        mark_lines(t, at);
}

/** Everything is sent on: the front end is never behind, the lanes take one after the other. */
INLINE void send_all(line *t, int32_t ci, const sim_fan_cost *f)
{
    for (int32_t k = 0; k < ci; k++) {
        int64_t wait = bank_conflict(t, k, f);
        t->conflict += wait;
        t->free += wait + f->service;
    }
    t->found += ci;
}

/** The changed channels of one pixel, whose first element is `element` of the input. */
INLINE void send_pixel(line *t, int64_t element, int64_t at, int32_t ci, const sim_fan_cost *f,
                       way w)
{
    for (int32_t k = 0; k < ci; k += 64) {
        int32_t n = ci - k < 64 ? ci - k : 64;
        uint64_t bits = sim_bits_get(t->changed, element + k, n);
        while (bits) {
            int32_t b = __builtin_ctzll(bits);
            bits &= bits - 1;
            send_changed(t, at + k + b, k + b, f, w);
        }
    }
}

/** Walks the block in one way; returns the inputs met. */
INLINE int64_t walk_as(line *whole, way w)
{
    line here = *whole, *t = &here;
    const sim_pass *p = whole->p;
    const sim_layer *l = p->l;
    const rpr_trace_axis *a = l->axis;
    const int32_t ci = l->ci;
    int64_t met = 0;
    for (int32_t z = p->lo[0]; z < p->hi[0]; z++)
        for (int32_t y = p->lo[1]; y < p->hi[1]; y++) {
            int64_t row = (((int64_t)p->image * a[0].in + z) * a[1].in + y) * a[2].in;
            int32_t fan_zy = p->fan[0][z] * p->fan[1][y];
            for (int32_t x = p->lo[2]; x < p->hi[2]; x++) {
                int32_t fan = fan_zy * p->fan[2][x];
                if (fan == 0)
                    continue;
                int64_t before = t->found;
                if (w == EVERYTHING)
                    send_all(t, ci, &p->cost[fan]);
                else
                    send_pixel(t, (row + x) * ci, met, ci, &p->cost[fan], w);
                p->uses[fan] += t->found - before;
                p->skips[fan] += ci - (t->found - before);
                met += ci;
            }
        }
    *whole = here;
    return met;
}

static int64_t walk(line *t)
{
    if (!t->changed)
        return walk_as(t, EVERYTHING);
    if (!t->lookahead)
        return walk_as(t, IN_ORDER);
    return t->compares == 1 ? walk_as(t, LOOK_AHEAD_ONE) : walk_as(t, LOOK_AHEAD);
}

/* ------------------------------------------------------------------ counts */

static void count_uses(const sim_pass *p, sim_counts *out)
{
    int64_t *n = out->n;
    for (int32_t fan = 0; fan <= sim_layer_taps(p->l); fan++) {
        const sim_fan_cost *f = &p->cost[fan];
        int64_t uses = p->uses[fan];
        n[SIM_SKIPPED] += p->skips[fan] * f->macs;
        p->uses[fan] = p->skips[fan] = 0;
        n[SIM_MACS] += uses * f->macs;
        n[SIM_CYCLES_COMPUTE] += uses * f->compute;
        n[SIM_STALL_WEIGHTS] += uses * f->stall[0];
        n[SIM_STALL_IO] += uses * f->stall[1];
        n[SIM_STALL_RING] += uses * f->stall[2];
        n[SIM_LANE_IDLE] += uses * f->lane_idle;
        n[SIM_BUSY_WEIGHTS] += uses * f->busy_weights;
        n[SIM_BUSY_IO] += uses * f->busy_io;
        n[SIM_WEIGHTS_READ] += uses * f->weight_reads;
        n[SIM_IO_SUM_READ] += uses * f->sum_reads;
        n[SIM_IO_SUM_WRITE] += uses * f->sum_reads;
        n[SIM_FP_MUL] += uses * f->macs;
        n[SIM_FP_ADD] += uses * f->macs;
    }
}

static void count_front(const sim_pass *p, const line *t, int64_t met, sim_counts *out)
{
    int64_t *n = out->n;
    const sim_config *c = p->c;
    int64_t flit = p->changed ? FLIT_CHANGE : FLIT_DENSE;
    n[SIM_INPUTS] += met;
    n[SIM_CHANGED] += t->found;
    n[SIM_IO_INPUT_READ] += sim_ceil_div(met * SIM_VALUE, c->io_line);
    n[SIM_RING_BYTES] += t->found * flit * (c->tiles - 1);
    n[SIM_BUSY_RING] += c->tiles > 1 ? t->found * sim_ceil_div(flit, c->ring_link) : 0;
    n[SIM_BUSY_FRONT] += sim_ceil_div(met, p->reuse ? c->compares : 1);
    if (!p->reuse)
        return;
    n[SIM_QUANTISE] += p->in->quantised ? met : 0;
    n[SIM_LOOKUP] += p->in->quantised ? (p->changed ? 2 : 1) * t->found : 0;
    if (p->changed) {
        n[SIM_COMPARE] += met;
        n[SIM_IO_INDEX_READ] += sim_ceil_div(met * p->in->bits, 8 * c->io_line);
        n[SIM_FP_ADD] += t->found + (p->in->quantised ? 0 : met); /* differences */
    }
    if (p->last)
        n[SIM_IO_INDEX_WRITE] +=
            p->changed ? t->index_lines : sim_ceil_div(met * p->in->bits, 8 * c->io_line);
}

/** The front end goes on to the end of the block; skips that cost a cycle each are added here. */
static void end_line(line *t, int64_t met)
{
    if (!t->p->changed)
        return;
    if (!t->lookahead) {
        wait_for_skips(t, met);
        return;
    }
    int64_t end = t->scan + sim_ceil_div(met, t->p->c->compares) - t->scanned;
    t->starved += sim_most(end - t->free, 0);
    t->free = sim_most(end, t->free);
}

int64_t sim_pass_run(const sim_pass *p, sim_counts *counts)
{
    const sim_config *c = p->c;
    line t = {.p = p,
              .last_read = -p->timing.weights_busy, /* no bank is busy */
              .pace = (int32_t)pace(c, &p->timing),
              .bits = p->in->bits,
              .line_bits = 8 * c->io_line,
              .lookahead = c->skips == SIM_SKIPS_LOOKAHEAD,
              .busy = (int32_t)p->timing.weights_busy,
              .banks = (int32_t)c->weights_banks,
              .compares = c->compares,
              .queue = c->queue,
              .first_bank = p->first_bank,
              .changed = p->changed,
              .history = p->history};
    int64_t met = walk(&t);
    end_line(&t, met);
    count_uses(p, counts);
    count_front(p, &t, met, counts);
    counts->n[SIM_STALL_WEIGHTS] += t.conflict;
    counts->n[SIM_STALL_SCAN] += t.starved;
    return t.free;
}
