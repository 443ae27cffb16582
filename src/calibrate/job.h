/* SPDX-License-Identifier: Apache-2.0 */
/* What every call of calibrate.h works with, from its arguments to its result. */
#ifndef RPR_CALIBRATE_JOB_H
#define RPR_CALIBRATE_JOB_H

#include "metric/rel_l2.h"
#include "calibrate/search.h"

typedef struct job {
    replay r;
    search s;
    rel_l2 own; /* the metric of those who bring none */
    rpr_metric plain;
    rpr_calibration *c;
} job;

/** First of all: clears err and *out; an error if out is NULL. */
int rpr_job_begin(rpr_calibration **out, rpr_error *err);

/** Checks the arguments, allocates and runs every frame densely. Close it in any case. */
int rpr_job_open(job *j, const rpr_model *m, const rpr_sample *sample,
                 const rpr_calibrate_options *o, rpr_error *err);

/** Ends with `status`, which it returns; *out gets the calibration if that is RPR_OK. */
int rpr_job_close(job *j, int status, rpr_calibration **out);

rpr_calibration_result rpr_result_of(const replay_result *r);

#endif
