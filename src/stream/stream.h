/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one stream. One frame enters through input.c, goes through frame.c once, and leaves
 * through output.c. */
#ifndef RPR_STREAM_STREAM_H
#define RPR_STREAM_STREAM_H

#include "change/gate.h"
#include "change/noise.h"
#include "plan/model.h"

/** What a step remembers from frame to frame, and the counts of the last one. */
typedef struct rpr_step_state {
    rpr_choice choice;
    bool refreshed; /* its gate had its turn */
    bool activated; /* the output holds act(z), and z is not kept: the next frame computes z anew,
                       or does not need it either */
    bool poisoned;  /* z holds NaN or infinity: the next frame recomputes it */
    int64_t macs;   /* executed */
    int64_t terms;  /* products added to one output since it was last recomputed, at most */
    bool mixed;     /* corrected, but some outputs were computed anew */
    int64_t values, changed; /* of a recurrent layer: values that met a gate, ... */
    int64_t weight_bytes;    /* ... what it read of its weights, ... */
    bool whole;              /* ... and that it ran without gates */
    double list_cost;        /* of a correction, as it was estimated for the choice; of a recurrent
                                layer that of all products */
    double ms;
} rpr_step_state;

/** How the caller's bytes of one input became the tensor. */
typedef struct rpr_input_state {
    uint8_t *previous; /* U8_HWC: the last used picture, in the stream's state */
    bool valid;        /* previous, scale and offset belong to the tensor's present content */
    float scale[4], offset[4];
    const uint8_t *bytes; /* of this frame's picture, which its quantiser reads in the place of the
                             tensor, ... */
    size_t pitch;         /* ... from row to row; NULL: the tensor is filled */
    bool gated;     /* this frame's bytes were compared as the rule of the picture's gate asks */
    int64_t used;   /* bytes that were used */
    uint8_t *last;  /* with noise: some rows of the last frame, in the stream's state */
    bool last_kept; /* they are the last frame's */
    rpr_noise noise;
} rpr_input_state;

/** Steps between which the memory of a tensor is wanted: -1 are the inputs, n_step the outputs. */
typedef struct rpr_life {
    int first, last;
    bool transient; /* each frame reads only what it wrote itself */
    bool shared;    /* other tensors have the memory outside of its steps */
    bool whole;     /* transient: this frame reads all of it, not only what was touched, ... */
    bool forced;    /* ... even if nothing was */
} rpr_life;

/** Frames that are run without reuse because it would cost more (bypass.c). */
typedef struct rpr_bypass {
    rpr_stream *plain; /* runs them, in this stream's workspace; NULL: there are none */
    char **own;        /* per tensor: plain's memory of its own */
    double *price;     /* per step: what it costs to hand over before it; negative: cannot be */
    int32_t held;      /* what steps before this one know is of use (handover.c), ... */
    int32_t before;    /* ... and on the frame before */
    bool pays;         /* those before `before` did not cost much more than without reuse */
    bool on;
    bool ran;      /* plain holds the outputs of the last frame */
    bool repeats;  /* ... and this frame's are the same */
    int32_t since; /* frames since reuse began anew, up to those that count */
    int32_t dear;  /* frames in a row that cost more than without reuse */
    int32_t left;  /* frames until reuse is tried again */
    int32_t wait;  /* ... after the next time */
    float calm;    /* share of touched inputs below which it is tried at once */
} rpr_bypass;

/** A gate's turn to be refreshed: to take its input as it is, for its layers to start anew. */
typedef struct rpr_turn {
    double dense;  /* what its layers cost without reuse, ... */
    double cost;   /* ... computed from nothing with reuse, ... */
    double before; /* ... and that of all turns before it, as a share of all there are */
    double share;  /* the same, or 0: all turns at once */
    bool clean;    /* nothing was compared since it took its input as it was */
} rpr_turn;

/** What steps cost when all that they read was touched. */
typedef struct rpr_woken {
    double fixed; /* comparing, and what does not depend on how much changed */
    double gated; /* layers behind gates that compare, if they were run densely */
} rpr_woken;

/** Refresh (refresh.c): which gates have their turn. */
typedef struct rpr_refresh {
    rpr_turn *turn; /* per gate */
    double limit;   /* cost beyond which a frame takes no more turns, if ... */
    double least;   /* ... it had turns of so much */
    double took;    /* what the turns of this frame cost */
    rpr_woken all;  /* what a frame costs that begins with a turn, but for the turns ... */
    rpr_woken left; /* ... and what the steps to come do */
    rpr_woken seen; /* gated: of the layers of this frame that were not refreshed, ... */
    double spent;   /* ... and what those did cost */
    double busy;    /* the ratio of the two on an earlier frame */
    uint64_t sweep; /* the period whose sweep has begun */
    int32_t next;   /* gate whose turn comes next; all gates: the sweep is over */
    int32_t to;     /* the gate before which this frame stops */
    int32_t taken;  /* turns on this frame */
    bool asked;     /* the sweep was asked for: as fast as the limit allows, ... */
    bool again;     /* ... and once more when it is over */
} rpr_refresh;

#define RPR_WITNESSES 3

/** Scene cuts (cut.c). */
typedef struct rpr_cut {
    int gate[RPR_WITNESSES], n;   /* the gates that are asked */
    float average[RPR_WITNESSES]; /* share of changed values of late; 1: not known */
    float share[RPR_WITNESSES];   /* ... and on this frame */
    bool suspected;               /* on this frame, by the inputs and all witnesses so far, ... */
    int agreed;                   /* ... which were so many */
    bool found;                   /* the rest of this frame is run as from nothing */
} rpr_cut;

struct rpr_stream {
    const rpr_model *model;
    const rpr_plan *plan;
    const rpr_kernels *k;
    rpr_pool *pool; /* the threads of a frame; NULL if it is one */
    rpr_stream_options opt;
    bool reuse;     /* any gate but OFF */
    bool has_exact; /* some gate inside the network is exact */
    bool time_layers;
    bool anew;    /* this frame, or what is left of it, is computed from nothing */
    bool pieces;  /* the caller's inputs may be gone when steps run (pieces.c) */
    double scale; /* of all gates' thresholds */
    rpr_bypass bypass;
    rpr_refresh refresh;
    rpr_cut cut;
    bool ran;        /* the state is what the last frame left: not reset or loaded since */
    uint64_t frame;  /* frames run since create or reset */
    uint64_t runs;   /* frames run since create */
    uint64_t warm;   /* frames after create or reset that are run as a first one: while a window
                        fills, and as it is full */
    uint64_t rested; /* frames in a row on which no Delay's output changed */
    uint64_t calm;   /* nothing was done on the last frame, and until this one nothing is to be done
                        unless an input changes; 0: not so */
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
    char **recurrent; /* per step: what a recurrent layer remembers, in the state */
    char *recurrent_scratch;
    rpr_recurrent_record *record; /* per step: of recurrent layers, for a trace; NULL without one */
    char **delay;                 /* per step: earlier outputs of a Delay, in the state */
    rpr_gate *own_rule;           /* per step: of a recurrent layer's gates */
    char **carry;    /* per carried input: what it is on the next frame, in the state */
    char *scratch;   /* results of GENERIC steps */
    rpr_view *views; /* room for the views of one GENERIC step */
    rpr_linear_scratch linear_scratch;
    float *tails;                   /* for profiling ranges */
    rpr_noise_counts *noise_counts; /* of one picture */
    uint8_t *byte_row;              /* for one row of an input: marks of bytes, ... */
    uint8_t *look_row;              /* ... and of the pixels that a mask leaves */
    uint8_t *mark_row;              /* room for the marks of two rows of pixels */
    double cost;                    /* of the present frame with reuse, by counts, ... */
    double passed;                  /* ... and of as many steps without */
    double dense_cost;              /* of any frame without */
    rpr_frame_stats stats;
    rpr_error error;
};

/** True if the frame that begins is a first one: no range is known, and nothing of use. */
static inline bool rpr_stream_is_first(const rpr_stream *s)
{
    return s->frame < s->warm;
}

/** Forgets what gates, layers and inputs know of earlier frames; Delays go on. */
void rpr_stream_forget(rpr_stream *s);

/** Takes all memory that the stream's options ask for; false when there is none. */
bool rpr_stream_take_memory(rpr_stream *s);
/** The small arrays, before it. */
bool rpr_stream_take_arrays(rpr_stream *s);
void rpr_stream_free_memory(rpr_stream *s);

/** Fills s->life. Gates know already whether they are open. */
void rpr_stream_find_lives(rpr_stream *s);

/** The one tensor of which a step reads just those pixels that it writes, or RPR_NONE. */
int rpr_stream_same_pixels(const rpr_plan *p, const rpr_step *step);

/** Finds the transient tensors that the frame that begins must write as a whole. */
void rpr_stream_find_whole(rpr_stream *s);

/** True if this frame is to write all of a step's output, whatever was touched. */
bool rpr_stream_writes_whole(const rpr_stream *s, const rpr_step *step);

/** The same, even if nothing was touched. */
bool rpr_stream_is_forced(const rpr_stream *s, const rpr_step *step);

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

/** The activation that is left to a gate. */
rpr_act rpr_stream_gate_act(const rpr_stream *s, int index);

/**
 * For a step that is about to write the touched part of its output: begins with the gate that reads
 * it, in `room`, if rows can be compared as they are written; else NULL.
 */
rpr_gate_scan *rpr_stream_begin_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *room);

/** Ends it; `sound` false: the output is going to be written anew. */
void rpr_stream_end_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *scan, bool sound);

/** Runs a weighted layer, and counts what that took. */
void rpr_stream_run_linear(rpr_stream *s, const rpr_step *step, int index);

/** Runs an operator at the pixels of its output that a touched input reaches. */
void rpr_stream_run_pixel(rpr_stream *s, const rpr_step *step);

/** The inputs already lie in the output: only what was touched is passed on. */
void rpr_stream_run_join(rpr_stream *s, const rpr_step *step);

/** Runs steps first .. end - 1. */
int rpr_stream_run_steps(rpr_stream *s, int first, int end);

/**
 * A frame of a stream without reuse in pieces, any time apart (pieces.c): it is taken in, its steps
 * run in order, its outputs are copied.
 */
int rpr_stream_enter(rpr_stream *s, const rpr_input *in, size_t n_in);
int rpr_stream_run_piece(rpr_stream *s, int first, int end);

/** Inputs are in: true if the frame is to be run by `plain`. Reuse may begin anew. */
bool rpr_stream_bypasses(rpr_stream *s);
int rpr_stream_run_plain(rpr_stream *s);

/** Steps from `first` on, by `plain`. */
int rpr_stream_run_past(rpr_stream *s, int first);

/** What the frame's numbers say of steps from `first` on that `plain` ran, or that repeat. */
void rpr_stream_count_plain(rpr_stream *s, int first, bool ran);

/** `plain` reads and writes memory of its own, and the inputs where they are. */
void rpr_stream_point_plain(rpr_stream *s);

/** Before which steps a frame can be handed over to `plain`. Lives are known. */
void rpr_stream_find_handovers(rpr_stream *s);
bool rpr_stream_may_hand_over(const rpr_stream *s, int step);

/** True if a tensor without a parent is read by steps that know nothing of earlier frames, and
 *  written by others. */
bool rpr_stream_is_handed(const rpr_stream *s, int tensor);

/** All steps of a frame with reuse, or as many as the limit allows; `plain` runs the rest. */
int rpr_stream_run_reuse(rpr_stream *s);

/** True if the last frame's outputs are to be had from `plain`. */
bool rpr_stream_was_plain(const rpr_stream *s);

/** After a frame with reuse: decides about the next ones. */
void rpr_stream_weigh(rpr_stream *s);
void rpr_stream_reset_bypass(rpr_stream *s);

/** What a frame costs without reuse. */
double rpr_stream_plain_cost(const rpr_stream *s);

/** Adds what a step that has just run cost to the frame's cost. With reuse. */
void rpr_stream_tally(rpr_stream *s, const rpr_step *step, int index);

/** What a step costs without reuse, ... */
double rpr_stream_dense_cost(const rpr_stream *s, const rpr_step *step);
/** ... a weighted one that is computed from nothing with reuse, ... */
double rpr_stream_anew_cost(const rpr_stream *s, const rpr_step *step);
/** ... and any, with reuse, when all that it reads was touched. */
rpr_woken rpr_stream_woken_cost(const rpr_stream *s, const rpr_step *step, int index);

/** What a step can cost on this frame at most; `known`: all that it reads was written. */
double rpr_stream_most_cost(const rpr_stream *s, const rpr_step *step, int index, bool known);

/** Share of its outputs from which on a layer is better run densely than pixel by pixel. */
double rpr_stream_scattered_share(const rpr_stream *s, const rpr_step *step);

/** What each gate's turn costs. Gates know already whether they are open, and their rules. */
void rpr_stream_price_turns(rpr_stream *s);
void rpr_stream_reset_refresh(rpr_stream *s);

/** Before the inputs come in: how wide each gate's dead-zone is on this frame. */
void rpr_stream_begin_settling(rpr_stream *s);

/** Around the steps of a frame with reuse: which gates may have their turn, and which had. */
void rpr_stream_begin_refresh(rpr_stream *s);
void rpr_stream_end_refresh(rpr_stream *s);

/** After a step that cost `cost`. */
void rpr_stream_pass_step(rpr_stream *s, const rpr_step *step, int index, double cost);

/** A frame that is computed from nothing: that is all that a sweep could do. */
void rpr_stream_drop_sweep(rpr_stream *s);

/** Which gates bear witness of a cut. Gates know already whether they are open, and their rules. */
void rpr_stream_name_witnesses(rpr_stream *s);
void rpr_stream_reset_cut(rpr_stream *s);

/** Inputs are in: whether the frame may be a cut. */
void rpr_stream_begin_cut(rpr_stream *s);

/** A gate was updated: true if it is to take all of its input for the sake of a cut. */
bool rpr_stream_hears(rpr_stream *s, int gate);

/** Share of the inputs' pixels that were touched. */
float rpr_stream_touched_share(const rpr_stream *s);

/** True if all of a gate's input is there to be taken. */
bool rpr_stream_is_whole(const rpr_stream *s, int gate);

/** True if this frame may reach a gate's turn. */
bool rpr_stream_is_due(const rpr_stream *s, int gate);

/** Called when a gate is updated: true if it is to take its input as it is. */
bool rpr_stream_takes_turn(rpr_stream *s, int gate, bool touched);

/** Checks one gate; `what` names it in the error. */
int rpr_stream_check_gate(const rpr_gate *g, const char *what, rpr_error *err);

/** Gives every gate its rule. Layers that share one must agree. */
int rpr_stream_set_rules(rpr_stream *s, const rpr_stream_options *o, rpr_error *err);

/** True if corrections behind a gate of that rule and scale are to use half weights. */
bool rpr_stream_corrects_with_half(const rpr_stream *s, const rpr_gate *rule, double scale);

/** Scales all gates; what was kept of wider ones stays. */
void rpr_stream_take_scale(rpr_stream *s, double scale);

/** Input i of the plan's: the caller's, or what the stream carries. */
rpr_input rpr_stream_input(const rpr_stream *s, const rpr_input *in, int i);
void rpr_stream_reset_carry(rpr_stream *s);
/** After a frame: takes from the outputs what the next frame is given; not while a window fills. */
void rpr_stream_keep_carry(rpr_stream *s);

/** Checks all inputs without changing anything. */
int rpr_stream_check_inputs(rpr_stream *s, const rpr_input *in, size_t n_in);

/** Checks the masks, one per input or NULL, without changing anything. */
int rpr_stream_check_masks(rpr_stream *s, const rpr_mask *mask);

/**
 * What of row y of an input a mask (may be NULL) leaves to be looked at, in s->look_row. False if
 * that is nothing; *all is set if it is everything, and then the marks are not.
 */
bool rpr_stream_look(rpr_stream *s, const rpr_tensor *t, const rpr_mask *mask, int32_t y,
                     bool *all);

/** Brings the inputs in and marks the pixels that differ from the previous frame. */
void rpr_stream_fill_inputs(rpr_stream *s, const rpr_input *in, const rpr_mask *mask);

/** The same for one 8-bit picture. */
void rpr_stream_fill_picture(rpr_stream *s, int index, const rpr_input *in, const rpr_mask *mask);

/** True if bytes were compared on this frame as the gate's rule asks: what was touched changed. */
bool rpr_stream_gates_picture(const rpr_stream *s, int gate);

/** True if such a gate's layers can read the picture itself. */
bool rpr_stream_reads_picture(const rpr_stream *s, int gate);

/** The input whose bytes a step reads on this frame; NULL: it reads its tensor. */
const rpr_input_state *rpr_stream_bytes_of(const rpr_stream *s, const rpr_step *step);

/** Bytes that this frame used of a gate's picture. */
int64_t rpr_stream_used(const rpr_stream *s, int gate);

/** True if any pixel of any input was marked. */
bool rpr_stream_inputs_touched(const rpr_stream *s);

/** Moves the columns of a window on, takes the new ones in, and marks what differs. */
void rpr_stream_run_delay(rpr_stream *s, const rpr_step *step);

/** After a frame on which steps were run: true if what Delays put out stays as it is while no new
 *  column differs. */
bool rpr_stream_delays_rest(rpr_stream *s);

/** Recurrent layers begin from nothing. */
void rpr_stream_forget_recurrent(rpr_stream *s);

/** What a recurrent layer's rule goes by: its input's range; of a stream with reuse. */
void rpr_stream_recurrent_range(const rpr_stream *s, int index, float *lo, float *hi);

/** Runs a node by its definition, then keeps and marks the pixels that came out different. */
int rpr_stream_run_generic(rpr_stream *s, const rpr_step *step);

int rpr_stream_check_outputs(rpr_stream *s, const rpr_output *out, size_t n_out);

/** Copies one output of the last frame, dense and row-major. */
void rpr_stream_copy_output(const rpr_stream *s, int tensor, void *to);

/** Copies the outputs out. */
void rpr_stream_copy_outputs(const rpr_stream *s, rpr_output *out, size_t n_out);

/** What a correction from the gate's present list and a dense run cost. */
typedef struct rpr_costs {
    double correct, dense;
} rpr_costs;

rpr_costs rpr_stream_costs(const rpr_stream *s, const rpr_linear *l, const rpr_gate_state *g);

/** Of changed pixels: from there on scattered ones cost as much as all. */
#define RPR_BY_PIXEL_SHARE 0.6

/** True if comparing and a correction from the gate's present list cost less than a dense run. */
bool rpr_stream_correction_pays(const rpr_stream *s, const rpr_linear *l, const rpr_gate_state *g,
                                const rpr_costs *costs);

/** True if a step's output is to hold act(z) on this frame, and z is not kept. */
bool rpr_stream_drops_z(const rpr_stream *s, const rpr_step *step);

/** The costs by which a correction computes outputs anew; NULL: it never does. */
const rpr_cost *rpr_stream_fresh_costs(rpr_stream *s, bool words);

/** After a frame on which steps were run: finds out whether it was calm, and for how long. */
void rpr_stream_calm(rpr_stream *s);

/**
 * Inputs are in: true if a walk over the steps would do on this frame exactly what it did on the
 * last one, which was nothing. All that the frame reports then stands as it is.
 */
bool rpr_stream_stays_calm(const rpr_stream *s);

/** The next frame after this one that is some layer's turn to be refreshed. */
uint64_t rpr_stream_next_refresh(const rpr_stream *s);

/** Skip, correct or recompute: decided from the gate's counts before any work is done. */
rpr_choice rpr_stream_choose(rpr_stream *s, const rpr_step *step, int index);

#endif
