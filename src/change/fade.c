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

/** Largest magnitude so far, as bits: for magnitudes their order is that of integers. */
static uint32_t largest(const float *x, int64_t n, uint32_t most)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most;
}

static float magnitude(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static float largest_in(const rpr_map *m)
{
    uint32_t most = 0;
    for (int32_t n = 0; n < m->n; n++)
        for (int32_t y = 0; y < m->h; y++)
            most = largest(rpr_map_at(m, n, y, 0), (int64_t)m->w * m->c, most);
    return magnitude(most);
}

bool rpr_gate_fades(rpr_gate_state *g)
{
    float change = magnitude(largest(g->delta, g->n_listed, 0));
    g->peak *= DECAY;
    if (change <= NEAR * g->peak)
        return false;
    g->peak = largest_in(&g->xhat);
    return change > FADE * g->peak;
}
