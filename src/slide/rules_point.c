/* SPDX-License-Identifier: Apache-2.0 */
/* Column by column: one element at a time, and normalisation over other axes. */
#include <string.h>

#include "ops/node.h"
#include "ops/reduce.h"
#include "slide/rules.h"

bool rpr_rule_same(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    m->axis = rpr_rule_axis(s, n, 0);
    return rpr_rule_only(s, n, 0, 1, why);
}

/** The axis of an input in the output that it is broadcast to. */
static int axis_in_output(const rpr_slider *s, const rpr_node *n, int i)
{
    const int rank = s->g->value[n->out[0]].shape.rank;
    return rpr_rule_axis(s, n, i) + rank - rpr_rule_value(s, n, i)->shape.rank;
}

bool rpr_rule_broadcast(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    for (int i = 0; i < n->n_in; i++) {
        if (!rpr_input_columns(s, n, i))
            continue;
        const int axis = axis_in_output(s, n, i);
        if (m->axis != RPR_NONE && m->axis != axis)
            return rpr_refuse(why, "the inputs' columns lie along different axes");
        m->axis = axis;
    }
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE && !rpr_input_columns(s, n, i) &&
            !rpr_rule_constant(s, n, i, m, why))
            return false;
    return true;
}

/** Refuses where the columns lie along the axis that parameters go by. */
static bool not_along(const rpr_motion *m, int axis, const char *what, rpr_reason *why)
{
    return m->axis != axis || rpr_refuse(why, "%s", what);
}

bool rpr_rule_batch_norm(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    m->axis = rpr_rule_axis(s, n, 0);
    if (rpr_node_int(n, "training_mode", 0))
        return rpr_refuse(why, "it takes statistics of the whole window");
    return rpr_rule_only(s, n, 0, 1, why) && rpr_rule_one_output(n, why) &&
           not_along(m, 1, "the axis is that of the channels", why);
}

bool rpr_rule_quantise(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const rpr_value *scale = rpr_rule_value(s, n, 1);
    const int rank = rpr_rule_value(s, n, 0)->shape.rank;
    const int64_t axis = rpr_node_int(n, "axis", 1);
    m->axis = rpr_rule_axis(s, n, 0);
    return rpr_rule_only(s, n, 0, 1, why) &&
           (rpr_shape_count(&scale->shape) == 1 ||
            not_along(m, (int)(axis < 0 ? axis + rank : axis), "its scales are by column", why));
}

bool rpr_rule_instance_norm(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why) ||
        !not_along(m, 1, "the axis is that of the channels", why))
        return false;
    return m->axis == 0 || rpr_refuse(why, "it normalises over the axis");
}

bool rpr_rule_layer_norm(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const int rank = rpr_rule_value(s, n, 0)->shape.rank;
    const int64_t axis = rpr_node_int(n, "axis", -1);
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    return m->axis < (axis < 0 ? axis + rank : axis) ||
           rpr_refuse(why, "it normalises over the axis");
}

bool rpr_rule_softmax(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    bool axes[RPR_MAX_RANK];
    rpr_node of = *n; /* QLinearSoftmax names the opset that it is of */
    if (*n->domain)
        of.opset = (int)rpr_node_int(n, "opset", 1);
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    if (rpr_softmax_parse(&of, rpr_rule_value(s, n, 0)->shape.rank, axes, NULL) != RPR_OK ||
        axes[m->axis])
        return rpr_refuse(why, "it normalises over the axis");
    return true;
}
