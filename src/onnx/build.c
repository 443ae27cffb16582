/* SPDX-License-Identifier: Apache-2.0 */
/* ModelProto -> graph. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "onnx/internal.h"

/* More than any model has. Some of the searches below are linear. */
#define MAX_NODE_INPUTS (1 << 20)
#define MAX_NODE_OUTPUTS 4096
#define MAX_OPSETS 256
#define MAX_NESTING 12 /* of branches within branches */

typedef struct rpr_build {
    struct rpr_build *outer; /* of a branch: the graph that it stands in */
    int depth;
    const Onnx__ModelProto *model;
    const rpr_onnx_source *src;
    rpr_graph *g;
    rpr_names values; /* name -> value */
    rpr_error *err;
} rpr_build;

static int no_memory(const rpr_build *b)
{
    return rpr_fail(b->err, RPR_ERR_NOMEM, "out of memory while the graph is built");
}

/** Adds a value under a name that is not taken. */
static int add_value(rpr_build *b, const char *name, int *v)
{
    *v = rpr_graph_add_value(b->g, name, RPR_UNDEFINED, NULL);
    if (*v == RPR_NONE || !rpr_names_add(&b->values, b->g->value[*v].name, *v))
        return no_memory(b);
    return RPR_OK;
}

/** The value of that name, added if it is new. */
static int find_value(rpr_build *b, const char *name, int *v)
{
    *v = rpr_names_find(&b->values, name);
    return *v == RPR_NONE ? add_value(b, name, v) : RPR_OK;
}

/* ------------------------------------------------------------ initialisers */

static int add_initialiser(rpr_build *b, const Onnx__TensorProto *t)
{
    const char *name = rpr_onnx_text(t->name);
    rpr_shape shape;
    rpr_dtype dtype;
    void *data;
    int v;
    if (!*name)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "an initialiser has no name");
    if (rpr_names_find(&b->values, name) != RPR_NONE)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "initialiser '%s' is given twice", name);
    RPR_TRY(rpr_onnx_tensor(t, name, b->src, &shape, &dtype, &data, b->err));
    int status = add_value(b, name, &v);
    if (status != RPR_OK) {
        rpr_free(data);
        return status;
    }
    rpr_graph_set_const(b->g, v, dtype, &shape, data);
    return RPR_OK;
}

static int add_initialisers(rpr_build *b, const Onnx__GraphProto *p)
{
    if (p->n_sparse_initializer) {
        const Onnx__TensorProto *t = p->sparse_initializer[0]->values;
        return rpr_fail(b->err, RPR_ERR_UNSUPPORTED, "sparse initialiser '%s' is not supported",
                        t ? rpr_onnx_text(t->name) : "");
    }
    for (size_t i = 0; i < p->n_initializer; i++)
        RPR_TRY(add_initialiser(b, p->initializer[i]));
    return RPR_OK;
}

/* ------------------------------------------------------------------ inputs */

/** "[1, N, ?]": dimensions as the file has them. */
static char *describe(const Onnx__TensorShapeProto *s)
{
    char text[512] = "[";
    size_t at = 1;
    for (size_t i = 0; i < s->n_dim && at < sizeof text; i++) {
        const Onnx__TensorShapeProto__Dimension *d = s->dim[i];
        const char *comma = i ? ", " : "";
        int n;
        if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
            n = snprintf(text + at, sizeof text - at, "%s%" PRId64, comma, d->dim_value);
        else if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
                 *rpr_onnx_text(d->dim_param))
            n = snprintf(text + at, sizeof text - at, "%s%s", comma, d->dim_param);
        else
            n = snprintf(text + at, sizeof text - at, "%s?", comma);
        at += n > 0 ? (size_t)n : 0;
    }
    if (at < sizeof text)
        snprintf(text + at, sizeof text - at, "]");
    return rpr_strdup(text);
}

/** Exporters write open dimensions as a name, as nothing or as -1. */
static int read_dims(rpr_build *b, const char *name, const Onnx__TensorShapeProto *s, rpr_value *v)
{
    if (s->n_dim > RPR_MAX_RANK)
        return rpr_fail(b->err, RPR_ERR_UNSUPPORTED,
                        "input '%s': rank %zu, at most %d is supported", name, s->n_dim,
                        RPR_MAX_RANK);
    v->shape = (rpr_shape){.rank = (int)s->n_dim};
    rpr_shape known = v->shape;
    for (size_t i = 0; i < s->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = s->dim[i];
        bool open = d->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ||
                    d->dim_value == -1;
        if (!open && d->dim_value < 0)
            return rpr_fail(b->err, RPR_ERR_FORMAT, "input '%s': dimension %zu is %" PRId64, name,
                            i, d->dim_value);
        v->shape.dim[i] = open ? -1 : d->dim_value;
        known.dim[i] = open ? 1 : d->dim_value;
    }
    if (rpr_shape_count(&known) < 0)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "input '%s': its dimensions overflow", name);
    v->declared = describe(s);
    return v->declared ? RPR_OK : no_memory(b);
}

static int read_type(rpr_build *b, const char *name, const Onnx__TypeProto *t, rpr_value *v)
{
    static const char *const other[] = {
        [ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE] = "a sequence",
        [ONNX__TYPE_PROTO__VALUE_MAP_TYPE] = "a map",
        [ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE] = "optional",
        [ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE] = "a sparse tensor",
    };
    if (!t || t->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "input '%s' has no type", name);
    if (t->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return rpr_fail(b->err, RPR_ERR_UNSUPPORTED, "input '%s' is %s, which is not supported",
                        name, other[t->value_case]);
    RPR_TRY(rpr_onnx_dtype(t->tensor_type->elem_type, "input", name, &v->dtype, b->err));
    return t->tensor_type->shape ? read_dims(b, name, t->tensor_type->shape, v) : RPR_OK;
}

static int add_inputs(rpr_build *b, const Onnx__GraphProto *p)
{
    rpr_graph *g = b->g;
    g->input = rpr_alloc_array(p->n_input, sizeof *g->input);
    if (!g->input)
        return no_memory(b);
    for (size_t i = 0; i < p->n_input; i++) {
        const char *name = rpr_onnx_text(p->input[i]->name);
        int v = rpr_names_find(&b->values, name);
        if (!*name)
            return rpr_fail(b->err, RPR_ERR_FORMAT, "graph input %zu has no name", i);
        if (v != RPR_NONE && b->g->value[v].is_const)
            continue; /* the initialiser is its default */
        if (v != RPR_NONE)
            return rpr_fail(b->err, RPR_ERR_FORMAT, "graph input '%s' is given twice", name);
        RPR_TRY(add_value(b, name, &v));
        RPR_TRY(read_type(b, name, p->input[i]->type, &g->value[v]));
        g->input[g->n_input++] = v;
    }
    return RPR_OK;
}

/* ------------------------------------------------------------------- nodes */

static const char *plain_domain(const char *domain)
{
    domain = rpr_onnx_text(domain);
    return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/** Opset in force for a domain; 0 if the model does not import it. */
static int opset_of(const Onnx__ModelProto *m, const char *domain)
{
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (strcmp(plain_domain(m->opset_import[i]->domain), domain) == 0) {
            int64_t v = m->opset_import[i]->version;
            return v > 0 && v < INT_MAX ? (int)v : 0;
        }
    return m->n_opset_import || *domain ? 0 : 1; /* files from before there were opsets */
}

static const char *node_name(const Onnx__NodeProto *p)
{
    if (*rpr_onnx_text(p->name))
        return p->name;
    for (size_t i = 0; i < p->n_output; i++)
        if (*rpr_onnx_text(p->output[i]))
            return p->output[i];
    return p->op_type;
}

static int read_inputs(rpr_build *b, const Onnx__NodeProto *p, int *in)
{
    for (size_t i = 0; i < p->n_input; i++) {
        const char *name = rpr_onnx_text(p->input[i]);
        in[i] = RPR_NONE;
        if (*name)
            RPR_TRY(find_value(b, name, &in[i]));
    }
    return RPR_OK;
}

static bool is_graph_input(const rpr_value *v)
{
    return v->dtype != RPR_UNDEFINED && !v->is_const; /* nothing else has a type yet */
}

static int read_outputs(rpr_build *b, const Onnx__NodeProto *p, int *out)
{
    for (size_t i = 0; i < p->n_output; i++) {
        const char *name = rpr_onnx_text(p->output[i]);
        out[i] = RPR_NONE;
        if (!*name)
            continue;
        RPR_TRY(find_value(b, name, &out[i]));
        const rpr_value *v = &b->g->value[out[i]];
        bool taken = v->is_const || v->producer != RPR_NONE || is_graph_input(v);
        for (size_t k = 0; k < i && !taken; k++)
            taken = out[k] == out[i];
        if (taken)
            return rpr_fail(b->err, RPR_ERR_FORMAT,
                            "node '%s' (%s) produces '%s', which has another source", node_name(p),
                            p->op_type, name);
    }
    return RPR_OK;
}

static int build(rpr_build *b, const Onnx__GraphProto *p);

/** Appends the values that a branch reads from outside to the inputs of its node. */
static int take_captures(rpr_build *b, int node, rpr_attr *a)
{
    rpr_node *n = &b->g->node[node];
    const size_t count = a->graph->n_input;
    if ((size_t)n->n_in + count > MAX_NODE_INPUTS)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "node '%s' (%s) reads more than %d values", n->name,
                        n->op, MAX_NODE_INPUTS);
    int *in = rpr_alloc_array((size_t)n->n_in + count, sizeof *in);
    if (!in)
        return no_memory(b);
    if (n->n_in)
        memcpy(in, n->in, (size_t)n->n_in * sizeof *in);
    a->first = n->n_in;
    rpr_free(n->in);
    n->in = in;
    for (size_t i = 0; i < count; i++) {
        RPR_TRY(find_value(b, a->graph->value[a->graph->input[i]].name, &in[n->n_in]));
        n->n_in++;
    }
    return RPR_OK;
}

static int add_branch(rpr_build *b, const char *name, const Onnx__GraphProto *p, int node)
{
    rpr_attr a = {.kind = RPR_ATTR_GRAPH, .graph = rpr_graph_new()};
    rpr_build inner = {.outer = b,
                       .depth = b->depth + 1,
                       .model = b->model,
                       .src = b->src,
                       .g = a.graph,
                       .err = b->err};
    if (!a.graph)
        return no_memory(b);
    int status = build(&inner, p);
    rpr_names_free(&inner.values);
    if (status == RPR_OK)
        status = take_captures(b, node, &a);
    if (status == RPR_OK)
        return rpr_node_set_attr(&b->g->node[node], name, a) == RPR_OK ? RPR_OK : no_memory(b);
    rpr_attr_clear(&a);
    return status;
}

/** Other graphs, such as the bodies of loops, belong to operators that are refused by name. */
static int add_branches(rpr_build *b, const Onnx__NodeProto *p, int node)
{
    for (size_t i = 0; i < p->n_attribute && !strcmp(p->op_type, "If"); i++) {
        const Onnx__GraphProto *branch = rpr_onnx_branch(p->attribute[i]);
        if (branch)
            RPR_TRY(add_branch(b, p->attribute[i]->name, branch, node));
    }
    return RPR_OK;
}

static int add_node(rpr_build *b, const Onnx__NodeProto *p, int *in, int *out)
{
    const char *name = node_name(p), *domain = plain_domain(p->domain);
    int opset = opset_of(b->model, domain);
    if (opset == 0)
        return rpr_fail(b->err, RPR_ERR_FORMAT,
                        "node '%s' (%s): the model imports no opset of domain '%s'", name,
                        p->op_type, domain);
    RPR_TRY(read_inputs(b, p, in));
    RPR_TRY(read_outputs(b, p, out));
    if (b->outer && b->depth > MAX_NESTING)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "node '%s' (%s): branches nest deeper than %d",
                        name, p->op_type, MAX_NESTING);
    if (!*domain && strcmp(p->op_type, "Constant") == 0 && p->n_output == 1 && out[0] != RPR_NONE)
        return rpr_onnx_constant(p, name, b->g, out[0], b->src, b->err);
    int n = rpr_graph_add_node(b->g, name, p->op_type, domain, opset, in, (int)p->n_input, out,
                               (int)p->n_output);
    if (n == RPR_NONE)
        return no_memory(b);
    RPR_TRY(rpr_onnx_attributes(p, &b->g->node[n], b->src, b->err));
    return add_branches(b, p, n);
}

static int add_nodes(rpr_build *b, const Onnx__GraphProto *p)
{
    for (size_t i = 0; i < p->n_node; i++) {
        const Onnx__NodeProto *n = p->node[i];
        if (!*rpr_onnx_text(n->op_type))
            return rpr_fail(b->err, RPR_ERR_FORMAT, "node '%s' has no operator type",
                            rpr_onnx_text(n->name));
        if (n->n_input > MAX_NODE_INPUTS || n->n_output > MAX_NODE_OUTPUTS)
            return rpr_fail(b->err, RPR_ERR_FORMAT, "node '%s' (%s) has %zu inputs and %zu outputs",
                            node_name(n), n->op_type, n->n_input, n->n_output);
        int *in = rpr_alloc_array(n->n_input, sizeof *in);
        int *out = rpr_alloc_array(n->n_output, sizeof *out);
        int status = in && out ? add_node(b, n, in, out) : no_memory(b);
        rpr_free(in);
        rpr_free(out);
        RPR_TRY(status);
    }
    return RPR_OK;
}

/* ----------------------------------------------------------------- outputs */

static int add_outputs(rpr_build *b, const Onnx__GraphProto *p)
{
    rpr_graph *g = b->g;
    if (p->n_output == 0)
        return rpr_fail(b->err, RPR_ERR_FORMAT, "the graph has no outputs");
    g->output = rpr_alloc_array(p->n_output, sizeof *g->output);
    if (!g->output)
        return no_memory(b);
    for (size_t i = 0; i < p->n_output; i++) {
        const char *name = rpr_onnx_text(p->output[i]->name);
        if (!*name)
            return rpr_fail(b->err, RPR_ERR_FORMAT, "graph output %zu has no name", i);
        RPR_TRY(find_value(b, name, &g->output[i]));
        g->n_output++;
    }
    return RPR_OK;
}

/** What a branch reads but does not make becomes its input: it comes from outside. */
static int add_captures(rpr_build *b)
{
    rpr_graph *g = b->g;
    rpr_free(g->input);
    g->n_input = 0;
    g->input = rpr_alloc_array(g->n_value, sizeof *g->input);
    if (!g->input)
        return no_memory(b);
    for (size_t i = 0; i < g->n_value; i++)
        if (!g->value[i].is_const && g->value[i].producer == RPR_NONE)
            g->input[g->n_input++] = (int)i;
    return RPR_OK;
}

/* The recursion is bounded by MAX_NESTING, and by the scan of the file's bytes before. */
static int build(rpr_build *b, const Onnx__GraphProto *p)
{
    RPR_TRY(add_initialisers(b, p));
    RPR_TRY(add_inputs(b, p));
    RPR_TRY(add_nodes(b, p));
    RPR_TRY(add_outputs(b, p));
    if (b->outer)
        RPR_TRY(add_captures(b));
    return rpr_graph_sort(b->g, b->err);
}

int rpr_onnx_build(const Onnx__ModelProto *m, const rpr_onnx_source *src, rpr_graph *g,
                   rpr_error *err)
{
    rpr_build b = {.model = m, .src = src, .g = g, .err = err};
    if (!m->graph)
        return rpr_fail(err, RPR_ERR_FORMAT, "not an ONNX model: there is no graph in it");
    if (m->n_opset_import > MAX_OPSETS)
        return rpr_fail(err, RPR_ERR_FORMAT, "%zu opset imports", m->n_opset_import);
    int status = build(&b, m->graph);
    rpr_names_free(&b.values);
    return status;
}
