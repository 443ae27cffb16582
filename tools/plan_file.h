/* SPDX-License-Identifier: Apache-2.0 */
/** The plan: what calibrate found, for a model, as JSON. */
#ifndef TOOLS_PLAN_FILE_H
#define TOOLS_PLAN_FILE_H

#include "reprise/calibrate.h"

#include "metrics.h"

/** What stands in a plan beside the gates. */
typedef struct plan_origin {
    const char *model; /**< file */
    metric_kind metric;
    const char *preset; /**< NULL: none, and the next is not used */
    int clusters;
    double budget; /**< below 0: none */
    rpr_objective objective;
} plan_origin;

/** What a plan was made to keep. */
typedef struct plan_promise {
    double budget; /**< below 0: it does not say */
    metric_kind metric;
    int settle; /**< of rpr_stream_options */
} plan_promise;

/** Writes a plan; returns an exit code. */
int plan_file_write(const char *path, const rpr_model *m, const plan_origin *from,
                    const rpr_calibration *c);

/**
 * Reads a plan for a model; *gates is malloc'ed. Returns an exit code after a message that names
 * what is wrong: no plan, another model's, or a gate or a budget that cannot be.
 */
int plan_file_read(const char *path, const rpr_model *m, rpr_layer_gate **gates, size_t *n,
                   plan_promise *promise);

#endif
