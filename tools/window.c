/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { PICTURE_RANK = 4 };

static void measure(window *w, const rpr_tensor_info *t)
{
    w->outer = 1;
    w->inner = rpr_dtype_size(t->dtype);
    for (int i = 0; i < t->rank; i++) {
        if (i < w->axis)
            w->outer *= (size_t)t->dim[i];
        else if (i > w->axis)
            w->inner *= (size_t)t->dim[i];
    }
    w->full = *t;
    w->full.dim[w->axis] = w->info.length;
    w->full.bytes = w->outer * (size_t)w->info.length * w->inner;
}

int window_open(window *w, const rpr_model *m, const rpr_tensor_info *t, const cli_options *o,
                int keep)
{
    *w = (window){.on = o->have_axis};
    if (!w->on)
        return CLI_DONE;
    w->axis = o->axis < 0 ? o->axis + t->rank : o->axis;
    int status = rpr_model_window(m, &w->info);
    if (status == RPR_OK && (w->axis < 0 || w->axis >= t->rank))
        status = RPR_ERR_INTERNAL;
    if (status != RPR_OK)
        return cli_fail(cli_exit_of_status(status), "%s: window: %s", o->model,
                        rpr_strerror(status));
    measure(w, t);
    if (!keep)
        return CLI_DONE;
    w->whole = calloc(1, w->full.bytes);
    return w->whole ? CLI_DONE : cli_no_memory();
}

void window_close(window *w)
{
    free(w->whole);
    *w = (window){0};
}

rpr_tensor_info window_column(const window *w)
{
    rpr_tensor_info t = {
        .name = w->full.name, .dtype = w->full.dtype, .bytes = window_column_bytes(w)};
    while (t.rank + w->full.rank - 1 < PICTURE_RANK)
        t.dim[t.rank++] = 1;
    for (int i = 0; i < w->full.rank; i++)
        if (i != w->axis)
            t.dim[t.rank++] = w->full.dim[i];
    return t;
}

size_t window_column_bytes(const window *w)
{
    return w->outer * w->inner;
}

void window_put(const window *w, void *block, int64_t i, const void *column)
{
    const size_t row = (size_t)w->info.hop * w->inner;
    for (size_t k = 0; k < w->outer; k++)
        memcpy((char *)block + k * row + (size_t)i * w->inner, (const char *)column + k * w->inner,
               w->inner);
}

void window_push(window *w, const void *block)
{
    const size_t row = (size_t)w->info.length * w->inner, fresh = (size_t)w->info.hop * w->inner;
    for (size_t k = 0; w->whole && k < w->outer; k++) {
        unsigned char *to = w->whole + k * row;
        memmove(to, to + fresh, row - fresh);
        memcpy(to + row - fresh, (const char *)block + k * fresh, fresh);
    }
}

int64_t window_span(const window *w, int64_t windows)
{
    return w->info.length + (windows - 1) * w->info.hop;
}

int64_t window_count(const window *w, int64_t columns)
{
    if (columns < 0)
        return -1;
    return columns < w->info.length ? 0 : (columns - w->info.length) / w->info.hop + 1;
}
