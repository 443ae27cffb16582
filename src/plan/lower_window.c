/* SPDX-License-Identifier: Apache-2.0 */
/* Pools and reductions. */
#include "plan/lower_pixel.h"

#include <string.h>

#include "ops/node.h"
#include "ops/reduce.h"
#include "ops/window.h"

static bool is_pool(const rpr_node *n)
{
    return rpr_lower_is(n, "MaxPool") || rpr_lower_is(n, "AveragePool");
}

/** A window along h and w; with one spatial axis h is the batch and has windows of one. */
static bool pool_of(const rpr_node *n, const rpr_window_spec *w, rpr_pool *pool)
{
    *pool = (rpr_pool){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    for (int i = 0; i < w->spatial; i++) {
        int at = 2 - w->spatial + i;
        if (w->kernel[i] > INT16_MAX || w->stride[i] > INT16_MAX || w->dilation[i] > INT16_MAX ||
            w->pad_begin[i] > INT16_MAX || w->pad_end[i] > INT16_MAX)
            return false;
        pool->kernel[at] = (int32_t)w->kernel[i];
        pool->stride[at] = (int32_t)w->stride[i];
        pool->dilation[at] = (int32_t)w->dilation[i];
        pool->begin[at] = (int32_t)w->pad_begin[i];
        pool->end[at] = (int32_t)w->pad_end[i];
    }
    pool->count_include_pad = rpr_node_int(n, "count_include_pad", 0) != 0;
    return true;
}

int rpr_lower_pool_window(const rpr_plan *p, const rpr_node *n, rpr_pool *pool, bool *fits,
                          rpr_error *err)
{
    const rpr_value *x = &p->graph->value[n->in[0]];
    int spatial = x->shape.rank - 2;
    int64_t kernel[RPR_MAX_SPATIAL];
    rpr_window_spec w;
    *fits = spatial >= 1 && spatial <= 2;
    if (!*fits)
        return RPR_OK;
    RPR_TRY(rpr_window_kernel(n, spatial, kernel, err));
    RPR_TRY(rpr_window_parse(n, spatial, x->shape.dim + 2, kernel, &w, err));
    *fits = pool_of(n, &w, pool);
    return RPR_OK;
}

int rpr_lower_pool(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made, rpr_error *err)
{
    rpr_pool pool;
    bool fits;
    (void)preferred;
    if (!is_pool(n))
        return RPR_OK;
    RPR_TRY(rpr_lower_pool_window(p, n, &pool, &fits, err));
    if (!fits)
        return RPR_OK;
    int in = rpr_lower_operand(p, n->in[0], p->graph->value[n->in[0]].shape.rank, 1);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    rpr_pixel_op *op = rpr_lower_is(n, "MaxPool") ? rpr_pixel_pool_max_new(&pool, &n->act)
                                                  : rpr_pixel_pool_average_new(&pool, &n->act);
    return rpr_lower_add(p, n, op, &in, 1, 1, err);
}

static bool reduce_kind(const rpr_node *n, rpr_reduce *kind)
{
    static const struct {
        const char *op;
        rpr_reduce kind;
    } table[] = {{"GlobalAveragePool", RPR_REDUCE_MEAN}, {"GlobalMaxPool", RPR_REDUCE_MAX},
                 {"ReduceMean", RPR_REDUCE_MEAN},        {"ReduceSum", RPR_REDUCE_SUM},
                 {"ReduceMax", RPR_REDUCE_MAX},          {"ReduceMin", RPR_REDUCE_MIN}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (rpr_lower_is(n, table[i].op)) {
            *kind = table[i].kind;
            return true;
        }
    return false;
}

/** Which axes a node reduces. */
static int reduced_axes(const rpr_plan *p, const rpr_node *n, int rank, bool *axis, rpr_error *err)
{
    rpr_view views[RPR_PARAMS];
    rpr_reduce_spec spec;
    if (strncmp(n->op, "Global", 6) == 0) {
        for (int a = 0; a < rank; a++)
            axis[a] = a >= 2;
        return RPR_OK;
    }
    rpr_param_views(p->graph, n, views);
    RPR_TRY(rpr_reduce_parse(n, views, &spec, err));
    memcpy(axis, spec.reduced, (size_t)rank * sizeof *axis);
    return RPR_OK;
}

/** The one axis that is not reduced (of extent over 1) if all others are, in one image; else -1. */
static int kept_axis(const rpr_shape *s, const bool *axis)
{
    int kept = -1;
    for (int a = 0; a < s->rank; a++)
        if (!axis[a] && s->dim[a] != 1) {
            if (kept >= 0)
                return -1;
            kept = a;
        }
    for (int a = 0; a < s->rank && kept >= 0; a++) /* several images are not reduced to one */
        if (s->dim[a] != 1 && rpr_lower_map_axis(s->rank, kept, a) == RPR_AXIS_N)
            kept = -1;
    return kept;
}

/** The one axis that is reduced, if there is only one, else -1. */
static int only_axis(int rank, const bool *axis)
{
    int found = -1, count = 0;
    for (int a = 0; a < rank; a++)
        if (axis[a]) {
            found = a;
            count++;
        }
    return count == 1 ? found : -1;
}

/**
 * Two forms: over all pixels of one image, and over the channels of each pixel. In both the output
 * keeps the rank; other reductions run by definition.
 */
int rpr_lower_reduce(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                     rpr_error *err)
{
    const rpr_shape *s = &p->graph->value[n->in[0]].shape;
    const rpr_shape *o = &p->graph->value[n->out[0]].shape;
    bool axis[RPR_MAX_RANK] = {false};
    rpr_reduce kind;
    (void)preferred;
    if (!reduce_kind(n, &kind) || s->rank < 2 || s->rank > 4 || o->rank != s->rank)
        return RPR_OK;
    RPR_TRY(reduced_axes(p, n, s->rank, axis, err));
    int kept = kept_axis(s, axis), only = only_axis(s->rank, axis);
    int channels = kept >= 0 ? kept : only;
    if (channels < 0)
        return RPR_OK;
    int in = rpr_lower_operand(p, n->in[0], s->rank, channels);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    rpr_pixel_op *op = kept >= 0 ? rpr_pixel_reduce_space_new(kind, &n->act)
                                 : rpr_pixel_reduce_channels_new(kind, &n->act);
    return rpr_lower_add(p, n, op, &in, 1, channels, err);
}
