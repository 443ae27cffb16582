/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways to a layer's next output cost, from counts alone; in the unit of kernels/cost.h. */
#ifndef RPR_OPS_LINEAR_COST_H
#define RPR_OPS_LINEAR_COST_H

#include "kernels/cost.h"
#include "ops/linear.h"

/** A matrix of `ci` rows and one vector: a change of it, with half weights or whole ones. */
double rpr_matrix_change_cost(int32_t ci, int32_t co, bool half, const rpr_cost *c);

/** All of the vector; `lone`: no other one uses the weights at about the same time. */
double rpr_matrix_dense_cost(int64_t ci, int32_t co, bool lone, const rpr_cost *c);

/** A change under one output pixel of a phase. */
double rpr_phase_change_cost(const rpr_phase *p, const rpr_gate_state *g, const rpr_cost *c);

/** The same where most of its neighbours changed, too. */
double rpr_phase_crowd_cost(const rpr_phase *p, const rpr_gate_state *g, const rpr_cost *c);

/** One output pixel of a phase, computed anew. */
double rpr_phase_fresh_cost(const rpr_phase *p, const rpr_cost *c);

/** Loading, storing and activating the output pixel once. */
double rpr_phase_visit_cost(const rpr_phase *p, const rpr_cost *c);

double rpr_linear_dense_cost(const rpr_linear *l, const rpr_cost *c);

/** Of correcting every output from the gate's list: by the numbers of changes and pixels. */
double rpr_linear_list_cost(const rpr_linear *l, const rpr_gate_state *g, const rpr_cost *c);

#endif
