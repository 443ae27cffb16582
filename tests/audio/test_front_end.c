/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in pieces, features out: the same whatever the pieces; ends, bad samples, bad options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audio/chunks.h"
#include "audio/front_end.h"
#include "tests/stream/rng.h"

enum { RATE = 16000, MOST = 1 << 20 };

static audio_features *open_ok(const char *text)
{
    audio_feature_options o;
    const char *why = NULL;
    if (!audio_options_parse(&o, text, RATE))
        fail_msg("%s cannot be read", text);
    audio_features *f = audio_features_new(&o, &why);
    if (!f)
        fail_msg("%s: %s", text, why);
    return f;
}

/* All frames of n samples, in pieces of up to `most` samples; returns how many values there are. */
static size_t run(audio_features *f, const float *x, size_t n, int most, rng *r, float *out)
{
    const size_t width = (size_t)audio_features_width(f);
    size_t values = 0, used;
    for (size_t at = 0; at < n;) {
        size_t piece = most ? (size_t)rng_between(r, 0, most + 1) : n - at;
        piece = piece < n - at ? piece : n - at;
        for (size_t end = at + piece; at < end; at += used) {
            const int got = audio_features_push(f, x + at, end - at, &used, out + values);
            assert_true(got != AUDIO_NONFINITE);
            if (got == AUDIO_FRAME)
                values += width;
            else
                assert_int_equal(used, end - at);
        }
    }
    while (audio_features_end(f, out + values))
        values += width;
    assert_int_equal(audio_features_end(f, out + values), 0);
    return values;
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    const char *const kinds[] = {"kaldi-fbank:40",
                                 "kaldi-mfcc:13,deltas:2,cmvn:30,cmvn-variance:1,left:3,right:2",
                                 "logmel:64",
                                 "mfcc:20,deltas:1",
                                 "logmel:20,hop:40", /* frames that do not touch */
                                 "kaldi-fbank:23,length:2,hop:0.0625,fft:50"};
    enum { N = 9001 };
    static float x[N];
    float *whole = malloc(MOST * sizeof *whole), *parts = malloc(MOST * sizeof *parts);
    assert_true(whole && parts);
    rng r = {5};
    for (int i = 0; i < N; i++)
        x[i] = (float)rng_between(&r, -1000, 1000) / 1000;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const size_t n = k == 5 ? 700 : N;
        audio_features *f = open_ok(kinds[k]);
        const size_t values = run(f, x, n, 0, &r, whole);
        assert_true(values > 0 && values < MOST);
        const int most[] = {1, 7, 399, 2000};
        for (size_t m = 0; m < 4; m++) {
            audio_features_reset(f);
            assert_int_equal(run(f, x, n, most[m], &r, parts), values);
            assert_memory_equal(parts, whole, values * sizeof *whole);
        }
        audio_features_free(f);
    }
    free(whole);
    free(parts);
}

static size_t frames(const char *text, size_t n)
{
    static float x[2000], out[100000];
    rng r = {6};
    audio_features *f = open_ok(text);
    const size_t values = run(f, x, n, 0, &r, out), width = (size_t)audio_features_width(f);
    audio_features_free(f);
    return values / width;
}

static void frames_are_counted_as_the_others_do(void **state)
{
    (void)state;
    /* Kaldi: whole frames only; librosa: 1 + n / hop. */
    assert_int_equal(frames("kaldi-fbank:23", 399), 0);
    assert_int_equal(frames("kaldi-fbank:23", 400), 1);
    assert_int_equal(frames("kaldi-fbank:23", 559), 1);
    assert_int_equal(frames("kaldi-fbank:23", 560), 2);
    assert_int_equal(frames("logmel:23", 0), 0);
    assert_int_equal(frames("logmel:23", 1), 1);
    assert_int_equal(frames("logmel:23", 160), 2);
    assert_int_equal(frames("logmel:23", 1599), 10);
    assert_int_equal(frames("kaldi-fbank:23,deltas:2,left:5,right:5", 400), 1);
    assert_int_equal(frames("kaldi-fbank:23,deltas:2,left:5,right:5", 720), 3);
    assert_int_equal(frames("kaldi-fbank:23,deltas:2,left:5,right:5", 1), 0);
}

static void a_tone_is_in_its_triangle(void **state)
{
    (void)state;
    static float x[1600], out[8000];
    rng r = {7};
    for (int band = 3; band < 40; band += 6) {
        /* the centre of triangle `band` of 40, from 20 Hz to 8 kHz */
        const double low = audio_mel_of_hz(AUDIO_MEL_HTK, 20),
                     step = (audio_mel_of_hz(AUDIO_MEL_HTK, 8000) - low) / 41,
                     hz = audio_hz_of_mel(AUDIO_MEL_HTK, low + step * (band + 1));
        for (int i = 0; i < 1600; i++)
            x[i] = (float)(0.3 * sin(2 * 3.14159265358979 * hz * i / RATE));
        audio_features *f = open_ok("kaldi-fbank:40");
        const size_t n = run(f, x, 1600, 0, &r, out) / 40;
        assert_int_equal(n, 8);
        for (size_t t = 0; t < n; t++)
            for (int b = 0; b < 40; b++)
                assert_true(b == band || out[t * 40 + (size_t)b] < out[t * 40 + (size_t)band]);
        audio_features_free(f);
    }
}

static void silence_is_the_floor(void **state)
{
    (void)state;
    static const float x[800];
    static float out[4000];
    rng r = {8};
    audio_features *f = open_ok("logmel:40");
    for (size_t i = run(f, x, 800, 0, &r, out); i-- > 0;)
        assert_true(out[i] == -100); /* dB of 1e-10 */
    audio_features_free(f);
}

static void bad_samples_are_not_taken(void **state)
{
    (void)state;
    static float x[1000], good[8000], bad[8000];
    rng r = {9};
    for (int i = 0; i < 1000; i++)
        x[i] = (float)rng_between(&r, -1000, 1000) / 1000;
    audio_features *f = open_ok("kaldi-fbank:40");
    const size_t values = run(f, x, 1000, 0, &r, good);
    const float evil[] = {NAN, INFINITY, -INFINITY};
    audio_features_reset(f);
    size_t n = 0, used;
    for (int i = 0; i < 1000; i++) {
        if (i % 100 == 33) {
            const float pair[2] = {x[i], evil[i % 3]};
            const int got = audio_features_push(f, pair, 2, &used, bad + n);
            assert_int_equal(used, 1);
            assert_int_equal(got, AUDIO_NONFINITE);
            continue;
        }
        n += 40 * (size_t)(audio_features_push(f, &x[i], 1, &used, bad + n) == AUDIO_FRAME);
    }
    assert_int_equal(n, values);
    assert_memory_equal(bad, good, values * sizeof *good);
    audio_features_free(f);
}

static void options_are_checked(void **state)
{
    (void)state;
    const struct {
        const char *text, *part;
    } wrong[] = {{"logmel:5000", "mels"},
                 {"kaldi-mfcc:13,mels:12", "cepstra"},
                 {"logmel:40,low:9000", "low and high"},
                 {"logmel:40,high:8001", "low and high"},
                 {"logmel:40,low:-1", "low and high"},
                 {"logmel:40,hop:0", "hop"},
                 {"logmel:40,length:0", "length"},
                 {"logmel:40,length:5000", "length"},
                 {"logmel:40,fft:399", "fft"},
                 {"logmel:40,fft:503", "fft"},
                 {"logmel:40,gain:0", "gain"},
                 {"logmel:40,preemphasis:1.5", "preemphasis"},
                 {"logmel:40,lifter:-1", NULL},
                 {"logmel:40,energy:3", "energy"},
                 {"logmel:40,deltas:5", "deltas"},
                 {"logmel:40,deltas:1,delta-window:0", "delta_window"},
                 {"logmel:40,cmvn:-1", "cmvn"},
                 {"logmel:40,left:1001", "left"},
                 {"logmel:40,right:-1", "right"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        audio_feature_options o;
        const char *why = NULL;
        assert_true(audio_options_parse(&o, wrong[i].text, RATE));
        assert_null(audio_features_new(&o, &why));
        if (!why || (wrong[i].part && !strstr(why, wrong[i].part)))
            fail_msg("%s: \"%s\"", wrong[i].text, why ? why : "");
    }
    audio_feature_options o;
    audio_options_logmel(&o, 0, 40);
    assert_null(audio_features_new(&o, NULL));
    audio_features_free(NULL);
}

static void texts_are_checked(void **state)
{
    (void)state;
    const char *const wrong[] = {"",
                                 "logmel",
                                 "logmel:",
                                 "logmel:x",
                                 "logmel:0",
                                 "logmel:-3",
                                 "logmel:1.5",
                                 "mel:40",
                                 "logmel:40,",
                                 "logmel:40,left",
                                 "logmel:40,left:",
                                 "logmel:40,up:3",
                                 "logmel:40,left:1.5",
                                 "logmel:40,window:square",
                                 "logmel:40,hop:nan",
                                 "logmel:40,fft:1e10",
                                 "logmel:40 ,left:3",
                                 "logmel:40,left:3x"};
    audio_feature_options o;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (audio_options_parse(&o, wrong[i], RATE))
            fail_msg("%s was read", wrong[i]);
    assert_true(audio_options_parse(&o, "kaldi-mfcc:13,length:32,hop:16,left:2", 8000));
    assert_true(o.length == 256 && o.hop == 128 && o.fft == 256 && o.left == 2 && o.cepstra == 13);
    assert_true(audio_options_parse(&o, "logmel:13,length:40", RATE) && o.fft == 1024);
}

static void triangles_without_bins_are_counted(void **state)
{
    (void)state;
    audio_features *f = open_ok("logmel:300");
    assert_true(audio_features_empty_mels(f) > 0);
    audio_features_free(f);
    f = open_ok("logmel:40");
    assert_int_equal(audio_features_empty_mels(f), 0);
    audio_features_free(f);
}

/* ----------------------------------------------------------------- blocks */

static void blocks_have_what_came_before(void **state)
{
    (void)state;
    enum { N = 103, HOP = 10, CONTEXT = 4, WIDTH = 2 };
    for (audio_edge edge = AUDIO_EDGE_ZERO; edge <= AUDIO_EDGE_REPEAT; edge++)
        for (int most = 1; most < 30; most += 7) {
            float x[N][WIDTH];
            rng r = {(uint64_t)most};
            for (int i = 0; i < N; i++)
                for (int c = 0; c < WIDTH; c++)
                    x[i][c] = (float)(i * WIDTH + c + 1);
            audio_chunks *k = audio_chunks_new(WIDTH, HOP, CONTEXT, edge);
            assert_non_null(k);
            int blocks = 0, ended = 0;
            for (size_t at = 0, used; !ended;) {
                size_t n = (size_t)rng_between(&r, 0, most + 1);
                n = n < N - at ? n : N - at;
                int whole = at < N ? audio_chunks_push(k, x[at], n, &used) : audio_chunks_end(k);
                ended = at == N && !whole;
                at += at < N ? used : 0;
                if (!whole)
                    continue;
                const float *block = audio_chunks_block(k);
                for (int i = 0; i < CONTEXT + HOP; i++) {
                    int from = blocks * HOP - CONTEXT + i;
                    for (int c = 0; c < WIDTH; c++) {
                        float want = from < 0    ? edge ? x[0][c] : 0
                                     : from >= N ? edge ? x[N - 1][c] : 0
                                                 : x[from][c];
                        assert_true(block[i * WIDTH + c] == want);
                    }
                }
                blocks++;
            }
            assert_int_equal(blocks, 11);
            audio_chunks_free(k);
        }
}

static void context_may_be_longer_than_hop(void **state)
{
    (void)state;
    audio_chunks *k = audio_chunks_new(1, 1, 3, AUDIO_EDGE_ZERO);
    size_t used;
    for (int i = 1; i < 9; i++) {
        const float x = (float)i;
        assert_int_equal(audio_chunks_push(k, &x, 1, &used), 1);
        for (int c = 0; c < 4; c++)
            assert_true(audio_chunks_block(k)[c] == (float)(i + c - 3 > 0 ? i + c - 3 : 0));
    }
    assert_int_equal(audio_chunks_end(k), 0);
    audio_chunks_reset(k);
    const float one = 1;
    assert_int_equal(audio_chunks_push(k, &one, 0, &used), 0);
    assert_int_equal(audio_chunks_push(k, &one, 1, &used), 1);
    assert_true(audio_chunks_block(k)[2] == 0);
    audio_chunks_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_do_not_matter),
                                       cmocka_unit_test(frames_are_counted_as_the_others_do),
                                       cmocka_unit_test(a_tone_is_in_its_triangle),
                                       cmocka_unit_test(silence_is_the_floor),
                                       cmocka_unit_test(bad_samples_are_not_taken),
                                       cmocka_unit_test(options_are_checked),
                                       cmocka_unit_test(texts_are_checked),
                                       cmocka_unit_test(triangles_without_bins_are_counted),
                                       cmocka_unit_test(blocks_have_what_came_before),
                                       cmocka_unit_test(context_may_be_longer_than_hop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
