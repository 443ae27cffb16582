/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Add, Mul, Concat and averages between DequantizeLinear and QuantizeLinear become the operators
 * that com.microsoft has for them.
 */
#include <string.h>

#include "core/alloc.h"
#include "graph/qdq.h"

/** ReduceMean over all axes behind the channels that keeps them. */
static bool is_spatial_mean(const rpr_qdq *q, const rpr_node *n)
{
    size_t count;
    const int64_t *axes = rpr_node_ints(n, "axes", &count);
    bool seen[RPR_MAX_RANK] = {false};
    if (!rpr_fuse_is(n, "ReduceMean") || !axes || !rpr_node_int(n, "keepdims", 1))
        return false;
    int rank = rpr_fuse_shape(&q->f, n->in[0])->rank;
    if (rank < 3 || count != (size_t)rank - 2)
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 2 || axis >= rank || seen[axis])
            return false;
        seen[axis] = true;
    }
    return true;
}

/** The operator that a node becomes; NULL if it has no such form. */
static const char *quantised(const rpr_qdq *q, const rpr_node *n)
{
    static const char *const op[][2] = {{"Add", "QLinearAdd"},
                                        {"Mul", "QLinearMul"},
                                        {"Concat", "QLinearConcat"},
                                        {"AveragePool", "QLinearAveragePool"},
                                        {"GlobalAveragePool", "QLinearGlobalAveragePool"}};
    for (size_t i = 0; i < sizeof op / sizeof *op; i++)
        if (rpr_fuse_is(n, op[i][0]))
            return op[i][1];
    return is_spatial_mean(q, n) ? "QLinearGlobalAveragePool" : NULL;
}

/** The same number as u8, for the one of two operands that is an i8 constant. */
static int unsigned_constant(rpr_qdq *q, const rpr_node *n, int *in)
{
    const rpr_value *v = &q->f.g->value[n->in[0]];
    const rpr_shape shape = v->shape;
    int64_t count = rpr_shape_count(&shape);
    uint8_t *data = rpr_alloc_array((size_t)count, 1), *zero = rpr_alloc(1);
    for (int64_t i = 0; data && i < count; i++)
        data[i] = ((const uint8_t *)v->data)[i] ^ 0x80;
    if (zero)
        *zero = 0x80 ^ (rpr_fuse_has(n, 2) ? *(const uint8_t *)q->f.g->value[n->in[2]].data : 0);
    in[0] = rpr_qdq_new_const(q, n->name, "u8", RPR_U8, 1, count, data);
    in[1] = n->in[1];
    in[2] = rpr_qdq_new_const(q, n->name, "zero", RPR_U8, 0, 0, zero);
    if (in[0] == RPR_NONE || in[2] == RPR_NONE)
        return rpr_fuse_nomem(&q->f);
    q->f.g->value[in[0]].shape = shape;
    return RPR_OK;
}

static bool is_number(const rpr_qdq *q, const rpr_node *n, int i)
{
    return !rpr_fuse_has(n, i) || (q->f.g->value[n->in[i]].is_const &&
                                   rpr_shape_count(rpr_fuse_shape(&q->f, n->in[i])) == 1);
}

/** The DequantizeLinear of a whole u8 tensor, or of an 8-bit constant, that gives a value. */
static const rpr_node *operand(const rpr_qdq *q, int value, bool *constant)
{
    rpr_quant_params p;
    const rpr_node *n = rpr_fuse_producer(&q->f, value);
    if (!n || !rpr_fuse_is(n, "DequantizeLinear"))
        return NULL;
    const rpr_value *x = &q->f.g->value[n->in[0]];
    *constant = x->is_const;
    if (x->is_const && x->dtype == RPR_I8)
        return is_number(q, n, 1) && is_number(q, n, 2) ? n : NULL;
    return rpr_qdq_params(q, n, &p) ? n : NULL;
}

/** All inputs can be read as u8, and one of them is no constant. */
static bool has_operands(const rpr_qdq *q, const rpr_node *n)
{
    bool any = false, constant;
    for (int i = 0; i < n->n_in; i++) {
        if (!rpr_fuse_has(n, i) || !operand(q, n->in[i], &constant))
            return false;
        any |= !constant;
    }
    return any;
}

/** Tensor, scale and zero point of an operand. */
static int put_operand(rpr_qdq *q, int value, int *in)
{
    bool constant;
    rpr_quant_params p;
    const rpr_node *n = operand(q, value, &constant);
    if (!rpr_qdq_params(q, n, &p))
        return unsigned_constant(q, n, in);
    in[0] = n->in[0];
    in[1] = p.scale;
    return rpr_qdq_zero(q, &p, &in[2]);
}

static int convert(rpr_qdq *q, int node, int store, const char *op, const rpr_quant_params *to)
{
    rpr_node *n = &q->f.g->node[node];
    bool first = strcmp(op, "QLinearConcat") == 0; /* the output's parameters come first */
    int count = 3 * n->n_in + 2, zero;
    int *in = rpr_alloc_array((size_t)count, sizeof *in);
    if (!in)
        return rpr_fuse_nomem(&q->f);
    int *own = first ? in : in + count - 2;
    int status = rpr_qdq_zero(q, to, &zero);
    own[0] = to->scale;
    own[1] = zero;
    for (int i = 0; i < n->n_in && status == RPR_OK; i++)
        status = put_operand(q, n->in[i], in + (first ? 2 : 0) + 3 * i);
    if (status == RPR_OK)
        status = rpr_qdq_retype(q, n, RPR_MS_DOMAIN, op, 1);
    if (status == RPR_OK)
        status = rpr_qdq_set_inputs(q, n, in, count);
    rpr_free(in);
    return status == RPR_OK ? rpr_qdq_take_over(q, node, store) : status;
}

int rpr_qdq_points(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    for (size_t i = 0; i < q->n_old; i++) {
        rpr_quant_params to;
        const rpr_node *store = &g->node[i];
        if (!rpr_fuse_is(store, "QuantizeLinear") || !rpr_qdq_params(q, store, &to))
            continue;
        const rpr_node *n = rpr_qdq_stored(q, store);
        const char *op = n ? quantised(q, n) : NULL;
        if (op && has_operands(q, n))
            RPR_TRY(convert(q, (int)(n - g->node), (int)i, op, &to));
    }
    return RPR_OK;
}
