/* SPDX-License-Identifier: Apache-2.0 */
/* Removal of what nobody needs. */
#include "core/alloc.h"
#include "graph/graph.h"

/** Marks what is needed, walking the sorted nodes backwards from the graph's outputs. */
static void mark(rpr_graph *g, bool *needed)
{
    for (size_t i = 0; i < g->n_output; i++)
        needed[g->output[i]] = true;
    for (size_t i = g->n_node; i-- > 0;) {
        rpr_node *n = &g->node[i];
        bool live = false;
        for (int k = 0; !n->dead && k < n->n_out; k++)
            live |= n->out[k] != RPR_NONE && needed[n->out[k]];
        n->dead = !live;
        for (int k = 0; live && k < n->n_in; k++)
            if (n->in[k] != RPR_NONE)
                needed[n->in[k]] = true;
    }
}

/** Closes the gaps; producers are indices, so they are set anew. */
static void compact(rpr_graph *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->n_value; i++)
        g->value[i].producer = RPR_NONE;
    for (size_t i = 0; i < g->n_node; i++) {
        if (g->node[i].dead) {
            rpr_node_clear(&g->node[i]);
            continue;
        }
        rpr_node *n = &g->node[kept];
        *n = g->node[i];
        for (int k = 0; k < n->n_out; k++)
            if (n->out[k] != RPR_NONE)
                g->value[n->out[k]].producer = (int)kept;
        kept++;
    }
    g->n_node = kept;
}

void rpr_graph_sweep(rpr_graph *g)
{
    bool *needed = rpr_alloc_array(g->n_value, sizeof *needed);
    if (needed)
        mark(g, needed);
    compact(g);
    for (size_t i = 0; needed && i < g->n_value; i++) { /* without memory, what is unread stays */
        rpr_value *v = &g->value[i];
        if (needed[i] || !v->is_const)
            continue;
        rpr_free(v->data);
        v->data = NULL;
        v->is_const = false;
    }
    rpr_free(needed);
}
