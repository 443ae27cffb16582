/* SPDX-License-Identifier: Apache-2.0 */
/* Scaling and shifting the result of a weighted node by changing its weights and bias. */
#include <string.h>

#include "graph/fuse.h"

static bool is_conv(const rpr_node *n)
{
    return rpr_fuse_is(n, "Conv") || rpr_fuse_is(n, "ConvTranspose");
}

/** The bias is absent, or a constant that is the same for every row of the result. */
static bool bias_fits(const rpr_fuse *f, const rpr_node *n, int64_t channels)
{
    int64_t count;
    if (!rpr_fuse_has(n, 2))
        return true;
    if (!rpr_fuse_floats(f, n->in[2], &count))
        return false;
    const rpr_shape *s = rpr_fuse_shape(f, n->in[2]);
    return count == 1 || (count == channels && s->dim[s->rank - 1] == channels);
}

/** The output channels are where scale_weights looks for them. */
static bool weights_fit(const rpr_node *n, const rpr_shape *s, int64_t channels)
{
    if (rpr_fuse_is(n, "Conv"))
        return s->rank >= 3 && s->dim[0] == channels;
    if (rpr_fuse_is(n, "ConvTranspose")) {
        int64_t group = rpr_node_int(n, "group", 1);
        return s->rank >= 3 && group > 0 && s->dim[0] % group == 0 && channels % group == 0 &&
               s->dim[1] == channels / group;
    }
    return s->rank == 2 && s->dim[rpr_node_int(n, "transB", 0) ? 0 : 1] == channels;
}

bool rpr_fuse_weighted(const rpr_fuse *f, const rpr_node *n, rpr_weighted *w)
{
    int64_t count;
    bool matmul = rpr_fuse_is(n, "MatMul");
    if (!(is_conv(n) || rpr_fuse_is(n, "Gemm") || matmul) || !rpr_act_is_none(&n->act) ||
        !rpr_fuse_has(n, 0) || !rpr_fuse_has(n, 1) || !rpr_fuse_floats(f, n->in[1], &count) ||
        count == 0)
        return false;
    const rpr_shape *out = rpr_fuse_shape(f, n->out[0]);
    w->axis = is_conv(n) ? 1 : out->rank - 1;
    if (w->axis < 0 || w->axis >= out->rank)
        return false;
    w->channels = out->dim[w->axis];
    return weights_fit(n, rpr_fuse_shape(f, n->in[1]), w->channels) &&
           (matmul || bias_fits(f, n, w->channels));
}

bool rpr_fuse_shiftable(const rpr_fuse *f, const rpr_node *n)
{
    return !rpr_fuse_is(n, "MatMul") ||
           (rpr_fuse_shape(f, n->in[0])->rank == 2 && rpr_fuse_can_retype(f, "Gemm", n->opset));
}

/* Weights are seen as [outer][channel][inner]: each channel's are runs of `inner` floats. */
static void scale_runs(float *w, int64_t outer, int64_t channels, int64_t inner,
                       const double *scale)
{
    for (int64_t o = 0; o < outer; o++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < inner; i++, w++)
                *w = (float)((double)*w * scale[c]);
}

static int scale_weights(rpr_fuse *f, rpr_node *n, int64_t channels, const double *scale)
{
    const rpr_shape s = *rpr_fuse_shape(f, n->in[1]);
    int64_t count = rpr_shape_count(&s);
    float *w = rpr_fuse_own(f, n, 1);
    if (!w)
        return rpr_fuse_nomem(f);
    if (rpr_fuse_is(n, "ConvTranspose")) { /* [input channels][outputs of the group][window] */
        int64_t group = rpr_node_int(n, "group", 1), block = count / group;
        int64_t inner = count / (s.dim[0] * s.dim[1]);
        for (int64_t g = 0; g < group; g++)
            scale_runs(w + g * block, s.dim[0] / group, s.dim[1], inner, scale + g * s.dim[1]);
    } else if (is_conv(n) || rpr_node_int(n, "transB", 0)) {
        scale_runs(w, 1, channels, count / channels, scale);
    } else {
        scale_runs(w, count / channels, channels, 1, scale);
    }
    return RPR_OK;
}

static bool is_identity(const double *v, int64_t n, double neutral)
{
    for (int64_t i = 0; i < n; i++)
        if (v[i] < neutral || v[i] > neutral)
            return false;
    return true;
}

/** bias = scale * beta * bias + shift, beta being Gemm's factor. */
static int shift_bias(rpr_fuse *f, rpr_node *n, int64_t channels, const double *scale,
                      const double *shift)
{
    int64_t count = 0;
    bool gemm = rpr_fuse_is(n, "Gemm");
    double beta = gemm ? (double)rpr_node_float(n, "beta", 1.0f) : 1.0;
    int old = rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE;
    float *bias = rpr_fuse_new_vector(f, n, 2, "bias", channels);
    if (!bias)
        return rpr_fuse_nomem(f);
    const float *from = rpr_fuse_floats(f, old, &count);
    for (int64_t c = 0; c < channels; c++) {
        double b = from ? beta * (double)from[count == 1 ? 0 : c] : 0.0;
        bias[c] = (float)(scale[c] * b + shift[c]);
    }
    if (gemm && rpr_node_attr(n, "beta") && rpr_node_set_float(n, "beta", 1.0f) != RPR_OK)
        return rpr_fuse_nomem(f);
    return RPR_OK;
}

int rpr_fuse_scale(rpr_fuse *f, rpr_node *n, const rpr_weighted *w, const double *scale,
                   const double *shift)
{
    bool shifts = !is_identity(shift, w->channels, 0.0);
    bool scales = !is_identity(scale, w->channels, 1.0);
    if (scales)
        RPR_TRY(scale_weights(f, n, w->channels, scale));
    if (shifts && rpr_fuse_is(n, "MatMul"))
        RPR_TRY(rpr_fuse_retype(f, n, "Gemm", n->opset));
    if (shifts || (scales && rpr_fuse_has(n, 2)))
        RPR_TRY(shift_bias(f, n, w->channels, scale, shift));
    return RPR_OK;
}
