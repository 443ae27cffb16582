/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into the weights: normalisation, scales and offsets, biases of MatMul. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fused.h"

static void test_norm(void **state)
{
    (void)state;
    model *m = fused_conv();
    fused_norm(m, "norm", "c", "y", 3);
    model_output(m, "y");
    fused_check(m, 1);

    m = fused_start(4, DIMS(1, 4, 3, 3)); /* two groups, no bias */
    fused_weights(m, "w", 4, DIMS(4, 3, 2, 2));
    node_int(m, model_node(m, "ConvTranspose", "conv", "x,w", "c"), "group", 2);
    fused_norm(m, "norm", "c", "y", 6);
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    assert_int_equal(g->node[0].n_in, 3);
    rpr_graph_free(g);

    for (int transposed = 0; transposed < 2; transposed++) {
        m = fused_start(2, DIMS(3, 4));
        fused_weights(m, "w", 2, transposed ? DIMS(5, 4) : DIMS(4, 5));
        fused_weights(m, "b", 2, DIMS(1, 5));
        Onnx__NodeProto *n = model_node(m, "Gemm", "gemm", "x,w,b", "c");
        node_int(m, n, "transB", transposed);
        node_float(m, n, "alpha", 0.5f);
        node_float(m, n, "beta", 2.0f);
        fused_norm(m, "norm", "c", "y", 5);
        model_output(m, "y");
        fused_check(m, 1);
    }
}

static void test_norm_stays(void **state)
{
    (void)state;
    model *m = fused_conv(); /* someone else reads the convolution */
    fused_norm(m, "norm", "c", "y", 3);
    model_output(m, "y");
    model_output(m, "c");
    fused_check(m, 2);
    m = fused_start(4, DIMS(1, 3, 2, 2)); /* nothing to fuse into */
    fused_norm(m, "norm", "x", "y", 3);
    model_output(m, "y");
    fused_check(m, 1);
    m = fused_start(2, DIMS(3, 4)); /* a bias per row is no bias per channel */
    fused_weights(m, "w", 2, DIMS(4, 5));
    fused_weights(m, "b", 2, DIMS(3, 1));
    model_node(m, "Gemm", "gemm", "x,w,b", "c");
    fused_norm(m, "norm", "c", "y", 5);
    model_output(m, "y");
    fused_check(m, 2);
}

/** Two convolutions with the same weights, one of them scaled. */
static void test_shared_weights(void **state)
{
    (void)state;
    model *m = fused_conv();
    model_scalar(m, "k", 3);
    model_node(m, "Mul", "mul", "c,k", "y");
    model_node(m, "Conv", "other", "x,w,b", "z");
    model_output(m, "y");
    model_output(m, "z");
    rpr_graph *g = fused(m, 2);
    assert_int_not_equal(g->node[0].in[1], g->node[1].in[1]);
    assert_int_not_equal(g->node[0].in[2], g->node[1].in[2]);
    rpr_graph_free(g);
}

static void test_affine(void **state)
{
    (void)state;
    model *m = fused_conv();
    fused_weights(m, "k", 3, DIMS(3, 1, 1));
    fused_weights(m, "l", 4, DIMS(1, 3, 1, 1));
    model_scalar(m, "s", 2.5f);
    model_floats(m, "t", 1, DIMS(1), FLOATS(-3));
    fused_binary(m, "Mul", "m1", "k", "c");
    fused_binary(m, "Add", "m2", "m1", "l");
    fused_binary(m, "Sub", "m3", "s", "m2");
    fused_binary(m, "Sub", "m4", "m3", "t");
    fused_binary(m, "Div", "m5", "m4", "s");
    model_node(m, "Relu", "relu", "m5", "y");
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    assert_string_equal(g->node[0].name, "conv");
    assert_int_equal(g->node[0].act.kind, RPR_ACT_RELU);
    rpr_graph_free(g);
}

static void affine_stays(const char *op, const char *a, const char *b, int rank,
                         const int64_t *dims)
{
    model *m = fused_conv();
    fused_weights(m, "k", rank, dims);
    fused_binary(m, op, "y", a, b);
    model_output(m, "y");
    fused_check(m, 2);
}

static void test_affine_stays(void **state)
{
    (void)state;
    affine_stays("Mul", "c", "k", 1, DIMS(3));             /* along the width */
    affine_stays("Add", "c", "k", 3, DIMS(1, 4, 1));       /* along the height */
    affine_stays("Add", "c", "k", 4, DIMS(2, 1, 1, 1));    /* a larger result */
    affine_stays("Mul", "c", "k", 5, DIMS(1, 1, 3, 1, 1)); /* a higher rank */
    affine_stays("Div", "k", "c", 3, DIMS(3, 1, 1));       /* k / c */
    model *m = fused_conv();
    model_scalar(m, "k", 0);
    model_scalar(m, "one", 1);
    fused_binary(m, "Mul", "a", "c", "one");
    model_node(m, "Exp", "exp", "a", "e");
    fused_binary(m, "Mul", "y", "c", "e"); /* two readers */
    model_output(m, "y");
    fused_check(m, 4);
}

static void test_matmul(void **state)
{
    (void)state;
    model *m = fused_start(2, DIMS(3, 4));
    fused_weights(m, "w", 2, DIMS(4, 5));
    fused_weights(m, "b", 1, DIMS(5));
    model_scalar(m, "k", 0.5f);
    model_node(m, "MatMul", "mm", "x,w", "c");
    fused_binary(m, "Mul", "d", "c", "k");
    fused_binary(m, "Add", "e", "b", "d");
    model_node(m, "Tanh", "tanh", "e", "y");
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    assert_string_equal(g->node[0].op, "Gemm");
    assert_int_equal(g->node[0].act.kind, RPR_ACT_TANH);
    rpr_graph_free(g);

    m = fused_start(3, DIMS(2, 3, 4)); /* Gemm is for matrices: the Add stays */
    fused_weights(m, "w", 2, DIMS(4, 5));
    fused_weights(m, "b", 1, DIMS(5));
    model_scalar(m, "k", 0.5f);
    model_node(m, "MatMul", "mm", "x,w", "c");
    fused_binary(m, "Mul", "d", "c", "k");
    fused_binary(m, "Add", "y", "d", "b");
    model_output(m, "y");
    g = fused(m, 2);
    assert_string_equal(g->node[0].op, "MatMul");
    rpr_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),           cmocka_unit_test(test_norm_stays),
        cmocka_unit_test(test_shared_weights), cmocka_unit_test(test_affine),
        cmocka_unit_test(test_affine_stays),   cmocka_unit_test(test_matmul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
