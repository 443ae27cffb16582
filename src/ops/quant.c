/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/quant.h"

#include <float.h>

#include "core/alloc.h"

static int check_length(const rpr_node *n, const char *what, int i, const rpr_shape *s,
                        int64_t channels, rpr_error *err)
{
    int64_t count = rpr_shape_count(s);
    if (s->rank <= 1 && (count == 1 || count == channels))
        return RPR_OK;
    if (channels == RPR_PER_TENSOR)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n,
                             "the %s (input %d) has %d dimensions and %lld entries, not one value",
                             what, i, s->rank, (long long)count);
    return rpr_node_fail(err, RPR_ERR_SHAPE, n,
                         "the %s (input %d) has %d dimensions and %lld entries, not one value or "
                         "a vector of %lld",
                         what, i, s->rank, (long long)count, (long long)channels);
}

int rpr_quant_check_zero(const rpr_graph *g, const rpr_node *n, int zero, rpr_dtype t,
                         int64_t channels, rpr_error *err)
{
    const rpr_value *v;
    if (!rpr_node_has(n, zero))
        return RPR_OK;
    RPR_TRY(rpr_need(g, n, zero, RPR_TYPES_INT, &v, err));
    if (v->dtype != t)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n,
                             "the zero point (input %d) has element type %d, the data has %d", zero,
                             (int)v->dtype, (int)t);
    RPR_TRY(check_length(n, "zero point", zero, &v->shape, channels, err));
    for (int64_t k = 0; v->is_const && t == RPR_I32 && k < rpr_shape_count(&v->shape); k++)
        if (((const int32_t *)v->data)[k] != 0)
            return rpr_node_fail(err, RPR_ERR_FORMAT, n,
                                 "the zero point (input %d) of int32 data is %d, not 0", zero,
                                 (int)((const int32_t *)v->data)[k]);
    return RPR_OK;
}

int rpr_quant_check(const rpr_graph *g, const rpr_node *n, int scale, int zero, rpr_dtype t,
                    int64_t channels, rpr_error *err)
{
    const rpr_value *v;
    RPR_TRY(rpr_need(g, n, scale, RPR_TYPE(RPR_F32), &v, err));
    RPR_TRY(check_length(n, "scale", scale, &v->shape, channels, err));
    for (int64_t k = 0; v->is_const && k < rpr_shape_count(&v->shape); k++) {
        float s = ((const float *)v->data)[k];
        if (!(s > 0 && s <= FLT_MAX))
            return rpr_node_fail(err, RPR_ERR_FORMAT, n,
                                 "the scale (input %d) holds %g, not a finite number above 0",
                                 scale, (double)s);
    }
    return rpr_quant_check_zero(g, n, zero, t, channels, err);
}

rpr_view rpr_quant_spread(const rpr_view *p, int axis, const rpr_view *like)
{
    rpr_view v = *like;
    v.dtype = p->dtype;
    v.data = p->data;
    for (int d = 0; d < v.rank; d++)
        v.stride[d] = 0;
    if (axis >= 0 && axis < v.rank && p->rank == 1 && p->dim[0] != 1)
        v.stride[axis] = p->stride[0];
    return v;
}

rpr_view rpr_quant_input(const rpr_node *n, const rpr_view *in, int i)
{
    return rpr_node_has(n, i) ? in[i] : (rpr_view){.dtype = RPR_UNDEFINED};
}

rpr_quant rpr_quant_of(const rpr_node *n, const rpr_view *in, int scale, int zero)
{
    rpr_view z = rpr_quant_input(n, in, zero);
    return (rpr_quant){.scale = (float)rpr_load_f64(&in[scale], 0), .zero = rpr_load_i64(&z, 0)};
}

void rpr_quantise(const rpr_view *x, const rpr_view *scale, const rpr_view *zero,
                  const rpr_view *out)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, x, scale, zero)); it.more;
         rpr_iter_next(&it)) {
        float of = (float)rpr_load_f64(x, it.at[1]) / (float)rpr_load_f64(scale, it.at[2]);
        int64_t q = rpr_quant_store(of, rpr_load_i64(zero, it.at[3]), out->dtype);
        rpr_store_i64(out, it.at[0], q);
    }
}

void rpr_dequantise(const rpr_view *x, const rpr_view *scale, const rpr_view *zero,
                    const rpr_view *out)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, x, scale, zero)); it.more; rpr_iter_next(&it))
        rpr_store_f64(out, it.at[0],
                      (double)rpr_quant_load(x, it.at[1], (float)rpr_load_f64(scale, it.at[2]),
                                             rpr_load_i64(zero, it.at[3])));
}

rpr_view rpr_quant_scratch(rpr_dtype t, const rpr_view *v)
{
    void *data = rpr_alloc_array((size_t)rpr_view_count(v), rpr_dtype_size(t));
    return rpr_view_dense(t, v->rank, v->dim, data);
}
