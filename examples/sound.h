/* SPDX-License-Identifier: Apache-2.0 */
/** Reads a sound to its end, block by block. */
#ifndef EXAMPLES_SOUND_H
#define EXAMPLES_SOUND_H

#include <stdint.h>

#include "audio/chunks.h"
#include "media/audio.h"

/** Runs the block that is ready; anything but 0 ends the reading. */
typedef int (*sound_fn)(void *user);

typedef enum sound_end { SOUND_END = 0, SOUND_ERROR = 1, SOUND_STOPPED = 2 } sound_end;

/**
 * Calls `run` for every whole block of `hop` new samples. *samples, counted up from what it was,
 * are those that were read so far. SOUND_ERROR: *err says why; what came before was run.
 * SOUND_STOPPED: *code is what `run` returned.
 */
sound_end sound_read(media_audio *a, audio_chunks *c, sound_fn run, void *user, int64_t *samples,
                     int *code, media_error *err);

/** The samples that are ready, for what comes after the sound: as for sound_read. 0, or `run`'s. */
int sound_push(audio_chunks *c, const float *x, size_t n, sound_fn run, void *user);

#endif
