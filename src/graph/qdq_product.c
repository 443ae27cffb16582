/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conv, ConvTranspose, Gemm and MatMul between DequantizeLinear and QuantizeLinear, of constant
 * weights that were dequantised, too. What is read as f32 by another node stays f32.
 */
#include <float.h>
#include <string.h>

#include "graph/qdq_weights.h"

typedef struct rpr_product {
    int node, store; /* nodes */
    int x;           /* u8 */
    rpr_quant_params from, to;
    rpr_quant_weights of;
} rpr_product;

static bool read_conv(const rpr_qdq *q, const rpr_node *n, rpr_product *p)
{
    p->of.axis = 0;
    p->of.bias = rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE;
    return rpr_fuse_shape(&q->f, n->in[1])->rank >= 3;
}

/** Of one group, and with as many axes as a layer has. */
static bool read_conv_transpose(const rpr_qdq *q, const rpr_node *n, rpr_product *p)
{
    const int rank = rpr_fuse_shape(&q->f, n->in[1])->rank;
    p->of.axis = 1;
    p->of.bias = rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE;
    return (rank == 3 || rank == 4) && rpr_node_int(n, "group", 1) == 1;
}

static bool read_gemm(const rpr_qdq *q, const rpr_node *n, rpr_product *p)
{
    (void)q;
    p->of.axis = rpr_node_int(n, "transB", 0) ? 0 : 1;
    p->of.bias = rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE;
    p->of.alpha = rpr_node_float(n, "alpha", 1.0f);
    p->of.beta = rpr_node_float(n, "beta", 1.0f);
    return p->of.alpha > 0 && p->of.alpha <= FLT_MAX;
}

static bool read_matmul(const rpr_qdq *q, const rpr_node *n, rpr_product *p)
{
    p->of.axis = 1;
    return rpr_fuse_shape(&q->f, n->in[1])->rank == 2;
}

static const struct kind {
    const char *op, *domain, *quantised;
    bool (*read)(const rpr_qdq *, const rpr_node *, rpr_product *);
} kinds[] = {{"Conv", "", "QLinearConv", read_conv},
             {"ConvTranspose", RPR_OWN_DOMAIN, "QLinearConvTranspose", read_conv_transpose},
             {"Gemm", RPR_MS_DOMAIN, "QGemm", read_gemm},
             {"MatMul", "", "QLinearMatMul", read_matmul}};

static const struct kind *kind_of(const rpr_node *n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (rpr_fuse_is(n, kinds[i].op))
            return &kinds[i];
    return NULL;
}

static bool read_product(const rpr_qdq *q, const rpr_node *n, const struct kind *k, rpr_product *p)
{
    if (!rpr_fuse_has(n, 0) || !rpr_fuse_has(n, 1))
        return false;
    p->x = rpr_qdq_source(q, n->in[0], &p->from);
    if (p->x == RPR_NONE)
        return false;
    p->of = (rpr_quant_weights){.bias = RPR_NONE,
                                .alpha = 1,
                                .beta = 1,
                                .x_scale = p->from.scale_value,
                                .y_scale = p->to.scale_value};
    return k->read(q, n, p) && rpr_qdq_read_weights(q, n->in[1], &p->of);
}

static int opset_of(const struct kind *k, const rpr_node *n)
{
    return *k->domain ? 1 : n->opset < 10 ? 10 : n->opset;
}

static int convert(rpr_qdq *q, const struct kind *k, const rpr_product *p)
{
    int x_zero, y_zero, w_zero, bias;
    bool fits;
    rpr_node *n = &q->f.g->node[p->node];
    RPR_TRY(rpr_qdq_make_bias(q, n->name, &p->of, &bias, &fits));
    if (!fits)
        return RPR_OK;
    RPR_TRY(rpr_qdq_zero(q, &p->from, &x_zero));
    RPR_TRY(rpr_qdq_zero(q, &p->to, &y_zero));
    RPR_TRY(rpr_qdq_weights_zero(q, &p->of, &w_zero));
    int in[9] = {p->x,   p->from.scale, x_zero, p->of.w, p->of.scale,
                 w_zero, p->to.scale,   y_zero, bias};
    if (strcmp(k->quantised, "QGemm") == 0) { /* has its bias before the output's parameters */
        in[6] = bias;
        in[7] = p->to.scale;
        in[8] = y_zero;
    }
    RPR_TRY(rpr_qdq_retype(q, n, k->domain, k->quantised, opset_of(k, n)));
    RPR_TRY(rpr_qdq_set_inputs(q, n, in, in[8] == RPR_NONE ? 8 : 9));
    return rpr_qdq_take_over(q, p->node, p->store);
}

int rpr_qdq_products(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    for (size_t i = 0; i < q->n_old; i++) {
        rpr_product p = {.store = (int)i};
        const rpr_node *store = &g->node[i];
        if (!rpr_fuse_is(store, "QuantizeLinear") || !rpr_qdq_params(q, store, &p.to))
            continue;
        const rpr_node *n = rpr_qdq_stored(q, store);
        const struct kind *k = n ? kind_of(n) : NULL;
        if (!k || !read_product(q, n, k, &p))
            continue;
        p.node = (int)(n - g->node);
        RPR_TRY(convert(q, k, &p));
    }
    return RPR_OK;
}
