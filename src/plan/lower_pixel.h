/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that turn nodes into pixel operators. */
#ifndef RPR_PLAN_LOWER_PIXEL_H
#define RPR_PLAN_LOWER_PIXEL_H

#include "ops/pixel_ops.h"
#include "plan/build.h"

/** Leaves *made false if the node is not of this kind or not in a form that maps can express. */
typedef int (*rpr_lower_pixel_fn)(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                                  rpr_error *err);

int rpr_lower_pool(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                   rpr_error *err);
int rpr_lower_reduce(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                     rpr_error *err);
int rpr_lower_resize(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                     rpr_error *err);
int rpr_lower_pad(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made, rpr_error *err);
int rpr_lower_slice(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err);
int rpr_lower_rearrange(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                        rpr_error *err);

/** The window of a pool along h and w; *fits is false if it has no such form. */
int rpr_lower_pool_window(const rpr_plan *p, const rpr_node *n, rpr_pool *pool, bool *fits,
                          rpr_error *err);

bool rpr_lower_is(const rpr_node *n, const char *op);

/** n, h, w, c of a tensor, or of a value with channels on an axis (zeros if beyond 32 bits). */
rpr_map rpr_lower_shape(const rpr_plan *p, int tensor);
rpr_map rpr_lower_value_shape(const rpr_plan *p, int value, int axis);

/** Which of n, h, w, c a logical axis is, for rank at most 4. */
rpr_axis rpr_lower_map_axis(int rank, int chan_axis, int axis);

/** An f32 value as an operand of this rank with channels on `axis`; RPR_NONE if it cannot be. */
int rpr_lower_operand(rpr_plan *p, int value, int rank, int axis);

/** The channel axis in which the node's inputs already lie, else the preferred one. */
int rpr_lower_axis(const rpr_plan *p, const rpr_node *n, const int *preferred);

/** Adds the step (taking `op` over; NULL means that memory ran out) and its output tensor. */
int rpr_lower_add(rpr_plan *p, const rpr_node *n, rpr_pixel_op *op, const int *in, int n_in,
                  int axis, rpr_error *err);

#endif
