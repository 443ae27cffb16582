/* SPDX-License-Identifier: Apache-2.0 */
/* Files, image sequences and y4m pipes, through libavformat and libavcodec. */
#include "reader.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>

typedef struct container_reader {
    media_reader base;
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    char *name;
    int stream;
    int read_status;  /* of the last av_read_frame that failed; 0 while reading */
    int last_corrupt; /* the last packet was cut short */
    int64_t packets, decoded;
    int64_t end_pos; /* byte after the last packet; y4m only */
    int64_t end_pts; /* time after the last packet, in the stream's unit */
    int draining;
} container_reader;

static void container_close(media_reader *base)
{
    container_reader *r = (container_reader *)base;
    av_packet_free(&r->packet);
    avcodec_free_context(&r->decoder);
    avformat_close_input(&r->format);
    free(r->name);
    free(r);
}

static int is_format(const container_reader *r, const char *name)
{
    return strstr(r->format->iformat->name, name) != NULL;
}

/* Whether the file promised more than it held. Containers say so in different places. */
static int ended_early(const container_reader *r)
{
    const AVStream *st = r->format->streams[r->stream];
    if (r->read_status != AVERROR_EOF || r->last_corrupt)
        return 1;
    if (is_format(r, "yuv4mpeg"))
        return avio_tell(r->format->pb) > r->end_pos;
    if (is_format(r, "mov"))
        return r->packets < st->nb_frames;
    if (st->nb_frames > 0) /* AVI counts dropped frames too: allow for a few */
        return r->packets + 1 + st->nb_frames / 50 < st->nb_frames;
    if (is_format(r, "matroska") && r->format->nb_streams == 1 && r->format->duration > 0) {
        int64_t end = av_rescale_q(r->end_pts, st->time_base, AV_TIME_BASE_Q);
        return end + r->format->duration / 20 + AV_TIME_BASE / 5 < r->format->duration;
    }
    return 0;
}

static int finish(const container_reader *r, media_error *err)
{
    if (ended_early(r)) {
        if (r->base.total > r->decoded)
            return media_fail(err, "%s: ends early: %lld of %lld frames could be read", r->name,
                              (long long)r->decoded, (long long)r->base.total);
        return media_fail(err, "%s: ends early, after %lld frames", r->name, (long long)r->decoded);
    }
    if (r->decoded == 0 && r->base.undecodable > 0)
        return media_fail(err, "%s: no frame of it could be decoded", r->name);
    return MEDIA_END;
}

/* Sends the next packet of the video stream, or the end, to the decoder. */
static int send_packet(container_reader *r, media_error *err)
{
    AVPacket *p = r->packet;
    int code = av_read_frame(r->format, p);
    if (code < 0) {
        r->read_status = code;
        r->draining = 1;
        avcodec_send_packet(r->decoder, NULL);
        return MEDIA_OK;
    }
    r->last_corrupt = (p->flags & AV_PKT_FLAG_CORRUPT) != 0;
    r->end_pos = p->pos + p->size;
    if (p->stream_index == r->stream && r->last_corrupt) {
        r->base.undecodable++;
    } else if (p->stream_index == r->stream) {
        r->packets++;
        if (p->pts != AV_NOPTS_VALUE)
            r->end_pts = p->pts + p->duration;
        code = avcodec_send_packet(r->decoder, p);
    }
    av_packet_unref(p);
    if (code == AVERROR(ENOMEM))
        return media_fail(err, "%s: memory ran out", r->name);
    if (code < 0)
        r->base.undecodable++;
    return MEDIA_OK;
}

static int container_read(media_reader *base, AVFrame *frame, media_error *err)
{
    container_reader *r = (container_reader *)base;
    for (;;) {
        int code = avcodec_receive_frame(r->decoder, frame);
        if (code >= 0) {
            r->decoded++;
            return MEDIA_OK;
        }
        if (code == AVERROR_EOF || (r->draining && code == AVERROR(EAGAIN)))
            return finish(r, err);
        if (code != AVERROR(EAGAIN))
            base->undecodable++;
        if (!r->draining) {
            int status = send_packet(r, err);
            if (status != MEDIA_OK)
                return status;
        }
    }
}

/* Opens the container; `path` is as the user wrote it. */
static int open_format(container_reader *r, const char *path, media_error *err)
{
    const AVInputFormat *format = NULL;
    AVDictionary *options = NULL;
    char url[PATH_MAX + 8];
    struct stat st;
    if (strcmp(path, "-") == 0) {
        strcpy(url, "pipe:0");
        format = av_find_input_format("yuv4mpegpipe");
    } else if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return media_fail(err, "%s: is a directory", path);
        if (S_ISREG(st.st_mode) && st.st_size == 0)
            return media_fail(err, "%s: is empty", path);
        snprintf(url, sizeof url, "file:%s", path); /* a colon in a name is no protocol then */
    } else if (strchr(path, '%')) {
        snprintf(url, sizeof url, "%s", path);
        format = av_find_input_format("image2");
        av_dict_set(&options, "pattern_type", "sequence", 0);
        av_dict_set(&options, "start_number_range", "10000", 0);
    } else if (strstr(path, "://")) {
        snprintf(url, sizeof url, "%s", path);
    } else {
        return media_fail(err, "%s: cannot be opened (%s)", path, strerror(errno));
    }
    int code = avformat_open_input(&r->format, url, format, &options);
    av_dict_free(&options);
    if (code < 0 && format)
        return media_fail(err, "%s: %s", r->name,
                          url[0] == 'p' && strcmp(url, "pipe:0") == 0 ? "is not a y4m stream"
                                                                      : "no such image sequence");
    if (code < 0)
        return media_fail_av(err, r->name, "is not a video that can be read", code);
    if (is_format(r, "tty")) /* libavformat would play a text file as a terminal */
        return media_fail(err, "%s: is not a video that can be read", r->name);
    return MEDIA_OK;
}

static int open_decoder(container_reader *r, media_error *err)
{
    const AVCodec *codec = NULL;
    int code = avformat_find_stream_info(r->format, NULL);
    if (code < 0)
        return media_fail_av(err, r->name, "is not a video that can be read", code);
    r->stream = av_find_best_stream(r->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (r->stream == AVERROR_DECODER_NOT_FOUND)
        return media_fail(err, "%s: its video codec is not supported", r->name);
    if (r->stream < 0)
        return media_fail(err, "%s: has no video stream", r->name);
    r->packet = av_packet_alloc();
    r->decoder = avcodec_alloc_context3(codec);
    if (!r->packet || !r->decoder)
        return media_fail(err, "%s: memory ran out", r->name);
    const AVStream *st = r->format->streams[r->stream];
    code = avcodec_parameters_to_context(r->decoder, st->codecpar);
    r->decoder->pkt_timebase = st->time_base;
    r->decoder->thread_count = 1; /* decoding must not compete with what is being timed */
    if (code >= 0)
        code = avcodec_open2(r->decoder, codec, NULL);
    if (code < 0)
        return media_fail_av(err, r->name, "its video cannot be decoded", code);
    return MEDIA_OK;
}

static int container_open(container_reader *r, const char *path, media_error *err)
{
    r->name = strdup(strcmp(path, "-") == 0 ? "stdin" : path);
    if (!r->name)
        return media_fail(err, "%s: memory ran out", path);
    if (strlen(path) >= PATH_MAX)
        return media_fail(err, "%.64s...: the name is too long", path);
    int status = open_format(r, path, err);
    if (status == MEDIA_OK)
        status = open_decoder(r, err);
    if (status != MEDIA_OK)
        return status;
    AVStream *st = r->format->streams[r->stream];
    r->base.width = r->decoder->width;
    r->base.height = r->decoder->height;
    r->base.format = r->decoder->pix_fmt;
    r->base.rate = av_guess_frame_rate(r->format, st, NULL);
    if (r->base.width < 1 || r->base.height < 1)
        return media_fail(err, "%s: no frame of it could be decoded", r->name);
    if (st->nb_frames > 0)
        r->base.total = st->nb_frames;
    else if (is_format(r, "image2") && st->duration > 0)
        r->base.total = st->duration;
    return MEDIA_OK;
}

int media_reader_open_container(const char *path, media_reader **out, media_error *err)
{
    container_reader *r = calloc(1, sizeof *r);
    if (!r)
        return media_fail(err, "%s: memory ran out", path);
    r->base = (media_reader){.read = container_read,
                             .close = container_close,
                             .format = AV_PIX_FMT_NONE,
                             .rate = {0, 1},
                             .total = -1};
    int status = container_open(r, path, err);
    if (status != MEDIA_OK) {
        container_close(&r->base);
        return status;
    }
    *out = &r->base;
    return MEDIA_OK;
}
