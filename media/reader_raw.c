/* SPDX-License-Identifier: Apache-2.0 */
/* Headerless pictures: rawvideo:WxH:FORMAT:FILE. */
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

typedef struct raw_reader {
    media_reader base;
    FILE *file;
    char *name;
    uint8_t *bytes; /* one picture */
    size_t frame_bytes;
    int64_t frames;
} raw_reader;

static int raw_read(media_reader *base, AVFrame *frame, media_error *err)
{
    raw_reader *r = (raw_reader *)base;
    size_t n = fread(r->bytes, 1, r->frame_bytes, r->file);
    if (ferror(r->file))
        return media_fail(err, "%s: cannot be read (%s)", r->name, strerror(errno));
    if (n == 0)
        return MEDIA_END;
    if (n < r->frame_bytes)
        return media_fail(err, "%s: ends early: frame %lld has %zu of %zu bytes", r->name,
                          (long long)r->frames, n, r->frame_bytes);
    frame->width = base->width;
    frame->height = base->height;
    frame->format = base->format;
    int code = av_image_fill_arrays(frame->data, frame->linesize, r->bytes, base->format,
                                    base->width, base->height, 1);
    if (code < 0)
        return media_fail_av(err, r->name, "cannot lay out a frame", code);
    r->frames++;
    return MEDIA_OK;
}

static void raw_close(media_reader *base)
{
    raw_reader *r = (raw_reader *)base;
    if (r->file && r->file != stdin)
        fclose(r->file);
    free(r->bytes);
    free(r->name);
    free(r);
}

/* Splits "WxH:FORMAT:FILE"; *file points into text. */
static int parse_spec(const char *spec, const char *text, media_reader *base, const char **file,
                      media_error *err)
{
    int used = 0;
    char format[64];
    if (sscanf(text, "%dx%d:%63[^:]:%n", &base->width, &base->height, format, &used) != 3 ||
        used == 0 || !text[used])
        return media_fail(err, "%s: should be rawvideo:WIDTHxHEIGHT:FORMAT:FILE, with - for stdin",
                          spec);
    if (base->width < 1 || base->height < 1 || base->width > 32768 || base->height > 32768)
        return media_fail(err, "%s: width and height must be from 1 to 32768", spec);
    base->format = av_get_pix_fmt(format);
    if (base->format == AV_PIX_FMT_NONE)
        return media_fail(err, "%s: there is no pixel format \"%s\"", spec, format);
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(base->format);
    if (!d || (d->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_PAL)))
        return media_fail(err, "%s: pixel format \"%s\" cannot be read as raw video", spec, format);
    *file = text + used;
    return MEDIA_OK;
}

static int open_file(raw_reader *r, const char *file, media_error *err)
{
    struct stat st;
    if (strcmp(file, "-") == 0) {
        r->file = stdin;
        return MEDIA_OK;
    }
    if (stat(file, &st) == 0 && S_ISDIR(st.st_mode))
        return media_fail(err, "%s: is a directory", file);
    r->file = fopen(file, "rb");
    if (!r->file)
        return media_fail(err, "%s: cannot be opened (%s)", file, strerror(errno));
    if (fstat(fileno(r->file), &st) == 0 && S_ISREG(st.st_mode))
        r->base.total = (int64_t)st.st_size / (int64_t)r->frame_bytes;
    return MEDIA_OK;
}

static int raw_open(raw_reader *r, const char *spec, media_error *err)
{
    const char *file = NULL;
    int status = parse_spec(spec, spec + strlen("rawvideo:"), &r->base, &file, err);
    if (status != MEDIA_OK)
        return status;
    int bytes = av_image_get_buffer_size(r->base.format, r->base.width, r->base.height, 1);
    if (bytes <= 0)
        return media_fail(err, "%s: such a frame is too large", spec);
    r->frame_bytes = (size_t)bytes;
    r->name = strdup(strcmp(file, "-") == 0 ? "stdin" : file);
    r->bytes = calloc(1, r->frame_bytes + 64); /* swscale may read a little past the end */
    if (!r->name || !r->bytes)
        return media_fail(err, "%s: memory ran out", spec);
    return open_file(r, file, err);
}

int media_reader_open_raw(const char *spec, media_reader **out, media_error *err)
{
    raw_reader *r = calloc(1, sizeof *r);
    if (!r)
        return media_fail(err, "%s: memory ran out", spec);
    r->base = (media_reader){.read = raw_read,
                             .close = raw_close,
                             .format = AV_PIX_FMT_NONE,
                             .rate = {0, 1},
                             .total = -1};
    int status = raw_open(r, spec, err);
    if (status != MEDIA_OK) {
        raw_close(&r->base);
        return status;
    }
    *out = &r->base;
    return MEDIA_OK;
}
