/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "ops/node.h"
#include "ops/recurrent_layer.h"

/** Head of a layer's state; then heads and vectors of the products. */
typedef struct state_head {
    float lo, hi; /* of the inputs, on the first call */
    int32_t known, unused;
} state_head;

/** What a product remembers of the step before; then come xhat and z. */
typedef struct product_head {
    int32_t known; /* z is w * xhat + bias; 0: nothing is */
    int32_t since; /* steps since all was taken as it is */
} product_head;

typedef struct run {
    const rpr_recurrent_layer *l;
    const rpr_kernels *k;
    const rpr_recurrent_gate *gate; /* NULL: dense */
    char *state;
    rpr_view x, h0, c0, y, yh, yc; /* in layout 0; data NULL where absent */
    float *all_z;                  /* dense: products with all inputs of a sequence */
    float *row, *h, *c, *sum, *mix;
    int32_t *idx;
    float *delta;
    rpr_recurrent_counts counts;
} run;

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t floats(int64_t n)
{
    return round_up((size_t)n * sizeof(float));
}

/* ------------------------------------------------------------------ memory */

static size_t product_bytes(const rpr_product *p)
{
    return p->ci ? round_up(sizeof(product_head)) + floats(p->ci) + floats(rpr_round_lane(p->co))
                 : 0;
}

static size_t sequence_bytes(const rpr_recurrent_layer *l)
{
    size_t bytes = 0;
    for (int i = 0; i < RPR_PRODUCTS; i++)
        bytes += product_bytes(&l->product[0][i]);
    return bytes;
}

size_t rpr_recurrent_state_bytes(const rpr_recurrent_layer *l)
{
    return round_up(sizeof(state_head)) +
           (size_t)l->s.directions * (size_t)l->s.batch * sequence_bytes(l);
}

void rpr_recurrent_forget(const rpr_recurrent_layer *l, void *state)
{
    memset(state, 0, rpr_recurrent_state_bytes(l));
}

void rpr_recurrent_range(const void *state, float *lo, float *hi)
{
    const state_head *head = state;
    *lo = head->lo;
    *hi = head->hi;
}

void rpr_recurrent_renew(const rpr_recurrent_layer *l, void *state)
{
    char *products = (char *)state + round_up(sizeof(state_head));
    memset(products, 0, rpr_recurrent_state_bytes(l) - round_up(sizeof(state_head)));
}

/** Pieces of the scratch, one behind the other; base NULL: only their size. */
static char *take(char *base, size_t *at, size_t bytes)
{
    char *p = base ? base + *at : NULL;
    *at += bytes;
    return p;
}

static size_t lay_out(run *r, char *base)
{
    const rpr_recurrent_spec *s = &r->l->s;
    const int32_t rows = rpr_round_lane(s->gates * (int32_t)s->hidden);
    const int64_t longest = s->inputs > s->hidden ? s->inputs : s->hidden;
    size_t at = 0;
    r->all_z = (void *)take(base, &at, floats(s->steps * rows));
    r->row = (void *)take(base, &at, floats(s->steps * s->inputs));
    r->h = (void *)take(base, &at, floats(s->hidden));
    r->c = (void *)take(base, &at, floats(s->hidden));
    r->sum = (void *)take(base, &at, floats(rows));
    r->mix = (void *)take(base, &at, floats(rows));
    r->idx = (void *)take(base, &at, floats(longest + RPR_LANE));
    r->delta = (void *)take(base, &at, floats(longest + RPR_LANE));
    return at;
}

size_t rpr_recurrent_scratch_bytes(const rpr_recurrent_layer *l)
{
    run r = {.l = l};
    return lay_out(&r, NULL);
}

static product_head *head_of(const run *r, int d, int64_t b, int which)
{
    const rpr_recurrent_layer *l = r->l;
    char *at =
        r->state + round_up(sizeof(state_head)) + (size_t)(d * l->s.batch + b) * sequence_bytes(l);
    for (int i = 0; i < which; i++)
        at += product_bytes(&l->product[0][i]);
    return (void *)at;
}

static float *xhat_of(product_head *h)
{
    return (void *)((char *)h + round_up(sizeof *h));
}

/* ---------------------------------------------------------------- products */

static void dense_rows(run *r, const rpr_product *p, const float *x, int64_t step, float *z,
                       int64_t z_step, int64_t n)
{
    r->k->conv_row(&(rpr_conv_row){.in = x,
                                   .in_row = p->ci,
                                   .in_pix = p->ci,
                                   .in_step = step,
                                   .w = p->w,
                                   .bias = p->bias,
                                   .out = z,
                                   .out_pix = z_step,
                                   .kh = 1,
                                   .kw = 1,
                                   .ci = p->ci,
                                   .co = p->co,
                                   .n = (int32_t)n});
    r->counts.macs += n * p->ci * p->co;
}

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

/** Changed values of x, listed; xhat takes them. */
static int32_t compare(run *r, int which, const float *x, float *xhat, int32_t n, bool *nonfinite)
{
    const rpr_gate *rule = &r->gate->rule;
    const state_head *head = (const void *)r->state;
    float lo = -1, hi = 1; /* states are between these */
    if (which == RPR_ON_INPUT) {
        const bool given = rule->lo < rule->hi;
        lo = given ? (float)rule->lo : head->lo;
        hi = given ? (float)rule->hi : head->hi;
    }
    if (rule->kind == RPR_GATE_LEVELS && hi > lo) {
        const rpr_levels q = levels_of(r->gate, lo, hi);
        return r->k->gate_levels(x, xhat, n, &q, 0, r->idx, r->delta, nonfinite);
    }
    float theta = 0;
    if (rule->kind == RPR_GATE_DEADZONE && hi > lo)
        theta = (float)(rule->threshold * r->gate->scale * (double)(hi - lo));
    return r->k->gate_deadzone(x, xhat, n, theta, 0, r->idx, r->delta, nonfinite);
}

static void correct(run *r, const rpr_product *p, float *z, int32_t changed)
{
    const rpr_delta_visit visit = {.z = z, .n = changed};
    r->k->delta(&(rpr_delta_job){.idx = r->idx,
                                 .delta = r->delta,
                                 .w = p->w,
                                 .w_rows = p->ci,
                                 .co = p->co,
                                 .visit = &visit,
                                 .n_visit = 1,
                                 .next_row = -1});
    r->counts.macs += (int64_t)changed * p->co;
}

/** z = w * xhat + bias, xhat being x as far as it changed; or x itself without a gate. */
static const float *product(run *r, int d, int64_t b, int which, const float *x, float *room)
{
    const rpr_product *p = &r->l->product[d][which];
    if (!r->gate) {
        dense_rows(r, p, x, p->ci, room, p->co, 1);
        return room;
    }
    product_head *head = head_of(r, d, b, which);
    float *xhat = xhat_of(head), *z = (void *)((char *)xhat + floats(p->ci));
    bool nonfinite = false;
    int32_t changed = p->ci;
    r->counts.inputs += p->ci;
    if (head->known && !(r->gate->refresh > 0 && head->since >= r->gate->refresh)) {
        changed = compare(r, which, x, xhat, p->ci, &nonfinite);
        head->since++;
    } else {
        memcpy(xhat, x, (size_t)p->ci * sizeof *x);
        head->since = 0;
        nonfinite = true; /* all of it anew */
    }
    r->counts.changed += changed;
    if (changed > 0 && !nonfinite && head->known > 0 && changed <= r->gate->most * p->ci) {
        correct(r, p, z, changed);
        nonfinite = !r->k->all_finite(z, p->co);
    } else {
        nonfinite |= changed > 0;
    }
    if (nonfinite) {
        dense_rows(r, p, xhat, p->ci, z, p->co, 1);
        /* What is not finite cannot be corrected: the next step begins from nothing. */
        head->known = r->k->all_finite(z, p->co);
    }
    return z;
}

/* ------------------------------------------------------------------- cells */

static void act(const run *r, rpr_act_kind kind, const float *x, float *y, int64_t n)
{
    const rpr_act a = {.kind = kind, .post_mul = 1.0f};
    r->k->act(&a, x, y, n);
}

/** gate += peepholes * cell */
static void look(const float *peep, const float *c, float *gate, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        gate[j] += peep[j] * c[j];
}

/** i and f look at the cell before, o at the new one. */
static void lstm(run *r, int d, const float *in, const float *rec)
{
    const int64_t n = r->l->s.hidden;
    const float *peep = r->l->peep[d];
    float *g = r->sum;
    r->k->binary(RPR_BIN_ADD, in, rec, g, 4 * n);
    if (peep) {
        look(peep, r->c, g, n);
        look(peep + 2 * n, r->c, g + 2 * n, n);
    }
    act(r, RPR_ACT_SIGMOID, g, g, n);
    act(r, RPR_ACT_SIGMOID, g + 2 * n, g + 2 * n, n);
    act(r, RPR_ACT_TANH, g + 3 * n, g + 3 * n, n);
    for (int64_t j = 0; j < n; j++)
        r->c[j] = g[2 * n + j] * r->c[j] + g[j] * g[3 * n + j];
    if (peep)
        look(peep + n, r->c, g + n, n);
    act(r, RPR_ACT_SIGMOID, g + n, g + n, n);
    act(r, RPR_ACT_TANH, r->c, r->h, n);
    r->k->binary(RPR_BIN_MUL, g + n, r->h, r->h, n);
}

static void gru(run *r, int d, int64_t b, const float *in, const float *rec)
{
    const int64_t n = r->l->s.hidden;
    float *g = r->sum, *now = g + 2 * n;
    r->k->binary(RPR_BIN_ADD, in, rec, g, 2 * n);
    act(r, RPR_ACT_SIGMOID, g, g, 2 * n);
    if (r->l->s.linear_before_reset) {
        r->k->binary(RPR_BIN_MUL, g + n, rec + 2 * n, now, n);
    } else {
        r->k->binary(RPR_BIN_MUL, g + n, r->h, r->c, n);
        const float *past = product(r, d, b, RPR_ON_RESET, r->c, r->mix);
        memcpy(now, past, (size_t)n * sizeof *now);
    }
    r->k->binary(RPR_BIN_ADD, in + 2 * n, now, now, n);
    act(r, RPR_ACT_TANH, now, now, n);
    for (int64_t j = 0; j < n; j++)
        r->h[j] = now[j] + g[j] * (r->h[j] - now[j]);
}

static void cell(run *r, int d, int64_t b, const float *in)
{
    const int64_t n = r->l->s.hidden;
    const float *rec = product(r, d, b, RPR_ON_STATE, r->h, r->mix);
    if (r->l->s.cell == RPR_CELL_LSTM) {
        lstm(r, d, in, rec);
    } else if (r->l->s.cell == RPR_CELL_GRU) {
        gru(r, d, b, in, rec);
    } else {
        r->k->binary(RPR_BIN_ADD, in, rec, r->h, n);
        act(r, RPR_ACT_TANH, r->h, r->h, n);
    }
}

/* --------------------------------------------------------------- sequences */

static rpr_view swap(rpr_view v, int a, int b)
{
    const int64_t dim = v.dim[a], stride = v.stride[a];
    v.dim[a] = v.dim[b];
    v.stride[a] = v.stride[b];
    v.dim[b] = dim;
    v.stride[b] = stride;
    return v;
}

static void load(const rpr_view *v, int64_t a, int64_t b, float *to, int64_t n)
{
    const float *from =
        v->data ? (const float *)v->data + a * v->stride[0] + b * v->stride[1] : NULL;
    for (int64_t j = 0; j < n; j++)
        to[j] = from ? from[j * v->stride[2]] : 0.0f;
}

static void store(const rpr_view *v, int64_t a, int64_t b, const float *x, int64_t n)
{
    float *to = v->data ? (float *)v->data + a * v->stride[0] + b * v->stride[1] : NULL;
    for (int64_t j = 0; to && j < n; j++)
        to[j * v->stride[2]] = x[j];
}

static void sequence(run *r, int d, int64_t b)
{
    const rpr_recurrent_spec *s = &r->l->s;
    const rpr_product *p = &r->l->product[d][RPR_ON_INPUT];
    load(&r->h0, d, b, r->h, s->hidden);
    load(&r->c0, d, b, r->c, s->hidden);
    for (int64_t t = 0; t < s->steps; t++)
        load(&r->x, t, b, r->row + t * s->inputs, s->inputs);
    if (!r->gate)
        dense_rows(r, p, r->row, s->inputs, r->all_z, p->co, s->steps);
    for (int64_t i = 0; i < s->steps; i++) {
        const int64_t t = s->backward[d] ? s->steps - 1 - i : i;
        const float *in = r->all_z + t * p->co;
        if (r->gate)
            in = product(r, d, b, RPR_ON_INPUT, r->row + t * s->inputs, NULL);
        cell(r, d, b, in);
        rpr_view y = r->y;
        y.data = y.data ? (float *)y.data + t * y.stride[0] : NULL;
        for (int a = 0; a < 3; a++)
            y.stride[a] = y.stride[a + 1];
        store(&y, d, b, r->h, s->hidden);
    }
    store(&r->yh, d, b, r->h, s->hidden);
    store(&r->yc, d, b, r->c, s->hidden);
}

static rpr_view given(const rpr_node *n, const rpr_view *in, int i)
{
    return rpr_node_has(n, i) ? in[i] : (rpr_view){.data = NULL};
}

static rpr_view wanted(const rpr_node *n, const rpr_view *out, int i)
{
    return i < n->n_out && n->out[i] != RPR_NONE ? out[i] : (rpr_view){.data = NULL};
}

static void find_views(run *r, const rpr_node *n, const rpr_view *in, const rpr_view *out)
{
    r->x = in[RPR_REC_X];
    r->h0 = given(n, in, RPR_REC_H);
    r->c0 = given(n, in, RPR_REC_C);
    r->y = wanted(n, out, 0);
    r->yh = wanted(n, out, 1);
    r->yc = wanted(n, out, 2);
    if (!r->l->s.batch_first)
        return;
    r->x = swap(r->x, 0, 1);
    r->h0 = swap(r->h0, 0, 1);
    r->c0 = swap(r->c0, 0, 1);
    r->y = swap(swap(r->y, 0, 1), 1, 2); /* B T D H -> T D B H */
    r->yh = swap(r->yh, 0, 1);
    r->yc = swap(r->yc, 0, 1);
}

/** The range that dead-zones and levels go by, from the first call's inputs. */
static void find_range(run *r)
{
    const rpr_recurrent_spec *s = &r->l->s;
    state_head *head = (void *)r->state;
    if (head->known)
        return;
    *head = (state_head){.known = 1};
    bool any = false;
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t t = 0; t < s->steps; t++) {
            load(&r->x, t, b, r->row, s->inputs);
            for (int64_t j = 0; j < s->inputs; j++) {
                const float x = r->row[j];
                if (!isfinite(x))
                    continue;
                head->lo = !any || x < head->lo ? x : head->lo;
                head->hi = !any || x > head->hi ? x : head->hi;
                any = true;
            }
        }
}

rpr_recurrent_counts rpr_recurrent_run(const rpr_recurrent_layer *l, const rpr_kernels *k,
                                       const rpr_node *n, const rpr_recurrent_gate *gate,
                                       void *state, void *scratch, const rpr_view *in,
                                       const rpr_view *out)
{
    run r = {.l = l, .k = k, .gate = gate, .state = state};
    (void)lay_out(&r, scratch);
    find_views(&r, n, in, out);
    if (gate)
        find_range(&r);
    for (int d = 0; d < l->s.directions; d++)
        for (int64_t b = 0; b < l->s.batch; b++)
            sequence(&r, d, b);
    return r.counts;
}
