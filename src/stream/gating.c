/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of a frame: when each compares, and how. A step that writes a tensor row by row has its
 * gate compare the rows while they are in the cache; the others compare when the first layer behind
 * them runs. Which of the two makes no difference to the list.
 */
#include "stream/stream.h"

static void find_range(const rpr_stream *s, rpr_gate_state *g, const rpr_map *x)
{
    if (g->words) {
        g->lo = 0.0f;
        g->hi = RPR_GATE_BYTES - 1;
    } else if (g->rule.lo < g->rule.hi) {
        g->lo = (float)g->rule.lo;
        g->hi = (float)g->rule.hi;
    } else {
        rpr_gate_profile(g, s->k, x, s->tails);
    }
}

rpr_act rpr_stream_gate_act(const rpr_stream *s, int index)
{
    const int maker = s->plan->gate[index].maker;
    const bool activated = maker != RPR_NONE && s->step[maker].activated;
    return activated ? rpr_act_none() : s->plan->gate[index].act;
}

/** Its layers are computed from nothing, too. */
static void restart(const rpr_stream *s, rpr_gate_state *g, const rpr_map *x)
{
    rpr_gate_restart(g, s->k, x);
    g->half = rpr_stream_corrects_with_half(s, &g->rule, g->scale);
}

/** `clean`: xhat is x. What was compared bears witness of a cut, after which it is. */
static void finish(rpr_stream *s, int index, const rpr_map *x, bool clean)
{
    rpr_gate_state *g = &s->gate[index];
    if (!s->anew && rpr_stream_hears(s, index) && rpr_stream_is_whole(s, index)) {
        restart(s, g, x);
        clean = true;
    }
    s->refresh.turn[index].clean = clean;
    s->gate_frame[index] = s->frame + 1;
    s->stats.inputs += rpr_gate_elements(g);
    s->stats.changed += g->n_changed;
}

/** Returns whether xhat is x then. */
static bool compare(rpr_stream *s, int index, const rpr_map *x, const rpr_touch *touched)
{
    rpr_gate_state *g = &s->gate[index];
    const bool was_clean = s->refresh.turn[index].clean;
    const bool behind = g->taken; /* xhat is of an earlier frame */
    g->refreshed = !s->anew && rpr_stream_takes_turn(s, index, touched->any);
    g->taken = false;
    g->tested = rpr_stream_gates_picture(s, index);
    if (g->open) {
        rpr_gate_follow(g, touched);
    } else if ((s->anew && rpr_stream_is_whole(s, index)) ||
               (g->refreshed && g->rule.kind != RPR_GATE_EXACT)) {
        restart(s, g, x);
    } else if (g->tested && rpr_stream_reads_picture(s, index)) {
        rpr_gate_take(g, x, touched, rpr_stream_used(s, index));
        return false;
    } else if (behind) {
        restart(s, g, x);
    } else if (!touched->any) {
        rpr_gate_hold(g);
        return was_clean || g->refreshed;
    } else if (!g->loose) {
        rpr_gate_update(g, s->k, x, touched);
        return g->refreshed;
    } else if (!rpr_gate_pass(g, s->k, x, touched)) {
        restart(s, g, x);
    }
    return true;
}

void rpr_stream_update_gate(rpr_stream *s, int index)
{
    rpr_gate_state *g = &s->gate[index];
    const int tensor = s->plan->gate[index].tensor;
    if (s->gate_frame[index] == s->frame + 1)
        return;
    const rpr_map x = rpr_stream_map(s, tensor);
    const rpr_touch touched = rpr_stream_touch(s, tensor);
    g->act = rpr_stream_gate_act(s, index);
    if (rpr_stream_is_first(s))
        find_range(s, g, &x);
    finish(s, index, &x, compare(s, index, &x, &touched));
}

/** Gates that need not see all of a tensor before they know what to do with a row. */
static bool goes_row_by_row(const rpr_stream *s, int gate)
{
    const rpr_gate_state *g = &s->gate[gate];
    const bool knows = s->plan->gate[gate].first < s->bypass.held; /* else it restarts */
    return knows && !s->anew && !g->open && !g->loose && !g->taken && !rpr_stream_is_due(s, gate) &&
           !rpr_stream_gates_picture(s, gate);
}

rpr_gate_scan *rpr_stream_begin_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *room)
{
    if (step->next == RPR_NONE || !goes_row_by_row(s, step->next))
        return NULL;
    rpr_gate_state *g = &s->gate[step->next];
    const int tensor = s->plan->gate[step->next].tensor;
    const rpr_map x = rpr_stream_map(s, tensor);
    const rpr_touch touched = rpr_stream_touch(s, tensor);
    g->act = rpr_stream_gate_act(s, step->next);
    g->refreshed = g->tested = false;
    rpr_gate_begin(room, g, s->k, &x, &touched);
    return room;
}

void rpr_stream_end_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *scan, bool sound)
{
    if (!sound) {
        rpr_gate_tear(scan);
        return;
    }
    const bool any = s->touch[step->out[0]].any;
    if (any)
        rpr_gate_end(scan);
    else
        rpr_gate_hold(scan->g);
    finish(s, step->next, &scan->x, !any && s->refresh.turn[step->next].clean);
}
