/* SPDX-License-Identifier: Apache-2.0 */
/* Topological order by Kahn's method (Communications of the ACM, 1962). */
#include "core/alloc.h"
#include "graph/graph.h"

/* The nodes that read a value are reader[first[value]] ... reader[first[value + 1] - 1]. */
typedef struct rpr_sort {
    rpr_graph *g;
    size_t *first;
    int *reader;
    int *waiting; /* per node: inputs whose producer has not been placed */
    int *order;   /* placed nodes, which is also the queue */
    rpr_node *sorted;
} rpr_sort;

static bool has_source(const rpr_graph *g, const bool *is_input, int value)
{
    const rpr_value *v = &g->value[value];
    return v->is_const || v->producer != RPR_NONE || is_input[value];
}

static int check_sources(const rpr_graph *g, const bool *is_input, rpr_error *err)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] != RPR_NONE && !has_source(g, is_input, n->in[k]))
                return rpr_fail(err, RPR_ERR_FORMAT,
                                "node '%s' (%s) reads '%s', which nothing produces", n->name, n->op,
                                g->value[n->in[k]].name);
    }
    for (size_t i = 0; i < g->n_output; i++)
        if (!has_source(g, is_input, g->output[i]))
            return rpr_fail(err, RPR_ERR_FORMAT, "nothing produces the graph output '%s'",
                            g->value[g->output[i]].name);
    return RPR_OK;
}

static int find_missing(const rpr_graph *g, rpr_error *err)
{
    bool *is_input = rpr_alloc_array(g->n_value, sizeof *is_input);
    if (!is_input)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory while sorting the graph");
    for (size_t i = 0; i < g->n_input; i++)
        is_input[g->input[i]] = true;
    int status = check_sources(g, is_input, err);
    rpr_free(is_input);
    return status;
}

/** Node that must come before node `reader` because of its input k, or RPR_NONE. */
static int producer_of(const rpr_graph *g, const rpr_node *reader, int k)
{
    return reader->in[k] == RPR_NONE ? RPR_NONE : g->value[reader->in[k]].producer;
}

static bool is_sorted(const rpr_graph *g)
{
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (producer_of(g, &g->node[i], k) >= (int)i)
                return false;
    return true;
}

static bool list_readers(rpr_sort *s)
{
    const rpr_graph *g = s->g;
    size_t edges = 0;
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (producer_of(g, &g->node[i], k) != RPR_NONE) {
                s->first[g->node[i].in[k]]++;
                s->waiting[i]++;
                edges++;
            }
    s->reader = rpr_alloc_array(edges, sizeof *s->reader);
    if (!s->reader)
        return false;
    size_t end = 0;
    for (size_t v = 0; v < g->n_value; v++)
        s->first[v] = end += s->first[v];
    s->first[g->n_value] = end;
    for (size_t i = g->n_node; i-- > 0;) /* backwards, so that readers stand in file order */
        for (int k = 0; k < g->node[i].n_in; k++)
            if (producer_of(g, &g->node[i], k) != RPR_NONE)
                s->reader[--s->first[g->node[i].in[k]]] = (int)i;
    return true;
}

static int place(rpr_sort *s, rpr_error *err)
{
    const rpr_graph *g = s->g;
    size_t n = 0;
    for (size_t i = 0; i < g->n_node; i++)
        if (!s->waiting[i])
            s->order[n++] = (int)i;
    for (size_t i = 0; i < n; i++) {
        const rpr_node *node = &g->node[s->order[i]];
        for (int k = 0; k < node->n_out; k++)
            if (node->out[k] != RPR_NONE)
                for (size_t r = s->first[node->out[k]]; r < s->first[node->out[k] + 1]; r++)
                    if (--s->waiting[s->reader[r]] == 0)
                        s->order[n++] = s->reader[r];
    }
    if (n == g->n_node)
        return RPR_OK;
    /* Every node left waits for another one that is left: going back along them enters a cycle. */
    size_t at = 0;
    while (!s->waiting[at])
        at++;
    for (size_t step = 0; step < g->n_node; step++)
        for (int k = 0; k < g->node[at].n_in; k++) {
            int p = producer_of(g, &g->node[at], k);
            if (p != RPR_NONE && s->waiting[p]) {
                at = (size_t)p;
                break;
            }
        }
    return rpr_fail(err, RPR_ERR_FORMAT, "the graph has a cycle through node '%s' (%s)",
                    g->node[at].name, g->node[at].op);
}

static void reorder(rpr_sort *s)
{
    rpr_graph *g = s->g;
    for (size_t i = 0; i < g->n_node; i++) {
        s->sorted[i] = g->node[s->order[i]];
        for (int k = 0; k < s->sorted[i].n_out; k++)
            if (s->sorted[i].out[k] != RPR_NONE)
                g->value[s->sorted[i].out[k]].producer = (int)i;
    }
    rpr_free(g->node);
    g->node = s->sorted;
    g->cap_node = g->n_node;
    s->sorted = NULL;
}

int rpr_graph_sort(rpr_graph *g, rpr_error *err)
{
    RPR_TRY(find_missing(g, err));
    if (is_sorted(g))
        return RPR_OK;
    rpr_sort s = {.g = g,
                  .first = rpr_alloc_array(g->n_value + 1, sizeof *s.first),
                  .waiting = rpr_alloc_array(g->n_node, sizeof *s.waiting),
                  .order = rpr_alloc_array(g->n_node, sizeof *s.order),
                  .sorted = rpr_alloc_array(g->n_node, sizeof *s.sorted)};
    int status = RPR_ERR_NOMEM;
    if (s.first && s.waiting && s.order && s.sorted && list_readers(&s))
        status = place(&s, err);
    else
        rpr_fail(err, status, "out of memory while sorting the graph");
    if (status == RPR_OK)
        reorder(&s);
    rpr_free(s.first);
    rpr_free(s.reader);
    rpr_free(s.waiting);
    rpr_free(s.order);
    rpr_free(s.sorted);
    return status;
}
