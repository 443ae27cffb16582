/* SPDX-License-Identifier: Apache-2.0 */
/* What a weighted node applies last: activations, hard-swish, a scale and an offset behind them. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fused.h"

static void expect_act(model *m, size_t nodes, rpr_act_kind kind, float alpha, float beta)
{
    model_output(m, "y");
    rpr_graph *g = fused(m, nodes);
    const rpr_act *a = &find_node(g, "conv")->act;
    assert_int_equal(a->kind, kind);
    assert_true(fabsf(a->alpha - alpha) <= 1e-6f && fabsf(a->beta - beta) <= 1e-6f);
    rpr_graph_free(g);
}

static void test_acts(void **state)
{
    (void)state;
    model *m = fused_conv();
    model_node(m, "Relu", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_RELU, 0, 0);
    m = fused_conv();
    node_float(m, model_node(m, "LeakyRelu", "act", "c", "y"), "alpha", 0.25f);
    expect_act(m, 1, RPR_ACT_LEAKY_RELU, 0.25f, 0);
    m = fused_conv();
    model_floats(m, "slope", 3, DIMS(1, 1, 1), FLOATS(0.125f));
    model_node(m, "PRelu", "act", "c,slope", "y");
    expect_act(m, 1, RPR_ACT_LEAKY_RELU, 0.125f, 0);
    m = fused_conv();
    model_scalar(m, "hi", 6);
    model_node(m, "Clip", "act", "c,,hi", "y");
    expect_act(m, 1, RPR_ACT_CLIP, -FLT_MAX, 6);
    m = fused_conv();
    m->proto.opset_import[0]->version = 7;
    node_float(m, model_node(m, "Clip", "act", "c", "y"), "min", -1);
    expect_act(m, 1, RPR_ACT_CLIP, -1, FLT_MAX);
    m = fused_conv();
    model_node(m, "Sigmoid", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_SIGMOID, 0, 0);
    m = fused_conv();
    model_node(m, "HardSigmoid", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_HARDSIGMOID, 0.2f, 0.5f);
    m = fused_conv();
    m->proto.opset_import[0]->version = 14;
    model_node(m, "HardSwish", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_HARDSWISH, 1.0f / 6, 0.5f);
    m = fused_conv();
    model_node(m, "Tanh", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_TANH, 0, 0);
}

static void test_acts_stay(void **state)
{
    (void)state;
    model *m = fused_conv(); /* the value before is an output */
    model_node(m, "Relu", "act", "c", "y");
    model_output(m, "c");
    expect_act(m, 2, RPR_ACT_NONE, 0, 0);
    m = fused_conv(); /* the second activation */
    model_node(m, "Relu", "act", "c", "a");
    model_node(m, "Sigmoid", "act2", "a", "y");
    expect_act(m, 2, RPR_ACT_RELU, 0, 0);
    m = fused_conv(); /* a slope per channel */
    fused_weights(m, "slope", 3, DIMS(3, 1, 1));
    model_node(m, "PRelu", "act", "c,slope", "y");
    expect_act(m, 2, RPR_ACT_NONE, 0, 0);
    m = fused_conv(); /* a bound that is not known */
    model_input(m, "lo", RPR_F32, 0, NULL);
    model_node(m, "Clip", "act", "c,lo", "y");
    expect_act(m, 2, RPR_ACT_NONE, 0, 0);
    m = fused_conv(); /* an operator that takes none */
    model_node(m, "Exp", "exp", "c", "e");
    model_node(m, "Relu", "act", "e", "y");
    expect_act(m, 3, RPR_ACT_NONE, 0, 0);
}

static void test_act_of_add(void **state)
{
    (void)state;
    model *m = fused_start(2, DIMS(2, 3));
    model_node(m, "Exp", "exp", "x", "e");
    model_node(m, "Add", "add", "x,e", "a");
    model_node(m, "Relu", "relu", "a", "y");
    model_output(m, "y");
    rpr_graph *g = fused(m, 2);
    assert_int_equal(find_node(g, "add")->act.kind, RPR_ACT_RELU);
    rpr_graph_free(g);
}

/* --------------------------------------------------------------- hard-swish */

/** Each is x * clip(x + 3, 0, 6) / 6 on "c", the last node yielding "y". */
static void swish(model *m, int form)
{
    model_scalar(m, "three", 3);
    model_scalar(m, "zero", 0);
    model_scalar(m, "six", 6);
    model_scalar(m, "sixth", 0.16666667f);
    if (form < 4) {
        fused_binary(m, "Add", "s", form & 1 ? "three" : "c", form & 1 ? "c" : "three");
        model_node(m, "Clip", "g", "s,zero,six", "g");
    }
    switch (form) {
    case 0: /* as PaddleOCR has it */
        fused_binary(m, "Mul", "p", "c", "g");
        fused_binary(m, "Div", "y", "p", "six");
        break;
    case 1:
        fused_binary(m, "Mul", "p", "g", "c");
        fused_binary(m, "Mul", "y", "sixth", "p");
        break;
    case 2:
        fused_binary(m, "Div", "p", "g", "six");
        fused_binary(m, "Mul", "y", "c", "p");
        break;
    case 3:
        fused_binary(m, "Mul", "p", "c", "sixth");
        fused_binary(m, "Mul", "y", "p", "g");
        break;
    default: {
        Onnx__NodeProto *n = model_node(m, "HardSigmoid", "g", "c", "g");
        node_float(m, n, "alpha", 1.0f / 6);
        fused_binary(m, "Mul", "y", "g", "c");
    }
    }
}

static void test_hardswish(void **state)
{
    (void)state;
    for (int form = 0; form < 5; form++) {
        model *m = fused_conv();
        swish(m, form);
        expect_act(m, 1, RPR_ACT_HARDSWISH, 1.0f / 6, 0.5f);
        m = fused_start(2, DIMS(3, 4)); /* alone */
        model_node(m, "Exp", "exp", "x", "c");
        swish(m, form);
        model_output(m, "y");
        rpr_graph *g = fused(m, 2);
        assert_string_equal(g->node[1].op, "HardSwish");
        assert_true(fabsf(rpr_node_float(&g->node[1], "alpha", 0) - 1.0f / 6) < 1e-6f);
        rpr_graph_free(g);
    }
}

/** y = c * clip(inside + 3, 0, 6) / divisor: a HardSwish if inside is c and the divisor six. */
static model *almost_swish(const char *inside, const char *divisor)
{
    model *m = fused_start(2, DIMS(3, 4));
    model_node(m, "Exp", "exp", "x", "c");
    model_scalar(m, "three", 3);
    model_scalar(m, "zero", 0);
    model_scalar(m, "six", 6);
    fused_binary(m, "Add", "s", inside, "three");
    model_node(m, "Clip", "g", "s,zero,six", "g");
    fused_binary(m, "Mul", "p", "c", "g");
    fused_binary(m, "Div", "y", "p", divisor);
    model_output(m, "y");
    return m;
}

static void test_hardswish_stays(void **state)
{
    (void)state;
    model *m = fused_start(2, DIMS(3, 4)); /* the gate is an output */
    model_node(m, "Exp", "exp", "x", "c");
    swish(m, 0);
    model_output(m, "y");
    model_output(m, "g");
    fused_check(m, 4);                          /* Exp, Add with Clip, Mul, Div */
    fused_check(almost_swish("x", "six"), 4);   /* another x outside than inside */
    fused_check(almost_swish("c", "three"), 4); /* factors that do not make one */
}

/* ------------------------------------------------------ behind the activation */

static void test_post(void **state)
{
    (void)state;
    model *m = fused_conv(); /* a whole affine block of PP-LCNet: before and after the activation */
    model_floats(m, "k", 1, DIMS(1), FLOATS(0.75f));
    model_floats(m, "l", 1, DIMS(1), FLOATS(-0.5f));
    fused_binary(m, "Mul", "m1", "c", "k");
    fused_binary(m, "Add", "m2", "m1", "l");
    model_node(m, "Relu", "relu", "m2", "r");
    fused_binary(m, "Mul", "m3", "k", "r");
    fused_binary(m, "Add", "m4", "m3", "l");
    fused_binary(m, "Mul", "m5", "m4", "k");
    fused_binary(m, "Sub", "y", "l", "m5");
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    const rpr_act *a = &g->node[0].act;
    assert_int_equal(a->kind, RPR_ACT_RELU);
    assert_true(fabsf(a->post_mul + 0.5625f) < 1e-6f);
    assert_true(fabsf(a->post_add + 0.125f) < 1e-6f);
    rpr_graph_free(g);

    m = fused_conv(); /* per channel: no */
    fused_weights(m, "k", 3, DIMS(3, 1, 1));
    model_node(m, "Relu", "relu", "c", "r");
    fused_binary(m, "Mul", "y", "r", "k");
    model_output(m, "y");
    fused_check(m, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acts),
        cmocka_unit_test(test_acts_stay),
        cmocka_unit_test(test_act_of_add),
        cmocka_unit_test(test_hardswish),
        cmocka_unit_test(test_hardswish_stays),
        cmocka_unit_test(test_post),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
