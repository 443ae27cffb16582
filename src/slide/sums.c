/* SPDX-License-Identifier: Apache-2.0 */
#include "slide/sums.h"

#include <string.h>

#include "ops/node.h"
#include "ops/reduce.h"
#include "ops/window.h"

static const struct rpr_sum_kind {
    const char *op, *part, *join;
    bool global, mean, root;
} kinds[] = {
    {.op = "ReduceSum", .part = "ReduceSum", .join = "ReduceSum"},
    {.op = "ReduceMean", .part = "ReduceSum", .join = "ReduceSum", .mean = true},
    {.op = "ReduceMax", .part = "ReduceMax", .join = "ReduceMax"},
    {.op = "ReduceMin", .part = "ReduceMin", .join = "ReduceMin"},
    {.op = "ReduceL1", .part = "ReduceL1", .join = "ReduceSum"},
    {.op = "ReduceL2", .part = "ReduceSumSquare", .join = "ReduceSum", .root = true},
    {.op = "ReduceSumSquare", .part = "ReduceSumSquare", .join = "ReduceSum"},
    {.op = "GlobalAveragePool",
     .part = "ReduceSum",
     .join = "ReduceSum",
     .global = true,
     .mean = true},
    {.op = "GlobalMaxPool", .part = "ReduceMax", .join = "ReduceMax", .global = true},
};

static const struct rpr_sum_kind *kind_of(const rpr_node *n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].op, n->op) == 0)
            return &kinds[i];
    return NULL;
}

/** Which axes are reduced. */
static bool parse_reduction(const rpr_slider *s, const rpr_node *n, rpr_sum *sum)
{
    const struct rpr_sum_kind *k = kind_of(n);
    rpr_view in[RPR_PARAMS];
    rpr_reduce_spec r = {.keepdims = true};
    if (!k)
        return false;
    rpr_param_views(s->g, n, in);
    for (int d = 2; k->global && d < in[0].rank; d++)
        r.reduced[d] = true;
    if (!k->global && rpr_reduce_parse(n, in, &r, NULL) != RPR_OK)
        return false;
    memcpy(sum->reduced, r.reduced, sizeof sum->reduced);
    sum->keepdims = r.keepdims;
    sum->part = k->part;
    sum->join = k->join;
    sum->mean = k->mean;
    sum->root = k->root;
    return r.reduced[sum->c->axis];
}

/** A pool of one window over all columns, none of which sees an edge: parts weigh the same. */
static bool parse_pool(const rpr_slider *s, const rpr_node *n, rpr_sum *sum)
{
    const rpr_shape *x = &s->g->value[n->in[0]].shape;
    const int d = sum->c->axis - 2;
    const bool average = strcmp(n->op, "AveragePool") == 0;
    int64_t kernel[RPR_MAX_SPATIAL];
    rpr_window_spec w;
    if ((!average && strcmp(n->op, "MaxPool") != 0) || d < 0 ||
        (n->n_out > 1 && n->out[1] != RPR_NONE) ||
        rpr_window_kernel(n, x->rank - 2, kernel, NULL) != RPR_OK ||
        rpr_window_parse(n, x->rank - 2, x->dim + 2, kernel, &w, NULL) != RPR_OK)
        return false;
    sum->pool = sum->keepdims = true;
    sum->reduced[sum->c->axis] = true;
    sum->join = average ? "ReduceMean" : "ReduceMax";
    return w.kernel[d] == sum->c->n && w.dilation[d] == 1 && w.pad_begin[d] == 0 &&
           w.pad_end[d] == 0 && w.out[d] == 1 && sum->c->left == 0 && sum->c->right == 0;
}

bool rpr_sum_parse(const rpr_slider *s, const rpr_node *n, rpr_sum *sum, rpr_reason *why)
{
    *sum = (rpr_sum){.c = rpr_input_columns(s, n, 0)};
    const rpr_columns *c = sum->c;
    if (*n->domain || !c || s->g->value[n->in[0]].dtype != RPR_F32 ||
        (!parse_reduction(s, n, sum) && !parse_pool(s, n, sum)))
        return false;
    const int64_t inside = c->n - c->left - c->right;
    sum->parts = inside / c->shift;
    if (inside % c->shift == 0 && sum->parts >= 2)
        return true;
    if (why)
        (void)rpr_refuse(why, "it reduces %lld columns, which are not full steps of %lld",
                         (long long)inside, (long long)c->shift);
    return false;
}

int rpr_sum_ranges(const rpr_sum *sum, rpr_range *ranges)
{
    const rpr_columns *c = sum->c;
    const int64_t edge = c->n - c->right;
    int count = 0;
    ranges[count++] = (rpr_range){edge - c->shift, edge};
    if (c->left > 0)
        ranges[count++] = (rpr_range){0, c->left};
    if (c->right > 0)
        ranges[count++] = (rpr_range){edge, c->n};
    return count;
}
