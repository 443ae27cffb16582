/* SPDX-License-Identifier: Apache-2.0 */
#include "nets_quant.h"

#include <math.h>
#include <stdio.h>

#define HALF 128

static int byte(net *b, int v)
{
    return net_bytes(b, RPR_U8, v, v, 0, NULL);
}

static int scale(net *b, float v)
{
    return net_floats(b, v, 0, 0, NULL);
}

int net_quantise(net *b, int x, float s, int zero)
{
    return net_op(b, "QuantizeLinear", "", 3, x, scale(b, s), byte(b, zero));
}

int net_dequantise(net *b, int x, float s, int zero)
{
    return net_op(b, "DequantizeLinear", "", 3, x, scale(b, s), byte(b, zero));
}

/** Weights such that the output spreads over its range when the input does. */
int net_qconv(net *b, int x, const net_scales *s, int co, int kh, int kw, int group,
              const char *attr)
{
    const int64_t ci = net_shape(b, x)->dim[1] / group;
    const float fan = sqrtf((float)(ci * kh * kw));
    int w = net_bytes(b, RPR_I8, -127, 127, NET_DIMS(co, ci, kh, kw));
    int scales =
        net_floats(b, s->to / s->from / 60.0f / fan, s->to / s->from / 120.0f / fan, NET_DIMS(co));
    int none = net_bytes(b, RPR_I8, 0, 0, 0, NULL);
    char text[128];
    (void)snprintf(text, sizeof text, "group=%d %s", group, attr);
    return net_op(b, "QLinearConv", text, 8, x, scale(b, s->from), byte(b, s->from_zero), w, scales,
                  none, scale(b, s->to), byte(b, s->to_zero));
}

/** Rows of values: u8 weights with a zero point of their own. */
static int product(net *b, int x, const net_scales *s, int columns)
{
    const rpr_shape *shape = net_shape(b, x);
    const int64_t depth = shape->dim[shape->rank - 1];
    int w = net_bytes(b, RPR_U8, 5, 245, NET_DIMS(depth, columns));
    const float fan = sqrtf((float)depth);
    return net_op(b, "QLinearMatMul", "", 8, x, scale(b, s->from), byte(b, s->from_zero), w,
                  scale(b, s->to / s->from / 60.0f / fan), byte(b, 120), scale(b, s->to),
                  byte(b, s->to_zero));
}

/** Lists, groups, layers by channel and by pixel, padding that is not zero, odd channel counts. */
void nets_quantised_deep(net *b)
{
    const net_scales s = {0.02f, 0.03f, 90, 140}, t = {0.03f, 0.03f, 140, 140};
    int x = net_quantise(b, net_input(b, NET_DIMS(1, 3, 21, 19)), s.from, s.from_zero), y, z;
    x = net_qconv(b, x, &s, 16, 3, 3, 1, "pads:1,1,1,1 strides:2,2");
    y = net_qconv(b, x, &t, 16, 3, 3, 16, "pads:1,1,1,1");
    y = net_qconv(b, y, &t, 22, 1, 1, 1, "");
    y = net_qconv(b, y, &t, 24, 3, 3, 1, "pads:1,2,1,0");
    z = net_qconv(b, x, &t, 24, 3, 3, 2, "pads:1,1,1,1 dilations:1,1");
    x = net_op(b, "com.microsoft:QLinearAdd", "", 8, y, scale(b, t.to), byte(b, t.to_zero), z,
               scale(b, t.to), byte(b, t.to_zero), scale(b, t.to), byte(b, t.to_zero));
    y = net_op(b, "com.microsoft:QLinearConcat", "axis=1", 8, scale(b, 0.04f), byte(b, HALF), x,
               scale(b, t.to), byte(b, t.to_zero), z, scale(b, 0.02f), byte(b, 100));
    y = net_op(b, "MaxPool", "kernel_shape:2,2 strides:2,2", 1, y);
    const net_scales u = {0.04f, 0.05f, HALF, 77};
    x = net_qconv(b, y, &u, 70, 3, 3, 1, "pads:2,2,2,2 dilations:2,2");
    net_output(b, net_dequantise(b, x, u.to, u.to_zero));
}

void nets_quantised_bytes(net *b)
{
    const net_scales s = {0.02f, 0.03f, 90, 140};
    int x = net_quantise(b, net_input(b, NET_DIMS(1, 5, 9, 11)), s.from, s.from_zero);
    net_output(b, net_qconv(b, x, &s, 18, 3, 3, 1, "pads:1,1,1,1"));
    net_output(b, x);
}

/** A squeeze: the mean of all pixels scales every channel. */
void nets_quantised_squeeze(net *b)
{
    const net_scales s = {0.02f, 0.03f, HALF, HALF}, t = {0.03f, 0.03f, HALF, HALF};
    int x = net_quantise(b, net_input(b, NET_DIMS(2, 8, 12, 10)), s.from, s.from_zero), y;
    x = net_qconv(b, x, &s, 20, 3, 3, 1, "pads:1,1,1,1");
    y = net_op(b, "com.microsoft:QLinearGlobalAveragePool", "", 5, x, scale(b, t.from),
               byte(b, HALF), scale(b, t.from), byte(b, HALF));
    y = net_qconv(b, y, &t, 20, 1, 1, 1, "");
    x = net_op(b, "com.microsoft:QLinearMul", "", 8, x, scale(b, t.from), byte(b, HALF), y,
               scale(b, t.from), byte(b, HALF), scale(b, t.from), byte(b, HALF));
    net_output(b, net_dequantise(b, net_qconv(b, x, &t, 12, 3, 3, 1, ""), t.to, HALF));
}

void nets_quantised_rows(net *b)
{
    const net_scales s = {0.02f, 0.03f, 100, 150}, t = {0.03f, 0.05f, 150, 3};
    int x = net_quantise(b, net_input(b, NET_DIMS(3, 5, 42)), s.from, s.from_zero);
    x = product(b, x, &s, 33);
    net_output(b, net_dequantise(b, product(b, x, &t, 9), t.to, t.to_zero));
}

static int resized(net *b, int x, const net_scales *s, const char *attr, int64_t h, int64_t w)
{
    const rpr_shape was = *net_shape(b, x);
    const int sizes = net_ints(b, NET_DIMS(was.dim[0], was.dim[1], h, w));
    x = net_op(b, "Resize", attr, 4, net_dequantise(b, x, s->from, s->from_zero), RPR_NONE,
               RPR_NONE, sizes);
    return net_quantise(b, x, s->to, s->to_zero);
}

/** Twice the size with and without another scale, and what has no short weights. */
void nets_quantised_pyramid(net *b)
{
    const net_scales s = {0.02f, 0.03f, 90, 140}, t = {0.03f, 0.03125f, 140, 131};
    const net_scales same = {0.03125f, 0.03125f, 131, 131}, finer = {0.03125f, 0.023f, 131, 99};
    int x = net_quantise(b, net_input(b, NET_DIMS(1, 3, 22, 26)), s.from, s.from_zero), y, z;
    x = net_qconv(b, x, &s, 18, 3, 3, 1, "pads:1,1,1,1 strides:2,2");
    y = net_qconv(b, x, &t, 18, 3, 3, 1, "pads:2,1,1,1 strides:2,2");
    z = resized(b, y, &finer, "mode@linear", 12, 14);
    y = resized(b, y, &same, "mode@linear", 12, 14);
    z = net_op(b, "com.microsoft:QLinearAdd", "", 8, y, scale(b, same.to), byte(b, same.to_zero), z,
               scale(b, finer.to), byte(b, finer.to_zero), scale(b, 0.03125f), byte(b, 131));
    y = resized(b, net_qconv(b, z, &same, 33, 1, 1, 1, ""), &finer,
                "mode@cubic coordinate_transformation_mode@asymmetric", 5, 17);
    z = resized(b, z, &finer, "mode@linear coordinate_transformation_mode@align_corners", 19, 9);
    const net_scales u = {0.023f, 0.05f, 99, 77};
    y = net_qconv(b, y, &u, 20, 3, 3, 1, "pads:1,1,1,1");
    z = net_qconv(b, z, &u, 20, 3, 3, 1, "pads:1,1,1,1");
    net_output(b, net_dequantise(b, y, u.to, u.to_zero));
    net_output(b, net_dequantise(b, z, u.to, u.to_zero));
}

int net_qconv_transpose(net *b, int x, const net_scales *s, int co, int kh, int kw,
                        const char *attr)
{
    const int64_t ci = net_shape(b, x)->dim[1];
    const float step = s->to / s->from / 30.0f / sqrtf((float)(ci * kh * kw));
    int w = net_bytes(b, RPR_I8, -127, 127, NET_DIMS(ci, co, kh, kw));
    int scales = net_floats(b, step, step / 2, NET_DIMS(co));
    int none = net_bytes(b, RPR_I8, 0, 0, NET_DIMS(co));
    w = net_op(b, "DequantizeLinear", "axis=1", 3, w, scales, none);
    int bias = net_floats(b, 0.0f, 20 * s->to, NET_DIMS(co));
    x = net_dequantise(b, x, s->from, s->from_zero);
    x = net_op(b, "ConvTranspose", attr, 3, x, w, bias);
    return net_quantise(b, x, s->to, s->to_zero);
}

/**
 * Residues that are folded and that are not; fewer taps at the edges, other numbers of them from
 * residue to residue, and none; odd channel counts, a single one, a table; steps of 1.
 */
void nets_quantised_transposed(net *b)
{
    const net_scales s = {0.02f, 0.03f, 90, 140}, t = {0.03f, 0.03f, 140, 140};
    const net_scales u = {0.03f, 0.04f, 140, 60}, v = {0.04f, 0.02f, 60, 128};
    int x = net_quantise(b, net_input(b, NET_DIMS(1, 3, 9, 10)), s.from, s.from_zero), y;
    x = net_qconv(b, x, &s, 10, 3, 3, 1, "pads:1,1,1,1");
    y = net_qconv_transpose(b, x, &t, 8, 2, 2, "strides:2,2");
    y = net_qconv_transpose(b, y, &u, 7, 3, 3, "strides:2,2 pads:1,1,1,1 output_padding:1,1");
    y = net_op(b, "Sigmoid", "", 1, net_dequantise(b, y, u.to, u.to_zero));
    y = net_quantise(b, y, 1.0f / 255, 0);
    const net_scales w = {1.0f / 255, 0.02f, 0, 100};
    y = net_qconv_transpose(b, y, &w, 1, 2, 2, "strides:2,2");
    net_output(b, net_dequantise(b, y, w.to, w.to_zero));
    y = net_qconv_transpose(b, x, &u, 36, 2, 3, "strides:3,1 dilations:1,2 pads:0,2,0,1");
    y = net_qconv_transpose(b, y, &v, 12, 5, 4, "strides:2,4 pads:2,3,1,2");
    net_output(b, net_dequantise(b, y, v.to, v.to_zero));
}
