/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs of the graph that callers do not give: constants, and what the call before gave. */
#ifndef RPR_PLAN_FEEDS_H
#define RPR_PLAN_FEEDS_H

#include "plan/plan.h"

/** Checks the options alone. */
int rpr_feeds_check_options(const rpr_model_options *o, rpr_error *err);

/** Fixed inputs become constants; carried ones go behind the others. Shapes are fixed already. */
int rpr_feeds_settle(rpr_graph *g, const rpr_model_options *o, rpr_error *err);

/** That carried outputs are what the inputs take. Everything is inferred. */
int rpr_feeds_check(const rpr_graph *g, const rpr_model_options *o, rpr_error *err);

/** Fills p->given and p->carry. */
int rpr_feeds_plan(rpr_plan *p, const rpr_model_options *o, rpr_error *err);

#endif
