/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames on which nothing is to be done. When no input was touched and all layers were skipped, a
 * walk over the steps finds the same on the next frame, and so on until an input changes or a
 * layer's turn to be refreshed comes: until then there is no walk, and all that the stream reports
 * stands as it is.
 */
#include "stream/stream.h"

void rpr_stream_calm(rpr_stream *s)
{
    const int *layers = s->stats.layers;
    bool nothing = s->reuse && !s->stats.bypassed && s->opt.policy != RPR_POLICY_RANDOM &&
                   layers[RPR_CHOICE_CORRECT] + layers[RPR_CHOICE_DENSE] == 0 &&
                   !rpr_stream_inputs_touched(s);
    nothing &= rpr_stream_delays_rest(s) && s->bypass.held == s->plan->n_step;
    s->calm = nothing ? rpr_stream_next_refresh(s) : 0;
}

bool rpr_stream_stays_calm(const rpr_stream *s)
{
    return s->ran && s->frame < s->calm && !s->bypass.on && !s->time_layers &&
           !rpr_stream_inputs_touched(s);
}
