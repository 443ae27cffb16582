/* SPDX-License-Identifier: Apache-2.0 */
/** Mean and variance normalisation over the frames that came last. */
#ifndef AUDIO_CMVN_H
#define AUDIO_CMVN_H

typedef struct audio_cmvn audio_cmvn;

/**
 * Over the last `window` frames, the present one among them (fewer at the start), value by value.
 * variance 1: also divides by the standard deviation; the first frame of all then becomes 0.
 * Kaldi's apply-cmvn-sliding with center=false and min-cmn-window=1. NULL if memory ran out.
 */
audio_cmvn *audio_cmvn_new(int width, int window, int variance);
/** NULL is allowed. */
void audio_cmvn_free(audio_cmvn *c);
/** Begins again. */
void audio_cmvn_reset(audio_cmvn *c);

/** Normalises the next frame where it lies. */
void audio_cmvn_run(audio_cmvn *c, float *frame);

#endif
