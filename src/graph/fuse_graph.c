/* SPDX-License-Identifier: Apache-2.0 */
/* What the fusing steps ask of the graph, and how they change it. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/fuse.h"

int rpr_fuse_nomem(const rpr_fuse *f)
{
    return rpr_fail(f->err, RPR_ERR_NOMEM, "out of memory while nodes are fused");
}

bool rpr_fuse_reserve(rpr_fuse *f)
{
    if (f->cap >= f->g->n_value)
        return true;
    size_t cap = 2 * f->g->n_value;
    int *uses = rpr_alloc_array(cap, sizeof *uses);
    bool *is_output = rpr_alloc_array(cap, sizeof *is_output);
    bool room = uses && is_output;
    if (room && f->cap) {
        memcpy(uses, f->uses, f->cap * sizeof *uses);
        memcpy(is_output, f->is_output, f->cap * sizeof *is_output);
    }
    rpr_free(room ? f->uses : uses);
    rpr_free(room ? f->is_output : is_output);
    if (!room)
        return false;
    f->uses = uses;
    f->is_output = is_output;
    f->cap = cap;
    return true;
}

/* ----------------------------------------------------------------- queries */

bool rpr_fuse_is(const rpr_node *n, const char *op)
{
    return !n->dead && !*n->domain && strcmp(n->op, op) == 0;
}

const rpr_shape *rpr_fuse_shape(const rpr_fuse *f, int value)
{
    return &f->g->value[value].shape;
}

bool rpr_fuse_has(const rpr_node *n, int i)
{
    return i < n->n_in && n->in[i] != RPR_NONE;
}

bool rpr_fuse_one_output(const rpr_node *n)
{
    for (int i = 1; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            return false;
    return n->n_out > 0 && n->out[0] != RPR_NONE;
}

rpr_node *rpr_fuse_producer(const rpr_fuse *f, int value)
{
    int p = value == RPR_NONE ? RPR_NONE : f->g->value[value].producer;
    if (p == RPR_NONE || f->g->node[p].dead || f->g->node[p].out[0] != value)
        return NULL;
    return &f->g->node[p];
}

rpr_node *rpr_fuse_sole_producer(const rpr_fuse *f, int value)
{
    return value != RPR_NONE && f->uses[value] == 1 && !f->is_output[value]
               ? rpr_fuse_producer(f, value)
               : NULL;
}

const float *rpr_fuse_floats(const rpr_fuse *f, int value, int64_t *n)
{
    const rpr_value *v = value == RPR_NONE ? NULL : &f->g->value[value];
    if (!v || !v->is_const || v->dtype != RPR_F32 || !v->data)
        return NULL;
    *n = rpr_shape_count(&v->shape);
    return v->data;
}

bool rpr_fuse_scalar(const rpr_fuse *f, int value, float *x)
{
    int64_t n;
    const float *v = rpr_fuse_floats(f, value, &n);
    if (!v || n != 1)
        return false;
    *x = v[0];
    return true;
}

/** Copies a constant list of integers; false if it is something else or has no room. */
static bool const_ints(const rpr_value *v, int64_t *out, size_t *n)
{
    int64_t have = rpr_shape_count(&v->shape);
    if (!v->is_const || !v->data || have < 0 || (uint64_t)have > *n ||
        (v->dtype != RPR_I64 && v->dtype != RPR_I32))
        return false;
    *n = (size_t)have;
    for (size_t i = 0; i < *n; i++)
        out[i] =
            v->dtype == RPR_I64 ? ((const int64_t *)v->data)[i] : ((const int32_t *)v->data)[i];
    return true;
}

bool rpr_fuse_ints(const rpr_fuse *f, const rpr_node *n, int i, const char *attr, int64_t *v,
                   size_t *count_)
{
    size_t have;
    if (rpr_fuse_has(n, i))
        return const_ints(&f->g->value[n->in[i]], v, count_);
    const int64_t *ints = attr ? rpr_node_ints(n, attr, &have) : NULL;
    if (!ints) {
        *count_ = 0;
        return true;
    }
    if (have > *count_)
        return false;
    memcpy(v, ints, have * sizeof *v);
    *count_ = have;
    return true;
}

int rpr_fuse_constant_side(const rpr_fuse *f, const rpr_node *n)
{
    int64_t count_;
    if (n->n_in != 2)
        return RPR_NONE;
    bool left = rpr_fuse_floats(f, n->in[0], &count_) != NULL;
    bool right = rpr_fuse_floats(f, n->in[1], &count_) != NULL;
    return left == right ? RPR_NONE : right;
}

/* ----------------------------------------------------------------- changes */

int rpr_fuse_set_input(rpr_fuse *f, rpr_node *n, int i, int value)
{
    if (i >= n->n_in) {
        int *in = rpr_alloc_array((size_t)i + 1, sizeof *in);
        if (!in)
            return rpr_fuse_nomem(f);
        for (int k = 0; k <= i; k++)
            in[k] = k < n->n_in ? n->in[k] : RPR_NONE;
        rpr_free(n->in);
        n->in = in;
        n->n_in = i + 1;
    }
    if (n->in[i] != RPR_NONE)
        f->uses[n->in[i]]--;
    if (value != RPR_NONE)
        f->uses[value]++;
    n->in[i] = value;
    return RPR_OK;
}

void rpr_fuse_cut_inputs(rpr_fuse *f, rpr_node *n, int kept)
{
    while (n->n_in > kept)
        if (n->in[--n->n_in] != RPR_NONE)
            f->uses[n->in[n->n_in]]--;
}

float *rpr_fuse_new_const(rpr_fuse *f, rpr_node *n, int i, const char *what, const rpr_shape *shape)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%.200s.%s", n->name, what);
    float *data = rpr_alloc_array((size_t)rpr_shape_count(shape), sizeof *data);
    int v = data ? rpr_graph_add_value(f->g, name, RPR_F32, shape) : RPR_NONE;
    if (v == RPR_NONE || !rpr_fuse_reserve(f)) {
        rpr_free(data);
        return NULL;
    }
    rpr_graph_set_const(f->g, v, RPR_F32, shape, data);
    return rpr_fuse_set_input(f, n, i, v) == RPR_OK ? data : NULL;
}

float *rpr_fuse_own(rpr_fuse *f, rpr_node *n, int i)
{
    int v = n->in[i];
    if (f->uses[v] == 1)
        return f->g->value[v].data;
    rpr_shape shape = *rpr_fuse_shape(f, v);
    const float *from = f->g->value[v].data;
    float *data = rpr_fuse_new_const(f, n, i, "weights", &shape);
    if (data)
        memcpy(data, from, (size_t)rpr_shape_count(&shape) * sizeof *data);
    return data;
}

float *rpr_fuse_new_vector(rpr_fuse *f, rpr_node *n, int i, const char *what, int64_t n_elements)
{
    return rpr_fuse_new_const(f, n, i, what, &(rpr_shape){.rank = 1, .dim = {n_elements}});
}

void rpr_fuse_absorb(rpr_fuse *f, rpr_node *into, rpr_node *n)
{
    into->out[0] = n->out[0];
    f->g->value[into->out[0]].producer = (int)(into - f->g->node);
    rpr_fuse_cut_inputs(f, n, 0);
    n->out[0] = RPR_NONE;
    n->dead = true;
}

bool rpr_fuse_can_retype(const rpr_fuse *f, const char *op, int opset)
{
    return !f->g->find || f->g->find("", op, opset);
}

int rpr_fuse_retype(rpr_fuse *f, rpr_node *n, const char *op, int opset)
{
    char *copy = rpr_strdup(op);
    if (!copy)
        return rpr_fuse_nomem(f);
    rpr_free(n->op);
    n->op = copy;
    n->opset = opset;
    n->def = f->g->find ? f->g->find("", op, opset) : NULL;
    for (size_t i = 0; i < n->n_attr; i++)
        rpr_attr_clear(&n->attr[i]);
    n->n_attr = 0;
    return RPR_OK;
}
