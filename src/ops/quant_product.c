/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of quantised numbers: QLinearConv, ConvInteger, QLinearMatMul, MatMulInteger, QGemm, and
 * QLinearConvTranspose (graph/table.h).
 *
 * Sums of (x - x_zero) (w - w_zero) are integers below 2^53 in double: no factor is above 255, so
 * fewer than 2^37 terms are exact, and no tensor has more. ONNX sums in i32: the results agree as
 * long as that does not overflow, which needs more than 33025 terms. Integer outputs wrap as i32
 * does; QLinear... scale the true sum.
 */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/product.h"
#include "ops/quant.h"

/* x without its zero point, dense, in double; zero is a vector along the axis or one value. */
static rpr_view centred(const rpr_view *x, rpr_view zero, int axis)
{
    rpr_view v = rpr_quant_scratch(RPR_F64, x), z = rpr_quant_spread(&zero, axis, x);
    double *to = v.data;
    if (!to)
        return v;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(x, &z)); it.more; rpr_iter_next(&it))
        *to++ = (double)(rpr_load_i64(x, it.at[0]) - rpr_load_i64(&z, it.at[1]));
    return v;
}

/* One product: operands without zero points, and the exact sums. */
typedef struct sums {
    rpr_view a, b, y;
    rpr_view bias;
    bool conv, transpose, biased;
} sums;

/* Takes over the operands' memory; y is to be freed. */
static int multiply(const rpr_node *n, sums *s, const rpr_view *out, rpr_error *err)
{
    int status = RPR_ERR_NOMEM;
    s->y = rpr_quant_scratch(RPR_F64, out);
    rpr_conv_views v = {.x = s->a, .w = s->b, .y = s->y, .bias = s->bias, .biased = s->biased};
    if (!s->a.data || !s->b.data || !s->y.data)
        (void)rpr_node_nomem(err, n);
    else if (s->conv)
        status = s->transpose ? rpr_conv_transpose_sum(n, &v, err) : rpr_conv_sum(n, &v, err);
    else
        status = rpr_matmul_sum(n, s->a, s->b, s->y, err);
    rpr_free(s->a.data);
    rpr_free(s->b.data);
    return status;
}

static void put_integers(const rpr_view *y, const rpr_view *out)
{
    const double *from = y->data;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out)); it.more; rpr_iter_next(&it))
        rpr_store_i64(out, it.at[0], (int64_t)*from++);
}

/* round(y a_scale b_scale / scale) + zero; the scales are spread over the output. */
static void requantise(const rpr_view *y, const rpr_view *a, const rpr_view *b, rpr_quant to,
                       const rpr_view *out)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, y, a, b)); it.more; rpr_iter_next(&it)) {
        float sum = (float)rpr_load_f64(y, it.at[1]);
        float scale = (float)rpr_load_f64(a, it.at[2]) * (float)rpr_load_f64(b, it.at[3]);
        rpr_store_i64(out, it.at[0],
                      rpr_quant_store(sum * (scale / to.scale), to.zero, out->dtype));
    }
}

static int need_pair(const rpr_graph *g, const rpr_node *n, int second, const rpr_value **a,
                     const rpr_value **b, rpr_error *err)
{
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_QUANT, a, err));
    return rpr_need(g, n, second, RPR_TYPES_QUANT, b, err);
}

int rpr_infer_conv_integer(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *w;
    rpr_window_spec win;
    RPR_TRY(need_pair(g, n, 1, &x, &w, err));
    RPR_TRY(rpr_conv_window(n, &x->shape, &w->shape, &win, err));
    int64_t m = w->shape.dim[0];
    RPR_TRY(rpr_quant_check_zero(g, n, 2, x->dtype, RPR_PER_TENSOR, err));
    RPR_TRY(rpr_quant_check_zero(g, n, 3, w->dtype, m, err));
    return rpr_conv_set_output(g, n, RPR_I32, x->shape.dim[0], m, &win, err);
}

int rpr_eval_conv_integer(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                          rpr_error *err)
{
    sums s = {.conv = true,
              .a = centred(&in[0], rpr_quant_input(n, in, 2), RPR_NONE),
              .b = centred(&in[1], rpr_quant_input(n, in, 3), 0)};
    int status = multiply(n, &s, out, err);
    if (status == RPR_OK)
        put_integers(&s.y, out);
    rpr_free(s.y.data);
    return status;
}

/* Scales, zero points and bias of a convolution of m output channels, and its output. */
static int finish_conv(rpr_graph *g, rpr_node *n, int64_t m, const rpr_window_spec *win,
                       rpr_error *err)
{
    const rpr_value *zero, *bias, *x = &g->value[n->in[0]];
    RPR_TRY(rpr_need(g, n, 7, RPR_TYPES_QUANT, &zero, err));
    RPR_TRY(rpr_quant_check(g, n, 1, 2, x->dtype, RPR_PER_TENSOR, err));
    RPR_TRY(rpr_quant_check(g, n, 4, 5, g->value[n->in[3]].dtype, m, err));
    RPR_TRY(rpr_quant_check(g, n, 6, 7, zero->dtype, RPR_PER_TENSOR, err));
    if (rpr_node_has(n, 8)) {
        RPR_TRY(rpr_need(g, n, 8, RPR_TYPE(RPR_I32), &bias, err));
        if (bias->shape.rank != 1 || bias->shape.dim[0] != m)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the bias is not a vector of %lld entries",
                                 (long long)m);
    }
    return rpr_conv_set_output(g, n, zero->dtype, x->shape.dim[0], m, win, err);
}

int rpr_infer_qlinear_conv(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *w;
    rpr_window_spec win;
    RPR_TRY(need_pair(g, n, 3, &x, &w, err));
    RPR_TRY(rpr_conv_window(n, &x->shape, &w->shape, &win, err));
    return finish_conv(g, n, w->shape.dim[0], &win, err);
}

int rpr_infer_qlinear_conv_transpose(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *w;
    rpr_window_spec win;
    int64_t m;
    RPR_TRY(need_pair(g, n, 3, &x, &w, err));
    RPR_TRY(rpr_conv_transpose_window(n, &x->shape, &w->shape, &win, &m, err));
    if (win.group != 1)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "there is more than one group");
    return finish_conv(g, n, m, &win, err);
}

/* Output channels are on that axis of the weights. */
static int eval_conv(const rpr_node *n, const rpr_view *in, const rpr_view *out, int axis,
                     rpr_error *err)
{
    sums s = {.conv = true,
              .transpose = axis == 1,
              .a = centred(&in[0], in[2], RPR_NONE),
              .b = centred(&in[3], in[5], axis),
              .bias = rpr_quant_input(n, in, 8),
              .biased = rpr_node_has(n, 8)};
    int status = multiply(n, &s, out, err);
    if (status == RPR_OK) {
        rpr_view x = rpr_quant_spread(&in[1], RPR_NONE, out);
        rpr_view w = rpr_quant_spread(&in[4], 1, out);
        requantise(&s.y, &x, &w, rpr_quant_of(n, in, 6, 7), out);
    }
    rpr_free(s.y.data);
    return status;
}

int rpr_eval_qlinear_conv(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                          rpr_error *err)
{
    return eval_conv(n, in, out, 0, err);
}

int rpr_eval_qlinear_conv_transpose(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                    rpr_error *err)
{
    return eval_conv(n, in, out, 1, err);
}

/* Rows of the first operand of a product, columns of the second: what may have own parameters. */
static int64_t rows_of(const rpr_shape *s)
{
    return s->rank > 1 ? s->dim[s->rank - 2] : 1;
}

static int64_t columns_of(const rpr_shape *s)
{
    return s->rank > 1 ? s->dim[s->rank - 1] : 1;
}

int rpr_infer_matmul_integer(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *a, *b;
    rpr_shape s;
    RPR_TRY(need_pair(g, n, 1, &a, &b, err));
    RPR_TRY(rpr_matmul_shape(n, &a->shape, &b->shape, &s, err));
    RPR_TRY(rpr_quant_check_zero(g, n, 2, a->dtype, rows_of(&a->shape), err));
    RPR_TRY(rpr_quant_check_zero(g, n, 3, b->dtype, columns_of(&b->shape), err));
    return rpr_set_output(g, n, 0, RPR_I32, s.rank, s.dim, err);
}

int rpr_eval_matmul_integer(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    sums s = {.a = centred(&in[0], rpr_quant_input(n, in, 2), in[0].rank - 2),
              .b = centred(&in[1], rpr_quant_input(n, in, 3), in[1].rank - 1)};
    int status = multiply(n, &s, out, err);
    if (status == RPR_OK)
        put_integers(&s.y, out);
    rpr_free(s.y.data);
    return status;
}

int rpr_infer_qlinear_matmul(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *a, *b, *zero;
    rpr_shape s;
    RPR_TRY(need_pair(g, n, 3, &a, &b, err));
    RPR_TRY(rpr_matmul_shape(n, &a->shape, &b->shape, &s, err));
    RPR_TRY(rpr_need(g, n, 7, RPR_TYPES_QUANT, &zero, err));
    RPR_TRY(rpr_quant_check(g, n, 1, 2, a->dtype, rows_of(&a->shape), err));
    RPR_TRY(rpr_quant_check(g, n, 4, 5, b->dtype, columns_of(&b->shape), err));
    RPR_TRY(rpr_quant_check(g, n, 6, 7, zero->dtype, RPR_PER_TENSOR, err));
    return rpr_set_output(g, n, 0, zero->dtype, s.rank, s.dim, err);
}

/* The axis of the output that holds the rows of a; b has the last one if it has columns. */
int rpr_eval_qlinear_matmul(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    sums s = {.a = centred(&in[0], in[2], in[0].rank - 2),
              .b = centred(&in[3], in[5], in[3].rank - 1)};
    int status = multiply(n, &s, out, err);
    if (status == RPR_OK) {
        rpr_view a = rpr_quant_spread(&in[1], out->rank - (in[3].rank > 1 ? 2 : 1), out);
        rpr_view b = rpr_quant_spread(&in[4], out->rank - 1, out);
        requantise(&s.y, &a, &b, rpr_quant_of(n, in, 6, 7), out);
    }
    rpr_free(s.y.data);
    return status;
}

static rpr_view turned(rpr_view m, const rpr_node *n, const char *attr)
{
    rpr_view t = m;
    for (int d = 0; d < 2 && rpr_node_int(n, attr, 0); d++) {
        t.dim[d] = m.dim[1 - d];
        t.stride[d] = m.stride[1 - d];
    }
    return t;
}

static int check_gemm_bias(const rpr_graph *g, const rpr_node *n, const int64_t *dim,
                           rpr_error *err)
{
    const rpr_value *c;
    if (!rpr_node_has(n, 6))
        return RPR_OK;
    RPR_TRY(rpr_need(g, n, 6, RPR_TYPE(RPR_I32), &c, err));
    const rpr_shape *s = &c->shape;
    for (int d = 0; d < s->rank; d++)
        if (s->rank > 2 || (s->dim[d] != 1 && s->dim[d] != dim[2 - s->rank + d]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the bias (input 6) does not broadcast");
    return RPR_OK;
}

/* com.microsoft; without a scale for it the output is f32. */
int rpr_infer_qgemm(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *y, *zero;
    rpr_dtype type = RPR_F32;
    RPR_TRY(need_pair(g, n, 3, &x, &y, err));
    if (x->shape.rank != 2 || y->shape.rank != 2)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "an operand is not a matrix");
    rpr_view a = turned(rpr_view_dense(x->dtype, 2, x->shape.dim, NULL), n, "transA");
    rpr_view b = turned(rpr_view_dense(y->dtype, 2, y->shape.dim, NULL), n, "transB");
    if (a.dim[1] != b.dim[0])
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "inner dimensions %lld and %lld differ",
                             (long long)a.dim[1], (long long)b.dim[0]);
    const int64_t dim[2] = {a.dim[0], b.dim[1]};
    RPR_TRY(rpr_quant_check(g, n, 1, 2, a.dtype, RPR_PER_TENSOR, err));
    RPR_TRY(rpr_quant_check(g, n, 4, 5, b.dtype, dim[1], err));
    RPR_TRY(check_gemm_bias(g, n, dim, err));
    if (rpr_node_has(n, 7) || rpr_node_has(n, 8)) {
        RPR_TRY(rpr_need(g, n, 8, RPR_TYPES_QUANT, &zero, err));
        RPR_TRY(rpr_quant_check(g, n, 7, 8, zero->dtype, RPR_PER_TENSOR, err));
        type = zero->dtype;
    }
    return rpr_set_output(g, n, 0, type, 2, dim, err);
}

/* (sums + bias) (alpha a_scale b_scale), which ONNX Runtime, too, multiplies in this order. */
static void scale_gemm(const rpr_node *n, const rpr_view *in, const rpr_view *sum,
                       const rpr_view *out)
{
    bool stored = rpr_node_has(n, 7), biased = rpr_node_has(n, 6);
    rpr_view c = biased ? rpr_view_broadcast(&in[6], 2, out->dim) : *sum;
    rpr_view scale = rpr_quant_spread(&in[4], 1, out);
    rpr_quant to = stored ? rpr_quant_of(n, in, 7, 8) : (rpr_quant){.scale = 1};
    float a = rpr_node_float(n, "alpha", 1.0f) * (float)rpr_load_f64(&in[1], 0);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, sum, &c, &scale)); it.more;
         rpr_iter_next(&it)) {
        double z = rpr_load_f64(sum, it.at[1]) + (biased ? rpr_load_f64(&c, it.at[2]) : 0);
        float y = (float)z * (a * (float)rpr_load_f64(&scale, it.at[3]) / to.scale);
        if (stored)
            rpr_store_i64(out, it.at[0], rpr_quant_store(y, to.zero, out->dtype));
        else
            rpr_store_f64(out, it.at[0], (double)y);
    }
}

int rpr_eval_qgemm(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    int columns = rpr_node_int(n, "transB", 0) ? 0 : 1;
    sums s = {.a = turned(centred(&in[0], in[2], RPR_NONE), n, "transA"),
              .b = turned(centred(&in[3], in[5], columns), n, "transB")};
    int status = multiply(n, &s, out, err);
    if (status == RPR_OK)
        scale_gemm(n, in, &s.y, out);
    rpr_free(s.y.data);
    return status;
}
