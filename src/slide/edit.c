/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of nodes that compute a part of the columns. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ops/node.h"
#include "ops/pad.h"
#include "ops/slice.h"
#include "ops/window.h"
#include "slide/build.h"

/** What an attribute points to is copied; sub-graphs and tensors have no columns. */
static int copy_attr(rpr_node *to, const rpr_attr *a)
{
    rpr_attr copy = {.kind = RPR_ATTR_FLOATS, .n = a->n};
    switch (a->kind) {
    case RPR_ATTR_INT:
        return rpr_node_set_int(to, a->name, a->i);
    case RPR_ATTR_FLOAT:
        return rpr_node_set_float(to, a->name, a->f);
    case RPR_ATTR_STRING:
        return rpr_node_set_string(to, a->name, a->s);
    case RPR_ATTR_INTS:
        return rpr_node_set_ints(to, a->name, a->ints, a->n);
    case RPR_ATTR_FLOATS:
        copy.floats = rpr_alloc_array(a->n + 1, sizeof *copy.floats);
        if (!copy.floats)
            return RPR_ERR_NOMEM;
        memcpy(copy.floats, a->floats, a->n * sizeof *copy.floats);
        return rpr_node_set_attr(to, a->name, copy);
    case RPR_ATTR_STRINGS:
    case RPR_ATTR_TENSOR:
    case RPR_ATTR_GRAPH:
    case RPR_ATTR_OTHER:
        break;
    }
    return RPR_OK;
}

int rpr_slide_copy(rpr_slider *s, int node, const char *what, const int *out)
{
    char name[256];
    const rpr_node n = s->g->node[node]; /* adding nodes moves them */
    (void)snprintf(name, sizeof name, "%.200s/%s", n.name, what);
    const int made = s->failed ? RPR_NONE
                               : rpr_graph_add_node(s->g, name, n.op, n.domain, n.opset, n.in,
                                                    n.n_in, out, n.n_out);
    s->failed |= made == RPR_NONE;
    if (made == RPR_NONE)
        return RPR_NONE;
    rpr_node *copy = &s->g->node[made];
    copy->act = n.act;
    copy->def = n.def;
    for (size_t i = 0; i < n.n_attr; i++)
        rpr_slide_check(s, copy_attr(copy, &n.attr[i]));
    return made;
}

/* ------------------------------------------------------------------- edits */

/** Only the parts at the ends see padding. */
static void edit_pads(rpr_slider *s, int node, int axis, bool begin, bool end)
{
    rpr_node *n = &s->g->node[node];
    const rpr_shape *x = &s->g->value[n->in[0]].shape;
    const int weights = strncmp(n->op, "QLinear", 7) == 0 ? 3 : 1, spatial = x->rank - 2;
    int64_t kernel[RPR_MAX_SPATIAL], pads[2 * RPR_MAX_SPATIAL];
    rpr_window_spec w;
    if (rpr_window_kernel(n, spatial, kernel, NULL) != RPR_OK)
        memcpy(kernel, s->g->value[n->in[weights]].shape.dim + 2, (size_t)spatial * sizeof *kernel);
    if (rpr_window_parse(n, spatial, x->dim + 2, kernel, &w, NULL) != RPR_OK) {
        s->failed = true; /* it was parsed when it was judged */
        return;
    }
    for (int d = 0; d < spatial; d++) {
        pads[d] = d != axis - 2 || begin ? w.pad_begin[d] : 0;
        pads[spatial + d] = d != axis - 2 || end ? w.pad_end[d] : 0;
    }
    if (rpr_node_attr(n, "auto_pad"))
        rpr_slide_check(s, rpr_node_set_string(n, "auto_pad", "NOTSET"));
    rpr_slide_check(s, rpr_node_set_ints(n, "pads", pads, (size_t)(2 * spatial)));
}

/** The head is padded before and, where columns are read that it does not have, cut behind. */
static void edit_pad(rpr_slider *s, int node, int axis, rpr_range r, rpr_range from)
{
    rpr_node *n = &s->g->node[node];
    rpr_view in[RPR_PARAMS];
    rpr_pad_spec p;
    int64_t pads[2 * RPR_MAX_RANK];
    rpr_param_views(s->g, n, in);
    if (rpr_pad_parse(n, in, &p, NULL) != RPR_OK) {
        s->failed = true;
        return;
    }
    for (int d = 0; d < p.rank; d++) {
        pads[d] = p.begin[d];
        pads[p.rank + d] = p.out[d] - in[0].dim[d] - p.begin[d];
    }
    if (r.from > 0)
        pads[axis] = 0;
    else
        pads[p.rank + axis] = r.to - p.begin[axis] - from.to;
    if (n->opset < 11) {
        rpr_slide_check(s, rpr_node_set_ints(n, "pads", pads, (size_t)(2 * p.rank)));
        return;
    }
    const int value = rpr_slide_ints(s, n->name, "pads", pads, 2 * p.rank);
    rpr_slide_set_input(s, node, 1, value);
}

static void edit_shape(rpr_slider *s, int node, const rpr_motion *m, int64_t count)
{
    rpr_node *n = &s->g->node[node];
    rpr_shape shape = s->g->value[n->out[0]].shape;
    shape.dim[m->axis] = count;
    if (strcmp(n->op, "Squeeze") == 0) {
        char *op = rpr_strdup("Reshape");
        s->failed |= !op;
        if (!op)
            return;
        rpr_free(n->op);
        n->op = op;
        n->opset = RPR_SLIDE_OPSET;
    }
    const int value = rpr_slide_ints(s, n->name, "shape", shape.dim, shape.rank);
    rpr_slide_set_input(s, node, m->shape, value);
}

/** What it takes along the other axes, and every `step` of what it is given along this one. */
static void edit_slice(rpr_slider *s, int node, const rpr_motion *m)
{
    const rpr_node *n = &s->g->node[node];
    rpr_view in[RPR_PARAMS];
    rpr_slice_spec p;
    int64_t from[RPR_MAX_RANK], to[RPR_MAX_RANK], axis[RPR_MAX_RANK];
    rpr_param_views(s->g, n, in);
    if (rpr_slice_parse(n, in, &p, NULL) != RPR_OK) {
        s->failed = true;
        return;
    }
    for (int d = 0; d < p.rank; d++) {
        const int64_t last = p.start[d] + (p.out[d] - 1) * p.step[d];
        axis[d] = d;
        from[d] = d == m->axis ? 0 : p.start[d];
        to[d] = d == m->axis ? INT64_MAX : p.step[d] > 0 ? last + 1 : last - 1;
        if (d != m->axis && p.step[d] < 0 && to[d] < 0)
            to[d] = -in[0].dim[d] - 1; /* in front of the first; -1 would be the last */
        if (p.out[d] == 0)
            to[d] = from[d];
    }
    p.step[m->axis] = m->stride;
    const char *name = n->name;
    const int list[] = {rpr_slide_ints(s, name, "from", from, p.rank),
                        rpr_slide_ints(s, name, "to", to, p.rank),
                        rpr_slide_ints(s, name, "axes", axis, p.rank),
                        rpr_slide_ints(s, name, "steps", p.step, p.rank)};
    for (int i = 3; i >= 0; i--)
        rpr_slide_set_input(s, node, i + 1, list[i]);
    s->g->node[node].opset = RPR_SLIDE_OPSET;
}

/** A constant, `count` long along an axis. */
static int cut_constant(rpr_slider *s, int value, int axis, int64_t count)
{
    char name[256];
    const rpr_value v = s->g->value[value];
    size_t outer = 1, inner = rpr_dtype_size(v.dtype);
    rpr_shape shape = v.shape;
    shape.dim[axis] = count;
    (void)snprintf(name, sizeof name, "%.200s/columns", v.name);
    for (int d = 0; d < shape.rank; d++)
        *(d < axis ? &outer : &inner) *= d == axis ? 1 : (size_t)shape.dim[d];
    char *data = rpr_alloc_array(outer * (size_t)count, inner);
    const int made = data ? rpr_graph_add_value(s->g, name, v.dtype, &shape) : RPR_NONE;
    s->failed |= made == RPR_NONE;
    if (made == RPR_NONE) {
        rpr_free(data);
        return RPR_NONE;
    }
    const size_t row = (size_t)count * inner, whole = (size_t)v.shape.dim[axis] * inner;
    for (size_t o = 0; o < outer; o++)
        memcpy(data + o * row, (const char *)v.data + o * whole, row);
    rpr_graph_set_const(s->g, made, v.dtype, &shape, data);
    return made;
}

/** Constants as long as the window become as long as the part. */
static void edit_even(rpr_slider *s, int node, int axis, int64_t n, int64_t count)
{
    const int rank = s->g->value[s->g->node[node].out[0]].shape.rank;
    for (int i = 0; !s->failed && i < s->g->node[node].n_in; i++) {
        const int value = s->g->node[node].in[i];
        if (value == RPR_NONE || !s->g->value[value].is_const)
            continue;
        const rpr_shape *shape = &s->g->value[value].shape;
        const int own = axis + shape->rank - rank;
        if (own >= 0 && shape->dim[own] == n)
            rpr_slide_set_input(s, node, i, cut_constant(s, value, own, count));
    }
}

/** Indices from the first column that is read on. */
static void edit_pick(rpr_slider *s, int node, const rpr_motion *m, int64_t n_in)
{
    const rpr_value index = s->g->value[s->g->node[node].in[1]];
    const rpr_view v = rpr_value_view(&index, index.data);
    const int64_t count = rpr_shape_count(&index.shape);
    int64_t *list = rpr_alloc_array((size_t)count + 1, sizeof *list);
    s->failed |= !list;
    for (int64_t i = 0; list && i < count; i++) {
        const int64_t at = rpr_load_i64(&v, i);
        list[i] = at + (at < 0 ? n_in : 0) + m->pad;
    }
    const int made = rpr_slide_tensor(s, s->g->node[node].name, "picks", list, &index.shape);
    rpr_free(list);
    rpr_slide_set_input(s, node, 1, made);
}

void rpr_slide_edit(rpr_slider *s, int node, const rpr_motion *m, const rpr_columns *out,
                    rpr_range r, rpr_range from)
{
    if (s->failed)
        return;
    switch (m->edit) {
    case RPR_EDIT_NONE:
        break;
    case RPR_EDIT_PADS:
        edit_pads(s, node, m->axis, r.from == 0, r.to == out->n);
        break;
    case RPR_EDIT_PAD:
        edit_pad(s, node, m->axis, r, from);
        break;
    case RPR_EDIT_SHAPE:
        edit_shape(s, node, m, r.to - r.from);
        break;
    case RPR_EDIT_EVEN:
        edit_even(s, node, m->axis, out->n, r.to - r.from);
        break;
    case RPR_EDIT_SLICE:
        edit_slice(s, node, m);
        break;
    case RPR_EDIT_PICK: /* has no parts */
        break;
    }
}

void rpr_slide_edit_whole(rpr_slider *s, int node, const rpr_motion *m, const rpr_columns *in)
{
    if (!s->failed && m->edit == RPR_EDIT_SLICE)
        edit_slice(s, node, m);
    if (!s->failed && m->edit == RPR_EDIT_PICK)
        edit_pick(s, node, m, in->n);
}
