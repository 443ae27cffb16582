/* SPDX-License-Identifier: Apache-2.0 */
/* A weighted layer on one frame: skipped, corrected, or run densely. */
#include "ops/linear_rows.h"
#include "stream/stream.h"

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

static void run_reused(rpr_stream *s, const rpr_step *step, int index)
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
static void run_whole(rpr_stream *s, const rpr_step *step, int index)
{
    rpr_map x = rpr_stream_map(s, step->in[0]);
    const rpr_map a = rpr_stream_map(s, step->out[0]);
    const rpr_map z = step->linear->words ? (rpr_map){.h = a.h} : a;
    rpr_linear_dense(step->linear, s->k, s->pool, &x, &z, &a, &step->linear->act);
    s->step[index].choice = RPR_CHOICE_DENSE;
    s->step[index].macs = step->linear->macs;
}

void rpr_stream_run_linear(rpr_stream *s, const rpr_step *step, int index)
{
    if (s->reuse)
        run_reused(s, step, index);
    else
        run_whole(s, step, index);
    s->stats.macs_dense += rpr_linear_macs(step->linear, step->linear->macs);
    s->stats.macs_executed += rpr_linear_macs(step->linear, s->step[index].macs);
    s->stats.layers[s->step[index].choice]++;
    s->stats.refreshed += s->step[index].refreshed;
}
