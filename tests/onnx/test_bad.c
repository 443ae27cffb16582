/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are not what they should be: each must fail with its status and a line that says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "builder.h"
#include "onnx/onnx_load.h"

static void expect(int status, const rpr_error *err, const rpr_graph *g, int want, const char *part)
{
    if (status != want || !strstr(err->message, part))
        fail_msg("wanted %d \"%s\", got %d \"%s\"", want, part, status, err->message);
    assert_null(g);
    assert_null(strchr(err->message, '\n'));
}

/** Loads a model that must fail, and frees it. */
static void refuse(model *m, int want, const char *part)
{
    rpr_graph *g = (rpr_graph *)m;
    rpr_error err = {{0}};
    int status = model_load(m, &g, &err);
    expect(status, &err, g, want, part);
    assert_ptr_equal(strstr(err.message, "test.onnx: "), err.message);
    assert_int_equal(model_load(m, &g, NULL), want); /* no one has to listen */
    model_free(m);
}

static void refuse_bytes(const void *bytes, size_t size, int want, const char *part)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    int status = rpr_onnx_load_memory(bytes, size, "test.onnx", &g, &err);
    expect(status, &err, g, want, part);
}

static void refuse_file(const char *path, int want, const char *part)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    int status = rpr_onnx_load_file(path, &g, &err);
    expect(status, &err, g, want, part);
    assert_non_null(strstr(err.message, path));
}

/** x -> Relu -> y, to be spoilt. */
static model *good(void)
{
    model *m = model_new();
    model_input(m, "x", RPR_F32, 2, DIMS(1, 4));
    model_node(m, "Relu", "relu", "x", "y");
    model_output(m, "y");
    return m;
}

static void test_bytes(void **state)
{
    (void)state;
    refuse_bytes("", 0, RPR_ERR_FORMAT, "the file is empty");
    refuse_bytes("\x89PNG\r\n", 6, RPR_ERR_FORMAT,
                 "not an ONNX model: corrupt or truncated at byte");
    refuse_bytes("\x08\x08", 2, RPR_ERR_FORMAT, "there is no graph in it");
    refuse_bytes("\x3a\xff\xff\xff\xff\x0f", 6, RPR_ERR_FORMAT, "at byte 0 (ModelProto)");
    /* field 7 is a message, 6 a string; here both are numbers */
    refuse_bytes("\x38\x01", 2, RPR_ERR_FORMAT, "at byte 0 (ModelProto)");
    refuse_bytes("\x30\x01", 2, RPR_ERR_FORMAT, "a field is corrupt");
    /* two graphs */
    refuse_bytes("\x3a\x00\x3a\x00", 4, RPR_ERR_FORMAT, "'graph' is given twice");
}

/** Every prefix of a file and every flipped byte: any result is fine, but no crash and no leak. */
static void test_truncated(void **state)
{
    (void)state;
    model *m = good();
    model_floats(m, "w", 2, DIMS(1, 2), FLOATS(1, 2));
    node_ints(m, m->graph.node[0], "list", 2, DIMS(3, 4));
    size_t size;
    const uint8_t *bytes = model_pack(m, &size);
    size_t refused = 0;
    for (size_t n = 0; n < size; n++) {
        uint8_t *part = malloc(n ? n : 1); /* so that a read past the end is seen */
        assert_non_null(part);
        memcpy(part, bytes, n);
        rpr_graph *g;
        rpr_error err = {{0}};
        refused += rpr_onnx_load_memory(part, n, "test.onnx", &g, &err) != RPR_OK;
        rpr_graph_free(g);
        free(part);
    }
    assert_true(refused > size / 2);
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint8_t *spoilt = malloc(size);
            assert_non_null(spoilt);
            memcpy(spoilt, bytes, size);
            spoilt[i] ^= (uint8_t)(1 << bit);
            rpr_graph *g;
            rpr_error err = {{0}};
            if (rpr_onnx_load_memory(spoilt, size, "test.onnx", &g, &err) != RPR_OK)
                assert_true(strlen(err.message) > strlen("test.onnx: "));
            rpr_graph_free(g);
            free(spoilt);
        }
    model_free(m);
}

/** Sub-graphs inside of each other, as deep as the stack would not hold. */
static void test_nesting(void **state)
{
    (void)state;
    enum { DEPTH = 30000, ROOM = DEPTH * 24 };
    uint8_t *bytes = malloc(ROOM);
    assert_non_null(bytes);
    size_t at = ROOM, size = 0;
    /* from the inside: graph.node (1), node.attribute (5), attribute.g (6), model.graph (7) */
    static const uint8_t field[] = {6, 5, 1};
    for (int i = 0; i < 3 * DEPTH + 1; i++) {
        uint8_t head[12];
        size_t n = 0;
        head[n++] = (uint8_t)((i == 3 * DEPTH ? 7 : field[i % 3]) << 3 | 2);
        for (size_t left = size; n == 1 || left; left >>= 7)
            head[n++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        assert_true(n <= at);
        at -= n;
        memcpy(bytes + at, head, n);
        size += n;
    }
    refuse_bytes(bytes + at, size, RPR_ERR_FORMAT, "messages nest deeper than");
    free(bytes);
}

static void test_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/reprise-onnx-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    refuse_file(dir, RPR_ERR_IO, "is not a regular file");
    snprintf(path, sizeof path, "%s/none.onnx", dir);
    refuse_file(path, RPR_ERR_IO, "cannot be opened: No such file");
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fclose(f);
    refuse_file(path, RPR_ERR_FORMAT, "the file is empty");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse_file(path, RPR_ERR_IO, "is not a regular file");
    unlink(path);
    rmdir(dir);
}

static void test_outputs(void **state)
{
    (void)state;
    model *m = good();
    m->graph.n_output = 0;
    refuse(m, RPR_ERR_FORMAT, "the graph has no outputs");
    m = good();
    model_output(m, "ghost");
    refuse(m, RPR_ERR_FORMAT, "nothing produces the graph output 'ghost'");
    m = good();
    model_output(m, "");
    refuse(m, RPR_ERR_FORMAT, "graph output 1 has no name");
}

static void test_inputs(void **state)
{
    (void)state;
    model *m = good();
    model_input(m, "x", RPR_F32, 0, NULL);
    refuse(m, RPR_ERR_FORMAT, "graph input 'x' is given twice");
    m = good();
    model_input(m, "", RPR_F32, 0, NULL);
    refuse(m, RPR_ERR_FORMAT, "graph input 1 has no name");
    m = good();
    model_input(m, "a", RPR_F32, 2, DIMS(1, -5));
    refuse(m, RPR_ERR_FORMAT, "input 'a': dimension 1 is -5");
    m = good();
    model_input(m, "a", RPR_F32, 3, DIMS(INT64_MAX, 2, -1));
    refuse(m, RPR_ERR_FORMAT, "input 'a': its dimensions overflow");
    m = good();
    model_input(m, "a", RPR_F32, 9, DIMS(1, 1, 1, 1, 1, 1, 1, 1, 1));
    refuse(m, RPR_ERR_UNSUPPORTED, "input 'a': rank 9, at most 8");
    m = good();
    model_input(m, "a", 8, 1, DIMS(1));
    refuse(m, RPR_ERR_UNSUPPORTED, "input 'a': element type string is not supported");
    m = good();
    model_input(m, "a", 77, 1, DIMS(1));
    refuse(m, RPR_ERR_FORMAT, "input 'a': unknown element type 77");
    m = good();
    model_input(m, "a", RPR_F32, 0, NULL)->type = NULL;
    refuse(m, RPR_ERR_FORMAT, "input 'a' has no type");
    m = good();
    Onnx__TypeProto__Sequence seq = ONNX__TYPE_PROTO__SEQUENCE__INIT;
    Onnx__TypeProto *t = model_input(m, "a", RPR_F32, 0, NULL)->type;
    t->value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
    t->sequence_type = &seq;
    refuse(m, RPR_ERR_UNSUPPORTED, "input 'a' is a sequence, which is not supported");
}

static void test_tensors(void **state)
{
    (void)state;
    static float five[5];
    static int64_t many[20];
    for (int i = 0; i < 20; i++)
        many[i] = 1;
    model *m = good();
    model_floats(m, "w", 0, NULL, five);
    model_floats(m, "w", 0, NULL, five);
    refuse(m, RPR_ERR_FORMAT, "initialiser 'w' is given twice");
    m = good();
    model_floats(m, "", 0, NULL, five);
    refuse(m, RPR_ERR_FORMAT, "an initialiser has no name");
    m = good();
    tensor_raw(m, model_init(m, "w", RPR_F32, 1, DIMS(5)), five, 16);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': its shape needs 20 bytes, it has fewer");
    m = good();
    tensor_raw(m, model_init(m, "w", RPR_F32, 1, DIMS(4)), five, 20);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': raw_data has 20 bytes, its shape needs 16");
    m = good();
    model_init(m, "w", RPR_F32, 1, DIMS(5));
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': its shape needs 20 bytes, it has no data");
    m = good();
    Onnx__TensorProto *t = model_init(m, "w", RPR_F32, 1, DIMS(4));
    t->n_float_data = 5;
    t->float_data = five;
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': float_data has 5 elements, its shape needs 4");
    m = good();
    t = model_init(m, "w", RPR_I32, 1, DIMS(4)); /* the wrong field */
    t->n_float_data = 5;
    t->float_data = five;
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': int32_data has 0 elements, its shape needs 4");
    m = good();
    tensor_raw(m, model_init(m, "w", RPR_F32, 2, DIMS(-1, 5)), five, 20);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': dimension 0 is -1");
    m = good();
    tensor_raw(m, model_init(m, "w", RPR_F32, 3, DIMS(INT32_MAX, INT32_MAX, 4)), five, 20);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': its dimensions overflow");
    m = good();
    tensor_raw(m, model_init(m, "w", RPR_F32, 2, DIMS(1 << 20, 1 << 20)), five, 20);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': its shape needs 4398046511104 bytes, it has fewer");
    m = good();
    tensor_raw(m, model_init(m, "w", RPR_F32, 20, many), five, 4);
    refuse(m, RPR_ERR_UNSUPPORTED, "tensor 'w': rank 20, at most 8");
    m = good();
    tensor_raw(m, model_init(m, "w", 16, 0, NULL), five, 2);
    refuse(m, RPR_ERR_UNSUPPORTED, "tensor 'w': element type bfloat16 is not supported");
    m = good();
    tensor_raw(m, model_init(m, "w", 0, 0, NULL), five, 4);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': unknown element type 0");
    m = good();
    tensor_raw(m, model_init(m, "w", -3, 0, NULL), five, 4);
    refuse(m, RPR_ERR_FORMAT, "tensor 'w': unknown element type -3");
    m = good();
    Onnx__TensorProto__Segment segment = ONNX__TENSOR_PROTO__SEGMENT__INIT;
    t = model_init(m, "w", RPR_F32, 0, NULL);
    t->segment = &segment;
    refuse(m, RPR_ERR_UNSUPPORTED, "tensor 'w' is stored in segments");
    m = good();
    Onnx__SparseTensorProto sparse = ONNX__SPARSE_TENSOR_PROTO__INIT, *list = &sparse;
    sparse.values = model_tensor(m, "w", RPR_F32, 0, NULL);
    m->graph.n_sparse_initializer = 1;
    m->graph.sparse_initializer = &list;
    refuse(m, RPR_ERR_UNSUPPORTED, "sparse initialiser 'w' is not supported");
}

static void test_nodes(void **state)
{
    (void)state;
    model *m = good();
    model_node(m, "Relu", "again", "x", "y");
    refuse(m, RPR_ERR_FORMAT, "node 'again' (Relu) produces 'y', which has another source");
    m = good();
    model_node(m, "Split", "twice", "x", "a,a");
    refuse(m, RPR_ERR_FORMAT, "node 'twice' (Split) produces 'a', which has another source");
    m = good();
    model_node(m, "Relu", "back", "y", "x");
    refuse(m, RPR_ERR_FORMAT, "node 'back' (Relu) produces 'x', which has another source");
    m = good();
    model_scalar(m, "w", 1);
    model_node(m, "Relu", "over", "x", "w");
    refuse(m, RPR_ERR_FORMAT, "node 'over' (Relu) produces 'w', which has another source");
    m = good();
    model_node(m, "Add", "add", "y,ghost", "z");
    refuse(m, RPR_ERR_FORMAT, "node 'add' (Add) reads 'ghost', which nothing produces");
    m = good();
    model_node(m, "Add", "one", "x,c", "a");
    model_node(m, "Relu", "two", "a", "b");
    model_node(m, "Relu", "three", "b", "c");
    refuse(m, RPR_ERR_FORMAT, "the graph has a cycle through node '");
    m = good();
    model_node(m, "Relu", "self", "s", "s");
    model_node(m, "Relu", "behind", "s", "t");
    refuse(m, RPR_ERR_FORMAT, "the graph has a cycle through node 'self' (Relu)");
    m = good();
    model_node(m, "", "anonymous", "x", "a");
    refuse(m, RPR_ERR_FORMAT, "node 'anonymous' has no operator type");
    m = good();
    model_node(m, "Gelu", "gelu", "x", "a")->domain = (char *)"com.example";
    refuse(m, RPR_ERR_FORMAT,
           "node 'gelu' (Gelu): the model imports no opset of domain 'com.example'");
    m = good();
    m->proto.opset_import[0]->version = -2;
    refuse(m, RPR_ERR_FORMAT, "the model imports no opset of domain ''");
    m = good();
    model_node(m, "Relu", "line\nbreak", "ghost", "a");
    refuse(m, RPR_ERR_FORMAT, "node 'line?break' (Relu) reads 'ghost'");
}

static void test_attributes(void **state)
{
    (void)state;
    model *m = good();
    node_int(m, m->graph.node[0], "a", 1);
    node_int(m, m->graph.node[0], "a", 2);
    refuse(m, RPR_ERR_FORMAT, "node 'relu' (Relu): attribute 'a' is given twice");
    m = good();
    node_int(m, m->graph.node[0], "", 1);
    refuse(m, RPR_ERR_FORMAT, "node 'relu' (Relu) has an attribute without a name");
    m = good();
    node_attr(m, m->graph.node[0], "t", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    refuse(m, RPR_ERR_FORMAT, "node 'relu' (Relu): attribute 't': no tensor in it");
    m = good();
    node_attr(m, m->graph.node[0], "t", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)->t =
        model_tensor(m, "", RPR_F32, 1, DIMS(3));
    refuse(m, RPR_ERR_FORMAT,
           "attribute 't': tensor 't': its shape needs 12 bytes, it has no data");
    m = good();
    for (int i = 0; i < 300; i++) {
        char name[8];
        snprintf(name, sizeof name, "a%d", i);
        node_int(m, m->graph.node[0], name, 1);
    }
    refuse(m, RPR_ERR_FORMAT, "node 'relu' (Relu) has 300 attributes");
    m = good();
    model_node(m, "Constant", "c", NULL, "k");
    refuse(m, RPR_ERR_FORMAT, "node 'c' (Constant) has 0 inputs and 0 attributes, not 0 and 1");
    m = good();
    node_string(m, model_node(m, "Constant", "c", NULL, "k"), "value_string", "text");
    refuse(m, RPR_ERR_UNSUPPORTED, "node 'c' (Constant): value_string is not supported");
    m = good();
    node_int(m, model_node(m, "Constant", "c", NULL, "k"), "value", 1);
    refuse(m, RPR_ERR_FORMAT, "node 'c' (Constant): attribute 'value' holds no value");
}

/** One external tensor of 12 bytes; NULL leaves a key out. */
static model *external(const char *location, const char *offset, const char *length)
{
    model *m = good();
    Onnx__TensorProto *t = model_init(m, "w", RPR_F32, 1, DIMS(3));
    if (location)
        tensor_external(m, t, "location", location);
    if (offset)
        tensor_external(m, t, "offset", offset);
    if (length)
        tensor_external(m, t, "length", length);
    return m;
}

static void refuse_external(const char *dir, model *m, int want, const char *part)
{
    char path[64];
    size_t size;
    const uint8_t *bytes = model_pack(m, &size);
    snprintf(path, sizeof path, "%s/net.onnx", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    refuse_file(path, want, part);
    unlink(path);
    model_free(m);
}

static void test_external(void **state)
{
    (void)state;
    char dir[] = "/tmp/reprise-onnx-XXXXXX", data[64];
    assert_non_null(mkdtemp(dir));
    snprintf(data, sizeof data, "%s/w", dir);
    FILE *f = fopen(data, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite("sixteen bytes...", 1, 16, f), 16);
    fclose(f);

    static const char *const outside[] = {"/etc/passwd", "../w", "a/../../w", "..", "", "a\\b"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        refuse_external(dir, external(outside[i], NULL, NULL), RPR_ERR_FORMAT,
                        "is not inside the model's directory");
    refuse_external(dir, external("none", NULL, NULL), RPR_ERR_IO,
                    "tensor 'w': external data 'none' cannot be opened");
    refuse_external(dir, external(".", NULL, NULL), RPR_ERR_IO,
                    "tensor 'w': external data '.' is not a regular file");
    refuse_external(dir, external("w", "5", NULL), RPR_ERR_FORMAT,
                    "tensor 'w': external data 'w' has 16 bytes, 12 at offset 5 are needed");
    refuse_external(dir, external("w", "17", NULL), RPR_ERR_FORMAT, "12 at offset 17 are needed");
    refuse_external(dir, external("w", NULL, "8"), RPR_ERR_FORMAT,
                    "tensor 'w': external data has 8 bytes, its shape needs 12");
    refuse_external(dir, external("w", "-4", NULL), RPR_ERR_FORMAT,
                    "tensor 'w': external data has offset '-4'");
    refuse_external(dir, external("w", "99999999999999999999", NULL), RPR_ERR_FORMAT,
                    "external data has offset '99999999999999999999'");
    refuse_external(dir, external("w", NULL, "12x"), RPR_ERR_FORMAT,
                    "external data has length '12x'");
    refuse_external(dir, external(NULL, "0", NULL), RPR_ERR_FORMAT,
                    "tensor 'w': external data without a location");
    refuse(external("w", NULL, NULL), RPR_ERR_UNSUPPORTED,
           "tensor 'w': external data 'w' of a model that is read from memory");
    unlink(data);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_nesting),    cmocka_unit_test(test_files),
        cmocka_unit_test(test_outputs),    cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_tensors),    cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_attributes), cmocka_unit_test(test_external),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
