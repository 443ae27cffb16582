/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul with numpy's rules, and Gemm. Floating point is summed in double, integers wrap. */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/product.h"

#define MATMUL_TYPES                                                                               \
    (RPR_TYPES_FLOAT | RPR_TYPE(RPR_I32) | RPR_TYPE(RPR_I64) | RPR_TYPE(RPR_U32) |                 \
     RPR_TYPE(RPR_U64))

/* c[rows][cols] += a[rows][depth] * b[depth][cols], all dense. */
static void product_f64(const double *a, const double *b, double *c, int64_t rows, int64_t cols,
                        int64_t depth)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < depth; k++)
            for (int64_t j = 0; j < cols; j++)
                c[i * cols + j] += a[i * depth + k] * b[k * cols + j];
}

static void product_i64(const uint64_t *a, const uint64_t *b, uint64_t *c, int64_t rows,
                        int64_t cols, int64_t depth)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < depth; k++)
            for (int64_t j = 0; j < cols; j++)
                c[i * cols + j] += a[i * depth + k] * b[k * cols + j];
}

/* The last two axes of a view, `at` elements from its start. */
static rpr_view matrix_at(const rpr_view *v, int64_t at)
{
    rpr_view m = rpr_view_move(*v, at);
    m.rank = 2;
    for (int d = 0; d < 2; d++) {
        m.dim[d] = v->dim[v->rank - 2 + d];
        m.stride[d] = v->stride[v->rank - 2 + d];
    }
    return m;
}

/* a * b for matrices as a dense array (rpr_alloc) of doubles, or of integers; NULL: no memory. */
static void *multiply(const rpr_view *a, const rpr_view *b)
{
    int64_t rows = a->dim[0], cols = b->dim[1], depth = a->dim[1];
    bool real = rpr_dtype_is_float(a->dtype);
    void *x = real ? (void *)rpr_dense_f64(a) : rpr_dense_i64(a);
    void *y = real ? (void *)rpr_dense_f64(b) : rpr_dense_i64(b);
    void *c = rpr_alloc_array((size_t)(rows * cols), sizeof(double));
    if (x && y && c) {
        if (real)
            product_f64(x, y, c, rows, cols, depth);
        else
            product_i64(x, y, c, rows, cols, depth);
    } else {
        rpr_free(c);
        c = NULL;
    }
    rpr_free(x);
    rpr_free(y);
    return c;
}

int rpr_matmul_shape(const rpr_node *n, const rpr_shape *as, const rpr_shape *bs, rpr_shape *out,
                     rpr_error *err)
{
    if (as->rank < 1 || bs->rank < 1)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "an operand is a scalar");
    int64_t ka = as->dim[as->rank - 1], kb = bs->dim[bs->rank > 1 ? bs->rank - 2 : 0];
    if (ka != kb)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "inner dimensions %lld and %lld differ",
                             (long long)ka, (long long)kb);
    rpr_shape batch_b = *bs;
    *out = *as;
    out->rank = as->rank > 2 ? as->rank - 2 : 0;
    batch_b.rank = bs->rank > 2 ? bs->rank - 2 : 0;
    RPR_TRY(rpr_broadcast_with(n, out, &batch_b, err));
    if (as->rank > 1)
        out->dim[out->rank++] = as->dim[as->rank - 2];
    if (bs->rank > 1)
        out->dim[out->rank++] = bs->dim[bs->rank - 1];
    return RPR_OK;
}

int rpr_infer_matmul(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *a, *b;
    rpr_shape s;
    RPR_TRY(rpr_need(g, n, 0, MATMUL_TYPES, &a, err));
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPE(a->dtype), &b, err));
    RPR_TRY(rpr_matmul_shape(n, &a->shape, &b->shape, &s, err));
    return rpr_set_output(g, n, 0, a->dtype, s.rank, s.dim, err);
}

int rpr_matmul_sum(const rpr_node *n, rpr_view a, rpr_view b, rpr_view c, rpr_error *err)
{
    if (b.rank == 1) {
        b = rpr_view_insert(b, 1);
        c = rpr_view_insert(c, c.rank);
    }
    if (a.rank == 1) {
        a = rpr_view_insert(a, 0);
        c = rpr_view_insert(c, c.rank - 1);
    }
    int64_t dim[RPR_MAX_RANK];
    memcpy(dim, c.dim, sizeof dim);
    int batch = c.rank - 2;
    dim[batch] = a.dim[a.rank - 2];
    dim[batch + 1] = a.dim[a.rank - 1];
    a = rpr_view_broadcast(&a, c.rank, dim);
    dim[batch] = b.dim[b.rank - 2];
    dim[batch + 1] = b.dim[b.rank - 1];
    b = rpr_view_broadcast(&b, c.rank, dim);
    rpr_view outer = c;
    outer.rank = batch;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&outer, &a, &b)); it.more; rpr_iter_next(&it)) {
        rpr_view ma = matrix_at(&a, it.at[1]), mb = matrix_at(&b, it.at[2]);
        rpr_view mc = matrix_at(&c, it.at[0]);
        void *product = multiply(&ma, &mb);
        if (!product)
            return rpr_node_nomem(err, n);
        if (rpr_dtype_is_float(mc.dtype))
            rpr_put_f64(&mc, product);
        else
            rpr_put_i64(&mc, product);
        rpr_free(product);
    }
    return RPR_OK;
}

int rpr_eval_matmul(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    return rpr_matmul_sum(n, in[0], in[1], out[0], err);
}

/* A matrix operand of Gemm with its transposition attribute applied. */
static rpr_view gemm_operand(const rpr_node *n, const rpr_view *v, const char *attr)
{
    rpr_view m = *v;
    if (rpr_node_int(n, attr, 0)) {
        m.dim[0] = v->dim[1];
        m.dim[1] = v->dim[0];
        m.stride[0] = v->stride[1];
        m.stride[1] = v->stride[0];
    }
    return m;
}

int rpr_infer_gemm(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *v[3] = {NULL, NULL, NULL};
    rpr_view in[RPR_PARAMS];
    RPR_TRY(rpr_need(g, n, 0, MATMUL_TYPES, &v[0], err));
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPE(v[0]->dtype), &v[1], err));
    if (v[0]->shape.rank != 2 || v[1]->shape.rank != 2)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "an operand is not a matrix");
    if (n->opset < 11 && !rpr_node_has(n, 2))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "input 2 is missing");
    rpr_param_views(g, n, in);
    rpr_view a = gemm_operand(n, &in[0], "transA"), b = gemm_operand(n, &in[1], "transB");
    if (a.dim[1] != b.dim[0])
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "inner dimensions %lld and %lld differ",
                             (long long)a.dim[1], (long long)b.dim[0]);
    int64_t dim[2] = {a.dim[0], b.dim[1]};
    if (rpr_node_has(n, 2)) {
        RPR_TRY(rpr_need(g, n, 2, RPR_TYPE(v[0]->dtype), &v[2], err));
        const rpr_shape *s = &v[2]->shape;
        for (int d = 0; d < s->rank; d++)
            if (s->rank > 2 || (s->dim[d] != 1 && s->dim[d] != dim[2 - s->rank + d]))
                return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input 2 does not broadcast");
    }
    return rpr_set_output(g, n, 0, v[0]->dtype, 2, dim, err);
}

/* Integers are scaled in double and go towards zero once, at the end. */
int rpr_eval_gemm(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_view a = gemm_operand(n, &in[0], "transA"), b = gemm_operand(n, &in[1], "transB");
    double alpha = (double)rpr_node_float(n, "alpha", 1.0f);
    double beta = (double)rpr_node_float(n, "beta", 1.0f);
    bool real = rpr_dtype_is_float(out->dtype), biased = rpr_node_has(n, 2);
    rpr_view c = biased ? rpr_view_broadcast(&in[2], 2, out->dim) : *out;
    void *product = multiply(&a, &b);
    if (!product)
        return rpr_node_nomem(err, n);
    int64_t i = 0;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &c)); it.more; rpr_iter_next(&it), i++) {
        double y = alpha * (real ? ((double *)product)[i] : (double)((int64_t *)product)[i]);
        if (biased)
            y += beta * rpr_load_f64(&c, it.at[1]);
        rpr_store_f64(out, it.at[0], y);
    }
    rpr_free(product);
    return RPR_OK;
}
