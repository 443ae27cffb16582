/* SPDX-License-Identifier: Apache-2.0 */
/* Powers that are products: Pow(x, 2) becomes Mul(x, x), Pow(x, 0.5) Sqrt(x). */
#include <math.h>

#include "graph/fuse.h"

#define SINCE 13 /* opset of the new nodes */

static int replace(rpr_fuse *f, rpr_node *n, const char *op, bool square)
{
    if (!rpr_fuse_can_retype(f, op, SINCE))
        return RPR_OK;
    RPR_TRY(rpr_fuse_retype(f, n, op, SINCE));
    if (square)
        return rpr_fuse_set_input(f, n, 1, n->in[0]);
    rpr_fuse_cut_inputs(f, n, 1);
    return RPR_OK;
}

int rpr_fuse_powers(rpr_fuse *f)
{
    for (size_t i = 0; i < f->g->n_node; i++) {
        rpr_node *n = &f->g->node[i];
        float power;
        if (!rpr_fuse_is(n, "Pow") || n->n_in != 2 || n->n_out != 1 || n->out[0] == RPR_NONE ||
            f->g->value[n->out[0]].dtype != RPR_F32 || !rpr_fuse_scalar(f, n->in[1], &power) ||
            !rpr_shape_equal(rpr_fuse_shape(f, n->in[0]), rpr_fuse_shape(f, n->out[0])))
            continue;
        const bool square = fabsf(power - 2.0f) <= 0.0f, root = fabsf(power - 0.5f) <= 0.0f;
        if (square || root)
            RPR_TRY(replace(f, n, square ? "Mul" : "Sqrt", square));
    }
    return RPR_OK;
}
