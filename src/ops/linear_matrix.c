/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm and MatMul with a constant right-hand side: a 1x1 convolution over the rows. */
#include "ops/linear_make.h"

#include <string.h>

#include "kernels/pack.h"
#include "ops/node.h"

typedef struct matrix {
    const float *w, *bias; /* bias is NULL, one value, or one per column */
    int64_t bias_count;
    float alpha, beta;
    bool transposed; /* w is [columns][depth] */
    int32_t depth, columns;
} matrix;

/** Values of C if it is one per column or one for all; 0 if it varies along rows; -1 if absent. */
static int64_t bias_values(const rpr_graph *g, const rpr_node *n, int64_t columns)
{
    if (!rpr_node_has(n, 2))
        return -1;
    const rpr_shape *s = &g->value[n->in[2]].shape;
    int64_t count = rpr_shape_count(s);
    bool flat = count == 1 || (s->rank > 0 && count == columns && s->dim[s->rank - 1] == columns);
    return flat ? count : 0;
}

static rpr_linear_axis one_tap(int32_t size)
{
    return (rpr_linear_axis){.k = 1, .s = 1, .d = 1, .in = size, .out = size};
}

/* The pixels of the input as rpr_tensor_pixels lays them out: the last row axis is w. */
void rpr_matrix_describe(rpr_linear *l, int32_t depth, int32_t columns, const rpr_shape *x)
{
    l->in_w = l->out_w = (int32_t)(x->rank > 1 ? x->dim[x->rank - 2] : 1);
    l->in_h = l->out_h = x->rank > 2 ? (int32_t)x->dim[x->rank - 3] : 1;
    l->n = (int32_t)(rpr_shape_count(x) / depth / ((int64_t)l->in_w * l->in_h));
    l->geometry = (rpr_linear_geometry){.axis = {one_tap(l->in_h), one_tap(l->in_w)}, .groups = 1};
    l->in_c = l->group_in = depth;
    l->out_c = columns;
    l->phase[0] = (rpr_phase){.kh = 1,
                              .kw = 1,
                              .sh = 1,
                              .sw = 1,
                              .dh = 1,
                              .dw = 1,
                              .out_sy = 1,
                              .out_sx = 1,
                              .out_n = 1,
                              .rows = l->in_h,
                              .cols = l->in_w,
                              .ci = depth,
                              .co = columns};
}

static rpr_linear *make(const matrix *m, const rpr_shape *x)
{
    int64_t floats = rpr_packed_floats(m->depth, m->columns);
    rpr_linear *l = rpr_linear_new(1, floats, rpr_round_lane(m->columns));
    if (!l)
        return NULL;
    float *bias = l->weights + floats;
    rpr_matrix_describe(l, m->depth, m->columns, x);
    l->parameters = (int64_t)m->depth * m->columns + (m->bias ? m->columns : 0);
    rpr_pack_weights(l->weights, m->w, m->columns, 1, m->depth, m->transposed ? m->depth : 1, 0,
                     m->transposed ? 1 : m->columns);
    for (int64_t i = 0; i < floats; i++)
        l->weights[i] *= m->alpha;
    for (int32_t i = 0; m->bias && i < m->columns; i++)
        bias[i] = m->beta * m->bias[m->bias_count == 1 ? 0 : i];
    l->phase[0].w = l->weights;
    l->phase[0].bias = bias;
    rpr_linear_measure(l);
    return l;
}

int rpr_linear_from_matrix(const rpr_graph *g, const rpr_node *n, rpr_linear **out, rpr_error *err)
{
    const rpr_value *x = &g->value[n->in[0]], *w = &g->value[n->in[1]];
    matrix m = {.w = rpr_linear_constant(g, n, 1),
                .bias = rpr_linear_constant(g, n, 2),
                .alpha = rpr_node_float(n, "alpha", 1.0f),
                .beta = rpr_node_float(n, "beta", 1.0f),
                .transposed = rpr_node_int(n, "transB", 0) != 0};
    *out = NULL;
    if (!m.w || x->dtype != RPR_F32 || x->is_const || w->shape.rank != 2 || x->shape.rank < 2 ||
        rpr_node_int(n, "transA", 0) != 0 || rpr_shape_count(&x->shape) == 0)
        return RPR_OK;
    int64_t depth = w->shape.dim[m.transposed], columns = w->shape.dim[!m.transposed];
    m.bias_count = bias_values(g, n, columns);
    if (m.bias_count == 0 || (m.bias_count > 0 && !m.bias) || depth > INT32_MAX / 64 ||
        columns > INT32_MAX / 64 || depth == 0 || columns == 0)
        return RPR_OK;
    m.depth = (int32_t)depth;
    m.columns = (int32_t)columns;
    *out = make(&m, &x->shape);
    return *out ? RPR_OK : rpr_node_nomem(err, n);
}
