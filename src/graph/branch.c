/* SPDX-License-Identifier: Apache-2.0 */
/* If: a branch's nodes and values move into the graph that the If stands in. */
#include "graph/branch.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/dropout.h"

static int no_memory(const rpr_node *n, rpr_error *err)
{
    return rpr_fail(err, RPR_ERR_NOMEM, "node '%s' (If): out of memory", n->name);
}

bool rpr_node_is_if(const rpr_node *n)
{
    return !*n->domain && strcmp(n->op, "If") == 0;
}

static rpr_attr *branch_of(rpr_node *n, bool then)
{
    rpr_attr *a = (rpr_attr *)rpr_node_attr(n, then ? "then_branch" : "else_branch");
    return a && a->kind == RPR_ATTR_GRAPH ? a : NULL;
}

int rpr_branch_check(rpr_node *n, rpr_error *err)
{
    for (int then = 0; then < 2; then++) {
        const rpr_attr *a = branch_of(n, then != 0);
        const char *name = then ? "then" : "else";
        if (!a)
            return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (If): there is no %s branch", n->name,
                            name);
        if (a->graph->n_output != (size_t)n->n_out)
            return rpr_fail(err, RPR_ERR_FORMAT,
                            "node '%s' (If): %d outputs, the %s branch gives %zu", n->name,
                            n->n_out, name, a->graph->n_output);
    }
    return RPR_OK;
}

/** The values of a branch in the graph around it: *map says which is which. */
static int move_values(rpr_graph *g, const rpr_node *n, rpr_attr *a, int *map, rpr_error *err)
{
    rpr_graph *from = a->graph;
    for (size_t i = 0; i < from->n_value; i++)
        map[i] = RPR_NONE;
    for (size_t i = 0; i < from->n_input; i++)
        map[from->input[i]] = n->in[a->first + (int)i];
    for (size_t i = 0; i < from->n_value; i++) {
        rpr_value *v = &from->value[i];
        if (map[i] != RPR_NONE)
            continue;
        map[i] = rpr_graph_add_value(g, v->name, v->dtype, &v->shape);
        if (map[i] == RPR_NONE)
            return no_memory(n, err);
        if (v->is_const) {
            rpr_shape shape = v->shape;
            rpr_graph_set_const(g, map[i], v->dtype, &shape, v->data);
            v->data = NULL;
        }
    }
    return RPR_OK;
}

static void map_indices(int *index, int n, const int *map)
{
    for (int i = 0; i < n; i++)
        if (index[i] != RPR_NONE)
            index[i] = map[index[i]];
}

/** The node goes with all that it owns. */
static int move_node(rpr_graph *g, rpr_node *n, const int *map)
{
    map_indices(n->in, n->n_in, map);
    map_indices(n->out, n->n_out, map);
    int to = rpr_graph_add_node(g, n->name, n->op, n->domain, n->opset, n->in, n->n_in, n->out,
                                n->n_out);
    if (to == RPR_NONE)
        return RPR_ERR_NOMEM;
    g->node[to].attr = n->attr;
    g->node[to].n_attr = n->n_attr;
    n->attr = NULL;
    n->n_attr = 0;
    return RPR_OK;
}

/** Moves one branch; out[i] becomes the value of its output i. */
static int move_branch(rpr_graph *g, int node, bool then, int *out, rpr_error *err)
{
    /* What is moved makes g->node move: the attribute is taken out of it first. */
    rpr_attr *at = branch_of(&g->node[node], then);
    rpr_attr a = *at;
    at->graph = NULL;
    at->kind = RPR_ATTR_OTHER;
    const rpr_node n = g->node[node];
    int status = rpr_graph_settle_dropout(a.graph, err);
    int *map = rpr_alloc_array(a.graph->n_value + 1, sizeof *map);
    if (status == RPR_OK)
        status = map ? move_values(g, &n, &a, map, err) : no_memory(&n, err);
    for (size_t i = 0; i < a.graph->n_node && status == RPR_OK; i++)
        if (move_node(g, &a.graph->node[i], map) != RPR_OK)
            status = no_memory(&n, err);
    for (size_t i = 0; i < a.graph->n_output && status == RPR_OK; i++)
        out[i] = map[a.graph->output[i]];
    rpr_free(map);
    rpr_graph_free(a.graph);
    return status;
}

/** A node of an operator that ONNX has had since opset 9 in this form. */
static int add(rpr_graph *g, int like, const char *op, const int *in, int n_in, int out,
               rpr_error *err)
{
    char name[256];
    const rpr_node *n = &g->node[like];
    (void)snprintf(name, sizeof name, "%.240s/%s", n->name, op);
    if (rpr_graph_add_node(g, name, op, "", n->opset, in, n_in, &out, 1) == RPR_NONE)
        return no_memory(&g->node[like], err);
    return RPR_OK;
}

/** The condition, which has one element, as a scalar: it must not widen what it chooses from. */
static int add_scalar(rpr_graph *g, int node, int *condition, rpr_error *err)
{
    const rpr_shape none = {.rank = 1, .dim = {0}};
    int shape = rpr_graph_add_value(g, "shape", RPR_I64, &none);
    int out = rpr_graph_add_value(g, g->node[node].name, RPR_UNDEFINED, NULL);
    void *empty = rpr_alloc(sizeof(int64_t));
    if (shape == RPR_NONE || out == RPR_NONE || !empty) {
        rpr_free(empty);
        return no_memory(&g->node[node], err);
    }
    rpr_graph_set_const(g, shape, RPR_I64, &none, empty);
    RPR_TRY(add(g, node, "Reshape", (int[]){*condition, shape}, 2, out, err));
    *condition = out;
    return RPR_OK;
}

/** The If is gone; what reads its outputs reads the new nodes'. */
static void bury(rpr_node *n)
{
    n->dead = true;
    n->n_in = n->n_out = 0;
}

static int inline_both(rpr_graph *g, int node, const int *out, int n_out, int *from, rpr_error *err)
{
    int *other = from + n_out, condition = g->node[node].in[0];
    RPR_TRY(move_branch(g, node, true, from, err));
    RPR_TRY(move_branch(g, node, false, other, err));
    RPR_TRY(add_scalar(g, node, &condition, err));
    for (int i = 0; i < n_out; i++)
        if (out[i] != RPR_NONE)
            RPR_TRY(add(g, node, "Where", (int[]){condition, from[i], other[i]}, 3, out[i], err));
    return RPR_OK;
}

static int inline_one(rpr_graph *g, int node, bool then, const int *out, int n_out, int *from,
                      rpr_error *err)
{
    RPR_TRY(move_branch(g, node, then, from, err));
    for (int i = 0; i < n_out; i++)
        if (out[i] != RPR_NONE)
            RPR_TRY(add(g, node, "Identity", &from[i], 1, out[i], err));
    return RPR_OK;
}

int rpr_branch_inline(rpr_graph *g, int node, rpr_branches which, rpr_error *err)
{
    const int n_out = g->node[node].n_out;
    int *out = rpr_alloc_array(3 * (size_t)n_out + 1, sizeof *out), *from = out + n_out;
    if (!out)
        return no_memory(&g->node[node], err);
    if (n_out)
        memcpy(out, g->node[node].out, (size_t)n_out * sizeof *out);
    int status = which == RPR_BRANCH_BOTH
                     ? inline_both(g, node, out, n_out, from, err)
                     : inline_one(g, node, which == RPR_BRANCH_THEN, out, n_out, from, err);
    rpr_free(out);
    bury(&g->node[node]);
    return status;
}
