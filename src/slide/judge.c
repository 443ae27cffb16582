/* SPDX-License-Identifier: Apache-2.0 */
/* From the window's input on: what has columns, and what has none and why. */
#include <string.h>

#include "slide/rules.h"
#include "slide/sums.h"

/** Where a node's inputs come from. */
typedef struct rpr_sources {
    bool window;
    int whole, call; /* an input of that origin, or RPR_NONE */
} rpr_sources;

static rpr_sources sources_of(const rpr_slider *s, const rpr_node *n)
{
    rpr_sources f = {.whole = RPR_NONE, .call = RPR_NONE};
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] == RPR_NONE)
            continue;
        const rpr_origin o = s->value[n->in[i]].origin;
        f.window |= o == RPR_FROM_WINDOW;
        f.whole = o == RPR_FROM_WHOLE && f.whole == RPR_NONE ? n->in[i] : f.whole;
        f.call = o == RPR_FROM_CALL && f.call == RPR_NONE ? n->in[i] : f.call;
    }
    return f;
}

static bool same_move(const rpr_columns *a, const rpr_columns *b, rpr_reason *why)
{
    if (a->n != b->n)
        return rpr_refuse(why, "inputs have %lld and %lld columns", (long long)a->n,
                          (long long)b->n);
    if (a->stride != b->stride)
        return rpr_refuse(why, "inputs move by different strides, %lld and %lld",
                          (long long)a->stride, (long long)b->stride);
    return true;
}

/** The columns of all inputs as one: those that see an edge in any of them. */
static bool join_inputs(const rpr_slider *s, const rpr_node *n, rpr_columns *all, rpr_reason *why)
{
    bool any = false;
    for (int i = 0; i < n->n_in; i++) {
        const rpr_columns *c = rpr_input_columns(s, n, i);
        if (!c)
            continue;
        if (!any)
            *all = *c;
        else if (!same_move(all, c, why))
            return false;
        all->left = c->left > all->left ? c->left : all->left;
        all->right = c->right > all->right ? c->right : all->right;
        any = true;
    }
    return true;
}

/** Every output has the same columns. */
static bool set_outputs(rpr_slider *s, const rpr_node *n, rpr_fate *f)
{
    rpr_columns in, out = {.axis = RPR_NONE};
    if (!join_inputs(s, n, &in, &f->why))
        return false;
    for (int i = 0; i < n->n_out; i++) {
        if (n->out[i] == RPR_NONE)
            continue;
        const rpr_shape *shape = &s->g->value[n->out[i]].shape;
        if (f->m.axis < 0 || f->m.axis >= shape->rank)
            return rpr_refuse(&f->why, "the axis is lost");
        f->columns = f->computed = shape->dim[f->m.axis];
        if (!rpr_columns_through(s, &f->m, &in, shape->dim[f->m.axis], &out, &f->why))
            return false;
        s->value[n->out[i]].c = out;
    }
    return true;
}

static bool moves(rpr_slider *s, const rpr_node *n, const rpr_sources *from, rpr_fate *f)
{
    const rpr_rule_fn rule = rpr_rule_find(n);
    f->m = (rpr_motion){.axis = RPR_NONE, .stride = 1, .reach = 1};
    if (from->whole != RPR_NONE) {
        const int cause = s->value[from->whole].cause;
        return rpr_refuse(&f->why, "reads what '%.100s' makes of the whole window",
                          s->g->node[cause].name);
    }
    if (from->call != RPR_NONE)
        return rpr_refuse(&f->why, "reads '%.100s', which changes without the window moving",
                          s->g->value[from->call].name);
    if (!rule)
        return rpr_refuse(&f->why, "%.60s is not known to be shift-invariant", n->op);
    return rule(s, n, &f->m, &f->why) && set_outputs(s, n, f);
}

/** Partial results may do where columns do not. */
static void try_sum(rpr_slider *s, const rpr_node *n, rpr_fate *f)
{
    rpr_sum sum;
    if (!rpr_sum_parse(s, n, &sum, &f->why))
        return;
    f->verdict = RPR_WINDOW_SUMMED;
    f->columns = sum.c->n;
    f->why.text[0] = '\0';
}

static void judge(rpr_slider *s, int index)
{
    const rpr_node *n = &s->g->node[index];
    rpr_fate *f = &s->fate[index];
    const rpr_sources from = sources_of(s, n);
    rpr_origin origin = from.call == RPR_NONE ? RPR_FROM_FILE : RPR_FROM_CALL;
    int cause = index;
    f->verdict = RPR_WINDOW_CONSTANT;
    if (from.window || from.whole != RPR_NONE) {
        const bool shifts = moves(s, n, &from, f);
        f->verdict = shifts ? RPR_WINDOW_SHIFTED : RPR_WINDOW_WHOLE;
        origin = shifts ? RPR_FROM_WINDOW : RPR_FROM_WHOLE;
        if (from.whole != RPR_NONE)
            cause = s->value[from.whole].cause;
        if (!shifts && from.window && from.whole == RPR_NONE && from.call == RPR_NONE)
            try_sum(s, n, f);
    }
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE) {
            s->value[n->out[i]].origin = origin;
            s->value[n->out[i]].cause = cause;
        }
}

void rpr_slide_judge(rpr_slider *s)
{
    for (size_t i = 0; i < s->n_value; i++)
        s->value[i] = (rpr_moving){.origin = RPR_FROM_FILE,
                                   .cause = RPR_NONE,
                                   .first = RPR_NONE,
                                   .tail = RPR_NONE,
                                   .delay = RPR_NONE};
    for (size_t i = 0; i < s->g->n_input; i++)
        s->value[s->g->input[i]].origin = RPR_FROM_CALL;
    rpr_moving *x = &s->value[s->input];
    x->origin = RPR_FROM_WINDOW;
    x->c = (rpr_columns){.axis = s->axis, .n = s->length, .stride = 1};
    rpr_columns_settle(s, &x->c);
    for (size_t i = 0; i < s->n_node; i++)
        judge(s, (int)i);
}
