/* SPDX-License-Identifier: Apache-2.0 */
/* A frame without reuse, run in pieces: between them its workspace stays as it is. */
#include "stream/stream.h"

int rpr_stream_enter(rpr_stream *s, const rpr_input *in, size_t n_in)
{
    s->error.message[0] = '\0';
    RPR_TRY(rpr_stream_check_inputs(s, in, n_in));
    s->stats = (rpr_frame_stats){.frame = s->frame};
    s->pieces = true;
    rpr_stream_fill_inputs(s, in, NULL);
    return RPR_OK;
}

int rpr_stream_run_piece(rpr_stream *s, int first, int end)
{
    rpr_pool_busy(s->pool, true);
    int status = rpr_stream_run_steps(s, first, end);
    rpr_pool_busy(s->pool, false);
    return status;
}
