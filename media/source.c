/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include "convert.h"
#include "reader.h"

struct media_source {
    media_reader *reader;
    char *name;
    media_source_options opt;
    AVFrame *frame;        /* as decoded */
    int64_t read, given;   /* frames read from the input, and given out of them */
    media_scaler scaler;   /* to the wanted size */
    media_scaler original; /* to RGB in the input's size */
    uint8_t *u8, *original_u8;
    float *f32, *planes;
    size_t planes_room; /* floats */
};

static int open_source(media_source *s, const char *input, media_error *err)
{
    int raw = strncmp(input, "rawvideo:", strlen("rawvideo:")) == 0;
    s->name = strdup(strcmp(input, "-") == 0 ? "stdin" : input);
    s->frame = av_frame_alloc();
    if (!s->name || !s->frame)
        return media_fail(err, "%s: memory ran out", input);
    int status = raw ? media_reader_open_raw(input, &s->reader, err)
                     : media_reader_open_container(input, &s->reader, err);
    if (status != MEDIA_OK)
        return status;
    if (!s->opt.channels)
        s->opt.channels = 3;
    if (!s->opt.width)
        s->opt.width = s->reader->width;
    if (!s->opt.height)
        s->opt.height = s->reader->height;
    size_t area = (size_t)s->opt.width * (size_t)s->opt.height;
    s->u8 = malloc(area * 3);
    s->f32 = malloc(area * 3 * sizeof(float));
    if (!s->u8 || !s->f32)
        return media_fail(err, "%s: memory ran out", input);
    return MEDIA_OK;
}

int media_source_open(const char *input, const media_source_options *opt, media_source **out,
                      media_error *err)
{
    *out = NULL;
    media_silence();
    media_source *s = calloc(1, sizeof *s);
    if (!s)
        return media_fail(err, "%s: memory ran out", input);
    if (opt)
        s->opt = *opt;
    int status = open_source(s, input, err);
    if (status != MEDIA_OK) {
        media_source_close(s);
        return status;
    }
    *out = s;
    return MEDIA_OK;
}

void media_source_close(media_source *s)
{
    if (!s)
        return;
    if (s->reader)
        s->reader->close(s->reader);
    av_frame_free(&s->frame);
    media_scaler_free(&s->scaler);
    media_scaler_free(&s->original);
    free(s->u8);
    free(s->original_u8);
    free(s->f32);
    free(s->planes);
    free(s->name);
    free(s);
}

void media_source_get_info(const media_source *s, media_source_info *info)
{
    const media_reader *r = s->reader;
    int64_t frames = r->total < 0 ? -1 : r->total > s->opt.skip ? r->total - s->opt.skip : 0;
    if (s->opt.frames > 0 && (frames < 0 || frames > s->opt.frames))
        frames = s->opt.frames;
    int known = r->rate.num > 0 && r->rate.den > 0;
    *info = (media_source_info){.width = r->width,
                                .height = r->height,
                                .rate_num = known ? r->rate.num : 25,
                                .rate_den = known ? r->rate.den : 1,
                                .frames = frames};
}

/* The end, unless nothing came before it. */
static int at_end(const media_source *s, media_error *err)
{
    if (s->given > 0)
        return MEDIA_END;
    if (s->read == 0)
        return media_fail(err, "%s: has no frames", s->name);
    return media_fail(err, "%s: has only %lld frames, all of them skipped", s->name,
                      (long long)s->read);
}

static int convert(media_source *s, media_frame *out, media_error *err)
{
    const AVFrame *f = s->frame;
    int is_float = media_format_is_float(f->format);
    *out = (media_frame){.index = s->read - 1,
                         .width = s->opt.width,
                         .height = s->opt.height,
                         .channels = s->opt.channels,
                         .u8 = is_float ? NULL : s->u8,
                         .f32 = is_float ? s->f32 : NULL};
    if (!is_float)
        return media_scale_u8(&s->scaler, f, out->width, out->height, out->channels, s->u8, err);
    size_t need = (size_t)f->width * (size_t)f->height * 3;
    if (need > s->planes_room) {
        free(s->planes);
        s->planes = malloc(need * sizeof(float));
        s->planes_room = s->planes ? need : 0;
        if (!s->planes)
            return media_fail(err, "%s: memory ran out", s->name);
    }
    return media_scale_f32(f, out->width, out->height, out->channels, s->planes, s->f32, err);
}

int media_source_next(media_source *s, media_frame *frame, media_error *err)
{
    if (s->opt.frames > 0 && s->given >= s->opt.frames)
        return MEDIA_END;
    do {
        av_frame_unref(s->frame);
        int status = s->reader->read(s->reader, s->frame, err);
        if (status == MEDIA_END)
            return at_end(s, err);
        if (status != MEDIA_OK)
            return status;
        s->read++;
    } while (s->read <= s->opt.skip);
    media_error why = {""};
    if (convert(s, frame, &why) != MEDIA_OK)
        return media_fail(err, "%s: frame %lld: %.512s", s->name, (long long)frame->index,
                          why.message);
    s->given++;
    return MEDIA_OK;
}

int media_source_original(media_source *s, media_picture *picture, media_error *err)
{
    int w = s->reader->width, h = s->reader->height;
    if (!s->original_u8)
        s->original_u8 = malloc((size_t)w * (size_t)h * 3);
    if (!s->original_u8)
        return media_fail(err, "%s: memory ran out", s->name);
    int status = media_scale_u8(&s->original, s->frame, w, h, 3, s->original_u8, err);
    *picture = (media_picture){.rgb = s->original_u8, .width = w, .height = h};
    return status;
}

int64_t media_source_undecodable(const media_source *s)
{
    return s->reader->undecodable;
}
