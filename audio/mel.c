/* SPDX-License-Identifier: Apache-2.0 */
#include "mel.h"

#include <math.h>
#include <stdlib.h>

struct audio_mel {
    int bins, n;    /* n: values of the spectrum */
    int *first;     /* per triangle: the first value that counts ... */
    int *count;     /* ... and how many do */
    double *weight; /* bins x n, each row from its first value on */
};

/* Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 mels for a factor of 6.4. */
static const double linear_hz = 200.0 / 3, knee_hz = 1000, knee_mel = 15;

static double log_step(void)
{
    return log(6.4) / 27;
}

double audio_mel_of_hz(audio_mel_scale scale, double hz)
{
    if (scale == AUDIO_MEL_HTK)
        return 1127 * log(1 + hz / 700);
    return hz < knee_hz ? hz / linear_hz : knee_mel + log(hz / knee_hz) / log_step();
}

double audio_hz_of_mel(audio_mel_scale scale, double mel)
{
    if (scale == AUDIO_MEL_HTK)
        return 700 * (exp(mel / 1127) - 1);
    return mel < knee_mel ? mel * linear_hz : knee_hz * exp((mel - knee_mel) * log_step());
}

/* Fills the row of triangle b, whose corners are at mels a, a + step and a + 2 step. */
static void fill_row(audio_mel *m, const audio_mel_options *o, int b, double a, double step)
{
    const double low_hz = audio_hz_of_mel(o->scale, a),
                 high_hz = audio_hz_of_mel(o->scale, a + 2 * step);
    double left = a, centre = a + step, right = a + 2 * step;
    if (!o->straight_in_mel) {
        left = low_hz;
        centre = audio_hz_of_mel(o->scale, a + step);
        right = high_hz;
    }
    for (int i = 0; i < m->n; i++) {
        const double hz = (double)i * o->rate / o->fft;
        const double at = o->straight_in_mel ? audio_mel_of_hz(o->scale, hz) : hz;
        double w = fmin((at - left) / (centre - left), (right - at) / (right - centre));
        if (!(w > 0))
            continue;
        if (m->count[b] == 0)
            m->first[b] = i;
        if (o->unit_area)
            w *= 2 / (high_hz - low_hz);
        m->weight[(size_t)b * (size_t)m->n + (size_t)m->count[b]++] = w;
    }
}

audio_mel *audio_mel_new(const audio_mel_options *o)
{
    audio_mel *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->bins = o->bins;
    m->n = o->fft / 2 + 1;
    m->first = calloc((size_t)m->bins, sizeof *m->first);
    m->count = calloc((size_t)m->bins, sizeof *m->count);
    m->weight = calloc((size_t)m->bins * (size_t)m->n, sizeof *m->weight);
    if (!m->first || !m->count || !m->weight) {
        audio_mel_free(m);
        return NULL;
    }
    const double low = audio_mel_of_hz(o->scale, o->low), high = audio_mel_of_hz(o->scale, o->high);
    const double step = (high - low) / (o->bins + 1);
    for (int b = 0; b < o->bins; b++)
        fill_row(m, o, b, low + b * step, step);
    return m;
}

void audio_mel_free(audio_mel *m)
{
    if (!m)
        return;
    free(m->first);
    free(m->count);
    free(m->weight);
    free(m);
}

int audio_mel_empty(const audio_mel *m)
{
    int n = 0;
    for (int b = 0; b < m->bins; b++)
        n += m->count[b] == 0;
    return n;
}

void audio_mel_run(const audio_mel *m, const double *spectrum, double *out)
{
    for (int b = 0; b < m->bins; b++) {
        const double *w = m->weight + (size_t)b * (size_t)m->n, *s = spectrum + m->first[b];
        double sum = 0;
        for (int i = 0; i < m->count[b]; i++)
            sum += w[i] * s[i];
        out[b] = sum;
    }
}
