/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one stream. One frame enters through input.c, goes through frame.c once, and leaves
 * through output.c. */
#ifndef RPR_STREAM_STREAM_H
#define RPR_STREAM_STREAM_H

#include "change/gate.h"
#include "plan/model.h"

/** What a step remembers from frame to frame, and the counts of the last one. */
typedef struct rpr_step_state {
    rpr_choice choice;
    bool refreshed;
    bool activated; /* the output holds act(z), and z is not kept: the next frame computes z anew,
                       or does not need it either */
    bool poisoned;  /* z holds NaN or infinity: the next frame recomputes it */
    int64_t macs;   /* executed */
    int64_t terms;  /* products added to one output since it was last recomputed, at most */
    double ms;
} rpr_step_state;

/** How the caller's bytes of one input became the tensor. */
typedef struct rpr_input_state {
    uint8_t *previous; /* U8_HWC: the last picture, in the stream's state */
    bool valid;        /* previous, scale and offset belong to the tensor's present content */
    float scale[4], offset[4];
} rpr_input_state;

struct rpr_stream {
    const rpr_model *model;
    const rpr_plan *plan;
    const rpr_kernels *k;
    rpr_pool *pool; /* the threads of a frame; NULL if it is one */
    rpr_stream_options opt;
    bool reuse;     /* any gate but OFF */
    bool has_exact; /* some gate inside the network is exact */
    bool time_layers;
    bool ran;       /* the state is what the last frame left: not reset or loaded since */
    uint64_t frame; /* frames run since create or reset */
    uint64_t runs;  /* frames run since create */
    uint64_t random;
    char *state; /* everything that lives from frame to frame, but for the small arrays below */
    char *z;     /* pre-activations, within the state */
    size_t state_bytes;
    size_t list_bytes; /* change lists: made anew on every frame */
    rpr_touch *touch;  /* per tensor; valid for touch owners */
    rpr_gate_state *gate;
    uint64_t *gate_frame; /* frame + 1 at which the gate was last updated */
    rpr_step_state *step;
    rpr_input_state *input;
    char *lists;     /* memory of the change lists */
    char *scratch;   /* results of GENERIC steps */
    rpr_view *views; /* room for the views of one GENERIC step */
    rpr_linear_scratch linear_scratch;
    int32_t *bins; /* for profiling ranges */
    rpr_frame_stats stats;
    rpr_error error;
};

/** The touched map of a tensor, with the tensor's own dimensions. */
rpr_touch rpr_stream_touch(const rpr_stream *s, int tensor);

/** z of a weighted layer: its output, if it has no activation. Streams with reuse only. */
rpr_map rpr_stream_pre_activation(const rpr_stream *s, const rpr_step *step);

/** Checks one gate; `what` names it in the error. */
int rpr_stream_check_gate(const rpr_gate *g, const char *what, rpr_error *err);

/** Gives every gate its rule. Layers that share one must agree. */
int rpr_stream_set_rules(rpr_stream *s, const rpr_stream_options *o, rpr_error *err);

/** Sets list_at of every gate; returns the entries of all lists together. */
size_t rpr_stream_place_lists(rpr_stream *s);

/** Checks all inputs without changing anything. */
int rpr_stream_check_inputs(rpr_stream *s, const rpr_input *in, size_t n_in);

/** Brings the inputs in and marks the pixels that differ from the previous frame. */
void rpr_stream_fill_inputs(rpr_stream *s, const rpr_input *in);

/** Runs a node by its definition, then keeps and marks the pixels that came out different. */
int rpr_stream_run_generic(rpr_stream *s, const rpr_step *step);

int rpr_stream_check_outputs(rpr_stream *s, const rpr_output *out, size_t n_out);

/** Copies the outputs out. */
void rpr_stream_copy_outputs(const rpr_stream *s, rpr_output *out, size_t n_out);

/** True if a correction from the gate's present list costs less than a dense run. */
bool rpr_stream_correction_wins(const rpr_linear *l, const rpr_gate_state *g);

/** True if comparing and a correction from the gate's present list cost less than a dense run. */
bool rpr_stream_correction_pays(const rpr_linear *l, const rpr_gate_state *g);

/** True if a step's output is to hold act(z) on this frame, and z is not kept. */
bool rpr_stream_drops_z(const rpr_stream *s, const rpr_step *step);

/** Skip, correct or recompute: decided from the gate's counts before any work is done. */
rpr_choice rpr_stream_choose(rpr_stream *s, const rpr_step *step, int index);

#endif
