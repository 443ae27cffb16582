/* SPDX-License-Identifier: Apache-2.0 */
/** Pictures as the columns of a window: clips, such as 1x3xTxHxW along axis 2. */
#ifndef TOOLS_CLIP_H
#define TOOLS_CLIP_H

#include "media/source.h"

#include "feed.h"
#include "window.h"

/** Zero it before. */
typedef struct clip {
    float *column; /**< one picture as the model has it */
    void *block;
    size_t bytes;  /**< of a block */
    int64_t calls; /**< given so far */
} clip;

/** Finds out whether w's columns, f32, are pictures. Returns an exit code. Close it in any case. */
int clip_open(clip *c, feed *f, const window *w, const cli_options *o);
void clip_close(clip *c);

/** The next call's pictures, the last of them in *frame: MEDIA_OK, MEDIA_END, also if there are too
 * few, or MEDIA_ERROR. */
int clip_next(clip *c, const feed *f, const window *w, media_source *source, media_frame *frame,
              rpr_input *in, media_error *err);

#endif
