/* SPDX-License-Identifier: Apache-2.0 */
#include "audio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>

#include "mix.h"
#include "open.h"

struct media_audio {
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    struct SwrContext *resampler; /* NULL where the rates are the same */
    char *name;
    int rate, input_rate, channels;
    int stream, draining, flushed;
    int bad;     /* the next sample of the input is NaN or infinite */
    int corrupt; /* the last packet was cut short */
    int failed;  /* of reading: not the end of the file */
    int64_t decoded, undecodable;
    int64_t resampled; /* samples that came out of the resampler */
    int64_t expected;  /* samples that the header promises; 0: it does not */
    float *mono, *ready;
    size_t mono_room, ready_room, n_ready, at_ready;
};

static const media_kind sound = {.type = AVMEDIA_TYPE_AUDIO,
                                 .noun = "audio",
                                 .type_name = "audio",
                                 .pipe = "wav",
                                 .pipe_noun = "a wav stream"};

static int no_memory(const media_audio *a, media_error *err)
{
    return media_fail(err, "%s: memory ran out", a->name);
}

/* Room for at least n floats. */
static int make_room(float **p, size_t *room, size_t n)
{
    if (n <= *room)
        return 1;
    float *wider = realloc(*p, n * sizeof **p);
    if (!wider)
        return 0;
    *p = wider;
    *room = n;
    return 1;
}

/* ----------------------------------------------------------------- opening */

static int bad_spec(const char *spec, media_error *err)
{
    return media_fail(err, "%s: should be rawaudio:RATE[xCHANNELS]:FORMAT:FILE, with - for stdin",
                      spec);
}

enum { FORMAT_ROOM = 32 };

/* "rawaudio:RATE[xCHANNELS]:FORMAT:FILE"; *file points into spec. */
static int parse_raw(const char *spec, int *rate, int *channels, char format[FORMAT_ROOM],
                     const char **file, media_error *err)
{
    const char *text = spec + strlen("rawaudio:");
    int used = 0;
    *channels = 1;
    int whole = sscanf(text, "%dx%d:%31[^:]:%n", rate, channels, format, &used) == 3;
    if (!whole) {
        *channels = 1;
        whole = sscanf(text, "%d:%31[^:]:%n", rate, format, &used) == 2;
    }
    if (!whole || used == 0 || !text[used])
        return bad_spec(spec, err);
    if (*rate < MEDIA_RATE_MIN || *rate > MEDIA_RATE_MAX)
        return media_fail(err, "%s: the rate must be from %d to %d", spec, MEDIA_RATE_MIN,
                          MEDIA_RATE_MAX);
    if (*channels < 1 || *channels > 64)
        return media_fail(err, "%s: channels must be from 1 to 64", spec);
    if (!av_find_input_format(format))
        return media_fail(err, "%s: there is no raw format of sound \"%s\"", spec, format);
    *file = text + used;
    return MEDIA_OK;
}

static int open_raw(media_audio *a, const char *spec, media_error *err)
{
    AVDictionary *options = NULL;
    media_kind raw = sound;
    const char *file = NULL;
    char format[FORMAT_ROOM], layout[16];
    int rate, channels;
    int status = parse_raw(spec, &rate, &channels, format, &file, err);
    if (status != MEDIA_OK)
        return status;
    raw.format = raw.pipe = format;
    snprintf(layout, sizeof layout, "%dC", channels); /* any layout of so many */
    av_dict_set_int(&options, "sample_rate", rate, 0);
    av_dict_set(&options, "ch_layout", layout, 0);
    status = media_open_format(file, &raw, &options, &a->format, err);
    const int left = av_dict_count(options);
    av_dict_free(&options);
    if (status == MEDIA_OK && left > 0) /* a format that knows its rate */
        return media_fail(err, "%s: \"%s\" is no raw format of sound", spec, format);
    return status;
}

/*
 * The bytes of sound that a wav header promises, 0 if it does not say; libavformat looks at the
 * length of the file instead. Pipes cannot go back to their header and may end anywhere.
 */
static int64_t wav_bytes(AVFormatContext *format)
{
    AVIOContext *pb = format->pb;
    const int64_t at = avio_tell(pb);
    int64_t bytes = 0;
    if (!media_is_format(format, "wav") || avio_seek(pb, 0, SEEK_SET) < 0)
        return 0;
    if (avio_rl32(pb) == MKTAG('R', 'I', 'F', 'F')) {
        avio_skip(pb, 8);
        while (bytes == 0 && avio_tell(pb) < at) {
            const unsigned tag = avio_rl32(pb), size = avio_rl32(pb);
            if (tag == MKTAG('d', 'a', 't', 'a'))
                bytes = size == UINT32_MAX ? 0 : size;
            else
                avio_skip(pb, (int64_t)size + (size & 1));
        }
    }
    avio_seek(pb, at, SEEK_SET);
    return bytes;
}

static int open_input(media_audio *a, const char *input, media_error *err)
{
    const int raw = strncmp(input, "rawaudio:", strlen("rawaudio:")) == 0;
    a->name = strdup(strcmp(input, "-") == 0 ? "stdin" : input);
    a->packet = av_packet_alloc();
    a->frame = av_frame_alloc();
    if (!a->name || !a->packet || !a->frame)
        return media_fail(err, "%s: memory ran out", input);
    if (a->rate && (a->rate < MEDIA_RATE_MIN || a->rate > MEDIA_RATE_MAX))
        return media_fail(err, "%s: a rate of %d is not from %d to %d", a->name, a->rate,
                          MEDIA_RATE_MIN, MEDIA_RATE_MAX);
    int status =
        raw ? open_raw(a, input, err) : media_open_format(input, &sound, NULL, &a->format, err);
    const int64_t promised = status == MEDIA_OK ? wav_bytes(a->format) : 0;
    if (status == MEDIA_OK)
        status = media_open_decoder(a->format, a->name, &sound, &a->stream, &a->decoder, err);
    if (status != MEDIA_OK)
        return status;
    a->input_rate = a->decoder->sample_rate;
    a->channels = a->decoder->ch_layout.nb_channels;
    if (a->input_rate < 1 || a->channels < 1)
        return media_fail(err, "%s: does not say its rate or its channels", a->name);
    if (!a->rate)
        a->rate = a->input_rate;
    const AVStream *st = a->format->streams[a->stream];
    if (promised > 0 && st->codecpar->block_align > 0 &&
        av_get_exact_bits_per_sample(st->codecpar->codec_id) > 0)
        a->expected = promised / st->codecpar->block_align;
    else if (st->duration > 0)
        a->expected = av_rescale_q(st->duration, st->time_base, (AVRational){1, a->input_rate});
    return MEDIA_OK;
}

static int open_resampler(media_audio *a, media_error *err)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    if (a->rate == a->input_rate)
        return MEDIA_OK;
    int code = swr_alloc_set_opts2(&a->resampler, &mono, AV_SAMPLE_FMT_FLT, a->rate, &mono,
                                   AV_SAMPLE_FMT_FLT, a->input_rate, 0, NULL);
    if (code >= 0)
        code = swr_init(a->resampler);
    if (code < 0)
        return media_fail_av(err, a->name, "cannot be resampled", code);
    return MEDIA_OK;
}

int media_audio_open(const char *input, const media_audio_options *opt, media_audio **out,
                     media_error *err)
{
    *out = NULL;
    media_silence();
    media_audio *a = calloc(1, sizeof *a);
    if (!a)
        return media_fail(err, "%s: memory ran out", input);
    if (opt)
        a->rate = opt->rate;
    int status = open_input(a, input, err);
    if (status == MEDIA_OK)
        status = open_resampler(a, err);
    if (status != MEDIA_OK) {
        media_audio_close(a);
        return status;
    }
    *out = a;
    return MEDIA_OK;
}

void media_audio_close(media_audio *a)
{
    if (!a)
        return;
    swr_free(&a->resampler);
    av_frame_free(&a->frame);
    av_packet_free(&a->packet);
    avcodec_free_context(&a->decoder);
    avformat_close_input(&a->format);
    free(a->mono);
    free(a->ready);
    free(a->name);
    free(a);
}

void media_audio_get_info(const media_audio *a, media_audio_info *info)
{
    *info = (media_audio_info){
        .rate = a->rate,
        .input_rate = a->input_rate,
        .channels = a->channels,
        .samples = a->expected > 0 ? av_rescale(a->expected, a->rate, a->input_rate) : -1};
}

/* ----------------------------------------------------------------- reading */

/* The end, unless nothing came before it or the header promised more. */
static int finish(const media_audio *a, media_error *err)
{
    /*
     * Encoders of lossy sound pad it, and some headers only estimate. Where no length is promised,
     * as in a wav pipe, a last packet that is cut short is the usual end.
     */
    const int64_t slack = a->expected / 50 + a->input_rate / 5;
    const int short_of = a->decoded + (a->corrupt ? 0 : slack) < a->expected;
    if (a->decoded > 0 && short_of)
        return media_fail(err, "%s: ends early: %lld of %lld samples could be read", a->name,
                          (long long)a->decoded, (long long)a->expected);
    if (a->decoded > 0 && a->failed)
        return media_fail(err, "%s: ends early, after %lld samples", a->name,
                          (long long)a->decoded);
    if (a->decoded == 0 && a->undecodable > 0)
        return media_fail(err, "%s: none of its audio could be decoded", a->name);
    if (a->decoded == 0)
        return media_fail(err, "%s: has no samples", a->name);
    return MEDIA_END;
}

/* Sends the next packet of the stream, or the end, to the decoder. */
static int send_packet(media_audio *a, media_error *err)
{
    AVPacket *p = a->packet;
    int code = av_read_frame(a->format, p);
    if (code < 0) {
        a->failed = code != AVERROR_EOF;
        a->draining = 1;
        avcodec_send_packet(a->decoder, NULL);
        return MEDIA_OK;
    }
    if (p->stream_index == a->stream) {
        a->corrupt = (p->flags & AV_PKT_FLAG_CORRUPT) != 0;
        code = avcodec_send_packet(a->decoder, p);
    }
    av_packet_unref(p);
    if (code == AVERROR(ENOMEM))
        return no_memory(a, err);
    if (code < 0)
        a->undecodable++;
    return MEDIA_OK;
}

/* The next decoded frame into a->frame. */
static int decode(media_audio *a, media_error *err)
{
    for (;;) {
        int code = avcodec_receive_frame(a->decoder, a->frame);
        if (code >= 0)
            return MEDIA_OK;
        if (code == AVERROR_EOF || (a->draining && code == AVERROR(EAGAIN)))
            return MEDIA_END;
        if (code != AVERROR(EAGAIN))
            a->undecodable++;
        if (!a->draining) {
            int status = send_packet(a, err);
            if (status != MEDIA_OK)
                return status;
        }
    }
}

/* n samples of a->mono become a->ready, at the wanted rate. */
static int resample(media_audio *a, int n, media_error *err)
{
    a->at_ready = 0;
    if (!a->resampler) {
        float *p = a->ready;
        size_t room = a->ready_room;
        a->ready = a->mono;
        a->ready_room = a->mono_room;
        a->mono = p;
        a->mono_room = room;
        a->n_ready = (size_t)n;
        return MEDIA_OK;
    }
    const int most = swr_get_out_samples(a->resampler, n);
    if (most < 0 || !make_room(&a->ready, &a->ready_room, (size_t)most + 1))
        return no_memory(a, err);
    const uint8_t *in = (const uint8_t *)a->mono;
    uint8_t *out = (uint8_t *)a->ready;
    int code = swr_convert(a->resampler, &out, most, &in, n);
    if (code < 0)
        return media_fail_av(err, a->name, "cannot be resampled", code);
    /* A sample of the input stands for the time until the next: no more than fits in there. */
    const int64_t all = av_rescale_rnd(a->decoded, a->rate, a->input_rate, AV_ROUND_UP);
    const int64_t left = all - a->resampled;
    a->n_ready = (size_t)(code < left ? code : left);
    a->resampled += (int64_t)a->n_ready;
    return MEDIA_OK;
}

/* What the resampler still holds comes out when silence follows. */
static int drain(media_audio *a, media_error *err)
{
    const int64_t taps = 64 + 64 * (int64_t)(a->input_rate / a->rate);
    const int64_t n = swr_get_delay(a->resampler, a->input_rate) + taps;
    if (!make_room(&a->mono, &a->mono_room, (size_t)n))
        return no_memory(a, err);
    memset(a->mono, 0, (size_t)n * sizeof *a->mono);
    return resample(a, (int)n, err);
}

static int take_frame(media_audio *a, media_error *err)
{
    const AVFrame *f = a->frame;
    if (f->sample_rate != a->input_rate)
        return media_fail(err, "%s: its rate changes to %d after %lld samples", a->name,
                          f->sample_rate, (long long)a->decoded);
    if (!make_room(&a->mono, &a->mono_room, (size_t)f->nb_samples + 1))
        return no_memory(a, err);
    const int n = media_mix(f, a->mono);
    if (n < 0)
        return media_fail(err, "%s: the format of its samples is not supported", a->name);
    a->bad = n < f->nb_samples;
    a->decoded += n;
    return resample(a, n, err);
}

/* More into a->ready, which may still hold nothing afterwards. */
static int refill(media_audio *a, media_error *err)
{
    if (a->bad) /* what came before it was given */
        return media_fail(err, "%s: sample %lld (second %.3f) is NaN or infinite", a->name,
                          (long long)a->decoded, (double)a->decoded / a->input_rate);
    if (a->flushed)
        return finish(a, err);
    int status = decode(a, err);
    if (status == MEDIA_END) {
        a->flushed = 1;
        return a->resampler && a->decoded ? drain(a, err) : MEDIA_OK;
    }
    if (status != MEDIA_OK)
        return status;
    status = take_frame(a, err);
    av_frame_unref(a->frame);
    return status;
}

int media_audio_read(media_audio *a, float *samples, size_t n, size_t *got, media_error *err)
{
    *got = 0;
    while (a->at_ready == a->n_ready) {
        a->at_ready = a->n_ready = 0;
        int status = refill(a, err);
        if (status != MEDIA_OK)
            return status;
    }
    const size_t left = a->n_ready - a->at_ready;
    *got = n < left ? n : left;
    memcpy(samples, a->ready + a->at_ready, *got * sizeof *samples);
    a->at_ready += *got;
    return MEDIA_OK;
}

int64_t media_audio_undecodable(const media_audio *a)
{
    return a->undecodable;
}
