/* SPDX-License-Identifier: Apache-2.0 */
/* The frame loop. */
#define _POSIX_C_SOURCE 200112L
#include "stream/stream.h"

#include <time.h>

#include "ops/linear_rows.h"
#include "ops/pixel_bytes_picture.h"

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

/* --------------------------------------------------------------- weighted */

rpr_map rpr_stream_pre_activation(const rpr_stream *s, const rpr_step *step)
{
    const rpr_linear *l = step->linear;
    float *z = s->z[step - s->plan->step];
    const bool kept = z && !s->step[step - s->plan->step].activated;
    if (!kept && !l->words)
        return rpr_stream_map(s, step->out[0]);
    const int64_t pix = rpr_linear_z_floats(l, l->out_c);
    return (rpr_map){.data = kept ? z : NULL,
                     .n = l->n,
                     .h = l->out_h,
                     .w = l->out_w,
                     .c = l->out_c,
                     .img = l->out_h * l->out_w * pix,
                     .row = l->out_w * pix,
                     .pix = pix};
}

/** The activation that a layer applies itself. */
static rpr_act own_act(const rpr_step *step, const rpr_step_state *state)
{
    return step->deferred && !state->activated ? rpr_act_none() : step->linear->act;
}

/** What is computed anew on the next frame needs no z; and the reader must not want z either. */
bool rpr_stream_drops_z(const rpr_stream *s, const rpr_step *step)
{
    const rpr_gate_state *g = &s->gate[step->gate];
    bool reads_z = step->deferred && (step->reader == RPR_NONE || !s->gate[step->reader].loose);
    return !reads_z && (g->loose || rpr_linear_recomputes(step->linear, g));
}

static void recompute(rpr_stream *s, const rpr_step *step, rpr_step_state *state, const rpr_map *z,
                      const rpr_map *a, rpr_touch *touched)
{
    const rpr_act act = own_act(step, state);
    rpr_linear_dense(step->linear, s->k, s->pool, &s->gate[step->gate].in, z, a, &act);
    state->macs += step->linear->macs;
    state->terms = 0;
    const rpr_gate_state *g = &s->gate[step->gate];
    bool keeps = !rpr_linear_recomputes(step->linear, g) && !g->loose;
    state->poisoned = keeps && !rpr_linear_finite(step->linear, s->k, z);
    rpr_touch_fill(touched, true);
}

/** False if it overflowed on the way: the old and the new input meet in one sum here. */
static bool correct(rpr_stream *s, const rpr_step *step, rpr_step_state *state, const rpr_map *z,
                    const rpr_map *a, rpr_touch *touched, rpr_gate_scan *next)
{
    const rpr_gate_state *g = &s->gate[step->gate];
    const rpr_act act = own_act(step, state);
    rpr_correction done = rpr_linear_correct(step->linear, s->k, g, z, a, &act, touched,
                                             rpr_stream_fresh_costs(s, step->linear->words),
                                             &s->linear_scratch, next);
    state->macs = done.macs;
    state->mixed = done.mixed;
    state->terms += done.max_terms;
    return done.finite || rpr_linear_recomputes(step->linear, g); /* or nothing is kept of it */
}

/** Corrects, and compares what was written for the gate behind, where rows lend themselves to it.
 */
static bool correct_and_compare(rpr_stream *s, const rpr_step *step, rpr_step_state *state,
                                const rpr_map *z, const rpr_map *a, rpr_touch *touched)
{
    rpr_gate_scan room, *next = rpr_stream_begin_gate(s, step, &room);
    const bool finite = correct(s, step, state, z, a, touched, next);
    if (next)
        rpr_stream_end_gate(s, step, next, finite);
    return finite;
}

/** Writes the output anew from z. */
static void finish_whole(const rpr_stream *s, const rpr_linear *l, const rpr_map *z,
                         const rpr_map *a)
{
    for (int32_t n = 0; n < l->n; n++)
        (void)rpr_linear_finish_rows(l, &l->act, s->k, z, a, NULL, n, 0, l->out_h);
}

/** Nothing has changed, but a gate behind is to take all of the output, which is gone. */
static void rewrite(rpr_stream *s, const rpr_step *step, rpr_step_state *state, const rpr_map *z,
                    const rpr_map *a, rpr_touch *touched)
{
    if (!state->activated && !rpr_linear_recomputes(step->linear, &s->gate[step->gate])) {
        finish_whole(s, step->linear, z, a);
        return;
    }
    state->choice = RPR_CHOICE_DENSE;
    recompute(s, step, state, z, a, touched);
    rpr_touch_fill(touched, false); /* it is what it was */
}

/** What its layers read is all there, whatever of the tensor is. */
static bool reads_xhat(const rpr_gate_state *g)
{
    return !g->open && g->in.data == g->xhat.data;
}

/** Most outputs see a change: side by side they cost no more than scattered. Scratch: touched. */
static bool covers(const rpr_stream *s, const rpr_step *step, rpr_touch *touched)
{
    const rpr_linear *l = step->linear;
    const rpr_gate_state *g = &s->gate[step->gate];
    if (s->opt.policy != RPR_POLICY_AUTO || !rpr_linear_recomputes(l, g) ||
        !(rpr_stream_is_whole(s, step->gate) || reads_xhat(g)) || g->n_changed == 0)
        return false;
    const double share = rpr_stream_scattered_share(s, step);
    if ((double)g->n_pixels > share * (double)rpr_touch_pixels(&g->changed))
        return true;
    const rpr_phase *p = &l->phase[0];
    const double fan = (double)p->kh * p->kw / ((double)p->sh * p->sw);
    const double enough = share * (double)rpr_touch_pixels(touched);
    if (fan * (double)g->n_pixels <= enough)
        return false;
    rpr_touch_fill(touched, false);
    rpr_linear_reach(l, g, touched);
    return (double)rpr_touch_count(touched) > enough;
}

/** Corrects, and writes the rest of the output anew too. */
static bool correct_whole(rpr_stream *s, const rpr_step *step, rpr_step_state *state,
                          const rpr_map *z, const rpr_map *a, rpr_touch *touched)
{
    const rpr_linear *l = step->linear;
    const rpr_gate_state *g = &s->gate[step->gate];
    if (rpr_linear_recomputes(l, g)) {
        state->choice = RPR_CHOICE_DENSE;
        recompute(s, step, state, z, a, touched);
        rpr_touch_fill(touched, false); /* the rest is what it was */
        rpr_linear_reach(l, g, touched);
        return true;
    }
    bool finite = correct(s, step, state, z, a, touched, NULL);
    finish_whole(s, l, z, a);
    return finite;
}

/** All of a tensor was written, whatever was touched: who reads it may read all of it. */
static void note_whole(rpr_stream *s, int tensor)
{
    rpr_life *life = &s->life[rpr_plan_root(s->plan, tensor)];
    life->whole |= life->transient;
}

static void run_linear(rpr_stream *s, const rpr_step *step, int index)
{
    rpr_step_state *state = &s->step[index];
    rpr_touch *touched = &s->touch[step->out[0]];
    rpr_map a = rpr_stream_map(s, step->out[0]);
    rpr_stream_update_gate(s, step->gate);
    state->choice = rpr_stream_choose(s, step, index);
    state->macs = 0;
    state->mixed = false;
    if (state->choice == RPR_CHOICE_DENSE)
        state->activated = rpr_stream_drops_z(s, step);
    rpr_map z = rpr_stream_pre_activation(s, step);
    bool whole = rpr_stream_writes_whole(s, step) || covers(s, step, touched);
    switch (state->choice) {
    case RPR_CHOICE_SKIP:
        rpr_touch_fill(touched, false);
        if (rpr_stream_is_forced(s, step))
            rewrite(s, step, state, &z, &a, touched);
        break;
    case RPR_CHOICE_CORRECT:
        if (whole ? correct_whole(s, step, state, &z, &a, touched)
                  : correct_and_compare(s, step, state, &z, &a, touched))
            break;
        state->choice = RPR_CHOICE_DENSE;
        state->mixed = false;
        recompute(s, step, state, &z, &a, touched);
        break;
    case RPR_CHOICE_DENSE:
        recompute(s, step, state, &z, &a, touched);
        break;
    }
    if (state->choice == RPR_CHOICE_DENSE)
        note_whole(s, step->out[0]);
}

/** Without reuse a layer reads its input where it lies and activates in place. */
static void run_linear_off(rpr_stream *s, const rpr_step *step, int index)
{
    rpr_map x = rpr_stream_map(s, step->in[0]);
    const rpr_map a = rpr_stream_map(s, step->out[0]);
    const rpr_map z = step->linear->words ? (rpr_map){.h = a.h} : a;
    rpr_linear_dense(step->linear, s->k, s->pool, &x, &z, &a, &step->linear->act);
    s->step[index].choice = RPR_CHOICE_DENSE;
    s->step[index].macs = step->linear->macs;
}

/* ------------------------------------------------------------- unweighted */

/** An operator at the marked pixels (mask NULL: all) of its output, in parts of rows. */
typedef struct pixel_job {
    const rpr_pixel_op *op;
    const rpr_kernels *k;
    const rpr_map *in, *out;
    rpr_rows rows;       /* of which all are meant */
    rpr_gate_scan *next; /* compares rows that are done; or NULL */
    int parts;
} pixel_job;

#define PIXEL_ROW_VALUES 8192 /* of rows that stay in the cache until they are compared */

/** Rows [first, end), compared a few at a time. */
static void pixel_rows(const pixel_job *j, int32_t first, int32_t end, int thread)
{
    const int64_t row = (int64_t)j->out->w * j->out->c;
    const int32_t few = row < PIXEL_ROW_VALUES ? (int32_t)(PIXEL_ROW_VALUES / (row + 1)) + 1 : 1;
    for (int32_t y = first, next; y < end; y = next) {
        next = end - y < few || !j->next ? end : y + few;
        if (j->next)
            rpr_gate_fetch(j->next, y, next);
        j->op->run(j->op, j->k, j->in, j->out, (rpr_rows){j->rows.mask, y, next, j->rows.only});
        if (j->next)
            rpr_gate_rows(j->next, y, next, thread);
    }
}

static void pixel_part(void *job, int part, int thread)
{
    const pixel_job *j = job;
    const int64_t rows = (int64_t)j->out->n * j->out->h;
    if (j->next)
        pixel_rows(j, rpr_gate_part_row(j->next->g, j->parts, part),
                   rpr_gate_part_row(j->next->g, j->parts, part + 1), thread);
    else
        pixel_rows(j, (int32_t)rpr_part_start(rows, j->parts, part),
                   (int32_t)rpr_part_start(rows, j->parts, part + 1), thread);
}

#define PIXEL_PART_VALUES 8192 /* that are worth waking a thread for */

static void run_parts(rpr_stream *s, const rpr_pixel_op *op, const rpr_map *in, const rpr_map *out,
                      rpr_rows rows, rpr_gate_scan *next)
{
    pixel_job j = {.op = op, .k = s->k, .in = in, .out = out, .rows = rows, .next = next};
    const int64_t n = rows.end;
    const int64_t pixels = rows.mask ? rpr_touch_count(rows.mask) : n * out->w;
    const int64_t worth = rpr_pool_worth(pixels * out->c, PIXEL_PART_VALUES);
    j.parts = rpr_pool_parts(s->pool, next ? next->g->segments : n, worth);
    rpr_pool_run(s->pool, j.parts, pixel_part, &j);
}

/** What quantises a picture reads its bytes. */
static void run_on_bytes(rpr_stream *s, const rpr_step *step, const rpr_input_state *picture,
                         const rpr_map *out, rpr_rows rows, rpr_gate_scan *next)
{
    rpr_byte_picture p = {.bytes = picture->bytes, .pitch = picture->pitch};
    rpr_byte_picture_fill(&p, s->k, rpr_pixel_bytes_quantises(step->pixel), picture->scale,
                          picture->offset, s->plan->tensor[step->in[0]].c);
    const rpr_pixel_op op = rpr_byte_picture_op(step->pixel, &p);
    run_parts(s, &op, NULL, out, rows, next);
}

static void run_pixel_op(rpr_stream *s, const rpr_step *step, const rpr_map *in, const rpr_map *out,
                         rpr_rows rows, rpr_gate_scan *next)
{
    const rpr_input_state *picture = rpr_stream_bytes_of(s, step);
    if (picture)
        run_on_bytes(s, step, picture, out, rows, next);
    else
        run_parts(s, step->pixel, in, out, rows, next);
}

/** True if this frame has written only some pixels of what an operator reads. */
static bool reads_part(const rpr_stream *s, const rpr_step *step)
{
    const int in = rpr_stream_same_pixels(s->plan, step);
    const rpr_life *life = in == RPR_NONE ? NULL : &s->life[rpr_plan_root(s->plan, in)];
    return life && life->transient && !life->whole;
}

static void run_pixel(rpr_stream *s, const rpr_step *step)
{
    rpr_map in[RPR_PIXEL_MAX_IN], out = step->pixel_map[step->n_in];
    out.data = rpr_stream_map(s, step->out[0]).data;
    for (int i = 0; i < step->n_in; i++) {
        in[i] = step->pixel_map[i];
        if (!in[i].data)
            in[i].data = rpr_stream_map(s, step->in[i]).data;
    }
    if (!s->reuse) {
        run_pixel_op(s, step, in, &out, rpr_all_rows(&out, NULL), NULL);
        return;
    }
    rpr_touch touches[RPR_PIXEL_MAX_IN], *touched = &s->touch[step->out[0]];
    const rpr_touch *of[RPR_PIXEL_MAX_IN];
    bool all = s->anew;
    for (int i = 0; i < step->n_in; i++) {
        bool constant = s->plan->tensor[step->in[i]].constant != NULL;
        if (!constant)
            touches[i] = rpr_stream_touch(s, step->in[i]);
        of[i] = constant ? NULL : &touches[i];
        all |= !constant && touches[i].all;
    }
    if (all)
        rpr_touch_fill(touched, true);
    else
        step->pixel->touch(step->pixel, of, touched);
    if (!touched->any && !rpr_stream_is_forced(s, step))
        return;
    bool whole = touched->all || rpr_stream_writes_whole(s, step);
    rpr_gate_scan room, *next = rpr_stream_begin_gate(s, step, &room);
    rpr_rows rows = rpr_all_rows(&out, whole ? NULL : touched);
    rows.only = !whole && reads_part(s, step);
    run_pixel_op(s, step, in, &out, rows, next);
    if (next)
        rpr_stream_end_gate(s, step, next, true);
}

/** The inputs already lie in the output: only what was touched is passed on. */
static void run_join(rpr_stream *s, const rpr_step *step)
{
    rpr_touch *touched = &s->touch[step->out[0]];
    if (!s->reuse)
        return;
    rpr_touch_fill(touched, false);
    for (int i = 0; i < step->n_in; i++) {
        rpr_touch in = rpr_stream_touch(s, step->in[i]);
        if (in.all)
            rpr_touch_fill(touched, true);
        else if (in.any)
            rpr_touch_or(touched, &in);
    }
}

/* ------------------------------------------------------------------- loop */

static int run_step(rpr_stream *s, const rpr_step *step, int index)
{
    for (int i = 0; i < step->n_out; i++)
        rpr_stream_begin(s, step->out[i], index);
    switch (step->kind) {
    case RPR_STEP_LINEAR:
        if (s->reuse)
            run_linear(s, step, index);
        else
            run_linear_off(s, step, index);
        s->stats.macs_dense += rpr_linear_macs(step->linear, step->linear->macs);
        s->stats.macs_executed += rpr_linear_macs(step->linear, s->step[index].macs);
        s->stats.layers[s->step[index].choice]++;
        s->stats.refreshed += s->step[index].refreshed;
        return RPR_OK;
    case RPR_STEP_PIXEL:
        run_pixel(s, step);
        return RPR_OK;
    case RPR_STEP_JOIN:
        run_join(s, step);
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
