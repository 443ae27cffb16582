/* SPDX-License-Identifier: Apache-2.0 */
/* Exporters may write a QuantizeLinear for every reader of a value. */
#include "core/alloc.h"
#include "graph/qdq.h"

static void read_instead(rpr_qdq *q, int old, int value)
{
    rpr_graph *g = q->f.g;
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (g->node[i].in[k] == old) {
                g->node[i].in[k] = value;
                q->f.uses[old]--;
                q->f.uses[value]++;
            }
}

int rpr_qdq_merge_equal(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    int *first = rpr_alloc_array(g->n_value, sizeof *first); /* node + 1 that stores a value */
    if (!first)
        return rpr_fuse_nomem(&q->f);
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_quant_params mine, other;
        rpr_node *n = &g->node[i];
        if (!rpr_fuse_is(n, "QuantizeLinear") || !rpr_qdq_params(q, n, &mine))
            continue;
        int *at = &first[n->in[0]];
        if (!*at)
            *at = (int)i + 1;
        else if (rpr_qdq_params(q, &g->node[*at - 1], &other) && rpr_qdq_equal(&mine, &other) &&
                 !q->f.is_output[n->out[0]])
            read_instead(q, n->out[0], g->node[*at - 1].out[0]);
    }
    rpr_free(first);
    return RPR_OK;
}
