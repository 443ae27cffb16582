/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers in a trace: each direction is a layer of steps that reads an input of its own.
 */
#ifndef RPR_STREAM_TRACE_STEPS_H
#define RPR_STREAM_TRACE_STEPS_H

#include "stream/stream.h"
#include "trace/write.h"

/** Layers, and as many inputs, that a step is in a trace; 0 if it is not recurrent. */
int rpr_trace_directions(const rpr_step *step);

/** Describes direction d of step `index`; false if memory ran out. */
bool rpr_trace_describe_steps(const rpr_stream *s, int index, int d, rpr_trace_input *in,
                              rpr_trace_layer *out);

/** What the last frame did with it. */
void rpr_trace_collect_steps(const rpr_stream *s, int index, int d, rpr_trace_change *change,
                             rpr_trace_layer_frame *layer);

#endif
