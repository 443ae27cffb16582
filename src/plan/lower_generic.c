/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes without a form of their own on the frame path run by their definition. */
#include "plan/build.h"

#include "ops/node.h"

/** Recurrent nodes with constant weights have packed ones. */
static int make_recurrent(rpr_plan *p, const rpr_node *n, rpr_step *s, rpr_error *err)
{
    if (!rpr_node_is_recurrent(n))
        return RPR_OK;
    RPR_TRY(rpr_recurrent_layer_new(p->graph, n, &s->recurrent, err));
    p->constant_bytes += s->recurrent ? s->recurrent->weight_bytes + s->recurrent->half_bytes : 0;
    return RPR_OK;
}

static int operand(rpr_plan *p, int value)
{
    if (value == RPR_NONE)
        return RPR_NONE;
    if (p->graph->value[value].is_const)
        return rpr_plan_constant(p, value, p->graph->value[value].shape.rank, -1);
    return p->tensor_of[value];
}

int rpr_lower_generic(rpr_plan *p, const rpr_node *n, const int *preferred, rpr_error *err)
{
    rpr_step *s = rpr_plan_add_step(p, RPR_STEP_GENERIC, n, n->n_in, n->n_out);
    if (!s)
        return rpr_node_nomem(err, n);
    RPR_TRY(make_recurrent(p, n, s, err));
    for (int i = 0; i < n->n_in; i++) {
        s->in[i] = operand(p, n->in[i]);
        if (n->in[i] != RPR_NONE && s->in[i] == RPR_NONE)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "tensor too large");
    }
    for (int i = 0; i < n->n_out; i++) {
        s->out[i] = RPR_NONE;
        if (n->out[i] == RPR_NONE)
            continue;
        s->out[i] = rpr_plan_new_tensor(p, n->out[i], preferred[n->out[i]]);
        if (s->out[i] == RPR_NONE)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "tensor too large");
    }
    return RPR_OK;
}
