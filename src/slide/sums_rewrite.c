/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/table.h"
#include "ops/window.h"
#include "slide/build.h"
#include "slide/sums.h"

/** Reduces over the axes of a sum; the output is given. */
static int reduce(rpr_slider *s, const rpr_sum *sum, const char *name, const char *op, int x,
                  bool keepdims, int out)
{
    int64_t axes[RPR_MAX_RANK];
    int count = 0;
    for (int d = 0; d < RPR_MAX_RANK; d++)
        if (sum->reduced[d])
            axes[count++] = d;
    const bool as_input = strcmp(op, "ReduceSum") == 0; /* since opset 13, this one alone */
    const int in[] = {x, as_input ? rpr_slide_ints(s, name, "axes", axes, count) : RPR_NONE};
    const int made = rpr_slide_node(s, name, op, "", RPR_SLIDE_OPSET, in, as_input ? 2 : 1, out);
    if (s->failed)
        return RPR_NONE;
    rpr_node *n = &s->g->node[made];
    rpr_slide_check(s, rpr_node_set_int(n, "keepdims", keepdims));
    if (!as_input)
        rpr_slide_check(s, rpr_node_set_ints(n, "axes", axes, (size_t)count));
    return made;
}

/** The pool that a node is, over so many columns. */
static void pool(rpr_slider *s, const rpr_sum *sum, int node, const char *what, int x,
                 int64_t columns, int out)
{
    const rpr_motion m = {.axis = sum->c->axis, .edit = RPR_EDIT_PADS};
    int64_t kernel[RPR_MAX_SPATIAL];
    const int made = rpr_slide_copy(s, node, what, &out);
    if (s->failed)
        return;
    rpr_node *n = &s->g->node[made];
    const int spatial = s->g->value[n->in[0]].shape.rank - 2;
    rpr_slide_edit(s, made, &m, sum->c, (rpr_range){0, sum->c->n}, (rpr_range){0, sum->c->n});
    rpr_slide_check(s, rpr_window_kernel(n, spatial, kernel, NULL));
    kernel[sum->c->axis - 2] = columns;
    rpr_slide_check(s, rpr_node_set_ints(n, "kernel_shape", kernel, (size_t)spatial));
    n->act = rpr_act_none();
    n->in[0] = x;
    rpr_slide_emit(s, made);
}

/** What columns r come to: of extent 1 along the axes that are reduced. */
static int partial(rpr_slider *s, const rpr_sum *sum, int node, const char *what, rpr_range r)
{
    char name[256];
    const int x = rpr_slide_read(s, s->g->node[node].in[0], r);
    if (s->failed)
        return RPR_NONE;
    (void)snprintf(name, sizeof name, "%.200s/%s", s->g->node[node].name, what);
    const int like = sum->pool ? s->g->node[node].out[0] : x;
    const int out = rpr_slide_value(s, s->g->node[node].name, what, like, sum->c->axis, 1);
    for (int d = 0; !s->failed && d < s->g->value[out].shape.rank; d++)
        if (sum->reduced[d])
            s->g->value[out].shape.dim[d] = 1;
    if (sum->pool)
        pool(s, sum, node, what, x, r.to - r.from, out);
    else
        (void)reduce(s, sum, name, sum->part, x, true, out);
    return out;
}

/** The partial results of the whole window. */
static int gather_parts(rpr_slider *s, const rpr_sum *sum, int node, int part)
{
    char name[256];
    if (s->failed)
        return RPR_NONE;
    (void)snprintf(name, sizeof name, "%.200s/parts", s->g->node[node].name);
    const int out =
        rpr_slide_value(s, s->g->node[node].name, "parts", part, sum->c->axis, sum->parts);
    const int made = rpr_slide_node(s, name, "Delay", RPR_OWN_DOMAIN, 1, &part, 1, out);
    if (s->failed)
        return RPR_NONE;
    rpr_node *n = &s->g->node[made];
    rpr_slide_check(s, rpr_node_set_int(n, "axis", sum->c->axis));
    rpr_slide_check(s, rpr_node_set_int(n, "length", sum->parts));
    rpr_slide_check(s, rpr_node_set_int(n, "period", sum->c->period));
    rpr_slide_check(s, rpr_node_set_int(n, "shift", 1));
    return out;
}

/** Those and what the edges come to, one behind the other. */
static int join(rpr_slider *s, const rpr_sum *sum, int node, const int *in, int count)
{
    char name[256];
    if (s->failed || count == 1)
        return in[0];
    (void)snprintf(name, sizeof name, "%.200s/all", s->g->node[node].name);
    const int out = rpr_slide_value(s, s->g->node[node].name, "all", in[0], sum->c->axis,
                                    sum->parts + count - 1);
    const int made = rpr_slide_node(s, name, "Concat", "", RPR_SLIDE_OPSET, in, count, out);
    if (!s->failed)
        rpr_slide_check(s, rpr_node_set_int(&s->g->node[made], "axis", sum->c->axis));
    return out;
}

/** Elements of input 0 that one result is made of, as 1 / count in a constant. */
static int share(rpr_slider *s, const rpr_sum *sum, int node)
{
    char name[256];
    const rpr_shape scalar = {.rank = 0}, x = s->g->value[s->g->node[node].in[0]].shape;
    double count = 1;
    for (int d = 0; d < x.rank; d++)
        count *= sum->reduced[d] ? (double)x.dim[d] : 1;
    (void)snprintf(name, sizeof name, "%.200s/share", s->g->node[node].name);
    float *data = rpr_alloc(sizeof *data);
    const int made = data ? rpr_graph_add_value(s->g, name, RPR_F32, &scalar) : RPR_NONE;
    s->failed |= made == RPR_NONE;
    if (made == RPR_NONE) {
        rpr_free(data);
        return RPR_NONE;
    }
    *data = (float)(1 / count);
    rpr_graph_set_const(s->g, made, RPR_F32, &scalar, data);
    return made;
}

/** The last node takes the name, the activation and the output over. */
static void finish(rpr_slider *s, const rpr_sum *sum, int node, int all)
{
    char name[256];
    if (s->failed)
        return;
    const rpr_node old = s->g->node[node];
    const bool more = sum->mean || sum->root;
    (void)snprintf(name, sizeof name, "%.200s/sum", old.name);
    const rpr_value *y = &s->g->value[old.out[0]];
    const int result =
        more ? rpr_slide_value(s, old.name, "sum", old.out[0], 0, y->shape.dim[0]) : old.out[0];
    int last = reduce(s, sum, more ? name : old.name, sum->join, all, sum->keepdims, result);
    if (more && !s->failed) {
        const int in[] = {result, sum->mean ? share(s, sum, node) : RPR_NONE};
        last = rpr_slide_node(s, old.name, sum->mean ? "Mul" : "Sqrt", "", RPR_SLIDE_OPSET, in,
                              sum->mean ? 2 : 1, old.out[0]);
    }
    if (s->failed)
        return;
    s->g->node[last].act = old.act;
    rpr_node_clear(&s->g->node[node]);
}

void rpr_sum_rewrite(rpr_slider *s, int index)
{
    rpr_sum sum;
    rpr_range ranges[RPR_SUM_RANGES];
    int part[RPR_SUM_RANGES];
    static const char *const what[] = {"part", "edge0", "edge1"};
    if (!rpr_sum_parse(s, &s->g->node[index], &sum, NULL)) {
        s->failed = true; /* it could be, when it was judged */
        return;
    }
    const int count = rpr_sum_ranges(&sum, ranges);
    for (int i = 0; i < count; i++)
        part[i] = partial(s, &sum, index, what[i], ranges[i]);
    part[0] = gather_parts(s, &sum, index, part[0]);
    finish(s, &sum, index, join(s, &sum, index, part, count));
}
