/* SPDX-License-Identifier: Apache-2.0 */
/* A frame on its way in: checked, compared with the previous one; picture.c has 8-bit pictures. */
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

static int check_lengths(rpr_stream *s, const rpr_tensor *t, const int32_t *length, int64_t n,
                         int64_t most)
{
    for (int64_t i = 0; i < n; i++)
        if (length[i] < 1 || length[i] > most)
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT,
                            "input '%s': a sequence length of %d is not in [1, %lld]", t->name,
                            (int)length[i], (long long)most);
    return RPR_OK;
}

static int check_tensor(rpr_stream *s, int index, const rpr_input *in)
{
    const int tensor = s->plan->input[index];
    const rpr_tensor *t = &s->plan->tensor[tensor];
    rpr_tensor_info info = rpr_plan_tensor_info(s->plan, tensor);
    if (in->bytes && in->bytes < info.bytes)
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': %zu bytes given, %zu needed",
                        t->name, in->bytes, info.bytes);
    if (s->plan->most_steps[index] > 0 && t->dtype == RPR_I32)
        return check_lengths(s, t, in->data, (int64_t)(info.bytes / sizeof(int32_t)),
                             s->plan->most_steps[index]);
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
    if (n_in != (size_t)s->plan->n_given || (n_in > 0 && !in))
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "%zu inputs given, the model has %d", n_in,
                        s->plan->n_given);
    for (int i = s->plan->n_given; i < s->plan->n_input; i++) {
        const rpr_input carried = rpr_stream_input(s, in, i);
        RPR_TRY(check_tensor(s, i, &carried));
    }
    for (size_t i = 0; i < n_in; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->input[i]];
        if (!in[i].data)
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': no data", t->name);
        switch (in[i].format) {
        case RPR_FORMAT_TENSOR:
            RPR_TRY(check_tensor(s, (int)i, &in[i]));
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

/** Pixels [r->x + from, ... + count) of a run. */
static void take_pixels(rpr_stream *s, int index, const rpr_input *in, const rpr_order_run *r,
                        int32_t from, int32_t count)
{
    const int tensor = s->plan->input[index];
    const rpr_tensor *t = &s->plan->tensor[tensor];
    const size_t size = rpr_tensor_unit(t), step = (size_t)t->pix * size;
    const int64_t channel_step = rpr_order_channel_step(t);
    uint8_t *mark = rpr_touch_row(&s->touch[tensor], r->n, r->y) + r->x + from;
    char *to = rpr_order_memory(t, s->data[tensor], r) + (size_t)from * step;
    for (int32_t c = 0; c < t->c; c++, to += size) {
        const char *data =
            (const char *)in->data + (size_t)(r->at + from + c * channel_step) * size;
        if (size == sizeof(float))
            take_channel(to, step, data, count, sizeof(float), mark);
        else
            take_channel(to, step, data, count, size, mark);
    }
}

/** Dense row-major data, run by run into the tensor's layout; differing bits mark a pixel. */
static void fill_tensor(rpr_stream *s, int index, const rpr_input *in, const rpr_mask *mask)
{
    int tensor = s->plan->input[index];
    const rpr_tensor *t = &s->plan->tensor[tensor];
    rpr_touch *touched = &s->touch[tensor];
    const bool first = rpr_stream_is_first(s), was_picture = s->input[index].valid;
    const bool whole = first || was_picture || !s->reuse;
    /* The tensor is of an earlier frame where pictures are not written into it. */
    rpr_touch_fill(touched,
                   first || (was_picture && s->plan->picture[index].quantiser != RPR_NONE));
    for (rpr_order_run r = {0}; rpr_order_next(t, rpr_order_channel_step(t), &r);) {
        bool all;
        if (!rpr_stream_look(s, t, whole ? NULL : mask, r.y, &all))
            continue;
        const uint8_t *look = all ? NULL : s->look_row + r.x;
        for (int32_t x0 = 0, x1 = 0; rpr_touch_run(look, x1, r.count, &x0, &x1);)
            take_pixels(s, index, in, &r, x0, x1 - x0);
    }
    touched->any = rpr_touch_range(touched->pix, rpr_touch_pixels(touched));
    s->input[index].valid = s->input[index].gated = s->input[index].last_kept = false;
    s->input[index].bytes = NULL;
}

void rpr_stream_fill_inputs(rpr_stream *s, const rpr_input *in, const rpr_mask *mask)
{
    for (int i = 0; i < s->plan->n_input; i++) {
        const rpr_input one = rpr_stream_input(s, in, i);
        const rpr_mask *look = mask && i < s->plan->n_given ? &mask[i] : NULL;
        rpr_stream_begin(s, s->plan->input[i], -1);
        if (one.format == RPR_FORMAT_U8_HWC)
            rpr_stream_fill_picture(s, i, &one, look);
        else
            fill_tensor(s, i, &one, look);
    }
}

bool rpr_stream_inputs_touched(const rpr_stream *s)
{
    bool any = false;
    for (int i = 0; i < s->plan->n_input; i++)
        any |= s->touch[s->plan->tensor[s->plan->input[i]].touch_owner].any;
    return any;
}
