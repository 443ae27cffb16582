/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph.h"

#include <limits.h>
#include <string.h>

#include "core/alloc.h"
#include "core/checked.h"

rpr_graph *rpr_graph_new(void)
{
    return rpr_alloc(sizeof(rpr_graph));
}

void rpr_value_clear(rpr_value *v)
{
    rpr_free(v->name);
    rpr_free(v->declared);
    rpr_free(v->data);
    *v = (rpr_value){.producer = RPR_NONE};
}

void rpr_node_clear(rpr_node *n)
{
    for (size_t i = 0; i < n->n_attr; i++)
        rpr_attr_clear(&n->attr[i]);
    rpr_free(n->attr);
    rpr_free(n->name);
    rpr_free(n->op);
    rpr_free(n->domain);
    rpr_free(n->in);
    rpr_free(n->out);
    *n = (rpr_node){.dead = true};
}

void rpr_graph_free(rpr_graph *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_value; i++)
        rpr_value_clear(&g->value[i]);
    for (size_t i = 0; i < g->n_node; i++)
        rpr_node_clear(&g->node[i]);
    rpr_free(g->value);
    rpr_free(g->node);
    rpr_free(g->input);
    rpr_free(g->output);
    rpr_free(g);
}

/** Makes room for one more element; *items moves. False when memory ran out. */
static bool reserve(void **items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t wide = *cap ? 2 * *cap : 64;
    if (n >= INT_MAX)
        return false;
    void *p = rpr_alloc_array(wide, size);
    if (!p)
        return false;
    if (n)
        memcpy(p, *items, n * size);
    rpr_free(*items);
    *items = p;
    *cap = wide;
    return true;
}

int rpr_graph_add_value(rpr_graph *g, const char *name, rpr_dtype dtype, const rpr_shape *shape)
{
    void *items = g->value;
    bool room = reserve(&items, g->n_value, &g->cap_value, sizeof *g->value);
    g->value = items;
    char *copy = room ? rpr_strdup(name) : NULL;
    if (!copy)
        return RPR_NONE;
    g->value[g->n_value] = (rpr_value){.name = copy,
                                       .dtype = dtype,
                                       .shape = shape ? *shape : (rpr_shape){.rank = -1},
                                       .producer = RPR_NONE};
    return (int)g->n_value++;
}

static int *copy_indices(const int *v, int n)
{
    int *p = rpr_alloc_array((size_t)n, sizeof *p);
    if (p && n)
        memcpy(p, v, (size_t)n * sizeof *p);
    return p;
}

int rpr_graph_add_node(rpr_graph *g, const char *name, const char *op, const char *domain,
                       int opset, const int *in, int n_in, const int *out, int n_out)
{
    void *items = g->node;
    bool room = reserve(&items, g->n_node, &g->cap_node, sizeof *g->node);
    g->node = items;
    if (!room)
        return RPR_NONE;
    rpr_node n = {.name = rpr_strdup(name),
                  .op = rpr_strdup(op),
                  .domain = rpr_strdup(domain),
                  .opset = opset,
                  .n_in = n_in,
                  .n_out = n_out,
                  .in = copy_indices(in, n_in),
                  .out = copy_indices(out, n_out),
                  .act = rpr_act_none()};
    if (!n.name || !n.op || !n.domain || !n.in || !n.out) {
        rpr_node_clear(&n);
        return RPR_NONE;
    }
    g->node[g->n_node] = n;
    for (int i = 0; i < n_out; i++)
        if (out[i] != RPR_NONE)
            g->value[out[i]].producer = (int)g->n_node;
    return (int)g->n_node++;
}

void rpr_graph_set_const(rpr_graph *g, int value, rpr_dtype dtype, const rpr_shape *shape,
                         void *data)
{
    rpr_value *v = &g->value[value];
    if (v->data != data)
        rpr_free(v->data);
    v->dtype = dtype;
    v->shape = *shape;
    v->data = data;
    v->is_const = true;
    v->producer = RPR_NONE;
}

int rpr_graph_uses(const rpr_graph *g, int value)
{
    int uses = 0;
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; !g->node[i].dead && k < g->node[i].n_in; k++)
            uses += g->node[i].in[k] == value;
    for (size_t i = 0; i < g->n_output; i++)
        uses += g->output[i] == value;
    return uses;
}

int64_t rpr_shape_count(const rpr_shape *s)
{
    int64_t count = 1;
    if (s->rank < 0 || s->rank > RPR_MAX_RANK)
        return -1;
    for (int i = 0; i < s->rank; i++)
        if (s->dim[i] < 0)
            return -1;
    for (int i = 0; i < s->rank; i++)
        if (s->dim[i] == 0)
            return 0;
    for (int i = 0; i < s->rank; i++)
        if (!rpr_mul_i64(count, s->dim[i], &count) || count > INT64_MAX / 16)
            return -1;
    return count;
}

bool rpr_shape_equal(const rpr_shape *a, const rpr_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

rpr_view rpr_value_view(const rpr_value *v, void *data)
{
    rpr_view view = {.dtype = v->dtype, .rank = v->shape.rank, .data = data};
    int64_t stride = 1;
    for (int i = v->shape.rank - 1; i >= 0; i--) {
        view.dim[i] = v->shape.dim[i];
        view.stride[i] = stride;
        /* With a zero beside it a dimension may be anything; nothing is ever read then. */
        if (!rpr_mul_i64(stride, v->shape.dim[i], &stride))
            stride = 0;
    }
    return view;
}
