/* SPDX-License-Identifier: Apache-2.0 */
/* A node as a model of its own, so that it runs on the kernels and all it gives can be seen. */
#include <string.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "quantize/state.h"

static int nomem(rpr_error *err)
{
    return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
}

/** A copy of a value under its name, without a producer; `data` in place of its own if not NULL. */
static int copy_value(rpr_graph *to, const rpr_value *v, const void *data, int *index)
{
    const size_t bytes = (size_t)rpr_shape_count(&v->shape) * rpr_dtype_size(v->dtype);
    *index = rpr_graph_add_value(to, v->name, v->dtype, &v->shape);
    if (*index == RPR_NONE)
        return RPR_ERR_NOMEM;
    if (!v->is_const)
        return RPR_OK;
    void *copy = rpr_alloc(bytes);
    if (!copy)
        return RPR_ERR_NOMEM;
    if (bytes)
        memcpy(copy, data ? data : v->data, bytes);
    rpr_graph_set_const(to, *index, v->dtype, &v->shape, copy);
    return RPR_OK;
}

static int copy_attr(rpr_node *to, const rpr_attr *a)
{
    if (a->kind == RPR_ATTR_INT)
        return rpr_node_set_int(to, a->name, a->i);
    if (a->kind == RPR_ATTR_FLOAT)
        return rpr_node_set_float(to, a->name, a->f);
    if (a->kind == RPR_ATTR_STRING)
        return rpr_node_set_string(to, a->name, a->s);
    if (a->kind == RPR_ATTR_INTS)
        return rpr_node_set_ints(to, a->name, a->ints, a->n);
    if (a->kind == RPR_ATTR_FLOATS) {
        float *copy = rpr_alloc_array(a->n, sizeof *copy);
        if (!copy)
            return RPR_ERR_NOMEM;
        if (a->n)
            memcpy(copy, a->floats, a->n * sizeof *copy);
        return rpr_node_set_attr(to, a->name,
                                 (rpr_attr){.kind = RPR_ATTR_FLOATS, .floats = copy, .n = a->n});
    }
    return RPR_OK; /* no operator on the frame path reads any other */
}

typedef struct cut {
    const rpr_graph *g;
    const rpr_node *n;
    rpr_graph *own;
    int *in, *out; /* in own */
} cut;

static int copy_inputs(cut *c, qt_runner *r, const float *weights, const float *bias)
{
    for (int i = 0; i < c->n->n_in; i++) {
        const int v = c->n->in[i];
        int seen = RPR_NONE;
        c->in[i] = RPR_NONE;
        for (int k = 0; k < i && v != RPR_NONE; k++)
            seen = c->n->in[k] == v ? k : seen;
        if (v == RPR_NONE)
            continue;
        if (seen != RPR_NONE) {
            c->in[i] = c->in[seen];
            continue;
        }
        RPR_TRY(copy_value(c->own, &c->g->value[v],
                           i == 1   ? weights
                           : i == 2 ? bias
                                    : NULL,
                           &c->in[i]));
        if (c->g->value[v].is_const)
            continue;
        r->in[r->n_in++] = v;
        c->own->input[c->own->n_input++] = c->in[i];
    }
    return RPR_OK;
}

static int copy_node(cut *c)
{
    const rpr_node *n = c->n;
    for (int i = 0; i < n->n_out; i++) {
        c->out[i] = RPR_NONE;
        if (n->out[i] == RPR_NONE)
            continue;
        RPR_TRY(copy_value(c->own, &c->g->value[n->out[i]], NULL, &c->out[i]));
        c->own->output[c->own->n_output++] = c->out[i];
    }
    int index = rpr_graph_add_node(c->own, n->name, n->op, n->domain, n->opset, c->in, n->n_in,
                                   c->out, n->n_out);
    if (index == RPR_NONE)
        return RPR_ERR_NOMEM;
    for (size_t i = 0; i < n->n_attr; i++)
        RPR_TRY(copy_attr(&c->own->node[index], &n->attr[i]));
    return RPR_OK;
}

static int build(qt_runner *r, const rpr_graph *g, const rpr_node *n, const float *weights,
                 const float *bias, rpr_graph *own)
{
    cut c = {.g = g, .n = n, .own = own};
    own->input = rpr_alloc_array((size_t)n->n_in, sizeof *own->input);
    own->output = rpr_alloc_array((size_t)n->n_out, sizeof *own->output);
    r->in = rpr_alloc_array((size_t)n->n_in, sizeof *r->in);
    c.in = rpr_alloc_array((size_t)n->n_in, sizeof *c.in);
    c.out = rpr_alloc_array((size_t)n->n_out, sizeof *c.out);
    int status = RPR_ERR_NOMEM;
    if (own->input && own->output && r->in && c.in && c.out)
        status = copy_inputs(&c, r, weights, bias);
    if (status == RPR_OK)
        status = copy_node(&c);
    rpr_free(c.in);
    rpr_free(c.out);
    return status;
}

static int make_room(qt_runner *r, rpr_error *err)
{
    r->n_out = (int)rpr_model_n_outputs(r->model);
    r->input = rpr_alloc_array((size_t)r->n_in, sizeof *r->input);
    r->output = rpr_alloc_array((size_t)r->n_out, sizeof *r->output);
    if (!r->input || !r->output)
        return nomem(err);
    for (int i = 0; i < r->n_out; i++) {
        rpr_tensor_info info;
        RPR_TRY(rpr_model_output(r->model, (size_t)i, &info));
        r->output[i].bytes = info.bytes;
    }
    return RPR_OK;
}

int qt_runner_open(qt_runner *r, const rpr_graph *g, const rpr_node *n, const float *weights,
                   const float *bias, rpr_error *err)
{
    rpr_model_options m;
    rpr_stream_options o;
    *r = (qt_runner){0};
    rpr_graph *own = rpr_graph_new();
    if (!own)
        return nomem(err);
    if (build(r, g, n, weights, bias, own) != RPR_OK) {
        rpr_graph_free(own);
        return nomem(err);
    }
    rpr_model_options_init(&m);
    rpr_stream_options_init(&o);
    o.gate.kind = RPR_GATE_OFF;
    o.allow_nonfinite = 1;
    RPR_TRY(rpr_model_from_graph(own, &m, &r->model, err));
    RPR_TRY(rpr_stream_create(r->model, &o, &r->stream, err));
    return make_room(r, err);
}

void qt_runner_close(qt_runner *r)
{
    rpr_stream_destroy(r->stream);
    rpr_model_destroy(r->model);
    rpr_free(r->in);
    rpr_free(r->input);
    rpr_free(r->output);
    *r = (qt_runner){0};
}

int qt_runner_run(qt_runner *r, char *const *in, char *const *out, rpr_error *err)
{
    for (int i = 0; i < r->n_in; i++)
        r->input[i] = (rpr_input){.data = in[i]};
    for (int i = 0; i < r->n_out; i++)
        r->output[i].data = out[i];
    int status = rpr_stream_run(r->stream, r->input, (size_t)r->n_in, r->output, (size_t)r->n_out);
    return status == RPR_OK ? RPR_OK : rpr_fail(err, status, "%s", rpr_stream_error(r->stream));
}
