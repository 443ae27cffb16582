/* SPDX-License-Identifier: Apache-2.0 */
/* Concat along any of the four axes. */
#include "ops/pixel_concat.h"

static int32_t size_along(const rpr_map *m, rpr_axis axis)
{
    switch (axis) {
    case RPR_AXIS_N:
        return m->n;
    case RPR_AXIS_H:
        return m->h;
    case RPR_AXIS_W:
        return m->w;
    default:
        return m->c;
    }
}

bool rpr_pixel_concat_fits(rpr_axis axis, int n_in, const rpr_map *in, const rpr_map *out)
{
    int64_t sum = 0;
    if (n_in < 1 || n_in > RPR_PIXEL_MAX_IN)
        return false;
    for (int i = 0; i < n_in; i++) {
        for (int a = RPR_AXIS_N; a <= RPR_AXIS_C; a++)
            if ((rpr_axis)a != axis &&
                size_along(&in[i], (rpr_axis)a) != size_along(out, (rpr_axis)a))
                return false;
        sum += size_along(&in[i], axis);
    }
    return sum == size_along(out, axis);
}

rpr_concat_piece rpr_concat_part(const rpr_concat *p, int i, const rpr_map *in, const rpr_walk *w)
{
    int32_t n = w->n, y = w->y, x0 = w->x0, x1 = w->x1, from = p->start[i], end = p->start[i + 1];
    int32_t shift[3] = {0, 0, 0};
    if (p->axis != RPR_AXIS_C)
        shift[p->axis] = from;
    if (p->axis == RPR_AXIS_W) {
        x0 = x0 > from ? x0 : from;
        x1 = x1 < end ? x1 : end;
    }
    if (x0 >= x1 || (p->axis == RPR_AXIS_N && (n < from || n >= end)) ||
        (p->axis == RPR_AXIS_H && (y < from || y >= end)))
        return (rpr_concat_piece){.n = 0};
    return (rpr_concat_piece){rpr_span_at(&in[i], n - shift[0], y - shift[1], x0 - shift[2]),
                              rpr_span_at(w->map, n, y, x0), x1 - x0};
}

static void run_concat(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    const rpr_concat *p = op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int i = 0; i < op->n_in; i++) {
            rpr_concat_piece part = rpr_concat_part(p, i, in, &w);
            if (p->axis == RPR_AXIS_C)
                part.to.p += p->start[i];
            rpr_span_copy(part.from, part.to, part.n, in[i].c);
        }
        rpr_walk_act(&w, k, &op->act);
    }
}

/** Along n, h or w the marks move with the pixels. */
static void touch_space(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    const rpr_concat *p = op->params;
    if (!rpr_pixel_touch_start(op, in, out))
        return;
    out->any = true;
    for (int i = 0; i < op->n_in; i++) {
        int32_t s = p->start[i];
        if (!in[i] || !in[i]->any)
            continue;
        for (int32_t n = 0; n < in[i]->n; n++) {
            for (int32_t y = 0; y < in[i]->h; y++) {
                uint8_t *o = rpr_touch_row(out, n + (p->axis == RPR_AXIS_N ? s : 0),
                                           y + (p->axis == RPR_AXIS_H ? s : 0));
                memcpy(o + (p->axis == RPR_AXIS_W ? s : 0), rpr_touch_row(in[i], n, y),
                       (size_t)in[i]->w);
            }
        }
    }
}

rpr_pixel_op *rpr_concat_op_new(rpr_axis axis, int n_in, const rpr_map *in, const rpr_act *act,
                                size_t params, size_t words)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(n_in, act, params, words);
    if (!op)
        return NULL;
    rpr_concat *p = op->params;
    p->axis = axis;
    for (int i = 0; i < n_in; i++)
        p->start[i + 1] = p->start[i] + size_along(&in[i], axis);
    op->touch = axis == RPR_AXIS_C ? rpr_pixel_touch_same : touch_space;
    return op;
}

rpr_pixel_op *rpr_pixel_concat_new(rpr_axis axis, int n_in, const rpr_map *in, const rpr_act *act)
{
    rpr_pixel_op *op = rpr_concat_op_new(axis, n_in, in, act, sizeof(rpr_concat), 0);
    if (op)
        op->run = run_concat;
    return op;
}
