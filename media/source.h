/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Frames in: a video file, an image sequence (dir/%04d.pgm), "-" (y4m on stdin) or
 * "rawvideo:WxH:FORMAT:FILE" with any pixel format name of FFmpeg and "-" for stdin.
 */
#ifndef MEDIA_SOURCE_H
#define MEDIA_SOURCE_H

#include <stdint.h>

#include "draw.h"
#include "error.h"

typedef struct media_source media_source;

typedef struct media_source_options {
    int width, height; /**< of the frames wanted; 0: as they are in the input */
    int channels;      /**< 3 (RGB) or 1 (grey); 0 means 3 */
    int64_t skip;      /**< frames to leave out at the start */
    int64_t frames;    /**< the most frames to give; 0: all */
} media_source_options;

typedef struct media_source_info {
    int width, height;      /**< in the input */
    int rate_num, rate_den; /**< frames per second; 25/1 if the input does not say */
    int64_t frames;         /**< how many will be given, if that is known; otherwise -1 */
} media_source_info;

/** One frame, scaled. Owned by the source, valid until the next call. */
typedef struct media_frame {
    int64_t index; /**< number in the input, from 0, skipped ones included */
    int width, height, channels;
    const uint8_t *u8; /**< height x width x channels; NULL if the input holds floats */
    const float *f32;  /**< the same shape, 0..1 for the visible range; NULL for bytes */
} media_frame;

/** Opens an input. opt may be NULL. The input is not read before the first frame is asked for. */
int media_source_open(const char *input, const media_source_options *opt, media_source **out,
                      media_error *err);
void media_source_close(media_source *s);

void media_source_get_info(const media_source *s, media_source_info *info);

/**
 * The next frame. MEDIA_END after the last; MEDIA_ERROR if the input ends early, is broken, or has
 * no frame at all. Frames given before an error are good.
 */
int media_source_next(media_source *s, media_frame *frame, media_error *err);

/** The last frame as RGB in the size of the input. *picture is owned by the source. */
int media_source_original(media_source *s, media_picture *picture, media_error *err);

/** Packets of the input that could not be decoded and were left out so far. */
int64_t media_source_undecodable(const media_source *s);

#endif
