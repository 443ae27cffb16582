/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sound in: a file or video with sound that FFmpeg reads, "-" (wav on stdin), or
 * "rawaudio:RATE[xCHANNELS]:FORMAT:FILE" with FORMAT one of FFmpeg's raw ones, such as s16le, f32le
 * or mulaw, and FILE "-" for stdin. What is given are samples of one channel, -1..1 for the range
 * of integer formats: the mean of all channels, at a rate of the caller's choice.
 */
#ifndef MEDIA_AUDIO_H
#define MEDIA_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { MEDIA_RATE_MIN = 100, MEDIA_RATE_MAX = 768000 };

typedef struct media_audio media_audio;

typedef struct media_audio_options {
    int rate; /**< samples a second that are wanted, MEDIA_RATE_MIN to _MAX; 0: as in the input */
} media_audio_options;

typedef struct media_audio_info {
    int rate;        /**< of what is given */
    int input_rate;  /**< in the input */
    int channels;    /**< in the input */
    int64_t samples; /**< about how many will be given, if that is known; otherwise -1 */
} media_audio_info;

/** Opens an input; opt may be NULL. A pipe is read as far as its header. */
int media_audio_open(const char *input, const media_audio_options *opt, media_audio **out,
                     media_error *err);
void media_audio_close(media_audio *a);

void media_audio_get_info(const media_audio *a, media_audio_info *info);

/**
 * The next samples, at most n (1 or more), into the caller's memory: MEDIA_OK with *got from 1 to
 * n, as many as are there without waiting for more of a pipe. MEDIA_END after the last; MEDIA_ERROR
 * if the input ends early, is broken, has no sample at all, or holds NaN or infinity, which are
 * named with their position. Samples given before an error are good.
 */
int media_audio_read(media_audio *a, float *samples, size_t n, size_t *got, media_error *err);

/** Packets of the input that could not be decoded and were left out so far. */
int64_t media_audio_undecodable(const media_audio *a);

#endif
