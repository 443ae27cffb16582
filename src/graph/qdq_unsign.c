/* SPDX-License-Identifier: Apache-2.0 */
/*
 * i8 activations become u8. With 128 more in the tensor and in its zero point, scale * (q - zero)
 * is the same number; the byte that stands for it is the old one with its highest bit turned.
 * Where an i8 tensor must stay (inputs and outputs of the graph, other operators) a Table of that
 * stands between.
 */
#include <limits.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/qdq.h"

#define TURN 0x80

typedef struct rpr_unsign {
    rpr_qdq *q;
    int *twin; /* per value: the u8 value that stands for it, which may be itself; RPR_NONE */
    int *back; /* per value that became u8: an i8 value where one is wanted; RPR_NONE */
    size_t n;  /* values that there were before */
} rpr_unsign;

/** Quantised tensors of an operator are inputs first, first + 3, ..., zero points 2 behind them. */
static const struct form {
    const char *domain, *op;
    int first, count;
    int out_zero; /* the input with the output's zero point; RPR_NONE: it has none */
    bool alike;   /* tensors have one type, constants as well */
} forms[] = {{"", "QuantizeLinear", 0, 0, 2, false},
             {"", "DequantizeLinear", 0, 1, RPR_NONE, false},
             {"", "QLinearConv", 0, 1, 7, false},
             {"", "QLinearMatMul", 0, 2, 7, false},
             {"", "ConvInteger", 0, 1, RPR_NONE, false},
             {"", "MatMulInteger", 0, 1, RPR_NONE, false},
             {RPR_MS_DOMAIN, "QGemm", 0, 2, 8, false},
             {RPR_MS_DOMAIN, "QLinearAdd", 0, 2, 7, true},
             {RPR_MS_DOMAIN, "QLinearMul", 0, 2, 7, true},
             {RPR_MS_DOMAIN, "QLinearSigmoid", 0, 1, 4, false},
             {RPR_MS_DOMAIN, "QLinearLeakyRelu", 0, 1, 4, false},
             {RPR_MS_DOMAIN, "QLinearAveragePool", 0, 1, 4, false},
             {RPR_MS_DOMAIN, "QLinearGlobalAveragePool", 0, 1, 4, false},
             {RPR_MS_DOMAIN, "QLinearSoftmax", 0, 1, 4, false},
             {RPR_MS_DOMAIN, "QLinearConcat", 2, INT_MAX, 1, true}};

static const struct form *form_of(const rpr_node *n)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (rpr_qdq_is(n, forms[i].domain, forms[i].op))
            return &forms[i];
    return NULL;
}

static bool is_i8(const rpr_unsign *u, int value)
{
    return value != RPR_NONE && u->q->f.g->value[value].dtype == RPR_I8;
}

/** Became u8; its readers have yet to follow. */
static bool is_turned(const rpr_unsign *u, int value)
{
    return value != RPR_NONE && (size_t)value < u->n && u->twin[value] == value;
}

static bool is_const(const rpr_unsign *u, int value)
{
    return u->q->f.g->value[value].is_const;
}

/** True if input k is a tensor that may have either type. */
static bool is_free(const rpr_unsign *u, const rpr_node *n, const struct form *f, int k)
{
    if (!f)
        return k < rpr_qdq_moves(u->q, n);
    return k >= f->first && (k - f->first) % 3 == 0 && (k - f->first) / 3 < f->count;
}

static bool is_constant_pad(const rpr_node *n)
{
    return rpr_fuse_is(n, "Pad") && strcmp(rpr_node_string(n, "mode", "constant"), "constant") == 0;
}

static bool is_known(const rpr_unsign *u, const rpr_node *n, int i)
{
    return !rpr_fuse_has(n, i) || is_const(u, n->in[i]);
}

/** All numbers that would have to change are known. */
static bool can_turn(const rpr_unsign *u, const rpr_node *n, const struct form *f)
{
    if (!f)
        return rpr_qdq_moves(u->q, n) > 0 && (!is_constant_pad(n) || is_known(u, n, 2));
    for (int k = 0; k < n->n_in; k++)
        if (is_free(u, n, f, k) && (is_i8(u, n->in[k]) || is_turned(u, n->in[k])) &&
            !is_known(u, n, k + 2))
            return false;
    return f->out_zero == RPR_NONE || is_known(u, n, f->out_zero);
}

/* ------------------------------------------------------------------ changes */

/** Input i, a constant that may be absent (0), with 128 more. */
static int turn_constant(rpr_unsign *u, rpr_node *n, int i)
{
    rpr_graph *g = u->q->f.g;
    bool given = rpr_fuse_has(n, i);
    const rpr_shape shape = given ? g->value[n->in[i]].shape : (rpr_shape){.rank = 0};
    int64_t count = rpr_shape_count(&shape);
    uint8_t *data = rpr_alloc_array((size_t)count, 1);
    for (int64_t k = 0; data && k < count; k++)
        data[k] = TURN ^ (given ? ((const uint8_t *)g->value[n->in[i]].data)[k] : 0);
    int v = rpr_qdq_new_const(u->q, n->name, "u8", RPR_U8, 1, count, data);
    if (v == RPR_NONE)
        return rpr_fuse_nomem(&u->q->f);
    g->value[v].shape = shape;
    return rpr_fuse_set_input(&u->q->f, n, i, v);
}

/** y = x with the highest bit turned, right behind what gives x, or y if that is the old one. */
static int add_border(rpr_unsign *u, int x, int y, int after)
{
    rpr_qdq *q = u->q;
    const rpr_node kind = {.op = (char *)"Table",
                           .domain = (char *)RPR_OWN_DOMAIN,
                           .opset = 1,
                           .def = q->find(RPR_OWN_DOMAIN, "Table", 1)};
    uint8_t *data = rpr_alloc(RPR_TABLE_SIZE);
    for (int i = 0; data && i < RPR_TABLE_SIZE; i++)
        data[i] = (uint8_t)(i ^ TURN);
    int table = rpr_qdq_new_const(q, q->f.g->value[x].name, "turned", q->f.g->value[y].dtype, 1,
                                  RPR_TABLE_SIZE, data);
    if (table == RPR_NONE)
        return rpr_fuse_nomem(&q->f);
    return rpr_qdq_add_node(q, after, q->f.g->value[x].name, &kind, (const int[]){x, table}, 2, y);
}

/** The u8 value that stands for an i8 one. */
static int find_twin(rpr_unsign *u, int v, int *twin)
{
    if (u->twin[v] == RPR_NONE) {
        int made = rpr_qdq_new_value(u->q, v, "u8", RPR_U8);
        if (made == RPR_NONE)
            return rpr_fuse_nomem(&u->q->f);
        RPR_TRY(add_border(u, v, made, u->q->f.g->value[v].producer));
        u->twin[v] = made;
    }
    *twin = u->twin[v];
    return RPR_OK;
}

/** Input k is i8 again where a value that became u8 is read by other operators. */
static int turn_back(rpr_unsign *u, int node, int k)
{
    rpr_graph *g = u->q->f.g;
    int v = g->node[node].in[k];
    if (u->back[v] == RPR_NONE) {
        int made = rpr_qdq_new_value(u->q, v, "i8", RPR_I8);
        if (made == RPR_NONE)
            return rpr_fuse_nomem(&u->q->f);
        RPR_TRY(add_border(u, v, made, g->value[v].producer));
        u->back[v] = made;
    }
    return rpr_fuse_set_input(&u->q->f, &g->node[node], k, u->back[v]);
}

static int turn_output(rpr_unsign *u, int node, int k)
{
    rpr_graph *g = u->q->f.g;
    int v = g->node[node].out[k];
    u->twin[v] = v;
    if (!u->q->f.is_output[v]) {
        g->value[v].dtype = RPR_U8;
        return RPR_OK;
    }
    int made = rpr_qdq_new_value(u->q, v, "u8", RPR_U8);
    if (made == RPR_NONE)
        return rpr_fuse_nomem(&u->q->f);
    u->twin[v] = made;
    g->node[node].out[k] = made;
    g->value[made].producer = node;
    return add_border(u, made, v, node);
}

static int turn_padding(rpr_unsign *u, rpr_node *n)
{
    if (n->opset >= 11)
        return turn_constant(u, n, 2);
    float value = rpr_node_float(n, "value", 0.0f) + TURN;
    return rpr_node_set_float(n, "value", value) == RPR_OK ? RPR_OK : rpr_fuse_nomem(&u->q->f);
}

static int turn_input(rpr_unsign *u, int node, const struct form *f, int k)
{
    rpr_node *n = &u->q->f.g->node[node];
    int v = n->in[k], twin = RPR_NONE;
    if (is_const(u, v)) {
        if (f && !f->alike) /* weights stay what they are */
            return RPR_OK;
        RPR_TRY(turn_constant(u, n, k));
    } else {
        RPR_TRY(find_twin(u, v, &twin));
        n = &u->q->f.g->node[node];
        RPR_TRY(rpr_fuse_set_input(&u->q->f, n, k, twin));
    }
    return f ? turn_constant(u, n, k + 2) : RPR_OK;
}

static int turn(rpr_unsign *u, int node, const struct form *f)
{
    const rpr_graph *g = u->q->f.g;
    const int n_in = g->node[node].n_in;
    bool any = false;
    for (int k = 0; k < n_in; k++) {
        const rpr_node *n = &g->node[node];
        if (!is_free(u, n, f, k) || !(is_i8(u, n->in[k]) || is_turned(u, n->in[k])))
            continue;
        any = true;
        RPR_TRY(turn_input(u, node, f, k));
    }
    if (any && is_constant_pad(&g->node[node]))
        RPR_TRY(turn_padding(u, &u->q->f.g->node[node]));
    bool stored = false;
    for (int k = 0; k < g->node[node].n_out; k++) {
        if (!is_i8(u, g->node[node].out[k]))
            continue;
        stored = true;
        RPR_TRY(turn_output(u, node, k));
    }
    return f && stored ? turn_constant(u, &u->q->f.g->node[node], f->out_zero) : RPR_OK;
}

static int visit(rpr_unsign *u, int node)
{
    rpr_graph *g = u->q->f.g;
    const struct form *f = form_of(&g->node[node]);
    bool turns = can_turn(u, &g->node[node], f);
    for (int k = 0; k < g->node[node].n_in; k++) {
        const rpr_node *n = &g->node[node];
        if (is_turned(u, n->in[k]) && !(turns && is_free(u, n, f, k)))
            RPR_TRY(turn_back(u, node, k));
    }
    return turns ? turn(u, node, f) : RPR_OK;
}

int rpr_qdq_unsign(rpr_qdq *q)
{
    size_t count = q->f.g->n_value;
    rpr_unsign u = {.q = q,
                    .twin = rpr_alloc_array(count, sizeof *u.twin),
                    .back = rpr_alloc_array(count, sizeof *u.back),
                    .n = count};
    int status = u.twin && u.back ? RPR_OK : rpr_fuse_nomem(&q->f);
    for (size_t v = 0; v < count && status == RPR_OK; v++)
        u.twin[v] = u.back[v] = RPR_NONE;
    for (size_t i = 0; i < q->n_old && status == RPR_OK; i++)
        status = visit(&u, (int)i);
    rpr_free(u.twin);
    rpr_free(u.back);
    return status;
}
