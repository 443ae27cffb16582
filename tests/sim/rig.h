/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks on small machines: what the tests of the simulator share. */
#ifndef RPR_TESTS_SIM_RIG_H
#define RPR_TESTS_SIM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim/bits.h"
#include "sim/simulate.h"
#include "stream/rng.h"

#define RIG_MAX 8

/** A configuration, a network, and its executions. Points into itself: do not copy. */
typedef struct rig {
    sim_config c;
    sim_timing timing;
    sim_net net;
    sim_layer layer[RIG_MAX];
    sim_input input[RIG_MAX];
    uint64_t *changed[RIG_MAX];
    sim_machine m[SIM_N_VARIANTS];
} rig;

/** The builtin machine, whose arrays take one cycle, and an empty network. */
void rig_init(rig *r);

/** sim_config_set that must succeed; the second for keys without a unit. */
void rig_set(rig *r, const char *name, const char *value);
void rig_set_int(rig *r, const char *name, int64_t value);

/** Adds a layer with an input of its own: indices of so many bits; 32: not quantised. */
sim_layer *rig_add(rig *r, const sim_layer *l, int32_t bits);

/** Opens both machines; the changes are all clear. */
void rig_open(rig *r);
/** Closes the machines and forgets the changes; a rig that was never opened needs none. */
void rig_close(rig *r);

/** Sets all bits of an input, or those with e % step == 0; 0: none. */
void rig_change(rig *r, int32_t input, int64_t step);

/** Runs one execution: counts[i] of layer i, from zero. */
void rig_run(rig *r, int variant, bool first, sim_counts *counts);

/** Axes. out follows from the rest; `after` is the padding behind the last element. */
rpr_trace_axis axis_conv(int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t pad,
                         int32_t after);
rpr_trace_axis axis_transposed(int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                               int32_t pad, int32_t after);
rpr_trace_axis axis_absent(void);

/** A convolution whose outputs are all kept. */
sim_layer conv_layer(const char *name, int32_t ci, int32_t co, int32_t groups, bool transposed,
                     rpr_trace_axis d, rpr_trace_axis h, rpr_trace_axis w);

/** A random one, small; of any kind. */
sim_layer random_layer(rng *r, const char *name);

/** Rounded up, for expectations. */
static inline int64_t up(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
