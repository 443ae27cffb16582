/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All memory of a stream. What lives from frame to frame is one block, the state, so that saving,
 * loading and copying a stream are copies. What each frame makes anew is another, the workspace;
 * there what is wanted for a part of a frame only shares memory.
 */
#include <string.h>

#include "core/alloc.h"
#include "stream/layout.h"

void *rpr_take_shared(rpr_layout *m, int first, int last, size_t n, size_t size)
{
    rpr_shared *h = &m->shared;
    rpr_piece *p = &h->piece[h->n++];
    if (h->base)
        return h->base + p->at;
    *p = (rpr_piece){.first = first, .last = last};
    m->state.overflow |= __builtin_mul_overflow(n, size, &p->bytes);
    return NULL;
}

/* ---------------------------------------------------------------- tensors */

static char *take_root(rpr_stream *s, int i, rpr_layout *m)
{
    const rpr_life *life = &s->life[i];
    const rpr_tensor *t = &s->plan->tensor[i];
    if (life->shared)
        return rpr_take_shared(m, life->first, life->last, t->bytes, 1);
    char *data = rpr_arena_take(&m->state, t->bytes, 1);
    if (data && t->words) /* its halo stays so */
        memset(data, t->zero, t->bytes);
    return data;
}

static void take_tensors(rpr_stream *s, rpr_layout *m)
{
    const rpr_plan *p = s->plan;
    for (int i = 0; i < p->n_tensor; i++) {
        const rpr_tensor *t = &p->tensor[i];
        /* No step has a constant as its output: it is not written. */
        char *data = (char *)(uintptr_t)t->constant;
        if (!data && t->parent == RPR_NONE)
            data = take_root(s, i, m);
        s->data[i] = data && !t->constant ? data + t->offset : data;
    }
    for (int i = 0; i < p->n_tensor; i++) {
        const rpr_tensor *t = &p->tensor[i];
        int root = rpr_plan_root(p, i);
        if (root != i && s->data[root])
            s->data[i] = s->data[root] - p->tensor[root].offset + t->offset;
    }
}

/** Layers without reuse mark nothing, so that only their inputs' and generic steps' maps count. */
static void take_touched(rpr_stream *s, rpr_layout *m)
{
    for (int i = 0; i < s->plan->n_tensor; i++) {
        const rpr_tensor *t = &s->plan->tensor[i];
        s->touch[i] = (rpr_touch){.n = t->n, .h = t->h, .w = t->w};
        if (t->touch_owner != i)
            continue;
        const rpr_life *life = &s->life[rpr_plan_root(s->plan, i)];
        size_t bytes = (size_t)t->n * (size_t)t->h * (size_t)t->w + 8;
        s->touch[i].pix = s->reuse ? rpr_arena_take(&m->frame, bytes, 1)
                                   : rpr_take_shared(m, life->first, life->last, bytes, 1);
    }
}

/** Only streams with reuse compare a picture with the previous one. */
static void take_inputs(rpr_stream *s, rpr_layout *m)
{
    for (int i = 0; i < s->plan->n_input; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->input[i]];
        size_t bytes = t->c <= 4 && t->n == 1 ? (size_t)t->h * (size_t)t->w * (size_t)t->c : 0;
        s->input[i].previous = s->reuse ? rpr_arena_take(&m->state, bytes, 1) : NULL;
        const size_t rows =
            s->opt.noise > 0.0 ? (size_t)(t->h / rpr_noise_step((int64_t)bytes) + 1) : 0;
        s->input[i].last =
            s->reuse ? rpr_arena_take(&m->state, bytes ? rows * (size_t)(t->w * t->c) : 0, 1)
                     : NULL;
    }
}

/** The stream that runs frames past the reuse has none. */
static void take_carry(rpr_stream *s, rpr_layout *m)
{
    for (int i = 0; s->carry && i < s->plan->n_input - s->plan->n_given; i++)
        s->carry[i] = rpr_arena_take(&m->state, s->plan->carry[i].bytes, 1);
}

/** Recurrent layers: what each remembers, and room for one of them at a time. */
static void take_recurrent(rpr_stream *s, rpr_layout *m)
{
    size_t most = 0;
    for (int i = 0; i < s->plan->n_step; i++) {
        const rpr_recurrent_layer *l = s->plan->step[i].recurrent;
        if (!l)
            continue;
        const size_t bytes = rpr_recurrent_scratch_bytes(l);
        most = bytes > most ? bytes : most;
        if (s->reuse)
            s->recurrent[i] = rpr_arena_take(&m->state, rpr_recurrent_state_bytes(l), 1);
        if (s->record && rpr_recurrent_records(l))
            rpr_recurrent_record_open(&s->record[i], l,
                                      rpr_arena_take(&m->frame, rpr_recurrent_record_bytes(l), 1));
    }
    s->recurrent_scratch = rpr_arena_take(&m->frame, most, 1);
}

/** What Delays put out before the last time. */
static void take_delays(rpr_stream *s, rpr_layout *m)
{
    for (int i = 0; i < s->plan->n_step; i++) {
        const rpr_delay *d = s->plan->step[i].delay;
        if (d)
            s->delay[i] = rpr_arena_take(&m->state, (size_t)(d->period - 1), d->bytes);
    }
}

/** Pre-activations that later frames correct, where the output is not z itself. */
static void take_z(rpr_stream *s, rpr_layout *m)
{
    for (int i = 0; s->reuse && i < s->plan->n_step; i++) {
        const rpr_step *step = &s->plan->step[i];
        const rpr_linear *l = step->linear;
        if (!l || step->deferred || (rpr_act_is_none(&l->act) && !l->words) ||
            rpr_linear_recomputes(l, &s->gate[step->gate]))
            continue;
        size_t pixels = (size_t)l->n * (size_t)l->out_h * (size_t)l->out_w;
        const size_t floats = (size_t)rpr_linear_z_floats(l, l->out_c);
        s->z[i] = rpr_arena_take(&m->state, pixels * floats, sizeof *s->z[i]);
    }
}

/* ---------------------------------------------------------------- scratch */

/** Scratch that one step uses at a time. */
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
    l->pixels = (size_t)(cols > RPR_CORRECT_PIXELS ? cols : RPR_CORRECT_PIXELS) + 1;
    l->visit = rpr_arena_take(a, threads * l->pixels, sizeof *l->visit);
    l->terms = rpr_arena_take(a, threads * l->pixels, sizeof *l->terms);
    l->fresh = rpr_arena_take(a, threads * l->pixels, sizeof *l->fresh);
    s->views = rpr_arena_take(a, (size_t)ends, sizeof *s->views);
    s->tails = rpr_arena_take(a, RPR_PROFILE_ROOM, sizeof *s->tails);
}

/** For one row of an input at a time. */
static void take_input_rows(rpr_stream *s, rpr_arena *a)
{
    size_t bytes = 0, pixels = 0;
    for (int i = 0; i < s->plan->n_input; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->input[i]];
        size_t w = (size_t)t->w, row = t->c <= 4 ? w * (size_t)t->c : 0;
        bytes = row > bytes ? row : bytes;
        pixels = w > pixels ? w : pixels;
    }
    s->byte_row = rpr_arena_take(a, bytes + 8, 1); /* both are read by words */
    s->look_row = rpr_arena_take(a, pixels + 8, 1);
    s->mark_row = rpr_arena_take(a, 2 * pixels, 1);
    s->noise_counts = rpr_arena_take(a, s->opt.noise > 0.0, sizeof *s->noise_counts);
}

/** Results of generic steps before they are compared. */
static void take_results(rpr_stream *s, rpr_layout *m)
{
    int first = s->plan->n_step, last = -1;
    for (int i = 0; i < s->plan->n_step; i++)
        if (s->plan->step[i].kind == RPR_STEP_GENERIC) {
            first = i < first ? i : first;
            last = i;
        }
    s->scratch = rpr_take_shared(m, first, last, s->plan->generic_bytes, 1);
}

/* -------------------------------------------------------------------- all */

static void take_all(rpr_stream *s, rpr_layout *m)
{
    take_tensors(s, m);
    take_touched(s, m);
    take_inputs(s, m);
    take_carry(s, m);
    take_recurrent(s, m);
    take_delays(s, m);
    rpr_stream_take_gates(s, m);
    take_z(s, m);
    take_results(s, m);
    take_scratch(s, &m->frame);
    rpr_stream_take_gate_rows(s, &m->frame);
    take_input_rows(s, &m->frame);
}

bool rpr_stream_take_arrays(rpr_stream *s)
{
    size_t n_tensor = (size_t)s->plan->n_tensor + 1, n_gate = (size_t)s->plan->n_gate + 1;
    size_t n_step = (size_t)s->plan->n_step + 1;
    s->life = rpr_alloc_array(n_tensor, sizeof *s->life);
    s->data = rpr_alloc_array(n_tensor, sizeof *s->data);
    s->touch = rpr_alloc_array(n_tensor, sizeof *s->touch);
    s->gate = rpr_alloc_array(n_gate, sizeof *s->gate);
    s->gate_frame = rpr_alloc_array(n_gate, sizeof *s->gate_frame);
    s->refresh.turn = rpr_alloc_array(n_gate, sizeof *s->refresh.turn);
    s->step = rpr_alloc_array(n_step, sizeof *s->step);
    s->z = rpr_alloc_array(n_step, sizeof *s->z);
    s->recurrent = rpr_alloc_array(n_step, sizeof *s->recurrent);
    s->delay = rpr_alloc_array(n_step, sizeof *s->delay);
    s->own_rule = rpr_alloc_array(n_step, sizeof *s->own_rule);
    s->input = rpr_alloc_array((size_t)s->plan->n_input + 1, sizeof *s->input);
    const bool records = s->reuse && s->opt.trace;
    s->record = records ? rpr_alloc_array(n_step, sizeof *s->record) : NULL;
    if (records && !s->record)
        return false;
    return s->life && s->data && s->touch && s->gate && s->gate_frame && s->step && s->z &&
           s->recurrent && s->delay && s->own_rule && s->input && s->refresh.turn;
}

/** How much memory a stream needs, and where its shared pieces lie. */
typedef struct blocks {
    rpr_piece *piece; /* owned */
    size_t state, frame, shared;
} blocks;

/** The first of two walks over the same list: adds sizes up. */
static bool measure(rpr_stream *s, blocks *b)
{
    /* A tensor and its touched map, three parts of a list, and the results. */
    size_t pieces = 2 * (size_t)s->plan->n_tensor + 3 * (size_t)s->plan->n_gate + 1;
    *b = (blocks){.piece = rpr_alloc_array(pieces, sizeof *b->piece)};
    if (!b->piece)
        return false;
    rpr_layout m = {.shared = {.piece = b->piece}};
    take_all(s, &m);
    b->state = m.state.bytes;
    b->frame = m.frame.bytes;
    return !m.state.overflow && !m.frame.overflow && rpr_place(b->piece, m.shared.n, &b->shared);
}

/** The second: takes the pointers. */
static void settle(rpr_stream *s, const blocks *b, char *state, char *workspace)
{
    rpr_layout m = {.state.base = state,
                    .frame.base = workspace,
                    .shared = {.base = workspace + b->frame, .piece = b->piece}};
    take_all(s, &m);
}

/** The stream without reuse that runs frames past it: it reads the inputs where they are. */
static bool measure_plain(rpr_stream *s, blocks *b)
{
    rpr_stream *plain = rpr_alloc(sizeof *plain);
    s->bypass.plain = plain;
    if (!plain)
        return false;
    plain->model = s->model;
    plain->plan = s->plan;
    plain->k = s->k;
    plain->pool = s->pool;
    plain->linear_scratch.pool = s->pool;
    plain->opt = s->opt;
    plain->opt.gate.kind = RPR_GATE_OFF;
    plain->opt.oracle = 0;
    s->bypass.own = rpr_alloc_array((size_t)s->plan->n_tensor + 1, sizeof *s->bypass.own);
    s->bypass.price = rpr_alloc_array((size_t)s->plan->n_step + 1, sizeof *s->bypass.price);
    if (!s->bypass.own || !s->bypass.price || !rpr_stream_take_arrays(plain))
        return false;
    rpr_stream_find_lives(plain);
    return measure(plain, b);
}

static void settle_plain(rpr_stream *s, const blocks *b, char *workspace)
{
    rpr_stream *plain = s->bypass.plain;
    settle(plain, b, NULL, workspace);
    memcpy(s->bypass.own, plain->data, (size_t)s->plan->n_tensor * sizeof *plain->data);
    rpr_stream_point_plain(s);
}

static bool may_bypass(const rpr_stream *s)
{
    const rpr_stream_options *o = &s->opt;
    return s->reuse && o->bypass && o->policy == RPR_POLICY_AUTO && !o->all_gates;
}

/** `plain` works where this stream's shared pieces are: never both in one frame. */
static bool take_blocks(rpr_stream *s, blocks *own, blocks *plain)
{
    if (!measure(s, own) || (may_bypass(s) && !measure_plain(s, plain)))
        return false;
    const size_t past = plain->frame + plain->shared;
    s->state_bytes = own->state;
    s->workspace_bytes = own->frame + (past > own->shared ? past : own->shared);
    s->state = rpr_alloc(s->state_bytes);
    s->workspace = rpr_alloc(s->workspace_bytes);
    if (!s->state || !s->workspace)
        return false;
    settle(s, own, s->state, s->workspace);
    if (s->bypass.plain)
        settle_plain(s, plain, s->workspace + own->frame);
    return true;
}

bool rpr_stream_take_memory(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_gate; i++)
        s->gate[i].open = s->reuse && s->plan->gate[i].cheap && !s->opt.all_gates;
    rpr_stream_find_lives(s);
    blocks own = {0}, plain = {0};
    bool taken = take_blocks(s, &own, &plain);
    if (taken)
        rpr_stream_find_handovers(s);
    rpr_free(own.piece);
    rpr_free(plain.piece);
    return taken;
}

void rpr_stream_free_memory(rpr_stream *s)
{
    if (s->bypass.plain) { /* its memory is this stream's */
        rpr_stream_free_memory(s->bypass.plain);
        rpr_free(s->bypass.plain);
        rpr_free(s->bypass.own);
        rpr_free(s->bypass.price);
    }
    rpr_free(s->life);
    rpr_free(s->data);
    rpr_free(s->touch);
    rpr_free(s->gate);
    rpr_free(s->gate_frame);
    rpr_free(s->refresh.turn);
    rpr_free(s->step);
    rpr_free(s->z);
    rpr_free(s->input);
    rpr_free(s->carry);
    rpr_free(s->recurrent);
    rpr_free(s->delay);
    rpr_free(s->own_rule);
    rpr_free(s->record);
    rpr_free(s->state);
    rpr_free(s->workspace);
}

size_t rpr_stream_state_bytes(const rpr_stream *s)
{
    const rpr_plan *p = s->plan;
    const size_t per_tensor = sizeof *s->life + sizeof *s->data + sizeof *s->touch;
    const size_t per_gate = sizeof *s->gate + sizeof *s->gate_frame + sizeof *s->refresh.turn;
    const size_t per_step = sizeof *s->step + sizeof *s->z + sizeof *s->delay;
    const size_t per_plain =
        (size_t)p->n_tensor * sizeof *s->bypass.own + (size_t)p->n_step * sizeof *s->bypass.price;
    const size_t plain = s->bypass.plain ? rpr_stream_state_bytes(s->bypass.plain) + per_plain : 0;
    return plain + sizeof *s + s->state_bytes + s->workspace_bytes +
           (size_t)p->n_tensor * per_tensor + (size_t)p->n_gate * per_gate +
           (size_t)p->n_step * per_step + (size_t)p->n_input * sizeof *s->input;
}
