/* SPDX-License-Identifier: Apache-2.0 */
#include "convert.h"

#include <math.h>
#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

void media_scaler_free(media_scaler *s)
{
    sws_freeContext(s->sws);
    av_frame_free(&s->scratch);
    s->sws = NULL;
}

AVFrame *media_new_frame(int width, int height, int format)
{
    AVFrame *f = av_frame_alloc();
    if (!f)
        return NULL;
    f->width = width;
    f->height = height;
    f->format = format;
    if (av_frame_get_buffer(f, 64) < 0)
        av_frame_free(&f);
    return f;
}

static int prepare_scratch(media_scaler *s, int width, int height, enum AVPixelFormat format)
{
    const AVFrame *f = s->scratch;
    if (f && f->width == width && f->height == height && f->format == format)
        return 1;
    av_frame_free(&s->scratch);
    s->scratch = media_new_frame(width, height, format);
    return s->scratch != NULL;
}

int media_scale_u8(media_scaler *s, const AVFrame *frame, int width, int height, int channels,
                   uint8_t *out, media_error *err)
{
    enum AVPixelFormat format = channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
    if (!prepare_scratch(s, width, height, format))
        return media_fail(err, "no room for a frame of %dx%d", width, height);
    s->sws = sws_getCachedContext(s->sws, frame->width, frame->height, frame->format, width, height,
                                  format, SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, NULL,
                                  NULL, NULL);
    if (!s->sws)
        return media_fail(err, "pixel format %s cannot be turned into %s",
                          av_get_pix_fmt_name(frame->format), av_get_pix_fmt_name(format));
    /* Fails for formats without a matrix, which need none. */
    int matrix =
        frame->colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : (int)frame->colorspace;
    sws_setColorspaceDetails(s->sws, sws_getCoefficients(matrix),
                             frame->color_range == AVCOL_RANGE_JPEG,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    int code = sws_scale(s->sws, (const uint8_t *const *)frame->data, frame->linesize, 0,
                         frame->height, s->scratch->data, s->scratch->linesize);
    if (code < 0)
        return media_fail_av(err, "scaling", "a frame cannot be scaled", code);
    av_image_copy_plane(out, width * channels, s->scratch->data[0], s->scratch->linesize[0],
                        width * channels, height);
    return MEDIA_OK;
}

int media_format_is_float(int format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    return d && (d->flags & AV_PIX_FMT_FLAG_FLOAT) && d->comp[0].depth == 32;
}

/* The frame's own floats as 1 or 3 planes, red first; returns how many. */
static int read_planes(const AVFrame *frame, float *planes)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    int n = d->nb_components >= 3 ? 3 : 1;
    size_t area = (size_t)frame->width * (size_t)frame->height;
    for (int c = 0; c < n; c++)
        for (int y = 0; y < frame->height; y++)
            av_read_image_line2(planes + (size_t)c * area + (size_t)y * (size_t)frame->width,
                                (const uint8_t **)(uintptr_t)frame->data, frame->linesize, d, 0, y,
                                c, frame->width, 0, sizeof(float));
    return n;
}

/* Bilinear, pixel centres at .5, edges repeated; NaN spreads to every pixel that it touches. */
static float sample(const float *plane, int w, int h, float x, float y)
{
    float fx = fminf(fmaxf(x, 0), (float)(w - 1)), fy = fminf(fmaxf(y, 0), (float)(h - 1));
    int x0 = (int)fx, y0 = (int)fy;
    int x1 = x0 + 1 < w ? x0 + 1 : x0, y1 = y0 + 1 < h ? y0 + 1 : y0;
    float ax = fx - (float)x0, ay = fy - (float)y0;
    const float *a = plane + (size_t)y0 * (size_t)w, *b = plane + (size_t)y1 * (size_t)w;
    return (a[x0] * (1 - ax) + a[x1] * ax) * (1 - ay) + (b[x0] * (1 - ax) + b[x1] * ax) * ay;
}

static float luma(const float v[3])
{
    return 0.299f * v[0] + 0.587f * v[1] + 0.114f * v[2]; /* BT.601, as swscale's grey */
}

int media_scale_f32(const AVFrame *frame, int width, int height, int channels, float *planes,
                    float *out, media_error *err)
{
    if (!media_format_is_float(frame->format))
        return media_fail(err, "pixel format %s does not hold floats",
                          av_get_pix_fmt_name(frame->format));
    int n = read_planes(frame, planes);
    int same = frame->width == width && frame->height == height;
    size_t area = (size_t)frame->width * (size_t)frame->height;
    float sx = (float)frame->width / (float)width, sy = (float)frame->height / (float)height;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float v[3];
            for (int c = 0; c < n; c++)
                v[c] = same ? planes[(size_t)c * area + (size_t)y * (size_t)width + (size_t)x]
                            : sample(planes + (size_t)c * area, frame->width, frame->height,
                                     ((float)x + 0.5f) * sx - 0.5f, ((float)y + 0.5f) * sy - 0.5f);
            if (n == 1)
                v[1] = v[2] = v[0];
            float *p = out + ((size_t)y * (size_t)width + (size_t)x) * (size_t)channels;
            if (channels == 1)
                p[0] = n == 1 ? v[0] : luma(v);
            else
                memcpy(p, v, sizeof v);
        }
    }
    return MEDIA_OK;
}
