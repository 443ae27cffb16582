/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of one pixel at a time: activations, arithmetic of two maps, PRelu. */
#include "ops/pixel_ops.h"
#include "ops/pixel_walk.h"

static void run_unary(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                      const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w))
        rpr_span_act(k, &op->act, rpr_span_at(in, w.n, w.y, w.x0), rpr_span_at(out, w.n, w.y, w.x0),
                     w.x1 - w.x0, out->c);
}

rpr_pixel_op *rpr_pixel_unary_new(const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, 0, 0);
    if (op) {
        op->touch = rpr_pixel_touch_same;
        op->run = run_unary;
    }
    return op;
}

/* ---------------------------------------------------------------- broadcasting */

bool rpr_pixel_binary_fits(const rpr_map shapes[2], const rpr_map *out)
{
    const rpr_map *a = &shapes[0], *b = &shapes[1];
    return rpr_broadcasts(a->n, b->n, out->n) && rpr_broadcasts(a->h, b->h, out->h) &&
           rpr_broadcasts(a->w, b->w, out->w) && rpr_broadcasts(a->c, b->c, out->c);
}

/* -------------------------------------------------------------------- binary */

/** One operand has a single channel and the other many: a scalar for each pixel. */
static void run_scalars(const rpr_kernels *k, rpr_binary op, rpr_span a, rpr_span scalar,
                        bool reversed, rpr_span o, int32_t n, int32_t c)
{
    if (scalar.step == 0) {
        rpr_span_scalar(k, op, a, *scalar.p, reversed, o, n, c);
        return;
    }
    for (int32_t i = 0; i < n; i++)
        k->binary_scalar(op, a.p + i * a.step, scalar.p[i * scalar.step], reversed,
                         o.p + i * o.step, c);
}

/** True if a map gives the same single value to all channels where the output has many. */
static bool is_scalar(const rpr_map *m, rpr_span s, const rpr_map *out)
{
    return m->c == 1 && (out->c > 1 || s.step == 0);
}

static void run_binary(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    rpr_binary f = *(const rpr_binary *)op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        rpr_span a = rpr_span_broadcast(&in[0], w.n, w.y, w.x0);
        rpr_span b = rpr_span_broadcast(&in[1], w.n, w.y, w.x0);
        rpr_span o = rpr_span_at(out, w.n, w.y, w.x0);
        int32_t n = w.x1 - w.x0;
        if (is_scalar(&in[1], b, out))
            run_scalars(k, f, a, b, false, o, n, out->c);
        else if (is_scalar(&in[0], a, out))
            run_scalars(k, f, b, a, true, o, n, out->c);
        else
            rpr_span_binary(k, f, a, b, o, n, out->c);
        rpr_walk_act(&w, k, &op->act);
    }
}

rpr_pixel_op *rpr_pixel_binary_new(rpr_binary op, const rpr_act *act)
{
    rpr_pixel_op *p = rpr_pixel_op_alloc(2, act, sizeof op, 0);
    if (p) {
        *(rpr_binary *)p->params = op;
        p->touch = rpr_pixel_touch_same;
        p->run = run_binary;
    }
    return p;
}

/* --------------------------------------------------------------------- PRelu */

bool rpr_pixel_prelu_fits(const rpr_map shapes[2], const rpr_map *out)
{
    const rpr_map *x = &shapes[0];
    return rpr_pixel_binary_fits(shapes, out) && x->n == out->n && x->h == out->h &&
           x->w == out->w && x->c == out->c;
}

/** No kernel selects by sign; a plain loop is as fast as memory here. */
static void prelu(const float *x, const float *slope, int64_t slope_step, float *o, int32_t c)
{
    for (int32_t i = 0; i < c; i++)
        o[i] = x[i] < 0.0f ? slope[i * slope_step] * x[i] : x[i];
}

static void run_prelu(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                      const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        rpr_span x = rpr_span_at(&in[0], w.n, w.y, w.x0),
                 s = rpr_span_broadcast(&in[1], w.n, w.y, w.x0);
        rpr_span o = rpr_span_at(out, w.n, w.y, w.x0);
        for (int32_t i = 0; i < w.x1 - w.x0; i++)
            prelu(x.p + i * x.step, s.p + i * s.step, in[1].c > 1, o.p + i * o.step, out->c);
        rpr_walk_act(&w, k, &op->act);
    }
}

rpr_pixel_op *rpr_pixel_prelu_new(const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(2, act, 0, 0);
    if (op) {
        op->touch = rpr_pixel_touch_same;
        op->run = run_prelu;
    }
    return op;
}
