/* SPDX-License-Identifier: Apache-2.0 */
/* From a tensor's channels-last memory to the caller's row-major array and back. */
#ifndef RPR_STREAM_ORDER_H
#define RPR_STREAM_ORDER_H

#include "plan/plan.h"

/** Elements from channel to channel in a row-major array of the tensor. */
static inline int64_t rpr_order_channel_step(const rpr_tensor *t)
{
    int64_t step = 1;
    for (int a = t->chan_axis + 1; a < t->rank; a++)
        step *= t->dim[a];
    return step;
}

/**
 * Pixels [x, x + count) of row (n, y): neighbours in both orders. Channel c of the first is element
 * at + c * channel_step of the array. Start with {0}.
 */
typedef struct rpr_order_run {
    int32_t n, y, x, count;
    int64_t pixel; /* of the first, counted row by row */
    int64_t at;
} rpr_order_run;

/** The next run; false after the last. */
static inline bool rpr_order_next(const rpr_tensor *t, int64_t channel_step, rpr_order_run *r)
{
    r->pixel += r->count;
    r->x += r->count;
    if (r->x == t->w) {
        r->x = 0;
        r->y++;
    }
    if (r->y == t->h) {
        r->y = 0;
        r->n++;
    }
    if (r->n == t->n)
        return false;
    int64_t block = r->pixel / channel_step, within = r->pixel % channel_step;
    r->count = t->w - r->x;
    if (r->count > channel_step - within)
        r->count = (int32_t)(channel_step - within);
    r->at = block * channel_step * t->c + within;
    return true;
}

/** The run's first element in memory with the tensor's strides. */
static inline char *rpr_order_memory(const rpr_tensor *t, char *base, const rpr_order_run *r)
{
    return base + (size_t)(r->n * t->img + r->y * t->row + r->x * t->pix) * rpr_tensor_unit(t);
}

#endif
