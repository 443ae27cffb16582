/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved states. Layout: header, gates, steps, inputs, then the state block as it lies in
 * memory (its layout is part of the plan's fingerprint). Byte order is the machine's.
 */
#include "stream/stream.h"

#include <string.h>

#define MAGIC 0x31525052u /* "RPR1" */

typedef struct save_header {
    uint32_t magic, gate_kind;
    uint64_t fingerprint, bytes;
    double threshold;
    int32_t levels, refresh;
    int32_t all_gates, oracle, weights, bypass;
    double noise;
    uint64_t frame, random, rules;
    int32_t on, since, dear, left, wait; /* of the bypass, ... */
    float calm;
    uint64_t sweep;               /* of the refresh */
    double busy, scale;           /* scale: of the gates */
    float average[RPR_WITNESSES]; /* of the cuts */
    int32_t next, asked, again, settle;
    int32_t held; /* ... too */
} save_header;

typedef struct save_gate {
    float lo, hi, peak, tight;
    int32_t idle;
    uint8_t crowded, loose, reads_tensor, clean, half, taken, padding[2];
} save_gate;

typedef struct save_step {
    int64_t terms;
    uint8_t poisoned, activated, padding[6];
} save_step;

typedef struct save_input {
    float scale[4], offset[4];
    uint32_t valid, last_kept;
    rpr_noise noise;
} save_input;

size_t rpr_stream_save_bytes(const rpr_stream *s)
{
    const rpr_plan *p = s->plan;
    return sizeof(save_header) + (size_t)p->n_gate * sizeof(save_gate) +
           (size_t)p->n_step * sizeof(save_step) + (size_t)p->n_input * sizeof(save_input) +
           s->state_bytes;
}

/** One step of FNV-1a for each byte. */
static uint64_t hash_rule(uint64_t h, const rpr_gate *g)
{
    const double numbers[] = {(double)g->kind, (double)g->levels, g->threshold, g->lo, g->hi};
    unsigned char bytes[sizeof numbers];
    memcpy(bytes, numbers, sizeof bytes);
    for (size_t k = 0; k < sizeof bytes; k++)
        h = (h ^ bytes[k]) * 0x100000001b3u;
    return h;
}

/** Over what makes the gates' rules. */
static uint64_t hash_rules(const rpr_stream *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < s->plan->n_gate; i++)
        h = hash_rule(h, &s->gate[i].rule);
    for (int i = 0; i < s->plan->n_step; i++)
        if (s->plan->step[i].recurrent)
            h = hash_rule(h, &s->own_rule[i]);
    return h;
}

static void put_bypass(save_header *h, const rpr_bypass *b)
{
    h->on = b->on;
    h->since = b->since;
    h->dear = b->dear;
    h->left = b->left;
    h->wait = b->wait;
    h->held = b->held;
    h->calm = b->calm;
}

/** The outputs of the last frame are not saved: ran is false. */
static void get_bypass(const save_header *h, rpr_bypass *b)
{
    *b = (rpr_bypass){.plain = b->plain,
                      .own = b->own,
                      .price = b->price,
                      .held = h->held,
                      .before = h->held,
                      .on = h->on != 0,
                      .since = h->since,
                      .dear = h->dear,
                      .left = h->left,
                      .wait = h->wait,
                      .calm = h->calm};
}

static void put_refresh(save_header *h, const rpr_refresh *r)
{
    h->sweep = r->sweep;
    h->busy = r->busy;
    h->next = r->next;
    h->asked = r->asked;
    h->again = r->again;
}

static void get_refresh(const save_header *h, rpr_refresh *r)
{
    r->sweep = h->sweep;
    r->busy = h->busy;
    r->next = r->to = h->next;
    r->asked = h->asked != 0;
    r->again = h->again != 0;
}

static void put_cut(save_header *h, const rpr_cut *c)
{
    memcpy(h->average, c->average, sizeof h->average);
}

static void get_cut(const save_header *h, rpr_cut *c)
{
    memcpy(c->average, h->average, sizeof c->average);
}

static save_header make_header(const rpr_stream *s)
{
    save_header h;
    memset(&h, 0, sizeof h);
    h.magic = MAGIC;
    h.gate_kind = (uint32_t)s->opt.gate.kind;
    h.fingerprint = s->plan->fingerprint;
    h.bytes = rpr_stream_save_bytes(s);
    h.threshold = s->opt.gate.threshold;
    h.levels = s->opt.gate.levels;
    h.refresh = s->opt.refresh;
    h.all_gates = s->opt.all_gates != 0;
    h.oracle = s->opt.oracle != 0;
    h.weights = (int32_t)s->opt.weights;
    h.frame = s->frame;
    h.random = s->random;
    h.rules = hash_rules(s);
    h.bypass = s->bypass.plain != NULL;
    h.scale = s->scale;
    h.noise = s->opt.noise;
    h.settle = s->opt.settle;
    put_bypass(&h, &s->bypass);
    put_refresh(&h, &s->refresh);
    put_cut(&h, &s->cut);
    return h;
}

static char *put(char *at, const void *data, size_t bytes)
{
    memcpy(at, data, bytes);
    return at + bytes;
}

static const char *get(const char *at, void *data, size_t bytes)
{
    memcpy(data, at, bytes);
    return at + bytes;
}

static save_gate gate_of(const rpr_stream *s, int i)
{
    const rpr_gate_state *g = &s->gate[i];
    return (save_gate){.lo = g->lo,
                       .hi = g->hi,
                       .peak = g->peak,
                       .tight = g->tight,
                       .idle = g->idle,
                       .crowded = g->crowded,
                       .loose = g->loose,
                       .reads_tensor = g->in.data != g->xhat.data,
                       .half = g->half,
                       .clean = s->refresh.turn[i].clean,
                       .taken = g->taken};
}

static void set_gate(rpr_stream *s, int i, const save_gate *from)
{
    rpr_gate_state *g = &s->gate[i];
    g->lo = from->lo;
    g->hi = from->hi;
    g->peak = from->peak;
    g->tight = from->tight;
    g->idle = from->idle;
    g->crowded = from->crowded != 0;
    g->loose = from->loose != 0;
    g->half = from->half != 0;
    s->refresh.turn[i].clean = from->clean != 0;
    g->taken = from->taken != 0;
    g->in = from->reads_tensor ? rpr_stream_map(s, s->plan->gate[i].tensor) : g->xhat;
}

int rpr_stream_save(const rpr_stream *s, void *buffer, size_t bytes)
{
    if (!buffer || bytes < rpr_stream_save_bytes(s))
        return RPR_ERR_ARGUMENT;
    save_header h = make_header(s);
    char *at = put(buffer, &h, sizeof h);
    for (int i = 0; i < s->plan->n_gate; i++) {
        const save_gate gate = gate_of(s, i);
        at = put(at, &gate, sizeof gate);
    }
    for (int i = 0; i < s->plan->n_step; i++) {
        const save_step step = {.terms = s->step[i].terms,
                                .poisoned = s->step[i].poisoned,
                                .activated = s->step[i].activated};
        at = put(at, &step, sizeof step);
    }
    for (int i = 0; i < s->plan->n_input; i++) {
        save_input input = {.valid = s->input[i].valid,
                            .last_kept = s->input[i].last_kept,
                            .noise = s->input[i].noise};
        memcpy(input.scale, s->input[i].scale, sizeof input.scale);
        memcpy(input.offset, s->input[i].offset, sizeof input.offset);
        at = put(at, &input, sizeof input);
    }
    (void)put(at, s->state, s->state_bytes);
    return RPR_OK;
}

/** True if a frame can have left as many steps that know something. */
static bool is_held(const rpr_stream *s, int32_t held)
{
    const int32_t n = s->plan->n_step;
    return held == 0 || held == n || (held > 0 && held < n && rpr_stream_may_hand_over(s, held));
}

static int check_header(rpr_stream *s, const save_header *h, size_t bytes)
{
    const save_header own = make_header(s);
    if (h->magic != MAGIC || h->bytes != bytes || h->next < 0)
        return rpr_fail(&s->error, RPR_ERR_STATE, "not a saved state, or cut short");
    if (h->fingerprint == own.fingerprint && h->all_gates != own.all_gates)
        return rpr_fail(&s->error, RPR_ERR_STATE,
                        "the saved state is of a stream with%s the option all_gates",
                        h->all_gates ? "" : "out");
    if (h->fingerprint == own.fingerprint && h->oracle != own.oracle)
        return rpr_fail(&s->error, RPR_ERR_STATE,
                        "the saved state is of a stream with%s the option oracle",
                        h->oracle ? "" : "out");
    if (h->fingerprint == own.fingerprint && h->bypass != own.bypass)
        return rpr_fail(&s->error, RPR_ERR_STATE,
                        "the saved state is of a stream with%s the option bypass",
                        h->bypass ? "" : "out");
    if (h->fingerprint == own.fingerprint && h->settle != own.settle)
        return rpr_fail(&s->error, RPR_ERR_STATE,
                        "the saved state is of a stream with the option settle at %d, not %d",
                        h->settle, own.settle);
    if (h->fingerprint == own.fingerprint && (h->noise < own.noise || h->noise > own.noise))
        return rpr_fail(&s->error, RPR_ERR_STATE,
                        "the saved state is of a stream with the option noise at %g, not %g",
                        h->noise, own.noise);
    if (h->fingerprint != own.fingerprint || h->bytes != own.bytes)
        return rpr_fail(&s->error, RPR_ERR_STATE, "the saved state is of another model");
    if (h->weights != own.weights)
        return rpr_fail(&s->error, RPR_ERR_STATE, "the saved state is of other correction weights");
    if (h->gate_kind != own.gate_kind || h->levels != own.levels || h->threshold < own.threshold ||
        h->threshold > own.threshold || h->refresh != own.refresh || h->rules != own.rules)
        return rpr_fail(&s->error, RPR_ERR_STATE, "the saved state is of another gate");
    if (!is_held(s, h->held) || h->next > s->plan->n_gate || !(h->scale >= 0.0 && h->scale <= 1.0))
        return rpr_fail(&s->error, RPR_ERR_STATE, "not a saved state, or damaged");
    return RPR_OK;
}

int rpr_stream_load(rpr_stream *s, const void *buffer, size_t bytes)
{
    save_header h;
    if (!buffer || bytes < sizeof h)
        return rpr_fail(&s->error, RPR_ERR_STATE, "not a saved state, or cut short");
    const char *at = get(buffer, &h, sizeof h);
    RPR_TRY(check_header(s, &h, bytes));
    rpr_stream_reset(s);
    s->frame = h.frame;
    s->random = h.random;
    get_bypass(&h, &s->bypass);
    rpr_stream_take_scale(s, h.scale);
    get_refresh(&h, &s->refresh);
    get_cut(&h, &s->cut);
    for (int i = 0; i < s->plan->n_gate; i++) {
        save_gate gate;
        at = get(at, &gate, sizeof gate);
        set_gate(s, i, &gate);
    }
    for (int i = 0; i < s->plan->n_step; i++) {
        save_step step;
        at = get(at, &step, sizeof step);
        s->step[i].terms = step.terms;
        s->step[i].poisoned = step.poisoned != 0;
        s->step[i].activated = step.activated != 0;
    }
    for (int i = 0; i < s->plan->n_input; i++) {
        save_input input;
        at = get(at, &input, sizeof input);
        s->input[i].valid = input.valid != 0;
        s->input[i].last_kept = input.last_kept != 0;
        s->input[i].noise = input.noise;
        memcpy(s->input[i].scale, input.scale, sizeof input.scale);
        memcpy(s->input[i].offset, input.offset, sizeof input.offset);
    }
    (void)get(at, s->state, s->state_bytes);
    return RPR_OK;
}

static void copy_small(rpr_stream *to, const rpr_stream *from)
{
    to->frame = from->frame;
    to->random = from->random;
    to->time_layers = from->time_layers;
    to->stats = from->stats;
    memcpy(to->state, from->state, from->state_bytes);
    memcpy(to->step, from->step, (size_t)from->plan->n_step * sizeof *to->step);
    memcpy(to->refresh.turn, from->refresh.turn,
           (size_t)from->plan->n_gate * sizeof *to->refresh.turn);
    for (int i = 0; i < from->plan->n_gate; i++) {
        const save_gate gate = gate_of(from, i);
        set_gate(to, i, &gate);
        to->gate[i].rule = from->gate[i].rule;
    }
    memcpy(to->own_rule, from->own_rule, (size_t)from->plan->n_step * sizeof *to->own_rule);
    rpr_stream_take_scale(to, from->scale);
    to->has_exact = from->has_exact;
    const save_header h = make_header(from);
    get_bypass(&h, &to->bypass);
    get_refresh(&h, &to->refresh);
    get_cut(&h, &to->cut);
    for (int i = 0; i < from->plan->n_input; i++) {
        uint8_t *previous = to->input[i].previous, *last = to->input[i].last;
        to->input[i] = from->input[i];
        to->input[i].previous = previous;
        to->input[i].last = last;
    }
}

int rpr_stream_clone(const rpr_stream *s, rpr_stream **out, rpr_error *err)
{
    RPR_TRY(rpr_stream_create(s->model, &s->opt, out, err));
    copy_small(*out, s);
    return RPR_OK;
}
