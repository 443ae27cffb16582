/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What comes in pieces of any size becomes the blocks that a network reads: every block has `hop`
 * new items, and before them the last `context` ones of before. An item is a sample, or a frame of
 * features.
 */
#ifndef AUDIO_CHUNKS_H
#define AUDIO_CHUNKS_H

#include <stddef.h>

typedef enum audio_edge {
    AUDIO_EDGE_ZERO = 0,  /**< zeros before the first item and after the last: for samples */
    AUDIO_EDGE_REPEAT = 1 /**< the first and the last item: for features */
} audio_edge;

typedef struct audio_chunks audio_chunks;

/** width: values of an item, hop: 1 or more, context: 0 or more. NULL if memory ran out. */
audio_chunks *audio_chunks_new(int width, int hop, int context, audio_edge edge);
/** NULL is allowed. */
void audio_chunks_free(audio_chunks *c);
/** Begins again. */
void audio_chunks_reset(audio_chunks *c);

/**
 * Takes items until a block is whole: returns 1 then, and 0 when all n were taken. *used is how
 * many were. audio_chunks_block stays as it is until the next call.
 */
int audio_chunks_push(audio_chunks *c, const float *items, size_t n, size_t *used);

/** At the end: 1 if items are left, which are then a block that is filled up; else 0. */
int audio_chunks_end(audio_chunks *c);

/** (context + hop) x width values, the oldest first. */
const float *audio_chunks_block(const audio_chunks *c);

#endif
