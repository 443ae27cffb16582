/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/node.h"

#include <stdarg.h>
#include <stdio.h>

int rpr_node_fail(rpr_error *err, int status, const rpr_node *n, const char *format, ...)
{
    char text[640];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return rpr_fail(err, status, "node '%s' (%s): %s", n->name, n->op, text);
}

int rpr_node_nomem(rpr_error *err, const rpr_node *n)
{
    return rpr_node_fail(err, RPR_ERR_NOMEM, n, "out of memory");
}

bool rpr_node_has(const rpr_node *n, int i)
{
    return i >= 0 && i < n->n_in && n->in[i] != RPR_NONE;
}

int rpr_need(const rpr_graph *g, const rpr_node *n, int i, unsigned types, const rpr_value **v,
             rpr_error *err)
{
    if (!rpr_node_has(n, i))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "input %d is missing", i);
    *v = &g->value[n->in[i]];
    if ((unsigned)(*v)->dtype > RPR_U64 || !(RPR_TYPE((*v)->dtype) & types))
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "input %d has element type %d", i,
                             (int)(*v)->dtype);
    if (rpr_shape_count(&(*v)->shape) < 0)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the shape of input %d is not known", i);
    return RPR_OK;
}

int rpr_set_output(rpr_graph *g, const rpr_node *n, int i, rpr_dtype t, int rank,
                   const int64_t *dim, rpr_error *err)
{
    if (i >= n->n_out || n->out[i] == RPR_NONE)
        return RPR_OK;
    if (rank < 0 || rank > RPR_MAX_RANK)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "output %d would have %d dimensions", i,
                             rank);
    rpr_value *v = &g->value[n->out[i]];
    rpr_shape s = {.rank = rank};
    for (int d = 0; d < rank; d++) {
        if (dim[d] < 0)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "dimension %d of output %d would be %lld",
                                 d, i, (long long)dim[d]);
        s.dim[d] = dim[d];
    }
    if (rpr_shape_count(&s) < 0)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "output %d would be too large", i);
    v->dtype = t;
    v->shape = s;
    return RPR_OK;
}

int rpr_infer_like(rpr_graph *g, const rpr_node *n, unsigned types, rpr_error *err)
{
    const rpr_value *x = NULL;
    RPR_TRY(rpr_need(g, n, 0, types, &x, err));
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, x->shape.dim, err);
}

int rpr_broadcast_with(const rpr_node *n, rpr_shape *acc, const rpr_shape *s, rpr_error *err)
{
    rpr_shape r = {.rank = acc->rank > s->rank ? acc->rank : s->rank};
    for (int d = 0; d < r.rank; d++) {
        int a = d - (r.rank - acc->rank), b = d - (r.rank - s->rank);
        int64_t x = a >= 0 ? acc->dim[a] : 1, y = b >= 0 ? s->dim[b] : 1;
        if (x != y && x != 1 && y != 1)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "dimensions %lld and %lld do not broadcast",
                                 (long long)x, (long long)y);
        r.dim[d] = x == 1 ? y : x;
    }
    *acc = r;
    return RPR_OK;
}

int rpr_infer_broadcast(const rpr_graph *g, const rpr_node *n, int first, int count, unsigned types,
                        rpr_dtype *t, rpr_shape *out, rpr_error *err)
{
    *out = (rpr_shape){.rank = 0};
    for (int i = first; i < first + count; i++) {
        const rpr_value *v = NULL;
        RPR_TRY(rpr_need(g, n, i, types, &v, err));
        if (i > first && v->dtype != *t)
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "inputs have different element types");
        RPR_TRY(rpr_broadcast_with(n, out, &v->shape, err));
        *t = v->dtype;
    }
    return RPR_OK;
}

int rpr_node_axis(const rpr_node *n, int64_t axis, int rank, int *out, rpr_error *err)
{
    if (axis < -rank || axis >= rank)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "axis %lld is outside a rank of %d",
                             (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return RPR_OK;
}

void rpr_param_views(const rpr_graph *g, const rpr_node *n, rpr_view *in)
{
    for (int i = 0; i < RPR_PARAMS; i++) {
        in[i] = (rpr_view){.dtype = RPR_UNDEFINED};
        if (!rpr_node_has(n, i))
            continue;
        const rpr_value *v = &g->value[n->in[i]];
        if (v->shape.rank >= 0)
            in[i] =
                rpr_view_dense(v->dtype, v->shape.rank, v->shape.dim, v->is_const ? v->data : NULL);
    }
}

static int list_from_view(const rpr_node *n, const rpr_view *v, int i, rpr_list *l, rpr_error *err)
{
    if (v->rank > 1 || (v->dtype != RPR_I64 && v->dtype != RPR_I32))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "input %d is not a list of integers", i);
    int64_t count = rpr_view_count(v);
    if (count > RPR_LIST_MAX)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "input %d has too many entries", i);
    if (count > 0 && !v->data)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "input %d is not a constant", i);
    l->given = true;
    l->n = (int)count;
    for (int k = 0; k < l->n; k++)
        l->v[k] = rpr_load_i64(v, v->rank ? k * v->stride[0] : 0);
    return RPR_OK;
}

int rpr_node_list(const rpr_node *n, const rpr_view *in, int i, const char *attr, rpr_list *l,
                  rpr_error *err)
{
    *l = (rpr_list){.given = false};
    if (rpr_node_has(n, i))
        return list_from_view(n, &in[i], i, l, err);
    const rpr_attr *a = attr ? rpr_node_attr(n, attr) : NULL;
    if (!a)
        return RPR_OK;
    if (a->kind != RPR_ATTR_INTS)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "attribute %s is not a list of integers",
                             attr);
    if (a->n > RPR_LIST_MAX)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "attribute %s has too many entries",
                             attr);
    l->given = true;
    l->n = (int)a->n;
    for (int k = 0; k < l->n; k++)
        l->v[k] = a->ints[k];
    return RPR_OK;
}

int rpr_list_axes(const rpr_node *n, const rpr_list *l, int rank, bool *axis, rpr_error *err)
{
    for (int d = 0; d < RPR_MAX_RANK; d++)
        axis[d] = false;
    for (int k = 0; k < l->n; k++) {
        int d = 0;
        RPR_TRY(rpr_node_axis(n, l->v[k], rank, &d, err));
        if (axis[d])
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "axis %d is named twice", d);
        axis[d] = true;
    }
    return RPR_OK;
}
