/* SPDX-License-Identifier: Apache-2.0 */
/* Making, copying, resetting and freeing streams. All memory is taken here. */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"

void rpr_stream_options_init(rpr_stream_options *o)
{
    *o = (rpr_stream_options){.struct_size = sizeof *o,
                              .gate = {.kind = RPR_GATE_EXACT},
                              .refresh = 256,
                              .threads = 1,
                              .policy = RPR_POLICY_AUTO,
                              .seed = 1};
}

static int check_options(const rpr_stream_options *o, rpr_error *err)
{
    if (o->struct_size != sizeof *o)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "rpr_stream_options was not set by rpr_stream_options_init");
    RPR_TRY(rpr_stream_check_gate(&o->gate, "gate", err));
    if (o->refresh < 0)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "refresh: %d is negative", o->refresh);
    if (o->threads < 1 || o->threads > RPR_MAX_THREADS)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "threads: %d, not 1 to %d", o->threads,
                        RPR_MAX_THREADS);
    if ((unsigned)o->policy > RPR_POLICY_RANDOM)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "policy: unknown value %d", (int)o->policy);
    if ((unsigned)o->weights > RPR_WEIGHTS_BF16)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "weights: unknown value %d", (int)o->weights);
    return RPR_OK;
}

/** Behind a gate that lets errors pass, rounded weights are far below them. */
static bool corrects_with_half(const rpr_stream_options *o, const rpr_gate *g)
{
    bool lossy = g->kind == RPR_GATE_LEVELS || (g->kind == RPR_GATE_DEADZONE && g->threshold > 0.0);
    return o->weights == RPR_WEIGHTS_BF16 || (o->weights == RPR_WEIGHTS_AUTO && lossy);
}

/** An open gate has no memory but for a trace. */
static void take_open_gate(rpr_stream *s, int i, rpr_arena *lists)
{
    rpr_gate_state *g = &s->gate[i];
    g->xhat = rpr_plan_map(s->plan, s->plan->gate[i].tensor, s->state);
    g->in = g->xhat;
    g->open = true;
    g->keeps_all = s->opt.trace != 0;
    size_t rows = (size_t)g->xhat.n * (size_t)g->xhat.h;
    g->row_n = rpr_arena_take(lists, g->keeps_all ? rows : 0, sizeof *g->row_n);
    g->idx = rpr_arena_take(lists, g->keeps_all ? (size_t)rpr_gate_elements(g) : 0, sizeof *g->idx);
}

static void take_gate(rpr_stream *s, int i, rpr_arena *state, rpr_arena *lists)
{
    const rpr_gate_plan *plan = &s->plan->gate[i];
    if (plan->cheap && !s->opt.all_gates) {
        take_open_gate(s, i, lists);
        return;
    }
    const rpr_tensor *t = &s->plan->tensor[plan->tensor];
    rpr_gate_state *g = &s->gate[i];
    size_t w = (size_t)(t->w + plan->halo_l + plan->halo_r), c = (size_t)t->c;
    size_t h = (size_t)(t->h + plan->halo_t + plan->halo_b), rows = (size_t)t->n * (size_t)t->h;
    float *xhat = rpr_arena_take(state, (size_t)t->n * h * w * c, sizeof *xhat);
    g->xhat = (rpr_map){.n = t->n, .h = t->h, .w = t->w, .c = t->c, .pix = t->c};
    g->xhat.row = (int64_t)(w * c);
    g->xhat.img = (int64_t)(h * w * c);
    if (xhat)
        g->xhat.data = xhat + plan->halo_t * g->xhat.row + plan->halo_l * g->xhat.pix;
    g->pool = s->pool;
    g->segments = rpr_gate_segments(t->n, t->h, t->w, t->c, s->opt.trace != 0);
    /* Beyond half of the elements a correction is never cheaper; a forced one needs them all. */
    g->cap = rpr_gate_elements(g) / (s->opt.policy == RPR_POLICY_AUTO ? 2 : 1);
    g->act = plan->act;
    g->in = g->xhat;
    g->adaptive = s->opt.policy == RPR_POLICY_AUTO;
    g->loosens = !s->opt.all_gates;
    g->half = corrects_with_half(&s->opt, &g->rule);
    g->rows_only = !plan->needs_list;
    g->keeps_all = s->opt.trace != 0;
    g->off = rpr_arena_take(lists, rows * (size_t)(t->w + 1), sizeof *g->off);
    g->row_n = rpr_arena_take(lists, rows, sizeof *g->row_n);
    g->changed = (rpr_touch){.n = t->n, .h = t->h, .w = t->w};
    g->changed.pix = rpr_arena_take(lists, rows * (size_t)t->w + 8, 1);
}

/** Two walks over the same list: one with base NULL adds sizes up, one takes the pointers. */
static void take_state(rpr_stream *s, rpr_arena *state, rpr_arena *lists)
{
    char *plan = rpr_arena_take(state, s->plan->state_bytes, 1);
    s->z = rpr_arena_take(state, s->reuse ? s->plan->z_bytes : 0, 1);
    for (int i = 0; s->reuse && i < s->plan->n_gate; i++)
        take_gate(s, i, state, lists);
    size_t entries = rpr_stream_place_lists(s);
    int32_t *idx = rpr_arena_take(lists, entries, sizeof *idx);
    float *delta = rpr_arena_take(lists, entries, sizeof *delta);
    for (int i = 0; idx && s->reuse && i < s->plan->n_gate; i++)
        if (!s->gate[i].open) {
            s->gate[i].idx = idx + s->gate[i].list_at;
            s->gate[i].delta = delta + s->gate[i].list_at;
        }
    for (int i = 0; i < s->plan->n_input; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->input[i]];
        size_t bytes = t->c <= 4 && t->n == 1 ? (size_t)t->h * (size_t)t->w * (size_t)t->c : 0;
        s->input[i].previous = rpr_arena_take(state, bytes, 1);
    }
    for (int i = 0; plan && i < s->plan->n_tensor; i++) {
        const rpr_tensor *t = &s->plan->tensor[i];
        s->touch[i] = (rpr_touch){.n = t->n, .h = t->h, .w = t->w};
        if (t->touch_owner == i)
            s->touch[i].pix = (uint8_t *)plan + t->touch_offset;
    }
    for (int i = 0; plan && s->reuse && i < s->plan->n_gate; i++)
        if (s->gate[i].open)
            s->gate[i].changed = rpr_stream_touch(s, s->plan->gate[i].tensor);
}

/** Scratch that no frame hands on to the next. */
static void take_scratch(rpr_stream *s, rpr_arena *a)
{
    int32_t cols = 0;
    int ends = 0;
    for (int i = 0; i < s->plan->n_step; i++) {
        const rpr_step *step = &s->plan->step[i];
        ends = step->n_in + step->n_out > ends ? step->n_in + step->n_out : ends;
        if (step->linear && step->linear->out_w > cols)
            cols = step->linear->out_w;
    }
    rpr_linear_scratch *l = &s->linear_scratch;
    size_t threads = (size_t)s->opt.threads;
    l->pixels = (size_t)(cols > RPR_CORRECT_PIXELS ? cols : RPR_CORRECT_PIXELS);
    l->visit = rpr_arena_take(a, threads * l->pixels, sizeof *l->visit);
    l->terms = rpr_arena_take(a, threads * l->pixels, sizeof *l->terms);
    s->scratch = rpr_arena_take(a, s->plan->generic_bytes, 1);
    s->views = rpr_arena_take(a, (size_t)ends, sizeof *s->views);
    s->bins = rpr_arena_take(a, RPR_PROFILE_BINS, sizeof *s->bins);
    size_t row = 0;
    for (int i = 0; s->reuse && i < s->plan->n_gate; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->gate[i].tensor];
        size_t floats = (size_t)t->w * (size_t)t->c;
        row = floats > row ? floats : row;
    }
    row = (row + RPR_LANE - 1) / RPR_LANE * RPR_LANE;
    float *values = rpr_arena_take(a, threads * row, sizeof *values);
    for (int i = 0; s->reuse && i < s->plan->n_gate; i++) {
        s->gate[i].row = values; /* one gate uses it at a time */
        s->gate[i].row_floats = row;
    }
}

static bool take_small(rpr_stream *s)
{
    s->touch = rpr_alloc_array((size_t)s->plan->n_tensor + 1, sizeof *s->touch);
    s->gate = rpr_alloc_array((size_t)s->plan->n_gate + 1, sizeof *s->gate);
    s->gate_frame = rpr_alloc_array((size_t)s->plan->n_gate + 1, sizeof *s->gate_frame);
    s->step = rpr_alloc_array((size_t)s->plan->n_step + 1, sizeof *s->step);
    s->input = rpr_alloc_array((size_t)s->plan->n_input + 1, sizeof *s->input);
    return s->touch && s->gate && s->gate_frame && s->step && s->input;
}

static bool take_memory(rpr_stream *s)
{
    rpr_arena state = {0}, lists = {0};
    take_state(s, &state, &lists);
    take_scratch(s, &lists);
    if (state.overflow || lists.overflow)
        return false;
    s->state_bytes = state.bytes;
    s->list_bytes = lists.bytes;
    s->state = rpr_alloc(state.bytes);
    s->lists = rpr_alloc(lists.bytes);
    if (!s->state || !s->lists)
        return false;
    state = (rpr_arena){.base = s->state};
    lists = (rpr_arena){.base = s->lists};
    take_state(s, &state, &lists);
    take_scratch(s, &lists);
    return true;
}

int rpr_stream_create(const rpr_model *m, const rpr_stream_options *opt, rpr_stream **out,
                      rpr_error *err)
{
    rpr_stream_options defaults;
    if (err)
        err->message[0] = '\0';
    if (!m || !out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no %s was given", m ? "place for it" : "model");
    *out = NULL;
    rpr_stream_options_init(&defaults);
    opt = opt ? opt : &defaults;
    RPR_TRY(check_options(opt, err));
    rpr_stream *s = rpr_alloc(sizeof *s);
    if (!s)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    s->model = m;
    s->plan = m->plan;
    s->k = rpr_kernels_best();
    s->opt = *opt;
    s->reuse = opt->gate.kind != RPR_GATE_OFF;
    if (!take_small(s)) {
        rpr_stream_destroy(s);
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory for a stream of this model");
    }
    int status = rpr_stream_set_rules(s, opt, err);
    if (status != RPR_OK) {
        rpr_stream_destroy(s);
        return status;
    }
    if (rpr_pool_new(opt->threads, &s->pool) != RPR_OK || !take_memory(s)) {
        rpr_stream_destroy(s);
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory for a stream of this model");
    }
    s->opt.layer_gates = NULL; /* the caller's */
    s->opt.n_layer_gates = 0;
    s->linear_scratch.pool = s->pool;
    rpr_stream_reset(s);
    *out = s;
    return RPR_OK;
}

void rpr_stream_destroy(rpr_stream *s)
{
    if (!s)
        return;
    rpr_pool_free(s->pool);
    rpr_free(s->touch);
    rpr_free(s->gate);
    rpr_free(s->gate_frame);
    rpr_free(s->step);
    rpr_free(s->input);
    rpr_free(s->state);
    rpr_free(s->lists);
    rpr_free(s);
}

void rpr_stream_reset(rpr_stream *s)
{
    s->frame = 0;
    s->ran = false;
    s->random = s->opt.seed ? s->opt.seed : 1;
    for (int i = 0; i < s->plan->n_gate; i++) {
        s->gate_frame[i] = 0;
        s->gate[i].lo = s->gate[i].hi = s->gate[i].peak = 0.0f;
        s->gate[i].crowded = false;
        s->gate[i].loose = s->gate[i].rule.kind == RPR_GATE_OFF;
        s->gate[i].idle = 0;
        s->gate[i].tight = 0.0f;
    }
    for (int i = 0; i < s->plan->n_step; i++)
        s->step[i] = (rpr_step_state){0};
    for (int i = 0; i < s->plan->n_input; i++)
        s->input[i].valid = false;
    s->stats = (rpr_frame_stats){0};
}

const char *rpr_stream_error(const rpr_stream *s)
{
    return s->error.message;
}

size_t rpr_stream_state_bytes(const rpr_stream *s)
{
    const rpr_plan *p = s->plan;
    return sizeof *s + s->state_bytes + s->list_bytes + (size_t)p->n_tensor * sizeof *s->touch +
           (size_t)p->n_gate * sizeof *s->gate + (size_t)p->n_gate * sizeof *s->gate_frame +
           (size_t)p->n_step * sizeof *s->step + (size_t)p->n_input * sizeof *s->input;
}
