/* SPDX-License-Identifier: Apache-2.0 */
/* What a dense run and a correction of a layer cost. */
#include "stream/stream.h"

/*
 * Cost model, in cycles of a core that does 16 multiply-adds in one: all that matters is the ratio.
 * A change loads its index and its difference and then one vector of weights per multiply-add, from
 * the second cache as often as from the first, or mostly from the second; a visit loads and stores
 * the sums of an output pixel, which are then far away and are activated once more. Measured by
 * `checkkern --bench` and by layers of real networks (AVX-512, Zen 4).
 */
#define DENSE_PER_VECTOR 1.12
#define CHANGE_PER_BLOCK 1.5
#define CHANGE_PER_VECTOR 1.9
#define CHANGE_PER_FAR_VECTOR 3.5
#define FAR_WEIGHTS 65536.0 /* bytes of one tap and block */
#define VISIT_PER_BLOCK 32.0
#define OUTPUT_PER_VALUE 0.8
#define GATE_PER_VALUE 0.25 /* of comparing a value, ... */
#define GATE_PER_CHANGE 1.0 /* ... and of listing it */
#define BY_PIXEL_SHARE 0.6  /* of changed pixels, from which scattered ones cost as much as all */

typedef struct phase_size {
    double blocks, vectors; /* of output channels */
    double fan;             /* output pixels per input pixel */
    double per_vector;      /* cost of one vector of weights for one change */
} phase_size;

static phase_size size_of(const rpr_phase *p)
{
    double block = (double)(p->co < RPR_BLOCK ? p->co : RPR_BLOCK) * p->ci * sizeof(float);
    return (phase_size){.per_vector =
                            block > FAR_WEIGHTS ? CHANGE_PER_FAR_VECTOR : CHANGE_PER_VECTOR,
                        .blocks = (double)((p->co + RPR_BLOCK - 1) / RPR_BLOCK),
                        .vectors = (double)((p->co + RPR_LANE - 1) / RPR_LANE),
                        .fan = (double)p->kh * p->kw / ((double)p->sh * p->sw)};
}

static double dense_cost(const rpr_linear *l)
{
    double cost = 0.0;
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        cost += (double)l->n * p->rows * p->cols * p->kh * p->kw * p->ci * size_of(p).vectors;
    }
    return DENSE_PER_VECTOR * cost;
}

static double correction_cost(const rpr_linear *l, const rpr_gate_state *g)
{
    double cost = 0.0;
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        const phase_size s = size_of(p);
        double changes = (double)g->n_changed * p->ci / l->in_c;
        double outputs = (double)l->n * p->rows * p->cols, seen = s.fan * (double)g->n_pixels;
        cost += s.fan * (changes * (CHANGE_PER_BLOCK * s.blocks + s.per_vector * s.vectors) +
                         (double)g->n_pixels * VISIT_PER_BLOCK * s.blocks) +
                OUTPUT_PER_VALUE * p->co * (seen < outputs ? seen : outputs);
    }
    return cost;
}

bool rpr_stream_correction_wins(const rpr_linear *l, const rpr_gate_state *g)
{
    return correction_cost(l, g) < dense_cost(l);
}

bool rpr_stream_correction_pays(const rpr_linear *l, const rpr_gate_state *g)
{
    if (!g->list_ok || g->n_changed * 2 > rpr_gate_elements(g))
        return false;
    if (l->by_pixel)
        return (double)g->n_pixels < BY_PIXEL_SHARE * (double)rpr_touch_pixels(&g->changed);
    double gating =
        GATE_PER_VALUE * (double)rpr_gate_elements(g) + GATE_PER_CHANGE * (double)g->n_changed;
    return correction_cost(l, g) + gating < dense_cost(l);
}
