/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements: where do the columns go? */
#include <string.h>

#include "ops/node.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "slide/rules.h"

bool rpr_rule_transpose(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const int axis = rpr_rule_axis(s, n, 0), rank = rpr_rule_value(s, n, 0)->shape.rank;
    size_t count;
    const int64_t *perm = rpr_node_ints(n, "perm", &count);
    for (int d = 0; d < rank; d++) {
        const int64_t from = perm ? perm[d] : rank - 1 - d;
        if ((from < 0 ? from + rank : from) == axis)
            m->axis = d;
    }
    return rpr_rule_only(s, n, 0, 1, why);
}

static int64_t product(const int64_t *dim, int count)
{
    int64_t p = 1;
    for (int d = 0; d < count; d++)
        p *= dim[d];
    return p;
}

/** The columns are those of an axis with as many entries, and as many elements before it. */
bool rpr_rule_reshape(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const rpr_shape *x = &rpr_rule_value(s, n, 0)->shape, *y = &s->g->value[n->out[0]].shape;
    const int axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    if (rpr_shape_count(x) == 0)
        return rpr_refuse(why, "there are no elements");
    for (int d = 0; d < y->rank && m->axis == RPR_NONE; d++)
        if (y->dim[d] == x->dim[axis] && product(y->dim, d) == product(x->dim, axis))
            m->axis = d;
    if (m->axis == RPR_NONE)
        return rpr_refuse(why, "the axis is reshaped away");
    /* A Squeeze that names no axes would take an axis of one column, too. */
    if (strcmp(n->op, "Reshape") == 0 ||
        (strcmp(n->op, "Squeeze") == 0 && n->n_in < 2 && !rpr_node_attr(n, "axes"))) {
        m->edit = RPR_EDIT_SHAPE;
        m->shape = 1;
    }
    return true;
}

/** Inputs first, first + step, ... are joined along another axis: what has no columns has to be
 * the same for all of them. */
static bool joined(const rpr_slider *s, const rpr_node *n, int first, int step, rpr_motion *m,
                   rpr_reason *why)
{
    const int rank = s->g->value[n->out[0]].shape.rank;
    const int64_t axis = rpr_node_int(n, "axis", 0);
    for (int i = first; i < n->n_in; i += step) {
        const int at = rpr_rule_axis(s, n, i);
        if (at == (int)(axis < 0 ? axis + rank : axis))
            return rpr_refuse(why, "it joins columns");
        if (m->axis != RPR_NONE && at != RPR_NONE && m->axis != at)
            return rpr_refuse(why, "the inputs' columns lie along different axes");
        m->axis = at != RPR_NONE ? at : m->axis;
    }
    for (int i = first; i < n->n_in; i += step)
        if (rpr_rule_axis(s, n, i) == RPR_NONE && !rpr_rule_constant(s, n, i, m, why))
            return false;
    return true;
}

bool rpr_rule_concat(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    return joined(s, n, 0, 1, m, why);
}

bool rpr_rule_qconcat(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    for (int i = 0; i < n->n_in; i++) /* scale and zero point of the output, then x, scale, zero */
        if (i % 3 != 2 && rpr_input_columns(s, n, i))
            return rpr_refuse(why, "its input %d depends on the window", i);
    return joined(s, n, 2, 3, m, why);
}

bool rpr_rule_split(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const int rank = rpr_rule_value(s, n, 0)->shape.rank;
    const int64_t axis = rpr_node_int(n, "axis", 0);
    m->axis = rpr_rule_axis(s, n, 0);
    if (m->axis == (int)(axis < 0 ? axis + rank : axis))
        return rpr_refuse(why, "it splits the columns");
    return rpr_rule_only(s, n, 0, 1, why);
}

bool rpr_rule_slice(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    rpr_view in[RPR_PARAMS];
    rpr_slice_spec spec;
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    rpr_param_views(s->g, n, in);
    if (rpr_slice_parse(n, in, &spec, NULL) != RPR_OK)
        return rpr_refuse(why, "what it takes is not understood");
    if (spec.step[m->axis] < 0)
        return rpr_refuse(why, "it turns the columns round");
    m->stride = spec.step[m->axis];
    m->pad = -spec.start[m->axis];
    m->edit = RPR_EDIT_SLICE; /* its end may be a count of columns */
    return true;
}

/** Constant indices of columns: those from the lowest to the highest are read. */
static bool picks(const rpr_value *index, int64_t n, rpr_motion *m, rpr_reason *why)
{
    const rpr_view v = rpr_value_view(index, index->data);
    int64_t lo = n, hi = -1;
    for (int64_t i = 0; i < rpr_shape_count(&index->shape); i++) {
        int64_t at = rpr_load_i64(&v, i);
        at += at < 0 ? n : 0;
        lo = at < lo ? at : lo;
        hi = at > hi ? at : hi;
    }
    if (lo >= 0 && hi < n && lo <= hi) {
        m->edit = RPR_EDIT_PICK;
        m->pad = -lo;
        m->reach = hi - lo + 1;
    }
    return rpr_refuse(why, "it picks columns");
}

bool rpr_rule_gather(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const int rank = rpr_rule_value(s, n, 0)->shape.rank;
    const int of_data = rpr_rule_axis(s, n, 0), of_index = rpr_rule_axis(s, n, 1);
    int64_t axis = rpr_node_int(n, "axis", 0);
    axis += axis < 0 ? rank : 0;
    if (of_data != RPR_NONE && of_index != RPR_NONE)
        return rpr_refuse(why, "both inputs have columns");
    if (of_data == (int)axis)
        return picks(rpr_rule_value(s, n, 1), rpr_input_columns(s, n, 0)->n, m, why);
    if (of_data == RPR_NONE)
        m->axis = (int)axis + of_index;
    else
        m->axis = of_data + (of_data > axis ? rpr_rule_value(s, n, 1)->shape.rank - 1 : 0);
    return true;
}

bool rpr_rule_expand(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const rpr_shape *x = &rpr_rule_value(s, n, 0)->shape, *y = &s->g->value[n->out[0]].shape;
    m->axis = rpr_rule_axis(s, n, 0) + y->rank - x->rank;
    m->edit = RPR_EDIT_SHAPE;
    m->shape = 1;
    return rpr_rule_only(s, n, 0, 1, why);
}

bool rpr_rule_tile(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const rpr_shape *x = &rpr_rule_value(s, n, 0)->shape, *y = &s->g->value[n->out[0]].shape;
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    return x->dim[m->axis] == y->dim[m->axis] || rpr_refuse(why, "it repeats the columns");
}

bool rpr_rule_blocks(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    m->axis = rpr_rule_axis(s, n, 0);
    return m->axis == 0 || rpr_refuse(why, "blocks change the axis");
}

bool rpr_rule_resize(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    rpr_view in[RPR_PARAMS];
    rpr_resize_spec r;
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    rpr_param_views(s->g, n, in);
    if (rpr_resize_parse(n, in, &r, NULL) != RPR_OK ||
        r.coordinates == RPR_COORD_TF_CROP_AND_RESIZE || r.in[m->axis] != r.out[m->axis] ||
        !rpr_resize_is_identity(&r, m->axis))
        return rpr_refuse(why, "it resizes the axis");
    if (n->opset >= 11 && rpr_node_has(n, 3)) {
        m->edit = RPR_EDIT_SHAPE;
        m->shape = 3;
    }
    return true;
}

bool rpr_rule_recurrent(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    (void)s, (void)m;
    return rpr_refuse(why, "%s starts anew with every window", n->op);
}
