/* SPDX-License-Identifier: Apache-2.0 */
/* Exporters may write a QuantizeLinear for every reader of a value. */
#include "core/alloc.h"
#include "graph/qdq.h"

/** Readers of what has a stand-in (value + 1) read that. */
static void follow(rpr_qdq *q, const int *stand_in)
{
    rpr_graph *g = q->f.g;
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (g->node[i].in[k] != RPR_NONE && stand_in[g->node[i].in[k]])
                g->node[i].in[k] = stand_in[g->node[i].in[k]] - 1;
}

int rpr_qdq_merge_equal(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    int *first = rpr_alloc_array(g->n_value, sizeof *first); /* node + 1 that stores a value */
    int *stand_in = rpr_alloc_array(g->n_value, sizeof *stand_in);
    int status = first && stand_in ? RPR_OK : rpr_fuse_nomem(&q->f);
    for (size_t i = 0; i < g->n_node && status == RPR_OK; i++) {
        rpr_quant_params mine, other;
        rpr_node *n = &g->node[i];
        if (!rpr_fuse_is(n, "QuantizeLinear") || !rpr_qdq_params(q, n, &mine))
            continue;
        int *at = &first[n->in[0]];
        if (!*at)
            *at = (int)i + 1;
        else if (rpr_qdq_params(q, &g->node[*at - 1], &other) && rpr_qdq_equal(&mine, &other) &&
                 !q->f.is_output[n->out[0]])
            stand_in[n->out[0]] = g->node[*at - 1].out[0] + 1;
    }
    if (status == RPR_OK)
        follow(q, stand_in); /* the uses are counted anew for the next step */
    rpr_free(first);
    rpr_free(stand_in);
    return status;
}
