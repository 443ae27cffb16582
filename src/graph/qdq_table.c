/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables. Every value that depends, element by element, on one 8-bit tensor alone (its root), by
 * whatever operators, is known for all 256 numbers: their definitions are evaluated on these, one
 * after the other. An 8-bit value among them is then a Table of the root, or the root itself.
 */
#include <string.h>

#include "core/alloc.h"
#include "graph/qdq.h"

typedef struct rpr_samples {
    rpr_qdq *q;
    int *root;     /* per value, of the first n; RPR_NONE: none, or not known yet */
    void **sample; /* per value with a root: its elements for the root's bytes 0 ... 255 */
    size_t n;
} rpr_samples;

static bool is_listed(const rpr_node *n, const char *domain, const char *const *list)
{
    for (; *list; list++)
        if (rpr_qdq_is(n, domain, *list))
            return true;
    return false;
}

/** Constants being single numbers, an output's element depends on that element of the inputs. */
static bool is_by_element(const rpr_node *n)
{
    static const char *const plain[] = {"Abs",
                                        "Add",
                                        "Ceil",
                                        "Clip",
                                        "DequantizeLinear",
                                        "Div",
                                        "Elu",
                                        "Erf",
                                        "Exp",
                                        "Floor",
                                        "HardSigmoid",
                                        "HardSwish",
                                        "Identity",
                                        "LeakyRelu",
                                        "Log",
                                        "Max",
                                        "Min",
                                        "Mul",
                                        "Neg",
                                        "PRelu",
                                        "Pow",
                                        "QuantizeLinear",
                                        "Reciprocal",
                                        "Relu",
                                        "Round",
                                        "Sigmoid",
                                        "Softplus",
                                        "Sqrt",
                                        "Sub",
                                        "Tanh",
                                        NULL};
    static const char *const microsoft[] = {"QLinearAdd", "QLinearMul", "QLinearLeakyRelu",
                                            "QLinearSigmoid", NULL};
    return is_listed(n, "", plain) || is_listed(n, RPR_MS_DOMAIN, microsoft) ||
           rpr_qdq_is(n, RPR_OWN_DOMAIN, "Table");
}

static bool is_8_bit(const rpr_value *v)
{
    return v->dtype == RPR_U8 || v->dtype == RPR_I8;
}

/** The root that input k of a node has; an 8-bit value that has none is its own. */
static int root_of(const rpr_samples *s, int value)
{
    if ((size_t)value >= s->n)
        return RPR_NONE;
    if (s->root[value] == RPR_NONE && is_8_bit(&s->q->f.g->value[value]))
        return value;
    return s->root[value];
}

/** The root of what a node gives; RPR_NONE if there is none. */
static int common_root(const rpr_samples *s, const rpr_node *n)
{
    const rpr_graph *g = s->q->f.g;
    int root = RPR_NONE;
    if (!is_by_element(n) || !rpr_fuse_one_output(n) || !rpr_act_is_none(&n->act))
        return RPR_NONE;
    if (rpr_fuse_is(n, "Div") && g->value[n->out[0]].dtype != RPR_F32)
        return RPR_NONE; /* by a zero that may never come */
    for (int k = 0; k < n->n_in; k++) {
        if (n->in[k] == RPR_NONE)
            continue;
        const rpr_value *v = &g->value[n->in[k]];
        if (v->is_const) {
            if (rpr_shape_count(&v->shape) != 1 && k != rpr_table_input(n))
                return RPR_NONE;
            continue;
        }
        int r = root_of(s, n->in[k]);
        if (r == RPR_NONE || (root != RPR_NONE && r != root))
            return RPR_NONE;
        root = r;
    }
    if (root != RPR_NONE && !rpr_shape_equal(&g->value[root].shape, &g->value[n->out[0]].shape))
        return RPR_NONE;
    return root;
}

static bool is_sampled(rpr_dtype t)
{
    return rpr_dtype_size(t) > 0 && rpr_dtype_size(t) <= sizeof(double);
}

/** 256 elements along the last axis of a tensor of that rank. */
static rpr_view sample_view(const rpr_value *v, void *data)
{
    rpr_value line = {.dtype = v->dtype, .shape = {.rank = v->shape.rank ? v->shape.rank : 1}};
    for (int d = 0; d < line.shape.rank; d++)
        line.shape.dim[d] = 1;
    line.shape.dim[line.shape.rank - 1] = RPR_TABLE_SIZE;
    return rpr_value_view(&line, data);
}

static int make_sample(rpr_samples *s, int value)
{
    s->sample[value] = rpr_alloc_array(RPR_TABLE_SIZE, sizeof(double));
    return s->sample[value] ? RPR_OK : rpr_fuse_nomem(&s->q->f);
}

static int sample_root(rpr_samples *s, int root)
{
    if (s->sample[root])
        return RPR_OK;
    RPR_TRY(make_sample(s, root));
    for (int i = 0; i < RPR_TABLE_SIZE; i++)
        ((uint8_t *)s->sample[root])[i] = (uint8_t)i;
    return RPR_OK;
}

/* Evaluators may look at inputs that the node does not list. */
#define MAX_VIEWS 16

static int evaluate(rpr_samples *s, const rpr_node *n)
{
    const rpr_graph *g = s->q->f.g;
    rpr_view in[MAX_VIEWS] = {{.data = NULL}};
    for (int k = 0; k < n->n_in; k++) {
        if (n->in[k] == RPR_NONE)
            continue;
        const rpr_value *v = &g->value[n->in[k]];
        in[k] = v->is_const ? rpr_value_view(v, v->data) : sample_view(v, s->sample[n->in[k]]);
    }
    RPR_TRY(make_sample(s, n->out[0]));
    rpr_view out = sample_view(&g->value[n->out[0]], s->sample[n->out[0]]);
    return n->def->eval(n, in, &out, s->q->f.err);
}

/** "Sigmoid_3" rather than "y_QuantizeLinear". */
static int name_after(rpr_samples *s, rpr_node *n)
{
    const rpr_node *from = rpr_fuse_producer(&s->q->f, n->in[0]);
    if (!rpr_fuse_is(n, "QuantizeLinear") || !from || rpr_fuse_is(from, "DequantizeLinear"))
        return RPR_OK;
    char *name = rpr_strdup(from->name);
    if (!name)
        return rpr_fuse_nomem(&s->q->f);
    rpr_free(n->name);
    n->name = name;
    return RPR_OK;
}

static bool is_same(const rpr_samples *s, int root, int value)
{
    const rpr_value *v = s->q->f.g->value;
    return v[root].dtype == v[value].dtype &&
           memcmp(s->sample[root], s->sample[value], RPR_TABLE_SIZE) == 0;
}

/** A node that gives an 8-bit value becomes a Table of its root, or Identity. */
static int replace(rpr_samples *s, rpr_node *n, int root)
{
    rpr_qdq *q = s->q;
    const int y = n->out[0];
    bool same = is_same(s, root, y);
    if (rpr_qdq_is(n, RPR_OWN_DOMAIN, "Table") && n->in[0] == root && !same)
        return RPR_OK;
    RPR_TRY(name_after(s, n));
    int in[2] = {root, RPR_NONE};
    if (!same) {
        uint8_t *table = rpr_alloc(RPR_TABLE_SIZE);
        if (table)
            memcpy(table, s->sample[y], RPR_TABLE_SIZE);
        in[1] = rpr_qdq_new_const(q, n->name, "table", q->f.g->value[y].dtype, 1, RPR_TABLE_SIZE,
                                  table);
        if (in[1] == RPR_NONE)
            return rpr_fuse_nomem(&q->f);
    }
    RPR_TRY(same ? rpr_qdq_retype(q, n, "", "Identity", 13)
                 : rpr_qdq_retype(q, n, RPR_OWN_DOMAIN, "Table", 1));
    for (size_t i = 0; i < n->n_attr; i++)
        rpr_attr_clear(&n->attr[i]);
    n->n_attr = 0;
    return rpr_qdq_set_inputs(q, n, in, same ? 1 : 2);
}

static int visit(rpr_samples *s, rpr_node *n)
{
    int root = n->dead || n->n_in > MAX_VIEWS ? RPR_NONE : common_root(s, n);
    if (root == RPR_NONE || !is_sampled(s->q->f.g->value[n->out[0]].dtype))
        return RPR_OK;
    RPR_TRY(sample_root(s, root));
    RPR_TRY(evaluate(s, n));
    s->root[n->out[0]] = root;
    return is_8_bit(&s->q->f.g->value[n->out[0]]) ? replace(s, n, root) : RPR_OK;
}

int rpr_qdq_tables(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    rpr_samples s = {.q = q,
                     .root = rpr_alloc_array(g->n_value, sizeof *s.root),
                     .sample = rpr_alloc_array(g->n_value, sizeof *s.sample),
                     .n = g->n_value};
    int status = s.root && s.sample ? RPR_OK : rpr_fuse_nomem(&q->f);
    for (size_t v = 0; v < s.n && s.root; v++)
        s.root[v] = RPR_NONE;
    for (size_t i = 0; i < g->n_node && status == RPR_OK; i++)
        status = visit(&s, &g->node[i]);
    for (size_t v = 0; v < s.n && s.sample; v++)
        rpr_free(s.sample[v]);
    rpr_free(s.sample);
    rpr_free(s.root);
    return status;
}

static bool has_table(const rpr_node *n)
{
    return rpr_table_input(n) != RPR_NONE && rpr_fuse_has(n, rpr_table_input(n));
}

int rpr_qdq_merge_tables(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    static const struct {
        const char *domain, *op;
    } product[] = {{"", "QLinearConv"},
                   {"", "QLinearMatMul"},
                   {RPR_MS_DOMAIN, "QGemm"},
                   {RPR_OWN_DOMAIN, "QLinearConvTranspose"}};
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_node *t = &g->node[i];
        rpr_node *n =
            rpr_qdq_is(t, RPR_OWN_DOMAIN, "Table") ? rpr_fuse_sole_producer(&q->f, t->in[0]) : NULL;
        if (!n || g->value[t->in[0]].dtype != g->value[t->out[0]].dtype)
            continue;
        for (size_t k = 0; k < sizeof product / sizeof *product; k++) {
            if (!rpr_qdq_is(n, product[k].domain, product[k].op) || has_table(n))
                continue;
            RPR_TRY(rpr_qdq_retype(q, n, RPR_OWN_DOMAIN, product[k].op, 1));
            RPR_TRY(rpr_fuse_set_input(&q->f, n, rpr_table_input(n), t->in[1]));
            rpr_fuse_absorb(&q->f, n, t);
            break;
        }
    }
    return RPR_OK;
}
