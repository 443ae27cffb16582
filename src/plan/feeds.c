/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/feeds.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ops/element.h"
#include "plan/build.h"

/** Index within g->input, or RPR_NONE. */
static int input_named(const rpr_graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_input; i++)
        if (strcmp(g->value[g->input[i]].name, name) == 0)
            return (int)i;
    return RPR_NONE;
}

static int output_named(const rpr_graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_output; i++)
        if (strcmp(g->value[g->output[i]].name, name) == 0)
            return (int)i;
    return RPR_NONE;
}

static int no_input(const char *name, rpr_error *err)
{
    return rpr_fail(err, RPR_ERR_ARGUMENT, "the model has no input '%s'", name);
}

int rpr_feeds_check_options(const rpr_model_options *o, rpr_error *err)
{
    for (size_t i = 0; i < o->n_fixed; i++)
        if (!o->fixed[i].name || !o->fixed[i].value || o->fixed[i].n == 0)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "fixed input %zu: no name or no value", i);
    for (size_t i = 0; i < o->n_carry; i++) {
        const rpr_carry *c = &o->carry[i];
        if (!c->input || !c->output)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "carry %zu: no input or no output", i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(c->input, o->carry[k].input) == 0)
                return rpr_fail(err, RPR_ERR_ARGUMENT, "carry: input '%s' is named twice",
                                c->input);
    }
    return RPR_OK;
}

/** Input `at` becomes a constant. */
static int fix(rpr_graph *g, int at, const rpr_input_value *f, rpr_error *err)
{
    const int value = g->input[at];
    rpr_value *v = &g->value[value];
    const int64_t count = rpr_shape_count(&v->shape);
    if (f->n != 1 && (int64_t)f->n != count)
        return rpr_fail(err, RPR_ERR_SHAPE, "input '%s': %zu values for %lld elements", v->name,
                        f->n, (long long)count);
    void *data = rpr_alloc_array((size_t)count, rpr_dtype_size(v->dtype));
    if (!data)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    const rpr_view view = rpr_value_view(v, data);
    for (int64_t i = 0; i < count; i++)
        rpr_store_f64(&view, i, f->value[f->n == 1 ? 0 : i]);
    const rpr_shape shape = v->shape;
    rpr_graph_set_const(g, value, v->dtype, &shape, data);
    memmove(&g->input[at], &g->input[at + 1], (g->n_input - (size_t)at - 1) * sizeof *g->input);
    g->n_input--;
    return RPR_OK;
}

/** Input `at` goes to the end. */
static void move_last(rpr_graph *g, int at)
{
    const int value = g->input[at];
    memmove(&g->input[at], &g->input[at + 1], (g->n_input - (size_t)at - 1) * sizeof *g->input);
    g->input[g->n_input - 1] = value;
}

int rpr_feeds_settle(rpr_graph *g, const rpr_model_options *o, rpr_error *err)
{
    for (size_t i = 0; i < o->n_fixed; i++) {
        const int at = input_named(g, o->fixed[i].name);
        if (at == RPR_NONE)
            return no_input(o->fixed[i].name, err);
        RPR_TRY(fix(g, at, &o->fixed[i], err));
    }
    for (size_t i = 0; i < o->n_carry; i++) {
        const int at = input_named(g, o->carry[i].input);
        if (at == RPR_NONE)
            return no_input(o->carry[i].input, err);
        if (output_named(g, o->carry[i].output) == RPR_NONE)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "the model has no output '%s'",
                            o->carry[i].output);
        move_last(g, at);
    }
    return RPR_OK;
}

/** "f32 2x1x128" */
static const char *describe(const rpr_value *v, char *text, size_t room)
{
    size_t at = (size_t)snprintf(text, room, "type %d, [", (int)v->dtype);
    for (int d = 0; d < v->shape.rank && at < room; d++)
        at += (size_t)snprintf(text + at, room - at, "%s%lld", d ? ", " : "",
                               (long long)v->shape.dim[d]);
    if (at < room)
        (void)snprintf(text + at, room - at, "]");
    return text;
}

int rpr_feeds_check(const rpr_graph *g, const rpr_model_options *o, rpr_error *err)
{
    for (size_t i = 0; i < o->n_carry; i++) {
        const rpr_carry *c = &o->carry[i];
        const rpr_value *in = &g->value[g->input[input_named(g, c->input)]];
        const rpr_value *out = &g->value[g->output[output_named(g, c->output)]];
        char a[160], b[160];
        if (in->dtype != out->dtype || !rpr_shape_equal(&in->shape, &out->shape))
            return rpr_fail(err, RPR_ERR_SHAPE,
                            "output '%s' (%s) cannot be carried to input '%s' (%s)", out->name,
                            describe(out, b, sizeof b), in->name, describe(in, a, sizeof a));
        const size_t bytes = (size_t)rpr_shape_count(&in->shape) * rpr_dtype_size(in->dtype);
        if (c->initial && c->bytes != bytes)
            return rpr_fail(err, RPR_ERR_SHAPE, "input '%s' begins with %zu bytes, %zu are needed",
                            in->name, c->bytes, bytes);
    }
    return RPR_OK;
}

int rpr_feeds_plan(rpr_plan *p, const rpr_model_options *o, rpr_error *err)
{
    p->n_given = p->n_input - (int)o->n_carry;
    p->carry = rpr_alloc_array(o->n_carry + 1, sizeof *p->carry);
    if (!p->carry)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < o->n_carry; i++) {
        rpr_carry_plan *c = &p->carry[i];
        c->output = output_named(p->graph, o->carry[i].output);
        const rpr_value *in = &p->graph->value[p->graph->input[p->n_given + (int)i]];
        c->bytes = (size_t)rpr_shape_count(&in->shape) * rpr_dtype_size(in->dtype);
        void *first = rpr_alloc(c->bytes);
        if (!first)
            return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
        if (o->carry[i].initial)
            memcpy(first, o->carry[i].initial, c->bytes);
        c->initial = first;
        RPR_TRY(rpr_plan_own(p, first, c->bytes));
    }
    return RPR_OK;
}
