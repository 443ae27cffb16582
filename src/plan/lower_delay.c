/* SPDX-License-Identifier: Apache-2.0 */
/* Delay: columns of a sliding window, kept from call to call. */
#include "plan/lower_pixel.h"

#include "core/alloc.h"
#include "core/checked.h"
#include "graph/table.h"
#include "ops/delay.h"
#include "ops/node.h"

/** An input with channels where the output has them; u8 lies in words, as all outputs do. */
static int operand(rpr_plan *p, int value, int axis)
{
    const rpr_value *v = &p->graph->value[value];
    const int t = v->is_const ? rpr_plan_constant(p, value, v->shape.rank, axis)
                              : rpr_plan_on_axis(p, value, axis);
    return t != RPR_NONE && v->dtype == RPR_U8 ? rpr_plan_in_words(p, t) : t;
}

/** Images that one column of the axis is, where several axes are merged into n. */
static int32_t images_of(const rpr_tensor *t, int axis)
{
    int64_t images = 1;
    for (int a = axis + 1; a < t->rank; a++)
        if (a != t->chan_axis && rpr_lower_map_axis(t->rank, t->chan_axis, a) == RPR_AXIS_N)
            images *= t->dim[a];
    return (int32_t)images; /* as n is */
}

static rpr_delay describe(const rpr_tensor *t, const rpr_delay_spec *s)
{
    rpr_delay d = {.axis = rpr_lower_map_axis(t->rank, t->chan_axis, s->axis),
                   .columns = (int32_t)s->length,
                   .head = (int32_t)s->head,
                   .keep = (int32_t)(s->length - s->head - s->tail),
                   .shift = (int32_t)s->shift,
                   .period = (int32_t)s->period,
                   .images = 1,
                   .element = t->words ? 1 : rpr_dtype_size(t->dtype)};
    if (d.axis == RPR_AXIS_N)
        d.images = images_of(t, s->axis);
    return d;
}

/** Bytes of the kept columns of one output; false if they are absurd. */
static bool measure(const rpr_tensor *t, rpr_delay *d)
{
    const int64_t dims[] = {t->n, t->h, t->w, t->words ? (int64_t)t->c * RPR_WORD : t->channels};
    int64_t bytes = t->words ? 1 : (int64_t)d->element, all;
    for (int a = 0; a < 4; a++)
        if (!rpr_mul_i64(bytes, dims[a], &bytes))
            return false;
    bytes = d->columns > 0 ? bytes / d->columns * d->keep : 0;
    if (d->axis == RPR_AXIS_C) /* columns are elements, whatever fills words up */
        bytes = (int64_t)t->n * t->h * t->w * d->keep * (int64_t)d->element;
    d->bytes = (size_t)bytes;
    return rpr_mul_i64(bytes, d->period, &all) && all < PTRDIFF_MAX / 4;
}

static int add_step(rpr_plan *p, const rpr_node *n, const int *in, int n_in, int out,
                    const rpr_delay *d)
{
    rpr_step *s = rpr_plan_add_step(p, RPR_STEP_DELAY, n, n_in, 1);
    if (!s)
        return RPR_ERR_NOMEM;
    for (int i = 0; i < n_in; i++)
        s->in[i] = in[i];
    s->out[0] = out;
    s->delay = rpr_alloc(sizeof *s->delay);
    if (!s->delay)
        return RPR_ERR_NOMEM;
    *s->delay = *d;
    return RPR_OK;
}

int rpr_lower_delay(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err)
{
    rpr_delay_spec spec;
    if (!rpr_node_is_delay(n))
        return RPR_OK;
    RPR_TRY(rpr_delay_parse(p->graph, n, &spec, err));
    if (!rpr_act_is_none(&n->act))
        return rpr_node_fail(err, RPR_ERR_INTERNAL, n, "an activation was fused into it");
    const int axis = rpr_lower_axis(p, n, preferred), n_in = spec.head > 0 ? 2 : 1;
    int in[2] = {RPR_NONE, RPR_NONE};
    for (int i = 0; i < n_in; i++) {
        in[i] = operand(p, n->in[i], axis);
        if (in[i] == RPR_NONE)
            return rpr_node_fail(err, RPR_ERR_NOMEM, n, "out of memory, or tensor too large");
    }
    const int out = rpr_plan_new_tensor(p, n->out[0], axis);
    rpr_delay d = {.columns = 0};
    if (out != RPR_NONE)
        d = describe(&p->tensor[out], &spec);
    if (out == RPR_NONE || !measure(&p->tensor[out], &d))
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "tensor too large");
    if (add_step(p, n, in, n_in, out, &d) != RPR_OK)
        return rpr_node_nomem(err, n);
    *made = true;
    return RPR_OK;
}
