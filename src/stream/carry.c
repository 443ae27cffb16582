/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that a stream keeps itself: what an output was on one frame is the input of the next. */
#include "stream/stream.h"

#include <string.h>

static int n_carry(const rpr_stream *s)
{
    return s->carry ? s->plan->n_input - s->plan->n_given : 0;
}

void rpr_stream_reset_carry(rpr_stream *s)
{
    for (int i = 0; i < n_carry(s); i++)
        memcpy(s->carry[i], s->plan->carry[i].initial, s->plan->carry[i].bytes);
}

rpr_input rpr_stream_input(const rpr_stream *s, const rpr_input *in, int i)
{
    if (i < s->plan->n_given)
        return in[i];
    const int k = i - s->plan->n_given;
    return (rpr_input){.data = s->carry[k], .bytes = s->plan->carry[k].bytes};
}

void rpr_stream_keep_carry(rpr_stream *s)
{
    if (s->frame + 1 < s->warm)
        return; /* of no whole window */
    for (int i = 0; i < n_carry(s); i++)
        rpr_stream_copy_output(s, s->plan->output[s->plan->carry[i].output], s->carry[i]);
}
