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

/** What a call works with. */
typedef struct job {
    replay r;
    search s;
    rel_l2 own; /* the metric of those who bring none */
    rpr_metric plain;
    rpr_calibration *c;
} job;

static int open_job(job *j, const rpr_model *m, const rpr_sample *sample,
                    const rpr_calibrate_options *o, rpr_error *err)
{
    *j = (job){0};
    RPR_TRY(check(m, sample, o, err));
    j->c = rpr_alloc(sizeof *j->c);
    if (!j->c || !rpr_rel_l2_init(&j->own, m))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    j->plain = rpr_rel_l2_metric(&j->own);
    RPR_TRY(rpr_replay_open(&j->r, m, sample, o, o->metric ? o->metric : &j->plain, err));
    return rpr_search_open(&j->s, &j->r, o, sample->n - held_back(sample, o), err);
}

static int close_job(job *j, int status, rpr_calibration **out)
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

static int begin(rpr_calibration **out, rpr_error *err)
{
    if (err)
        err->message[0] = '\0';
    if (!out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no place for it was given");
    *out = NULL;
    return RPR_OK;
}

/* --------------------------------------------------------------- to a budget */

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

int rpr_calibrate(const rpr_model *m, const rpr_sample *sample, const rpr_calibrate_options *o,
                  rpr_calibration **out, rpr_error *err)
{
    job j;
    RPR_TRY(begin(out, err));
    int status = open_job(&j, m, sample, o, err);
    if (status == RPR_OK)
        status = rpr_search_run(&j.s);
    if (status == RPR_OK)
        status = report(&j.s, j.c);
    return close_job(&j, status, out);
}

/* ----------------------------------------------------------------- the paper */

static int check_clusters(const rpr_model *m, int clusters, const size_t *left_out, size_t n,
                          rpr_error *err)
{
    if (clusters < 2 || clusters > 65536)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "clusters: %d, not 2 to 65536", clusters);
    for (size_t i = 0; m && i < n; i++) {
        rpr_layer_info info;
        if (rpr_model_layer(m, left_out[i], &info) != RPR_OK || !info.weighted)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "left_out: layer %zu is not a weighted layer",
                            left_out[i]);
    }
    return RPR_OK;
}

/** True if one of the layers left out reads through the gate. */
static bool is_left_out(const rpr_model *m, int gate, const size_t *left_out, size_t n)
{
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        rpr_layer_info info;
        (void)rpr_model_layer(m, left_out[i], &info);
        found |= info.gate == gate;
    }
    return found;
}

static int quantise(const search *s, int clusters, const size_t *left_out, size_t n,
                    rpr_calibration *c)
{
    const rpr_model *m = s->r->model;
    c->gate = rpr_alloc_array(rpr_model_n_layers(m) + 1, sizeof *c->gate);
    if (!c->gate)
        return rpr_fail(s->r->err, RPR_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        rpr_layer_info info;
        (void)rpr_model_layer(m, i, &info);
        if (!info.weighted)
            continue;
        rpr_layer_gate *g = &c->gate[c->n++];
        *g = (rpr_layer_gate){.layer = i, .gate = {.kind = RPR_GATE_OFF}};
        if (is_left_out(m, info.gate, left_out, n))
            continue;
        g->gate.kind = RPR_GATE_EXACT; /* what has no range has no clusters */
        if (s->lo[i] < s->hi[i])
            g->gate = (rpr_gate){
                .kind = RPR_GATE_LEVELS, .levels = clusters, .lo = s->lo[i], .hi = s->hi[i]};
    }
    return RPR_OK;
}

static int measure_paper(replay *r, size_t seen, rpr_calibration *c)
{
    const rpr_way way = {.gate = {.kind = RPR_GATE_EXACT},
                         .layer_gates = c->gate,
                         .n_layer_gates = c->n,
                         .all_gates = 1};
    replay_result a, b;
    RPR_TRY(rpr_replay_way(r, (replay_frames){0, seen}, &way, &a));
    RPR_TRY(rpr_replay_way(r, (replay_frames){seen, r->sample->n}, &way, &b));
    c->seen = result_of(&a);
    c->held_back = result_of(&b);
    return RPR_OK;
}

int rpr_calibrate_isca2018(const rpr_model *m, const rpr_sample *sample,
                           const rpr_calibrate_options *o, int clusters, const size_t *left_out,
                           size_t n_left_out, rpr_calibration **out, rpr_error *err)
{
    job j;
    RPR_TRY(begin(out, err));
    RPR_TRY(check_clusters(m, clusters, left_out, n_left_out, err));
    int status = open_job(&j, m, sample, o, err);
    if (status == RPR_OK)
        status = rpr_search_ranges(&j.s, j.s.seen);
    if (status == RPR_OK)
        status = quantise(&j.s, clusters, left_out, n_left_out, j.c);
    if (status == RPR_OK)
        status = measure_paper(&j.r, j.s.seen, j.c);
    if (status == RPR_OK)
        j.c->stopped = j.s.stopped;
    return close_job(&j, status, out);
}

void rpr_calibration_destroy(rpr_calibration *c)
{
    if (!c)
        return;
    rpr_free(c->gate);
    rpr_free(c);
}

/* ------------------------------------------------------------------- measuring */

static int measure_all(job *j, size_t first, const rpr_calibrate_options *o, const rpr_way *way,
                       size_t n, rpr_calibration_result *result)
{
    for (size_t i = 0; i < n; i++) {
        replay_result one;
        RPR_TRY(rpr_replay_way(&j->r, (replay_frames){first, j->r.sample->n}, &way[i], &one));
        result[i] = result_of(&one);
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
    int status = open_job(&j, m, sample, o, err);
    if (status == RPR_OK)
        status = measure_all(&j, first, o, way, n, result);
    status = close_job(&j, status, &c);
    rpr_calibration_destroy(c);
    return status;
}
