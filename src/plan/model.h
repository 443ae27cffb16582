/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_PLAN_MODEL_H
#define RPR_PLAN_MODEL_H

#include "kernels/cost.h"
#include "plan/plan.h"

struct rpr_model {
    rpr_plan *plan;
    rpr_cost cost;       /* of the kernels, for all choices of its streams ... */
    rpr_cost words_cost; /* ... and of layers of words */
};

static inline const rpr_cost *rpr_model_cost(const rpr_model *m, bool words)
{
    return words ? &m->words_cost : &m->cost;
}

/** Runs the passes and builds the plan. Takes the graph over, also on failure. */
int rpr_model_from_graph(rpr_graph *g, const rpr_model_options *opt, rpr_model **out,
                         rpr_error *err);

/** What the public API says of a tensor. */
rpr_tensor_info rpr_plan_tensor_info(const rpr_plan *p, int tensor);

#endif
