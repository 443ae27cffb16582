/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While a block is worked on, the next one comes and the one before leaves; the longer of both
 * counts, and the first fetch and the last store are waited for. The DRAM here moves one value of
 * 4 B per clock and loses no time on rows, so that a transfer takes as many clocks as it has
 * values.
 */
#include <string.h>

#include "rig.h"

enum { MAX_BLOCKS = 128 };

/** In cycles, per block. */
typedef struct timeline {
    int64_t n, work[MAX_BLOCKS], fetch[MAX_BLOCKS], store[MAX_BLOCKS];
} timeline;

static void plain_dram(rig *r, int64_t cycles_per_value)
{
    rig_set(r, "dram.channels", "1");
    rig_set(r, "dram.burst", "4 B");
    rig_set(r, "dram.trcd", "0 ns");
    rig_set(r, "dram.trp", "0 ns");
    rig_set(r, "dram.tras", "0 ns");
    rig_set(r, "dram.trfc", "0 ns");
    rig_set(r, "dram.turnaround", "0 ns");
    r->c.dram_clock = r->c.frequency / cycles_per_value;
}

/** One dimension, 2 channels, 8 maps, values kept as they are instead of indices. */
static void init(rig *r, int32_t width, int64_t cycles_per_value, int64_t lanes)
{
    sim_layer l = conv_layer("wide", 2, 8, 1, false, axis_absent(), axis_absent(),
                             axis_conv(width, 3, 1, 1, 1, 1));
    rig_init(r);
    plain_dram(r, cycles_per_value);
    rig_set(r, "machine.tiles", "1");
    rig_set_int(r, "machine.lanes", lanes);
    rig_set(r, "io.banks", "64");
    rig_add(r, &l, 32);
    r->c.io_size = r->c.io_size_reuse = 2048;
    rig_open(r);
}

/** Outputs of block b that position i feeds. */
static int64_t fan_in(const sim_layer_plan *p, int32_t width, int32_t b, int32_t i)
{
    int64_t fan = 0;
    for (int32_t o = sim_block_start(width, p->blocks[2], b);
         o < sim_block_start(width, p->blocks[2], b + 1); o++)
        fan += o - 1 <= i && i <= o + 1;
    return fan;
}

/**
 * changed: all inputs, or none. Lanes are what an input takes time for. A dense block starts its
 * sums; all are finished. With reuse 6 + 3 stages are filled.
 */
static void expect(const rig *r, int variant, bool first, bool changed, timeline *t)
{
    const sim_layer_plan *p = &r->m[variant].plan.layer[0];
    int32_t width = r->layer[0].axis[2].in;
    bool dense = first || variant == SIM_BASE, state = variant == SIM_REUSE;
    t->n = p->blocks[2];
    assert_true(t->n <= MAX_BLOCKS && p->state_dram == state && !p->whole);
    for (int32_t b = 0; b < t->n; b++) {
        int64_t outputs = 8 * (sim_block_start(width, p->blocks[2], b + 1) -
                               sim_block_start(width, p->blocks[2], b));
        int64_t inputs = 0, products = 0, sweep = up(outputs, r->c.lanes);
        for (int32_t i = 0; i < width; i++) {
            int64_t fan = fan_in(p, width, b, i);
            inputs += fan > 0 ? 2 : 0;
            products += 2 * fan;
        }
        int64_t pass = dense || changed ? products * up(8, r->c.lanes) : inputs;
        t->work[b] = pass + (dense ? 2 : 1) * sweep + 6 + (state ? 3 : 0);
        t->fetch[b] = inputs + (dense ? 0 : inputs + outputs);
        t->store[b] = outputs + (state && (first || changed) ? inputs + outputs : 0);
    }
}

static void check(rig *r, int variant, bool first, bool changed, int64_t cycles_per_value)
{
    timeline t = {0};
    sim_counts n;
    int64_t waited, busy = 0, work = 0, last;
    expect(r, variant, first, changed, &t);
    rig_change(r, 0, changed);
    rig_run(r, variant, first, &n);
    last = t.store[t.n - 1];
    waited = cycles_per_value * (t.fetch[0] + last);
    for (int64_t b = 0; b < t.n; b++) {
        int64_t moved = (b > 0 ? t.store[b - 1] : 0) + (b + 1 < t.n ? t.fetch[b + 1] : 0);
        waited += larger(moved * cycles_per_value - t.work[b], 0);
        busy += t.fetch[b] + t.store[b];
        work += t.work[b];
    }
    /* The weights come first, in the very first execution: 2 rows of 3 taps of 8 maps, 1 line. */
    int64_t weights = first ? cycles_per_value * 2 * 32 : 0;
    assert_int_equal(n.n[SIM_BUSY_DRAM], cycles_per_value * busy + weights);
    assert_int_equal(n.n[SIM_STALL_DRAM], waited + weights);
    assert_int_equal(n.n[SIM_CYCLES], work + waited + weights);
}

static void test_overlap(void **state)
{
    (void)state;
    static const int64_t per_value[] = {1, 2, 5, 20};
    static const int64_t lanes[] = {1, 2, 8};
    for (int32_t width = 90; width < 140; width += 7)
        for (int k = 0; k < 12; k++) {
            rig r;
            init(&r, width, per_value[k / 3], lanes[k % 3]);
            for (int v = 0; v < SIM_N_VARIANTS; v++)
                for (int i = 0; i < 3; i++)
                    check(&r, v, i == 0, i == 2, per_value[k / 3]);
            rig_close(&r);
        }
}

/*
 * A window of one tap over 8 values with 24 zeros on either side: blocks in the border read
 * nothing, neither values nor indices. 8 indices of 5 bits are 5 bytes; a cut within a byte reads
 * it twice.
 */
static void test_blocks_without_inputs(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = conv_layer("border", 1, 16, 1, false, axis_absent(), axis_absent(),
                             axis_conv(8, 1, 1, 1, 24, 24));
    rig_init(&r);
    rig_set(&r, "machine.tiles", "1");
    r.c.io_size = r.c.io_size_reuse = 1024;
    rig_add(&r, &l, 5);
    rig_open(&r);
    const sim_layer_plan *p = &r.m[SIM_REUSE].plan.layer[0];
    assert_true(p->state_dram && p->blocks[2] > 1);
    int64_t indices = 0;
    for (int32_t b = 0; b < p->blocks[2]; b++) {
        int32_t lo = sim_block_start(56, p->blocks[2], b) - 24;
        int32_t hi = sim_block_start(56, p->blocks[2], b + 1) - 24;
        lo = lo > 0 ? lo : 0;
        hi = hi < 8 ? hi : 8;
        indices += lo < hi ? up(hi * 5, 8) - lo * 5 / 8 : 0;
    }
    rig_run(&r, SIM_REUSE, true, &n);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_BYTES_ACT_IN], 4 * 8);
    assert_int_equal(n.n[SIM_BYTES_STATE_IN], 4 * 16 * 56 + indices);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_blocks_without_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
