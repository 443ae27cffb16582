/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "convert.h"

struct media_sink {
    AVFormatContext *format;
    AVCodecContext *encoder;
    AVStream *stream;
    AVFrame *rgb, *yuv;
    AVPacket *packet;
    struct SwsContext *sws;
    char *path;
    int width, height; /* of the pictures */
    int64_t frames;
};

static void sink_free(media_sink *s)
{
    if (s->format && s->format->pb)
        avio_closep(&s->format->pb);
    avformat_free_context(s->format);
    avcodec_free_context(&s->encoder);
    av_frame_free(&s->rgb);
    av_frame_free(&s->yuv);
    av_packet_free(&s->packet);
    sws_freeContext(s->sws);
    free(s->path);
    free(s);
}

static int open_encoder(media_sink *s, int rate_num, int rate_den, media_error *err)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec)
        codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!codec)
        return media_fail(err, "%s: FFmpeg has neither an H.264 nor an MPEG-4 encoder", s->path);
    AVCodecContext *c = s->encoder = avcodec_alloc_context3(codec);
    s->stream = avformat_new_stream(s->format, NULL);
    if (!c || !s->stream)
        return media_fail(err, "%s: memory ran out", s->path);
    c->width = (s->width + 1) & ~1; /* 4:2:0 needs even sizes */
    c->height = (s->height + 1) & ~1;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    /* MPEG-4 wants a denominator below 65536; a rate that is a little off is no harm here. */
    av_reduce(&c->time_base.num, &c->time_base.den, rate_den, rate_num, 65535);
    c->framerate = av_inv_q(c->time_base);
    c->thread_count = 1; /* the number of threads changes x264's output */
    c->flags |= AV_CODEC_FLAG_BITEXACT;
    if (s->format->oformat->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (strcmp(codec->name, "libx264") == 0) {
        av_opt_set(c->priv_data, "preset", "veryfast", 0);
        av_opt_set(c->priv_data, "crf", "20", 0);
    } else {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = 3 * FF_QP2LAMBDA;
    }
    int code = avcodec_open2(c, codec, NULL);
    if (code >= 0)
        code = avcodec_parameters_from_context(s->stream->codecpar, c);
    if (code < 0)
        return media_fail_av(err, s->path, "the encoder does not start", code);
    s->stream->time_base = c->time_base;
    s->stream->avg_frame_rate = c->framerate;
    return MEDIA_OK;
}

static int sink_start(media_sink *s, int rate_num, int rate_den, media_error *err)
{
    if (avformat_alloc_output_context2(&s->format, NULL, NULL, s->path) < 0)
        avformat_alloc_output_context2(&s->format, NULL, "mp4", s->path);
    if (!s->format)
        return media_fail(err, "%s: memory ran out", s->path);
    s->format->flags |= AVFMT_FLAG_BITEXACT; /* no time stamps, no version */
    int status = open_encoder(s, rate_num, rate_den, err);
    if (status != MEDIA_OK)
        return status;
    s->rgb = media_new_frame(s->encoder->width, s->encoder->height, AV_PIX_FMT_RGB24);
    s->yuv = media_new_frame(s->encoder->width, s->encoder->height, AV_PIX_FMT_YUV420P);
    s->packet = av_packet_alloc();
    s->sws = sws_getContext(s->encoder->width, s->encoder->height, AV_PIX_FMT_RGB24,
                            s->encoder->width, s->encoder->height, AV_PIX_FMT_YUV420P,
                            SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
    if (!s->rgb || !s->yuv || !s->packet || !s->sws)
        return media_fail(err, "%s: memory ran out", s->path);
    char url[4096];
    if (snprintf(url, sizeof url, "file:%s", s->path) >= (int)sizeof url)
        return media_fail(err, "%.64s...: the name is too long", s->path);
    int code = avio_open(&s->format->pb, url, AVIO_FLAG_WRITE);
    if (code < 0)
        return media_fail_av(err, s->path, "cannot be written", code);
    code = avformat_write_header(s->format, NULL);
    if (code < 0)
        return media_fail_av(err, s->path, "cannot be written", code);
    return MEDIA_OK;
}

int media_sink_open(const char *path, int width, int height, int rate_num, int rate_den,
                    media_sink **out, media_error *err)
{
    *out = NULL;
    media_silence();
    media_sink *s = calloc(1, sizeof *s);
    if (s)
        s->path = strdup(path);
    if (!s || !s->path) {
        free(s);
        return media_fail(err, "%s: memory ran out", path);
    }
    s->width = width;
    s->height = height;
    int status = sink_start(s, rate_num, rate_den, err);
    if (status != MEDIA_OK) {
        sink_free(s);
        return status;
    }
    *out = s;
    return MEDIA_OK;
}

/* Hands frame (NULL: the end) to the encoder and writes what comes out. */
static int encode(media_sink *s, const AVFrame *frame, media_error *err)
{
    int code = avcodec_send_frame(s->encoder, frame);
    while (code >= 0) {
        code = avcodec_receive_packet(s->encoder, s->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return MEDIA_OK;
        if (code < 0)
            break;
        s->packet->duration = 1;
        av_packet_rescale_ts(s->packet, s->encoder->time_base, s->stream->time_base);
        code = av_interleaved_write_frame(s->format, s->packet);
    }
    return media_fail_av(err, s->path, "a frame cannot be written", code);
}

/* Copies the picture, repeating its last column and row where the size was made even. */
static void copy_even(AVFrame *to, const media_picture *p)
{
    size_t row = (size_t)p->width * 3;
    for (int y = 0; y < to->height; y++) {
        const uint8_t *from = p->rgb + row * (size_t)(y < p->height ? y : p->height - 1);
        uint8_t *d = to->data[0] + (ptrdiff_t)y * to->linesize[0];
        memcpy(d, from, row);
        if (to->width > p->width)
            memcpy(d + row, from + row - 3, 3);
    }
}

int media_sink_write(media_sink *s, const media_picture *picture, media_error *err)
{
    if (picture->width != s->width || picture->height != s->height)
        return media_fail(err, "%s: a %dx%d picture does not fit a %dx%d video", s->path,
                          picture->width, picture->height, s->width, s->height);
    if (av_frame_make_writable(s->yuv) < 0)
        return media_fail(err, "%s: memory ran out", s->path);
    copy_even(s->rgb, picture);
    sws_scale(s->sws, (const uint8_t *const *)s->rgb->data, s->rgb->linesize, 0, s->rgb->height,
              s->yuv->data, s->yuv->linesize);
    s->yuv->pts = s->frames++;
    return encode(s, s->yuv, err);
}

int media_sink_close(media_sink *s, media_error *err)
{
    if (!s)
        return MEDIA_OK;
    int status = encode(s, NULL, err);
    int code = av_write_trailer(s->format);
    if (status == MEDIA_OK && code < 0)
        status = media_fail_av(err, s->path, "cannot be finished", code);
    code = avio_closep(&s->format->pb);
    if (status == MEDIA_OK && code < 0)
        status = media_fail_av(err, s->path, "cannot be finished", code);
    sink_free(s);
    return status;
}

static int encode_png(const AVFrame *frame, AVPacket *packet)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!c)
        return AVERROR_ENCODER_NOT_FOUND;
    c->width = frame->width;
    c->height = frame->height;
    c->pix_fmt = frame->format;
    c->time_base = (AVRational){1, 1};
    int code = avcodec_open2(c, codec, NULL);
    if (code >= 0)
        code = avcodec_send_frame(c, frame);
    if (code >= 0)
        code = avcodec_receive_packet(c, packet);
    avcodec_free_context(&c);
    return code;
}

static int write_bytes(const char *path, const uint8_t *bytes, size_t n, media_error *err)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return media_fail(err, "%s: cannot be written (%s)", path, strerror(errno));
    int bad = fwrite(bytes, 1, n, f) != n;
    bad |= fclose(f) != 0;
    return bad ? media_fail(err, "%s: cannot be written (%s)", path, strerror(errno)) : MEDIA_OK;
}

int media_write_png(const char *path, const media_picture *picture, media_error *err)
{
    media_silence();
    AVFrame *frame = media_new_frame(picture->width, picture->height, AV_PIX_FMT_RGB24);
    AVPacket *packet = av_packet_alloc();
    int status = MEDIA_OK, code = AVERROR(ENOMEM);
    if (frame && packet) {
        copy_even(frame, picture);
        code = encode_png(frame, packet);
    }
    if (code < 0)
        status = media_fail_av(err, path, "cannot be encoded", code);
    else
        status = write_bytes(path, packet->data, (size_t)packet->size, err);
    av_packet_free(&packet);
    av_frame_free(&frame);
    return status;
}
