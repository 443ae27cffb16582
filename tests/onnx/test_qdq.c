/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes operators on u8 tensors, from u8 and from i8: products and tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "graph/table.h"
#include "qnet.h"

#define ENDS(middle) "QuantizeLinear " middle " DequantizeLinear"

/* "dx": the input as it is stored; zero points below are those of u8. */
static model *start(rpr_dtype t, int rank, const int64_t *dims)
{
    model *m = qnet_new(t, rank, dims);
    qnet_load(m, "x", "dx", 0.03f, t == RPR_I8 ? -20 : 108, t);
    return m;
}

static int zero(rpr_dtype t, int of_u8)
{
    return t == RPR_I8 ? of_u8 - 128 : of_u8;
}

#define EACH_TYPE(t) for (rpr_dtype t = RPR_U8; t <= RPR_I8; t = (rpr_dtype)(t + 1))

/* ----------------------------------------------------------------- products */

/* "c": a convolution of two groups. */
static model *conv(rpr_dtype t, const char *inputs)
{
    model *m = start(t, 4, DIMS(1, 4, 5, 6));
    qnet_weights(m, 4, DIMS(4, 2, 3, 3), 0);
    qnet_bias(m, 4);
    Onnx__NodeProto *n = model_node(m, "Conv", "the_conv", inputs, "c");
    node_int(m, n, "group", 2);
    node_ints(m, n, "pads", 4, DIMS(1, 0, 0, 1));
    return m;
}

static void test_conv(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = conv(t, "dx,w,b");
        qnet_end(m, "c", 0.2f, zero(t, 120), t);
        rpr_graph *g = qnet_graph(m);
        const rpr_node *n = find_node(g, "the_conv"); /* has its name, and the bias of the file */
        assert_string_equal(n->op, "QLinearConv");
        assert_int_equal(n->in[8], find_value(g, "B"));
        assert_int_equal(g->value[n->in[0]].dtype, RPR_U8);
        assert_int_equal(g->value[n->out[0]].dtype, RPR_U8);
        rpr_graph_free(g);
        qnet_check(m, ENDS("QLinearConv"), 0.2);
        m = conv(t, "dx,w");
        qnet_end(m, "c", 0.2f, zero(t, 120), t);
        qnet_check(m, ENDS("QLinearConv"), 0.2);
    }
}

/* A bias of f32 gets the scale of the product. */
static void test_conv_bias(void **state)
{
    (void)state;
    model *m = conv(RPR_U8, "dx,w,f32");
    model_floats(m, "f32", 1, DIMS(4), FLOATS(0.5f, -1.25f, 3, 0));
    qnet_end(m, "c", 0.2f, 120, RPR_U8);
    rpr_graph *g = qnet_graph(m);
    const rpr_node *n = find_node(g, "the_conv");
    const int32_t *b = g->value[n->in[8]].data; /* in steps of 0.03 * (0.01 + 0.002 o) */
    assert_int_equal(b[0], 1667);
    assert_int_equal(b[1], -3472);
    assert_int_equal(b[3], 0);
    rpr_graph_free(g);
    qnet_check(m, ENDS("QLinearConv"), 0.2);
}

/* Clamps commute with storing: with a zero point at the end there is nothing left of them. */
static void test_conv_clamps(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = conv(t, "dx,w,b");
        model_node(m, "Relu", "relu", "c", "r");
        qnet_end(m, "r", 0.1f, zero(t, 0), t);
        qnet_check(m, ENDS("QLinearConv"), 0.1);
        m = conv(t, "dx,w,b");
        model_scalar(m, "lo", -1);
        model_scalar(m, "hi", 2.5f);
        model_node(m, "Clip", "clip", "c,lo,hi", "r");
        model_node(m, "Relu", "relu", "r", "s");
        qnet_end(m, "s", 0.1f, zero(t, 30), t);
        qnet_check(m, ENDS("QLinearConv*"), 0.1);
    }
}

/* "c": 5 x 6 pixels become 11 x 12; the last column sees no input. */
static model *transposed(rpr_dtype t, const char *inputs)
{
    model *m = start(t, 4, DIMS(1, 4, 5, 6));
    qnet_weights(m, 4, DIMS(4, 3, 3, 2), 1);
    qnet_bias(m, 3);
    Onnx__NodeProto *n = model_node(m, "ConvTranspose", "the_conv", inputs, "c");
    node_ints(m, n, "strides", 2, DIMS(2, 2));
    node_ints(m, n, "pads", 4, DIMS(1, 1, 0, 0));
    node_ints(m, n, "output_padding", 2, DIMS(1, 1));
    return m;
}

static void test_conv_transpose(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = transposed(t, "dx,w,b");
        qnet_end(m, "c", 0.2f, zero(t, 120), t);
        rpr_graph *g = qnet_graph(m);
        const rpr_node *n = find_node(g, "the_conv"); /* has its name, and the bias of the file */
        assert_string_equal(n->op, "QLinearConvTranspose");
        assert_int_equal(n->n_in, 9);
        assert_int_equal(n->in[8], find_value(g, "B"));
        assert_int_equal(g->value[n->out[0]].dtype, RPR_U8);
        rpr_graph_free(g);
        qnet_check(m, ENDS("QLinearConvTranspose*"), 0.2);
        m = transposed(t, "dx,w,f32");
        model_floats(m, "f32", 1, DIMS(3), FLOATS(0.5f, -1.25f, 3));
        model_node(m, "Relu", "relu", "c", "r");
        qnet_end(m, "r", 0.1f, zero(t, 0), t);
        qnet_check(m, ENDS("QLinearConvTranspose*"), 0.1);
    }
}

/* What is a function of its result goes into it, once. */
static void test_conv_transpose_table(void **state)
{
    (void)state;
    model *m = transposed(RPR_U8, "dx,w");
    qnet_pass(m, "c", "q1", "d1", 0.1f, 128, RPR_U8);
    model_node(m, "Sigmoid", "n1", "d1", "s");
    qnet_end(m, "s", 1.0f / 255, 0, RPR_U8);
    rpr_graph *g = qnet_graph(m);
    const rpr_node *n = find_node(g, "the_conv");
    assert_int_equal(n->n_in, 10);
    assert_int_equal(rpr_table_input(n), 9);
    rpr_graph_free(g);
    qnet_check(m, ENDS("QLinearConvTranspose*"), 0.03);
    m = transposed(RPR_U8, "dx,w"); /* not where others read it */
    qnet_pass(m, "c", "q1", "d1", 0.1f, 128, RPR_U8);
    model_node(m, "Sigmoid", "n1", "d1", "s");
    qnet_end(m, "s", 1.0f / 255, 0, RPR_U8);
    model_output(m, "d1");
    qnet_check(m, "QuantizeLinear QLinearConvTranspose* DequantizeLinear Table* DequantizeLinear",
               0.1);
}

/* "n": four channels, one of which is scaled by 0, one by less than nothing. */
static model *norm(rpr_dtype t, const float *scale, const float *shift)
{
    model *m = start(t, 4, DIMS(2, 4, 5, 6));
    model_floats(m, "s", 1, DIMS(4), scale);
    model_floats(m, "b", 1, DIMS(4), shift);
    model_floats(m, "mean", 1, DIMS(4), FLOATS(0.5f, -1, 2, 0));
    model_floats(m, "var", 1, DIMS(4), FLOATS(1, 4, 0.25f, 1));
    node_float(m, model_node(m, "BatchNormalization", "the_norm", "dx,s,b,mean,var", "n"),
               "epsilon", 1e-3f);
    return m;
}

static void test_norm(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = norm(t, FLOATS(1.5f, -2, 0.3f, 0), FLOATS(0.1f, -3, 0, 2.5f));
        qnet_end(m, "n", 0.04f, zero(t, 120), t);
        rpr_graph *g = qnet_graph(m);
        const rpr_node *n = find_node(g, "the_norm");
        const int8_t *w = g->value[n->in[3]].data;
        assert_int_equal(rpr_node_int(n, "group", 1), 4);
        assert_int_equal(n->n_attr, 1);
        assert_in_range(w[0], 64, 127);
        assert_in_range(-w[1], 64, 127);
        assert_int_equal(w[3], 0);
        rpr_graph_free(g);
        qnet_check(m, ENDS("QLinearConv"), 0.04);
        m = norm(t, FLOATS(1.5f, -2, 0, 1e-9f), FLOATS(0.1f, -3, 0, 2.5f));
        model_node(m, "Relu", "relu", "n", "r");
        qnet_end(m, "r", 0.02f, zero(t, 0), t);
        qnet_check(m, ENDS("QLinearConv"), 0.02);
    }
}

static void test_gemm(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = start(t, 2, DIMS(3, 5));
        qnet_weights(m, 2, DIMS(4, 5), 0);
        model_floats(m, "c", 1, DIMS(4), FLOATS(1, -2, 0.5f, 0));
        Onnx__NodeProto *n = model_node(m, "Gemm", "gemm", "dx,w,c", "g");
        node_int(m, n, "transB", 1);
        node_float(m, n, "alpha", 0.5f);
        node_float(m, n, "beta", 2);
        qnet_end(m, "g", 0.05f, zero(t, 100), t);
        qnet_check(m, ENDS("QGemm"), 0.05);
        m = start(t, 2, DIMS(3, 5));
        qnet_weights(m, 2, DIMS(5, 4), 1);
        qnet_bias(m, 4);
        model_node(m, "Gemm", "gemm", "dx,w,b", "g");
        model_node(m, "Relu", "relu", "g", "r");
        qnet_end(m, "r", 0.05f, zero(t, 3), t);
        qnet_check(m, ENDS("QGemm*"), 0.05);
        m = start(t, 3, DIMS(2, 3, 5));
        qnet_weights(m, 2, DIMS(5, 4), 1);
        model_node(m, "MatMul", "matmul", "dx,w", "g");
        qnet_end(m, "g", 0.05f, zero(t, 100), t);
        qnet_check(m, ENDS("QLinearMatMul"), 0.05);
    }
}

/* ------------------------------------------------------------------- tables */

static void test_chain(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = start(t, 2, DIMS(16, 20));
        model_scalar(m, "two", 2);
        model_floats(m, "half", 2, DIMS(1, 1), FLOATS(0.5f));
        model_node(m, "HardSigmoid", "n1", "dx", "a");
        model_node(m, "Pow", "n2", "a,two", "b");
        model_node(m, "Mul", "n3", "half,b", "c");
        model_node(m, "Sub", "last", "half,c", "d");
        qnet_end(m, "d", 0.01f, zero(t, 7), t);
        rpr_graph *g = qnet_graph(m);
        assert_int_equal(rpr_table_input(find_node(g, "last")), 1);
        rpr_graph_free(g);
        qnet_check(m, ENDS("Table*"), 0);
    }
}

/* x * HardSigmoid(x), stored between, is a function of what the convolution stores. */
static void test_swish(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = conv(t, "dx,w,b");
        qnet_pass(m, "c", "q1", "d1", 0.1f, zero(t, 128), t);
        model_node(m, "HardSigmoid", "n1", "d1", "h");
        qnet_pass(m, "h", "q2", "d2", 1.0f / 255, zero(t, 0), t);
        model_node(m, "Mul", "n2", "d1,d2", "s");
        qnet_pass(m, "s", "q3", "d3", 0.08f, zero(t, 20), t);
        model_output(m, "d3");
        qnet_check(m, ENDS("QLinearConv*"), 0.08);
    }
}

static void test_requantised(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = start(t, 1, DIMS(200));
        qnet_end(m, "dx", 0.05f, zero(t, 90), t);
        qnet_check(m, ENDS("Table*"), 0);
        m = start(t, 1, DIMS(200)); /* the same number again: nothing is left */
        qnet_end(m, "dx", 0.03f, zero(t, 108), t);
        qnet_check(m, "QuantizeLinear DequantizeLinear", 0);
        m = start(t, 1, DIMS(200)); /* u8 to i8 and back */
        qnet_pass(m, "dx", "q1", "d1", 0.03f, zero(t == RPR_U8 ? RPR_I8 : RPR_U8, 108),
                  t == RPR_U8 ? RPR_I8 : RPR_U8);
        qnet_end(m, "d1", 0.05f, zero(t, 90), t);
        qnet_check(m, ENDS("Table*"), 0);
    }
}

/* A table does not go into a product that others read; both readers store alike. */
static void test_shared(void **state)
{
    (void)state;
    model *m = conv(RPR_U8, "dx,w,b");
    qnet_pass(m, "c", "q1", "d1", 0.1f, 128, RPR_U8);
    qnet_pass(m, "c", "q2", "d2", 0.1f, 128, RPR_U8);
    model_node(m, "Sigmoid", "n1", "d1", "s");
    qnet_end(m, "s", 1.0f / 255, 0, RPR_U8);
    model_output(m, "d2");
    qnet_check(m, "QuantizeLinear QLinearConv DequantizeLinear Table* DequantizeLinear", 0.1);
}

/* ------------------------------------------------------------------ borders */

static void test_outputs(void **state)
{
    (void)state;
    model *m = model_new(); /* i8 comes in and goes out */
    model_opset(m, MS, 1);
    model_input(m, "x", RPR_I8, 4, DIMS(1, 4, 5, 6));
    qnet_load(m, "x", "dx", 0.03f, -20, RPR_I8);
    qnet_weights(m, 4, DIMS(3, 4, 1, 1), 0);
    model_node(m, "Conv", "conv", "dx,w", "c");
    qnet_store(m, "c", "y", 0.1f, 5, RPR_I8);
    model_output(m, "y");
    model_output(m, "x");
    qnet_check(m, "Table* QLinearConv Table*", 1);
    m = conv(RPR_I8, "dx,w,b"); /* and is read by an operator that wants i8 */
    qnet_pass(m, "c", "q", "d", 0.1f, 0, RPR_I8);
    node_int(m, model_node(m, "Cast", "cast", "q", "y"), "to", RPR_F32);
    model_output(m, "y");
    model_output(m, "d");
    qnet_check(m, "QuantizeLinear QLinearConv Table* DequantizeLinear Cast", 1);
}

/* The same in the other format. Sums of u8 are other floats than those of i8. */
static void test_operators(void **state)
{
    (void)state;
    EACH_TYPE(t)
    {
        model *m = qnet_new(t, 4, DIMS(1, 4, 5, 6));
        qnet_pair(m, "x", 0.03f, zero(t, 108), t);
        qnet_pair(m, "c", 0.1f, zero(t, 128), t);
        qnet_pair(m, "l", 0.06f, zero(t, 60), t);
        qnet_weights(m, 4, DIMS(4, 4, 1, 1), 0);
        qnet_bytes(m, "k", t, 4, DIMS(1, 4, 1, 1), 100);
        model_node(m, "QLinearConv", "conv", "x,x_s,x_z,W,W_s,W_z,c_s,c_z", "c");
        node_float(m, qnet_node(m, MS, "QLinearLeakyRelu", "n1", "c,c_s,c_z,l_s,l_z", "l"), "alpha",
                   0.1f);
        qnet_node(m, MS, "QLinearAdd", "n2", "l,l_s,l_z,k,x_s,x_z,c_s,c_z", "a");
        node_ints(m, model_node(m, "MaxPool", "n3", "a", "p"), "kernel_shape", 2, DIMS(2, 2));
        qnet_load(m, "p", "d", 0.1f, zero(t, 128), t);
        model_output(m, "d");
        qnet_check(m, ENDS("QLinearConv* QLinearAdd MaxPool"), t == RPR_I8 ? 0.1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_conv_bias),
        cmocka_unit_test(test_conv_clamps),
        cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_swish),
        cmocka_unit_test(test_requantised),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_conv_transpose),
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_conv_transpose_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
