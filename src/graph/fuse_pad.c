/* SPDX-License-Identifier: Apache-2.0 */
/* Pad into the pads of the window operator behind it. */
#include <float.h>
#include <string.h>

#include "graph/fuse.h"

#define MAX_SPATIAL (RPR_MAX_RANK - 2)

typedef struct rpr_padding {
    int spatial;                   /* axes behind batch and channel */
    int64_t pads[2 * MAX_SPATIAL]; /* all befores, then all afters */
    float value;
} rpr_padding;

/** Reads a Pad of constant value that touches spatial axes only and never crops. */
static bool read_pad(const rpr_fuse *f, const rpr_node *n, rpr_padding *p)
{
    int64_t pads[2 * RPR_MAX_RANK];
    size_t count = 2 * RPR_MAX_RANK;
    int rank = rpr_fuse_shape(f, n->in[0])->rank;
    if (!rpr_fuse_is(n, "Pad") || f->g->value[n->in[0]].dtype != RPR_F32 || rpr_fuse_has(n, 3) ||
        strcmp(rpr_node_string(n, "mode", "constant"), "constant") != 0)
        return false;
    if (rank < 3 || !rpr_fuse_ints(f, n, 1, "pads", pads, &count) || count != 2 * (size_t)rank)
        return false;
    p->value = rpr_node_float(n, "value", 0.0f);
    if (rpr_fuse_has(n, 2) && !rpr_fuse_scalar(f, n->in[2], &p->value))
        return false;
    p->spatial = rank - 2;
    for (int i = 0; i < 2 * rank; i++) {
        int axis = i % rank;
        if (pads[i] < 0 || (axis < 2 && pads[i]))
            return false;
        if (axis >= 2)
            p->pads[(i / rank) * p->spatial + axis - 2] = pads[i];
    }
    return true;
}

/** Adds the pads a window operator has of its own; false if they depend on the input's size. */
static bool add_own_pads(const rpr_node *n, rpr_padding *p, bool *own)
{
    size_t count;
    const int64_t *pads = rpr_node_ints(n, "pads", &count);
    const char *mode = rpr_node_string(n, "auto_pad", "NOTSET");
    *own = false;
    if (strcmp(mode, "VALID") == 0)
        return true;
    if (strcmp(mode, "NOTSET") != 0 || (pads && count != 2 * (size_t)p->spatial))
        return false;
    for (size_t i = 0; pads && i < count; i++) {
        *own |= pads[i] != 0;
        if (pads[i] < 0 || __builtin_add_overflow(p->pads[i], pads[i], &p->pads[i]))
            return false;
    }
    return true;
}

/** Every window of a pool keeps at least one element that is no padding. */
static bool windows_hold_data(const rpr_node *n, const rpr_padding *p)
{
    size_t n_kernel, n_dilation;
    const int64_t *kernel = rpr_node_ints(n, "kernel_shape", &n_kernel);
    const int64_t *dilation = rpr_node_ints(n, "dilations", &n_dilation);
    if (!kernel || n_kernel != (size_t)p->spatial)
        return false;
    for (int i = 0; dilation && i < p->spatial; i++)
        if (n_dilation != (size_t)p->spatial || dilation[i] != 1)
            return false;
    for (int i = 0; i < p->spatial; i++)
        if (p->pads[i] >= kernel[i] || p->pads[i + p->spatial] >= kernel[i])
            return false;
    return rpr_node_int(n, "ceil_mode", 0) == 0;
}

/** True if the operator's own padding means what the Pad means. */
static bool agrees(const rpr_node *n, const rpr_padding *p, bool own)
{
    bool zero = !(p->value < 0.0f || p->value > 0.0f) && p->value == p->value;
    if (rpr_fuse_is(n, "Conv"))
        return zero;
    if (rpr_fuse_is(n, "MaxPool"))
        return p->value <= -FLT_MAX && rpr_fuse_one_output(n) && windows_hold_data(n, p);
    if (rpr_fuse_is(n, "AveragePool"))
        return zero && windows_hold_data(n, p) && (!own || rpr_node_int(n, "count_include_pad", 0));
    return false;
}

static int move_pad(rpr_fuse *f, rpr_node *n)
{
    rpr_padding p;
    bool own;
    const rpr_node *pad = n->dead || !rpr_fuse_has(n, 0) ? NULL : rpr_fuse_producer(f, n->in[0]);
    if (!pad || !rpr_fuse_has(pad, 0) || !read_pad(f, pad, &p) || !add_own_pads(n, &p, &own) ||
        !agrees(n, &p, own))
        return RPR_OK;
    int status = rpr_node_set_ints(n, "pads", p.pads, 2 * (size_t)p.spatial);
    if (status == RPR_OK && rpr_node_attr(n, "auto_pad"))
        status = rpr_node_set_string(n, "auto_pad", "NOTSET");
    if (status == RPR_OK && rpr_fuse_is(n, "AveragePool"))
        status = rpr_node_set_int(n, "count_include_pad", 1);
    return status == RPR_OK ? rpr_fuse_set_input(f, n, 0, pad->in[0]) : rpr_fuse_nomem(f);
}

int rpr_fuse_pads(rpr_fuse *f)
{
    for (size_t i = 0; i < f->g->n_node; i++)
        RPR_TRY(move_pad(f, &f->g->node[i]));
    return RPR_OK;
}
