/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of a frame: when each compares, and how. A step that writes a tensor row by row has its
 * gate compare the rows while they are in the cache; the others compare when the first layer behind
 * them runs. Which of the two makes no difference to the list.
 */
#include "stream/stream.h"

static void find_range(const rpr_stream *s, rpr_gate_state *g, const rpr_map *x)
{
    if (g->rule.lo < g->rule.hi) {
        g->lo = (float)g->rule.lo;
        g->hi = (float)g->rule.hi;
    } else {
        rpr_gate_profile(g, s->k, x, s->bins);
    }
}

/** The activation that is left to the gate. */
static rpr_act act_of(const rpr_stream *s, int index)
{
    const int maker = s->plan->gate[index].maker;
    const bool activated = maker != RPR_NONE && s->step[maker].activated;
    return activated ? rpr_act_none() : s->plan->gate[index].act;
}

static void finish(rpr_stream *s, int index)
{
    s->gate_frame[index] = s->frame + 1;
    s->stats.inputs += rpr_gate_elements(&s->gate[index]);
    s->stats.changed += s->gate[index].n_changed;
}

void rpr_stream_update_gate(rpr_stream *s, int index)
{
    rpr_gate_state *g = &s->gate[index];
    int tensor = s->plan->gate[index].tensor;
    if (s->gate_frame[index] == s->frame + 1)
        return;
    rpr_map x = rpr_stream_map(s, tensor);
    rpr_touch touched = rpr_stream_touch(s, tensor);
    g->act = act_of(s, index);
    if (s->frame == 0)
        find_range(s, g, &x);
    if (g->open) {
        rpr_gate_follow(g, &touched);
    } else if (s->anew) {
        rpr_gate_restart(g, s->k, &x);
    } else if (!touched.any) {
        rpr_gate_hold(g);
    } else if (!g->loose) {
        rpr_gate_update(g, s->k, &x, &touched);
    } else if (!rpr_gate_pass(g, s->k, &x, &touched)) {
        rpr_gate_restart(g, s->k, &x);
    }
    finish(s, index);
}

rpr_gate_scan *rpr_stream_begin_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *room)
{
    if (step->next == RPR_NONE || s->anew)
        return NULL;
    rpr_gate_state *g = &s->gate[step->next];
    if (g->open || g->loose)
        return NULL;
    const int tensor = s->plan->gate[step->next].tensor;
    const rpr_map x = rpr_stream_map(s, tensor);
    const rpr_touch touched = rpr_stream_touch(s, tensor);
    g->act = act_of(s, step->next);
    rpr_gate_begin(room, g, s->k, &x, &touched);
    return room;
}

void rpr_stream_end_gate(rpr_stream *s, const rpr_step *step, rpr_gate_scan *scan, bool sound)
{
    if (!sound) {
        rpr_gate_tear(scan);
        return;
    }
    if (s->touch[step->out[0]].any)
        rpr_gate_end(scan);
    else
        rpr_gate_hold(scan->g);
    finish(s, step->next);
}
