/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes without weights: the operators that have a sparse form on channels-last maps. */
#include "plan/lower_bytes.h"

#include <string.h>

#include "core/alloc.h"
#include "ops/node.h"
#include "ops/unary.h"

bool rpr_lower_is(const rpr_node *n, const char *op)
{
    return strcmp(n->op, op) == 0;
}

rpr_map rpr_lower_shape(const rpr_plan *p, int tensor)
{
    const rpr_tensor *t = &p->tensor[tensor];
    return (rpr_map){.n = t->n, .h = t->h, .w = t->w, .c = t->c};
}

rpr_map rpr_lower_value_shape(const rpr_plan *p, int value, int axis)
{
    const rpr_shape *s = &p->graph->value[value].shape;
    rpr_tensor t = {.rank = s->rank, .chan_axis = axis};
    t.words = p->graph->value[value].dtype == RPR_U8;
    memcpy(t.dim, s->dim, sizeof t.dim);
    if (!rpr_tensor_pixels(&t))
        return (rpr_map){0};
    return (rpr_map){.n = t.n, .h = t.h, .w = t.w, .c = t.c};
}

rpr_axis rpr_lower_map_axis(int rank, int chan_axis, int axis)
{
    if (axis == chan_axis)
        return RPR_AXIS_C;
    int level = 0; /* axes to the right, channels not counted */
    for (int a = axis + 1; a < rank; a++)
        level += a != chan_axis;
    return level == 0 ? RPR_AXIS_W : level == 1 ? RPR_AXIS_H : RPR_AXIS_N;
}

int rpr_lower_operand(rpr_plan *p, int value, int rank, int axis)
{
    const rpr_value *v = &p->graph->value[value];
    if (v->dtype != RPR_F32)
        return RPR_NONE;
    if (v->is_const)
        return rpr_plan_constant(p, value, rank, axis);
    return v->shape.rank == rank ? rpr_plan_on_axis(p, value, axis) : RPR_NONE;
}

int rpr_lower_axis(const rpr_plan *p, const rpr_node *n, const int *preferred)
{
    int rank = p->graph->value[n->out[0]].shape.rank;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] == RPR_NONE || p->graph->value[n->in[i]].is_const)
            continue;
        const rpr_tensor *t = &p->tensor[p->tensor_of[n->in[i]]];
        if (t->rank == rank)
            return t->chan_axis;
    }
    int axis = preferred[n->out[0]];
    return axis >= 0 && axis < rank && rank <= 4 ? axis : rank - 1;
}

int rpr_lower_add(rpr_plan *p, const rpr_node *n, rpr_pixel_op *op, const int *in, int n_in,
                  int axis, rpr_error *err)
{
    int out = op ? rpr_plan_new_tensor(p, n->out[0], axis) : RPR_NONE;
    rpr_step *s = out == RPR_NONE ? NULL : rpr_plan_add_step(p, RPR_STEP_PIXEL, n, n_in, 1);
    if (!s) {
        rpr_pixel_op_free(op);
        return rpr_node_fail(err, RPR_ERR_NOMEM, n, "out of memory, or tensor too large");
    }
    memcpy(s->in, in, (size_t)n_in * sizeof *in);
    s->out[0] = out;
    s->pixel = op;
    p->constant_bytes += op->state_bytes;
    return RPR_OK;
}

/* ---------------------------------------------------------- point by point */

static int lower_unary(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                       rpr_error *err)
{
    rpr_act act;
    if (!rpr_act_from_node(n, p->graph, &act) || !rpr_act_is_none(&n->act))
        return RPR_OK;
    int axis = rpr_lower_axis(p, n, preferred);
    int in = rpr_lower_operand(p, n->in[0], p->graph->value[n->in[0]].shape.rank, axis);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_unary_new(&act), &in, 1, axis, err);
}

/** The same for functions that no kernel has. */
static int lower_function(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                          rpr_error *err)
{
    if (*n->domain || !rpr_pixel_function_fits(n->op))
        return RPR_OK;
    int axis = rpr_lower_axis(p, n, preferred);
    int in = rpr_lower_operand(p, n->in[0], p->graph->value[n->in[0]].shape.rank, axis);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_function_new(n->op, &n->act), &in, 1, axis, err);
}

static bool binary_kind(const rpr_node *n, rpr_binary *kind)
{
    static const struct {
        const char *op;
        rpr_binary kind;
    } table[] = {{"Add", RPR_BIN_ADD}, {"Sum", RPR_BIN_ADD}, {"Sub", RPR_BIN_SUB},
                 {"Mul", RPR_BIN_MUL}, {"Div", RPR_BIN_DIV}, {"Max", RPR_BIN_MAX},
                 {"Min", RPR_BIN_MIN}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (rpr_lower_is(n, table[i].op)) {
            *kind = table[i].kind;
            return true;
        }
    return false;
}

/** Two operands, broadcast as far as n, h, w and c can say it. */
static int lower_binary(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                        rpr_error *err)
{
    rpr_binary kind = RPR_BIN_ADD;
    bool prelu = rpr_lower_is(n, "PRelu");
    if (n->n_in != 2 || (!prelu && !binary_kind(n, &kind)))
        return RPR_OK;
    int rank = p->graph->value[n->out[0]].shape.rank, axis = rpr_lower_axis(p, n, preferred);
    int in[2];
    rpr_map shape[2], out = rpr_lower_value_shape(p, n->out[0], axis);
    for (int i = 0; i < 2; i++) {
        in[i] = rpr_lower_operand(p, n->in[i], rank, axis);
        if (in[i] == RPR_NONE)
            return RPR_OK;
        shape[i] = rpr_lower_shape(p, in[i]);
    }
    if (!(prelu ? rpr_pixel_prelu_fits : rpr_pixel_binary_fits)(shape, &out))
        return RPR_OK;
    *made = true;
    rpr_pixel_op *op = prelu ? rpr_pixel_prelu_new(&n->act) : rpr_pixel_binary_new(kind, &n->act);
    return rpr_lower_add(p, n, op, in, 2, axis, err);
}

/* ------------------------------------------------------------------- rows */

static int lower_concat(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                        rpr_error *err)
{
    int in[RPR_PIXEL_MAX_IN], axis = rpr_lower_axis(p, n, preferred);
    rpr_map shape[RPR_PIXEL_MAX_IN], out = rpr_lower_value_shape(p, n->out[0], axis);
    int rank = p->graph->value[n->out[0]].shape.rank;
    if (!rpr_lower_is(n, "Concat") || n->n_in > RPR_PIXEL_MAX_IN || rank > 4)
        return RPR_OK;
    for (int i = 0; i < n->n_in; i++) {
        in[i] = rpr_lower_operand(p, n->in[i], rank, axis);
        if (in[i] == RPR_NONE)
            return RPR_OK;
        shape[i] = rpr_lower_shape(p, in[i]);
    }
    int64_t along = rpr_node_int(n, "axis", 1);
    rpr_axis map_axis = rpr_lower_map_axis(rank, axis, (int)(along < 0 ? along + rank : along));
    if (!rpr_pixel_concat_fits(map_axis, n->n_in, shape, &out))
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_concat_new(map_axis, n->n_in, shape, &n->act), in, n->n_in,
                         axis, err);
}

static int lower_softmax(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                         rpr_error *err)
{
    (void)preferred;
    int rank = p->graph->value[n->in[0]].shape.rank;
    if (!rpr_lower_is(n, "Softmax") || rank == 0)
        return RPR_OK;
    int64_t axis = rpr_node_int(n, "axis", n->opset >= 13 ? -1 : 1);
    axis = axis < 0 ? axis + rank : axis;
    /* Before opset 13 all axes from `axis` on are one; that is a row only for the last. */
    if (n->opset < 13 && axis != rank - 1)
        return RPR_OK;
    int in = rpr_lower_operand(p, n->in[0], rank, (int)axis);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_softmax_new(&n->act), &in, 1, (int)axis, err);
}

int rpr_lower_pixel(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err)
{
    static const rpr_lower_pixel_fn forms[] = {
        rpr_lower_bytes,  lower_unary,   lower_function,  lower_binary,
        lower_concat,     lower_softmax, rpr_lower_pool,  rpr_lower_reduce,
        rpr_lower_resize, rpr_lower_pad, rpr_lower_slice, rpr_lower_rearrange};
    int rank = n->n_out == 1 && n->out[0] != RPR_NONE ? p->graph->value[n->out[0]].shape.rank : 0;
    if (rank == 0 || n->n_in == 0 || n->in[0] == RPR_NONE ||
        rpr_shape_count(&p->graph->value[n->out[0]].shape) == 0)
        return RPR_OK;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !*made; i++)
        RPR_TRY(forms[i](p, n, preferred, made, err));
    return RPR_OK;
}
