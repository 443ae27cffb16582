/* SPDX-License-Identifier: Apache-2.0 */
/** The discrete Fourier transform of real numbers, of any length without large prime factors. */
#ifndef AUDIO_FFT_H
#define AUDIO_FFT_H

enum { AUDIO_FFT_MAX = 65536, AUDIO_FFT_MAX_PRIME = 97 };

typedef struct audio_complex {
    double re, im;
} audio_complex;

/** Tables and scratch: used by one thread at a time. */
typedef struct audio_fft audio_fft;

/** Whether n is from 1 to AUDIO_FFT_MAX and has no prime factor above AUDIO_FFT_MAX_PRIME. */
int audio_fft_can(int n);

/** For n real numbers. NULL if memory ran out or audio_fft_can(n) is 0. */
audio_fft *audio_fft_new(int n);
/** NULL is allowed. */
void audio_fft_free(audio_fft *f);

/** out[k] = sum over t of x[t] exp(-2 pi i k t / n), for k from 0 to n / 2 rounded down. */
void audio_fft_run(audio_fft *f, const double *x, audio_complex *out);

/** The n real numbers whose transform is `bins`, which is overwritten. Its first imaginary part,
   and of an even n the last, is taken as 0. */
void audio_fft_inverse(audio_fft *f, audio_complex *bins, double *x);

#endif
