/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fading: a correction rounds by a share of what z once held, so after a large input has gone z
 * would keep rounding that dwarfs what is left. A change that is much larger than everything that
 * remains is such a moment; the layers behind the gate then start anew.
 */
#include "change/gate.h"

/** Changes so many times larger than the rest count as fading. */
#define FADE 4.0f
/** xhat is looked at only when a change is about as large as anything that was in it, ... */
#define NEAR 0.9f
/** ... or as it may be now: what was seen is trusted less with every frame. */
#define DECAY 0.9f

static float largest_in(const rpr_kernels *k, const rpr_map *m)
{
    float most = 0.0f;
    for (int32_t n = 0; n < m->n; n++)
        for (int32_t y = 0; y < m->h; y++) {
            float row = k->magnitude(rpr_map_at(m, n, y, 0), (int64_t)m->w * m->c);
            most = row > most ? row : most;
        }
    return most;
}

bool rpr_gate_fades(rpr_gate_state *g, const rpr_kernels *k)
{
    float change = 0.0f;
    for (int i = 0; i < g->segments; i++) {
        const float *delta = g->delta + rpr_gate_list_start(g, i);
        float most = k->magnitude(delta, g->segment[i].changed);
        change = most > change ? most : change;
    }
    g->peak *= DECAY;
    if (change <= NEAR * g->peak)
        return false;
    g->peak = largest_in(k, &g->xhat);
    return change > FADE * g->peak;
}
