/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges, rounding, old operators, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"
#include "nets.h"
#include "onnx/onnx_load.h"
#include "onnx/onnx_save.h"
#include "ops/ops.h"
#include "quantize/state.h"

/* ------------------------------------------------------------------ ranges */

#define COUNT 10000

static int find(rpr_ranges ranges, const float *x, qt_params *p)
{
    rpr_quantize_options o;
    rpr_error err = {""};
    rpr_quantize_options_init(&o);
    o.percentile = 99.0;
    char *data = (char *)(uintptr_t)x;
    qt_state s = {.opt = &o, .ranges = ranges, .n_frame = 1, .err = &err};
    return qt_find_params(&s, &data, 1, COUNT, "x", p);
}

static double error_of(qt_params p, const float *x)
{
    static float y[COUNT];
    double sum = 0.0;
    qt_round(p, x, y, COUNT);
    for (int i = 0; i < COUNT; i++)
        sum += ((double)y[i] - (double)x[i]) * ((double)y[i] - (double)x[i]);
    return sum;
}

/** A bell of values, and one far outside. */
static void fill(float *x, float outlier)
{
    uint32_t state = 7;
    for (int i = 0; i < COUNT; i++) {
        x[i] = 0.0f;
        for (int k = 0; k < 6; k++)
            x[i] += next_random(&state);
    }
    x[17] = outlier;
}

static void test_ranges(void **state)
{
    (void)state;
    static float x[COUNT];
    qt_params all, mse, cut;
    fill(x, 60.0f);
    assert_int_equal(find(RPR_RANGES_MINMAX, x, &all), RPR_OK);
    assert_int_equal(find(RPR_RANGES_MSE, x, &mse), RPR_OK);
    assert_int_equal(find(RPR_RANGES_PERCENTILE, x, &cut), RPR_OK);
    assert_true(all.scale * (255.0f - (float)all.zero) > 59.0f);
    assert_true(mse.scale < all.scale);
    assert_true(cut.scale < 0.2f * all.scale);
    assert_true(error_of(mse, x) <= error_of(all, x));
    assert_true(error_of(mse, x) <= error_of(cut, x));
    float zero = 0.0f, y = 1.0f;
    qt_round(mse, &zero, &y, 1);
    assert_true(!(y < 0.0f || y > 0.0f));
}

static void test_range_edges(void **state)
{
    (void)state;
    static float x[COUNT];
    qt_params p;
    for (rpr_ranges r = RPR_RANGES_MSE; r <= RPR_RANGES_PERCENTILE; r++) {
        memset(x, 0, sizeof x); /* nothing but zeros */
        assert_int_equal(find(r, x, &p), RPR_OK);
        assert_true(p.scale >= 1.0f && p.scale <= 1.0f && p.zero == 0);
        for (int i = 0; i < COUNT; i++) /* one sign only: zero stays in the range */
            x[i] = 3.0f;
        assert_int_equal(find(r, x, &p), RPR_OK);
        assert_int_equal(p.zero, 0);
        assert_true(fabsf(p.scale * 255.0f - 3.0f) < 0.05f);
        for (int i = 0; i < COUNT; i++)
            x[i] = -3.0f;
        assert_int_equal(find(r, x, &p), RPR_OK);
        assert_int_equal(p.zero, 255);
        x[5] = NAN;
        assert_int_equal(find(r, x, &p), RPR_ERR_NONFINITE);
        x[5] = INFINITY;
        assert_int_equal(find(r, x, &p), RPR_ERR_NONFINITE);
        for (int i = 0; i < COUNT; i++) /* too small for a scale */
            x[i] = 1e-44f;
        assert_int_equal(find(r, x, &p), RPR_OK);
        assert_true(p.scale >= 1.0f);
    }
}

/* ----------------------------------------------------------- old operators */

static rpr_graph *load(model *m)
{
    rpr_graph *g;
    rpr_error err = {""};
    if (model_load(m, &g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err), RPR_OK);
    if (rpr_graph_fold(g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return g;
}

static model *old(int64_t opset)
{
    model *m = model_new();
    m->proto.opset_import[0]->version = opset;
    model_input(m, "x", RPR_F32, 4, DIMS(1, 3, 4, 6));
    return m;
}

static void run(const void *bytes, size_t size, float *y, size_t room)
{
    rpr_model *m = NULL;
    rpr_stream *s = NULL;
    rpr_error err = {""};
    uint32_t state = 2;
    float x[3 * 4 * 6];
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = next_random(&state);
    if (rpr_model_load_memory(bytes, size, NULL, &m, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rpr_stream_create(m, NULL, &s, &err), RPR_OK);
    rpr_output out = {.data = y, .bytes = room};
    assert_int_equal(rpr_stream_run(s, &(rpr_input){.data = x}, 1, &out, 1), RPR_OK);
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

/** The rewritten model, saved and read again, gives what the old one does. Frees it. */
static void check_same(model *m, int opset)
{
    static float want[4096], got[4096];
    size_t size;
    void *bytes;
    rpr_error err = {""};
    int now;
    memset(want, 0, sizeof want);
    memset(got, 0, sizeof got);
    const uint8_t *packed = model_pack(m, &size);
    run(packed, size, want, sizeof want);
    rpr_graph *g = load(m);
    if (rpr_graph_modernise(g, &now, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(now, opset);
    assert_int_equal(rpr_onnx_save_memory(g, now, &bytes, &size, &err), RPR_OK);
    run(bytes, size, got, sizeof got);
    assert_memory_equal(want, got, sizeof want);
    rpr_free(bytes);
    rpr_graph_free(g);
    model_free(m);
}

static void test_modernise(void **state)
{
    (void)state;
    model *m = old(7);
    Onnx__NodeProto *n = model_node(m, "Clip", "clip", "x", "c");
    node_float(m, n, "min", -0.5f);
    n = model_node(m, "Pad", "pad", "c", "p");
    node_ints(m, n, "pads", 8, DIMS(0, 0, 1, 0, 0, 0, 0, 2));
    node_float(m, n, "value", 0.25f);
    n = model_node(m, "Upsample", "up", "p", "u");
    node_floats(m, n, "scales", 4, FLOATS(1, 1, 2, 2));
    n = model_node(m, "Slice", "slice", "u", "s");
    node_ints(m, n, "starts", 2, DIMS(1, 2));
    node_ints(m, n, "ends", 2, DIMS(9, 12));
    node_ints(m, n, "axes", 2, DIMS(2, 3));
    n = model_node(m, "ReduceSum", "sum", "s", "r");
    node_ints(m, n, "axes", 1, DIMS(3));
    node_int(m, n, "keepdims", 0);
    n = model_node(m, "Unsqueeze", "wide", "r", "w");
    node_ints(m, n, "axes", 1, DIMS(3));
    n = model_node(m, "Squeeze", "narrow", "w", "q");
    node_ints(m, n, "axes", 1, DIMS(0));
    model_output(m, "q");
    check_same(m, 13);
}

static void test_modernise_more(void **state)
{
    (void)state;
    model *m = old(10);
    model_floats(m, "scales", 1, DIMS(4), FLOATS(1, 1, 2, 3));
    node_string(m, model_node(m, "Resize", "resize", "x,scales", "r"), "mode", "linear");
    node_int(m, model_node(m, "Softmax", "softmax", "r", "y"), "axis", 3);
    model_output(m, "y");
    check_same(m, 13);
    m = old(17); /* nothing is old */
    model_node(m, "HardSwish", "swish", "x", "y");
    model_output(m, "y");
    check_same(m, 17);
}

static void refuse(model *m, const char *text)
{
    rpr_error err = {""};
    int opset;
    rpr_graph *g = load(m);
    assert_int_equal(rpr_graph_modernise(g, &opset, &err), RPR_ERR_UNSUPPORTED);
    if (!strstr(err.message, text))
        fail_msg("'%s' does not hold '%s'", err.message, text);
    rpr_graph_free(g);
    model_free(m);
}

static void test_refuse(void **state)
{
    (void)state;
    model *m = old(12);
    node_int(m, model_node(m, "Softmax", "soft", "x", "y"), "axis", 1);
    model_output(m, "y");
    refuse(m, "node 'soft' (Softmax, opset 12): a softmax over several axes");
    m = old(6);
    model_node(m, "Relu", "relu", "x", "y");
    model_output(m, "y");
    refuse(m, "an operator this old");
}

static void test_save_refuses(void **state)
{
    (void)state;
    rpr_error err = {""};
    void *bytes;
    size_t size;
    model *m = old(13);
    model_node(m, "Relu", "relu", "x", "y");
    model_output(m, "y");
    rpr_graph *g = load(m);
    g->node[0].act.kind = RPR_ACT_RELU;
    assert_int_equal(rpr_onnx_save_memory(g, 13, &bytes, &size, &err), RPR_ERR_UNSUPPORTED);
    assert_null(bytes);
    assert_non_null(strstr(err.message, "'relu'"));
    rpr_graph_free(g);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),    cmocka_unit_test(test_range_edges),
        cmocka_unit_test(test_modernise), cmocka_unit_test(test_modernise_more),
        cmocka_unit_test(test_refuse),    cmocka_unit_test(test_save_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
