/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "ops/ops.h"

#define OPSET 13
#define MAX_ENDS 64

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "the test's own graph is wrong: %s\n", what);
        abort();
    }
}

net net_new(uint64_t seed)
{
    net b = {.g = rpr_graph_new(), .r = {seed}};
    need(b.g != NULL, "out of memory");
    b.g->input = rpr_alloc_array(MAX_ENDS, sizeof *b.g->input);
    b.g->output = rpr_alloc_array(MAX_ENDS, sizeof *b.g->output);
    need(b.g->input && b.g->output, "out of memory");
    return b;
}

rpr_model *net_finish(rpr_graph *g)
{
    rpr_model_options opt;
    rpr_error err = {{0}};
    rpr_model *m = NULL;
    rpr_model_options_init(&opt);
    need(rpr_graph_sort(g, &err) == RPR_OK, err.message);
    need(rpr_model_from_graph(g, &opt, &m, &err) == RPR_OK, err.message);
    return m;
}

static int new_value(net *b, rpr_dtype t, const rpr_shape *s)
{
    char name[32];
    (void)snprintf(name, sizeof name, "v%d", b->named++);
    int v = rpr_graph_add_value(b->g, name, t, s);
    need(v != RPR_NONE, "out of memory");
    return v;
}

static rpr_shape shape_of(int rank, const int64_t *dim)
{
    rpr_shape s = {.rank = rank};
    for (int i = 0; i < rank; i++)
        s.dim[i] = dim[i];
    return s;
}

int net_input(net *b, int rank, const int64_t *dim)
{
    rpr_shape s = shape_of(rank, dim);
    int v = new_value(b, RPR_F32, &s);
    need(b->g->n_input < MAX_ENDS, "inputs");
    b->g->input[b->g->n_input++] = v;
    return v;
}

void net_output(net *b, int value)
{
    need(b->g->n_output < MAX_ENDS, "outputs");
    b->g->output[b->g->n_output++] = value;
}

static int new_const(net *b, rpr_dtype t, const rpr_shape *s, void *data)
{
    need(data != NULL, "out of memory");
    int v = new_value(b, t, s);
    rpr_graph_set_const(b->g, v, t, s, data);
    return v;
}

int net_floats(net *b, float centre, float spread, int rank, const int64_t *dim)
{
    rpr_shape s = shape_of(rank, dim);
    int64_t n = rpr_shape_count(&s);
    float *data = rpr_alloc_array((size_t)n, sizeof *data);
    for (int64_t i = 0; data && i < n; i++)
        data[i] = centre + spread * rng_signed(&b->r);
    return new_const(b, RPR_F32, &s, data);
}

int net_bytes(net *b, rpr_dtype t, int lo, int hi, int rank, const int64_t *dim)
{
    rpr_shape s = shape_of(rank, dim);
    int64_t n = rpr_shape_count(&s);
    uint8_t *data = rpr_alloc_array((size_t)n, 1);
    for (int64_t i = 0; data && i < n; i++)
        data[i] = (uint8_t)rng_between(&b->r, lo, hi + 1);
    return new_const(b, t, &s, data);
}

int net_ints(net *b, int n, const int64_t *v)
{
    rpr_shape s = {.rank = 1, .dim = {n}};
    int64_t *data = rpr_alloc_array((size_t)n, sizeof *data);
    if (data)
        memcpy(data, v, (size_t)n * sizeof *v);
    return new_const(b, RPR_I64, &s, data);
}

const rpr_shape *net_shape(net *b, int value)
{
    rpr_error err = {{0}};
    const rpr_value *v = &b->g->value[value];
    if (v->shape.rank < 0) {
        rpr_node *n = &b->g->node[v->producer];
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] != RPR_NONE)
                (void)net_shape(b, n->in[i]);
        n->def = rpr_ops_find(n->domain, n->op, n->opset);
        need(n->def != NULL, n->op);
        need(n->def->infer(b->g, n, &err) == RPR_OK, err.message);
    }
    return &b->g->value[value].shape;
}

/** Sets one `name<kind>value` attribute. */
static void set_attr(rpr_node *n, char *text)
{
    char *kind = text + strcspn(text, "=:~@"), *value = kind + 1;
    int64_t list[16];
    size_t count = 0;
    char mark = *kind;
    need(mark != '\0', text);
    *kind = '\0';
    if (mark == '=')
        (void)rpr_node_set_int(n, text, strtoll(value, NULL, 10));
    if (mark == '~')
        (void)rpr_node_set_float(n, text, strtof(value, NULL));
    if (mark == '@')
        (void)rpr_node_set_string(n, text, value);
    for (char *at = value; mark == ':' && *at; at += *at == ',')
        list[count++] = strtoll(at, &at, 10);
    if (mark == ':')
        (void)rpr_node_set_ints(n, text, list, count);
}

static void set_attrs(rpr_node *n, const char *attr)
{
    char text[256], *save = NULL;
    need(strlen(attr) < sizeof text, "attributes are too long");
    strcpy(text, attr);
    for (char *a = strtok_r(text, " ", &save); a; a = strtok_r(NULL, " ", &save))
        set_attr(n, a);
}

void net_op_many(net *b, const char *op, const char *attr, const int *in, int n_in, int *out,
                 int n_out)
{
    const rpr_shape unknown = {.rank = -1};
    char name[48];
    for (int i = 0; i < n_out; i++)
        out[i] = new_value(b, RPR_UNDEFINED, &unknown);
    char domain[32] = "";
    const char *colon = strchr(op, ':');
    if (colon) {
        (void)snprintf(domain, sizeof domain, "%.*s", (int)(colon - op), op);
        op = colon + 1;
    }
    (void)snprintf(name, sizeof name, "%s%zu", op, b->g->n_node);
    int n = rpr_graph_add_node(b->g, name, op, domain, colon ? 1 : OPSET, in, n_in, out, n_out);
    need(n != RPR_NONE, "out of memory");
    set_attrs(&b->g->node[n], attr);
}

int net_op(net *b, const char *op, const char *attr, int n_in, ...)
{
    int in[16], out;
    va_list ap;
    va_start(ap, n_in);
    for (int i = 0; i < n_in; i++)
        in[i] = va_arg(ap, int);
    va_end(ap);
    net_op_many(b, op, attr, in, n_in, &out, 1);
    return out;
}

/** Uniform with the variance that keeps the scale through a Relu. */
static float he(double fan_in)
{
    return (float)sqrt(6.0 / fan_in);
}

int net_conv(net *b, int x, int co, int kh, int kw, int group, const char *attr)
{
    char all[256];
    int64_t ci = net_shape(b, x)->dim[1] / group;
    int w = net_floats(b, 0.0f, he((double)(ci * kh * kw)), NET_DIMS(co, ci, kh, kw));
    int bias = net_floats(b, 0.0f, 0.1f, NET_DIMS(co));
    (void)snprintf(all, sizeof all, "group=%d %s", group, attr);
    return net_op(b, "Conv", all, 3, x, w, bias);
}

int net_conv_transpose(net *b, int x, int co, int kh, int kw, int group, const char *attr)
{
    char all[256];
    int64_t ci = net_shape(b, x)->dim[1];
    double fan_in = (double)(ci / group * kh * kw) / 2.0;
    int w = net_floats(b, 0.0f, he(fan_in), NET_DIMS(ci, co / group, kh, kw));
    int bias = net_floats(b, 0.0f, 0.1f, NET_DIMS(co));
    (void)snprintf(all, sizeof all, "group=%d %s", group, attr);
    return net_op(b, "ConvTranspose", all, 3, x, w, bias);
}

int net_conv1d(net *b, int x, int co, int k, const char *attr)
{
    int64_t ci = net_shape(b, x)->dim[1];
    int w = net_floats(b, 0.0f, he((double)(ci * k)), NET_DIMS(co, ci, k));
    return net_op(b, "Conv", attr, 3, x, w, net_floats(b, 0.0f, 0.1f, NET_DIMS(co)));
}

int net_gemm(net *b, int x, int columns)
{
    int64_t depth = net_shape(b, x)->dim[1];
    int w = net_floats(b, 0.0f, he((double)depth), NET_DIMS(columns, depth));
    return net_op(b, "Gemm", "transB=1", 3, x, w, net_floats(b, 0.0f, 0.1f, NET_DIMS(columns)));
}

int net_relu(net *b, int x)
{
    return net_op(b, "Relu", "", 1, x);
}
