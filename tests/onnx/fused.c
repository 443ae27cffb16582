/* SPDX-License-Identifier: Apache-2.0 */
#include "fused.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../activate.h"
#include "core/alloc.h"
#include "graph/passes.h"
#include "ops/ops.h"

/* -------------------------------------------------------------- evaluation */

void fused_fill(float *x, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 21) - 4;
    }
}

static void run_node(const rpr_graph *g, const rpr_node *n, void **data)
{
    rpr_view in[8] = {{.data = NULL}}, out[8] = {{.data = NULL}};
    rpr_error err = {{0}};
    assert_true(n->n_in <= 8 && n->n_out <= 8);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE)
            in[i] = rpr_value_view(&g->value[n->in[i]], data[n->in[i]]);
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            out[i] = rpr_value_view(&g->value[n->out[i]], data[n->out[i]]);
    assert_non_null(n->def);
    if (n->def->eval(n, in, out, &err) != RPR_OK)
        fail_msg("%s", err.message);
    if (rpr_act_is_none(&n->act))
        return;
    float *y = out[0].data;
    for (int64_t i = 0; i < rpr_shape_count(&g->value[n->out[0]].shape); i++)
        y[i] = n->act.post_mul * test_activate(&n->act, y[i]) + n->act.post_add;
}

/** Runs a graph; the outputs' data, one after the other, is the caller's. */
static float *run(const rpr_graph *g, int64_t *count)
{
    void **data = calloc(g->n_value, sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < g->n_value; i++) {
        const rpr_value *v = &g->value[i];
        int64_t n = rpr_shape_count(&v->shape);
        if (!v->is_const && n >= 0) /* what was fused away may have no shape */
            data[i] = calloc((size_t)n + 1, 8);
        else
            data[i] = v->data;
    }
    for (size_t i = 0; i < g->n_input; i++)
        fused_fill(data[g->input[i]], rpr_shape_count(&g->value[g->input[i]].shape), (uint32_t)i);
    for (size_t i = 0; i < g->n_node; i++)
        run_node(g, &g->node[i], data);
    *count = 0;
    for (size_t i = 0; i < g->n_output; i++)
        *count += rpr_shape_count(&g->value[g->output[i]].shape);
    float *all = malloc((size_t)*count * sizeof *all + 1), *at = all;
    assert_non_null(all);
    for (size_t i = 0; i < g->n_output; i++) {
        int64_t n = rpr_shape_count(&g->value[g->output[i]].shape);
        assert_int_equal(g->value[g->output[i]].dtype, RPR_F32);
        memcpy(at, data[g->output[i]], (size_t)n * sizeof *at);
        at += n;
    }
    for (size_t i = 0; i < g->n_value; i++)
        if (!g->value[i].is_const)
            free(data[i]);
    free(data);
    return all;
}

static rpr_graph *prepare(model *m, bool fuse)
{
    rpr_graph *g;
    rpr_error err = {{0}};
    int status = model_load(m, &g, &err);
    if (status == RPR_OK)
        status = rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err);
    if (status == RPR_OK)
        status = rpr_graph_fix_inputs(g, NULL, 0, &err);
    if (status == RPR_OK)
        status = rpr_graph_fold(g, &err);
    if (status == RPR_OK && fuse)
        status = rpr_graph_fuse(g, &err);
    if (status == RPR_OK && fuse) /* shapes and arity still hold */
        status = rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err);
    if (status == RPR_OK && fuse)
        status = rpr_graph_fold(g, &err);
    if (status != RPR_OK)
        fail_msg("%s", err.message);
    return g;
}

rpr_graph *fused(model *m, size_t nodes)
{
    rpr_graph *plain = prepare(m, false), *g = prepare(m, true);
    int64_t n, n_fused;
    float *want = run(plain, &n), *got = run(g, &n_fused);
    double scale = 0;
    assert_int_equal(n, n_fused);
    assert_int_equal(plain->n_output, g->n_output);
    for (size_t i = 0; i < g->n_output; i++)
        assert_string_equal(plain->value[plain->output[i]].name, g->value[g->output[i]].name);
    for (int64_t i = 0; i < n; i++)
        scale = fmax(scale, fabs((double)want[i]));
    assert_true(scale > 0);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)want[i] - (double)got[i]) <= 2e-6 * scale))
            fail_msg("output %lld: %g, fused %g", (long long)i, (double)want[i], (double)got[i]);
    if (g->n_node != nodes)
        fail_msg("%zu nodes are left, not %zu", g->n_node, nodes);
    free(want);
    free(got);
    rpr_graph_free(plain);
    model_free(m);
    return g;
}

void fused_check(model *m, size_t nodes)
{
    rpr_graph_free(fused(m, nodes));
}

/* ------------------------------------------------------------------ models */

model *fused_start(int rank, const int64_t *dims)
{
    model *m = model_new();
    model_input(m, "x", RPR_F32, rank, dims);
    return m;
}

void fused_weights(model *m, const char *name, int rank, const int64_t *dims)
{
    float v[4096];
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dims[i];
    assert_true(n <= 4096);
    fused_fill(v, n, (uint32_t)n + (uint32_t)name[0]);
    model_floats(m, name, rank, dims, v);
}

model *fused_conv(void)
{
    model *m = fused_start(4, DIMS(1, 2, 6, 5));
    fused_weights(m, "w", 4, DIMS(3, 2, 3, 3));
    fused_weights(m, "b", 1, DIMS(3));
    model_node(m, "Conv", "conv", "x,w,b", "c");
    return m;
}

void fused_norm(model *m, const char *name, const char *in, const char *out, int64_t channels)
{
    char inputs[64];
    fused_weights(m, "gamma", 1, &channels);
    fused_weights(m, "delta", 1, &channels);
    fused_weights(m, "mean", 1, &channels);
    float var[16] = {0.5f, 2, 3, 0.25f, 1, 1, 1, 1};
    model_floats(m, "var", 1, &channels, var);
    strcpy(inputs, in);
    strcat(inputs, ",gamma,delta,mean,var");
    model_node(m, "BatchNormalization", name, inputs, out);
}

void fused_binary(model *m, const char *op, const char *name, const char *a, const char *b)
{
    char inputs[64];
    strcpy(inputs, a);
    strcat(inputs, ",");
    strcat(inputs, b);
    model_node(m, op, name, inputs, name);
}
