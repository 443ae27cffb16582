/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model_open.h"

/*
 * The axis of the file that is t's `axis`, of any length; -1 if the others differ. Axes of one are
 * no matter.
 */
static int find_axis(const media_npy_info *f, const rpr_tensor_info *t, int axis)
{
    int found = -1, i = 0;
    for (int k = 0; k < t->rank; k++) {
        if (k != axis && t->dim[k] == 1)
            continue;
        while (i < f->rank && f->dim[i] == 1)
            i++;
        if (i == f->rank || (k != axis && f->dim[i] != t->dim[k]))
            return -1;
        if (k == axis)
            found = i;
        i++;
    }
    while (i < f->rank && f->dim[i] == 1)
        i++;
    return i == f->rank ? found : -1;
}

/* The same of a file whose first axis counts columns. */
static int is_stack(const media_npy_info *f, const window *w)
{
    const rpr_tensor_info column = window_column(w);
    rpr_tensor_info stack = {.rank = column.rank + 1};
    if (f->rank == 0 || stack.rank > RPR_MAX_RANK)
        return 0;
    memcpy(stack.dim + 1, column.dim, (size_t)column.rank * sizeof *column.dim);
    return find_axis(f, &stack, 0) == 0;
}

/* "1xNx32" with the axis named N, and in front of everything if there is no axis. */
static void format_open(char *text, size_t room, const rpr_tensor_info *t, int axis)
{
    size_t n = axis < 0 ? (size_t)snprintf(text, room, "N") : 0;
    for (int i = 0; i < t->rank && n < room; i++)
        n += i == axis ? (size_t)snprintf(text + n, room - n, "%sN", n ? "x" : "")
                       : (size_t)snprintf(text + n, room - n, "%s%lld", n ? "x" : "",
                                          (long long)t->dim[i]);
}

static int bad_shape(const media_npy_info *f, const window *w, const cli_options *o)
{
    char given[256] = "one number", along[128], stacked[128], name[128];
    size_t n = 0;
    for (int i = 0; i < f->rank && n < sizeof given; i++)
        n += (size_t)snprintf(given + n, sizeof given - n, "%s%lld", i ? "x" : "",
                              (long long)f->dim[i]);
    rpr_tensor_info column = {.rank = 0};
    for (int i = 0; i < w->full.rank; i++)
        if (i != w->axis)
            column.dim[column.rank++] = w->full.dim[i];
    format_open(along, sizeof along, &w->full, w->axis);
    format_open(stacked, sizeof stacked, &column, -1);
    return cli_fail(CLI_BAD_INPUT,
                    "%s: is %s; %s reads windows of %s along axis %d, so it should be %s or %s",
                    o->input, given, w->full.name, format_shape(name, sizeof name, &w->full),
                    w->axis, along, stacked);
}

/* Reads all data of a file in which a column's bytes lie apart. */
static int read_all(columns *c, const media_npy_info *f, int axis)
{
    media_error err;
    size_t bytes = c->bytes;
    c->rows = 1;
    for (int i = 0; i < axis; i++)
        c->rows *= f->dim[i];
    if (c->rows == 1)
        return CLI_DONE;
    if (__builtin_mul_overflow(bytes, (size_t)c->n, &bytes))
        return cli_no_memory();
    c->all = malloc(bytes);
    if (!c->all)
        return cli_no_memory();
    return media_npy_read(c->file, c->all, bytes, &err) == MEDIA_OK
               ? CLI_DONE
               : cli_fail(CLI_BAD_INPUT, "%s", err.message);
}

/* One column to c->column, or nowhere. */
static int read_column(columns *c, int wanted, media_error *err)
{
    const int64_t at = c->at++;
    if (!c->all)
        return media_npy_read(c->file, wanted ? c->column : NULL, c->bytes, err);
    const size_t run = c->bytes / (size_t)c->rows;
    for (int64_t i = 0; wanted && i < c->rows; i++)
        memcpy((char *)c->column + (size_t)i * run,
               (const char *)c->all + (size_t)(i * c->n + at) * run, run);
    return MEDIA_OK;
}

static int skip(columns *c, const cli_options *o)
{
    const window *w = c->window;
    media_error err;
    if (o->skip > (c->n - w->info.length) / w->info.hop || c->n < w->info.length)
        return cli_fail(CLI_BAD_INPUT, "%s: has only %lld columns; a window takes %lld%s", o->input,
                        (long long)c->n, (long long)w->info.length,
                        o->skip ? ", after those that are skipped" : "");
    for (int64_t i = 0; i < o->skip * w->info.hop; i++)
        if (read_column(c, 0, &err) != MEDIA_OK)
            return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    return CLI_DONE;
}

int columns_open(columns *c, media_npy *file, const window *w, const cli_options *o)
{
    const media_npy_info *f = media_npy_get_info(file);
    *c = (columns){.window = w, .file = file, .bytes = window_column_bytes(w)};
    int axis = find_axis(f, &w->full, w->axis);
    if (axis < 0 && !is_stack(f, w))
        return bad_shape(f, w, o);
    if (axis < 0)
        axis = 0;
    c->n = f->dim[axis];
    c->column = malloc(c->bytes ? c->bytes : 1);
    if (!c->column)
        return cli_no_memory();
    int code = read_all(c, f, axis);
    return code == CLI_DONE ? skip(c, o) : code;
}

void columns_close(columns *c)
{
    free(c->column);
    free(c->all);
    *c = (columns){0};
}

int columns_next(columns *c, int64_t from, void *block, media_error *err)
{
    const window *w = c->window;
    if (from > 0)
        memset(block, 0, (size_t)w->info.hop * c->bytes);
    for (int64_t i = from; i < w->info.hop; i++) {
        if (read_column(c, 1, err) != MEDIA_OK)
            return MEDIA_ERROR;
        window_put(w, block, i, c->column);
    }
    return MEDIA_OK;
}
