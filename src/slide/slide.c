/* SPDX-License-Identifier: Apache-2.0 */
/* The pass: is it a window of this graph? Then judge, demand, report, rewrite. */
#include "slide/slide.h"

#include <string.h>

#include "core/alloc.h"
#include "slide/state.h"

static int find_input(const rpr_graph *g, const rpr_window *w, int *value, rpr_error *err)
{
    for (size_t i = 0; i < g->n_input; i++)
        if (!w->input || strcmp(g->value[g->input[i]].name, w->input) == 0) {
            *value = g->input[i];
            return RPR_OK;
        }
    if (!w->input)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "window: the model has no input");
    return rpr_fail(err, RPR_ERR_ARGUMENT, "window: the model has no input '%s'", w->input);
}

static int find_axis(const rpr_value *v, const rpr_window *w, int *axis, rpr_error *err)
{
    const int rank = v->shape.rank;
    *axis = w->axis < 0 ? w->axis + rank : w->axis;
    if (*axis < 0 || *axis >= rank)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "window: input '%s' has %d axes, and no axis %d",
                        v->name, rank, w->axis);
    return RPR_OK;
}

static int check_length(const rpr_value *v, const rpr_window *w, int axis, rpr_error *err)
{
    const int64_t columns = v->shape.dim[axis];
    if (w->length > 0 && columns != w->length)
        return rpr_fail(err, RPR_ERR_SHAPE,
                        "window: input '%s' has %lld columns on axis %d, not %lld", v->name,
                        (long long)columns, axis, (long long)w->length);
    if (w->hop >= columns)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "window: input '%s': a hop of %lld leaves nothing of %lld columns", v->name,
                        (long long)w->hop, (long long)columns);
    return RPR_OK;
}

int rpr_slide_fix(rpr_graph *g, const rpr_window *w, rpr_error *err)
{
    int value, axis;
    RPR_TRY(rpr_slide_check_options(w, err));
    RPR_TRY(find_input(g, w, &value, err));
    rpr_value *v = &g->value[value];
    if (v->shape.rank < 0) /* the shape may come with the options */
        return RPR_OK;
    RPR_TRY(find_axis(v, w, &axis, err));
    if (v->shape.dim[axis] < 0 && w->length > 0)
        v->shape.dim[axis] = w->length;
    return v->shape.dim[axis] < 0 ? RPR_OK : check_length(v, w, axis, err);
}

static int judge(rpr_slider *s)
{
    rpr_free(s->value);
    rpr_free(s->fate);
    s->n_value = s->g->n_value;
    s->n_node = s->g->n_node;
    s->value = rpr_alloc_array(s->n_value + 1, sizeof *s->value);
    s->fate = rpr_alloc_array(s->n_node + 1, sizeof *s->fate);
    if (!s->value || !s->fate)
        return rpr_fail(s->err, RPR_ERR_NOMEM, "out of memory");
    rpr_slide_judge(s);
    return RPR_OK;
}

static int run(rpr_slider *s, rpr_slide *out)
{
    bool changed;
    RPR_TRY(judge(s));
    RPR_TRY(rpr_slide_products(s, &changed));
    if (changed)
        RPR_TRY(judge(s));
    rpr_slide_demand(s);
    RPR_TRY(rpr_slide_report(s, out));
    return rpr_slide_rewrite(s);
}

int rpr_graph_slide(rpr_graph *g, const rpr_window *w, rpr_slide **out, rpr_error *err)
{
    rpr_slider s = {.g = g, .hop = w->hop, .err = err};
    *out = NULL;
    RPR_TRY(rpr_slide_check_options(w, err));
    RPR_TRY(find_input(g, w, &s.input, err));
    RPR_TRY(find_axis(&g->value[s.input], w, &s.axis, err));
    RPR_TRY(check_length(&g->value[s.input], w, s.axis, err));
    s.length = g->value[s.input].shape.dim[s.axis];
    rpr_slide *made = rpr_alloc(sizeof *made);
    int status = made ? run(&s, made) : rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    rpr_free(s.value);
    rpr_free(s.fate);
    rpr_free(s.order);
    if (status == RPR_OK)
        *out = made;
    else
        rpr_slide_free(made);
    return status;
}
