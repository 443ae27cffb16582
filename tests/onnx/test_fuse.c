/* SPDX-License-Identifier: Apache-2.0 */
/* What fusing takes out of a graph: nodes that do nothing, pads, channels that nothing reads. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fused.h"

/* ------------------------------------------------------------------- no-ops */

static void test_noops(void **state)
{
    (void)state;
    model *m = fused_start(3, DIMS(2, 3, 3));
    model_ints(m, "same", 3, DIMS(2, 3, 3));
    model_ints(m, "zeros", 6, DIMS(0, 0, 0, 0, 0, 0));
    model_ints(m, "from", 1, DIMS(0));
    model_ints(m, "to", 1, DIMS(1000));
    model_node(m, "Identity", "n1", "x", "a");
    tensor_raw(m, model_init(m, "train", RPR_BOOL, 0, NULL), "", 1);
    model_node(m, "Dropout", "n2", "a,,train", "b,mask");
    node_int(m, model_node(m, "Cast", "n3", "b", "c"), "to", RPR_F32);
    model_node(m, "Reshape", "n4", "c,same", "d");
    model_node(m, "Pad", "n5", "d,zeros", "e");
    node_ints(m, model_node(m, "Transpose", "n6", "e", "f"), "perm", 3, DIMS(0, 1, 2));
    node_int(m, model_node(m, "Concat", "n7", "f", "g"), "axis", 1);
    model_node(m, "Slice", "n8", "g,from,to", "h");
    model_node(m, "Exp", "exp", "h", "y");
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    assert_int_equal(g->node[0].in[0], g->input[0]);
    rpr_graph_free(g);
}

static void test_not_noops(void **state)
{
    (void)state;
    model *m = fused_start(3, DIMS(2, 3, 3));
    model_ints(m, "shift", 6, DIMS(0, 0, 1, 0, 0, -1));
    model_ints(m, "from", 1, DIMS(-1));
    model_ints(m, "to", 1, DIMS(-1000));
    model_ints(m, "axis", 1, DIMS(2));
    model_ints(m, "step", 1, DIMS(-1));
    model_node(m, "Pad", "pad", "x,shift", "a");
    model_node(m, "Slice", "slice", "a,from,to,axis,step", "b");
    node_ints(m, model_node(m, "Transpose", "turn", "b", "y"), "perm", 3, DIMS(0, 2, 1));
    model_output(m, "y");
    fused_check(m, 3);
}

static void test_noop_outputs(void **state)
{
    (void)state;
    /* the output keeps its name; the reader that stands before the Identity follows */
    model *m = fused_start(2, DIMS(2, 3));
    model_node(m, "Exp", "exp", "x", "a");
    model_node(m, "Neg", "neg", "a", "z");
    model_node(m, "Identity", "id", "a", "y");
    model_output(m, "y");
    model_output(m, "z");
    fused_check(m, 2);
    /* an input and two outputs of one value cannot share a name */
    m = fused_start(2, DIMS(2, 3));
    model_node(m, "Identity", "id1", "x", "y");
    model_node(m, "Exp", "exp", "x", "a");
    model_node(m, "Identity", "id2", "a", "z");
    for (int i = 0; i < 3; i++)
        model_output(m, (const char *const[]){"y", "a", "z"}[i]);
    fused_check(m, 3);
}

/* --------------------------------------------------------------------- pads */

static void test_pad_conv(void **state)
{
    (void)state;
    model *m = fused_start(4, DIMS(1, 2, 6, 5));
    fused_weights(m, "w", 4, DIMS(3, 2, 3, 3));
    fused_weights(m, "v", 4, DIMS(2, 2, 2, 2));
    model_ints(m, "pads", 8, DIMS(0, 0, 1, 2, 0, 0, 3, 0));
    model_node(m, "Pad", "pad", "x,pads", "p");
    node_ints(m, model_node(m, "Conv", "own", "p,w", "y"), "pads", 4, DIMS(1, 1, 0, 0));
    node_string(m, model_node(m, "Conv", "valid", "p,v", "z"), "auto_pad", "VALID");
    model_output(m, "y");
    model_output(m, "z");
    rpr_graph *g = fused(m, 2);
    size_t n;
    const int64_t *pads = rpr_node_ints(find_node(g, "own"), "pads", &n);
    assert_int_equal(n, 4);
    assert_memory_equal(pads, DIMS(2, 3, 3, 0), 4 * sizeof *pads);
    rpr_graph_free(g);
}

/** A Pad of the last two axes before a pool. */
static model *padded_pool(const char *op, float value, int ceil_mode)
{
    model *m = fused_start(4, DIMS(1, 2, 6, 6));
    model_ints(m, "pads", 8, DIMS(0, 0, 1, 0, 0, 0, 0, 1));
    model_scalar(m, "value", value);
    model_node(m, "Pad", "pad", "x,pads,value", "p");
    Onnx__NodeProto *n = model_node(m, op, "pool", "p", "y");
    node_ints(m, n, "kernel_shape", 2, DIMS(2, 2));
    node_ints(m, n, "strides", 2, DIMS(2, 2));
    node_int(m, n, "ceil_mode", ceil_mode);
    model_output(m, "y");
    return m;
}

static void test_pad_pool(void **state)
{
    (void)state;
    fused_check(padded_pool("MaxPool", -INFINITY, 0), 1);
    fused_check(padded_pool("MaxPool", -FLT_MAX, 0), 1);
    fused_check(padded_pool("MaxPool", 0, 0), 2);
    fused_check(padded_pool("MaxPool", -FLT_MAX, 1), 2);
    fused_check(padded_pool("AveragePool", 1, 0), 2);
    rpr_graph *g = fused(padded_pool("AveragePool", 0, 0), 1);
    assert_int_equal(rpr_node_int(&g->node[0], "count_include_pad", 0), 1);
    rpr_graph_free(g);
}

static model *padded_conv(const int64_t *pads, const char *mode, float value)
{
    model *m = fused_start(4, DIMS(1, 2, 6, 5));
    fused_weights(m, "w", 4, DIMS(3, 2 + pads[1], 3, 3));
    model_ints(m, "pads", 8, pads);
    model_scalar(m, "value", value);
    Onnx__NodeProto *n = model_node(m, "Pad", "pad", "x,pads,value", "p");
    if (mode)
        node_string(m, n, "mode", mode);
    model_node(m, "Conv", "conv", "p,w", "y");
    model_output(m, "y");
    return m;
}

static void test_pad_stays(void **state)
{
    (void)state;
    fused_check(padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0), 1);
    fused_check(padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 2), 2);
    fused_check(padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), "edge", 0), 2);
    fused_check(padded_conv(DIMS(0, 1, 1, 1, 0, 0, 1, 1), NULL, 0), 2);
    fused_check(padded_conv(DIMS(0, 0, 1, -1, 0, 0, 1, 1), NULL, 0), 2);
    model *m = padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0);
    node_string(m, m->graph.node[1], "auto_pad", "SAME_UPPER");
    fused_check(m, 2);
    m = padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0);
    model_output(m, "p"); /* still wanted for itself */
    rpr_graph *g = fused(m, 2);
    assert_int_equal(find_node(g, "conv")->in[0], g->input[0]);
    rpr_graph_free(g);
}

/* ------------------------------------------------------------------- unread */

/** A spectrum: two convolutions, their squares added, frames last to first, and a filter bank whose
 * rows 0, 3 and 4 of 6 are zero. */
static model *spectrum(const char *adds, bool zeros, bool wide)
{
    model *m = fused_start(3, DIMS(1, 1, 20));
    float bank[18];
    fused_fill(bank, 18, 5);
    for (int r = 0; zeros && r < 6; r++)
        for (int c = 0; c < 3 && (r == 0 || r == 3 || r == 4); c++)
            bank[3 * r + c] = c == 1 ? -0.0f : 0.0f;
    fused_weights(m, "re", 3, DIMS(6, 1, 5));
    fused_weights(m, "im", 3, DIMS(6, 1, 5));
    fused_weights(m, "b", 1, DIMS(6));
    model_floats(m, "bank", 2, DIMS(6, 3), bank);
    model_node(m, "Conv", "conv1", "x,re", "c1");
    model_node(m, "Conv", "conv2", "x,im,b", "c2");
    fused_binary(m, "Mul", "s1", "c1", "c1");
    model_node(m, "Abs", "abs", "c2", "s2");
    fused_binary(m, "Add", "sum", "s1", adds);
    if (wide) { /* as exporters write it */
        model_ints(m, "axes", 1, DIMS(1));
        model_node(m, "Unsqueeze", "wide", "sum,axes", "u");
        node_ints(m, model_node(m, "Transpose", "turn", "u", "t"), "perm", 4, DIMS(0, 1, 3, 2));
    } else
        node_ints(m, model_node(m, "Transpose", "turn", "sum", "t"), "perm", 3, DIMS(0, 2, 1));
    fused_binary(m, "MatMul", "y", "t", "bank");
    model_output(m, "y");
    return m;
}

static int64_t channels_of(const rpr_graph *g, const char *op)
{
    for (size_t i = 0; i < g->n_node; i++)
        if (strcmp(g->node[i].op, op) == 0)
            return g->value[g->node[i].in[1]].shape.dim[0];
    return -1;
}

static void test_unread(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        rpr_graph *g = fused(spectrum("s2", true, wide), wide ? 8 : 7);
        assert_int_equal(channels_of(g, "Conv"), 3);
        rpr_graph_free(g);
    }
}

static void test_unread_stays(void **state)
{
    (void)state;
    rpr_graph *g = fused(spectrum("s2", false, false), 7); /* all are read */
    assert_int_equal(channels_of(g, "Conv"), 6);
    rpr_graph_free(g);
    g = fused(spectrum("c1", true, false), 5); /* a value with two readers */
    assert_int_equal(channels_of(g, "Conv"), 6);
    rpr_graph_free(g);
    model *m = spectrum("s2", true, false); /* an output along the way */
    model_output(m, "s1");
    g = fused(m, 7);
    assert_int_equal(channels_of(g, "Conv"), 6);
    rpr_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noops),        cmocka_unit_test(test_not_noops),
        cmocka_unit_test(test_noop_outputs), cmocka_unit_test(test_pad_conv),
        cmocka_unit_test(test_pad_pool),     cmocka_unit_test(test_pad_stays),
        cmocka_unit_test(test_unread),       cmocka_unit_test(test_unread_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
