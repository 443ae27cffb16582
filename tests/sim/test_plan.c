/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything lives, by the rules of doc/simulator.md, and the blocks of layers that are cut.
 */
#include <string.h>

#include "rig.h"

static void plan_of(rig *r, bool reuse, sim_plan *p)
{
    rpr_error err = {{0}};
    if (sim_plan_make(&r->c, &r->net, reuse, p, &err) != RPR_OK)
        fail_msg("%s", err.message);
}

/** A refusal must name the layer and the key that is too small. */
static void refused(rig *r, bool reuse, const char *layer, const char *key)
{
    rpr_error err = {{0}};
    sim_plan p;
    assert_int_not_equal(sim_plan_make(&r->c, &r->net, reuse, &p, &err), RPR_OK);
    if (!strstr(err.message, layer) || !strstr(err.message, key))
        fail_msg("\"%s\" should name %s and %s", err.message, layer, key);
}

static sim_layer flat_conv(const char *name, int32_t ci, int32_t co, int32_t width)
{
    return conv_layer(name, ci, co, 1, false, axis_absent(), axis_absent(),
                      axis_conv(width, 3, 1, 1, 1, 1));
}

/* ----------------------------------------------------------------- weights */

/** Rows are padded to whole lines in every tile. */
static int64_t padded(const sim_config *c, const sim_layer *l, int64_t maps)
{
    int64_t row = up(sim_layer_taps(l) * up(maps, c->tiles) * 4, c->weights_line);
    return c->tiles * l->ci * row * c->weights_line * l->gates;
}

/** Capacity of all tiles. */
static int64_t edram(const rig *r)
{
    return r->c.tiles * r->c.weights_size;
}

static void test_resident(void **state)
{
    (void)state;
    rig r;
    sim_plan p;
    sim_layer a = sim_fc("a", 100, 300), b = flat_conv("b", 20, 70, 15);
    rig_init(&r);
    rig_add(&r, &a, 4);
    rig_add(&r, &b, 4);
    int64_t all = padded(&r.c, &a, 300) + padded(&r.c, &b, 70);
    assert_int_equal(padded(&r.c, &a, 300), 100 * 4 * 384); /* 75 maps: 300 B, 3 lines */
    for (int i = 0; i < 2; i++) {
        r.c.weights_size = all / 4 - i * 128;
        plan_of(&r, false, &p);
        for (int k = 0; k < 2; k++)
            assert_true((p.layer[k].weights == SIM_WEIGHTS_RESIDENT) == (i == 0));
        assert_int_equal(p.layer[0].weight_bytes, padded(&r.c, &a, 300));
        assert_int_equal(p.layer[1].weight_bytes, padded(&r.c, &b, 70));
        if (i == 0)
            assert_int_equal(p.weights_used, all);
        sim_plan_free(&p);
    }
}

/* 1 KiB per tile: not even two rows of 4 lines. Rows of inputs that changed come, and no others. */
static void test_streamed(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = sim_fc("big", 50, 300);
    rig_init(&r);
    rig_set(&r, "weights.size", "1 KiB");
    rig_add(&r, &l, 4);
    rig_open(&r);
    assert_int_equal(r.m[0].plan.layer[0].weights, SIM_WEIGHTS_STREAMED);
    for (int i = 0; i < 3; i++) {
        rig_run(&r, SIM_BASE, i == 0, &n);
        assert_int_equal(n.n[SIM_BYTES_WEIGHTS], 50 * 4 * 384);
    }
    rig_run(&r, SIM_REUSE, true, &n);
    assert_int_equal(n.n[SIM_BYTES_WEIGHTS], 50 * 4 * 384);
    for (int64_t step = 0; step < 9; step++) {
        rig_change(&r, 0, step);
        rig_run(&r, SIM_REUSE, false, &n);
        int64_t rows = step ? up(50, step) : 0;
        assert_int_equal(n.n[SIM_BYTES_WEIGHTS], rows * 4 * 384);
        assert_int_equal(n.n[SIM_WEIGHTS_FILL], rows * 4 * 3);
    }
    rig_close(&r);
}

/** The least number of groups of maps whose weights fit. */
static int64_t least_groups(const rig *r, const sim_layer *l)
{
    int64_t maps = sim_layer_maps(l), groups = 1;
    while (padded(&r->c, l, up(maps, groups)) > edram(r))
        groups++;
    return groups;
}

/** Groups load all weights in every execution in which anything changed. */
static void check_groups(rig *r, const sim_layer *l)
{
    sim_counts n;
    int64_t bytes = 0, maps = sim_layer_maps(l);
    rig_open(r);
    const sim_layer_plan *p = &r->m[SIM_REUSE].plan.layer[0];
    assert_int_equal(p->weights, SIM_WEIGHTS_LOADED);
    assert_true(p->passes <= least_groups(r, l));
    assert_true(padded(&r->c, l, p->maps) <= edram(r));
    for (int64_t done = 0; done < maps; done += p->maps)
        bytes += padded(&r->c, l, maps - done < p->maps ? maps - done : p->maps);
    for (int i = 0; i < 3; i++)
        for (int v = 0; v < SIM_N_VARIANTS; v++) {
            rig_change(r, 0, i == 1 ? 2 : 0);
            rig_run(r, v, i == 0, &n);
            assert_int_equal(n.n[SIM_BYTES_WEIGHTS], v == SIM_REUSE && i == 2 ? 0 : bytes);
            assert_int_equal(n.n[SIM_MACS] + n.n[SIM_SKIPPED], l->macs);
        }
    rig_close(r);
}

static void test_loaded_in_groups(void **state)
{
    (void)state;
    for (int32_t co = 20; co < 200; co += 7)
        for (int64_t kib = 1; kib < 8; kib += 2) {
            rig r;
            sim_layer l = flat_conv("conv", 6, co, 9);
            rig_init(&r);
            r.c.weights_size = kib * 1024;
            if (padded(&r.c, &l, co) <= edram(&r))
                continue;
            rig_add(&r, &l, 4);
            check_groups(&r, &l);
        }
}

/* Two cells that fit one by one: each is loaded when a sequence begins. */
static void test_sequence(void **state)
{
    (void)state;
    rig r;
    sim_counts n[2];
    sim_layer l = sim_fc("cell", 30, 20);
    l.gates = 4;
    l.macs *= 4;
    rig_init(&r);
    rig_add(&r, &l, 4);
    rig_add(&r, &l, 4);
    r.net.recurrent = true;
    int64_t bytes = padded(&r.c, &l, 20);
    r.c.weights_size = bytes / 4 + 128;
    rig_open(&r);
    for (int i = 0; i < 6; i++)
        for (int v = 0; v < SIM_N_VARIANTS; v++) {
            rig_run(&r, v, i % 3 == 0, n);
            for (int k = 0; k < 2; k++) {
                assert_int_equal(r.m[v].plan.layer[k].weights, SIM_WEIGHTS_SEQUENCE);
                assert_int_equal(n[k].n[SIM_BYTES_WEIGHTS], i % 3 == 0 ? bytes : 0);
            }
        }
    rig_close(&r);
}

/*
 * Three layers, a and b fit together, b and c do not. What b loads hides in the long work of a; for
 * c the lanes wait; a itself waits for its weights and its input.
 */
static void test_loading_hides(void **state)
{
    (void)state;
    rig r;
    sim_counts n[3];
    sim_layer a = flat_conv("a", 4, 64, 400), b = flat_conv("b", 4, 16, 20);
    sim_layer c = flat_conv("c", 40, 64, 20);
    rig_init(&r);
    rig_add(&r, &a, 4);
    rig_add(&r, &b, 4);
    rig_add(&r, &c, 4);
    r.c.weights_size = padded(&r.c, &c, 64) / 4;
    assert_true(padded(&r.c, &a, 64) + padded(&r.c, &b, 16) <= edram(&r));
    rig_open(&r);
    for (int i = 0; i < 3; i++) {
        rig_run(&r, SIM_BASE, i == 0, n);
        assert_true(n[0].n[SIM_STALL_DRAM] > 0);
        assert_int_equal(n[1].n[SIM_STALL_DRAM], 0);
        assert_true(n[2].n[SIM_STALL_DRAM] > 0);
        for (int k = 0; k < 3; k++)
            assert_int_equal(n[k].n[SIM_BYTES_WEIGHTS], padded(&r.c, &r.layer[k], r.layer[k].co));
        assert_int_equal(n[0].n[SIM_BYTES_ACT_IN], 4 * sim_layer_inputs(&a));
        assert_int_equal(n[1].n[SIM_BYTES_ACT_IN] + n[1].n[SIM_BYTES_ACT_OUT], 0);
        assert_int_equal(n[2].n[SIM_BYTES_ACT_OUT], 4 * c.kept);
    }
    rig_close(&r);
}

/* ------------------------------------------------------------------- state */

enum { LAYERS = 4 };

/** What the document says of a chain whose outputs are all kept. */
typedef struct places {
    int64_t state[LAYERS], work[LAYERS];
    bool in_dram[LAYERS]; /* the state */
    int64_t room;         /* beside the state that stays */
} places;

static void expect_places(const rig *r, bool reuse, places *w)
{
    int64_t capacity = r->c.tiles * (reuse ? r->c.io_size_reuse : r->c.io_size);
    int64_t all = 0, most = 0, held = 0;
    for (int i = 0; i < LAYERS; i++) {
        const sim_layer *l = &r->layer[i];
        w->state[i] =
            reuse ? 4 * sim_layer_outputs(l) + up(sim_layer_inputs(l) * r->input[i].bits, 8) : 0;
        w->work[i] = 4 * (sim_layer_inputs(l) + l->kept);
        w->in_dram[i] = reuse;
        all += w->state[i];
        most = larger(most, w->work[i]);
    }
    if (all + most <= capacity) {
        memset(w->in_dram, 0, sizeof w->in_dram);
        w->room = capacity - all;
        return;
    }
    for (int taken = 0; reuse && taken < LAYERS; taken++) {
        int least = -1;
        for (int i = 0; i < LAYERS; i++)
            if (w->in_dram[i] && (least < 0 || w->state[i] < w->state[least]))
                least = i;
        if (held + w->state[least] > capacity / 2)
            break;
        held += w->state[least];
        w->in_dram[least] = false;
    }
    w->room = capacity - held;
}

static void check_places(rig *r, bool reuse)
{
    places w;
    sim_plan p;
    bool whole[LAYERS];
    expect_places(r, reuse, &w);
    plan_of(r, reuse, &p);
    for (int i = 0; i < LAYERS; i++) {
        const sim_layer_plan *l = &p.layer[i];
        whole[i] = w.work[i] + (w.in_dram[i] ? w.state[i] : 0) <= w.room;
        assert_int_equal(l->state_bytes, w.state[i]);
        assert_int_equal(l->state_dram, w.in_dram[i]);
        assert_int_equal(l->whole, whole[i]);
        if (whole[i])
            assert_int_equal(l->blocks[0] * l->blocks[1] * l->blocks[2], 1);
    }
    for (int i = 0; i < LAYERS; i++) {
        assert_int_equal(p.layer[i].in_dram, i == 0 || !whole[i] || !whole[i - 1]);
        assert_int_equal(p.layer[i].out_dram, i == LAYERS - 1 || !whole[i] || !whole[i + 1]);
    }
    sim_plan_free(&p);
}

/* From an I/O buffer that holds next to nothing to one that holds everything. */
static void test_state(void **state)
{
    (void)state;
    const sim_layer chain[LAYERS] = {flat_conv("a", 2, 30, 50), flat_conv("b", 30, 10, 50),
                                     flat_conv("c", 10, 20, 50), flat_conv("d", 20, 3, 50)};
    for (int64_t kib = 1; kib < 30; kib++) {
        rig r;
        rig_init(&r);
        rig_set(&r, "machine.tiles", "1");
        for (int i = 0; i < LAYERS; i++)
            rig_add(&r, &chain[i], 5);
        r.c.io_size = r.c.io_size_reuse = kib * 1024;
        check_places(&r, false);
        check_places(&r, true);
    }
}

/* The state of layers that are left out of reuse does not exist. */
static void test_left_out(void **state)
{
    (void)state;
    rig r;
    sim_plan p;
    sim_counts n;
    sim_layer l = sim_fc("off", 20, 30);
    l.reuse = false;
    rig_init(&r);
    rig_add(&r, &l, 5);
    plan_of(&r, true, &p);
    assert_int_equal(p.layer[0].state_bytes, 0);
    sim_plan_free(&p);
    rig_open(&r);
    for (int i = 0; i < 2; i++) {
        rig_run(&r, SIM_REUSE, i == 0, &n);
        assert_int_equal(n.n[SIM_MACS], 600);
        assert_int_equal(n.n[SIM_COMPARE] + n.n[SIM_QUANTISE] + n.n[SIM_LOOKUP], 0);
        assert_int_equal(n.n[SIM_CYCLES_FILL], 6 + 3); /* no further stages */
    }
    rig_close(&r);
}

/* Of a recurrent network one layer's state is there at a time: that of the largest must fit. */
static void test_state_recurrent(void **state)
{
    (void)state;
    rig r;
    sim_plan p;
    sim_layer small = sim_fc("small", 30, 20), large = sim_fc("large", 40, 30);
    small.gates = large.gates = 4;
    small.macs *= 4;
    large.macs *= 4;
    rig_init(&r);
    rig_set(&r, "machine.tiles", "1");
    rig_add(&r, &small, 4);
    rig_add(&r, &large, 4);
    r.net.recurrent = true;
    /* 120 sums, 40 indices of 4 bits; 40 inputs, 30 outputs, 30 cells: 900 B of 1 KiB. */
    r.c.io_size = r.c.io_size_reuse = 1024;
    plan_of(&r, true, &p);
    for (int i = 0; i < 2; i++)
        assert_false(p.layer[i].state_dram);
    assert_int_equal(p.io_state, 4 * 120 + 20);
    sim_plan_free(&p);
}

/* State in DRAM is read before every block; it is written where something changed. */
static void test_state_traffic(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = flat_conv("wide", 2, 8, 100);
    rig_init(&r);
    rig_set(&r, "machine.tiles", "1");
    rig_add(&r, &l, 8);
    r.c.io_size = r.c.io_size_reuse = 2048;
    rig_open(&r);
    const sim_layer_plan *p = &r.m[SIM_REUSE].plan.layer[0];
    assert_true(p->state_dram && p->blocks[2] > 2);
    int64_t all = 4 * 8 * 100 + 2 * (100 + 2 * (p->blocks[2] - 1)); /* each cut: a halo of 2 */
    rig_run(&r, SIM_REUSE, true, &n);
    assert_int_equal(n.n[SIM_BYTES_STATE_IN], 0);
    assert_int_equal(n.n[SIM_BYTES_STATE_OUT], all);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_BYTES_STATE_IN], all);
    assert_int_equal(n.n[SIM_BYTES_STATE_OUT], 0);
    sim_bits_set(r.changed[0], 0); /* of the first block only, which has one halo element */
    rig_run(&r, SIM_REUSE, false, &n);
    int64_t outputs = 100 / p->blocks[2];
    assert_int_equal(n.n[SIM_BYTES_STATE_IN], all);
    assert_int_equal(n.n[SIM_BYTES_STATE_OUT], 4 * 8 * outputs + 2 * (outputs + 1));
    rig_change(&r, 0, 1);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_BYTES_STATE_OUT], all);
    assert_int_equal(n.n[SIM_BYTES_ACT_OUT], 4 * 8 * 100);
    assert_int_equal(n.n[SIM_BYTES_ACT_IN], 4 * 2 * (100 + 2 * (p->blocks[2] - 1)));
    rig_close(&r);
}

/* ------------------------------------------------------------------ blocks */

static bool feeds(const rpr_trace_axis *a, bool transposed, int32_t in, int32_t out)
{
    for (int32_t t = 0; t < a->kernel; t++)
        if (transposed ? in * a->stride + t * a->dilation - a->pad == out
                       : out * a->stride + t * a->dilation - a->pad == in)
            return true;
    return false;
}

/** Input positions from the first to the last one that the outputs see. */
static int32_t seen(const rpr_trace_axis *a, bool transposed, int32_t out0, int32_t out1,
                    int32_t *lo, int32_t *hi)
{
    *lo = *hi = 0;
    for (int32_t i = 0; i < a->in; i++)
        for (int32_t o = out0; o < out1; o++)
            if (feeds(a, transposed, i, o)) {
                *lo = *hi == 0 ? i : *lo;
                *hi = i + 1;
            }
    return *hi - *lo;
}

/** Marks the outputs of a block, and checks that it has all inputs that they see. */
static void check_block(const sim_step *s, const sim_block *b, uint8_t *covered)
{
    const rpr_trace_axis *a = s->l->axis;
    for (int i = 0; i < 3; i++) {
        int32_t lo, hi;
        if (seen(&a[i], s->l->transposed, b->out0[i], b->out1[i], &lo, &hi) > 0)
            assert_true(b->lo[i] <= lo && hi <= b->hi[i]);
        assert_true(b->lo[i] >= 0 && b->lo[i] <= b->hi[i]);
        assert_true(b->lo[i] == b->hi[i] || b->hi[i] <= a[i].in);
    }
    for (int32_t z = b->out0[0]; z < b->out1[0]; z++)
        for (int32_t y = b->out0[1]; y < b->out1[1]; y++)
            for (int32_t x = b->out0[2]; x < b->out1[2]; x++)
                covered[((b->image * a[0].out + z) * a[1].out + y) * a[2].out + x]++;
}

static int64_t block_elements(const sim_block *b, int32_t channels, bool outputs)
{
    int64_t n = channels;
    for (int i = 0; i < 3; i++)
        n *= outputs ? b->out1[i] - b->out0[i] : b->hi[i] - b->lo[i];
    return n;
}

/** Bytes of a block in the buffer, without state that stays there. */
static int64_t block_need(const sim_step *s, const sim_block *b)
{
    int64_t in = block_elements(b, s->l->ci, false), out = block_elements(b, s->l->co, true);
    int64_t need = 4 * in + 4 * out;
    if (s->p->state_dram)
        need += 4 * out + in * s->in->bits / 8;
    return need;
}

static void check_blocks(rig *r, bool reuse)
{
    sim_machine *m = &r->m[reuse];
    const sim_layer *l = &r->layer[0];
    sim_step s = {.m = m, .l = l, .p = &m->plan.layer[0], .in = &r->input[0], .reuse = reuse};
    s.maps = s.p->maps;
    int64_t positions = sim_layer_outputs(l) / l->co, n = sim_n_blocks(&s);
    int64_t room = r->c.tiles * (reuse ? r->c.io_size_reuse : r->c.io_size) - m->plan.io_state;
    uint8_t *covered = calloc((size_t)positions, 1);
    assert_non_null(covered);
    for (int64_t k = 0; k < n; k++) {
        sim_block b;
        sim_block_make(&s, k, &b);
        check_block(&s, &b, covered);
        assert_int_equal(b.outputs, block_elements(&b, l->co, true));
        if (!s.p->whole)
            assert_true(2 * block_need(&s, &b) <= room);
    }
    for (int64_t i = 0; i < positions; i++)
        assert_int_equal(covered[i], 1);
    free(covered);
}

/** A rig with a random layer that a small buffer holds, cut or whole; false if it does not. */
static bool draw_cut(rng *g, rig *r)
{
    rpr_error err;
    sim_plan p;
    sim_layer l = random_layer(g, "random");
    rig_init(r);
    rig_set(r, "machine.tiles", "1");
    r->c.io_size = r->c.io_size_reuse = 1024 * rng_between(g, 1, 5);
    rig_add(r, &l, 5);
    for (int v = 0; v < SIM_N_VARIANTS; v++) {
        if (sim_plan_make(&r->c, &r->net, v, &p, &err) != RPR_OK)
            return false;
        sim_plan_free(&p);
    }
    rig_open(r);
    return true;
}

static void test_blocks(void **state)
{
    (void)state;
    rng g = {7};
    int cut = 0;
    for (int round = 0; round < 1000; round++) {
        rig r;
        if (!draw_cut(&g, &r))
            continue;
        cut += !r.m[SIM_REUSE].plan.layer[0].whole;
        check_blocks(&r, false);
        check_blocks(&r, true);
        rig_close(&r);
    }
    assert_true(cut > 100);
}

/** What all blocks of a division read, if they fit twice into the room; otherwise -1. */
static int64_t reads(const rig *r, const sim_layer_plan *p, const int32_t blocks[3], int64_t room)
{
    const sim_layer *l = &r->layer[0];
    int64_t read = l->ci, in = l->ci, out = l->co;
    for (int i = 0; i < 3; i++) {
        int64_t sum = 0, most = 0;
        for (int32_t b = 0; b < blocks[i]; b++) {
            int32_t lo, hi, size = l->axis[i].out;
            sum += seen(&l->axis[i], l->transposed, size * b / blocks[i],
                        size * (b + 1) / blocks[i], &lo, &hi);
            most = larger(most, hi - lo);
        }
        read *= sum;
        in *= most;
        out *= up(l->axis[i].out, blocks[i]);
    }
    int64_t need = 4 * in + 4 * out;
    if (p->state_dram)
        need += 4 * out + up(in * r->input[0].bits, 8);
    return 2 * need <= room ? read : -1;
}

/** The division that reads least, of all there are. */
static int64_t least_reads(const rig *r, const sim_layer_plan *p, int64_t room)
{
    const rpr_trace_axis *a = r->layer[0].axis;
    int64_t least = -1;
    int32_t b[3];
    for (b[0] = 1; b[0] <= a[0].out; b[0]++)
        for (b[1] = 1; b[1] <= a[1].out; b[1]++)
            for (b[2] = 1; b[2] <= a[2].out; b[2]++) {
                int64_t n = reads(r, p, b, room);
                if (n >= 0 && (least < 0 || n < least))
                    least = n;
            }
    return least;
}

/* Windows that touch or overlap, so that blocks read without gaps. */
static void test_blocks_read_least(void **state)
{
    (void)state;
    rng g = {8};
    int cut = 0;
    for (int round = 0; round < 3000; round++) {
        rig r;
        if (!draw_cut(&g, &r))
            continue;
        const sim_plan *p = &r.m[SIM_REUSE].plan;
        bool dense = r.layer[0].n == 1 && !r.layer[0].transposed;
        for (int i = 0; i < 3; i++)
            dense = dense && r.layer[0].axis[i].stride <= r.layer[0].axis[i].kernel &&
                    r.layer[0].axis[i].dilation == 1;
        if (dense && !p->layer[0].whole) {
            int64_t room = r.c.io_size_reuse - p->io_state;
            int64_t got = reads(&r, &p->layer[0], p->layer[0].blocks, room);
            int64_t least = least_reads(&r, &p->layer[0], room);
            if (got != least)
                fail_msg("round %d: %d x %d x %d blocks read %lld, the least is %lld", round,
                         p->layer[0].blocks[0], p->layer[0].blocks[1], p->layer[0].blocks[2],
                         (long long)got, (long long)least);
            cut++;
        }
        rig_close(&r);
    }
    assert_true(cut > 20);
}

/* ---------------------------------------------------------------- refusals */

static void test_impossible(void **state)
{
    (void)state;
    rig r;
    sim_layer fc = sim_fc("huge fc", 3000, 40), conv = flat_conv("deep conv", 600, 600, 4);
    rig_init(&r);
    rig_set(&r, "io.size", "1 KiB");
    rig_set(&r, "io.size_reuse", "2 KiB");
    rig_add(&r, &fc, 5);
    refused(&r, false, "huge fc", "[io] size");
    refused(&r, true, "huge fc", "[io] size_reuse");
    rig_init(&r);
    rig_set(&r, "weights.size", "1 KiB");
    rig_add(&r, &conv, 5);
    refused(&r, false, "deep conv", "[weights] size");
    refused(&r, true, "deep conv", "[weights] size");
}

/* 33 centroids of 4 B need 132 B; without reuse, or by values instead of clusters, none. */
static void test_centroids(void **state)
{
    (void)state;
    rig r;
    sim_plan p;
    sim_layer l = sim_fc("clusters", 10, 10);
    rig_init(&r);
    rig_set(&r, "centroids.size", "128 B");
    rig_add(&r, &l, 5);
    r.input[0].clusters = 32;
    plan_of(&r, true, &p);
    sim_plan_free(&p);
    r.input[0].clusters = 33;
    refused(&r, true, "clusters", "[centroids] size");
    plan_of(&r, false, &p);
    sim_plan_free(&p);
    r.layer[0].reuse = false;
    plan_of(&r, true, &p);
    sim_plan_free(&p);
}

/* One direction of a cell reads x beside its own last output. */
static void test_cell_without_input(void **state)
{
    (void)state;
    rig r;
    sim_layer l = sim_fc("cell", 10, 10);
    l.gates = 4;
    rig_init(&r);
    rig_add(&r, &l, 4);
    refused(&r, true, "cell", "inputs");
    refused(&r, false, "cell", "inputs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resident),          cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_loaded_in_groups),  cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_loading_hides),     cmocka_unit_test(test_state),
        cmocka_unit_test(test_left_out),          cmocka_unit_test(test_state_recurrent),
        cmocka_unit_test(test_state_traffic),     cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_blocks_read_least), cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_centroids),         cmocka_unit_test(test_cell_without_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
