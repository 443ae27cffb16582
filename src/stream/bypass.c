/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames past the reuse. While reuse costs more than it saves (tally.c: by counts, never by time),
 * frames are run by a stream of the same model without reuse, which has no state and lies in the
 * workspace. Inputs are still compared, so that a picture that repeats costs nothing. Reuse is
 * tried again, as on a first frame, when much less of the input changes, and after a while, which
 * doubles as long as it fails.
 */
#include "stream/stream.h"

#define DEAR                                                                                       \
    0.9 /* of the cost without reuse, from which on it does not pay: the model is kind to it */
#define DEAR_FRAMES 2 /* in a row ... */
#define SETTLED_FRAMES                                                                             \
    2                /* ... after those in which gates find out that they should be loose, ... */
#define TOO_DEAR 1.1 /* ... unless it is so much already that settling does not help */
#define CALM 0.8f    /* of the touched share with which it began: less ends it */
#define FIRST_WAIT 32
#define LONGEST_WAIT 512

void rpr_stream_reset_bypass(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    *b = (rpr_bypass){.plain = b->plain,
                      .own = b->own,
                      .price = b->price,
                      .held = s->plan->n_step,
                      .before = s->plan->n_step,
                      .wait = FIRST_WAIT};
}

bool rpr_stream_was_plain(const rpr_stream *s)
{
    return s->stats.bypassed || (s->bypass.plain && s->bypass.held < s->plan->n_step);
}

static bool any_gated(const rpr_stream *s)
{
    bool any = false;
    for (int i = 0; i < s->plan->n_input; i++)
        any |= s->input[i].gated;
    return any;
}

/** Reuse begins anew: nothing that it kept is valid but the ranges. */
static void leave(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    b->on = false;
    b->dear = b->since = 0;
    b->held = 0;
    s->anew = true;
    for (int i = 0; i < s->plan->n_gate; i++)
        rpr_gate_forget(&s->gate[i]);
    for (int i = 0; i < s->plan->n_step; i++)
        s->step[i] = (rpr_step_state){0};
    for (int i = 0; i < s->plan->n_input; i++)
        rpr_touch_fill(&s->touch[s->plan->input[i]], true);
}

/*
 * Pictures behind a dead-zone were compared with their last used values, which makes more of a
 * change than the last frame does. The first bypassed frame still is, the second one says how much
 * is usual.
 */
#define TWO_FRAMES (-2.0f)

static void find_calm(rpr_stream *s)
{
    float *calm = &s->bypass.calm;
    if (*calm < 0.0f)
        *calm = *calm < -1.0f ? -1.0f : CALM * rpr_stream_touched_share(s);
}

bool rpr_stream_bypasses(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    if (!b->on)
        return false;
    /* It costs nothing either way, if the outputs are there; a copy has none. */
    if (!rpr_stream_inputs_touched(s))
        return true;
    b->left -= b->left > 0;
    find_calm(s);
    if (b->left == 0 || rpr_stream_touched_share(s) < b->calm)
        leave(s);
    return b->on;
}

/** What the frame's numbers say of a step without reuse: all of it was done, or none. */
static void count_step(rpr_stream *s, int index, bool ran)
{
    const rpr_step *step = &s->plan->step[index];
    rpr_step_state *to = &s->step[index];
    to->ms = ran ? s->bypass.plain->step[index].ms : 0.0;
    if (step->recurrent) {
        to->values = to->changed = 0;
        to->macs = ran ? step->recurrent->macs : 0;
        to->choice = ran ? RPR_CHOICE_DENSE : RPR_CHOICE_SKIP;
        to->whole = true;
        to->refreshed = false;
        to->weight_bytes = ran ? s->bypass.plain->step[index].weight_bytes : 0;
        s->stats.macs_dense += step->recurrent->macs;
        s->stats.macs_executed += to->macs;
    }
    if (step->kind != RPR_STEP_LINEAR)
        return;
    to->choice = ran ? RPR_CHOICE_DENSE : RPR_CHOICE_SKIP;
    to->macs = ran ? step->linear->macs : 0;
    to->refreshed = to->mixed = false;
    s->stats.macs_dense += rpr_linear_macs(step->linear, step->linear->macs);
    s->stats.macs_executed += rpr_linear_macs(step->linear, to->macs);
    s->stats.layers[to->choice]++;
}

void rpr_stream_count_plain(rpr_stream *s, int first, bool ran)
{
    for (int i = first; i < s->plan->n_step; i++)
        count_step(s, i, ran);
    for (int i = 0; i < s->plan->n_gate; i++) {
        rpr_gate_state *g = &s->gate[i];
        if (s->gate_frame[i] == s->frame + 1)
            continue; /* it had its input before */
        rpr_gate_bypass(g, ran);
        s->stats.inputs += rpr_gate_elements(g);
        s->stats.changed += g->n_changed;
    }
}

void rpr_stream_point_plain(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_tensor; i++)
        s->bypass.plain->data[i] =
            s->plan->tensor[rpr_plan_root(s->plan, i)].is_input ? s->data[i] : s->bypass.own[i];
}

int rpr_stream_run_past(rpr_stream *s, int first)
{
    rpr_stream *plain = s->bypass.plain;
    plain->time_layers = s->time_layers;
    for (int i = 0; i < s->plan->n_input; i++)
        plain->input[i] = s->input[i];
    const int status = rpr_stream_run_steps(plain, first, s->plan->n_step);
    if (status != RPR_OK)
        s->error = plain->error;
    return status;
}

int rpr_stream_run_plain(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    const bool run = !b->ran || rpr_stream_inputs_touched(s);
    if (!b->ran)
        rpr_stream_point_plain(s);
    if (run)
        RPR_TRY(rpr_stream_run_past(s, 0));
    b->repeats = !run;
    b->ran = true;
    rpr_stream_count_plain(s, 0, run);
    s->stats.bypassed = 1;
    s->cost = run ? s->dense_cost : 0.0;
    return RPR_OK;
}

/** A frame all of which was run with reuse. */
static void weigh_whole(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    b->since += b->since < SETTLED_FRAMES + DEAR_FRAMES;
    const double dear = b->since > SETTLED_FRAMES ? DEAR : TOO_DEAR;
    b->dear = s->cost > dear * s->dense_cost ? b->dear + 1 : 0;
    if (b->since > SETTLED_FRAMES && b->dear == 0)
        b->wait = FIRST_WAIT;
}

void rpr_stream_weigh(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    if (!b->plain || b->on || (s->anew && b->held == s->plan->n_step))
        return;
    if (b->held < s->plan->n_step)
        b->dear += b->held <= b->before || !b->pays; /* reuse has come no further */
    else
        weigh_whole(s);
    if (b->dear < DEAR_FRAMES)
        return;
    b->on = true;
    b->ran = false;
    b->left = b->wait;
    b->wait = 2 * b->wait < LONGEST_WAIT ? 2 * b->wait : LONGEST_WAIT;
    b->calm = any_gated(s) ? TWO_FRAMES : CALM * rpr_stream_touched_share(s);
}
