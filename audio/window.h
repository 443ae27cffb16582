/* SPDX-License-Identifier: Apache-2.0 */
/** Windows that fade a frame in and out. */
#ifndef AUDIO_WINDOW_H
#define AUDIO_WINDOW_H

typedef enum audio_window {
    AUDIO_WINDOW_RECTANGULAR = 0, /**< 1 everywhere */
    AUDIO_WINDOW_HANN = 1,        /**< 0.5 - 0.5 cos */
    AUDIO_WINDOW_HAMMING = 2,     /**< 0.54 - 0.46 cos */
    AUDIO_WINDOW_POVEY = 3        /**< Kaldi's: Hann to the power of 0.85 */
} audio_window;

/**
 * Fills w with n values. periodic 0: the first and the last value are the same, as Kaldi has it;
 * 1: that value would come once more at w[n], as scipy.signal.get_window and librosa have it.
 */
void audio_window_fill(audio_window kind, int n, int periodic, double *w);

#endif
