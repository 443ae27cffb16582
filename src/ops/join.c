/* SPDX-License-Identifier: Apache-2.0 */
/* Concat and Split, which are each other's inverse. */
#include "ops/defs.h"
#include "ops/split.h"

int rpr_infer_concat(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *v;
    int axis;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    if (!rpr_node_attr(n, "axis"))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "axis is missing");
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), x->shape.rank, &axis, err));
    rpr_shape s = x->shape;
    for (int i = 1; i < n->n_in; i++) {
        RPR_TRY(rpr_need(g, n, i, RPR_TYPE(x->dtype), &v, err));
        bool fits = v->shape.rank == s.rank;
        for (int d = 0; d < s.rank && fits; d++)
            fits = d == axis || v->shape.dim[d] == s.dim[d];
        if (!fits || !rpr_add_i64(s.dim[axis], v->shape.dim[axis], &s.dim[axis]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d does not fit the first", i);
    }
    return rpr_set_output(g, n, 0, x->dtype, s.rank, s.dim, err);
}

int rpr_eval_concat(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    int axis;
    int64_t at = 0;
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), out->rank, &axis, err));
    for (int i = 0; i < n->n_in; i++) {
        rpr_view part = rpr_view_part(*out, axis, at, in[i].dim[axis]);
        rpr_view_copy(&in[i], &part);
        at += in[i].dim[axis];
    }
    return RPR_OK;
}

int64_t rpr_split_size(const rpr_split_spec *s, int i)
{
    if (s->list.data)
        return rpr_load_i64(&s->list, i * s->list.stride[0]);
    return s->attr ? s->attr[i] : s->equal;
}

int rpr_split_parse(const rpr_node *n, const rpr_view *in, rpr_split_spec *s, rpr_error *err)
{
    size_t count = 0;
    *s = (rpr_split_spec){.axis = 0};
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), in[0].rank, &s->axis, err));
    int64_t dim = in[0].dim[s->axis], sum = 0;
    if (rpr_node_has(n, 1)) {
        s->list = in[1];
        if (!s->list.data)
            return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "input 1 is not a constant");
        if (s->list.dtype != RPR_I64 || s->list.rank != 1)
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "input 1 is not a list of integers");
        count = (size_t)s->list.dim[0];
    } else {
        s->attr = rpr_node_ints(n, "split", &count);
        if (!s->attr && (n->n_out < 1 || dim % n->n_out))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "%lld do not split into %d equal parts",
                                 (long long)dim, n->n_out);
        s->equal = s->attr ? 0 : dim / n->n_out;
    }
    if ((s->attr || s->list.data) && count != (size_t)n->n_out)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%zu parts for %d outputs", count, n->n_out);
    for (int i = 0; i < n->n_out; i++) {
        int64_t size = rpr_split_size(s, i);
        if (size < 0 || !rpr_add_i64(sum, size, &sum))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "part %d has the size %lld", i,
                                 (long long)size);
    }
    if (sum != dim)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "parts of %lld for a dimension of %lld",
                             (long long)sum, (long long)dim);
    return RPR_OK;
}

int rpr_infer_split(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_split_spec s;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_split_parse(n, in, &s, err));
    for (int i = 0; i < n->n_out; i++) {
        int64_t dim[RPR_MAX_RANK];
        memcpy(dim, x->shape.dim, sizeof dim);
        dim[s.axis] = rpr_split_size(&s, i);
        RPR_TRY(rpr_set_output(g, n, i, x->dtype, x->shape.rank, dim, err));
    }
    return RPR_OK;
}

int rpr_eval_split(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_split_spec s;
    int64_t at = 0;
    RPR_TRY(rpr_split_parse(n, in, &s, err));
    for (int i = 0; i < n->n_out; i++) {
        int64_t size = rpr_split_size(&s, i);
        rpr_view part = rpr_view_part(in[0], s.axis, at, size);
        if (n->out[i] != RPR_NONE)
            rpr_view_copy(&part, &out[i]);
        at += size;
    }
    return RPR_OK;
}
