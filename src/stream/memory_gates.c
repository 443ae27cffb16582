/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the gates of a stream. */
#include <string.h>

#include "change/gate.h"
#include "stream/layout.h"

/** An open gate has no memory but for a trace. */
static void take_open_gate(rpr_stream *s, int i, rpr_layout *m)
{
    rpr_gate_state *g = &s->gate[i];
    int tensor = s->plan->gate[i].tensor;
    g->xhat = rpr_stream_map(s, tensor);
    g->in = g->xhat;
    g->changed = rpr_stream_touch(s, tensor);
    g->partial = s->life[rpr_plan_root(s->plan, tensor)].transient;
    g->keeps_all = s->opt.trace != 0;
    g->words = s->plan->tensor[tensor].words;
    size_t rows = (size_t)g->xhat.n * (size_t)g->xhat.h;
    g->row_n = rpr_arena_take(&m->frame, g->keeps_all ? rows : 0, sizeof *g->row_n);
    g->idx =
        rpr_arena_take(&m->frame, g->keeps_all ? (size_t)rpr_gate_elements(g) : 0, sizeof *g->idx);
}

static void take_xhat(rpr_stream *s, int i, rpr_layout *m)
{
    const rpr_gate_plan *plan = &s->plan->gate[i];
    const rpr_tensor *t = &s->plan->tensor[plan->tensor];
    rpr_gate_state *g = &s->gate[i];
    size_t w = (size_t)(t->w + plan->halo_l + plan->halo_r), c = (size_t)t->c;
    size_t h = (size_t)(t->h + plan->halo_t + plan->halo_b);
    float *xhat = rpr_arena_take(&m->state, (size_t)t->n * h * w * c, sizeof *xhat);
    g->xhat = (rpr_map){.n = t->n, .h = t->h, .w = t->w, .c = t->c, .pix = t->c};
    g->xhat.row = (int64_t)(w * c);
    g->xhat.img = (int64_t)(h * w * c);
    if (xhat && t->words) /* what is around it never changes */
        memset(xhat, plan->zero, (size_t)t->n * h * w * c * sizeof *xhat);
    if (xhat)
        g->xhat.data = xhat + plan->halo_t * g->xhat.row + plan->halo_l * g->xhat.pix;
    g->in = g->xhat;
}

/**
 * A list is wanted from the step that writes what the gate compares, or the first layer behind it,
 * to the last; a trace reads it later.
 */
static void take_list(rpr_stream *s, int i, rpr_layout *m)
{
    rpr_gate_state *g = &s->gate[i];
    size_t room = (size_t)rpr_gate_list_start(g, g->segments);
    int first = s->plan->gate[i].writer, last = -1;
    for (int k = 0; k < s->plan->n_step; k++)
        if (s->plan->step[k].gate == i) {
            first = first == RPR_NONE ? k : first;
            last = k;
        }
    if (g->keeps_all) {
        g->idx = rpr_arena_take(&m->frame, room, sizeof *g->idx);
        g->delta = rpr_arena_take(&m->frame, room, sizeof *g->delta);
        g->rest = rpr_arena_take(&m->frame, g->words ? room : 0, sizeof *g->rest);
    } else {
        g->idx = rpr_take_shared(m, first, last, room, sizeof *g->idx);
        g->delta = rpr_take_shared(m, first, last, room, sizeof *g->delta);
        g->rest = rpr_take_shared(m, first, last, g->words ? room : 0, sizeof *g->rest);
    }
}

static void take_gate(rpr_stream *s, int i, rpr_layout *m)
{
    const rpr_gate_plan *plan = &s->plan->gate[i];
    const rpr_tensor *t = &s->plan->tensor[plan->tensor];
    rpr_gate_state *g = &s->gate[i];
    size_t rows = (size_t)t->n * (size_t)t->h;
    take_xhat(s, i, m);
    g->pool = s->pool;
    g->words = t->words;
    g->zero = plan->zero;
    g->segments = rpr_gate_segments(t->n, t->h, t->w, t->c, s->opt.trace != 0);
    /* Beyond half of the elements a correction is never cheaper; a forced one needs them all. */
    /* A vector's list is nothing beside the weights that it may save. */
    const bool vector = rpr_gate_is_vector(g);
    g->cap = rpr_gate_elements(g) / (s->opt.policy == RPR_POLICY_AUTO && !vector ? 2 : 1);
    g->act = plan->act;
    g->adaptive = s->opt.policy == RPR_POLICY_AUTO && !vector;
    g->loosens = !s->opt.all_gates;
    g->half = rpr_stream_corrects_with_half(s, &g->rule, g->scale);
    g->rows_only = !plan->needs_list;
    g->partial = s->life[rpr_plan_root(s->plan, plan->tensor)].transient;
    g->keeps_all = s->opt.trace != 0;
    size_t offs = g->rows_only ? 0 : rows * (size_t)(t->w + 1);
    g->off = rpr_arena_take(&m->frame, offs, sizeof *g->off);
    g->row_n = rpr_arena_take(&m->frame, rows, sizeof *g->row_n);
    g->changed = (rpr_touch){.n = t->n, .h = t->h, .w = t->w};
    g->changed.pix = rpr_arena_take(&m->frame, rows * (size_t)t->w + 8, 1);
    take_list(s, i, m);
}

void rpr_stream_take_gates(rpr_stream *s, rpr_layout *m)
{
    for (int i = 0; s->reuse && i < s->plan->n_gate; i++) {
        if (s->gate[i].open)
            take_open_gate(s, i, m);
        else
            take_gate(s, i, m);
    }
}

void rpr_stream_take_gate_rows(rpr_stream *s, rpr_arena *a)
{
    size_t row = 0;
    for (int i = 0; s->reuse && i < s->plan->n_gate; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->gate[i].tensor];
        size_t floats = (size_t)t->w * (size_t)t->c;
        row = floats > row ? floats : row;
    }
    row = (row + RPR_LANE - 1) / RPR_LANE * RPR_LANE;
    float *values = rpr_arena_take(a, (size_t)s->opt.threads * row, sizeof *values);
    for (int i = 0; s->reuse && i < s->plan->n_gate; i++) {
        s->gate[i].row = values;
        s->gate[i].row_floats = row;
    }
}
