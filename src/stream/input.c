/* SPDX-License-Identifier: Apache-2.0 */
/* A frame on its way in: checked, compared with the previous one, converted where it differs. */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

#include "stream/order.h"

static int check_picture(rpr_stream *s, const rpr_tensor *t, const rpr_input *in, size_t bytes)
{
    if (t->dtype != RPR_F32 || t->n != 1 || t->c > 4)
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT,
                        "input '%s': not a single f32 picture with 1 to 4 channels", t->name);
    size_t row = in->row_bytes ? in->row_bytes : (size_t)t->w * (size_t)t->c;
    if (row < (size_t)t->w * (size_t)t->c)
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': row_bytes %zu is less than a row",
                        t->name, row);
    size_t need = row * (size_t)(t->h - 1) + (size_t)t->w * (size_t)t->c;
    if (t->h > 0 && bytes && bytes < need)
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': %zu bytes given, %zu needed",
                        t->name, bytes, need);
    for (int i = 0; i < 4; i++)
        if (!isfinite(in->scale[i]) || !isfinite(in->offset[i]))
            return rpr_fail(&s->error, RPR_ERR_NONFINITE,
                            "input '%s': scale or offset is NaN or infinite", t->name);
    return RPR_OK;
}

static int64_t first_nonfinite(const float *x, int64_t n)
{
    int64_t i = 0;
    while (i < n && isfinite(x[i]))
        i++;
    return i;
}

static int check_tensor(rpr_stream *s, int tensor, const rpr_input *in)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    rpr_tensor_info info = rpr_plan_tensor_info(s->plan, tensor);
    if (in->bytes && in->bytes < info.bytes)
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': %zu bytes given, %zu needed",
                        t->name, in->bytes, info.bytes);
    if (t->dtype != RPR_F32 || s->opt.allow_nonfinite)
        return RPR_OK;
    int64_t count = (int64_t)(info.bytes / sizeof(float));
    if (s->k->all_finite(in->data, count))
        return RPR_OK;
    return rpr_fail(&s->error, RPR_ERR_NONFINITE, "input '%s': element %lld is NaN or infinite",
                    t->name, (long long)first_nonfinite(in->data, count));
}

int rpr_stream_check_inputs(rpr_stream *s, const rpr_input *in, size_t n_in)
{
    if (n_in != (size_t)s->plan->n_input || (n_in > 0 && !in))
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "%zu inputs given, the model has %d", n_in,
                        s->plan->n_input);
    for (size_t i = 0; i < n_in; i++) {
        int tensor = s->plan->input[i];
        const rpr_tensor *t = &s->plan->tensor[tensor];
        if (!in[i].data)
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': no data", t->name);
        switch (in[i].format) {
        case RPR_FORMAT_TENSOR:
            RPR_TRY(check_tensor(s, tensor, &in[i]));
            break;
        case RPR_FORMAT_U8_HWC:
            RPR_TRY(check_picture(s, t, &in[i], in[i].bytes));
            break;
        default:
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': unknown format %d", t->name,
                            (int)in[i].format);
        }
    }
    return RPR_OK;
}

/* ---------------------------------------------------------------- picture */

/** Marks the pixels of a row whose bytes differ. */
static inline __attribute__((always_inline)) void
mark_pixels(uint8_t *mark, const uint8_t *now, const uint8_t *then, int32_t w, int32_t c)
{
    for (int32_t x = 0; x < w; x++) {
        uint8_t differs = 0;
        for (int32_t k = 0; k < c; k++)
            differs |= now[x * c + k] ^ then[x * c + k];
        mark[x] = differs != 0;
    }
}

/** False if the rows are equal. Constant channel counts let the compiler unroll. */
static bool mark_row(uint8_t *mark, const uint8_t *now, const uint8_t *then, int32_t w, int32_t c)
{
    if (memcmp(now, then, (size_t)w * (size_t)c) == 0)
        return false;
    if (c == 3)
        mark_pixels(mark, now, then, w, 3);
    else
        mark_pixels(mark, now, then, w, c);
    return true;
}

/**
 * Converts a row from its first to its last marked pixel (NULL: all) in one go: those between that
 * did not change come out as they were.
 */
static void convert_row(const rpr_stream *s, const rpr_map *x, int32_t y, const uint8_t *now,
                        const uint8_t *mark, const float *scale, const float *offset)
{
    int32_t x0 = 0, x1 = x->w;
    while (mark && x0 < x1 && !mark[x0])
        x0++;
    while (mark && x1 > x0 && !mark[x1 - 1])
        x1--;
    s->k->u8_to_f32(now + (size_t)x0 * (size_t)x->c, rpr_map_at(x, 0, y, x0), x1 - x0, x->c, scale,
                    offset);
}

/** Scale and offset of the call, with the default filled in. */
static void conversion(const rpr_input *in, float scale[4], float offset[4])
{
    bool given = false;
    for (int i = 0; i < 4; i++)
        given |= in->scale[i] < 0.0f || in->scale[i] > 0.0f;
    for (int i = 0; i < 4; i++) {
        scale[i] = given ? in->scale[i] : 1.0f / 255.0f;
        offset[i] = in->offset[i];
    }
}

static void fill_picture(rpr_stream *s, int index, const rpr_input *in)
{
    int tensor = s->plan->input[index];
    rpr_input_state *state = &s->input[index];
    rpr_map x = rpr_stream_map(s, tensor);
    rpr_touch *touched = &s->touch[tensor];
    float scale[4], offset[4];
    conversion(in, scale, offset);
    bool whole = !s->reuse || !state->valid || memcmp(scale, state->scale, sizeof scale) != 0 ||
                 memcmp(offset, state->offset, sizeof offset) != 0;
    size_t pitch = in->row_bytes ? in->row_bytes : (size_t)x.w * (size_t)x.c;
    size_t row_bytes = (size_t)x.w * (size_t)x.c;
    rpr_touch_fill(touched, whole);
    for (int32_t y = 0; y < x.h; y++) {
        const uint8_t *now = (const uint8_t *)in->data + (size_t)y * pitch;
        uint8_t *then = s->reuse ? state->previous + (size_t)y * row_bytes : NULL;
        uint8_t *mark = rpr_touch_row(touched, 0, y);
        if (!whole && !mark_row(mark, now, then, x.w, x.c))
            continue;
        touched->any = true;
        convert_row(s, &x, y, now, whole ? NULL : mark, scale, offset);
        if (then)
            memcpy(then, now, row_bytes);
    }
    state->valid = true;
    memcpy(state->scale, scale, sizeof scale);
    memcpy(state->offset, offset, sizeof offset);
}

/* ----------------------------------------------------------------- tensor */

/** Takes one channel of a run; marks the pixels whose bits differ. A constant size becomes moves.
 */
static inline void take_channel(char *to, size_t step, const char *from, int32_t count, size_t size,
                                uint8_t *mark)
{
    for (int32_t i = 0; i < count; i++, to += step, from += size) {
        mark[i] |= memcmp(to, from, size) != 0;
        memcpy(to, from, size);
    }
}

/** Dense row-major data, run by run into the tensor's layout; differing bits mark a pixel. */
static void fill_tensor(rpr_stream *s, int index, const rpr_input *in)
{
    int tensor = s->plan->input[index];
    const rpr_tensor *t = &s->plan->tensor[tensor];
    rpr_touch *touched = &s->touch[tensor];
    const size_t size = rpr_dtype_size(t->dtype), step = (size_t)t->pix * size;
    const int64_t channel_step = rpr_order_channel_step(t);
    char *base = s->data[tensor];
    rpr_touch_fill(touched, s->frame == 0);
    for (rpr_order_run r = {0}; rpr_order_next(t, channel_step, &r);) {
        char *to = rpr_order_memory(t, base, &r);
        uint8_t *mark = rpr_touch_row(touched, r.n, r.y) + r.x;
        for (int32_t c = 0; c < t->c; c++, to += size) {
            const char *from = (const char *)in->data + (size_t)(r.at + c * channel_step) * size;
            if (size == sizeof(float))
                take_channel(to, step, from, r.count, sizeof(float), mark);
            else
                take_channel(to, step, from, r.count, size, mark);
        }
    }
    touched->any = rpr_touch_range(touched->pix, rpr_touch_pixels(touched));
    s->input[index].valid = false;
}

void rpr_stream_fill_inputs(rpr_stream *s, const rpr_input *in)
{
    for (int i = 0; i < s->plan->n_input; i++) {
        rpr_stream_begin(s, s->plan->input[i], -1);
        if (in[i].format == RPR_FORMAT_U8_HWC)
            fill_picture(s, i, &in[i]);
        else
            fill_tensor(s, i, &in[i]);
    }
}

bool rpr_stream_inputs_touched(const rpr_stream *s)
{
    bool any = false;
    for (int i = 0; i < s->plan->n_input; i++)
        any |= s->touch[s->plan->tensor[s->plan->input[i]].touch_owner].any;
    return any;
}
