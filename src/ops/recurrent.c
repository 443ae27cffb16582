/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN by ONNX's equations, computed in double. */
#include "ops/recurrent.h"

#include "core/alloc.h"
#include "ops/defs.h"

int rpr_infer_recurrent(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    rpr_recurrent_spec s;
    RPR_TRY(rpr_recurrent_parse(g, n, &s, err));
    const rpr_dtype t = g->value[n->in[RPR_REC_X]].dtype;
    const int64_t d = s.directions;
    const int64_t all[2][4] = {{s.steps, d, s.batch, s.hidden}, {s.batch, s.steps, d, s.hidden}};
    const int64_t last[2][3] = {{d, s.batch, s.hidden}, {s.batch, d, s.hidden}};
    RPR_TRY(rpr_set_output(g, n, 0, t, 4, all[s.batch_first], err));
    RPR_TRY(rpr_set_output(g, n, 1, t, 3, last[s.batch_first], err));
    return rpr_set_output(g, n, 2, t, 3, last[s.batch_first], err);
}

/** Everything in ONNX's layout 0, with dense copies of what is read often. */
typedef struct work {
    const rpr_recurrent_spec *s;
    rpr_view x, h0, c0, lens;         /* data NULL where absent */
    rpr_view y, yh, yc;               /* the same */
    double *w, *r, *b, *p;            /* b and p may be NULL */
    double *h, *c, *input, *in, *rec; /* one state, one input, products with them */
} work;

static rpr_view swap(rpr_view v, int a, int b)
{
    int64_t dim = v.dim[a], stride = v.stride[a];
    v.dim[a] = v.dim[b];
    v.stride[a] = v.stride[b];
    v.dim[b] = dim;
    v.stride[b] = stride;
    return v;
}

static rpr_view input_or_none(const rpr_node *n, const rpr_view *in, int i)
{
    return rpr_node_has(n, i) ? in[i] : (rpr_view){.data = NULL};
}

static rpr_view output_or_none(const rpr_node *n, const rpr_view *out, int i)
{
    return i < n->n_out && n->out[i] != RPR_NONE ? out[i] : (rpr_view){.data = NULL};
}

static void find_views(work *k, const rpr_node *n, const rpr_view *in, const rpr_view *out)
{
    k->x = in[RPR_REC_X];
    k->lens = input_or_none(n, in, RPR_REC_LENS);
    k->h0 = input_or_none(n, in, RPR_REC_H);
    k->c0 = input_or_none(n, in, RPR_REC_C);
    k->y = output_or_none(n, out, 0);
    k->yh = output_or_none(n, out, 1);
    k->yc = output_or_none(n, out, 2);
    if (!k->s->batch_first)
        return;
    k->x = swap(k->x, 0, 1);
    k->h0 = swap(k->h0, 0, 1);
    k->c0 = swap(k->c0, 0, 1);
    k->y = swap(swap(k->y, 0, 1), 1, 2); /* B T D H -> T B D H -> T D B H */
    k->yh = swap(k->yh, 0, 1);
    k->yc = swap(k->yc, 0, 1);
}

static bool take_copies(work *k, const rpr_node *n, const rpr_view *in)
{
    const rpr_recurrent_spec *s = k->s;
    const size_t rows = (size_t)(s->gates * s->hidden);
    k->w = rpr_dense_f64(&in[RPR_REC_W]);
    k->r = rpr_dense_f64(&in[RPR_REC_R]);
    k->b = rpr_node_has(n, RPR_REC_B) ? rpr_dense_f64(&in[RPR_REC_B]) : NULL;
    k->p = rpr_node_has(n, RPR_REC_P) ? rpr_dense_f64(&in[RPR_REC_P]) : NULL;
    k->h = rpr_alloc_array((size_t)s->hidden, sizeof(double));
    k->c = rpr_alloc_array((size_t)s->hidden, sizeof(double));
    k->input = rpr_alloc_array((size_t)s->inputs + 1, sizeof(double));
    k->in = rpr_alloc_array(rows, sizeof(double));
    k->rec = rpr_alloc_array(rows, sizeof(double));
    return k->w && k->r && (k->b || !rpr_node_has(n, RPR_REC_B)) &&
           (k->p || !rpr_node_has(n, RPR_REC_P)) && k->h && k->c && k->input && k->in && k->rec;
}

static void free_copies(work *k)
{
    double *const all[] = {k->w, k->r, k->b, k->p, k->h, k->c, k->input, k->in, k->rec};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        rpr_free(all[i]);
}

static int check_lens(const work *k, const rpr_node *n, rpr_error *err)
{
    for (int64_t b = 0; k->lens.data && b < k->s->batch; b++) {
        int64_t len = rpr_load_i64(&k->lens, b * k->lens.stride[0]);
        if (len < 1 || len > k->s->steps)
            return rpr_node_fail(err, RPR_ERR_ARGUMENT, n,
                                 "sequence length %lld is not in [1, %lld]", (long long)len,
                                 (long long)k->s->steps);
    }
    return RPR_OK;
}

/** out[r] = sum over i of w[r][i] * v[i]. */
static void product(const double *w, const double *v, int64_t rows, int64_t n, double *out)
{
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += w[r * n + i] * v[i];
        out[r] = sum;
    }
}

static double apply(const rpr_recurrent_spec *s, const rpr_cell_act *a, double x)
{
    return a->f(fmin(fmax(x, -s->clip), s->clip), a->alpha, a->beta);
}

/** Gate g of unit j before its activation. */
static double gate_sum(const work *k, int d, int64_t g, int64_t j)
{
    const int64_t rows = k->s->gates * k->s->hidden, at = g * k->s->hidden + j;
    const double *b = k->b ? k->b + d * 2 * rows : NULL;
    return k->in[at] + k->rec[at] + (b ? b[at] + b[rows + at] : 0);
}

static void lstm(work *k, int d)
{
    const rpr_recurrent_spec *s = k->s;
    const rpr_cell_act *f = &s->act[d][0], *g = &s->act[d][1], *h = &s->act[d][2];
    const double *p = k->p ? k->p + d * 3 * s->hidden : NULL;
    for (int64_t j = 0; j < s->hidden; j++) {
        const double c = k->c[j];
        double i = apply(s, f, gate_sum(k, d, 0, j) + (p ? p[j] * c : 0));
        double forget = 1 - i;
        if (!s->input_forget)
            forget = apply(s, f, gate_sum(k, d, 2, j) + (p ? p[2 * s->hidden + j] * c : 0));
        double now = forget * c + i * apply(s, g, gate_sum(k, d, 3, j));
        double o = apply(s, f, gate_sum(k, d, 1, j) + (p ? p[s->hidden + j] * now : 0));
        k->c[j] = now;
        k->h[j] = o * apply(s, h, now);
    }
}

/** With linear_before_reset the reset gate is applied to the product, else to the state before. */
static void gru(work *k, int d)
{
    const rpr_recurrent_spec *s = k->s;
    const rpr_cell_act *f = &s->act[d][0], *g = &s->act[d][1];
    const int64_t n = s->hidden, rows = 3 * n;
    const double *r = k->r + d * rows * n, *b = k->b ? k->b + d * 2 * rows : NULL;
    for (int64_t j = 0; j < n; j++) {
        k->c[j] = apply(s, f, gate_sum(k, d, 1, j));
        k->in[j] = apply(s, f, gate_sum(k, d, 0, j)); /* z; its product is not needed again */
    }
    if (!s->linear_before_reset) {
        for (int64_t j = 0; j < n; j++)
            k->c[j] *= k->h[j];
        product(r + 2 * n * n, k->c, n, n, k->rec + 2 * n);
    }
    for (int64_t j = 0; j < n; j++) {
        double rec = k->rec[2 * n + j] + (b ? b[rows + 2 * n + j] : 0);
        if (s->linear_before_reset)
            rec *= k->c[j];
        double now = apply(s, g, k->in[2 * n + j] + (b ? b[2 * n + j] : 0) + rec);
        k->h[j] = (1 - k->in[j]) * now + k->in[j] * k->h[j];
    }
}

static void cell(work *k, int d)
{
    const rpr_recurrent_spec *s = k->s;
    const int64_t rows = s->gates * s->hidden;
    product(k->w + d * rows * s->inputs, k->input, rows, s->inputs, k->in);
    product(k->r + d * rows * s->hidden, k->h, rows, s->hidden, k->rec);
    if (s->cell == RPR_CELL_LSTM)
        lstm(k, d);
    else if (s->cell == RPR_CELL_GRU)
        gru(k, d);
    else
        for (int64_t j = 0; j < s->hidden; j++)
            k->h[j] = apply(s, &s->act[d][0], gate_sum(k, d, 0, j));
}

static int64_t at3(const rpr_view *v, int64_t a, int64_t b)
{
    return a * v->stride[0] + b * v->stride[1];
}

static void store_state(const rpr_view *v, int d, int64_t b, const double *x, int64_t n)
{
    for (int64_t j = 0; v->data && j < n; j++)
        rpr_store_f64(v, at3(v, d, b) + j * v->stride[2], x[j]);
}

static void load_state(const rpr_view *v, int d, int64_t b, double *x, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        x[j] = v->data ? rpr_load_f64(v, at3(v, d, b) + j * v->stride[2]) : 0;
}

/** y is NULL behind the end of a sequence: zeros. */
static void store_step(const work *k, int64_t t, int d, int64_t b, const double *y)
{
    const rpr_view *v = &k->y;
    for (int64_t j = 0; v->data && j < k->s->hidden; j++)
        rpr_store_f64(v, t * v->stride[0] + d * v->stride[1] + b * v->stride[2] + j * v->stride[3],
                      y ? y[j] : 0);
}

/** One sequence in one direction. */
static void sequence(work *k, int d, int64_t b)
{
    const rpr_recurrent_spec *s = k->s;
    const int64_t len = k->lens.data ? rpr_load_i64(&k->lens, b * k->lens.stride[0]) : s->steps;
    load_state(&k->h0, d, b, k->h, s->hidden);
    load_state(&k->c0, d, b, k->c, s->hidden);
    for (int64_t i = 0; i < len; i++) {
        int64_t t = s->backward[d] ? len - 1 - i : i;
        for (int64_t j = 0; j < s->inputs; j++)
            k->input[j] = rpr_load_f64(&k->x, at3(&k->x, t, b) + j * k->x.stride[2]);
        cell(k, d);
        store_step(k, t, d, b, k->h);
    }
    for (int64_t t = len; t < s->steps; t++)
        store_step(k, t, d, b, NULL);
    store_state(&k->yh, d, b, k->h, s->hidden);
    store_state(&k->yc, d, b, k->c, s->hidden);
}

int rpr_eval_recurrent(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_recurrent_spec s;
    RPR_TRY(rpr_recurrent_read(n, in, &s, err));
    work k = {.s = &s};
    find_views(&k, n, in, out);
    RPR_TRY(check_lens(&k, n, err));
    bool room = take_copies(&k, n, in);
    for (int d = 0; room && d < s.directions; d++)
        for (int64_t b = 0; b < s.batch; b++)
            sequence(&k, d, b);
    free_copies(&k);
    return room ? RPR_OK : rpr_node_nomem(err, n);
}
