/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps on quantised graphs ask of the graph, and how they change it. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/qdq.h"

bool rpr_qdq_is(const rpr_node *n, const char *domain, const char *op)
{
    return !n->dead && strcmp(n->domain, domain) == 0 && strcmp(n->op, op) == 0;
}

static bool is_one(const rpr_value *v)
{
    return v->is_const && v->data && rpr_shape_count(&v->shape) == 1;
}

bool rpr_qdq_params(const rpr_qdq *q, const rpr_node *n, rpr_quant_params *p)
{
    const rpr_value *value = q->f.g->value;
    bool stores = rpr_fuse_is(n, "QuantizeLinear");
    if ((!stores && !rpr_fuse_is(n, "DequantizeLinear")) || !rpr_fuse_one_output(n))
        return false;
    const rpr_value *whole = &value[stores ? n->out[0] : n->in[0]];
    const rpr_value *real = &value[stores ? n->in[0] : n->out[0]];
    if (whole->dtype != RPR_U8 || real->dtype != RPR_F32 || !is_one(&value[n->in[1]]))
        return false;
    *p = (rpr_quant_params){.scale = n->in[1],
                            .zero = rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE,
                            .scale_value = *(const float *)value[n->in[1]].data};
    if (p->zero == RPR_NONE)
        return true;
    if (!is_one(&value[p->zero]))
        return false;
    p->zero_value = *(const uint8_t *)value[p->zero].data;
    return true;
}

bool rpr_qdq_equal(const rpr_quant_params *a, const rpr_quant_params *b)
{
    return memcmp(&a->scale_value, &b->scale_value, sizeof a->scale_value) == 0 &&
           a->zero_value == b->zero_value;
}

int rpr_qdq_source(const rpr_qdq *q, int value, rpr_quant_params *p)
{
    const rpr_node *n = rpr_fuse_producer(&q->f, value);
    if (!n || !rpr_fuse_is(n, "DequantizeLinear") || !rpr_qdq_params(q, n, p) ||
        q->f.g->value[n->in[0]].is_const)
        return RPR_NONE;
    return n->in[0];
}

uint8_t rpr_qdq_store(const rpr_quant_params *p, float x)
{
    float y = rintf(x / p->scale_value);
    if (isnan(y))
        return (uint8_t)p->zero_value;
    double at = (double)y + (double)p->zero_value;
    return (uint8_t)(at < 0 ? 0 : at > UINT8_MAX ? UINT8_MAX : at);
}

static bool is_clamp(const rpr_qdq *q, const rpr_node *n)
{
    float lo, hi;
    if (!rpr_fuse_one_output(n))
        return false;
    return rpr_fuse_is(n, "Relu") ||
           (rpr_fuse_is(n, "Clip") && rpr_fuse_clip_bounds(&q->f, n, &lo, &hi));
}

rpr_node *rpr_qdq_stored(const rpr_qdq *q, const rpr_node *quantize)
{
    rpr_node *n = rpr_fuse_sole_producer(&q->f, quantize->in[0]);
    while (n && is_clamp(q, n))
        n = rpr_fuse_sole_producer(&q->f, n->in[0]);
    return n && rpr_fuse_one_output(n) ? n : NULL;
}

/* ----------------------------------------------------------------- changes */

int rpr_qdq_new_value(rpr_qdq *q, int like, const char *suffix, rpr_dtype type)
{
    char name[256];
    rpr_shape shape = q->f.g->value[like].shape;
    (void)snprintf(name, sizeof name, "%.200s.%s", q->f.g->value[like].name, suffix);
    int v = rpr_graph_add_value(q->f.g, name, type, &shape);
    return v != RPR_NONE && rpr_fuse_reserve(&q->f) ? v : RPR_NONE;
}

int rpr_qdq_new_const(rpr_qdq *q, const char *name, const char *suffix, rpr_dtype type, int rank,
                      int64_t dim, void *data)
{
    char text[256];
    const rpr_shape shape = {.rank = rank, .dim = {dim}};
    (void)snprintf(text, sizeof text, "%.200s.%s", name, suffix);
    int v = data ? rpr_graph_add_value(q->f.g, text, type, &shape) : RPR_NONE;
    if (v == RPR_NONE || !rpr_fuse_reserve(&q->f)) {
        rpr_free(data);
        return RPR_NONE;
    }
    rpr_graph_set_const(q->f.g, v, type, &shape, data);
    return v;
}

int rpr_qdq_zero(rpr_qdq *q, const rpr_quant_params *p, int *value)
{
    *value = p->zero;
    if (p->zero == RPR_NONE)
        *value =
            rpr_qdq_new_const(q, q->f.g->value[p->scale].name, "zero", RPR_U8, 0, 0, rpr_alloc(1));
    return *value == RPR_NONE ? rpr_fuse_nomem(&q->f) : RPR_OK;
}

static bool reserve_after(rpr_qdq *q, size_t count)
{
    if (count <= q->cap_after)
        return true;
    int *wider = rpr_alloc_array(2 * count, sizeof *wider);
    if (!wider)
        return false;
    if (q->cap_after)
        memcpy(wider, q->after, q->cap_after * sizeof *wider);
    rpr_free(q->after);
    q->after = wider;
    q->cap_after = 2 * count;
    return true;
}

int rpr_qdq_add_node(rpr_qdq *q, int after, const char *name, const rpr_node *kind, const int *in,
                     int n_in, int out)
{
    rpr_graph *g = q->f.g;
    size_t added = g->n_node - q->n_old;
    if (!reserve_after(q, added + 1))
        return rpr_fuse_nomem(&q->f);
    int i = rpr_graph_add_node(g, name, kind->op, kind->domain, kind->opset, in, n_in, &out, 1);
    if (i == RPR_NONE)
        return rpr_fuse_nomem(&q->f);
    g->node[i].def = kind->def;
    q->after[added] = after;
    for (int k = 0; k < n_in; k++)
        if (in[k] != RPR_NONE)
            q->f.uses[in[k]]++;
    return RPR_OK;
}

int rpr_qdq_set_inputs(rpr_qdq *q, rpr_node *n, const int *in, int n_in)
{
    for (int i = n_in - 1; i >= 0; i--) /* the last first: one allocation */
        RPR_TRY(rpr_fuse_set_input(&q->f, n, i, in[i]));
    rpr_fuse_cut_inputs(&q->f, n, n_in);
    return RPR_OK;
}

int rpr_qdq_retype(rpr_qdq *q, rpr_node *n, const char *domain, const char *op, int opset)
{
    const rpr_opdef *def = q->find(domain, op, opset);
    char *name = rpr_strdup(op), *where = rpr_strdup(domain);
    if (!def || !name || !where) {
        rpr_free(name);
        rpr_free(where);
        return def ? rpr_fuse_nomem(&q->f)
                   : rpr_fail(q->f.err, RPR_ERR_INTERNAL, "node '%s': no definition of %s", n->name,
                              op);
    }
    rpr_free(n->op);
    rpr_free(n->domain);
    n->op = name;
    n->domain = where;
    n->opset = opset;
    n->def = def;
    return RPR_OK;
}

/* With clamps between, they get what was stored, dequantised: a table of it, later on. */
int rpr_qdq_take_over(rpr_qdq *q, int node, int quantize)
{
    rpr_graph *g = q->f.g;
    rpr_node *n = &g->node[node], *store = &g->node[quantize];
    int real = n->out[0];
    if (store->in[0] == real) {
        rpr_fuse_absorb(&q->f, n, store);
        return RPR_OK;
    }
    const int scale = store->in[1], zero = rpr_fuse_has(store, 2) ? store->in[2] : RPR_NONE;
    const rpr_node back = {.op = (char *)"DequantizeLinear",
                           .domain = (char *)"",
                           .opset = store->opset,
                           .def = q->find("", "DequantizeLinear", store->opset)};
    int whole = rpr_qdq_new_value(q, real, "stored", RPR_U8);
    if (whole == RPR_NONE)
        return rpr_fuse_nomem(&q->f);
    n->out[0] = whole;
    g->value[whole].producer = node;
    const int in[] = {whole, scale, zero};
    return rpr_qdq_add_node(q, node, g->value[real].name, &back, in, zero == RPR_NONE ? 2 : 3,
                            real);
}
