/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the fusing steps. */
#include "graph/fuse.h"

#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"

bool rpr_fuse_count(rpr_fuse *f)
{
    const rpr_graph *g = f->g;
    if (!rpr_fuse_reserve(f))
        return false;
    memset(f->uses, 0, f->cap * sizeof *f->uses);
    memset(f->is_output, 0, f->cap * sizeof *f->is_output);
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i].n_in; k++)
            if (g->node[i].in[k] != RPR_NONE)
                f->uses[g->node[i].in[k]]++;
    for (size_t i = 0; i < g->n_output; i++) {
        f->uses[g->output[i]]++;
        f->is_output[g->output[i]] = true;
    }
    return true;
}

static int fuse(rpr_graph *g, size_t left_out, rpr_error *err)
{
    /* HardSwish stands before the affine step, which would take its "+ 3" for a bias. */
    static int (*const step[])(rpr_fuse *) = {rpr_fuse_noops,     rpr_fuse_powers,  rpr_fuse_pads,
                                              rpr_fuse_hardswish, rpr_fuse_affines, rpr_fuse_acts,
                                              rpr_fuse_unread};
    rpr_fuse f = {.g = g, .err = err};
    int status = RPR_OK;
    for (size_t i = 0; i + left_out < sizeof step / sizeof *step && status == RPR_OK; i++) {
        status = rpr_fuse_count(&f) ? step[i](&f) : rpr_fuse_nomem(&f);
        rpr_graph_sweep(g);
    }
    rpr_free(f.uses);
    rpr_free(f.is_output);
    return status;
}

int rpr_graph_fuse(rpr_graph *g, rpr_error *err)
{
    return fuse(g, 0, err);
}

int rpr_graph_fuse_weights(rpr_graph *g, rpr_error *err)
{
    return fuse(g, 2, err);
}
