/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/dropout.h"

#include <string.h>

#include "core/alloc.h"

/** Training is an input since opset 12; before that only training frameworks turned it on. */
static bool is_in_training(const rpr_graph *g, const rpr_node *n)
{
    if (n->n_in < 3 || n->in[2] == RPR_NONE)
        return false;
    const rpr_value *v = &g->value[n->in[2]];
    return !v->is_const || v->dtype != RPR_BOOL || rpr_shape_count(&v->shape) != 1 ||
           *(const uint8_t *)v->data;
}

/** All outputs but the first: the mask. */
static bool is_mask_read(const rpr_node *n, const bool *is_read)
{
    for (int i = 1; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE && is_read[n->out[i]])
            return true;
    return false;
}

static int settle(const rpr_graph *g, rpr_node *n, const bool *is_read)
{
    if (*n->domain || strcmp(n->op, "Dropout") != 0 || n->n_in < 1 || n->n_out < 1 ||
        is_in_training(g, n) || is_mask_read(n, is_read))
        return RPR_OK;
    char *op = rpr_strdup("Identity");
    if (!op)
        return RPR_ERR_NOMEM;
    rpr_free(n->op);
    n->op = op;
    n->n_in = 1;
    for (; n->n_out > 1; n->n_out--)
        if (n->out[n->n_out - 1] != RPR_NONE)
            g->value[n->out[n->n_out - 1]].producer = RPR_NONE;
    return RPR_OK;
}

int rpr_graph_settle_dropout(rpr_graph *g, rpr_error *err)
{
    bool *is_read = rpr_alloc_array(g->n_value, sizeof *is_read);
    int status = is_read ? RPR_OK : RPR_ERR_NOMEM;
    for (size_t i = 0; is_read && i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (g->node[i].in[k] != RPR_NONE)
                is_read[g->node[i].in[k]] = true;
    for (size_t i = 0; is_read && i < g->n_output; i++)
        is_read[g->output[i]] = true;
    for (size_t i = 0; status == RPR_OK && i < g->n_node; i++)
        status = settle(g, &g->node[i], is_read);
    rpr_free(is_read);
    return status == RPR_OK ? RPR_OK : rpr_fail(err, status, "out of memory");
}
