/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

/** xorshift64*, for RPR_POLICY_RANDOM. */
static uint64_t next_random(rpr_stream *s)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (s->random * 0x2545f4914f6cdd1du) >> 33;
}

/** True if z is wanted where it was not kept, or the reverse. */
static bool form_changes(const rpr_stream *s, const rpr_step *step, const rpr_step_state *state)
{
    return state->activated != rpr_stream_drops_z(s, step);
}

const rpr_cost *rpr_stream_fresh_costs(rpr_stream *s, bool words)
{
    const rpr_cost *cost = rpr_model_cost(s->model, words);
    /* Nothing is cheaper than this: all outputs that see a change are computed anew. */
    static const rpr_cost free_of_charge = {.change_block = 1.0};
    switch (s->opt.policy) {
    case RPR_POLICY_AUTO:
        return cost;
    case RPR_POLICY_RANDOM:
        return (const rpr_cost *const[]){NULL, cost, &free_of_charge}[next_random(s) % 3];
    case RPR_POLICY_CORRECT:
    case RPR_POLICY_DENSE:
        break;
    }
    return NULL;
}

/** True if x is gone from where it was read; nothing changed, and what was computed of it stands.
 */
static bool input_is_gone(const rpr_gate_state *g)
{
    return g->partial && g->n_changed == 0 && (g->open || g->in.data != g->xhat.data);
}

rpr_choice rpr_stream_choose(rpr_stream *s, const rpr_step *step, int index)
{
    rpr_gate_state *g = &s->gate[step->gate];
    rpr_step_state *state = &s->step[index];
    state->refreshed = false;
    if (input_is_gone(g))
        return RPR_CHOICE_SKIP;
    const rpr_costs costs = rpr_stream_costs(s, step->linear, g);
    state->list_cost = costs.correct;
    g->pays |= g->compared && rpr_stream_correction_pays(s, step->linear, g, &costs);
    state->refreshed = g->refreshed;
    const bool anew = s->anew && (!g->open || rpr_stream_is_whole(s, step->gate));
    if (anew || state->refreshed || state->poisoned || g->nonfinite || g->fades || !g->list_ok ||
        (g->n_changed > 0 && form_changes(s, step, state)))
        return RPR_CHOICE_DENSE;
    rpr_choice sparse = g->n_changed == 0 ? RPR_CHOICE_SKIP : RPR_CHOICE_CORRECT;
    switch (s->opt.policy) {
    case RPR_POLICY_CORRECT:
        return sparse;
    case RPR_POLICY_DENSE:
        return RPR_CHOICE_DENSE;
    case RPR_POLICY_RANDOM:
        return next_random(s) & 1 ? RPR_CHOICE_DENSE : sparse;
    case RPR_POLICY_AUTO:
        break;
    }
    if (sparse == RPR_CHOICE_SKIP)
        return sparse;
    if (rpr_linear_recomputes(step->linear, g))
        return g->n_pixels == rpr_touch_pixels(&g->changed) ? RPR_CHOICE_DENSE : sparse;
    return costs.correct < costs.dense ? sparse : RPR_CHOICE_DENSE;
}
