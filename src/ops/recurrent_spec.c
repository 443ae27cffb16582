/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/recurrent.h"

#include <ctype.h>
#include <stdio.h>

#include "ops/node.h"

/* ------------------------------------------------------------ activations */

static double f_sigmoid(double x, double a, double b)
{
    (void)a, (void)b;
    return 1 / (1 + exp(-x));
}

static double f_tanh(double x, double a, double b)
{
    (void)a, (void)b;
    return tanh(x);
}

static double f_relu(double x, double a, double b)
{
    (void)a, (void)b;
    return x < 0 ? 0 : x;
}

static double f_affine(double x, double a, double b)
{
    return a * x + b;
}

static double f_leaky_relu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * x : x;
}

static double f_thresholded_relu(double x, double a, double b)
{
    (void)b;
    return x > a ? x : 0;
}

static double f_scaled_tanh(double x, double a, double b)
{
    return a * tanh(b * x);
}

static double f_hard_sigmoid(double x, double a, double b)
{
    return fmin(fmax(a * x + b, 0), 1);
}

static double f_elu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * expm1(x) : x;
}

static double f_softsign(double x, double a, double b)
{
    (void)a, (void)b;
    return x / (1 + fabs(x));
}

static double f_softplus(double x, double a, double b)
{
    (void)a, (void)b;
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static const struct named {
    const char *name;
    double (*f)(double, double, double);
    bool alpha, beta; /* takes a value from activation_alpha, activation_beta */
    double a, b;      /* where there is none */
} acts[] = {
    {"sigmoid", f_sigmoid, false, false, 0, 0},
    {"tanh", f_tanh, false, false, 0, 0},
    {"relu", f_relu, false, false, 0, 0},
    {"affine", f_affine, true, true, 1, 0},
    {"leakyrelu", f_leaky_relu, true, false, (double)0.01f, 0},
    {"thresholdedrelu", f_thresholded_relu, true, false, 1, 0},
    {"scaledtanh", f_scaled_tanh, true, true, 1, 1},
    {"hardsigmoid", f_hard_sigmoid, true, true, (double)0.2f, 0.5},
    {"elu", f_elu, true, false, 1, 0},
    {"softsign", f_softsign, false, false, 0, 0},
    {"softplus", f_softplus, false, false, 0, 0},
};

/* Exporters write names in their own case. */
static bool same_name(const char *name, size_t n, const char *lower)
{
    size_t i = 0;
    while (i < n && lower[i] && tolower((unsigned char)name[i]) == lower[i])
        i++;
    return i == n && !lower[i];
}

static const struct named *find_act(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (same_name(name, n, acts[i].name))
            return &acts[i];
    return NULL;
}

static int acts_of(rpr_cell cell)
{
    return cell == RPR_CELL_RNN ? 1 : cell == RPR_CELL_GRU ? 2 : 3;
}

static const char *default_act(rpr_cell cell, int i)
{
    return cell != RPR_CELL_RNN && i == 0 ? "sigmoid" : "tanh";
}

/** The next value of a list of floats, or `otherwise` where it has ended. */
static double next_of(const rpr_attr *a, size_t *at, double otherwise)
{
    return a && a->kind == RPR_ATTR_FLOATS && *at < a->n ? (double)a->floats[(*at)++] : otherwise;
}

/** Strings of an attribute stand one behind the other, each with its NUL. */
static int read_acts(const rpr_node *n, rpr_recurrent_spec *s, rpr_error *err)
{
    const rpr_attr *names = rpr_node_attr(n, "activations");
    const rpr_attr *alpha = rpr_node_attr(n, "activation_alpha");
    const rpr_attr *beta = rpr_node_attr(n, "activation_beta");
    const int each = acts_of(s->cell), count = each * s->directions;
    const char *at = NULL;
    size_t a = 0, b = 0;
    if (names && (names->kind != RPR_ATTR_STRINGS || names->n != (size_t)count))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "activations: not %d names", count);
    at = names ? names->s : NULL;
    s->plain_acts = true;
    for (int i = 0; i < count; i++) {
        const char *name = at ? at : default_act(s->cell, i % each);
        const struct named *f = find_act(name, strlen(name));
        if (!f)
            return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "activation '%.40s'", name);
        s->plain_acts &= same_name(name, strlen(name), default_act(s->cell, i % each));
        s->act[i / each][i % each] = (rpr_cell_act){f->f, f->alpha ? next_of(alpha, &a, f->a) : 0,
                                                    f->beta ? next_of(beta, &b, f->b) : 0};
        at = at ? at + strlen(at) + 1 : NULL;
    }
    return RPR_OK;
}

/* ------------------------------------------------------------- attributes */

static int read_direction(const rpr_node *n, rpr_recurrent_spec *s, rpr_error *err)
{
    const char *direction = rpr_node_string(n, "direction", "forward");
    s->directions = 1;
    if (!strcmp(direction, "bidirectional")) {
        s->directions = 2;
        s->backward[1] = true;
    } else if (!strcmp(direction, "reverse")) {
        s->backward[0] = true;
    } else if (strcmp(direction, "forward") != 0) {
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "direction '%.40s'", direction);
    }
    return RPR_OK;
}

static int read_attributes(const rpr_node *n, rpr_recurrent_spec *s, rpr_error *err)
{
    *s = (rpr_recurrent_spec){.cell = RPR_CELL_RNN, .gates = 1};
    if (!strcmp(n->op, "GRU")) {
        s->cell = RPR_CELL_GRU;
        s->gates = 3;
    } else if (!strcmp(n->op, "LSTM")) {
        s->cell = RPR_CELL_LSTM;
        s->gates = 4;
    }
    RPR_TRY(read_direction(n, s, err));
    s->batch_first = rpr_node_int(n, "layout", 0) != 0;
    s->input_forget = rpr_node_int(n, "input_forget", 0) != 0;
    s->linear_before_reset = rpr_node_int(n, "linear_before_reset", 0) != 0;
    s->clip = (double)rpr_node_float(n, "clip", 0.0f);
    if (!(s->clip > 0))
        s->clip = (double)INFINITY;
    return read_acts(n, s, err);
}

int rpr_recurrent_read(const rpr_node *n, const rpr_view *in, rpr_recurrent_spec *s, rpr_error *err)
{
    RPR_TRY(read_attributes(n, s, err));
    s->steps = in[RPR_REC_X].dim[s->batch_first ? 1 : 0];
    s->batch = in[RPR_REC_X].dim[s->batch_first ? 0 : 1];
    s->inputs = in[RPR_REC_X].dim[2];
    s->hidden = in[RPR_REC_R].dim[2];
    return RPR_OK;
}

/* ----------------------------------------------------------------- shapes */

static int check_shape(const rpr_graph *g, const rpr_node *n, int i, unsigned types, int rank,
                       const int64_t *dim, rpr_error *err)
{
    const rpr_value *v;
    RPR_TRY(rpr_need(g, n, i, types, &v, err));
    bool same = v->shape.rank == rank;
    for (int d = 0; same && d < rank; d++)
        same = v->shape.dim[d] == dim[d];
    if (same)
        return RPR_OK;
    char text[128];
    size_t at = 0;
    for (int d = 0; d < rank && at < sizeof text; d++) {
        int k = snprintf(text + at, sizeof text - at, "%s%lld", d ? ", " : "", (long long)dim[d]);
        at += k > 0 ? (size_t)k : 0;
    }
    return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d ('%s') is not of shape [%s]", i, v->name,
                         text);
}

static int check_inputs(const rpr_graph *g, const rpr_node *n, const rpr_recurrent_spec *s,
                        rpr_dtype t, rpr_error *err)
{
    const int64_t d = s->directions, rows = s->gates * s->hidden;
    const int64_t w[3] = {d, rows, s->inputs}, r[3] = {d, rows, s->hidden}, b[2] = {d, 2 * rows};
    const int64_t state[3] = {s->batch_first ? s->batch : d, s->batch_first ? d : s->batch,
                              s->hidden};
    const int64_t peep[2] = {d, 3 * s->hidden};
    RPR_TRY(check_shape(g, n, RPR_REC_W, RPR_TYPE(t), 3, w, err));
    RPR_TRY(check_shape(g, n, RPR_REC_R, RPR_TYPE(t), 3, r, err));
    if (rpr_node_has(n, RPR_REC_B))
        RPR_TRY(check_shape(g, n, RPR_REC_B, RPR_TYPE(t), 2, b, err));
    if (rpr_node_has(n, RPR_REC_LENS))
        RPR_TRY(check_shape(g, n, RPR_REC_LENS, RPR_TYPE(RPR_I32), 1, &s->batch, err));
    for (int i = RPR_REC_H; i <= RPR_REC_C; i++)
        if (rpr_node_has(n, i))
            RPR_TRY(check_shape(g, n, i, RPR_TYPE(t), 3, state, err));
    if (rpr_node_has(n, RPR_REC_P))
        RPR_TRY(check_shape(g, n, RPR_REC_P, RPR_TYPE(t), 2, peep, err));
    return RPR_OK;
}

int rpr_recurrent_parse(const rpr_graph *g, const rpr_node *n, rpr_recurrent_spec *s,
                        rpr_error *err)
{
    const rpr_value *x, *r;
    rpr_view in[RPR_PARAMS];
    RPR_TRY(rpr_need(g, n, RPR_REC_X, RPR_TYPES_FLOAT, &x, err));
    RPR_TRY(rpr_need(g, n, RPR_REC_R, RPR_TYPE(x->dtype), &r, err));
    if (x->shape.rank != 3 || r->shape.rank != 3)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d has %d dimensions, not 3",
                             x->shape.rank != 3 ? RPR_REC_X : RPR_REC_R,
                             x->shape.rank != 3 ? x->shape.rank : r->shape.rank);
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_recurrent_read(n, in, s, err));
    int64_t hidden = rpr_node_int(n, "hidden_size", s->hidden);
    if (hidden != s->hidden || hidden < 1 || hidden > INT32_MAX / 16)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "hidden_size %lld with weights for %lld",
                             (long long)hidden, (long long)s->hidden);
    return check_inputs(g, n, s, x->dtype, err);
}
