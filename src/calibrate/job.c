/* SPDX-License-Identifier: Apache-2.0 */
#include "calibrate/job.h"

#include <math.h>

#include "core/alloc.h"

#define FEWEST_FRAMES 4
#define HELD_BACK 0.2

void rpr_calibrate_options_init(rpr_calibrate_options *o)
{
    *o = (rpr_calibrate_options){.struct_size = sizeof *o, .held_back = HELD_BACK, .threads = 1};
}

static int check(const rpr_model *m, const rpr_sample *sample, const rpr_calibrate_options *o,
                 rpr_error *err)
{
    if (!m || !sample || !sample->frame || !o)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no %s was given",
                        !m   ? "model"
                        : !o ? "options"
                             : "sample");
    if (o->struct_size != sizeof *o)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "rpr_calibrate_options was not set by rpr_calibrate_options_init");
    if (!(o->budget >= 0.0 && isfinite(o->budget)))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "budget: %g, not a number from 0 on", o->budget);
    if (!o->metric && o->budget > 1.0)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "budget: %g, but zeros have a relative error of 1",
                        o->budget);
    if ((unsigned)o->objective > RPR_OBJECTIVE_TIME)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "objective: unknown value %d", (int)o->objective);
    if (o->settle < 0)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "settle: %d is negative", o->settle);
    if (!(o->held_back >= 0.0 && o->held_back < 1.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "held_back: %g, not 0 to 1", o->held_back);
    if (sample->n < FEWEST_FRAMES + rpr_replay_fill(m))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "sample: %zu frames, not %zu or more", sample->n,
                        FEWEST_FRAMES + rpr_replay_fill(m));
    return RPR_OK;
}

/** Of n frames those at the end that the search does not see: two at least, for one is dense. */
static size_t held_back(size_t frames, const rpr_calibrate_options *o)
{
    size_t n = (size_t)(o->held_back * (double)frames);
    n = n < 2 ? 2 : n;
    return n + 2 > frames ? frames - 2 : n;
}

rpr_calibration_result rpr_result_of(const replay_result *r)
{
    return (rpr_calibration_result){.frames = r->frames,
                                    .error = r->error,
                                    .mac_share = r->mac_share,
                                    .cost_share = r->cost_share};
}

int rpr_job_open(job *j, const rpr_model *m, const rpr_sample *sample,
                 const rpr_calibrate_options *o, rpr_error *err)
{
    *j = (job){0};
    RPR_TRY(check(m, sample, o, err));
    j->c = rpr_alloc(sizeof *j->c);
    if (!j->c || !rpr_rel_l2_init(&j->own, m))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    j->plain = rpr_rel_l2_metric(&j->own);
    RPR_TRY(rpr_replay_open(&j->r, m, sample, o, o->metric ? o->metric : &j->plain, err));
    return rpr_search_open(&j->s, &j->r, o,
                           sample->n - held_back(sample->n - rpr_replay_fill(m), o), err);
}

int rpr_job_close(job *j, int status, rpr_calibration **out)
{
    rpr_search_close(&j->s);
    rpr_replay_close(&j->r);
    rpr_rel_l2_free(&j->own);
    if (status != RPR_OK)
        rpr_calibration_destroy(j->c);
    else
        *out = j->c;
    return status;
}

int rpr_job_begin(rpr_calibration **out, rpr_error *err)
{
    if (err)
        err->message[0] = '\0';
    if (!out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no place for it was given");
    *out = NULL;
    return RPR_OK;
}

void rpr_calibration_destroy(rpr_calibration *c)
{
    if (!c)
        return;
    rpr_free(c->gate);
    rpr_free(c);
}
