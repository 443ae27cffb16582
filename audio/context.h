/* SPDX-License-Identifier: Apache-2.0 */
/** Feature frames with those before and after them: what deltas and splicing look at. */
#ifndef AUDIO_CONTEXT_H
#define AUDIO_CONTEXT_H

#include <stdint.h>

/** Before the first frame and after the last, that one is repeated. */
typedef struct audio_context {
    int width, left, right; /**< values of a frame; frames before and after that are kept */
    int64_t pushed, taken;
    int ended;
    float *ring; /**< left + 1 + right frames */
} audio_context;

/** 0 if memory ran out. */
int audio_context_init(audio_context *c, int width, int left, int right);
void audio_context_free(audio_context *c);
/** Begins again. */
void audio_context_reset(audio_context *c);

/** Adds a frame. What is ready afterwards must be taken before the next one is added. */
void audio_context_push(audio_context *c, const float *frame);

/** Whether a frame has all its neighbours, or all that there will be. */
int audio_context_ready(const audio_context *c);
/** The frame that is `offset` away from that one, -left <= offset <= right. */
const float *audio_context_at(const audio_context *c, int offset);
/** Goes on to the next one. */
void audio_context_take(audio_context *c);

/**
 * The frame's values, its deltas, the deltas of those and so on: order + 1 times width values.
 * `scale` is what audio_delta_scales filled.
 */
void audio_context_deltas(const audio_context *c, int order, int window, const float *scale,
                          float *out);
/** left + 1 + right frames, the oldest first. */
void audio_context_splice(const audio_context *c, float *out);

/**
 * Weights of frames -k window .. k window for every k from 0 to order, (2 k window + 1) of each:
 * regression over `window` frames to either side, applied k times. As in HTK and Kaldi.
 * scale: room for audio_delta_scale_count(order, window) values.
 */
void audio_delta_scales(int order, int window, float *scale);
int audio_delta_scale_count(int order, int window);

#endif
