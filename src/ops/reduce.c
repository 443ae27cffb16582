/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceProd
 * ReduceLogSum ReduceLogSumExp, GlobalAveragePool GlobalMaxPool, ArgMax.
 */
#include "ops/reduce.h"

#include "ops/defs.h"

/* The output shape that follows from `reduced` and `keepdims`. */
static void set_out(rpr_reduce_spec *r, const int64_t *dim)
{
    r->out_rank = 0;
    for (int d = 0; d < r->rank; d++) {
        if (!r->reduced[d])
            r->out[r->out_rank++] = dim[d];
        else if (r->keepdims)
            r->out[r->out_rank++] = 1;
    }
}

int rpr_reduce_parse(const rpr_node *n, const rpr_view *in, rpr_reduce_spec *r, rpr_error *err)
{
    rpr_list axes;
    *r = (rpr_reduce_spec){.rank = in[0].rank, .keepdims = rpr_node_int(n, "keepdims", 1) != 0};
    RPR_TRY(rpr_node_list(n, in, 1, "axes", &axes, err));
    RPR_TRY(rpr_list_axes(n, &axes, r->rank, r->reduced, err));
    r->any = axes.n > 0 || !rpr_node_int(n, "noop_with_empty_axes", 0);
    if (axes.n == 0 && r->any)
        for (int d = 0; d < r->rank; d++)
            r->reduced[d] = true;
    set_out(r, in[0].dim);
    return RPR_OK;
}

typedef enum kind { SUM, MEAN, MAX, MIN, L1, L2, SQUARES, PRODUCT, LOG_SUM, LOG_SUM_EXP } kind;

static kind kind_of(const rpr_node *n)
{
    static const struct {
        const char *op;
        kind k;
    } others[] = {
        {"ReduceL1", L1},        {"ReduceL2", L2},          {"ReduceSumSquare", SQUARES},
        {"ReduceProd", PRODUCT}, {"ReduceLogSum", LOG_SUM}, {"ReduceLogSumExp", LOG_SUM_EXP}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(n->op, others[i].op))
            return others[i].k;
    if (!strcmp(n->op, "ReduceMean") || !strcmp(n->op, "GlobalAveragePool"))
        return MEAN;
    if (!strcmp(n->op, "ReduceMax") || !strcmp(n->op, "GlobalMaxPool"))
        return MAX;
    if (!strcmp(n->op, "ReduceMin"))
        return MIN;
    return SUM;
}

/* log of the sum of exp, from the largest, so that nothing overflows. */
static double log_sum_exp(const rpr_view *in, const rpr_iter *first, int64_t base)
{
    double top = (double)-INFINITY, sum = 0;
    for (rpr_iter it = *first; it.more; rpr_iter_next(&it))
        top = fmax(top, rpr_load_f64(in, base + it.at[0]));
    if (isinf(top))
        return top;
    for (rpr_iter it = *first; it.more; rpr_iter_next(&it))
        sum += exp(rpr_load_f64(in, base + it.at[0]) - top);
    return top + log(sum);
}

static bool is_extreme(kind k)
{
    return k == MAX || k == MIN;
}

/* What one element does to a sum or a product. */
static double folded(kind k, double acc, double x)
{
    switch (k) {
    case L1:
        return acc + fabs(x);
    case L2:
    case SQUARES:
        return acc + x * x;
    case PRODUCT:
        return acc * x;
    default:
        return acc + x;
    }
}

static double largest(const rpr_view *in, rpr_iter it, int64_t base, kind k)
{
    double acc = k == MAX ? (double)-INFINITY : (double)INFINITY;
    for (; it.more; rpr_iter_next(&it)) {
        double x = rpr_load_f64(in, base + it.at[0]);
        if (isnan(x) || (k == MAX ? x > acc : x < acc))
            acc = x;
        else if (isnan(acc))
            break;
    }
    return acc;
}

/* One output of floating point: everything under the iterator, which reads view 0. */
static double fold_real(const rpr_view *in, rpr_iter it, int64_t base, kind k)
{
    if (k == LOG_SUM_EXP)
        return log_sum_exp(in, &it, base);
    if (is_extreme(k))
        return largest(in, it, base, k);
    double acc = k == PRODUCT;
    int64_t count = 0;
    for (; it.more; rpr_iter_next(&it), count++)
        acc = folded(k, acc, rpr_load_f64(in, base + it.at[0]));
    if (k == L2)
        return sqrt(acc);
    if (k == LOG_SUM)
        return log(acc);
    return k == MEAN ? acc / (double)count : acc;
}

/* One output of integers. Sums wrap; the mean of integers goes towards zero. */
static int64_t fold_whole(const rpr_view *in, rpr_iter it, int64_t base, kind k)
{
    uint64_t flip = in->dtype == RPR_U64 ? 0 : (uint64_t)1 << 63; /* order of signed as unsigned */
    uint64_t acc = k == PRODUCT, squares = 0;
    int64_t count = 0;
    for (; it.more; rpr_iter_next(&it), count++) {
        uint64_t x = (uint64_t)rpr_load_i64(in, base + it.at[0]);
        squares += x * x;
        if (k == PRODUCT)
            acc *= x;
        else if (k == L1)
            acc += (int64_t)x < 0 && flip ? 0 - x : x;
        else if (!is_extreme(k))
            acc += x;
        else if (count == 0 || (k == MAX ? (x ^ flip) > (acc ^ flip) : (x ^ flip) < (acc ^ flip)))
            acc = x;
    }
    if (k == L2)
        return (int64_t)sqrt((double)squares);
    if (k == SQUARES)
        return (int64_t)squares;
    if (k == MEAN && count > 0)
        return in->dtype == RPR_U64 ? (int64_t)(acc / (uint64_t)count) : (int64_t)acc / count;
    return (int64_t)acc;
}

/* What fold_f32 knows. */
static bool is_sum(kind k)
{
    return k == SUM || k == MEAN || k == L2;
}

/* The axis that alone is reduced, of those longer than 1; -1 if there are several or none. */
static int only_axis(const rpr_view *in, const bool *reduced)
{
    int only = -1;
    for (int d = 0; d < in->rank; d++) {
        if (!reduced[d] || in->dim[d] == 1)
            continue;
        if (only >= 0)
            return -1;
        only = d;
    }
    return only;
}

/* fold_real for sums over n numbers of f32, `step` apart: in the same order, without an iterator.
 */
static double fold_f32(const float *x, int64_t n, int64_t step, kind k)
{
    double acc = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i * step];
        acc += k == L2 ? v * v : v;
    }
    if (k == L2)
        return sqrt(acc);
    return k == MEAN ? acc / (double)n : acc;
}

static void reduce_f32(const rpr_view *in, const rpr_view *kept, int axis, kind k)
{
    const float *x = in->data;
    float *y = kept->data;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(kept, in)); it.more; rpr_iter_next(&it))
        y[it.at[0]] = (float)fold_f32(x + it.at[1], in->dim[axis], in->stride[axis], k);
}

/* `kept` has the input's rank, with extent 1 at the reduced axes. */
static void reduce(const rpr_view *in, const rpr_view *kept, const bool *reduced, kind k)
{
    const int only = only_axis(in, reduced);
    if (only >= 0 && in->dim[only] > 0 && in->dtype == RPR_F32 && is_sum(k)) {
        reduce_f32(in, kept, only, k);
        return;
    }
    rpr_iter inner = rpr_iter_axes(reduced, true, RPR_VIEWS(in));
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(kept, in)); it.more; rpr_iter_next(&it)) {
        if (rpr_dtype_is_float(in->dtype))
            rpr_store_f64(kept, it.at[0], fold_real(in, inner, it.at[1], k));
        else
            rpr_store_i64(kept, it.at[0], fold_whole(in, inner, it.at[1], k));
    }
}

/* The output with the reduced axes put back. */
static rpr_view keep_axes(const rpr_view *out, const rpr_reduce_spec *r)
{
    rpr_view v = *out;
    for (int d = 0; d < r->rank && !r->keepdims; d++)
        if (r->reduced[d])
            v = rpr_view_insert(v, d);
    return v;
}

int rpr_infer_reduce(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_reduce_spec r;
    const bool logarithm = kind_of(n) == LOG_SUM || kind_of(n) == LOG_SUM_EXP;
    RPR_TRY(rpr_need(g, n, 0, logarithm ? RPR_TYPES_FLOAT : RPR_TYPES_NUMBER, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_reduce_parse(n, in, &r, err));
    return rpr_set_output(g, n, 0, x->dtype, r.out_rank, r.out, err);
}

int rpr_eval_reduce(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_reduce_spec r;
    RPR_TRY(rpr_reduce_parse(n, in, &r, err));
    if (!r.any) {
        rpr_view_copy(in, out);
        return RPR_OK;
    }
    rpr_view kept = keep_axes(out, &r);
    reduce(in, &kept, r.reduced, kind_of(n));
    return RPR_OK;
}

int rpr_infer_global_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_FLOAT, &x, err));
    if (x->shape.rank < 3)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input has %d dimensions", x->shape.rank);
    int64_t dim[RPR_MAX_RANK] = {x->shape.dim[0], x->shape.dim[1]};
    for (int d = 2; d < x->shape.rank; d++)
        dim[d] = 1;
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, dim, err);
}

int rpr_eval_global_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)err;
    bool reduced[RPR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    reduce(in, out, reduced, kind_of(n));
    return RPR_OK;
}

static int parse_arg_max(const rpr_node *n, int rank, const int64_t *dim, int *axis,
                         rpr_reduce_spec *r, rpr_error *err)
{
    *r = (rpr_reduce_spec){.rank = rank, .keepdims = rpr_node_int(n, "keepdims", 1) != 0};
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), rank, axis, err));
    r->reduced[*axis] = true;
    set_out(r, dim);
    return RPR_OK;
}

int rpr_infer_arg_max(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_reduce_spec r;
    int axis;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_NUMBER, &x, err));
    RPR_TRY(parse_arg_max(n, x->shape.rank, x->shape.dim, &axis, &r, err));
    if (x->shape.dim[axis] == 0)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "axis %d is empty", axis);
    return rpr_set_output(g, n, 0, RPR_I64, r.out_rank, r.out, err);
}

int rpr_eval_arg_max(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_reduce_spec r;
    int axis;
    RPR_TRY(parse_arg_max(n, in->rank, in->dim, &axis, &r, err));
    bool last = rpr_node_int(n, "select_last_index", 0) != 0;
    rpr_view kept = keep_axes(out, &r);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&kept, in)); it.more; rpr_iter_next(&it)) {
        double best = rpr_load_f64(in, it.at[1]);
        int64_t at = 0;
        for (int64_t i = 1; i < in->dim[axis]; i++) {
            double x = rpr_load_f64(in, it.at[1] + i * in->stride[axis]);
            if (x > best || (last && x >= best)) {
                best = x;
                at = i;
            }
        }
        rpr_store_i64(&kept, it.at[0], at);
    }
    return RPR_OK;
}
