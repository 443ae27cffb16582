/* SPDX-License-Identifier: Apache-2.0 */
#include "cmvn.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct audio_cmvn {
    int width, window, variance;
    int64_t n;          /* frames so far */
    float *ring;        /* the last `window` frames */
    double *sum, *sum2; /* over them */
};

audio_cmvn *audio_cmvn_new(int width, int window, int variance)
{
    audio_cmvn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->width = width;
    c->window = window;
    c->variance = variance;
    c->ring = malloc((size_t)width * (size_t)window * sizeof *c->ring);
    c->sum = malloc((size_t)width * sizeof *c->sum);
    c->sum2 = malloc((size_t)width * sizeof *c->sum2);
    if (!c->ring || !c->sum || !c->sum2) {
        audio_cmvn_free(c);
        return NULL;
    }
    audio_cmvn_reset(c);
    return c;
}

void audio_cmvn_free(audio_cmvn *c)
{
    if (!c)
        return;
    free(c->ring);
    free(c->sum);
    free(c->sum2);
    free(c);
}

void audio_cmvn_reset(audio_cmvn *c)
{
    c->n = 0;
    memset(c->sum, 0, (size_t)c->width * sizeof *c->sum);
    memset(c->sum2, 0, (size_t)c->width * sizeof *c->sum2);
}

/* Adding and taking away leaves rounding behind; once in a window the sums are made anew. */
static void sum_again(audio_cmvn *c)
{
    audio_cmvn kept = *c;
    audio_cmvn_reset(c);
    c->n = kept.n;
    for (int f = 0; f < c->window; f++)
        for (int i = 0; i < c->width; i++) {
            const double v = (double)c->ring[(size_t)f * (size_t)c->width + (size_t)i];
            c->sum[i] += v;
            c->sum2[i] += v * v;
        }
}

static void add(audio_cmvn *c, const float *frame)
{
    float *old = c->ring + (size_t)(c->n % c->window) * (size_t)c->width;
    const int full = c->n >= c->window;
    for (int i = 0; i < c->width; i++) {
        const double in = (double)frame[i], out = full ? (double)old[i] : 0;
        c->sum[i] += in - out;
        c->sum2[i] += in * in - out * out;
        old[i] = frame[i];
    }
    c->n++;
    if (c->n % c->window == 0)
        sum_again(c);
}

void audio_cmvn_run(audio_cmvn *c, float *frame)
{
    add(c, frame);
    const double n = (double)(c->n < c->window ? c->n : c->window);
    for (int i = 0; i < c->width; i++) {
        const double mean = c->sum[i] / n;
        double v = (double)frame[i] - mean;
        if (c->variance && n > 1)
            v /= sqrt(fmax(c->sum2[i] / n - mean * mean, 1e-10));
        else if (c->variance)
            v = 0;
        frame[i] = (float)v;
    }
}
