/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/net.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "trace/macs.h"

void sim_net_free(sim_net *net)
{
    rpr_free(net->input);
    rpr_free(net->layer);
    *net = (sim_net){0};
}

sim_layer sim_fc(const char *name, int32_t ci, int32_t co)
{
    const rpr_trace_axis one = {.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
    sim_layer l = {.op = "Gemm",
                   .reuse = true,
                   .n = 1,
                   .ci = ci,
                   .co = co,
                   .groups = 1,
                   .axis = {one, one, one},
                   .gates = 1,
                   .kept = co,
                   .macs = (int64_t)ci * co};
    snprintf(l.name, sizeof l.name, "%s", name);
    return l;
}

int64_t sim_layer_outputs(const sim_layer *l)
{
    return (int64_t)l->n * l->axis[0].out * l->axis[1].out * l->axis[2].out * l->co * l->gates;
}

int64_t sim_layer_inputs(const sim_layer *l)
{
    return (int64_t)l->n * l->axis[0].in * l->axis[1].in * l->axis[2].in * l->ci;
}

int32_t sim_layer_taps(const sim_layer *l)
{
    return l->axis[0].kernel * l->axis[1].kernel * l->axis[2].kernel;
}

void sim_fan_out(const rpr_trace_axis *a, bool transposed, int32_t out0, int32_t out1, int32_t *fan,
                 int32_t *lo, int32_t *hi)
{
    memset(fan, 0, (size_t)a->in * sizeof *fan);
    if (transposed) {
        for (int32_t i = 0; i < a->in; i++)
            for (int32_t t = 0; t < a->kernel; t++) {
                int64_t o = (int64_t)i * a->stride + (int64_t)t * a->dilation - a->pad;
                fan[i] += o >= out0 && o < out1;
            }
    } else {
        for (int32_t o = out0; o < out1; o++)
            for (int32_t t = 0; t < a->kernel; t++) {
                int64_t i = (int64_t)o * a->stride + (int64_t)t * a->dilation - a->pad;
                if (i >= 0 && i < a->in)
                    fan[i]++;
            }
    }
    for (*lo = 0; *lo < a->in && fan[*lo] == 0; ++*lo)
        ;
    for (*hi = a->in; *hi > *lo && fan[*hi - 1] == 0; --*hi)
        ;
}

bool sim_layer_measure(sim_layer *l)
{
    int64_t products = (int64_t)l->n * l->ci * sim_layer_maps(l) * l->gates;
    for (int i = 0; i < 3; i++) {
        const rpr_trace_axis *a = &l->axis[i];
        if (a->in < 1 || a->out < 1 || a->kernel < 1 || a->stride < 1 || a->dilation < 1)
            return false;
        products *= rpr_trace_pairs(a, l->transposed);
    }
    l->macs = products;
    return true;
}

/** Bits that hold a number of clusters. */
static int32_t bits_for(int64_t clusters)
{
    int32_t bits = 1;
    while ((INT64_C(1) << bits) < clusters)
        bits++;
    return bits;
}

/* The engine's quantiser has C cells inside the profiled range and C on either side (contract.md).
 */
#define CELLS_PER_LEVEL 3

static void take_input(const rpr_trace_input *t, sim_input *in)
{
    in->elements = (int64_t)t->n * t->d * t->h * t->w * t->c;
    in->quantised = t->gate.kind == RPR_GATE_LEVELS;
    in->clusters = in->quantised ? t->gate.levels * CELLS_PER_LEVEL : 0;
    in->bits = in->quantised ? bits_for(in->clusters) : 32;
}

/**
 * Of a name that is too long the end is kept, where exporters' names differ. Anything but printable
 * ASCII becomes a question mark: reports are UTF-8, names in a trace may be anything.
 */
static void copy_name(char *to, size_t room, const char *from)
{
    size_t n = strlen(from);
    const char *mark = n >= room ? "..." : "";
    from += n >= room ? n - (room - 1 - strlen(mark)) : 0;
    snprintf(to, room, "%s%s", mark, from);
    for (; *to; to++)
        *to = *to >= ' ' && *to <= '~' ? *to : '?';
}

static void take_layer(const rpr_trace_layer *t, sim_layer *l)
{
    *l = (sim_layer){.input = t->input,
                     .reuse = true,
                     .transposed = t->transposed,
                     .n = t->n,
                     .ci = t->ci,
                     .co = t->co,
                     .groups = t->groups,
                     .gates = 1,
                     .macs = t->macs};
    memcpy(l->axis, t->axis, sizeof l->axis);
    copy_name(l->name, sizeof l->name, t->name);
    copy_name(l->op, sizeof l->op, t->op);
    l->kept = sim_layer_outputs(l);
}

int sim_net_from_trace(const rpr_trace_net *trace, const char *name, sim_net *net, rpr_error *err)
{
    *net = (sim_net){.sequence = 1};
    if (trace->n_layer == 0)
        return rpr_fail(err, RPR_ERR_FORMAT, "%s: has no weighted layers", name);
    const char *slash = strrchr(name, '/');
    copy_name(net->name, sizeof net->name, slash ? slash + 1 : name);
    net->input = rpr_alloc_array((size_t)trace->n_input, sizeof *net->input);
    net->layer = rpr_alloc_array((size_t)trace->n_layer, sizeof *net->layer);
    if (!net->input || !net->layer) {
        sim_net_free(net);
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    }
    net->n_input = trace->n_input;
    net->n_layer = trace->n_layer;
    for (int32_t i = 0; i < net->n_input; i++)
        take_input(&trace->input[i], &net->input[i]);
    for (int32_t i = 0; i < net->n_layer; i++)
        take_layer(&trace->layer[i], &net->layer[i]); /* the reader has checked its sizes */
    return RPR_OK;
}
