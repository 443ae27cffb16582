/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one element: mathematics and activations, computed in double; and Clip. */
#include "ops/unary.h"

#include "ops/defs.h"

/* x, and the attributes alpha and beta. */
typedef double (*unary_fn)(double, double, double);

typedef struct unary {
    const char *op;
    unary_fn f;
    float alpha, beta;    /* defaults of the attributes */
    unsigned types;       /* accepted by every opset */
    unsigned later_types; /* accepted from opset 14 */
    rpr_act_kind act;     /* RPR_ACT_NONE if the kernels lack it */
} unary;

static double f_sqrt(double x, double a, double b)
{
    (void)a, (void)b;
    return sqrt(x);
}

static double f_exp(double x, double a, double b)
{
    (void)a, (void)b;
    return exp(x);
}

static double f_log(double x, double a, double b)
{
    (void)a, (void)b;
    return log(x);
}

static double f_neg(double x, double a, double b)
{
    (void)a, (void)b;
    return -x;
}

static double f_abs(double x, double a, double b)
{
    (void)a, (void)b;
    return fabs(x);
}

static double f_reciprocal(double x, double a, double b)
{
    (void)a, (void)b;
    return 1 / x;
}

static double f_floor(double x, double a, double b)
{
    (void)a, (void)b;
    return floor(x);
}

static double f_ceil(double x, double a, double b)
{
    (void)a, (void)b;
    return ceil(x);
}

static double f_round(double x, double a, double b)
{
    (void)a, (void)b;
    return rint(x); /* halves to even */
}

static double f_erf(double x, double a, double b)
{
    (void)a, (void)b;
    return erf(x);
}

static double f_atan(double x, double a, double b)
{
    (void)a, (void)b;
    return atan(x);
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

static double f_leaky_relu(double x, double alpha, double b)
{
    (void)b;
    return x < 0 ? alpha * x : x;
}

static double f_elu(double x, double alpha, double b)
{
    (void)b;
    return x < 0 ? alpha * expm1(x) : x;
}

static double f_sigmoid(double x, double a, double b)
{
    (void)a, (void)b;
    return 1 / (1 + exp(-x));
}

static double f_hard_sigmoid(double x, double alpha, double beta)
{
    double y = alpha * x + beta;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static double f_hard_swish(double x, double alpha, double beta)
{
    return x * f_hard_sigmoid(x, alpha, beta);
}

/* log(1 + exp(x)) without overflow. */
static double f_softplus(double x, double a, double b)
{
    (void)a, (void)b;
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static const unary functions[] = {
    {"Sqrt", f_sqrt, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Exp", f_exp, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Log", f_log, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Neg", f_neg, 0, 0, RPR_TYPES_FLOAT | RPR_TYPES_SIGNED, 0, RPR_ACT_NONE},
    {"Abs", f_abs, 0, 0, RPR_TYPES_NUMBER, 0, RPR_ACT_NONE},
    {"Reciprocal", f_reciprocal, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Floor", f_floor, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Ceil", f_ceil, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Round", f_round, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Atan", f_atan, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Erf", f_erf, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Softplus", f_softplus, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Elu", f_elu, 1.0f, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_NONE},
    {"Relu", f_relu, 0, 0, RPR_TYPES_FLOAT, RPR_TYPES_SIGNED, RPR_ACT_RELU},
    {"LeakyRelu", f_leaky_relu, 0.01f, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_LEAKY_RELU},
    {"Sigmoid", f_sigmoid, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_SIGMOID},
    {"HardSigmoid", f_hard_sigmoid, 0.2f, 0.5f, RPR_TYPES_FLOAT, 0, RPR_ACT_HARDSIGMOID},
    {"HardSwish", f_hard_swish, 1.0f / 6.0f, 0.5f, RPR_TYPES_FLOAT, 0, RPR_ACT_HARDSWISH},
    {"Tanh", f_tanh, 0, 0, RPR_TYPES_FLOAT, 0, RPR_ACT_TANH},
};

/* NULL if the node is none of them. */
static const unary *find(const rpr_node *n)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (!strcmp(functions[i].op, n->op))
            return &functions[i];
    return NULL;
}

int rpr_infer_unary(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const unary *u = find(n);
    return rpr_infer_like(g, n, u->types | (n->opset >= 14 ? u->later_types : 0), err);
}

/* Neg, Abs and Relu are the ones that take integers. */
static int64_t whole(const unary *u, int64_t x)
{
    if (u->f == f_relu)
        return x < 0 ? 0 : x;
    return u->f == f_abs && x >= 0 ? x : (int64_t)(0 - (uint64_t)x);
}

int rpr_eval_unary(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)err;
    const unary *u = find(n);
    double alpha = (double)rpr_node_float(n, "alpha", u->alpha);
    double beta = (double)rpr_node_float(n, "beta", u->beta);
    if (RPR_TYPE(in->dtype) & RPR_TYPES_UNSIGNED) { /* Abs */
        rpr_view_copy(in, out);
        return RPR_OK;
    }
    bool real = rpr_dtype_is_float(in->dtype);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it)) {
        if (real)
            rpr_store_f64(out, it.at[0], u->f(rpr_load_f64(in, it.at[1]), alpha, beta));
        else
            rpr_store_i64(out, it.at[0], whole(u, rpr_load_i64(in, it.at[1])));
    }
    return RPR_OK;
}

int rpr_infer_clip(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *limit;
    unsigned types = n->opset < 12 ? RPR_TYPES_FLOAT : RPR_TYPES_NUMBER;
    RPR_TRY(rpr_need(g, n, 0, types, &x, err));
    for (int i = 1; i <= 2; i++) {
        if (!rpr_node_has(n, i))
            continue;
        RPR_TRY(rpr_need(g, n, i, RPR_TYPE(x->dtype), &limit, err));
        if (rpr_shape_count(&limit->shape) != 1)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d is not a scalar", i);
    }
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, x->shape.dim, err);
}

/* x within the limits that are present; min(max(x, lo), hi). */
static int64_t clip_i64(int64_t x, const rpr_view *lo, const rpr_view *hi, bool u64)
{
    int64_t flip = u64 ? INT64_MIN : 0; /* makes the order of RPR_U64 that of int64_t */
    if (lo && (x ^ flip) < (rpr_load_i64(lo, 0) ^ flip))
        x = rpr_load_i64(lo, 0);
    if (hi && (x ^ flip) > (rpr_load_i64(hi, 0) ^ flip))
        x = rpr_load_i64(hi, 0);
    return x;
}

static void clip_real(const rpr_view *in, const rpr_view *out, double lo, double hi)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it)) {
        double x = rpr_load_f64(in, it.at[1]);
        x = x < lo ? lo : x;
        rpr_store_f64(out, it.at[0], x > hi ? hi : x);
    }
}

int rpr_eval_clip(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)err;
    const rpr_view *lo = rpr_node_has(n, 1) ? &in[1] : NULL;
    const rpr_view *hi = rpr_node_has(n, 2) ? &in[2] : NULL;
    if (rpr_dtype_is_float(in->dtype)) {
        double least = (double)rpr_node_float(n, "min", -INFINITY);
        double most = (double)rpr_node_float(n, "max", INFINITY);
        clip_real(in, out, lo ? rpr_load_f64(lo, 0) : least, hi ? rpr_load_f64(hi, 0) : most);
        return RPR_OK;
    }
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it))
        rpr_store_i64(out, it.at[0],
                      clip_i64(rpr_load_i64(in, it.at[1]), lo, hi, in->dtype == RPR_U64));
    return RPR_OK;
}

/* A limit of Clip: input i if present and constant, else the attribute. */
static bool clip_limit(const rpr_node *n, const rpr_graph *g, int i, const char *attr,
                       float otherwise, float *limit)
{
    *limit = rpr_node_float(n, attr, otherwise);
    if (!rpr_node_has(n, i))
        return true;
    const rpr_value *v = &g->value[n->in[i]];
    if (!v->is_const || v->dtype != RPR_F32 || rpr_shape_count(&v->shape) != 1)
        return false;
    *limit = *(const float *)v->data;
    return true;
}

bool rpr_act_from_node(const rpr_node *n, const rpr_graph *g, rpr_act *out)
{
    *out = rpr_act_none();
    if (*n->domain && strcmp(n->domain, "ai.onnx") != 0)
        return false;
    if (!rpr_node_has(n, 0) || g->value[n->in[0]].dtype != RPR_F32)
        return false;
    if (!strcmp(n->op, "Clip")) {
        out->kind = RPR_ACT_CLIP;
        return clip_limit(n, g, 1, "min", -INFINITY, &out->alpha) &&
               clip_limit(n, g, 2, "max", INFINITY, &out->beta);
    }
    const unary *u = find(n);
    if (!u || u->act == RPR_ACT_NONE)
        return false;
    out->kind = u->act;
    out->alpha = rpr_node_float(n, "alpha", u->alpha);
    out->beta = rpr_node_float(n, "beta", u->beta);
    return true;
}
