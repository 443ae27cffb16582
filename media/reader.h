/* SPDX-License-Identifier: Apache-2.0 */
/** Where decoded pictures come from: inside media/, behind source.h. */
#ifndef MEDIA_READER_H
#define MEDIA_READER_H

#include <stdint.h>

#include <libavutil/frame.h>

#include "error.h"

typedef struct media_reader media_reader;

/** One kind of input. The fields are set by its open function. */
struct media_reader {
    /** Fills frame with the next picture: MEDIA_OK, MEDIA_END or MEDIA_ERROR. */
    int (*read)(media_reader *r, AVFrame *frame, media_error *err);
    void (*close)(media_reader *r);
    int width, height; /**< of the first picture */
    enum AVPixelFormat format;
    AVRational rate;     /**< frames per second; 0/1 if unknown */
    int64_t total;       /**< pictures, if the input says so; otherwise -1 */
    int64_t undecodable; /**< packets that were left out so far */
};

/** A file or image sequence that libavformat knows, or "-": y4m on stdin. */
int media_reader_open_container(const char *path, media_reader **out, media_error *err);

/** "rawvideo:WxH:FORMAT:FILE", FILE "-" for stdin. */
int media_reader_open_raw(const char *spec, media_reader **out, media_error *err);

#endif
