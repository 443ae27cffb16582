/* SPDX-License-Identifier: Apache-2.0 */
/* Operators without weights on u8 tensors: of com.microsoft, and those that move elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "qnet.h"

#define ENDS(middle) "QuantizeLinear " middle " DequantizeLinear"
#define EACH_TYPE(t) for (rpr_dtype t = RPR_U8; t <= RPR_I8; t = (rpr_dtype)(t + 1))

static int zero(rpr_dtype t, int of_u8)
{
    return t == RPR_I8 ? of_u8 - 128 : of_u8;
}

/* "dx" is the input as it is stored, "dy" another number of the same shape. */
static model *start(rpr_dtype t, int rank, const int64_t *dims)
{
    model *m = qnet_new(t, rank, dims);
    qnet_load(m, "x", "dx", 0.03f, zero(t, 108), t);
    return m;
}

static model *two(rpr_dtype t)
{
    model *m = start(t, 4, DIMS(1, 4, 4, 6));
    model_input(m, "g", RPR_F32, 4, DIMS(1, 4, 1, 6));
    qnet_pass(m, "g", "y", "dy", 0.02f, zero(t, 50), t);
    return m;
}

#define TWO(middle) "QuantizeLinear QuantizeLinear " middle " DequantizeLinear"

static void test_two(void **state)
{
    (void)state;
    static const char *const op[][2] = {{"Add", TWO("QLinearAdd")}, {"Mul", TWO("QLinearMul")}};
    for (int i = 0; i < 2; i++)
        EACH_TYPE(t)
        {
            model *m = two(t);
            model_node(m, op[i][0], "n", "dx,dy", "a");
            qnet_end(m, "a", 0.06f, zero(t, 130), t);
            qnet_check(m, op[i][1], 0.06);
            m = start(t, 4, DIMS(1, 4, 4, 6)); /* of a constant, which has its own scale */
            qnet_bytes(m, "k", t, 3, DIMS(4, 1, 1), 100);
            qnet_load(m, "k", "dk", 0.04f, zero(t, 128), t);
            model_node(m, op[i][0], "n", "dk,dx", "a");
            qnet_end(m, "a", 0.06f, zero(t, 130), t);
            qnet_check(m, i ? ENDS("QLinearMul") : ENDS("QLinearAdd"), 0.06);
        }
}

/* A clamp behind is a table. */
static void test_clamped(void **state)
{
    (void)state;
    model *m = two(RPR_U8);
    model_node(m, "Add", "n", "dx,dy", "a");
    model_node(m, "Relu", "relu", "a", "r");
    qnet_end(m, "r", 0.06f, 0, RPR_U8);
    qnet_check(m, TWO("QLinearAdd"), 0.06);
    m = two(RPR_U8);
    model_node(m, "Add", "n", "dx,dy", "a");
    model_node(m, "Relu", "relu", "a", "r");
    qnet_end(m, "r", 0.06f, 9, RPR_U8);
    qnet_check(m, TWO("QLinearAdd Table*"), 0.06);
}

static void test_concat(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = two(t);
        node_int(m, model_node(m, "Concat", "n", "dx,dy", "a"), "axis", 2);
        qnet_end(m, "a", 0.04f, zero(t, 99), t);
        qnet_check(m, TWO("QLinearConcat"), 0.04);
        m = two(t); /* alike: elements are moved */
        qnet_pass(m, "g", "z", "dz", 0.03f, zero(t, 108), t);
        node_int(m, model_node(m, "Concat", "n", "dx,dz,dx", "a"), "axis", 2);
        qnet_end(m, "a", 0.03f, zero(t, 108), t);
        qnet_check(m, TWO("Concat"), 0);
    }
}

static void test_averages(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = start(t, 4, DIMS(2, 3, 6, 5));
        Onnx__NodeProto *n = model_node(m, "AveragePool", "n", "dx", "a");
        node_ints(m, n, "kernel_shape", 2, DIMS(3, 2));
        node_ints(m, n, "pads", 4, DIMS(1, 1, 1, 0));
        qnet_end(m, "a", 0.02f, zero(t, 128), t);
        qnet_check(m, ENDS("QLinearAveragePool"), 0.02);
        m = start(t, 4, DIMS(2, 3, 6, 5));
        model_node(m, "GlobalAveragePool", "n", "dx", "a");
        qnet_end(m, "a", 0.01f, zero(t, 128), t);
        qnet_check(m, ENDS("QLinearGlobalAveragePool"), 0.01);
        m = start(t, 4, DIMS(2, 3, 6, 5));
        node_ints(m, model_node(m, "ReduceMean", "n", "dx", "a"), "axes", 2, DIMS(-1, 2));
        qnet_end(m, "a", 0.01f, zero(t, 128), t);
        qnet_check(m, ENDS("QLinearGlobalAveragePool"), 0.01);
    }
}

/* -------------------------------------------------------------------- movers */

/* Eight-bit numbers are moved as they are, and looked up where the parameters differ. */
static void moved(void (*add)(model *), const char *with, const char *without)
{
    EACH_TYPE(t)
    {
        model *m = start(t, 4, DIMS(1, 4, 4, 6));
        add(m);
        qnet_end(m, "a", 0.03f, zero(t, 108), t);
        qnet_check(m, without, 0);
        m = start(t, 4, DIMS(1, 4, 4, 6));
        add(m);
        qnet_end(m, "a", 0.04f, zero(t, 100), t);
        qnet_check(m, with, 0);
    }
}

#define MOVED(add, op) moved(add, ENDS(op " Table*"), ENDS(op))

static void shapes(model *m)
{
    model_ints(m, "to", 3, DIMS(4, 4, 6));
    model_ints(m, "zero", 1, DIMS(0));
    model_node(m, "Reshape", "n1", "dx,to", "b");
    model_node(m, "Unsqueeze", "n2", "b,zero", "c");
    node_ints(m, model_node(m, "Transpose", "n3", "c", "d"), "perm", 4, DIMS(0, 2, 3, 1));
    model_node(m, "Squeeze", "n4", "d,zero", "e");
    model_node(m, "Flatten", "n5", "e", "a");
}

static void parts(model *m)
{
    model_ints(m, "from", 1, DIMS(1));
    model_ints(m, "to", 1, DIMS(3));
    model_ints(m, "axis", 1, DIMS(2));
    model_ints(m, "index", 2, DIMS(3, 0));
    model_ints(m, "times", 4, DIMS(1, 2, 1, 1));
    model_ints(m, "wide", 4, DIMS(2, 4, 2, 6));
    model_node(m, "Slice", "n1", "dx,from,to,axis", "b");
    node_int(m, model_node(m, "Gather", "n2", "b,index", "c"), "axis", 1);
    model_node(m, "Tile", "n3", "c,times", "d");
    model_node(m, "Expand", "n4", "d,wide", "a");
}

static void blocks(model *m)
{
    node_int(m, model_node(m, "DepthToSpace", "n1", "dx", "b"), "blocksize", 2);
    node_int(m, model_node(m, "SpaceToDepth", "n2", "b", "c"), "blocksize", 4);
    node_ints(m, model_node(m, "MaxPool", "n3", "c", "a"), "kernel_shape", 2, DIMS(1, 2));
    node_ints(m, m->graph.node[m->graph.n_node - 1], "pads", 4, DIMS(0, 1, 0, 0));
}

static void sizes(model *m)
{
    model_floats(m, "scales", 1, DIMS(4), FLOATS(1, 1, 1.5f, 2));
    model_ints(m, "pads", 8, DIMS(0, 0, 1, 2, 0, 0, -1, 0));
    model_scalar(m, "fill", 0.03f * (44 - 108));
    model_node(m, "Resize", "n1", "dx,,scales", "b");
    model_node(m, "Pad", "n2", "b,pads,fill", "a");
}

static void test_movers(void **state)
{
    (void)state;
    MOVED(shapes, "Reshape Unsqueeze Transpose Squeeze Flatten");
    MOVED(parts, "Slice Gather Tile Expand");
    MOVED(blocks, "DepthToSpace SpaceToDepth MaxPool");
    MOVED(sizes, "Resize Pad");
}

static void interpolated(const char *attr, const char *how, const char *op)
{
    EACH_TYPE(t)
    {
        for (int scale = 0; scale < 3; scale++) {
            model *m = start(t, 4, DIMS(2, 3, 5, 4));
            model_floats(m, "scales", 1, DIMS(4), FLOATS(1, 1, scale ? 2 : 1.7f, scale ? 2 : 0.6f));
            Onnx__NodeProto *n = model_node(m, "Resize", "n", "dx,,scales", "a");
            node_string(m, n, "mode", attr);
            node_string(m, n, "coordinate_transformation_mode", how);
            qnet_end(m, "a", scale == 1 ? 0.03f : 0.021f, zero(t, scale == 2 ? 128 : 108), t);
            qnet_check(m, op, scale == 1 ? 0.03 : 0.021);
        }
    }
}

/* Sizes, and a clamp that saturating does or that a table must do. */
static void test_resized(void **state)
{
    (void)state;
    interpolated("linear", "half_pixel", ENDS("QLinearResize*"));
    interpolated("linear", "align_corners", ENDS("QLinearResize*"));
    interpolated("cubic", "asymmetric", ENDS("QLinearResize*"));
    for (int low = 0; low < 2; low++) {
        model *m = start(RPR_U8, 4, DIMS(1, 3, 4, 6));
        model_ints(m, "sizes", 4, DIMS(1, 3, 8, 5));
        node_string(m, model_node(m, "Resize", "n", "dx,,,sizes", "a"), "mode", "linear");
        model_node(m, "Relu", "relu", "a", "r");
        qnet_end(m, "r", 0.02f, low ? 7 : 0, RPR_U8);
        qnet_check(m, low ? ENDS("QLinearResize* Table*") : ENDS("QLinearResize*"), 0.02);
    }
}

/* Several outputs, of which one stays f32; the rest of the graph sees what it saw. */
static void test_split(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = start(t, 2, DIMS(3, 4));
        node_int(m, model_node(m, "Split", "n", "dx", "p,q"), "axis", 1);
        model_node(m, "Exp", "exp", "p", "e");
        qnet_end(m, "q", 0.03f, zero(t, 108), t);
        model_output(m, "e");
        qnet_check(m, "QuantizeLinear Split DequantizeLinear Exp DequantizeLinear", 0);
    }
}

/* Nothing stores it again: it is not worth a tensor of 8 bits. */
static void test_unstored(void **state)
{
    (void)state;
    model *m = start(RPR_U8, 2, DIMS(3, 4));
    model_node(m, "Transpose", "n", "dx", "a");
    model_output(m, "a");
    qnet_check(m, "QuantizeLinear DequantizeLinear Transpose", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two),      cmocka_unit_test(test_clamped),
        cmocka_unit_test(test_concat),   cmocka_unit_test(test_averages),
        cmocka_unit_test(test_movers),   cmocka_unit_test(test_split),
        cmocka_unit_test(test_unstored), cmocka_unit_test(test_resized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
