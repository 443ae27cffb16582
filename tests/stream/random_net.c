/* SPDX-License-Identifier: Apache-2.0 */
/* Random networks: every step takes a live tensor and applies an operator that fits its shape. */
#include <stdio.h>

#include "build.h"
#include "nets.h"

#define MAX_LIVE 40
#define MAX_ELEMENTS 4000

typedef struct growth {
    net b;
    int live[MAX_LIVE], n;
} growth;

static int64_t dim(growth *g, int x, int axis)
{
    return net_shape(&g->b, x)->dim[axis];
}

static int pick(growth *g, int from, int to)
{
    return rng_between(&g->b.r, from, to + 1);
}

static int conv(growth *g, int x)
{
    static const int kernels[] = {1, 3, 3, 5};
    int k = kernels[pick(g, 0, 3)], d = k == 3 ? pick(g, 1, 2) : 1, reach = (k - 1) * d;
    int group = dim(g, x, 1) % 2 == 0 ? pick(g, 1, 2) : 1, s = pick(g, 1, 2);
    int co = group * pick(g, 2, 10), low = pick(g, 0, reach), high = reach - low;
    char attr[128];
    (void)snprintf(attr, sizeof attr, "strides:%d,%d dilations:%d,%d pads:%d,%d,%d,%d", s,
                   pick(g, 1, s), d, d, low, high, high, low);
    return net_conv(&g->b, x, co, k, k, group, attr);
}

static int depthwise(growth *g, int x)
{
    int c = (int)dim(g, x, 1), s = pick(g, 1, 2);
    char attr[64];
    (void)snprintf(attr, sizeof attr, "strides:%d,%d pads:1,%d,1,1", s, s, pick(g, 0, 1));
    return net_conv(&g->b, x, c, 3, 3, c, attr);
}

static int transposed(growth *g, int x)
{
    int k = pick(g, 1, 4), s = pick(g, 1, 3), group = dim(g, x, 1) % 3 == 0 ? 3 : 1;
    int pad = k > 1 ? pick(g, 0, 1) : 0;
    char attr[64];
    (void)snprintf(attr, sizeof attr, "strides:%d,%d pads:%d,0,0,%d", s, s, pad, pad);
    return net_conv_transpose(&g->b, x, group * pick(g, 1, 4), k, k, group, attr);
}

static int activation(growth *g, int x)
{
    static const char *const op[] = {"Relu", "Relu",        "LeakyRelu", "Sigmoid",
                                     "Tanh", "HardSigmoid", "HardSwish"};
    return net_op(&g->b, op[pick(g, 0, 6)], "", 1, x);
}

static int pool(growth *g, int x)
{
    const char *op = pick(g, 0, 1) ? "MaxPool" : "AveragePool";
    char attr[96];
    int k = pick(g, 2, 3);
    (void)snprintf(attr, sizeof attr, "kernel_shape:%d,%d strides:%d,%d pads:1,0,%d,1", k, k,
                   pick(g, 1, 2), pick(g, 1, 2), pick(g, 0, 1));
    return net_op(&g->b, op, attr, 1, x);
}

/** With another live tensor of the same shape, or with a constant per channel. */
static int binary(growth *g, int x)
{
    static const char *const op[] = {"Add", "Add", "Mul", "Sub", "Max"};
    int start = pick(g, 0, g->n - 1);
    const char *name = op[pick(g, 0, 4)];
    for (int i = 0; i < g->n; i++) {
        int y = g->live[(start + i) % g->n];
        if (y != x && rpr_shape_equal(net_shape(&g->b, x), net_shape(&g->b, y)))
            return net_op(&g->b, name, "", 2, x, y);
    }
    return net_op(&g->b, name, "", 2, x,
                  net_floats(&g->b, 0.5f, 0.5f, NET_DIMS(dim(g, x, 1), 1, 1)));
}

/** With another live tensor of the same height and width, or with itself behind a layer. */
static int concat(growth *g, int x)
{
    int start = pick(g, 0, g->n - 1);
    for (int i = 0; i < g->n; i++) {
        int y = g->live[(start + i) % g->n];
        if (y != x && dim(g, x, 2) == dim(g, y, 2) && dim(g, x, 3) == dim(g, y, 3))
            return net_op(&g->b, "Concat", "axis=1", 2, x, y);
    }
    return net_op(&g->b, "Concat", "axis=1", 2, net_conv(&g->b, x, 3, 1, 1, 1, ""), x);
}

static int split(growth *g, int x)
{
    int64_t c = dim(g, x, 1);
    if (c < 2)
        return activation(g, x);
    int64_t first = pick(g, 1, (int)c - 1);
    int part[2], sizes = net_ints(&g->b, NET_DIMS(first, c - first));
    net_op_many(&g->b, "Split", "axis=1", (int[]){x, sizes}, 2, part, 2);
    if (g->n < MAX_LIVE)
        g->live[g->n++] = part[0];
    return part[1];
}

static int slice(growth *g, int x)
{
    int axis = pick(g, 1, 3);
    int64_t size = dim(g, x, axis), start = size > 2 ? pick(g, 0, 1) : 0;
    return net_op(&g->b, "Slice", "", 4, x, net_ints(&g->b, NET_DIMS(start)),
                  net_ints(&g->b, NET_DIMS(size > 3 ? size - 1 : size)),
                  net_ints(&g->b, NET_DIMS(axis)));
}

static int resize(growth *g, int x)
{
    static const char *const mode[] = {
        "mode@nearest coordinate_transformation_mode@asymmetric nearest_mode@floor",
        "mode@linear coordinate_transformation_mode@half_pixel",
        "mode@linear coordinate_transformation_mode@align_corners"};
    int64_t h = dim(g, x, 2), w = dim(g, x, 3);
    int sizes = net_ints(&g->b, NET_DIMS(dim(g, x, 0), dim(g, x, 1), pick(g, (int)h, 2 * (int)h),
                                         pick(g, (int)(w + 1) / 2, 2 * (int)w)));
    return net_op(&g->b, "Resize", mode[pick(g, 0, 2)], 4, x, RPR_NONE, RPR_NONE, sizes);
}

static int pad(growth *g, int x)
{
    static const char *const mode[] = {"mode@constant", "mode@edge", "mode@reflect"};
    bool small = dim(g, x, 2) < 3 || dim(g, x, 3) < 3;
    int pads =
        net_ints(&g->b, NET_DIMS(0, 0, pick(g, 0, 2), pick(g, 0, 1), 0, 0, pick(g, 0, 2), 1));
    return net_op(&g->b, "Pad", mode[small ? 1 : pick(g, 0, 2)], 2, x, pads);
}

static int squeeze(growth *g, int x)
{
    int s = net_op(&g->b, pick(g, 0, 1) ? "GlobalAveragePool" : "GlobalMaxPool", "", 1, x);
    s = net_conv(&g->b, s, (int)dim(g, x, 1), 1, 1, 1, "");
    return net_op(&g->b, "Mul", "", 2, x, net_op(&g->b, "Sigmoid", "", 1, s));
}

/** An operator behind a change of layout and back. */
static int transpose(growth *g, int x)
{
    int y = net_op(&g->b, "Transpose", "perm:0,2,3,1", 1, x);
    y = net_op(&g->b, pick(g, 0, 1) ? "Softmax" : "Tanh", "", 1, y);
    return net_op(&g->b, "Transpose", "perm:0,3,1,2", 1, y);
}

/** Without a sparse form. */
static int generic(growth *g, int x)
{
    int64_t c = dim(g, x, 1);
    int order[2];
    switch (pick(g, 0, 2)) {
    case 0:
        return net_op(&g->b, "Mul", "", 2, x, net_op(&g->b, "ReduceL2", "axes:1 keepdims=1", 1, x));
    case 1:
        order[0] = net_ints(&g->b, NET_DIMS(c - 1, 0, c / 2));
        return net_op(&g->b, "Gather", "axis=1", 2, x, order[0]);
    default:
        return net_op(&g->b, "Tile", "", 2, x, net_ints(&g->b, NET_DIMS(1, 1, 1, 2)));
    }
}

static int space(growth *g, int x)
{
    if (dim(g, x, 1) % 4 == 0)
        return net_op(&g->b, "DepthToSpace", pick(g, 0, 1) ? "blocksize=2 mode@CRD" : "blocksize=2",
                      1, x);
    if (dim(g, x, 2) % 2 == 0 && dim(g, x, 3) % 2 == 0)
        return net_op(&g->b, "SpaceToDepth", "blocksize=2", 1, x);
    return net_conv(&g->b, x, 8, 3, 3, 1, "pads:1,1,1,1");
}

typedef int (*step_fn)(growth *g, int x);

static int grow(growth *g)
{
    static const step_fn steps[] = {conv,   conv,   conv,    depthwise, transposed, activation,
                                    pool,   binary, binary,  concat,    split,      slice,
                                    resize, pad,    squeeze, transpose, generic,    space};
    /* Mostly the newest tensor, so that networks become deep. */
    int x = g->live[pick(g, 0, 2) ? g->n - 1 : pick(g, 0, g->n - 1)];
    bool wide = rpr_shape_count(net_shape(&g->b, x)) > MAX_ELEMENTS / 2;
    bool tiny = dim(g, x, 2) < 4 || dim(g, x, 3) < 4;
    step_fn step = steps[pick(g, 0, sizeof steps / sizeof *steps - 1)];
    if (tiny && (step == conv || step == depthwise || step == pool))
        step = transposed;
    if (wide && (step == transposed || step == resize || step == concat || step == generic))
        step = conv;
    return step(g, x);
}

rpr_graph *nets_random_graph(uint64_t seed)
{
    growth g = {.b = net_new(seed * 7919 + 1)};
    int want = pick(&g, 10, 20);
    g.live[g.n++] = net_input(&g.b, NET_DIMS(1, 3, pick(&g, 9, 17), pick(&g, 9, 17)));
    int last = net_conv(&g.b, g.live[0], 4, 3, 3, 1, "pads:1,1,1,1");
    for (int i = 0; i < want && g.n < MAX_LIVE; i++) {
        g.live[g.n++] = last;
        last = grow(&g);
    }
    net_output(&g.b, last);
    net_output(&g.b, g.live[pick(&g, 0, g.n - 1)]);
    int mean = net_op(&g.b, "GlobalAveragePool", "", 1, last);
    net_output(&g.b, net_gemm(&g.b, net_op(&g.b, "Flatten", "", 1, mean), 10));
    return g.b.g;
}

rpr_model *nets_random(uint64_t seed)
{
    return net_finish(nets_random_graph(seed));
}
