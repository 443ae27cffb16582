/* SPDX-License-Identifier: Apache-2.0 */
/* A frame on its way out: from the tensors' layouts to dense row-major. */
#include "stream/stream.h"

#include <string.h>

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
    size_t size = rpr_dtype_size(t->dtype), bytes = (size_t)t->c * size;
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

/** Channels further out: each is written as a plane of `after` elements. */
static void copy_planes(const rpr_tensor *t, const char *base, char *to, int64_t after)
{
    size_t size = rpr_dtype_size(t->dtype);
    int64_t pixel = 0;
    for (int32_t n = 0; n < t->n; n++)
        for (int32_t y = 0; y < t->h; y++)
            for (int32_t x = 0; x < t->w; x++, pixel++) {
                const char *from = base + (size_t)(n * t->img + y * t->row + x * t->pix) * size;
                int64_t at = pixel / after * after * t->c + pixel % after;
                for (int32_t c = 0; c < t->c; c++, from += size)
                    memcpy(to + (size_t)(at + c * after) * size, from, size);
            }
}

void rpr_stream_copy_outputs(const rpr_stream *s, rpr_output *out, size_t n_out)
{
    for (size_t i = 0; i < n_out; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->output[i]];
        if (!out[i].data)
            continue;
        const char *base = rpr_plan_data(s->plan, s->plan->output[i], s->state);
        int64_t after = 1;
        for (int a = t->chan_axis + 1; a < t->rank; a++)
            after *= t->dim[a];
        if (after == 1)
            copy_pixels(t, base, out[i].data);
        else
            copy_planes(t, base, out[i].data, after);
    }
}
