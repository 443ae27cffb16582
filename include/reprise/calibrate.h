/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Calibration: from an error budget and a sample of the stream to a gate for every layer.
 *
 *     rpr_calibrate_options o;
 *     rpr_calibrate_options_init(&o);
 *     o.budget = 0.05;
 *     rpr_calibrate(model, &(rpr_sample){.n = 100, .frame = my_frame}, &o, &c, NULL);
 *     stream_options.layer_gates = c->gate;  stream_options.n_layer_gates = c->n;
 *     stream_options.settle = c->settle;
 *
 * Threads: as of rpr_stream; several calibrations of one model may run at the same time.
 */
#ifndef REPRISE_CALIBRATE_H
#define REPRISE_CALIBRATE_H

#include "reprise/metric.h"

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
    int settle; /**< rpr_stream_options.settle of the streams that the gates are for; default 0.
                     rpr_calibrate only. Pays where an error that stands still costs more than one
                     that moves: boxes that are lost for good (doc/fidelity.md) */
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
    int settle;  /**< for rpr_stream_options.settle, with which all this was measured */
} rpr_calibration;

/**
 * Finds gates with which the error stays within the budget on the frames that the search sees, as a
 * whole and, as far as it can be told from the deviation, in every part of them. doc/fidelity.md
 * says how. With budget 0 all gates are exact. RPR_ERR_ARGUMENT for bad options, a sample that is
 * too short or cannot be read, or a metric that gives NaN. On failure *out is NULL.
 */
RPR_API int rpr_calibrate(const rpr_model *m, const rpr_sample *sample,
                          const rpr_calibrate_options *opt, rpr_calibration **out, rpr_error *err);

/**
 * The procedure of the paper (Riera, Arnau, Gonzalez, ISCA 2018): the range of every weighted
 * layer's input is profiled over the frames that are not held back, without the 0.01 % of outliers
 * at either end, and cut into `clusters` (2 to 65536; the paper: 16 or 32) by a linear quantiser;
 * the layers in left_out (indices of rpr_model_layer), and those that read the same tensor as one
 * of them, are always dense. Recurrent layers take part, with all values of their input as the
 * range. `budget` and `objective` are not used. The results are those of
 * streams with all_gates, which compare every layer as the paper does. Errors as of rpr_calibrate.
 */
RPR_API int rpr_calibrate_isca2018(const rpr_model *m, const rpr_sample *sample,
                                   const rpr_calibrate_options *opt, int clusters,
                                   const size_t *left_out, size_t n_left_out, rpr_calibration **out,
                                   rpr_error *err);

/** A way to run frames, to be held against others. */
typedef struct rpr_way {
    rpr_gate gate;                     /**< of all layers but those in layer_gates */
    const rpr_layer_gate *layer_gates; /**< as in rpr_stream_options */
    size_t n_layer_gates;
    int all_gates;    /**< as in rpr_stream_options */
    int whole_pixels; /**< 1: counts MACs as if a pixel with any changed value were recomputed as a
                           whole, in layers that correct; the error stays that of single values, and
                           cost_share is NaN: nothing was run that way */
    int every;  /**< k > 1: the dense result of every k-th frame stands in between, and nothing else
                     of this is used. Else 0 */
    int settle; /**< as in rpr_stream_options */
} rpr_way;

/**
 * Runs frames [first, sample->n) in every one of n ways and writes what was measured: result[i] of
 * way[i]. Uses the metric, threads and progress of opt. Errors as of rpr_calibrate; ended by
 * `progress`: RPR_ERR_STATE.
 */
RPR_API int rpr_measure(const rpr_model *m, const rpr_sample *sample, size_t first,
                        const rpr_calibrate_options *opt, const rpr_way *way, size_t n,
                        rpr_calibration_result *result, rpr_error *err);

/** NULL is allowed. */
RPR_API void rpr_calibration_destroy(rpr_calibration *c);

#ifdef __cplusplus
}
#endif

#endif
