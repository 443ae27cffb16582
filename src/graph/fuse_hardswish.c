/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hard-swish as exporters write it: x, a gate that is Clip(x + b, 0, c) or HardSigmoid(x), and a
 * constant factor, multiplied in any order. "HardSwish" here has attributes alpha and beta as
 * HardSigmoid has; ONNX's own (opset 14) has none and means alpha = 1/6, beta = 1/2.
 */
#include <math.h>

#include "graph/fuse.h"

#define HARDSWISH_OPSET 14
/* Constants are decimal fractions such as 0.16666667. */
#define TOLERANCE 1e-6

typedef struct rpr_swish {
    int x;
    double top, alpha, beta; /* top * min(max(alpha * x + beta, 0), 1) */
} rpr_swish;

/** If a node multiplies by a scalar constant (its input `side`), so does this with *k. */
static bool multiply(const rpr_fuse *f, const rpr_node *n, int side, double *k)
{
    float v;
    double scale, shift;
    if (!rpr_fuse_scalar(f, n->in[side], &v) || !(v > 0.0f) ||
        !rpr_fuse_line(n, side, (double)v, &scale, &shift) || shift > 0 || shift < 0)
        return false;
    *k *= scale;
    return true;
}

/** Strips Mul and Div by scalar constants off a value; *k collects them. */
static int peel(const rpr_fuse *f, int v, double *k)
{
    for (;;) {
        const rpr_node *n = rpr_fuse_sole_producer(f, v);
        int c = n ? rpr_fuse_constant_side(f, n) : RPR_NONE;
        if (c == RPR_NONE || !multiply(f, n, c, k))
            return v;
        v = n->in[1 - c];
    }
}

/** Clip(x + b, 0, c) */
static bool read_clip_gate(const rpr_fuse *f, const rpr_node *clip, rpr_swish *gate)
{
    float lo, hi, b;
    if (!rpr_fuse_clip_bounds(f, clip, &lo, &hi))
        return false;
    const rpr_node *add = rpr_fuse_sole_producer(f, clip->in[0]);
    int c = add && rpr_fuse_is(add, "Add") ? rpr_fuse_constant_side(f, add) : RPR_NONE;
    if (lo < 0.0f || lo > 0.0f || !(hi > 0.0f) || !isfinite(hi) || c == RPR_NONE ||
        !rpr_fuse_scalar(f, add->in[c], &b) || !isfinite(b))
        return false;
    double top = (double)hi;
    *gate = (rpr_swish){.x = add->in[1 - c], .top = top, .alpha = 1 / top, .beta = (double)b / top};
    return true;
}

static bool read_gate(const rpr_fuse *f, int v, rpr_swish *gate)
{
    const rpr_node *n = rpr_fuse_sole_producer(f, v);
    if (!n || !rpr_fuse_has(n, 0))
        return false;
    if (rpr_fuse_is(n, "Clip"))
        return read_clip_gate(f, n, gate);
    if (!rpr_fuse_is(n, "HardSigmoid"))
        return false;
    *gate = (rpr_swish){.x = n->in[0],
                        .top = 1,
                        .alpha = (double)rpr_node_float(n, "alpha", 0.2f),
                        .beta = (double)rpr_node_float(n, "beta", 0.5f)};
    return true;
}

/** True if `n` ends the pattern, all its factors together being one. */
static bool match(const rpr_fuse *f, const rpr_node *n, rpr_swish *gate)
{
    double k = 1;
    int c = rpr_fuse_constant_side(f, n);
    if (c != RPR_NONE) { /* the factor stands outside: this node and more before it */
        if (!multiply(f, n, c, &k))
            return false;
        n = rpr_fuse_sole_producer(f, peel(f, n->in[1 - c], &k));
    }
    if (!n || !rpr_fuse_is(n, "Mul"))
        return false;
    for (int side = 0; side < 2; side++) {
        double total = k;
        int g = peel(f, n->in[side], &total);
        if (!read_gate(f, g, gate))
            continue;
        int other = n->in[1 - side];
        if (other != gate->x)
            other = peel(f, other, &total);
        if (other == gate->x && fabs(total * gate->top - 1) < TOLERANCE)
            return true;
    }
    return false;
}

static int replace(rpr_fuse *f, rpr_node *n, const rpr_swish *gate)
{
    int opset = n->opset > HARDSWISH_OPSET ? n->opset : HARDSWISH_OPSET;
    if (!rpr_fuse_can_retype(f, "HardSwish", opset))
        return RPR_OK;
    RPR_TRY(rpr_fuse_retype(f, n, "HardSwish", opset));
    RPR_TRY(rpr_fuse_set_input(f, n, 0, gate->x));
    rpr_fuse_cut_inputs(f, n, 1);
    if (rpr_node_set_float(n, "alpha", (float)gate->alpha) != RPR_OK ||
        rpr_node_set_float(n, "beta", (float)gate->beta) != RPR_OK)
        return rpr_fuse_nomem(f);
    return RPR_OK;
}

int rpr_fuse_hardswish(rpr_fuse *f)
{
    for (size_t i = 0; i < f->g->n_node; i++) {
        rpr_node *n = &f->g->node[i];
        rpr_swish gate;
        if ((rpr_fuse_is(n, "Mul") || rpr_fuse_is(n, "Div")) && n->n_in == 2 &&
            rpr_fuse_one_output(n) && f->g->value[n->out[0]].dtype == RPR_F32 &&
            match(f, n, &gate) &&
            rpr_shape_equal(rpr_fuse_shape(f, n->out[0]), rpr_fuse_shape(f, gate.x)))
            RPR_TRY(replace(f, n, &gate));
    }
    return RPR_OK;
}
