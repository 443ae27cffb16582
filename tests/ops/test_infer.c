/* SPDX-License-Identifier: Apache-2.0 */
/* Shape inference: what must be refused, with the node's name, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "ops/ops.h"
#include "ops/unary.h"

#define OPSET 13

/* A graph of one node under construction. */
typedef struct single {
    rpr_graph *g;
    int in[8];
    int n_in;
    rpr_error err;
} single;

static single start(void)
{
    return (single){.g = rpr_graph_new()};
}

static void add_absent(single *s)
{
    s->in[s->n_in++] = RPR_NONE;
}

static int add_input(single *s, rpr_dtype t, int rank, const int64_t *dim)
{
    rpr_shape shape = {.rank = rank};
    for (int d = 0; d < rank; d++)
        shape.dim[d] = dim[d];
    s->in[s->n_in] = rpr_graph_add_value(s->g, "x", t, &shape);
    return s->in[s->n_in++];
}

#define DIMS(...)                                                                                  \
    (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[])             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* A constant list of integers. */
static void add_list(single *s, int n, const int64_t *v)
{
    int i = add_input(s, RPR_I64, 1, (const int64_t[]){n});
    int64_t *data = rpr_alloc_array((size_t)n, sizeof *data);
    memcpy(data, v, (size_t)n * sizeof *data);
    rpr_graph_set_const(s->g, i, RPR_I64, &(rpr_shape){.rank = 1, .dim = {n}}, data);
}

static rpr_node *make(single *s, const char *op, int opset, int n_out)
{
    int out[3] = {RPR_NONE, RPR_NONE, RPR_NONE};
    for (int i = 0; i < n_out; i++)
        out[i] = rpr_graph_add_value(s->g, "y", RPR_UNDEFINED, &(rpr_shape){.rank = -1});
    int i = rpr_graph_add_node(s->g, "the_node", op, "", opset, s->in, s->n_in, out, n_out);
    rpr_node *n = &s->g->node[i];
    n->def = rpr_ops_find("", op, opset);
    assert_non_null(n->def);
    return n;
}

/* Inference fails with that status and names the node. */
static void refused(single *s, rpr_node *n, int status)
{
    assert_int_equal(n->def->infer(s->g, n, &s->err), status);
    assert_non_null(strstr(s->err.message, "the_node"));
    rpr_graph_free(s->g);
}

/* Inference succeeds with that shape of output 0. */
static void inferred(single *s, rpr_node *n, int rank, const int64_t *dim)
{
    if (n->def->infer(s->g, n, &s->err) != RPR_OK)
        fail_msg("%s", s->err.message);
    const rpr_shape *shape = &s->g->value[n->out[0]].shape;
    assert_int_equal(shape->rank, rank);
    for (int d = 0; d < rank; d++)
        assert_int_equal(shape->dim[d], dim[d]);
    rpr_graph_free(s->g);
}

static rpr_node *conv(single *s, const int64_t *x, const int64_t *w)
{
    *s = start();
    add_input(s, RPR_F32, 4, x);
    add_input(s, RPR_F32, 4, w);
    return make(s, "Conv", OPSET, 1);
}

static void test_conv(void **state)
{
    (void)state;
    const int64_t x[4] = {1, 6, 8, 9}, w[4] = {4, 6, 3, 3}, grouped[4] = {4, 3, 3, 3};
    single s;
    rpr_node *n = conv(&s, x, w);
    inferred(&s, n, DIMS(1, 4, 6, 7));
    n = conv(&s, x, grouped); /* 3 channels wanted, 6 given */
    refused(&s, n, RPR_ERR_SHAPE);
    n = conv(&s, x, w); /* larger than the input */
    rpr_node_set_ints(n, "dilations", (const int64_t[]){5, 1}, 2);
    refused(&s, n, RPR_ERR_SHAPE);
    n = conv(&s, x, w);
    rpr_node_set_ints(n, "strides", (const int64_t[]){0, 1}, 2);
    refused(&s, n, RPR_ERR_FORMAT);
    n = conv(&s, x, w);
    rpr_node_set_ints(n, "pads", (const int64_t[]){-1, 0, 0, 0}, 4);
    refused(&s, n, RPR_ERR_FORMAT);
    n = conv(&s, x, w);
    rpr_node_set_ints(n, "pads", (const int64_t[]){1, 1}, 2);
    refused(&s, n, RPR_ERR_FORMAT);
    n = conv(&s, x, w);
    rpr_node_set_ints(n, "kernel_shape", (const int64_t[]){3, 5}, 2);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_conv_bias(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(1, 2, 5, 5));
    add_input(&s, RPR_F32, DIMS(4, 2, 1, 1));
    add_input(&s, RPR_F32, DIMS(3));
    rpr_node *n = make(&s, "Conv", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_conv_overflow(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(1, 1, 2, 2));
    add_input(&s, RPR_F32, DIMS(1, 1, 1, 1));
    rpr_node *n = make(&s, "Conv", OPSET, 1);
    int64_t big = (int64_t)1 << 31;
    rpr_node_set_ints(n, "pads", (const int64_t[]){big, big, big, big}, 4);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_conv_transpose(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(1, 3, 4, 4));
    add_input(&s, RPR_F32, DIMS(2, 3, 3, 3));
    rpr_node *n = make(&s, "ConvTranspose", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(1, 3, 1, 1));
    add_input(&s, RPR_F32, DIMS(3, 2, 3, 3));
    n = make(&s, "ConvTranspose", OPSET, 1);
    rpr_node_set_ints(n, "pads", (const int64_t[]){2, 2, 2, 2}, 4); /* -1 x -1 */
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_input_counts(void **state)
{
    (void)state;
    static const struct {
        const char *op;
        int min_in;
    } ops[] = {{"Conv", 2},   {"ConvTranspose", 2}, {"Gemm", 2},
               {"MatMul", 2}, {"Add", 2},           {"BatchNormalization", 5},
               {"PRelu", 2},  {"Where", 3},         {"Gather", 2},
               {"Relu", 1},   {"Concat", 1},        {"MaxPool", 1}};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        single s = start();
        for (int k = 0; k + 1 < ops[i].min_in; k++)
            add_input(&s, RPR_F32, DIMS(4));
        rpr_node *n = make(&s, ops[i].op, OPSET, 1);
        assert_int_equal(n->def->min_in, ops[i].min_in);
        assert_true(n->def->infer(s.g, n, &s.err) != RPR_OK);
        assert_non_null(strstr(s.err.message, "the_node"));
        rpr_graph_free(s.g);
    }
    single s = start(); /* present by count, absent by value */
    add_absent(&s);
    add_input(&s, RPR_F32, DIMS(4));
    rpr_node *n = make(&s, "Add", OPSET, 1);
    refused(&s, n, RPR_ERR_FORMAT);
}

static void test_broadcast(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(2, 3));
    add_input(&s, RPR_F32, DIMS(4));
    rpr_node *n = make(&s, "Add", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(2, 1, 3));
    add_input(&s, RPR_F32, DIMS(5, 1));
    n = make(&s, "Add", OPSET, 1);
    inferred(&s, n, DIMS(2, 5, 3));
    s = start();
    add_input(&s, RPR_F32, DIMS(2));
    add_input(&s, RPR_I64, DIMS(2));
    n = make(&s, "Add", OPSET, 1);
    refused(&s, n, RPR_ERR_FORMAT);
    s = start();
    add_input(&s, RPR_F32, DIMS((int64_t)1 << 40, 1));
    add_input(&s, RPR_F32, DIMS(1, (int64_t)1 << 40));
    n = make(&s, "Mul", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_products(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(2, 3));
    add_input(&s, RPR_F32, DIMS(4, 5));
    rpr_node *n = make(&s, "MatMul", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(7, 1, 2, 3));
    add_input(&s, RPR_F32, DIMS(6, 3, 5));
    n = make(&s, "MatMul", OPSET, 1);
    inferred(&s, n, DIMS(7, 6, 2, 5));
    s = start();
    add_input(&s, RPR_F32, DIMS(2, 3));
    add_input(&s, RPR_F32, DIMS(3, 5));
    add_input(&s, RPR_F32, DIMS(4));
    n = make(&s, "Gemm", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_reshape(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(2, 3, 4));
    add_list(&s, DIMS(0, -1));
    rpr_node *n = make(&s, "Reshape", OPSET, 1);
    inferred(&s, n, DIMS(2, 12));
    const int64_t bad[][3] = {{-1, -1, 2}, {5, -1, 1}, {2, 3, 5}, {-2, 3, 4}};
    for (size_t i = 0; i < 4; i++) {
        s = start();
        add_input(&s, RPR_F32, DIMS(2, 3, 4));
        add_list(&s, 3, bad[i]);
        n = make(&s, "Reshape", OPSET, 1);
        refused(&s, n, RPR_ERR_SHAPE);
    }
    s = start(); /* 2^62 * 2^62 */
    add_input(&s, RPR_F32, DIMS(1));
    add_list(&s, DIMS((int64_t)1 << 62, (int64_t)1 << 62));
    n = make(&s, "Reshape", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start(); /* the shape is computed at run time */
    add_input(&s, RPR_F32, DIMS(4));
    add_input(&s, RPR_I64, DIMS(2));
    n = make(&s, "Reshape", OPSET, 1);
    refused(&s, n, RPR_ERR_UNSUPPORTED);
}

static void test_generators(void **state)
{
    (void)state;
    single s = start();
    add_list(&s, DIMS(-3));
    rpr_node *n = make(&s, "ConstantOfShape", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_list(&s, DIMS((int64_t)1 << 32, (int64_t)1 << 32));
    n = make(&s, "ConstantOfShape", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(3));
    add_list(&s, DIMS(INT64_MAX));
    n = make(&s, "Tile", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(3));
    add_list(&s, DIMS(INT64_MIN, INT64_MAX));
    n = make(&s, "Pad", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_slice(void **state)
{
    (void)state;
    const struct {
        int64_t start, end, step, extent;
    } good[] = {{INT64_MIN, INT64_MAX, 1, 5},  {INT64_MAX, INT64_MIN, -1, 5},
                {-1, INT64_MIN, INT64_MIN, 1}, {4, 1, 1, 0},
                {1, 5, INT64_MAX, 1},          {0, 5, 2, 3}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        single s = start();
        add_input(&s, RPR_F32, DIMS(5));
        add_list(&s, 1, &good[i].start);
        add_list(&s, 1, &good[i].end);
        add_list(&s, DIMS(0));
        add_list(&s, 1, &good[i].step);
        rpr_node *n = make(&s, "Slice", OPSET, 1);
        inferred(&s, n, 1, &good[i].extent);
    }
    single s = start();
    add_input(&s, RPR_F32, DIMS(5));
    add_list(&s, DIMS(0));
    add_list(&s, DIMS(5));
    add_list(&s, DIMS(0));
    add_list(&s, DIMS(0)); /* step */
    rpr_node *n = make(&s, "Slice", OPSET, 1);
    refused(&s, n, RPR_ERR_FORMAT);
    s = start();
    add_input(&s, RPR_F32, DIMS(5));
    add_list(&s, DIMS(0));
    add_list(&s, DIMS(5));
    add_list(&s, DIMS(1)); /* axis */
    n = make(&s, "Slice", OPSET, 1);
    refused(&s, n, RPR_ERR_FORMAT);
}

static void test_axes(void **state)
{
    (void)state;
    single s = start();
    add_input(&s, RPR_F32, DIMS(2, 3));
    add_list(&s, DIMS(1)); /* of extent 3 */
    rpr_node *n = make(&s, "Squeeze", OPSET, 1);
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(1, 1, 1, 1, 1, 1, 1, 1));
    add_list(&s, DIMS(0)); /* a ninth dimension */
    n = make(&s, "Unsqueeze", OPSET, 1);
    refused(&s, n, RPR_ERR_UNSUPPORTED);
    s = start();
    add_input(&s, RPR_F32, DIMS(2, 3));
    n = make(&s, "Transpose", OPSET, 1);
    rpr_node_set_ints(n, "perm", (const int64_t[]){0, 0}, 2);
    refused(&s, n, RPR_ERR_FORMAT);
    s = start();
    add_input(&s, RPR_F32, DIMS(5, 2));
    n = make(&s, "Split", OPSET, 2); /* 5 in two */
    refused(&s, n, RPR_ERR_SHAPE);
    s = start();
    add_input(&s, RPR_F32, DIMS(5, 2));
    add_list(&s, DIMS(7, -2));
    n = make(&s, "Split", OPSET, 2);
    refused(&s, n, RPR_ERR_SHAPE);
}

static void test_activation(void **state)
{
    (void)state;
    rpr_act act;
    single s = start();
    add_input(&s, RPR_F32, DIMS(4));
    rpr_node *n = make(&s, "HardSwish", OPSET, 1);
    assert_true(rpr_act_from_node(n, s.g, &act));
    assert_int_equal(act.kind, RPR_ACT_HARDSWISH);
    assert_true(act.alpha > 0.1666f && act.alpha < 0.1667f);
    rpr_graph_free(s.g);
    s = start(); /* limits that are no constants */
    add_input(&s, RPR_F32, DIMS(4));
    add_input(&s, RPR_F32, 0, NULL);
    n = make(&s, "Clip", OPSET, 1);
    assert_false(rpr_act_from_node(n, s.g, &act));
    rpr_graph_free(s.g);
}

static void test_registry(void **state)
{
    (void)state;
    assert_null(rpr_ops_find("com.microsoft", "Relu", 13));
    assert_null(rpr_ops_find("", "QLinearAdd", 13));
    assert_non_null(rpr_ops_find("com.microsoft", "QLinearAdd", 1));
    assert_null(rpr_ops_find("com.example", "QLinearAdd", 1));
    assert_null(rpr_ops_find("", "NoSuchOperator", 13));
    assert_null(rpr_ops_find("", "Relu", 99));
    assert_non_null(rpr_ops_find("ai.onnx", "Relu", 13));
    for (size_t i = 0; i < rpr_ops_count(); i++) {
        const rpr_opdef *d = rpr_ops_at(i);
        assert_true(d->since <= d->until && d->min_in <= d->max_in && d->infer && d->eval);
        assert_ptr_equal(rpr_ops_find(d->domain, d->op, d->since), d);
        assert_ptr_equal(rpr_ops_find(d->domain, d->op, d->until), d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),          cmocka_unit_test(test_conv_bias),
        cmocka_unit_test(test_conv_overflow), cmocka_unit_test(test_conv_transpose),
        cmocka_unit_test(test_input_counts),  cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_products),      cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_generators),    cmocka_unit_test(test_slice),
        cmocka_unit_test(test_axes),          cmocka_unit_test(test_activation),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
