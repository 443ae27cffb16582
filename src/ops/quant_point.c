/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators of com.microsoft that ONNX Runtime's static quantiser writes between convolutions.
 * Each is its floating-point operator between DequantizeLinear and QuantizeLinear, in f32.
 */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/quant.h"
#include "ops/window.h"

/* Input i and its scale and zero point, which come behind it. */
static int need_operand(const rpr_graph *g, const rpr_node *n, int i, unsigned types,
                        const rpr_value **x, rpr_error *err)
{
    RPR_TRY(rpr_need(g, n, i, types, x, err));
    return rpr_quant_check(g, n, i + 1, i + 2, (*x)->dtype, RPR_PER_TENSOR, err);
}

int rpr_infer_qlinear_binary(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *a, *b;
    RPR_TRY(need_operand(g, n, 0, RPR_TYPES_QUANT, &a, err));
    RPR_TRY(need_operand(g, n, 3, RPR_TYPE(a->dtype), &b, err));
    RPR_TRY(rpr_quant_check(g, n, 6, 7, a->dtype, RPR_PER_TENSOR, err));
    rpr_shape s = a->shape;
    RPR_TRY(rpr_broadcast_with(n, &s, &b->shape, err));
    return rpr_set_output(g, n, 0, a->dtype, s.rank, s.dim, err);
}

/* Above this the products below would be too large for their difference to be exact enough. */
#define MOST_RATIO 256.0f

/*
 * As ONNX Runtime adds (mlas, qladd) where processors have fused operations: with the ratios of the
 * scales, and the zero points as one number.
 */
static void add_by_ratio(rpr_quant qa, rpr_quant qb, rpr_quant to, const rpr_view *a,
                         const rpr_view *b, const rpr_view *out)
{
    float ra = qa.scale / to.scale, rb = qb.scale / to.scale;
    float fixed = (float)to.zero - fmaf(ra, (float)qa.zero, rb * (float)qb.zero);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, a, b)); it.more; rpr_iter_next(&it)) {
        float y = fmaf((float)rpr_load_i64(b, it.at[2]), rb, fixed);
        y = fmaf((float)rpr_load_i64(a, it.at[1]), ra, y);
        rpr_store_i64(out, it.at[0], rpr_quant_store(y, 0, out->dtype));
    }
}

int rpr_eval_qlinear_binary(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    (void)err;
    rpr_view a = rpr_view_broadcast(&in[0], out->rank, out->dim);
    rpr_view b = rpr_view_broadcast(&in[3], out->rank, out->dim);
    rpr_quant qa = rpr_quant_of(n, in, 1, 2), qb = rpr_quant_of(n, in, 4, 5);
    rpr_quant to = rpr_quant_of(n, in, 6, 7);
    bool add = strcmp(n->op, "QLinearAdd") == 0;
    if (add && qa.scale / to.scale < MOST_RATIO && qb.scale / to.scale < MOST_RATIO) {
        add_by_ratio(qa, qb, to, &a, &b, out);
        return RPR_OK;
    }
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &a, &b)); it.more; rpr_iter_next(&it)) {
        float x = rpr_quant_load(&a, it.at[1], qa.scale, qa.zero);
        float y = rpr_quant_load(&b, it.at[2], qb.scale, qb.zero);
        float z = add ? x + y : x * y;
        rpr_store_i64(out, it.at[0], rpr_quant_store(z / to.scale, to.zero, out->dtype));
    }
    return RPR_OK;
}

int rpr_infer_qlinear_unary(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(need_operand(g, n, 0, RPR_TYPES_QUANT, &x, err));
    RPR_TRY(rpr_quant_check(g, n, 3, 4, x->dtype, RPR_PER_TENSOR, err));
    return rpr_infer_like(g, n, RPR_TYPES_QUANT, err);
}

int rpr_eval_qlinear_unary(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                           rpr_error *err)
{
    (void)err;
    rpr_quant from = rpr_quant_of(n, in, 1, 2), to = rpr_quant_of(n, in, 3, 4);
    bool sigmoid = strcmp(n->op, "QLinearSigmoid") == 0;
    float alpha = rpr_node_float(n, "alpha", 0.01f);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it)) {
        float x = rpr_quant_load(in, it.at[1], from.scale, from.zero);
        float y = sigmoid ? (float)(1 / (1 + exp(-(double)x))) : x < 0 ? alpha * x : x;
        rpr_store_i64(out, it.at[0], rpr_quant_store(y / to.scale, to.zero, out->dtype));
    }
    return RPR_OK;
}

/* Inputs: scale and zero point of the output, then tensor, scale, zero point of every part. */
int rpr_infer_qlinear_concat(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x = NULL, *zero;
    int axis = 0;
    rpr_shape s = {.rank = 0};
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPES_QUANT, &zero, err));
    RPR_TRY(rpr_quant_check(g, n, 0, 1, zero->dtype, RPR_PER_TENSOR, err));
    if (n->n_in % 3 != 2)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%d inputs, not 2 and 3 for every part",
                             n->n_in);
    if (!rpr_node_attr(n, "axis"))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "axis is missing");
    for (int i = 2; i < n->n_in; i += 3) {
        RPR_TRY(need_operand(g, n, i, RPR_TYPE(zero->dtype), &x, err));
        if (i == 2) {
            s = x->shape;
            RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), s.rank, &axis, err));
            continue;
        }
        bool fits = x->shape.rank == s.rank;
        for (int d = 0; d < s.rank && fits; d++)
            fits = d == axis || x->shape.dim[d] == s.dim[d];
        if (!fits || !rpr_add_i64(s.dim[axis], x->shape.dim[axis], &s.dim[axis]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d does not fit the first part", i);
    }
    return rpr_set_output(g, n, 0, zero->dtype, s.rank, s.dim, err);
}

int rpr_eval_qlinear_concat(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    int axis;
    int64_t start = 0;
    rpr_quant to = rpr_quant_of(n, in, 0, 1);
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), out->rank, &axis, err));
    for (int i = 2; i < n->n_in; i += 3) {
        rpr_view part = rpr_view_part(*out, axis, start, in[i].dim[axis]);
        rpr_quant from = rpr_quant_of(n, in, i + 1, i + 2);
        start += in[i].dim[axis];
        for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&part, &in[i])); it.more; rpr_iter_next(&it)) {
            float x = rpr_quant_load(&in[i], it.at[1], from.scale, from.zero);
            rpr_store_i64(&part, it.at[0], rpr_quant_store(x / to.scale, to.zero, part.dtype));
        }
    }
    return RPR_OK;
}

static int check_pool(const rpr_graph *g, const rpr_node *n, const rpr_value **x, rpr_error *err)
{
    RPR_TRY(need_operand(g, n, 0, RPR_TYPES_QUANT, x, err));
    RPR_TRY(rpr_quant_check(g, n, 3, 4, (*x)->dtype, RPR_PER_TENSOR, err));
    if (rpr_node_int(n, "channels_last", 0))
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "channels_last is not supported");
    return RPR_OK;
}

int rpr_infer_qlinear_average_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(check_pool(g, n, &x, err));
    return rpr_pool_infer(g, n, RPR_TYPES_QUANT, err);
}

/*
 * The sum is exact, and the zero point is added before rounding: so halves go where they go in ONNX
 * Runtime, but for those that its sum of floats misses.
 */
int rpr_eval_qlinear_average_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                  rpr_error *err)
{
    rpr_quant from = rpr_quant_of(n, in, 1, 2), to = rpr_quant_of(n, in, 3, 4);
    rpr_view sum = rpr_quant_scratch(RPR_F64, out), divisor = rpr_quant_scratch(RPR_I64, out);
    int status = sum.data && divisor.data ? RPR_OK : rpr_node_nomem(err, n);
    if (status == RPR_OK)
        status = rpr_pool_sums(n, in, from.zero, &sum, &divisor, err);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &sum, &divisor)); status == RPR_OK && it.more;
         rpr_iter_next(&it)) {
        float y = (float)rpr_load_f64(&sum, it.at[1]) * from.scale;
        int64_t by = rpr_load_i64(&divisor, it.at[2]);
        y = by > 0 ? y / (float)by / to.scale : 0.0f;
        rpr_store_i64(out, it.at[0], rpr_quant_store(y + (float)to.zero, 0, out->dtype));
    }
    rpr_free(sum.data);
    rpr_free(divisor.data);
    return status;
}

int rpr_infer_qlinear_global_average_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(check_pool(g, n, &x, err));
    if (x->shape.rank < 3)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input has %d dimensions", x->shape.rank);
    int64_t dim[RPR_MAX_RANK] = {x->shape.dim[0], x->shape.dim[1]};
    for (int d = 2; d < x->shape.rank; d++)
        dim[d] = 1;
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, dim, err);
}

/* The sum is exact; ONNX Runtime, too, scales it once. */
int rpr_eval_qlinear_global_average_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                         rpr_error *err)
{
    (void)err;
    const bool spatial[RPR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    rpr_quant from = rpr_quant_of(n, in, 1, 2), to = rpr_quant_of(n, in, 3, 4);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it)) {
        rpr_view plane = rpr_view_move(*in, it.at[1]);
        int64_t sum = 0, count = 0;
        for (rpr_iter p = rpr_iter_axes(spatial, true, RPR_VIEWS(&plane)); p.more;
             rpr_iter_next(&p), count++)
            sum += rpr_load_i64(&plane, p.at[0]) - from.zero;
        float y = (float)sum * (from.scale / (to.scale * (float)count));
        rpr_store_i64(out, it.at[0], rpr_quant_store(y, to.zero, out->dtype));
    }
    return RPR_OK;
}
