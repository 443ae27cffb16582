/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of networks: what they must fulfil, and freeing them. */
#ifndef RPR_TRACE_NET_H
#define RPR_TRACE_NET_H

#include "trace/trace.h"

/** What is wrong with an input, as "the trouble is"; NULL if it is fine. */
const char *rpr_trace_check_input(const rpr_trace_input *in);

/** The same for a layer; the net's inputs must be fine. */
const char *rpr_trace_check_layer(const rpr_trace_net *net, const rpr_trace_layer *l);

/**
 * Marks the inputs of layers of steps; false if another layer reads one of them, too. The layers
 * must be fine.
 */
bool rpr_trace_find_steps(rpr_trace_net *net);

/** Elements of all inputs; more than RPR_TRACE_MAX_ELEMENTS are counted as just that plus one. */
int64_t rpr_trace_net_elements(const rpr_trace_net *net);

/** The widest row of all inputs: its pixels and, separately, its elements; at least 1. */
void rpr_trace_net_row(const rpr_trace_net *net, int32_t *pixels, int32_t *elements);

/** Bytes of a frame's payload at most. */
uint64_t rpr_trace_frame_limit(const rpr_trace_net *net);

/** Frees what the net points to: names and arrays, all from core/alloc. */
void rpr_trace_net_free(rpr_trace_net *net);

#endif
