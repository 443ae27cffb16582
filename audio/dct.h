/* SPDX-License-Identifier: Apache-2.0 */
/** The cosine transform that makes cepstra of log mel energies. */
#ifndef AUDIO_DCT_H
#define AUDIO_DCT_H

typedef struct audio_dct audio_dct;

/**
 * DCT-II with orthonormal rows, the first n_out of n_in (1 <= n_out <= n_in). lifter > 0: result i
 * is multiplied by 1 + lifter / 2 sin(pi i / lifter), as HTK and Kaldi do. NULL if memory ran out.
 */
audio_dct *audio_dct_new(int n_in, int n_out, double lifter);
/** NULL is allowed. */
void audio_dct_free(audio_dct *d);

void audio_dct_run(const audio_dct *d, const double *in, double *out);

#endif
