/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-layer equalisation (Nagel et al., ICCV 2019, section 4.1): between a convolution and those
 * that alone read its result, over what is positively homogeneous, a channel may be divided by any
 * s > 0 and the weights that read it multiplied. The paper balances ranges of weights. Here weights
 * have a scale for every output channel, so that the first layer's do not suffer from any s, and
 * activations are measured: s balances the range of the activation's channel with that of the
 * weights that read it. A depthwise layer's weights do not suffer either: then all channels get one
 * range.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

#define MOST_READERS 8
/* Channels whose values the sample hardly shows may have larger ones elsewhere. */
#define SMALLEST (1.0 / 32.0)

typedef struct pair {
    int from, to[MOST_READERS], n_to;
    double slope; /* of the activation between them, below 0 */
} pair;

static bool is(const rpr_node *n, const char *op)
{
    return strcmp(n->op, op) == 0;
}

/** All nodes that read a value are convolutions that round it. */
static bool find_readers(const qt_state *s, int value, pair *p)
{
    p->n_to = 0;
    for (size_t i = 0; i < s->g->n_node; i++) {
        const rpr_node *n = &s->g->node[i];
        for (int k = 0; k < n->n_in; k++) {
            if (n->in[k] != value)
                continue;
            if (k > 0 || !is(n, "Conv") || !s->node[i].weighted || s->node[i].kept ||
                p->n_to == MOST_READERS)
                return false;
            p->to[p->n_to++] = (int)i;
        }
    }
    return p->n_to > 0 && s->value[value].last < (int)s->g->n_node;
}

/** Steps over a node that alone reads the value and is homogeneous; RPR_NONE if it is not. */
static int step_over(const qt_state *s, int value, double *slope)
{
    const int i = s->value[value].last;
    if (i == RPR_NONE || i >= (int)s->g->n_node || rpr_graph_uses(s->g, value) != 1)
        return RPR_NONE;
    const rpr_node *n = &s->g->node[i];
    if (n->n_out != 1 || s->g->value[n->out[0]].shape.rank < 3)
        return RPR_NONE;
    if (is(n, "Relu"))
        *slope = 0.0;
    else if (is(n, "LeakyRelu") && rpr_node_float(n, "alpha", 0.01f) >= 0.0f)
        *slope *= (double)rpr_node_float(n, "alpha", 0.01f);
    else if (!is(n, "MaxPool") && !is(n, "AveragePool") && !is(n, "GlobalAveragePool"))
        return RPR_NONE;
    return n->out[0];
}

static bool find_pair(const qt_state *s, int n, pair *p)
{
    *p = (pair){.from = n, .slope = 1.0};
    if (!is(&s->g->node[n], "Conv") || !s->node[n].weighted || s->node[n].kept)
        return false;
    int v = s->g->node[n].out[0];
    while (v != RPR_NONE && !find_readers(s, v, p))
        v = step_over(s, v, &p->slope);
    return v != RPR_NONE;
}

/** Largest magnitude of every channel behind the activation. */
static void measure(const qt_state *s, const pair *p, double *most)
{
    const int v = s->g->node[p->from].out[0];
    int64_t outer, channels, inner;
    qt_channels(&s->g->value[v].shape, 1, &outer, &channels, &inner);
    for (size_t f = 0; f < s->n_frame; f++) {
        const float *x = (const float *)(const void *)s->exact[f * s->g->n_value + (size_t)v];
        for (int64_t o = 0; o < outer * channels; o++, x += inner) {
            double *m = &most[o % channels];
            for (int64_t i = 0; i < inner; i++) {
                const double y = x[i] < 0.0f ? -p->slope * (double)x[i] : (double)x[i];
                *m = y > *m ? y : *m;
            }
        }
    }
}

/** Largest weight of every input channel, as a share of the largest of its output channel. */
static int measure_weights(const qt_state *s, int n, double *most)
{
    int64_t count;
    const float *w = qt_weights(s, n, &count);
    double *row = rpr_alloc_array((size_t)s->node[n].channels, sizeof *row);
    if (!row)
        return qt_no_memory(s);
    for (int64_t i = 0; i < count; i++) {
        double *r = &row[qt_weight_out(s, n, i)];
        *r = fmax(*r, fabs((double)w[i]));
    }
    for (int64_t i = 0; i < count; i++) {
        const double r = row[qt_weight_out(s, n, i)];
        double *m = &most[qt_weight_in(s, n, i)];
        *m = fmax(*m, r > 0.0 ? fabs((double)w[i]) / r : 0.0);
    }
    rpr_free(row);
    return RPR_OK;
}

/** Every output of the layer depends on one input channel. */
static bool is_depthwise(const qt_state *s, int n)
{
    return s->g->value[s->g->node[n].in[1]].shape.dim[1] == 1;
}

/** From the ranges to the factors, which take the place of the activation's ranges. */
static void find_factors(const qt_state *s, const pair *p, double *range, const double *weights,
                         int64_t channels)
{
    double most = 0.0;
    bool depthwise = true;
    for (int k = 0; k < p->n_to; k++)
        depthwise = depthwise && is_depthwise(s, p->to[k]);
    for (int64_t c = 0; c < channels; c++)
        most = fmax(most, range[c]);
    for (int64_t c = 0; c < channels; c++) {
        const double share = most > 0.0 ? fmax(range[c] / most, SMALLEST) : 1.0;
        const double w = fmax(weights[c], SMALLEST);
        range[c] = depthwise ? share : sqrt(share / w);
    }
}

static void scale(qt_state *s, const pair *p, const double *factor)
{
    int64_t count;
    float *w = s->g->value[s->g->node[p->from].in[1]].data;
    float *bias = s->g->value[s->g->node[p->from].in[2]].data;
    (void)qt_weights(s, p->from, &count);
    for (int64_t i = 0; i < count; i++)
        w[i] = (float)((double)w[i] / factor[qt_weight_out(s, p->from, i)]);
    for (int64_t c = 0; c < s->node[p->from].channels; c++)
        bias[c] = (float)((double)bias[c] / factor[c]);
    for (int k = 0; k < p->n_to; k++) {
        w = s->g->value[s->g->node[p->to[k]].in[1]].data;
        (void)qt_weights(s, p->to[k], &count);
        for (int64_t i = 0; i < count; i++)
            w[i] = (float)((double)w[i] * factor[qt_weight_in(s, p->to[k], i)]);
    }
}

/** Runs the exact world and collects every pair's ranges: most[n] of node n, NULL of others. */
static int collect(qt_state *s, double **most)
{
    pair p;
    RPR_TRY(qt_open_worlds(s));
    RPR_TRY(qt_load_inputs(s));
    for (size_t n = 0; n < s->g->n_node; n++) {
        RPR_TRY(qt_run_exact(s, (int)n));
        if (find_pair(s, (int)n, &p)) {
            most[n] = rpr_alloc_array((size_t)s->node[n].channels, sizeof **most);
            if (!most[n])
                return qt_no_memory(s);
            measure(s, &p, most[n]);
        }
        qt_forget(s, (int)n);
        RPR_TRY(qt_tell(s, (double)(n + 1) / (double)s->g->n_node));
    }
    return RPR_OK;
}

static int apply(qt_state *s, int n, double *most)
{
    pair p;
    double *weights = rpr_alloc_array((size_t)s->node[n].channels, sizeof *weights);
    int status = weights ? RPR_OK : qt_no_memory(s);
    (void)find_pair(s, n, &p);
    for (int k = 0; status == RPR_OK && k < p.n_to; k++)
        status = measure_weights(s, p.to[k], weights);
    if (status == RPR_OK) {
        find_factors(s, &p, most, weights, s->node[n].channels);
        scale(s, &p, most);
        s->equalised += p.n_to;
    }
    rpr_free(weights);
    return status;
}

int qt_equalise(qt_state *s)
{
    double **most = rpr_alloc_array(s->g->n_node, sizeof(double *));
    int status = most ? collect(s, most) : qt_no_memory(s);
    qt_close_worlds(s);
    for (size_t n = 0; status == RPR_OK && n < s->g->n_node; n++)
        if (most[n])
            status = apply(s, (int)n, most[n]);
    for (size_t n = 0; status == RPR_OK && n < s->g->n_node; n++)
        if (s->node[n].weighted) {
            qt_runner_close(&s->node[n].exact);
            status = qt_runner_open(&s->node[n].exact, s->g, &s->g->node[n], NULL, NULL, s->err);
        }
    for (size_t n = 0; most && n < s->g->n_node; n++)
        rpr_free(most[n]);
    rpr_free(most);
    return status;
}
