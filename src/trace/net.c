/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/net.h"

#include "core/alloc.h"
#include "core/checked.h"
#include "trace/bytes.h"
#include "trace/macs.h"
#include "trace/rows.h"

static bool within(int64_t v, int64_t low, int64_t high)
{
    return v >= low && v <= high;
}

static bool is_size(int32_t v)
{
    return within(v, 1, RPR_TRACE_MAX_SIZE);
}

const char *rpr_trace_check_input(const rpr_trace_input *in)
{
    const rpr_gate *g = &in->gate;
    if (!is_size(in->n) || !is_size(in->d) || !is_size(in->h) || !is_size(in->w) || !is_size(in->c))
        return "a dimension is out of range";
    int64_t all = (int64_t)in->n * in->d;
    if ((int64_t)in->w * in->c > RPR_TRACE_MAX_ROW || !rpr_mul_i64(all, in->h, &all) ||
        !rpr_mul_i64(all, rpr_trace_row_elements(in), &all) || all > RPR_TRACE_MAX_ELEMENTS)
        return "it has too many elements";
    if (!within(g->kind, RPR_GATE_OFF, RPR_GATE_DEADZONE))
        return "its gate is of unknown kind";
    if (g->kind == RPR_GATE_LEVELS && !within(g->levels, 2, 65536))
        return "the levels of its gate are out of range";
    if (g->kind == RPR_GATE_DEADZONE && !(g->threshold >= 0.0 && g->threshold < 1.0))
        return "the threshold of its gate is out of range";
    return NULL;
}

/**
 * True if some padding behind the last element gives the output its size: 0 to MAX_STEP, with a
 * rest of less than a stride; transposed, as much cut away or added.
 */
static bool axis_fits(const rpr_trace_axis *a, bool transposed)
{
    if (!is_size(a->in) || !is_size(a->out) || !within(a->kernel, 1, RPR_TRACE_MAX_KERNEL) ||
        !within(a->stride, 1, RPR_TRACE_MAX_STEP) || !within(a->dilation, 1, RPR_TRACE_MAX_STEP) ||
        !within(a->pad, 0, RPR_TRACE_MAX_STEP))
        return false;
    int64_t coarse = transposed ? a->in : a->out, fine = transposed ? a->out : a->in;
    int64_t reach = (coarse - 1) * a->stride + (int64_t)(a->kernel - 1) * a->dilation + 1;
    int64_t behind = reach - fine - a->pad; /* without a rest */
    return within(behind, transposed ? -RPR_TRACE_MAX_STEP : 1 - a->stride, RPR_TRACE_MAX_STEP);
}

/** Taps and outputs are bounded, so that a reader may count by them. */
static bool is_bounded(const rpr_trace_layer *l)
{
    int64_t taps = 1, outputs = l->n;
    for (int i = 0; i < 3; i++) {
        taps *= l->axis[i].kernel; /* at most 2^36 */
        if (!rpr_mul_i64(outputs, l->axis[i].out, &outputs))
            return false;
    }
    return taps <= RPR_TRACE_MAX_TAPS && rpr_mul_i64(outputs, l->co, &outputs) &&
           outputs <= RPR_TRACE_MAX_ELEMENTS;
}

/** Weights, with and without one bias per output channel. */
static bool counts_parameters(const rpr_trace_layer *l)
{
    int64_t weights = (int64_t)l->ci / l->groups * l->co;
    for (int i = 0; i < 3; i++)
        if (!rpr_mul_i64(weights, l->axis[i].kernel, &weights))
            return false;
    return l->parameters == weights || l->parameters - l->co == weights;
}

/** A product of every step by itself. */
static bool is_of_steps(const rpr_trace_layer *l)
{
    bool plain = !l->transposed && !l->by_pixel && l->groups == 1;
    for (int i = 0; i < 3; i++) {
        const rpr_trace_axis *a = &l->axis[i];
        plain &= a->kernel == 1 && a->stride == 1 && a->pad == 0 && (i == 0 || a->in == 1);
    }
    return plain;
}

bool rpr_trace_find_steps(rpr_trace_net *net)
{
    bool alone = true;
    for (int32_t i = 0; i < net->n_layer; i++)
        net->input[net->layer[i].input].steps |= net->layer[i].steps;
    for (int32_t i = 0; i < net->n_layer; i++)
        alone &= net->layer[i].steps == net->input[net->layer[i].input].steps;
    return alone;
}

const char *rpr_trace_check_layer(const rpr_trace_net *net, const rpr_trace_layer *l)
{
    if (!within(l->input, 0, (int64_t)net->n_input - 1))
        return "it reads an input that does not exist";
    if (!is_size(l->n) || !is_size(l->ci) || !is_size(l->co) || !within(l->groups, 1, l->ci) ||
        l->ci % l->groups != 0 || l->co % l->groups != 0)
        return "its images, channels or groups are out of range";
    const rpr_trace_input *in = &net->input[l->input];
    if (l->n != in->n || l->axis[0].in != in->d || l->axis[1].in != in->h ||
        l->axis[2].in != in->w || l->ci != in->c)
        return "it does not have the size of the input that it reads";
    for (int i = 0; i < 3; i++)
        if (!axis_fits(&l->axis[i], l->transposed))
            return "an axis does not fit itself";
    if (l->steps && !is_of_steps(l))
        return "it is no product of steps";
    if (!is_bounded(l))
        return "its window or its output is too large";
    int64_t macs = rpr_trace_dense_macs(l);
    if (macs < 0 || macs != l->macs)
        return "its multiply-accumulates do not follow from its shape";
    if (l->parameters < 0 || !counts_parameters(l))
        return "its parameters do not follow from its shape";
    return NULL;
}

int64_t rpr_trace_net_elements(const rpr_trace_net *net)
{
    int64_t all = 0;
    for (int32_t i = 0; i < net->n_input && all <= RPR_TRACE_MAX_ELEMENTS; i++)
        all += rpr_trace_elements(&net->input[i]);
    return all <= RPR_TRACE_MAX_ELEMENTS ? all : RPR_TRACE_MAX_ELEMENTS + 1;
}

void rpr_trace_net_row(const rpr_trace_net *net, int32_t *pixels, int32_t *elements)
{
    *pixels = *elements = 1;
    for (int32_t i = 0; i < net->n_input; i++) {
        const rpr_trace_input *in = &net->input[i];
        *pixels = in->w > *pixels ? in->w : *pixels;
        *elements = rpr_trace_row_elements(in) > *elements ? rpr_trace_row_elements(in) : *elements;
    }
}

uint64_t rpr_trace_frame_limit(const rpr_trace_net *net)
{
    uint64_t bytes = RPR_TRACE_FRAME_BYTES + (uint64_t)net->n_layer * RPR_TRACE_LAYER_FRAME_BYTES;
    for (int32_t i = 0; i < net->n_input; i++) {
        const rpr_trace_input *in = &net->input[i];
        uint64_t bits = (uint64_t)rpr_trace_rows(in) *
                        (RPR_ROW_OVERHEAD + (uint64_t)rpr_trace_row_elements(in));
        bytes += RPR_TRACE_CHANGE_BYTES + RPR_TRACE_LISTED_BYTES + (bits + 7) / 8;
    }
    return bytes;
}

void rpr_trace_net_free(rpr_trace_net *net)
{
    for (int32_t i = 0; net->input && i < net->n_input; i++)
        rpr_free(net->input[i].name);
    for (int32_t i = 0; net->layer && i < net->n_layer; i++) {
        rpr_free(net->layer[i].name);
        rpr_free(net->layer[i].op);
    }
    rpr_free(net->input);
    rpr_free(net->layer);
    *net = (rpr_trace_net){0};
}
