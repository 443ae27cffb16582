/* SPDX-License-Identifier: Apache-2.0 */
/** Pictures out: an mp4 video, or one PNG file. The same pictures give the same bytes. */
#ifndef MEDIA_SINK_H
#define MEDIA_SINK_H

#include "draw.h"
#include "error.h"

typedef struct media_sink media_sink;

/**
 * Starts a video of pictures of width x height (an odd size is made even by repeating the last
 * column or row), H.264 if the encoder is there, otherwise MPEG-4 part 2; no sound. The container
 * follows the file's ending, mp4 if it says nothing.
 */
int media_sink_open(const char *path, int width, int height, int rate_num, int rate_den,
                    media_sink **out, media_error *err);

/** Adds one picture, which must have the size given at the start. */
int media_sink_write(media_sink *s, const media_picture *picture, media_error *err);

/** Finishes the file and frees the sink in any case. NULL is allowed. */
int media_sink_close(media_sink *s, media_error *err);

int media_write_png(const char *path, const media_picture *picture, media_error *err);

#endif
