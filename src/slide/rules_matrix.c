/* SPDX-License-Identifier: Apache-2.0 */
/* Products: column by column while the axis is not the one that is summed over. */
#include <string.h>

#include "slide/rules.h"

/** The axis of a factor's columns in the output, or refuses. `left`: it is the first factor. */
static bool factor_axis(const rpr_slider *s, const rpr_node *n, int i, bool left, int *axis,
                        rpr_reason *why)
{
    const rpr_shape *x = &rpr_rule_value(s, n, i)->shape, *y = &s->g->value[n->out[0]].shape;
    const int at = rpr_rule_axis(s, n, i);
    const int summed = left || x->rank == 1 ? x->rank - 1 : x->rank - 2;
    if (at == summed || (!left && x->rank == 1))
        return rpr_refuse(why, "it sums over the axis");
    *axis = at + y->rank - x->rank;
    return true;
}

/** A constant factor must be the same matrix for all columns. */
static bool check_factor(const rpr_slider *s, const rpr_node *n, int i, int axis, rpr_reason *why)
{
    const rpr_value *v = rpr_rule_value(s, n, i);
    const int rank = s->g->value[n->out[0]].shape.rank, own = axis + v->shape.rank - rank;
    if (axis >= rank - 2 || own < 0 || v->shape.dim[own] == 1)
        return true;
    return rpr_refuse(why, "the constant '%.100s' varies along the axis", v->name);
}

static bool product(const rpr_slider *s, const rpr_node *n, int a, int b, rpr_motion *m,
                    rpr_reason *why)
{
    const int both[2] = {a, b};
    if (rpr_rule_value(s, n, a)->shape.rank < 2 || rpr_rule_value(s, n, b)->shape.rank < 2)
        return rpr_refuse(why, "a factor is a vector");
    for (int k = 0; k < 2; k++) {
        int axis = RPR_NONE;
        if (!rpr_input_columns(s, n, both[k]))
            continue;
        if (!factor_axis(s, n, both[k], k == 0, &axis, why))
            return false;
        if (m->axis != RPR_NONE && m->axis != axis)
            return rpr_refuse(why, "both factors have columns");
        m->axis = axis;
    }
    for (int k = 0; k < 2; k++)
        if (!rpr_input_columns(s, n, both[k]) && !check_factor(s, n, both[k], m->axis, why))
            return false;
    return true;
}

/** Scales and zero points that go with rows are one number, or absent. */
static bool is_scalar(const rpr_slider *s, const rpr_node *n, int i, rpr_reason *why)
{
    const rpr_value *v = rpr_rule_value(s, n, i);
    return !v || rpr_shape_count(&v->shape) == 1 ||
           rpr_refuse(why, "the constant '%.100s' varies along the axis", v->name);
}

bool rpr_rule_matmul(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    if (strcmp(n->op, "MatMulInteger") == 0 &&
        (!rpr_rule_only(s, n, 0, 1, why) || !is_scalar(s, n, 2, why)))
        return false;
    return rpr_rule_only(s, n, 0, 2, why) && product(s, n, 0, 1, m, why);
}

bool rpr_rule_qmatmul(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    return rpr_rule_only(s, n, 0, 1, why) && is_scalar(s, n, 1, why) && is_scalar(s, n, 2, why) &&
           is_scalar(s, n, 6, why) && is_scalar(s, n, 7, why) && product(s, n, 0, 3, m, why);
}

/** Gemm with its factors as inputs a and b, and c added; axes 0 and 1 of the output are theirs. */
static bool gemm(const rpr_slider *s, const rpr_node *n, int a, int b, int c, rpr_motion *m,
                 rpr_reason *why)
{
    const int of_a = rpr_rule_axis(s, n, a), of_b = rpr_rule_axis(s, n, b);
    const int row = rpr_node_int(n, "transA", 0) ? 1 : 0;
    const int column = rpr_node_int(n, "transB", 0) ? 0 : 1;
    if ((of_a != RPR_NONE && of_a != row) || (of_b != RPR_NONE && of_b != column))
        return rpr_refuse(why, "it sums over the axis");
    if (of_a != RPR_NONE && of_b != RPR_NONE)
        return rpr_refuse(why, "both factors have columns");
    if (of_a == RPR_NONE && of_b == RPR_NONE)
        return rpr_refuse(why, "only what it adds depends on the window");
    m->axis = of_a == RPR_NONE;
    const rpr_value *v = rpr_rule_value(s, n, c);
    if (!v)
        return true;
    const int own = m->axis + v->shape.rank - 2;
    if (rpr_input_columns(s, n, c))
        return own == rpr_rule_axis(s, n, c) ||
               rpr_refuse(why, "what it adds lies along another axis");
    if (own >= 0 && v->shape.dim[own] != 1)
        return rpr_refuse(why, "the constant '%.100s' varies along the axis", v->name);
    return true;
}

bool rpr_rule_gemm(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    return gemm(s, n, 0, 1, 2, m, why);
}

bool rpr_rule_qgemm(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    return rpr_rule_only(s, n, 0, 1, why) && is_scalar(s, n, 1, why) && is_scalar(s, n, 2, why) &&
           gemm(s, n, 0, 3, 6, m, why);
}
