/* SPDX-License-Identifier: Apache-2.0 */
#include "slide.h"

#include <stdio.h>

static int fail(rpr_error *err, int status, const char *path, const char *text)
{
    snprintf(err->message, sizeof err->message, "%.400s: %s", path, text);
    return status;
}

int slide_open(slide *s, const char *path, const slide_form *form, int full,
               const rpr_stream_options *so, rpr_error *err)
{
    const rpr_window window = {.axis = 1, .hop = form->hop};
    rpr_model_options o;
    rpr_model_options_init(&o);
    o.shapes = form->shape;
    o.n_shapes = form->shape ? 1 : 0;
    o.window = full ? NULL : &window;
    *s = (slide){.frame = form->frame, .hop = form->hop};
    int status = network_load(&s->net, path, &o, &form->net, err);
    if (status == RPR_OK)
        status = network_start(&s->net, so, err);
    if (status != RPR_OK)
        return status;
    const int64_t values = (int64_t)s->net.n_in, length = values / form->frame;
    if (values % form->frame || (full ? length <= form->hop : length != form->hop))
        return fail(err, RPR_ERR_SHAPE, path, "its input is no window of such frames");
    if (full) {
        const int before = (int)length - form->hop;
        s->window = audio_chunks_new(form->frame, form->hop, before, AUDIO_EDGE_ZERO);
        if (!s->window)
            return fail(err, RPR_ERR_NOMEM, path, "memory ran out");
    }
    s->missing = full ? (length + form->hop - 1) / form->hop : s->net.win.calls;
    return RPR_OK;
}

void slide_close(slide *s)
{
    network_close(&s->net);
    audio_chunks_free(s->window);
    *s = (slide){.window = NULL};
}

int slide_run(slide *s, const float *frames, float *y, rpr_error *err)
{
    if (!s->window) {
        const int status = network_run(&s->net, frames, y, err);
        s->missing = rpr_stream_window_missing(s->net.stream);
        return status;
    }
    size_t used;
    audio_chunks_push(s->window, frames, (size_t)s->hop, &used);
    s->missing -= s->missing > 0;
    return s->missing ? RPR_OK : network_run(&s->net, audio_chunks_block(s->window), y, err);
}
