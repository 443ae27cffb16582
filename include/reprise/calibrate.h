/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Calibration: from an error budget and a sample of the stream to a gate for every layer.
 *
 *     rpr_calibrate_options o;
 *     rpr_calibrate_options_init(&o);
 *     o.budget = 0.05;
 *     rpr_calibrate(model, &(rpr_sample){.n = 100, .frame = my_frame}, &o, &c, NULL);
 *     stream_options.layer_gates = c->gate;  stream_options.n_layer_gates = c->n;
 *
 * Threads: as of rpr_stream; several calibrations of one model may run at the same time.
 */
#ifndef REPRISE_CALIBRATE_H
#define REPRISE_CALIBRATE_H

#include "reprise/reprise.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Frames that can be asked for again and again, in order from any one on. */
typedef struct rpr_sample {
    void *user;
    size_t n; /**< 4 at least */
    /**
     * Sets in[0 .. inputs of the model) to frame i. What they point to stays as it is until the
     * next call. Returns 0, or anything else if the frame cannot be had.
     */
    int (*frame)(void *user, size_t i, rpr_input *in);
} rpr_sample;

/** An error over a sequence of frames. */
typedef struct rpr_metric {
    void *user;
    void (*begin)(void *user);
    /** Adds a frame; both in the model's order. Returns 0, or anything else to end with an error.
     */
    int (*add)(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out);
    /** Of the frames since begin; 0: none, larger is worse. */
    double (*error)(void *user);
    /**
     * Something that grows with every deviation, in proportion, long before it is an error:
     * root-mean-square differences do. It tells sensitive layers from others. NULL: as `error`.
     */
    double (*deviation)(void *user);
} rpr_metric;

/** What is to be small within the budget. */
typedef enum rpr_objective {
    RPR_OBJECTIVE_MACS = 0, /**< executed multiply-accumulates */
    RPR_OBJECTIVE_TIME = 1  /**< rpr_frame_stats.cost: modelled time, the same on every run */
} rpr_objective;

typedef struct rpr_calibrate_options {
    size_t struct_size; /**< set by rpr_calibrate_options_init */
    double budget;      /**< largest error by the metric; 0: exact gates. Finite, not negative */
    const rpr_metric *metric; /**< NULL: relative L2 of the worst output, over all frames */
    double held_back;         /**< share of the sample, at its end, that the search does not see; at
                                   least one frame. 0 <= share < 1, default 0.2 */
    int threads;              /**< inside a frame, 1 (default) to 64 */
    /** Called now and then with the share of the work that is done; other than 0 ends the search.
     */
    int (*progress)(void *user, double done);
    void *progress_user;
    rpr_objective objective; /**< default MACS */
} rpr_calibrate_options;

RPR_API void rpr_calibrate_options_init(rpr_calibrate_options *o);

/** What was measured on some frames, the first, dense one left out. */
typedef struct rpr_calibration_result {
    size_t frames;
    double error;
    double mac_share;  /**< executed / dense */
    double cost_share; /**< modelled time (rpr_frame_stats.cost) / that of dense runs */
} rpr_calibration_result;

typedef struct rpr_calibration {
    rpr_layer_gate *gate; /**< of every weighted layer whose gate compares, in the model's order */
    size_t n;
    rpr_calibration_result seen, held_back;
    int stopped; /**< 1: `progress` ended the search; this is the best that was found */
} rpr_calibration;

/**
 * Finds gates with which the error stays within the budget on the frames that the search sees.
 * Thresholds follow theta = s * range * (MACs / sensitivity^2)^p: a layer is sensitive as the
 * output deviates when it alone has a dead-zone. RPR_ERR_ARGUMENT for bad options, a sample that is
 * too short or cannot be read, or a metric that gives NaN. On failure *out is NULL.
 */
RPR_API int rpr_calibrate(const rpr_model *m, const rpr_sample *sample,
                          const rpr_calibrate_options *opt, rpr_calibration **out, rpr_error *err);

/** NULL is allowed. */
RPR_API void rpr_calibration_destroy(rpr_calibration *c);

#ifdef __cplusplus
}
#endif

#endif
