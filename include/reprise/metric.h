/* SPDX-License-Identifier: Apache-2.0 */
/** How errors are measured: by calibration (calibrate.h) and by audits (audit.h). */
#ifndef REPRISE_METRIC_H
#define REPRISE_METRIC_H

#include "reprise/reprise.h"

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif
