/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One audit at a time: a frame's inputs are taken in by a stream without reuse, and the outputs
 * that it had with reuse are kept. The dense run goes on in the following frames, a share in each,
 * by the cost model; then both sides are compared and control.c says what becomes of the gates.
 */
#define _POSIX_C_SOURCE 200112L
#include "reprise/audit.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "audit/control.h"
#include "core/alloc.h"
#include "metric/rel_l2.h"
#include "stream/stream.h"

#define USUAL_EVERY 32
#define USUAL_SPREAD 8
#define USUAL_WINDOW 16
#define MOST_EVERY 1000000
#define FIRST 2    /* frame that is audited first */
#define SETTLING 8 /* frames after new gates, before which errors are not yet the usual ones */
#define DEAR                                                                                       \
    1.15 /* dense runs that a frame may have cost, for a share of an audit to come on top */

typedef enum stage { IDLE, RUNNING, DONE } stage;

struct rpr_audit {
    rpr_stream *s, *dense;
    rpr_audit_options opt;
    rpr_metric metric;
    rel_l2 own; /* if no other is given */
    rpr_control control;
    size_t n_out, bytes;
    char *memory;
    rpr_output *reuse, *fresh; /* the two sides; reuse owns both arrays */
    double whole;              /* cost of a dense run */
    uint64_t runs;             /* of the stream, at the last call */
    stage stage;
    int64_t frame, next; /* that is audited, and at which the next audit begins */
    double scale;        /* of the gates in that frame */
    int step, piece;     /* of the dense run: the next ones */
    double done;         /* its cost so far */
    double sum;          /* of all errors, to the power */
    bool at_end;         /* it was said that nothing is left to tighten */
    bool past;           /* the last frame was bypassed */
    rpr_audit_stats st;
    rpr_error error;
};

void rpr_audit_options_init(rpr_audit_options *o)
{
    *o = (rpr_audit_options){
        .struct_size = sizeof *o, .every = USUAL_EVERY, .window = USUAL_WINDOW, .budget = -1.0};
}

/* ------------------------------------------------------------------ create */

static int widest_spread(const rpr_audit_options *o)
{
    return o->every > 2 ? o->every - 1 : 1;
}

static int check(const rpr_stream *s, const rpr_audit_options *o, rpr_error *err)
{
    if (o->struct_size != sizeof *o)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "rpr_audit_options was not set by rpr_audit_options_init");
    if (!s->reuse)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: the stream has no gates");
    if (o->every < 1 || o->every > MOST_EVERY)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: every %d frames, not 1 to %d", o->every,
                        MOST_EVERY);
    if (o->spread < 0 || o->spread > widest_spread(o))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: spread over %d frames, not 1 to %d",
                        o->spread, widest_spread(o));
    if (o->window < 1 || o->window > RPR_AUDIT_MAX_WINDOW)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: a window of %d, not 1 to %d", o->window,
                        RPR_AUDIT_MAX_WINDOW);
    if (!((o->power >= 1.0 && o->power <= 8.0) || fabs(o->power) <= 0.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: a power of %g, not 1 to 8", o->power);
    if (!isfinite(o->budget))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: budget %g is not finite", o->budget);
    if (o->metric && (!o->metric->begin || !o->metric->add || !o->metric->error))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "audit: a metric without begin, add or error");
    return RPR_OK;
}

static bool take_outputs(rpr_audit *a)
{
    const rpr_model *m = a->s->model;
    size_t side = 0;
    a->n_out = rpr_model_n_outputs(m);
    a->reuse = rpr_alloc_array(2 * a->n_out + 1, sizeof *a->reuse);
    if (!a->reuse)
        return false;
    a->fresh = a->reuse + a->n_out;
    for (size_t i = 0; i < a->n_out; i++) {
        rpr_tensor_info info;
        (void)rpr_model_output(m, i, &info);
        a->reuse[i].bytes = a->fresh[i].bytes = info.bytes;
        side += (info.bytes + 63) / 64 * 64;
    }
    a->bytes = 2 * side;
    a->memory = rpr_alloc(a->bytes + 1);
    if (!a->memory)
        return false;
    char *at = a->memory;
    for (size_t i = 0; i < 2 * a->n_out; i++) {
        a->reuse[i].data = at;
        at += (a->reuse[i].bytes + 63) / 64 * 64;
    }
    return true;
}

static int make_dense(rpr_audit *a, rpr_error *err)
{
    rpr_stream_options o;
    rpr_stream_options_init(&o);
    o.gate.kind = RPR_GATE_OFF;
    o.threads = a->s->opt.threads;
    o.allow_nonfinite = a->s->opt.allow_nonfinite;
    RPR_TRY(rpr_stream_create(a->s->model, &o, &a->dense, err));
    for (int i = 0; i < a->s->plan->n_step; i++)
        a->whole += rpr_stream_dense_cost(a->dense, &a->s->plan->step[i]);
    return RPR_OK;
}

static int fill(rpr_audit *a, rpr_stream *s, const rpr_audit_options *o, rpr_error *err)
{
    a->s = s;
    a->opt = *o;
    if (o->spread == 0)
        a->opt.spread = widest_spread(o) < USUAL_SPREAD ? widest_spread(o) : USUAL_SPREAD;
    a->opt.power = o->power > 0.0 ? o->power : o->metric ? 1.0 : 2.0;
    rpr_control_begin(&a->control, o->budget, a->opt.power, o->window);
    a->next = o->every > FIRST ? FIRST : o->every - 1;
    a->runs = s->runs;
    a->scale = s->scale;
    a->st.last_frame = -1;
    if (!take_outputs(a) || (!o->metric && !rpr_rel_l2_init(&a->own, s->model)))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory for audits");
    a->metric = o->metric ? *o->metric : rpr_rel_l2_metric(&a->own);
    return make_dense(a, err);
}

int rpr_audit_create(rpr_stream *s, const rpr_audit_options *opt, rpr_audit **out, rpr_error *err)
{
    rpr_audit_options defaults;
    if (err)
        err->message[0] = '\0';
    if (!s || !out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no %s was given", s ? "place for it" : "stream");
    *out = NULL;
    rpr_audit_options_init(&defaults);
    opt = opt ? opt : &defaults;
    RPR_TRY(check(s, opt, err));
    if (s->plan->n_given < s->plan->n_input)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED,
                        "audit: the stream carries inputs from frame to frame");
    if (s->plan->slide)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "audit: an input of the stream is a window");
    rpr_audit *a = rpr_alloc(sizeof *a);
    int status = a ? fill(a, s, opt, err) : rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    if (status != RPR_OK) {
        rpr_audit_destroy(a);
        return status;
    }
    *out = a;
    return RPR_OK;
}

void rpr_audit_destroy(rpr_audit *a)
{
    if (!a)
        return;
    rpr_stream_destroy(a->dense);
    rpr_rel_l2_free(&a->own);
    rpr_free(a->reuse);
    rpr_free(a->memory);
    rpr_free(a);
}

/* ----------------------------------------------------------------- verdict */

static void tell(rpr_audit *a, rpr_log_level level, const char *what)
{
    char line[256];
    if (!a->opt.log)
        return;
    (void)snprintf(line, sizeof line, "audit of frame %lld: error %.4g, budget %.4g: %s %.3g",
                   (long long)a->frame, a->st.last, a->opt.budget, what, a->s->scale);
    a->opt.log(a->opt.log_user, level, line);
}

static void breach(rpr_audit *a, double scale, int64_t now)
{
    const bool tightens = scale < a->s->scale;
    const int64_t soon = a->opt.every < SETTLING ? a->opt.every : SETTLING;
    (void)rpr_stream_scale_gates(a->s, scale);
    a->st.breaches++;
    if (tightens || !a->at_end)
        tell(a, RPR_LOG_WARNING, tightens ? "gates are tightened to" : "gates are exact already,");
    a->at_end = !tightens;
    a->next = tightens ? now + soon : a->next;
}

/** The error of a->frame is known. */
static void conclude(rpr_audit *a, double error, int64_t now)
{
    double scale = a->s->scale;
    const rpr_verdict verdict = rpr_control_add(&a->control, error, &scale);
    a->sum += pow(error, a->opt.power);
    a->st.audits++;
    a->st.last_frame = a->frame;
    a->st.last = error;
    a->st.worst = error > a->st.worst ? error : a->st.worst;
    a->st.mean = pow(a->sum / (double)a->st.audits, 1.0 / a->opt.power);
    switch (verdict) {
    case RPR_TIGHTEN:
        breach(a, scale, now);
        break;
    case RPR_LOOSEN:
        (void)rpr_stream_scale_gates(a->s, scale);
        a->st.loosened++;
        a->at_end = false;
        tell(a, RPR_LOG_INFO, "gates are loosened to");
        break;
    case RPR_DOUBT:
        a->next = now;
        break;
    case RPR_KEEP:
        break;
    }
}

/* ------------------------------------------------------------------- frame */

/** True if the gates are no longer those of the last audited frame. */
static bool is_rescaled(const rpr_audit *a)
{
    return a->scale < a->s->scale || a->scale > a->s->scale;
}

static int compare(rpr_audit *a, int64_t now)
{
    const rpr_metric *m = &a->metric;
    a->stage = IDLE;
    if (is_rescaled(a)) /* by others: a reset, say */
        return RPR_OK;
    rpr_stream_copy_outputs(a->dense, a->fresh, a->n_out);
    m->begin(m->user);
    if (m->add(m->user, a->fresh, a->reuse, a->n_out) != 0)
        return rpr_fail(&a->error, RPR_ERR_ARGUMENT, "metric: frame %lld was not taken",
                        (long long)a->frame);
    const double error = m->error(m->user);
    if (!(error >= 0.0))
        return rpr_fail(&a->error, RPR_ERR_ARGUMENT, "metric: an error of %g", error);
    conclude(a, error, now);
    return RPR_OK;
}

static int begin(rpr_audit *a, int64_t now, const rpr_input *in, size_t n_in)
{
    if (is_rescaled(a))
        rpr_control_forget(&a->control);
    a->scale = a->s->scale;
    a->frame = now;
    a->next = now + a->opt.every;
    if (a->s->stats.bypassed) {
        conclude(a, 0.0, now);
        return RPR_OK;
    }
    int status = rpr_stream_enter(a->dense, in, n_in);
    if (status != RPR_OK)
        return rpr_fail(&a->error, status, "%s", a->dense->error.message);
    rpr_stream_copy_outputs(a->s, a->reuse, a->n_out);
    a->stage = RUNNING;
    a->step = a->piece = 0;
    a->done = 0.0;
    return RPR_OK;
}

/** Runs the steps whose middle lies before the end of this frame's share. */
static int run_share(rpr_audit *a)
{
    const rpr_plan *p = a->s->plan;
    const int first = a->step;
    const double before = a->done, end = a->whole * ++a->piece / a->opt.spread;
    const bool last = a->piece == a->opt.spread;
    for (; a->step < p->n_step; a->step++) {
        const double cost = rpr_stream_dense_cost(a->dense, &p->step[a->step]);
        if (!last && a->done + cost / 2.0 > end)
            break;
        a->done += cost;
    }
    a->st.share = a->whole > 0.0 ? (a->done - before) / a->whole : 0.0;
    int status = rpr_stream_run_piece(a->dense, first, a->step);
    a->stage = status != RPR_OK ? IDLE : last ? DONE : RUNNING;
    return status == RPR_OK ? RPR_OK : rpr_fail(&a->error, status, "%s", a->dense->error.message);
}

/**
 * A frame that was computed from nothing or takes part in a sweep costs as much as a dense one or
 * more, and its error says nothing about those that follow: audits wait.
 */
static bool waits(const rpr_stream *s)
{
    const bool dear = s->refresh.taken > 0 && s->cost > s->dense_cost;
    const bool part = s->bypass.held < s->plan->n_step; /* reuse begins anew, part by part */
    return s->anew || (!s->stats.bypassed && (s->refresh.asked || dear || part));
}

/** A frame that tried reuse in vain is dear enough; the dense run goes on in the next one. Without
 *  the bypass all frames may be like that. */
static bool has_room(const rpr_stream *s)
{
    return !s->bypass.plain || s->cost <= DEAR * s->dense_cost;
}

static int go_on(rpr_audit *a, int64_t now, const rpr_input *in, size_t n_in)
{
    const bool at_once = a->opt.spread == 1, tried = a->past && !a->s->stats.bypassed;
    a->past = a->s->stats.bypassed != 0;
    if (tried) /* reuse is tried again: perhaps for a few frames only, which must not be missed */
        a->next = now;
    if (waits(a->s))
        return RPR_OK;
    if (a->stage == DONE)
        return compare(a, now);
    if (a->stage == IDLE && now >= a->next)
        RPR_TRY(begin(a, now, in, n_in));
    if (a->stage == RUNNING && has_room(a->s))
        RPR_TRY(run_share(a));
    return a->stage == DONE && at_once ? compare(a, now) : RPR_OK;
}

/** What the stream's frame cost, in dense runs. */
static double cost_of_frame(const rpr_audit *a)
{
    const rpr_frame_stats *st = &a->s->stats;
    if (st->bypassed)
        return st->macs_executed > 0 ? 1.0 : 0.0;
    return a->whole > 0.0 ? a->s->cost / a->whole : 0.0;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int rpr_audit_frame(rpr_audit *a, const rpr_input *in, size_t n_in)
{
    const double start = now_ms();
    a->error.message[0] = '\0';
    if (!a->s->ran || a->s->runs == a->runs)
        return rpr_fail(&a->error, RPR_ERR_ARGUMENT, "audit: no frame was run since the last call");
    a->runs = a->s->runs;
    a->st.share = 0.0;
    int status = go_on(a, a->st.frames++, in, n_in);
    a->st.cost = cost_of_frame(a) + a->st.share;
    a->st.ms += now_ms() - start;
    return status;
}

const char *rpr_audit_error(const rpr_audit *a)
{
    return a->error.message;
}

void rpr_audit_get_stats(const rpr_audit *a, rpr_audit_stats *st)
{
    *st = a->st;
    st->seen = rpr_control_mean(&a->control);
    st->scale = a->s->scale;
}

size_t rpr_audit_bytes(const rpr_audit *a)
{
    return sizeof *a + a->bytes + 2 * a->n_out * sizeof *a->reuse +
           rpr_stream_state_bytes(a->dense);
}
