/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "ops/node.h"
#include "ops/recurrent_work.h"

typedef rpr_recurrent_work work;

/* ------------------------------------------------------------------ memory */

size_t rpr_recurrent_state_bytes(const rpr_recurrent_layer *l)
{
    return rpr_recurrent_round(sizeof(rpr_recurrent_head)) +
           (size_t)l->s.directions * (size_t)l->s.batch * rpr_recurrent_sequence_bytes(l);
}

void rpr_recurrent_forget(const rpr_recurrent_layer *l, void *state)
{
    memset(state, 0, rpr_recurrent_state_bytes(l));
}

void rpr_recurrent_range(const void *state, float *lo, float *hi)
{
    const rpr_recurrent_head *head = state;
    *lo = head->lo;
    *hi = head->hi;
}

void rpr_recurrent_renew(const rpr_recurrent_layer *l, void *state)
{
    const size_t head = rpr_recurrent_round(sizeof(rpr_recurrent_head));
    memset((char *)state + head, 0, rpr_recurrent_state_bytes(l) - head);
}

/** Pieces of the scratch, one behind the other; base NULL: only their size. */
static void *take(char *base, size_t *at, size_t bytes)
{
    char *p = base ? base + *at : NULL;
    *at += rpr_recurrent_round(bytes);
    return p;
}

static int64_t steps_at_once(const rpr_recurrent_spec *s)
{
    return s->steps < RPR_STEPS_AT_ONCE ? s->steps : RPR_STEPS_AT_ONCE;
}

static size_t lay_out(work *r, char *base)
{
    const rpr_recurrent_spec *s = &r->l->s;
    const size_t rows = (size_t)rpr_round_lane(s->gates * (int32_t)s->hidden);
    const size_t hidden = (size_t)s->hidden, n = (size_t)steps_at_once(s);
    const size_t inputs = n * (size_t)s->inputs, listed = inputs > hidden ? inputs : hidden;
    size_t at = 0;
    r->all_z = take(base, &at, n * rows * sizeof *r->all_z);
    r->row = take(base, &at, inputs * sizeof *r->row);
    r->h = take(base, &at, hidden * sizeof *r->h);
    r->c = take(base, &at, hidden * sizeof *r->c);
    r->sum = take(base, &at, rows * sizeof *r->sum);
    r->mix = take(base, &at, rows * sizeof *r->mix);
    r->idx = take(base, &at, (listed + RPR_LANE) * sizeof *r->idx);
    r->delta = take(base, &at, (listed + RPR_LANE) * sizeof *r->delta);
    r->visit = take(base, &at, n * sizeof *r->visit);
    r->dense = take(base, &at, n * sizeof *r->dense);
    return at;
}

size_t rpr_recurrent_scratch_bytes(const rpr_recurrent_layer *l)
{
    work r = {.l = l};
    return lay_out(&r, NULL);
}

/* ------------------------------------------------------------------- cells */

static void act(const work *r, rpr_act_kind kind, const float *x, float *y, int64_t n)
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
static void lstm(work *r, int d, const float *in, const float *rec)
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
    r->k->binary(RPR_BIN_MUL, g + 2 * n, r->c, r->c, n);
    r->k->binary(RPR_BIN_MUL, g, g + 3 * n, g + 3 * n, n);
    r->k->binary(RPR_BIN_ADD, r->c, g + 3 * n, r->c, n);
    if (peep)
        look(peep + n, r->c, g + n, n);
    act(r, RPR_ACT_SIGMOID, g + n, g + n, n);
    act(r, RPR_ACT_TANH, r->c, r->h, n);
    r->k->binary(RPR_BIN_MUL, g + n, r->h, r->h, n);
}

static void gru(work *r, int d, int64_t b, const float *in, const float *rec)
{
    const int64_t n = r->l->s.hidden;
    float *g = r->sum, *now = g + 2 * n;
    r->k->binary(RPR_BIN_ADD, in, rec, g, 2 * n);
    act(r, RPR_ACT_SIGMOID, g, g, 2 * n);
    if (r->l->s.linear_before_reset) {
        r->k->binary(RPR_BIN_MUL, g + n, rec + 2 * n, now, n);
    } else {
        r->k->binary(RPR_BIN_MUL, g + n, r->h, r->c, n);
        const float *past = rpr_recurrent_product(r, d, b, RPR_ON_RESET, r->c, r->mix);
        memcpy(now, past, (size_t)n * sizeof *now);
    }
    r->k->binary(RPR_BIN_ADD, in + 2 * n, now, now, n);
    act(r, RPR_ACT_TANH, now, now, n);
    for (int64_t j = 0; j < n; j++)
        r->h[j] = now[j] + g[j] * (r->h[j] - now[j]);
}

static void cell(work *r, int d, int64_t b, const float *in)
{
    const int64_t n = r->l->s.hidden;
    const float *rec = rpr_recurrent_product(r, d, b, RPR_ON_STATE, r->h, r->mix);
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
    if (from && v->stride[2] == 1)
        memcpy(to, from, (size_t)n * sizeof *to);
    else
        for (int64_t j = 0; j < n; j++)
            to[j] = from ? from[j * v->stride[2]] : 0.0f;
}

static void store(const rpr_view *v, int64_t a, int64_t b, const float *x, int64_t n)
{
    float *to = v->data ? (float *)v->data + a * v->stride[0] + b * v->stride[1] : NULL;
    if (to && v->stride[2] == 1)
        memcpy(to, x, (size_t)n * sizeof *to);
    else
        for (int64_t j = 0; to && j < n; j++)
            to[j * v->stride[2]] = x[j];
}

/** Steps [from, from + n) of the order in which a direction takes them. */
static void some_steps(work *r, int d, int64_t b, int64_t from, int64_t n)
{
    const rpr_recurrent_spec *s = &r->l->s;
    const int64_t rows = r->l->product[d][RPR_ON_INPUT].co;
    const int64_t first = s->backward[d] ? s->steps - 1 - from : from, on = s->backward[d] ? -1 : 1;
    for (int64_t i = 0; i < n; i++)
        load(&r->x, first + i * on, b, r->row + i * s->inputs, s->inputs);
    r->step = (d * s->batch + b) * s->steps + from;
    rpr_recurrent_products(r, d, b, (int32_t)n);
    for (int64_t i = 0; i < n; i++) {
        r->step = (d * s->batch + b) * s->steps + from + i;
        cell(r, d, b, r->all_z + i * rows);
        rpr_view y = r->y;
        y.data = y.data ? (float *)y.data + (first + i * on) * y.stride[0] : NULL;
        for (int a = 0; a < 3; a++)
            y.stride[a] = y.stride[a + 1];
        store(&y, d, b, r->h, s->hidden);
    }
}

static void sequence(work *r, int d, int64_t b)
{
    const rpr_recurrent_spec *s = &r->l->s;
    const int64_t most = steps_at_once(s);
    load(&r->h0, d, b, r->h, s->hidden);
    load(&r->c0, d, b, r->c, s->hidden);
    for (int64_t i = 0; i < s->steps; i += most)
        some_steps(r, d, b, i, s->steps - i < most ? s->steps - i : most);
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

static void find_views(work *r, const rpr_node *n, const rpr_view *in, const rpr_view *out)
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
static void find_range(work *r)
{
    const rpr_recurrent_spec *s = &r->l->s;
    rpr_recurrent_head *head = (void *)r->state;
    if (head->known)
        return;
    *head = (rpr_recurrent_head){.known = 1};
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
    work r = {.l = l, .k = k, .gate = gate, .state = state, .record = gate ? gate->record : NULL};
    (void)lay_out(&r, scratch);
    find_views(&r, n, in, out);
    if (gate)
        find_range(&r);
    for (int d = 0; d < l->s.directions; d++) {
        const rpr_recurrent_counts before = r.counts;
        for (int64_t b = 0; b < l->s.batch; b++)
            sequence(&r, d, b);
        if (r.record)
            rpr_recurrent_note_direction(&r, d, &before);
    }
    return r.counts;
}
