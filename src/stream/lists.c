/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the gates' change lists lie. A list is wanted from the first layer behind its gate to the
 * last, so that gates whose layers follow each other share memory, which stays in the cache.
 */
#include "stream/stream.h"

/** Steps between which each gate's list is wanted; first > last: never. */
static void find_lives(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_gate; i++) {
        s->gate[i].list_first = s->opt.trace ? 0 : s->plan->n_step;
        s->gate[i].list_last = s->opt.trace ? s->plan->n_step : -1; /* read after the frame */
    }
    for (int i = 0; !s->opt.trace && i < s->plan->n_step; i++) {
        if (s->plan->step[i].kind != RPR_STEP_LINEAR)
            continue;
        rpr_gate_state *g = &s->gate[s->plan->step[i].gate];
        g->list_first = i < g->list_first ? i : g->list_first;
        g->list_last = i;
    }
}

static size_t room_of(const rpr_gate_state *g)
{
    return g->open ? 0 : (size_t)rpr_gate_list_start(g, g->segments);
}

/** Moves a gate's list behind one of an earlier gate that is wanted at the same time. */
static bool makes_way(rpr_gate_state *g, const rpr_gate_state *o)
{
    size_t end = o->list_at + room_of(o);
    if (o->list_last < g->list_first || g->list_last < o->list_first || end <= g->list_at ||
        g->list_at + room_of(g) <= o->list_at)
        return false;
    g->list_at = end;
    return true;
}

size_t rpr_stream_place_lists(rpr_stream *s)
{
    size_t entries = 0;
    if (!s->reuse)
        return 0;
    find_lives(s);
    for (int i = 0; i < s->plan->n_gate; i++) {
        rpr_gate_state *g = &s->gate[i];
        g->list_at = 0;
        for (bool moved = room_of(g) > 0; moved;) {
            moved = false;
            for (int j = 0; j < i; j++)
                moved |= makes_way(g, &s->gate[j]);
        }
        size_t end = g->list_at + room_of(g);
        entries = end > entries ? end : entries;
    }
    return entries;
}
