/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators without weights on channels-last f32 maps. Each has two halves: how a change passes
 * through it (touch), and its value at some pixels (run). The dense form is run with mask NULL,
 * so a dense and a sparse run are the same code and agree in every bit.
 */
#ifndef RPR_OPS_PIXEL_OP_H
#define RPR_OPS_PIXEL_OP_H

#include "change/map.h"
#include "change/touch.h"
#include "graph/graph.h"
#include "kernels/kernels.h"

#define RPR_PIXEL_MAX_IN 64

typedef struct rpr_pixel_op rpr_pixel_op;

/** The marked pixels (mask NULL: all) of rows [first, end), counted over all images. */
typedef struct rpr_rows {
    const rpr_touch *mask;
    int32_t first, end;
    bool only; /* no pixel that is not marked: there the inputs may be anything */
} rpr_rows;

static inline rpr_rows rpr_all_rows(const rpr_map *map, const rpr_touch *mask)
{
    return (rpr_rows){.mask = mask, .end = map->n * map->h};
}

struct rpr_pixel_op {
    /**
     * Clears `out` and marks every output pixel that may differ because of the marked pixels of the
     * inputs. in[i] is NULL for a constant input. Sets out->any.
     */
    void (*touch)(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out);
    /** Computes the pixels of `out` that `rows` names, all channels. Unless `rows.only` is set it
     * may compute others of these rows anew: their inputs are what they were. Operators of single
     * pixels heed `only`, the others are not asked. Different rows may be run side by side. */
    void (*run)(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in, const rpr_map *out,
                rpr_rows rows);
    int n_in;
    rpr_act act;        /* applied last, by run */
    void *params;       /* of the operator; owned (rpr_alloc), no pointers inside but `tables` */
    void *tables;       /* index or weight tables; owned (rpr_alloc), may be NULL */
    size_t state_bytes; /* params and tables together */
};

/** True if a pixel of the output reads that pixel of each input (broadcast: or the only one). */
bool rpr_pixel_op_is_pointwise(const rpr_pixel_op *op);

void rpr_pixel_op_free(rpr_pixel_op *op);

#endif
