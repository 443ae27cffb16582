/* SPDX-License-Identifier: Apache-2.0 */
/** From sound to the model's input: blocks of samples, or of feature frames. */
#ifndef TOOLS_SOUND_H
#define TOOLS_SOUND_H

#include "audio/chunks.h"
#include "audio/front_end.h"
#include "media/audio.h"
#include "reprise/reprise.h"

#include "window.h"

enum { SOUND_PIECE = 1024 };

typedef struct sound {
    media_audio *audio;
    media_audio_info info;
    audio_features *features; /**< NULL: the model takes samples */
    audio_feature_options feature_options;
    audio_chunks *chunks;
    int width;                /**< values of an item: 1, or those of a feature frame */
    int length;               /**< items of a block */
    int hop, context;         /**< of them: new ones, and those of before */
    int across;               /**< the model wants feature after feature, not frame after frame */
    float gain;               /**< of samples */
    float piece[SOUND_PIECE]; /**< as read; samples from at on are not used yet */
    size_t n, at;
    int drained;   /**< the input is at its end; 2: so is the front end */
    float *frame;  /**< one of features */
    float *tensor; /**< the model's input */
    size_t tensor_bytes;
    int64_t blocks;  /**< given or skipped so far */
    int64_t filling; /**< blocks that come before the first window is whole, beside --frames */
    size_t lead;     /**< items of zeros before the first block, after those that are skipped */
} sound;

/**
 * Opens o->input for the model's input t, which may be the new columns of the window w. Returns an
 * exit code. Close it in any case.
 */
int sound_open(sound *s, const rpr_tensor_info *t, const window *w, const cli_options *o);
void sound_close(sound *s);

/** Blocks that there will be, about; -1 if that is not known. */
int64_t sound_blocks(const sound *s, const cli_options *o);

/** The next block into *in, valid until the next call: 1; 0 at the end, or with *code set after a
 * message. */
int sound_next(sound *s, const cli_options *o, rpr_input *in, int *code);

#endif
