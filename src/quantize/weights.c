/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights to [-127, 127], a scale for every output channel: the one of the smallest expected error
 * of the output, that is with every weight's error taken as often as its input varies.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

#define STEPS 30
#define SMALLEST 0.7 /* share of the largest weight that clipping leaves */

const float *qt_weights(const qt_state *s, int n, int64_t *count)
{
    const rpr_value *w = &s->g->value[s->g->node[n].in[1]];
    *count = rpr_shape_count(&w->shape);
    return w->data;
}

int64_t qt_weight_out(const qt_state *s, int n, int64_t i)
{
    const rpr_shape *w = &s->g->value[s->g->node[n].in[1]].shape;
    const int64_t row = rpr_shape_count(w) / w->dim[0];
    return s->node[n].axis == 0 ? i / row : i % w->dim[1];
}

int64_t qt_weight_in(const qt_state *s, int n, int64_t i)
{
    const rpr_node *node = &s->g->node[n];
    const rpr_shape *w = &s->g->value[node->in[1]].shape;
    const int64_t row = rpr_shape_count(w) / w->dim[0];
    if (strcmp(node->op, "Conv") != 0)
        return s->node[n].axis == 0 ? i % row : i / w->dim[1];
    const int64_t outputs = w->dim[0] / rpr_node_int(node, "group", 1); /* of a group */
    return i / row / outputs * w->dim[1] + i % row / (row / w->dim[1]);
}

static float clamp(float q)
{
    return q < -127.0f ? -127.0f : q > 127.0f ? 127.0f : q;
}

/** Where the weights of one output channel lie. */
typedef struct channel {
    int64_t first, step, count;
} channel;

static channel channel_of(const qt_state *s, int n, int64_t o)
{
    const rpr_shape *w = &s->g->value[s->g->node[n].in[1]].shape;
    const int64_t all = rpr_shape_count(w), count = all / s->node[n].channels;
    return s->node[n].axis == 0 ? (channel){.first = o * count, .step = 1, .count = count}
                                : (channel){.first = o, .step = w->dim[1], .count = count};
}

static double error_of(const qt_state *s, int n, const float *w, const float *moment, channel c,
                       float scale)
{
    double sum = 0.0;
    for (int64_t k = 0, i = c.first; k < c.count; k++, i += c.step) {
        const double e = (double)w[i] - (double)(clamp(rintf(w[i] / scale)) * scale);
        sum += e * e * (moment ? (double)moment[qt_weight_in(s, n, i)] : 1.0);
    }
    return sum;
}

/** The scale may not be below least_scale. */
static float find_scale(const qt_state *s, int n, const float *w, const float *moment, channel c,
                        float least_scale)
{
    float most = 0.0f;
    for (int64_t k = 0, i = c.first; k < c.count; k++, i += c.step)
        most = fmaxf(most, fabsf(w[i]));
    float best = most / 127.0f;
    if (!(best > least_scale) || !isfinite(1.0f / best))
        return least_scale > 0.0f && isfinite(1.0f / least_scale) ? least_scale : 1.0f;
    if (s->ranges == RPR_RANGES_MINMAX)
        return best;
    double least = error_of(s, n, w, moment, c, best);
    for (int i = 1; i <= STEPS; i++) {
        const float scale = most / 127.0f * (float)(1.0 - (1.0 - SMALLEST) * i / STEPS);
        const double e = error_of(s, n, w, moment, c, scale);
        if (e < least && scale > least_scale) {
            least = e;
            best = scale;
        }
    }
    return best;
}

/**
 * The bias is an integer of 32 bits, in steps of the input's scale times the weights'. Channels of
 * next to no weights, which pruning leaves, get a scale in which it fits.
 */
static float least_scale(const qt_state *s, int n, int64_t o)
{
    const rpr_node *node = &s->g->node[n];
    const float *bias = node->n_in > 2 ? s->g->value[node->in[2]].data : NULL;
    const int class = s->value[node->in[0]].class;
    return bias && class != RPR_NONE ? fabsf(bias[o]) / s->class[class].p.scale * 0x1p-28f : 0.0f;
}

int qt_round_weights(qt_state *s, int n, const float *moment, float *rough)
{
    qt_node *q = &s->node[n];
    int64_t count;
    const float *w = qt_weights(s, n, &count);
    if (!q->w) {
        q->w = rpr_alloc((size_t)count);
        q->scale = rpr_alloc_array((size_t)q->channels, sizeof *q->scale);
        q->bias = rpr_alloc_array((size_t)q->channels, sizeof *q->bias);
        if (!q->w || !q->scale || !q->bias)
            return qt_no_memory(s);
    }
    for (int64_t o = 0; o < q->channels; o++) {
        const channel c = channel_of(s, n, o);
        q->scale[o] = find_scale(s, n, w, moment, c, least_scale(s, n, o));
        for (int64_t k = 0, i = c.first; k < c.count; k++, i += c.step) {
            if (!isfinite(w[i]))
                return rpr_fail(s->err, RPR_ERR_NONFINITE, "node '%s' (%s): a weight is not finite",
                                s->g->node[n].name, s->g->node[n].op);
            q->w[i] = (int8_t)clamp(rintf(w[i] / q->scale[o]));
            rough[i] = (float)q->w[i] * q->scale[o];
        }
    }
    return RPR_OK;
}
