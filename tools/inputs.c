/* SPDX-License-Identifier: Apache-2.0 */
#include "inputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model_open.h"
#include "options.h"

/* Writes v as element i of a tensor; 0 if the type does not hold it or is none for --set. */
static int put(void *data, size_t i, rpr_dtype type, double v)
{
    const double low[] = {
        [RPR_U8] = 0,          [RPR_I8] = INT8_MIN,   [RPR_U16] = 0,
        [RPR_I16] = INT16_MIN, [RPR_I32] = INT32_MIN, [RPR_I64] = -9007199254740992.0,
        [RPR_BOOL] = 0,        [RPR_F64] = 0};
    const double high[] = {
        [RPR_U8] = UINT8_MAX,  [RPR_I8] = INT8_MAX,   [RPR_U16] = UINT16_MAX,
        [RPR_I16] = INT16_MAX, [RPR_I32] = INT32_MAX, [RPR_I64] = 9007199254740992.0,
        [RPR_BOOL] = 1,        [RPR_F64] = 0};
    char *at = (char *)data + i * rpr_dtype_size(type);
    if (type == RPR_F32) {
        const float f = (float)v;
        memcpy(at, &f, sizeof f);
        return isfinite(f);
    }
    if (type == RPR_F64) {
        memcpy(at, &v, sizeof v);
        return 1;
    }
    if (type < RPR_U8 || type > RPR_BOOL || type == 8 || v != floor(v) || v < low[type] ||
        v > high[type])
        return 0;
    const int64_t whole = (int64_t)v; /* little-endian: the low bytes come first */
    memcpy(at, &whole, rpr_dtype_size(type));
    return 1;
}

/* Reads one number for all elements, or one for each with commas between them. */
static int read_values(const char *text, const rpr_tensor_info *t, void *data)
{
    const size_t n = t->bytes / rpr_dtype_size(t->dtype);
    size_t given = 0;
    double v = 0;
    for (const char *at = text; at; given++) {
        char one[64];
        const size_t length = strcspn(at, ",");
        if (length >= sizeof one || given == n)
            return 0;
        memcpy(one, at, length);
        one[length] = 0;
        if (!option_number(one, &v) || !put(data, given, t->dtype, v))
            return 0;
        at = at[length] ? at + length + 1 : NULL;
    }
    if (given == 1)
        for (size_t i = 1; i < n; i++)
            put(data, i, t->dtype, v);
    return given == 1 || given == n;
}

static int set_constant(inputs *a, size_t i, const rpr_tensor_info *t, const char *text,
                        const cli_options *o)
{
    char shape[128];
    a->constant[i] = calloc(1, t->bytes ? t->bytes : 1);
    if (!a->constant[i])
        return cli_no_memory();
    if (!read_values(text, t, a->constant[i]))
        return cli_fail(
            CLI_USAGE, "--set %s=%s: %s wants one number, or one for each element, for %s %s",
            t->name, text, o->model, dtype_name(t->dtype), format_shape(shape, sizeof shape, t));
    a->in[i] = (rpr_input){.data = a->constant[i], .bytes = t->bytes, .format = RPR_FORMAT_TENSOR};
    return CLI_DONE;
}

/* The value that --set gives to an input; NULL if none does. */
static const char *find_set(const cli_options *o, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < o->n_sets; i++)
        if (strncmp(o->sets[i], name, n) == 0 && o->sets[i][n] == '=')
            return o->sets[i] + n + 1;
    return NULL;
}

/* Every --set must name an input. */
static int check_sets(const rpr_model *m, const cli_options *o)
{
    for (size_t i = 0; i < o->n_sets; i++) {
        size_t k = 0;
        rpr_tensor_info t;
        for (; k < rpr_model_n_inputs(m); k++) {
            const size_t n = rpr_model_input(m, k, &t) == RPR_OK ? strlen(t.name) : 0;
            if (n && strncmp(o->sets[i], t.name, n) == 0 && o->sets[i][n] == '=')
                break;
        }
        if (k == rpr_model_n_inputs(m))
            return cli_fail(CLI_USAGE, "--set %s: %s has no input of that name", o->sets[i],
                            o->model);
    }
    return CLI_DONE;
}

static int find_sources(inputs *a, const rpr_model *m, const cli_options *o)
{
    size_t fed = 0;
    for (size_t i = 0; i < a->n; i++) {
        rpr_tensor_info t;
        int status = rpr_model_input(m, i, &t);
        if (status != RPR_OK)
            return cli_fail(cli_exit_of_status(status), "%s: %s", o->model, rpr_strerror(status));
        const char *text = find_set(o, t.name);
        int code = text ? set_constant(a, i, &t, text, o) : CLI_DONE;
        if (code != CLI_DONE)
            return code;
        if (text)
            continue;
        if (fed++ == 0) {
            a->main = i;
            a->info = t;
        }
    }
    if (fed == 0)
        return cli_fail(CLI_USAGE, "%s: --set leaves no input for %s", o->model, o->input);
    if (fed > 1)
        return cli_fail(CLI_UNSUPPORTED,
                        "%s: has %zu inputs; %s can feed only one, --set NAME=VALUE the others",
                        o->model, a->n, o->input);
    return CLI_DONE;
}

int inputs_open(inputs *a, const rpr_model *m, const cli_options *o)
{
    *a = (inputs){.n = rpr_model_n_inputs(m)};
    a->in = calloc(a->n ? a->n : 1, sizeof *a->in);
    a->constant = calloc(a->n ? a->n : 1, sizeof *a->constant);
    if (!a->in || !a->constant)
        return cli_no_memory();
    int code = check_sets(m, o);
    return code == CLI_DONE ? find_sources(a, m, o) : code;
}

void inputs_close(inputs *a)
{
    for (size_t i = 0; a->constant && i < a->n; i++)
        free(a->constant[i]);
    free(a->constant);
    free(a->in);
    *a = (inputs){0};
}

int inputs_are_sound(const inputs *a, const cli_options *o)
{
    return o->sound || a->info.rank < 4;
}
