/* SPDX-License-Identifier: Apache-2.0 */
/* Activations into the node before, and a scalar factor and offset behind them. */
#include <float.h>
#include <math.h>

#include "graph/fuse.h"

static bool read_bound(const rpr_fuse *f, const rpr_node *n, int i, const char *attr, float *x)
{
    if (rpr_fuse_has(n, i))
        return rpr_fuse_scalar(f, n->in[i], x) && !isnan(*x);
    *x = rpr_node_float(n, attr, *x);
    return !isnan(*x);
}

bool rpr_fuse_clip_bounds(const rpr_fuse *f, const rpr_node *n, float *lo, float *hi)
{
    *lo = -FLT_MAX;
    *hi = FLT_MAX;
    return read_bound(f, n, 1, "min", lo) && read_bound(f, n, 2, "max", hi);
}

static bool read_prelu(const rpr_fuse *f, const rpr_node *n, rpr_act *a)
{
    a->kind = RPR_ACT_LEAKY_RELU;
    return n->n_in == 2 && rpr_fuse_scalar(f, n->in[1], &a->alpha);
}

static bool read_act(const rpr_fuse *f, const rpr_node *n, rpr_act *a)
{
    *a = rpr_act_none();
    if (rpr_fuse_is(n, "Relu")) {
        a->kind = RPR_ACT_RELU;
    } else if (rpr_fuse_is(n, "LeakyRelu")) {
        a->kind = RPR_ACT_LEAKY_RELU;
        a->alpha = rpr_node_float(n, "alpha", 0.01f);
    } else if (rpr_fuse_is(n, "PRelu")) {
        return read_prelu(f, n, a);
    } else if (rpr_fuse_is(n, "Clip")) {
        a->kind = RPR_ACT_CLIP;
        return rpr_fuse_clip_bounds(f, n, &a->alpha, &a->beta);
    } else if (rpr_fuse_is(n, "Sigmoid")) {
        a->kind = RPR_ACT_SIGMOID;
    } else if (rpr_fuse_is(n, "HardSigmoid")) {
        a->kind = RPR_ACT_HARDSIGMOID;
        a->alpha = rpr_node_float(n, "alpha", 0.2f);
        a->beta = rpr_node_float(n, "beta", 0.5f);
    } else if (rpr_fuse_is(n, "HardSwish")) {
        a->kind = RPR_ACT_HARDSWISH;
        a->alpha = rpr_node_float(n, "alpha", 1.0f / 6.0f);
        a->beta = rpr_node_float(n, "beta", 0.5f);
    } else if (rpr_fuse_is(n, "Tanh")) {
        a->kind = RPR_ACT_TANH;
    }
    return a->kind != RPR_ACT_NONE;
}

/** A node that can take an activation. */
static bool takes_act(const rpr_fuse *f, const rpr_node *p)
{
    static const char *const op[] = {"Conv", "ConvTranspose", "Gemm", "MatMul",
                                     "Add",  "Sub",           "Mul",  "BatchNormalization"};
    if (!rpr_fuse_one_output(p) || f->g->value[p->out[0]].dtype != RPR_F32)
        return false;
    for (size_t i = 0; i < sizeof op / sizeof *op; i++)
        if (rpr_fuse_is(p, op[i]))
            return true;
    return false;
}

static bool fuse_act(rpr_fuse *f, rpr_node *n)
{
    rpr_act a;
    if (!rpr_act_is_none(&n->act) || !rpr_fuse_has(n, 0) || !rpr_fuse_one_output(n) ||
        !read_act(f, n, &a))
        return false;
    rpr_node *p = rpr_fuse_sole_producer(f, n->in[0]);
    if (!p || !takes_act(f, p) || !rpr_act_is_none(&p->act) ||
        !rpr_shape_equal(rpr_fuse_shape(f, n->in[0]), rpr_fuse_shape(f, n->out[0])))
        return false;
    p->act = a;
    rpr_fuse_absorb(f, p, n);
    return true;
}

static void fuse_post(rpr_fuse *f, rpr_node *n)
{
    double mul, add;
    float v;
    int side = rpr_fuse_constant_side(f, n);
    if (side == RPR_NONE || !rpr_fuse_one_output(n) || !rpr_act_is_none(&n->act) ||
        !rpr_fuse_scalar(f, n->in[side], &v) || !rpr_fuse_line(n, side, (double)v, &mul, &add))
        return;
    int x = n->in[1 - side];
    rpr_node *p = rpr_fuse_sole_producer(f, x);
    if (!p || p->act.kind == RPR_ACT_NONE ||
        !rpr_shape_equal(rpr_fuse_shape(f, x), rpr_fuse_shape(f, n->out[0])))
        return;
    float post_mul = (float)((double)p->act.post_mul * mul);
    float post_add = (float)((double)p->act.post_add * mul + add);
    if (!isfinite(post_mul) || !isfinite(post_add))
        return;
    p->act.post_mul = post_mul;
    p->act.post_add = post_add;
    rpr_fuse_absorb(f, p, n);
}

int rpr_fuse_acts(rpr_fuse *f)
{
    for (size_t i = 0; i < f->g->n_node; i++)
        if (!fuse_act(f, &f->g->node[i]))
            fuse_post(f, &f->g->node[i]);
    return RPR_OK;
}
