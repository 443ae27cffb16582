/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN: what is refused, and attributes that ONNX's own test data has no cases of. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "ops/ops.h"

#define OPSET 14
#define STEPS 3
#define UNITS 2

/** A node of one sequence of one value a step. */
typedef struct unit {
    rpr_graph *g;
    int in[8], n_in;
    rpr_error err;
} unit;

static void add(unit *u, rpr_dtype t, int rank, const int64_t *dim, const void *data)
{
    rpr_shape s = {.rank = rank};
    memcpy(s.dim, dim, (size_t)rank * sizeof *dim);
    const int v = rpr_graph_add_value(u->g, "in", t, &s);
    const size_t bytes = (size_t)rpr_shape_count(&s) * rpr_dtype_size(t);
    void *copy = rpr_alloc(bytes);
    assert_non_null(copy);
    if (data)
        memcpy(copy, data, bytes);
    rpr_graph_set_const(u->g, v, t, &s, copy);
    u->in[u->n_in++] = v;
}

static const float x_values[STEPS] = {0.5f, -1.0f, 2.0f};

#define D3(a, b, c) 3, ((const int64_t[]){a, b, c})

/** X, W and R for an operator of so many gates; hidden units read one input each. */
static unit start(int gates)
{
    unit u = {.g = rpr_graph_new()};
    float w[4 * UNITS], r[4 * UNITS * UNITS] = {0};
    for (int i = 0; i < gates * UNITS; i++)
        w[i] = 0.25f * (float)(i + 1);
    for (int i = 0; i < gates * UNITS * UNITS; i++)
        r[i] = 0.1f * (float)(i % 3 - 1);
    add(&u, RPR_F32, D3(STEPS, 1, 1), x_values);
    add(&u, RPR_F32, D3(1, gates * UNITS, 1), w);
    add(&u, RPR_F32, D3(1, gates * UNITS, UNITS), r);
    return u;
}

static rpr_node *make(unit *u, const char *op)
{
    int out[2];
    for (int i = 0; i < 2; i++)
        out[i] = rpr_graph_add_value(u->g, "out", RPR_UNDEFINED, &(rpr_shape){.rank = -1});
    const int n = rpr_graph_add_node(u->g, "the_node", op, "", OPSET, u->in, u->n_in, out, 2);
    u->g->node[n].def = rpr_ops_find("", op, OPSET);
    assert_non_null(u->g->node[n].def);
    return &u->g->node[n];
}

static void refused(unit *u, rpr_node *n, int status, const char *part)
{
    const int got = n->def->infer(u->g, n, &u->err);
    if (got != status || !strstr(u->err.message, part) || !strstr(u->err.message, "the_node"))
        fail_msg("%d \"%s\", not %d \"%s\"", got, u->err.message, status, part);
    rpr_graph_free(u->g);
}

/** Y into y[STEPS][UNITS]; the status of the evaluation. */
static int run(unit *u, rpr_node *n, float *y)
{
    float last[UNITS];
    rpr_view in[8] = {{.data = NULL}}, out[2];
    if (n->def->infer(u->g, n, &u->err) != RPR_OK)
        fail_msg("%s", u->err.message);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE)
            in[i] = rpr_value_view(&u->g->value[n->in[i]], u->g->value[n->in[i]].data);
    out[0] = rpr_value_view(&u->g->value[n->out[0]], y);
    out[1] = rpr_value_view(&u->g->value[n->out[1]], last);
    const int status = n->def->eval(n, in, out, &u->err);
    rpr_graph_free(u->g);
    return status;
}

static void set_strings(rpr_node *n, const char *names, size_t bytes, size_t count)
{
    rpr_attr a = {.kind = RPR_ATTR_STRINGS, .n = count, .s = rpr_alloc(bytes)};
    assert_non_null(a.s);
    memcpy(a.s, names, bytes);
    assert_int_equal(rpr_node_set_attr(n, "activations", a), RPR_OK);
}

#define NAMES(text) text, sizeof(text)

static void set_floats(rpr_node *n, const char *name, float v)
{
    rpr_attr a = {.kind = RPR_ATTR_FLOATS, .n = 1, .floats = rpr_alloc(sizeof v)};
    assert_non_null(a.floats);
    a.floats[0] = v;
    assert_int_equal(rpr_node_set_attr(n, name, a), RPR_OK);
}

static void shapes_are_checked(void **state)
{
    (void)state;
    unit u = start(4);
    refused(&u, make(&u, "GRU"), RPR_ERR_SHAPE, "input 1 ('in') is not of shape [1, 6, 1]");
    u = start(1);
    rpr_node *n = make(&u, "RNN");
    (void)rpr_node_set_int(n, "hidden_size", 5);
    refused(&u, n, RPR_ERR_SHAPE, "hidden_size 5 with weights for 2");
    u = start(1);
    add(&u, RPR_F32, 2, (const int64_t[]){1, 3}, NULL);
    refused(&u, make(&u, "RNN"), RPR_ERR_SHAPE, "input 3 ('in') is not of shape [1, 4]");
    u = start(1);
    n = make(&u, "RNN");
    (void)rpr_node_set_string(n, "direction", "bidirectional");
    refused(&u, n, RPR_ERR_SHAPE, "is not of shape [2, 2, 1]");
    u = start(1);
    n = make(&u, "RNN");
    (void)rpr_node_set_string(n, "direction", "sideways");
    refused(&u, n, RPR_ERR_FORMAT, "direction 'sideways'");
    u = start(1);
    u.g->value[u.in[0]].shape.rank = 2;
    refused(&u, make(&u, "RNN"), RPR_ERR_SHAPE, "input 0 has 2 dimensions, not 3");
}

static void activations_are_checked(void **state)
{
    (void)state;
    unit u = start(1);
    rpr_node *n = make(&u, "RNN");
    set_strings(n, NAMES("Swish"), 1);
    refused(&u, n, RPR_ERR_UNSUPPORTED, "activation 'Swish'");
    u = start(4);
    n = make(&u, "LSTM");
    set_strings(n, NAMES("Sigmoid\0Tanh"), 2);
    refused(&u, n, RPR_ERR_FORMAT, "activations: not 3 names");
}

static void lengths_are_checked(void **state)
{
    (void)state;
    for (int32_t len = -1; len <= STEPS + 1; len++) {
        unit u = start(1);
        float y[STEPS * UNITS];
        u.in[u.n_in++] = RPR_NONE;
        add(&u, RPR_I32, 1, (const int64_t[]){1}, &len);
        rpr_node *n = make(&u, "RNN");
        const bool fits = len >= 1 && len <= STEPS;
        assert_int_equal(run(&u, n, y), fits ? RPR_OK : RPR_ERR_ARGUMENT);
        if (!fits)
            assert_non_null(strstr(u.err.message, "is not in [1, 3]"));
        for (int i = fits ? len * UNITS : STEPS * UNITS; i < STEPS * UNITS; i++)
            assert_true(y[i] >= 0 && y[i] <= 0); /* behind the end */
    }
}

/** Names are not about case; alpha and beta go to those that take one. */
static void activations_take_their_numbers(void **state)
{
    (void)state;
    unit u = start(1);
    float y[STEPS * UNITS];
    rpr_node *n = make(&u, "RNN");
    set_strings(n, NAMES("AFFINE"), 1);
    set_floats(n, "activation_alpha", 0.5f);
    set_floats(n, "activation_beta", 0.25f);
    assert_int_equal(run(&u, n, y), RPR_OK);
    assert_true(fabsf(y[0] - (0.5f * 0.25f * 0.5f + 0.25f)) < 1e-6f);
    assert_true(fabsf(y[1] - (0.5f * 0.5f * 0.5f + 0.25f)) < 1e-6f);
}

/** Clip bounds what activations are given. */
static void clip_bounds(void **state)
{
    (void)state;
    unit u = start(1);
    float y[STEPS * UNITS];
    rpr_node *n = make(&u, "RNN");
    (void)rpr_node_set_float(n, "clip", 0.1f);
    assert_int_equal(run(&u, n, y), RPR_OK);
    assert_true(fabsf(y[0] - tanhf(0.1f)) < 1e-6f && fabsf(y[2] + tanhf(0.1f)) < 1e-6f);
    u = start(4);
    n = make(&u, "LSTM");
    (void)rpr_node_set_int(n, "input_forget", 1);
    (void)rpr_node_set_float(n, "clip", 1e-3f); /* every gate is nearly 0.5 then */
    assert_int_equal(run(&u, n, y), RPR_OK);
    for (int i = 0; i < STEPS * UNITS; i++)
        assert_true(fabsf(y[i]) < 1e-3f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_are_checked), cmocka_unit_test(activations_are_checked),
        cmocka_unit_test(lengths_are_checked), cmocka_unit_test(activations_take_their_numbers),
        cmocka_unit_test(clip_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
