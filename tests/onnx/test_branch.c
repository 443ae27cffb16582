/* SPDX-License-Identifier: Apache-2.0 */
/* If: branches are read with what they take from outside, and taken in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder.h"
#include "graph/passes.h"
#include "ops/ops.h"

#define N 4

/** A branch's graph: made like a model's, given to a node. Both must live until it is packed. */
static void give_branch(model *m, Onnx__NodeProto *n, const char *name, model *branch)
{
    Onnx__AttributeProto *a = node_attr(m, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH);
    a->g = &branch->graph;
}

typedef enum condition { IS_FALSE, IS_TRUE, IS_INPUT } condition;

/** Input x, constant w, and the condition c. */
static model *outer(condition c)
{
    model *m = model_new();
    model_input(m, "x", RPR_F32, 1, DIMS(N));
    model_floats(m, "w", 1, DIMS(N), FLOATS(1, 2, 3, 4));
    if (c == IS_INPUT)
        model_input(m, "c", RPR_BOOL, 0, NULL);
    else
        tensor_raw(m, model_init(m, "c", RPR_BOOL, 0, NULL), c == IS_TRUE ? "\1" : "\0", 1);
    return m;
}

/** x + own constant 10 */
static model *adding(void)
{
    model *b = model_new();
    model_scalar(b, "ten", 10);
    model_node(b, "Add", "add", "x,ten", "sum");
    model_output(b, "sum");
    return b;
}

/** x * w, w from outside */
static model *scaling(void)
{
    model *b = model_new();
    model_node(b, "Mul", "mul", "x,w", "product");
    model_output(b, "product");
    return b;
}

/** y = c ? then : otherwise; takes the three models. */
static int load_if(model *m, model *then, model *otherwise, rpr_graph **g, rpr_error *err)
{
    Onnx__NodeProto *n = model_node(m, "If", "choose", "c", "y");
    if (then)
        give_branch(m, n, "then_branch", then);
    if (otherwise)
        give_branch(m, n, "else_branch", otherwise);
    model_output(m, "y");
    int status = model_load(m, g, err);
    model_free(m);
    if (then)
        model_free(then);
    if (otherwise)
        model_free(otherwise);
    return status;
}

static int take_in(rpr_graph *g, rpr_error *err)
{
    int status = rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, err);
    return status == RPR_OK ? rpr_graph_fold(g, err) : status;
}

static rpr_graph *made(condition c, model *then, model *otherwise)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    if (load_if(outer(c), then, otherwise, &g, &err) != RPR_OK || take_in(g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return g;
}

static void refused(condition c, model *then, model *otherwise, int want, const char *part)
{
    rpr_graph *g = NULL;
    rpr_error err = {{0}};
    int status = load_if(outer(c), then, otherwise, &g, &err);
    if (status == RPR_OK)
        status = take_in(g, &err);
    if (status != want || !strstr(err.message, part))
        fail_msg("wanted %d \"%s\", got %d \"%s\"", want, part, status, err.message);
    rpr_graph_free(g);
}

/** Output 0 for x = 1, 1, 1, 1, node by node. */
static void expect(rpr_graph *g, bool chosen, const float *want)
{
    static const float ones[N] = {1, 1, 1, 1};
    void **data = calloc(g->n_value, sizeof *data);
    rpr_error err = {{0}};
    assert_non_null(data);
    for (size_t i = 0; i < g->n_value; i++)
        data[i] = g->value[i].is_const ? g->value[i].data : calloc(64, sizeof(float));
    for (size_t i = 0; i < g->n_input; i++)
        if (g->value[g->input[i]].dtype == RPR_BOOL)
            memcpy(data[g->input[i]], chosen ? "\1" : "\0", 1);
        else
            memcpy(data[g->input[i]], ones, sizeof ones);
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        rpr_view in[8] = {{.data = NULL}}, out[8] = {{.data = NULL}};
        for (int k = 0; k < n->n_in; k++)
            in[k] = rpr_value_view(&g->value[n->in[k]], data[n->in[k]]);
        for (int k = 0; k < n->n_out; k++)
            out[k] = rpr_value_view(&g->value[n->out[k]], data[n->out[k]]);
        if (n->def->eval(n, in, out, &err) != RPR_OK)
            fail_msg("%s", err.message);
    }
    assert_memory_equal(data[g->output[0]], want, N * sizeof *want);
    for (size_t i = 0; i < g->n_value; i++)
        if (!g->value[i].is_const)
            free(data[i]);
    free(data);
    rpr_graph_free(g);
}

static bool has_op(const rpr_graph *g, const char *op)
{
    for (size_t i = 0; i < g->n_node; i++)
        if (strcmp(g->node[i].op, op) == 0)
            return true;
    return false;
}

static void constants_take_one(void **state)
{
    (void)state;
    rpr_graph *g = made(IS_TRUE, adding(), scaling());
    assert_true(has_op(g, "Add") && !has_op(g, "Mul") && !has_op(g, "Where") && !has_op(g, "If"));
    expect(g, false, FLOATS(11, 11, 11, 11));
    g = made(IS_FALSE, adding(), scaling());
    assert_true(has_op(g, "Mul") && !has_op(g, "Add") && !has_op(g, "If"));
    expect(g, true, FLOATS(1, 2, 3, 4));
}

static void inputs_choose_on_every_call(void **state)
{
    (void)state;
    for (int c = 0; c < 2; c++) {
        rpr_graph *g = made(IS_INPUT, adding(), scaling());
        assert_true(has_op(g, "Where") && !has_op(g, "If"));
        if (c)
            expect(g, true, FLOATS(11, 11, 11, 11));
        else
            expect(g, false, FLOATS(1, 2, 3, 4));
    }
}

/** A branch may hand on what it was given, and do nothing else. */
static void branches_hand_through(void **state)
{
    (void)state;
    model *b = model_new();
    model_output(b, "w");
    expect(made(IS_TRUE, b, scaling()), true, FLOATS(1, 2, 3, 4));
    b = model_new();
    model_output(b, "x");
    expect(made(IS_INPUT, b, scaling()), true, FLOATS(1, 1, 1, 1));
}

/** Captured through two levels, chosen by a constant that is one only after folding. */
static void branches_nest(void **state)
{
    (void)state;
    for (int c = 0; c < 2; c++) {
        model *b = model_new(), *add = adding(), *scale = scaling();
        model_node(b, "Not", "not", "c", "d");
        Onnx__NodeProto *n = model_node(b, "If", "inner", "d", "out");
        give_branch(b, n, "then_branch", add);
        give_branch(b, n, "else_branch", scale);
        model_output(b, "out");
        rpr_graph *g = c ? made(IS_TRUE, b, scaling()) : made(IS_FALSE, adding(), b);
        assert_int_equal(g->n_node, 3); /* and an Identity for each level */
        if (c)
            expect(g, true, FLOATS(1, 2, 3, 4));
        else
            expect(g, true, FLOATS(11, 11, 11, 11));
        model_free(add);
        model_free(scale);
    }
}

/** What is not taken need not be known. */
static void only_what_is_taken_counts(void **state)
{
    (void)state;
    model *b = model_new();
    model_node(b, "Foo", "foo", "x", "z");
    model_output(b, "z");
    expect(made(IS_TRUE, adding(), b), true, FLOATS(11, 11, 11, 11));
    b = model_new();
    model_node(b, "Foo", "foo", "x", "z");
    model_output(b, "z");
    refused(IS_FALSE, adding(), b, RPR_ERR_UNSUPPORTED,
            "unsupported operators: Foo (opset 13, 1 node)");
    b = model_new();
    model_node(b, "Foo", "foo", "x", "z");
    model_output(b, "z");
    refused(IS_INPUT, adding(), b, RPR_ERR_UNSUPPORTED, "Foo");
}

static void shapes_must_agree(void **state)
{
    (void)state;
    for (int c = IS_FALSE; c <= IS_INPUT; c++) {
        model *b = model_new();
        model_ints(b, "shape", 2, DIMS(2, 2));
        model_node(b, "Reshape", "square", "x,shape", "square_x");
        model_output(b, "square_x");
        if (c == IS_INPUT)
            refused(IS_INPUT, adding(), b, RPR_ERR_UNSUPPORTED, "'sum' and 'square_x'");
        else
            rpr_graph_free(made((condition)c, adding(), b));
    }
    model *b = model_new(); /* another type */
    node_int(b, model_node(b, "Cast", "cast", "x", "whole"), "to", RPR_I64);
    model_output(b, "whole");
    refused(IS_INPUT, adding(), b, RPR_ERR_UNSUPPORTED, "node 'choose' (If): its condition");
}

static void broken_branches_are_refused(void **state)
{
    (void)state;
    refused(IS_TRUE, adding(), NULL, RPR_ERR_FORMAT, "there is no else branch");
    refused(IS_TRUE, NULL, adding(), RPR_ERR_FORMAT, "there is no then branch");
    model *b = scaling();
    model_output(b, "x");
    refused(IS_TRUE, adding(), b, RPR_ERR_FORMAT, "1 outputs, the else branch gives 2");
    b = model_new();
    model_node(b, "Add", "add", "x,nowhere", "z");
    model_output(b, "z");
    refused(IS_TRUE, adding(), b, RPR_ERR_FORMAT, "reads 'nowhere', which nothing produces");
    b = model_new(); /* with an input of its own it is the body of a loop */
    model_input(b, "i", RPR_F32, 1, DIMS(N));
    model_output(b, "i");
    refused(IS_TRUE, b, adding(), RPR_ERR_FORMAT, "there is no then branch");
}

static void conditions_are_one_bool(void **state)
{
    (void)state;
    static const int types[] = {RPR_F32, RPR_BOOL};
    for (int i = 0; i < 2; i++) {
        model *m = model_new(), *then = adding(), *otherwise = scaling();
        rpr_graph *g;
        rpr_error err = {{0}};
        model_input(m, "x", RPR_F32, 1, DIMS(N));
        model_floats(m, "w", 1, DIMS(N), FLOATS(1, 2, 3, 4));
        model_input(m, "c", types[i], 1, DIMS(i ? 2 : 1));
        assert_int_equal(load_if(m, then, otherwise, &g, &err), RPR_OK);
        assert_int_equal(take_in(g, &err), RPR_ERR_FORMAT);
        assert_non_null(strstr(err.message, "the condition is not one bool"));
        rpr_graph_free(g);
    }
}

#define DEEP 20

static void depth_is_limited(void **state)
{
    (void)state;
    model *level[DEEP] = {adding()}, *other = scaling();
    for (int i = 1; i < DEEP; i++) {
        level[i] = model_new();
        Onnx__NodeProto *n = model_node(level[i], "If", "level", "c", "z");
        give_branch(level[i], n, "then_branch", level[i - 1]);
        give_branch(level[i], n, "else_branch", other);
        model_output(level[i], "z");
    }
    refused(IS_TRUE, level[DEEP - 1], scaling(), RPR_ERR_FORMAT, "nest deeper than 12");
    for (int i = 0; i < DEEP - 1; i++)
        model_free(level[i]);
    model_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(constants_take_one),
                                       cmocka_unit_test(inputs_choose_on_every_call),
                                       cmocka_unit_test(branches_hand_through),
                                       cmocka_unit_test(branches_nest),
                                       cmocka_unit_test(only_what_is_taken_counts),
                                       cmocka_unit_test(shapes_must_agree),
                                       cmocka_unit_test(broken_branches_are_refused),
                                       cmocka_unit_test(conditions_are_one_bool),
                                       cmocka_unit_test(depth_is_limited)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
