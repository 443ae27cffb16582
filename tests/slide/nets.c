/* SPDX-License-Identifier: Apache-2.0 */
#include "nets.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_ELEMENTS 6000

static int below(net *b, int n)
{
    return rng_below(&b->r, n);
}

static bool chance(net *b, int one_in)
{
    return below(b, one_in) == 0;
}

static rpr_shape shape(net *b, int x)
{
    return *net_shape(b, x);
}

/** Writes " name:1,2,3". */
static void put_ints(char *text, size_t size, const char *name, const int64_t *v, int n)
{
    size_t at = strlen(text);
    at += (size_t)snprintf(text + at, size - at, " %s:", name);
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%d", i ? "," : "", (int)v[i]);
}

/* ----------------------------------------------------------------- windows */

/** Kernel, strides, dilations and pads for the spatial axes of a shape, as attributes. */
static void random_window_attrs(net *b, const rpr_shape *s, bool pool, char *text, size_t size,
                                int64_t *kernel)
{
    int64_t stride[6], dilation[6], pads[12];
    const int n = s->rank - 2;
    const bool named = chance(b, 6);
    for (int d = 0; d < n; d++) {
        const int64_t dim = s->dim[2 + d];
        int most = dim < 5 ? (int)dim : 5;
        kernel[d] = 1 + below(b, most);
        stride[d] = chance(b, 3) ? 1 + below(b, 3) : 1;
        dilation[d] = chance(b, 4) && !(pool && named) ? 1 + below(b, 3) : 1;
        while ((kernel[d] - 1) * dilation[d] + 1 > dim)
            dilation[d]--;
        const int room = pool ? (int)kernel[d] : (int)kernel[d] + 1;
        pads[d] = chance(b, 2) ? below(b, room) : 0;
        pads[n + d] = chance(b, 2) ? below(b, room) : 0;
    }
    put_ints(text, size, "kernel_shape", kernel, n);
    put_ints(text, size, "strides", stride, n);
    put_ints(text, size, "dilations", dilation, n);
    if (!named)
        put_ints(text, size, "pads", pads, 2 * n);
    else
        strcat(text, below(b, 3) == 0 ? " auto_pad@VALID"
                     : chance(b, 2)   ? " auto_pad@SAME_LOWER"
                                      : " auto_pad@SAME_UPPER");
}

static int conv(net *b, int x)
{
    char text[256] = "";
    const rpr_shape s = shape(b, x);
    int64_t dim[8], kernel[6], taps = 1;
    const int group = s.dim[1] % 2 == 0 && chance(b, 3) ? 2 : 1;
    const int64_t co = group * (1 + below(b, 3));
    random_window_attrs(b, &s, false, text, sizeof text, kernel);
    dim[0] = co;
    dim[1] = s.dim[1] / group;
    for (int d = 2; d < s.rank; d++)
        taps *= dim[d] = kernel[d - 2];
    if (group > 1)
        strcat(text, " group=2");
    const int w = net_floats(b, 0, 1.7f / (float)(dim[1] * taps) + 0.1f, s.rank, dim);
    const int bias = net_floats(b, 0, 0.5f, NET_DIMS(co));
    return chance(b, 3) ? net_op(b, "Conv", text, 2, x, w) : net_op(b, "Conv", text, 3, x, w, bias);
}

static int pool(net *b, int x)
{
    char text[256] = "";
    int64_t kernel[6];
    const rpr_shape s = shape(b, x);
    static const char *const ops[] = {"MaxPool", "AveragePool", "AveragePool", "LpPool"};
    const int which = below(b, 4);
    random_window_attrs(b, &s, true, text, sizeof text, kernel);
    if (which != 0) { /* these have no dilations in this opset */
        char *at = strstr(text, " dilations:"), *end = strchr(at + 1, ' ');
        memmove(at, end, strlen(end) + 1);
    }
    if (which < 3 && chance(b, 3))
        strcat(text, " ceil_mode=1");
    if ((which == 1 || which == 2) && chance(b, 2))
        strcat(text, " count_include_pad=1");
    return net_op(b, ops[which], text, 1, x);
}

static int pad(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    int64_t pads[16] = {0};
    for (int d = 0; d < s.rank; d++) {
        pads[d] = chance(b, 3) ? below(b, 4) - 1 : 0;
        pads[s.rank + d] = chance(b, 3) ? below(b, 4) - 1 : 0;
        if (s.dim[d] < 4)
            pads[d] = pads[s.rank + d] = 0;
    }
    const int by = net_ints(b, 2 * s.rank, pads);
    if (chance(b, 6))
        return net_op(b, "Pad", "mode@edge", 2, x, by);
    return net_op(b, "Pad", "", 3, x, by, net_floats(b, 0, 1, 0, NULL));
}

/* --------------------------------------------------------- element by element */

static int unary(net *b, int x)
{
    static const char *const ops[] = {"Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid",
                                      "Abs",  "Neg",     "Elu",  "Softplus",  "Identity"};
    return net_op(b, ops[below(b, 10)], "", 1, x);
}

/** As long as x along an axis, and the same all along it. */
static int even_for(net *b, const rpr_shape *s)
{
    rpr_shape one = *s;
    const int axis = below(b, s->rank);
    one.dim[axis] = 1;
    return net_op(b, "Expand", "", 2, net_floats(b, 0.5f, 1, one.rank, one.dim),
                  net_ints(b, s->rank, s->dim));
}

/** A constant to broadcast: its extents are 1 or, seldom for long axes, those of x. */
static int constant_for(net *b, const rpr_shape *s)
{
    int64_t dim[8];
    const int drop = below(b, s->rank + 1);
    for (int d = drop; d < s->rank; d++)
        dim[d - drop] = chance(b, s->dim[d] > 4 ? 12 : 2) ? s->dim[d] : 1;
    return net_floats(b, 0.5f, 1, s->rank - drop, dim);
}

static int with_constant(net *b, int x)
{
    static const char *const ops[] = {"Add", "Mul", "Sub", "Max", "Min", "PRelu"};
    const rpr_shape s = shape(b, x);
    const int which = below(b, 6), c = chance(b, 4) ? even_for(b, &s) : constant_for(b, &s);
    if (which < 5 && chance(b, 4))
        return net_op(b, ops[which], "", 2, c, x);
    return net_op(b, ops[which], "", 2, x, c);
}

static int batch_norm(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const int64_t c = s.rank > 1 ? s.dim[1] : 1;
    return net_op(b, "BatchNormalization", "", 5, x, net_floats(b, 1, 0.5f, NET_DIMS(c)),
                  net_floats(b, 0, 0.5f, NET_DIMS(c)), net_floats(b, 0, 0.5f, NET_DIMS(c)),
                  net_floats(b, 1, 0.5f, NET_DIMS(c)));
}

static int softmax(net *b, int x)
{
    char text[32];
    (void)snprintf(text, sizeof text, "axis=%d", below(b, shape(b, x).rank));
    return net_op(b, "Softmax", text, 1, x);
}

static int reduce(net *b, int x)
{
    static const char *const ops[] = {"ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2",
                                      "ReduceMean"};
    const rpr_shape s = shape(b, x);
    char text[64] = "";
    int64_t axes[8];
    int n = 0;
    for (int d = 0; d < s.rank; d++)
        if (chance(b, s.dim[d] > 5 ? 6 : 2))
            axes[n++] = d;
    if (n == 0 || chance(b, 3))
        axes[0] = below(b, s.rank), n = 1;
    put_ints(text, sizeof text, "axes", axes, n);
    if (s.rank - n >= 2 && chance(b, 2))
        strcat(text, " keepdims=0");
    return net_op(b, ops[below(b, 5)], text, 1, x);
}

static int global_pool(net *b, int x)
{
    return net_op(b, chance(b, 2) ? "GlobalAveragePool" : "GlobalMaxPool", "", 1, x);
}

/* ---------------------------------------------------------------- branches */

static int same_shape(net *b, int x)
{
    return chance(b, 2) ? unary(b, x) : with_constant(b, x);
}

/** A convolution or a Pad with a Slice that keeps an axis' extent, so that columns move. */
static int same_by_window(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    char text[128] = "auto_pad@SAME_UPPER";
    int64_t kernel[6], dim[8];
    if (s.rank < 3)
        return same_shape(b, x);
    for (int d = 0; d < s.rank - 2; d++) {
        kernel[d] = 1 + below(b, 4);
        kernel[d] = kernel[d] > s.dim[2 + d] ? s.dim[2 + d] : kernel[d];
        dim[2 + d] = kernel[d];
    }
    dim[0] = dim[1] = s.dim[1];
    put_ints(text, sizeof text, "kernel_shape", kernel, s.rank - 2);
    return net_op(b, "Conv", text, 2, x, net_floats(b, 0, 0.4f, s.rank, dim));
}

static int branches(net *b, int x)
{
    char text[32];
    static const char *const ops[] = {"Add", "Mul", "Max", "Sub"};
    const rpr_shape s = shape(b, x);
    const int y = same_by_window(b, x), z = chance(b, 4)   ? even_for(b, &s)
                                            : chance(b, 2) ? x
                                                           : same_by_window(b, x);
    if (!rpr_shape_equal(net_shape(b, y), net_shape(b, z)) || chance(b, 3)) {
        (void)snprintf(text, sizeof text, "axis=%d", below(b, shape(b, x).rank));
        return net_op(b, "Concat", text, 2, y, z);
    }
    return net_op(b, ops[below(b, 4)], "", 2, y, z);
}

/** Squeeze and excite: the whole window weighs its columns. */
static int excite(net *b, int x)
{
    const int mean = net_op(b, "ReduceMean", "axes:-1", 1, x);
    return net_op(b, "Mul", "", 2, x, net_op(b, "Sigmoid", "", 1, mean));
}

static int split(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const int axis = below(b, s.rank);
    char text[32];
    int out[2];
    if (s.dim[axis] % 2)
        return unary(b, x);
    (void)snprintf(text, sizeof text, "axis=%d", axis);
    net_op_many(b, "Split", text, &x, 1, out, 2);
    return net_op(b, "Add", "", 2, out[0], net_op(b, "Tanh", "", 1, out[1]));
}

/* ------------------------------------------------------------------ shapes */

static int transpose(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    int64_t perm[8];
    char text[64] = "";
    for (int d = 0; d < s.rank; d++)
        perm[d] = d;
    for (int d = s.rank - 1; d > 0; d--) {
        const int at = below(b, d + 1);
        const int64_t t = perm[d];
        perm[d] = perm[at];
        perm[at] = t;
    }
    put_ints(text, sizeof text, "perm", perm, s.rank);
    return net_op(b, "Transpose", text, 1, x);
}

/** Two neighbours become one, or one of extent 1 comes or goes. */
static int reshape(net *b, int x)
{
    rpr_shape s = shape(b, x);
    const int at = below(b, s.rank);
    if (s.rank > 2 && (chance(b, 3) || s.rank > 4)) {
        const int join = at == s.rank - 1 ? at - 1 : at;
        s.dim[join] *= s.dim[join + 1];
        for (int d = join + 1; d < s.rank - 1; d++)
            s.dim[d] = s.dim[d + 1];
        s.rank--;
    } else {
        for (int d = s.rank; d > at; d--)
            s.dim[d] = s.dim[d - 1];
        s.dim[at] = 1;
        s.rank++;
    }
    if (chance(b, 3))
        s.dim[below(b, s.rank)] = -1;
    return net_op(b, "Reshape", "", 2, x, net_ints(b, s.rank, s.dim));
}

static int squeeze(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    int left = 0;
    for (int d = 0; d < s.rank; d++)
        left += s.dim[d] != 1;
    if (chance(b, 3) && s.rank < 5)
        return net_op(b, "Unsqueeze", "", 2, x,
                      net_ints(b, 1, (const int64_t[]){below(b, s.rank)}));
    if (chance(b, 4))
        return net_op(b, "Flatten", "axis=1", 1, x);
    return left >= 2 ? net_op(b, "Squeeze", "", 1, x) : unary(b, x);
}

static int slice(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const int64_t axis = below(b, s.rank), dim = s.dim[axis];
    if (dim < 3)
        return unary(b, x);
    const int64_t from = below(b, (int)dim / 2), to = chance(b, 3) ? -1 : chance(b, 2) ? dim : 1000;
    const int64_t step = chance(b, 3) ? 2 : 1;
    if (chance(b, 8)) /* the wrong way round */
        return net_op(b, "Slice", "", 5, x, net_ints(b, 1, (const int64_t[]){-1}),
                      net_ints(b, 1, (const int64_t[]){-1000}), net_ints(b, 1, &axis),
                      net_ints(b, 1, (const int64_t[]){-1}));
    return net_op(b, "Slice", "", 5, x, net_ints(b, 1, &from), net_ints(b, 1, &to),
                  net_ints(b, 1, &axis), net_ints(b, 1, &step));
}

static int gather(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const int axis = below(b, s.rank);
    char text[32];
    const int64_t picks[] = {below(b, (int)s.dim[axis]), -1, 0};
    (void)snprintf(text, sizeof text, "axis=%d", axis);
    return net_op(b, "Gather", text, 2, x, net_ints(b, 1 + below(b, 3), picks));
}

static int grow(net *b, int x)
{
    rpr_shape s = shape(b, x);
    if (chance(b, 2)) {
        int64_t times[8];
        for (int d = 0; d < s.rank; d++)
            times[d] = s.dim[d] <= 2 && chance(b, 2) ? 2 : 1;
        return net_op(b, "Tile", "", 2, x, net_ints(b, s.rank, times));
    }
    for (int d = 0; d < s.rank; d++)
        s.dim[d] = s.dim[d] == 1 && chance(b, 2) ? 2 : s.dim[d];
    return net_op(b, "Expand", "", 2, x, net_ints(b, s.rank, s.dim));
}

/** Other axes grow, by scales or to sizes; seldom the columns do, too. */
static int resize(net *b, int x)
{
    static const char *const modes[] = {"mode@nearest", "mode@linear",
                                        "mode@nearest coordinate_transformation_mode@asymmetric"};
    const rpr_shape s = shape(b, x);
    rpr_shape to = s;
    int scales;
    if (s.rank < 3 || s.rank > 4)
        return unary(b, x);
    for (int d = 2; d < s.rank; d++)
        to.dim[d] *= chance(b, s.dim[d] > 4 ? 8 : 2) ? 2 : 1;
    scales = net_floats(b, 1, 0, NET_DIMS(s.rank));
    for (int d = 0; d < s.rank; d++)
        ((float *)b->g->value[scales].data)[d] = (float)(to.dim[d] / s.dim[d]);
    if (chance(b, 2))
        return net_op(b, "Resize", modes[below(b, 3)], 3, x, RPR_NONE, scales);
    return net_op(b, "Resize", modes[below(b, 3)], 4, x, RPR_NONE, RPR_NONE,
                  net_ints(b, s.rank, to.dim));
}

static int instance_norm(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    if (s.rank < 3 || rpr_shape_count(&s) / s.dim[0] / s.dim[1] < 3)
        return unary(b, x);
    return net_op(b, "InstanceNormalization", "", 3, x, net_floats(b, 1, 0.5f, NET_DIMS(s.dim[1])),
                  net_floats(b, 0, 0.5f, NET_DIMS(s.dim[1])));
}

/** Another type between. No jumps: rounding must not decide what comes out. */
static int choose(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const int c = constant_for(b, &s), more = net_op(b, "Greater", "", 2, x, c);
    return chance(b, 2) ? net_op(b, "Where", "", 3, more, x, c)
                        : net_op(b, "Where", "", 3, net_op(b, "Not", "", 1, more), x, c);
}

static int conv_transpose(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    int64_t dim[8] = {s.dim[1], 2};
    if (s.rank < 3)
        return unary(b, x);
    for (int d = 2; d < s.rank; d++)
        dim[d] = 1 + below(b, 2);
    return net_op(b, "ConvTranspose", "", 2, x, net_floats(b, 0, 0.5f, s.rank, dim));
}

/* ---------------------------------------------------------------- products */

static int matmul(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const int64_t k = s.dim[s.rank - 1], columns = 1 + below(b, 4);
    if (s.rank == 2 && chance(b, 2))
        return net_gemm(b, x, (int)columns);
    if (s.rank >= 2 && chance(b, 4)) { /* from the left */
        const int64_t rows = s.dim[s.rank - 2];
        return net_op(b, "MatMul", "", 2,
                      net_floats(b, 0, 1.0f / (float)rows + 0.1f, NET_DIMS(columns, rows)), x);
    }
    return net_op(b, "MatMul", "", 2, x,
                  net_floats(b, 0, 1.0f / (float)k + 0.1f, NET_DIMS(k, columns)));
}

/** Attention: every row with every row. */
static int with_itself(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    int64_t perm[8];
    char text[64] = "";
    for (int d = 0; d < s.rank; d++)
        perm[d] = d;
    perm[s.rank - 1] = s.rank - 2;
    perm[s.rank - 2] = s.rank - 1;
    put_ints(text, sizeof text, "perm", perm, s.rank);
    const int y = net_op(b, "Tanh", "", 1, net_op(b, "Transpose", text, 1, x));
    return net_op(b, "MatMul", "", 2, x, y);
}

/* --------------------------------------------------------------------- all */

static int step(net *b, int x)
{
    const rpr_shape s = shape(b, x);
    const bool spatial = s.rank >= 3, plane = s.rank >= 2;
    switch (below(b, 37)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        return spatial ? conv(b, x) : matmul(b, x);
    case 6:
    case 7:
    case 8:
        return spatial ? pool(b, x) : matmul(b, x);
    case 9:
    case 10:
    case 11:
        return unary(b, x);
    case 12:
    case 13:
        return with_constant(b, x);
    case 14:
        return plane ? batch_norm(b, x) : unary(b, x);
    case 15:
    case 16:
        return transpose(b, x);
    case 17:
        return reshape(b, x);
    case 18:
        return squeeze(b, x);
    case 19:
        return softmax(b, x);
    case 20:
        return plane ? reduce(b, x) : unary(b, x);
    case 21:
    case 22:
    case 23:
        return branches(b, x);
    case 24:
    case 25:
        return pad(b, x);
    case 26:
    case 27:
        return slice(b, x);
    case 28:
        return chance(b, 2) ? gather(b, x) : grow(b, x);
    case 29:
        return plane ? matmul(b, x) : unary(b, x);
    case 30:
        return split(b, x);
    case 31:
        return chance(b, 2) ? instance_norm(b, x) : conv_transpose(b, x);
    case 32:
    case 33:
        return choose(b, x);
    case 34:
        return resize(b, x);
    case 35:
        return spatial ? conv(b, x) : matmul(b, x);
    default:
        if (chance(b, 3))
            return excite(b, x);
        return spatial && chance(b, 2) ? global_pool(b, x)
               : plane                 ? with_itself(b, x)
                                       : unary(b, x);
    }
}

net random_slide_net(uint64_t seed, random_window *w)
{
    net b = net_new(seed * 7919 + 17);
    const int rank = 2 + below(&b, 4);
    int64_t dim[8];
    for (int d = 0; d < rank; d++)
        dim[d] = 1 + below(&b, rank > 3 ? 4 : 6);
    if (rank > 2)
        dim[0] = 1;
    w->axis = chance(&b, 8) ? below(&b, rank)
              : rank > 2    ? 2 + below(&b, rank - 2)
                            : below(&b, rank);
    w->length = 5 + below(&b, 56);
    w->hop = 1 + (chance(&b, 4) ? below(&b, (int)w->length - 1) : below(&b, 3));
    dim[w->axis] = w->length;
    w->axis -= chance(&b, 4) ? rank : 0;
    int x = net_input(&b, rank, dim);
    const int steps = 2 + below(&b, 7), second = below(&b, 2 * steps);
    for (int i = 0; i < steps; i++) {
        const int y = step(&b, x);
        if (rpr_shape_count(net_shape(&b, y)) > MAX_ELEMENTS ||
            rpr_shape_count(net_shape(&b, y)) < 1)
            continue; /* too large: it is swept */
        x = y;
        if (i == second)
            net_output(&b, x);
    }
    net_output(&b, net_op(&b, "Tanh", "", 1, x));
    return b;
}
