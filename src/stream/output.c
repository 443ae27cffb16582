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

/** Pixels of so many bytes that lie between touched ones are copied rather than skipped. */
#define GAP_BYTES 256

static const uint8_t *marks_of(const rpr_touch *touched, int32_t n, int32_t y)
{
    return touched ? rpr_touch_row(touched, n, y) : NULL;
}

/** Channels that are innermost in ONNX's order too: pixels follow each other. */
static void copy_pixels(const rpr_tensor *t, const char *base, char *to, const rpr_touch *touched)
{
    const size_t size = rpr_tensor_unit(t), bytes = (size_t)t->c * size;
    const int32_t gap = bytes < GAP_BYTES ? (int32_t)(GAP_BYTES / (bytes + 1)) : 0;
    for (int32_t n = 0; n < t->n; n++)
        for (int32_t y = 0; y < t->h; y++, to += (size_t)t->w * bytes) {
            const char *row = base + (size_t)(n * t->img + y * t->row) * size;
            const uint8_t *mark = marks_of(touched, n, y);
            for (int32_t x0 = 0, x1 = 0; rpr_touch_span(mark, x1, t->w, gap, &x0, &x1);) {
                char *at = to + (size_t)x0 * bytes;
                if (t->pix == t->c)
                    memcpy(at, row + (size_t)x0 * bytes, (size_t)(x1 - x0) * bytes);
                for (int32_t x = x0; t->pix != t->c && x < x1; x++, at += bytes)
                    memcpy(at, row + (size_t)(x * t->pix) * size, bytes);
            }
        }
}

/** One channel of a run. A constant size becomes moves. */
static inline void copy_channel(char *to, const char *from, size_t step, int32_t count, size_t size)
{
    for (int32_t i = 0; i < count; i++, to += size, from += step)
        memcpy(to, from, size);
}

/** A run of pixels whose channels are further out: each is written as a plane. */
static void copy_run(const rpr_kernels *k, const rpr_tensor *t, const char *from, char *to,
                     int64_t channel_step, const rpr_order_run *r)
{
    const size_t size = rpr_tensor_unit(t), step = (size_t)t->pix * size;
    if (t->dtype == RPR_F32 && t->pix > 1 && (uintptr_t)to % sizeof(float) == 0) {
        k->planes((const void *)from, t->pix, (float *)(void *)to + r->at, channel_step, r->count,
                  t->c);
        return;
    }
    for (int32_t c = 0; c < t->c; c++, from += size) {
        char *plane = to + (size_t)(r->at + c * channel_step) * size;
        if (step == size)
            memcpy(plane, from, (size_t)r->count * size);
        else if (size == sizeof(float))
            copy_channel(plane, from, step, r->count, sizeof(float));
        else
            copy_channel(plane, from, step, r->count, size);
    }
}

#define GAP_PIXELS 16 /* the same of planes */

static void copy_planes(const rpr_kernels *k, const rpr_tensor *t, char *base, char *to,
                        int64_t channel_step, const rpr_touch *touched)
{
    for (rpr_order_run r = {0}; rpr_order_next(t, channel_step, &r);) {
        const uint8_t *mark = marks_of(touched, r.n, r.y);
        const int32_t end = r.x + r.count;
        for (int32_t x0 = 0, x1 = r.x; rpr_touch_span(mark, x1, end, GAP_PIXELS, &x0, &x1);) {
            rpr_order_run part = r;
            part.x = x0;
            part.at += x0 - r.x;
            part.count = x1 - x0;
            copy_run(k, t, rpr_order_memory(t, base, &part), to, channel_step, &part);
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

/** True if the pixels of an output that differ from the frame before are known. */
static bool knows_changes(const rpr_stream *s, int tensor)
{
    return s->ran && s->reuse && s->plan->tensor[tensor].touch_owner != RPR_NONE &&
           (!rpr_stream_was_plain(s) || (s->stats.bypassed && s->bypass.repeats));
}

/** With `touched` only what is marked there, and what lies between. */
static void copy(const rpr_stream *s, int tensor, char *to, const rpr_touch *touched)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    const int64_t channel_step = rpr_order_channel_step(t);
    if (t->words)
        copy_words(t, s->data[tensor], to);
    else if (channel_step == 1)
        copy_pixels(t, s->data[tensor], to, touched);
    else
        copy_planes(s->k, t, s->data[tensor], to, channel_step, touched);
}

void rpr_stream_copy_output(const rpr_stream *s, int tensor, void *to)
{
    copy(rpr_stream_was_plain(s) ? s->bypass.plain : s, tensor, to, NULL);
}

/** A frame with reuse over what the frame before left. */
static void copy_changes(const rpr_stream *s, int tensor, char *to)
{
    const rpr_touch touched = rpr_stream_touch(s, tensor);
    if (touched.any)
        copy(s, tensor, to, touched.all ? NULL : &touched);
}

void rpr_stream_copy_outputs(const rpr_stream *s, rpr_output *out, size_t n_out)
{
    for (size_t i = 0; i < n_out; i++) {
        const int tensor = s->plan->output[i];
        if (!out[i].data)
            continue;
        if (!out[i].keep || !knows_changes(s, tensor))
            rpr_stream_copy_output(s, tensor, out[i].data);
        else if (!s->stats.bypassed) /* or it repeats */
            copy_changes(s, tensor, out[i].data);
    }
}
