/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool with any number of spatial axes. */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/window.h"

static int parse(const rpr_node *n, const int64_t *dim, int rank, rpr_window *w, rpr_error *err)
{
    int64_t kernel[RPR_MAX_SPATIAL];
    if (rank < 3)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input has %d dimensions", rank);
    RPR_TRY(rpr_window_kernel(n, rank - 2, kernel, err));
    RPR_TRY(rpr_window_parse(n, rank - 2, dim + 2, kernel, w, err));
    for (int d = 0; d < w->spatial; d++)
        if (w->out[d] > 0 && dim[2 + d] == 0)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input is empty");
    return RPR_OK;
}

int rpr_pool_infer(rpr_graph *g, rpr_node *n, unsigned types, rpr_error *err)
{
    const rpr_value *x;
    rpr_window w;
    RPR_TRY(rpr_need(g, n, 0, types, &x, err));
    RPR_TRY(parse(n, x->shape.dim, x->shape.rank, &w, err));
    int64_t dim[RPR_MAX_RANK] = {x->shape.dim[0], x->shape.dim[1]};
    for (int d = 0; d < w.spatial; d++)
        dim[2 + d] = w.out[d];
    RPR_TRY(rpr_set_output(g, n, 0, x->dtype, x->shape.rank, dim, err));
    return rpr_set_output(g, n, 1, RPR_I64, x->shape.rank, dim, err);
}

int rpr_infer_max_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    unsigned bytes = RPR_TYPE(RPR_I8) | RPR_TYPE(RPR_U8);
    return rpr_pool_infer(g, n, RPR_TYPES_FLOAT | (n->opset >= 12 ? bytes : 0), err);
}

int rpr_infer_average_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    return rpr_pool_infer(g, n, RPR_TYPES_FLOAT, err);
}

/* One window: its taps [lo, lo + count) that lie inside the input, and where the first one reads.
 */
typedef struct taps {
    int64_t first[RPR_MAX_SPATIAL]; /* input index of the first tap */
    int64_t count[RPR_MAX_SPATIAL];
    int64_t padded; /* taps inside the input or its padding */
    bool any;
} taps;

static taps taps_at(const rpr_window *w, const int64_t *dim, const int64_t *o)
{
    taps t = {.padded = 1, .any = true};
    for (int d = 0; d < w->spatial; d++) {
        int64_t start = o[d] * w->stride[d] - w->pad_begin[d], step = w->dilation[d];
        int64_t lo = start < 0 ? (-start + step - 1) / step : 0;
        int64_t hi = dim[d] > start ? (dim[d] - start + step - 1) / step : 0;
        int64_t end = dim[d] + w->pad_end[d];
        int64_t all = end > start ? (end - start + step - 1) / step : 0;
        hi = hi < w->kernel[d] ? hi : w->kernel[d];
        t.padded *= all < w->kernel[d] ? all : w->kernel[d];
        t.first[d] = start + lo * step;
        t.count[d] = hi - lo;
        if (t.count[d] <= 0)
            t.any = false;
    }
    return t;
}

typedef struct extreme {
    double value;
    int64_t at[RPR_MAX_SPATIAL]; /* input index */
} extreme;

static extreme window_max(const rpr_window *w, const int64_t *dim, const taps *t, const double *x)
{
    extreme best = {.value = -INFINITY};
    int64_t k[RPR_MAX_SPATIAL] = {0}, at[RPR_MAX_SPATIAL] = {0};
    bool first = true;
    if (!t->any)
        return best;
    do {
        int64_t i = 0;
        for (int d = 0; d < w->spatial; d++) {
            at[d] = t->first[d] + k[d] * w->dilation[d];
            i = i * dim[d] + at[d];
        }
        if (first || x[i] > best.value || (isnan(x[i]) && !isnan(best.value))) {
            best.value = x[i];
            memcpy(best.at, at, sizeof at);
        }
        first = false;
    } while (rpr_window_next(w->spatial, t->count, k));
    return best;
}

static double window_sum(const rpr_window *w, const int64_t *dim, const taps *t, const double *x)
{
    int64_t k[RPR_MAX_SPATIAL] = {0};
    double sum = 0;
    if (!t->any)
        return 0;
    do {
        int64_t i = 0;
        for (int d = 0; d < w->spatial; d++)
            i = i * dim[d] + t->first[d] + k[d] * w->dilation[d];
        sum += x[i];
    } while (rpr_window_next(w->spatial, t->count, k));
    return sum;
}

/* Position in the whole input; column-major inside a plane when `column_major`. */
static int64_t flat_index(const rpr_window *w, const int64_t *dim, const int64_t *at, int64_t plane,
                          bool column_major)
{
    int64_t i = 0, size = 1;
    for (int d = 0; d < w->spatial; d++)
        size *= dim[d];
    for (int d = 0; d < w->spatial; d++) {
        int a = column_major ? w->spatial - 1 - d : d;
        i = i * dim[a] + at[a];
    }
    return plane * size + i;
}

static double window_average(const rpr_node *n, const rpr_window *w, const int64_t *dim,
                             const taps *t, const double *x)
{
    int64_t count = t->padded;
    if (!rpr_node_int(n, "count_include_pad", 0)) {
        count = 1;
        for (int d = 0; d < w->spatial; d++)
            count *= t->count[d] > 0 ? t->count[d] : 0;
    }
    return count > 0 ? window_sum(w, dim, t, x) / (double)count : 0;
}

/* The p-norm of what the window sees; x holds |x|^p. */
static double window_norm(const rpr_window *w, const int64_t *dim, const taps *t, const double *x,
                          double p)
{
    return pow(window_sum(w, dim, t, x), 1 / p);
}

typedef enum pool_kind { POOL_MAX, POOL_AVERAGE, POOL_LP } pool_kind;

/* |x|^p of every element. */
static void raise(double *x, int64_t count, double p)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = pow(fabs(x[i]), p);
}

static int eval(const rpr_node *n, const rpr_view *in, const rpr_view *out, pool_kind kind,
                rpr_error *err)
{
    rpr_window w;
    RPR_TRY(parse(n, in->dim, in->rank, &w, err));
    const int64_t *dim = in->dim + 2;
    bool column_major = rpr_node_int(n, "storage_order", 0) != 0, max = kind == POOL_MAX;
    const rpr_view *index = max && n->n_out > 1 && n->out[1] != RPR_NONE ? &out[1] : out;
    const double norm = (double)rpr_node_int(n, "p", 2);
    double *x = rpr_dense_f64(in);
    if (!x)
        return rpr_node_nomem(err, n);
    if (kind == POOL_LP)
        raise(x, rpr_view_count(in), norm);
    int64_t plane_size = 1;
    for (int d = 0; d < w.spatial; d++)
        plane_size *= dim[d];
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, index)); it.more; rpr_iter_next(&it)) {
        int64_t plane = it.index[0] * in->dim[1] + it.index[1];
        const double *p = x + plane * plane_size;
        taps t = taps_at(&w, dim, it.index + 2);
        if (!max) {
            rpr_store_f64(out, it.at[0],
                          kind == POOL_LP ? window_norm(&w, dim, &t, p, norm)
                                          : window_average(n, &w, dim, &t, p));
            continue;
        }
        extreme best = window_max(&w, dim, &t, p);
        rpr_store_f64(out, it.at[0], best.value);
        if (index != out)
            rpr_store_i64(index, it.at[1], flat_index(&w, dim, best.at, plane, column_major));
    }
    rpr_free(x);
    return RPR_OK;
}

int rpr_eval_max_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    return eval(n, in, out, POOL_MAX, err);
}

int rpr_eval_average_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                          rpr_error *err)
{
    return eval(n, in, out, POOL_AVERAGE, err);
}

static int check_norm(const rpr_node *n, rpr_error *err)
{
    int64_t p = rpr_node_int(n, "p", 2);
    return p >= 1 ? RPR_OK
                  : rpr_node_fail(err, RPR_ERR_FORMAT, n, "p is %lld, not 1 or more", (long long)p);
}

int rpr_infer_lp_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    RPR_TRY(check_norm(n, err));
    return rpr_pool_infer(g, n, RPR_TYPES_FLOAT, err);
}

int rpr_eval_lp_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    return eval(n, in, out, POOL_LP, err);
}

int rpr_infer_global_lp_pool(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    RPR_TRY(check_norm(n, err));
    return rpr_infer_global_pool(g, n, err);
}

int rpr_eval_global_lp_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    (void)err;
    const bool plane[RPR_MAX_RANK] = {true, true};
    const double p = (double)rpr_node_int(n, "p", 2);
    const rpr_iter inner = rpr_iter_axes(plane, false, RPR_VIEWS(in));
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, in)); it.more; rpr_iter_next(&it)) {
        double sum = 0;
        for (rpr_iter i = inner; i.more; rpr_iter_next(&i))
            sum += pow(fabs(rpr_load_f64(in, it.at[1] + i.at[0])), p);
        rpr_store_f64(out, it.at[0], pow(sum, 1 / p));
    }
    return RPR_OK;
}
