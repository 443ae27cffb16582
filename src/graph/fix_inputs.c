/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes for the graph's inputs, from the file and from the options. */
#include <inttypes.h>
#include <string.h>

#include "graph/passes.h"

static const char *declared(const rpr_value *v)
{
    return v->declared ? v->declared : "a shape that is not given";
}

/** The input that an option speaks of, or RPR_NONE. */
static int find_input(const rpr_graph *g, const char *name)
{
    if (!name)
        return g->n_input ? g->input[0] : RPR_NONE;
    for (size_t i = 0; i < g->n_input; i++)
        if (strcmp(g->value[g->input[i]].name, name) == 0)
            return g->input[i];
    return RPR_NONE;
}

static int check_option(const rpr_value *v, const rpr_input_shape *s, rpr_error *err)
{
    if (v->shape.rank >= 0 && v->shape.rank != s->rank)
        return rpr_fail(err, RPR_ERR_SHAPE,
                        "input '%s' is declared as %s; a shape of rank %d was given", v->name,
                        declared(v), s->rank);
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] <= 0)
            return rpr_fail(err, RPR_ERR_ARGUMENT,
                            "input '%s': dimension %d of the given shape is %" PRId64, v->name, i,
                            s->dim[i]);
        if (v->shape.rank >= 0 && v->shape.dim[i] >= 0 && v->shape.dim[i] != s->dim[i])
            return rpr_fail(err, RPR_ERR_SHAPE,
                            "input '%s' is declared as %s; dimension %d cannot be %" PRId64,
                            v->name, declared(v), i, s->dim[i]);
    }
    return RPR_OK;
}

static int apply(rpr_graph *g, const rpr_input_shape *s, rpr_error *err)
{
    if (s->rank < 0 || s->rank > RPR_MAX_RANK)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "input '%s': rank %d is not in [0, %d]",
                        s->name ? s->name : "", s->rank, RPR_MAX_RANK);
    int i = find_input(g, s->name);
    if (i == RPR_NONE)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "the model has no input '%s'",
                        s->name ? s->name : "");
    rpr_value *v = &g->value[i];
    RPR_TRY(check_option(v, s, err));
    v->shape.rank = s->rank;
    memcpy(v->shape.dim, s->dim, (size_t)s->rank * sizeof *s->dim);
    return RPR_OK;
}

static int check_input(const rpr_value *v, rpr_error *err)
{
    if (v->shape.rank < 0)
        return rpr_fail(err, RPR_ERR_SHAPE, "input '%s' has no shape in the file: give one",
                        v->name);
    for (int i = 0; i < v->shape.rank; i++)
        if (v->shape.dim[i] < 0)
            return rpr_fail(err, RPR_ERR_SHAPE,
                            "input '%s' is declared as %s: dimension %d is open, give a shape",
                            v->name, declared(v), i);
    if (rpr_shape_count(&v->shape) < 0)
        return rpr_fail(err, RPR_ERR_SHAPE, "input '%s': its dimensions overflow", v->name);
    return RPR_OK;
}

int rpr_graph_fix_inputs(rpr_graph *g, const rpr_input_shape *shapes, size_t n, rpr_error *err)
{
    for (size_t i = 0; i < n; i++)
        RPR_TRY(apply(g, &shapes[i], err));
    for (size_t i = 0; i < g->n_input; i++)
        RPR_TRY(check_input(&g->value[g->input[i]], err));
    return RPR_OK;
}
