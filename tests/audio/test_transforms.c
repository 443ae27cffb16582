/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the front ends against their definitions and closed forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audio/cmvn.h"
#include "audio/context.h"
#include "audio/dct.h"
#include "audio/fft.h"
#include "audio/mel.h"
#include "audio/window.h"
#include "tests/stream/rng.h"

static const double pi = 3.14159265358979323846;

static double uniform(rng *r)
{
    return (double)rng_below(r, 1 << 20) / (1 << 19) - 1;
}

static void near(double a, double b, double most)
{
    if (!(fabs(a - b) <= most))
        fail_msg("%.17g is not within %g of %.17g", a, most, b);
}

/* ------------------------------------------------------------------- fft */

static void fft_is_the_sum_that_defines_it(void **state)
{
    (void)state;
    const int sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 30, 49, 64, 97, 100, 194, 400, 441};
    rng r = {1};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int n = sizes[s];
        double x[512];
        audio_complex out[257];
        for (int i = 0; i < n; i++)
            x[i] = uniform(&r);
        audio_fft *f = audio_fft_new(n);
        assert_non_null(f);
        audio_fft_run(f, x, out);
        for (int k = 0; k <= n / 2; k++) {
            double re = 0, im = 0;
            for (int t = 0; t < n; t++) {
                const double angle = -2 * pi * (k * t % n) / n;
                re += x[t] * cos(angle);
                im += x[t] * sin(angle);
            }
            near(out[k].re, re, 1e-12 * n);
            near(out[k].im, im, 1e-12 * n);
        }
        audio_fft_free(f);
    }
}

static void fft_keeps_the_energy(void **state)
{
    (void)state;
    const int sizes[] = {512, 2048, 4096, 65536, 1025, 4410};
    rng r = {2};
    double *x = malloc(65536 * sizeof *x);
    audio_complex *out = malloc(32769 * sizeof *out);
    assert_true(x && out);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int n = sizes[s];
        double in = 0, there = 0;
        for (int i = 0; i < n; i++) {
            x[i] = uniform(&r);
            in += x[i] * x[i];
        }
        audio_fft *f = audio_fft_new(n);
        assert_non_null(f);
        audio_fft_run(f, x, out);
        for (int k = 0; k <= n / 2; k++) { /* all but the first and the last stand for two */
            const double p = out[k].re * out[k].re + out[k].im * out[k].im;
            there += k == 0 || (n % 2 == 0 && k == n / 2) ? p : 2 * p;
        }
        near(there / n, in, 1e-11 * in); /* Parseval */
        audio_fft_free(f);
    }
    free(x);
    free(out);
}

static void a_sine_is_one_bin(void **state)
{
    (void)state;
    enum { N = 512 };
    double x[N];
    audio_complex out[N / 2 + 1];
    audio_fft *f = audio_fft_new(N);
    for (int bin = 0; bin <= N / 2; bin += 37) {
        for (int i = 0; i < N; i++)
            x[i] = cos(2 * pi * (bin * i % N) / N);
        audio_fft_run(f, x, out);
        for (int k = 0; k <= N / 2; k++) {
            const double want = k != bin ? 0 : bin == 0 || bin == N / 2 ? N : N / 2.0;
            near(out[k].re, want, 1e-9);
            near(out[k].im, 0, 1e-9);
        }
    }
    audio_fft_free(f);
}

static void the_inverse_gives_back_what_was_there(void **state)
{
    (void)state;
    const int sizes[] = {1, 2, 3, 4, 5, 8, 9, 30, 97, 100, 441, 512};
    rng r = {3};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int n = sizes[s];
        double x[512], y[512];
        audio_complex bins[257];
        for (int i = 0; i < n; i++)
            x[i] = uniform(&r);
        audio_fft *f = audio_fft_new(n);
        assert_non_null(f);
        audio_fft_run(f, x, bins);
        audio_fft_inverse(f, bins, y);
        for (int i = 0; i < n; i++)
            near(y[i], x[i], 1e-13 * n);
        audio_fft_free(f);
    }
}

static void fft_says_what_it_cannot(void **state)
{
    (void)state;
    assert_true(audio_fft_can(97 * 97) && audio_fft_can(65536) && audio_fft_can(1));
    assert_false(audio_fft_can(0) || audio_fft_can(-4) || audio_fft_can(101) ||
                 audio_fft_can(65537) || audio_fft_can(2 * 103));
    assert_null(audio_fft_new(101));
    assert_null(audio_fft_new(0));
    audio_fft_free(NULL);
}

/* --------------------------------------------------------------- windows */

static void windows_have_their_shapes(void **state)
{
    (void)state;
    double w[401];
    for (audio_window k = AUDIO_WINDOW_RECTANGULAR; k <= AUDIO_WINDOW_POVEY; k++)
        for (int periodic = 0; periodic < 2; periodic++) {
            const int n = periodic ? 400 : 401;
            audio_window_fill(k, n, periodic, w);
            near(w[200], 1, 1e-15);
            near(w[0], k == AUDIO_WINDOW_HAMMING ? 0.08 : k == AUDIO_WINDOW_RECTANGULAR, 1e-15);
            for (int i = 1; i < n; i++)
                near(w[i], w[(periodic ? n : n - 1) - i], 1e-12);
        }
    audio_window_fill(AUDIO_WINDOW_HANN, 400, 1, w);
    near(w[100], 0.5, 1e-15);
    audio_window_fill(AUDIO_WINDOW_POVEY, 400, 1, w);
    near(w[100], pow(0.5, 0.85), 1e-15);
    for (audio_window k = AUDIO_WINDOW_RECTANGULAR; k <= AUDIO_WINDOW_POVEY; k++) {
        audio_window_fill(k, 1, 0, w);
        near(w[0], 1, 1e-15);
    }
    double sum = 0; /* periodic Hann windows at half their length add up to one */
    audio_window_fill(AUDIO_WINDOW_HANN, 400, 1, w);
    for (int i = 0; i < 200; i++)
        sum = fmax(sum, fabs(w[i] + w[i + 200] - 1));
    near(sum, 0, 1e-15);
}

/* ------------------------------------------------------------------- mel */

static void mels_are_known_at_known_places(void **state)
{
    (void)state;
    near(audio_mel_of_hz(AUDIO_MEL_HTK, 1000), 1127 * log(17.0 / 7), 1e-9);
    near(audio_mel_of_hz(AUDIO_MEL_SLANEY, 1000), 15, 1e-12);
    near(audio_mel_of_hz(AUDIO_MEL_SLANEY, 6400), 42, 1e-12);
    near(audio_mel_of_hz(AUDIO_MEL_SLANEY, 500), 7.5, 1e-12);
    for (audio_mel_scale s = AUDIO_MEL_HTK; s <= AUDIO_MEL_SLANEY; s++)
        for (double hz = 0; hz < 24000; hz += 123)
            near(audio_hz_of_mel(s, audio_mel_of_hz(s, hz)), hz, 1e-8);
}

static void triangles_overlap_by_half(void **state)
{
    (void)state;
    /* Between the first and the last centre, triangles of height 1 add up to 1 everywhere. */
    for (int straight = 0; straight < 2; straight++)
        for (audio_mel_scale s = AUDIO_MEL_HTK; s <= AUDIO_MEL_SLANEY; s++) {
            audio_mel_options o = {.bins = 20,
                                   .fft = 1024,
                                   .rate = 16000,
                                   .high = 8000,
                                   .scale = s,
                                   .straight_in_mel = straight};
            audio_mel *m = audio_mel_new(&o);
            assert_non_null(m);
            assert_int_equal(audio_mel_empty(m), 0);
            const double top = audio_mel_of_hz(s, 8000) / 21;
            for (int k = 0; k <= 512; k++) {
                double spectrum[513] = {0}, out[20], sum = 0;
                const double mel = audio_mel_of_hz(s, k * 16000.0 / 1024);
                spectrum[k] = 1;
                audio_mel_run(m, spectrum, out);
                for (int b = 0; b < 20; b++)
                    sum += out[b];
                if (mel >= top && mel <= 20 * top)
                    near(sum, 1, 1e-9);
            }
            audio_mel_free(m);
        }
}

static void unit_area_is_one(void **state)
{
    (void)state;
    double spectrum[32769], out[8];
    audio_mel_options o = {.bins = 8,
                           .fft = 65536,
                           .rate = 16000,
                           .low = 50,
                           .high = 7000,
                           .scale = AUDIO_MEL_SLANEY,
                           .unit_area = 1};
    audio_mel *m = audio_mel_new(&o);
    for (int k = 0; k <= 32768; k++)
        spectrum[k] = 16000.0 / 65536; /* Hz of a bin */
    audio_mel_run(m, spectrum, out);
    for (int b = 0; b < 8; b++)
        near(out[b], 1, 1e-5);
    audio_mel_free(m);
    o.bins = 128;
    o.fft = 64;
    m = audio_mel_new(&o);
    assert_true(audio_mel_empty(m) > 60);
    audio_mel_free(m);
}

/* ------------------------------------------------------------------- dct */

static void dct_is_orthonormal(void **state)
{
    (void)state;
    enum { N = 40 };
    double row[N][N];
    audio_dct *d = audio_dct_new(N, N, 0);
    for (int i = 0; i < N; i++) { /* columns, by unit vectors */
        double x[N] = {0}, out[N];
        x[i] = 1;
        audio_dct_run(d, x, out);
        for (int k = 0; k < N; k++)
            row[k][i] = out[k];
    }
    audio_dct_free(d);
    for (int a = 0; a < N; a++)
        for (int b = 0; b < N; b++) {
            double dot = 0;
            for (int i = 0; i < N; i++)
                dot += row[a][i] * row[b][i];
            near(dot, a == b, 1e-13);
        }
}

static void lifter_weighs_cepstra(void **state)
{
    (void)state;
    double x[23], plain[13], lifted[13];
    rng r = {3};
    for (int i = 0; i < 23; i++)
        x[i] = uniform(&r);
    audio_dct *d = audio_dct_new(23, 13, 0), *l = audio_dct_new(23, 13, 22);
    audio_dct_run(d, x, plain);
    audio_dct_run(l, x, lifted);
    for (int k = 0; k < 13; k++)
        near(lifted[k], plain[k] * (1 + 11 * sin(pi * k / 22)), 1e-12);
    audio_dct_free(d);
    audio_dct_free(l);
}

/* ---------------------------------------------------------------- frames */

static void deltas_of_a_ramp_are_its_slope(void **state)
{
    (void)state;
    float scale[64], out[6];
    audio_context c;
    assert_int_equal(audio_delta_scale_count(2, 2), 1 + 5 + 9);
    audio_delta_scales(2, 2, scale);
    assert_true(audio_context_init(&c, 2, 4, 4));
    int taken = 0;
    for (int t = 0; t < 20; t++) {
        const float frame[2] = {(float)(3 * t), (float)(t * t)};
        audio_context_push(&c, frame);
        if (!audio_context_ready(&c))
            continue;
        audio_context_deltas(&c, 2, 2, scale, out);
        audio_context_take(&c);
        if (taken >= 4) { /* away from the edge */
            const double at = taken;
            near((double)out[0], 3 * at, 1e-5);
            near((double)out[1], at * at, 1e-4);
            near((double)out[2], 3, 1e-5);
            near((double)out[3], 2 * at, 1e-4);
            near((double)out[4], 0, 1e-5);
            near((double)out[5], 2, 1e-4);
        }
        taken++;
    }
    assert_int_equal(taken, 16);
    audio_context_free(&c);
}

static void splicing_repeats_the_edges(void **state)
{
    (void)state;
    const float want[3][4] = {{0, 0, 1, 2}, {0, 1, 2, 2}, {1, 2, 2, 2}};
    float out[4];
    audio_context c;
    assert_true(audio_context_init(&c, 1, 1, 2));
    int n = 0;
    for (int t = 0; t < 3; t++) {
        const float x = (float)t;
        audio_context_push(&c, &x);
        if (t == 2)
            c.ended = 1;
        for (; audio_context_ready(&c); audio_context_take(&c), n++) {
            audio_context_splice(&c, out);
            assert_memory_equal(out, want[n], sizeof out);
        }
        assert_int_equal(n, t == 2 ? 3 : 0);
    }
    audio_context_free(&c);
}

/* Against a sum over the window, also long after the start. */
static void cmvn_is_the_mean_of_its_window(void **state)
{
    (void)state;
    enum { WINDOW = 7, FRAMES = 5000 };
    static float x[FRAMES][2];
    rng r = {4};
    for (int variance = 0; variance < 2; variance++) {
        audio_cmvn *c = audio_cmvn_new(2, WINDOW, variance);
        for (int t = 0; t < FRAMES; t++) {
            float frame[2];
            for (int i = 0; i < 2; i++)
                frame[i] = x[t][i] = (float)(uniform(&r) + (i ? 1000 : 0));
            audio_cmvn_run(c, frame);
            const int first = t - WINDOW + 1 > 0 ? t - WINDOW + 1 : 0, n = t - first + 1;
            for (int i = 0; i < 2; i++) {
                double mean = 0, square = 0;
                for (int k = first; k <= t; k++)
                    mean += (double)x[k][i] / n;
                for (int k = first; k <= t; k++)
                    square += pow((double)x[k][i] - mean, 2) / n;
                double want = (double)x[t][i] - mean;
                if (variance)
                    want = n > 1 ? want / sqrt(square) : 0;
                near((double)frame[i], want, 1e-4);
            }
        }
        audio_cmvn_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fft_is_the_sum_that_defines_it),
                                       cmocka_unit_test(fft_keeps_the_energy),
                                       cmocka_unit_test(a_sine_is_one_bin),
                                       cmocka_unit_test(the_inverse_gives_back_what_was_there),
                                       cmocka_unit_test(fft_says_what_it_cannot),
                                       cmocka_unit_test(windows_have_their_shapes),
                                       cmocka_unit_test(mels_are_known_at_known_places),
                                       cmocka_unit_test(triangles_overlap_by_half),
                                       cmocka_unit_test(unit_area_is_one),
                                       cmocka_unit_test(dct_is_orthonormal),
                                       cmocka_unit_test(lifter_weighs_cepstra),
                                       cmocka_unit_test(deltas_of_a_ramp_are_its_slope),
                                       cmocka_unit_test(splicing_repeats_the_edges),
                                       cmocka_unit_test(cmvn_is_the_mean_of_its_window)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
