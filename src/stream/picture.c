/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An 8-bit picture on its way in. `previous` holds the last used value of every byte, and the
 * tensor what they are worth. A byte that lies further from it than the limit of its level is used
 * and its pixel touched; the others keep what they have, so that small drifts add up until they
 * pass. The limits are what the gate of the layers that read the picture lets pass, which so needs
 * to compare nothing itself, or what the noise of the picture is, if that is more; or 0.
 */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

/** How this frame is compared. */
typedef struct rule {
    uint8_t limit[RPR_BYTE_LEVELS];
    uint8_t lone[RPR_BYTE_LEVELS]; /* of a pixel of which no neighbour moved */
    bool supports;                 /* the two differ */
} rule;

#define LONE 2.0 /* times as many sigmas are noise where they stand alone */

/** A rounding error must not turn 4 / 255 of a range of 255 steps into 3 steps. */
#define ALMOST (1.0 / 1024.0)

static int whole_steps(double theta, double step)
{
    const double steps = theta / step + ALMOST;
    return steps < 255.0 ? (int)steps : 255; /* NaN: a picture without any difference */
}

/**
 * Steps of a byte that the picture's gate lets pass: as many in all channels, or of those with the
 * fewest if `fewest` will do. Below 0: there is no such number.
 */
static int gate_steps(const rpr_stream *s, int index, const float *scale, bool fewest)
{
    const rpr_picture_plan *plan = &s->plan->picture[index];
    if (plan->gate == RPR_NONE || s->opt.all_gates || rpr_stream_is_first(s))
        return -1;
    const rpr_gate_state *g = &s->gate[plan->gate];
    if (g->rule.kind == RPR_GATE_EXACT && s->opt.noise > 0.0)
        return 0;
    if (g->rule.kind != RPR_GATE_DEADZONE)
        return -1;
    /* Comparisons in the place of fmin and fmax: gcc 12.2 for AArch64 crashes on those in this
     * loop. */
    double least = INFINITY, most = 0.0;
    for (int c = 0; c < s->plan->tensor[s->plan->input[index]].c; c++) {
        const double by = fabs((double)scale[c]);
        least = by < least ? by : least;
        most = by > most ? by : most;
    }
    const double theta = g->rule.threshold * g->narrow * g->scale * ((double)g->hi - (double)g->lo);
    const int steps = whole_steps(theta, most * plan->most);
    return fewest || whole_steps(theta, least * plan->least) == steps ? steps : -1;
}

static uint8_t limit_of(const rpr_stream *s, int index, int level, double sigmas, int steps)
{
    int noise = rpr_noise_limit(&s->input[index].noise, level, sigmas);
    return (uint8_t)(noise > steps ? noise : steps > 0 ? steps : 0);
}

/** Frames that are run without reuse, and those on which the gate is refreshed, hold nothing back.
 */
static rule find_rule(rpr_stream *s, int index, const float *scale)
{
    const double sigmas = s->opt.noise;
    rule r = {.supports = false};
    s->input[index].gated = false;
    const int gate = s->plan->picture[index].gate;
    if (s->bypass.on || (gate != RPR_NONE && rpr_stream_is_due(s, gate)))
        return r;
    const int steps = gate_steps(s, index, scale, sigmas > 0.0);
    for (int i = 0; i < RPR_BYTE_LEVELS; i++) {
        r.limit[i] = limit_of(s, index, i, sigmas, steps);
        r.lone[i] = limit_of(s, index, i, LONE * sigmas, steps);
        r.supports |= r.lone[i] != r.limit[i];
    }
    s->input[index].gated = steps >= 0;
    return r;
}

bool rpr_stream_gates_picture(const rpr_stream *s, int gate)
{
    bool gated = false;
    for (int i = 0; i < s->plan->n_input; i++)
        gated |= s->plan->picture[i].gate == gate && s->input[i].gated;
    return gated;
}

bool rpr_stream_reads_picture(const rpr_stream *s, int gate)
{
    bool direct = false;
    for (int i = 0; i < s->plan->n_input; i++)
        direct |= s->plan->picture[i].gate == gate && s->plan->picture[i].direct;
    return direct && !s->plan->gate[gate].needs_list && !s->opt.trace; /* that wants lists */
}

int64_t rpr_stream_used(const rpr_stream *s, int gate)
{
    int64_t used = 0;
    for (int i = 0; i < s->plan->n_input; i++)
        used += s->plan->picture[i].gate == gate ? s->input[i].used : 0;
    return used;
}

/* ------------------------------------------------------------------ marks */

#define WORD 8 /* pixels whose bytes are looked at together */

/** True if none of WORD * c bytes is marked. */
static inline __attribute__((always_inline)) bool is_clear(const uint8_t *byte, int32_t c)
{
    uint64_t any = 0;
    for (int32_t k = 0; k < c; k++) {
        uint64_t word;
        memcpy(&word, byte + k * WORD, sizeof word);
        any |= word;
    }
    return any == 0;
}

/** Joins the marks of a row's bytes to marks of pixels. */
static inline __attribute__((always_inline)) void join_marks(uint8_t *mark, const uint8_t *byte,
                                                             int32_t w, int32_t c)
{
    for (int32_t x = 0; x < w;) {
        int32_t end = w - x < WORD ? w : x + WORD;
        if (end - x == WORD && is_clear(byte + x * c, c)) {
            memset(mark + x, 0, WORD);
            x = end;
        }
        for (; x < end; x++) {
            uint8_t any = 0;
            for (int32_t k = 0; k < c; k++)
                any |= byte[x * c + k];
            mark[x] = any;
        }
    }
}

/** Leaves the marks of those bytes whose pixels are to be looked at. */
static void look_at(const rpr_stream *s, const uint8_t *look, int32_t w, int32_t c)
{
    for (int32_t x = 0; x < w; x++)
        for (int32_t k = 0; k < c; k++)
            s->byte_row[x * c + k] &= look[x];
}

/* ------------------------------------------------------------------- rows */

/** One picture on its way in. */
typedef struct arrival {
    rpr_stream *s;
    const rpr_tensor *t;
    rpr_input_state *state;
    const rpr_mask *mask;
    rpr_map x;
    rule r;
    const float *scale, *offset;
} arrival;

/** Marks bytes of a row beyond their limits, in s->byte_row, and their pixels; false if none. */
static bool mark_moved(const arrival *a, uint8_t *mark, const uint8_t *now, const uint8_t *then,
                       bool all)
{
    const rpr_stream *s = a->s;
    const int32_t w = a->x.w, c = a->x.c;
    if (!s->k->u8_moved(now, then, a->r.limit, s->byte_row, (int64_t)w * c))
        return false;
    if (!all)
        look_at(s, s->look_row, w, c);
    if (c == 3)
        join_marks(mark, s->byte_row, w, 3);
    else
        join_marks(mark, s->byte_row, w, c);
    return all || rpr_touch_range(mark, w);
}

/** Uses the marked bytes; returns how many those are. Nothing depends on a guess. */
static int64_t use_bytes(uint8_t *restrict then, const uint8_t *restrict now,
                         const uint8_t *restrict byte, int64_t n)
{
    int32_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t all = (uint8_t)-byte[i];
        then[i] = (uint8_t)((then[i] & ~all) | (now[i] & all));
    }
    for (int64_t i = 0; i < n; i++)
        used += byte[i];
    return used;
}

#define GAP 64 /* pixels that are converted anew rather than that a call is made */

/** Converts the marked pixels of a row (NULL: all), if anybody reads what they are worth. */
static void convert_row(const arrival *a, int32_t y, const uint8_t *row, const uint8_t *mark)
{
    if (a->state->bytes)
        return;
    for (int32_t x0 = 0, x1 = 0; rpr_touch_span(mark, x1, a->x.w, GAP, &x0, &x1);)
        a->s->k->u8_to_f32(row + x0 * a->x.c, rpr_map_at(&a->x, 0, y, x0), x1 - x0, a->x.c,
                           a->scale, a->offset);
}

/** Uses the marked bytes of a row and converts their pixels. */
static void use_row(const arrival *a, int32_t y, const uint8_t *now, uint8_t *then,
                    const uint8_t *mark)
{
    a->state->used += use_bytes(then, now, a->s->byte_row, (int64_t)a->x.w * a->x.c);
    convert_row(a, y, then, mark);
}

/** Compares a row with its last used values and uses what moved; false if nothing did. */
static bool compare_row(const arrival *a, int32_t y, const uint8_t *now, uint8_t *then,
                        uint8_t *mark)
{
    bool all;
    if (!rpr_stream_look(a->s, a->t, a->mask, y, &all) ||
        memcmp(now, then, (size_t)a->x.w * (size_t)a->x.c) == 0)
        return false;
    if (!mark_moved(a, mark, now, then, all))
        return false;
    use_row(a, y, now, then, mark);
    return true;
}

/** The first of two passes over rows of which lone pixels are noise: only marks. */
static bool mark_one(const arrival *a, int32_t y, const uint8_t *now, const uint8_t *then,
                     uint8_t *mark)
{
    bool all;
    return rpr_stream_look(a->s, a->t, a->mask, y, &all) &&
           memcmp(now, then, (size_t)a->x.w * (size_t)a->x.c) != 0 &&
           mark_moved(a, mark, now, then, all);
}

static bool marked_near(const uint8_t *mark, int32_t x, int32_t w)
{
    return mark && (mark[x] | (x > 0 ? mark[x - 1] : 0) | (x + 1 < w ? mark[x + 1] : 0));
}

/** The second pass: takes the marks of lone pixels away unless they moved much further. */
static bool use_supported(const arrival *a, int32_t y, const uint8_t *now, uint8_t *then,
                          uint8_t *mark, const uint8_t *above, const uint8_t *below)
{
    const rpr_stream *s = a->s;
    const int32_t w = a->x.w, c = a->x.c;
    bool any = false;
    for (int32_t x0 = 0, x1 = 0; rpr_touch_run(mark, x1, w, &x0, &x1);) {
        bool stays = x1 - x0 > 1 || marked_near(above, x0, w) || marked_near(below, x0, w) ||
                     s->k->u8_moved(now + x0 * c, then + x0 * c, a->r.lone, s->byte_row, c);
        mark[x0] = stays;
        any |= stays;
    }
    if (!any)
        return false;
    (void)s->k->u8_moved(now, then, a->r.limit, s->byte_row, (int64_t)w * c);
    look_at(s, mark, w, c);
    use_row(a, y, now, then, mark);
    return true;
}

/** Takes a row that there is nothing to compare with. */
static void take_row(const arrival *a, int32_t y, const uint8_t *now, uint8_t *then)
{
    if (then)
        memcpy(then, now, (size_t)a->x.w * (size_t)a->x.c);
    convert_row(a, y, now, NULL);
}

static bool holds_back(const arrival *a)
{
    bool any = a->r.supports;
    for (int i = 0; i < RPR_BYTE_LEVELS; i++)
        any |= a->r.limit[i] > 0;
    return any && !a->mask;
}

static void take_all(const arrival *a, const uint8_t *bytes, size_t pitch, rpr_touch *touched)
{
    const size_t row_bytes = (size_t)a->x.w * (size_t)a->x.c;
    uint8_t *then = a->s->reuse ? a->state->previous : NULL;
    for (int32_t y = 0; y < a->x.h; y++)
        take_row(a, y, bytes + (size_t)y * pitch, then ? then + (size_t)y * row_bytes : NULL);
    a->state->used = (int64_t)row_bytes * a->x.h;
    rpr_touch_fill(touched, true);
}

#define LOOK_ROWS 8 /* of bypassed frames one row in so many is looked at pixel by pixel */

/**
 * Frames that are run without reuse: rows that differ are taken whole. Their marks serve only to
 * tell how much changes: those between the rows that are looked at have the marks of the last one.
 */
static void take_rows(const arrival *a, const uint8_t *bytes, size_t pitch, rpr_touch *touched)
{
    const size_t row_bytes = (size_t)a->x.w * (size_t)a->x.c;
    for (int32_t y = 0; y < a->x.h; y++) {
        const uint8_t *now = bytes + (size_t)y * pitch;
        uint8_t *then = a->state->previous + (size_t)y * row_bytes;
        uint8_t *mark = rpr_touch_row(touched, 0, y);
        if (memcmp(now, then, row_bytes) == 0)
            continue;
        if (y % LOOK_ROWS == 0)
            (void)mark_moved(a, mark, now, then, true);
        else
            memcpy(mark, rpr_touch_row(touched, 0, y - y % LOOK_ROWS), (size_t)a->x.w);
        touched->any = true;
        a->state->used += (int64_t)row_bytes;
        take_row(a, y, now, then);
    }
}

/** All rows are compared by the rule. */
static void compare_rows(const arrival *a, const uint8_t *bytes, size_t pitch, rpr_touch *touched)
{
    const size_t row_bytes = (size_t)a->x.w * (size_t)a->x.c;
    for (int32_t y = 0; y < a->x.h; y++)
        touched->any |=
            compare_row(a, y, bytes + (size_t)y * pitch, a->state->previous + (size_t)y * row_bytes,
                        rpr_touch_row(touched, 0, y));
}

/* ------------------------------------------------------------------ noise */

/** Estimates the noise from rows of this frame and the last one, and keeps this one's. */
static void watch_noise(const arrival *a, const uint8_t *bytes, size_t pitch)
{
    rpr_input_state *state = a->state;
    const size_t row_bytes = (size_t)a->x.w * (size_t)a->x.c;
    uint8_t *last = state->last;
    bool partial = a->mask && a->mask->damage; /* what was not looked at would say: no noise */
    if (!(a->s->opt.noise > 0.0))
        return;
    const bool known = state->last_kept && !partial;
    state->last_kept = !partial;
    if (partial)
        return;
    *a->s->noise_counts = (rpr_noise_counts){0};
    const int32_t step = rpr_noise_step((int64_t)row_bytes * a->x.h);
    for (int32_t y = step / 2; y < a->x.h; y += step, last += row_bytes) {
        const uint8_t *now = bytes + (size_t)y * pitch;
        if (known)
            rpr_noise_count(a->s->noise_counts, now, last, (int64_t)row_bytes);
        memcpy(last, now, row_bytes);
    }
    if (known)
        rpr_noise_update(&state->noise, a->s->noise_counts);
}

/* ----------------------------------------------------------------- picture */

/** Scale and offset of the call, with the default filled in. */
static void conversion(const rpr_input *in, float scale[4], float offset[4])
{
    bool given = false;
    for (int i = 0; i < 4; i++)
        given |= in->scale[i] < 0.0f || in->scale[i] > 0.0f;
    for (int i = 0; i < 4; i++) {
        scale[i] = given ? in->scale[i] : 1.0f / 255.0f;
        offset[i] = in->offset[i];
    }
}

/** Rows of which lone pixels are noise: first all are marked, then each is looked at again. */
static bool compare_twice(const arrival *a, const uint8_t *bytes, size_t pitch, rpr_touch *touched)
{
    const size_t row_bytes = (size_t)a->x.w * (size_t)a->x.c;
    uint8_t *above = a->s->mark_row, *as_it_was = above + a->x.w;
    bool any = false;
    for (int32_t y = 0; y < a->x.h; y++)
        any |= mark_one(a, y, bytes + (size_t)y * pitch, a->state->previous + (size_t)y * row_bytes,
                        rpr_touch_row(touched, 0, y));
    if (!any)
        return false;
    any = false;
    for (int32_t y = 0; y < a->x.h; y++) {
        uint8_t *mark = rpr_touch_row(touched, 0, y);
        memcpy(as_it_was, mark, (size_t)a->x.w);
        any |= use_supported(a, y, bytes + (size_t)y * pitch,
                             a->state->previous + (size_t)y * row_bytes, mark, y > 0 ? above : NULL,
                             y + 1 < a->x.h ? mark + a->x.w : NULL);
        memcpy(above, as_it_was, (size_t)a->x.w);
    }
    return any;
}

static void compare(const arrival *a, const uint8_t *bytes, size_t pitch, rpr_touch *touched)
{
    if (a->r.supports)
        touched->any = compare_twice(a, bytes, pitch, touched);
    else
        compare_rows(a, bytes, pitch, touched);
    /* Where most is another picture, after a cut for example, the rest is used as it is, too. */
    if (2 * a->state->used > (int64_t)a->x.w * a->x.c * a->x.h && holds_back(a))
        take_all(a, bytes, pitch, touched);
}

/** Where the quantiser of a picture finds its bytes: where they are kept, or the caller's. */
static void show_bytes(rpr_stream *s, int index, const uint8_t *bytes, size_t pitch)
{
    rpr_input_state *state = &s->input[index];
    const rpr_tensor *t = &s->plan->tensor[s->plan->input[index]];
    const bool shown = s->plan->picture[index].quantiser != RPR_NONE && (s->reuse || !s->pieces);
    state->bytes = !shown ? NULL : s->reuse ? state->previous : bytes;
    state->pitch = s->reuse ? (size_t)t->w * (size_t)t->c : pitch;
}

const rpr_input_state *rpr_stream_bytes_of(const rpr_stream *s, const rpr_step *step)
{
    for (int i = 0; i < s->plan->n_input; i++)
        if (s->plan->picture[i].quantiser == step - s->plan->step && s->input[i].bytes)
            return &s->input[i];
    return NULL;
}

void rpr_stream_fill_picture(rpr_stream *s, int index, const rpr_input *in, const rpr_mask *mask)
{
    const int tensor = s->plan->input[index];
    rpr_input_state *state = &s->input[index];
    rpr_touch *touched = &s->touch[tensor];
    float scale[4], offset[4];
    conversion(in, scale, offset);
    const bool whole = !s->reuse || !state->valid ||
                       memcmp(scale, state->scale, sizeof scale) != 0 ||
                       memcmp(offset, state->offset, sizeof offset) != 0;
    arrival a = {.s = s,
                 .t = &s->plan->tensor[tensor],
                 .state = state,
                 .mask = whole ? NULL : mask,
                 .x = rpr_stream_map(s, tensor),
                 .scale = scale,
                 .offset = offset};
    const size_t row_bytes = (size_t)a.x.w * (size_t)a.x.c;
    const size_t pitch = in->row_bytes ? in->row_bytes : row_bytes;
    show_bytes(s, index, in->data, pitch);
    if (s->reuse)
        watch_noise(&a, in->data, pitch);
    a.r = find_rule(s, index, scale);
    state->used = 0;
    rpr_touch_fill(touched, whole);
    if (whole)
        take_all(&a, in->data, pitch, touched);
    else if (s->bypass.on && !mask)
        take_rows(&a, in->data, pitch, touched);
    else
        compare(&a, in->data, pitch, touched);
    state->valid = true;
    memcpy(state->scale, scale, sizeof scale);
    memcpy(state->offset, offset, sizeof offset);
}
