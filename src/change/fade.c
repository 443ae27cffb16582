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

#define PIECE 1024 /* values that are looked at together */

/** The largest |xhat|, or any that is at least `enough`: that is mostly found at once. */
static float large_in(const rpr_kernels *k, const rpr_map *m, float enough)
{
    const int64_t row_values = (int64_t)m->w * m->c;
    float most = 0.0f;
    for (int32_t row = 0; row < m->n * m->h; row++) {
        const float *x = rpr_map_at(m, row / m->h, row % m->h, 0);
        for (int64_t i = 0; i < row_values; i += PIECE) {
            float large = k->magnitude(x + i, row_values - i < PIECE ? row_values - i : PIECE);
            most = large > most ? large : most;
            if (most >= enough)
                return most;
        }
    }
    return most;
}

bool rpr_gate_fades(rpr_gate_state *g, const rpr_kernels *k)
{
    float change = 0.0f;
    for (int i = 0; i < g->segments; i++)
        change = g->segment[i].largest > change ? g->segment[i].largest : change;
    g->peak *= DECAY;
    if (change <= NEAR * g->peak)
        return false;
    g->peak = large_in(k, &g->xhat, change / FADE);
    return change > FADE * g->peak;
}
