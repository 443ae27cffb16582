/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "calibrate/job.h"
#include "core/alloc.h"

static int report(const search *s, rpr_calibration *c)
{
    replay_result held;
    c->gate = rpr_alloc_array(s->n_layer + 1, sizeof *c->gate);
    if (!c->gate)
        return rpr_fail(s->r->err, RPR_ERR_NOMEM, "out of memory");
    memcpy(c->gate, s->best, s->n_layer * sizeof *c->gate);
    c->n = s->n_layer;
    c->seen = rpr_result_of(&s->result);
    c->stopped = s->stopped;
    c->settle = s->r->settle;
    RPR_TRY(rpr_replay_run(s->r, (replay_frames){s->seen, s->r->sample->n}, c->gate, c->n, &held));
    c->held_back = rpr_result_of(&held);
    return RPR_OK;
}

int rpr_calibrate(const rpr_model *m, const rpr_sample *sample, const rpr_calibrate_options *o,
                  rpr_calibration **out, rpr_error *err)
{
    job j;
    RPR_TRY(rpr_job_begin(out, err));
    int status = rpr_job_open(&j, m, sample, o, err);
    if (status == RPR_OK)
        status = rpr_search_run(&j.s);
    if (status == RPR_OK)
        status = report(&j.s, j.c);
    return rpr_job_close(&j, status, out);
}
