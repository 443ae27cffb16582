/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/expand_recurrent.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ops/node.h"
#include "ops/recurrent.h"

#define SINCE 13 /* opset of the new nodes */

/** One node on its way into many. Once something failed the rest does nothing. */
typedef struct expansion {
    rpr_graph *g;
    const char *name; /* of the node */
    rpr_recurrent_spec s;
    int status;
} expansion;

static int new_value(expansion *e, const char *what)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%.200s/%s", e->name, what);
    int v = e->status == RPR_OK ? rpr_graph_add_value(e->g, name, RPR_UNDEFINED, NULL) : RPR_NONE;
    if (v == RPR_NONE)
        e->status = RPR_ERR_NOMEM;
    return v;
}

/** A constant over a copy of `data`; NULL: zeros. */
static int constant(expansion *e, const char *what, rpr_dtype t, rpr_shape shape, const void *data)
{
    const size_t bytes = (size_t)rpr_shape_count(&shape) * rpr_dtype_size(t);
    int v = new_value(e, what);
    void *copy = v == RPR_NONE ? NULL : rpr_alloc(bytes);
    if (!copy) {
        e->status = RPR_ERR_NOMEM;
        return RPR_NONE;
    }
    if (data)
        memcpy(copy, data, bytes);
    rpr_graph_set_const(e->g, v, t, &shape, copy);
    return v;
}

/** A node that makes `out`, or a new value called `what`; returns which. */
static int node(expansion *e, const char *op, const char *what, int out, int n_in, ...)
{
    int in[3];
    char name[256];
    va_list ap;
    va_start(ap, n_in);
    for (int i = 0; i < n_in; i++)
        in[i] = va_arg(ap, int);
    va_end(ap);
    out = out == RPR_NONE ? new_value(e, what) : out;
    if (e->status != RPR_OK)
        return RPR_NONE;
    (void)snprintf(name, sizeof name, "%.200s/%s", e->name, what);
    if (rpr_graph_add_node(e->g, name, op, "", SINCE, in, n_in, &out, 1) == RPR_NONE)
        e->status = RPR_ERR_NOMEM;
    return out;
}

static int reshape(expansion *e, int x, const char *what, int out, int rank, const int64_t *dim)
{
    int shape = constant(e, "shape", RPR_I64, (rpr_shape){.rank = 1, .dim = {rank}}, dim);
    return node(e, "Reshape", what, out, 2, x, shape);
}

/** Columns [first, first + count) of a matrix. */
static int columns(expansion *e, int x, const char *what, int64_t first, int64_t count)
{
    const rpr_shape one = {.rank = 1, .dim = {1}};
    const int64_t end = first + count, axis = 1;
    int from = constant(e, "from", RPR_I64, one, &first);
    int to = constant(e, "to", RPR_I64, one, &end);
    int along = constant(e, "axis", RPR_I64, one, &axis);
    int out = new_value(e, what), in[] = {x, from, to, along};
    if (e->status == RPR_OK &&
        rpr_graph_add_node(e->g, e->name, "Slice", "", SINCE, in, 4, &out, 1) == RPR_NONE)
        e->status = RPR_ERR_NOMEM;
    return out;
}

static const float *weights(const expansion *e, const rpr_node *n, int input)
{
    return e->g->value[n->in[input]].data;
}

/** x * w^T + b for rows [first, first + rows) of w; b may be NULL. */
static int product(expansion *e, const char *what, int x, const float *w, int64_t depth,
                   int64_t rows, const float *b)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%.12s_weights", what);
    int wv = constant(e, name, RPR_F32, (rpr_shape){.rank = 2, .dim = {rows, depth}}, w);
    int bv = RPR_NONE;
    (void)snprintf(name, sizeof name, "%.12s_bias", what);
    if (b)
        bv = constant(e, name, RPR_F32, (rpr_shape){.rank = 1, .dim = {rows}}, b);
    int out = node(e, "Gemm", what, RPR_NONE, b ? 3 : 2, x, wv, bv);
    if (e->status == RPR_OK)
        e->status = rpr_node_set_int(&e->g->node[e->g->n_node - 1], "transB", 1);
    return out;
}

/** The state before, [batch][hidden]. */
static int state(expansion *e, const rpr_node *n, int input, const char *what)
{
    const int64_t dim[2] = {e->s.batch, e->s.hidden};
    if (rpr_node_has(n, input))
        return reshape(e, n->in[input], what, RPR_NONE, 2, dim);
    return constant(e, what, RPR_F32, (rpr_shape){.rank = 2, .dim = {dim[0], dim[1]}}, NULL);
}

/** Makes outputs of the node from a state; Y is one with a step's axis more. */
static void give(expansion *e, const rpr_node *n, int output, int value)
{
    const rpr_recurrent_spec *s = &e->s;
    const int64_t all[4] = {s->batch_first ? s->batch : 1, 1, s->batch_first ? 1 : s->batch,
                            s->hidden};
    const int64_t last[3] = {s->batch_first ? s->batch : 1, s->batch_first ? 1 : s->batch,
                             s->hidden};
    if (output < n->n_out && n->out[output] != RPR_NONE)
        (void)reshape(e, value, output ? "state" : "output", n->out[output], output ? 3 : 4,
                      output ? last : all);
}

/** Both biases as one; NULL without an error where there are none. */
static float *joint_bias(expansion *e, const rpr_node *n)
{
    const int64_t rows = e->s.gates * e->s.hidden;
    if (!rpr_node_has(n, RPR_REC_B))
        return NULL;
    const float *b = weights(e, n, RPR_REC_B);
    float *sum = rpr_alloc_array((size_t)rows, sizeof *sum);
    if (!sum)
        e->status = RPR_ERR_NOMEM;
    for (int64_t i = 0; sum && i < rows; i++)
        sum[i] = b[i] + b[rows + i];
    return sum;
}

/** Gates stand as i, o, f, c: the first three are activated together. */
static void expand_lstm(expansion *e, const rpr_node *n, int x, int h)
{
    const int64_t d = e->s.hidden;
    float *bias = joint_bias(e, n);
    int c = state(e, n, RPR_REC_C, "cell");
    int in = product(e, "input", x, weights(e, n, RPR_REC_W), e->s.inputs, 4 * d, bias);
    int rec = product(e, "hidden", h, weights(e, n, RPR_REC_R), d, 4 * d, NULL);
    rpr_free(bias);
    int sum = node(e, "Add", "sum", RPR_NONE, 2, in, rec);
    int gates = node(e, "Sigmoid", "gates", RPR_NONE, 1, columns(e, sum, "iof", 0, 3 * d));
    int now = node(e, "Tanh", "candidate", RPR_NONE, 1, columns(e, sum, "c", 3 * d, d));
    int i = columns(e, gates, "i", 0, d), o = columns(e, gates, "o", d, d);
    int f = columns(e, gates, "f", 2 * d, d);
    int kept = node(e, "Mul", "kept", RPR_NONE, 2, f, c);
    int added = node(e, "Mul", "added", RPR_NONE, 2, i, now);
    int cell = node(e, "Add", "cell", RPR_NONE, 2, kept, added);
    int out = node(e, "Mul", "hidden", RPR_NONE, 2, o,
                   node(e, "Tanh", "seen", RPR_NONE, 1, cell));
    give(e, n, 0, out);
    give(e, n, 1, out);
    give(e, n, 2, cell);
}

/** Gates stand as z, r, h. */
static void expand_gru(expansion *e, const rpr_node *n, int x, int h)
{
    const int64_t d = e->s.hidden, rows = 3 * d;
    const bool after = e->s.linear_before_reset;
    const float *b = rpr_node_has(n, RPR_REC_B) ? weights(e, n, RPR_REC_B) : NULL;
    const float *r = weights(e, n, RPR_REC_R);
    int in = product(e, "input", x, weights(e, n, RPR_REC_W), e->s.inputs, rows, b);
    int rec = product(e, "hidden", h, r, d, after ? rows : 2 * d, b ? b + rows : NULL);
    int zr = after ? columns(e, rec, "rzr", 0, 2 * d) : rec;
    zr = node(e, "Add", "sum", RPR_NONE, 2, columns(e, in, "izr", 0, 2 * d), zr);
    int gates = node(e, "Sigmoid", "gates", RPR_NONE, 1, zr);
    int z = columns(e, gates, "z", 0, d), reset = columns(e, gates, "r", d, d), past;
    if (after)
        past = node(e, "Mul", "reset", RPR_NONE, 2, reset, columns(e, rec, "rh", 2 * d, d));
    else
        past = product(e, "past", node(e, "Mul", "reset", RPR_NONE, 2, reset, h), r + 2 * d * d, d,
                       d, b ? b + rows + 2 * d : NULL);
    int sum = node(e, "Add", "past_sum", RPR_NONE, 2, columns(e, in, "ih", 2 * d, d), past);
    int now = node(e, "Tanh", "candidate", RPR_NONE, 1, sum);
    int moved = node(e, "Mul", "kept", RPR_NONE, 2, z,
                     node(e, "Sub", "difference", RPR_NONE, 2, h, now));
    int out = node(e, "Add", "hidden", RPR_NONE, 2, now, moved);
    give(e, n, 0, out);
    give(e, n, 1, out);
}

static void expand_rnn(expansion *e, const rpr_node *n, int x, int h)
{
    const int64_t d = e->s.hidden;
    float *bias = joint_bias(e, n);
    int in = product(e, "input", x, weights(e, n, RPR_REC_W), e->s.inputs, d, bias);
    int rec = product(e, "hidden", h, weights(e, n, RPR_REC_R), d, d, NULL);
    rpr_free(bias);
    int sum = node(e, "Add", "sum", RPR_NONE, 2, in, rec);
    int out = node(e, "Tanh", "hidden", RPR_NONE, 1, sum);
    give(e, n, 0, out);
    give(e, n, 1, out);
}

static bool is_recurrent(const rpr_node *n)
{
    return !n->dead && !*n->domain &&
           (!strcmp(n->op, "LSTM") || !strcmp(n->op, "GRU") || !strcmp(n->op, "RNN"));
}

/** One step in one direction, with the activations that the operator has by itself. */
static bool is_plain(const rpr_graph *g, const rpr_node *n, const rpr_recurrent_spec *s)
{
    for (int i = RPR_REC_W; i <= RPR_REC_B; i++)
        if (rpr_node_has(n, i) &&
            (!g->value[n->in[i]].is_const || g->value[n->in[i]].dtype != RPR_F32))
            return false;
    return s->steps == 1 && s->batch > 0 && s->inputs > 0 && s->directions == 1 && s->plain_acts &&
           isinf(s->clip) && !s->input_forget && !rpr_node_has(n, RPR_REC_LENS) &&
           !rpr_node_has(n, RPR_REC_P);
}

static int expand(rpr_graph *g, int index, bool *changed, rpr_error *err)
{
    expansion e = {.g = g};
    const rpr_node n = g->node[index]; /* adding nodes moves them */
    if (!is_recurrent(&n))
        return RPR_OK;
    RPR_TRY(rpr_recurrent_parse(g, &n, &e.s, err));
    if (!is_plain(g, &n, &e.s))
        return RPR_OK;
    e.name = n.name;
    const int64_t dim[2] = {e.s.batch, e.s.inputs};
    int x = reshape(&e, n.in[RPR_REC_X], "x", RPR_NONE, 2, dim);
    int h = state(&e, &n, RPR_REC_H, "h");
    if (e.s.cell == RPR_CELL_LSTM)
        expand_lstm(&e, &n, x, h);
    else if (e.s.cell == RPR_CELL_GRU)
        expand_gru(&e, &n, x, h);
    else
        expand_rnn(&e, &n, x, h);
    if (e.status != RPR_OK)
        return rpr_node_nomem(err, &n);
    g->node[index].dead = true;
    g->node[index].n_in = g->node[index].n_out = 0;
    *changed = true;
    return RPR_OK;
}

int rpr_expand_recurrent(rpr_graph *g, bool *changed, rpr_error *err)
{
    const size_t count = g->n_node;
    *changed = false;
    for (size_t i = 0; i < count; i++)
        RPR_TRY(expand(g, (int)i, changed, err));
    if (!*changed)
        return RPR_OK;
    RPR_TRY(rpr_graph_sort(g, err));
    rpr_graph_sweep(g);
    return RPR_OK;
}
