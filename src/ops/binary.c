/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element by element on broadcast inputs: Add Sub Mul Div, Max Min Sum Mean, Equal Greater Less,
 * GreaterOrEqual LessOrEqual, And Or Xor.
 */
#include "ops/defs.h"

/* One operator for floating point, for integers, and for RPR_U64 where that differs. */
typedef struct binary {
    const char *op;
    double (*real)(double, double);
    int64_t (*whole)(int64_t, int64_t);
    uint64_t (*u64)(uint64_t, uint64_t);
} binary;

static double add(double a, double b)
{
    return a + b;
}

static double sub(double a, double b)
{
    return a - b;
}

static double mul(double a, double b)
{
    return a * b;
}

static double quotient(double a, double b)
{
    return a / b;
}

/* A NaN wins, as in numpy. */
static double max(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

static double min(double a, double b)
{
    return a < b || isnan(a) ? a : b;
}

static int64_t add_i(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t sub_i(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t mul_i(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* The divisor is not 0: eval checks. */
static int64_t div_i(int64_t a, int64_t b)
{
    return b == -1 ? sub_i(0, a) : a / b;
}

static uint64_t div_u(uint64_t a, uint64_t b)
{
    return a / b;
}

static int64_t max_i(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t min_i(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t min_u(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static double equal(double a, double b)
{
    return a <= b && a >= b;
}

static double greater(double a, double b)
{
    return a > b;
}

static double less(double a, double b)
{
    return a < b;
}

static int64_t equal_i(int64_t a, int64_t b)
{
    return a == b;
}

static int64_t greater_i(int64_t a, int64_t b)
{
    return a > b;
}

static int64_t less_i(int64_t a, int64_t b)
{
    return a < b;
}

static uint64_t greater_u(uint64_t a, uint64_t b)
{
    return a > b;
}

static uint64_t less_u(uint64_t a, uint64_t b)
{
    return a < b;
}

static double greater_equal(double a, double b)
{
    return a >= b;
}

static double less_equal(double a, double b)
{
    return a <= b;
}

static int64_t greater_equal_i(int64_t a, int64_t b)
{
    return a >= b;
}

static int64_t less_equal_i(int64_t a, int64_t b)
{
    return a <= b;
}

static uint64_t greater_equal_u(uint64_t a, uint64_t b)
{
    return a >= b;
}

static uint64_t less_equal_u(uint64_t a, uint64_t b)
{
    return a <= b;
}

/* Of bools. */
static int64_t both(int64_t a, int64_t b)
{
    return a && b;
}

static int64_t either(int64_t a, int64_t b)
{
    return a || b;
}

static int64_t one_only(int64_t a, int64_t b)
{
    return !a != !b;
}

static const binary operators[] = {
    {"Add", add, add_i, NULL},
    {"Sub", sub, sub_i, NULL},
    {"Mul", mul, mul_i, NULL},
    {"Div", quotient, div_i, div_u},
    {"Max", max, max_i, max_u},
    {"Min", min, min_i, min_u},
    {"Sum", add, add_i, NULL},
    {"Mean", add, add_i, NULL},
    {"Equal", equal, equal_i, NULL},
    {"Greater", greater, greater_i, greater_u},
    {"Less", less, less_i, less_u},
    {"GreaterOrEqual", greater_equal, greater_equal_i, greater_equal_u},
    {"LessOrEqual", less_equal, less_equal_i, less_equal_u},
    {"And", NULL, both, NULL},
    {"Or", NULL, either, NULL},
    {"Xor", NULL, one_only, NULL},
};

static const binary *find(const rpr_node *n)
{
    size_t i = 0;
    while (strcmp(operators[i].op, n->op) != 0)
        i++;
    return &operators[i];
}

/* out = a op b; a and b broadcast to out. Whether to compute in integers is up to the inputs. */
static void apply(const binary *f, const rpr_view *a, const rpr_view *b, const rpr_view *out)
{
    rpr_view x = rpr_view_broadcast(a, out->rank, out->dim);
    rpr_view y = rpr_view_broadcast(b, out->rank, out->dim);
    bool real = rpr_dtype_is_float(x.dtype), u64 = x.dtype == RPR_U64 && f->u64;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &x, &y)); it.more; rpr_iter_next(&it)) {
        if (real) {
            double r = f->real(rpr_load_f64(&x, it.at[1]), rpr_load_f64(&y, it.at[2]));
            rpr_store_f64(out, it.at[0], r);
            continue;
        }
        int64_t p = rpr_load_i64(&x, it.at[1]), q = rpr_load_i64(&y, it.at[2]);
        int64_t r = u64 ? (int64_t)f->u64((uint64_t)p, (uint64_t)q) : f->whole(p, q);
        rpr_store_i64(out, it.at[0], r);
    }
}

int rpr_infer_binary(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    rpr_dtype t = RPR_UNDEFINED;
    rpr_shape s;
    RPR_TRY(rpr_infer_broadcast(g, n, 0, 2, RPR_TYPES_NUMBER, &t, &s, err));
    return rpr_set_output(g, n, 0, t, s.rank, s.dim, err);
}

static bool has_zero(const rpr_view *v)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(v)); it.more; rpr_iter_next(&it))
        if (rpr_load_i64(v, it.at[0]) == 0)
            return true;
    return false;
}

int rpr_eval_binary(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    if (!strcmp(n->op, "Div") && !rpr_dtype_is_float(in[1].dtype) && has_zero(&in[1]))
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "integer division by zero");
    apply(find(n), &in[0], &in[1], &out[0]);
    return RPR_OK;
}

int rpr_infer_compare(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    rpr_dtype t = RPR_UNDEFINED;
    rpr_shape s;
    unsigned types = !strcmp(n->op, "Equal") ? RPR_TYPES_ALL : RPR_TYPES_NUMBER;
    if (!find(n)->real)
        types = RPR_TYPE(RPR_BOOL);
    RPR_TRY(rpr_infer_broadcast(g, n, 0, 2, types, &t, &s, err));
    return rpr_set_output(g, n, 0, RPR_BOOL, s.rank, s.dim, err);
}

int rpr_eval_compare(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)err;
    apply(find(n), &in[0], &in[1], &out[0]);
    return RPR_OK;
}

int rpr_infer_variadic(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    rpr_dtype t = RPR_UNDEFINED;
    rpr_shape s;
    bool order = !strcmp(n->op, "Max") || !strcmp(n->op, "Min");
    unsigned types = order ? RPR_TYPES_NUMBER : RPR_TYPES_FLOAT;
    int count = n->n_in < 1 ? 1 : n->n_in;
    RPR_TRY(rpr_infer_broadcast(g, n, 0, count, types, &t, &s, err));
    return rpr_set_output(g, n, 0, t, s.rank, s.dim, err);
}

/* From left to right, each step rounded to the element type. */
int rpr_eval_variadic(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)err;
    rpr_view first = rpr_view_broadcast(&in[0], out->rank, out->dim);
    rpr_view_copy(&first, out);
    for (int i = 1; i < n->n_in; i++)
        apply(find(n), out, &in[i], out);
    if (!strcmp(n->op, "Mean"))
        for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out)); it.more; rpr_iter_next(&it))
            rpr_store_f64(out, it.at[0], rpr_load_f64(out, it.at[0]) / n->n_in);
    return RPR_OK;
}
