/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that scale and shift each channel by constants, behind a weighted node. */
#include <math.h>

#include "core/alloc.h"
#include "graph/fuse.h"

typedef struct rpr_affine {
    int64_t channels;
    double *scale, *shift;
} rpr_affine;

/* in[1..4] are scale, bias, mean, variance. */
bool rpr_fuse_norm(const rpr_fuse *f, const rpr_node *n, int64_t channels, double *scale,
                   double *shift)
{
    const float *param[5];
    if (n->n_in != 5 || !rpr_fuse_one_output(n) || rpr_node_int(n, "training_mode", 0) ||
        !rpr_node_int(n, "spatial", 1))
        return false;
    for (int i = 1; i < 5; i++) {
        int64_t count;
        param[i] = rpr_fuse_floats(f, n->in[i], &count);
        if (!param[i] || count != channels)
            return false;
    }
    double epsilon = (double)rpr_node_float(n, "epsilon", 1e-5f);
    for (int64_t c = 0; c < channels; c++) {
        scale[c] = (double)param[1][c] / sqrt((double)param[4][c] + epsilon);
        shift[c] = (double)param[2][c] - (double)param[3][c] * scale[c];
    }
    return true;
}

/** A constant that holds one number, or one per channel along the axis. */
static bool is_per_channel(const rpr_shape *c, const rpr_shape *out, const rpr_weighted *w)
{
    if (c->rank > out->rank)
        return false;
    for (int i = 0; i < c->rank; i++) {
        int axis = out->rank - c->rank + i;
        if (c->dim[i] != 1 && (axis != w->axis || c->dim[i] != w->channels))
            return false;
    }
    return true;
}

bool rpr_fuse_line(const rpr_node *n, int side, double v, double *scale, double *shift)
{
    *scale = 1;
    *shift = 0;
    if (rpr_fuse_is(n, "Mul"))
        *scale = v;
    else if (rpr_fuse_is(n, "Div") && side == 1)
        *scale = 1 / v;
    else if (rpr_fuse_is(n, "Add"))
        *shift = v;
    else if (rpr_fuse_is(n, "Sub") && side == 1)
        *shift = -v;
    else if (rpr_fuse_is(n, "Sub")) {
        *scale = -1;
        *shift = v;
    } else
        return false;
    return true;
}

static bool read_constant(const rpr_fuse *f, const rpr_node *n, int side, const rpr_weighted *w,
                          rpr_affine *a)
{
    int64_t count;
    const float *v = rpr_fuse_floats(f, n->in[side], &count);
    if (!is_per_channel(rpr_fuse_shape(f, n->in[side]), rpr_fuse_shape(f, n->out[0]), w))
        return false;
    for (int64_t c = 0; c < w->channels; c++)
        if (!rpr_fuse_line(n, side, (double)v[count == 1 ? 0 : c], &a->scale[c], &a->shift[c]))
            return false;
    return true;
}

static bool is_usable(const rpr_fuse *f, const rpr_node *p, const rpr_affine *a)
{
    bool shifts = false;
    for (int64_t c = 0; c < a->channels; c++) {
        if (!isfinite((float)a->scale[c]) || !isfinite((float)a->shift[c]))
            return false;
        shifts |= a->shift[c] < 0 || a->shift[c] > 0;
    }
    return !shifts || rpr_fuse_shiftable(f, p);
}

/** The input that the node before would feed, or RPR_NONE if this is not such a node. */
static int data_side(const rpr_fuse *f, const rpr_node *n)
{
    if (n->dead || !rpr_fuse_has(n, 0) || n->n_out < 1 || n->out[0] == RPR_NONE ||
        !rpr_act_is_none(&n->act))
        return RPR_NONE;
    if (rpr_fuse_is(n, "BatchNormalization"))
        return 0;
    if (!rpr_fuse_is(n, "Mul") && !rpr_fuse_is(n, "Div") && !rpr_fuse_is(n, "Add") &&
        !rpr_fuse_is(n, "Sub"))
        return RPR_NONE;
    int c = rpr_fuse_constant_side(f, n);
    return c == RPR_NONE ? RPR_NONE : 1 - c;
}

static int fuse_into(rpr_fuse *f, rpr_node *p, const rpr_weighted *w, rpr_node *n, int side)
{
    rpr_affine a = {.channels = w->channels,
                    .scale = rpr_alloc_array((size_t)w->channels, sizeof *a.scale),
                    .shift = rpr_alloc_array((size_t)w->channels, sizeof *a.shift)};
    int status = a.scale && a.shift ? RPR_OK : rpr_fuse_nomem(f);
    if (status == RPR_OK) {
        bool read = rpr_fuse_is(n, "BatchNormalization")
                        ? w->axis == 1 && rpr_fuse_norm(f, n, w->channels, a.scale, a.shift)
                        : read_constant(f, n, 1 - side, w, &a);
        if (read && is_usable(f, p, &a)) {
            status = rpr_fuse_scale(f, p, w, a.scale, a.shift);
            if (status == RPR_OK)
                rpr_fuse_absorb(f, p, n);
        }
    }
    rpr_free(a.scale);
    rpr_free(a.shift);
    return status;
}

int rpr_fuse_affines(rpr_fuse *f)
{
    for (size_t i = 0; i < f->g->n_node; i++) {
        rpr_node *n = &f->g->node[i];
        int side = data_side(f, n);
        rpr_node *p = side == RPR_NONE ? NULL : rpr_fuse_sole_producer(f, n->in[side]);
        rpr_weighted w;
        if (p && rpr_fuse_weighted(f, p, &w) &&
            rpr_shape_equal(rpr_fuse_shape(f, n->in[side]), rpr_fuse_shape(f, n->out[0])))
            RPR_TRY(fuse_into(f, p, &w, n, side));
    }
    return RPR_OK;
}
