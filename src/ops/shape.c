/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators about shapes: Identity Reshape Flatten Squeeze Unsqueeze keep the elements in row-major
 * order; Shape Size ConstantOfShape Range make tensors from shapes and numbers.
 */
#include "ops/defs.h"

int rpr_eval_same_elements(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                           rpr_error *err)
{
    (void)n, (void)err;
    rpr_view_reshape_copy(in, out);
    return RPR_OK;
}

int rpr_infer_identity(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    return rpr_infer_like(g, n, RPR_TYPES_ALL, err);
}

/* Fills the -1 at dim[open] so that the count is `total`. */
static int fill_open(const rpr_node *n, int64_t *dim, int rank, int open, int64_t total,
                     rpr_error *err)
{
    int64_t known = 1;
    for (int d = 0; d < rank; d++)
        if (d != open && !rpr_mul_i64(known, dim[d], &known))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the new shape is too large");
    if (open >= 0) {
        if (known == 0 || total % known)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n,
                                 "%lld elements do not fill the open dimension", (long long)total);
        dim[open] = total / known;
    } else if (known != total) {
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "%lld elements for a shape of %lld",
                             (long long)total, (long long)known);
    }
    return RPR_OK;
}

int rpr_infer_reshape(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_list l;
    int open = -1;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_node_list(n, in, 1, NULL, &l, err));
    bool zero_is_zero = rpr_node_int(n, "allowzero", 0) != 0;
    for (int d = 0; d < l.n; d++) {
        if (l.v[d] == 0 && !zero_is_zero) {
            if (d >= x->shape.rank)
                return rpr_node_fail(err, RPR_ERR_SHAPE, n, "entry %d copies no dimension", d);
            l.v[d] = x->shape.dim[d];
        } else if (l.v[d] == -1 && open < 0) {
            open = d;
        } else if (l.v[d] < 0) {
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "entry %d of the shape is %lld", d,
                                 (long long)l.v[d]);
        }
    }
    RPR_TRY(fill_open(n, l.v, l.n, open, rpr_shape_count(&x->shape), err));
    return rpr_set_output(g, n, 0, x->dtype, l.n, l.v, err);
}

int rpr_infer_flatten(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    int64_t axis = rpr_node_int(n, "axis", 1), dim[2] = {1, 1};
    int rank = x->shape.rank;
    if (axis < (n->opset < 11 ? 0 : -rank) || axis > rank)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "axis %lld is outside a rank of %d",
                             (long long)axis, rank);
    if (axis < 0)
        axis += rank;
    for (int d = 0; d < rank; d++)
        if (!rpr_mul_i64(dim[d >= axis], x->shape.dim[d], &dim[d >= axis]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the output would be too large");
    return rpr_set_output(g, n, 0, x->dtype, 2, dim, err);
}

int rpr_infer_squeeze(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_list l;
    bool drop[RPR_MAX_RANK];
    int64_t dim[RPR_MAX_RANK];
    int rank = 0;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_node_list(n, in, 1, "axes", &l, err));
    RPR_TRY(rpr_list_axes(n, &l, x->shape.rank, drop, err));
    for (int d = 0; d < x->shape.rank; d++) {
        int64_t extent = x->shape.dim[d];
        if (l.given && drop[d] && extent != 1)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "dimension %d is %lld, not 1", d,
                                 (long long)extent);
        if (l.given ? !drop[d] : extent != 1)
            dim[rank++] = extent;
    }
    return rpr_set_output(g, n, 0, x->dtype, rank, dim, err);
}

int rpr_infer_unsqueeze(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_list l;
    bool added[RPR_MAX_RANK];
    int64_t dim[RPR_MAX_RANK];
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_node_list(n, in, 1, "axes", &l, err));
    int rank = x->shape.rank + l.n, from = 0;
    if (!l.given || rank > RPR_MAX_RANK)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "the output would have %d dimensions",
                             rank);
    RPR_TRY(rpr_list_axes(n, &l, rank, added, err));
    for (int d = 0; d < rank; d++)
        dim[d] = added[d] ? 1 : x->shape.dim[from++];
    return rpr_set_output(g, n, 0, x->dtype, rank, dim, err);
}

/* start and end of Shape, clamped: [*lo, *hi) of the input's dimensions. */
static void shape_range(const rpr_node *n, int rank, int *lo, int *hi)
{
    int64_t start = rpr_node_int(n, "start", 0), end = rpr_node_int(n, "end", rank);
    start += start < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    *lo = start < 0 ? 0 : start > rank ? rank : (int)start;
    *hi = end < *lo ? *lo : end > rank ? rank : (int)end;
}

int rpr_infer_shape(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    int lo, hi;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    shape_range(n, x->shape.rank, &lo, &hi);
    return rpr_set_output(g, n, 0, RPR_I64, 1, (const int64_t[]){hi - lo}, err);
}

int rpr_eval_shape(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)err;
    int lo, hi;
    shape_range(n, in->rank, &lo, &hi);
    for (int d = lo; d < hi; d++)
        rpr_store_i64(out, (d - lo) * out->stride[0], in->dim[d]);
    return RPR_OK;
}

int rpr_infer_size(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    return rpr_set_output(g, n, 0, RPR_I64, 0, NULL, err);
}

int rpr_eval_size(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    rpr_store_i64(out, 0, rpr_view_count(in));
    return RPR_OK;
}

/* The one element that fills; NULL stands for an f32 zero. */
static int fill_value(const rpr_node *n, const rpr_value **value, rpr_error *err)
{
    const rpr_attr *a = rpr_node_attr(n, "value");
    *value = NULL;
    if (!a)
        return RPR_OK;
    if (a->kind != RPR_ATTR_TENSOR || !a->tensor || rpr_shape_count(&a->tensor->shape) != 1)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "value is not a tensor of one element");
    *value = a->tensor;
    return RPR_OK;
}

int rpr_infer_constant_of_shape(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *value;
    rpr_view in[RPR_PARAMS];
    rpr_list l;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPE(RPR_I64), &x, err));
    RPR_TRY(fill_value(n, &value, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_node_list(n, in, 0, NULL, &l, err));
    return rpr_set_output(g, n, 0, value ? value->dtype : RPR_F32, l.n, l.v, err);
}

int rpr_eval_constant_of_shape(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                               rpr_error *err)
{
    (void)in;
    const rpr_value *value;
    float zero = 0;
    RPR_TRY(fill_value(n, &value, err));
    rpr_view one = rpr_view_dense(out->dtype, 0, NULL, value ? value->data : &zero);
    rpr_view all = rpr_view_broadcast(&one, out->rank, out->dim);
    rpr_view_copy(&all, out);
    return RPR_OK;
}

#define RANGE_TYPES (RPR_TYPE(RPR_F32) | RPR_TYPE(RPR_F64) | RPR_TYPE(RPR_I16) | RPR_TYPES_INDEX)

int rpr_infer_range(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *v = NULL;
    rpr_view in[RPR_PARAMS];
    unsigned types = RANGE_TYPES;
    rpr_param_views(g, n, in);
    for (int i = 0; i < 3; i++) {
        RPR_TRY(rpr_need(g, n, i, types, &v, err));
        types = RPR_TYPE(v->dtype);
        if (rpr_shape_count(&v->shape) != 1)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d is not a scalar", i);
        if (!in[i].data)
            return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "input %d is not a constant", i);
    }
    double span = rpr_load_f64(&in[1], 0) - rpr_load_f64(&in[0], 0);
    double count = ceil(span / rpr_load_f64(&in[2], 0));
    if (isnan(count) || count > 0x1p53)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the range has no end");
    int64_t dim = count > 0 ? (int64_t)count : 0;
    return rpr_set_output(g, n, 0, v->dtype, 1, &dim, err);
}

int rpr_eval_range(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    bool real = rpr_dtype_is_float(out->dtype);
    uint64_t start = (uint64_t)rpr_load_i64(&in[0], 0), step = (uint64_t)rpr_load_i64(&in[2], 0);
    for (int64_t i = 0; i < out->dim[0]; i++) {
        int64_t at = i * out->stride[0];
        if (real)
            rpr_store_f64(out, at, rpr_load_f64(&in[0], 0) + (double)i * rpr_load_f64(&in[2], 0));
        else
            rpr_store_i64(out, at, (int64_t)(start + (uint64_t)i * step));
    }
    return RPR_OK;
}
