/* SPDX-License-Identifier: Apache-2.0 */
#include "qnet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "graph/passes.h"
#include "graph/table.h"
#include "ops/ops.h"
#include "ops/walk.h"

/* ------------------------------------------------------------------- models */

model *qnet_new(rpr_dtype type, int rank, const int64_t *dims)
{
    model *m = model_new();
    model_opset(m, MS, 1);
    model_input(m, "f", RPR_F32, rank, dims);
    qnet_store(m, "f", "x", 0.03f, type == RPR_I8 ? -20 : 108, type);
    return m;
}

void qnet_pair(model *m, const char *p, float scale, int zero, rpr_dtype type)
{
    char name[80];
    int8_t byte = (int8_t)zero;
    (void)snprintf(name, sizeof name, "%.70s_s", p);
    model_scalar(m, name, scale);
    (void)snprintf(name, sizeof name, "%.70s_z", p);
    tensor_raw(m, model_init(m, name, (int)type, 0, NULL), &byte, 1);
}

static void convert(model *m, const char *op, const char *x, const char *y)
{
    char inputs[200];
    (void)snprintf(inputs, sizeof inputs, "%s,%s_%s_s,%s_%s_z", x, op, y, op, y);
    model_node(m, op, y, inputs, y);
}

static void own_pair(model *m, const char *op, const char *y, float scale, int zero, rpr_dtype type)
{
    char p[64];
    (void)snprintf(p, sizeof p, "%s_%s", op, y);
    qnet_pair(m, p, scale, zero, type);
}

void qnet_store(model *m, const char *x, const char *y, float scale, int zero, rpr_dtype type)
{
    own_pair(m, "QuantizeLinear", y, scale, zero, type);
    convert(m, "QuantizeLinear", x, y);
}

void qnet_load(model *m, const char *y, const char *z, float scale, int zero, rpr_dtype type)
{
    own_pair(m, "DequantizeLinear", z, scale, zero, type);
    convert(m, "DequantizeLinear", y, z);
}

void qnet_pass(model *m, const char *x, const char *y, const char *z, float scale, int zero,
               rpr_dtype type)
{
    qnet_store(m, x, y, scale, zero, type);
    qnet_load(m, y, z, scale, zero, type);
}

void qnet_end(model *m, const char *x, float scale, int zero, rpr_dtype type)
{
    qnet_pass(m, x, "stored", "out", scale, zero, type);
    model_output(m, "out");
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

void qnet_bytes(model *m, const char *name, rpr_dtype type, int rank, const int64_t *dims,
                int limit)
{
    int8_t bytes[4096];
    int32_t words[64];
    uint32_t seed = (uint32_t)name[0];
    size_t count = 1;
    for (int d = 0; d < rank; d++)
        count *= (size_t)dims[d];
    for (size_t i = 0; i < count; i++) {
        int v = (int)(next(&seed) % (uint32_t)(2 * limit + 1)) - limit;
        if (type == RPR_I32)
            words[i] = v;
        else
            bytes[i] = (int8_t)v;
    }
    tensor_raw(m, model_init(m, name, (int)type, rank, dims),
               type == RPR_I32 ? (void *)words : bytes, count * rpr_dtype_size(type));
}

#define WEIGHT_SCALE(o) (0.01f + 0.002f * (float)(o))

void qnet_weights(model *m, int rank, const int64_t *dims, int axis)
{
    float scale[16];
    int8_t zero[16] = {0};
    for (int o = 0; o < dims[axis]; o++)
        scale[o] = WEIGHT_SCALE(o);
    qnet_bytes(m, "W", RPR_I8, rank, dims, 127);
    model_floats(m, "W_s", 1, &dims[axis], scale);
    tensor_raw(m, model_init(m, "W_z", RPR_I8, 1, &dims[axis]), zero, (size_t)dims[axis]);
    node_int(m, model_node(m, "DequantizeLinear", "W", "W,W_s,W_z", "w"), "axis", axis);
}

void qnet_bias(model *m, int64_t channels)
{
    float scale[16];
    for (int o = 0; o < channels; o++)
        scale[o] = 0.03f * WEIGHT_SCALE(o);
    qnet_bytes(m, "B", RPR_I32, 1, &channels, 3000);
    model_floats(m, "B_s", 1, &channels, scale);
    node_int(m, model_node(m, "DequantizeLinear", "B", "B,B_s", "b"), "axis", 0);
}

Onnx__NodeProto *qnet_node(model *m, const char *domain, const char *op, const char *name,
                           const char *inputs, const char *outputs)
{
    Onnx__NodeProto *n = model_node(m, op, name, inputs, outputs);
    n->domain = (char *)domain; /* not owned by the message */
    return n;
}

/* --------------------------------------------------------------- evaluation */

static int prepare(model *m, bool passes, rpr_graph **g, rpr_error *err)
{
    RPR_TRY(model_load(m, g, err));
    RPR_TRY(rpr_graph_resolve(*g, rpr_ops_find, NULL, NULL, err));
    RPR_TRY(rpr_graph_fix_inputs(*g, NULL, 0, err));
    if (!passes)
        return rpr_graph_fold(*g, err);
    RPR_TRY(rpr_graph_fold_quantised(*g, err));
    RPR_TRY(rpr_graph_qdq(*g, rpr_ops_find_own, err));
    RPR_TRY(rpr_graph_fuse(*g, err));                                  /* takes Identity out */
    RPR_TRY(rpr_graph_resolve(*g, rpr_ops_find_own, NULL, NULL, err)); /* shapes still hold */
    return rpr_graph_fold(*g, err);
}

rpr_graph *qnet_graph(model *m)
{
    rpr_graph *g = NULL;
    rpr_error err = {{0}};
    if (prepare(m, true, &g, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return g;
}

/* About what x stands for, in steps a bit further than 8 bits reach. */
static void fill(const rpr_value *v, void *data, uint32_t seed)
{
    rpr_view view = rpr_value_view(v, data);
    for (int64_t i = 0; i < rpr_shape_count(&v->shape); i++) {
        uint32_t r = next(&seed);
        if (v->dtype == RPR_F32)
            ((float *)data)[i] = (float)(r % 9001) / 1000 - 4;
        else
            rpr_store_i64(&view, i, (int64_t)(r % 256) - (v->dtype == RPR_I8 ? 128 : 0));
    }
}

#define MAX_ENDS 16

static void evaluate(const rpr_graph *g, const rpr_node *n, void **data)
{
    rpr_view in[MAX_ENDS] = {{.data = NULL}}, out[MAX_ENDS] = {{.data = NULL}};
    rpr_error err = {{0}};
    assert_true(n->n_in <= MAX_ENDS && n->n_out <= MAX_ENDS && rpr_act_is_none(&n->act));
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE)
            in[i] = rpr_value_view(&g->value[n->in[i]], data[n->in[i]]);
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            out[i] = rpr_value_view(&g->value[n->out[i]], data[n->out[i]]);
    if (n->def->eval(n, in, out, &err) != RPR_OK)
        fail_msg("%s", err.message);
}

/* The data of all values; what is no constant is to be freed. */
static void **run(const rpr_graph *g, uint32_t seed)
{
    void **data = calloc(g->n_value, sizeof *data);
    assert_non_null(data);
    for (size_t v = 0; v < g->n_value; v++) {
        int64_t count = rpr_shape_count(&g->value[v].shape);
        data[v] = g->value[v].data;
        if (!g->value[v].is_const && count >= 0)
            data[v] = calloc((size_t)count + 1, 8);
    }
    for (size_t i = 0; i < g->n_input; i++)
        fill(&g->value[g->input[i]], data[g->input[i]], seed + (uint32_t)i);
    for (size_t i = 0; i < g->n_node; i++)
        evaluate(g, &g->node[i], data);
    return data;
}

static void free_data(const rpr_graph *g, void **data)
{
    for (size_t v = 0; v < g->n_value; v++)
        if (!g->value[v].is_const)
            free(data[v]);
    free(data);
}

static void compare(const rpr_value *a, void *x, const rpr_value *b, void *y, double step)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->dtype, b->dtype);
    assert_true(rpr_shape_equal(&a->shape, &b->shape));
    rpr_view got = rpr_value_view(a, x), want = rpr_value_view(b, y);
    double unit = a->dtype == RPR_F32 ? step : step > 0;
    for (int64_t i = 0; i < rpr_shape_count(&a->shape); i++) {
        double p = rpr_load_f64(&got, i), q = rpr_load_f64(&want, i);
        if (!(fabs(p - q) <= unit * 1.0001))
            fail_msg("%s: element %lld is %g, not %g", a->name, (long long)i, p, q);
    }
}

static void operators_of(const rpr_graph *g, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < g->n_node && at < size; i++) {
        const rpr_node *n = &g->node[i];
        bool own = strcmp(n->domain, RPR_OWN_DOMAIN) == 0;
        at += (size_t)snprintf(text + at, size - at, "%s%s%s", i ? " " : "", n->op, own ? "*" : "");
    }
}

void qnet_check(model *m, const char *operators, double step)
{
    char text[1000];
    rpr_error err = {{0}};
    rpr_graph *plain = NULL, *g = qnet_graph(m);
    if (prepare(m, false, &plain, &err) != RPR_OK)
        fail_msg("%s", err.message);
    operators_of(g, text, sizeof text);
    assert_string_equal(text, operators);
    assert_int_equal(plain->n_output, g->n_output);
    for (uint32_t seed = 1; seed < 4; seed++) {
        void **got = run(g, seed), **want = run(plain, seed);
        for (size_t i = 0; i < g->n_output; i++)
            compare(&g->value[g->output[i]], got[g->output[i]], &plain->value[plain->output[i]],
                    want[plain->output[i]], step);
        free_data(g, got);
        free_data(plain, want);
    }
    rpr_graph_free(g);
    rpr_graph_free(plain);
    model_free(m);
}

void qnet_refused(model *m, int status, const char *node, const char *part)
{
    char quoted[64];
    rpr_graph *g = NULL;
    rpr_error err = {{0}};
    int got = prepare(m, true, &g, &err);
    (void)snprintf(quoted, sizeof quoted, "'%s'", node);
    if (got != status || !strstr(err.message, quoted) || !strstr(err.message, part))
        fail_msg("wanted %d '%s' \"%s\", got %d \"%s\"", status, node, part, got, err.message);
    rpr_graph_free(g);
    model_free(m);
}
