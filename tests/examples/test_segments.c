/* SPDX-License-Identifier: Apache-2.0 */
/* Segments as they end, against the same procedure over all probabilities at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "examples/segments.h"
#include "tests/stream/rng.h"

enum { WINDOW = 512, MOST = 400 };

/* As in get_speech_timestamps: first all segments, then the padding. */
static int at_once(const segments_options *o, const double *p, int n, int64_t length, segment *out)
{
    int count = 0, triggered = 0;
    int64_t start = 0, temp_end = 0;
    for (int i = 0; i < n; i++) {
        const int64_t at = (int64_t)WINDOW * i;
        if (p[i] >= o->threshold && temp_end)
            temp_end = 0;
        if (p[i] >= o->threshold && !triggered) {
            triggered = 1;
            start = at;
            continue;
        }
        if (p[i] < o->release && triggered) {
            if (!temp_end)
                temp_end = at;
            if (at - temp_end < o->min_silence)
                continue;
            if (temp_end - start > o->min_speech)
                out[count++] = (segment){start, temp_end};
            temp_end = 0;
            triggered = 0;
        }
    }
    if (triggered && length - start > o->min_speech)
        out[count++] = (segment){start, length};
    for (int i = 0; i < count; i++) {
        segment *s = &out[i];
        if (i == 0)
            s->start = s->start > o->pad ? s->start - o->pad : 0;
        if (i == count - 1) {
            s->end = s->end + o->pad < length ? s->end + o->pad : length;
            continue;
        }
        const int64_t gap = out[i + 1].start - s->end;
        const int64_t pad = gap < 2 * o->pad ? gap / 2 : o->pad;
        s->end += pad;
        out[i + 1].start -= pad;
    }
    return count;
}

static int as_they_end(const segments_options *o, const double *p, int n, int64_t length,
                       segment *out)
{
    segments s;
    int count = 0;
    segments_init(&s, o);
    for (int i = 0; i < n; i++) {
        const int64_t left = length - (int64_t)WINDOW * i;
        count += segments_push(&s, p[i], left < WINDOW ? left : WINDOW, &out[count]);
    }
    while (segments_end(&s, &out[count]))
        count++;
    return count;
}

static void compare(const segments_options *o, const double *p, int n, int64_t length)
{
    static segment want[MOST + 1], got[MOST + 1];
    const int count = at_once(o, p, n, length, want);
    assert_int_equal(as_they_end(o, p, n, length, got), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(got[i].start, want[i].start);
        assert_int_equal(got[i].end, want[i].end);
    }
}

static void random_probabilities(void **state)
{
    (void)state;
    double p[MOST];
    rng r = {11};
    int found = 0;
    static segment any[MOST + 1];
    for (int round = 0; round < 3000; round++) {
        segments_options o;
        segments_defaults(&o, 16000);
        if (round % 2)
            o = (segments_options){.threshold = 0.5,
                                   .release = 0.1 * rng_between(&r, 1, 6),
                                   .min_speech = rng_between(&r, 0, 6000),
                                   .min_silence = rng_between(&r, 0, 3000),
                                   .pad = rng_between(&r, 0, 4000)};
        const int n = rng_between(&r, 1, MOST), stay = rng_between(&r, 1, 30);
        double level = 0;
        for (int i = 0; i < n; i++) {
            if (rng_below(&r, stay) == 0)
                level = rng_below(&r, 1000) / 1000.0;
            p[i] = level;
        }
        compare(&o, p, n, (int64_t)WINDOW * n - rng_below(&r, WINDOW));
        found += at_once(&o, p, n, (int64_t)WINDOW * n, any);
    }
    assert_true(found > 3000);
}

static void hysteresis_and_durations(void **state)
{
    (void)state;
    segments_options o;
    segment out[MOST];
    double p[100] = {0};
    segments_defaults(&o, 16000);
    assert_true(o.min_speech == 4000 && o.min_silence == 1600 && o.pad == 480);
    assert_int_equal(as_they_end(&o, p, 100, 51200, out), 0);
    for (int i = 10; i < 30; i++)
        p[i] = i % 2 ? 0.4 : 0.6; /* never below the release */
    assert_int_equal(as_they_end(&o, p, 100, 51200, out), 1);
    assert_true(out[0].start == 5120 - 480 && out[0].end == 30 * 512 + 480);
    for (int i = 10; i < 30; i++)
        p[i] = i % 4 == 3 ? 0.2 : 0.6; /* gaps of 32 ms are bridged */
    assert_int_equal(as_they_end(&o, p, 100, 51200, out), 1);
    memset(p, 0, sizeof p);
    for (int i = 10; i < 17; i++)
        p[i] = 0.9; /* 224 ms are too short */
    assert_int_equal(as_they_end(&o, p, 100, 51200, out), 0);
    p[17] = 0.9;
    assert_int_equal(as_they_end(&o, p, 100, 51200, out), 1);
    for (int i = 0; i < 100; i++)
        p[i] = 1; /* all of it; nothing to pad with */
    assert_int_equal(as_they_end(&o, p, 100, 51000, out), 1);
    assert_true(out[0].start == 0 && out[0].end == 51000);
}

/* A segment is given as soon as nothing can change it any more. */
static void segments_come_early(void **state)
{
    (void)state;
    segments_options o;
    segments s;
    segment out;
    segments_defaults(&o, 16000);
    segments_init(&s, &o);
    int given_at = -1;
    for (int i = 0; i < 60 && given_at < 0; i++)
        if (segments_push(&s, i < 20 ? 1 : 0, WINDOW, &out))
            given_at = i;
    assert_int_equal(given_at, 24); /* 1600 samples of silence: four windows after the first */
    assert_true(out.start == 0 && out.end == 20 * 512 + 480);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_probabilities),
                                       cmocka_unit_test(hysteresis_and_durations),
                                       cmocka_unit_test(segments_come_early)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
