/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "calibrate/rel_l2.h"
#include "calibrate/search.h"
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
    if (!(o->held_back >= 0.0 && o->held_back < 1.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "held_back: %g, not 0 to 1", o->held_back);
    if (sample->n < FEWEST_FRAMES)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "sample: %zu frames, not %d or more", sample->n,
                        FEWEST_FRAMES);
    return RPR_OK;
}

/** Frames at the sample's end that the search does not see: two at least, for one is dense. */
static size_t held_back(const rpr_sample *sample, const rpr_calibrate_options *o)
{
    size_t n = (size_t)(o->held_back * (double)sample->n);
    n = n < 2 ? 2 : n;
    return n + 2 > sample->n ? sample->n - 2 : n;
}

static rpr_calibration_result result_of(const replay_result *r)
{
    return (rpr_calibration_result){.frames = r->frames,
                                    .error = r->error,
                                    .mac_share = r->mac_share,
                                    .cost_share = r->cost_share};
}

static int report(const search *s, rpr_calibration *c)
{
    replay_result held;
    c->gate = rpr_alloc_array(s->n_layer + 1, sizeof *c->gate);
    if (!c->gate)
        return rpr_fail(s->r->err, RPR_ERR_NOMEM, "out of memory");
    memcpy(c->gate, s->best, s->n_layer * sizeof *c->gate);
    c->n = s->n_layer;
    c->seen = result_of(&s->result);
    c->stopped = s->stopped;
    RPR_TRY(rpr_replay_run(s->r, (replay_frames){s->seen, s->r->sample->n}, c->gate, c->n, &held));
    c->held_back = result_of(&held);
    return RPR_OK;
}

static int calibrate(const rpr_model *m, const rpr_sample *sample, const rpr_calibrate_options *o,
                     const rpr_metric *metric, rpr_calibration *c, rpr_error *err)
{
    replay r = {0};
    search s = {0};
    int status = rpr_replay_open(&r, m, sample, o, metric, err);
    if (status == RPR_OK)
        status = rpr_search_open(&s, &r, o, sample->n - held_back(sample, o), err);
    if (status == RPR_OK)
        status = rpr_search_run(&s);
    if (status == RPR_OK)
        status = report(&s, c);
    rpr_search_close(&s);
    rpr_replay_close(&r);
    return status;
}

int rpr_calibrate(const rpr_model *m, const rpr_sample *sample, const rpr_calibrate_options *o,
                  rpr_calibration **out, rpr_error *err)
{
    if (err)
        err->message[0] = '\0';
    if (!out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no place for it was given");
    *out = NULL;
    RPR_TRY(check(m, sample, o, err));
    rel_l2 own = {0};
    rpr_calibration *c = rpr_alloc(sizeof *c);
    int status =
        c && rpr_rel_l2_init(&own, m) ? RPR_OK : rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    const rpr_metric plain = rpr_rel_l2_metric(&own);
    if (status == RPR_OK)
        status = calibrate(m, sample, o, o->metric ? o->metric : &plain, c, err);
    rpr_rel_l2_free(&own);
    if (status != RPR_OK) {
        rpr_calibration_destroy(c);
        return status;
    }
    *out = c;
    return RPR_OK;
}

void rpr_calibration_destroy(rpr_calibration *c)
{
    if (!c)
        return;
    rpr_free(c->gate);
    rpr_free(c);
}
