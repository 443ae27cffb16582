/* SPDX-License-Identifier: Apache-2.0 */
/* Executions read from a trace. */
#ifndef SIM_FROM_TRACE_H
#define SIM_FROM_TRACE_H

#include "sim/simulate.h"
#include "trace/read.h"

typedef struct sim_traced {
    rpr_trace_reader *reader;
    const char *path;
    int64_t frames; /* executions so far */
    /* A recurrent network's: each frame is as many executions. */
    int32_t steps, step;             /* 0: none; the next one of ... */
    const rpr_trace_frame *of_frame; /* ... this frame */
    uint64_t **changed;              /* per input */
    int32_t n_input;
} sim_traced;

/** Opens a trace and describes its network; free net and close in any case. */
int sim_traced_open(sim_traced *t, const char *path, sim_net *net, rpr_error *err);
void sim_traced_close(sim_traced *t);

/**
 * Its frames, or their steps. Every frame is checked on the way: the multiply-accumulates that its
 * bits and the layers' shapes give must be those that the engine counted when it wrote the trace.
 */
sim_source sim_traced_source(sim_traced *t);

#endif
