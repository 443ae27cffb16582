/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything of a network lives in the machine: weights in eDRAM or DRAM, activations and
 * state (previous indices and sums) in the I/O buffer or DRAM, and the blocks in which a layer that
 * does not fit is worked off. doc/simulator.md gives the rules.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "sim/config.h"
#include "sim/net.h"

typedef enum sim_weights {
    SIM_WEIGHTS_RESIDENT, /* the whole network fits: loaded once, before the first execution */
    SIM_WEIGHTS_SEQUENCE, /* loaded once per sequence: the layer runs over all of it (recurrent) */
    SIM_WEIGHTS_LOADED,   /* loaded for every execution, before the layer starts */
    SIM_WEIGHTS_STREAMED  /* each is used once: rows are fetched for the inputs that need them */
} sim_weights;

typedef struct sim_layer_plan {
    sim_weights weights;
    int32_t maps;      /* output maps of a pass (per group and gate) */
    int32_t passes;    /* groups of maps whose weights fit together */
    int32_t blocks[3]; /* pieces of the output along d, h, w */
    bool whole;        /* one block: no double buffering */
    bool in_dram, out_dram;
    bool state_dram;      /* with reuse: previous sums and indices */
    int64_t weight_bytes; /* in eDRAM, rows padded to lines */
    int64_t state_bytes;  /* 0 without reuse */
    /* DRAM addresses */
    int64_t weights_at, in_at, out_at, sums_at, indices_at;
} sim_layer_plan;

typedef struct sim_plan {
    bool reuse;
    sim_layer_plan *layer; /* of the network's layers */
    int64_t io_used;       /* bytes of the I/O buffer in use at most */
    int64_t io_state;      /* of them state */
    int64_t weights_used;  /* bytes of eDRAM in use at most */
    int64_t dram_used;     /* bytes of DRAM: weights, activations, state */
    int64_t dram_state;    /* of them state */
} sim_plan;

/** Places a network for the machine with or without reuse; err names the layer that cannot be. */
int sim_plan_make(const sim_config *c, const sim_net *net, bool reuse, sim_plan *plan,
                  rpr_error *err);
void sim_plan_free(sim_plan *plan);

/** Lines of eDRAM in one tile with the weights of one input channel, all gates of `maps` outputs.
 */
int64_t sim_row_lines(const sim_config *c, const sim_layer *l, int32_t maps);

/** Output interval of block b of `blocks` along an axis of `size`. */
static inline int32_t sim_block_start(int32_t size, int32_t blocks, int32_t b)
{
    return (int32_t)((int64_t)size * b / blocks);
}

/** Input positions that outputs [out0, out1) read along an axis, clipped to the input. */
void sim_block_input(const rpr_trace_axis *a, bool transposed, int32_t out0, int32_t out1,
                     int32_t *lo, int32_t *hi);

/** Bytes of `elements` indices. */
static inline int64_t sim_index_bytes(int64_t elements, int32_t bits)
{
    return (elements * bits + 7) / 8;
}

#endif
