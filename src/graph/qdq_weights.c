/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/qdq_weights.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"

/* The bias may be rounded by this much of an output's step. */
#define BIAS_ERROR 0.25
/* Scales are products that were rounded once or twice. */
#define SAME_SCALE 1e-6

static int64_t count_of(const rpr_qdq *q, int value)
{
    return rpr_shape_count(&q->f.g->value[value].shape);
}

static double element(const rpr_qdq *q, int value, int64_t i)
{
    const rpr_value *v = &q->f.g->value[value];
    switch (v->dtype) {
    case RPR_F32:
        return (double)((const float *)v->data)[i];
    case RPR_U8:
        return ((const uint8_t *)v->data)[i];
    case RPR_I8:
        return ((const int8_t *)v->data)[i];
    case RPR_I32:
        return ((const int32_t *)v->data)[i];
    default:
        return NAN;
    }
}

/** Element i of a vector, or the one number it is. */
static double at_channel(const rpr_qdq *q, int value, int64_t i)
{
    return value == RPR_NONE ? 0 : element(q, value, count_of(q, value) == 1 ? 0 : i);
}

static double scale_at(const rpr_qdq *q, const rpr_quant_weights *of, int64_t o)
{
    return (double)of->alpha * (double)of->x_scale * at_channel(q, of->scale, o);
}

/** One number, or a vector of the channels along the last axis. */
static bool bias_fits(const rpr_qdq *q, const rpr_quant_weights *of)
{
    int64_t count;
    if (of->bias == RPR_NONE)
        return true;
    if (!rpr_fuse_floats(&q->f, of->bias, &count))
        return false;
    const rpr_shape *s = rpr_fuse_shape(&q->f, of->bias);
    return count == 1 || (count == of->channels && s->dim[s->rank - 1] == count);
}

static bool sum_fits(const rpr_qdq *q, const rpr_quant_weights *of, int64_t o, double sum)
{
    double bias = (double)of->beta * at_channel(q, of->bias, o) / scale_at(q, of, o);
    return fabs(bias) + UINT8_MAX * sum + 1 < (double)INT32_MAX;
}

/** Walks the weights as [outer][channel][inner]. */
static bool weights_fit(const rpr_qdq *q, const rpr_quant_weights *of)
{
    const rpr_shape *s = rpr_fuse_shape(&q->f, of->w);
    int64_t inner = 1, outer = 1;
    for (int d = 0; d < s->rank; d++)
        *(d < of->axis ? &outer : &inner) *= d == of->axis ? 1 : s->dim[d];
    for (int64_t o = 0; o < of->channels; o++) {
        double zero = at_channel(q, of->zero, o), sum = 0;
        for (int64_t a = 0; a < outer; a++)
            for (int64_t i = 0; i < inner; i++) {
                double w = element(q, of->w, (a * of->channels + o) * inner + i) - zero;
                if (w < INT8_MIN || w > INT8_MAX)
                    return false;
                sum += fabs(w);
            }
        if (!sum_fits(q, of, o, sum))
            return false;
    }
    return true;
}

/** Parameters of the whole tensor, or one per channel of the axis. */
static bool is_along(const rpr_qdq *q, const rpr_node *n, int i, const rpr_quant_weights *of)
{
    if (!rpr_fuse_has(n, i))
        return true;
    const rpr_value *v = &q->f.g->value[n->in[i]];
    int64_t axis = rpr_node_int(n, "axis", 1), count = rpr_shape_count(&v->shape);
    if (axis < 0)
        axis += rpr_fuse_shape(&q->f, n->in[0])->rank;
    return v->is_const && v->data &&
           (count == 1 || (count == of->channels && axis == of->axis && v->shape.rank == 1));
}

bool rpr_qdq_read_weights(const rpr_qdq *q, int w, rpr_quant_weights *of)
{
    const rpr_value *value = q->f.g->value;
    const rpr_node *n = rpr_fuse_producer(&q->f, w);
    if (!n || !rpr_fuse_is(n, "DequantizeLinear") || !value[n->in[0]].is_const)
        return false;
    of->w = n->in[0];
    of->scale = n->in[1];
    of->zero = rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE;
    of->type = value[of->w].dtype;
    of->channels = value[of->w].shape.dim[of->axis];
    return (of->type == RPR_U8 || of->type == RPR_I8) && value[of->scale].dtype == RPR_F32 &&
           is_along(q, n, 1, of) && is_along(q, n, 2, of) && bias_fits(q, of) && weights_fit(q, of);
}

/** The i32 vector that the bias was dequantised from, if that had the product's scale. */
static int quantised_bias(const rpr_qdq *q, const rpr_quant_weights *of)
{
    const rpr_node *n = rpr_fuse_producer(&q->f, of->bias);
    if (!n || !rpr_fuse_is(n, "DequantizeLinear") || of->beta < 1 || of->beta > 1)
        return RPR_NONE;
    const rpr_value *b = &q->f.g->value[n->in[0]];
    if (!b->is_const || b->dtype != RPR_I32 || b->shape.rank != 1 ||
        b->shape.dim[0] != of->channels)
        return RPR_NONE;
    for (int64_t o = 0; o < of->channels; o++) {
        double want = scale_at(q, of, o), have = at_channel(q, n->in[1], o);
        if (!(fabs(have - want) <= SAME_SCALE * want))
            return RPR_NONE;
    }
    return n->in[0];
}

int rpr_qdq_make_bias(rpr_qdq *q, const char *name, const rpr_quant_weights *of, int *value,
                      bool *fits)
{
    *fits = true;
    *value = of->bias == RPR_NONE ? RPR_NONE : quantised_bias(q, of);
    if (of->bias == RPR_NONE || *value != RPR_NONE)
        return RPR_OK;
    int32_t *b = rpr_alloc_array((size_t)of->channels, sizeof *b);
    for (int64_t o = 0; b && o < of->channels; o++) {
        double scale = scale_at(q, of, o), x = (double)of->beta * at_channel(q, of->bias, o);
        double whole = rint(x / scale);
        bool fine = fabs(whole * scale - x) <= BIAS_ERROR * (double)of->y_scale;
        *fits = *fits && fine && fabs(whole) < (double)INT32_MAX;
        b[o] = *fits ? (int32_t)whole : 0;
    }
    if (b && !*fits) {
        rpr_free(b);
        return RPR_OK;
    }
    *value = rpr_qdq_new_const(q, name, "bias", RPR_I32, 1, of->channels, b);
    return *value == RPR_NONE ? rpr_fuse_nomem(&q->f) : RPR_OK;
}

int rpr_qdq_weights_zero(rpr_qdq *q, const rpr_quant_weights *of, int *value)
{
    *value = of->zero;
    if (of->zero == RPR_NONE)
        *value = rpr_qdq_new_const(q, q->f.g->value[of->scale].name, "zero", of->type, 0, 0,
                                   rpr_alloc(1));
    return *value == RPR_NONE ? rpr_fuse_nomem(&q->f) : RPR_OK;
}
