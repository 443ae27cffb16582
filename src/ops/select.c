/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element with mixed types: Where, Pow, PRelu, Not, Cast. */
#include "ops/defs.h"

int rpr_infer_where(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *c;
    rpr_dtype t = RPR_UNDEFINED;
    rpr_shape s;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPE(RPR_BOOL), &c, err));
    RPR_TRY(rpr_infer_broadcast(g, n, 1, 2, RPR_TYPES_ALL, &t, &s, err));
    RPR_TRY(rpr_broadcast_with(n, &s, &c->shape, err));
    return rpr_set_output(g, n, 0, t, s.rank, s.dim, err);
}

int rpr_eval_where(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    rpr_view c = rpr_view_broadcast(&in[0], out->rank, out->dim);
    rpr_view a = rpr_view_broadcast(&in[1], out->rank, out->dim);
    rpr_view b = rpr_view_broadcast(&in[2], out->rank, out->dim);
    size_t size = rpr_dtype_size(out->dtype);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &c, &a, &b)); it.more; rpr_iter_next(&it)) {
        bool yes = rpr_load_i64(&c, it.at[1]) != 0;
        rpr_view from = yes ? rpr_view_move(a, it.at[2]) : rpr_view_move(b, it.at[3]);
        memcpy(rpr_view_move(*out, it.at[0]).data, from.data, size);
    }
    return RPR_OK;
}

int rpr_infer_pow(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *y;
    RPR_TRY(rpr_need(g, n, 0, n->opset < 12 ? RPR_TYPES_FLOAT : RPR_TYPES_NUMBER, &x, err));
    RPR_TRY(rpr_need(g, n, 1, n->opset < 12 ? RPR_TYPE(x->dtype) : RPR_TYPES_NUMBER, &y, err));
    rpr_shape s = x->shape;
    RPR_TRY(rpr_broadcast_with(n, &s, &y->shape, err));
    return rpr_set_output(g, n, 0, x->dtype, s.rank, s.dim, err);
}

static uint64_t power(uint64_t x, uint64_t e)
{
    uint64_t r = 1;
    for (; e > 0; e >>= 1, x *= x)
        if (e & 1)
            r *= x;
    return r;
}

/* Integers to a natural power are exact and wrap; everything else is computed in double. */
int rpr_eval_pow(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    rpr_view x = rpr_view_broadcast(&in[0], out->rank, out->dim);
    rpr_view y = rpr_view_broadcast(&in[1], out->rank, out->dim);
    bool whole = !rpr_dtype_is_float(x.dtype) && !rpr_dtype_is_float(y.dtype);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &x, &y)); it.more; rpr_iter_next(&it)) {
        int64_t e = whole ? rpr_load_i64(&y, it.at[2]) : -1;
        if (e >= 0 || (whole && y.dtype == RPR_U64)) {
            uint64_t base = (uint64_t)rpr_load_i64(&x, it.at[1]);
            rpr_store_i64(out, it.at[0], (int64_t)power(base, (uint64_t)e));
        } else {
            rpr_store_f64(out, it.at[0],
                          pow(rpr_load_f64(&x, it.at[1]), rpr_load_f64(&y, it.at[2])));
        }
    }
    return RPR_OK;
}

int rpr_infer_prelu(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *slope;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_NUMBER, &x, err));
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPE(x->dtype), &slope, err));
    const rpr_shape *s = &x->shape;
    int lead = s->rank - slope->shape.rank;
    for (int d = 0; d < slope->shape.rank; d++)
        if (lead < 0 || (slope->shape.dim[d] != 1 && slope->shape.dim[d] != s->dim[lead + d]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the slope does not broadcast");
    return rpr_set_output(g, n, 0, x->dtype, s->rank, s->dim, err);
}

int rpr_eval_prelu(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    const rpr_view *x = &in[0];
    rpr_view slope = rpr_view_broadcast(&in[1], out->rank, out->dim);
    bool real = rpr_dtype_is_float(x->dtype);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, x, &slope)); it.more; rpr_iter_next(&it)) {
        if (real) {
            double v = rpr_load_f64(x, it.at[1]);
            rpr_store_f64(out, it.at[0], v < 0 ? v * rpr_load_f64(&slope, it.at[2]) : v);
            continue;
        }
        int64_t v = rpr_load_i64(x, it.at[1]);
        if (v < 0 && x->dtype != RPR_U64)
            v = (int64_t)((uint64_t)v * (uint64_t)rpr_load_i64(&slope, it.at[2]));
        rpr_store_i64(out, it.at[0], v);
    }
    return RPR_OK;
}

int rpr_infer_logical_not(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    return rpr_infer_like(g, n, RPR_TYPE(RPR_BOOL), err);
}

int rpr_eval_logical_not(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it))
        rpr_store_i64(out, it.at[0], !rpr_load_i64(in, it.at[1]));
    return RPR_OK;
}

int rpr_infer_cast(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    int64_t to = rpr_node_int(n, "to", RPR_UNDEFINED);
    if (to <= RPR_UNDEFINED || to > RPR_U64 || !(RPR_TYPE(to) & RPR_TYPES_ALL))
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "casting to element type %lld",
                             (long long)to);
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    return rpr_set_output(g, n, 0, (rpr_dtype)to, x->shape.rank, x->shape.dim, err);
}

int rpr_eval_cast(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    bool real = rpr_dtype_is_float(in->dtype), to_real = rpr_dtype_is_float(out->dtype);
    bool whole = !real && !(to_real && in->dtype == RPR_U64);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it)) {
        if (whole)
            rpr_store_i64(out, it.at[0], rpr_load_i64(in, it.at[1]));
        else
            rpr_store_f64(out, it.at[0], rpr_load_f64(in, it.at[1]));
    }
    return RPR_OK;
}
