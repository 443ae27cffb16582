/* SPDX-License-Identifier: Apache-2.0 */
#include "nets.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets_quant.h"
#include "nets_sequence.h"

/* ----------------------------------------------------------- convolutions */

static void plain(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 29, 37));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1"));
    x = net_relu(b, net_conv(b, x, 16, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    x = net_op(b, "LeakyRelu", "alpha~0.1", 1, net_conv(b, x, 20, 1, 1, 1, ""));
    x = net_relu(b, net_conv(b, x, 70, 3, 3, 1, "strides:2,3"));
    net_output(b, net_conv(b, x, 5, 1, 1, 1, ""));
}

static void depthwise(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 23, 31));
    x = net_relu(b, net_conv(b, x, 12, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    x = net_relu(b, net_conv(b, x, 12, 3, 3, 12, "pads:1,1,1,1"));
    x = net_op(b, "HardSwish", "", 1, net_conv(b, x, 18, 1, 1, 1, ""));
    x = net_conv(b, x, 18, 5, 5, 18, "strides:2,2 pads:2,2,2,2");
    net_output(b, net_conv(b, x, 10, 1, 1, 1, ""));
}

static void grouped(net *b)
{
    int x = net_input(b, NET_DIMS(1, 4, 17, 19));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 2, "pads:1,1,1,1"));
    x = net_relu(b, net_conv(b, x, 24, 3, 3, 4, "strides:2,2 pads:1,1,1,1"));
    x = net_relu(b, net_conv(b, x, 48, 3, 3, 24, "pads:1,1,1,1")); /* two outputs a channel */
    net_output(b, net_conv(b, x, 6, 1, 1, 2, ""));
}

static void dilated(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 21, 25));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "dilations:2,2 pads:2,2,2,2"));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 8, "dilations:3,2 pads:3,2,3,2"));
    x = net_relu(b, net_conv(b, x, 6, 3, 2, 2, "dilations:2,4 strides:2,1 pads:1,0,2,3"));
    net_output(b, x);
}

static void asymmetric(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 22, 27));
    x = net_relu(b, net_conv(b, x, 8, 5, 5, 1, "strides:2,2 pads:0,1,2,1"));
    x = net_relu(b, net_conv(b, x, 8, 1, 7, 1, "pads:0,3,0,3"));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 auto_pad@SAME_UPPER"));
    net_output(b, net_conv(b, x, 4, 2, 2, 1, "strides:2,2 auto_pad@SAME_LOWER"));
}

static void transposed(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 17, 21));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    x = net_relu(b, net_conv_transpose(b, x, 6, 2, 2, 1, "strides:2,2"));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    x = net_relu(
        b, net_conv_transpose(b, x, 6, 3, 3, 2, "strides:2,2 pads:1,1,1,1 output_padding:1,1"));
    net_output(b, net_conv_transpose(b, x, 4, 4, 3, 1, "strides:1,3 dilations:2,2 pads:2,1,1,0"));
}

/** A kernel smaller than the stride leaves outputs that see no input at all. */
static void transposed_holes(net *b)
{
    int x = net_input(b, NET_DIMS(1, 4, 9, 11));
    x = net_relu(b, net_conv_transpose(b, x, 4, 1, 2, 1, "strides:2,3"));
    net_output(b, net_conv(b, x, 5, 3, 3, 1, "pads:1,1,1,1"));
}

/** Kernels as wide as the stride, one beside another and before a layer with a halo. */
static void transposed_folded(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 11, 13)), in[2];
    x = net_relu(b, net_conv(b, x, 9, 3, 3, 1, "pads:1,1,1,1"));
    in[0] = net_relu(b, net_conv_transpose(b, x, 23, 2, 2, 1, "strides:2,2"));
    in[1] = net_conv_transpose(b, x, 1, 4, 2, 1, "strides:2,2 pads:1,0,1,0");
    x = net_op(b, "Concat", "axis=1", 2, in[0], in[1]);
    x = net_relu(b, net_conv(b, x, 7, 3, 3, 1, "pads:1,1,1,1"));
    net_output(b, net_conv_transpose(b, x, 5, 1, 3, 1, "strides:1,3"));
}

static void conv1d(net *b)
{
    int x = net_input(b, NET_DIMS(2, 4, 50));
    x = net_relu(b, net_conv1d(b, x, 12, 5, "strides:2 pads:2,2"));
    x = net_relu(b, net_conv1d(b, x, 8, 3, "dilations:2 pads:2,2"));
    x = net_op(b, "MaxPool", "kernel_shape:3 strides:2", 1, x);
    net_output(b, net_conv1d(b, x, 3, 1, ""));
}

static void batch(net *b)
{
    int x = net_input(b, NET_DIMS(2, 3, 13, 15));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 8, "pads:1,1,1,1"));
    int up = net_conv_transpose(b, x, 4, 2, 2, 1, "strides:2,2");
    int mean = net_op(b, "GlobalAveragePool", "", 1, x);
    net_output(b, up);
    net_output(b, net_op(b, "Mul", "", 2, x, mean));
}

/** Layers of different reach, one of them depthwise, that read one tensor: one gate. */
static void shared_gate(net *b)
{
    int x = net_input(b, NET_DIMS(1, 6, 16, 18));
    int a = net_conv(b, x, 8, 1, 1, 1, ""), c = net_conv(b, x, 8, 5, 5, 1, "pads:2,2,2,2");
    int d = net_conv(b, x, 6, 3, 3, 6, "strides:2,2 pads:1,1,1,1");
    net_output(b, net_op(b, "Add", "", 2, a, c));
    net_output(b, net_relu(b, d));
}

/* ------------------------------------------------- around the convolutions */

static void residual(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 18, 22));
    x = net_relu(b, net_conv(b, x, 12, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    for (int i = 0; i < 2; i++) {
        int y = net_relu(b, net_conv(b, x, 12, 3, 3, 1, "pads:1,1,1,1"));
        y = net_conv(b, y, 12, 3, 3, 1, "pads:1,1,1,1");
        x = net_relu(b, net_op(b, "Add", "", 2, x, y));
    }
    net_output(b, net_conv(b, x, 4, 1, 1, 1, ""));
}

static int resize(net *b, int x, const char *attr, int64_t h, int64_t w)
{
    const rpr_shape s = *net_shape(b, x);
    int sizes = net_ints(b, NET_DIMS(s.dim[0], s.dim[1], h, w));
    return net_op(b, "Resize", attr, 4, x, RPR_NONE, RPR_NONE, sizes);
}

static int slice(net *b, int x, int64_t axis, int64_t start, int64_t end, int64_t step)
{
    int from = net_ints(b, NET_DIMS(start)), to = net_ints(b, NET_DIMS(end));
    return net_op(b, "Slice", "", 5, x, from, to, net_ints(b, NET_DIMS(axis)),
                  net_ints(b, NET_DIMS(step)));
}

static void pyramid(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 24, 32)), part[2];
    int p1 = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    int p2 = net_relu(b, net_conv(b, p1, 12, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    int p3 = net_relu(b, net_conv(b, p2, 12, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    int u3 = resize(b, p3,
                    "mode@nearest coordinate_transformation_mode@asymmetric"
                    " nearest_mode@floor",
                    6, 8);
    int c2 = net_op(b, "Concat", "axis=1", 2, p2, u3);
    net_op_many(b, "Split", "axis=1", (int[]){c2, net_ints(b, NET_DIMS(7, 17))}, 2, part, 2);
    int q2 = net_relu(b, net_conv(b, part[1], 8, 3, 3, 1, "pads:1,1,1,1"));
    int u2 = resize(b, q2, "mode@linear coordinate_transformation_mode@half_pixel", 12, 16);
    int q1 = net_op(b, "Add", "", 2, u2, p1);
    int cut = slice(b, slice(b, q1, 2, 1, 11, 2), 3, -2, 0, -3);
    net_output(b, net_conv(b, q1, 5, 3, 3, 1, "pads:1,1,1,1"));
    net_output(b, net_conv(b, part[0], 5, 1, 1, 1, ""));
    net_output(b, net_conv(b, slice(b, cut, 1, 2, 7, 1), 3, 1, 1, 1, ""));
}

/** Concats in Concats, of one tensor twice, scaled, and read by layers with a halo. */
static void concats(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 14, 16));
    int a = net_relu(b, net_conv(b, x, 6, 3, 3, 1, "pads:1,1,1,1"));
    int c = net_conv(b, a, 5, 3, 3, 1, "pads:1,1,1,1");
    int inner = net_op(b, "Concat", "axis=1", 2, a, c);
    int d = net_relu(b, net_conv(b, inner, 4, 3, 3, 1, "pads:1,1,1,1"));
    int outer = net_op(b, "Concat", "axis=1", 3, d, inner, x);
    int twice = net_op(b, "Concat", "axis=1", 2, d, d);
    int scaled = net_op(b, "Mul", "", 2, twice, net_floats(b, 0.5f, 0.0f, NET_DIMS(1)));
    net_output(b, net_conv(b, outer, 7, 5, 3, 1, "pads:2,1,2,1"));
    net_output(b, net_conv(b, scaled, 4, 3, 3, 1, ""));
    net_output(b, net_op(b, "Concat", "axis=2", 2, c, net_conv(b, a, 5, 1, 1, 1, "")));
}

static void pools(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 23, 25));
    x = net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1");
    x = net_op(b, "MaxPool", "kernel_shape:3,3 strides:2,2 pads:1,1,1,1", 1, x);
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1"));
    x = net_op(b, "AveragePool", "kernel_shape:3,2 strides:1,2 pads:1,0,1,1 count_include_pad=1", 1,
               x);
    x = net_conv(b, x, 6, 1, 1, 1, "");
    net_output(b, net_op(b, "AveragePool", "kernel_shape:3,3 strides:2,2 ceil_mode=1", 1, x));
    net_output(b, net_op(b, "GlobalMaxPool", "", 1, x));
}

static void squeeze(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 20, 20));
    x = net_op(b, "HardSwish", "", 1, net_conv(b, x, 16, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    int s = net_op(b, "GlobalAveragePool", "", 1, x);
    s = net_relu(b, net_conv(b, s, 4, 1, 1, 1, ""));
    s = net_op(b, "HardSigmoid", "alpha~0.16666667", 1, net_conv(b, s, 16, 1, 1, 1, ""));
    x = net_op(b, "Mul", "", 2, x, s);
    net_output(b, net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1"));
}

static void activations(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 15, 17));
    x = net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1");
    int sig = net_op(b, "Mul", "", 2, x, net_op(b, "Sigmoid", "", 1, x));
    int pre = net_op(b, "PRelu", "", 2, net_conv(b, sig, 8, 1, 1, 1, ""),
                     net_floats(b, 0.2f, 0.1f, NET_DIMS(8, 1, 1)));
    int tan = net_op(b, "Tanh", "", 1, net_conv(b, pre, 8, 3, 3, 1, ""));
    int six = net_op(b, "Clip", "", 3, net_conv(b, tan, 8, 1, 1, 1, ""),
                     net_floats(b, 0.0f, 0.0f, 0, NULL), net_floats(b, 6.0f, 0.0f, 0, NULL));
    int top = net_op(b, "Max", "", 2, six, tan), low = net_op(b, "Sub", "", 2, top, six);
    int bias = net_floats(b, 0.0f, 1.0f, NET_DIMS(1, 8, 1, 1));
    net_output(b, net_op(b, "Div", "", 2, net_op(b, "Add", "", 2, low, bias),
                         net_floats(b, 2.0f, 0.5f, NET_DIMS(8, 1, 1))));
    net_output(b, net_op(b, "Softmax", "axis=1", 1, low));
}

static void pads(net *b)
{
    int x = net_input(b, NET_DIMS(1, 4, 12, 16));
    x = net_op(b, "SpaceToDepth", "blocksize=2", 1, x);
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, ""));
    x = net_op(b, "Pad", "mode@reflect", 2, x, net_ints(b, NET_DIMS(0, 0, 1, 2, 0, 0, 2, 1)));
    x = net_conv(b, x, 12, 3, 3, 1, "");
    x = net_op(b, "DepthToSpace", "blocksize=2 mode@CRD", 1, x);
    int zero = net_op(b, "Pad", "", 2, x, net_ints(b, NET_DIMS(0, 0, 2, 1, 0, 0, 1, 2)));
    int one = net_op(b, "Pad", "", 3, x, net_ints(b, NET_DIMS(0, 0, 1, 1, 0, 0, 1, 1)),
                     net_floats(b, 1.0f, 0.0f, 0, NULL));
    net_output(b, net_conv(b, zero, 4, 3, 3, 1, ""));
    net_output(b, net_conv(b, one, 4, 3, 3, 1, ""));
    net_output(b,
               net_op(b, "Pad", "mode@edge", 2, x, net_ints(b, NET_DIMS(0, 0, 1, 0, 0, 0, 0, 1))));
}

/* ------------------------------------------------------- shapes and layouts */

static void tail(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 11, 13));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    int flat = net_op(b, "Flatten", "", 1, x);
    int head = net_gemm(b, net_relu(b, net_gemm(b, flat, 24)), 10);
    int rows = net_op(b, "Transpose", "perm:0,2,3,1", 1, x);
    rows = net_op(b, "Reshape", "", 2, rows, net_ints(b, NET_DIMS(1, -1, 8)));
    rows = net_op(b, "MatMul", "", 2, rows, net_floats(b, 0.0f, 0.7f, NET_DIMS(8, 20)));
    rows = net_relu(b, net_op(b, "Add", "", 2, rows, net_floats(b, 0.0f, 0.1f, NET_DIMS(20))));
    int pooled = net_op(b, "Reshape", "", 2, net_op(b, "GlobalAveragePool", "", 1, x),
                        net_ints(b, NET_DIMS(1, 8)));
    net_output(b, net_op(b, "Softmax", "axis=-1", 1, head));
    net_output(b, net_op(b, "Transpose", "perm:0,2,1", 1, rows));
    net_output(b, net_gemm(b, pooled, 70));
}

static void channels_last(net *b)
{
    int x = net_input(b, NET_DIMS(1, 21, 19, 3));
    x = net_op(b, "Transpose", "perm:0,3,1,2", 1, x);
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 auto_pad@SAME_UPPER"));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 8, "pads:1,1,1,1"));
    x = net_conv(b, x, 6, 1, 1, 1, "");
    x = net_op(b, "Transpose", "perm:0,2,3,1", 1, x);
    net_output(b, net_op(b, "Reshape", "", 2, x, net_ints(b, NET_DIMS(1, -1, 3))));
}

static void shuffle(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 12, 14)), part[2];
    x = net_relu(b, net_conv(b, x, 12, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    net_op_many(b, "Split", "axis=1", (int[]){x}, 1, part, 2);
    int y = net_relu(b, net_conv(b, part[1], 6, 3, 3, 6, "pads:1,1,1,1"));
    x = net_op(b, "Concat", "axis=1", 2, part[0], net_conv(b, y, 6, 1, 1, 1, ""));
    x = net_op(b, "Reshape", "", 2, x, net_ints(b, NET_DIMS(1, 2, 6, 6, 7)));
    x = net_op(b, "Transpose", "perm:0,2,1,3,4", 1, x);
    x = net_op(b, "Reshape", "", 2, x, net_ints(b, NET_DIMS(1, 12, 6, 7)));
    net_output(b, net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1"));
}

/** More axes than the frame path has; and a Softmax along one of the outer ones. */
static void five_axes(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 8, 6));
    x = net_relu(b, net_conv(b, x, 5, 3, 3, 1, "pads:1,1,1,1"));
    int y = net_op(b, "Unsqueeze", "", 2, x, net_ints(b, NET_DIMS(2)));
    y = net_op(b, "Softmax", "axis=1", 1, net_op(b, "Add", "", 2, y, y));
    net_output(b, y);
    y = net_op(b, "Squeeze", "", 2, net_op(b, "Tanh", "", 1, y), net_ints(b, NET_DIMS(2)));
    net_output(b, net_conv(b, y, 4, 3, 3, 1, ""));
}

/* -------------------------------------------------- operators run densely */

static void generic(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 13, 15));
    x = net_relu(b, net_conv(b, x, 6, 3, 3, 1, "pads:1,1,1,1"));
    int norm = net_op(b, "ReduceL2", "axes:1 keepdims=1", 1, x);
    norm = net_op(b, "Add", "", 2, norm, net_floats(b, 1.0f, 0.0f, NET_DIMS(1)));
    x = net_relu(b, net_conv(b, net_op(b, "Div", "", 2, x, norm), 4, 3, 3, 1, "pads:1,1,1,1"));
    x = net_op(b, "Gather", "axis=1", 2, x, net_ints(b, NET_DIMS(3, 1, 0, 1, 2)));
    x = net_conv(b, x, 4, 1, 1, 1, "");
    x = net_op(b, "InstanceNormalization", "", 3, x, net_floats(b, 1.0f, 0.2f, NET_DIMS(4)),
               net_floats(b, 0.0f, 0.2f, NET_DIMS(4)));
    x = net_op(b, "Tile", "", 2, x, net_ints(b, NET_DIMS(1, 1, 2, 1)));
    net_output(b, net_conv(b, x, 3, 3, 3, 1, "pads:1,1,1,1"));
}

/** Several images reduced to one. */
static void images(net *b)
{
    int x = net_conv(b, net_input(b, NET_DIMS(3, 1, 5, 4)), 1, 3, 3, 1, "pads:1,1,1,1");
    net_output(
        b, net_op(b, "ReduceSum", "", 2, net_op(b, "Tanh", "", 1, x), net_ints(b, NET_DIMS(0, 3))));
    net_output(b, net_op(b, "ReduceMax", "axes:0,1,2", 1, x));
}

/** A product of two activations: neither side has constant weights. */
static void attention(net *b)
{
    int x = net_input(b, NET_DIMS(1, 18, 12));
    int q = net_op(b, "MatMul", "", 2, x, net_floats(b, 0.0f, 0.3f, NET_DIMS(12, 8)));
    int k = net_op(b, "MatMul", "", 2, x, net_floats(b, 0.0f, 0.3f, NET_DIMS(12, 8)));
    int v = net_op(b, "MatMul", "", 2, x, net_floats(b, 0.0f, 0.3f, NET_DIMS(12, 8)));
    int s = net_op(b, "MatMul", "", 2, q, net_op(b, "Transpose", "perm:0,2,1", 1, k));
    s = net_op(b, "Softmax", "axis=-1", 1, s);
    s = net_op(b, "MatMul", "", 2, net_op(b, "MatMul", "", 2, s, v),
               net_floats(b, 0.0f, 0.3f, NET_DIMS(8, 12)));
    net_output(b, net_op(b, "Add", "", 2, s, x));
}

/* ---------------------------------------------------------- ends of a graph */

static void two_inputs(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 16, 20)), y = net_input(b, NET_DIMS(1, 2, 8, 10));
    x = net_relu(b, net_conv(b, x, 8, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    y = net_relu(b, net_conv(b, y, 8, 1, 1, 1, ""));
    net_output(b, net_conv(b, net_op(b, "Add", "", 2, x, y), 4, 3, 3, 1, "pads:1,1,1,1"));
    net_output(b, net_conv(b, net_op(b, "Concat", "axis=1", 2, x, y), 4, 1, 1, 1, ""));
}

static void consumed_output(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 15, 13));
    int mid = net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1");
    int act = net_relu(b, mid);
    net_output(b, mid);
    net_output(b, net_conv(b, act, 4, 3, 3, 1, ""));
    net_output(b, act);
}

static void handed_through(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 9, 10));
    net_output(b, x);
    net_output(b, net_conv(b, x, 4, 3, 3, 1, "pads:1,1,1,1"));
    net_output(b, net_op(b, "Identity", "", 1, x));
    net_output(b, net_floats(b, 0.0f, 1.0f, NET_DIMS(2, 3)));
}

/* ------------------------------------------------------ one weighted layer */

static void one_conv(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 19, 17));
    net_output(b, net_relu(b, net_conv(b, x, 20, 3, 3, 1, "strides:2,1 pads:1,1,1,1")));
}

static void one_depthwise(net *b)
{
    int x = net_input(b, NET_DIMS(1, 5, 19, 17));
    net_output(b, net_relu(b, net_conv(b, x, 5, 3, 3, 5, "pads:1,1,1,1")));
}

static void one_transposed(net *b)
{
    int x = net_input(b, NET_DIMS(1, 6, 9, 11));
    net_output(b, net_conv_transpose(b, x, 4, 3, 3, 2, "strides:2,2 pads:1,1,0,0"));
}

/** What a gate reads and a join, too: an activation that must not be applied twice. */
static void joined_and_read(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 21, 25)), in[2];
    x = net_op(b, "LeakyRelu", "alpha~0.3", 1, net_conv(b, x, 16, 3, 3, 1, "pads:1,1,1,1"));
    in[0] = net_op(b, "LeakyRelu", "alpha~0.3", 1, net_conv(b, x, 40, 3, 3, 1, "pads:1,1,1,1"));
    in[1] = net_op(b, "LeakyRelu", "alpha~0.3", 1, net_conv(b, in[0], 40, 3, 3, 1, "pads:1,1,1,1"));
    x = net_op(b, "Concat", "axis=1", 2, in[0], in[1]);
    net_output(b, net_conv(b, x, 36, 1, 1, 1, ""));
}

/** Integers from the input on, then a layer in f32. */
static void quantised(net *b)
{
    int x = net_input(b, NET_DIMS(1, 4, 13, 15)), y, z;
    int fine = net_floats(b, 0.01f, 0, 0, NULL), coarse = net_floats(b, 0.04f, 0, 0, NULL);
    int zero = net_bytes(b, RPR_U8, 128, 128, 0, NULL), none = net_bytes(b, RPR_I8, 0, 0, 0, NULL);
    int w = net_bytes(b, RPR_I8, -127, 127, NET_DIMS(8, 4, 3, 3));
    int scales = net_floats(b, 0.005f, 0.002f, NET_DIMS(8));
    x = net_op(b, "QuantizeLinear", "", 3, x, fine, zero);
    x = net_op(b, "QLinearConv", "pads:1,1,1,1", 8, x, fine, zero, w, scales, none, coarse, zero);
    y = net_op(b, "MaxPool", "kernel_shape:3,3 pads:1,1,1,1", 1, x);
    z = net_op(b, "com.microsoft:QLinearAdd", "", 8, x, coarse, zero, y, coarse, zero, coarse,
               zero);
    y = net_op(b, "com.microsoft:QLinearSigmoid", "", 5, z, coarse, zero, fine, zero);
    x = net_op(b, "com.microsoft:QLinearMul", "", 8, x, coarse, zero, y, fine, zero, coarse, zero);
    x = net_op(b, "DequantizeLinear", "", 3, x, coarse, zero);
    net_output(b, net_conv(b, x, 12, 3, 3, 1, "pads:1,1,1,1"));
}

static void one_gemm(net *b)
{
    int x = net_input(b, NET_DIMS(3, 40));
    net_output(b, net_op(b, "Sigmoid", "", 1, net_gemm(b, x, 33)));
}

static const struct {
    const char *name;
    void (*build)(net *b);
} nets[] = {
    {"plain", plain},
    {"depthwise", depthwise},
    {"grouped", grouped},
    {"dilated", dilated},
    {"asymmetric", asymmetric},
    {"transposed", transposed},
    {"transposed_holes", transposed_holes},
    {"transposed_folded", transposed_folded},
    {"conv1d", conv1d},
    {"batch", batch},
    {"shared_gate", shared_gate},
    {"residual", residual},
    {"pyramid", pyramid},
    {"concats", concats},
    {"joined_and_read", joined_and_read},
    {"pools", pools},
    {"squeeze", squeeze},
    {"activations", activations},
    {"pads", pads},
    {"tail", tail},
    {"channels_last", channels_last},
    {"shuffle", shuffle},
    {"five_axes", five_axes},
    {"generic", generic},
    {"images", images},
    {"attention", attention},
    {"quantised", quantised},
    {"quantised_deep", nets_quantised_deep},
    {"quantised_squeeze", nets_quantised_squeeze},
    {"quantised_rows", nets_quantised_rows},
    {"two_inputs", two_inputs},
    {"consumed_output", consumed_output},
    {"handed_through", handed_through},
    {"one_conv", one_conv},
    {"one_depthwise", one_depthwise},
    {"one_transposed", one_transposed},
    {"one_gemm", one_gemm},
    {"one_step", nets_one_step},
    {"volume", nets_volume},
    {"functions", nets_functions},
    {"many_steps", nets_many_steps}, /* those of which layers have gates of their own come last */
    {"batch_first", nets_batch_first},
    {"peepholes", nets_peepholes},
};

#define OWN_GATES 3

size_t nets_all(void)
{
    return sizeof nets / sizeof *nets;
}

size_t nets_count(void)
{
    return nets_all() - OWN_GATES;
}

const char *nets_name(size_t i)
{
    return nets[i].name;
}

rpr_graph *nets_graph(size_t i)
{
    net b = net_new(i + 1);
    nets[i].build(&b);
    return b.g;
}

rpr_model *nets_make(size_t i)
{
    return net_finish(nets_graph(i));
}

rpr_model *nets_named(const char *name)
{
    for (size_t i = 0; i < nets_all(); i++)
        if (strcmp(name, nets[i].name) == 0)
            return nets_make(i);
    abort();
}
