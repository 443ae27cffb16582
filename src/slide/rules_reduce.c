/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions: column by column while they are over other axes. */
#include "ops/node.h"
#include "ops/reduce.h"
#include "slide/rules.h"

bool rpr_rule_reduce(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    rpr_view in[RPR_PARAMS];
    rpr_reduce_spec r;
    const int axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    rpr_param_views(s->g, n, in);
    if (rpr_reduce_parse(n, in, &r, NULL) != RPR_OK || r.reduced[axis])
        return rpr_refuse(why, "it reduces over the axis");
    m->axis = axis;
    for (int d = 0; d < axis && !r.keepdims; d++)
        m->axis -= r.reduced[d];
    return true;
}

bool rpr_rule_arg_max(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const int axis = rpr_rule_axis(s, n, 0), rank = rpr_rule_value(s, n, 0)->shape.rank;
    int64_t over = rpr_node_int(n, "axis", 0);
    over += over < 0 ? rank : 0;
    m->axis = axis - (over < axis && !rpr_node_int(n, "keepdims", 1));
    return over != axis || rpr_refuse(why, "it reduces over the axis");
}

bool rpr_rule_global_pool(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    return m->axis < 2 || rpr_refuse(why, "it reduces over the axis");
}
