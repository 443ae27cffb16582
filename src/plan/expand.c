/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/expand.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/table.h"

/** A name, with its end given up where it is too long. */
static void name_of(const rpr_expansion *e, const char *what, char name[256])
{
    (void)snprintf(name, 256, "%.200s/%s", e->name, what);
}

int rpr_expand_value(rpr_expansion *e, const char *what)
{
    char name[256];
    name_of(e, what, name);
    int v = e->status == RPR_OK ? rpr_graph_add_value(e->g, name, RPR_UNDEFINED, NULL) : RPR_NONE;
    if (v == RPR_NONE)
        e->status = RPR_ERR_NOMEM;
    return v;
}

int rpr_expand_constant(rpr_expansion *e, const char *what, rpr_dtype t, rpr_shape shape,
                        const void *data)
{
    const size_t bytes = (size_t)rpr_shape_count(&shape) * rpr_dtype_size(t);
    int v = rpr_expand_value(e, what);
    void *copy = v == RPR_NONE ? NULL : rpr_alloc(bytes);
    if (!copy) {
        e->status = RPR_ERR_NOMEM;
        return RPR_NONE;
    }
    if (data)
        memcpy(copy, data, bytes);
    rpr_graph_set_const(e->g, v, t, &shape, copy);
    return v;
}

int rpr_expand_ints(rpr_expansion *e, const char *what, const int64_t *v, int n)
{
    return rpr_expand_constant(e, what, RPR_I64, (rpr_shape){.rank = 1, .dim = {n}}, v);
}

static int add_node(rpr_expansion *e, const char *domain, int opset, const char *op,
                    const char *what, int out, const int *in, int n_in)
{
    char name[256];
    name_of(e, what, name);
    out = out == RPR_NONE ? rpr_expand_value(e, what) : out;
    if (e->status != RPR_OK)
        return RPR_NONE;
    if (rpr_graph_add_node(e->g, name, op, domain, opset, in, n_in, &out, 1) == RPR_NONE)
        e->status = RPR_ERR_NOMEM;
    return out;
}

int rpr_expand_node(rpr_expansion *e, const char *op, const char *what, int out, const int *in,
                    int n_in)
{
    return add_node(e, "", RPR_EXPAND_OPSET, op, what, out, in, n_in);
}

int rpr_expand_own_node(rpr_expansion *e, const char *op, const char *what, const int *in, int n_in)
{
    return add_node(e, RPR_OWN_DOMAIN, 1, op, what, RPR_NONE, in, n_in);
}

rpr_node *rpr_expand_last(const rpr_expansion *e)
{
    return &e->g->node[e->g->n_node - 1];
}

int rpr_expand_reshape(rpr_expansion *e, int x, const char *what, int out, int rank,
                       const int64_t *dim)
{
    const int shape = rpr_expand_ints(e, "shape", dim, rank);
    return rpr_expand_node(e, "Reshape", what, out, (int[]){x, shape}, 2);
}

void rpr_expand_bury(rpr_graph *g, int index)
{
    g->node[index].dead = true;
    g->node[index].n_in = g->node[index].n_out = 0;
}

int rpr_expand_settle(rpr_graph *g, rpr_error *err)
{
    RPR_TRY(rpr_graph_sort(g, err));
    rpr_graph_sweep(g);
    return RPR_OK;
}
