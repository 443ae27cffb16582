/* SPDX-License-Identifier: Apache-2.0 */
/* Files, image sequences and y4m pipes, through libavformat and libavcodec. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "open.h"

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

/* Whether the file promised more than it held. Containers say so in different places. */
static int ended_early(const container_reader *r)
{
    const AVStream *st = r->format->streams[r->stream];
    if (r->read_status != AVERROR_EOF || r->last_corrupt)
        return 1;
    if (media_is_format(r->format, "yuv4mpeg"))
        return avio_tell(r->format->pb) > r->end_pos;
    if (media_is_format(r->format, "mov"))
        return r->packets < st->nb_frames;
    if (st->nb_frames > 0) /* AVI counts dropped frames too: allow for a few */
        return r->packets + 1 + st->nb_frames / 50 < st->nb_frames;
    if (media_is_format(r->format, "matroska") && r->format->nb_streams == 1 &&
        r->format->duration > 0) {
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

static const media_kind video = {.type = AVMEDIA_TYPE_VIDEO,
                                 .noun = "a video",
                                 .type_name = "video",
                                 .pipe = "yuv4mpegpipe",
                                 .pipe_noun = "a y4m stream",
                                 .sequences = 1};

static int container_open(container_reader *r, const char *path, media_error *err)
{
    r->name = strdup(strcmp(path, "-") == 0 ? "stdin" : path);
    if (!r->name)
        return media_fail(err, "%s: memory ran out", path);
    int status = media_open_format(path, &video, NULL, &r->format, err);
    if (status == MEDIA_OK)
        status = media_open_decoder(r->format, r->name, &video, &r->stream, &r->decoder, err);
    if (status != MEDIA_OK)
        return status;
    r->packet = av_packet_alloc();
    if (!r->packet)
        return media_fail(err, "%s: memory ran out", path);
    AVStream *st = r->format->streams[r->stream];
    r->base.width = r->decoder->width;
    r->base.height = r->decoder->height;
    r->base.format = r->decoder->pix_fmt;
    r->base.rate = av_guess_frame_rate(r->format, st, NULL);
    if (r->base.width < 1 || r->base.height < 1)
        return media_fail(err, "%s: no frame of it could be decoded", r->name);
    if (st->nb_frames > 0)
        r->base.total = st->nb_frames;
    else if (media_is_format(r->format, "image2") && st->duration > 0)
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
