/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LPDDR4 in closed form. The clock is 1 GHz, so that a clock is a nanosecond, and the accelerator's
 * is 250 MHz: four clocks a cycle. One channel moves a burst of 32 B in 8 clocks (2 B at either
 * edge); a row holds 2 KiB, which is 512 clocks. Neighbouring rows are in neighbouring banks.
 */
#include <string.h>

#include "rig.h"

enum { RCD = 20, RP = 18, RAS = 44, TURN = 16, RFC = 280, REFI = 4000, BURST = 8, ROW = 2048 };

typedef struct memory {
    rig r;
    sim_dram d;
    sim_counts n;
} memory;

/** Without refreshes within the first millisecond. */
static void memory_init(memory *m, int channels)
{
    rig_init(&m->r);
    rig_set(&m->r, "machine.frequency", "250 MHz");
    rig_set(&m->r, "dram.clock", "1 GHz");
    rig_set_int(&m->r, "dram.channels", channels);
    rig_set(&m->r, "dram.banks", "8");
    rig_set(&m->r, "dram.row", "2 KiB");
    rig_set(&m->r, "dram.burst", "32 B");
    rig_set(&m->r, "dram.trcd", "20 ns");
    rig_set(&m->r, "dram.trp", "18 ns");
    rig_set(&m->r, "dram.tras", "44 ns");
    rig_set(&m->r, "dram.turnaround", "16 ns");
    rig_set(&m->r, "dram.trfc", "280 ns");
    rig_set(&m->r, "dram.trefi", "1000 us");
    rig_set(&m->r, "dram.power_down_after", "100 ns");
    rig_set(&m->r, "dram.self_refresh_after", "10 us");
    sim_dram_init(&m->d, &m->r.c);
    memset(&m->n, 0, sizeof m->n);
}

/** Address of a row of a bank, one channel. */
static int64_t at_row(int64_t bank, int64_t row)
{
    return (row * 8 + bank) * ROW;
}

/** One transfer of one piece: clocks, which are whole cycles only if 4 divides them. */
static int64_t one(memory *m, int64_t at, int64_t bytes, bool write)
{
    sim_dram_begin(&m->d, &m->n);
    int64_t before = m->d.now;
    sim_dram_move(&m->d, at, bytes, write);
    int64_t clocks = m->d.now - before;
    assert_int_equal(sim_dram_end(&m->d), up(clocks, 4));
    return clocks;
}

/* Activate, then a burst per 32 B begun, wherever they begin. */
static void test_one_row(void **state)
{
    (void)state;
    for (int64_t at = 0; at < 70; at++)
        for (int64_t bytes = 1; bytes < 200; bytes += 9) {
            memory m;
            int64_t bursts = (at + bytes - 1) / 32 - at / 32 + 1;
            memory_init(&m, 1);
            assert_int_equal(one(&m, at, bytes, false), RCD + BURST * bursts);
            assert_int_equal(m.n.n[SIM_DRAM_READ], bytes);
            assert_int_equal(m.n.n[SIM_DRAM_READ_BURSTS], bursts);
            assert_int_equal(m.n.n[SIM_DRAM_WRITE] + m.n.n[SIM_DRAM_WRITE_BURSTS], 0);
            assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 1);
            assert_int_equal(m.n.n[SIM_DRAM_HITS], 0);
        }
}

/* Channels work in step: 4 of them move 128 B in the time of 32, and all take part. */
static void test_channels(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 4);
    assert_int_equal(one(&m, 0, 129, true), RCD + 2 * BURST);
    assert_int_equal(m.n.n[SIM_DRAM_WRITE], 129);
    assert_int_equal(m.n.n[SIM_DRAM_WRITE_BURSTS], 2 * 4);
    assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 4);
    assert_int_equal(one(&m, 4 * ROW - 128, 128, true), BURST); /* the same row */
    assert_int_equal(m.n.n[SIM_DRAM_HITS], 1);
    assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 4);
}

/* A row's data take 512 clocks, in which the next row is activated: only the first one shows. */
static void test_rows(void **state)
{
    (void)state;
    for (int64_t rows = 1; rows <= 8; rows++) {
        memory m;
        memory_init(&m, 1);
        assert_int_equal(one(&m, 0, rows * ROW, false), RCD + 512 * rows);
        assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], rows);
        assert_int_equal(m.n.n[SIM_DRAM_READ_BURSTS], 64 * rows);
    }
}

/* From the ninth row on the bank has another one open: still hidden behind 512 clocks. */
static void test_rows_again(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 1);
    assert_int_equal(one(&m, 0, 20 * ROW, true), RCD + 512 * 20);
    assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 20);
}

/*
 * Single bursts in rows of different banks: each row is activated when the data before it begin to
 * move, so one burst comes every tRCD.
 */
static void test_scattered(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 1);
    sim_dram_begin(&m.d, &m.n);
    for (int64_t bank = 0; bank < 6; bank++)
        sim_dram_move(&m.d, at_row(bank, bank), 32, false);
    assert_int_equal(m.d.now, 6 * RCD + BURST);
    assert_int_equal(sim_dram_end(&m.d), up(6 * RCD + BURST, 4));
    assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 6);
}

/*
 * Another row of the same bank. After one burst the row has been open for 28 clocks only and stays
 * so until tRAS: tRAS + tRP + tRCD + data. After a whole row, until its data have moved.
 */
static void test_same_bank(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 1);
    sim_dram_begin(&m.d, &m.n);
    sim_dram_move(&m.d, at_row(3, 0), 32, false);
    assert_int_equal(m.d.now, RCD + BURST);
    sim_dram_move(&m.d, at_row(3, 1), 32, false);
    assert_int_equal(m.d.now, RAS + RP + RCD + BURST);
    sim_dram_end(&m.d);
    memory_init(&m, 1);
    sim_dram_begin(&m.d, &m.n);
    sim_dram_move(&m.d, at_row(3, 0), ROW, false);
    sim_dram_move(&m.d, at_row(3, 1), 32, false);
    assert_int_equal(m.d.now, RCD + 512 + RP + RCD + BURST);
    sim_dram_end(&m.d);
    assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 2);
    assert_int_equal(m.n.n[SIM_DRAM_HITS], 0);
}

/* Reading and writing in turns in an open row: a turn-around each time. */
static void test_turnaround(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 1);
    sim_dram_begin(&m.d, &m.n);
    sim_dram_move(&m.d, 0, 32, false);
    sim_dram_move(&m.d, 32, 32, false);
    assert_int_equal(m.d.now, RCD + 2 * BURST);
    sim_dram_move(&m.d, 64, 32, true);
    assert_int_equal(m.d.now, RCD + 3 * BURST + TURN);
    sim_dram_move(&m.d, 96, 32, true);
    sim_dram_move(&m.d, 0, 32, false);
    assert_int_equal(m.d.now, RCD + 5 * BURST + 2 * TURN);
    sim_dram_end(&m.d);
    assert_int_equal(m.n.n[SIM_DRAM_HITS], 4);
    assert_int_equal(m.n.n[SIM_DRAM_READ], 96);
    assert_int_equal(m.n.n[SIM_DRAM_WRITE], 64);
    assert_int_equal(m.n.n[SIM_DRAM_READ_BURSTS], 3);
    assert_int_equal(m.n.n[SIM_DRAM_WRITE_BURSTS], 2);
}

static void refreshed_every_4_us(memory *m)
{
    memory_init(m, 1);
    rig_set(&m->r, "dram.trefi", "4 us");
    sim_dram_init(&m->d, &m->r.c);
}

/*
 * Every tREFI all banks are refreshed for tRFC. A long transfer of D clocks of data takes D + k
 * (tRFC + what opens a row again), where k is how often tREFI fits into what it takes.
 */
static void test_refresh(void **state)
{
    (void)state;
    memory m;
    refreshed_every_4_us(&m);
    int64_t rows = 1000, clocks = one(&m, 0, rows * ROW, false), k = clocks / REFI;
    assert_true(clocks >= RCD + 512 * rows + (k - 1) * RFC);
    assert_true(clocks <= RCD + 512 * rows + (k + 1) * (RFC + RP + RCD));
    /* The share of time that is left for data is 1 - tRFC / tREFI. */
    double share = (double)(512 * rows) / (double)clocks;
    assert_true(share < 1.0 - (double)RFC / REFI + 0.002 &&
                share > 1.0 - (double)(RFC + 38) / REFI - 0.002);
}

/*
 * A refresh closes all rows, so the next one can only be opened after it: eight rows take 4116
 * clocks, and before the ninth come tRP, tRFC and tRCD.
 */
static void test_row_after_refresh(void **state)
{
    (void)state;
    memory m;
    refreshed_every_4_us(&m);
    assert_int_equal(one(&m, 0, 9 * ROW, false), RCD + 8 * 512 + (RP + RFC + RCD) + 512);
    assert_int_equal(m.n.n[SIM_DRAM_ACTIVATES], 9);
}

/* Refreshes that fall due while nothing is asked for cost the next transfer at most one of them. */
static void test_refresh_after_idle(void **state)
{
    (void)state;
    memory m;
    refreshed_every_4_us(&m);
    one(&m, 0, 32, false);
    sim_dram_idle(&m.d, &m.n, 250 * 1000); /* a millisecond: 250 refreshes */
    assert_true(one(&m, 0, 32, false) <= RFC + RP + RCD + BURST);
}

/* Idle: 100 clocks standby, power-down to 10000, then self-refresh. Four clocks are a cycle. */
static void test_idle(void **state)
{
    (void)state;
    static const int64_t cycles[] = {0, 1, 24, 25, 26, 1000, 2499, 2500, 2501, 100000};
    for (size_t i = 0; i < sizeof cycles / sizeof cycles[0]; i++) {
        memory m;
        int64_t clocks = 4 * cycles[i];
        memory_init(&m, 2);
        sim_dram_idle(&m.d, &m.n, cycles[i]);
        assert_int_equal(m.n.n[SIM_DRAM_ACTIVE], clocks < 100 ? clocks : 100);
        assert_int_equal(m.n.n[SIM_DRAM_DOWN],
                         clocks < 100 ? 0 : (clocks < 10000 ? clocks : 10000) - 100);
        assert_int_equal(m.n.n[SIM_DRAM_SELF], clocks < 10000 ? 0 : clocks - 10000);
    }
}

/* While it works it is in active standby: for the whole cycles that are waited for. */
static void test_active(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 2);
    int64_t clocks = one(&m, 0, 100, false);
    assert_int_equal(clocks, RCD + 2 * BURST);
    assert_true(m.n.n[SIM_DRAM_ACTIVE] >= clocks && m.n.n[SIM_DRAM_ACTIVE] < clocks + 4);
    assert_int_equal(m.n.n[SIM_DRAM_DOWN] + m.n.n[SIM_DRAM_SELF], 0);
}

/* Self-refresh closes all rows; the state after a short pause is what it was. */
static void test_rows_after_idle(void **state)
{
    (void)state;
    memory m;
    refreshed_every_4_us(&m);
    one(&m, 0, 32, false);
    sim_dram_idle(&m.d, &m.n, 10);
    assert_int_equal(one(&m, 32, 32, false), BURST);
    sim_dram_idle(&m.d, &m.n, 100000);
    assert_true(one(&m, 64, 32, false) >= RCD + BURST);
}

/* Clocks that do not divide: 1600 and 500 MHz; times are rounded up to clocks, clocks to cycles. */
static void test_conversion(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    for (int64_t bytes = 1; bytes < 4000; bytes += 61) {
        sim_dram d;
        sim_counts n = {{0}};
        sim_dram_init(&d, &r.c);
        sim_dram_begin(&d, &n);
        sim_dram_move(&d, 0, bytes, false);
        /* 18 ns are 28.8 clocks, a burst of both channels holds 64 B: 8 clocks. */
        int64_t clocks = 29 + 8 * up(bytes, 64);
        assert_int_equal(sim_dram_end(&d), up(clocks * 500, 1600));
        assert_int_equal(n.n[SIM_DRAM_READ_BURSTS], 2 * up(bytes, 64));
    }
}

/* An empty transfer takes no time. */
static void test_nothing(void **state)
{
    (void)state;
    memory m;
    memory_init(&m, 1);
    sim_dram_begin(&m.d, &m.n);
    assert_int_equal(sim_dram_end(&m.d), 0);
    assert_int_equal(one(&m, 77, 0, false), 0);
    assert_int_equal(m.n.n[SIM_DRAM_READ_BURSTS] + m.n.n[SIM_DRAM_ACTIVATES], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_row),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_rows_again),
        cmocka_unit_test(test_scattered),
        cmocka_unit_test(test_same_bank),
        cmocka_unit_test(test_turnaround),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_row_after_refresh),
        cmocka_unit_test(test_refresh_after_idle),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_rows_after_idle),
        cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
