/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

/*
 * Cost model, in dense multiply-accumulates. A correction executes its products at about half the
 * rate of the dense kernel (the weights come from the second cache and serve one product per load,
 * not six), and pays for every visit to an output pixel. Measured by `checkkern --bench`.
 */
#define CORRECT_PER_MAC 1.9
#define CORRECT_PER_VISIT 500.0

static double correction_cost(const rpr_linear *l, const rpr_gate_state *g)
{
    double share = (double)g->n_changed / (double)rpr_gate_elements(g);
    double visits = 0.0;
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        visits += (double)g->n_pixels * p->kh * p->kw / ((double)p->sh * p->sw);
    }
    return CORRECT_PER_MAC * share * (double)l->macs + CORRECT_PER_VISIT * visits;
}

/** With staggered turns no frame pays for all layers; exact gates would pass every one on. */
static bool refresh_due(const rpr_stream *s, int index)
{
    uint64_t every = (uint64_t)s->opt.refresh;
    if (every == 0 || s->frame == 0)
        return false;
    uint64_t turn = s->opt.gate.kind == RPR_GATE_EXACT
                        ? 0
                        : (uint64_t)index * every / (uint64_t)s->plan->n_step;
    return s->frame % every == turn % every && s->frame >= every;
}

/** xorshift64*, for RPR_POLICY_RANDOM. */
static uint64_t next_random(rpr_stream *s)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (s->random * 0x2545f4914f6cdd1du) >> 33;
}

rpr_choice rpr_stream_choose(rpr_stream *s, const rpr_step *step, int index)
{
    const rpr_gate_state *g = &s->gate[step->gate];
    rpr_step_state *state = &s->step[index];
    state->refreshed = !g->open && refresh_due(s, index);
    if (s->frame == 0 || state->refreshed || state->poisoned || g->nonfinite || g->fades ||
        !g->list_ok)
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
    if (step->linear->by_pixel || g->open)
        return g->n_pixels == rpr_touch_pixels(&g->changed) ? RPR_CHOICE_DENSE : sparse;
    return correction_cost(step->linear, g) < (double)step->linear->macs ? sparse
                                                                         : RPR_CHOICE_DENSE;
}
