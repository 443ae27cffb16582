/* SPDX-License-Identifier: Apache-2.0 */
/* Touched maps against brute force: scanning, joining, and marking through windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "change/touch.h"

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static rpr_touch touch_new(int32_t n, int32_t h, int32_t w)
{
    rpr_touch t = {.n = n, .h = h, .w = w};
    size_t bytes = (size_t)rpr_touch_pixels(&t) + 8;
    t.pix = malloc(bytes);
    assert_non_null(t.pix);
    memset(t.pix, 0xee, bytes); /* what lies behind the map counts for nothing */
    rpr_touch_fill(&t, false);
    return t;
}

/** Marks about one pixel in `one_in`, in runs of up to `longest`. */
static void scatter(rpr_touch *t, uint32_t one_in, uint32_t longest)
{
    int64_t count = rpr_touch_pixels(t);
    rpr_touch_fill(t, false);
    for (int64_t i = 0; i < count; i++) {
        if (rnd(one_in) != 0)
            continue;
        for (uint32_t left = 1 + rnd(longest); left > 0 && i < count; left--)
            t->pix[i++] = 1;
        t->any = true;
    }
}

static void check_runs(const uint8_t *row, int32_t w)
{
    int32_t x = 0, x0 = -1, x1 = 0;
    while (rpr_touch_run(row, x, w, &x0, &x1)) {
        assert_true(x <= x0 && x0 < x1 && x1 <= w);
        for (int32_t i = x; i < x0; i++)
            assert_int_equal(row[i], 0);
        for (int32_t i = x0; i < x1; i++)
            assert_int_equal(row[i], 1);
        assert_true(x1 == w || row[x1] == 0);
        x = x1;
    }
    for (; x < w; x++)
        assert_int_equal(row[x], 0);
}

static void test_run(void **state)
{
    (void)state;
    for (int32_t w = 1; w < 70; w++) {
        rpr_touch t = touch_new(1, 1, w);
        for (int round = 0; round < 50; round++) {
            scatter(&t, 1 + rnd(12), 1 + rnd(30));
            check_runs(t.pix, w);
        }
        rpr_touch_fill(&t, true);
        check_runs(t.pix, w);
        rpr_touch_fill(&t, false);
        check_runs(t.pix, w);
        free(t.pix);
    }
}

static void test_run_without_row(void **state)
{
    int32_t x0 = -1, x1 = -1;
    (void)state;
    assert_true(rpr_touch_run(NULL, 3, 9, &x0, &x1));
    assert_int_equal(x0, 3);
    assert_int_equal(x1, 9);
    assert_false(rpr_touch_run(NULL, 9, 9, &x0, &x1));
    assert_false(rpr_touch_run(NULL, 0, 0, &x0, &x1));
}

/** The spans of a row are its runs, those at most `gap` apart as one. */
static void check_spans(const uint8_t *row, int32_t w, int32_t gap)
{
    int32_t x = 0, s0 = -1, s1 = -1, x0, x1, end = 0;
    bool more = rpr_touch_run(row, 0, w, &x0, &x1);
    for (; rpr_touch_span(row, x, w, gap, &s0, &s1); x = s1) {
        assert_true(more);
        assert_int_equal(s0, x0);
        do {
            end = x1;
            more = rpr_touch_run(row, x1, w, &x0, &x1);
        } while (more && x0 - end <= gap);
        assert_int_equal(s1, end);
    }
    assert_false(more);
}

static void test_span(void **state)
{
    (void)state;
    for (int32_t w = 1; w < 80; w++) {
        rpr_touch t = touch_new(1, 1, w);
        for (int round = 0; round < 40; round++) {
            scatter(&t, 1 + rnd(25), 1 + rnd(12));
            for (int32_t gap = 0; gap < 30; gap += gap < 10 ? 1 : 7)
                check_spans(t.pix, w, gap);
        }
        rpr_touch_fill(&t, true);
        check_spans(t.pix, w, 3);
        rpr_touch_fill(&t, false);
        check_spans(t.pix, w, 3);
        free(t.pix);
    }
}

static void test_count(void **state)
{
    (void)state;
    for (int32_t w = 1; w < 6000; w += 1 + w / 8) {
        rpr_touch t = touch_new(1, 1, w);
        for (uint32_t one_in = 1; one_in < 9; one_in += 3) {
            int64_t count = 0;
            scatter(&t, one_in, 40);
            for (int32_t x = 0; x < w; x++)
                count += t.pix[x];
            assert_int_equal(rpr_touch_count(&t), count);
        }
        rpr_touch_fill(&t, true);
        assert_int_equal(rpr_touch_count(&t), w);
        rpr_touch_fill(&t, false);
        assert_int_equal(rpr_touch_count(&t), 0);
        free(t.pix);
    }
}

static void test_range(void **state)
{
    uint8_t bytes[64];
    (void)state;
    for (int32_t count = 0; count <= 40; count++) {
        for (int32_t at = 0; at < 64; at++) {
            memset(bytes, 0, sizeof bytes);
            bytes[at] = 1;
            assert_int_equal(rpr_touch_range(bytes + 5, count), at >= 5 && at < 5 + count);
        }
    }
}

static void test_or(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        int32_t h = 1 + (int32_t)rnd(7), w = 1 + (int32_t)rnd(20);
        rpr_touch a = touch_new(2, h, w), b = touch_new(2, h, w), o = touch_new(2, h, w);
        scatter(&a, 1 + rnd(40), 3);
        scatter(&b, 1 + rnd(40), 3);
        memcpy(o.pix, a.pix, (size_t)rpr_touch_pixels(&a));
        o.any = a.any;
        rpr_touch_or(&o, &b);
        for (int64_t i = 0; i < rpr_touch_pixels(&o); i++)
            assert_int_equal(o.pix[i], a.pix[i] | b.pix[i]);
        assert_int_equal(o.any, a.any || b.any);
        free(a.pix);
        free(b.pix);
        free(o.pix);
    }
}

typedef struct geometry {
    int kh, kw, sh, sw, pt, pl, dh, dw;
} geometry;

/** True if output (y, x) of image n reads a marked pixel, straight from the definition. */
static int reads_marked(const rpr_touch *in, int32_t n, int32_t y, int32_t x, const geometry *g)
{
    for (int ky = 0; ky < g->kh; ky++) {
        for (int kx = 0; kx < g->kw; kx++) {
            int32_t iy = y * g->sh - g->pt + ky * g->dh, ix = x * g->sw - g->pl + kx * g->dw;
            if (iy >= 0 && iy < in->h && ix >= 0 && ix < in->w && rpr_touch_row(in, n, iy)[ix])
                return 1;
        }
    }
    return 0;
}

static void check_window(const rpr_touch *in, rpr_touch *out, const geometry *g)
{
    bool any = false;
    rpr_touch_fill(out, false);
    rpr_touch_window(out, in, g->kh, g->kw, g->sh, g->sw, g->pt, g->pl, g->dh, g->dw);
    for (int32_t n = 0; n < out->n; n++) {
        for (int32_t y = 0; y < out->h; y++) {
            for (int32_t x = 0; x < out->w; x++) {
                int want = reads_marked(in, n, y, x, g);
                assert_int_equal(rpr_touch_row(out, n, y)[x], want);
                any |= want;
            }
        }
    }
    assert_int_equal(out->any, any);
}

static void test_window(void **state)
{
    (void)state;
    for (int round = 0; round < 4000; round++) {
        geometry g = {1 + (int)rnd(5), 1 + (int)rnd(5), 1 + (int)rnd(3), 1 + (int)rnd(3),
                      (int)rnd(5),     (int)rnd(5),     1 + (int)rnd(4), 1 + (int)rnd(4)};
        /* The output may be larger or smaller than the windows that fit: ceil_mode, crops. */
        rpr_touch in = touch_new(1 + (int32_t)rnd(2), 1 + (int32_t)rnd(11), 1 + (int32_t)rnd(60));
        rpr_touch out = touch_new(in.n, 1 + (int32_t)rnd(11), 1 + (int32_t)rnd(60));
        scatter(&in, 1 + rnd(90), 1 + rnd(6));
        check_window(&in, &out, &g);
        free(in.pix);
        free(out.pix);
    }
}

static void test_window_adds(void **state)
{
    rpr_touch in = touch_new(1, 4, 4), out = touch_new(1, 4, 4);
    (void)state;
    rpr_touch_row(&out, 0, 0)[0] = 1;
    out.any = true;
    rpr_touch_row(&in, 0, 3)[3] = 1;
    in.any = true;
    rpr_touch_window(&out, &in, 1, 1, 1, 1, 0, 0, 1, 1);
    assert_int_equal(rpr_touch_row(&out, 0, 0)[0], 1);
    assert_int_equal(rpr_touch_row(&out, 0, 3)[3], 1);
    assert_int_equal(rpr_touch_row(&out, 0, 2)[3], 0);
    free(in.pix);
    free(out.pix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),    cmocka_unit_test(test_run_without_row),
        cmocka_unit_test(test_span),   cmocka_unit_test(test_count),
        cmocka_unit_test(test_range),  cmocka_unit_test(test_or),
        cmocka_unit_test(test_window), cmocka_unit_test(test_window_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
