/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four networks of the paper. Their sizes are those of the public recipes that the paper names
 * (Kaldi librispeech nnet2, EESEN tedlium v1, C3D for UCF-101, AutoPilot for TensorFlow); the
 * number of executions in a sequence is assumed.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/status.h"
#include "sim/net.h"

#define MAX_LAYERS 16

typedef struct builder {
    sim_net *net;
    int32_t bits; /* of an index */
} builder;

static sim_layer *add(builder *b, sim_layer l)
{
    sim_net *net = b->net;
    l.input = net->n_input;
    net->input[net->n_input++] = (sim_input){.elements = sim_layer_inputs(&l),
                                             .bits = b->bits,
                                             .clusters = 1 << b->bits,
                                             .quantised = true};
    net->layer[net->n_layer] = l;
    return &net->layer[net->n_layer++];
}

static int start(builder *b, sim_net *net, const char *name, int32_t bits, int64_t sequence,
                 rpr_error *err)
{
    *net = (sim_net){.sequence = sequence};
    snprintf(net->name, sizeof net->name, "%s", name);
    net->input = rpr_alloc_array(MAX_LAYERS, sizeof *net->input);
    net->layer = rpr_alloc_array(MAX_LAYERS, sizeof *net->layer);
    *b = (builder){.net = net, .bits = bits};
    if (net->input && net->layer)
        return RPR_OK;
    sim_net_free(net);
    return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
}

/* p-norm of groups of 5 after FC2 to FC5. A sequence is an utterance: 10 s of frames of 10 ms. */
static int kaldi(sim_net *net, rpr_error *err)
{
    builder b;
    RPR_TRY(start(&b, net, "kaldi", 4, 1000, err));
    add(&b, sim_fc("FC1", 360, 360));
    add(&b, sim_fc("FC2", 360, 2000))->kept = 400;
    add(&b, sim_fc("FC3", 400, 2000))->kept = 400;
    add(&b, sim_fc("FC4", 400, 2000))->kept = 400;
    add(&b, sim_fc("FC5", 400, 2000))->kept = 400;
    add(&b, sim_fc("FC6", 400, 3482));
    return RPR_OK;
}

/** One direction: the gates read x and the previous h side by side. */
static void add_lstm(builder *b, const char *name, int32_t x, int32_t hidden)
{
    sim_layer l = sim_fc(name, x + hidden, hidden);
    snprintf(l.op, sizeof l.op, "LSTM");
    l.gates = 4;
    l.macs *= l.gates;
    add(b, l);
}

static int eesen(sim_net *net, rpr_error *err)
{
    builder b;
    RPR_TRY(start(&b, net, "eesen", 4, 1000, err));
    net->recurrent = true;
    for (int i = 1; i <= 5; i++) {
        char name[32];
        int32_t x = i == 1 ? 120 : 640;
        snprintf(name, sizeof name, "BiLSTM%d forward", i);
        add_lstm(&b, name, x, 320);
        snprintf(name, sizeof name, "BiLSTM%d backward", i);
        add_lstm(&b, name, x, 320);
    }
    add(&b, sim_fc("FC", 640, 50));
    return RPR_OK;
}

static rpr_trace_axis axis(int32_t in, int32_t kernel, int32_t stride, int32_t pad)
{
    return (rpr_trace_axis){.in = in,
                            .out = (in + 2 * pad - kernel) / stride + 1,
                            .kernel = kernel,
                            .stride = stride,
                            .dilation = 1,
                            .pad = pad};
}

static sim_layer *add_conv(builder *b, const char *name, int32_t ci, int32_t co, rpr_trace_axis d,
                           rpr_trace_axis h, rpr_trace_axis w)
{
    sim_layer l = sim_fc(name, ci, co);
    snprintf(l.op, sizeof l.op, "Conv");
    l.axis[0] = d;
    l.axis[1] = h;
    l.axis[2] = w;
    l.kept = sim_layer_outputs(&l);
    (void)sim_layer_measure(&l);
    return add(b, l);
}

/* All 3x3x3, stride 1, one zero around. A sequence is a UCF-101 video of 180 frames in clips of 16.
 */
static int c3d(sim_net *net, rpr_error *err)
{
    static const struct {
        const char *name;
        int32_t ci, co, depth, size, pool; /* what pooling behind it divides the outputs by */
    } conv[] = {{"conv1a", 3, 64, 16, 112, 4},  {"conv2a", 64, 128, 16, 56, 8},
                {"conv3a", 128, 256, 8, 28, 1}, {"conv3b", 256, 256, 8, 28, 8},
                {"conv4a", 256, 512, 4, 14, 1}, {"conv4b", 512, 512, 4, 14, 8},
                {"conv5a", 512, 512, 2, 7, 1},  {"conv5b", 512, 512, 2, 7, 0}};
    builder b;
    RPR_TRY(start(&b, net, "c3d", 5, 11, err));
    for (size_t i = 0; i < sizeof conv / sizeof conv[0]; i++) {
        sim_layer *l =
            add_conv(&b, conv[i].name, conv[i].ci, conv[i].co, axis(conv[i].depth, 3, 1, 1),
                     axis(conv[i].size, 3, 1, 1), axis(conv[i].size, 3, 1, 1));
        l->kept = conv[i].pool ? l->kept / conv[i].pool : 8192; /* 2x7x7 pools to 1x4x4 */
    }
    add(&b, sim_fc("fc6", 8192, 4096));
    add(&b, sim_fc("fc7", 4096, 4096));
    add(&b, sim_fc("fc8", 4096, 101));
    return RPR_OK;
}

static void add_conv2d(builder *b, const char *name, int32_t ci, int32_t co, int32_t h, int32_t w,
                       int32_t kernel, int32_t stride)
{
    add_conv(b, name, ci, co, axis(1, 1, 1, 0), axis(h, kernel, stride, 0),
             axis(w, kernel, stride, 0));
}

/* A sequence is ten seconds of video at 30 frames a second. */
static int autopilot(sim_net *net, rpr_error *err)
{
    builder b;
    RPR_TRY(start(&b, net, "autopilot", 5, 300, err));
    add_conv2d(&b, "conv1", 3, 24, 66, 200, 5, 2);
    add_conv2d(&b, "conv2", 24, 36, 31, 98, 5, 2);
    add_conv2d(&b, "conv3", 36, 48, 14, 47, 5, 2);
    add_conv2d(&b, "conv4", 48, 64, 5, 22, 3, 1);
    add_conv2d(&b, "conv5", 64, 64, 3, 20, 3, 1);
    add(&b, sim_fc("fc1", 1152, 1164));
    add(&b, sim_fc("fc2", 1164, 100));
    add(&b, sim_fc("fc3", 100, 50));
    add(&b, sim_fc("fc4", 50, 10));
    add(&b, sim_fc("fc5", 10, 1));
    return RPR_OK;
}

static const struct {
    const char *name;
    int (*make)(sim_net *net, rpr_error *err);
} presets[] = {{"kaldi", kaldi}, {"eesen", eesen}, {"c3d", c3d}, {"autopilot", autopilot}};

const char *sim_preset_name(int i)
{
    return i >= 0 && i < (int)(sizeof presets / sizeof presets[0]) ? presets[i].name : NULL;
}

int sim_preset(const char *name, sim_net *net, rpr_error *err)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcasecmp(presets[i].name, name) == 0)
            return presets[i].make(net, err);
    return rpr_fail(err, RPR_ERR_ARGUMENT,
                    "there is no network %s; there are kaldi, eesen, c3d and autopilot", name);
}
