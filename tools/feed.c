/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <stdlib.h>

#include "cli.h"
#include "model_open.h"

static int is_channels(int64_t d)
{
    return d == 1 || d == 3;
}

static int bad_picture(const rpr_tensor_info *t, const cli_options *o)
{
    char shape[128];
    return cli_fail(CLI_UNSUPPORTED,
                    "%s: input %s (%s %s) is no picture; frames fit f32 1x3xHxW, 1x1xHxW, 1xHxWx3 "
                    "or 1xHxWx1",
                    o->model, t->name, dtype_name(t->dtype), format_shape(shape, sizeof shape, t));
}

static int find_layout(feed *f, const rpr_tensor_info *t)
{
    if (t->rank != 4 || t->dtype != RPR_F32 || t->dim[0] != 1)
        return 0;
    f->channels_last = !is_channels(t->dim[1]);
    int64_t c = t->dim[f->channels_last ? 3 : 1];
    int64_t h = t->dim[f->channels_last ? 1 : 2], w = t->dim[f->channels_last ? 2 : 3];
    if (!is_channels(c) || h > 32768 || w > 32768)
        return 0;
    f->channels = (int)c;
    f->height = (int)h;
    f->width = (int)w;
    return 1;
}

int feed_is_picture(const rpr_tensor_info *t)
{
    feed f;
    return find_layout(&f, t);
}

static void set_scale(feed *f, const cli_options *o)
{
    /* BlazeFace was trained on -1..1, everything else here on 0..1. */
    float low = o->decode == DECODE_SSD ? -1 : 0, high = 1;
    if (o->have_range) {
        low = o->low;
        high = o->high;
    }
    for (int c = 0; c < 3; c++) {
        f->scale[c] = o->have_mean ? 1 / o->scale[c] : (high - low) / 255;
        f->offset[c] = o->have_mean ? -o->mean[c] / o->scale[c] : low;
    }
}

int feed_open(feed *f, const rpr_tensor_info *t, const cli_options *o)
{
    *f = (feed){0};
    if (!find_layout(f, t))
        return bad_picture(t, o);
    set_scale(f, o);
    f->tensor_bytes = t->bytes;
    f->tensor = malloc(t->bytes);
    return f->tensor ? CLI_DONE : cli_no_memory();
}

void feed_close(feed *f)
{
    free(f->tensor);
    f->tensor = NULL;
}

/* Floats are 0..1 where bytes are 0..255. */
void feed_tensor(const feed *f, const media_frame *frame, float *to)
{
    size_t area = (size_t)f->width * (size_t)f->height, channels = (size_t)f->channels;
    for (size_t i = 0; i < area; i++)
        for (size_t c = 0; c < channels; c++) {
            const size_t at = i * channels + c;
            float v = frame->f32 ? frame->f32[at] * 255 : (float)frame->u8[at];
            to[f->channels_last ? at : c * area + i] = v * f->scale[c] + f->offset[c];
        }
}

void feed_frame(feed *f, const media_frame *frame, rpr_input *in)
{
    if (frame->f32) {
        feed_tensor(f, frame, f->tensor);
        *in = (rpr_input){.data = f->tensor, .bytes = f->tensor_bytes, .format = RPR_FORMAT_TENSOR};
        return;
    }
    *in = (rpr_input){.data = frame->u8,
                      .bytes = (size_t)f->width * (size_t)f->height * (size_t)f->channels,
                      .format = RPR_FORMAT_U8_HWC};
    for (int c = 0; c < f->channels; c++) {
        in->scale[c] = f->scale[c];
        in->offset[c] = f->offset[c];
    }
}
