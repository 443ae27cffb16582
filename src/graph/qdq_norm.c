/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BatchNormalization between DequantizeLinear and QuantizeLinear: y = scale x + shift, by channel.
 * That is a depthwise QLinearConv of one tap, whose weights have a scale for every channel: any
 * weight is exact by its scale, and of those that are large the one is taken with which the bias is
 * rounded least.
 */
#include <math.h>

#include "core/alloc.h"
#include "graph/qdq.h"

#define MOST_WEIGHT 127
#define LEAST_WEIGHT 64
#define MOST_BIAS 0x1p29 /* leaves room for the zero point and for the product */
#define BIAS_ERROR 0.25  /* steps of the output */

typedef struct rpr_norm {
    int node, store; /* nodes */
    int x;           /* u8 */
    rpr_quant_params from, to;
    int64_t channels;
    double *scale, *shift; /* owned */
} rpr_norm;

static bool read_node(const rpr_qdq *q, const rpr_node *n, rpr_norm *m)
{
    if (!rpr_fuse_is(n, "BatchNormalization") || !rpr_fuse_has(n, 0) || !rpr_act_is_none(&n->act))
        return false;
    m->x = rpr_qdq_source(q, n->in[0], &m->from);
    const rpr_shape *s = rpr_fuse_shape(&q->f, n->in[0]);
    m->channels = s->rank > 1 ? s->dim[1] : 0;
    return m->x != RPR_NONE && (s->rank == 3 || s->rank == 4) && m->channels > 0;
}

/** The constants of the product. */
typedef struct rpr_norm_data {
    int8_t *w;
    float *scale;
    int32_t *bias;
} rpr_norm_data;

/** What a weight of that magnitude makes of a channel: returns by how much the shift is off. */
static double try_weight(const rpr_norm *m, int64_t c, int weight, const rpr_norm_data *to)
{
    const double x = (double)m->from.scale_value;
    double step = fmax(fabs(m->scale[c]) / weight, fabs(m->shift[c]) / x / MOST_BIAS);
    step = step > 0 ? step : 1; /* nothing but zeros */
    to->scale[c] = (float)step;
    if (!isnormal(to->scale[c]))
        return (double)INFINITY;
    const double unit = x * (double)to->scale[c], bias = rint(m->shift[c] / unit);
    to->w[c] = (int8_t)fmin(fmax(rint(m->scale[c] / step), -weight), weight);
    to->bias[c] = (int32_t)fmin(fmax(bias, -2 * MOST_BIAS), 2 * MOST_BIAS);
    return fabs((double)to->bias[c] * unit - m->shift[c]);
}

/** With the weight of the best bias. False if a number is out of range, or all are too coarse. */
static bool round_channel(const rpr_norm *m, int64_t c, const rpr_norm_data *to)
{
    double least = (double)INFINITY;
    int best = MOST_WEIGHT;
    if (!isfinite(m->scale[c]) || !isfinite(m->shift[c]))
        return false;
    for (int weight = MOST_WEIGHT; weight >= LEAST_WEIGHT; weight--) {
        const double off = try_weight(m, c, weight, to);
        best = off < least ? weight : best;
        least = off < least ? off : least;
    }
    return try_weight(m, c, best, to) <= BIAS_ERROR * (double)m->to.scale_value;
}

static bool round_channels(const rpr_norm *m, const rpr_norm_data *to)
{
    bool fine = true;
    for (int64_t c = 0; c < m->channels && fine; c++)
        fine = round_channel(m, c, to);
    return fine;
}

static void free_data(rpr_norm_data *d)
{
    rpr_free(d->w);
    rpr_free(d->scale);
    rpr_free(d->bias);
}

/** Weights [channels][1][1 ...]; takes the data over. */
static int make_inputs(rpr_qdq *q, const rpr_norm *m, const rpr_norm_data *d, int in[9])
{
    rpr_graph *g = q->f.g;
    const char *name = g->node[m->node].name;
    const int rank = g->value[m->x].shape.rank;
    in[3] = rpr_qdq_new_const(q, name, "weights", RPR_I8, 1, m->channels, d->w);
    in[4] = rpr_qdq_new_const(q, name, "scales", RPR_F32, 1, m->channels, d->scale);
    in[5] = rpr_qdq_new_const(q, name, "none", RPR_I8, 0, 0, rpr_alloc(1));
    in[8] = rpr_qdq_new_const(q, name, "bias", RPR_I32, 1, m->channels, d->bias);
    if (in[3] == RPR_NONE || in[4] == RPR_NONE || in[5] == RPR_NONE || in[8] == RPR_NONE)
        return rpr_fuse_nomem(&q->f);
    rpr_shape *s = &g->value[in[3]].shape;
    for (s->rank = 1; s->rank < rank; s->rank++)
        s->dim[s->rank] = 1;
    in[0] = m->x;
    in[1] = m->from.scale;
    in[6] = m->to.scale;
    RPR_TRY(rpr_qdq_zero(q, &m->from, &in[2]));
    return rpr_qdq_zero(q, &m->to, &in[7]);
}

static int replace(rpr_qdq *q, const rpr_norm *m, const rpr_norm_data *d)
{
    int in[9];
    RPR_TRY(make_inputs(q, m, d, in));
    rpr_node *n = &q->f.g->node[m->node];
    for (size_t i = 0; i < n->n_attr; i++)
        rpr_attr_clear(&n->attr[i]);
    n->n_attr = 0;
    if (rpr_node_set_int(n, "group", m->channels) != RPR_OK)
        return rpr_fuse_nomem(&q->f);
    RPR_TRY(rpr_qdq_retype(q, n, "", "QLinearConv", 10));
    RPR_TRY(rpr_qdq_set_inputs(q, n, in, 9));
    return rpr_qdq_take_over(q, m->node, m->store);
}

static int convert(rpr_qdq *q, const rpr_norm *m)
{
    const size_t count = (size_t)m->channels;
    rpr_norm_data d = {.w = rpr_alloc_array(count, sizeof *d.w),
                       .scale = rpr_alloc_array(count, sizeof *d.scale),
                       .bias = rpr_alloc_array(count, sizeof *d.bias)};
    const bool room = d.w && d.scale && d.bias;
    if (room && round_channels(m, &d))
        return replace(q, m, &d);
    free_data(&d);
    return room ? RPR_OK : rpr_fuse_nomem(&q->f);
}

int rpr_qdq_norms(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    int status = RPR_OK;
    for (size_t i = 0; i < q->n_old && status == RPR_OK; i++) {
        rpr_norm m = {.store = (int)i};
        const rpr_node *store = &g->node[i];
        if (!rpr_fuse_is(store, "QuantizeLinear") || !rpr_qdq_params(q, store, &m.to))
            continue;
        const rpr_node *n = rpr_qdq_stored(q, store);
        if (!n || !read_node(q, n, &m))
            continue;
        m.node = (int)(n - g->node);
        m.scale = rpr_alloc_array((size_t)m.channels, sizeof *m.scale);
        m.shift = rpr_alloc_array((size_t)m.channels, sizeof *m.shift);
        if (!m.scale || !m.shift)
            status = rpr_fuse_nomem(&q->f);
        else if (rpr_fuse_norm(&q->f, n, m.channels, m.scale, m.shift))
            status = convert(q, &m);
        rpr_free(m.scale);
        rpr_free(m.shift);
    }
    return status;
}
