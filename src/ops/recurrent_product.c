/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of a recurrent layer behind their gates. Those on the state before are made step by
 * step: there is no other way. Those on the input are made for many steps together, corrected or
 * not, so that a weight that is there is used for all steps that want it: a correction then is a
 * step's difference from the step before, which a sum over the steps makes a product.
 */
#include <math.h>
#include <string.h>

#include "ops/linear_cost.h"
#include "ops/recurrent_work.h"

#define TILE 6 /* vectors that share weights in a dense run; fewer read them for themselves */

/** What a product remembers of the step before; then come xhat and z. */
typedef struct product_head {
    int32_t known; /* z is w * xhat + bias; 0: nothing is */
    int32_t since; /* steps since all was taken as it is */
} product_head;

static size_t product_bytes(const rpr_product *p)
{
    return p->ci ? rpr_recurrent_round(sizeof(product_head)) + rpr_recurrent_floats(p->ci) +
                       rpr_recurrent_floats(rpr_round_lane(p->co))
                 : 0;
}

size_t rpr_recurrent_sequence_bytes(const rpr_recurrent_layer *l)
{
    size_t bytes = 0;
    for (int i = 0; i < RPR_PRODUCTS; i++)
        bytes += product_bytes(&l->product[0][i]);
    return bytes;
}

static product_head *head_of(const rpr_recurrent_work *r, int d, int64_t b, int which)
{
    const rpr_recurrent_layer *l = r->l;
    char *at = r->state + rpr_recurrent_round(sizeof(rpr_recurrent_head)) +
               (size_t)(d * l->s.batch + b) * rpr_recurrent_sequence_bytes(l);
    for (int i = 0; i < which; i++)
        at += product_bytes(&l->product[0][i]);
    return (void *)at;
}

static float *xhat_of(product_head *h)
{
    return (void *)((char *)h + rpr_recurrent_round(sizeof *h));
}

/* --------------------------------------------------------------- densely */

/** Bytes of n weight rows. */
static int64_t row_bytes(const rpr_product *p, bool half, int64_t n)
{
    const int32_t lanes = rpr_round_lane(p->co), words = half ? rpr_half_words(lanes) : lanes;
    return n * words * (int64_t)sizeof(float);
}

/** For n vectors x, one behind the other, or those of a mask. */
static void dense(rpr_recurrent_work *r, const rpr_product *p, const float *x, float *z,
                  const uint8_t *mask, int32_t n)
{
    int64_t done = n;
    for (int32_t i = 0; mask && i < n; i++)
        done -= mask[i] == 0;
    if (done == 0)
        return;
    r->k->conv_row(&(rpr_conv_row){.in = x,
                                   .in_row = p->ci,
                                   .in_pix = p->ci,
                                   .in_step = p->ci,
                                   .w = p->w,
                                   .bias = p->bias,
                                   .out = z,
                                   .out_pix = p->co,
                                   .mask = done < n ? mask : NULL,
                                   .kh = 1,
                                   .kw = 1,
                                   .ci = p->ci,
                                   .co = p->co,
                                   .n = n});
    r->counts.macs += done * p->ci * p->co;
    r->counts.weight_bytes += row_bytes(p, false, done * p->ci);
    if (r->gate)
        r->counts.cost +=
            (double)done * rpr_matrix_dense_cost(p->ci, p->co, done < TILE, r->gate->cost);
}

double rpr_recurrent_dense_cost(const rpr_recurrent_layer *l, const rpr_cost *c)
{
    double cost = 0;
    for (int i = 0; i < RPR_PRODUCTS; i++) {
        const rpr_product *p = &l->product[0][i];
        const bool lone = i != RPR_ON_INPUT || l->s.steps < TILE;
        cost += p->ci ? rpr_matrix_dense_cost(p->ci, p->co, lone, c) : 0;
    }
    return cost * (double)(l->s.directions * l->s.batch * l->s.steps);
}

/* ----------------------------------------------------------------- gates */

/** Clusters of a range, and as many on either side of it, as other gates have them. */
static rpr_levels levels_of(const rpr_recurrent_gate *g, float lo, float hi)
{
    const double levels = (double)g->rule.levels, most = 65536.0;
    const float cells = (float)(levels < most * g->scale ? rint(levels / g->scale) : most);
    rpr_levels q = {.step = (hi - lo) / (cells - 1.0f), .inv_step = (cells - 1.0f) / (hi - lo)};
    q.lo = (rintf(lo * q.inv_step) - cells) * q.step;
    q.top = 3.0f * cells - 1.0f;
    return q;
}

/** Changed values of x, listed from `at` on; xhat takes them. */
static int32_t compare(rpr_recurrent_work *r, int which, const float *x, float *xhat, int32_t n,
                       int32_t at, bool *nonfinite)
{
    const rpr_gate *rule = &r->gate->rule;
    const rpr_recurrent_head *head = (const void *)r->state;
    float lo = -1, hi = 1; /* states are between these */
    if (which == RPR_ON_INPUT) {
        const bool given = rule->lo < rule->hi;
        lo = given ? (float)rule->lo : head->lo;
        hi = given ? (float)rule->hi : head->hi;
    }
    int32_t *idx = r->idx + at;
    float *delta = r->delta + at;
    if (rule->kind == RPR_GATE_LEVELS && hi > lo) {
        const rpr_levels q = levels_of(r->gate, lo, hi);
        return r->k->gate_levels(x, xhat, n, &q, 0, idx, delta, nonfinite);
    }
    float theta = 0;
    if (rule->kind == RPR_GATE_DEADZONE && hi > lo)
        theta = (float)(rule->threshold * r->gate->scale * (double)(hi - lo));
    return r->k->gate_deadzone(x, xhat, n, theta, 0, idx, delta, nonfinite);
}

/** True if to correct so many values costs more than all of them, with others or not. */
static bool is_crowded(const rpr_recurrent_work *r, const rpr_product *p, int32_t changed,
                       bool lone)
{
    const rpr_recurrent_gate *g = r->gate;
    return changed * rpr_matrix_change_cost(p->ci, p->co, g->half && p->half, g->cost) >
           g->favour * rpr_matrix_dense_cost(p->ci, p->co, lone, g->cost);
}

/**
 * Takes one more vector. The number of its changes, which are listed from `at` on unless *anew:
 * then the product can only be made from xhat.
 */
static int32_t take(rpr_recurrent_work *r, const rpr_product *p, int which, product_head *head,
                    const float *x, int32_t at, bool *anew)
{
    float *xhat = xhat_of(head);
    int32_t changed = p->ci;
    const bool whole = !head->known || (r->gate->refresh > 0 && head->since >= r->gate->refresh);
    *anew = whole;
    if (whole) {
        memcpy(xhat, x, (size_t)p->ci * sizeof *x);
        head->since = 0;
    } else {
        changed = compare(r, which, x, xhat, p->ci, at, anew);
        head->since++;
    }
    if (r->record)
        rpr_recurrent_note(r, which, whole ? NULL : r->idx + at, changed);
    head->known = 1;
    r->counts.inputs += p->ci;
    r->counts.changed += changed;
    return changed;
}

/* ----------------------------------------------------------- corrections */

static void correct(rpr_recurrent_work *r, const rpr_product *p, const rpr_delta_visit *visit,
                    int32_t n)
{
    const bool half = r->gate->half && p->half;
    int64_t changes = 0;
    for (int32_t i = 0; i < n; i++)
        changes += visit[i].n;
    if (n == 0)
        return;
    r->k->delta(&(rpr_delta_job){.idx = r->idx,
                                 .delta = r->delta,
                                 .w = half ? NULL : p->w,
                                 .half = p->half,
                                 .w_rows = p->ci,
                                 .co = p->co,
                                 .visit = visit,
                                 .n_visit = n,
                                 .n_rows = p->ci,
                                 .next_row = -1});
    r->counts.macs += changes * p->co;
    r->counts.cost += (double)changes * rpr_matrix_change_cost(p->ci, p->co, half, r->gate->cost);
    r->counts.weight_bytes += row_bytes(p, half, changes);
}

const float *rpr_recurrent_product(rpr_recurrent_work *r, int d, int64_t b, int which,
                                   const float *x, float *room)
{
    const rpr_product *p = &r->l->product[d][which];
    if (!r->gate) {
        dense(r, p, x, room, NULL, 1);
        return room;
    }
    product_head *head = head_of(r, d, b, which);
    float *xhat = xhat_of(head), *z = (void *)((char *)xhat + rpr_recurrent_floats(p->ci));
    bool anew;
    const int32_t changed = take(r, p, which, head, x, 0, &anew);
    anew |= is_crowded(r, p, changed, true);
    if (!anew && changed > 0) {
        correct(r, p, &(rpr_delta_visit){.z = z, .n = changed}, 1);
        anew = !r->k->all_finite(z, p->co);
    }
    if (anew) {
        dense(r, p, xhat, z, NULL, 1);
        /* What is not finite cannot be corrected: the next step begins from nothing. */
        head->known = r->k->all_finite(z, p->co);
    }
    return z;
}

/** Compares all steps. Their inputs become what the gate made of them. */
static void take_steps(rpr_recurrent_work *r, const rpr_product *p, product_head *head, int32_t n)
{
    int32_t at = 0;
    for (int32_t i = 0; i < n; i++, r->step++) {
        float *x = r->row + (int64_t)i * p->ci, *z = r->all_z + (int64_t)i * p->co;
        bool anew;
        const int32_t changed = take(r, p, RPR_ON_INPUT, head, x, at, &anew);
        memcpy(x, xhat_of(head), (size_t)p->ci * sizeof *x);
        r->dense[i] = anew;
        r->visit[i] = (rpr_delta_visit){.z = z, .first = at, .n = anew ? 0 : changed};
        at += r->visit[i].n;
    }
}

/** Which steps are made densely, and a visit for each that is corrected: the number of these. */
static int32_t choose(rpr_recurrent_work *r, const rpr_product *p, int32_t n)
{
    int32_t crowd = 0, n_visit = 0;
    for (int32_t i = 0; i < n; i++)
        crowd += r->dense[i] || is_crowded(r, p, r->visit[i].n, false);
    /* Few of them share little, and where the others are corrected both kinds of weights come. */
    const bool few = crowd < TILE || 4 * crowd < 3 * n;
    for (int32_t i = 0; i < n; i++) {
        r->dense[i] |= is_crowded(r, p, r->visit[i].n, few);
        if (!r->dense[i] && r->visit[i].n > 0)
            r->visit[n_visit++] = r->visit[i];
    }
    return n_visit;
}

/** From differences between steps to products; `before` is that of the step before the first. */
static void sum_up(rpr_recurrent_work *r, const rpr_product *p, const float *before, int32_t n)
{
    float *z = r->all_z;
    for (int32_t i = 0; i < n; i++, before = z, z += p->co)
        if (!r->dense[i])
            r->k->accumulate(z, before, p->co);
}

void rpr_recurrent_products(rpr_recurrent_work *r, int d, int64_t b, int32_t n)
{
    const rpr_product *p = &r->l->product[d][RPR_ON_INPUT];
    if (!r->gate) {
        dense(r, p, r->row, r->all_z, NULL, n);
        return;
    }
    product_head *head = head_of(r, d, b, RPR_ON_INPUT);
    float *z = (void *)((char *)xhat_of(head) + rpr_recurrent_floats(p->ci));
    take_steps(r, p, head, n);
    const int32_t n_visit = choose(r, p, n);
    memset(r->all_z, 0, (size_t)n * (size_t)p->co * sizeof *r->all_z);
    dense(r, p, r->row, r->all_z, r->dense, n);
    correct(r, p, r->visit, n_visit);
    sum_up(r, p, z, n);
    const float *last = r->all_z + (int64_t)(n - 1) * p->co;
    if (!r->k->all_finite(r->all_z, (int64_t)n * p->co)) {
        /* Steps after one that is not finite cannot be corrected. */
        dense(r, p, r->row, r->all_z, NULL, n);
        head->known = r->k->all_finite(last, p->co);
    }
    memcpy(z, last, (size_t)p->co * sizeof *z);
}
