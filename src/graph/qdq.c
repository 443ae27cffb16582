/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the steps on quantised graphs, and the places of the nodes that they add. */
#include "graph/qdq.h"

#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"

/* Added nodes stand behind their anchors, in the order in which they were added. */
static int settle(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    size_t old = q->n_old, n = g->n_node, at = 0;
    if (n == old)
        return RPR_OK;
    rpr_node *sorted = rpr_alloc_array(n, sizeof *sorted);
    size_t *first = rpr_alloc_array(old + 2, sizeof *first); /* added behind node i - 1 */
    int *order = rpr_alloc_array(n - old, sizeof *order);
    bool room = sorted && first && order;
    for (size_t k = old; room && k < n; k++)
        first[q->after[k - old] + 2]++;
    for (size_t i = 1; room && i < old + 2; i++)
        first[i] += first[i - 1];
    for (size_t k = old; room && k < n; k++)
        order[first[q->after[k - old] + 1]++] = (int)k;
    for (size_t i = 0, k = 0; room && i <= old; i++) { /* first[i] is an end now */
        if (i > 0)
            sorted[at++] = g->node[i - 1];
        for (; k < first[i]; k++)
            sorted[at++] = g->node[order[k]];
    }
    rpr_free(first);
    rpr_free(order);
    if (!room) {
        rpr_free(sorted);
        return rpr_fuse_nomem(&q->f);
    }
    rpr_free(g->node);
    g->node = sorted;
    g->cap_node = n;
    return RPR_OK;
}

/** DequantizeLinear of constants: these are constants of their own from now on. */
static int drop_constants(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_node *n = &g->node[i];
        if (rpr_fuse_is(n, "DequantizeLinear") && g->value[n->out[0]].is_const)
            n->dead = true;
    }
    return RPR_OK;
}

static int run_step(rpr_qdq *q, int (*step)(rpr_qdq *))
{
    if (!rpr_fuse_count(&q->f))
        return rpr_fuse_nomem(&q->f);
    q->n_old = q->f.g->n_node;
    RPR_TRY(step(q));
    RPR_TRY(settle(q));
    rpr_graph_sweep(q->f.g); /* sets all producers anew */
    return RPR_OK;
}

int rpr_graph_qdq(rpr_graph *g, rpr_find_op_fn find, rpr_error *err)
{
    static int (*const step[])(rpr_qdq *) = {
        rpr_qdq_merge_equal, rpr_qdq_unsign,  rpr_qdq_move,   rpr_qdq_products,     rpr_qdq_norms,
        rpr_qdq_points,      rpr_qdq_resizes, rpr_qdq_tables, rpr_qdq_merge_tables, drop_constants};
    rpr_qdq q = {.f = {.g = g, .err = err}, .find = find};
    int status = RPR_OK;
    for (size_t i = 0; i < sizeof step / sizeof *step && status == RPR_OK; i++)
        status = run_step(&q, step[i]);
    rpr_free(q.after);
    rpr_free(q.f.uses);
    rpr_free(q.f.is_output);
    return status;
}
