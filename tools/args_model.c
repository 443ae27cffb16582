/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the model: its shapes, inputs that are not fed, and the one that is a window. */
#include "args_set.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "options.h"

/* NAME=1,3,640,640 or, for the first input, 1,3,640,640. */
int set_shape(void *target, const char *v)
{
    cli_options *o = target;
    if (o->n_shapes == CLI_MAX_SHAPES)
        return 0;
    rpr_input_shape *shape = &o->shapes[o->n_shapes];
    char *name = o->shape_names[o->n_shapes];
    const char *dims = strrchr(v, '=');
    if (dims) {
        size_t n = (size_t)(dims - v);
        if (n == 0 || n >= CLI_MAX_NAME)
            return 0;
        memcpy(name, v, n);
        name[n] = 0;
        shape->name = name;
        dims++;
    } else {
        dims = v;
    }
    char *end = NULL;
    for (shape->rank = 0;; dims = end + 1) {
        errno = 0;
        long long d = strtoll(dims, &end, 10);
        if (end == dims || errno || d < 1 || d > INT32_MAX || shape->rank == RPR_MAX_RANK ||
            (*end && *end != ',' && *end != 'x'))
            return 0;
        shape->dim[shape->rank++] = d;
        if (!*end)
            break;
    }
    o->n_shapes++;
    return 1;
}

/* Copies v up to `end`; 0 if that is nothing or too long. */
static int take_part(char *name, const char *v, const char *end)
{
    const size_t n = (size_t)(end - v);
    if (n == 0 || n >= CLI_MAX_NAME)
        return 0;
    memcpy(name, v, n);
    name[n] = 0;
    return 1;
}

/* NAME=16000 */
int set_fixed(void *target, const char *v)
{
    cli_options *o = target;
    const char *mark = strrchr(v, '=');
    char *end = NULL;
    if (o->n_fixed == CLI_MAX_FEEDS || !mark || !take_part(o->fixed_names[o->n_fixed], v, mark))
        return 0;
    double *value = &o->fixed_values[o->n_fixed];
    *value = strtod(mark + 1, &end);
    if (end == mark + 1 || *end || !isfinite(*value))
        return 0;
    o->fixed[o->n_fixed] = (rpr_input_value){o->fixed_names[o->n_fixed], value, 1};
    o->n_fixed++;
    return 1;
}

/* INPUT=OUTPUT */
int set_carry(void *target, const char *v)
{
    cli_options *o = target;
    const char *mark = strrchr(v, '=');
    if (o->n_carry == CLI_MAX_FEEDS || !mark ||
        !take_part(o->carry_names[o->n_carry][0], v, mark) ||
        !take_part(o->carry_names[o->n_carry][1], mark + 1, mark + 1 + strlen(mark + 1)))
        return 0;
    o->carry[o->n_carry] = (rpr_carry){.input = o->carry_names[o->n_carry][0],
                                       .output = o->carry_names[o->n_carry][1]};
    o->n_carry++;
    return 1;
}

int set_window(void *target, const char *v)
{
    cli_options *o = target;
    o->have_window = 1;
    return option_int(v, 0, INT32_MAX, &o->window);
}

/* Of a window, and of sound without one; check_window tells them apart. */
int set_hop(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 1, INT32_MAX / 4, &n))
        return 0;
    o->hop = (int)n;
    return 1;
}

int set_axis(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, -RPR_MAX_RANK, RPR_MAX_RANK - 1, &n))
        return 0;
    o->axis = (int)n;
    o->have_axis = 1;
    return 1;
}
