/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/machine.h"

#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "sim/arith.h"
#include "sim/bits.h"

/* Per cell and step: i, f, o with peepholes, c = f*c + i*g, h = o*tanh(c). */
#define CELL_SPECIAL 5 /* three sigmoids, two hyperbolic tangents */
#define CELL_MULS 6    /* three peepholes, f*c, i*g, o*tanh(c) */
#define CELL_ADDS 4    /* three peepholes, f*c + i*g */
#define CELL_STEPS 11  /* passes of the lanes over the cells: a special or a multiply-add each */

/* ------------------------------------------------------------------ blocks */

int64_t sim_n_blocks(const sim_step *r)
{
    const int32_t *b = r->p->blocks;
    return (int64_t)r->l->n * b[0] * b[1] * b[2];
}

/** Output positions of a block. */
static int64_t positions(const sim_block *b)
{
    int64_t n = 1;
    for (int i = 0; i < 3; i++)
        n *= b->out1[i] - b->out0[i];
    return n;
}

/** Blocks are numbered along w, then h, d and images. */
void sim_block_make(const sim_step *r, int64_t index, sim_block *block)
{
    const sim_layer *l = r->l;
    int64_t rest = index;
    *block = (sim_block){0};
    for (int i = 2; i >= 0; i--) {
        int32_t blocks = r->p->blocks[i], at = (int32_t)(rest % blocks);
        rest /= blocks;
        block->out0[i] = sim_block_start(l->axis[i].out, blocks, at);
        block->out1[i] = sim_block_start(l->axis[i].out, blocks, at + 1);
        sim_block_input(&l->axis[i], l->transposed, block->out0[i], block->out1[i], &block->lo[i],
                        &block->hi[i]);
    }
    block->image = (int32_t)rest;
    block->outputs = positions(block) * r->maps * l->groups * l->gates;
}

/* -------------------------------------------------------------------- time */

/** A block that could be moved while another one was worked on: the longer of the two counts. */
static int64_t overlap(sim_step *r, int64_t work, int64_t transfer)
{
    int64_t *n = r->counts->n;
    n[SIM_BUSY_DRAM] += transfer;
    n[SIM_STALL_DRAM] += sim_most(transfer - work, 0);
    if (work > transfer) {
        sim_dram_idle(&r->m->dram, r->counts, work - transfer);
        r->m->slack += work - transfer;
    }
    return sim_most(work, transfer);
}

/** What is kept of a block's outputs: its share, so that all blocks together keep what the layer
 * does. */
static void count_kept(sim_step *r, sim_block *b)
{
    int64_t all = sim_layer_outputs(r->l), before = r->l->kept * r->done / all;
    r->done += b->outputs;
    b->kept = r->l->kept * r->done / all - before;
    b->kept_at = SIM_VALUE * before;
}

/** The lanes go over all outputs of the block once. */
static int64_t sweep_cycles(const sim_step *r, int64_t values)
{
    const sim_config *c = r->m->c;
    return sim_ceil_div(sim_ceil_div(values, c->tiles), c->lanes);
}

/** Before the first product of a dense execution the sums are set to the biases. */
static int64_t start_sums(sim_step *r, const sim_block *b)
{
    int64_t cycles = sweep_cycles(r, b->outputs);
    if (r->changed)
        return 0;
    r->counts->n[SIM_IO_START_WRITE] += sim_ceil_div(b->outputs * SIM_VALUE, r->m->c->io_line);
    r->counts->n[SIM_CYCLES_FINISH] += cycles;
    return cycles;
}

/** Activation, pooling and the like, or the update of the cells; what is kept is written. */
static int64_t finish_sums(sim_step *r, const sim_block *b)
{
    const int64_t line = r->m->c->io_line, cells = r->l->gates > 1 ? r->l->co : 0;
    int64_t *n = r->counts->n, cycles = sweep_cycles(r, b->outputs);
    n[SIM_IO_FINISH_READ] += sim_ceil_div(b->outputs * SIM_VALUE, line);
    n[SIM_IO_FINISH_WRITE] += sim_ceil_div(b->kept * SIM_VALUE, line);
    if (cells == 0) {
        n[SIM_SPECIAL] += b->outputs;
    } else {
        cycles = CELL_STEPS * sweep_cycles(r, cells);
        n[SIM_SPECIAL] += CELL_SPECIAL * cells;
        n[SIM_FP_MUL] += CELL_MULS * cells;
        n[SIM_FP_ADD] += CELL_ADDS * cells;
        n[SIM_IO_FINISH_READ] += sim_ceil_div(cells * SIM_VALUE, line);
        n[SIM_IO_FINISH_WRITE] += sim_ceil_div(cells * SIM_VALUE, line);
    }
    n[SIM_CYCLES_FINISH] += cycles;
    return cycles;
}

static int64_t run_pass(sim_step *r, const sim_block *b, int32_t maps, bool last)
{
    sim_machine *m = r->m;
    const sim_config *c = m->c;
    sim_pass p = {.c = c,
                  .l = r->l,
                  .in = r->in,
                  .timing = m->timing,
                  .maps = maps,
                  .fan = {m->fan[0], m->fan[1], m->fan[2]},
                  .image = b->image,
                  .changed = r->changed,
                  .reuse = r->reuse,
                  .last = last,
                  .cost = m->cost,
                  .first_bank = m->first_bank,
                  .history = m->history,
                  .uses = m->uses,
                  .skips = m->skips};
    memcpy(p.lo, b->lo, sizeof p.lo);
    memcpy(p.hi, b->hi, sizeof p.hi);
    int64_t fill = c->stages + (r->reuse ? c->reuse_stages : 0) + c->ring_hop * (c->tiles - 1);
    r->counts->n[SIM_CYCLES_FILL] += fill;
    return fill + sim_pass_run(&p, r->counts);
}

/** On chip: all gates of the present group of maps. */
static int64_t work_on(sim_step *r, sim_block *b)
{
    const sim_layer *l = r->l;
    bool together = r->m->c->gates == SIM_GATES_TOGETHER;
    int32_t passes = together ? 1 : l->gates, maps = r->maps * (together ? l->gates : 1);
    int64_t before = r->counts->n[SIM_CHANGED], cycles = start_sums(r, b);
    count_kept(r, b);
    for (int i = 0; i < 3; i++) {
        int32_t lo, hi;
        sim_fan_out(&l->axis[i], l->transposed, b->out0[i], b->out1[i], r->m->fan[i], &lo, &hi);
    }
    for (int32_t g = 0; g < passes; g++)
        cycles += run_pass(r, b, maps, g == passes - 1 && r->group == r->p->passes - 1);
    b->changed = r->counts->n[SIM_CHANGED] > before;
    return cycles + finish_sums(r, b);
}

/** All blocks: the next one comes and the one before leaves while one is worked on. */
static int64_t run_blocks(sim_step *r)
{
    int64_t n = sim_n_blocks(r), cycles;
    sim_block before = {0}, here, next = {0};
    sim_block_make(r, 0, &here);
    cycles = overlap(r, 0, sim_fetch(r, &here));
    for (int64_t b = 0; b < n; b++) {
        int64_t work = work_on(r, &here), transfer = 0;
        if (r->p->weights == SIM_WEIGHTS_STREAMED)
            transfer += sim_stream_weights(r);
        if (b > 0)
            transfer += sim_store(r, &before);
        if (b + 1 < n) {
            sim_block_make(r, b + 1, &next);
            transfer += sim_fetch(r, &next);
        }
        cycles += overlap(r, work, transfer);
        before = here;
        here = next;
    }
    return cycles + overlap(r, 0, sim_store(r, &before));
}

/* ----------------------------------------------------------------- weights */

/** Time of the layer before that turns out to have been spent on loading this layer's weights. */
static void move_to_before(sim_counts *before, int64_t cycles, const sim_dram *d)
{
    int64_t clocks = cycles * d->clock / d->core;
    int64_t down = sim_least(clocks, before->n[SIM_DRAM_DOWN]);
    int64_t self = sim_least(clocks - down, before->n[SIM_DRAM_SELF]);
    int64_t active = sim_least(clocks - down - self, before->n[SIM_DRAM_ACTIVE]);
    before->n[SIM_DRAM_DOWN] -= down;
    before->n[SIM_DRAM_SELF] -= self;
    before->n[SIM_DRAM_ACTIVE] -= active;
    before->n[SIM_BUSY_DRAM] += cycles;
}

/**
 * Loads the weights of the present group. While the layer before ran, the DRAM had nothing to do
 * for `slack` cycles, and if both layers' weights fit, loading hides there.
 */
static int64_t load_weights(sim_step *r, sim_counts *before, int64_t slack, int64_t before_bytes)
{
    sim_machine *m = r->m;
    int64_t capacity = m->c->tiles * m->c->weights_size;
    bool beside = before && r->group == 0 && before_bytes + r->p->weight_bytes <= capacity;
    int64_t load = sim_load_weights(r), hidden = beside ? sim_least(load, slack) : 0;
    if (hidden)
        move_to_before(before, hidden, &m->dram);
    return overlap(r, 0, load - hidden);
}

/** False if nothing changed: then no weight of this execution is used. */
static bool needs_weights(const sim_step *r)
{
    return !r->changed || sim_bits_count(r->changed, r->in->elements) > 0;
}

static bool must_load(const sim_machine *m, const sim_layer_plan *p, bool begins)
{
    switch (p->weights) {
    case SIM_WEIGHTS_RESIDENT:
        return m->cold;
    case SIM_WEIGHTS_SEQUENCE:
        return begins;
    case SIM_WEIGHTS_LOADED:
        return true;
    case SIM_WEIGHTS_STREAMED:
        break;
    }
    return false;
}

static void run_layer(sim_machine *m, const sim_execution *e, int32_t index, sim_counts *counts)
{
    const sim_layer *l = &m->net->layer[index];
    const sim_layer_plan *p = &m->plan.layer[index];
    sim_step r = {.m = m,
                  .l = l,
                  .p = p,
                  .in = &m->net->input[l->input],
                  .reuse = m->reuse && l->reuse,
                  .counts = &counts[index]};
    r.first = e->first || !r.reuse;
    r.changed = r.first ? NULL : e->changed[l->input];
    int64_t slack = m->slack, cycles = 0;
    m->slack = 0;
    for (r.group = 0; r.group < p->passes; r.group++) {
        r.maps = (int32_t)sim_least(p->maps, sim_layer_maps(l) - (int64_t)r.group * p->maps);
        int32_t maps = r.maps * (m->c->gates == SIM_GATES_TOGETHER ? l->gates : 1);
        sim_fan_costs(m->c, l, &m->timing, r.changed != NULL, maps, m->cost);
        sim_first_banks(m->c, l, maps, m->first_bank);
        if (must_load(m, p, e->first || e->resumes) && needs_weights(&r))
            cycles += load_weights(&r, index > 0 ? &counts[index - 1] : NULL, slack,
                                   index > 0 ? p[-1].weight_bytes : 0);
        cycles += run_blocks(&r);
    }
    counts[index].n[SIM_CYCLES] += cycles;
}

void sim_machine_run(sim_machine *m, const sim_execution *e, sim_counts *counts)
{
    m->slack = 0;
    for (int32_t i = 0; i < m->net->n_layer; i++)
        run_layer(m, e, i, counts);
    m->cold = false;
}

/* -------------------------------------------------------------------- room */

static bool take_scratch(sim_machine *m)
{
    int32_t in[3] = {1, 1, 1}, channels = 1, taps = 1;
    for (int32_t i = 0; i < m->net->n_layer; i++) {
        const sim_layer *l = &m->net->layer[i];
        for (int a = 0; a < 3; a++)
            in[a] = (int32_t)sim_most(in[a], l->axis[a].in);
        channels = (int32_t)sim_most(channels, l->ci);
        taps = (int32_t)sim_most(taps, sim_layer_taps(l));
    }
    bool ok = true;
    for (int a = 0; a < 3; a++) {
        m->fan[a] = rpr_alloc_array((size_t)in[a], sizeof *m->fan[a]);
        ok &= m->fan[a] != NULL;
    }
    m->first_bank = rpr_alloc_array((size_t)channels, sizeof *m->first_bank);
    m->cost = rpr_alloc_array((size_t)taps + 1, sizeof *m->cost);
    m->uses = rpr_alloc_array((size_t)taps + 1, sizeof *m->uses);
    m->skips = rpr_alloc_array((size_t)taps + 1, sizeof *m->skips);
    m->history = rpr_alloc_array((size_t)m->c->queue, sizeof *m->history);
    return ok && m->first_bank && m->cost && m->uses && m->skips && m->history;
}

int sim_machine_open(sim_machine *m, const sim_config *c, const sim_timing *timing,
                     const sim_net *net, bool reuse, rpr_error *err)
{
    *m = (sim_machine){.c = c, .net = net, .reuse = reuse, .timing = *timing, .cold = true};
    sim_dram_init(&m->dram, c);
    RPR_TRY(sim_plan_make(c, net, reuse, &m->plan, err));
    if (!take_scratch(m))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    return RPR_OK;
}

void sim_machine_close(sim_machine *m)
{
    sim_plan_free(&m->plan);
    for (int a = 0; a < 3; a++)
        rpr_free(m->fan[a]);
    rpr_free(m->first_bank);
    rpr_free(m->cost);
    rpr_free(m->uses);
    rpr_free(m->skips);
    rpr_free(m->history);
    *m = (sim_machine){0};
}
