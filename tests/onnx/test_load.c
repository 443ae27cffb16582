/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader makes of good models: values, constants, attributes, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "builder.h"
#include "onnx/onnx_load.h"

static rpr_graph *load(model *m)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    int status = model_load(m, &g, &err);
    if (status != RPR_OK)
        fail_msg("status %d: %s", status, err.message);
    model_free(m);
    return g;
}

static const rpr_value *constant(const rpr_graph *g, const char *name)
{
    int v = find_value(g, name);
    assert_int_not_equal(v, RPR_NONE);
    assert_true(g->value[v].is_const);
    return &g->value[v];
}

static void test_graph(void **state)
{
    (void)state;
    model *m = model_new();
    model_input(m, "x", RPR_F32, 3, DIMS(1, -1, 4));
    model_input(m, "w", RPR_F32, 1, DIMS(2)); /* also an initialiser, so no input */
    model_floats(m, "w", 1, DIMS(2), FLOATS(1, 2));
    Onnx__NodeProto *n = model_node(m, "Foo", "foo", "x,,w", "y,,z");
    node_int(m, n, "i", -7);
    node_float(m, n, "f", 0.5f);
    node_string(m, n, "s", "text");
    node_ints(m, n, "is", 3, DIMS(1, 2, 3));
    node_floats(m, n, "fs", 2, FLOATS(1.5f, 2.5f));
    node_attr(m, n, "g", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH);
    n->domain = (char *)"ai.onnx";
    model_node(m, "Bar", "", "z", "out");
    model_output(m, "y");
    model_output(m, "out");
    rpr_graph *g = load(m);

    assert_int_equal(g->n_input, 1);
    const rpr_value *x = &g->value[g->input[0]];
    assert_string_equal(x->name, "x");
    assert_int_equal(x->dtype, RPR_F32);
    assert_int_equal(x->shape.rank, 3);
    assert_int_equal(x->shape.dim[1], -1);
    assert_int_equal(x->shape.dim[2], 4);
    assert_string_equal(x->declared, "[1, N, 4]");
    assert_int_equal(g->n_output, 2);
    assert_int_equal(g->n_node, 2);

    const rpr_node *foo = find_node(g, "foo");
    assert_non_null(foo);
    assert_string_equal(foo->op, "Foo");
    assert_string_equal(foo->domain, "");
    assert_int_equal(foo->opset, 13);
    assert_int_equal(foo->n_in, 3);
    assert_int_equal(foo->in[1], RPR_NONE);
    assert_int_equal(foo->n_out, 3);
    assert_int_equal(foo->out[1], RPR_NONE);
    assert_int_equal(foo->act.kind, RPR_ACT_NONE);
    assert_int_equal(rpr_node_int(foo, "i", 0), -7);
    assert_int_equal(rpr_node_int(foo, "f", 3), 3); /* another kind: as if absent */
    assert_true(rpr_node_float(foo, "f", 0) == 0.5f);
    assert_string_equal(rpr_node_string(foo, "s", ""), "text");
    assert_string_equal(rpr_node_string(foo, "none", "other"), "other");
    size_t count;
    const int64_t *ints = rpr_node_ints(foo, "is", &count);
    assert_int_equal(count, 3);
    assert_int_equal(ints[2], 3);
    assert_int_equal(rpr_node_attr(foo, "fs")->kind, RPR_ATTR_FLOATS);
    assert_int_equal(rpr_node_attr(foo, "g")->kind, RPR_ATTR_OTHER);
    assert_non_null(find_node(g, "out")); /* named by its output */
    assert_int_equal(g->value[find_value(g, "z")].producer, 0);
    assert_int_equal(rpr_graph_uses(g, find_value(g, "z")), 1);
    assert_int_equal(rpr_graph_uses(g, find_value(g, "y")), 1);
    rpr_graph_free(g);
}

/** Every element type, once as raw bytes and once in its typed field. */
static void test_types(void **state)
{
    (void)state;
    static const struct {
        rpr_dtype dtype;
        uint8_t bytes[16]; /* of {1, 2} */
    } type[] = {
        {RPR_F32, {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
        {RPR_U8, {1, 2}},
        {RPR_I8, {1, 2}},
        {RPR_U16, {1, 0, 2}},
        {RPR_I16, {1, 0, 2}},
        {RPR_I32, {1, 0, 0, 0, 2}},
        {RPR_I64, {1, 0, 0, 0, 0, 0, 0, 0, 2}},
        {RPR_BOOL, {1, 1}},
        {RPR_F16, {1, 0, 2}}, /* bits, not numbers */
        {RPR_F64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40}},
        {RPR_U32, {1, 0, 0, 0, 2}},
        {RPR_U64, {1, 0, 0, 0, 0, 0, 0, 0, 2}},
    };
    static float f[] = {1, 2};
    static double d[] = {1, 2};
    static int32_t i32[] = {1, 2};
    static int64_t i64[] = {1, 2};
    static uint64_t u64[] = {1, 2};
    for (size_t i = 0; i < sizeof type / sizeof *type; i++) {
        size_t size = 2 * rpr_dtype_size(type[i].dtype);
        model *m = model_new();
        Onnx__TensorProto *raw = model_init(m, "raw", (int)type[i].dtype, 1, DIMS(2));
        uint8_t bytes[16];
        memcpy(bytes, type[i].bytes, sizeof bytes);
        if (type[i].dtype == RPR_BOOL)
            bytes[1] = 2; /* becomes 1 */
        tensor_raw(m, raw, bytes, size);
        Onnx__TensorProto *t = model_init(m, "typed", (int)type[i].dtype, 1, DIMS(2));
        switch (type[i].dtype) {
        case RPR_F32:
            t->n_float_data = 2;
            t->float_data = f;
            break;
        case RPR_F64:
            t->n_double_data = 2;
            t->double_data = d;
            break;
        case RPR_I64:
            t->n_int64_data = 2;
            t->int64_data = i64;
            break;
        case RPR_U32:
        case RPR_U64:
            t->n_uint64_data = 2;
            t->uint64_data = u64;
            break;
        default:
            t->n_int32_data = 2;
            t->int32_data = i32;
        }
        model_node(m, "Foo", "foo", "raw,typed", "y");
        model_output(m, "y");
        rpr_graph *g = load(m);
        const rpr_value *a = constant(g, "raw"), *b = constant(g, "typed");
        assert_int_equal(a->dtype, type[i].dtype);
        assert_int_equal(b->dtype, type[i].dtype);
        assert_int_equal(a->shape.rank, 1);
        assert_memory_equal(a->data, type[i].bytes, size);
        assert_memory_equal(b->data, type[i].bytes, size);
        rpr_graph_free(g);
    }
}

static void test_constant_nodes(void **state)
{
    (void)state;
    static float fs[] = {1, 2, 3};
    model *m = model_new();
    Onnx__NodeProto *n = model_node(m, "Constant", "c0", NULL, "value");
    Onnx__TensorProto *t = model_tensor(m, "", RPR_F32, 2, DIMS(1, 3));
    t->n_float_data = 3;
    t->float_data = fs;
    node_attr(m, n, "value", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)->t = t;
    node_float(m, model_node(m, "Constant", "c1", NULL, "float"), "value_float", 2.5f);
    node_int(m, model_node(m, "Constant", "c2", NULL, "int"), "value_int", -3);
    node_floats(m, model_node(m, "Constant", "c3", NULL, "floats"), "value_floats", 2,
                FLOATS(4, 5));
    node_ints(m, model_node(m, "Constant", "c4", NULL, "ints"), "value_ints", 2, DIMS(6, 7));
    model_floats(m, "empty", 2, DIMS(0, 4), NULL);
    model_node(m, "Foo", "foo", "value,float,int,floats,ints,empty", "y");
    model_output(m, "y");
    rpr_graph *g = load(m);
    assert_int_equal(g->n_node, 1);
    assert_int_equal(constant(g, "value")->shape.rank, 2);
    assert_memory_equal(constant(g, "value")->data, fs, sizeof fs);
    assert_int_equal(constant(g, "float")->shape.rank, 0);
    assert_true(*(float *)constant(g, "float")->data == 2.5f);
    assert_int_equal(constant(g, "int")->dtype, RPR_I64);
    assert_int_equal(*(int64_t *)constant(g, "int")->data, -3);
    assert_true(((float *)constant(g, "floats")->data)[1] == 5.0f);
    assert_int_equal(((int64_t *)constant(g, "ints")->data)[1], 7);
    assert_int_equal(rpr_shape_count(&constant(g, "empty")->shape), 0);
    rpr_graph_free(g);
}

static void test_sort(void **state)
{
    (void)state;
    model *m = model_new();
    model_input(m, "x", RPR_F32, 1, DIMS(1));
    model_node(m, "Foo", "last", "b,c", "y");
    model_node(m, "Foo", "third", "b", "c");
    model_node(m, "Foo", "second", "a,a", "b");
    model_node(m, "Foo", "first", "x", "a");
    model_output(m, "y");
    rpr_graph *g = load(m);
    static const char *const order[] = {"first", "second", "third", "last"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(g->node[i].name, order[i]);
        assert_int_equal(g->value[g->node[i].out[0]].producer, i);
    }
    rpr_graph_free(g);
}

static void test_sweep(void **state)
{
    (void)state;
    model *m = model_new();
    model_input(m, "x", RPR_F32, 1, DIMS(1));
    model_scalar(m, "k", 1.0f);
    model_node(m, "Foo", "unread", "x,k", "u");
    model_node(m, "Foo", "dead", "x", "v");
    model_node(m, "Foo", "kept", "x", "w");
    model_node(m, "Foo", "last", "w", "y");
    model_output(m, "y");
    rpr_graph *g = load(m);
    g->node[1].dead = true;
    rpr_graph_sweep(g);
    assert_int_equal(g->n_node, 2);
    assert_string_equal(g->node[0].name, "kept");
    assert_int_equal(g->value[find_value(g, "y")].producer, 1);
    assert_int_equal(g->value[find_value(g, "u")].producer, RPR_NONE);
    assert_null(g->value[find_value(g, "k")].data);
    rpr_graph_free(g);
}

static void test_many_names(void **state)
{
    (void)state;
    enum { N = 3000 };
    model *m = model_new();
    model_input(m, "v0", RPR_F32, 1, DIMS(1));
    for (int i = 0; i < N; i++) {
        char in[16], out[16];
        snprintf(in, sizeof in, "v%d", i);
        snprintf(out, sizeof out, "v%d", i + 1);
        model_node(m, "Foo", out, in, out);
    }
    model_output(m, "v3000");
    rpr_graph *g = load(m);
    assert_int_equal(g->n_node, N);
    assert_int_equal(g->n_value, N + 1);
    rpr_graph_free(g);
}

/** A model file with its data file in a directory of its own. */
static void test_external(void **state)
{
    (void)state;
    char dir[] = "/tmp/reprise-onnx-XXXXXX", path[64], data[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/net.onnx", dir);
    snprintf(data, sizeof data, "%s/net.data", dir);
    const float v[] = {9, 1, 2, 3};
    FILE *f = fopen(data, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(v, sizeof *v, 4, f), 4);
    fclose(f);

    model *m = model_new();
    Onnx__TensorProto *t = model_init(m, "w", RPR_F32, 1, DIMS(3));
    tensor_external(m, t, "location", "net.data");
    tensor_external(m, t, "offset", "4");
    tensor_external(m, t, "length", "12");
    t = model_init(m, "rest", RPR_F32, 1, DIMS(4)); /* neither offset nor length */
    tensor_external(m, t, "location", "./net.data");
    model_node(m, "Foo", "foo", "w,rest", "y");
    model_output(m, "y");
    size_t size;
    const uint8_t *bytes = model_pack(m, &size);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    model_free(m);

    rpr_graph *g;
    rpr_error err = {{0}};
    if (rpr_onnx_load_file(path, &g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_memory_equal(constant(g, "w")->data, v + 1, 12);
    assert_memory_equal(constant(g, "rest")->data, v, 16);
    rpr_graph_free(g);
    unlink(path);
    unlink(data);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph),          cmocka_unit_test(test_types),
        cmocka_unit_test(test_constant_nodes), cmocka_unit_test(test_sort),
        cmocka_unit_test(test_sweep),          cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_external),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
