/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces of recurrent networks. A frame of such a trace is a call of many steps; on the machine
 * every step is an execution, in which each layer reads one vector.
 */
#ifndef SIM_STEPS_H
#define SIM_STEPS_H

#include "sim/net.h"
#include "trace/trace.h"

/** Steps of a call; 0 if no layer has any. */
int32_t sim_steps_of(const rpr_trace_net *trace);

/**
 * Makes of a description of calls one of steps. Refused if there are several sequences or lengths,
 * or a layer that does not read one vector for each step.
 */
int sim_steps_net(const rpr_trace_net *trace, const char *name, sim_net *net, rpr_error *err);

/** Step `step` of a frame: bits of every input, in arrays that are large enough. */
void sim_steps_slice(const rpr_trace_net *trace, const rpr_trace_frame *f, int32_t step,
                     uint64_t **changed);

#endif
