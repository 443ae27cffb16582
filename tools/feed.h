/* SPDX-License-Identifier: Apache-2.0 */
/** From a frame to the model's input. */
#ifndef TOOLS_FEED_H
#define TOOLS_FEED_H

#include "media/source.h"
#include "reprise/reprise.h"

#include "args.h"

typedef struct feed {
    int width, height, channels; /**< of the picture that the model reads */
    int channels_last;           /**< NHWC; otherwise NCHW */
    float scale[3], offset[3];   /**< byte * scale + offset */
    float *tensor;               /**< for frames of floats */
    size_t tensor_bytes;
} feed;

/** Whether frames fit t: f32, one picture of one or three channels. */
int feed_is_picture(const rpr_tensor_info *t);

/** Finds out what picture the input t of the model is. Returns an exit code. */
int feed_open(feed *f, const rpr_tensor_info *t, const cli_options *o);
void feed_close(feed *f);

/**
 * Sets *in for a frame of the feed's size. Bytes are handed over as they are, floats as a tensor
 * in the model's order. *in is valid as long as the frame, and until the next call.
 */
void feed_frame(feed *f, const media_frame *frame, rpr_input *in);

/** The frame, bytes or floats, as a dense tensor in the model's order. */
void feed_tensor(const feed *f, const media_frame *frame, float *to);

#endif
