/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settling. What a dead-zone holds back stands for as long as the picture does, and while an error
 * in what moves comes and goes, one in what stands still may cost a box for minutes. So once in
 * `settle` frames each gate's dead-zone is half as wide, which takes the larger part of what is
 * held back in, for a small part of the work of a refresh. Gates have their turns front to back,
 * spread by cost, as in refresh.c.
 */
#include "stream/stream.h"

#define NARROW 0.5 /* of the dead-zone */

static bool settles(const rpr_stream *s, int gate)
{
    const uint64_t every = (uint64_t)s->opt.settle;
    if (every == 0 || rpr_stream_is_first(s) || s->gate[gate].rule.kind != RPR_GATE_DEADZONE)
        return false;
    const uint64_t turn = (uint64_t)(s->refresh.turn[gate].before * (double)every);
    return s->frame % every == (turn < every ? turn : every - 1);
}

void rpr_stream_begin_settling(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_gate; i++)
        s->gate[i].narrow = settles(s, i) ? NARROW : 1.0;
}
