/* SPDX-License-Identifier: Apache-2.0 */
/* Conv and ConvTranspose with any number of spatial axes. Sums are taken in double. */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/product.h"

/* x and the kernel w fit together: same rank, matching spatial kernel_shape. */
static int check_shapes(const rpr_node *n, const rpr_shape *x, const rpr_shape *w, rpr_error *err)
{
    if (x->rank < 3 || x->rank != w->rank)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input has %d dimensions, weights have %d",
                             x->rank, w->rank);
    if (rpr_node_attr(n, "kernel_shape")) {
        int64_t k[RPR_MAX_SPATIAL];
        RPR_TRY(rpr_window_kernel(n, x->rank - 2, k, err));
        for (int d = 0; d < x->rank - 2; d++)
            if (k[d] != w->dim[2 + d])
                return rpr_node_fail(err, RPR_ERR_SHAPE, n,
                                     "kernel_shape differs from the shape of the weights");
    }
    return RPR_OK;
}

static int need_operands(const rpr_graph *g, const rpr_node *n, const rpr_value **x,
                         const rpr_value **w, rpr_error *err)
{
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_FLOAT, x, err));
    return rpr_need(g, n, 1, RPR_TYPE((*x)->dtype), w, err);
}

static int check_bias(const rpr_graph *g, const rpr_node *n, rpr_dtype t, int64_t channels,
                      rpr_error *err)
{
    const rpr_value *b;
    if (!rpr_node_has(n, 2))
        return RPR_OK;
    RPR_TRY(rpr_need(g, n, 2, RPR_TYPE(t), &b, err));
    if (b->shape.rank != 1 || b->shape.dim[0] != channels)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the bias is not a vector of %lld entries",
                             (long long)channels);
    return RPR_OK;
}

int rpr_conv_window(const rpr_node *n, const rpr_shape *x, const rpr_shape *w, rpr_window_spec *win,
                    rpr_error *err)
{
    RPR_TRY(check_shapes(n, x, w, err));
    RPR_TRY(rpr_window_parse(n, x->rank - 2, x->dim + 2, w->dim + 2, win, err));
    int64_t c = x->dim[1], m = w->dim[0];
    if (c % win->group || m % win->group || c / win->group != w->dim[1])
        return rpr_node_fail(err, RPR_ERR_SHAPE, n,
                             "%lld input channels, weights for %lld, %lld outputs, %lld groups",
                             (long long)c, (long long)w->dim[1], (long long)m,
                             (long long)win->group);
    return RPR_OK;
}

int rpr_conv_set_output(rpr_graph *g, const rpr_node *n, rpr_dtype t, int64_t batch,
                        int64_t channels, const rpr_window_spec *w, rpr_error *err)
{
    int64_t dim[RPR_MAX_RANK] = {batch, channels};
    for (int d = 0; d < w->spatial; d++)
        dim[2 + d] = w->out[d];
    return rpr_set_output(g, n, 0, t, 2 + w->spatial, dim, err);
}

int rpr_infer_conv(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *w;
    rpr_window_spec win;
    RPR_TRY(need_operands(g, n, &x, &w, err));
    RPR_TRY(rpr_conv_window(n, &x->shape, &w->shape, &win, err));
    RPR_TRY(check_bias(g, n, x->dtype, w->shape.dim[0], err));
    return rpr_conv_set_output(g, n, x->dtype, x->shape.dim[0], w->shape.dim[0], &win, err);
}

int rpr_conv_transpose_window(const rpr_node *n, const rpr_shape *x, const rpr_shape *w,
                              rpr_window_spec *win, int64_t *channels, rpr_error *err)
{
    RPR_TRY(check_shapes(n, x, w, err));
    RPR_TRY(rpr_conv_transpose_parse(n, x->rank - 2, x->dim + 2, w->dim + 2, win, err));
    int64_t c = x->dim[1];
    if (c != w->dim[0] || c % win->group)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n,
                             "%lld input channels, weights for %lld, %lld groups", (long long)c,
                             (long long)w->dim[0], (long long)win->group);
    if (!rpr_mul_i64(w->dim[1], win->group, channels))
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "too many output channels");
    return RPR_OK;
}

int rpr_infer_conv_transpose(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *w;
    rpr_window_spec win;
    int64_t m;
    RPR_TRY(need_operands(g, n, &x, &w, err));
    RPR_TRY(rpr_conv_transpose_window(n, &x->shape, &w->shape, &win, &m, err));
    RPR_TRY(check_bias(g, n, x->dtype, m, err));
    return rpr_conv_set_output(g, n, x->dtype, x->shape.dim[0], m, &win, err);
}

/* A convolution on dense arrays. Its input has c channels, its output m. */
typedef struct conv {
    const rpr_window_spec *win;
    bool transpose;
    int64_t batch, c, m;
    int64_t in_plane, out_plane, taps;
    const int64_t *in_dims, *out_dims;
    double *x, *w, *y;
} conv;

static int64_t product(const int64_t *dim, int n)
{
    int64_t p = 1;
    for (int d = 0; d < n; d++)
        p *= dim[d];
    return p;
}

/* Adds input channel i to output channel o, both counted inside their group. */
static void add_channel(const conv *v, int64_t b, int64_t group, int64_t i, int64_t o)
{
    int64_t ci = v->c / v->win->group, co = v->m / v->win->group;
    double *x = v->x + (b * v->c + group * ci + i) * v->in_plane;
    double *y = v->y + (b * v->m + group * co + o) * v->out_plane;
    const double *w = v->w;
    if (v->transpose)
        w += ((group * ci + i) * co + o) * v->taps;
    else
        w += ((group * co + o) * ci + i) * v->taps;
    int64_t tap[RPR_MAX_SPATIAL] = {0};
    do {
        if (v->transpose)
            rpr_window_tap(v->win, tap, *w++, x, v->in_dims, y, v->out_dims, true);
        else
            rpr_window_tap(v->win, tap, *w++, y, v->out_dims, x, v->in_dims, false);
    } while (rpr_window_next(v->win->spatial, v->win->kernel, tap));
}

static void convolve(const conv *v, const rpr_view *bias)
{
    int64_t ci = v->c / v->win->group, co = v->m / v->win->group;
    for (int64_t b = 0; b < v->batch; b++) {
        for (int64_t o = 0; o < v->m; o++) {
            double start = bias ? rpr_load_f64(bias, o * bias->stride[0]) : 0;
            double *y = v->y + (b * v->m + o) * v->out_plane;
            for (int64_t p = 0; p < v->out_plane; p++)
                y[p] = start;
            for (int64_t i = 0; i < ci; i++)
                add_channel(v, b, o / co, i, o % co);
        }
    }
}

static int eval(const rpr_node *n, const rpr_conv_views *of, bool transpose,
                const rpr_window_spec *win, rpr_error *err)
{
    const rpr_view *x = &of->x, *y = &of->y;
    int s = win->spatial;
    conv v = {.win = win,
              .transpose = transpose,
              .batch = x->dim[0],
              .c = x->dim[1],
              .m = y->dim[1],
              .in_plane = product(x->dim + 2, s),
              .out_plane = product(y->dim + 2, s),
              .taps = product(win->kernel, s),
              .in_dims = x->dim + 2,
              .out_dims = y->dim + 2};
    v.x = rpr_dense_f64(x);
    v.w = rpr_dense_f64(&of->w);
    v.y = rpr_alloc_array((size_t)rpr_view_count(y), sizeof *v.y);
    bool ok = v.x && v.w && v.y;
    if (ok) {
        convolve(&v, of->biased ? &of->bias : NULL);
        rpr_put_f64(y, v.y);
    }
    rpr_free(v.x);
    rpr_free(v.w);
    rpr_free(v.y);
    return ok ? RPR_OK : rpr_node_nomem(err, n);
}

int rpr_conv_sum(const rpr_node *n, const rpr_conv_views *of, rpr_error *err)
{
    rpr_window_spec w;
    RPR_TRY(rpr_window_parse(n, of->x.rank - 2, of->x.dim + 2, of->w.dim + 2, &w, err));
    return eval(n, of, false, &w, err);
}

int rpr_conv_transpose_sum(const rpr_node *n, const rpr_conv_views *of, rpr_error *err)
{
    rpr_window_spec w;
    RPR_TRY(rpr_conv_transpose_parse(n, of->x.rank - 2, of->x.dim + 2, of->w.dim + 2, &w, err));
    return eval(n, of, true, &w, err);
}

static rpr_conv_views views_of(const rpr_node *n, const rpr_view *in, const rpr_view *out)
{
    rpr_conv_views v = {.x = in[0], .w = in[1], .y = out[0], .biased = rpr_node_has(n, 2)};
    if (v.biased)
        v.bias = in[2];
    return v;
}

int rpr_eval_conv(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_conv_views v = views_of(n, in, out);
    return rpr_conv_sum(n, &v, err);
}

int rpr_eval_conv_transpose(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    rpr_conv_views v = views_of(n, in, out);
    return rpr_conv_transpose_sum(n, &v, err);
}
