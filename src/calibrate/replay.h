/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the frames of a sample with some gates and holds the outputs against the dense ones. */
#ifndef RPR_CALIBRATE_REPLAY_H
#define RPR_CALIBRATE_REPLAY_H

#include <stdbool.h>

#include "core/status.h"
#include "reprise/calibrate.h"

typedef struct replay {
    const rpr_model *model;
    const rpr_sample *sample;
    const rpr_metric *metric;
    int threads;
    rpr_input *in;   /* of one frame */
    rpr_output *out; /* room for one frame's outputs */
    size_t n_in, n_out;
    size_t fill; /* frames before a stream's window is whole; 0 without one */
    rpr_objective objective;
    int settle;        /* of rpr_replay_run and rpr_replay_folds */
    rpr_output *dense; /* of all frames, n_out each */
    char *memory;      /* of out and dense */
    rpr_error *err;
} replay;

/** Frames [first, end); the first of them is dense and not counted, nor are those of which the
 * sample has no whole window. */
typedef struct replay_frames {
    size_t first, end;
} replay_frames;

typedef struct replay_result {
    double error, deviation;
    double mac_share, cost_share;
    double work; /* that of the two which is to be small */
    size_t frames;
} replay_result;

/** Frames of the model's streams that only fill their window; 0 without one. */
size_t rpr_replay_fill(const rpr_model *m);

/** Allocates, and runs every frame densely. Close it in any case. */
int rpr_replay_open(replay *r, const rpr_model *m, const rpr_sample *sample,
                    const rpr_calibrate_options *o, const rpr_metric *metric, rpr_error *err);
void rpr_replay_close(replay *r);

/** In any way. */
int rpr_replay_way(replay *r, replay_frames f, const rpr_way *way, replay_result *result);

/** Exact gates but for those given. */
int rpr_replay_run(replay *r, replay_frames f, const rpr_layer_gate *gate, size_t n,
                   replay_result *result);

/** One run over frames [0, end), whose result is given for each of n equal parts of them. */
int rpr_replay_folds(replay *r, size_t end, const rpr_layer_gate *gate, size_t n_gate,
                     replay_result *fold, size_t n);

/** Widens lo and hi, one for each layer of the model, to the ranges of one frame, or of the first
 * one that has a whole window. */
int rpr_replay_ranges(replay *r, size_t frame, double *lo, double *hi);

#endif
