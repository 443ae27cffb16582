/* SPDX-License-Identifier: Apache-2.0 */
/* How much every layer costs: the error of the outputs with that layer alone in 8 bits. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

#define FRAMES 3

/** One frame, of which all exact values are kept; `mine` are those that differ from them. */
typedef struct alone {
    qt_state *s;
    char **mine;
    char *room; /* for a rounded input */
} alone;

static const char *value_of(const alone *a, int v)
{
    return a->mine[v] ? a->mine[v] : a->s->exact[v];
}

static int make(alone *a, int v)
{
    if (!a->mine[v])
        a->mine[v] = rpr_alloc(qt_count(a->s, v) * sizeof(double) + 64);
    return a->mine[v] ? RPR_OK : qt_no_memory(a->s);
}

static int run(alone *a, int n, qt_runner *r)
{
    const rpr_node *node = &a->s->g->node[n];
    char *in[64], *out[64];
    for (int i = 0; i < r->n_in; i++)
        in[i] = (char *)(uintptr_t)value_of(a, r->in[i]);
    if (r == &a->s->node[n].rough)
        in[0] = a->room;
    for (int k = 0, i = 0; k < node->n_out; k++)
        if (node->out[k] != RPR_NONE) {
            RPR_TRY(make(a, node->out[k]));
            out[i++] = a->mine[node->out[k]];
        }
    return qt_runner_run(r, in, out, a->s->err);
}

static void round_value(const qt_state *s, int v, const char *from, char *to)
{
    qt_round(s->class[s->value[v].class].p, (const float *)(const void *)from, (float *)(void *)to,
             qt_count(s, v));
}

/** Runs the layer on its rounded input, and everything that depends on it as it is. */
static int run_from(alone *a, int layer)
{
    const qt_state *s = a->s;
    const rpr_node *first = &s->g->node[layer];
    const int x = first->in[0];
    int pending = first->out[0]; /* to be rounded, behind what is absorbed if need be */
    round_value(s, x, s->exact[x], a->room);
    RPR_TRY(run(a, layer, &a->s->node[layer].rough));
    for (int n = layer;;) {
        const rpr_node *node = &s->g->node[n];
        if (node->out[0] == pending && s->value[pending].class != RPR_NONE) {
            round_value(s, pending, a->mine[pending], a->mine[pending]);
            pending = RPR_NONE;
        }
        bool reads = false;
        while (!reads && ++n < (int)s->g->n_node) {
            node = &s->g->node[n];
            for (int k = 0; k < node->n_in; k++)
                reads = reads || (node->in[k] != RPR_NONE && a->mine[node->in[k]]);
        }
        if (!reads)
            return RPR_OK;
        if (pending != RPR_NONE && node->in[0] == pending)
            pending = node->out[0];
        RPR_TRY(run(a, n, &a->s->node[n].exact));
    }
}

static void add_error(const alone *a, double *difference)
{
    const qt_state *s = a->s;
    for (size_t o = 0; o < s->n_out; o++) {
        const int v = s->g->output[o];
        const float *exact = (const float *)(const void *)s->exact[v];
        const float *mine = (const float *)(const void *)a->mine[v];
        if (!mine || s->g->value[v].dtype != RPR_F32)
            continue;
        for (size_t k = 0; k < qt_count(s, v); k++)
            difference[o] +=
                ((double)mine[k] - (double)exact[k]) * ((double)mine[k] - (double)exact[k]);
    }
}

static void clear(alone *a)
{
    for (size_t v = 0; v < a->s->g->n_value; v++) {
        rpr_free(a->mine[v]);
        a->mine[v] = NULL;
    }
}

static int measure_layer(alone *a, int n, double *difference)
{
    const int x = a->s->g->node[n].in[0];
    a->room = rpr_alloc(qt_count(a->s, x) * sizeof(float) + 64);
    int status = a->room ? run_from(a, n) : qt_no_memory(a->s);
    if (status == RPR_OK)
        add_error(a, difference);
    clear(a);
    rpr_free(a->room);
    return status;
}

/** Adds one frame: cost[node * outputs + output], squares. */
static int measure_frame(alone *a, double *cost, double done, double share)
{
    qt_state *s = a->s;
    RPR_TRY(qt_open_worlds(s));
    RPR_TRY(qt_load_inputs(s));
    for (size_t n = 0; n < s->g->n_node; n++)
        RPR_TRY(qt_run_exact(s, (int)n));
    for (size_t o = 0; o < s->n_out; o++) {
        const int v = s->g->output[o];
        const float *x = (const float *)(const void *)s->exact[v];
        for (size_t k = 0; s->g->value[v].dtype == RPR_F32 && k < qt_count(s, v); k++)
            s->reference[o] += (double)x[k] * (double)x[k];
    }
    for (size_t n = 0; n < s->g->n_node; n++) {
        if (s->node[n].weighted && s->node[n].rounded)
            RPR_TRY(measure_layer(a, (int)n, cost + n * s->n_out));
        RPR_TRY(qt_tell(s, done + share * (double)(n + 1) / (double)s->g->n_node));
    }
    return RPR_OK;
}

/** cost becomes a share of the outputs' squares. */
static void conclude(qt_state *s, double *cost)
{
    for (size_t n = 0; n < s->g->n_node; n++) {
        double worst = 0.0;
        for (size_t o = 0; o < s->n_out; o++) {
            double *c = &cost[n * s->n_out + o];
            *c /= s->reference[o] + 1e-300;
            worst = fmax(worst, *c);
        }
        if (s->node[n].weighted && s->node[n].rounded)
            s->node[n].alone = sqrt(worst);
    }
}

int qt_alone(qt_state *s, double *cost)
{
    size_t *const all = s->frame, n_all = s->n_frame, n = n_all < FRAMES ? n_all : FRAMES;
    alone a = {.s = s, .mine = rpr_alloc_array(s->g->n_value, sizeof(char *))};
    int status = a.mine ? RPR_OK : qt_no_memory(s);
    for (size_t o = 0; o < s->n_out; o++)
        s->reference[o] = 0.0;
    s->n_frame = 1;
    for (size_t i = 0; status == RPR_OK && i < n; i++) {
        s->frame = &all[n > 1 ? i * (n_all - 1) / (n - 1) : 0];
        status = measure_frame(&a, cost, (double)i / (double)n, 1.0 / (double)n);
        qt_close_worlds(s);
    }
    s->frame = all;
    s->n_frame = n_all;
    rpr_free(a.mine);
    if (status == RPR_OK)
        conclude(s, cost);
    return status;
}
