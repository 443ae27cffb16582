/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_visits.h"

#include "ops/linear_rows.h"

#define WORD 8 /* pixels whose marks are tested together */

static bool is_zero_word(const uint8_t *marks)
{
    uint64_t word;
    memcpy(&word, marks, WORD);
    return word == 0;
}

/** One row of outputs and the input row that a run of taps sees there. */
typedef struct visit_line {
    const int32_t *off;
    const uint8_t *changed, *fresh;
    int32_t *terms;
    float *z;
    int64_t z_step;
    int32_t x; /* input pixel of output 0; x + sw * i of output i */
    int32_t w, c, weight_row;
} visit_line;

/** First list position in [e, end) whose element index is at least `idx`. */
static int32_t seek(const int32_t *list, int32_t e, int32_t end, int32_t idx)
{
    while (e < end && list[e] < idx)
        e++;
    return e;
}

/**
 * Appends the visit of output i, if input pixels [x0, x1) hold changes and it is not fresh. No
 * branch depends on that: there is room for one visit more.
 */
static inline rpr_delta_visit *append(const visit_line *l, rpr_delta_visit *visit, int32_t i,
                                      int32_t first, int32_t end, int32_t x)
{
    const int32_t n = l->fresh[i] ? 0 : end - first;
    *visit = (rpr_delta_visit){
        .z = l->z + i * l->z_step, .first = first, .n = n, .row = l->weight_row - x * l->c};
    l->terms[i] += n;
    return visit + (n != 0);
}

/** Outputs [i, end) whose taps may reach beyond the row, or of a phase of some channels only. */
static rpr_delta_visit *visit_slowly(const rpr_band *b, const visit_line *l, rpr_delta_visit *visit,
                                     int32_t i, int32_t end)
{
    const rpr_phase *p = b->p;
    const bool whole = p->ci == l->c;
    for (; i < end; i++) {
        const int32_t x = l->x + i * p->sw;
        const int32_t x0 = x < 0 ? 0 : x, x1 = x + b->run < l->w ? x + b->run : l->w;
        if (x0 >= x1)
            continue;
        int32_t first = l->off[x0], last = l->off[x1];
        if (!whole) {
            first = seek(b->g->idx, first, last, x * l->c + p->ci0);
            last = seek(b->g->idx, first, last, x * l->c + p->ci0 + p->ci);
        }
        visit = append(l, visit, i, first, last, x);
    }
    return visit;
}

/** Outputs [i, end) whose taps lie within the row. */
static rpr_delta_visit *visit_inside(const rpr_band *b, const visit_line *line,
                                     rpr_delta_visit *visit, int32_t i, int32_t end)
{
    const visit_line l = *line; /* in registers: marks might be anything to a compiler */
    const int32_t sw = b->p->sw, run = b->run;
    const int32_t group = run <= WORD ? (WORD - run) / sw + 1 : 0; /* windows within a word */
    while (i < end) {
        int32_t x = l.x + i * sw, stop = end;
        if (group > 0 && x + WORD <= l.w) {
            stop = i + group < end ? i + group : end;
            if (is_zero_word(l.changed + x)) {
                i = stop;
                continue;
            }
        }
        for (; i < stop; i++, x += sw)
            visit = append(&l, visit, i, l.off[x], l.off[x + run], x);
    }
    return visit;
}

/** Index of the first output, at most `cols`, that reads input pixel `x` or one behind it. */
static int32_t output_at(const rpr_phase *p, int32_t origin, int32_t x)
{
    const int32_t by = x - origin;
    const int32_t i = by <= 0 ? 0 : (by + p->sw - 1) / p->sw;
    return i < p->cols ? i : p->cols;
}

/** Adds the visits of tap row ky, taps [kx, kx + run), for output row j. */
static void visit_row(rpr_band *b, int32_t j, int32_t ky, int32_t kx)
{
    const rpr_phase *p = b->p;
    const rpr_gate_state *g = b->g;
    const int32_t h = g->xhat.h, w = g->xhat.w, in_y = j * p->sh + p->in_y0 + ky * p->dh;
    if (in_y < 0 || in_y >= h || g->row_n[b->n * h + in_y] == 0)
        return;
    const visit_line l = {.off = g->off + (int64_t)(b->n * h + in_y) * (w + 1),
                          .changed = rpr_touch_row(&g->changed, b->n, in_y),
                          .fresh = b->fresh + (j - b->j0) * p->cols,
                          .terms = b->terms + (j - b->j0) * p->cols,
                          .z = rpr_map_at(b->z, b->n, p->out_y0 + j * p->out_sy, p->out_x0) + p->z0,
                          .z_step = p->out_sx * b->z->pix,
                          .x = p->in_x0 + kx * p->dw,
                          .w = w,
                          .c = g->xhat.c,
                          .weight_row = (ky * p->kw + kx) * p->ci - p->ci0};
    rpr_delta_visit *visit = b->visit + b->visits;
    /* Outputs [first, end) see pixels of the row only. */
    int32_t first = 0, end = 0;
    if (p->ci == l.c) {
        first = output_at(p, l.x, 0);
        end = output_at(p, l.x, w - b->run + 1);
        end = end > first ? end : first;
    }
    visit = visit_slowly(b, &l, visit, 0, first);
    visit = visit_inside(b, &l, visit, first, end);
    visit = visit_slowly(b, &l, visit, end, p->cols);
    b->visits = (int32_t)(visit - b->visit);
}

void rpr_band_visit(rpr_band *b, int32_t ky, int32_t kx)
{
    b->visits = 0;
    for (int32_t j = b->j0; j < b->j1; j++)
        visit_row(b, j, ky, kx);
}

/** Marks the outputs of row j to which something was added; they were `terms`. */
static void mark_row(const rpr_band *b, int32_t j, const int32_t *restrict terms)
{
    const rpr_phase *p = b->p;
    const int32_t cols = p->cols;
    uint8_t *restrict mark = rpr_touch_row(b->touched, b->n, p->out_y0 + j * p->out_sy) + p->out_x0;
    if (p->out_sx == 1 && p->out_n == 1) {
        for (int32_t i = 0; i < cols; i++)
            mark[i] |= terms[i] > 0;
        return;
    }
    for (int32_t i = 0; i < cols; i++)
        for (int32_t k = 0; k < p->out_n; k++)
            mark[i * p->out_sx + k] |= terms[i] > 0;
}

int64_t rpr_band_mark(const rpr_band *b, int32_t *max_terms)
{
    const rpr_phase *p = b->p;
    const int32_t outputs = (b->j1 - b->j0) * p->cols, *terms = b->terms;
    int64_t all = 0;
    int32_t most = 0;
    for (int32_t i = 0; i < outputs; i++) {
        all += terms[i];
        most = most > terms[i] ? most : terms[i];
    }
    if (most == 0)
        return 0;
    for (int32_t j = b->j0; j < b->j1; j++)
        mark_row(b, j, terms + (j - b->j0) * p->cols);
    *max_terms = rpr_at_least(*max_terms, most);
    return all * p->co;
}
