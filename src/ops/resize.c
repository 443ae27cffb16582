/* SPDX-License-Identifier: Apache-2.0 */
/* Resize (opset 10 to 17) and Upsample (7 to 9): parameters, and evaluation axis after axis. */
#include "ops/resize.h"

#include "core/alloc.h"
#include "ops/defs.h"

/* The position of a string in a list; RPR_ERR_UNSUPPORTED if it is not there. */
static int choose(const rpr_node *n, const char *attr, const char *otherwise,
                  const char *const *names, int count, int *choice, rpr_error *err)
{
    const char *s = rpr_node_string(n, attr, otherwise);
    for (*choice = 0; *choice < count; ++*choice)
        if (!strcmp(s, names[*choice]))
            return RPR_OK;
    return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "%s is %s", attr, s);
}

#define CHOOSE(n, attr, otherwise, names, out, err)                                                \
    choose(n, attr, otherwise, names, (int)(sizeof names / sizeof *names), out, err)

static int parse_modes(const rpr_node *n, rpr_resize_spec *r, rpr_error *err)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const coordinates[] = {"half_pixel",           "pytorch_half_pixel",
                                              "align_corners",        "asymmetric",
                                              "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                          "ceil"};
    bool early = n->opset < 11;
    int mode, coordinate, rounding;
    RPR_TRY(CHOOSE(n, "mode", "nearest", modes, &mode, err));
    RPR_TRY(CHOOSE(n, "coordinate_transformation_mode", early ? "asymmetric" : "half_pixel",
                   coordinates, &coordinate, err));
    RPR_TRY(CHOOSE(n, "nearest_mode", "round_prefer_floor", nearest, &rounding, err));
    r->mode = (rpr_resize_mode)mode;
    r->coordinates = (rpr_resize_coordinates)coordinate;
    r->nearest = (rpr_resize_nearest)rounding;
    r->nearest_simple = early;
    r->exclude_outside = rpr_node_int(n, "exclude_outside", 0) != 0;
    r->cubic_a = rpr_node_float(n, "cubic_coeff_a", -0.75f);
    r->extrapolation = rpr_node_float(n, "extrapolation_value", 0.0f);
    return RPR_OK;
}

/* True if input i is connected and not empty (an empty one stands for absent). */
static bool filled(const rpr_node *n, const rpr_view *in, int i)
{
    return rpr_node_has(n, i) && rpr_view_count(&in[i]) > 0;
}

/* Input i as `count` floats. */
static int floats_of(const rpr_node *n, const rpr_view *in, int i, int count, float *out,
                     rpr_error *err)
{
    const rpr_view *v = &in[i];
    if (!rpr_dtype_is_float(v->dtype) || v->rank != 1 || v->dim[0] != count)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "input %d is not a list of %d numbers", i,
                             count);
    if (!v->data)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "input %d is not a constant", i);
    for (int d = 0; d < count; d++)
        out[d] = (float)rpr_load_f64(v, d * v->stride[0]);
    return RPR_OK;
}

static int scales_from_attribute(const rpr_node *n, rpr_resize_spec *r, rpr_error *err)
{
    const rpr_attr *a = rpr_node_attr(n, "scales");
    if (!a || a->kind != RPR_ATTR_FLOATS || a->n != (size_t)r->rank)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "scales is not a list of %d numbers", r->rank);
    for (int d = 0; d < r->rank; d++)
        r->scale[d] = a->floats[d];
    return RPR_OK;
}

/* Output extents from scales. */
static int apply_scales(const rpr_node *n, rpr_resize_spec *r, rpr_error *err)
{
    for (int d = 0; d < r->rank; d++) {
        float length = (float)r->in[d] * r->scale[d], extent = floorf(length);
        if (!(r->scale[d] > 0.0f) || !(extent <= 0x1p31f))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "scale %g of dimension %d",
                                 (double)r->scale[d], d);
        r->length[d] = length;
        r->out[d] = (int64_t)extent;
    }
    return RPR_OK;
}

static int apply_sizes(const rpr_node *n, const rpr_view *in, rpr_resize_spec *r, rpr_error *err)
{
    rpr_list l;
    RPR_TRY(rpr_node_list(n, in, 3, NULL, &l, err));
    if (l.n != r->rank)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%d sizes for %d dimensions", l.n, r->rank);
    for (int d = 0; d < r->rank; d++) {
        if (l.v[d] < 0)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "size %lld of dimension %d",
                                 (long long)l.v[d], d);
        r->out[d] = l.v[d];
        r->length[d] = (float)l.v[d];
        r->scale[d] = r->in[d] == l.v[d] ? 1.0f : (float)l.v[d] / (float)r->in[d];
    }
    return RPR_OK;
}

int rpr_resize_parse(const rpr_node *n, const rpr_view *in, rpr_resize_spec *r, rpr_error *err)
{
    *r = (rpr_resize_spec){.rank = in[0].rank};
    memcpy(r->in, in[0].dim, sizeof r->in);
    RPR_TRY(parse_modes(n, r, err));
    bool upsample = !strcmp(n->op, "Upsample");
    if (upsample && n->opset < 9) {
        RPR_TRY(scales_from_attribute(n, r, err));
        RPR_TRY(apply_scales(n, r, err));
    } else if (n->opset < 11 || filled(n, in, 2)) {
        RPR_TRY(floats_of(n, in, n->opset < 11 ? 1 : 2, r->rank, r->scale, err));
        RPR_TRY(apply_scales(n, r, err));
    } else {
        if (!rpr_node_has(n, 3))
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "neither scales nor sizes are given");
        RPR_TRY(apply_sizes(n, in, r, err));
    }
    if (r->coordinates == RPR_COORD_TF_CROP_AND_RESIZE) {
        float roi[2 * RPR_MAX_RANK];
        if (!filled(n, in, 1))
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "the region of interest is missing");
        RPR_TRY(floats_of(n, in, 1, 2 * r->rank, roi, err));
        for (int d = 0; d < r->rank; d++) {
            r->roi_start[d] = roi[d];
            r->roi_end[d] = roi[r->rank + d];
        }
    }
    for (int d = 0; d < r->rank; d++)
        if (r->in[d] == 0 && r->out[d] > 0)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "dimension %d of the input is empty", d);
    return RPR_OK;
}

int rpr_infer_resize(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_resize_spec r;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_NUMBER, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_resize_parse(n, in, &r, err));
    return rpr_set_output(g, n, 0, x->dtype, r.rank, r.out, err);
}

/* x as [outer, in, inner] becomes [outer, out, inner]. */
static double *resize_axis(const rpr_resize_table *t, const double *x, int64_t outer, int64_t in,
                           int64_t out, int64_t inner)
{
    double *y = rpr_alloc_array((size_t)(outer * out * inner), sizeof *y);
    if (!y)
        return NULL;
    for (int64_t a = 0; a < outer; a++) {
        for (int64_t o = 0; o < out; o++) {
            double *row = y + (a * out + o) * inner;
            for (int tap = 0; tap < t->taps; tap++) {
                const double *from = x + (a * in + t->index[o * t->taps + tap]) * inner;
                double weight = (double)t->weight[o * t->taps + tap];
                for (int64_t i = 0; i < inner && !(weight <= 0 && weight >= 0); i++)
                    row[i] += weight * from[i];
            }
        }
    }
    return y;
}

/* Replaces what lies outside the region of interest along one axis. */
static void extrapolate(const rpr_resize_table *t, double value, const rpr_view *out, int axis)
{
    for (int64_t o = 0; o < out->dim[axis]; o++) {
        rpr_view part = rpr_view_part(*out, axis, o, 1);
        if (t->outside[o])
            for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&part)); it.more; rpr_iter_next(&it))
                rpr_store_f64(&part, it.at[0], value);
    }
}

/* Resizes axis after axis, first to last; *x is replaced by the result. */
static int resize_all(const rpr_resize_spec *r, const rpr_resize_table *tables, double **x)
{
    int64_t dim[RPR_MAX_RANK];
    memcpy(dim, r->in, sizeof dim);
    for (int d = 0; d < r->rank; d++) {
        int64_t outer = 1, inner = 1;
        for (int i = 0; i < r->rank; i++)
            *(i < d ? &outer : &inner) *= i == d ? 1 : dim[i];
        if (rpr_resize_is_identity(r, d))
            continue;
        double *y = resize_axis(&tables[d], *x, outer, dim[d], r->out[d], inner);
        if (!y)
            return RPR_ERR_NOMEM;
        rpr_free(*x);
        *x = y;
        dim[d] = r->out[d];
    }
    return RPR_OK;
}

int rpr_eval_resize(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_resize_spec r;
    rpr_resize_table table[RPR_MAX_RANK] = {0};
    RPR_TRY(rpr_resize_parse(n, in, &r, err));
    double *x = rpr_dense_f64(in);
    int status = x ? RPR_OK : RPR_ERR_NOMEM;
    for (int d = 0; d < r.rank && status == RPR_OK; d++)
        status = rpr_resize_make_table(&r, d, &table[d]);
    if (status == RPR_OK)
        status = resize_all(&r, table, &x);
    if (status == RPR_OK) {
        rpr_put_f64(out, x);
        for (int d = 0; d < r.rank; d++)
            if (table[d].outside)
                extrapolate(&table[d], (double)r.extrapolation, out, d);
    }
    for (int d = 0; d < r.rank; d++)
        rpr_resize_free_table(&table[d]);
    rpr_free(x);
    if (status != RPR_OK)
        return rpr_node_fail(err, status, n, "%s", rpr_strerror(status));
    return RPR_OK;
}
