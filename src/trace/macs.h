/* SPDX-License-Identifier: Apache-2.0 */
/* Multiply-accumulates from geometry and change bits alone. */
#ifndef RPR_TRACE_MACS_H
#define RPR_TRACE_MACS_H

#include "trace/trace.h"

/** Outputs that input position i of an axis feeds, counted once per tap. */
int32_t rpr_trace_fanout(const rpr_trace_axis *a, bool transposed, int32_t i);

/** Taps of output position o of an axis that lie inside the input. */
int32_t rpr_trace_taps(const rpr_trace_axis *a, bool transposed, int32_t o);

/** Input position that output o and tap k of an axis meet at; -1 if there is none. */
int32_t rpr_trace_meets(const rpr_trace_axis *a, bool transposed, int32_t o, int32_t k);

/** Pairs of an output and a tap that meet inside the input: the sum of either of the above. */
int64_t rpr_trace_pairs(const rpr_trace_axis *a, bool transposed);

/** Of a dense evaluation, taps in the padding not counted; -1 if that is beyond 63 bits. */
int64_t rpr_trace_dense_macs(const rpr_trace_layer *l);

/**
 * What the engine executes for layer `layer` of the frame by its choice: SKIP nothing; DENSE
 * everything; CORRECT every product of a changed element or, by pixel, every product of the output
 * pixels that see a changed element. Equals the engine's own count, or is the least that it can be
 * where some outputs were computed anew (`mixed`).
 */
int64_t rpr_trace_macs(const rpr_trace_net *net, const rpr_trace_frame *frame, int32_t layer);

/** True if the engine's count of a layer's frame is possible by the above. */
bool rpr_trace_macs_fit(const rpr_trace_net *net, const rpr_trace_frame *frame, int32_t layer);

#endif
