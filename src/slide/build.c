/* SPDX-License-Identifier: Apache-2.0 */
#include "slide/build.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/table.h"

#define NAME 256

/** base/what, with the end of base given up where it is too long. */
static const char *name_of(const char *base, const char *what, char name[NAME])
{
    (void)snprintf(name, NAME, "%.200s/%s", base, what);
    return name;
}

void rpr_slide_emit(rpr_slider *s, int node)
{
    if (s->failed)
        return;
    if (s->n_order == s->cap_order) {
        const size_t wide = s->cap_order ? 2 * s->cap_order : 64;
        int *order = rpr_alloc_array(wide, sizeof *order);
        s->failed = !order;
        if (!order)
            return;
        if (s->n_order)
            memcpy(order, s->order, s->n_order * sizeof *order);
        rpr_free(s->order);
        s->order = order;
        s->cap_order = wide;
    }
    s->order[s->n_order++] = node;
}

void rpr_slide_check(rpr_slider *s, int status)
{
    s->failed |= status != RPR_OK;
}

int rpr_slide_value(rpr_slider *s, const char *base, const char *what, int like, int axis,
                    int64_t count)
{
    char name[NAME];
    const rpr_value *v = &s->g->value[like];
    rpr_shape shape = v->shape;
    shape.dim[axis] = count;
    const int made = s->failed
                         ? RPR_NONE
                         : rpr_graph_add_value(s->g, name_of(base, what, name), v->dtype, &shape);
    s->failed |= made == RPR_NONE;
    return made;
}

int rpr_slide_tensor(rpr_slider *s, const char *base, const char *what, const int64_t *v,
                     const rpr_shape *shape)
{
    char name[NAME];
    const size_t n = (size_t)rpr_shape_count(shape);
    int64_t *data = s->failed ? NULL : rpr_alloc_array(n + 1, sizeof *data);
    const int made =
        data ? rpr_graph_add_value(s->g, name_of(base, what, name), RPR_I64, shape) : RPR_NONE;
    s->failed |= made == RPR_NONE;
    if (made == RPR_NONE) {
        rpr_free(data);
        return RPR_NONE;
    }
    memcpy(data, v, n * sizeof *v);
    rpr_graph_set_const(s->g, made, RPR_I64, shape, data);
    return made;
}

int rpr_slide_ints(rpr_slider *s, const char *base, const char *what, const int64_t *v, int n)
{
    const rpr_shape shape = {.rank = 1, .dim = {n}};
    return rpr_slide_tensor(s, base, what, v, &shape);
}

int rpr_slide_node(rpr_slider *s, const char *name, const char *op, const char *domain, int opset,
                   const int *in, int n_in, int out)
{
    const int made =
        s->failed ? RPR_NONE : rpr_graph_add_node(s->g, name, op, domain, opset, in, n_in, &out, 1);
    s->failed |= made == RPR_NONE;
    if (made != RPR_NONE)
        rpr_slide_emit(s, made);
    return s->failed ? RPR_NONE : made;
}

void rpr_slide_set_input(rpr_slider *s, int node, int i, int value)
{
    if (s->failed)
        return;
    rpr_node *n = &s->g->node[node];
    if (i >= n->n_in) {
        int *in = rpr_alloc_array((size_t)i + 1, sizeof *in);
        s->failed = !in;
        if (!in)
            return;
        for (int k = 0; k <= i; k++)
            in[k] = k < n->n_in ? n->in[k] : RPR_NONE;
        rpr_free(n->in);
        n->in = in;
        n->n_in = i + 1;
    }
    n->in[i] = value;
}

/* ----------------------------------------------------------------- columns */

/** Columns r of a value that holds columns `of`. */
static int cut(rpr_slider *s, int value, int axis, rpr_range of, rpr_range r)
{
    char name[NAME];
    const int64_t from = r.from - of.from, to = r.to - of.from, along = axis;
    if (s->failed || (r.from == of.from && r.to == of.to))
        return value;
    (void)name_of(s->g->value[value].name, "columns", name);
    const int in[] = {value, rpr_slide_ints(s, name, "from", &from, 1),
                      rpr_slide_ints(s, name, "to", &to, 1),
                      rpr_slide_ints(s, name, "axis", &along, 1)};
    const int out = rpr_slide_value(s, s->failed ? "" : s->g->value[value].name, "columns", value,
                                    axis, to - from);
    (void)rpr_slide_node(s, name, "Slice", "", RPR_SLIDE_OPSET, in, 4, out);
    return out;
}

static bool equal(rpr_range a, rpr_range b)
{
    return a.from == b.from && a.to == b.to;
}

static bool inside(rpr_range a, rpr_range b)
{
    return a.from >= b.from && a.to <= b.to;
}

int rpr_slide_read(rpr_slider *s, int value, rpr_range r)
{
    const rpr_moving *v = &s->value[value];
    const rpr_range tail = rpr_columns_tail(&v->c), head = rpr_columns_head(&v->c);
    const rpr_range kept = {v->c.n - v->length, v->c.n};
    if (v->length && equal(r, kept))
        return v->delay;
    if (inside(r, tail))
        return cut(s, v->tail, v->c.axis, tail, r);
    if (inside(r, head))
        return cut(s, v->first, v->c.axis, head, r);
    return cut(s, v->delay, v->c.axis, kept, r);
}

void rpr_slide_keep(rpr_slider *s, int value)
{
    char name[NAME];
    const rpr_moving *v = &s->value[value];
    if (!v->length || s->failed)
        return;
    const int in[] = {v->tail, v->first};
    const bool whole = v->length == v->c.n && v->c.left > 0;
    (void)name_of(s->g->value[value].name, "delay", name);
    const int made =
        rpr_slide_node(s, name, "Delay", RPR_OWN_DOMAIN, 1, in, whole ? 2 : 1, v->delay);
    if (s->failed)
        return;
    rpr_node *n = &s->g->node[made];
    rpr_slide_check(s, rpr_node_set_int(n, "axis", v->c.axis));
    rpr_slide_check(s, rpr_node_set_int(n, "length", v->length));
    rpr_slide_check(s, rpr_node_set_int(n, "period", v->c.period));
    rpr_slide_check(s, rpr_node_set_int(n, "shift", v->c.shift));
}
