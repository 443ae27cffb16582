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
    bool activated;   /* the output holds act(z), and z is not kept: the next frame computes z anew,
                         or does not need it either */
    bool poisoned;    /* z holds NaN or infinity: the next frame recomputes it */
    int64_t macs;     /* executed */
    int64_t terms;    /* products added to one output since it was last recomputed, at most */
    bool mixed;       /* corrected, but some outputs were computed anew */
    double list_cost; /* of a correction, as it was estimated for the choice */
    double ms;
} rpr_step_state;

/** How the caller's bytes of one input became the tensor. */
typedef struct rpr_input_state {
    uint8_t *previous; /* U8_HWC: the last picture, in the stream's state */
    bool valid;        /* previous, scale and offset belong to the tensor's present content */
    float scale[4], offset[4];
} rpr_input_state;

/** Steps between which the memory of a tensor is wanted: -1 are the inputs, n_step the outputs. */
typedef struct rpr_life {
    int first, last;
    bool transient; /* each frame reads only what it wrote itself */
    bool shared;    /* other tensors have the memory outside of its steps */
    bool whole;     /* transient: this frame reads all of it, not only what was touched */
} rpr_life;

/** Frames that are run without reuse because it would cost more (bypass.c). */
typedef struct rpr_bypass {
    rpr_stream *plain; /* runs them, in this stream's workspace; NULL: there are none */
    bool on;
    bool ran;      /* plain holds the outputs of the last frame */
    int32_t since; /* frames since reuse began anew, up to those that count */
    int32_t dear;  /* frames in a row that cost more than without reuse */
    int32_t left;  /* frames until reuse is tried again */
    int32_t wait;  /* ... after the next time */
    float calm;    /* share of touched inputs below which it is tried at once */
} rpr_bypass;

struct rpr_stream {
    const rpr_model *model;
    const rpr_plan *plan;
    const rpr_kernels *k;
    rpr_pool *pool; /* the threads of a frame; NULL if it is one */
    rpr_stream_options opt;
    bool reuse;     /* any gate but OFF */
    bool has_exact; /* some gate inside the network is exact */
    bool time_layers;
    bool anew; /* this frame is computed from nothing */
    rpr_bypass bypass;
    bool ran;       /* the state is what the last frame left: not reset or loaded since */
    uint64_t frame; /* frames run since create or reset */
    uint64_t runs;  /* frames run since create */
    uint64_t random;
    char *state; /* everything that lives from frame to frame, but for the small arrays below */
    size_t state_bytes;
    char *workspace; /* everything that is made anew on every frame */
    size_t workspace_bytes;
    rpr_life *life;   /* per tensor; valid for those without a parent */
    char **data;      /* per tensor: pixel (0,0,0), channel 0 */
    float **z;        /* per step: pre-activation, or NULL if it has no memory of its own */
    rpr_touch *touch; /* per tensor; valid for touch owners */
    rpr_gate_state *gate;
    uint64_t *gate_frame; /* frame + 1 at which the gate was last updated */
    rpr_step_state *step;
    rpr_input_state *input;
    char *scratch;   /* results of GENERIC steps */
    rpr_view *views; /* room for the views of one GENERIC step */
    rpr_linear_scratch linear_scratch;
    int32_t *bins;           /* for profiling ranges */
    double cost, dense_cost; /* of the present frame by counts, with reuse and without */
    rpr_frame_stats stats;
    rpr_error error;
};

/** Takes all memory that the stream's options ask for; false when there is none. */
bool rpr_stream_take_memory(rpr_stream *s);
/** The small arrays, before it. */
bool rpr_stream_take_arrays(rpr_stream *s);
void rpr_stream_free_memory(rpr_stream *s);

/** Fills s->life. Gates know already whether they are open. */
void rpr_stream_find_lives(rpr_stream *s);

/** Finds the transient tensors that the frame that begins must write as a whole. */
void rpr_stream_find_whole(rpr_stream *s);

/** True if this frame is to write all of a step's output, whatever was touched. */
bool rpr_stream_writes_whole(const rpr_stream *s, const rpr_step *step);

/** Makes the memory of a tensor ready that is about to be written at moment `moment`. */
void rpr_stream_begin(rpr_stream *s, int tensor, int moment);

/** Map of an f32 tensor. */
rpr_map rpr_stream_map(const rpr_stream *s, int tensor);

/** The touched map of a tensor, with the tensor's own dimensions. */
rpr_touch rpr_stream_touch(const rpr_stream *s, int tensor);

/** z of a weighted layer: its output, if it has no activation. Streams with reuse only. */
rpr_map rpr_stream_pre_activation(const rpr_stream *s, const rpr_step *step);

/** Compares a gate's input with xhat, unless that was done on this frame. */
void rpr_stream_update_gate(rpr_stream *s, int index);

/**
 * For a step that is about to write the touched part of its output: begins with the gate that reads
 * it, in `room`, if rows can be compared as they are written; else NULL.
 */
rpr_gate_scan *rpr_stream_begin_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *room);

/** Ends it; `sound` false: the output is going to be written anew. */
void rpr_stream_end_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *scan, bool sound);

/** Runs all steps. */
int rpr_stream_run_steps(rpr_stream *s);

/** Inputs are in: true if the frame is to be run by `plain`. Reuse may begin anew. */
bool rpr_stream_bypasses(rpr_stream *s);
int rpr_stream_run_plain(rpr_stream *s);

/** After a frame with reuse: decides about the next ones. */
void rpr_stream_weigh(rpr_stream *s);
void rpr_stream_reset_bypass(rpr_stream *s);

/** Adds what a step that has just run cost to the frame's cost. With reuse. */
void rpr_stream_tally(rpr_stream *s, const rpr_step *step, int index);

/** Checks one gate; `what` names it in the error. */
int rpr_stream_check_gate(const rpr_gate *g, const char *what, rpr_error *err);

/** Gives every gate its rule. Layers that share one must agree. */
int rpr_stream_set_rules(rpr_stream *s, const rpr_stream_options *o, rpr_error *err);

/** Checks all inputs without changing anything. */
int rpr_stream_check_inputs(rpr_stream *s, const rpr_input *in, size_t n_in);

/** Brings the inputs in and marks the pixels that differ from the previous frame. */
void rpr_stream_fill_inputs(rpr_stream *s, const rpr_input *in);

/** Runs a node by its definition, then keeps and marks the pixels that came out different. */
int rpr_stream_run_generic(rpr_stream *s, const rpr_step *step);

int rpr_stream_check_outputs(rpr_stream *s, const rpr_output *out, size_t n_out);

/** Copies the outputs out. */
void rpr_stream_copy_outputs(const rpr_stream *s, rpr_output *out, size_t n_out);

/** What a correction from the gate's present list and a dense run cost. */
typedef struct rpr_costs {
    double correct, dense;
} rpr_costs;

rpr_costs rpr_stream_costs(const rpr_stream *s, const rpr_linear *l, const rpr_gate_state *g);

/** True if comparing and a correction from the gate's present list cost less than a dense run. */
bool rpr_stream_correction_pays(const rpr_stream *s, const rpr_linear *l, const rpr_gate_state *g,
                                const rpr_costs *costs);

/** True if a step's output is to hold act(z) on this frame, and z is not kept. */
bool rpr_stream_drops_z(const rpr_stream *s, const rpr_step *step);

/** The costs by which a correction computes outputs anew; NULL: it never does. */
const rpr_cost *rpr_stream_fresh_costs(rpr_stream *s);

/** Skip, correct or recompute: decided from the gate's counts before any work is done. */
rpr_choice rpr_stream_choose(rpr_stream *s, const rpr_step *step, int index);

#endif
