/* SPDX-License-Identifier: Apache-2.0 */
/** Opening what libavformat can read: inside media/, behind source.h and audio.h. */
#ifndef MEDIA_OPEN_H
#define MEDIA_OPEN_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "error.h"

/** What kind of input is wanted, for messages and for pipes. */
typedef struct media_kind {
    enum AVMediaType type;
    const char *noun;      /**< "a video" */
    const char *type_name; /**< "video" */
    const char *pipe;      /**< libavformat's name of the format that stdin holds */
    const char *pipe_noun; /**< "a y4m stream" */
    int sequences;         /**< 1: a name with % is a sequence of pictures */
    const char *format;    /**< ... of every input; NULL: it is found out */
} media_kind;

/**
 * Opens a file, an address, a sequence of pictures or "-" for stdin. options are libavformat's and
 * may be NULL; those that the format does not have are left in there.
 */
int media_open_format(const char *path, const media_kind *kind, AVDictionary **options,
                      AVFormatContext **out, media_error *err);

/**
 * Finds the stream of that type and opens its decoder, on one thread. name is that of messages.
 * *stream is its index.
 */
int media_open_decoder(AVFormatContext *format, const char *name, const media_kind *kind,
                       int *stream, AVCodecContext **out, media_error *err);

/** Whether the format that was recognised has this name among its names. */
int media_is_format(const AVFormatContext *format, const char *name);

#endif
