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
    rpr_stream *plain = s->bypass.plain;
    s->bypass = (rpr_bypass){.plain = plain, .wait = FIRST_WAIT};
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
    s->stats.macs_dense += step->linear->macs;
    s->stats.macs_executed += to->macs;
    s->stats.layers[to->choice]++;
}

int rpr_stream_run_plain(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    const bool run = !b->ran || rpr_stream_inputs_touched(s);
    b->plain->time_layers = s->time_layers;
    for (int i = 0; i < s->plan->n_input; i++)
        b->plain->input[i] = s->input[i];
    if (run)
        RPR_TRY(rpr_stream_run_steps(b->plain, 0, s->plan->n_step));
    b->repeats = !run;
    b->ran = true;
    for (int i = 0; i < s->plan->n_step; i++)
        count_step(s, i, run);
    for (int i = 0; i < s->plan->n_gate; i++) {
        rpr_gate_state *g = &s->gate[i];
        rpr_gate_bypass(g, run);
        s->stats.inputs += rpr_gate_elements(g);
        s->stats.changed += g->n_changed;
    }
    s->stats.bypassed = 1;
    s->cost = run ? s->dense_cost : 0.0;
    return RPR_OK;
}

void rpr_stream_weigh(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    if (!b->plain || b->on || s->anew)
        return;
    b->since += b->since < SETTLED_FRAMES + DEAR_FRAMES;
    const double dear = b->since > SETTLED_FRAMES ? DEAR : TOO_DEAR;
    b->dear = s->cost > dear * s->dense_cost ? b->dear + 1 : 0;
    if (b->since > SETTLED_FRAMES && b->dear == 0)
        b->wait = FIRST_WAIT;
    if (b->dear < DEAR_FRAMES)
        return;
    b->on = true;
    b->ran = false;
    b->left = b->wait;
    b->wait = 2 * b->wait < LONGEST_WAIT ? 2 * b->wait : LONGEST_WAIT;
    b->calm = any_gated(s) ? TWO_FRAMES : CALM * rpr_stream_touched_share(s);
}
