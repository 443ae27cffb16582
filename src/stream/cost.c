/* SPDX-License-Identifier: Apache-2.0 */
/* What a dense run and a correction of a layer cost, by the model's constants (kernels/cost.h). */
#include "ops/linear_fresh.h"
#include "stream/stream.h"

#define CLEAR_SHARE 0.7 /* of a dense run, below which a list needs no closer look */

rpr_costs rpr_stream_costs(const rpr_stream *s, const rpr_linear *l, const rpr_gate_state *g)
{
    const rpr_cost *c = rpr_model_cost(s->model, l->words);
    rpr_costs costs = {.correct = rpr_linear_list_cost(l, g, c),
                       .dense = rpr_linear_dense_cost(l, c)};
    if (costs.correct >= CLEAR_SHARE * costs.dense && g->list_ok && !rpr_linear_recomputes(l, g)) {
        double mixed = rpr_linear_mixed_cost(l, g, c, &s->linear_scratch);
        costs.correct = mixed < costs.correct ? mixed : costs.correct;
    }
    return costs;
}

bool rpr_stream_correction_pays(const rpr_stream *s, const rpr_linear *l, const rpr_gate_state *g,
                                const rpr_costs *costs)
{
    const rpr_cost *c = rpr_model_cost(s->model, l->words);
    if (!g->list_ok || (g->n_changed * 2 > rpr_gate_elements(g) && !rpr_gate_is_vector(g)))
        return false;
    if (l->by_pixel)
        return (double)g->n_pixels < RPR_BY_PIXEL_SHARE * (double)rpr_touch_pixels(&g->changed);
    double gating =
        c->gate_value * (double)rpr_gate_elements(g) + c->gate_change * (double)g->n_changed;
    return costs->correct + gating < costs->dense;
}
