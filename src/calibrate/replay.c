/* SPDX-License-Identifier: Apache-2.0 */
#include "calibrate/replay.h"

#include <math.h>

#include "core/alloc.h"

/** The size of all outputs of a frame, each on a boundary of its own. */
static size_t frame_bytes(const replay *r)
{
    size_t bytes = 0;
    for (size_t i = 0; i < r->n_out; i++) {
        rpr_tensor_info info;
        (void)rpr_model_output(r->model, i, &info);
        bytes += (info.bytes + 63) / 64 * 64;
    }
    return bytes;
}

/** Points one frame's outputs into memory; returns the end. */
static char *place_outputs(const replay *r, rpr_output *out, char *at)
{
    for (size_t i = 0; i < r->n_out; i++) {
        rpr_tensor_info info;
        (void)rpr_model_output(r->model, i, &info);
        out[i] = (rpr_output){.data = at, .bytes = info.bytes};
        at += (info.bytes + 63) / 64 * 64;
    }
    return at;
}

static bool take_memory(replay *r)
{
    const size_t frames = r->sample->n;
    r->in = rpr_alloc_array(r->n_in, sizeof *r->in);
    r->out = rpr_alloc_array(r->n_out, sizeof *r->out);
    r->dense = rpr_alloc_array(frames * r->n_out, sizeof *r->dense);
    r->memory = rpr_alloc_array(frames + 1, frame_bytes(r));
    if (!r->in || !r->out || !r->dense || !r->memory)
        return false;
    char *at = place_outputs(r, r->out, r->memory);
    for (size_t i = 0; i < frames; i++)
        at = place_outputs(r, r->dense + i * r->n_out, at);
    return true;
}

static int run_frame(const replay *r, rpr_stream *s, size_t frame, rpr_output *out)
{
    if (r->sample->frame(r->sample->user, frame, r->in) != 0)
        return rpr_fail(r->err, RPR_ERR_ARGUMENT, "sample: frame %zu could not be read", frame);
    int status = rpr_stream_run(s, r->in, r->n_in, out, out ? r->n_out : 0);
    return status == RPR_OK
               ? RPR_OK
               : rpr_fail(r->err, status, "sample: frame %zu: %s", frame, rpr_stream_error(s));
}

/** Gives a new stream what its window holds before the frame. */
static int fill_window(const replay *r, rpr_stream *s, size_t frame)
{
    int status = RPR_OK;
    for (size_t i = frame > r->fill ? frame - r->fill : 0; status == RPR_OK && i < frame; i++)
        status = run_frame(r, s, i, NULL);
    return status;
}

static int run_densely(replay *r)
{
    rpr_stream_options o;
    rpr_stream *s;
    rpr_stream_options_init(&o);
    o.gate.kind = RPR_GATE_OFF;
    o.threads = r->threads;
    RPR_TRY(rpr_stream_create(r->model, &o, &s, r->err));
    int status = RPR_OK;
    for (size_t i = 0; status == RPR_OK && i < r->sample->n; i++)
        status = run_frame(r, s, i, r->dense + i * r->n_out);
    rpr_stream_destroy(s);
    return status;
}

size_t rpr_replay_fill(const rpr_model *m)
{
    rpr_window_info w;
    return rpr_model_window(m, &w) == RPR_OK ? (size_t)w.calls - 1 : 0;
}

int rpr_replay_open(replay *r, const rpr_model *m, const rpr_sample *sample,
                    const rpr_calibrate_options *o, const rpr_metric *metric, rpr_error *err)
{
    *r = (replay){.model = m,
                  .sample = sample,
                  .metric = metric,
                  .threads = o->threads,
                  .objective = o->objective,
                  .settle = o->budget > 0.0 ? o->settle : 0,
                  .n_in = rpr_model_n_inputs(m),
                  .n_out = rpr_model_n_outputs(m),
                  .fill = rpr_replay_fill(m),
                  .err = err};
    if (!take_memory(r))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory for the outputs of %zu frames",
                        sample->n);
    return run_densely(r);
}

void rpr_replay_close(replay *r)
{
    rpr_free(r->in);
    rpr_free(r->out);
    rpr_free(r->dense);
    rpr_free(r->memory);
}

/** Sums over frames. */
typedef struct sums {
    size_t frames;
    double macs, macs_dense, cost, cost_dense;
    double by_pixel; /* MACs, if they are asked for */
} sums;

static void begin(const replay *r, sums *sum)
{
    *sum = (sums){0};
    r->metric->begin(r->metric->user);
}

static int add_frame(const replay *r, const rpr_stream *s, size_t frame, sums *sum)
{
    rpr_frame_stats st;
    (void)rpr_stream_frame_stats(s, &st);
    sum->frames++;
    sum->macs += (double)st.macs_executed;
    sum->macs_dense += (double)st.macs_dense;
    sum->cost += st.cost;
    sum->cost_dense += st.cost_dense;
    if (r->metric->add(r->metric->user, r->dense + frame * r->n_out, r->out, r->n_out) != 0)
        return rpr_fail(r->err, RPR_ERR_ARGUMENT, "metric: frame %zu was not taken", frame);
    return RPR_OK;
}

static int finish(const replay *r, const sums *sum, replay_result *result)
{
    const rpr_metric *m = r->metric;
    *result = (replay_result){.frames = sum->frames, .error = m->error(m->user)};
    result->deviation = m->deviation ? m->deviation(m->user) : result->error;
    result->mac_share = sum->macs_dense > 0.0 ? sum->macs / sum->macs_dense : 0.0;
    result->cost_share = sum->cost_dense > 0.0 ? sum->cost / sum->cost_dense : 0.0;
    result->work = r->objective == RPR_OBJECTIVE_TIME ? result->cost_share : result->mac_share;
    if (isnan(result->error) || isnan(result->deviation) || result->error < 0.0)
        return rpr_fail(r->err, RPR_ERR_ARGUMENT, "metric: an error of %g",
                        isnan(result->deviation) ? result->deviation : result->error);
    return RPR_OK;
}

static int open_stream(const replay *r, const rpr_way *way, rpr_stream **s)
{
    rpr_stream_options o;
    rpr_stream_options_init(&o);
    o.gate = way->gate;
    o.threads = r->threads;
    o.bypass = 0; /* what was bypassed would say nothing about the gates */
    o.all_gates = way->all_gates;
    o.settle = way->settle;
    o.layer_gates = way->layer_gates;
    o.n_layer_gates = way->n_layer_gates;
    return rpr_stream_create(r->model, &o, s, r->err);
}

/** What corrections would have executed if whole pixels passed, on the last frame. */
static double macs_by_pixel(const replay *r, const rpr_stream *s)
{
    double macs = 0.0;
    for (size_t i = 0; i < rpr_model_n_layers(r->model); i++) {
        rpr_layer_stats st;
        (void)rpr_stream_layer_stats(s, i, &st);
        const double executed = (double)st.macs_executed;
        macs += st.choice == RPR_CHOICE_CORRECT && st.pixels > 0
                    ? fmax(executed,
                           (double)st.macs_dense * (double)st.changed_pixels / (double)st.pixels)
                    : executed;
    }
    return macs;
}

/** The dense results of every k-th frame, held. */
static int skip_frames(const replay *r, replay_frames f, size_t every, replay_result *result)
{
    sums sum;
    const size_t first = f.first > r->fill ? f.first : r->fill;
    begin(r, &sum);
    for (size_t i = first + 1; i < f.end; i++) {
        const size_t held = i - (i - first) % every;
        sum.frames++;
        sum.macs += held == i ? 1.0 : 0.0;
        if (r->metric->add(r->metric->user, r->dense + i * r->n_out, r->dense + held * r->n_out,
                           r->n_out) != 0)
            return rpr_fail(r->err, RPR_ERR_ARGUMENT, "metric: frame %zu was not taken", i);
    }
    sum.cost = sum.macs;
    sum.macs_dense = sum.cost_dense = (double)sum.frames;
    return finish(r, &sum, result);
}

int rpr_replay_way(replay *r, replay_frames f, const rpr_way *way, replay_result *result)
{
    rpr_stream *s;
    sums sum;
    *result = (replay_result){0};
    if (way->every > 1)
        return skip_frames(r, f, (size_t)way->every, result);
    RPR_TRY(open_stream(r, way, &s));
    const size_t first = f.first > r->fill ? f.first : r->fill;
    int status = fill_window(r, s, f.first);
    begin(r, &sum);
    for (size_t i = f.first; status == RPR_OK && i < f.end; i++) {
        status = run_frame(r, s, i, r->out);
        if (status == RPR_OK && i > first)
            status = add_frame(r, s, i, &sum);
        if (status == RPR_OK && i > first && way->whole_pixels)
            sum.by_pixel += macs_by_pixel(r, s);
    }
    rpr_stream_destroy(s);
    if (way->whole_pixels) {
        sum.macs = sum.by_pixel;
        sum.cost = (double)NAN;
    }
    return status == RPR_OK ? finish(r, &sum, result) : status;
}

static rpr_way exact_but(const replay *r, const rpr_layer_gate *gate, size_t n)
{
    return (rpr_way){.gate = {.kind = RPR_GATE_EXACT},
                     .layer_gates = gate,
                     .n_layer_gates = n,
                     .settle = r->settle};
}

int rpr_replay_run(replay *r, replay_frames f, const rpr_layer_gate *gate, size_t n,
                   replay_result *result)
{
    const rpr_way way = exact_but(r, gate, n);
    return rpr_replay_way(r, f, &way, result);
}

int rpr_replay_folds(replay *r, size_t end, const rpr_layer_gate *gate, size_t n_gate,
                     replay_result *fold, size_t n)
{
    rpr_stream *s;
    sums sum;
    const rpr_way way = exact_but(r, gate, n_gate);
    RPR_TRY(open_stream(r, &way, &s));
    int status = fill_window(r, s, r->fill);
    if (status == RPR_OK)
        status = run_frame(r, s, r->fill, r->out);
    const size_t first = r->fill + 1;
    for (size_t k = 0, i = first; status == RPR_OK && k < n; k++) {
        begin(r, &sum);
        for (; status == RPR_OK && i < first + (end - first) * (k + 1) / n; i++) {
            status = run_frame(r, s, i, r->out);
            if (status == RPR_OK)
                status = add_frame(r, s, i, &sum);
        }
        if (status == RPR_OK)
            status = finish(r, &sum, &fold[k]);
    }
    rpr_stream_destroy(s);
    return status;
}

int rpr_replay_ranges(replay *r, size_t frame, double *lo, double *hi)
{
    const rpr_way way = {.gate = {.kind = RPR_GATE_EXACT}, .all_gates = 1};
    rpr_stream *s;
    RPR_TRY(open_stream(r, &way, &s));
    frame = frame > r->fill ? frame : r->fill;
    int status = fill_window(r, s, frame);
    if (status == RPR_OK)
        status = run_frame(r, s, frame, NULL);
    for (size_t i = 0; status == RPR_OK && i < rpr_model_n_layers(r->model); i++) {
        rpr_layer_stats st;
        (void)rpr_stream_layer_stats(s, i, &st);
        lo[i] = fmin(lo[i], (double)st.range_lo);
        hi[i] = fmax(hi[i], (double)st.range_hi);
    }
    rpr_stream_destroy(s);
    return status;
}
