/* SPDX-License-Identifier: Apache-2.0 */
/* Delay (graph/table.h), by its definition: what it puts out on a first call. */
#include "ops/delay.h"

#include "ops/defs.h"

#define MOST_CALLS 65536 /* between a column's place and its next one */

static int int_of(const rpr_node *n, const char *name, int64_t *to, rpr_error *err)
{
    const rpr_attr *a = rpr_node_attr(n, name);
    if (!a || a->kind != RPR_ATTR_INT)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%s is missing", name);
    *to = a->i;
    return RPR_OK;
}

/** The second input has the first one's shape but along the axis. */
static int parse_head(const rpr_graph *g, const rpr_node *n, const rpr_value *tail,
                      rpr_delay_spec *s, rpr_error *err)
{
    const rpr_value *head;
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPE(tail->dtype), &head, err));
    bool fits = head->shape.rank == tail->shape.rank;
    for (int d = 0; d < tail->shape.rank && fits; d++)
        fits = d == s->axis || head->shape.dim[d] == tail->shape.dim[d];
    if (!fits)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "head and tail do not fit each other");
    s->head = head->shape.dim[s->axis];
    return RPR_OK;
}

int rpr_delay_parse(const rpr_graph *g, const rpr_node *n, rpr_delay_spec *s, rpr_error *err)
{
    const rpr_value *tail;
    int64_t axis = 0;
    *s = (rpr_delay_spec){.axis = 0};
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &tail, err));
    RPR_TRY(int_of(n, "axis", &axis, err));
    RPR_TRY(int_of(n, "length", &s->length, err));
    RPR_TRY(int_of(n, "shift", &s->shift, err));
    RPR_TRY(int_of(n, "period", &s->period, err));
    RPR_TRY(rpr_node_axis(n, axis, tail->shape.rank, &s->axis, err));
    s->tail = tail->shape.dim[s->axis];
    if (rpr_node_has(n, 1))
        RPR_TRY(parse_head(g, n, tail, s, err));
    if (s->shift < 1 || s->period < 1 || s->period > MOST_CALLS)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "shift %lld, period %lld", (long long)s->shift,
                             (long long)s->period);
    if (s->tail < s->shift || s->length < s->tail || s->length - s->tail < s->head)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n,
                             "%lld columns at the end and %lld at the front of %lld that move by "
                             "%lld",
                             (long long)s->tail, (long long)s->head, (long long)s->length,
                             (long long)s->shift);
    return RPR_OK;
}

int rpr_infer_delay(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    rpr_delay_spec s;
    RPR_TRY(rpr_delay_parse(g, n, &s, err));
    const rpr_value *tail = &g->value[n->in[0]];
    rpr_shape shape = tail->shape;
    shape.dim[s.axis] = s.length;
    return rpr_set_output(g, n, 0, tail->dtype, shape.rank, shape.dim, err);
}

/** Zeros of any type. */
static void clear(const rpr_view *v)
{
    const size_t size = rpr_dtype_size(v->dtype);
    char *to = v->data;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(v)); it.more; rpr_iter_next(&it))
        memset(to + (size_t)it.at[0] * size, 0, size);
}

int rpr_eval_delay(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    int axis;
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), out->rank, &axis, err));
    const int64_t tail = in[0].dim[axis], head = rpr_node_has(n, 1) ? in[1].dim[axis] : 0;
    const rpr_view first = rpr_view_part(*out, axis, 0, head);
    const rpr_view kept = rpr_view_part(*out, axis, head, out->dim[axis] - head - tail);
    const rpr_view last = rpr_view_part(*out, axis, out->dim[axis] - tail, tail);
    if (head > 0)
        rpr_view_copy(&in[1], &first);
    clear(&kept);
    rpr_view_copy(&in[0], &last);
    return RPR_OK;
}
