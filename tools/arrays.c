/* SPDX-License-Identifier: Apache-2.0 */
#include "arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model_open.h"

const char *numpy_type(rpr_dtype t)
{
    static const char *const names[] = {NULL,  "<f4", "|u1", "|i1", "<u2", "<i2", "<i4",
                                        "<i8", NULL,  "|b1", "<f2", "<f8", "<u4", "<u8"};
    return (unsigned)t < sizeof names / sizeof names[0] ? names[t] : NULL;
}

int arrays_are(const char *input)
{
    size_t n = strlen(input);
    return n > 4 && strcmp(input + n - 4, ".npy") == 0;
}

static int check_options(const cli_options *o)
{
    const struct {
        const char *name;
        int given;
        const char *what;
    } options[] = {{"--range", o->have_range, "pictures"},
                   {"--mean", o->have_mean, "pictures"},
                   {"--noise", o->noise != 0, "pictures"},
                   {"--ignore", o->n_ignore != 0, "pictures"},
                   {"--decode", o->decode != DECODE_NONE, "pictures"},
                   {"--overlay", o->overlay != NULL, "pictures"},
                   {"--rate", o->rate != 0, "sound"},
                   {"--hop", o->hop != 0 && !o->have_axis, "sound, or needs --axis"},
                   {"--context", o->context >= 0, "sound"},
                   {"--gain", o->gain != 1, "sound"},
                   {"--features", o->features != NULL, "sound"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].given)
            return cli_fail(CLI_USAGE, "%s is for %s, but %s holds arrays", options[i].name,
                            options[i].what, o->input);
    return CLI_DONE;
}

/* Axes of one are no matter: frames of 1x360 may be stored as rows of 360. */
static int same_axes(const int64_t *a, int na, const int64_t *b, int nb)
{
    int i = 0, k = 0;
    for (;;) {
        while (i < na && a[i] == 1)
            i++;
        while (k < nb && b[k] == 1)
            k++;
        if (i == na || k == nb)
            return i == na && k == nb;
        if (a[i++] != b[k++])
            return 0;
    }
}

static int check_type(const arrays *a, const rpr_tensor_info *t, const cli_options *o)
{
    const media_npy_info *f = media_npy_get_info(a->file);
    const char *type = numpy_type(t->dtype);
    if (type && strcmp(f->type, type) == 0)
        return CLI_DONE;
    return cli_fail(CLI_BAD_INPUT, "%s: holds numbers of type %s, but %s reads %s (%s)", o->input,
                    f->type, t->name, type ? type : "no type of NumPy", dtype_name(t->dtype));
}

static int check_arrays(const arrays *a, const rpr_tensor_info *t, const cli_options *o)
{
    const media_npy_info *f = media_npy_get_info(a->file);
    if (f->rank > 0 && same_axes(f->dim + 1, f->rank - 1, t->dim, t->rank))
        return CLI_DONE;
    char given[256] = "", wanted[128];
    size_t n = 0;
    for (int i = 0; i < f->rank && n < sizeof given; i++)
        n += (size_t)snprintf(given + n, sizeof given - n, "%s%lld", i ? "x" : "",
                              (long long)f->dim[i]);
    return cli_fail(CLI_BAD_INPUT, "%s: is %s; %s reads frames of %s, so it should be Nx%s",
                    o->input, f->rank ? given : "one number", t->name,
                    format_shape(wanted, sizeof wanted, t), wanted);
}

/* Moves to the first frame that is wanted. */
static int skip(arrays *a, const cli_options *o)
{
    int64_t total = media_npy_get_info(a->file)->dim[0];
    if (total == 0)
        return cli_fail(CLI_BAD_INPUT, "%s: has no frames", o->input);
    if (o->skip >= total)
        return cli_fail(CLI_BAD_INPUT, "%s: has only %lld frames, all of them skipped", o->input,
                        (long long)total);
    a->skipped = o->skip;
    a->frames = total - o->skip;
    if (o->frames && o->frames < a->frames)
        a->frames = o->frames;
    media_error err;
    for (int64_t i = 0; i < o->skip; i++)
        if (media_npy_read(a->file, NULL, a->bytes, &err) != MEDIA_OK)
            return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    return CLI_DONE;
}

static int place_frames(arrays *a, const rpr_tensor_info *t, const cli_options *o)
{
    int code = check_arrays(a, t, o);
    return code == CLI_DONE ? skip(a, o) : code;
}

/* A frame is a call's new columns; those that only fill the first window come on top. */
static int place_columns(arrays *a, const window *w, const cli_options *o)
{
    int code = columns_open(&a->columns, a->file, w, o);
    if (code != CLI_DONE)
        return code;
    a->frames = window_count(w, a->columns.n) - o->skip;
    if (o->frames && o->frames < a->frames)
        a->frames = o->frames;
    a->frames += w->info.calls - 1;
    return CLI_DONE;
}

int arrays_open(arrays *a, const rpr_tensor_info *t, const window *w, const cli_options *o)
{
    *a = (arrays){.bytes = t->bytes};
    media_error err;
    int code = check_options(o);
    if (code == CLI_DONE && media_npy_open(o->input, &a->file, &err) != MEDIA_OK)
        code = cli_fail(CLI_BAD_INPUT, "%s", err.message);
    if (code == CLI_DONE)
        code = check_type(a, t, o);
    if (code == CLI_DONE)
        code = w->on ? place_columns(a, w, o) : place_frames(a, t, o);
    if (code != CLI_DONE)
        return code;
    a->data = malloc(t->bytes ? t->bytes : 1);
    return a->data ? CLI_DONE : cli_no_memory();
}

void arrays_close(arrays *a)
{
    columns_close(&a->columns);
    media_npy_close(a->file);
    free(a->data);
    *a = (arrays){0};
}

int arrays_next(arrays *a, int64_t *index, rpr_input *in, media_error *err)
{
    if (a->given == a->frames)
        return MEDIA_END;
    const window *w = a->columns.window;
    int status = w ? columns_next(&a->columns, a->given ? 0 : w->info.lead, a->data, err)
                   : media_npy_read(a->file, a->data, a->bytes, err);
    if (status != MEDIA_OK)
        return MEDIA_ERROR;
    *in = (rpr_input){.data = a->data, .bytes = a->bytes, .format = RPR_FORMAT_TENSOR};
    *index = a->skipped + a->given++;
    return MEDIA_OK;
}
