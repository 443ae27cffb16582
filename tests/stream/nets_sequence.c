/* SPDX-License-Identifier: Apache-2.0 */
/* Networks that hear: recurrent layers, volumes, functions of one element. */
#include "nets_sequence.h"

#include <math.h>
#include <stdio.h>

/** A recurrent node with random weights; h and c may be RPR_NONE. */
static void recurrent(net *b, const char *op, const char *attr, int x, int hidden, int directions,
                      int h, int c, int *out, int n_out)
{
    const int gates = op[0] == 'L' ? 4 : op[0] == 'G' ? 3 : 1;
    const int64_t d = directions, rows = gates * hidden, inputs = net_shape(b, x)->dim[2];
    const int w = net_floats(b, 0.0f, sqrtf(3.0f / (float)inputs), NET_DIMS(d, rows, inputs));
    const int r = net_floats(b, 0.0f, sqrtf(3.0f / (float)hidden), NET_DIMS(d, rows, hidden));
    const int bias = net_floats(b, 0.0f, 0.2f, NET_DIMS(d, 2 * rows));
    const int in[] = {x, w, r, bias, RPR_NONE, h, c};
    char all[256];
    (void)snprintf(all, sizeof all, "hidden_size=%d %s", hidden, attr);
    net_op_many(b, op, all, in, c != RPR_NONE ? 7 : h != RPR_NONE ? 6 : 4, out, n_out);
}

/** Takes the axis of directions away. */
static int flat(net *b, int y, int hidden)
{
    const int64_t steps = net_shape(b, y)->dim[0];
    return net_op(b, "Reshape", "", 2, y, net_ints(b, 3, (const int64_t[]){steps, -1, hidden}));
}

void nets_one_step(net *b)
{
    int x = net_input(b, NET_DIMS(1, 15, 20)), h = net_input(b, NET_DIMS(1, 15, 17));
    int c = net_input(b, NET_DIMS(1, 15, 17)), out[3];
    recurrent(b, "LSTM", "", x, 17, 1, h, c, out, 3);
    net_output(b, out[1]);
    net_output(b, out[2]);
    x = flat(b, out[0], 17);
    recurrent(b, "GRU", "", x, 12, 1, RPR_NONE, RPR_NONE, out, 2);
    recurrent(b, "GRU", "linear_before_reset=1", flat(b, out[0], 12), 12, 1, out[1], RPR_NONE, out,
              2);
    recurrent(b, "RNN", "", flat(b, out[0], 12), 9, 1, RPR_NONE, RPR_NONE, out, 2);
    net_output(b, out[0]);
}

void nets_many_steps(net *b)
{
    int x = net_input(b, NET_DIMS(9, 2, 20)), h = net_input(b, NET_DIMS(2, 2, 18)), out[3];
    recurrent(b, "LSTM", "direction@bidirectional", x, 18, 2, h, h, out, 3);
    net_output(b, out[2]);
    x = net_op(b, "Transpose", "perm:0,2,1,3", 1, out[0]);
    x = net_op(b, "Reshape", "", 2, x, net_ints(b, 3, (const int64_t[]){9, 2, 36}));
    recurrent(b, "GRU", "direction@reverse", x, 14, 1, RPR_NONE, RPR_NONE, out, 2);
    recurrent(b, "GRU", "linear_before_reset=1", flat(b, out[0], 14), 14, 1, RPR_NONE, RPR_NONE,
              out, 2);
    recurrent(b, "RNN", "", flat(b, out[0], 14), 11, 1, RPR_NONE, RPR_NONE, out, 2);
    net_output(b, out[0]);
    net_output(b, out[1]);
}

void nets_batch_first(net *b)
{
    int x = net_input(b, NET_DIMS(2, 5, 10)), out[3];
    recurrent(b, "LSTM", "layout=1 direction@bidirectional", x, 8, 2, RPR_NONE, RPR_NONE, out, 3);
    net_output(b, out[0]);
    net_output(b, out[1]);
    net_output(b, out[2]);
}

void nets_peepholes(net *b)
{
    enum { STEPS = 7, INPUTS = 11, HIDDEN = 10, ROWS = 4 * HIDDEN };
    int x = net_input(b, NET_DIMS(STEPS, 2, INPUTS)), out[3];
    const int w = net_floats(b, 0.0f, 0.5f, NET_DIMS(2, ROWS, INPUTS));
    const int r = net_floats(b, 0.0f, 0.5f, NET_DIMS(2, ROWS, HIDDEN));
    const int bias = net_floats(b, 0.0f, 0.2f, NET_DIMS(2, 2 * ROWS));
    const int peep = net_floats(b, 0.0f, 0.9f, NET_DIMS(2, 3 * HIDDEN));
    const int in[] = {x, w, r, bias, RPR_NONE, RPR_NONE, RPR_NONE, peep};
    net_op_many(b, "LSTM", "hidden_size=10 direction@bidirectional", in, 8, out, 3);
    net_output(b, out[0]);
    net_output(b, out[2]);
}

/** Kernels of 3, 2 and 1 in depth; padded, unpadded and dilated. */
void nets_volume(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 7, 12, 10));
    int w = net_floats(b, 0.0f, 0.4f, NET_DIMS(6, 2, 3, 3, 3)),
        bias = net_floats(b, 0.0f, 0.1f, NET_DIMS(6));
    x = net_relu(b, net_op(b, "Conv", "pads:1,1,1,1,1,1", 3, x, w, bias));
    x = net_op(b, "MaxPool", "kernel_shape:1,2,2 strides:1,2,2", 1, x);
    w = net_floats(b, 0.0f, 0.3f, NET_DIMS(8, 3, 2, 3, 3));
    x = net_op(b, "Conv", "group=2 dilations:2,1,1 pads:0,1,1,0,1,1", 3, x, w,
               net_floats(b, 0.0f, 0.1f, NET_DIMS(8)));
    x = net_op(b, "MaxPool", "kernel_shape:2,2,2 strides:2,2,2", 1, x);
    net_output(b, x); /* read by one that runs by its definition, too */
    w = net_floats(b, 0.0f, 0.3f, NET_DIMS(5, 8, 1, 1, 1));
    x = net_op(b, "Conv", "", 2, x, w);
    net_output(b, net_op(b, "AveragePool", "kernel_shape:2,1,1", 1, x));
}

void nets_functions(net *b)
{
    int x = net_input(b, NET_DIMS(1, 6, 9, 11)), two = net_floats(b, 2.0f, 0.0f, NET_DIMS(1));
    x = net_conv(b, x, 8, 3, 3, 1, "pads:1,1,1,1");
    int square = net_op(b, "Pow", "", 2, x, two);
    int one = net_floats(b, 1.0f, 0.0f, NET_DIMS(1, 8, 1, 1));
    int y = net_op(b, "Add", "", 2, square, one);
    int root = net_op(b, "Sqrt", "", 1, y), log = net_op(b, "Log", "", 1, y);
    int mix = net_op(b, "Add", "", 2, net_op(b, "Erf", "", 1, root), net_op(b, "Neg", "", 1, log));
    mix = net_op(b, "Add", "", 2, mix, net_op(b, "Exp", "", 1, net_op(b, "Neg", "", 1, y)));
    mix = net_op(b, "Add", "", 2, mix, net_op(b, "Reciprocal", "", 1, y));
    mix = net_op(b, "Add", "", 2, mix, net_op(b, "Abs", "", 1, x));
    net_output(b, net_conv(b, mix, 4, 1, 1, 1, ""));
}
