/* SPDX-License-Identifier: Apache-2.0 */
/* From the file to a graph that can be quantised: passes, layers, a runner for every node. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"
#include "onnx/onnx_load.h"
#include "ops/ops.h"
#include "quantize/state.h"

int qt_no_memory(const qt_state *s)
{
    return rpr_fail(s->err, RPR_ERR_NOMEM, "out of memory");
}

static bool is(const rpr_node *n, const char *op)
{
    return strcmp(n->op, op) == 0;
}

static bool is_floats(const rpr_graph *g, int v, int rank)
{
    const rpr_value *c = v == RPR_NONE ? NULL : &g->value[v];
    return c && c->is_const && c->dtype == RPR_F32 && (rank < 0 || c->shape.rank == rank);
}

static bool is_one(float v)
{
    return !(v < 1.0f || v > 1.0f);
}

/* ------------------------------------------------------------------ layers */

/** Conv: weights [outputs][inputs of the group][window]. */
static bool find_conv(const rpr_graph *g, const rpr_node *n, qt_node *q)
{
    const rpr_shape *w = &g->value[n->in[1]].shape;
    q->axis = 0;
    q->channels = w->dim[0];
    q->macs = rpr_shape_count(&g->value[n->out[0]].shape) * (rpr_shape_count(w) / w->dim[0]);
    return n->n_in < 3 || n->in[2] == RPR_NONE || is_floats(g, n->in[2], 1);
}

/** Gemm and MatMul with a matrix of constants, the former without factors. */
static bool find_matrix(const rpr_graph *g, const rpr_node *n, qt_node *q)
{
    const rpr_shape *w = &g->value[n->in[1]].shape;
    const bool gemm = is(n, "Gemm");
    q->axis = gemm && rpr_node_int(n, "transB", 0) ? 0 : 1;
    q->channels = w->dim[q->axis];
    q->macs = rpr_shape_count(&g->value[n->out[0]].shape) * w->dim[1 - q->axis];
    if (!gemm)
        return true;
    bool bias = n->n_in > 2 && n->in[2] != RPR_NONE;
    return rpr_node_int(n, "transA", 0) == 0 && is_one(rpr_node_float(n, "alpha", 1.0f)) &&
           (!bias || (is_one(rpr_node_float(n, "beta", 1.0f)) && is_floats(g, n->in[2], 1) &&
                      g->value[n->in[2]].shape.dim[0] == q->channels));
}

static void find_layer(const rpr_graph *g, const rpr_node *n, qt_node *q)
{
    bool conv = is(n, "Conv"), matrix = is(n, "Gemm") || is(n, "MatMul");
    if ((!conv && !matrix) || !qt_is_data(g, n->in[0]) || !is_floats(g, n->in[1], matrix ? 2 : -1))
        return;
    if (rpr_shape_count(&g->value[n->in[1]].shape) == 0)
        return;
    q->weighted = conv ? find_conv(g, n, q) : find_matrix(g, n, q);
}

/** Makes constant input i one that no other node reads. */
static int own_input(qt_state *s, rpr_node *n, int i)
{
    rpr_graph *g = s->g;
    const int v = n->in[i];
    char name[256];
    if (rpr_graph_uses(g, v) == 1)
        return RPR_OK;
    const rpr_shape shape = g->value[v].shape;
    const size_t bytes = (size_t)rpr_shape_count(&shape) * sizeof(float);
    void *copy = rpr_alloc(bytes);
    (void)snprintf(name, sizeof name, "%.200s_of_%zu", g->value[v].name, g->n_value);
    int own = copy ? rpr_graph_add_value(g, name, RPR_F32, &shape) : RPR_NONE;
    if (own == RPR_NONE) {
        rpr_free(copy);
        return qt_no_memory(s);
    }
    memcpy(copy, g->value[v].data, bytes);
    rpr_graph_set_const(g, own, RPR_F32, &shape, copy);
    n->in[i] = own;
    return RPR_OK;
}

/** A layer without a bias gets one of zeros, so that it can be corrected. */
static int give_bias(qt_state *s, rpr_node *n, int64_t channels)
{
    char name[256];
    const rpr_shape shape = {.rank = 1, .dim = {channels}};
    if (n->n_in > 2 && n->in[2] != RPR_NONE)
        return own_input(s, n, 2);
    (void)snprintf(name, sizeof name, "%.200s_bias_%zu", n->name, s->g->n_value);
    void *zeros = rpr_alloc_array((size_t)channels, sizeof(float));
    int v = zeros ? rpr_graph_add_value(s->g, name, RPR_F32, &shape) : RPR_NONE;
    int *in = v == RPR_NONE ? NULL : rpr_alloc_array(3, sizeof *in);
    if (!in) {
        rpr_free(zeros);
        return qt_no_memory(s);
    }
    rpr_graph_set_const(s->g, v, RPR_F32, &shape, zeros);
    memcpy(in, n->in, 2 * sizeof *in);
    in[2] = v;
    rpr_free(n->in);
    n->in = in;
    n->n_in = 3;
    return RPR_OK;
}

static int find_layers(qt_state *s)
{
    int found = 0;
    s->node = rpr_alloc_array(s->g->n_node + 1, sizeof *s->node);
    s->n_node = s->g->n_node;
    if (!s->node)
        return qt_no_memory(s);
    for (size_t i = 0; i < s->g->n_node; i++) {
        rpr_node *n = &s->g->node[i];
        s->node[i].alone = (double)NAN;
        find_layer(s->g, n, &s->node[i]);
        if (!s->node[i].weighted)
            continue;
        found++;
        RPR_TRY(own_input(s, n, 1));
        if (!is(n, "MatMul"))
            RPR_TRY(give_bias(s, n, s->node[i].channels));
    }
    if (!found)
        return rpr_fail(s->err, RPR_ERR_UNSUPPORTED,
                        "the model has no layer that can be quantised: no Conv, Gemm or MatMul in "
                        "f32 with constant weights");
    return RPR_OK;
}

/* ------------------------------------------------------------------ values */

static int find_values(qt_state *s)
{
    rpr_graph *g = s->g;
    s->value = rpr_alloc_array(g->n_value + 1, sizeof *s->value);
    s->class = rpr_alloc_array(g->n_value + 1, sizeof *s->class);
    if (!s->value || !s->class)
        return qt_no_memory(s);
    for (size_t v = 0; v < g->n_value; v++)
        s->value[v] = (qt_value){.class = RPR_NONE, .last = RPR_NONE};
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (g->node[i].in[k] != RPR_NONE)
                s->value[g->node[i].in[k]].last = (int)i;
    for (size_t i = 0; i < g->n_output; i++)
        s->value[g->output[i]].last = (int)g->n_node;
    return RPR_OK;
}

static int check_ends(const qt_state *s)
{
    const rpr_graph *g = s->g;
    for (size_t i = 0; i < g->n_input; i++)
        if (g->value[g->input[i]].dtype != RPR_F32)
            return rpr_fail(s->err, RPR_ERR_UNSUPPORTED, "input '%s' is not f32",
                            g->value[g->input[i]].name);
    for (size_t i = 0; i < g->n_output; i++)
        if (g->value[g->output[i]].is_const || g->value[g->output[i]].producer == RPR_NONE)
            return rpr_fail(s->err, RPR_ERR_UNSUPPORTED, "output '%s' does not depend on the input",
                            g->value[g->output[i]].name);
    return RPR_OK;
}

static int run_passes(qt_state *s, const rpr_model_options *m)
{
    RPR_TRY(rpr_graph_resolve(s->g, rpr_ops_find, m->log, m->log_user, s->err));
    RPR_TRY(rpr_graph_fix_inputs(s->g, m->shapes, m->n_shapes, s->err));
    RPR_TRY(rpr_graph_fold(s->g, s->err));
    RPR_TRY(rpr_graph_fuse_weights(s->g, s->err));
    RPR_TRY(rpr_graph_modernise(s->g, &s->opset, s->err));
    RPR_TRY(rpr_graph_resolve(s->g, rpr_ops_find, m->log, m->log_user, s->err));
    RPR_TRY(rpr_graph_fold(s->g, s->err));
    return rpr_graph_sort(s->g, s->err);
}

int qt_open(qt_state *s, const char *path, const rpr_model_options *model, rpr_error *err)
{
    rpr_model_options none;
    rpr_model_options_init(&none);
    s->err = err;
    RPR_TRY(rpr_onnx_load_file(path, &s->g, err));
    RPR_TRY(run_passes(s, model ? model : &none));
    RPR_TRY(find_layers(s));
    RPR_TRY(find_values(s));
    RPR_TRY(check_ends(s));
    s->n_in = s->g->n_input;
    s->n_out = s->g->n_output;
    s->difference = rpr_alloc_array(s->n_out, sizeof *s->difference);
    s->reference = rpr_alloc_array(s->n_out, sizeof *s->reference);
    if (!s->difference || !s->reference)
        return qt_no_memory(s);
    for (size_t i = 0; i < s->g->n_node; i++)
        RPR_TRY(qt_runner_open(&s->node[i].exact, s->g, &s->g->node[i], NULL, NULL, err));
    return RPR_OK;
}

void qt_close(qt_state *s)
{
    for (size_t i = 0; s->node && i < s->n_node; i++) {
        qt_runner_close(&s->node[i].exact);
        qt_runner_close(&s->node[i].rough);
        rpr_free(s->node[i].w);
        rpr_free(s->node[i].scale);
        rpr_free(s->node[i].bias);
    }
    rpr_free(s->node);
    rpr_free(s->value);
    rpr_free(s->class);
    rpr_free(s->frame);
    rpr_free(s->difference);
    rpr_free(s->reference);
    if (s->g)
        rpr_graph_free(s->g);
    *s = (qt_state){0};
}
