/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax, BatchNormalization, InstanceNormalization, LayerNormalization. */
#include "ops/defs.h"
#include "ops/reduce.h"

int rpr_softmax_parse(const rpr_node *n, int rank, bool *axes, rpr_error *err)
{
    int axis = 0;
    bool flat = n->opset < 13;
    for (int d = 0; d < RPR_MAX_RANK; d++)
        axes[d] = false;
    if (rank == 0)
        return RPR_OK;
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", flat && rank > 1 ? 1 : -1), rank, &axis, err));
    for (int d = axis; d < (flat ? rank : axis + 1); d++)
        axes[d] = true;
    return RPR_OK;
}

int rpr_infer_softmax(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    bool axes[RPR_MAX_RANK];
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_FLOAT, &x, err));
    RPR_TRY(rpr_softmax_parse(n, x->shape.rank, axes, err));
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, x->shape.dim, err);
}

int rpr_eval_softmax(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    bool axes[RPR_MAX_RANK];
    RPR_TRY(rpr_softmax_parse(n, in->rank, axes, err));
    if (rpr_view_count(in) == 0)
        return RPR_OK;
    const rpr_iter inner = rpr_iter_axes(axes, true, RPR_VIEWS(out, in));
    for (rpr_iter it = rpr_iter_axes(axes, false, RPR_VIEWS(out, in)); it.more;
         rpr_iter_next(&it)) {
        double top = (double)-INFINITY, sum = 0;
        for (rpr_iter i = inner; i.more; rpr_iter_next(&i))
            top = fmax(top, rpr_load_f64(in, it.at[1] + i.at[1]));
        for (rpr_iter i = inner; i.more; rpr_iter_next(&i))
            sum += exp(rpr_load_f64(in, it.at[1] + i.at[1]) - top);
        for (rpr_iter i = inner; i.more; rpr_iter_next(&i))
            rpr_store_f64(out, it.at[0] + i.at[0],
                          exp(rpr_load_f64(in, it.at[1] + i.at[1]) - top) / sum);
    }
    return RPR_OK;
}

/* Inputs [first, first + count) are vectors of one entry per channel. */
static int check_vectors(const rpr_graph *g, const rpr_node *n, int first, int count,
                         int64_t channels, rpr_error *err)
{
    for (int i = first; i < first + count; i++) {
        const rpr_value *v;
        RPR_TRY(rpr_need(g, n, i, RPR_TYPES_FLOAT, &v, err));
        if (v->shape.rank != 1 || v->shape.dim[0] != channels)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d is not a vector of %lld entries",
                                 i, (long long)channels);
    }
    return RPR_OK;
}

static bool has_output(const rpr_node *n, int i)
{
    return i < n->n_out && n->out[i] != RPR_NONE;
}

int rpr_infer_batch_normalization(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_FLOAT, &x, err));
    bool training = n->opset >= 14 && rpr_node_int(n, "training_mode", 0) != 0;
    if (n->opset < 9 && !rpr_node_int(n, "spatial", 1))
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "spatial = 0");
    for (int i = 1; i < n->n_out; i++)
        if (has_output(n, i) && !training)
            return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "statistics of training as outputs");
    const rpr_shape *s = &x->shape;
    if (s->rank < 1)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input is a scalar");
    int64_t channels = s->rank > 1 ? s->dim[1] : 1;
    RPR_TRY(check_vectors(g, n, 1, 4, channels, err));
    for (int i = 1; i <= 2; i++)
        RPR_TRY(rpr_set_output(g, n, i, g->value[n->in[i + 2]].dtype, 1, &channels, err));
    return rpr_set_output(g, n, 0, x->dtype, s->rank, s->dim, err);
}

typedef struct moments {
    double mean, variance;
} moments;

/* Of the elements of `in` under an iterator that starts at `base`. Two passes. */
static moments moments_of(const rpr_view *in, int64_t base, const rpr_iter *inner)
{
    double sum = 0, squares = 0, count = 0;
    for (rpr_iter i = *inner; i.more; rpr_iter_next(&i), count++)
        sum += rpr_load_f64(in, base + i.at[0]);
    double mean = sum / count;
    for (rpr_iter i = *inner; i.more; rpr_iter_next(&i)) {
        double d = rpr_load_f64(in, base + i.at[0]) - mean;
        squares += d * d;
    }
    return (moments){mean, squares / count};
}

/* out = (in - mean) / sqrt(variance + epsilon) * scale + shift, from an offset in each. */
static void normalize(const rpr_view *in, const rpr_view *out, const rpr_iter *inner, int64_t in_at,
                      int64_t out_at, moments m, double epsilon, double scale, double shift)
{
    double factor = scale / sqrt(m.variance + epsilon);
    for (rpr_iter i = *inner; i.more; rpr_iter_next(&i))
        rpr_store_f64(out, out_at + i.at[1],
                      (rpr_load_f64(in, in_at + i.at[0]) - m.mean) * factor + shift);
}

static double entry(const rpr_view *v, int64_t i)
{
    return rpr_load_f64(v, i * v->stride[0]);
}

int rpr_eval_batch_normalization(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                 rpr_error *err)
{
    (void)err;
    double epsilon = (double)rpr_node_float(n, "epsilon", 1e-5f);
    double momentum = (double)rpr_node_float(n, "momentum", 0.9f);
    bool training = n->opset >= 14 && rpr_node_int(n, "training_mode", 0) != 0;
    rpr_view x = in[0], y = out[0];
    if (x.rank == 1) { /* one channel */
        x = rpr_view_insert(x, 1);
        y = rpr_view_insert(y, 1);
    }
    bool channel[RPR_MAX_RANK] = {false, true};
    rpr_iter inner = rpr_iter_axes(channel, false, RPR_VIEWS(&x, &y));
    for (int64_t c = 0; c < x.dim[1]; c++) {
        moments kept = {entry(&in[3], c), entry(&in[4], c)}, m = kept;
        if (training)
            m = moments_of(&x, c * x.stride[1], &inner);
        normalize(&x, &y, &inner, c * x.stride[1], c * y.stride[1], m, epsilon, entry(&in[1], c),
                  entry(&in[2], c));
        if (has_output(n, 1))
            rpr_store_f64(&out[1], c * out[1].stride[0],
                          kept.mean * momentum + m.mean * (1 - momentum));
        if (has_output(n, 2))
            rpr_store_f64(&out[2], c * out[2].stride[0],
                          kept.variance * momentum + m.variance * (1 - momentum));
    }
    return RPR_OK;
}

int rpr_infer_instance_normalization(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_FLOAT, &x, err));
    if (x->shape.rank < 3)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input has %d dimensions", x->shape.rank);
    RPR_TRY(check_vectors(g, n, 1, 2, x->shape.dim[1], err));
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, x->shape.dim, err);
}

int rpr_eval_instance_normalization(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                    rpr_error *err)
{
    (void)err;
    double epsilon = (double)rpr_node_float(n, "epsilon", 1e-5f);
    bool plane[RPR_MAX_RANK] = {true, true};
    rpr_iter inner = rpr_iter_axes(plane, false, RPR_VIEWS(in, out));
    for (rpr_iter it = rpr_iter_axes(plane, true, RPR_VIEWS(in, out)); it.more;
         rpr_iter_next(&it)) {
        int64_t c = it.index[1];
        normalize(in, out, &inner, it.at[0], it.at[1], moments_of(in, it.at[0], &inner), epsilon,
                  entry(&in[1], c), entry(&in[2], c));
    }
    return RPR_OK;
}

/* The axes that are normalised together: all from `axis` on. */
static int layer_axes(const rpr_node *n, int rank, bool *axes, int *axis, rpr_error *err)
{
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", -1), rank, axis, err));
    for (int d = 0; d < RPR_MAX_RANK; d++)
        axes[d] = d >= *axis;
    return RPR_OK;
}

int rpr_infer_layer_normalization(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *v;
    bool axes[RPR_MAX_RANK];
    int axis;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_FLOAT, &x, err));
    RPR_TRY(layer_axes(n, x->shape.rank, axes, &axis, err));
    for (int i = 1; i <= 2; i++) {
        if (!rpr_node_has(n, i))
            continue;
        RPR_TRY(rpr_need(g, n, i, RPR_TYPE(x->dtype), &v, err));
        int lead = x->shape.rank - v->shape.rank;
        bool fits = lead >= 0;
        for (int d = 0; fits && d < v->shape.rank; d++)
            fits = v->shape.dim[d] == 1 ||
                   (lead + d >= axis && v->shape.dim[d] == x->shape.dim[lead + d]);
        if (!fits)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "input %d does not broadcast", i);
    }
    rpr_shape s = x->shape, m = s;
    for (int d = axis; d < s.rank; d++)
        m.dim[d] = 1;
    for (int i = 1; i <= 2; i++)
        RPR_TRY(rpr_set_output(g, n, i, RPR_F32, m.rank, m.dim, err));
    return rpr_set_output(g, n, 0, x->dtype, s.rank, s.dim, err);
}

int rpr_eval_layer_normalization(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                 rpr_error *err)
{
    const double epsilon = (double)rpr_node_float(n, "epsilon", 1e-5f);
    bool axes[RPR_MAX_RANK];
    int axis;
    RPR_TRY(layer_axes(n, in->rank, axes, &axis, err));
    const rpr_view scale = rpr_view_broadcast(&in[1], in->rank, in->dim);
    const bool shifted = rpr_node_has(n, 2);
    const rpr_view shift = shifted ? rpr_view_broadcast(&in[2], in->rank, in->dim) : scale;
    const rpr_iter inner = rpr_iter_axes(axes, true, RPR_VIEWS(in, out, &scale, &shift));
    const rpr_view mean = has_output(n, 1) ? out[1] : (rpr_view){.data = NULL};
    const rpr_view inverse = has_output(n, 2) ? out[2] : (rpr_view){.data = NULL};
    for (rpr_iter it = rpr_iter_axes(axes, false, RPR_VIEWS(in, out, &mean, &inverse)); it.more;
         rpr_iter_next(&it)) {
        const moments m = moments_of(in, it.at[0], &inner);
        const double factor = 1 / sqrt(m.variance + epsilon);
        for (rpr_iter i = inner; i.more; rpr_iter_next(&i)) {
            double y = (rpr_load_f64(in, it.at[0] + i.at[0]) - m.mean) * factor;
            y = y * rpr_load_f64(&scale, i.at[2]) + (shifted ? rpr_load_f64(&shift, i.at[3]) : 0);
            rpr_store_f64(out, it.at[1] + i.at[1], y);
        }
        if (mean.data)
            rpr_store_f64(&mean, it.at[2], m.mean);
        if (inverse.data)
            rpr_store_f64(&inverse, it.at[3], factor);
    }
    return RPR_OK;
}
