/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that yield what they are given. (Dropout became Identity when it was resolved.) */
#include <string.h>

#include "core/alloc.h"
#include "graph/fuse.h"

static bool all_zero(const int64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i])
            return false;
    return true;
}

static bool is_identity_transpose(const rpr_node *n, int rank)
{
    size_t count;
    const int64_t *perm = rpr_node_ints(n, "perm", &count);
    if (!perm)
        return rank <= 1; /* the default reverses */
    for (size_t i = 0; i < count; i++)
        if (perm[i] != (int64_t)i)
            return false;
    return true;
}

/** Of the same shape: then what is left to find is a step backwards. */
static bool is_whole_slice(const rpr_fuse *f, const rpr_node *n)
{
    int64_t step[RPR_MAX_RANK];
    size_t count = RPR_MAX_RANK;
    if (!rpr_fuse_ints(f, n, 4, NULL, step, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (step[i] < 1)
            return false;
    return true;
}

/** Which of one input gives that input. */
static bool is_of_one(const rpr_node *n)
{
    static const char *const op[] = {"Concat", "Max", "Min", "Sum", "Mean"};
    for (size_t i = 0; i < sizeof op / sizeof *op; i++)
        if (rpr_fuse_is(n, op[i]))
            return true;
    return false;
}

/** The node's first output has the type and shape of its first input. */
static bool is_noop(const rpr_fuse *f, const rpr_node *n)
{
    static const char *const reshapes[] = {"Identity", "Cast",      "Reshape", "Flatten",
                                           "Squeeze",  "Unsqueeze", "Expand"};
    for (size_t i = 0; i < sizeof reshapes / sizeof *reshapes; i++)
        if (rpr_fuse_is(n, reshapes[i]))
            return true;
    if (rpr_fuse_is(n, "Transpose"))
        return is_identity_transpose(n, rpr_fuse_shape(f, n->in[0])->rank);
    if (rpr_fuse_is(n, "Slice"))
        return is_whole_slice(f, n);
    if (is_of_one(n))
        return n->n_in == 1;
    if (rpr_fuse_is(n, "Pad")) {
        int64_t pads[2 * RPR_MAX_RANK];
        size_t count = 2 * RPR_MAX_RANK;
        return rpr_fuse_ints(f, n, 1, "pads", pads, &count) && all_zero(pads, count);
    }
    return false;
}

static bool keeps_shape(const rpr_fuse *f, const rpr_node *n)
{
    if (n->dead || !rpr_fuse_has(n, 0) || n->n_out < 1 || n->out[0] == RPR_NONE)
        return false;
    const rpr_value *x = &f->g->value[n->in[0]], *y = &f->g->value[n->out[0]];
    return x->dtype == y->dtype && rpr_shape_equal(&x->shape, &y->shape);
}

/** The value that stands for `v`. */
static int find(int *same, int v)
{
    while (v != RPR_NONE && same[v] != v) {
        same[v] = same[same[v]];
        v = same[v];
    }
    return v;
}

/** Takes a node out. A graph output keeps its value, and so its name: the producer yields it. */
static void take_out(rpr_fuse *f, int *same, rpr_node *n)
{
    int x = n->in[0], y = n->out[0];
    if (!f->is_output[y]) {
        same[y] = x;
    } else {
        rpr_node *p = rpr_fuse_producer(f, x);
        if (!p || f->is_output[x])
            return;
        p->out[0] = y;
        f->g->value[y].producer = f->g->value[x].producer;
        same[x] = y;
    }
    n->dead = true;
    n->out[0] = RPR_NONE;
}

int rpr_fuse_noops(rpr_fuse *f)
{
    rpr_graph *g = f->g;
    int *same = rpr_alloc_array(g->n_value, sizeof *same);
    if (!same)
        return rpr_fuse_nomem(f);
    for (size_t v = 0; v < g->n_value; v++)
        same[v] = (int)v;
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_node *n = &g->node[i];
        for (int k = 0; k < n->n_in; k++)
            n->in[k] = find(same, n->in[k]);
        if (keeps_shape(f, n) && is_noop(f, n))
            take_out(f, same, n);
    }
    for (size_t i = 0; i < g->n_node; i++) /* readers that came before their value was renamed */
        for (int k = 0; k < g->node[i].n_in; k++)
            g->node[i].in[k] = find(same, g->node[i].in[k]);
    rpr_free(same);
    return RPR_OK;
}
