/* SPDX-License-Identifier: Apache-2.0 */
/* Any ways to run the same frames, side by side. */
#include "calibrate/job.h"

static int measure_all(job *j, size_t first, const rpr_calibrate_options *o, const rpr_way *way,
                       size_t n, rpr_calibration_result *result)
{
    for (size_t i = 0; i < n; i++) {
        replay_result one;
        RPR_TRY(rpr_replay_way(&j->r, (replay_frames){first, j->r.sample->n}, &way[i], &one));
        result[i] = rpr_result_of(&one);
        if (o->progress && o->progress(o->progress_user, (double)(i + 1) / (double)n) != 0)
            return rpr_fail(j->r.err, RPR_ERR_STATE, "measuring was ended");
    }
    return RPR_OK;
}

int rpr_measure(const rpr_model *m, const rpr_sample *sample, size_t first,
                const rpr_calibrate_options *o, const rpr_way *way, size_t n,
                rpr_calibration_result *result, rpr_error *err)
{
    job j;
    rpr_calibration *c = NULL;
    if (err)
        err->message[0] = '\0';
    if (!way || !result || !sample || first + 2 > sample->n)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no two frames, no ways or no place for results");
    int status = rpr_job_open(&j, m, sample, o, err);
    if (status == RPR_OK)
        status = measure_all(&j, first, o, way, n, result);
    status = rpr_job_close(&j, status, &c);
    rpr_calibration_destroy(c);
    return status;
}
