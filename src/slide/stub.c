/* SPDX-License-Identifier: Apache-2.0 */
/* Until the pass is there: all of the window is kept, and all is computed. */
#include <string.h>

#include "core/alloc.h"
#include "graph/table.h"
#include "slide/slide.h"

static int input_of(const rpr_graph *g, const rpr_window *w, int *axis, rpr_error *err)
{
    for (size_t i = 0; i < g->n_input; i++) {
        const rpr_value *v = &g->value[g->input[i]];
        if (w->input && strcmp(v->name, w->input) != 0)
            continue;
        *axis = w->axis < 0 ? w->axis + v->shape.rank : w->axis;
        if (*axis < 0 || *axis >= v->shape.rank)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "window: input '%s' has no axis %d", v->name,
                            w->axis);
        return g->input[i];
    }
    return rpr_fail(err, RPR_ERR_ARGUMENT, "window: the model has no input '%s'",
                    w->input ? w->input : "");
}

int rpr_slide_fix(rpr_graph *g, const rpr_window *w, rpr_error *err)
{
    int axis = 0;
    const int v = input_of(g, w, &axis, err);
    if (v < 0)
        return v;
    if (w->length > 0)
        g->value[v].shape.dim[axis] = w->length;
    return RPR_OK;
}

static char *copy(const char *s)
{
    char *c = rpr_alloc(strlen(s) + 1);
    if (c)
        strcpy(c, s);
    return c;
}

int rpr_graph_slide(rpr_graph *g, const rpr_window *w, rpr_slide **out, rpr_error *err)
{
    int axis = 0;
    const int v = input_of(g, w, &axis, err);
    if (v < 0)
        return v;
    rpr_slide *s = rpr_alloc(sizeof *s);
    s->length = g->value[v].shape.dim[axis];
    s->hop = w->hop;
    s->layer = rpr_alloc_array(g->n_node + 1, sizeof *s->layer);
    if (s->hop >= s->length) {
        rpr_slide_free(s);
        return rpr_fail(err, RPR_ERR_ARGUMENT, "window: a hop of %lld leaves nothing",
                        (long long)w->hop);
    }
    const int whole = rpr_graph_add_value(g, "window", RPR_UNDEFINED, NULL);
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_node *n = &g->node[i];
        if (n->dead)
            continue;
        s->layer[s->n_layer++] = (rpr_slide_layer){.name = copy(n->name),
                                                   .op = copy(n->op),
                                                   .reason = copy("not yet"),
                                                   .verdict = RPR_WINDOW_WHOLE};
        for (int k = 0; k < n->n_in; k++)
            n->in[k] = n->in[k] == v ? whole : n->in[k];
    }
    for (size_t i = 0; i < g->n_output; i++)
        g->output[i] = g->output[i] == v ? whole : g->output[i];
    g->value[v].shape.dim[axis] = w->hop;
    const int node = rpr_graph_add_node(g, "window", "Delay", RPR_OWN_DOMAIN, 1, &v, 1, &whole, 1);
    rpr_node *n = &g->node[node];
    (void)rpr_node_set_int(n, "axis", axis);
    (void)rpr_node_set_int(n, "length", s->length);
    (void)rpr_node_set_int(n, "shift", w->hop);
    (void)rpr_node_set_int(n, "period", 1);
    *out = s;
    return rpr_graph_sort(g, err);
}
