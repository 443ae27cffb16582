/* SPDX-License-Identifier: Apache-2.0 */
/* Windows that slide, in a model. */
#ifndef RPR_PLAN_SLID_H
#define RPR_PLAN_SLID_H

#include "slide/slide.h"

/** The pass of a graph that is fused, and shapes and definitions behind it. */
int rpr_slide_in(rpr_graph *g, const rpr_window *w, rpr_slide **out, rpr_error *err);

#endif
