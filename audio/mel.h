/* SPDX-License-Identifier: Apache-2.0 */
/** Mel filter banks: triangles over the bins of a spectrum. */
#ifndef AUDIO_MEL_H
#define AUDIO_MEL_H

typedef enum audio_mel_scale {
    AUDIO_MEL_HTK = 0,   /**< 1127 ln(1 + f / 700), also Kaldi's */
    AUDIO_MEL_SLANEY = 1 /**< linear below 1 kHz, logarithmic above (Auditory Toolbox; librosa) */
} audio_mel_scale;

typedef struct audio_mel_options {
    int bins;         /**< triangles, 1 or more */
    int fft;          /**< length of the transform */
    int rate;         /**< samples a second */
    double low, high; /**< Hz, 0 <= low < high <= rate / 2 */
    audio_mel_scale scale;
    int straight_in_mel; /**< 1: sides of a triangle are straight over mel (Kaldi); 0: over Hz */
    int unit_area;       /**< 1: a triangle's area over Hz is 1 ("slaney" norm); 0: its height is */
} audio_mel_options;

typedef struct audio_mel audio_mel;

/** NULL if memory ran out. The options must be in their ranges. */
audio_mel *audio_mel_new(const audio_mel_options *o);
/** NULL is allowed. */
void audio_mel_free(audio_mel *m);

/** Triangles that no bin of the spectrum falls into: their sum is always 0. */
int audio_mel_empty(const audio_mel *m);

/** out[0 .. bins): sums of spectrum[0 .. fft / 2] under the triangles. */
void audio_mel_run(const audio_mel *m, const double *spectrum, double *out);

double audio_mel_of_hz(audio_mel_scale scale, double hz);
double audio_hz_of_mel(audio_mel_scale scale, double mel);

#endif
