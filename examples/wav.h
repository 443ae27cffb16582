/* SPDX-License-Identifier: Apache-2.0 */
/** Sound out: 16-bit wav of one channel, to a file or as a stream. */
#ifndef EXAMPLES_WAV_H
#define EXAMPLES_WAV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct wav {
    FILE *file;
    int64_t samples;
} wav;

/** path "-" is stdout; a header without a length is written. 0, or -1 with errno. */
int wav_create(wav *w, const char *path, int rate);

/** Samples of -1 to 1; what lies outside is clipped. They are handed on at once. 0 or -1. */
int wav_write(wav *w, const float *x, size_t n);

/** Puts the length into the header where that can be, and closes. 0, or -1 with errno. */
int wav_close(wav *w);

#endif
