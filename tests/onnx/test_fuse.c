/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fusing leaves of a graph, and that it means the same: every model here is evaluated with and
 * without it.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../activate.h"
#include "builder.h"
#include "core/alloc.h"
#include "graph/passes.h"
#include "ops/ops.h"

/* -------------------------------------------------------------- evaluation */

/** Numbers in [-4, 4), always the same ones. */
static void fill(float *x, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 21) - 4;
    }
}

static void run_node(const rpr_graph *g, const rpr_node *n, void **data)
{
    rpr_view in[8] = {{.data = NULL}}, out[8] = {{.data = NULL}};
    rpr_error err = {{0}};
    assert_true(n->n_in <= 8 && n->n_out <= 8);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE)
            in[i] = rpr_value_view(&g->value[n->in[i]], data[n->in[i]]);
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            out[i] = rpr_value_view(&g->value[n->out[i]], data[n->out[i]]);
    assert_non_null(n->def);
    if (n->def->eval(n, in, out, &err) != RPR_OK)
        fail_msg("%s", err.message);
    if (rpr_act_is_none(&n->act))
        return;
    float *y = out[0].data;
    for (int64_t i = 0; i < rpr_shape_count(&g->value[n->out[0]].shape); i++)
        y[i] = n->act.post_mul * test_activate(&n->act, y[i]) + n->act.post_add;
}

/** Runs a graph; the outputs' data, one after the other, is the caller's. */
static float *run(const rpr_graph *g, int64_t *count)
{
    void **data = calloc(g->n_value, sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < g->n_value; i++) {
        const rpr_value *v = &g->value[i];
        int64_t n = rpr_shape_count(&v->shape);
        if (!v->is_const && n >= 0) /* what was fused away may have no shape */
            data[i] = calloc((size_t)n + 1, 8);
        else
            data[i] = v->data;
    }
    for (size_t i = 0; i < g->n_input; i++)
        fill(data[g->input[i]], rpr_shape_count(&g->value[g->input[i]].shape), (uint32_t)i);
    for (size_t i = 0; i < g->n_node; i++)
        run_node(g, &g->node[i], data);
    *count = 0;
    for (size_t i = 0; i < g->n_output; i++)
        *count += rpr_shape_count(&g->value[g->output[i]].shape);
    float *all = malloc((size_t)*count * sizeof *all + 1), *at = all;
    assert_non_null(all);
    for (size_t i = 0; i < g->n_output; i++) {
        int64_t n = rpr_shape_count(&g->value[g->output[i]].shape);
        assert_int_equal(g->value[g->output[i]].dtype, RPR_F32);
        memcpy(at, data[g->output[i]], (size_t)n * sizeof *at);
        at += n;
    }
    for (size_t i = 0; i < g->n_value; i++)
        if (!g->value[i].is_const)
            free(data[i]);
    free(data);
    return all;
}

static rpr_graph *prepare(model *m, bool fuse)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    int status = model_load(m, &g, &err);
    if (status == RPR_OK)
        status = rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err);
    if (status == RPR_OK)
        status = rpr_graph_fix_inputs(g, NULL, 0, &err);
    if (status == RPR_OK)
        status = rpr_graph_fold(g, &err);
    if (status == RPR_OK && fuse)
        status = rpr_graph_fuse(g, &err);
    if (status == RPR_OK && fuse) /* shapes and arity still hold */
        status = rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err);
    if (status == RPR_OK && fuse)
        status = rpr_graph_fold(g, &err);
    if (status != RPR_OK)
        fail_msg("%s", err.message);
    return g;
}

/** Fuses a model, compares the results and counts the nodes left. The model is freed. */
static rpr_graph *fused(model *m, size_t nodes)
{
    rpr_graph *plain = prepare(m, false), *g = prepare(m, true);
    int64_t n, n_fused;
    float *want = run(plain, &n), *got = run(g, &n_fused);
    double scale = 0;
    assert_int_equal(n, n_fused);
    assert_int_equal(plain->n_output, g->n_output);
    for (size_t i = 0; i < g->n_output; i++)
        assert_string_equal(plain->value[plain->output[i]].name, g->value[g->output[i]].name);
    for (int64_t i = 0; i < n; i++)
        scale = fmax(scale, fabs((double)want[i]));
    assert_true(scale > 0);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)want[i] - (double)got[i]) <= 2e-6 * scale))
            fail_msg("output %lld: %g, fused %g", (long long)i, (double)want[i], (double)got[i]);
    if (g->n_node != nodes)
        fail_msg("%zu nodes are left, not %zu", g->n_node, nodes);
    free(want);
    free(got);
    rpr_graph_free(plain);
    model_free(m);
    return g;
}

static void check(model *m, size_t nodes)
{
    rpr_graph_free(fused(m, nodes));
}

/* ------------------------------------------------------------------ models */

/** Opset 13; an input "x" and nothing else. */
static model *start(int rank, const int64_t *dims)
{
    model *m = model_new();
    model_input(m, "x", RPR_F32, rank, dims);
    return m;
}

static void weights(model *m, const char *name, int rank, const int64_t *dims)
{
    float v[4096];
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dims[i];
    assert_true(n <= 4096);
    fill(v, n, (uint32_t)n + (uint32_t)name[0]);
    model_floats(m, name, rank, dims, v);
}

/** x: 1 x 2 x 6 x 5 -> "c": 1 x 3 x 4 x 3 */
static model *conv(void)
{
    model *m = start(4, DIMS(1, 2, 6, 5));
    weights(m, "w", 4, DIMS(3, 2, 3, 3));
    weights(m, "b", 1, DIMS(3));
    model_node(m, "Conv", "conv", "x,w,b", "c");
    return m;
}

static void norm(model *m, const char *name, const char *in, const char *out, int64_t channels)
{
    char inputs[64];
    weights(m, "gamma", 1, &channels);
    weights(m, "delta", 1, &channels);
    weights(m, "mean", 1, &channels);
    float var[16] = {0.5f, 2, 3, 0.25f, 1, 1, 1, 1};
    model_floats(m, "var", 1, &channels, var);
    strcpy(inputs, in);
    strcat(inputs, ",gamma,delta,mean,var");
    model_node(m, "BatchNormalization", name, inputs, out);
}

/* ------------------------------------------------------------------- no-ops */

static void test_noops(void **state)
{
    (void)state;
    model *m = start(3, DIMS(2, 3, 3));
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
    model *m = start(3, DIMS(2, 3, 3));
    model_ints(m, "shift", 6, DIMS(0, 0, 1, 0, 0, -1));
    model_ints(m, "from", 1, DIMS(-1));
    model_ints(m, "to", 1, DIMS(-1000));
    model_ints(m, "axis", 1, DIMS(2));
    model_ints(m, "step", 1, DIMS(-1));
    model_node(m, "Pad", "pad", "x,shift", "a");
    model_node(m, "Slice", "slice", "a,from,to,axis,step", "b");
    node_ints(m, model_node(m, "Transpose", "turn", "b", "y"), "perm", 3, DIMS(0, 2, 1));
    model_output(m, "y");
    check(m, 3);
}

static void test_noop_outputs(void **state)
{
    (void)state;
    /* the output keeps its name; the reader that stands before the Identity follows */
    model *m = start(2, DIMS(2, 3));
    model_node(m, "Exp", "exp", "x", "a");
    model_node(m, "Neg", "neg", "a", "z");
    model_node(m, "Identity", "id", "a", "y");
    model_output(m, "y");
    model_output(m, "z");
    check(m, 2);
    /* an input and two outputs of one value cannot share a name */
    m = start(2, DIMS(2, 3));
    model_node(m, "Identity", "id1", "x", "y");
    model_node(m, "Exp", "exp", "x", "a");
    model_node(m, "Identity", "id2", "a", "z");
    for (int i = 0; i < 3; i++)
        model_output(m, (const char *const[]){"y", "a", "z"}[i]);
    check(m, 3);
}

/* --------------------------------------------------------------------- pads */

static void test_pad_conv(void **state)
{
    (void)state;
    model *m = start(4, DIMS(1, 2, 6, 5));
    weights(m, "w", 4, DIMS(3, 2, 3, 3));
    weights(m, "v", 4, DIMS(2, 2, 2, 2));
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
    model *m = start(4, DIMS(1, 2, 6, 6));
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
    check(padded_pool("MaxPool", -INFINITY, 0), 1);
    check(padded_pool("MaxPool", -FLT_MAX, 0), 1);
    check(padded_pool("MaxPool", 0, 0), 2);
    check(padded_pool("MaxPool", -FLT_MAX, 1), 2);
    check(padded_pool("AveragePool", 1, 0), 2);
    rpr_graph *g = fused(padded_pool("AveragePool", 0, 0), 1);
    assert_int_equal(rpr_node_int(&g->node[0], "count_include_pad", 0), 1);
    rpr_graph_free(g);
}

static model *padded_conv(const int64_t *pads, const char *mode, float value)
{
    model *m = start(4, DIMS(1, 2, 6, 5));
    weights(m, "w", 4, DIMS(3, 2 + pads[1], 3, 3));
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
    check(padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0), 1);
    check(padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 2), 2);
    check(padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), "edge", 0), 2);
    check(padded_conv(DIMS(0, 1, 1, 1, 0, 0, 1, 1), NULL, 0), 2);
    check(padded_conv(DIMS(0, 0, 1, -1, 0, 0, 1, 1), NULL, 0), 2);
    model *m = padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0);
    node_string(m, m->graph.node[1], "auto_pad", "SAME_UPPER");
    check(m, 2);
    m = padded_conv(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0);
    model_output(m, "p"); /* still wanted for itself */
    rpr_graph *g = fused(m, 2);
    assert_int_equal(find_node(g, "conv")->in[0], g->input[0]);
    rpr_graph_free(g);
}

/* ----------------------------------------------------------------- weights */

static void test_norm(void **state)
{
    (void)state;
    model *m = conv();
    norm(m, "norm", "c", "y", 3);
    model_output(m, "y");
    check(m, 1);

    m = start(4, DIMS(1, 4, 3, 3)); /* two groups, no bias */
    weights(m, "w", 4, DIMS(4, 3, 2, 2));
    node_int(m, model_node(m, "ConvTranspose", "conv", "x,w", "c"), "group", 2);
    norm(m, "norm", "c", "y", 6);
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    assert_int_equal(g->node[0].n_in, 3);
    rpr_graph_free(g);

    for (int transposed = 0; transposed < 2; transposed++) {
        m = start(2, DIMS(3, 4));
        weights(m, "w", 2, transposed ? DIMS(5, 4) : DIMS(4, 5));
        weights(m, "b", 2, DIMS(1, 5));
        Onnx__NodeProto *n = model_node(m, "Gemm", "gemm", "x,w,b", "c");
        node_int(m, n, "transB", transposed);
        node_float(m, n, "alpha", 0.5f);
        node_float(m, n, "beta", 2.0f);
        norm(m, "norm", "c", "y", 5);
        model_output(m, "y");
        check(m, 1);
    }
}

static void test_norm_stays(void **state)
{
    (void)state;
    model *m = conv(); /* someone else reads the convolution */
    norm(m, "norm", "c", "y", 3);
    model_output(m, "y");
    model_output(m, "c");
    check(m, 2);
    m = start(4, DIMS(1, 3, 2, 2)); /* nothing to fuse into */
    norm(m, "norm", "x", "y", 3);
    model_output(m, "y");
    check(m, 1);
    m = start(2, DIMS(3, 4)); /* a bias per row is no bias per channel */
    weights(m, "w", 2, DIMS(4, 5));
    weights(m, "b", 2, DIMS(3, 1));
    model_node(m, "Gemm", "gemm", "x,w,b", "c");
    norm(m, "norm", "c", "y", 5);
    model_output(m, "y");
    check(m, 2);
}

/** Two convolutions with the same weights, one of them scaled. */
static void test_shared_weights(void **state)
{
    (void)state;
    model *m = conv();
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

static void binary(model *m, const char *op, const char *name, const char *a, const char *b)
{
    char inputs[64];
    strcpy(inputs, a);
    strcat(inputs, ",");
    strcat(inputs, b);
    model_node(m, op, name, inputs, name);
}

static void test_affine(void **state)
{
    (void)state;
    model *m = conv();
    weights(m, "k", 3, DIMS(3, 1, 1));
    weights(m, "l", 4, DIMS(1, 3, 1, 1));
    model_scalar(m, "s", 2.5f);
    model_floats(m, "t", 1, DIMS(1), FLOATS(-3));
    binary(m, "Mul", "m1", "k", "c");
    binary(m, "Add", "m2", "m1", "l");
    binary(m, "Sub", "m3", "s", "m2");
    binary(m, "Sub", "m4", "m3", "t");
    binary(m, "Div", "m5", "m4", "s");
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
    model *m = conv();
    weights(m, "k", rank, dims);
    binary(m, op, "y", a, b);
    model_output(m, "y");
    check(m, 2);
}

static void test_affine_stays(void **state)
{
    (void)state;
    affine_stays("Mul", "c", "k", 1, DIMS(3));             /* along the width */
    affine_stays("Add", "c", "k", 3, DIMS(1, 4, 1));       /* along the height */
    affine_stays("Add", "c", "k", 4, DIMS(2, 1, 1, 1));    /* a larger result */
    affine_stays("Mul", "c", "k", 5, DIMS(1, 1, 3, 1, 1)); /* a higher rank */
    affine_stays("Div", "k", "c", 3, DIMS(3, 1, 1));       /* k / c */
    model *m = conv();
    model_scalar(m, "k", 0);
    model_scalar(m, "one", 1);
    binary(m, "Mul", "a", "c", "one");
    model_node(m, "Exp", "exp", "a", "e");
    binary(m, "Mul", "y", "c", "e"); /* two readers */
    model_output(m, "y");
    check(m, 4);
}

static void test_matmul(void **state)
{
    (void)state;
    model *m = start(2, DIMS(3, 4));
    weights(m, "w", 2, DIMS(4, 5));
    weights(m, "b", 1, DIMS(5));
    model_scalar(m, "k", 0.5f);
    model_node(m, "MatMul", "mm", "x,w", "c");
    binary(m, "Mul", "d", "c", "k");
    binary(m, "Add", "e", "b", "d");
    model_node(m, "Tanh", "tanh", "e", "y");
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    assert_string_equal(g->node[0].op, "Gemm");
    assert_int_equal(g->node[0].act.kind, RPR_ACT_TANH);
    rpr_graph_free(g);

    m = start(3, DIMS(2, 3, 4)); /* Gemm is for matrices: the Add stays */
    weights(m, "w", 2, DIMS(4, 5));
    weights(m, "b", 1, DIMS(5));
    model_scalar(m, "k", 0.5f);
    model_node(m, "MatMul", "mm", "x,w", "c");
    binary(m, "Mul", "d", "c", "k");
    binary(m, "Add", "y", "d", "b");
    model_output(m, "y");
    g = fused(m, 2);
    assert_string_equal(g->node[0].op, "MatMul");
    rpr_graph_free(g);
}

/* ------------------------------------------------------------- activations */

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
    model *m = conv();
    model_node(m, "Relu", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_RELU, 0, 0);
    m = conv();
    node_float(m, model_node(m, "LeakyRelu", "act", "c", "y"), "alpha", 0.25f);
    expect_act(m, 1, RPR_ACT_LEAKY_RELU, 0.25f, 0);
    m = conv();
    model_floats(m, "slope", 3, DIMS(1, 1, 1), FLOATS(0.125f));
    model_node(m, "PRelu", "act", "c,slope", "y");
    expect_act(m, 1, RPR_ACT_LEAKY_RELU, 0.125f, 0);
    m = conv();
    model_scalar(m, "hi", 6);
    model_node(m, "Clip", "act", "c,,hi", "y");
    expect_act(m, 1, RPR_ACT_CLIP, -FLT_MAX, 6);
    m = conv();
    m->proto.opset_import[0]->version = 7;
    node_float(m, model_node(m, "Clip", "act", "c", "y"), "min", -1);
    expect_act(m, 1, RPR_ACT_CLIP, -1, FLT_MAX);
    m = conv();
    model_node(m, "Sigmoid", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_SIGMOID, 0, 0);
    m = conv();
    model_node(m, "HardSigmoid", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_HARDSIGMOID, 0.2f, 0.5f);
    m = conv();
    m->proto.opset_import[0]->version = 14;
    model_node(m, "HardSwish", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_HARDSWISH, 1.0f / 6, 0.5f);
    m = conv();
    model_node(m, "Tanh", "act", "c", "y");
    expect_act(m, 1, RPR_ACT_TANH, 0, 0);
}

static void test_acts_stay(void **state)
{
    (void)state;
    model *m = conv(); /* the value before is an output */
    model_node(m, "Relu", "act", "c", "y");
    model_output(m, "c");
    expect_act(m, 2, RPR_ACT_NONE, 0, 0);
    m = conv(); /* the second activation */
    model_node(m, "Relu", "act", "c", "a");
    model_node(m, "Sigmoid", "act2", "a", "y");
    expect_act(m, 2, RPR_ACT_RELU, 0, 0);
    m = conv(); /* a slope per channel */
    weights(m, "slope", 3, DIMS(3, 1, 1));
    model_node(m, "PRelu", "act", "c,slope", "y");
    expect_act(m, 2, RPR_ACT_NONE, 0, 0);
    m = conv(); /* a bound that is not known */
    model_input(m, "lo", RPR_F32, 0, NULL);
    model_node(m, "Clip", "act", "c,lo", "y");
    expect_act(m, 2, RPR_ACT_NONE, 0, 0);
    m = conv(); /* an operator that takes none */
    model_node(m, "Exp", "exp", "c", "e");
    model_node(m, "Relu", "act", "e", "y");
    expect_act(m, 3, RPR_ACT_NONE, 0, 0);
}

static void test_act_of_add(void **state)
{
    (void)state;
    model *m = start(2, DIMS(2, 3));
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
        binary(m, "Add", "s", form & 1 ? "three" : "c", form & 1 ? "c" : "three");
        model_node(m, "Clip", "g", "s,zero,six", "g");
    }
    switch (form) {
    case 0: /* as PaddleOCR has it */
        binary(m, "Mul", "p", "c", "g");
        binary(m, "Div", "y", "p", "six");
        break;
    case 1:
        binary(m, "Mul", "p", "g", "c");
        binary(m, "Mul", "y", "sixth", "p");
        break;
    case 2:
        binary(m, "Div", "p", "g", "six");
        binary(m, "Mul", "y", "c", "p");
        break;
    case 3:
        binary(m, "Mul", "p", "c", "sixth");
        binary(m, "Mul", "y", "p", "g");
        break;
    default: {
        Onnx__NodeProto *n = model_node(m, "HardSigmoid", "g", "c", "g");
        node_float(m, n, "alpha", 1.0f / 6);
        binary(m, "Mul", "y", "g", "c");
    }
    }
}

static void test_hardswish(void **state)
{
    (void)state;
    for (int form = 0; form < 5; form++) {
        model *m = conv();
        swish(m, form);
        expect_act(m, 1, RPR_ACT_HARDSWISH, 1.0f / 6, 0.5f);
        m = start(2, DIMS(3, 4)); /* alone */
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
    model *m = start(2, DIMS(3, 4));
    model_node(m, "Exp", "exp", "x", "c");
    model_scalar(m, "three", 3);
    model_scalar(m, "zero", 0);
    model_scalar(m, "six", 6);
    binary(m, "Add", "s", inside, "three");
    model_node(m, "Clip", "g", "s,zero,six", "g");
    binary(m, "Mul", "p", "c", "g");
    binary(m, "Div", "y", "p", divisor);
    model_output(m, "y");
    return m;
}

static void test_hardswish_stays(void **state)
{
    (void)state;
    model *m = start(2, DIMS(3, 4)); /* the gate is an output */
    model_node(m, "Exp", "exp", "x", "c");
    swish(m, 0);
    model_output(m, "y");
    model_output(m, "g");
    check(m, 4);                          /* Exp, Add with Clip, Mul, Div */
    check(almost_swish("x", "six"), 4);   /* another x outside than inside */
    check(almost_swish("c", "three"), 4); /* factors that do not make one */
}

static void test_post(void **state)
{
    (void)state;
    model *m = conv(); /* a whole affine block of PP-LCNet: before and after the activation */
    model_floats(m, "k", 1, DIMS(1), FLOATS(0.75f));
    model_floats(m, "l", 1, DIMS(1), FLOATS(-0.5f));
    binary(m, "Mul", "m1", "c", "k");
    binary(m, "Add", "m2", "m1", "l");
    model_node(m, "Relu", "relu", "m2", "r");
    binary(m, "Mul", "m3", "k", "r");
    binary(m, "Add", "m4", "m3", "l");
    binary(m, "Mul", "m5", "m4", "k");
    binary(m, "Sub", "y", "l", "m5");
    model_output(m, "y");
    rpr_graph *g = fused(m, 1);
    const rpr_act *a = &g->node[0].act;
    assert_int_equal(a->kind, RPR_ACT_RELU);
    assert_true(fabsf(a->post_mul + 0.5625f) < 1e-6f);
    assert_true(fabsf(a->post_add + 0.125f) < 1e-6f);
    rpr_graph_free(g);

    m = conv(); /* per channel: no */
    weights(m, "k", 3, DIMS(3, 1, 1));
    model_node(m, "Relu", "relu", "c", "r");
    binary(m, "Mul", "y", "r", "k");
    model_output(m, "y");
    check(m, 2);
}

/** A spectrum: two convolutions, their squares added, frames last to first, and a filter bank whose
 * rows 0, 3 and 4 of 6 are zero. */
static model *spectrum(const char *adds, bool zeros, bool wide)
{
    model *m = start(3, DIMS(1, 1, 20));
    float bank[18];
    fill(bank, 18, 5);
    for (int r = 0; zeros && r < 6; r++)
        for (int c = 0; c < 3 && (r == 0 || r == 3 || r == 4); c++)
            bank[3 * r + c] = c == 1 ? -0.0f : 0.0f;
    weights(m, "re", 3, DIMS(6, 1, 5));
    weights(m, "im", 3, DIMS(6, 1, 5));
    weights(m, "b", 1, DIMS(6));
    model_floats(m, "bank", 2, DIMS(6, 3), bank);
    model_node(m, "Conv", "conv1", "x,re", "c1");
    model_node(m, "Conv", "conv2", "x,im,b", "c2");
    binary(m, "Mul", "s1", "c1", "c1");
    model_node(m, "Abs", "abs", "c2", "s2");
    binary(m, "Add", "sum", "s1", adds);
    if (wide) { /* as exporters write it */
        model_ints(m, "axes", 1, DIMS(1));
        model_node(m, "Unsqueeze", "wide", "sum,axes", "u");
        node_ints(m, model_node(m, "Transpose", "turn", "u", "t"), "perm", 4, DIMS(0, 1, 3, 2));
    } else
        node_ints(m, model_node(m, "Transpose", "turn", "sum", "t"), "perm", 3, DIMS(0, 2, 1));
    binary(m, "MatMul", "y", "t", "bank");
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
        cmocka_unit_test(test_noops),
        cmocka_unit_test(test_not_noops),
        cmocka_unit_test(test_noop_outputs),
        cmocka_unit_test(test_pad_conv),
        cmocka_unit_test(test_pad_pool),
        cmocka_unit_test(test_pad_stays),
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_norm_stays),
        cmocka_unit_test(test_shared_weights),
        cmocka_unit_test(test_affine),
        cmocka_unit_test(test_affine_stays),
        cmocka_unit_test(test_matmul),
        cmocka_unit_test(test_acts),
        cmocka_unit_test(test_acts_stay),
        cmocka_unit_test(test_act_of_add),
        cmocka_unit_test(test_hardswish),
        cmocka_unit_test(test_hardswish_stays),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_unread_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
