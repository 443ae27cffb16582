/* SPDX-License-Identifier: Apache-2.0 */
/* The frame loop. */
#define _POSIX_C_SOURCE 200112L
#include "stream/stream.h"

#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

rpr_touch rpr_stream_touch(const rpr_stream *s, int tensor)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    rpr_touch touch = s->touch[t->touch_owner];
    touch.n = t->n;
    touch.h = t->h;
    touch.w = t->w;
    return touch;
}

rpr_map rpr_stream_map(const rpr_stream *s, int tensor)
{
    return rpr_tensor_map(&s->plan->tensor[tensor], s->data[tensor]);
}

static int run_step(rpr_stream *s, const rpr_step *step, int index)
{
    for (int i = 0; i < step->n_out; i++)
        rpr_stream_begin(s, step->out[i], index);
    switch (step->kind) {
    case RPR_STEP_LINEAR:
        rpr_stream_run_linear(s, step, index);
        return RPR_OK;
    case RPR_STEP_PIXEL:
        rpr_stream_run_pixel(s, step);
        return RPR_OK;
    case RPR_STEP_JOIN:
        rpr_stream_run_join(s, step);
        return RPR_OK;
    case RPR_STEP_DELAY:
        rpr_stream_run_delay(s, step);
        return RPR_OK;
    case RPR_STEP_GENERIC:
        return rpr_stream_run_generic(s, step);
    }
    return RPR_ERR_INTERNAL;
}

int rpr_stream_run_steps(rpr_stream *s, int first, int end)
{
    for (int i = first; i < end; i++) {
        double start = s->time_layers ? now_ms() : 0.0;
        RPR_TRY(run_step(s, &s->plan->step[i], i));
        if (s->reuse)
            rpr_stream_tally(s, &s->plan->step[i], i);
        s->step[i].ms = s->time_layers ? now_ms() - start : 0.0;
    }
    return RPR_OK;
}

static void begin_reuse(rpr_stream *s)
{
    if (s->anew) /* reuse has just begun anew */
        rpr_stream_begin_refresh(s);
    rpr_stream_begin_cut(s);
}

static void end_reuse(rpr_stream *s)
{
    rpr_stream_end_refresh(s);
    for (int i = 0; i < s->plan->n_gate; i++)
        if (s->plan->gate[i].first < s->bypass.held)
            rpr_gate_settle(&s->gate[i]);
}

/** Inputs are in: everything that they have changed. */
static int run_frame(rpr_stream *s)
{
    s->stats = (rpr_frame_stats){.frame = s->frame};
    s->cost = 0.0;
    rpr_pool_busy(s->pool, true);
    const bool bypassed = rpr_stream_bypasses(s), reuse = s->reuse && !bypassed;
    if (reuse)
        begin_reuse(s);
    rpr_stream_find_whole(s);
    int status = bypassed ? rpr_stream_run_plain(s)
                 : reuse  ? rpr_stream_run_reuse(s)
                          : rpr_stream_run_steps(s, 0, s->plan->n_step);
    rpr_pool_busy(s->pool, false);
    if (reuse)
        end_reuse(s);
    rpr_stream_calm(s);
    return status;
}

int rpr_stream_run(rpr_stream *s, const rpr_input *in, size_t n_in, rpr_output *out, size_t n_out)
{
    return rpr_stream_run_masked(s, in, n_in, NULL, out, n_out);
}

int rpr_stream_run_masked(rpr_stream *s, const rpr_input *in, size_t n_in, const rpr_mask *mask,
                          rpr_output *out, size_t n_out)
{
    double start = now_ms();
    s->error.message[0] = '\0';
    RPR_TRY(rpr_stream_check_inputs(s, in, n_in));
    RPR_TRY(rpr_stream_check_masks(s, mask));
    RPR_TRY(rpr_stream_check_outputs(s, out, n_out));
    s->anew = rpr_stream_is_first(s);
    if (s->anew)
        rpr_stream_forget(s);
    if (s->reuse && !s->bypass.on)
        rpr_stream_begin_refresh(s); /* what a picture holds back has its turn, too */
    rpr_stream_begin_settling(s);
    rpr_stream_fill_inputs(s, in, mask);
    int status = rpr_stream_stays_calm(s) ? RPR_OK : run_frame(s);
    if (status != RPR_OK) {
        rpr_stream_reset(s); /* a step ran out of memory: what was computed so far is worthless */
        return status;
    }
    if (!s->reuse)
        s->cost = s->dense_cost;
    rpr_stream_weigh(s);
    s->stats.cost = s->cost;
    s->stats.cost_dense = s->dense_cost;
    rpr_stream_copy_outputs(s, out, n_out);
    rpr_stream_keep_carry(s);
    s->stats.frame = s->frame++;
    s->runs++;
    s->ran = true;
    s->stats.ms = now_ms() - start;
    return RPR_OK;
}
