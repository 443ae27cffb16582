/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdio.h>
#include <string.h>

void rig_init(rig *r)
{
    rpr_error err = {{0}};
    *r = (rig){.timing = {.weights_busy = 1, .io_busy = 1}};
    if (sim_config_builtin(&r->c, &err) != RPR_OK)
        fail_msg("%s", err.message);
    r->net = (sim_net){.layer = r->layer, .input = r->input, .sequence = 1};
    snprintf(r->net.name, sizeof r->net.name, "test");
}

void rig_set(rig *r, const char *name, const char *value)
{
    rpr_error err = {{0}};
    if (sim_config_set(&r->c, name, value, &err) != RPR_OK)
        fail_msg("%s", err.message);
}

void rig_set_int(rig *r, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    rig_set(r, name, text);
}

sim_layer *rig_add(rig *r, const sim_layer *l, int32_t bits)
{
    assert_true(r->net.n_layer < RIG_MAX);
    int32_t i = r->net.n_layer++;
    r->net.n_input++;
    r->layer[i] = *l;
    r->layer[i].input = i;
    r->input[i] =
        (sim_input){.elements = sim_layer_inputs(l), .bits = bits, .quantised = bits < 32};
    return &r->layer[i];
}

void rig_open(rig *r)
{
    rpr_error err = {{0}};
    if (sim_config_check(&r->c, &err) != RPR_OK)
        fail_msg("%s", err.message);
    for (int32_t i = 0; i < r->net.n_input; i++) {
        r->changed[i] = calloc((size_t)sim_bits_words(r->input[i].elements), sizeof(uint64_t));
        assert_non_null(r->changed[i]);
    }
    for (int v = 0; v < SIM_N_VARIANTS; v++)
        if (sim_machine_open(&r->m[v], &r->c, &r->timing, &r->net, v == SIM_REUSE, &err) != RPR_OK)
            fail_msg("%s", err.message);
}

void rig_close(rig *r)
{
    for (int v = 0; v < SIM_N_VARIANTS; v++)
        sim_machine_close(&r->m[v]);
    for (int32_t i = 0; i < r->net.n_input; i++)
        free(r->changed[i]);
}

void rig_change(rig *r, int32_t input, int64_t step)
{
    int64_t n = r->input[input].elements;
    memset(r->changed[input], 0, (size_t)sim_bits_words(n) * sizeof(uint64_t));
    for (int64_t e = 0; step > 0 && e < n; e += step)
        sim_bits_set(r->changed[input], e);
}

void rig_run(rig *r, int variant, bool first, sim_counts *counts)
{
    const uint64_t *changed[RIG_MAX];
    for (int32_t i = 0; i < r->net.n_input; i++)
        changed[i] = r->changed[i];
    memset(counts, 0, (size_t)r->net.n_layer * sizeof *counts);
    sim_execution e = {.first = first, .changed = changed};
    sim_machine_run(&r->m[variant], &e, counts);
}

rpr_trace_axis axis_conv(int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t pad,
                         int32_t after)
{
    int32_t window = dilation * (kernel - 1) + 1;
    return (rpr_trace_axis){.in = in,
                            .out = (in + pad + after - window) / stride + 1,
                            .kernel = kernel,
                            .stride = stride,
                            .dilation = dilation,
                            .pad = pad};
}

rpr_trace_axis axis_transposed(int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                               int32_t pad, int32_t after)
{
    int32_t window = dilation * (kernel - 1) + 1;
    return (rpr_trace_axis){.in = in,
                            .out = (in - 1) * stride + window - pad - after,
                            .kernel = kernel,
                            .stride = stride,
                            .dilation = dilation,
                            .pad = pad};
}

rpr_trace_axis axis_absent(void)
{
    return axis_conv(1, 1, 1, 1, 0, 0);
}

sim_layer conv_layer(const char *name, int32_t ci, int32_t co, int32_t groups, bool transposed,
                     rpr_trace_axis d, rpr_trace_axis h, rpr_trace_axis w)
{
    sim_layer l = sim_fc(name, ci, co);
    l.groups = groups;
    l.transposed = transposed;
    l.axis[0] = d;
    l.axis[1] = h;
    l.axis[2] = w;
    l.kept = sim_layer_outputs(&l);
    assert_true(sim_layer_measure(&l));
    return l;
}

static rpr_trace_axis random_axis(rng *r, bool transposed)
{
    for (;;) {
        int32_t in = rng_between(r, 1, 8), kernel = rng_between(r, 1, 4);
        int32_t stride = rng_between(r, 1, 4), dilation = rng_between(r, 1, 3);
        int32_t pad = rng_below(r, 3), after = rng_below(r, 3);
        rpr_trace_axis a = axis_absent();
        if (rng_below(r, 4) == 0)
            return a;
        if (transposed)
            a = axis_transposed(in, kernel, stride, dilation, pad, after);
        else if (in + pad + after >= dilation * (kernel - 1) + 1)
            a = axis_conv(in, kernel, stride, dilation, pad, after);
        else
            continue;
        if (a.out >= 1 && a.out <= 24)
            return a;
    }
}

sim_layer random_layer(rng *r, const char *name)
{
    static const int32_t group_counts[] = {1, 1, 1, 2, 3};
    bool transposed = rng_below(r, 3) == 0;
    int32_t groups = group_counts[rng_below(r, 5)];
    int32_t ci = groups * rng_between(r, 1, 5), co = groups * rng_between(r, 1, 12);
    sim_layer l = sim_fc(name, ci, co);
    /* One draw after the other: in what order arguments are evaluated is up to the compiler. */
    if (rng_below(r, 4) == 0) {
        int32_t in = rng_between(r, 1, 150), out = rng_between(r, 1, 60);
        l = sim_fc(name, in, out);
    } else {
        rpr_trace_axis d = random_axis(r, transposed), h = random_axis(r, transposed);
        rpr_trace_axis w = random_axis(r, transposed);
        l = conv_layer(name, ci, co, groups, transposed, d, h, w);
    }
    if (rng_below(r, 4) == 0 && l.gates == 1) {
        l.n = rng_between(r, 1, 4);
        l.kept *= l.n;
        assert_true(sim_layer_measure(&l));
    }
    return l;
}
