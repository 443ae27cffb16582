/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_fresh.h"

#include "ops/linear_rows.h"
#include "ops/linear_words.h"

rpr_fresh_rule rpr_fresh_rule_of(const rpr_phase *p, const rpr_gate_state *g, const rpr_cost *cost)
{
    rpr_fresh_rule r = {.p = p, .g = g, .limit = INT32_MAX};
    if (cost && p->cols >= RPR_FRESH_RUN) {
        double fresh = rpr_phase_fresh_cost(p, cost) + rpr_phase_visit_cost(p, cost);
        double all_channels = fresh / rpr_phase_crowd_cost(p, g, cost) * g->xhat.c / p->ci;
        r.limit = all_channels < INT32_MAX ? (int32_t)all_channels : INT32_MAX;
    }
    return r;
}

/** Row of the gate's map that tap row ky of output row j reads, if it lies inside and changed. */
static bool changed_row(const rpr_fresh_rule *r, int32_t n, int32_t j, int32_t ky, int32_t *row)
{
    const rpr_phase *p = r->p;
    int32_t h = r->g->xhat.h, y = j * p->sh + p->in_y0 + ky * p->dh;
    *row = n * h + y;
    return y >= 0 && y < h && r->g->row_n[*row] > 0;
}

/** Whether enough changed under the row for a run of fresh outputs; costs next to nothing. */
static bool may_be_fresh(const rpr_fresh_rule *r, int32_t n, int32_t j)
{
    const rpr_phase *p = r->p;
    int64_t changed = 0, windows = (p->kw + p->sw - 1) / p->sw; /* that share an element */
    int32_t row;
    for (int32_t ky = 0; ky < p->kh; ky++)
        changed += changed_row(r, n, j, ky, &row) ? r->g->row_n[row] : 0;
    windows = p->dw > 1 ? p->kw : windows;
    return changed * windows > (int64_t)RPR_FRESH_RUN * r->limit;
}

static int32_t clamp(int32_t x, int32_t hi)
{
    return x < 0 ? 0 : x < hi ? x : hi;
}

/** Adds the changed elements at pixels [x + i * sw, ... + run) of a row to outputs [i, end). */
static void add_inside(int32_t *seen, const int32_t *off, int32_t x, int32_t run, int32_t sw,
                       int32_t i, int32_t end)
{
    if (sw == 1) /* the common case, which compilers turn into vectors */
        for (; i < end; i++)
            seen[i] += off[x + i + run] - off[x + i];
    for (; i < end; i++)
        seen[i] += off[x + i * sw + run] - off[x + i * sw];
}

/** Adds the changed elements of one input row to the outputs whose taps see them. */
static void add_row(const rpr_fresh_rule *r, int32_t row, int32_t *seen)
{
    const rpr_phase *p = r->p;
    const int32_t w = r->g->xhat.w, *off = r->g->off + (int64_t)row * (w + 1);
    const int32_t runs = p->dw == 1 ? 1 : p->kw, run = p->dw == 1 ? p->kw : 1;
    for (int32_t kx = 0; kx < runs; kx++) {
        const int32_t x = p->in_x0 + kx * p->dw, rest = w - run - x;
        /* Outputs [first, end) see nothing of the padding. */
        const int32_t end = rest < 0 ? 0 : clamp(rest / p->sw + 1, p->cols);
        const int32_t first = x < 0 ? clamp((p->sw - 1 - x) / p->sw, end) : 0;
        for (int32_t i = 0; i < first; i++)
            seen[i] += off[clamp(x + i * p->sw + run, w)] - off[clamp(x + i * p->sw, w)];
        add_inside(seen, off, x, run, p->sw, first, end);
        for (int32_t i = end; i < p->cols; i++)
            seen[i] += off[clamp(x + i * p->sw + run, w)] - off[clamp(x + i * p->sw, w)];
    }
}

/** Changed elements under the window of every output of row j; false if there are none. */
static bool count_row(const rpr_fresh_rule *r, int32_t n, int32_t j, int32_t *seen)
{
    bool any = false;
    int32_t row;
    for (int32_t ky = 0; ky < r->p->kh; ky++) {
        if (!changed_row(r, n, j, ky, &row))
            continue;
        if (!any)
            memset(seen, 0, (size_t)r->p->cols * sizeof *seen);
        add_row(r, row, seen);
        any = true;
    }
    return any;
}

static bool find_runs(const rpr_fresh_rule *r, const int32_t *seen, uint8_t *fresh)
{
    bool any = false;
    int32_t first = 0, crowded = 0;
    for (int32_t i = 0; i < r->p->cols; i++) /* mostly there are too few */
        crowded += seen[i] > r->limit;
    for (int32_t i = 0; i <= r->p->cols && crowded >= RPR_FRESH_RUN; i++) {
        if (i < r->p->cols && seen[i] > r->limit)
            continue;
        if (i - first >= RPR_FRESH_RUN) {
            memset(fresh + first, 1, (size_t)(i - first));
            any = true;
        }
        first = i + 1;
    }
    return any;
}

bool rpr_fresh_row(const rpr_fresh_rule *r, int32_t n, int32_t j, int32_t *seen, uint8_t *fresh)
{
    if (r->limit == INT32_MAX || !may_be_fresh(r, n, j))
        return false;
    return count_row(r, n, j, seen) && find_runs(r, seen, fresh);
}

int64_t rpr_fresh_compute(const rpr_fresh_rule *r, const rpr_linear *l, const rpr_kernels *k,
                          const rpr_map *z, int32_t n, int32_t j, const uint8_t *fresh)
{
    const rpr_phase *p = r->p;
    const rpr_conv_row whole = rpr_phase_conv_row(p, &r->g->in, z, n, j);
    int64_t taps = 0;
    for (int32_t i0 = 0, i1 = 0; rpr_touch_run(fresh, i1, p->cols, &i0, &i1);) {
        rpr_conv_row run = whole;
        run.in += i0 * whole.in_step;
        run.out += i0 * whole.out_pix;
        run.n = i1 - i0;
        if (l->words)
            rpr_words_conv_row(l, k, p, &run, 0, NULL, 0);
        else
            k->conv_row(&run);
        for (int32_t i = i0; i < i1; i++)
            taps += rpr_taps_inside(i, p->kw, p->sw, p->dw, p->in_x0, l->in_w);
    }
    return taps * rpr_taps_inside(j, p->kh, p->sh, p->dh, p->in_y0, l->in_h) * p->ci * p->co;
}

/** Of one row of outputs. */
static double row_cost(const rpr_fresh_rule *r, const rpr_cost *c, const int32_t *seen,
                       const uint8_t *fresh)
{
    const rpr_phase *p = r->p;
    int64_t products = 0, visits = 0, outputs = 0, anew = 0;
    for (int32_t i = 0; i < p->cols; i++) {
        int32_t listed = fresh[i] ? 0 : seen[i];
        products += listed;
        visits += fresh[i] ? 1 : listed < p->kh ? listed : p->kh;
        outputs += seen[i] > 0;
        anew += fresh[i];
    }
    return (double)products * p->ci / r->g->xhat.c * rpr_phase_change_cost(p, r->g, c) +
           (double)visits * rpr_phase_visit_cost(p, c) + (double)anew * rpr_phase_fresh_cost(p, c) +
           c->output_value * p->co * (double)outputs;
}

double rpr_linear_mixed_cost(const rpr_linear *l, const rpr_gate_state *g, const rpr_cost *c,
                             const rpr_linear_scratch *scratch)
{
    double cost = 0.0;
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_fresh_rule r = rpr_fresh_rule_of(&l->phase[i], g, c);
        for (int32_t n = 0; n < l->n; n++)
            for (int32_t j = 0; j < r.p->rows; j++) {
                if (!count_row(&r, n, j, scratch->terms))
                    continue; /* nothing to do */
                memset(scratch->fresh, 0, (size_t)r.p->cols);
                (void)find_runs(&r, scratch->terms, scratch->fresh);
                cost += row_cost(&r, c, scratch->terms, scratch->fresh);
            }
    }
    return cost;
}
