/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sweep over the nodes, all frames at each, in both worlds. A layer's weights are rounded when
 * its inputs are there; then the mean by which its outputs are off, over all frames, is taken from
 * its bias (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction",
 * ICCV 2019, section 4.2, with measured means); then its output's range is found and rounded to. So
 * every layer meets the errors of all before it.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

static bool from_rounded(const qt_state *s, int value)
{
    const int p = s->g->value[value].producer;
    return p != RPR_NONE && s->node[p].rounded;
}

/** Finds what a value's class needs, and rounds it where it is known. */
static int settle(qt_state *s, int v, bool moved)
{
    const int class = s->value[v].class;
    const size_t n_value = s->g->n_value, count = qt_count(s, v);
    if (class == RPR_NONE)
        return RPR_OK;
    qt_class *c = &s->class[class];
    if (c->value == v && !c->known) {
        RPR_TRY(qt_find_params(s, s->exact + v, n_value, count, s->g->value[v].name, &c->p));
        c->known = true;
    }
    const bool apart = c->known && !from_rounded(s, v);
    if (apart)
        RPR_TRY(qt_make_room(s, s->rounded, v));
    for (size_t f = 0; f < s->n_frame; f++) {
        char **rough = &s->rough[f * n_value + (size_t)v];
        char **rounded = &s->rounded[f * n_value + (size_t)v];
        if (!apart)
            *rounded = *rough;
        if (c->known && !moved)
            qt_round(c->p, (const float *)(const void *)*rough, (float *)(void *)*rounded, count);
    }
    return RPR_OK;
}

/* ------------------------------------------------------------------ layers */

/** Mean square of a layer's input by channel, about its mean if the bias is corrected. */
static float *find_moment(qt_state *s, int n)
{
    const int v = s->g->node[n].in[0];
    const int axis = strcmp(s->g->node[n].op, "Conv") == 0 ? 1 : s->g->value[v].shape.rank - 1;
    int64_t outer, channels, inner;
    qt_channels(&s->g->value[v].shape, axis, &outer, &channels, &inner);
    float *moment = rpr_alloc_array((size_t)channels, sizeof *moment);
    const double count = (double)(outer * inner) * (double)s->n_frame;
    for (int64_t c = 0; moment && c < channels; c++) {
        double sum = 0.0, square = 0.0;
        for (size_t f = 0; f < s->n_frame; f++)
            for (int64_t o = 0; o < outer; o++) {
                const float *x =
                    (const float *)(const void *)s->exact[f * s->g->n_value + (size_t)v] +
                    (o * channels + c) * inner;
                for (int64_t i = 0; i < inner; i++) {
                    sum += (double)x[i];
                    square += (double)x[i] * (double)x[i];
                }
            }
        const double mean = s->correct_bias ? sum / count : 0.0;
        moment[c] = (float)(fmax(square / count - mean * mean, 0.0) + 1e-12);
    }
    return moment;
}

static int round_layer(qt_state *s, int n)
{
    const rpr_node *node = &s->g->node[n];
    qt_node *q = &s->node[n];
    int64_t count;
    (void)qt_weights(s, n, &count);
    float *moment = find_moment(s, n), *rough = rpr_alloc_array((size_t)count, sizeof *rough);
    int status = moment && rough ? qt_round_weights(s, n, moment, rough) : qt_no_memory(s);
    if (status == RPR_OK) {
        const float *bias = node->n_in > 2 ? s->g->value[node->in[2]].data : NULL;
        for (int64_t o = 0; o < q->channels; o++)
            q->bias[o] = bias ? bias[o] : 0.0f;
        qt_runner_close(&q->rough);
        status = qt_runner_open(&q->rough, s->g, node, rough, NULL, s->err);
    }
    rpr_free(moment);
    rpr_free(rough);
    return status;
}

/** Sum over all frames of exact - rough in one channel. */
static double sum_off(const qt_state *s, int v, int64_t outer, int64_t channels, int64_t inner,
                      int64_t c)
{
    double sum = 0.0;
    for (size_t f = 0; f < s->n_frame; f++)
        for (int64_t o = 0; o < outer; o++) {
            const size_t at = f * s->g->n_value + (size_t)v;
            const int64_t first = (o * channels + c) * inner;
            const float *exact = (const float *)(const void *)s->exact[at] + first;
            const float *rough = (const float *)(const void *)s->rough[at] + first;
            for (int64_t i = 0; i < inner; i++)
                sum += (double)exact[i] - (double)rough[i];
        }
    return sum;
}

static void correct_bias(qt_state *s, int n)
{
    const int v = s->g->node[n].out[0];
    int64_t outer, channels, inner;
    qt_channels(&s->g->value[v].shape, qt_channel_axis(s, n), &outer, &channels, &inner);
    for (int64_t c = 0; c < channels; c++) {
        const double sum = sum_off(s, v, outer, channels, inner, c);
        const float by = (float)(sum / ((double)(outer * inner) * (double)s->n_frame));
        if (!isfinite(by))
            continue;
        s->node[n].bias[c] += by;
        for (size_t f = 0; f < s->n_frame; f++)
            for (int64_t o = 0; o < outer; o++) {
                float *x = (float *)(void *)s->rough[f * s->g->n_value + (size_t)v] +
                           (o * channels + c) * inner;
                for (int64_t i = 0; i < inner; i++)
                    x[i] += by;
            }
    }
}

/* ------------------------------------------------------------------- sweep */

static int run_rough(qt_state *s, int n)
{
    const rpr_node *node = &s->g->node[n];
    const bool layer = s->node[n].weighted && s->node[n].rounded;
    qt_runner *r = layer ? &s->node[n].rough : &s->node[n].exact;
    char *in[64], *out[64];
    for (int k = 0; k < node->n_out; k++)
        if (node->out[k] != RPR_NONE)
            RPR_TRY(qt_make_room(s, s->rough, node->out[k]));
    for (size_t f = 0; f < s->n_frame; f++) {
        const size_t at = f * s->g->n_value;
        for (int i = 0; i < r->n_in; i++)
            in[i] = qt_reads_rounded(s, n, r->in[i]) ? s->rounded[at + (size_t)r->in[i]]
                                                     : s->rough[at + (size_t)r->in[i]];
        for (int k = 0, i = 0; k < node->n_out; k++)
            if (node->out[k] != RPR_NONE)
                out[i++] = s->rough[at + (size_t)node->out[k]];
        RPR_TRY(qt_runner_run(r, in, out, s->err));
    }
    return RPR_OK;
}

static int sweep_node(qt_state *s, int n)
{
    const rpr_node *node = &s->g->node[n];
    const bool layer = s->node[n].weighted && s->node[n].rounded;
    RPR_TRY(qt_run_exact(s, n));
    if (layer)
        RPR_TRY(round_layer(s, n));
    RPR_TRY(run_rough(s, n));
    if (layer && s->correct_bias && strcmp(node->op, "MatMul") != 0)
        correct_bias(s, n);
    /* What moves rounded values gives rounded values. */
    const bool moved = s->node[n].rounded && qt_is_mover(node) &&
                       s->value[node->in[0]].class != RPR_NONE &&
                       s->class[s->value[node->in[0]].class].known;
    for (int k = 0; k < node->n_out; k++)
        if (node->out[k] != RPR_NONE)
            RPR_TRY(settle(s, node->out[k], moved));
    qt_forget(s, n);
    return RPR_OK;
}

static int begin(qt_state *s)
{
    RPR_TRY(qt_roles(s));
    RPR_TRY(qt_open_worlds(s));
    RPR_TRY(qt_load_inputs(s));
    for (size_t i = 0; i < s->n_in; i++) {
        const int v = s->g->input[i];
        RPR_TRY(qt_make_room(s, s->rough, v));
        for (size_t f = 0; f < s->n_frame; f++) {
            const size_t at = f * s->g->n_value + (size_t)v;
            memcpy(s->rough[at], s->exact[at], qt_count(s, v) * sizeof(float));
        }
        RPR_TRY(settle(s, v, false));
    }
    return RPR_OK;
}

static void compare(qt_state *s)
{
    for (size_t i = 0; i < s->n_out; i++) {
        const int v = s->g->output[i];
        s->difference[i] = s->reference[i] = 0.0;
        for (size_t f = 0; f < s->n_frame; f++) {
            const size_t at = f * s->g->n_value + (size_t)v;
            const float *a = (const float *)(const void *)s->exact[at];
            const float *b =
                (const float *)(const void *)(s->value[v].class != RPR_NONE && from_rounded(s, v)
                                                  ? s->rounded[at]
                                                  : s->rough[at]);
            if (s->g->value[v].dtype != RPR_F32)
                continue;
            for (size_t k = 0; k < qt_count(s, v); k++) {
                const double d = (double)b[k] - (double)a[k];
                s->difference[i] += d * d;
                s->reference[i] += (double)a[k] * (double)a[k];
            }
        }
    }
}

int qt_sweep(qt_state *s)
{
    int status = begin(s);
    for (size_t n = 0; status == RPR_OK && n < s->g->n_node; n++) {
        status = sweep_node(s, (int)n);
        if (status == RPR_OK)
            status = qt_tell(s, (double)(n + 1) / (double)s->g->n_node);
    }
    if (status == RPR_OK)
        compare(s);
    qt_close_worlds(s);
    return status;
}

double qt_error(const qt_state *s)
{
    double worst = 0.0;
    for (size_t i = 0; i < s->n_out; i++)
        if (s->difference[i] > 0.0)
            worst = fmax(worst, sqrt(s->difference[i] / (s->reference[i] + 1e-300)));
    return worst;
}
