/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <string.h>

#include "ops/linear_make.h"
#include "ops/node.h"

typedef int (*make_fn)(const rpr_graph *, const rpr_node *, rpr_linear **, rpr_error *);

static make_fn maker(const rpr_node *n)
{
    if (strcmp(n->op, "Conv") == 0)
        return rpr_linear_from_conv;
    if (strcmp(n->op, "ConvTranspose") == 0)
        return rpr_linear_from_conv_transpose;
    if (strcmp(n->op, "Gemm") == 0 || strcmp(n->op, "MatMul") == 0)
        return rpr_linear_from_matrix;
    if (strcmp(n->op, "QLinearConv") == 0)
        return rpr_linear_from_quant_conv;
    if (strcmp(n->op, "QLinearConvTranspose") == 0)
        return rpr_linear_from_quant_conv_transpose;
    if (strcmp(n->op, "QLinearMatMul") == 0 || strcmp(n->op, "QGemm") == 0)
        return rpr_linear_from_quant_matrix;
    return NULL;
}

/** The input with channels where the layer wants them and the zeros that it needs around. */
static int linear_input(rpr_plan *p, const rpr_node *n, const rpr_linear *l, int axis)
{
    int x = rpr_plan_on_axis(p, n->in[0], axis);
    if (x != RPR_NONE && l->words)
        x = rpr_plan_in_words(p, x);
    if (x != RPR_NONE)
        x = rpr_plan_with_halo(p, x, l);
    return x;
}

int rpr_lower_linear(rpr_plan *p, const rpr_node *n, bool *made, rpr_error *err)
{
    make_fn make = maker(n);
    rpr_linear *l = NULL;
    if (!make)
        return RPR_OK;
    RPR_TRY(make(p->graph, n, &l, err));
    if (!l)
        return RPR_OK;
    int rank = p->graph->value[n->in[0]].shape.rank;
    bool rows = make == rpr_linear_from_matrix || make == rpr_linear_from_quant_matrix;
    int axis = rows ? rank - 1 : 1;
    l->act = n->act;
    if (!rpr_linear_make_half(l)) {
        rpr_linear_free(l);
        return rpr_node_fail(err, RPR_ERR_NOMEM, n, "out of memory");
    }
    int x = linear_input(p, n, l, axis), y = rpr_plan_new_tensor(p, n->out[0], axis);
    int gate = x == RPR_NONE ? RPR_NONE : rpr_plan_add_gate(p, x);
    rpr_step *s =
        y == RPR_NONE || gate == RPR_NONE ? NULL : rpr_plan_add_step(p, RPR_STEP_LINEAR, n, 1, 1);
    if (!s) {
        rpr_linear_free(l);
        return rpr_node_fail(err, RPR_ERR_NOMEM, n, "out of memory, or tensor too large");
    }
    s->in[0] = x;
    s->out[0] = y;
    s->linear = l;
    s->gate = gate;
    *made = true;
    return RPR_OK;
}
