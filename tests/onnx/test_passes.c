/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of inputs, resolving, folding: with a handful of operators made up for the purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder.h"
#include "core/alloc.h"
#include "graph/passes.h"

/* --------------------------------------------------------------- operators */

static int infer_same(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    (void)err;
    rpr_value *y = &g->value[n->out[0]];
    y->dtype = g->value[n->in[0]].dtype;
    y->shape = g->value[n->in[0]].shape;
    return RPR_OK;
}

/** Twice: y = 2x */
static int eval_twice(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    if (in[0].dtype == RPR_F32)
        for (int64_t i = 0; i < in[0].dim[0]; i++)
            ((float *)out[0].data)[i] = 2 * ((const float *)in[0].data)[i];
    else
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "node '%s' wants floats", n->name);
    return RPR_OK;
}

static int infer_shape(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    (void)err;
    rpr_value *y = &g->value[n->out[0]];
    y->dtype = RPR_I64;
    y->shape = (rpr_shape){.rank = 1, .dim = {g->value[n->in[0]].shape.rank}};
    return RPR_OK;
}

static int eval_shape(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n;
    (void)err;
    for (int i = 0; i < in[0].rank; i++)
        ((int64_t *)out[0].data)[i] = in[0].dim[i];
    return RPR_OK;
}

/** Fill: zeros of the shape that a constant input holds. */
static int infer_fill(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *s = &g->value[n->in[0]];
    rpr_value *y = &g->value[n->out[0]];
    if (!s->is_const)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "node '%s': the shape is not constant", n->name);
    y->dtype = RPR_F32;
    y->shape.rank = (int)s->shape.dim[0];
    memcpy(y->shape.dim, s->data, (size_t)y->shape.rank * sizeof(int64_t));
    return RPR_OK;
}

static int eval_nothing(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n;
    (void)in;
    (void)out;
    (void)err;
    return RPR_OK;
}

static int infer_nothing(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    (void)g;
    (void)n;
    (void)err;
    return RPR_OK;
}

static const rpr_opdef *find_op(const char *domain, const char *op, int opset)
{
    static const rpr_opdef def[] = {
        {"", "Twice", 1, 13, 1, 2, 1, infer_same, eval_twice},
        {"", "Shape", 1, 13, 1, 1, 1, infer_shape, eval_shape},
        {"", "Fill", 1, 13, 1, 1, 1, infer_fill, eval_nothing},
        {"", "RandomTwice", 1, 13, 1, 1, 1, infer_same, eval_twice},
        {"", "Vague", 1, 13, 1, 1, 1, infer_nothing, eval_nothing},
    };
    for (size_t i = 0; i < sizeof def / sizeof *def && !*domain; i++)
        if (strcmp(def[i].op, op) == 0 && opset >= def[i].since && opset <= def[i].until)
            return &def[i];
    return NULL;
}

static rpr_graph *load(model *m)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    if (model_load(m, &g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    model_free(m);
    return g;
}

static void expect(int status, const rpr_error *err, int want, const char *part)
{
    if (status != want || !strstr(err->message, part))
        fail_msg("wanted %d \"%s\", got %d \"%s\"", want, part, status, err->message);
}

/* ------------------------------------------------------------------ inputs */

static rpr_graph *open_inputs(void)
{
    model *m = model_new();
    model_input(m, "a", RPR_F32, 3, DIMS(1, -1, 4));
    model_input(m, "b", RPR_F32, -1, NULL);
    model_node(m, "Twice", "t", "a,b", "y");
    model_output(m, "y");
    return load(m);
}

static void refuse_shapes(const rpr_input_shape *s, size_t n, int want, const char *part)
{
    rpr_graph *g = open_inputs();
    rpr_error err = {{0}};
    int status = rpr_graph_fix_inputs(g, s, n, &err);
    expect(status, &err, want, part);
    rpr_graph_free(g);
}

static void test_fix_inputs(void **state)
{
    (void)state;
    rpr_input_shape s[] = {{.rank = 3, .dim = {1, 7, 4}}, {.name = "b", .rank = 1, .dim = {5}}};
    rpr_graph *g = open_inputs();
    rpr_error err = {{0}};
    assert_int_equal(rpr_graph_fix_inputs(g, s, 2, &err), RPR_OK);
    assert_int_equal(g->value[g->input[0]].shape.dim[1], 7);
    assert_int_equal(g->value[g->input[1]].shape.rank, 1);
    assert_int_equal(g->value[g->input[1]].shape.dim[0], 5);
    rpr_graph_free(g);

    refuse_shapes(NULL, 0, RPR_ERR_SHAPE,
                  "input 'a' is declared as [1, N, 4]: dimension 1 is open");
    refuse_shapes(s, 1, RPR_ERR_SHAPE, "input 'b' has no shape in the file");
    s[0].dim[2] = 5;
    refuse_shapes(s, 2, RPR_ERR_SHAPE,
                  "input 'a' is declared as [1, N, 4]; dimension 2 cannot be 5");
    s[0].dim[2] = 4;
    s[0].dim[1] = 0;
    refuse_shapes(s, 2, RPR_ERR_ARGUMENT, "input 'a': dimension 1 of the given shape is 0");
    s[0].rank = 2;
    refuse_shapes(s, 2, RPR_ERR_SHAPE, "declared as [1, N, 4]; a shape of rank 2 was given");
    s[0].rank = 9;
    refuse_shapes(s, 2, RPR_ERR_ARGUMENT, "rank 9 is not in [0, 8]");
    s[1].name = "c";
    refuse_shapes(s + 1, 1, RPR_ERR_ARGUMENT, "the model has no input 'c'");
    s[1] = (rpr_input_shape){.rank = 3, .dim = {1, INT64_MAX / 8, 4}};
    refuse_shapes(s + 1, 1, RPR_ERR_SHAPE, "input 'a': its dimensions overflow");
}

/* ----------------------------------------------------------------- resolve */

typedef struct lines {
    int n;
    char text[4][256];
} lines;

static void keep_line(void *user, rpr_log_level level, const char *line)
{
    lines *l = user;
    assert_int_equal(level, RPR_LOG_ERROR);
    assert_true(l->n < 4);
    strncpy(l->text[l->n++], line, sizeof l->text[0] - 1);
}

static void test_unsupported(void **state)
{
    (void)state;
    model *m = model_new();
    model_opset(m, "com.example", 3);
    model_input(m, "x", RPR_F32, 1, DIMS(4));
    model_node(m, "Foo", "foo1", "x", "a");
    model_node(m, "Twice", "twice", "a", "b");
    model_node(m, "Foo", "foo2", "b", "c");
    model_node(m, "Twice", "far", "c", "y")->domain = (char *)"com.example";
    model_output(m, "y");
    rpr_graph *g = load(m);
    rpr_error err = {{0}};
    lines l = {.n = 0};
    int status = rpr_graph_resolve(g, find_op, keep_line, &l, &err);
    expect(status, &err, RPR_ERR_UNSUPPORTED,
           "unsupported operators: Foo (opset 13, 2 nodes), com.example:Twice (opset 3, 1 node)");
    assert_int_equal(l.n, 3);
    assert_string_equal(l.text[0], "node 'foo1': operator Foo of opset 13 is not supported");
    assert_string_equal(l.text[1], "node 'foo2': operator Foo of opset 13 is not supported");
    assert_string_equal(l.text[2],
                        "node 'far': operator com.example:Twice of opset 3 is not supported");
    assert_int_equal(rpr_graph_resolve(g, find_op, NULL, NULL, &err), RPR_ERR_UNSUPPORTED);
    rpr_graph_free(g);
}

static void refuse_node(const char *inputs, const char *outputs, const char *part)
{
    model *m = model_new();
    model_input(m, "x", RPR_F32, 1, DIMS(4));
    model_node(m, "Twice", "twice", inputs, outputs);
    model_output(m, "y");
    rpr_graph *g = load(m);
    rpr_error err = {{0}};
    int status = rpr_graph_resolve(g, find_op, NULL, NULL, &err);
    expect(status, &err, RPR_ERR_FORMAT, part);
    rpr_graph_free(g);
}

static void test_arity(void **state)
{
    (void)state;
    refuse_node(NULL, "y", "node 'twice' (Twice) has 0 inputs, it takes 1 to 2");
    refuse_node("x,x,x", "y", "node 'twice' (Twice) has 3 inputs, it takes 1 to 2");
    refuse_node(",x", "y", "node 'twice' (Twice): input 0 is missing");
    refuse_node("x", "y,z", "node 'twice' (Twice) has 2 outputs, it gives at most 1");
}

/** Dropout that does something is not Identity. */
static void test_dropout(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++) {
        model *m = model_new();
        model_input(m, "x", RPR_F32, 1, DIMS(4));
        tensor_raw(m, model_init(m, "train", RPR_BOOL, 0, NULL), "\x01", 1);
        model_node(m, "Dropout", "drop", form ? "x" : "x,,train", "y,mask");
        model_output(m, form ? "mask" : "y");
        rpr_graph *g = load(m);
        rpr_error err = {{0}};
        int status = rpr_graph_resolve(g, find_op, NULL, NULL, &err);
        expect(status, &err, RPR_ERR_UNSUPPORTED, "Dropout (opset 13, 1 node)");
        rpr_graph_free(g);
    }
}

/* -------------------------------------------------------------------- fold */

static void test_fold(void **state)
{
    (void)state;
    model *m = model_new();
    model_input(m, "x", RPR_F32, 2, DIMS(3, 5));
    model_floats(m, "k", 1, DIMS(2), FLOATS(1, 2));
    model_node(m, "Twice", "t1", "k", "k2");
    model_node(m, "Twice", "t2", "k2", "k4");
    model_node(m, "Shape", "s", "x", "dims");
    model_node(m, "Fill", "f", "dims", "zeros");
    model_node(m, "RandomTwice", "r", "k", "noise");
    model_node(m, "Twice", "t3", "x", "y");
    for (int i = 0; i < 4; i++)
        model_output(m, (const char *const[]){"y", "k4", "zeros", "noise"}[i]);
    rpr_graph *g = load(m);
    rpr_error err = {{0}};
    assert_int_equal(rpr_graph_fix_inputs(g, NULL, 0, &err), RPR_OK);
    assert_int_equal(rpr_graph_resolve(g, find_op, NULL, NULL, &err), RPR_OK);
    if (rpr_graph_fold(g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(g->n_node, 2);
    assert_non_null(find_node(g, "r"));
    assert_non_null(find_node(g, "t3"));
    const rpr_value *k4 = &g->value[find_value(g, "k4")];
    assert_true(k4->is_const && k4->producer == RPR_NONE);
    assert_true(((float *)k4->data)[1] == 8.0f);
    const rpr_value *zeros = &g->value[find_value(g, "zeros")];
    assert_true(zeros->is_const);
    assert_int_equal(zeros->shape.dim[1], 5);
    assert_null(g->value[find_value(g, "k2")].data); /* no one needs it any more */
    assert_int_equal(g->value[find_value(g, "y")].shape.dim[0], 3);
    rpr_graph_free(g);
}

static void refuse_fold(model *m, int want, const char *part)
{
    model_input(m, "x", RPR_F32, 1, DIMS(3));
    model_output(m, "y");
    rpr_graph *g = load(m);
    rpr_error err = {{0}};
    int status = rpr_graph_resolve(g, find_op, NULL, NULL, &err);
    assert_int_equal(status, RPR_OK);
    status = rpr_graph_fold(g, &err);
    expect(status, &err, want, part);
    rpr_graph_free(g);
}

static void test_fold_errors(void **state)
{
    (void)state;
    model *m = model_new();
    model_node(m, "Vague", "v", "x", "y");
    refuse_fold(m, RPR_ERR_UNSUPPORTED, "node 'v' (Vague): the shape of 'y' cannot be inferred");
    m = model_new();
    model_node(m, "Fill", "f", "x", "y");
    refuse_fold(m, RPR_ERR_UNSUPPORTED, "node 'f': the shape is not constant");
    m = model_new();
    model_ints(m, "k", 1, DIMS(4));
    model_node(m, "Twice", "t", "k", "y");
    refuse_fold(m, RPR_ERR_UNSUPPORTED, "node 't' wants floats");
    m = model_new();
    model_ints(m, "k", 2, DIMS(1 << 16, 1 << 14));
    model_node(m, "Fill", "f", "k", "y");
    refuse_fold(m, RPR_ERR_UNSUPPORTED, "node 'f' (Fill): the constant 'y' makes more than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fix_inputs), cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_arity),      cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_fold),       cmocka_unit_test(test_fold_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
