/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiny layers whose cycles and accesses are worked out by hand from doc/simulator.md. Of every
 * layer the test says how many input elements feed how many output positions; the rest are the
 * document's formulas, summed over these classes.
 */
#include "rig.h"

/** So many input elements feed `fan` output positions each. */
typedef struct fan_class {
    int64_t fan, elements;
} fan_class;

/** A layer by hand. Channels are even in number, or there is one position only. */
typedef struct by_hand {
    sim_layer l;
    fan_class cls[8]; /* ends with fan 0 */
    int64_t outputs;  /* of all gates */
    int64_t macs;
} by_hand;

/** One machine and one pass of it, in the words of the document. */
typedef struct terms {
    const sim_config *c;
    int64_t maps;     /* of the pass, in all tiles */
    int64_t m;        /* in the busiest one */
    int64_t value;    /* bytes on the ring per input */
    int64_t share;    /* of 2: 2 all, 1 every second element, 0 none is sent to the lanes */
    int64_t elements; /* visited */
} terms;

static int64_t lane_cycles(const terms *t, int64_t fan)
{
    return t->c->conv == SIM_CONV_MAPS ? fan * up(t->m, t->c->lanes) : up(fan * t->m, t->c->lanes);
}

static int64_t weight_cycles(const terms *t, int64_t fan)
{
    return up(fan * t->m * 4, t->c->weights_line);
}

/* An array that takes one cycle; every bank serves one line in it. */
static int64_t io_cycles(const terms *t, int64_t fan)
{
    return up(fan * up(t->m * 4, t->c->io_line), t->c->io_banks);
}

static int64_t ring_cycles(const terms *t)
{
    return t->c->tiles > 1 ? up(t->value, t->c->ring_link) : 0;
}

static int64_t service(const terms *t, int64_t fan)
{
    return larger(larger(lane_cycles(t, fan), weight_cycles(t, fan)),
                  larger(io_cycles(t, fan), ring_cycles(t)));
}

/** Lines of `bytes` bytes per map in all tiles, to which maps are dealt out as evenly as can be. */
static int64_t lines_of_tiles(const terms *t, int64_t per_map, int64_t line)
{
    int64_t lines = 0;
    for (int64_t tile = 0; tile < t->c->tiles; tile++)
        lines += up((t->maps / t->c->tiles + (tile < t->maps % t->c->tiles)) * per_map, line);
    return lines;
}

/** What one pass must add to the counts. */
static void expect_pass(const terms *t, const fan_class *cls, sim_counts *want)
{
    int64_t *n = want->n;
    for (; cls->fan; cls++) {
        int64_t f = cls->fan, sent = cls->elements * t->share / 2;
        if (t->share == 1 && cls->elements == t->elements)
            sent = up(cls->elements, 2); /* one position: elements 0, 2, 4, ... */
        int64_t c = lane_cycles(t, f), w = weight_cycles(t, f), io = io_cycles(t, f);
        n[SIM_CHANGED] += sent;
        n[SIM_MACS] += sent * f * t->maps;
        n[SIM_SKIPPED] += (cls->elements - sent) * f * t->maps;
        n[SIM_CYCLES_COMPUTE] += sent * c;
        /* Who exceeds the lanes first pays, in the order weights, I/O, ring. */
        n[SIM_STALL_WEIGHTS] += sent * (larger(w, c) - c);
        n[SIM_STALL_IO] += sent * (larger(io, larger(w, c)) - larger(w, c));
        n[SIM_STALL_RING] += sent * (service(t, f) - larger(io, larger(w, c)));
        n[SIM_BUSY_WEIGHTS] += sent * w;
        n[SIM_BUSY_IO] += sent * io;
        n[SIM_BUSY_RING] += sent * ring_cycles(t);
        n[SIM_WEIGHTS_READ] += sent * lines_of_tiles(t, f * 4, t->c->weights_line);
        n[SIM_IO_SUM_READ] += sent * f * lines_of_tiles(t, 4, t->c->io_line);
        n[SIM_RING_BYTES] += sent * t->value * (t->c->tiles - 1);
    }
    n[SIM_INPUTS] += t->elements;
}

/**
 * Cycles that the pass adds to those of the services. Look-ahead: with all changed, the front end
 * is never behind, because no service is below one cycle; with none, it looks at `compares` per
 * cycle; with every second one, the k-th changed one is seen in cycle 2k / compares: nothing
 * waits for it if two are compared per cycle or if all services take two cycles or more; if all
 * take one cycle, the scan's end is the end. Otherwise (-1) the order of the services decides.
 */
static int64_t expect_scan(const terms *t, const fan_class *cls, int64_t sent, int64_t work)
{
    bool ones = true, longer = true;
    for (; cls->fan; cls++) {
        ones = ones && service(t, cls->fan) == 1;
        longer = longer && service(t, cls->fan) > 1;
    }
    if (t->c->skips == SIM_SKIPS_IN_ORDER)
        return t->elements - sent;
    if (t->share == 1 && t->c->compares == 1 && !ones && !longer)
        return -1;
    return t->share == 2 ? 0 : larger(up(t->elements, t->c->compares), work) - work;
}

static void expect_execution(const sim_config *c, const by_hand *h, bool reuse, bool first,
                             int64_t share, sim_counts *want)
{
    bool together = c->gates == SIM_GATES_TOGETHER && h->l.gates > 1;
    bool dense = first || !reuse;
    int64_t gates = h->l.gates, passes = together ? 1 : gates, elements = 0;
    for (const fan_class *k = h->cls; k->fan; k++)
        elements += k->elements;
    terms t = {c, h->l.co / h->l.groups * (together ? gates : 1)};
    t.m = up(t.maps, c->tiles);
    t.value = dense ? 4 : 8;
    t.share = dense ? 2 : share;
    t.elements = elements;
    *want = (sim_counts){{0}};
    int64_t *n = want->n;
    for (int64_t p = 0; p < passes; p++)
        expect_pass(&t, h->cls, want);
    int64_t sent = n[SIM_CHANGED] / passes;
    int64_t work =
        n[SIM_CYCLES_COMPUTE] + n[SIM_STALL_WEIGHTS] + n[SIM_STALL_IO] + n[SIM_STALL_RING];
    if (!dense)
        n[SIM_STALL_SCAN] = passes * expect_scan(&t, h->cls, sent, work / passes);
    n[SIM_IO_SUM_WRITE] = n[SIM_IO_SUM_READ];
    n[SIM_LANE_IDLE] = c->tiles * c->lanes * n[SIM_CYCLES_COMPUTE] - n[SIM_MACS];
    n[SIM_CYCLES_FILL] =
        passes * (c->stages + (reuse ? c->reuse_stages : 0) + c->ring_hop * (c->tiles - 1));
    /* Sums of a dense execution begin with the biases; all are finished, cells in 11 steps. */
    int64_t begin = up(up(h->outputs, c->tiles), c->lanes);
    int64_t finish = gates == 1 ? begin : 11 * up(up(h->outputs / gates, c->tiles), c->lanes);
    n[SIM_CYCLES_FINISH] = (dense ? begin : 0) + finish;
    n[SIM_QUANTISE] = reuse ? passes * elements : 0;
    n[SIM_COMPARE] = dense ? 0 : passes * elements;
    n[SIM_LOOKUP] = !reuse ? 0 : (first ? 1 : 2) * n[SIM_CHANGED];
    /* A cell: 6 products and 4 sums: three peepholes, f c + i g, o tanh c. */
    int64_t cells = gates == 1 ? 0 : h->outputs / gates;
    n[SIM_FP_MUL] = n[SIM_MACS] + 6 * cells;
    n[SIM_FP_ADD] = n[SIM_MACS] + 4 * cells + (dense ? 0 : n[SIM_CHANGED]);
    n[SIM_SPECIAL] = gates == 1 ? h->outputs : 5 * cells;
}

/** Lines that hold the inputs that are visited, their indices (4 bits each), and the sums. */
static void expect_lines(const sim_config *c, const by_hand *h, bool reuse, bool first,
                         int64_t share, int64_t passes, sim_counts *want)
{
    int64_t *n = want->n, inputs = 0, sums = up(h->outputs * 4, c->io_line);
    for (const fan_class *k = h->cls; k->fan; k++)
        inputs += k->elements;
    int64_t indices = up(up(inputs * 4, 8), c->io_line);
    n[SIM_IO_INPUT_READ] = passes * up(inputs * 4, c->io_line);
    n[SIM_IO_INDEX_READ] = reuse && !first ? passes * indices : 0;
    n[SIM_IO_INDEX_WRITE] = reuse && (first || share > 0) ? indices : 0;
    n[SIM_IO_START_WRITE] = first || !reuse ? sums : 0;
    if (h->l.gates == 1) {
        n[SIM_IO_FINISH_READ] = sums;
        n[SIM_IO_FINISH_WRITE] = up(h->l.kept * 4, c->io_line);
    } else { /* the cell's state comes and goes with the sums */
        int64_t cells = up(h->outputs / h->l.gates * 4, c->io_line);
        n[SIM_IO_FINISH_READ] = sums + cells;
        n[SIM_IO_FINISH_WRITE] = 2 * cells;
    }
}

static const sim_count checked[] = {
    SIM_MACS,           SIM_SKIPPED,        SIM_INPUTS,          SIM_CHANGED,
    SIM_CYCLES_COMPUTE, SIM_STALL_WEIGHTS,  SIM_STALL_IO,        SIM_STALL_RING,
    SIM_STALL_SCAN,     SIM_CYCLES_FINISH,  SIM_CYCLES_FILL,     SIM_BUSY_WEIGHTS,
    SIM_BUSY_IO,        SIM_BUSY_RING,      SIM_LANE_IDLE,       SIM_WEIGHTS_READ,
    SIM_IO_INPUT_READ,  SIM_IO_INDEX_READ,  SIM_IO_INDEX_WRITE,  SIM_IO_SUM_READ,
    SIM_IO_SUM_WRITE,   SIM_IO_START_WRITE, SIM_IO_FINISH_READ,  SIM_IO_FINISH_WRITE,
    SIM_RING_BYTES,     SIM_BYTES_WEIGHTS,  SIM_WEIGHTS_FILL,    SIM_BYTES_ACT_IN,
    SIM_BYTES_ACT_OUT,  SIM_BYTES_STATE_IN, SIM_BYTES_STATE_OUT, SIM_DRAM_READ,
    SIM_DRAM_WRITE,     SIM_FP_MUL,         SIM_FP_ADD,          SIM_QUANTISE,
    SIM_COMPARE,        SIM_LOOKUP,         SIM_SPECIAL,
};

static void compare(const by_hand *h, const char *when, const sim_counts *got,
                    const sim_counts *want)
{
    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++)
        if (got->n[checked[i]] != want->n[checked[i]] && want->n[checked[i]] >= 0)
            fail_msg("%s, %s: %s is %lld, should be %lld", h->l.name, when,
                     sim_count_name(checked[i]), (long long)got->n[checked[i]],
                     (long long)want->n[checked[i]]);
    int64_t parts = 0;
    for (int k = SIM_CYCLES_COMPUTE; k <= SIM_CYCLES_FILL; k++)
        parts += got->n[k];
    assert_int_equal(got->n[SIM_CYCLES], parts);
}

/**
 * The only layer of its network: weights come once and stay; its input comes from DRAM and its
 * output goes there, while nothing else is to be done; its state stays on chip.
 */
static void expect_dram(const sim_config *c, const by_hand *h, bool cold, sim_counts *want)
{
    int64_t *n = want->n, maps = h->l.co / h->l.groups;
    int64_t at_once = c->gates == SIM_GATES_TOGETHER ? h->l.gates : 1; /* their rows are one row */
    int64_t row = up(sim_layer_taps(&h->l) * up(maps * at_once, c->tiles) * 4, c->weights_line);
    int64_t lines = cold ? h->l.ci * row * c->tiles * (h->l.gates / at_once) : 0;
    n[SIM_WEIGHTS_FILL] = lines;
    n[SIM_BYTES_WEIGHTS] = lines * c->weights_line;
    /* Of a cell's inputs only x comes: the previous h is there. */
    n[SIM_BYTES_ACT_IN] = 4 * (sim_layer_inputs(&h->l) - (h->l.gates > 1 ? h->l.co : 0));
    n[SIM_BYTES_ACT_OUT] = 4 * h->l.kept;
    n[SIM_DRAM_READ] = n[SIM_BYTES_WEIGHTS] + n[SIM_BYTES_ACT_IN];
    n[SIM_DRAM_WRITE] = n[SIM_BYTES_ACT_OUT];
}

static void check_execution(rig *r, const by_hand *h, int variant, int k)
{
    static const struct {
        const char *when;
        int64_t step, share;
    } run[] = {{"first", 0, 2}, {"all", 1, 2}, {"none", 0, 0}, {"half", 2, 1}, {"all again", 1, 2}};
    sim_counts got, want;
    bool reuse = variant == SIM_REUSE;
    int64_t passes = r->c.gates == SIM_GATES_TOGETHER ? 1 : h->l.gates;
    rig_change(r, 0, run[k].step);
    rig_run(r, variant, k == 0, &got);
    expect_execution(&r->c, h, reuse, k == 0, run[k].share, &want);
    expect_lines(&r->c, h, reuse, k == 0, run[k].share, passes, &want);
    expect_dram(&r->c, h, k == 0, &want);
    compare(h, run[k].when, &got, &want);
    assert_int_equal(got.n[SIM_MACS] + got.n[SIM_SKIPPED], h->macs);
    assert_int_equal(got.n[SIM_STALL_DRAM], got.n[SIM_BUSY_DRAM]);
    if (reuse && run[k].share == 0 && k > 0)
        assert_int_equal(got.n[SIM_WEIGHTS_READ], 0);
}

static void check_config(const by_hand *h, void (*adjust)(rig *r))
{
    rig r;
    rig_init(&r);
    rig_add(&r, &h->l, 4);
    adjust(&r);
    rig_open(&r);
    assert_int_equal(h->l.macs, h->macs);
    for (int v = 0; v < SIM_N_VARIANTS; v++)
        for (int k = 0; k < 5; k++)
            check_execution(&r, h, v, k);
    rig_close(&r);
}

/* ---------------------------------------------------------------- machines */

static void as_it_is(rig *r)
{
    (void)r;
}

static void in_order(rig *r)
{
    rig_set(r, "pipeline.skips", "in_order");
    rig_set(r, "pipeline.gates", "together");
}

/* Lines of 8 weights for 32 lanes: the weights are what is waited for. */
static void narrow_weights(rig *r)
{
    rig_set(r, "weights.line", "32 B");
    rig_set(r, "pipeline.compares", "2");
}

/* One bank for the sums, and lines of two of them. */
static void narrow_sums(rig *r)
{
    rig_set(r, "io.line", "8 B");
    rig_set(r, "io.banks", "1");
}

/* A link of one byte: 4 cycles for a value, 8 for a difference. */
static void narrow_ring(rig *r)
{
    rig_set(r, "ring.link", "1 B/cycle");
    rig_set(r, "ring.hop", "3 cycles");
    rig_set(r, "machine.tiles", "3");
}

static void one_tile(rig *r)
{
    rig_set(r, "machine.tiles", "1");
    rig_set(r, "machine.lanes", "2");
    rig_set(r, "ring.link", "1 B/cycle");
    rig_set(r, "pipeline.compares", "3");
}

static void by_position(rig *r)
{
    rig_set(r, "pipeline.conv", "positions");
    rig_set(r, "machine.lanes", "5");
    rig_set(r, "machine.tiles", "2");
}

static void check_all(const by_hand *h)
{
    check_config(h, as_it_is);
    check_config(h, in_order);
    check_config(h, narrow_weights);
    check_config(h, narrow_sums);
    check_config(h, narrow_ring);
    check_config(h, one_tile);
    check_config(h, by_position);
}

/* ------------------------------------------------------------------ layers */

/* n inputs feed one position of co maps each: n * ceil(ceil(co / tiles) / lanes) cycles. */
static void test_fc(void **state)
{
    (void)state;
    static const int32_t maps[] = {1, 3, 5, 31, 127, 128, 129, 300, 512, 1000};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        for (int32_t n = 1; n < 300; n = 3 * n + 1) {
            by_hand h = {sim_fc("fc", n, maps[i]), {{1, n}}, maps[i], (int64_t)n * maps[i]};
            check_all(&h);
        }
}

/* 100 x 300 on 4 tiles of 32 lanes: 75 maps in a tile, 3 cycles per input. */
static void test_fc_in_numbers(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = sim_fc("fc", 100, 300);
    rig_init(&r);
    rig_add(&r, &l, 4);
    rig_open(&r);
    rig_run(&r, SIM_BASE, true, &n);
    rig_run(&r, SIM_BASE, false, &n);
    /* 300 of work, 3 to start the sums and 3 to finish them, 6 + 3 hops to fill. */
    assert_int_equal(n.n[SIM_CYCLES] - n.n[SIM_STALL_DRAM], 300 + 6 + 9);
    assert_int_equal(n.n[SIM_WEIGHTS_READ], 100 * 4 * 3); /* 75 * 4 B are 3 lines */
    rig_run(&r, SIM_REUSE, true, &n);
    /* ... 3 stages more; the sums of the second execution are there already. */
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_CYCLES] - n.n[SIM_STALL_DRAM], 100 + 3 + 12);
    assert_int_equal(n.n[SIM_WEIGHTS_READ], 0);
    assert_int_equal(n.n[SIM_MACS], 0);
    rig_change(&r, 0, 2);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_CYCLES] - n.n[SIM_STALL_DRAM], 150 + 3 + 12);
    rig_close(&r);
}

/*
 * 5 x 5, 3 x 3, stride 2, one zero around: 3 x 3 outputs. Along an axis tap t of output o reads
 * 2 o + t - 1: position 0 is read once (o = 0, t = 1), 1 twice, 2 once, 3 twice, 4 once. Of 25
 * positions 9 feed 1 * 1 outputs, 2 * 3 * 2 feed 1 * 2 and 4 feed 2 * 2.
 */
static void test_conv_2d(void **state)
{
    (void)state;
    rpr_trace_axis a = axis_conv(5, 3, 2, 1, 1, 1);
    static const int32_t maps[] = {6, 64, 260};
    for (int i = 0; i < 3; i++) {
        int32_t co = maps[i];
        by_hand h = {conv_layer("conv", 4, co, 1, false, axis_absent(), a, a),
                     {{1, 4 * 9}, {2, 4 * 12}, {4, 4 * 4}},
                     9 * co,
                     (int64_t)4 * co * (9 * 1 + 12 * 2 + 4 * 4)};
        check_all(&h);
    }
}

/*
 * 2 x 3 x 4 in, 2 x 2 x 2 windows, stride 1, no border: 1 x 2 x 3 outputs. Fans along d 1 1,
 * along h 1 2 1, along w 1 2 2 1: products 1 (2 * 2 * 2 positions), 2 (2 * (1 * 2 + 2 * 2)) and
 * 4 (2 * 1 * 2).
 */
static void test_conv_3d(void **state)
{
    (void)state;
    by_hand h = {conv_layer("conv3d", 2, 10, 1, false, axis_conv(2, 2, 1, 1, 0, 0),
                            axis_conv(3, 2, 1, 1, 0, 0), axis_conv(4, 2, 1, 1, 0, 0)),
                 {{1, 2 * 8}, {2, 2 * 12}, {4, 2 * 4}},
                 6 * 10,
                 2 * 10 * 48}; /* 6 outputs with 8 taps each, all inside */
    check_all(&h);
}

/*
 * Transposed, 3 x 4 in, window 3, stride 2, one output cut off in front: 3 -> 6, tap t of input i
 * lands on 2 i + t - 1. i = 0 loses t = 0, the others keep their three taps as out is
 * 2 * 2 + 3 - 1 = 6; along w with two cut off behind as well: 4 -> 6, i = 3 reaches 5, 6, 7 and
 * keeps one. Fans 2 3 3 along h; 2 3 3 1 along w.
 */
static void test_transposed(void **state)
{
    (void)state;
    by_hand h = {conv_layer("up", 2, 12, 1, true, axis_absent(), axis_transposed(3, 3, 2, 1, 1, 0),
                            axis_transposed(4, 3, 2, 1, 1, 2)),
                 {{2, 2 * 1}, {3, 2 * 2}, {4, 2 * 1}, {6, 2 * 4}, {9, 2 * 4}},
                 36 * 12,
                 2 * 12 * (8 * 9)};
    assert_int_equal(h.l.axis[1].out, 6);
    assert_int_equal(h.l.axis[2].out, 6);
    check_all(&h);
}

/* Depthwise, one map per channel, window 3 over 6 with zeros: fans 2 3 3 3 3 2. */
static void test_depthwise(void **state)
{
    (void)state;
    by_hand h = {conv_layer("depthwise", 6, 6, 6, false, axis_absent(), axis_absent(),
                            axis_conv(6, 3, 1, 1, 1, 1)),
                 {{2, 6 * 2}, {3, 6 * 4}},
                 6 * 6,
                 6 * 16};
    check_all(&h);
}

/* Two groups of 2 in and 9 out; dilated: taps at -2, 0, 2 over 5: fans 2 2 3 2 2. */
static void test_grouped(void **state)
{
    (void)state;
    by_hand h = {conv_layer("grouped", 4, 18, 2, false, axis_absent(), axis_absent(),
                            axis_conv(5, 3, 1, 2, 2, 2)),
                 {{2, 4 * 4}, {3, 4 * 1}},
                 5 * 18,
                 4 * 9 * 11};
    check_all(&h);
}

/* Stride 3 beats window 1: of positions 0 to 6 only 0, 3 and 6 are visited. */
static void test_not_visited(void **state)
{
    (void)state;
    by_hand h = {conv_layer("sparse", 2, 7, 1, false, axis_absent(), axis_absent(),
                            axis_conv(7, 1, 3, 1, 0, 0)),
                 {{1, 2 * 3}},
                 3 * 7,
                 2 * 7 * 3};
    check_all(&h);
}

/* 10 of x and 14 of h; four gates of 14 outputs each. */
static void test_lstm(void **state)
{
    (void)state;
    static const int32_t cells[] = {1, 14, 40};
    for (int i = 0; i < 3; i++) {
        by_hand h = {sim_fc("lstm", 10 + cells[i], cells[i]), {{1, 10 + cells[i]}}};
        h.l.gates = 4;
        h.outputs = 4 * cells[i];
        h.macs = h.l.macs = (10 + cells[i]) * h.outputs;
        check_all(&h);
    }
}

/*
 * Indices lie packed, 5 bits each: 121 of them take 76 bytes, which are 10 lines of 8. No execution
 * can write more lines than there are.
 */
static void test_index_lines(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = sim_fc("fc", 121, 7);
    rig_init(&r);
    rig_set(&r, "io.line", "8 B");
    rig_add(&r, &l, 5);
    rig_open(&r);
    rig_run(&r, SIM_REUSE, true, &n);
    assert_int_equal(n.n[SIM_IO_INDEX_WRITE], 10);
    sim_bits_set(r.changed[0], 70);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_IO_INDEX_READ], 10);
    assert_int_equal(n.n[SIM_IO_INDEX_WRITE], 1);
    rig_change(&r, 0, 1);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_IO_INDEX_READ], 10);
    assert_int_equal(n.n[SIM_IO_INDEX_WRITE], 10);
    rig_close(&r);
}

/* Without clusters the value itself is kept, and the difference is what is compared. */
static void test_values_kept(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = sim_fc("fc", 100, 7);
    rig_init(&r);
    rig_add(&r, &l, 32);
    rig_open(&r);
    rig_run(&r, SIM_REUSE, true, &n);
    assert_int_equal(n.n[SIM_IO_INDEX_WRITE], 4); /* 400 B */
    assert_int_equal(n.n[SIM_QUANTISE] + n.n[SIM_LOOKUP] + n.n[SIM_COMPARE], 0);
    rig_change(&r, 0, 2);
    rig_run(&r, SIM_REUSE, false, &n);
    assert_int_equal(n.n[SIM_IO_INDEX_READ], 4);
    assert_int_equal(n.n[SIM_COMPARE], 100);
    assert_int_equal(n.n[SIM_QUANTISE] + n.n[SIM_LOOKUP], 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fc),          cmocka_unit_test(test_fc_in_numbers),
        cmocka_unit_test(test_conv_2d),     cmocka_unit_test(test_conv_3d),
        cmocka_unit_test(test_transposed),  cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_grouped),     cmocka_unit_test(test_not_visited),
        cmocka_unit_test(test_lstm),        cmocka_unit_test(test_index_lines),
        cmocka_unit_test(test_values_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
