/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator against slow models written from doc/simulator.md: one that steps a pass cycle by
 * cycle, with a front end, a queue, lanes and the banks of the weights buffer as state, and one
 * that counts multiply-accumulates by loops over outputs, taps and channels.
 */
#include <string.h>

#include "rig.h"

/* ------------------------------------------------------- what a pass visits */

typedef struct visit {
    int32_t fan, channel;
    bool changed;
} visit;

/** How many outputs of the axis one position feeds. */
static int32_t fan_of(const rpr_trace_axis *a, bool transposed, int32_t in)
{
    int32_t fan = 0;
    for (int32_t o = 0; o < a->out; o++)
        for (int32_t t = 0; t < a->kernel; t++)
            fan += transposed ? in * a->stride + t * a->dilation - a->pad == o
                              : o * a->stride + t * a->dilation - a->pad == in;
    return fan;
}

/** In the order d, h, w, channel, without those that feed nothing. */
static int64_t list_visits(const sim_layer *l, const uint64_t *changed, visit *v)
{
    const rpr_trace_axis *a = l->axis;
    int64_t n = 0, element = 0;
    for (int32_t z = 0; z < a[0].in; z++)
        for (int32_t y = 0; y < a[1].in; y++)
            for (int32_t x = 0; x < a[2].in; x++) {
                int32_t fan = fan_of(&a[0], l->transposed, z) * fan_of(&a[1], l->transposed, y) *
                              fan_of(&a[2], l->transposed, x);
                for (int32_t k = 0; k < l->ci; k++, element++)
                    if (fan > 0)
                        v[n++] = (visit){fan, k, changed ? sim_bits_get(changed, element, 1) : 1};
            }
    return n;
}

/* --------------------------------------------------- a pass, cycle by cycle */

typedef struct stepped {
    const sim_config *c;
    const sim_timing *t;
    int64_t m, taps, ring;
    bool all;               /* nothing is compared */
    int64_t bank_free[64];  /* cycle from which on a bank takes the next access */
    int64_t now, work_done; /* the input at work is done in this cycle */
    int64_t pending;        /* lines of the input at work that are still to be read */
    int64_t bank, next_line, line_cycles;
    int64_t conflicts; /* cycles in which an input waited for its first bank */
    bool waiting;
    visit head;
    /* sums over the inputs */
    int64_t compute, stall[3];
} stepped;

static int64_t lines_of(const stepped *s, int64_t fan)
{
    return up(fan * s->m * 4, s->c->weights_line);
}

/** The lanes turn to an input; what it costs but for banks that are still busy. */
static int64_t work_of(stepped *s, int64_t fan)
{
    const sim_config *c = s->c;
    int64_t lanes = c->conv == SIM_CONV_MAPS ? fan * up(s->m, c->lanes) : up(fan * s->m, c->lanes);
    int64_t weights = lines_of(s, fan) * up(s->t->weights_busy, c->weights_banks);
    int64_t io = up(fan * up(s->m * 4, c->io_line) * s->t->io_busy, c->io_banks);
    int64_t ring = c->tiles > 1 ? up(s->ring, c->ring_link) : 0, most = lanes;
    int64_t unit[3] = {weights, io, ring};
    s->compute += lanes;
    for (int i = 0; i < 3; i++)
        if (unit[i] > most) {
            s->stall[i] += unit[i] - most;
            most = unit[i];
        }
    return most;
}

static bool lanes_free(const stepped *s)
{
    return !s->waiting && s->now >= s->work_done;
}

static void begin(stepped *s, const visit *v)
{
    int64_t row = up(s->taps * s->m * 4, s->c->weights_line);
    s->head = *v;
    s->bank = v->channel * row % s->c->weights_banks;
    s->pending = lines_of(s, v->fan);
    s->waiting = true;
}

/** What happens in one cycle at the weights buffer: one line, and then the next bank. */
static void step_banks(stepped *s)
{
    if (s->waiting && s->bank_free[s->bank] > s->now) {
        s->conflicts++;
        return;
    }
    if (s->waiting) {
        s->waiting = false;
        s->work_done = s->now + work_of(s, s->head.fan);
        s->next_line = s->now;
    }
    if (s->pending > 0 && s->now >= s->next_line) {
        assert_true(s->bank_free[s->bank] <= s->now); /* the pace leaves every bank its time */
        s->bank_free[s->bank] = s->now + s->t->weights_busy;
        s->bank = (s->bank + 1) % s->c->weights_banks;
        s->next_line = s->now + up(s->t->weights_busy, s->c->weights_banks);
        s->pending--;
    }
}

/** Without a comparison, or where a skip costs a cycle of the lanes: one after the other. */
static int64_t run_in_order(stepped *s, const visit *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!v[i].changed) {
            s->now++;
            continue;
        }
        begin(s, &v[i]);
        do {
            step_banks(s);
            s->now++;
        } while (!lanes_free(s));
    }
    return s->now;
}

/** A front end looks at groups of `compares` inputs, one group a cycle, while the queue has room.
 */
static int64_t run_lookahead(stepped *s, const visit *v, int64_t n)
{
    int64_t at = 0, in = 0, out = 0; /* looked at; changed ones that were found, and begun */
    visit queue[8];
    if (n == 0)
        return 0;
    for (;; s->now++) {
        bool group = at < n;
        while (true) {
            if (out < in && lanes_free(s))
                begin(s, &queue[out++ % s->c->queue]);
            if (!group)
                break;
            if (v[at].changed && in - out == s->c->queue)
                break; /* no room: go on from here in the next cycle */
            if (v[at].changed)
                queue[in++ % s->c->queue] = v[at];
            at++;
            group = at < n && at % s->c->compares != 0;
        }
        step_banks(s);
        /* The cycle in which the last input was looked at must pass, and the work must end. */
        if (at == n && in == out && !s->waiting)
            return larger(s->work_done, s->now + 1);
    }
}

static void step_pass(stepped *s, const visit *v, int64_t n, sim_counts *want)
{
    int64_t lookahead = !s->all && s->c->skips == SIM_SKIPS_LOOKAHEAD;
    int64_t cycles = lookahead ? run_lookahead(s, v, n) : run_in_order(s, v, n);
    int64_t stalls = s->conflicts + s->stall[0] + s->stall[1] + s->stall[2];
    want->n[SIM_CYCLES_COMPUTE] += s->compute;
    want->n[SIM_STALL_WEIGHTS] += s->stall[0] + s->conflicts;
    want->n[SIM_STALL_IO] += s->stall[1];
    want->n[SIM_STALL_RING] += s->stall[2];
    want->n[SIM_STALL_SCAN] += cycles - s->compute - stalls;
}

/* ------------------------------------------------------------- comparisons */

static void fill_random(rng *r, uint64_t *bits, int64_t n, int percent)
{
    memset(bits, 0, (size_t)sim_bits_words(n) * sizeof *bits);
    for (int64_t e = 0; e < n; e++)
        if (rng_below(r, 100) < percent)
            sim_bits_set(bits, e);
}

static void check_pass(rig *r, int variant, bool first, int round)
{
    const sim_layer *l = &r->layer[0];
    bool all = first || variant == SIM_BASE;
    visit *v = malloc((size_t)r->input[0].elements * sizeof *v);
    assert_non_null(v);
    int64_t n = list_visits(l, all ? NULL : r->changed[0], v);
    stepped s = {.c = &r->c,
                 .t = &r->timing,
                 .m = up(l->co / l->groups, r->c.tiles),
                 .taps = sim_layer_taps(l),
                 .ring = all ? 4 : 8,
                 .all = all};
    sim_counts want = {{0}}, got;
    step_pass(&s, v, n, &want);
    rig_run(r, variant, first, &got);
    for (int k = SIM_CYCLES_COMPUTE; k <= SIM_STALL_SCAN; k++)
        if (got.n[k] != want.n[k])
            fail_msg("round %d, variant %d, first %d: %s is %lld, should be %lld", round, variant,
                     first, sim_count_name((sim_count)k), (long long)got.n[k],
                     (long long)want.n[k]);
    assert_int_equal(got.n[SIM_INPUTS], n);
    free(v);
}

static void check_passes(rig *r, rng *g, int round)
{
    static const int percent[] = {0, 3, 20, 50, 90, 100};
    /* One pass: no layer is so large that it is cut into blocks. */
    rig_set(r, "io.size", "64 MiB");
    rig_set(r, "io.size_reuse", "64 MiB");
    rig_open(r);
    check_pass(r, SIM_BASE, true, round);
    check_pass(r, SIM_REUSE, true, round);
    for (int i = 0; i < 6; i++) {
        fill_random(g, r->changed[0], r->input[0].elements, percent[i]);
        check_pass(r, SIM_REUSE, false, round);
    }
    rig_close(r);
}

static void draw_machine(rig *r, rng *g)
{
    static const char *const lines[] = {"4 B", "8 B", "16 B", "64 B", "128 B"};
    rig_set_int(r, "machine.tiles", rng_between(g, 1, 5));
    rig_set_int(r, "machine.lanes", rng_between(g, 1, 9));
    rig_set_int(r, "pipeline.queue", rng_between(g, 1, 9));
    rig_set_int(r, "pipeline.compares", rng_between(g, 1, 5));
    rig_set_int(r, "weights.banks", rng_between(g, 1, 9));
    rig_set_int(r, "io.banks", rng_between(g, 1, 9));
    rig_set(r, "weights.line", lines[rng_below(g, 5)]);
    rig_set(r, "io.line", lines[rng_below(g, 5)]);
    rig_set(r, "ring.link", rng_below(g, 2) ? "3 B/cycle" : "32 B/cycle");
    rig_set(r, "pipeline.skips", rng_below(g, 3) ? "lookahead" : "in_order");
    rig_set(r, "pipeline.conv", rng_below(g, 2) ? "maps" : "positions");
}

static sim_layer one_image(rng *g)
{
    sim_layer l = random_layer(g, "random");
    l.n = 1;
    l.kept = sim_layer_outputs(&l);
    assert_true(sim_layer_measure(&l));
    return l;
}

/** Arrays that take one cycle: no bank is ever busy. The sums may be slower than that. */
static void test_any_machine(void **state)
{
    (void)state;
    rng g = {1};
    for (int round = 0; round < 400; round++) {
        rig r;
        rig_init(&r);
        draw_machine(&r, &g);
        r.timing.io_busy = rng_between(&g, 1, 4);
        sim_layer l = one_image(&g);
        rig_add(&r, &l, 5);
        check_passes(&r, &g, round);
    }
}

/**
 * Banks that stay busy, where the next input follows right behind the last line of the one before:
 * many lanes, wide I/O and ring, so that lines are what an input costs, and a front end that sees
 * everything at once. The document looks back one input only. That is exact if an array takes two
 * cycles (the bank of the last line is the only one that can still be busy), or if every input
 * reads all banks at least once.
 */
static void draw_bound_by_weights(rig *r, rng *g, sim_layer *l)
{
    int32_t banks = rng_between(g, 2, 9);
    rig_set(r, "machine.tiles", "1");
    rig_set(r, "machine.lanes", "4096");
    rig_set(r, "pipeline.conv", "positions");
    rig_set(r, "weights.line", "4 B");
    rig_set(r, "io.line", "4096 B");
    rig_set(r, "io.banks", "1024");
    rig_set_int(r, "weights.banks", banks);
    rig_set_int(r, "pipeline.compares", 1024);
    rig_set_int(r, "pipeline.queue", 8);
    r->timing.weights_busy = 2;
    *l = one_image(g);
    if (l->co / l->groups >= banks)
        r->timing.weights_busy = rng_between(g, 2, banks + 1);
}

/** Inputs of a layer that is small enough to be seen at once: none waits for the front end. */
static void test_busy_banks(void **state)
{
    (void)state;
    rng g = {2};
    int longer = 0;
    for (int round = 0; round < 400; round++) {
        rig r;
        sim_layer l;
        rig_init(&r);
        draw_bound_by_weights(&r, &g, &l);
        rig_add(&r, &l, 5);
        longer += r.timing.weights_busy > 2;
        if (sim_layer_inputs(&l) <= 1024)
            check_passes(&r, &g, round);
    }
    assert_true(longer > 50);
}

/* -------------------------------------------------- the formula of the banks */

/** Changes elements a and b of a fully connected layer and returns the waiting for banks. */
static int64_t conflict_of(int64_t busy, int64_t banks, int32_t lines, int32_t a, int32_t b)
{
    rig r;
    sim_counts n;
    sim_layer l = sim_fc("fc", 32, lines);
    rig_init(&r);
    rig_set(&r, "machine.tiles", "1");
    rig_set(&r, "machine.lanes", "4096");
    rig_set(&r, "weights.line", "4 B");
    rig_set_int(&r, "weights.banks", banks);
    rig_set_int(&r, "pipeline.compares", 32);
    r.timing.weights_busy = busy;
    rig_add(&r, &l, 5);
    rig_open(&r);
    sim_bits_set(r.changed[0], a);
    sim_bits_set(r.changed[0], b);
    rig_run(&r, SIM_REUSE, true, &n);
    rig_run(&r, SIM_REUSE, false, &n);
    rig_close(&r);
    /* One map per line and 4096 lanes: a cycle of work, the other lines are waited for. */
    return n.n[SIM_STALL_WEIGHTS] - 2 * (lines * up(busy, banks) - 1);
}

/**
 * Channel k begins in bank k * lines mod banks and ends `lines - 1` banks further; the next one
 * waits busy - 1 - (last - first) mod banks cycles, if that is more than none.
 */
static void test_bank_formula(void **state)
{
    (void)state;
    for (int64_t banks = 1; banks < 9; banks++)
        for (int64_t busy = 1; busy <= banks; busy++)
            for (int32_t lines = 1; lines < 12; lines++)
                for (int32_t b = 1; b < 10; b++) {
                    int64_t last = (2 * lines + lines - 1) % banks;
                    int64_t first = (2 + b) * lines % banks;
                    int64_t wait = busy - 1 - (last - first + banks) % banks;
                    int64_t got = conflict_of(busy, banks, lines, 2, 2 + b);
                    assert_int_equal(got, larger(wait, 0));
                }
}

/*
 * "If it is still busy": two changed inputs of one line each, in the same of 4 banks, 20 inputs
 * apart. An array of 3 cycles is free again long before the second one is found.
 */
static void test_bank_free_after_scan(void **state)
{
    (void)state;
    static const char *const skips[] = {"lookahead", "in_order"};
    for (int i = 0; i < 2; i++) {
        rig r;
        sim_counts n;
        sim_layer l = sim_fc("fc", 32, 4);
        rig_init(&r);
        rig_set(&r, "pipeline.skips", skips[i]);
        r.timing.weights_busy = 3;
        rig_add(&r, &l, 5);
        rig_open(&r);
        sim_bits_set(r.changed[0], 4);
        sim_bits_set(r.changed[0], 24);
        rig_run(&r, SIM_REUSE, true, &n);
        rig_run(&r, SIM_REUSE, false, &n);
        rig_close(&r);
        assert_int_equal(n.n[SIM_STALL_WEIGHTS], 0);
        assert_int_equal(n.n[SIM_CYCLES_COMPUTE] + n.n[SIM_STALL_SCAN], 32);
    }
}

/* One bank of 2 cycles, a line of 32 weights for 8 lanes: it is free after 2 of the 4 cycles. */
static void test_bank_free_after_work(void **state)
{
    (void)state;
    rig r;
    sim_counts n;
    sim_layer l = sim_fc("fc", 10, 32);
    rig_init(&r);
    rig_set(&r, "machine.tiles", "1");
    rig_set(&r, "machine.lanes", "8");
    rig_set(&r, "weights.banks", "1");
    r.timing.weights_busy = 2;
    rig_add(&r, &l, 5);
    rig_open(&r);
    rig_run(&r, SIM_BASE, true, &n);
    rig_close(&r);
    assert_int_equal(n.n[SIM_CYCLES_COMPUTE], 40);
    assert_int_equal(n.n[SIM_STALL_WEIGHTS], 0);
}

/** All of it at once: every kind of machine, arrays of up to `banks` cycles, where exact. */
static void test_banks_with_gaps(void **state)
{
    (void)state;
    rng g = {4};
    for (int round = 0; round < 200; round++) {
        rig r;
        rig_init(&r);
        draw_machine(&r, &g);
        rig_set_int(&r, "weights.banks", rng_between(&g, 2, 9));
        r.timing.weights_busy = 2;
        sim_layer l = one_image(&g);
        rig_add(&r, &l, 5);
        check_passes(&r, &g, round);
    }
}

/* ------------------------------------------------------ multiply-accumulates */

typedef struct tally {
    int64_t done, dense;
} tally;

/** One output position and tap: all channels and maps that meet there, if the input is there. */
static void count_tap(const sim_layer *l, const uint64_t *changed, int32_t image,
                      const int32_t in[3], tally *t)
{
    const rpr_trace_axis *a = l->axis;
    int64_t pixel = image;
    for (int i = 0; i < 3; i++) {
        if (in[i] < 0 || in[i] >= a[i].in)
            return;
        pixel = pixel * a[i].in + in[i];
    }
    int32_t per = l->ci / l->groups, maps = l->co / l->groups;
    for (int32_t map = 0; map < l->co; map++)
        for (int32_t k = 0; k < per; k++) {
            int64_t element = pixel * l->ci + map / maps * per + k;
            t->dense++;
            t->done += (int64_t)sim_bits_get(changed, element, 1);
        }
}

/** Where tap t of output o reads; -1 if it meets no input. */
static int32_t meets(const rpr_trace_axis *a, bool transposed, int32_t o, int32_t t)
{
    if (!transposed)
        return o * a->stride + t * a->dilation - a->pad;
    int32_t from = o + a->pad - t * a->dilation;
    return from >= 0 && from % a->stride == 0 ? from / a->stride : -1;
}

static void count_output(const sim_layer *l, const uint64_t *changed, int32_t image,
                         const int32_t out[3], tally *t)
{
    const rpr_trace_axis *a = l->axis;
    for (int32_t tz = 0; tz < a[0].kernel; tz++)
        for (int32_t ty = 0; ty < a[1].kernel; ty++)
            for (int32_t tx = 0; tx < a[2].kernel; tx++) {
                const int32_t in[3] = {meets(&a[0], l->transposed, out[0], tz),
                                       meets(&a[1], l->transposed, out[1], ty),
                                       meets(&a[2], l->transposed, out[2], tx)};
                count_tap(l, changed, image, in, t);
            }
}

static tally count_macs(const sim_layer *l, const uint64_t *changed)
{
    tally t = {0, 0};
    int32_t out[3];
    for (int32_t image = 0; image < l->n; image++)
        for (out[0] = 0; out[0] < l->axis[0].out; out[0]++)
            for (out[1] = 0; out[1] < l->axis[1].out; out[1]++)
                for (out[2] = 0; out[2] < l->axis[2].out; out[2]++)
                    count_output(l, changed, image, out, &t);
    return t;
}

static void check_macs(rig *r, rng *g)
{
    static const int percent[] = {0, 10, 60, 100};
    sim_counts n;
    for (int i = 0; i < 4; i++) {
        fill_random(g, r->changed[0], r->input[0].elements, percent[i]);
        tally t = count_macs(&r->layer[0], r->changed[0]);
        rig_run(r, SIM_BASE, i == 0, &n);
        assert_int_equal(n.n[SIM_MACS], t.dense);
        assert_int_equal(n.n[SIM_SKIPPED], 0);
        rig_run(r, SIM_REUSE, i == 0, &n);
        assert_int_equal(n.n[SIM_MACS], i == 0 ? t.dense : t.done);
        assert_int_equal(n.n[SIM_SKIPPED], i == 0 ? 0 : t.dense - t.done);
    }
}

/** `blocks`: an I/O buffer so small that layers are cut, where that is possible. */
static int check_random_macs(uint64_t seed, int rounds, bool blocks)
{
    rng g = {seed};
    int cut = 0;
    for (int round = 0; round < rounds; round++) {
        rig r;
        rpr_error err;
        sim_plan plan;
        rig_init(&r);
        rig_set(&r, "machine.tiles", "1");
        if (blocks) {
            rig_set(&r, "io.size", "1 KiB");
            rig_set(&r, "io.size_reuse", "1 KiB");
        }
        sim_layer l = random_layer(&g, "random");
        rig_add(&r, &l, 5);
        if (sim_plan_make(&r.c, &r.net, true, &plan, &err) != RPR_OK)
            continue; /* one output position does not fit */
        const int32_t *b = plan.layer[0].blocks;
        cut += b[0] * b[1] * b[2] > 1;
        sim_plan_free(&plan);
        rig_open(&r);
        check_macs(&r, &g);
        rig_close(&r);
    }
    return cut;
}

static void test_macs(void **state)
{
    (void)state;
    check_random_macs(3, 300, false);
}

static void test_macs_in_blocks(void **state)
{
    (void)state;
    assert_true(check_random_macs(5, 300, true) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_machine),
        cmocka_unit_test(test_busy_banks),
        cmocka_unit_test(test_bank_formula),
        cmocka_unit_test(test_bank_free_after_scan),
        cmocka_unit_test(test_bank_free_after_work),
        cmocka_unit_test(test_banks_with_gaps),
        cmocka_unit_test(test_macs),
        cmocka_unit_test(test_macs_in_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
