/* SPDX-License-Identifier: Apache-2.0 */
#include "model_open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void line_list_free(line_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->line[i]);
    free(l->line);
    *l = (line_list){0};
}

static void keep_line(line_list *l, const char *text)
{
    char **line = realloc(l->line, (l->n + 1) * sizeof *line);
    if (!line)
        return;
    l->line = line;
    line[l->n] = strdup(text);
    if (line[l->n])
        l->n++;
}

/* Warnings and what was asked for are told at once, errors are kept: an error is an unsupported
 * node. */
static void on_log(void *user, rpr_log_level level, const char *line)
{
    if (level == RPR_LOG_ERROR)
        keep_line(user, line);
    else if (level == RPR_LOG_WARNING)
        cli_warn("%s", line);
    else
        cli_say("%s", line);
}

static int ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* What is to be done is said the command line's way, where the library asks for a shape. */
static const char *hint_for(const char *why, const cli_options *o)
{
    const int asks = ends_in(why, "give a shape") || ends_in(why, "give one");
    if (asks && o->have_axis)
        return " with --shape, such as --shape 1,76,32,1, or, of the window's axis, with --window";
    return asks ? " with --shape, such as --shape 1,3,640,640" : "";
}

int model_open(const cli_options *o, rpr_model **out, line_list *unsupported)
{
    line_list own = {0}, *lines = unsupported ? unsupported : &own;
    rpr_model_options opt;
    rpr_error err = {""};
    rpr_model_options_init(&opt);
    opt.shapes = o->n_shapes ? o->shapes : NULL;
    opt.n_shapes = o->n_shapes;
    opt.fixed = o->n_fixed ? o->fixed : NULL;
    opt.n_fixed = o->n_fixed;
    opt.carry = o->n_carry ? o->carry : NULL;
    opt.n_carry = o->n_carry;
    const rpr_window window = {.axis = o->axis, .length = o->window, .hop = o->hop};
    opt.window = o->have_axis ? &window : NULL;
    opt.log = on_log;
    opt.log_user = lines;
    opt.fit = o->fit;
    int status = rpr_model_load(o->model, &opt, out, &err);
    int code = cli_exit_of_status(status);
    if (status != RPR_OK) {
        const char *why = err.message[0] ? err.message : rpr_strerror(status);
        const char *hint = hint_for(why, o);
        for (size_t i = 0; i < lines->n; i++)
            cli_fail(code, "%s: %s", o->model, lines->line[i]);
        if (strstr(why, o->model))
            cli_fail(code, "%s%s", why, hint);
        else
            cli_fail(code, "%s: %s%s", o->model, why, hint);
    }
    line_list_free(&own);
    return code;
}

char *format_shape(char *text, size_t room, const rpr_tensor_info *t)
{
    size_t n = 0;
    text[0] = 0;
    for (int i = 0; i < t->rank && n < room; i++)
        n += (size_t)snprintf(text + n, room - n, "%s%" PRId64, i ? "x" : "", t->dim[i]);
    if (t->rank == 0)
        snprintf(text, room, "scalar");
    return text;
}

const char *dtype_name(rpr_dtype t)
{
    static const char *const names[] = {"?",   "f32", "u8",   "i8",  "u16", "i16", "i32",
                                        "i64", "?",   "bool", "f16", "f64", "u32", "u64"};
    return (unsigned)t < sizeof names / sizeof names[0] ? names[t] : "?";
}
