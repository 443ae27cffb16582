/* SPDX-License-Identifier: Apache-2.0 */
#include "dct.h"

#include <math.h>
#include <stdlib.h>

struct audio_dct {
    int n_in, n_out;
    double *weight; /* n_out x n_in */
};

audio_dct *audio_dct_new(int n_in, int n_out, double lifter)
{
    const double pi = acos(-1);
    audio_dct *d = malloc(sizeof *d);
    double *w = malloc((size_t)n_in * (size_t)n_out * sizeof *w);
    if (!d || !w) {
        free(d);
        free(w);
        return NULL;
    }
    *d = (audio_dct){.n_in = n_in, .n_out = n_out, .weight = w};
    for (int k = 0; k < n_out; k++) {
        double scale = sqrt((k == 0 ? 1.0 : 2.0) / n_in);
        if (lifter > 0)
            scale *= 1 + lifter / 2 * sin(pi * k / lifter);
        for (int i = 0; i < n_in; i++)
            *w++ = scale * cos(pi / n_in * (i + 0.5) * k);
    }
    return d;
}

void audio_dct_free(audio_dct *d)
{
    if (d)
        free(d->weight);
    free(d);
}

void audio_dct_run(const audio_dct *d, const double *in, double *out)
{
    const double *w = d->weight;
    for (int k = 0; k < d->n_out; k++, w += d->n_in) {
        double sum = 0;
        for (int i = 0; i < d->n_in; i++)
            sum += w[i] * in[i];
        out[k] = sum;
    }
}
