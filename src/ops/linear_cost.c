/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_cost.h"

#define FAR_WEIGHTS 65536.0  /* bytes of one tap and block */
#define FAR_MATRIX 1048576.0 /* bytes of a matrix beyond the second cache */
#define HALF_VECTOR 0.85     /* cost of a vector of half weights, shares of a whole one */

/** A matrix and one vector: every weight is read once, by a dense run too. */
static bool is_lone(const rpr_phase *p)
{
    return (int64_t)p->rows * p->cols == 1;
}

static double blocks_of(int32_t co)
{
    return (double)((co + RPR_BLOCK - 1) / RPR_BLOCK);
}

static double vectors_of(int32_t co)
{
    return (double)((co + RPR_LANE - 1) / RPR_LANE);
}

/** Cost of a vector of weights, near or far in the caches by what one tap and block take there. */
static double vector_cost(int32_t ci, int32_t co, bool half, double near, double far)
{
    double bytes = (double)(co < RPR_BLOCK ? co : RPR_BLOCK) * ci * sizeof(float);
    bytes = half ? bytes / 2.0 : bytes;
    return (bytes > FAR_WEIGHTS ? far : near) * (half ? HALF_VECTOR : 1.0);
}

double rpr_matrix_change_cost(int32_t ci, int32_t co, bool half, const rpr_cost *c)
{
    const double vector = vector_cost(ci, co, half, c->crowd_vector, c->crowd_far_vector);
    return c->change_block * blocks_of(co) + vector * vectors_of(co);
}

double rpr_matrix_dense_cost(int64_t ci, int32_t co, bool lone, const rpr_cost *c)
{
    const bool far = lone && (double)ci * co * sizeof(float) > FAR_MATRIX;
    return (far ? c->crowd_far_vector : c->dense_vector) * (double)ci * vectors_of(co);
}

double rpr_phase_crowd_cost(const rpr_phase *p, const rpr_gate_state *g, const rpr_cost *c)
{
    return rpr_matrix_change_cost(p->ci, p->co, rpr_phase_uses_half(p, g), c);
}

double rpr_phase_change_cost(const rpr_phase *p, const rpr_gate_state *g, const rpr_cost *c)
{
    /* The kernel fetches the weight rows ahead. Measured on the networks of doc/paper.md. */
    if (is_lone(p))
        return rpr_phase_crowd_cost(p, g, c);
    double vector = vector_cost(p->ci, p->co, rpr_phase_uses_half(p, g), c->change_vector,
                                c->change_far_vector);
    return c->change_block * blocks_of(p->co) + vector * vectors_of(p->co);
}

double rpr_phase_fresh_cost(const rpr_phase *p, const rpr_cost *c)
{
    return rpr_matrix_dense_cost((int64_t)p->kh * p->kw * p->ci, p->co, is_lone(p), c);
}

double rpr_phase_visit_cost(const rpr_phase *p, const rpr_cost *c)
{
    return c->visit_block * blocks_of(p->co);
}

double rpr_linear_dense_cost(const rpr_linear *l, const rpr_cost *c)
{
    double cost = 0.0;
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        cost += (double)l->n * p->rows * p->cols * rpr_phase_fresh_cost(p, c);
    }
    return cost;
}

double rpr_linear_list_cost(const rpr_linear *l, const rpr_gate_state *g, const rpr_cost *c)
{
    double cost = 0.0;
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        double fan = (double)p->kh * p->kw / ((double)p->sh * p->sw); /* outputs per input pixel */
        double changes = (double)g->n_changed * p->ci / l->in_c;
        double outputs = (double)l->n * p->rows * p->cols, seen = fan * (double)g->n_pixels;
        cost += fan * (changes * rpr_phase_change_cost(p, g, c) +
                       (double)g->n_pixels * rpr_phase_visit_cost(p, c)) +
                c->output_value * p->co * (seen < outputs ? seen : outputs);
    }
    return cost;
}
