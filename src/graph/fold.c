/* SPDX-License-Identifier: Apache-2.0 */
/* Shape inference and constant folding. One needs the other, so they share one walk. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/checked.h"
#include "graph/branch.h"
#include "graph/passes.h"
#include "graph/table.h"

/* A few bytes of file may ask for any amount of constants (Expand, Tile, ConstantOfShape). */
#define MAX_FOLDED ((int64_t)1 << 31)
/* Evaluators may look at optional inputs that the node does not list. */
#define MIN_VIEWS 16

typedef struct rpr_fold {
    rpr_graph *g;
    int64_t bytes; /* of the constants made so far */
    rpr_view *in, *out;
    bool keeps;               /* DequantizeLinear beside the constants that it gives */
    size_t room_in, room_out; /* of these */
    bool moved;               /* branches were taken in: the nodes want sorting */
    rpr_error *err;
} rpr_fold;

static int no_memory(const rpr_fold *f)
{
    return rpr_fail(f->err, RPR_ERR_NOMEM, "out of memory while constants are folded");
}

/** Room for `n` views; they need not be kept. */
static bool make_room(rpr_view **views, size_t *room, size_t n)
{
    if (n <= *room)
        return true;
    rpr_free(*views);
    *views = rpr_alloc_array(2 * n, sizeof **views);
    *room = *views ? 2 * n : 0;
    return *views != NULL;
}

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
    if (strncmp(n->op, "Random", 6) == 0 || rpr_node_is_delay(n))
        return false;
    for (int i = 0; i < n->n_in && !reads_shape_only(n); i++)
        if (n->in[i] != RPR_NONE && !g->value[n->in[i]].is_const)
            return false;
    return true;
}

static int make_outputs(rpr_fold *f, const rpr_node *n)
{
    size_t in = n->n_in > MIN_VIEWS ? (size_t)n->n_in : MIN_VIEWS;
    if (!make_room(&f->in, &f->room_in, in) ||
        !make_room(&f->out, &f->room_out, (size_t)n->n_out + 1))
        return no_memory(f);
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

static int walk(rpr_fold *f, size_t first, size_t end);

/** Whether the condition of an If is known, and what it is. */
static int condition_of(const rpr_fold *f, const rpr_node *n, rpr_branches *which)
{
    const rpr_value *c = &f->g->value[n->in[0]];
    if (c->dtype != RPR_BOOL || rpr_shape_count(&c->shape) != 1)
        return rpr_fail(f->err, RPR_ERR_FORMAT, "node '%s' (If): the condition is not one bool",
                        n->name);
    *which = RPR_BRANCH_BOTH;
    if (c->is_const)
        *which = *(const uint8_t *)c->data ? RPR_BRANCH_THEN : RPR_BRANCH_ELSE;
    return RPR_OK;
}

/** What nodes [first, end) choose from on every call must be of one type and shape. */
static int check_choice(const rpr_fold *f, const char *name, size_t first, size_t end)
{
    const rpr_graph *g = f->g;
    for (size_t i = first; i < end; i++) {
        const rpr_node *w = &g->node[i];
        const rpr_value *a = &g->value[w->in[1]], *b = &g->value[w->in[2]];
        if (a->dtype != b->dtype || !rpr_shape_equal(&a->shape, &b->shape))
            return rpr_fail(f->err, RPR_ERR_UNSUPPORTED,
                            "node '%s' (If): its condition changes from call to call, and its "
                            "branches' outputs '%s' and '%s' have different types or shapes",
                            name, a->name, b->name);
    }
    return RPR_OK;
}

/** Why a branch cannot run that a constant condition may never have taken. */
static int explain(const rpr_fold *f, const char *name, int status)
{
    const rpr_error why = f->err ? *f->err : (rpr_error){{0}};
    return rpr_fail(f->err, status,
                    "node '%s' (If): its condition changes from call to call, and a branch does "
                    "not fit: %s",
                    name, why.message);
}

/**
 * An If whose condition is known becomes the branch that is taken. Else both are computed, and what
 * the outputs are is chosen on every call.
 */
static int take_branch(rpr_fold *f, size_t node)
{
    rpr_graph *g = f->g;
    const size_t first = g->n_node;
    rpr_branches which = RPR_BRANCH_BOTH;
    char name[256];
    (void)snprintf(name, sizeof name, "%s", g->node[node].name);
    RPR_TRY(rpr_branch_check(&g->node[node], f->err));
    RPR_TRY(condition_of(f, &g->node[node], &which));
    size_t chosen = 0;
    for (int i = 0; which == RPR_BRANCH_BOTH && i < g->node[node].n_out; i++)
        chosen += g->node[node].out[i] != RPR_NONE;
    RPR_TRY(rpr_branch_inline(g, (int)node, which, f->err));
    f->moved = true;
    RPR_TRY(rpr_graph_resolve_from(g, first, f->err));
    const size_t end = g->n_node, choice = end - chosen;
    int status = walk(f, first, choice);
    if (status != RPR_OK)
        return which == RPR_BRANCH_BOTH ? explain(f, name, status) : status;
    RPR_TRY(check_choice(f, name, choice, end));
    return walk(f, choice, end);
}

static int walk_node(rpr_fold *f, size_t i)
{
    rpr_graph *g = f->g;
    rpr_node *n = &g->node[i];
    if (!n->def)
        return rpr_fail(f->err, RPR_ERR_INTERNAL, "node '%s' (%s) has no definition", n->name,
                        n->op);
    if (rpr_node_is_if(n))
        return take_branch(f, i);
    RPR_TRY(n->def->infer(g, n, f->err));
    RPR_TRY(check_inferred(f, n));
    return is_foldable(g, n) ? fold_node(f, n) : RPR_OK;
}

/* Branches nest as deep as the loader lets them. */
static int walk(rpr_fold *f, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        RPR_TRY(walk_node(f, i));
    return RPR_OK;
}

static int fold(rpr_graph *g, bool keeps, rpr_error *err)
{
    rpr_fold f = {.g = g, .keeps = keeps, .err = err};
    int status = walk(&f, 0, g->n_node);
    rpr_free(f.in);
    rpr_free(f.out);
    if (status == RPR_OK && f.moved)
        status = rpr_graph_sort(g, err);
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
