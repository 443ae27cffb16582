/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/expand_recurrent.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ops/node.h"
#include "ops/recurrent.h"
#include "plan/expand.h"

typedef struct expansion {
    rpr_expansion e;
    rpr_recurrent_spec s;
} expansion;

/** A node of up to two inputs that makes a new value called `what`. */
static int node(expansion *e, const char *op, const char *what, int n_in, int a, int b)
{
    return rpr_expand_node(&e->e, op, what, RPR_NONE, (int[]){a, b}, n_in);
}

/** Columns [first, first + count) of a matrix. */
static int columns(expansion *e, int x, const char *what, int64_t first, int64_t count)
{
    const int64_t end = first + count, axis = 1;
    const int from = rpr_expand_ints(&e->e, "from", &first, 1);
    const int to = rpr_expand_ints(&e->e, "to", &end, 1);
    const int along = rpr_expand_ints(&e->e, "axis", &axis, 1);
    return rpr_expand_node(&e->e, "Slice", what, RPR_NONE, (int[]){x, from, to, along}, 4);
}

static const float *weights(const expansion *e, const rpr_node *n, int input)
{
    return e->e.g->value[n->in[input]].data;
}

/** x * w^T + b for rows [first, first + rows) of w; b may be NULL. */
static int product(expansion *e, const char *what, int x, const float *w, int64_t depth,
                   int64_t rows, const float *b)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%.12s_weights", what);
    const rpr_shape matrix = {.rank = 2, .dim = {rows, depth}}, row = {.rank = 1, .dim = {rows}};
    int wv = rpr_expand_constant(&e->e, name, RPR_F32, matrix, w), bv = RPR_NONE;
    (void)snprintf(name, sizeof name, "%.12s_bias", what);
    if (b)
        bv = rpr_expand_constant(&e->e, name, RPR_F32, row, b);
    int out = rpr_expand_node(&e->e, "Gemm", what, RPR_NONE, (int[]){x, wv, bv}, b ? 3 : 2);
    if (e->e.status == RPR_OK)
        e->e.status = rpr_node_set_int(rpr_expand_last(&e->e), "transB", 1);
    return out;
}

/** The state before, [batch][hidden]. */
static int state(expansion *e, const rpr_node *n, int input, const char *what)
{
    const int64_t dim[2] = {e->s.batch, e->s.hidden};
    if (rpr_node_has(n, input))
        return rpr_expand_reshape(&e->e, n->in[input], what, RPR_NONE, 2, dim);
    const rpr_shape shape = {.rank = 2, .dim = {dim[0], dim[1]}};
    return rpr_expand_constant(&e->e, what, RPR_F32, shape, NULL);
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
        (void)rpr_expand_reshape(&e->e, value, output ? "state" : "output", n->out[output],
                                 output ? 3 : 4, output ? last : all);
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
        e->e.status = RPR_ERR_NOMEM;
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
    int sum = node(e, "Add", "sum", 2, in, rec);
    int gates = node(e, "Sigmoid", "gates", 1, columns(e, sum, "iof", 0, 3 * d), RPR_NONE);
    int now = node(e, "Tanh", "candidate", 1, columns(e, sum, "c", 3 * d, d), RPR_NONE);
    int i = columns(e, gates, "i", 0, d), o = columns(e, gates, "o", d, d);
    int f = columns(e, gates, "f", 2 * d, d);
    int kept = node(e, "Mul", "kept", 2, f, c);
    int added = node(e, "Mul", "added", 2, i, now);
    int cell = node(e, "Add", "cell", 2, kept, added);
    int out = node(e, "Mul", "hidden", 2, o, node(e, "Tanh", "seen", 1, cell, RPR_NONE));
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
    zr = node(e, "Add", "sum", 2, columns(e, in, "izr", 0, 2 * d), zr);
    int gates = node(e, "Sigmoid", "gates", 1, zr, RPR_NONE);
    int z = columns(e, gates, "z", 0, d), reset = columns(e, gates, "r", d, d), past;
    if (after)
        past = node(e, "Mul", "reset", 2, reset, columns(e, rec, "rh", 2 * d, d));
    else
        past = product(e, "past", node(e, "Mul", "reset", 2, reset, h), r + 2 * d * d, d, d,
                       b ? b + rows + 2 * d : NULL);
    int sum = node(e, "Add", "past_sum", 2, columns(e, in, "ih", 2 * d, d), past);
    int now = node(e, "Tanh", "candidate", 1, sum, RPR_NONE);
    int moved = node(e, "Mul", "kept", 2, z, node(e, "Sub", "difference", 2, h, now));
    int out = node(e, "Add", "hidden", 2, now, moved);
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
    int sum = node(e, "Add", "sum", 2, in, rec);
    int out = node(e, "Tanh", "hidden", 1, sum, RPR_NONE);
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
    expansion e = {.e = {.g = g}};
    const rpr_node n = g->node[index]; /* adding nodes moves them */
    if (!is_recurrent(&n))
        return RPR_OK;
    RPR_TRY(rpr_recurrent_parse(g, &n, &e.s, err));
    if (!is_plain(g, &n, &e.s))
        return RPR_OK;
    e.e.name = n.name;
    const int64_t dim[2] = {e.s.batch, e.s.inputs};
    int x = rpr_expand_reshape(&e.e, n.in[RPR_REC_X], "x", RPR_NONE, 2, dim);
    int h = state(&e, &n, RPR_REC_H, "h");
    if (e.s.cell == RPR_CELL_LSTM)
        expand_lstm(&e, &n, x, h);
    else if (e.s.cell == RPR_CELL_GRU)
        expand_gru(&e, &n, x, h);
    else
        expand_rnn(&e, &n, x, h);
    if (e.e.status != RPR_OK)
        return rpr_node_nomem(err, &n);
    rpr_expand_bury(g, index);
    *changed = true;
    return RPR_OK;
}

int rpr_expand_recurrent(rpr_graph *g, bool *changed, rpr_error *err)
{
    const size_t count = g->n_node;
    *changed = false;
    for (size_t i = 0; i < count; i++)
        RPR_TRY(expand(g, (int)i, changed, err));
    return *changed ? rpr_expand_settle(g, err) : RPR_OK;
}
