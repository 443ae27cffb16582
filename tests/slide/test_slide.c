/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of layers and what is kept of values, on graphs where it can be counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../stream/nets_quant.h"
#include "rig.h"

#define WINDOW(a, t, k)                                                                            \
    (rpr_window)                                                                                   \
    {                                                                                              \
        .axis = (a), .length = (t), .hop = (k)                                                     \
    }

/** A graph as it was and as it is rewritten. */
typedef struct pair {
    rpr_graph *whole, *slid;
    rpr_slide *s;
    rpr_window w;
} pair;

typedef void (*make_fn)(net *b);

static pair slide(make_fn make, rpr_window w)
{
    pair p = {.w = w};
    net a = net_new(1), b = net_new(1);
    make(&a);
    make(&b);
    p.whole = a.g;
    p.slid = b.g;
    rig_prepare(p.whole);
    rig_prepare(p.slid);
    p.s = rig_slide(p.slid, &w);
    (void)rig_compare(p.whole, p.slid, &w, 40, 3, "by hand");
    return p;
}

static void end(pair *p)
{
    rpr_graph_free(p->whole);
    rpr_graph_free(p->slid);
    rpr_slide_free(p->s);
}

static const rpr_slide_layer *layer(const pair *p, const char *op)
{
    for (size_t i = 0; i < p->s->n_layer; i++)
        if (strcmp(p->s->layer[i].op, op) == 0)
            return &p->s->layer[i];
    fail_msg("no %s", op);
    return NULL;
}

static void is_shifted(const rpr_slide_layer *l, int64_t columns, int64_t computed)
{
    if (l->verdict != RPR_WINDOW_SHIFTED || l->columns != columns || l->computed != computed)
        fail_msg("%s: verdict %d (%s), %lld of %lld columns", l->op, (int)l->verdict, l->reason,
                 (long long)l->computed, (long long)l->columns);
}

static void is_whole(const pair *p, const char *op, const char *reason)
{
    const rpr_slide_layer *l = layer(p, op);
    if (l->verdict != RPR_WINDOW_WHOLE || !strstr(l->reason, reason))
        fail_msg("%s: verdict %d, \"%s\"", op, (int)l->verdict, l->reason);
}

/** The Delay whose output is named so; NULL if there is none. */
static const rpr_node *delay(const pair *p, const char *name)
{
    for (size_t i = 0; i < p->slid->n_node; i++) {
        const rpr_node *n = &p->slid->node[i];
        if (strcmp(n->op, "Delay") == 0 && strcmp(p->slid->value[n->out[0]].name, name) == 0)
            return n;
    }
    return NULL;
}

static void keeps(const pair *p, const char *name, int64_t length, int64_t period, int64_t shift)
{
    const rpr_node *n = delay(p, name);
    if (!n)
        fail_msg("no Delay '%s'", name);
    if (rpr_node_int(n, "length", 0) != length || rpr_node_int(n, "period", 0) != period ||
        rpr_node_int(n, "shift", 0) != shift)
        fail_msg("'%s': %lld columns, %lld calls, %lld columns further", name,
                 (long long)rpr_node_int(n, "length", 0), (long long)rpr_node_int(n, "period", 0),
                 (long long)rpr_node_int(n, "shift", 0));
}

static size_t count(const pair *p, const char *op)
{
    size_t n = 0;
    for (size_t i = 0; i < p->slid->n_node; i++)
        n += strcmp(p->slid->node[i].op, op) == 0;
    return n;
}

/* ------------------------------------------------------------------- shift */

/* v0: 20 columns; 3 taps: 18; 3 taps 2 apart: 14; their last 2 */
static void make_plain(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 20));
    x = net_relu(b, net_conv1d(b, x, 3, 3, ""));
    x = net_conv1d(b, x, 4, 3, "dilations:2");
    net_output(b, x);
}

static void test_plain(void **state)
{
    (void)state;
    pair p = slide(make_plain, WINDOW(2, 20, 2));
    assert_int_equal(p.s->length, 20);
    assert_int_equal(p.s->hop, 2);
    assert_int_equal(p.s->n_layer, 2); /* Relu is fused */
    is_shifted(&p.s->layer[0], 18, 2);
    is_shifted(&p.s->layer[1], 14, 2);
    assert_int_equal(p.s->layer[0].macs, 18 * 3 * 2 * 3);
    assert_int_equal(p.s->layer[0].macs_hop, 2 * 3 * 2 * 3);
    keeps(&p, "v0/delay", 2 + 2, 1, 2); /* as much as the taps reach back */
    keeps(&p, "v4/delay", 2 + 4, 1, 2);
    assert_int_equal(count(&p, "Slice"), 0);
    assert_int_equal(count(&p, "Conv"), 2);
    assert_int_equal(p.slid->value[p.slid->input[0]].shape.dim[2], 2);
    assert_int_equal(p.slid->value[p.slid->output[0]].shape.dim[2], 14);
    end(&p);
}

static void make_padded(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 20));
    x = net_conv1d(b, x, 3, 3, "pads:1,1");
    x = net_conv1d(b, x, 3, 3, "auto_pad@SAME_UPPER");
    net_output(b, x);
}

static void test_padded(void **state)
{
    (void)state;
    pair p = slide(make_padded, WINDOW(-1, 20, 3));
    is_shifted(&p.s->layer[0], 20, 1 + 1 + 3);
    is_shifted(&p.s->layer[1], 20, 2 + 2 + 3);
    assert_int_equal(count(&p, "Conv"), 4);
    keeps(&p, "v0/delay", 20, 1, 3);
    end(&p);
    p = slide(make_padded, WINDOW(2, 20, 17));
    is_shifted(&p.s->layer[0], 20, 19);
    assert_int_equal(p.s->layer[1].verdict, RPR_WINDOW_WHOLE);
    assert_string_equal(p.s->layer[1].reason,
                        "of 20 columns 4 see the window's edges and 17 are new");
    assert_int_equal(p.s->layer[1].columns, 20);
    assert_int_equal(p.s->layer[1].computed, 20);
    end(&p);
}

/** Only what is computed anew is read: nothing is kept. */
static void make_last(net *b)
{
    int x = net_input(b, NET_DIMS(1, 20, 2));
    x = net_op(b, "Tanh", "", 1, x);
    x = net_op(b, "Slice", "", 4, x, net_ints(b, 1, (const int64_t[]){-2}),
               net_ints(b, 1, (const int64_t[]){100}), net_ints(b, 1, (const int64_t[]){1}));
    net_output(b, x);
}

static void make_picked(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 20));
    x = net_conv1d(b, x, 3, 3, "pads:4,0 dilations:2");
    x = net_conv1d(b, x, 3, 3, "pads:2,0");
    net_output(b, net_op(b, "Gather", "axis=2", 2, x, net_ints(b, 1, (const int64_t[]){-1})));
}

static void test_last(void **state)
{
    (void)state;
    pair p = slide(make_last, WINDOW(1, 20, 4));
    is_shifted(layer(&p, "Tanh"), 20, 4);
    is_whole(&p, "Slice", "all of 2 columns are new");
    assert_int_equal(count(&p, "Delay"), 0);
    end(&p);
    p = slide(make_picked, WINDOW(2, 20, 1)); /* what is padded is not asked for */
    is_shifted(&p.s->layer[0], 20, 1);
    is_shifted(&p.s->layer[1], 20, 1);
    is_whole(&p, "Gather", "it picks columns");
    assert_int_equal(count(&p, "Conv"), 2);
    assert_int_equal(count(&p, "Delay"), 2);
    keeps(&p, "v0/delay", 5, 1, 1);
    end(&p);
}

/** Strides that the hop is no multiple of. */
static void make_strided(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 33));
    x = net_conv1d(b, x, 3, 3, "strides:2"); /* 16 columns of stride 2 */
    x = net_op(b, "MaxPool", "kernel_shape:2 strides:2", 1, x);
    x = net_op(b, "AveragePool", "kernel_shape:2 strides:4", 1, x); /* 2 of stride 16 */
    net_output(b, x);
}

static void test_strided(void **state)
{
    (void)state;
    pair p = slide(make_strided, WINDOW(2, 33, 1));
    is_shifted(layer(&p, "Conv"), 16, 1);
    is_shifted(layer(&p, "MaxPool"), 8, 1);
    is_shifted(layer(&p, "AveragePool"), 2, 1);
    keeps(&p, "v0/delay", 3, 1, 1);
    keeps(&p, "v3/delay", 2, 2, 1);
    keeps(&p, "v4/delay", 4, 4, 1);
    keeps(&p, "v5", 2, 16, 1);
    end(&p);
    p = slide(make_strided, WINDOW(2, 33, 6));
    is_shifted(layer(&p, "Conv"), 16, 3);
    is_shifted(layer(&p, "MaxPool"), 8, 3);
    keeps(&p, "v4/delay", 8, 2, 3);
    is_whole(&p, "AveragePool", "stride 16 and hop 6: none of 2 columns is kept");
    end(&p);
}

/* ------------------------------------------------------------------- whole */

/** One operator behind a Tanh, by its reason. */
static int reason_case;

static void make_reason(net *b)
{
    int x = net_input(b, NET_DIMS(1, 4, 12));
    const int64_t rows[] = {12, 4}, flat[] = {1, 48};
    x = net_op(b, "Tanh", "", 1, x);
    switch (reason_case) {
    case 0:
        x = net_op(b, "Softmax", "axis=2", 1, x);
        break;
    case 1:
        x = net_op(b, "Reshape", "", 2, x, net_ints(b, 2, flat));
        x = net_gemm(b, x, 3);
        break;
    case 2:
        x = net_op(b, "Mul", "", 2, x, net_floats(b, 1, 1, NET_DIMS(4, 12)));
        break;
    case 3:
        x = net_op(b, "MatMul", "", 2, x, net_floats(b, 0, 1, 2, rows));
        break;
    case 4:
        x = net_op(b, "ConvTranspose", "", 2, x, net_floats(b, 0, 1, NET_DIMS(4, 2, 3)));
        break;
    case 5:
        x = net_op(b, "Concat", "axis=2", 2, x, x);
        break;
    case 6:
        x = net_op(b, "Pad", "mode@reflect", 2, x,
                   net_ints(b, 6, (const int64_t[]){0, 0, 1, 0, 0, 1}));
        break;
    default:
        x = net_op(b, "Resize", "mode@linear", 3, x, net_floats(b, 0, 0, NET_DIMS(0)),
                   net_floats(b, 2, 0, NET_DIMS(3)));
        break;
    }
    net_output(b, net_op(b, "Exp", "", 1, x));
}

static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *op, *reason;
    } list[] = {
        {"Softmax", "it normalises over the axis"},
        {"Reshape", "the axis is reshaped away"},
        {"Mul", "varies along the axis"},
        {"MatMul", "it sums over the axis"},
        {"ConvTranspose", "it makes columns between columns"},
        {"Concat", "it joins columns"},
        {"Pad", "it repeats columns at the window's edges"},
        {"Resize", "it resizes the axis"},
    };
    for (reason_case = 0; reason_case < 8; reason_case++) {
        pair p = slide(make_reason, WINDOW(2, 12, 3));
        is_shifted(layer(&p, "Tanh"), 12, 3);
        is_whole(&p, list[reason_case].op, list[reason_case].reason);
        is_whole(&p, "Exp", "makes of the whole window");
        keeps(&p, "v1/delay", 12, 1, 3);
        end(&p);
    }
}

/** Rows of a matrix are columns of a window; another input moves all of them at once. */
static void make_frames(net *b)
{
    int x = net_input(b, NET_DIMS(10, 4));
    x = net_relu(b, net_gemm(b, x, 6));
    x = net_op(b, "Softmax", "axis=1", 1, x);
    net_output(b, net_op(b, "MatMul", "", 2, x, net_floats(b, 0, 1, NET_DIMS(6, 2))));
}

static void test_frames(void **state)
{
    (void)state;
    pair p = slide(make_frames, WINDOW(0, 10, 1));
    is_shifted(layer(&p, "Gemm"), 10, 1);
    is_shifted(layer(&p, "Softmax"), 10, 1);
    is_shifted(layer(&p, "MatMul"), 10, 1);
    assert_int_equal(layer(&p, "Gemm")->macs, 10 * 4 * 6);
    assert_int_equal(layer(&p, "Gemm")->macs_hop, 4 * 6);
    assert_int_equal(count(&p, "Delay"), 1);
    end(&p);
    p = slide(make_frames, WINDOW(1, 4, 1)); /* the wrong axis */
    is_whole(&p, "Gemm", "it sums over the axis");
    end(&p);
}

static void test_other_input(void **state)
{
    (void)state;
    net b = net_new(5);
    const int x = net_input(&b, NET_DIMS(1, 2, 8)), gain = net_input(&b, NET_DIMS(1));
    const int loud = net_op(&b, "Exp", "", 1, gain);
    net_output(&b, net_op(&b, "Mul", "", 2, net_op(&b, "Tanh", "", 1, x), loud));
    rig_prepare(b.g);
    const rpr_window w = WINDOW(2, 8, 1);
    pair p = {.slid = b.g, .whole = rpr_graph_new(), .s = rig_slide(b.g, &w)};
    is_shifted(layer(&p, "Tanh"), 8, 1);
    is_whole(&p, "Mul", "reads 'v2', which changes without the window moving");
    assert_int_equal(layer(&p, "Exp")->verdict, RPR_WINDOW_CONSTANT);
    assert_int_equal(layer(&p, "Exp")->columns, 0);
    end(&p);
}

/** Nothing can be shifted: the input goes through one Delay, as does an output that is the input.
 */
static void make_nothing(net *b)
{
    const int x = net_input(b, NET_DIMS(1, 2, 8));
    net_output(b, net_op(b, "Softmax", "axis=2", 1, x));
    net_output(b, x);
}

static void test_nothing(void **state)
{
    (void)state;
    pair p = slide(make_nothing, WINDOW(2, 8, 3));
    assert_int_equal(count(&p, "Delay"), 1);
    assert_int_equal(p.slid->n_node, 2);
    assert_string_equal(p.slid->value[p.slid->output[1]].name, "v0");
    end(&p);
}

/* ------------------------------------------------------------------- shapes */

/** A picture's rows as a window: NHWC to NCHW, back, and flattened by row. */
static void make_moved(net *b)
{
    int x = net_input(b, NET_DIMS(1, 12, 6, 2));
    x = net_op(b, "Transpose", "perm:0,3,1,2", 1, x);
    x = net_conv(b, x, 3, 3, 2, 1, "");
    x = net_op(b, "Transpose", "perm:0,2,3,1", 1, x);
    x = net_op(b, "Reshape", "", 2, x, net_ints(b, 2, (const int64_t[]){10, -1}));
    x = net_gemm(b, x, 2);
    x = net_op(b, "Unsqueeze", "", 2, x, net_ints(b, 1, (const int64_t[]){0}));
    x = net_op(b, "Expand", "", 2, x, net_ints(b, 3, (const int64_t[]){2, 10, 2}));
    net_output(b, net_op(b, "ReduceMean", "axes:0 keepdims=0", 1, x));
}

static void test_moved(void **state)
{
    (void)state;
    static const char *const ops[] = {"Conv",      "Reshape", "Gemm",
                                      "Unsqueeze", "Expand",  "ReduceMean"};
    pair p = slide(make_moved, WINDOW(1, 12, 2));
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        is_shifted(layer(&p, ops[i]), 10, 2);
    end(&p);
}

/** Indices of another type, and what is looked up by them. */
static void make_indices(net *b)
{
    int x = net_input(b, NET_DIMS(1, 5, 10));
    x = net_op(b, "ArgMax", "axis=1 keepdims=0", 1, x);
    x = net_op(b, "Gather", "axis=0", 2, net_floats(b, 0, 1, NET_DIMS(5, 3)), x);
    net_output(b,
               net_op(b, "InstanceNormalization", "", 3, net_op(b, "Transpose", "perm:1,0,2", 1, x),
                      net_floats(b, 1, 0, NET_DIMS(1)), net_floats(b, 0, 1, NET_DIMS(1))));
}

static void test_indices(void **state)
{
    (void)state;
    pair p = slide(make_indices, WINDOW(2, 10, 3));
    is_shifted(layer(&p, "ArgMax"), 10, 3);
    is_shifted(layer(&p, "Gather"), 10, 3);
    is_shifted(layer(&p, "Transpose"), 10, 3);
    is_shifted(layer(&p, "InstanceNormalization"), 10, 3);
    end(&p);
    p = slide(make_indices, WINDOW(1, 5, 1));
    is_whole(&p, "ArgMax", "it reduces over the axis");
    end(&p);
}

/* -------------------------------------------------------------------- sums */

static const char *sum_op;

static void make_sum(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 22));
    x = net_conv1d(b, x, 3, 3, ""); /* 20 columns */
    if (strcmp(sum_op, "AveragePool") == 0 || strcmp(sum_op, "MaxPool") == 0)
        x = net_op(b, sum_op, "kernel_shape:20", 1, x);
    else if (strncmp(sum_op, "Global", 6) == 0)
        x = net_op(b, sum_op, "", 1, x);
    else if (strcmp(sum_op, "ReduceSum") == 0)
        x = net_op(b, sum_op, "keepdims=0", 2, x, net_ints(b, 2, (const int64_t[]){0, -1}));
    else
        x = net_op(b, sum_op, "axes:2,1", 1, x);
    net_output(b, net_relu(b, x));
}

static void test_sums(void **state)
{
    (void)state;
    static const char *const ops[] = {"GlobalAveragePool", "GlobalMaxPool",  "AveragePool",
                                      "MaxPool",           "ReduceSum",      "ReduceMean",
                                      "ReduceMax",         "ReduceMin",      "ReduceL1",
                                      "ReduceL2",          "ReduceSumSquare"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        sum_op = ops[i];
        pair p = slide(make_sum, WINDOW(2, 22, 4));
        const rpr_slide_layer *l = layer(&p, sum_op);
        assert_int_equal(l->verdict, RPR_WINDOW_SUMMED);
        assert_string_equal(l->reason, "");
        assert_int_equal(l->columns, 20);
        assert_int_equal(l->computed, 4);
        assert_int_equal(count(&p, "Delay"), 2);
        keeps(&p, "v0/delay", 6, 1, 4);
        end(&p);
        p = slide(make_sum, WINDOW(2, 22, 3)); /* 20 columns in steps of 3 */
        is_whole(&p, sum_op, "it reduces 20 columns, which are not full steps of 3");
        end(&p);
    }
}

/** Edges are added anew, the others come by every second call. */
static void make_sum_of_edges(net *b)
{
    int x = net_input(b, NET_DIMS(1, 2, 24));
    x = net_conv1d(b, x, 3, 5, "pads:2,2 strides:2"); /* 12 columns: 1 sees each edge */
    net_output(b, net_op(b, "GlobalAveragePool", "", 1, x));
}

static void test_sum_of_edges(void **state)
{
    (void)state;
    pair p = slide(make_sum_of_edges, WINDOW(2, 24, 1));
    is_shifted(layer(&p, "Conv"), 12, 3);
    assert_int_equal(layer(&p, "GlobalAveragePool")->verdict, RPR_WINDOW_SUMMED);
    assert_int_equal(layer(&p, "GlobalAveragePool")->computed, 3);
    bool found = false;
    for (size_t i = 0; i < p.slid->n_node; i++) {
        const rpr_node *n = &p.slid->node[i];
        if (strcmp(n->op, "Delay") == 0 && rpr_node_int(n, "shift", 0) == 1 &&
            rpr_node_int(n, "length", 0) == 10 && rpr_node_int(n, "period", 0) == 2)
            found = true;
    }
    assert_true(found);
    /* No sum runs on: ten thousand calls later the difference is what it was. */
    const rig_checked c = rig_compare(p.whole, p.slid, &p.w, 10000, 9, "long");
    if (!(c.worst <= 1e-6))
        fail_msg("off by %g", c.worst);
    end(&p);
}

/** Weights that are the same for all columns, but for one number if product_odd. */
static int product_kind;
static bool product_odd;

static void make_product(net *b)
{
    int x = net_input(b, NET_DIMS(1, 3, 12, 2));
    x = net_op(b, "Tanh", "", 1, x);
    x = net_op(b, "Flatten", "axis=1", 1, x); /* 3 * 12 * 2 */
    int w = net_floats(b, 0, 1, NET_DIMS(3, 1, 2, 4));
    w = net_op(b, "Expand", "", 2, w, net_ints(b, NET_DIMS(3, 12, 2, 4)));
    w = net_op(b, "Reshape", "", 2, w, net_ints(b, NET_DIMS(72, 4)));
    if (product_odd) {
        const int one = net_op(b, "Pad", "", 2, net_floats(b, 1, 0, NET_DIMS(1, 1)),
                               net_ints(b, NET_DIMS(50, 2, 21, 1)));
        w = net_op(b, "Add", "", 2, w, one);
    }
    if (product_kind == 1)
        w = net_op(b, "Transpose", "perm:1,0", 1, w);
    x = product_kind == 2   ? net_op(b, "MatMul", "", 2, x, w)
        : product_kind == 1 ? net_op(b, "Gemm", "transB=1 alpha~0.5", 2, x, w)
                            : net_op(b, "Gemm", "", 3, x, w, net_floats(b, 0, 1, NET_DIMS(4)));
    net_output(b, net_relu(b, x));
}

static void test_products(void **state)
{
    (void)state;
    for (product_kind = 0; product_kind < 3; product_kind++) {
        const char *op = product_kind == 2 ? "MatMul" : "Gemm";
        product_odd = false;
        pair p = slide(make_product, WINDOW(2, 12, 2));
        assert_int_equal(layer(&p, "ReduceSum")->verdict, RPR_WINDOW_SUMMED);
        assert_int_equal(layer(&p, "ReduceSum")->computed, 2);
        is_whole(&p, op, "makes of the whole window"); /* but of one column's size */
        assert_int_equal(layer(&p, op)->macs, 3 * 2 * 4);
        assert_int_equal(count(&p, "Delay"), 1);
        assert_int_equal(count(&p, "Flatten"), 0);
        end(&p);
        product_odd = true;
        p = slide(make_product, WINDOW(2, 12, 2));
        is_whole(&p, "Flatten", "the axis is reshaped away");
        assert_int_equal(layer(&p, op)->macs, 12 * 3 * 2 * 4);
        end(&p);
    }
}

/* ------------------------------------------------------------------ volumes */

/** The shape of C3D, with a sixteenth of its channels and a seventh of its pixels. */
static void make_c3d(net *b)
{
    static const int channels[] = {4, 8, 16, 16, 32, 32, 32, 32};
    static const bool pools[] = {true, true, false, true, false, true, false, true};
    char text[128];
    int x = net_input(b, NET_DIMS(1, 3, 16, 32, 32));
    for (int i = 0; i < 8; i++) {
        const int64_t ci = net_shape(b, x)->dim[1];
        x = net_relu(b, net_op(b, "Conv", "pads:1,1,1,1,1,1", 2, x,
                               net_floats(b, 0, 0.2f, NET_DIMS(channels[i], ci, 3, 3, 3))));
        (void)snprintf(text, sizeof text, "kernel_shape:%d,2,2 strides:%d,2,2", i ? 2 : 1,
                       i ? 2 : 1);
        if (pools[i])
            x = net_op(b, "MaxPool", text, 1, x);
    }
    net_output(b, x);
}

static void test_volumes(void **state)
{
    (void)state;
    static const int computed[] = {3, 5, 5, 7};
    net b = net_new(1);
    const rpr_window w = WINDOW(2, 16, 1);
    make_c3d(&b);
    rig_prepare(b.g);
    rpr_slide *s = rig_slide(b.g, &w);
    size_t at = 0;
    for (size_t i = 0; i < s->n_layer && at < 4; i++)
        if (strcmp(s->layer[i].op, "Conv") == 0)
            is_shifted(&s->layer[i], at < 2 ? 16 : 8, computed[at]), at++;
    assert_int_equal(at, 4);
    rpr_slide_free(s);
    rpr_graph_free(b.g);
}

/* ---------------------------------------------------------------- quantised */

static int64_t shifted(const pair *p)
{
    int64_t n = 0;
    for (size_t i = 0; i < p->s->n_layer; i++)
        n += p->s->layer[i].verdict == RPR_WINDOW_SHIFTED;
    return n;
}

static void test_quantised(void **state)
{
    (void)state;
    pair p = slide(nets_quantised_deep, WINDOW(3, 19, 1));
    is_shifted(&p.s->layer[0], 19, 1);                   /* QuantizeLinear */
    is_shifted(layer(&p, "QLinearConv"), 10, 1 + 1 + 1); /* of stride 2 */
    is_shifted(layer(&p, "QLinearAdd"), 10, 4 + 2 + 1);
    is_shifted(layer(&p, "QLinearConcat"), 10, 4 + 2 + 1);
    is_shifted(layer(&p, "MaxPool"), 5, 2 + 1 + 1);
    end(&p);
    p = slide(nets_quantised_rows, WINDOW(1, 5, 1));
    assert_int_equal(shifted(&p), 4);
    is_shifted(layer(&p, "QLinearMatMul"), 5, 1);
    assert_int_equal(layer(&p, "QLinearMatMul")->macs_hop, 3 * 42 * 33);
    end(&p);
    p = slide(nets_quantised_rows, WINDOW(2, 42, 1));
    is_whole(&p, "QLinearMatMul", "it sums over the axis");
    end(&p);
    p = slide(nets_quantised_squeeze, WINDOW(2, 12, 2));
    is_shifted(layer(&p, "QLinearConv"), 12, 1 + 1 + 2);
    is_whole(&p, "QLinearGlobalAveragePool", "it reduces over the axis");
    is_whole(&p, "QLinearMul", "makes of the whole window");
    end(&p);
}

/* ------------------------------------------------------------------- errors */

static void refused(rpr_window w, int status, const char *text)
{
    net b = net_new(1);
    rpr_error err = {{0}};
    rpr_slide *s = NULL;
    make_plain(&b);
    rig_prepare(b.g);
    assert_int_equal(rpr_graph_slide(b.g, &w, &s, &err), status);
    assert_null(s);
    if (!strstr(err.message, text))
        fail_msg("\"%s\"", err.message);
    rpr_graph_free(b.g);
}

static void test_refused(void **state)
{
    (void)state;
    refused(WINDOW(3, 20, 2), RPR_ERR_ARGUMENT, "input 'v0' has 3 axes, and no axis 3");
    refused(WINDOW(-4, 20, 2), RPR_ERR_ARGUMENT, "no axis -4");
    refused(WINDOW(2, 16, 2), RPR_ERR_SHAPE, "input 'v0' has 20 columns on axis 2, not 16");
    refused(WINDOW(2, 20, 20), RPR_ERR_ARGUMENT, "a hop of 20 leaves nothing of 20");
    refused(WINDOW(2, 0, 21), RPR_ERR_ARGUMENT, "a hop of 21 leaves nothing of 20");
    refused(WINDOW(0, 0, 1), RPR_ERR_ARGUMENT, "a hop of 1 leaves nothing of 1");
    refused(WINDOW(2, 20, 0), RPR_ERR_ARGUMENT, "hop 0");
    refused(WINDOW(2, -1, 1), RPR_ERR_ARGUMENT, "length -1");
    refused((rpr_window){.input = "y", .axis = 2, .hop = 1}, RPR_ERR_ARGUMENT,
            "the model has no input 'y'");
}

static void test_scalar(void **state)
{
    (void)state;
    net b = net_new(1);
    rpr_error err = {{0}};
    rpr_slide *s;
    net_output(&b, net_op(&b, "Exp", "", 1, net_input(&b, 0, NULL)));
    rig_prepare(b.g);
    const rpr_window w = WINDOW(0, 0, 1);
    assert_int_equal(rpr_graph_slide(b.g, &w, &s, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "has 0 axes"));
    rpr_graph_free(b.g);
}

/** The file leaves the window's length open, or everything. */
static void test_fix(void **state)
{
    (void)state;
    net b = net_new(1);
    rpr_error err = {{0}};
    const int x = net_input(&b, NET_DIMS(1, 2, -1));
    rpr_window w = WINDOW(-1, 20, 2);
    w.input = "v0";
    assert_int_equal(rpr_slide_fix(b.g, &w, &err), RPR_OK);
    assert_int_equal(b.g->value[x].shape.dim[2], 20);
    w.length = 16;
    assert_int_equal(rpr_slide_fix(b.g, &w, &err), RPR_ERR_SHAPE);
    assert_non_null(strstr(err.message, "has 20 columns on axis 2, not 16"));
    b.g->value[x].shape.dim[2] = -1;
    w.length = 0;
    assert_int_equal(rpr_slide_fix(b.g, &w, &err), RPR_OK);
    assert_int_equal(b.g->value[x].shape.dim[2], -1); /* another option may say */
    w.axis = 3;
    assert_int_equal(rpr_slide_fix(b.g, &w, &err), RPR_ERR_ARGUMENT);
    b.g->value[x].shape.rank = -1;
    assert_int_equal(rpr_slide_fix(b.g, &w, &err), RPR_OK);
    w.input = "nothing";
    assert_int_equal(rpr_slide_fix(b.g, &w, &err), RPR_ERR_ARGUMENT);
    rpr_graph_free(b.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_padded),
        cmocka_unit_test(test_last),         cmocka_unit_test(test_strided),
        cmocka_unit_test(test_reasons),      cmocka_unit_test(test_frames),
        cmocka_unit_test(test_nothing),      cmocka_unit_test(test_other_input),
        cmocka_unit_test(test_moved),        cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_sums),         cmocka_unit_test(test_indices),
        cmocka_unit_test(test_products),     cmocka_unit_test(test_quantised),
        cmocka_unit_test(test_sum_of_edges), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_scalar),       cmocka_unit_test(test_fix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
