/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/steps.h"

#include <string.h>

#include "core/status.h"
#include "sim/bits.h"

int32_t sim_steps_of(const rpr_trace_net *trace)
{
    for (int32_t i = 0; i < trace->n_layer; i++)
        if (trace->layer[i].steps)
            return trace->layer[i].axis[0].in;
    return 0;
}

/** A product of every pixel by itself, of which there is one a step. */
static bool reads_vectors(const rpr_trace_layer *l, int32_t steps)
{
    bool plain = l->n == 1 || !l->steps;
    int64_t pixels = l->n;
    for (int i = 0; i < 3; i++) {
        const rpr_trace_axis *a = &l->axis[i];
        plain &= a->kernel == 1 && a->stride == 1 && a->pad == 0 && a->in == a->out;
        pixels *= a->in;
    }
    return plain && pixels == steps;
}

/** The gates of an LSTM share what is read, and a cell joins them. */
static int32_t gates_of(const rpr_trace_layer *l)
{
    return l->steps && !strcmp(l->op, "LSTM") && l->co % 4 == 0 ? 4 : 1;
}

int sim_steps_net(const rpr_trace_net *trace, const char *name, sim_net *net, rpr_error *err)
{
    const rpr_trace_axis one = {.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
    const int32_t steps = sim_steps_of(trace);
    for (int32_t i = 0; i < trace->n_layer; i++) {
        sim_layer *l = &net->layer[i];
        if (!reads_vectors(&trace->layer[i], steps))
            return rpr_fail(err, RPR_ERR_UNSUPPORTED,
                            "%s: layer %s does not read one vector for each of %d steps", name,
                            l->name, steps);
        l->n = 1;
        l->axis[0] = l->axis[1] = l->axis[2] = one;
        l->gates = gates_of(&trace->layer[i]);
        l->co /= l->gates;
        l->kept = l->co;
        l->macs /= steps;
    }
    for (int32_t i = 0; i < trace->n_input; i++)
        net->input[i].elements = trace->input[i].c;
    net->recurrent = true;
    net->sequence = steps;
    return RPR_OK;
}

void sim_steps_slice(const rpr_trace_net *trace, const rpr_trace_frame *f, int32_t step,
                     uint64_t **changed)
{
    for (int32_t i = 0; i < trace->n_input; i++) {
        const int64_t n = trace->input[i].c, first = n * step;
        for (int64_t at = 0; at < n; at += 64) {
            const int64_t left = n - at;
            changed[i][at >> 6] =
                sim_bits_get(f->changed[i], first + at, left < 64 ? (int32_t)left : 64);
        }
    }
}
