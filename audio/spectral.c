/* SPDX-License-Identifier: Apache-2.0 */
#include "spectral.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static int n_bins(const audio_feature_options *o)
{
    return o->fft / 2 + 1;
}

static int has_energy(const audio_feature_options *o)
{
    return o->energy != AUDIO_ENERGY_NONE;
}

static int find_width(const audio_feature_options *o)
{
    if (o->kind == AUDIO_CEPSTRA)
        return o->cepstra;
    return (o->kind == AUDIO_MEL ? o->mels : n_bins(o)) + has_energy(o);
}

int audio_spectral_init(audio_spectral *s, const audio_feature_options *o)
{
    const size_t bins = (size_t)n_bins(o), mels = (size_t)o->mels, cepstra = (size_t)o->cepstra;
    const audio_mel_options m = {.bins = o->mels,
                                 .fft = o->fft,
                                 .rate = o->rate,
                                 .low = o->low,
                                 .high = o->high > 0 ? o->high : o->rate / 2.0 + o->high,
                                 .scale = o->scale,
                                 .straight_in_mel = o->straight_in_mel,
                                 .unit_area = o->unit_area};
    *s = (audio_spectral){.opt = *o, .width = find_width(o)};
    s->fft = audio_fft_new(o->fft);
    s->window = malloc((size_t)o->length * sizeof *s->window);
    s->x = calloc((size_t)o->fft, sizeof *s->x);
    s->bins = malloc(bins * sizeof *s->bins);
    s->power = malloc(bins * sizeof *s->power);
    int ok = s->fft && s->window && s->x && s->bins && s->power;
    if (ok && o->kind != AUDIO_SPECTRUM) {
        s->mel = audio_mel_new(&m);
        s->mels = malloc(mels * sizeof *s->mels);
        ok = s->mel && s->mels;
    }
    if (ok && o->kind == AUDIO_CEPSTRA) {
        s->dct = audio_dct_new(o->mels, o->cepstra, o->lifter);
        s->cepstra = malloc(cepstra * sizeof *s->cepstra);
        ok = s->dct && s->cepstra;
    }
    if (ok)
        audio_window_fill(o->window, o->length, o->periodic, s->window);
    return ok;
}

void audio_spectral_free(audio_spectral *s)
{
    audio_fft_free(s->fft);
    audio_mel_free(s->mel);
    audio_dct_free(s->dct);
    free(s->window);
    free(s->x);
    free(s->bins);
    free(s->power);
    free(s->mels);
    free(s->cepstra);
}

static double sum_of_squares(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

/* From the samples to what is transformed; returns the energy that is wanted. */
static double prepare(audio_spectral *s, const float *samples)
{
    const audio_feature_options *o = &s->opt;
    const int n = o->length;
    double mean = 0, energy = 0;
    for (int i = 0; i < n; i++)
        mean += (double)samples[i];
    mean = o->remove_mean ? mean / n : 0;
    for (int i = 0; i < n; i++)
        s->x[i] = ((double)samples[i] - mean) * o->gain;
    if (o->energy == AUDIO_ENERGY_RAW)
        energy = sum_of_squares(s->x, n);
    for (int i = n - 1; i >= 0 && o->preemphasis != 0; i--)
        s->x[i] -= o->preemphasis * s->x[i > 0 ? i - 1 : 0];
    for (int i = 0; i < n; i++)
        s->x[i] *= s->window[i];
    if (o->energy == AUDIO_ENERGY_WINDOWED)
        energy = sum_of_squares(s->x, n);
    return energy;
}

static void take_logs(const audio_feature_options *o, double *v, int n)
{
    for (int i = 0; i < n && o->log != AUDIO_LOG_NONE; i++) {
        const double x = fmax(v[i], o->floor);
        v[i] = o->log == AUDIO_LOG_NATURAL ? log(x) : log10(x) * (o->log == AUDIO_LOG_DB ? 10 : 1);
    }
}

void audio_spectral_run(audio_spectral *s, const float *samples, float *out)
{
    const audio_feature_options *o = &s->opt;
    const double energy = log(fmax(prepare(s, samples), (double)FLT_EPSILON));
    const double *result = s->power;
    audio_fft_run(s->fft, s->x, s->bins);
    for (int i = 0; i < n_bins(o); i++) {
        const double p = s->bins[i].re * s->bins[i].re + s->bins[i].im * s->bins[i].im;
        s->power[i] = o->power == 2 ? p : sqrt(p);
    }
    if (o->kind == AUDIO_SPECTRUM) {
        take_logs(o, s->power, n_bins(o));
    } else {
        audio_mel_run(s->mel, s->power, s->mels);
        take_logs(o, s->mels, o->mels);
        result = s->mels;
    }
    if (o->kind == AUDIO_CEPSTRA) {
        audio_dct_run(s->dct, s->mels, s->cepstra);
        result = s->cepstra;
    }
    const int in_place = o->kind == AUDIO_CEPSTRA, first = has_energy(o) && !in_place;
    for (int i = first; i < s->width; i++)
        out[i] = (float)result[i - first];
    if (has_energy(o))
        out[0] = (float)energy;
}
