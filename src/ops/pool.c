/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool with any number of spatial axes. */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/quant.h"
#include "ops/window.h"

static int parse(const rpr_node *n, const int64_t *dim, int rank, rpr_window_spec *w,
                 rpr_error *err)
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
    rpr_window_spec w;
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

static taps taps_at(const rpr_window_spec *w, const int64_t *dim, const int64_t *o)
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

static extreme window_max(const rpr_window_spec *w, const int64_t *dim, const taps *t,
                          const double *x)
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

static double window_sum(const rpr_window_spec *w, const int64_t *dim, const taps *t,
                         const double *x)
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
static int64_t flat_index(const rpr_window_spec *w, const int64_t *dim, const int64_t *at,
                          int64_t plane, bool column_major)
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

/* What an average divides by; 0 if the window has no taps that count. */
static int64_t window_divisor(const rpr_node *n, const rpr_window_spec *w, const taps *t)
{
    int64_t count = 1;
    if (rpr_node_int(n, "count_include_pad", 0))
        return t->padded;
    for (int d = 0; d < w->spatial; d++)
        count *= t->count[d] > 0 ? t->count[d] : 0;
    return count;
}

/* One pool at work: the windows and the input as doubles. */
typedef struct pool {
    rpr_window_spec w;
    const int64_t *dim; /* spatial, of the input */
    int64_t channels, plane_size;
    double *x; /* owned */
} pool;

static int pool_open(const rpr_node *n, const rpr_view *in, pool *p, rpr_error *err)
{
    RPR_TRY(parse(n, in->dim, in->rank, &p->w, err));
    p->dim = in->dim + 2;
    p->channels = in->dim[1];
    p->plane_size = 1;
    for (int d = 0; d < p->w.spatial; d++)
        p->plane_size *= p->dim[d];
    p->x = rpr_dense_f64(in);
    return p->x ? RPR_OK : rpr_node_nomem(err, n);
}

/* Number of the plane that output element `index` belongs to. */
static int64_t plane_of(const pool *p, const int64_t *index)
{
    return index[0] * p->channels + index[1];
}

/* The p-norm of what the window sees; x holds |x|^p. */
static double window_norm(const rpr_window_spec *w, const int64_t *dim, const taps *t,
                          const double *x, double p)
{
    return pow(window_sum(w, dim, t, x), 1 / p);
}

/* |x|^p of every element. */
static void raise(double *x, int64_t count, double p)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = pow(fabs(x[i]), p);
}

int rpr_eval_max_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    pool p;
    bool column_major = rpr_node_int(n, "storage_order", 0) != 0;
    const rpr_view *index = n->n_out > 1 && n->out[1] != RPR_NONE ? &out[1] : out;
    RPR_TRY(pool_open(n, in, &p, err));
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, index)); it.more; rpr_iter_next(&it)) {
        int64_t plane = plane_of(&p, it.index);
        taps t = taps_at(&p.w, p.dim, it.index + 2);
        extreme best = window_max(&p.w, p.dim, &t, p.x + plane * p.plane_size);
        rpr_store_f64(out, it.at[0], best.value);
        if (index != out)
            rpr_store_i64(index, it.at[1], flat_index(&p.w, p.dim, best.at, plane, column_major));
    }
    rpr_free(p.x);
    return RPR_OK;
}

int rpr_pool_sums(const rpr_node *n, const rpr_view *in, int64_t zero, const rpr_view *sum,
                  const rpr_view *divisor, rpr_error *err)
{
    pool p;
    RPR_TRY(pool_open(n, in, &p, err));
    for (int64_t i = 0; zero != 0 && i < rpr_view_count(in); i++)
        p.x[i] -= (double)zero;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(sum, divisor)); it.more; rpr_iter_next(&it)) {
        taps t = taps_at(&p.w, p.dim, it.index + 2);
        const double *plane = p.x + plane_of(&p, it.index) * p.plane_size;
        rpr_store_f64(sum, it.at[0], window_sum(&p.w, p.dim, &t, plane));
        rpr_store_i64(divisor, it.at[1], window_divisor(n, &p.w, &t));
    }
    rpr_free(p.x);
    return RPR_OK;
}

int rpr_eval_average_pool(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                          rpr_error *err)
{
    rpr_view sum = rpr_quant_scratch(RPR_F64, out), divisor = rpr_quant_scratch(RPR_I64, out);
    int status = sum.data && divisor.data ? RPR_OK : rpr_node_nomem(err, n);
    if (status == RPR_OK)
        status = rpr_pool_sums(n, in, 0, &sum, &divisor, err);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, &sum, &divisor)); status == RPR_OK && it.more;
         rpr_iter_next(&it)) {
        int64_t by = rpr_load_i64(&divisor, it.at[2]);
        rpr_store_f64(out, it.at[0], by > 0 ? rpr_load_f64(&sum, it.at[1]) / (double)by : 0);
    }
    rpr_free(sum.data);
    rpr_free(divisor.data);
    return status;
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
    const double norm = (double)rpr_node_int(n, "p", 2);
    pool p;
    RPR_TRY(pool_open(n, in, &p, err));
    raise(p.x, rpr_view_count(in), norm);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out)); it.more; rpr_iter_next(&it)) {
        taps t = taps_at(&p.w, p.dim, it.index + 2);
        const double *plane = p.x + plane_of(&p, it.index) * p.plane_size;
        rpr_store_f64(out, it.at[0], window_norm(&p.w, p.dim, &t, plane, norm));
    }
    rpr_free(p.x);
    return RPR_OK;
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
