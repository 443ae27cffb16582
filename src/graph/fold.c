/* SPDX-License-Identifier: Apache-2.0 */
/* Shape inference and constant folding. One needs the other, so they share one walk. */
#include <inttypes.h>
#include <string.h>

#include "core/alloc.h"
#include "core/checked.h"
#include "graph/passes.h"

/* A few bytes of file may ask for any amount of constants (Expand, Tile, ConstantOfShape). */
#define MAX_FOLDED ((int64_t)1 << 31)
/* Evaluators may look at optional inputs that the node does not list. */
#define MIN_VIEWS 16

typedef struct rpr_fold {
    rpr_graph *g;
    int64_t bytes; /* of the constants made so far */
    rpr_view *in, *out;
    bool keeps; /* DequantizeLinear beside the constants that it gives */
    rpr_error *err;
} rpr_fold;

static int check_inferred(const rpr_fold *f, const rpr_node *n)
{
    for (int i = 0; i < n->n_out; i++) {
        if (n->out[i] == RPR_NONE)
            continue;
        const rpr_value *v = &f->g->value[n->out[i]];
        if (v->dtype == RPR_UNDEFINED || rpr_shape_count(&v->shape) < 0)
            return rpr_fail(f->err, RPR_ERR_UNSUPPORTED,
                            "node '%s' (%s): the shape of '%s' cannot be inferred", n->name, n->op,
                            v->name);
    }
    return RPR_OK;
}

/** True for operators that look at the shape of their input only. */
static bool reads_shape_only(const rpr_node *n)
{
    return !*n->domain && (strcmp(n->op, "Shape") == 0 || strcmp(n->op, "Size") == 0);
}

static bool is_foldable(const rpr_graph *g, const rpr_node *n)
{
    if (!rpr_act_is_none(&n->act)) /* evaluators leave it out */
        return false;
    /* What draws random numbers is no constant though it reads none. */
    if (strncmp(n->op, "Random", 6) == 0)
        return false;
    for (int i = 0; i < n->n_in && !reads_shape_only(n); i++)
        if (n->in[i] != RPR_NONE && !g->value[n->in[i]].is_const)
            return false;
    return true;
}

static int make_outputs(rpr_fold *f, const rpr_node *n)
{
    for (int i = 0; i < n->n_out; i++)
        f->out[i] = (rpr_view){.data = NULL};
    for (int i = 0; i < n->n_out; i++) {
        if (n->out[i] == RPR_NONE)
            continue;
        const rpr_value *v = &f->g->value[n->out[i]];
        int64_t size;
        if (!rpr_mul_i64(rpr_shape_count(&v->shape), (int64_t)rpr_dtype_size(v->dtype), &size) ||
            !rpr_add_i64(f->bytes, size, &f->bytes) || f->bytes > MAX_FOLDED)
            return rpr_fail(f->err, RPR_ERR_UNSUPPORTED,
                            "node '%s' (%s): the constant '%s' makes more than %" PRId64
                            " bytes of constants",
                            n->name, n->op, v->name, MAX_FOLDED);
        void *data = rpr_alloc((size_t)size);
        if (!data)
            return rpr_fail(f->err, RPR_ERR_NOMEM, "node '%s' (%s): out of memory", n->name, n->op);
        f->out[i] = rpr_value_view(v, data);
    }
    return RPR_OK;
}

static void free_outputs(rpr_fold *f, const rpr_node *n)
{
    for (int i = 0; i < n->n_out; i++)
        rpr_free(f->out[i].data);
}

static int evaluate(rpr_fold *f, rpr_node *n)
{
    rpr_graph *g = f->g;
    char unread = 0; /* stands for data of which only the shape is looked at */
    for (int i = 0; i < n->n_in; i++) {
        f->in[i] = (rpr_view){.data = NULL};
        if (n->in[i] == RPR_NONE)
            continue;
        const rpr_value *v = &g->value[n->in[i]];
        f->in[i] = rpr_value_view(v, v->is_const ? v->data : &unread);
    }
    for (int i = n->n_in; i < MIN_VIEWS; i++)
        f->in[i] = (rpr_view){.data = NULL};
    return n->def->eval(n, f->in, f->out, f->err);
}

static int fold_node(rpr_fold *f, rpr_node *n)
{
    rpr_graph *g = f->g;
    int status = make_outputs(f, n);
    if (status == RPR_OK)
        status = evaluate(f, n);
    if (status != RPR_OK) {
        free_outputs(f, n);
        return status;
    }
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE) {
            rpr_value *v = &g->value[n->out[i]];
            rpr_shape shape = v->shape;
            rpr_graph_set_const(g, n->out[i], v->dtype, &shape, f->out[i].data);
        }
    n->dead = !(f->keeps && !*n->domain && strcmp(n->op, "DequantizeLinear") == 0);
    return RPR_OK;
}

static int walk(rpr_fold *f)
{
    rpr_graph *g = f->g;
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_node *n = &g->node[i];
        if (!n->def)
            return rpr_fail(f->err, RPR_ERR_INTERNAL, "node '%s' (%s) has no definition", n->name,
                            n->op);
        RPR_TRY(n->def->infer(g, n, f->err));
        RPR_TRY(check_inferred(f, n));
        if (is_foldable(g, n))
            RPR_TRY(fold_node(f, n));
    }
    return RPR_OK;
}

static int fold(rpr_graph *g, bool keeps, rpr_error *err)
{
    size_t most_in = MIN_VIEWS, most_out = 1;
    for (size_t i = 0; i < g->n_node; i++) {
        most_in = (size_t)g->node[i].n_in > most_in ? (size_t)g->node[i].n_in : most_in;
        most_out = (size_t)g->node[i].n_out > most_out ? (size_t)g->node[i].n_out : most_out;
    }
    rpr_fold f = {.g = g,
                  .in = rpr_alloc_array(most_in, sizeof *f.in),
                  .out = rpr_alloc_array(most_out, sizeof *f.out),
                  .keeps = keeps,
                  .err = err};
    int status = RPR_ERR_NOMEM;
    if (f.in && f.out)
        status = walk(&f);
    else
        rpr_fail(err, status, "out of memory while constants are folded");
    rpr_free(f.in);
    rpr_free(f.out);
    if (status == RPR_OK)
        rpr_graph_sweep(g);
    return status;
}

int rpr_graph_fold(rpr_graph *g, rpr_error *err)
{
    return fold(g, false, err);
}

int rpr_graph_fold_quantised(rpr_graph *g, rpr_error *err)
{
    return fold(g, true, err);
}
