/* SPDX-License-Identifier: Apache-2.0 */
/* If: graph/fold.c takes its branches in, so that neither of these is ever called. */
#include "ops/defs.h"

int rpr_infer_branch(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    (void)g;
    return rpr_node_fail(err, RPR_ERR_INTERNAL, n, "its branches were not taken in");
}

int rpr_eval_branch(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)in, (void)out;
    return rpr_node_fail(err, RPR_ERR_INTERNAL, n, "its branches were not taken in");
}
