/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that build a plan. */
#ifndef RPR_PLAN_BUILD_H
#define RPR_PLAN_BUILD_H

#include "plan/plan.h"

/** n, h, w, c of a shape under a choice of channel axis; false if one is beyond 32 bits. */
bool rpr_tensor_pixels(rpr_tensor *t);

/** Appends; RPR_NONE or NULL when memory ran out. */
int rpr_plan_add_tensor(rpr_plan *p, const rpr_tensor *t);
rpr_step *rpr_plan_add_step(rpr_plan *p, rpr_step_kind kind, const rpr_node *node, int n_in,
                            int n_out);
/** Keeps memory that the plan frees. */
int rpr_plan_own(rpr_plan *p, void *memory, size_t bytes);

/** A tensor for a value, not yet placed; its channel axis is `chan_axis`. */
int rpr_plan_new_tensor(rpr_plan *p, int value, int chan_axis);

/** A constant as a tensor of `rank` (shape padded with ones in front), channels on `axis`. */
int rpr_plan_constant(rpr_plan *p, int value, int rank, int axis);

/**
 * A tensor that shares memory with `parent`: `value` with channels on chan_axis, starting at
 * channel chan_off of the parent. RPR_NONE if the parent's memory cannot serve (or memory ran out).
 */
int rpr_plan_alias(rpr_plan *p, int value, int parent, int chan_axis, int32_t chan_off);

/**
 * The tensor of `value` with channels on `axis`; adds a change of layout if it is elsewhere.
 * RPR_NONE if memory ran out, or beyond four axes for any axis but the last.
 */
int rpr_plan_on_axis(rpr_plan *p, int value, int axis);

/** The same tensor in words; adds a copy if it is not. Of u8. */
int rpr_plan_in_words(rpr_plan *p, int tensor);

/** Asks for the zeros that a layer needs around its input; may copy to a tensor that has them. */
int rpr_plan_with_halo(rpr_plan *p, int tensor, const rpr_linear *l);

/** The gate on a tensor, made if there is none. */
int rpr_plan_add_gate(rpr_plan *p, int tensor);

/**
 * For every value the channel axis that its readers would like, found by walking the graph
 * backwards. Owned by the caller (rpr_alloc); NULL when memory ran out.
 */
int *rpr_preferred_axes(const rpr_graph *g);

/*
 * Lowering: each of these turns a node into steps, or leaves *made false if the node has no such
 * form. They are tried in this order; rpr_lower_generic always succeeds.
 */

/** A weighted node becomes a linear layer; *made is false if the node has no such form. */
int rpr_lower_linear(rpr_plan *p, const rpr_node *n, bool *made, rpr_error *err);

/** Turns a node into a pixel operator or a mere view; *made is false if it has no such form. */
int rpr_lower_pixel(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err);
int rpr_lower_view(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                   rpr_error *err);

/** Delay, always. */
int rpr_lower_delay(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err);

/** Runs the node by its definition. */
int rpr_lower_generic(rpr_plan *p, const rpr_node *n, const int *preferred, rpr_error *err);

/** Finds the layers whose activation the gates behind them can apply. After joins are known. */
int rpr_plan_defer(rpr_plan *p);

/** Fills p->picture. After everything is placed. */
void rpr_plan_find_pictures(rpr_plan *p);

/** Lets Concat inputs be computed in place, then lays out the stream's memory. */
int rpr_plan_place(rpr_plan *p, rpr_error *err);

#endif
