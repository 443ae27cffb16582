/* SPDX-License-Identifier: Apache-2.0 */
/** One frame of samples to its features: inside audio/, behind front_end.h. */
#ifndef AUDIO_SPECTRAL_H
#define AUDIO_SPECTRAL_H

#include "dct.h"
#include "front_end.h"
#include "fft.h"

typedef struct audio_spectral {
    audio_feature_options opt;
    audio_fft *fft;
    audio_mel *mel;
    audio_dct *dct;
    double *window;
    double *x;            /* fft: the frame, then zeros */
    audio_complex *bins;  /* fft / 2 + 1 */
    double *power, *mels; /* of them; of the triangles */
    double *cepstra;
    int width;
} audio_spectral;

/** 0 if memory ran out. The options must have been checked. */
int audio_spectral_init(audio_spectral *s, const audio_feature_options *o);
void audio_spectral_free(audio_spectral *s);

/** opt.length samples become width features. */
void audio_spectral_run(audio_spectral *s, const float *samples, float *out);

#endif
