/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as the accelerator sees it: weighted layers in the order in which they run. What stands
 * between them (activation, pooling, normalisation) is the finish of the layer before.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/trace.h"

/** What the layers read: each is compared with its previous execution. */
typedef struct sim_input {
    int64_t elements;
    int32_t bits;     /* kept of each element from one execution to the next */
    int32_t clusters; /* whose centroids the control unit holds while a layer reads it; 0: none */
    bool quantised;   /* by clusters: an index is kept; otherwise the value itself (32 bits) */
} sim_input;

/** Elements of the input: n, d, h, w, c in this order, channels innermost. */
typedef struct sim_layer {
    char name[256], op[24];
    int32_t input;
    bool reuse;      /* false: left out of reuse: dense on every execution, without state */
    bool transposed; /* see rpr_trace_layer */
    int32_t n, ci, co, groups;
    rpr_trace_axis axis[3]; /* d, h, w */
    int32_t
        gates; /* 1; 4 for one direction of an LSTM: each has co outputs, and a cell joins them */
    int64_t kept; /* values that leave after pooling and the like, per execution */
    int64_t macs; /* dense, taps in the padding not counted */
} sim_layer;

typedef struct sim_net {
    char name[64];
    sim_input *input;
    int32_t n_input;
    sim_layer *layer;
    int32_t n_layer;
    bool recurrent;   /* a layer runs over the whole sequence before the next one begins */
    int64_t sequence; /* executions from one reset to the next, for means; at least 1 */
} sim_net;

void sim_net_free(sim_net *net);

/** Fills macs from the geometry; false if an axis does not fit itself. */
bool sim_layer_measure(sim_layer *l);

/** A fully connected layer; per execution. */
sim_layer sim_fc(const char *name, int32_t ci, int32_t co);

/** Outputs of all gates and images, before pooling. */
int64_t sim_layer_outputs(const sim_layer *l);

/** Elements that it reads. */
int64_t sim_layer_inputs(const sim_layer *l);

/** Output maps that one input element feeds, per gate. */
static inline int32_t sim_layer_maps(const sim_layer *l)
{
    return l->co / l->groups;
}

/** Taps of the whole window. */
int32_t sim_layer_taps(const sim_layer *l);

/**
 * How many outputs in [out0, out1) each position of the axis feeds: fan[i] for i in [0, in). Sets
 * [*lo, *hi) to the smallest range of positions that holds all with fan[i] > 0 (empty: lo == hi).
 */
void sim_fan_out(const rpr_trace_axis *a, bool transposed, int32_t out0, int32_t out1, int32_t *fan,
                 int32_t *lo, int32_t *hi);

/** Name of a preset: "kaldi", "eesen", "c3d", "autopilot"; NULL beyond the last. */
const char *sim_preset_name(int i);

/** Makes a preset, its name in any case; RPR_ERR_ARGUMENT names those that exist. */
int sim_preset(const char *name, sim_net *net, rpr_error *err);

/** From the description in a trace. */
int sim_net_from_trace(const rpr_trace_net *trace, const char *name, sim_net *net, rpr_error *err);

#endif
