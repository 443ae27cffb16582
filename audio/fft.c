/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimation in time with mixed radices (Cooley and Tukey). An even number of real values is
 * transformed as half as many complex ones, which are then taken apart.
 */
#include "fft.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_FACTORS = 17 }; /* 2^16, and the end */

struct audio_fft {
    int n, m;                /* real numbers; complex ones that are transformed: n / 2 or n */
    int factor[MAX_FACTORS]; /* of m, then 1 */
    audio_complex *turn;     /* exp(-2 pi i k / m) */
    audio_complex *half;     /* exp(-2 pi i k / n), k <= m / 2; n even */
    audio_complex *in, *out; /* m each */
};

/* The prime factors of n, small ones first; 0 if one is too large. */
static int find_factors(int n, int *factor)
{
    int count = 0;
    for (int p = 2; n > 1; p++)
        for (; n % p == 0; n /= p) {
            if (p > AUDIO_FFT_MAX_PRIME)
                return 0;
            if (factor)
                factor[count++] = p;
        }
    if (factor)
        factor[count] = 1;
    return 1;
}

int audio_fft_can(int n)
{
    return n >= 1 && n <= AUDIO_FFT_MAX && find_factors(n, NULL);
}

static void fill_turns(audio_complex *turn, int count, int n)
{
    for (int k = 0; k < count; k++) {
        const double angle = -2 * acos(-1) * k / n;
        turn[k] = (audio_complex){cos(angle), sin(angle)};
    }
}

audio_fft *audio_fft_new(int n)
{
    audio_fft *f = audio_fft_can(n) ? calloc(1, sizeof *f) : NULL;
    if (!f)
        return NULL;
    f->n = n;
    f->m = n % 2 == 0 ? n / 2 : n;
    find_factors(f->m, f->factor);
    f->turn = malloc((size_t)f->m * sizeof *f->turn);
    f->half = malloc((size_t)(f->m / 2 + 1) * sizeof *f->half);
    f->in = malloc((size_t)f->m * sizeof *f->in);
    f->out = malloc((size_t)f->m * sizeof *f->out);
    if (!f->turn || !f->half || !f->in || !f->out) {
        audio_fft_free(f);
        return NULL;
    }
    fill_turns(f->turn, f->m, f->m);
    fill_turns(f->half, f->m / 2 + 1, n);
    return f;
}

void audio_fft_free(audio_fft *f)
{
    if (!f)
        return;
    free(f->turn);
    free(f->half);
    free(f->in);
    free(f->out);
    free(f);
}

static audio_complex times(audio_complex a, audio_complex b)
{
    return (audio_complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* Joins two transforms of `part` values each, which lie one after the other in out. */
static void join2(const audio_fft *f, audio_complex *out, int step, int part)
{
    for (int u = 0; u < part; u++) {
        const audio_complex a = out[u], b = times(out[u + part], f->turn[u * step]);
        out[u] = (audio_complex){a.re + b.re, a.im + b.im};
        out[u + part] = (audio_complex){a.re - b.re, a.im - b.im};
    }
}

/* The same of p transforms. */
static void join(const audio_fft *f, audio_complex *out, int step, int part, int p)
{
    audio_complex old[AUDIO_FFT_MAX_PRIME];
    for (int u = 0; u < part; u++) {
        for (int q = 0; q < p; q++)
            old[q] = out[u + q * part];
        for (int r = 0; r < p; r++) {
            const int advance = (u + r * part) * step % f->m;
            audio_complex sum = old[0];
            for (int q = 1, at = advance; q < p; q++, at = (at + advance) % f->m) {
                const audio_complex t = times(old[q], f->turn[at]);
                sum.re += t.re;
                sum.im += t.im;
            }
            out[u + r * part] = sum;
        }
    }
}

/* Transforms in[0], in[step], ... into out; factor points to the factors of their number. */
static void transform(const audio_fft *f, const audio_complex *in, audio_complex *out, int step,
                      int count, const int *factor)
{
    if (count == 1) {
        out[0] = in[0];
        return;
    }
    const int p = *factor, part = count / p;
    for (int q = 0; q < p; q++)
        transform(f, in + q * step, out + q * part, step * p, part, factor + 1);
    if (p == 2)
        join2(f, out, step, part);
    else
        join(f, out, step, part, p);
}

/* z was made of even values as real and odd ones as imaginary parts. */
static void take_apart(const audio_fft *f, audio_complex *out)
{
    const audio_complex *z = f->out;
    for (int k = 0; k <= f->m / 2; k++) {
        const audio_complex a = z[k], b = z[(f->m - k) % f->m];
        const audio_complex even = {(a.re + b.re) / 2, (a.im - b.im) / 2};
        const audio_complex odd = {(a.im + b.im) / 2, (b.re - a.re) / 2};
        const audio_complex t = times(odd, f->half[k]);
        out[k] = (audio_complex){even.re + t.re, even.im + t.im};
        out[f->m - k] = (audio_complex){even.re - t.re, t.im - even.im};
    }
}

void audio_fft_run(audio_fft *f, const double *x, audio_complex *out)
{
    const int even = f->n % 2 == 0;
    for (int i = 0; i < f->m; i++)
        f->in[i] = even ? (audio_complex){x[2 * i], x[2 * i + 1]} : (audio_complex){x[i], 0};
    transform(f, f->in, f->out, 1, f->m, f->factor);
    if (even)
        take_apart(f, out);
    else
        for (int k = 0; k <= f->n / 2; k++)
            out[k] = f->out[k];
}

/*
 * By way of Hartley's transform, H[k] = sum of x[t] (cos + sin)(2 pi k t / n) = re - im, which is
 * its own inverse but for a factor of n.
 */
void audio_fft_inverse(audio_fft *f, audio_complex *bins, double *x)
{
    const int n = f->n, top = (n - 1) / 2;
    x[0] = bins[0].re;
    if (n % 2 == 0)
        x[n / 2] = bins[n / 2].re;
    for (int k = 1; k <= top; k++) {
        x[k] = bins[k].re - bins[k].im;
        x[n - k] = bins[k].re + bins[k].im;
    }
    audio_fft_run(f, x, bins);
    x[0] = bins[0].re / n;
    if (n % 2 == 0)
        x[n / 2] = bins[n / 2].re / n;
    for (int t = 1; t <= top; t++) {
        x[t] = (bins[t].re - bins[t].im) / n;
        x[n - t] = (bins[t].re + bins[t].im) / n;
    }
}
