/* SPDX-License-Identifier: Apache-2.0 */
#include "mix.h"

#include <math.h>
#include <string.h>

#include <libavutil/samplefmt.h>

/* One sample of a packed format as a number; integers become -1..1. */
static double number(const uint8_t *p, enum AVSampleFormat format)
{
    int16_t s16;
    int32_t s32;
    int64_t s64;
    float f;
    double d;
    switch (format) {
    case AV_SAMPLE_FMT_U8:
        return ((double)*p - 128) / 128;
    case AV_SAMPLE_FMT_S16:
        memcpy(&s16, p, sizeof s16);
        return (double)s16 / 32768;
    case AV_SAMPLE_FMT_S32:
        memcpy(&s32, p, sizeof s32);
        return (double)s32 / 2147483648.0;
    case AV_SAMPLE_FMT_S64:
        memcpy(&s64, p, sizeof s64);
        return (double)s64 / 9223372036854775808.0;
    case AV_SAMPLE_FMT_FLT:
        memcpy(&f, p, sizeof f);
        return (double)f;
    default:
        memcpy(&d, p, sizeof d);
        return d;
    }
}

int media_mix(const AVFrame *frame, float *mono)
{
    const enum AVSampleFormat format = frame->format, packed = av_get_packed_sample_fmt(format);
    const int channels = frame->ch_layout.nb_channels, planar = av_sample_fmt_is_planar(format);
    const size_t bytes = (size_t)av_get_bytes_per_sample(format);
    if (packed < 0 || packed > AV_SAMPLE_FMT_S64 || channels < 1)
        return -1;
    for (int i = 0; i < frame->nb_samples; i++) {
        double sum = 0;
        for (int c = 0; c < channels; c++) {
            const uint8_t *plane = frame->extended_data[planar ? c : 0];
            const size_t at = planar ? (size_t)i : (size_t)i * (size_t)channels + (size_t)c;
            sum += number(plane + at * bytes, packed);
        }
        const float mean = (float)(sum / channels);
        if (!isfinite(mean))
            return i;
        mono[i] = mean;
    }
    return frame->nb_samples;
}
