/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/slid.h"

#include "graph/passes.h"
#include "ops/ops.h"
#include "plan/model.h"

int rpr_slide_in(rpr_graph *g, const rpr_window *w, rpr_slide **out, rpr_error *err)
{
    RPR_TRY(rpr_graph_slide(g, w, out, err));
    int status = rpr_graph_resolve(g, rpr_ops_find_own, NULL, NULL, err);
    return status == RPR_OK ? rpr_graph_fold(g, err) : status;
}

int64_t rpr_plan_window_calls(const rpr_plan *p)
{
    return p->slide ? (p->slide->length + p->slide->hop - 1) / p->slide->hop : 1;
}

/** What Delays keep: their outputs, and those before the last. */
static size_t kept_bytes(const rpr_plan *p)
{
    size_t bytes = 0;
    for (int i = 0; i < p->n_step; i++) {
        const rpr_step *s = &p->step[i];
        if (s->kind != RPR_STEP_DELAY)
            continue;
        const rpr_tensor *t = &p->tensor[s->out[0]];
        bytes += (size_t)t->n * (size_t)t->h * (size_t)t->w * (size_t)t->c * rpr_tensor_unit(t);
        bytes += (size_t)(s->delay->period - 1) * s->delay->bytes;
    }
    return bytes;
}

int rpr_model_window(const rpr_model *m, rpr_window_info *info)
{
    const rpr_slide *s = m->plan->slide;
    if (!s || !info)
        return RPR_ERR_ARGUMENT;
    *info = (rpr_window_info){.length = s->length,
                              .hop = s->hop,
                              .calls = rpr_plan_window_calls(m->plan),
                              .state_bytes = kept_bytes(m->plan),
                              .n_layers = s->n_layer};
    info->lead = info->calls * s->hop - s->length;
    for (size_t i = 0; i < s->n_layer; i++) {
        info->macs += s->layer[i].macs;
        info->macs_hop += s->layer[i].macs_hop;
    }
    return RPR_OK;
}

int rpr_model_window_layer(const rpr_model *m, size_t i, rpr_window_layer *info)
{
    const rpr_slide *s = m->plan->slide;
    if (!s || !info || i >= s->n_layer)
        return RPR_ERR_ARGUMENT;
    const rpr_slide_layer *l = &s->layer[i];
    *info = (rpr_window_layer){.name = l->name,
                               .op = l->op,
                               .verdict = l->verdict,
                               .reason = l->reason,
                               .columns = l->columns,
                               .computed = l->computed,
                               .macs = l->macs,
                               .macs_hop = l->macs_hop};
    return RPR_OK;
}
