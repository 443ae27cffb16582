/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of each value are read on a call: from the outputs back to the window. */
#include "slide/state.h"
#include "slide/sums.h"

/** Notes that columns of a value are read. */
static void want(rpr_moving *v, rpr_range r)
{
    const rpr_columns *c = &v->c;
    if (r.from >= rpr_columns_tail(c).from)
        return;
    if (r.to <= c->left) {
        v->head = true;
        return;
    }
    /* Columns of the head are kept with all others, or not at all. */
    const int64_t length = r.from < c->left ? c->n : c->n - r.from;
    v->length = length > v->length ? length : v->length;
    v->head |= length == c->n && c->left > 0;
}

static bool reads_head(const rpr_slider *s, const rpr_node *n)
{
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE && s->value[n->out[i]].head)
            return true;
    return false;
}

static const rpr_columns *columns_out(const rpr_slider *s, const rpr_node *n)
{
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            return &s->value[n->out[i]].c;
    return NULL;
}

/** A part of a node reads a range of every input that has columns. */
static void demand_shifted(rpr_slider *s, const rpr_node *n, rpr_fate *f)
{
    const rpr_columns *out = columns_out(s, n);
    const bool head = reads_head(s, n);
    f->computed = out->right + out->shift + (head ? out->left : 0);
    for (int i = 0; i < n->n_in; i++) {
        const rpr_columns *in = rpr_input_columns(s, n, i);
        if (!in)
            continue;
        want(&s->value[n->in[i]], rpr_motion_tail(&f->m, out, in->n));
        if (head)
            want(&s->value[n->in[i]], rpr_motion_head(&f->m, out, in->n));
    }
}

static void demand_whole(rpr_slider *s, const rpr_node *n, const rpr_fate *f)
{
    for (int i = 0; i < n->n_in; i++) {
        const rpr_columns *in = rpr_input_columns(s, n, i);
        if (in)
            want(&s->value[n->in[i]], rpr_whole_reads(s, n, f, in));
    }
}

static void demand_summed(rpr_slider *s, const rpr_node *n, rpr_fate *f)
{
    rpr_sum sum;
    rpr_range ranges[RPR_SUM_RANGES];
    const int count = rpr_sum_parse(s, n, &sum, NULL) ? rpr_sum_ranges(&sum, ranges) : 0;
    f->computed = 0;
    for (int i = 0; i < count; i++) {
        want(&s->value[n->in[0]], ranges[i]);
        f->computed += ranges[i].to - ranges[i].from;
    }
}

void rpr_slide_demand(rpr_slider *s)
{
    for (size_t i = 0; i < s->g->n_output; i++) {
        rpr_moving *v = &s->value[s->g->output[i]];
        if (v->origin == RPR_FROM_WINDOW)
            want(v, (rpr_range){0, v->c.n});
    }
    for (size_t i = s->n_node; i-- > 0;) {
        const rpr_node *n = &s->g->node[i];
        switch (s->fate[i].verdict) {
        case RPR_WINDOW_SHIFTED:
            demand_shifted(s, n, &s->fate[i]);
            break;
        case RPR_WINDOW_SUMMED:
            demand_summed(s, n, &s->fate[i]);
            break;
        case RPR_WINDOW_WHOLE:
            demand_whole(s, n, &s->fate[i]);
            break;
        case RPR_WINDOW_CONSTANT:
            break;
        }
    }
}
