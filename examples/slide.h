/* SPDX-License-Identifier: Apache-2.0 */
/** A network on a window of frames that slides, which is given the new frames. */
#ifndef EXAMPLES_SLIDE_H
#define EXAMPLES_SLIDE_H

#include "audio/chunks.h"

#include "network.h"

typedef struct slide {
    network net;
    audio_chunks *window; /**< the whole of it, if the network wants that; else NULL */
    int frame;            /**< values of a frame */
    int hop;              /**< new frames of a call */
    int64_t missing;      /**< calls until the window is full */
} slide;

/** What a file must be: its input is 1 x frames x values of a frame, in this order. */
typedef struct slide_form {
    network_form net;
    const rpr_input_shape *shape; /**< of the whole window; NULL: as in the file */
    int frame;                    /**< values of a frame */
    int hop;                      /**< frames of a call */
} slide_form;

/**
 * full: not 0 if the network is to run on whole windows. RPR_OK, or a status and one line that
 * names the file. After either: slide_close.
 */
int slide_open(slide *s, const char *path, const slide_form *form, int full,
               const rpr_stream_options *so, rpr_error *err);
void slide_close(slide *s);

/** hop frames in; the results out, which count if `missing` is 0 afterwards. */
int slide_run(slide *s, const float *frames, float *y, rpr_error *err);

#endif
