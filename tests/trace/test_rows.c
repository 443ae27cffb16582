/* SPDX-License-Identifier: Apache-2.0 */
/* Bits and rows: what is written is read back, by the library and by a plain reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../stream/rng.h"
#include "plain.h"
#include "trace/crc.h"
#include "trace/rows.h"

#define GUARD 64 /* bits around a row that stay as they are */

static void *take(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    assert_non_null(p);
    return p;
}

/* -------------------------------------------------------------------- bits */

static void bits_round_trip(void **state)
{
    enum { N = 5000 };
    uint64_t value[N];
    int width[N];
    uint8_t *bytes = take(N * 8);
    rng r = {7};
    rpr_bit_writer w = {.at = bytes};
    int64_t total = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        width[i] = rng_below(&r, RPR_BITS_MAX + 1);
        value[i] = rng_next(&r) & ((UINT64_C(1) << width[i]) - 1);
        rpr_bits_put(&w, value[i], width[i]);
        total += width[i];
    }
    assert_int_equal(rpr_bits_close(&w) - bytes, (total + 7) / 8);
    rpr_bit_reader b = {.base = bytes, .end = (uint64_t)total};
    for (int i = 0; i < N; i++) {
        uint64_t v;
        assert_true(rpr_bits_get(&b, width[i], &v));
        assert_true(v == value[i]);
    }
    uint64_t v = 5;
    assert_true(rpr_bits_get(&b, 0, &v) && v == 0);
    assert_false(rpr_bits_get(&b, 1, &v));
    assert_true(b.at == b.end);
    free(bytes);
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(rpr_bits_for(0), 0);
    for (int n = 1; n <= 32; n++) {
        assert_int_equal(rpr_bits_for((uint32_t)(UINT64_C(1) << n) - 1), n);
        assert_int_equal(rpr_bits_for((uint32_t)(UINT64_C(1) << (n - 1))), n);
    }
}

/** The value that every table of CRCs gives, and any cut of the text. */
static void checksum(void **state)
{
    const uint8_t text[] = "123456789";
    rpr_crc c;
    (void)state;
    rpr_crc_init(&c);
    assert_int_equal(rpr_crc_update(&c, 0, text, 9), 0xcbf43926u);
    for (size_t cut = 0; cut <= 9; cut++)
        assert_int_equal(rpr_crc_update(&c, rpr_crc_update(&c, 0, text, cut), text + cut, 9 - cut),
                         0xcbf43926u);
}

/* -------------------------------------------------------------------- rows */

typedef struct row {
    int w, c, n;
    uint8_t *changed; /* w * c */
    int32_t *idx;
} row;

static row row_new(int w, int c)
{
    size_t n = (size_t)w * (size_t)c;
    return (row){.w = w, .c = c, .changed = take(n), .idx = take(n * sizeof(int32_t))};
}

static void row_free(row *r)
{
    free(r->changed);
    free(r->idx);
}

static bool chance(rng *r, double share)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53 < share;
}

/** Each element of each changed pixel by chance; `sticky` repeats what the one before was. */
static void paint(row *t, rng *r, double pixels, double elements, double sticky)
{
    int e = 0;
    bool last_pixel = chance(r, pixels), last = chance(r, elements);
    t->n = 0;
    for (int x = 0; x < t->w; x++) {
        last_pixel = chance(r, sticky) ? last_pixel : chance(r, pixels);
        for (int k = 0; k < t->c; k++, e++) {
            last = chance(r, sticky) ? last : chance(r, elements);
            t->changed[e] = last_pixel && last;
            if (t->changed[e])
                t->idx[t->n++] = e;
        }
    }
}

/** Two rows one after the other, from any bit on; whatever stands around is left alone. */
static void check_row(const row *t, rng *r, plain_seen *seen)
{
    size_t size = (size_t)t->w * (size_t)t->c;
    uint8_t *bytes = take(size / 4 + 64), *plain = take(size);
    uint64_t *bits = take((size + 2 * GUARD + 64) / 64 * 8 + 8);
    rpr_row_encoder e;
    rpr_row_decoder d;
    assert_true(rpr_row_encoder_init(&e, t->w, t->w * t->c));
    assert_true(rpr_row_decoder_init(&d, t->w, t->w * t->c));
    rpr_bit_writer w = {.at = bytes};
    int lead = rng_below(r, 9);
    rpr_bits_put(&w, 0, lead);
    rpr_row_encode(&e, &w, t->idx, t->n, t->w, t->c);
    int64_t taken = (w.at - bytes) * 8 + w.n - lead;
    assert_true(taken <= (int64_t)size + RPR_ROW_OVERHEAD);
    rpr_bits_put(&w, 1, 1);
    uint8_t *end = rpr_bits_close(&w);
    memset(end, 0xff, RPR_BITS_SLACK);

    plain_bits p = {.bytes = bytes, .at = lead};
    plain_row(&p, t->w, t->c, plain, seen);
    assert_int_equal(p.at - lead, taken);
    assert_memory_equal(plain, t->changed, size);

    rpr_bit_reader b = {.base = bytes, .at = (uint64_t)lead, .end = (uint64_t)(lead + taken)};
    int64_t at = rng_below(r, GUARD);
    int32_t n = -1;
    const char *wrong = rpr_row_decode(&d, &b, t->w, t->c, bits, at, &n);
    assert_true(wrong == NULL);
    assert_int_equal(n, t->n);
    assert_true(b.at == b.end);
    for (int64_t i = 0; i < (int64_t)size + 2 * GUARD; i++) {
        int want = i >= at && i < at + (int64_t)size ? t->changed[i - at] : 0;
        assert_int_equal(bits[i / 64] >> (i % 64) & 1, want);
    }
    /* A bit less is too little. */
    memset(bits, 0, (size + 2 * GUARD) / 64 * 8);
    b.at = (uint64_t)lead;
    b.end--;
    assert_true(rpr_row_decode(&d, &b, t->w, t->c, bits, at, &n) != NULL);
    rpr_row_encoder_free(&e);
    rpr_row_decoder_free(&d);
    free(bits);
    free(bytes);
    free(plain);
}

static void rows_round_trip(void **state)
{
    const int w[] = {1, 2, 3, 7, 31, 32, 33, 64, 65, 100, 416}, c[] = {1, 2, 3, 4, 31, 64, 65, 116};
    const double share[] = {0, 0.003, 0.03, 0.2, 0.5, 0.8, 0.97, 0.997, 1};
    enum { W = sizeof w / sizeof *w, C = sizeof c / sizeof *c, S = sizeof share / sizeof *share };
    plain_seen seen = {0};
    rng r = {11};
    (void)state;
    for (int i = 0; i < W * C; i++) {
        row t = row_new(w[i % W], c[i / W]);
        for (int k = 0; k < S * S; k++)
            for (int sticky = 0; sticky < 2; sticky++) {
                paint(&t, &r, share[k % S], share[k / S], sticky ? 0.95 : 0.0);
                check_row(&t, &r, &seen);
            }
        row_free(&t);
    }
    for (int form = 0; form < 3; form++)
        assert_true(seen.row[form] > 10);
    for (int form = 0; form < 4; form++) {
        assert_true(seen.set[form] > 10);
        assert_true(seen.of_pixels[form] > 10);
        /* A set of all pixels would be a waste. */
        assert_true(form == RPR_SET_ALL ? seen.pixels[form] == 0 : seen.pixels[form] > 10);
    }
    assert_true(seen.escapes > 10);
}

/** The one in doc/trace-format.md. */
static void example(void **state)
{
    const int32_t idx[] = {2, 3};
    uint8_t bytes[32] = {0};
    rpr_row_encoder e;
    rpr_bit_writer w = {.at = bytes};
    (void)state;
    assert_true(rpr_row_encoder_init(&e, 4, 8));
    rpr_row_encode(&e, &w, idx, 2, 4, 2);
    assert_int_equal((w.at - bytes) * 8 + w.n, 10);
    assert_int_equal(rpr_bits_close(&w) - bytes, 2);
    assert_memory_equal(bytes, "\x2a\x03", 2);
    rpr_row_encoder_free(&e);
}

/** The longest codes there are: few far ends among near ones. */
static void far_gaps(void **state)
{
    plain_seen seen = {0};
    rng r = {13};
    row t = row_new(1 << 20, 1);
    (void)state;
    for (int64_t far = 1; far < 1 << 20; far *= 3) {
        t.n = 0;
        memset(t.changed, 0, (size_t)t.w);
        for (int i = 0; i < 300; i++)
            t.changed[rng_below(&r, 1000)] = 1;
        t.changed[(1 << 20) - far] = 1;
        for (int32_t i = 0; i < t.w; i++)
            if (t.changed[i])
                t.idx[t.n++] = i;
        check_row(&t, &r, &seen);
    }
    assert_true(seen.escapes > 5);
    row_free(&t);
}

/** Any bits: a verdict, and nothing written where it does not belong. */
static void any_bits(void **state)
{
    uint8_t bytes[96 + RPR_BITS_SLACK];
    uint64_t bits[64];
    rng r = {17};
    int good = 0, bad = 0;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        int w = rng_between(&r, 1, 40), c = rng_between(&r, 1, 20);
        int64_t at = rng_below(&r, 100), size = (int64_t)w * c;
        rpr_row_decoder d;
        rpr_bit_reader b = {.base = bytes, .end = (uint64_t)rng_below(&r, 96 * 8)};
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(rng_next(&r) >> 20);
        if (rng_below(&r, 2)) /* a plausible beginning */
            bytes[0] = (uint8_t)((bytes[0] & 0xe0) | (1 + rng_below(&r, 2)));
        memset(bits, 0, sizeof bits);
        assert_true(rpr_row_decoder_init(&d, w, w * c));
        int32_t n;
        const char *wrong = rpr_row_decode(&d, &b, w, c, bits, at, &n);
        int found = 0;
        for (int64_t i = 0; i < 64 * 64; i++) {
            int bit = (int)(bits[i / 64] >> (i % 64) & 1);
            assert_true(!bit || (i >= at && i < at + size));
            found += bit;
        }
        if (wrong)
            bad++;
        else
            good++;
        assert_true(wrong || (found == n && b.at <= b.end));
        rpr_row_decoder_free(&d);
    }
    assert_true(good > 1000 && bad > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_round_trip), cmocka_unit_test(widths),  cmocka_unit_test(checksum),
        cmocka_unit_test(rows_round_trip), cmocka_unit_test(example), cmocka_unit_test(far_gaps),
        cmocka_unit_test(any_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
