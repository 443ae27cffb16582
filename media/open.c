/* SPDX-License-Identifier: Apache-2.0 */
#include "open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int media_is_format(const AVFormatContext *format, const char *name)
{
    return strstr(format->iformat->name, name) != NULL;
}

/* What libavformat calls the input; *format stays NULL where it shall find out itself. */
static int find_url(const char *path, const media_kind *kind, char *url, size_t room,
                    const AVInputFormat **format, AVDictionary **options, media_error *err)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        snprintf(url, room, "pipe:0");
        *format = av_find_input_format(kind->pipe);
    } else if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return media_fail(err, "%s: is a directory", path);
        if (S_ISREG(st.st_mode) && st.st_size == 0)
            return media_fail(err, "%s: is empty", path);
        snprintf(url, room, "file:%s", path); /* a colon in a name is no protocol then */
    } else if (kind->sequences && strchr(path, '%')) {
        snprintf(url, room, "%s", path);
        *format = av_find_input_format("image2");
        av_dict_set(options, "pattern_type", "sequence", 0);
        av_dict_set(options, "start_number_range", "10000", 0);
    } else if (strstr(path, "://")) {
        snprintf(url, room, "%s", path);
    } else {
        return media_fail(err, "%s: cannot be opened (%s)", path, strerror(errno));
    }
    return MEDIA_OK;
}

int media_open_format(const char *path, const media_kind *kind, AVDictionary **options,
                      AVFormatContext **out, media_error *err)
{
    const AVInputFormat *format = NULL;
    AVDictionary *own = NULL, **all = options ? options : &own;
    char url[PATH_MAX + 8];
    const int is_pipe = strcmp(path, "-") == 0;
    const char *name = is_pipe ? "stdin" : path;
    if (strlen(path) >= PATH_MAX)
        return media_fail(err, "%.64s...: the name is too long", path);
    int status = find_url(path, kind, url, sizeof url, &format, all, err);
    if (status != MEDIA_OK)
        return status;
    if (kind->format)
        format = av_find_input_format(kind->format);
    int code = avformat_open_input(out, url, format, all);
    av_dict_free(&own);
    if (code < 0 && is_pipe)
        return media_fail(err, "%s: is not %s", name, kind->pipe_noun);
    if (code < 0 && format && kind->sequences)
        return media_fail(err, "%s: no such image sequence", name);
    if (code < 0) {
        char what[64];
        snprintf(what, sizeof what, "is not %s that can be read", kind->noun);
        return media_fail_av(err, name, what, code);
    }
    if (media_is_format(*out, "tty")) /* libavformat would play a text file as a terminal */
        return media_fail(err, "%s: is not %s that can be read", name, kind->noun);
    return MEDIA_OK;
}

/*
 * A pipe whose header says all that is needed. To find out more libavformat would wait for up to
 * seconds of what is to come.
 */
static int is_live(const AVFormatContext *format, const media_kind *kind)
{
    const AVCodecParameters *p = format->nb_streams == 1 ? format->streams[0]->codecpar : NULL;
    return kind->type == AVMEDIA_TYPE_AUDIO && p && !format->pb->seekable &&
           p->codec_type == AVMEDIA_TYPE_AUDIO && p->codec_id != AV_CODEC_ID_NONE &&
           p->sample_rate > 0 && p->ch_layout.nb_channels > 0;
}

int media_open_decoder(AVFormatContext *format, const char *name, const media_kind *kind,
                       int *stream, AVCodecContext **out, media_error *err)
{
    const AVCodec *codec = NULL;
    char what[64];
    int code = is_live(format, kind) ? 0 : avformat_find_stream_info(format, NULL);
    snprintf(what, sizeof what, "is not %s that can be read", kind->noun);
    if (code < 0)
        return media_fail_av(err, name, what, code);
    *stream = av_find_best_stream(format, kind->type, -1, -1, &codec, 0);
    if (*stream == AVERROR_DECODER_NOT_FOUND)
        return media_fail(err, "%s: its %s codec is not supported", name, kind->type_name);
    if (*stream < 0)
        return media_fail(err, "%s: has no %s stream", name, kind->type_name);
    *out = avcodec_alloc_context3(codec);
    if (!*out)
        return media_fail(err, "%s: memory ran out", name);
    const AVStream *st = format->streams[*stream];
    code = avcodec_parameters_to_context(*out, st->codecpar);
    (*out)->pkt_timebase = st->time_base;
    (*out)->thread_count = 1; /* decoding must not compete with what is being timed */
    if (code >= 0)
        code = avcodec_open2(*out, codec, NULL);
    snprintf(what, sizeof what, "its %s cannot be decoded", kind->type_name);
    return code < 0 ? media_fail_av(err, name, what, code) : MEDIA_OK;
}
