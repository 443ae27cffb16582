/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A product over a whole window that is flattened before: with weights that are the same for all
 * columns, W, it is sum over j of x_j W = (sum over j of x_j) W, and the sum goes by partial
 * results (sums.h). Other weights meet every column at another place on every call.
 */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "slide/build.h"

/** What is multiplied: `before` times n columns of `behind` elements each. */
typedef struct rpr_flat {
    int x; /* before it was flattened */
    rpr_columns c;
    int64_t before, behind, k, outputs;
    bool transposed; /* weights are [outputs, k] */
} rpr_flat;

static int64_t product(const int64_t *dim, int from, int to)
{
    int64_t p = 1;
    for (int d = from; d < to; d++)
        p *= dim[d];
    return p;
}

/** Whether a node's last axis is made of all of x's from one on, the columns among them. */
static bool is_flat(const rpr_slider *s, const rpr_node *n, rpr_flat *f)
{
    const rpr_shape *a = &s->g->value[n->in[0]].shape;
    const int maker = s->g->value[n->in[0]].producer;
    const rpr_node *r = maker == RPR_NONE ? NULL : &s->g->node[maker];
    if (!r || *r->domain || (strcmp(r->op, "Reshape") != 0 && strcmp(r->op, "Flatten") != 0))
        return false;
    const rpr_columns *c = rpr_input_columns(s, r, 0);
    if (!c || s->fate[maker].verdict != RPR_WINDOW_WHOLE || a->rank < 2)
        return false;
    const rpr_shape *x = &s->g->value[r->in[0]].shape;
    int from = x->rank;
    f->k = a->dim[a->rank - 1];
    while (from > 0 && product(x->dim, from, x->rank) < f->k)
        from--;
    f->x = r->in[0];
    f->c = *c;
    f->before = product(x->dim, from, c->axis);
    f->behind = product(x->dim, c->axis + 1, x->rank);
    return c->axis >= from && product(x->dim, from, x->rank) == f->k;
}

static bool is_even(const rpr_flat *f, const float *w)
{
    const int64_t step = f->transposed ? 1 : f->outputs, row = f->transposed ? f->k : 1;
    for (int64_t o = 0; o < f->outputs; o++)
        for (int64_t p = 0; p < f->before; p++)
            for (int64_t j = 1; j < f->c.n; j++)
                for (int64_t q = 0; q < f->behind; q++) {
                    const float *first = w + o * row + (p * f->c.n * f->behind + q) * step;
                    if (memcmp(first, first + j * f->behind * step, sizeof *w) != 0)
                        return false;
                }
    return true;
}

static bool is_such(const rpr_slider *s, const rpr_node *n, rpr_flat *f)
{
    const bool gemm = strcmp(n->op, "Gemm") == 0;
    if (*n->domain || (!gemm && strcmp(n->op, "MatMul") != 0) || rpr_node_int(n, "transA", 0) ||
        !is_flat(s, n, f))
        return false;
    const rpr_value *w = &s->g->value[n->in[1]];
    f->transposed = gemm && rpr_node_int(n, "transB", 0);
    if (!w->is_const || w->dtype != RPR_F32 || w->shape.rank != 2)
        return false;
    f->outputs = w->shape.dim[f->transposed ? 0 : 1];
    return is_even(f, w->data);
}

/** The weights of one column. */
static int one_of(rpr_slider *s, int node, const rpr_flat *f)
{
    char name[256];
    const int64_t k = f->before * f->behind;
    rpr_shape shape = {.rank = 2,
                       .dim = {f->transposed ? f->outputs : k, f->transposed ? k : f->outputs}};
    float *data = rpr_alloc_array((size_t)(k * f->outputs) + 1, sizeof *data);
    const float *w = s->g->value[s->g->node[node].in[1]].data;
    (void)snprintf(name, sizeof name, "%.200s/column", s->g->node[node].name);
    const int made = data ? rpr_graph_add_value(s->g, name, RPR_F32, &shape) : RPR_NONE;
    s->failed |= made == RPR_NONE;
    if (made == RPR_NONE) {
        rpr_free(data);
        return RPR_NONE;
    }
    for (int64_t o = 0; o < f->outputs; o++)
        for (int64_t i = 0; i < k; i++) {
            const int64_t from = i / f->behind * f->c.n * f->behind + i % f->behind;
            if (f->transposed)
                data[o * k + i] = w[o * f->k + from];
            else
                data[i * f->outputs + o] = w[from * f->outputs + o];
        }
    rpr_graph_set_const(s->g, made, RPR_F32, &shape, data);
    return made;
}

/** Sums the columns, flattens that, and multiplies it. */
static void rewrite(rpr_slider *s, int node, const rpr_flat *f)
{
    char name[256];
    const int64_t axis = f->c.axis;
    rpr_shape flat = s->g->value[s->g->node[node].in[0]].shape;
    flat.dim[flat.rank - 1] = f->before * f->behind;
    const int w = one_of(s, node, f);
    (void)snprintf(name, sizeof name, "%.200s/sum", s->g->node[node].name);
    const int sum[] = {f->x, rpr_slide_ints(s, name, "axes", &axis, 1)};
    const int y = rpr_slide_value(s, s->g->node[node].name, "sum", f->x, f->c.axis, 1);
    (void)rpr_slide_node(s, name, "ReduceSum", "", RPR_SLIDE_OPSET, sum, 2, y);
    (void)snprintf(name, sizeof name, "%.200s/flat", s->g->node[node].name);
    const int in[] = {y, rpr_slide_ints(s, name, "shape", flat.dim, flat.rank)};
    const int z = rpr_slide_value(s, s->g->node[node].name, "flat", s->g->node[node].in[0],
                                  flat.rank - 1, flat.dim[flat.rank - 1]);
    (void)rpr_slide_node(s, name, "Reshape", "", RPR_SLIDE_OPSET, in, 2, z);
    rpr_slide_set_input(s, node, 0, z);
    rpr_slide_set_input(s, node, 1, w);
}

int rpr_slide_products(rpr_slider *s, bool *changed)
{
    rpr_flat f;
    *changed = false;
    for (size_t i = 0; i < s->n_node && !s->failed; i++)
        if (is_such(s, &s->g->node[i], &f)) {
            rewrite(s, (int)i, &f);
            *changed = true;
        }
    s->n_order = 0;
    if (s->failed)
        return rpr_fail(s->err, RPR_ERR_NOMEM, "out of memory");
    if (!*changed)
        return RPR_OK;
    RPR_TRY(rpr_graph_sort(s->g, s->err));
    rpr_graph_sweep(s->g);
    return RPR_OK;
}
