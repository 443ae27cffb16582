/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Audits: every Nth frame of a stream is run densely, too, to see whether the error budget is kept.
 *
 *     rpr_audit_options o;
 *     rpr_audit_options_init(&o);
 *     o.budget = 0.05;
 *     rpr_audit_create(stream, &o, &audit, NULL);
 *     while (next_frame(&in)) {
 *         rpr_stream_run(stream, &in, 1, &out, 1);
 *         rpr_audit_frame(audit, &in, 1);
 *     }
 *
 * When the error exceeds the budget, the stream's gates are tightened (rpr_stream_scale_gates);
 * when it stays far below, they are loosened again, never beyond what the stream was created with.
 * As long as neither happens the stream's results are those of a stream without audits, in every
 * bit. What is decided depends on results and counts alone, never on time.
 *
 * Threads: an audit belongs to its stream's thread.
 */
#ifndef REPRISE_AUDIT_H
#define REPRISE_AUDIT_H

#include "reprise/metric.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rpr_audit rpr_audit;

#define RPR_AUDIT_MAX_WINDOW 256

typedef struct rpr_audit_options {
    size_t struct_size; /**< set by rpr_audit_options_init */
    int every;          /**< frames from one audit to the next, 1 to 1000000; default 32. The
                             first is of the third frame; while the budget is in doubt, they follow
                             each other sooner */
    int spread;         /**< frames over which the dense run of one audit is spread: 1, at once, to
                             `every` - 1. 0, the default: 8, or what fits. By the cost model about
                             1 / spread of a dense run is added to each of them; the outputs are
                             compared in one more */
    int window;         /**< audits over which errors are averaged, 1 to RPR_AUDIT_MAX_WINDOW;
                             default 16 */
    double budget; /**< largest error by the metric over several frames, finite. 0: exact, up to
                      rounding (errors up to 1e-5). Negative, the default: none, errors are only
                      reported */
    double power;  /**< of the power mean by which errors of frames make one over several: 1 as for
                        boxes, 2 as for relative L2, up to 8. 0, the default: 1 with a metric of the
                        caller, 2 without. Where only the largest counts, take a window of 1 */
    const rpr_metric *metric; /**< of single frames: begin, add, error. NULL: relative L2 of the
                                 worst output. Copied; what it points to must stay */
    rpr_log_fn log;           /**< may be NULL; a RPR_LOG_WARNING line for every breach, a
                                   RPR_LOG_INFO line when gates are loosened */
    void *log_user;
} rpr_audit_options;

RPR_API void rpr_audit_options_init(rpr_audit_options *o);

/**
 * Allocates all that audits need: a stream without reuse, with as many threads as this one, and two
 * sets of outputs. The stream, of any gate but OFF, must outlive the audit. RPR_ERR_ARGUMENT for
 * bad options.
 */
RPR_API int rpr_audit_create(rpr_stream *s, const rpr_audit_options *opt, rpr_audit **out,
                             rpr_error *err);
/** NULL is allowed. The stream keeps the scale of its gates. */
RPR_API void rpr_audit_destroy(rpr_audit *a);

/**
 * To be called after each successful rpr_stream_run, with the same inputs. Allocates nothing.
 * RPR_ERR_ARGUMENT if there is no frame since the last call, or if the metric failed or gave NaN or
 * less than 0: that audit is given up, the stream and its gates are left as they are, and later
 * audits go on. A frame that was bypassed is dense: it counts as audited, without error and cost.
 */
RPR_API int rpr_audit_frame(rpr_audit *a, const rpr_input *in, size_t n_in);

/** The last error in one line; "" if none. Owned by the audit. */
RPR_API const char *rpr_audit_error(const rpr_audit *a);

typedef struct rpr_audit_stats {
    int64_t frames;     /**< that rpr_audit_frame saw */
    int64_t audits;     /**< completed */
    int64_t last_frame; /**< of the last completed audit: 0 is the first frame seen; -1: none yet */
    double last;        /**< its error */
    double mean, worst; /**< error of all audits */
    double seen; /**< mean error of the last audits, `window` at most, with the present scale */
    int64_t breaches; /**< times that gates were tightened, or could not be any more */
    int64_t loosened; /**< times that they were loosened */
    double scale;     /**< of the stream's gates: 1 as created, 0 exact */
    double share;     /**< of a dense run that the last call did, by the cost model */
    double cost;      /**< the same, and what the stream itself did in its last frame */
    double ms;        /**< wall-clock of all calls */
} rpr_audit_stats;

RPR_API void rpr_audit_get_stats(const rpr_audit *a, rpr_audit_stats *st);

/** Bytes that this audit holds. */
RPR_API size_t rpr_audit_bytes(const rpr_audit *a);

#ifdef __cplusplus
}
#endif

#endif
