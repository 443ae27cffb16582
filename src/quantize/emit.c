/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quantised graph: a pair of QuantizeLinear and DequantizeLinear behind every value that is
 * rounded, a DequantizeLinear behind every integer weight and bias. Values keep their names; a
 * graph output that is rounded is what its DequantizeLinear gives.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

#define ROOM 512

/** A new value whose name begins with `base` and `what`. */
static int add_value(qt_state *s, const char *base, const char *what, rpr_dtype t,
                     const rpr_shape *shape, int *v)
{
    char name[ROOM];
    const rpr_shape own = *shape;
    for (int i = 0;; i++) {
        bool taken = false;
        (void)snprintf(name, sizeof name, i ? "%.400s_%s_%d" : "%.400s_%s", base, what, i);
        for (size_t k = 0; k < s->g->n_value && !taken; k++)
            taken = strcmp(s->g->value[k].name, name) == 0;
        if (!taken)
            break;
    }
    *v = rpr_graph_add_value(s->g, name, t, &own);
    return *v == RPR_NONE ? qt_no_memory(s) : RPR_OK;
}

/** A new constant; `data` is copied, NULL: zeros. */
static int add_constant(qt_state *s, const char *base, const char *what, rpr_dtype t,
                        const rpr_shape *shape, const void *data, int *v)
{
    const rpr_shape own = *shape;
    const size_t bytes = (size_t)rpr_shape_count(&own) * rpr_dtype_size(t);
    void *copy = rpr_alloc(bytes);
    int status = copy ? add_value(s, base, what, t, &own, v) : qt_no_memory(s);
    if (status != RPR_OK) {
        rpr_free(copy);
        return status;
    }
    if (data && bytes)
        memcpy(copy, data, bytes);
    rpr_graph_set_const(s->g, *v, t, &own, copy);
    return RPR_OK;
}

static int add_node(qt_state *s, const char *op, int x, int scale, int zero, int y, int axis)
{
    char name[ROOM];
    const int in[3] = {x, scale, zero};
    (void)snprintf(name, sizeof name, "%.400s_%s", s->g->value[y].name, op);
    int n = rpr_graph_add_node(s->g, name, op, "", s->opset, in, 3, &y, 1);
    if (n == RPR_NONE ||
        (axis != RPR_NONE && rpr_node_set_int(&s->g->node[n], "axis", axis) != RPR_OK))
        return qt_no_memory(s);
    return RPR_OK;
}

/* ------------------------------------------------------------- activations */

/** The constants of every class. */
typedef struct constants {
    int *scale, *zero;
} constants;

static int add_params(qt_state *s, const constants *c)
{
    const rpr_shape scalar = {.rank = 0};
    for (int k = 0; k < s->n_class; k++) {
        const qt_class *class = &s->class[k];
        const uint8_t zero = (uint8_t) class->p.zero;
        if (class->value == RPR_NONE)
            continue;
        char base[ROOM];
        (void)snprintf(base, sizeof base, "%.400s", s->g->value[class->value].name);
        RPR_TRY(add_constant(s, base, "scale", RPR_F32, &scalar, &class->p.scale, &c->scale[k]));
        RPR_TRY(add_constant(s, base, "zero_point", RPR_U8, &scalar, &zero, &c->zero[k]));
    }
    return RPR_OK;
}

/** Makes nodes [0, n) that read a value's rounded form read another value. */
static void redirect(qt_state *s, size_t n, int value, int rounded, const bool *reads)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; reads[i] && k < s->g->node[i].n_in; k++)
            if (s->g->node[i].in[k] == value)
                s->g->node[i].in[k] = rounded;
}

static bool is_output(const qt_state *s, int value)
{
    for (size_t i = 0; i < s->g->n_output; i++)
        if (s->g->output[i] == value)
            return true;
    return false;
}

/** The output's name goes to what is rounded: its producer yields a new value. */
static int split_output(qt_state *s, int value, int *raw)
{
    rpr_node *p = &s->g->node[s->g->value[value].producer];
    char base[ROOM];
    const rpr_shape shape = s->g->value[value].shape;
    (void)snprintf(base, sizeof base, "%.400s", s->g->value[value].name);
    RPR_TRY(add_value(s, base, "exact", RPR_F32, &shape, raw));
    for (int k = 0; k < p->n_out; k++)
        if (p->out[k] == value)
            p->out[k] = *raw;
    s->g->value[*raw].producer = s->g->value[value].producer;
    return RPR_OK;
}

static int add_pair(qt_state *s, const constants *c, int value, size_t n_node, bool *reads)
{
    const int class = s->value[value].class, p = s->g->value[value].producer;
    const rpr_shape shape = s->g->value[value].shape;
    int raw = value, q, dq = value;
    char base[ROOM];
    (void)snprintf(base, sizeof base, "%.400s", s->g->value[value].name);
    for (size_t i = 0; i < n_node; i++)
        reads[i] = qt_reads_rounded(s, (int)i, value);
    const bool output = is_output(s, value) && p != RPR_NONE && s->node[p].rounded;
    if (output)
        RPR_TRY(split_output(s, value, &raw));
    else
        RPR_TRY(add_value(s, base, "rounded", RPR_F32, &shape, &dq));
    RPR_TRY(add_value(s, base, "u8", RPR_U8, &shape, &q));
    redirect(s, n_node, value, dq, reads);
    RPR_TRY(add_node(s, "QuantizeLinear", raw, c->scale[class], c->zero[class], q, RPR_NONE));
    return add_node(s, "DequantizeLinear", q, c->scale[class], c->zero[class], dq, RPR_NONE);
}

static int emit_values(qt_state *s, size_t n_node, size_t n_value, const constants *c)
{
    bool *reads = rpr_alloc_array(n_node, sizeof *reads);
    int status = reads ? RPR_OK : qt_no_memory(s);
    for (size_t v = 0; status == RPR_OK && v < n_value; v++)
        if (s->value[v].class != RPR_NONE)
            status = add_pair(s, c, (int)v, n_node, reads);
    rpr_free(reads);
    return status;
}

/* ----------------------------------------------------------------- weights */

/** Makes input i of node n the dequantised form of `data`, of type t. axis RPR_NONE: one scale. */
static int emit_constant(qt_state *s, int n, int i, rpr_dtype t, const void *data,
                         const float *scale, int axis)
{
    const int old = s->g->node[n].in[i];
    const rpr_shape shape = s->g->value[old].shape;
    const rpr_shape list = {.rank = axis != RPR_NONE, .dim = {s->node[n].channels}};
    char base[ROOM];
    int q, scales, zeros, y;
    (void)snprintf(base, sizeof base, "%.400s", s->g->value[old].name);
    RPR_TRY(add_constant(s, base, t == RPR_I8 ? "i8" : "i32", t, &shape, data, &q));
    RPR_TRY(add_constant(s, base, "scale", RPR_F32, &list, scale, &scales));
    RPR_TRY(add_constant(s, base, "zero_point", t, &list, NULL, &zeros));
    RPR_TRY(add_value(s, base, "rounded", RPR_F32, &shape, &y));
    RPR_TRY(add_node(s, "DequantizeLinear", q, scales, zeros, y, axis));
    s->g->node[n].in[i] = y;
    return RPR_OK;
}

static int emit_bias(qt_state *s, int n, const float *input_scale)
{
    const qt_node *q = &s->node[n];
    int32_t *bias = rpr_alloc_array((size_t)q->channels, sizeof *bias);
    float *scale = rpr_alloc_array((size_t)q->channels, sizeof *scale);
    int status = bias && scale ? RPR_OK : qt_no_memory(s);
    for (int64_t o = 0; status == RPR_OK && o < q->channels; o++) {
        scale[o] = *input_scale * q->scale[o];
        const double b = rint((double)q->bias[o] / (double)scale[o]);
        bias[o] = (int32_t)fmin(fmax(b, -0x1p30), 0x1p30);
    }
    if (status == RPR_OK)
        status = emit_constant(s, n, 2, RPR_I32, bias, scale, 0);
    rpr_free(bias);
    rpr_free(scale);
    return status;
}

static int emit_layers(qt_state *s, size_t n_node)
{
    for (size_t i = 0; i < n_node; i++) {
        const qt_node *q = &s->node[i];
        if (!q->weighted || !q->rounded)
            continue;
        const qt_params p = s->class[s->value[s->g->node[i].in[0]].class].p;
        RPR_TRY(emit_constant(s, (int)i, 1, RPR_I8, q->w, q->scale, q->axis));
        if (s->g->node[i].n_in > 2)
            RPR_TRY(emit_bias(s, (int)i, &p.scale));
    }
    return RPR_OK;
}

/* -------------------------------------------------------------- f32 layers */

static bool is_layer(const rpr_node *n)
{
    return strcmp(n->op, "Conv") == 0 || strcmp(n->op, "ConvTranspose") == 0 ||
           strcmp(n->op, "Gemm") == 0;
}

/**
 * A Max of one input, which changes nothing, before a layer that stays f32 but reads what was
 * rounded. ONNX Runtime (1.32) rounds f32 weights between DequantizeLinear and QuantizeLinear to 8
 * bits by itself, with one scale for all output channels; this keeps it from doing so.
 */
static int set_apart(qt_state *s, int n)
{
    const int from = s->g->node[n].in[0];
    const rpr_shape shape = s->g->value[from].shape;
    char base[ROOM];
    int to;
    (void)snprintf(base, sizeof base, "%.400s", s->g->value[from].name);
    RPR_TRY(add_value(s, base, "apart", RPR_F32, &shape, &to));
    (void)snprintf(base, sizeof base, "%.400s_Max", s->g->value[to].name);
    s->g->node[n].in[0] = to;
    return rpr_graph_add_node(s->g, base, "Max", "", s->opset, &from, 1, &to, 1) == RPR_NONE
               ? qt_no_memory(s)
               : RPR_OK;
}

static int set_all_apart(qt_state *s, size_t n_node, const bool *apart)
{
    for (size_t i = 0; i < n_node; i++)
        if (apart[i])
            RPR_TRY(set_apart(s, (int)i));
    return RPR_OK;
}

int qt_emit(qt_state *s)
{
    const size_t n_node = s->g->n_node, n_value = s->g->n_value;
    constants c = {.scale = rpr_alloc_array((size_t)s->n_class, sizeof *c.scale),
                   .zero = rpr_alloc_array((size_t)s->n_class, sizeof *c.zero)};
    bool *apart = rpr_alloc_array(n_node, sizeof *apart);
    int status = c.scale && c.zero && apart ? RPR_OK : qt_no_memory(s);
    for (size_t i = 0; status == RPR_OK && i < n_node; i++)
        apart[i] = !s->node[i].rounded && is_layer(&s->g->node[i]) &&
                   qt_reads_rounded(s, (int)i, s->g->node[i].in[0]);
    if (status == RPR_OK)
        status = emit_layers(s, n_node);
    if (status == RPR_OK)
        status = add_params(s, &c);
    if (status == RPR_OK)
        status = emit_values(s, n_node, n_value, &c);
    if (status == RPR_OK)
        status = set_all_apart(s, n_node, apart);
    if (status == RPR_OK)
        status = rpr_graph_sort(s->g, s->err);
    rpr_free(c.scale);
    rpr_free(c.zero);
    rpr_free(apart);
    return status;
}
