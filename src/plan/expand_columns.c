/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/expand_columns.h"

#include <string.h>

#include "graph/table.h"
#include "ops/delay.h"
#include "ops/node.h"
#include "ops/slice.h"

#define DEPTH 4 /* nodes of this kind in a row that are looked through */

/** The axis that an axis of a volume is among those of its slices. */
static int64_t axis_of_slices(int64_t axis)
{
    return axis == 1 ? 1 : axis == 2 ? 0 : axis - 1;
}

static bool is_volume(const rpr_graph *g, int value)
{
    const rpr_value *v = &g->value[value];
    return !v->is_const && v->dtype == RPR_F32 && v->shape.rank == 5 && v->shape.dim[0] == 1 &&
           rpr_shape_count(&v->shape) > 0;
}

/** A Delay of volumes. */
static bool read_delay(const rpr_graph *g, const rpr_node *n, rpr_delay_spec *d)
{
    rpr_error ignored;
    return rpr_node_is_delay(n) && is_volume(g, n->in[0]) &&
           rpr_delay_parse(g, n, d, &ignored) == RPR_OK && d->axis > 0 &&
           (d->head == 0 || is_volume(g, n->in[1]));
}

/** A Slice of a volume, by constants. */
static bool read_slice(const rpr_graph *g, const rpr_node *n, rpr_slice_spec *s)
{
    rpr_view in[RPR_PARAMS];
    rpr_error ignored;
    if (*n->domain || strcmp(n->op, "Slice") != 0 || !is_volume(g, n->in[0]) ||
        !is_volume(g, n->out[0]) || !rpr_act_is_none(&n->act))
        return false;
    rpr_param_views(g, n, in);
    return rpr_slice_parse(n, in, s, &ignored) == RPR_OK;
}

/** True if a node that goes on slices reads the value, be it through others of these. */
static bool is_wanted(const rpr_graph *g, int value, int depth,
                      bool (*becomes)(const rpr_graph *g, const rpr_node *n))
{
    for (size_t i = 0; i < g->n_node && depth < DEPTH; i++) {
        const rpr_node *n = &g->node[i];
        rpr_slice_spec s;
        rpr_delay_spec d;
        if (n->dead || n->n_in < 1 || n->n_out < 1 || n->in[0] != value || n->out[0] == RPR_NONE)
            continue;
        if (becomes(g, n) || ((read_slice(g, n, &s) || read_delay(g, n, &d)) &&
                              is_wanted(g, n->out[0], depth + 1, becomes)))
            return true;
    }
    return false;
}

static bool has_slices(const rpr_volumes *v, int value)
{
    return (size_t)value < v->n && v->slices[value] != RPR_NONE;
}

static void expand_delay(rpr_volumes *v, rpr_expansion *e, const rpr_node *n,
                         const rpr_delay_spec *d)
{
    int in[2] = {rpr_volume_slices(v, e, n->in[0]), RPR_NONE};
    if (d->head > 0)
        in[1] = rpr_volume_slices(v, e, n->in[1]);
    const int x = rpr_expand_own_node(e, "Delay", "delay", in, d->head > 0 ? 2 : 1);
    if (e->status != RPR_OK)
        return;
    rpr_node *made = rpr_expand_last(e);
    if (rpr_node_set_int(made, "axis", axis_of_slices(d->axis)) != RPR_OK ||
        rpr_node_set_int(made, "length", d->length) != RPR_OK ||
        rpr_node_set_int(made, "shift", d->shift) != RPR_OK ||
        rpr_node_set_int(made, "period", d->period) != RPR_OK)
        e->status = RPR_ERR_NOMEM;
    rpr_volume_give(v, e, n, x);
}

static void expand_slice(rpr_volumes *v, rpr_expansion *e, const rpr_node *n,
                         const rpr_slice_spec *s)
{
    int64_t from[4], to[4], axis[4], step[4];
    for (int a = 1; a < 5; a++) {
        axis[a - 1] = axis_of_slices(a);
        from[a - 1] = s->start[a];
        step[a - 1] = s->step[a];
        to[a - 1] = s->start[a] + (s->out[a] - 1) * s->step[a] + (s->step[a] > 0 ? 1 : -1);
        if (to[a - 1] < 0) /* backwards to the first: -1 would be the last */
            to[a - 1] = INT64_MIN;
    }
    const int in[] = {rpr_volume_slices(v, e, n->in[0]), rpr_expand_ints(e, "from", from, 4),
                      rpr_expand_ints(e, "to", to, 4), rpr_expand_ints(e, "axes", axis, 4),
                      rpr_expand_ints(e, "step", step, 4)};
    rpr_volume_give(v, e, n, rpr_expand_node(e, "Slice", "some", RPR_NONE, in, 5));
}

bool rpr_volume_expand_columns(rpr_volumes *v, rpr_expansion *e, const rpr_node *n,
                               bool (*becomes)(const rpr_graph *g, const rpr_node *n))
{
    rpr_delay_spec d;
    rpr_slice_spec s;
    if (read_delay(v->g, n, &d) &&
        (has_slices(v, n->in[0]) || is_wanted(v->g, n->out[0], 0, becomes)))
        expand_delay(v, e, n, &d);
    else if (v->crops && read_slice(v->g, n, &s) && has_slices(v, n->in[0]))
        expand_slice(v, e, n, &s);
    else
        return false;
    return true;
}
