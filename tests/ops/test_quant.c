/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised operators: numbers worked out by hand, and parameters that must be refused by name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "ops/ops.h"
#include "ops/walk.h"

#define MS "com.microsoft"
#define OPSET 13
#define MAX_IN 10

/* A graph of one node; all inputs are constants unless they were given by shape only. */
typedef struct single {
    rpr_graph *g;
    int in[MAX_IN], n_in;
} single;

#define DIMS(...)                                                                                  \
    (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[])             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define SCALAR 0, NULL
#define V(...) ((const double[]){__VA_ARGS__})

static single start(void)
{
    return (single){.g = rpr_graph_new()};
}

static void give(single *s, rpr_dtype t, int rank, const int64_t *dim, const double *v)
{
    rpr_shape shape = {.rank = rank};
    for (int d = 0; d < rank; d++)
        shape.dim[d] = dim[d];
    int i = rpr_graph_add_value(s->g, "x", t, &shape);
    s->in[s->n_in++] = i;
    if (!v)
        return;
    int64_t count = rpr_shape_count(&shape);
    rpr_view view = rpr_view_dense(t, rank, dim, rpr_alloc_array((size_t)count, 8));
    for (int64_t k = 0; k < count; k++)
        rpr_store_f64(&view, k, v[k]);
    rpr_graph_set_const(s->g, i, t, &shape, view.data);
}

/* A scale, and a zero point of that type, of a whole tensor. */
static void pair(single *s, double scale, rpr_dtype t, double zero)
{
    give(s, RPR_F32, SCALAR, V(scale));
    give(s, t, SCALAR, V(zero));
}

static rpr_node *make(single *s, const char *domain, const char *op, int opset, int n_out)
{
    int out[3];
    for (int i = 0; i < n_out; i++)
        out[i] = rpr_graph_add_value(s->g, "y", RPR_UNDEFINED, &(rpr_shape){.rank = -1});
    int i = rpr_graph_add_node(s->g, "the_node", op, domain, opset, s->in, s->n_in, out, n_out);
    rpr_node *n = &s->g->node[i];
    n->def = rpr_ops_find_own(domain, op, opset);
    assert_non_null(n->def);
    return n;
}

static rpr_node *plain(single *s, const char *op)
{
    return make(s, "", op, OPSET, 1);
}

static void refused(single *s, rpr_node *n, int status, const char *part)
{
    rpr_error err = {{0}};
    int got = n->def->infer(s->g, n, &err);
    if (got != status || !strstr(err.message, part) || !strstr(err.message, "'the_node'"))
        fail_msg("wanted %d \"%s\", got %d \"%s\"", status, part, got, err.message);
    rpr_graph_free(s->g);
}

/* Output i has that type and those values; frees the graph when asked for the last one. */
static void gives(single *s, rpr_node *n, rpr_dtype t, int count, const double *want)
{
    rpr_view in[MAX_IN] = {{0}}, out[3] = {{0}};
    rpr_error err = {{0}};
    if (n->def->infer(s->g, n, &err) != RPR_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < n->n_in; i++)
        in[i] = rpr_value_view(&s->g->value[n->in[i]], s->g->value[n->in[i]].data);
    for (int i = 0; i < n->n_out; i++) {
        const rpr_value *v = &s->g->value[n->out[i]];
        out[i] = rpr_value_view(v, rpr_alloc_array((size_t)rpr_shape_count(&v->shape), 8));
    }
    assert_int_equal(n->def->eval(n, in, out, &err), RPR_OK);
    int at = 0; /* the outputs' values one after the other */
    assert_int_equal(out[0].dtype, t);
    for (int i = 0; i < n->n_out; i++)
        for (int64_t k = 0; k < rpr_view_count(&out[i]); k++, at++) {
            double got = rpr_load_f64(&out[i], k);
            if (at >= count || !(fabs(got - want[at]) <= 1e-6 * fabs(want[at])))
                fail_msg("%s: value %d is %g, not %g", n->op, at, got,
                         at < count ? want[at] : (double)NAN);
        }
    assert_int_equal(at, count);
    for (int i = 0; i < n->n_out; i++)
        rpr_free(out[i].data);
    rpr_graph_free(s->g);
}

static void test_rounding(void **state)
{
    (void)state;
    single s = start(); /* halves to even, both ends saturate */
    give(&s, RPR_F32, DIMS(8), V(1, 3, 5, -1, -3, 1000, -1000, (double)INFINITY));
    pair(&s, 2, RPR_U8, 10);
    gives(&s, plain(&s, "QuantizeLinear"), RPR_U8, 8, V(10, 12, 12, 10, 8, 255, 0, 255));
    s = start();
    give(&s, RPR_F32, DIMS(5), V(1, 3, 1000, -1000, (double)NAN));
    pair(&s, 2, RPR_I8, -3);
    gives(&s, plain(&s, "QuantizeLinear"), RPR_I8, 5, V(-3, -1, 127, -128, -3));
    s = start(); /* integers; no zero point: u8 */
    give(&s, RPR_I32, DIMS(3), V(7, -7, 2000000000));
    give(&s, RPR_F32, SCALAR, V(2));
    gives(&s, plain(&s, "QuantizeLinear"), RPR_U8, 3, V(4, 0, 255));
}

static void test_axes(void **state)
{
    (void)state;
    single s = start();
    give(&s, RPR_F32, DIMS(2, 3), V(1, 2, 3, 4, 5, 6));
    give(&s, RPR_F32, DIMS(3), V(1, 2, 3));
    give(&s, RPR_U8, DIMS(3), V(0, 10, 20));
    gives(&s, plain(&s, "QuantizeLinear"), RPR_U8, 6, V(1, 11, 21, 4, 12, 22));
    s = start();
    give(&s, RPR_I8, DIMS(2, 2), V(-128, 127, -128, 127));
    give(&s, RPR_F32, DIMS(2), V(1, 0.5));
    rpr_node *n = plain(&s, "DequantizeLinear");
    rpr_node_set_int(n, "axis", -2);
    gives(&s, n, RPR_F32, 4, V(-128, 127, -64, 63.5));
    s = start();
    give(&s, RPR_I32, DIMS(2), V(-70000, 3));
    pair(&s, 0.5, RPR_I32, 0);
    gives(&s, plain(&s, "DequantizeLinear"), RPR_F32, 2, V(-35000, 1.5));
}

static void test_dynamic(void **state)
{
    (void)state;
    single s = start();
    give(&s, RPR_F32, DIMS(3), V(-51, 0, 204));
    gives(&s, make(&s, "", "DynamicQuantizeLinear", 11, 3), RPR_U8, 5, V(0, 51, 255, 1, 51));
    s = start(); /* nothing but zeros: no scale of 0 */
    give(&s, RPR_F32, DIMS(2), V(0, 0));
    gives(&s, make(&s, "", "DynamicQuantizeLinear", 11, 3), RPR_U8, 4, V(0, 0, 1, 0));
}

static void test_products(void **state)
{
    (void)state;
    single s = start(); /* two outputs with their own scales; the padding is the zero point */
    give(&s, RPR_U8, DIMS(1, 1, 2), V(12, 14));
    pair(&s, 0.5, RPR_U8, 10);
    give(&s, RPR_I8, DIMS(2, 1, 2), V(1, 2, -3, 4));
    give(&s, RPR_F32, DIMS(2), V(1, 2));
    give(&s, RPR_I8, DIMS(2), V(0, 1));
    pair(&s, 1, RPR_I8, -1);
    give(&s, RPR_I32, DIMS(2), V(1, 0));
    rpr_node *n = plain(&s, "QLinearConv");
    rpr_node_set_ints(n, "pads", (const int64_t[]){1, 0}, 2);
    /* sums 5, 11 and 6, 4 */
    gives(&s, n, RPR_I8, 4, V(1, 5, 5, 3));
    s = start();
    give(&s, RPR_U8, DIMS(2, 2), V(1, 2, 3, 4));
    give(&s, RPR_I8, DIMS(2, 2), V(-1, 2, 3, 4));
    give(&s, RPR_U8, DIMS(2), V(1, 0));
    give(&s, RPR_I8, DIMS(2), V(0, 1));
    gives(&s, plain(&s, "MatMulInteger"), RPR_I32, 4, V(3, 3, 9, 15));
    s = start(); /* rows scaled by 1 and 0.5, columns by 1 and 2 */
    give(&s, RPR_U8, DIMS(2, 2), V(1, 2, 3, 4));
    give(&s, RPR_F32, DIMS(2), V(1, 0.5));
    give(&s, RPR_U8, DIMS(2), V(1, 0));
    give(&s, RPR_I8, DIMS(2, 2), V(-1, 2, 3, 4));
    give(&s, RPR_F32, DIMS(2), V(1, 2));
    give(&s, RPR_I8, DIMS(2), V(0, 1));
    pair(&s, 1, RPR_U8, 0);
    gives(&s, plain(&s, "QLinearMatMul"), RPR_U8, 4, V(3, 6, 4, 15));
}

/* Two outputs with their own scales and zero points; two taps side by side. */
static single transposed(void)
{
    single s = start();
    give(&s, RPR_U8, DIMS(1, 1, 2), V(12, 14));
    pair(&s, 0.5, RPR_U8, 10);
    give(&s, RPR_I8, DIMS(1, 2, 2), V(1, 2, -3, 4));
    give(&s, RPR_F32, DIMS(2), V(1, 2));
    give(&s, RPR_I8, DIMS(2), V(0, 1));
    pair(&s, 1, RPR_I8, -1);
    give(&s, RPR_I32, DIMS(2), V(1, 0));
    return s;
}

static rpr_node *transposed_node(single *s, int64_t stride)
{
    rpr_node *n = make(s, "reprise", "QLinearConvTranspose", 1, 1);
    rpr_node_set_ints(n, "strides", &stride, 1);
    return n;
}

static void test_transposed(void **state)
{
    (void)state;
    double table[256];
    single s = transposed(); /* sums 3, 5, 5, 9 and -8, 6, -16, 12 */
    gives(&s, transposed_node(&s, 2), RPR_I8, 8, V(1, 1, 1, 3, -9, 5, -17, 11));
    s = transposed(); /* 3, 9, 9 and -8, -10, 12; where no tap is there is the bias */
    gives(&s, transposed_node(&s, 1), RPR_I8, 6, V(1, 3, 3, -9, -11, 11));
    s = transposed();
    gives(&s, transposed_node(&s, 3), RPR_I8, 10, V(1, 1, -1, 1, 3, -9, 5, -1, -17, 11));
    for (int i = 0; i < 256; i++)
        table[i] = i < 128 ? -i : 128 - i / 2;
    s = transposed(); /* the index is the byte: -9 is 247 */
    give(&s, RPR_I8, DIMS(256), table);
    gives(&s, transposed_node(&s, 2), RPR_I8, 8, V(-1, -1, -1, -3, 5, -5, 9, -11));
    s = transposed();
    give(&s, RPR_U8, DIMS(256), table);
    refused(&s, transposed_node(&s, 2), RPR_ERR_UNSUPPORTED, "input 9 has element type");
    s = start();
    give(&s, RPR_U8, DIMS(1, 2, 2), NULL);
    pair(&s, 0.5, RPR_U8, 10);
    give(&s, RPR_I8, DIMS(2, 1, 2), V(1, 2, -3, 4));
    pair(&s, 1, RPR_I8, 0);
    pair(&s, 1, RPR_I8, -1);
    rpr_node *n = transposed_node(&s, 2);
    rpr_node_set_int(n, "group", 2);
    refused(&s, n, RPR_ERR_UNSUPPORTED, "more than one group");
    assert_null(rpr_ops_find("reprise", "QLinearConvTranspose", 1)); /* not for files */
}

/* 40000 terms of 255 * 255 do not fit i32, whose sums wrap. */
static void test_wrap(void **state)
{
    (void)state;
    const int terms = 40000;
    double *v = rpr_alloc_array((size_t)terms, sizeof *v);
    for (int i = 0; i < terms; i++)
        v[i] = 255;
    single s = start();
    give(&s, RPR_U8, DIMS(1, terms), v);
    give(&s, RPR_U8, DIMS(terms, 1), v);
    rpr_free(v);
    gives(&s, plain(&s, "MatMulInteger"), RPR_I32, 1, V(40000.0 * 65025 - 0x1p32));
}

static void test_points(void **state)
{
    (void)state;
    static const char *const binary[] = {"QLinearAdd", "QLinearMul"};
    static const double want[2][2] = {{12, 16}, {10, 18}};
    for (int i = 0; i < 2; i++) {
        single s = start();
        give(&s, RPR_U8, DIMS(2), V(1, 3)); /* 0, 4 */
        pair(&s, 2, RPR_U8, 1);
        give(&s, RPR_U8, DIMS(1), V(4)); /* 2 */
        pair(&s, 0.5, RPR_U8, 0);
        pair(&s, 1, RPR_U8, 10);
        gives(&s, make(&s, MS, binary[i], 1, 1), RPR_U8, 2, want[i]);
    }
    single s = start();
    give(&s, RPR_I8, DIMS(2), V(-100, 30));
    pair(&s, 0.1, RPR_I8, 0);
    give(&s, RPR_F32, SCALAR, V(0.1));
    rpr_node *n = make(&s, MS, "QLinearLeakyRelu", 1, 1);
    rpr_node_set_float(n, "alpha", 0.2f);
    gives(&s, n, RPR_I8, 2, V(-20, 30));
    s = start(); /* 1 / (1 + exp(1)) = 0.2689 */
    give(&s, RPR_U8, DIMS(2), V(118, 128));
    pair(&s, 0.1, RPR_U8, 128);
    pair(&s, 1.0 / 256, RPR_U8, 0);
    gives(&s, make(&s, MS, "QLinearSigmoid", 1, 1), RPR_U8, 2, V(69, 128));
    s = start();
    pair(&s, 0.5, RPR_U8, 1);
    give(&s, RPR_U8, DIMS(1, 2), V(3, 200));
    pair(&s, 1, RPR_U8, 0);
    give(&s, RPR_U8, DIMS(1, 1), V(9));
    pair(&s, 0.5, RPR_U8, 1);
    n = make(&s, MS, "QLinearConcat", 1, 1);
    rpr_node_set_int(n, "axis", 1);
    gives(&s, n, RPR_U8, 3, V(7, 255, 9));
}

static void test_pools(void **state)
{
    (void)state;
    single s = start(); /* 2, 4, 6, 9 over two channels of two pixels */
    give(&s, RPR_U8, DIMS(1, 2, 2), V(2, 4, 6, 9));
    pair(&s, 1, RPR_U8, 0);
    pair(&s, 0.5, RPR_U8, 100);
    gives(&s, make(&s, MS, "QLinearGlobalAveragePool", 1, 1), RPR_U8, 2, V(106, 115));
    s = start();
    give(&s, RPR_U8, DIMS(1, 1, 3), V(2, 4, 6));
    pair(&s, 1, RPR_U8, 0);
    give(&s, RPR_F32, SCALAR, V(0.5));
    rpr_node *n = make(&s, MS, "QLinearAveragePool", 1, 1);
    rpr_node_set_ints(n, "kernel_shape", (const int64_t[]){2}, 1);
    gives(&s, n, RPR_U8, 2, V(6, 10));
    /* 2.5 and 3.5 above a zero point of 1: the numbers that are stored, 3.5 and 4.5, go to even */
    s = start();
    give(&s, RPR_U8, DIMS(1, 1, 3), V(12, 13, 14));
    pair(&s, 0.25, RPR_U8, 10);
    pair(&s, 0.25, RPR_U8, 1);
    n = make(&s, MS, "QLinearAveragePool", 1, 1);
    rpr_node_set_ints(n, "kernel_shape", (const int64_t[]){2}, 1);
    gives(&s, n, RPR_U8, 2, V(4, 4));
}

/* A QuantizeLinear of two channels with one thing wrong. */
static single quantize(int scales, const double *scale, rpr_dtype t, int zeros)
{
    single s = start();
    give(&s, RPR_F32, DIMS(1, 2, 3), NULL);
    give(&s, RPR_F32, 1, (const int64_t[]){scales}, scale);
    give(&s, t, 1, (const int64_t[]){zeros}, V(0, 0, 0));
    return s;
}

static void test_bad_scales(void **state)
{
    (void)state;
    const double bad[] = {0, -1, (double)NAN, (double)INFINITY, -0.0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        single s = quantize(1, V(bad[i]), RPR_U8, 1);
        refused(&s, plain(&s, "QuantizeLinear"), RPR_ERR_FORMAT, "the scale (input 1) holds");
        s = quantize(2, V(1, bad[i]), RPR_U8, 2);
        refused(&s, plain(&s, "QuantizeLinear"), RPR_ERR_FORMAT, "the scale (input 1) holds");
        s = start();
        give(&s, RPR_U8, DIMS(1), NULL);
        pair(&s, 1, RPR_U8, 0);
        pair(&s, bad[i], RPR_U8, 0);
        refused(&s, make(&s, MS, "QLinearSigmoid", 1, 1), RPR_ERR_FORMAT,
                "the scale (input 3) holds");
    }
    single s = start();
    give(&s, RPR_U8, DIMS(2), NULL);
    give(&s, RPR_F64, SCALAR, V(1));
    refused(&s, plain(&s, "DequantizeLinear"), RPR_ERR_UNSUPPORTED, "input 1 has element type 11");
}

static void test_bad_axes(void **state)
{
    (void)state;
    single s = quantize(3, V(1, 1, 1), RPR_U8, 3);
    refused(&s, plain(&s, "QuantizeLinear"), RPR_ERR_SHAPE,
            "3 entries, not one value or a vector of 2");
    s = quantize(2, V(1, 1), RPR_U8, 3);
    refused(&s, plain(&s, "QuantizeLinear"), RPR_ERR_SHAPE, "the zero point (input 2) has 1");
    for (int64_t axis = -4; axis <= 3; axis += 7) {
        s = quantize(2, V(1, 1), RPR_U8, 2);
        rpr_node *n = plain(&s, "QuantizeLinear");
        rpr_node_set_int(n, "axis", axis);
        refused(&s, n, RPR_ERR_FORMAT, "is outside a rank of 3");
    }
    s = quantize(2, V(1, 1), RPR_U8, 2); /* before opset 13 there is no axis */
    refused(&s, make(&s, "", "QuantizeLinear", 10, 1), RPR_ERR_UNSUPPORTED, "not one value");
    s = start();
    give(&s, RPR_U8, DIMS(1, 2), NULL);
    give(&s, RPR_F32, DIMS(1, 2), V(1, 1));
    refused(&s, plain(&s, "DequantizeLinear"), RPR_ERR_UNSUPPORTED, "has 2 dimensions");
}

static void test_bad_zeros(void **state)
{
    (void)state;
    single s = start();
    give(&s, RPR_U8, DIMS(2), NULL);
    pair(&s, 1, RPR_I8, 0);
    refused(&s, plain(&s, "DequantizeLinear"), RPR_ERR_FORMAT,
            "the zero point (input 2) has element type 3, the data has 2");
    s = start();
    give(&s, RPR_I32, DIMS(2), NULL);
    pair(&s, 1, RPR_I32, 5);
    refused(&s, plain(&s, "DequantizeLinear"), RPR_ERR_FORMAT, "of int32 data is 5, not 0");
    s = quantize(1, V(1), RPR_I32, 1);
    refused(&s, plain(&s, "QuantizeLinear"), RPR_ERR_UNSUPPORTED, "input 2 has element type 6");
    s = start();
    give(&s, RPR_U8, DIMS(1, 1, 4), NULL);
    give(&s, RPR_I8, DIMS(2, 1, 1), NULL);
    give(&s, RPR_U8, SCALAR, V(0));
    give(&s, RPR_U8, SCALAR, V(0));
    refused(&s, plain(&s, "ConvInteger"), RPR_ERR_FORMAT, "the zero point (input 3) has element");
}

static void test_bad_operators(void **state)
{
    (void)state;
    single s = start();
    give(&s, RPR_U8, DIMS(1, 1, 4), NULL);
    pair(&s, 1, RPR_U8, 0);
    give(&s, RPR_I8, DIMS(2, 1, 1), NULL);
    give(&s, RPR_F32, DIMS(3), V(1, 1, 1));
    give(&s, RPR_I8, SCALAR, V(0));
    pair(&s, 1, RPR_U8, 0);
    refused(&s, plain(&s, "QLinearConv"), RPR_ERR_SHAPE,
            "the scale (input 4) has 1 dimensions and 3");
    s = start();
    give(&s, RPR_U8, DIMS(4), NULL);
    pair(&s, 1, RPR_U8, 0);
    give(&s, RPR_I8, DIMS(4), NULL);
    pair(&s, 1, RPR_I8, 0);
    pair(&s, 1, RPR_U8, 0);
    refused(&s, make(&s, MS, "QLinearAdd", 1, 1), RPR_ERR_UNSUPPORTED,
            "input 3 has element type 3");
    s = start();
    pair(&s, 1, RPR_U8, 0);
    give(&s, RPR_U8, DIMS(4), NULL);
    pair(&s, 1, RPR_U8, 0);
    give(&s, RPR_U8, DIMS(4), NULL);
    rpr_node *n = make(&s, MS, "QLinearConcat", 1, 1);
    rpr_node_set_int(n, "axis", 0);
    refused(&s, n, RPR_ERR_FORMAT, "6 inputs, not 2 and 3 for every part");
    s = start();
    give(&s, RPR_U8, DIMS(1, 2, 2), NULL);
    pair(&s, 1, RPR_U8, 0);
    pair(&s, 1, RPR_U8, 0);
    n = make(&s, MS, "QLinearGlobalAveragePool", 1, 1);
    rpr_node_set_int(n, "channels_last", 1);
    refused(&s, n, RPR_ERR_UNSUPPORTED, "channels_last is not supported");
}

/* Along the last axis, or over all axes from one on. */
static void test_softmax(void **state)
{
    (void)state;
    for (int opset = 12; opset <= 13; opset++) {
        single s = start(); /* ln 3 apart: 1/4 and 3/4 */
        give(&s, RPR_U8, DIMS(1, 2, 2), V(10, 11, 10, 11));
        pair(&s, 1.0986123, RPR_U8, 9);
        pair(&s, 0.0078125, RPR_U8, 1);
        rpr_node *n = make(&s, MS, "QLinearSoftmax", 1, 1);
        rpr_node_set_int(n, "opset", opset);
        rpr_node_set_int(n, "axis", opset < 13 ? 1 : -1);
        gives(&s, n, RPR_U8, 4, opset < 13 ? V(17, 49, 17, 49) : V(33, 97, 33, 97));
    }
    single s = start();
    give(&s, RPR_U8, DIMS(2), NULL);
    pair(&s, 1, RPR_U8, 0);
    pair(&s, 0, RPR_U8, 0);
    refused(&s, make(&s, MS, "QLinearSoftmax", 1, 1), RPR_ERR_FORMAT, "the scale (input 3) holds");
}

/* (1 2; 3 4) (-1 2; -1 3) = (-3 8; -7 18), and a bias of (3, -2). */
static single gemm(void)
{
    single s = start();
    give(&s, RPR_U8, DIMS(2, 2), V(11, 12, 13, 14));
    pair(&s, 0.5, RPR_U8, 10);
    give(&s, RPR_I8, DIMS(2, 2), V(-1, -1, 2, 3)); /* turned */
    give(&s, RPR_F32, DIMS(2), V(1, 2));
    give(&s, RPR_I8, DIMS(2), V(0, 0));
    give(&s, RPR_I32, DIMS(2), V(3, -2));
    return s;
}

static rpr_node *gemm_node(single *s, const char *domain)
{
    rpr_node *n = make(s, domain, "QGemm", 1, 1);
    rpr_node_set_int(n, "transB", 1);
    rpr_node_set_float(n, "alpha", 2);
    return n;
}

/* Without a scale for it the output is f32; a table goes over what is stored. */
static void test_gemm(void **state)
{
    (void)state;
    double table[256];
    for (int i = 0; i < 256; i++)
        table[i] = 255 - i;
    single s = gemm();
    gives(&s, gemm_node(&s, MS), RPR_F32, 4, V(0, 12, -4, 32));
    s = gemm();
    pair(&s, 8, RPR_U8, 100);
    gives(&s, gemm_node(&s, MS), RPR_U8, 4, V(100, 102, 100, 104));
    s = gemm();
    pair(&s, 8, RPR_U8, 100);
    give(&s, RPR_U8, DIMS(256), table);
    gives(&s, gemm_node(&s, "reprise"), RPR_U8, 4, V(155, 153, 155, 151));
    s = gemm();
    pair(&s, 8, RPR_U8, 100);
    give(&s, RPR_I8, DIMS(256), table);
    refused(&s, gemm_node(&s, "reprise"), RPR_ERR_UNSUPPORTED, "input 9 has element type 3");
    s = gemm();
    pair(&s, 8, RPR_U8, 100);
    give(&s, RPR_U8, DIMS(255), table);
    refused(&s, gemm_node(&s, "reprise"), RPR_ERR_SHAPE, "the table (input 9) has not 256");
    s = gemm();
    give(&s, RPR_F32, SCALAR, V(8));
    refused(&s, gemm_node(&s, MS), RPR_ERR_FORMAT, "input 8 is missing");
}

/* The index is the byte: -1 of i8 is the last one. */
static void test_table(void **state)
{
    (void)state;
    double table[256];
    for (int i = 0; i < 256; i++)
        table[i] = i < 128 ? i : i - 256;
    single s = start();
    give(&s, RPR_U8, DIMS(2, 2), V(0, 127, 128, 255));
    give(&s, RPR_I8, DIMS(256), table);
    gives(&s, make(&s, "reprise", "Table", 1, 1), RPR_I8, 4, V(0, 127, -128, -1));
    s = start();
    give(&s, RPR_I8, DIMS(3), V(-1, -128, 0));
    give(&s, RPR_I8, DIMS(256), table);
    gives(&s, make(&s, "reprise", "Table", 1, 1), RPR_I8, 3, V(-1, -128, 0));
    assert_null(rpr_ops_find("reprise", "Table", 1)); /* not for files */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding),      cmocka_unit_test(test_axes),
        cmocka_unit_test(test_dynamic),       cmocka_unit_test(test_products),
        cmocka_unit_test(test_wrap),          cmocka_unit_test(test_points),
        cmocka_unit_test(test_pools),         cmocka_unit_test(test_bad_scales),
        cmocka_unit_test(test_bad_axes),      cmocka_unit_test(test_bad_zeros),
        cmocka_unit_test(test_bad_operators), cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_softmax),       cmocka_unit_test(test_table),
        cmocka_unit_test(test_transposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
