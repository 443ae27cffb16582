/* SPDX-License-Identifier: Apache-2.0 */
/** Decoded pictures to the pixels that a network reads. */
#ifndef MEDIA_CONVERT_H
#define MEDIA_CONVERT_H

#include <stdint.h>

#include <libavutil/frame.h>

#include "error.h"

struct SwsContext;

/** Scaler state; zero it before the first use. */
typedef struct media_scaler {
    struct SwsContext *sws;
    AVFrame *scratch; /**< with the padding that swscale wants */
} media_scaler;

/** A frame with aligned, padded rows; NULL if memory ran out. */
AVFrame *media_new_frame(int width, int height, int format);

void media_scaler_free(media_scaler *s);

/**
 * Scales frame to width x height x channels bytes, rows one after the other; channels 3: RGB,
 * 1: grey. Bilinear, with accurate rounding and without CPU-dependent shortcuts: the same bytes
 * on every machine. YUV is read by the matrix and range that the frame names (BT.601 if none).
 */
int media_scale_u8(media_scaler *s, const AVFrame *frame, int width, int height, int channels,
                   uint8_t *out, media_error *err);

/** Whether the format holds 32-bit floats. */
int media_format_is_float(int format);

/**
 * The same for a format of floats, without rounding or clipping: NaN and infinity arrive.
 * planes: room for frame->width * frame->height * 3 floats.
 */
int media_scale_f32(const AVFrame *frame, int width, int height, int channels, float *planes,
                    float *out, media_error *err);

#endif
