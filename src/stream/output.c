/* SPDX-License-Identifier: Apache-2.0 */
/* A frame on its way out: from the tensors' layouts to dense row-major. */
#include "stream/stream.h"

#include <string.h>

#include "ops/walk.h"
#include "stream/order.h"

int rpr_stream_check_outputs(rpr_stream *s, const rpr_output *out, size_t n_out)
{
    if (n_out > (size_t)s->plan->n_output || (n_out > 0 && !out))
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "%zu outputs asked for, the model has %d",
                        n_out, s->plan->n_output);
    for (size_t i = 0; i < n_out; i++) {
        rpr_tensor_info info = rpr_plan_tensor_info(s->plan, s->plan->output[i]);
        if (out[i].data && out[i].bytes < info.bytes)
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT,
                            "output '%s': room for %zu bytes, %zu needed", info.name, out[i].bytes,
                            info.bytes);
    }
    return RPR_OK;
}

/** Channels that are innermost in ONNX's order too: pixels follow each other. */
static void copy_pixels(const rpr_tensor *t, const char *base, char *to)
{
    size_t size = rpr_tensor_unit(t), bytes = (size_t)t->c * size;
    for (int32_t n = 0; n < t->n; n++)
        for (int32_t y = 0; y < t->h; y++) {
            const char *row = base + (size_t)(n * t->img + y * t->row) * size;
            if (t->pix == t->c) {
                memcpy(to, row, (size_t)t->w * bytes);
                to += (size_t)t->w * bytes;
                continue;
            }
            for (int32_t x = 0; x < t->w; x++, to += bytes)
                memcpy(to, row + (size_t)(x * t->pix) * size, bytes);
        }
}

/** One channel of a run. A constant size becomes moves. */
static inline void copy_channel(char *to, const char *from, size_t step, int32_t count, size_t size)
{
    for (int32_t i = 0; i < count; i++, to += size, from += step)
        memcpy(to, from, size);
}

/** Channels further out: each is written as a plane. */
static void copy_planes(const rpr_kernels *k, const rpr_tensor *t, char *base, char *to,
                        int64_t channel_step)
{
    const size_t size = rpr_tensor_unit(t), step = (size_t)t->pix * size;
    const bool floats = t->dtype == RPR_F32 && t->pix > 1 && (uintptr_t)to % sizeof(float) == 0;
    for (rpr_order_run r = {0}; rpr_order_next(t, channel_step, &r);) {
        const char *from = rpr_order_memory(t, base, &r);
        if (floats) {
            k->planes((const void *)from, t->pix, (float *)(void *)to + r.at, channel_step, r.count,
                      t->c);
            continue;
        }
        for (int32_t c = 0; c < t->c; c++, from += size) {
            char *plane = to + (size_t)(r.at + c * channel_step) * size;
            if (step == size)
                memcpy(plane, from, (size_t)r.count * size);
            else if (size == sizeof(float))
                copy_channel(plane, from, step, r.count, sizeof(float));
            else
                copy_channel(plane, from, step, r.count, size);
        }
    }
}

static void copy_words(const rpr_tensor *t, char *base, char *to)
{
    const rpr_view from = rpr_tensor_view(t, base);
    rpr_view dense = from;
    dense.data = to;
    for (int64_t a = t->rank - 1, step = 1; a >= 0; step *= t->dim[a--])
        dense.stride[a] = step;
    rpr_view_copy(&from, &dense);
}

/** True if the frame left an output as the frame before had left it. */
static bool stands(const rpr_stream *s, int tensor)
{
    if (!s->ran || !s->reuse || s->plan->tensor[tensor].touch_owner == RPR_NONE)
        return false;
    if (rpr_stream_was_plain(s) && !s->stats.bypassed)
        return false;
    return s->stats.bypassed ? s->bypass.repeats : !rpr_stream_touch(s, tensor).any;
}

static void copy(const rpr_stream *s, int tensor, char *to)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    const int64_t channel_step = rpr_order_channel_step(t);
    if (t->words)
        copy_words(t, s->data[tensor], to);
    else if (channel_step == 1)
        copy_pixels(t, s->data[tensor], to);
    else
        copy_planes(s->k, t, s->data[tensor], to, channel_step);
}

void rpr_stream_copy_output(const rpr_stream *s, int tensor, void *to)
{
    copy(rpr_stream_was_plain(s) ? s->bypass.plain : s, tensor, to);
}

void rpr_stream_copy_outputs(const rpr_stream *s, rpr_output *out, size_t n_out)
{
    const rpr_stream *from = rpr_stream_was_plain(s) ? s->bypass.plain : s;
    for (size_t i = 0; i < n_out; i++) {
        const int tensor = s->plan->output[i];
        if (out[i].data && !(out[i].keep && stands(s, tensor)))
            copy(from, tensor, out[i].data);
    }
}
