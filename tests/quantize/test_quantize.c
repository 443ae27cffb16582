/* SPDX-License-Identifier: Apache-2.0 */
/* The public call: what it writes, what it measures, what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nets.h"
#include "onnx/onnx_load.h"

static char path[64];

static const char *write_net(model *m)
{
    (void)snprintf(path, sizeof path, "quantize_%d.onnx", (int)getpid());
    net_write(m, path);
    return path;
}

/** What comes of it; the status must be the one that is expected. */
static rpr_quantization *quantize(model *m, const rpr_quantize_options *o, int status,
                                  const char *text)
{
    film *f = film_new();
    const rpr_sample sample = film_sample(f);
    rpr_quantization *q = NULL;
    rpr_error err = {""};
    const char *file = write_net(m);
    const int got = rpr_quantize(file, NULL, &sample, o, &q, &err);
    if (got != status)
        fail_msg("%d: %s", got, err.message);
    if (text && !strstr(err.message, text))
        fail_msg("'%s' does not hold '%s'", err.message, text);
    assert_true((q != NULL) == (status == RPR_OK));
    (void)remove(file);
    free(f);
    return q;
}

static rpr_quantize_options defaults(void)
{
    rpr_quantize_options o;
    rpr_quantize_options_init(&o);
    o.keep = 0;
    return o;
}

static rpr_graph *graph_of(const rpr_quantization *q)
{
    rpr_graph *g = NULL;
    rpr_error err = {""};
    if (rpr_onnx_load_memory(q->bytes, q->size, "made", &g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return g;
}

static const rpr_node *producer(const rpr_graph *g, int value)
{
    return g->value[value].producer == RPR_NONE ? NULL : &g->node[g->value[value].producer];
}

static const rpr_value *input(const rpr_graph *g, const rpr_node *n, int i)
{
    return &g->value[n->in[i]];
}

/** A convolution of rounded data, integer weights by channel, and a bias in their product's scale.
 */
static void check_layer(const rpr_graph *g, const rpr_node *n)
{
    const rpr_node *x = producer(g, n->in[0]), *w = producer(g, n->in[1]),
                   *b = producer(g, n->in[2]);
    assert_string_equal(x->op, "DequantizeLinear");
    assert_string_equal(w->op, "DequantizeLinear");
    assert_string_equal(b->op, "DequantizeLinear");
    assert_int_equal(input(g, x, 2)->dtype, RPR_U8);
    assert_int_equal(input(g, w, 0)->dtype, RPR_I8);
    assert_int_equal(input(g, b, 0)->dtype, RPR_I32);
    assert_int_equal(rpr_node_int(w, "axis", -1), 0);
    const float sx = *(const float *)input(g, x, 1)->data;
    const float *sw = input(g, w, 1)->data, *sb = input(g, b, 1)->data;
    assert_int_equal(rpr_shape_count(&input(g, w, 1)->shape), input(g, w, 0)->shape.dim[0]);
    for (int64_t o = 0; o < input(g, w, 0)->shape.dim[0]; o++) {
        assert_true(sw[o] > 0.0f);
        assert_true(sb[o] == sx * sw[o]);
    }
    const int8_t *q = input(g, w, 0)->data;
    for (int64_t i = 0; i < rpr_shape_count(&input(g, w, 0)->shape); i++)
        assert_true(q[i] >= -127);
}

static void test_form(void **state)
{
    (void)state;
    const rpr_quantize_options o = defaults();
    rpr_quantization *q = quantize(net_branches(1.0f), &o, RPR_OK, NULL);
    rpr_graph *g = graph_of(q);
    int layers = 0, rounded = 0;
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        if (strcmp(n->op, "Conv") == 0) {
            check_layer(g, n);
            layers++;
        }
        rounded += strcmp(n->op, "QuantizeLinear") == 0;
    }
    assert_int_equal(layers, 4);
    /* x, relu (conv before it is not rounded), b, leaky, c, pool, resize, concat, y */
    assert_int_equal(rounded, 9);
    assert_string_equal(g->value[g->output[0]].name, "y");
    assert_string_equal(g->value[g->input[0]].name, "x");
    /* Moved and joined only: one scale for all of it. */
    const rpr_node *c = producer(g, find_node(g, "pool")->in[0]);
    const rpr_node *k = producer(g, find_node(g, "conv_y")->in[0]);
    assert_true(*(const float *)input(g, c, 1)->data > 0.0f);
    const rpr_node *p = producer(g, find_node(g, "resize")->in[0]);
    assert_int_equal(p->in[1], c->in[1]);
    assert_true(k->in[1] != RPR_NONE);
    rpr_graph_free(g);
    assert_true(q->seen_error > 0.0 && q->seen_error < 0.03);
    assert_true(q->held_error > 0.0 && q->held_error < 0.04);
    assert_int_equal(q->held_frames, 2);
    assert_int_equal(q->seen_frames, 8);
    assert_true(isnan(q->held_metric));
    assert_int_equal(q->n_layers, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(q->layer[i].quantised && q->layer[i].possible && q->layer[i].sensitivity > 0.0);
    assert_string_equal(q->layer[0].name, "conv_a");
    assert_int_equal(q->layer[0].macs, 8 * 27 * SIDE * SIDE);
    rpr_quantization_destroy(q);
}

/** What the emulation says is what the written model does, frame for frame. */
static void test_emulation(void **state)
{
    (void)state;
    rpr_quantize_options o = defaults();
    for (int bias = 0; bias < 2; bias++) {
        o.correct_bias = bias;
        rpr_quantization *q = quantize(net_branches(4.0f), &o, RPR_OK, NULL);
        assert_true(fabs(q->held_error / q->seen_error - 1.0) < 0.3);
        rpr_quantization_destroy(q);
    }
}

static double error_with(model *m, const rpr_quantize_options *o)
{
    rpr_quantization *q = quantize(m, o, RPR_OK, NULL);
    const double e = q->seen_error;
    rpr_quantization_destroy(q);
    return e;
}

static void test_equalise(void **state)
{
    (void)state;
    rpr_quantize_options o = defaults();
    rpr_quantization *q = quantize(net_branches(500.0f), &o, RPR_OK, NULL);
    assert_true(q->equalised >= 1);
    o.equalise = 0;
    const double plain = error_with(net_branches(500.0f), &o);
    print_message("%g equalised, %g plain\n", q->seen_error, plain);
    assert_true(q->seen_error < 0.7 * plain);
    rpr_quantization_destroy(q);
}

static void test_ranges(void **state)
{
    (void)state;
    rpr_quantize_options o = defaults();
    for (int r = RPR_RANGES_MSE; r <= RPR_RANGES_PERCENTILE; r++) {
        o.ranges = (rpr_ranges)r;
        o.percentile = 99.9;
        const double e = error_with(net_branches(1.0f), &o);
        assert_true(e > 0.0 && e < 0.05);
    }
}

/* -------------------------------------------------------------------- keep */

static size_t count_kept(const rpr_quantization *q)
{
    size_t n = 0;
    for (size_t i = 0; i < q->n_layers; i++)
        n += !q->layer[i].quantised;
    return n;
}

static void test_keep(void **state)
{
    (void)state;
    rpr_quantize_options o = defaults();
    const double all = error_with(net_branches(1.0f), &o);
    o.keep = 2;
    rpr_quantization *q = quantize(net_branches(1.0f), &o, RPR_OK, NULL);
    assert_int_equal(count_kept(q), 2);
    assert_true(q->seen_error < all);
    for (size_t i = 0; i < q->n_layers; i++)
        for (size_t k = 0; k < q->n_layers; k++)
            assert_true(q->layer[i].quantised == q->layer[k].quantised ||
                        (q->layer[i].sensitivity < q->layer[k].sensitivity) ==
                            (q->layer[i].quantised > q->layer[k].quantised));
    /* Its f32 weights are as they were. */
    rpr_graph *g = graph_of(q);
    int plain = 0;
    for (size_t i = 0; i < g->n_node; i++)
        plain += strcmp(g->node[i].op, "Conv") == 0 && input(g, &g->node[i], 1)->is_const;
    assert_int_equal(plain, 2);
    rpr_graph_free(g);
    rpr_quantization_destroy(q);
    o.keep = 4;
    (void)quantize(net_branches(1.0f), &o, RPR_ERR_ARGUMENT, "the model has 4 layers");
}

static void test_error_limit(void **state)
{
    (void)state;
    rpr_quantize_options o = defaults();
    const double all = error_with(net_branches(1.0f), &o);
    o.keep = RPR_KEEP_AUTO;
    o.error = 2.0 * all;
    rpr_quantization *q = quantize(net_branches(1.0f), &o, RPR_OK, NULL);
    assert_int_equal(count_kept(q), 0);
    rpr_quantization_destroy(q);
    o.error = 0.9 * all;
    q = quantize(net_branches(1.0f), &o, RPR_OK, NULL);
    assert_true(count_kept(q) >= 1 && q->seen_error <= o.error);
    rpr_quantization_destroy(q);
    o.error = 1e-9;
    (void)quantize(net_branches(1.0f), &o, RPR_ERR_ARGUMENT, "cannot be reached");
}

/* ------------------------------------------------------------------ metric */

static double sum;
static void begin(void *user)
{
    (void)user;
    sum = 0.0;
}
static int add(void *user, const rpr_output *dense, const rpr_output *rough, size_t n)
{
    (void)dense, (void)rough;
    assert_int_equal(n, 1);
    sum += 1.0;
    return *(int *)user;
}
static double error(void *user)
{
    (void)user;
    return sum;
}

static int stop(void *user, double done)
{
    assert_true(done >= 0.0 && done <= 1.0);
    return ++*(int *)user > 12;
}

static void test_callbacks(void **state)
{
    (void)state;
    int refuse = 0, calls = 0;
    const rpr_metric metric = {.user = &refuse, .begin = begin, .add = add, .error = error};
    rpr_quantize_options o = defaults();
    o.metric = &metric;
    rpr_quantization *q = quantize(net_branches(1.0f), &o, RPR_OK, NULL);
    assert_true(fabs(q->held_metric - 2.0) < 1e-9);
    rpr_quantization_destroy(q);
    refuse = 1;
    (void)quantize(net_branches(1.0f), &o, RPR_ERR_ARGUMENT, "metric: frame 8 was not taken");
    o.metric = NULL;
    o.progress = stop;
    o.progress_user = &calls;
    (void)quantize(net_branches(1.0f), &o, RPR_ERR_ARGUMENT, "stopped");
    assert_int_equal(calls, 13);
}

/* ---------------------------------------------------------------- refusals */

static void refuse_option(rpr_quantize_options o, const char *text)
{
    (void)quantize(net_branches(1.0f), &o, RPR_ERR_ARGUMENT, text);
}

static void test_options(void **state)
{
    (void)state;
#define REFUSE(field, value, text)                                                                 \
    do {                                                                                           \
        rpr_quantize_options o_ = defaults();                                                      \
        o_.field = value;                                                                          \
        refuse_option(o_, text);                                                                   \
    } while (0)
    REFUSE(struct_size, 1, "rpr_quantize_options_init");
    REFUSE(ranges, (rpr_ranges)7, "ranges");
    REFUSE(percentile, 50.0, "percentile");
    REFUSE(percentile, (double)NAN, "percentile");
    REFUSE(percentile, 100.1, "percentile");
    REFUSE(keep, -2, "keep");
    REFUSE(error, 1.0, "error");
    REFUSE(error, -0.1, "error");
    REFUSE(error, (double)NAN, "error");
    REFUSE(equalise, 2, "equalise");
    REFUSE(correct_bias, -1, "correct_bias");
    REFUSE(held_back, 1.0, "held_back");
    REFUSE(threads, 0, "threads");
    (void)quantize(net_branches(1.0f), NULL, RPR_ERR_ARGUMENT, "options");
}

static int call(const char *file, film *f, size_t n, rpr_error *err)
{
    rpr_sample sample = film_sample(f);
    const rpr_quantize_options o = defaults();
    rpr_quantization *q;
    sample.n = n;
    const int status = rpr_quantize(file, NULL, &sample, &o, &q, err);
    assert_null(q);
    return status;
}

static void test_samples(void **state)
{
    (void)state;
    rpr_error err;
    film *f = film_new();
    const char *file = write_net(net_branches(1.0f));
    assert_int_equal(call(file, f, 0, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "0 frames, not 2 or more"));
    assert_int_equal(call(file, f, 1, &err), RPR_ERR_ARGUMENT);
    assert_int_equal(call("not_there.onnx", f, FRAMES, &err), RPR_ERR_IO);
    f->broken = 3;
    assert_int_equal(call(file, f, FRAMES, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "frame 3 could not be read"));
    f->broken = -1;
    f->x[1][5] = NAN;
    assert_int_equal(call(file, f, FRAMES, &err), RPR_ERR_NONFINITE);
    f->x[1][5] = 1e38f; /* the first layer makes infinity of it, or next to it */
    f->x[1][6] = 1e38f;
    (void)call(file, f, 0, &err);
    (void)remove(file);
    free(f);
}

static void test_no_layers(void **state)
{
    (void)state;
    const rpr_quantize_options o = defaults();
    model *m = model_new();
    model_input(m, "x", RPR_F32, 4, DIMS(1, 3, SIDE, SIDE));
    model_node(m, "Relu", "relu", "x", "y");
    model_output(m, "y");
    (void)quantize(m, &o, RPR_ERR_UNSUPPORTED, "no layer that can be quantised");
}

/* --------------------------------------------------------------- operators */

/** Gemm both ways round, MatMul, normalisation, hard-swish, a squeeze and a product. */
static model *net_mixed(void)
{
    uint32_t state = 5;
    model *m = model_new();
    m->proto.opset_import[0]->version = 10; /* Clip's limits are attributes there */
    model_input(m, "x", RPR_F32, 4, DIMS(1, 3, SIDE, SIDE));
    net_weights(m, &state, "w", 4, DIMS(8, 3, 3, 3));
    model_node(m, "Conv", "conv", "x,w", "c");
    model_floats(m, "one", 1, DIMS(8), FLOATS(1, 2, 1, 1, 0.5f, 1, 1, 3));
    model_floats(m, "zero", 1, DIMS(8), FLOATS(0, 1, -1, 0, 0, 0.2f, 0, 0));
    model_node(m, "BatchNormalization", "norm", "c,one,zero,zero,one", "n");
    Onnx__NodeProto *clip = model_node(m, "Clip", "clip", "n", "r");
    node_float(m, clip, "min", 0.0f);
    node_float(m, clip, "max", 6.0f);
    model_node(m, "GlobalAveragePool", "gap", "r", "g");
    net_weights(m, &state, "se", 4, DIMS(8, 8, 1, 1));
    model_node(m, "Conv", "excite", "g,se", "e");
    model_node(m, "Sigmoid", "gate", "e", "s");
    model_node(m, "Mul", "mul", "r,s", "u");
    model_node(m, "GlobalAveragePool", "gap2", "u", "v");
    node_int(m, model_node(m, "Flatten", "flat", "v", "f"), "axis", 1);
    net_weights(m, &state, "g1", 2, DIMS(12, 8));
    net_weights(m, &state, "gb", 1, DIMS(12));
    node_int(m, model_node(m, "Gemm", "gemm", "f,g1,gb", "h"), "transB", 1);
    model_node(m, "Relu", "relu", "h", "hr");
    net_weights(m, &state, "g2", 2, DIMS(12, 6));
    model_node(m, "MatMul", "matmul", "hr,g2", "y");
    model_output(m, "y");
    return m;
}

static void test_operators(void **state)
{
    (void)state;
    const rpr_quantize_options o = defaults();
    rpr_quantization *q = quantize(net_mixed(), &o, RPR_OK, NULL);
    assert_int_equal(q->opset, 13);
    assert_int_equal(q->n_layers, 4);
    assert_int_equal(count_kept(q), 0);
    assert_true(q->seen_error < 0.05 && q->held_error < 0.06);
    rpr_graph *g = graph_of(q);
    const rpr_node *w = producer(g, find_node(g, "gemm")->in[1]);
    assert_int_equal(rpr_node_int(w, "axis", -1), 0);
    w = producer(g, find_node(g, "matmul")->in[1]);
    assert_int_equal(rpr_node_int(w, "axis", -1), 1);
    assert_int_equal(find_node(g, "clip")->n_in, 3);
    rpr_graph_free(g);
    rpr_quantization_destroy(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),      cmocka_unit_test(test_emulation),
        cmocka_unit_test(test_equalise),  cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_keep),      cmocka_unit_test(test_error_limit),
        cmocka_unit_test(test_callbacks), cmocka_unit_test(test_options),
        cmocka_unit_test(test_samples),   cmocka_unit_test(test_no_layers),
        cmocka_unit_test(test_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
