/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delay: the columns that a window keeps from call to call. The output's memory is the memory: on a
 * call its columns move, and the new ones are written behind and before them. Where they come from
 * an output further back (period above 1), those between are remembered in a ring, of which each
 * call takes the oldest and leaves the last output in its place, in one walk. Pixels are compared
 * as they are written: what stays as it was is not marked, so that a still input costs nothing
 * below.
 */
#include "stream/stream.h"

#include <string.h>

/** Where pixels lie: strides in bytes. */
typedef struct place {
    char *data;
    size_t img, row, pix;
    int32_t columns; /* of its axis */
} place;

/** Pixels that are written together, `n` from each of `rows` rows of each of `images` images. */
typedef struct stretch {
    int32_t outer, images, rows;
    int64_t n;
    size_t bytes; /* of each pixel */
} stretch;

static place place_of(const rpr_stream *s, int tensor, int32_t columns)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    const size_t unit = rpr_tensor_unit(t);
    return (place){.data = s->data[tensor],
                   .img = (size_t)t->img * unit,
                   .row = (size_t)t->row * unit,
                   .pix = (size_t)t->pix * unit,
                   .columns = columns};
}

/** An output of the ring: its kept columns without gaps. */
static place slot_of(const rpr_tensor *t, const rpr_delay *d, char *data)
{
    const size_t pix =
        d->axis == RPR_AXIS_C ? (size_t)d->keep * d->element : (size_t)t->c * rpr_tensor_unit(t);
    const size_t row = (size_t)(d->axis == RPR_AXIS_W ? d->keep : t->w) * pix;
    return (place){.data = data,
                   .img = (size_t)(d->axis == RPR_AXIS_H ? d->keep : t->h) * row,
                   .row = row,
                   .pix = pix,
                   .columns = d->keep};
}

static stretch stretch_of(const rpr_tensor *t, const rpr_delay *d, int32_t count)
{
    stretch p = {.outer = t->n,
                 .images = 1,
                 .rows = t->h,
                 .n = t->w,
                 .bytes = (size_t)t->c * rpr_tensor_unit(t)};
    switch (d->axis) {
    case RPR_AXIS_N:
        p.outer = t->n / (d->columns * d->images);
        p.images = count * d->images;
        break;
    case RPR_AXIS_H:
        p.rows = count;
        break;
    case RPR_AXIS_W:
        p.n = count;
        break;
    case RPR_AXIS_C:
        p.bytes = (size_t)count * d->element;
        break;
    }
    return p;
}

/** Column `at` of outer index o, or of image o. */
static char *column_at(const place *p, const rpr_delay *d, int32_t o, int32_t at)
{
    switch (d->axis) {
    case RPR_AXIS_N:
        return p->data + ((size_t)o * (size_t)p->columns + (size_t)at) * (size_t)d->images * p->img;
    case RPR_AXIS_H:
        return p->data + (size_t)o * p->img + (size_t)at * p->row;
    case RPR_AXIS_W:
        return p->data + (size_t)o * p->img + (size_t)at * p->pix;
    case RPR_AXIS_C:
        break;
    }
    return p->data + (size_t)o * p->img + (size_t)at * d->element;
}

/** The marks of the same. */
static uint8_t *marks_at(const rpr_touch *m, const rpr_delay *d, int32_t o, int32_t at)
{
    switch (d->axis) {
    case RPR_AXIS_N:
        return rpr_touch_row(m, (o * d->columns + at) * d->images, 0);
    case RPR_AXIS_H:
        return rpr_touch_row(m, o, at);
    case RPR_AXIS_W:
        return rpr_touch_row(m, o, 0) + at;
    case RPR_AXIS_C:
        break;
    }
    return rpr_touch_row(m, o, 0);
}

/** A constant size becomes moves. */
static inline bool take_each(char *to, size_t to_pix, const char *from, size_t from_pix, int64_t n,
                             size_t bytes, uint8_t *mark)
{
    uint8_t any = 0;
    for (int64_t i = 0; i < n; i++, to += to_pix, from += from_pix) {
        const uint8_t differs = memcmp(to, from, bytes) != 0;
        memmove(to, from, bytes);
        mark[i] |= differs;
        any |= differs;
    }
    return any;
}

/** n pixels to where others lie, possibly further on in the same row; true if one differs. */
static bool compare_row(char *to, size_t to_pix, const char *from, size_t from_pix, int64_t n,
                        size_t bytes, uint8_t *mark)
{
    if (to_pix == bytes && from_pix == bytes && memcmp(to, from, (size_t)n * bytes) == 0)
        return false;
    if (bytes == sizeof(float))
        return take_each(to, to_pix, from, from_pix, n, sizeof(float), mark);
    return take_each(to, to_pix, from, from_pix, n, bytes, mark);
}

/** From nowhere: zeros. */
static void copy_row(char *to, size_t to_pix, const char *from, size_t from_pix, int64_t n,
                     size_t bytes)
{
    if (to_pix == bytes && (!from || from_pix == bytes)) {
        bytes *= (size_t)n;
        n = 1;
    }
    for (int64_t i = 0; i < n; i++, to += to_pix) {
        if (from)
            memmove(to, from + (size_t)i * from_pix, bytes);
        else
            memset(to, 0, bytes);
    }
}

/** One Delay on its way. */
typedef struct job {
    const rpr_delay *d;
    const rpr_tensor *t; /* the output */
    rpr_touch *mark;     /* or NULL */
} job;

/**
 * `count` columns from column `at` on become those of `from` from column `first` on, in ascending
 * order: `from` may be the same memory, further on. from->data NULL: zeros. `mark`: differences are
 * marked, in the output.
 */
static void take(const job *j, const place *to, int32_t at, const place *from, int32_t first,
                 int32_t count, rpr_touch *mark)
{
    stretch p = stretch_of(j->t, j->d, count);
    const bool joined =
        to->row == (size_t)p.n * to->pix && from->row == (size_t)p.n * from->pix && p.n == j->t->w;
    const int32_t mark_rows = p.rows;
    if (joined) { /* rows follow each other, as their marks do */
        p.n *= p.rows;
        p.rows = 1;
    }
    for (int32_t o = 0; o < p.outer; o++)
        for (int32_t i = 0; i < p.images; i++)
            for (int32_t y = 0; y < p.rows; y++) {
                const size_t image = (size_t)i, row = (size_t)y;
                char *a = column_at(to, j->d, o, at) + image * to->img + row * to->row;
                const char *b = from->data ? column_at(from, j->d, o, first) + image * from->img +
                                                 row * from->row
                                           : NULL;
                if (!mark || !b)
                    copy_row(a, to->pix, b, from->pix, p.n, p.bytes);
                else
                    mark->any |=
                        compare_row(a, to->pix, b, from->pix, p.n, p.bytes,
                                    marks_at(mark, j->d, o, at) +
                                        ((size_t)i * (size_t)mark_rows + row) * (size_t)j->t->w);
            }
}

/** Those that stay, from where they were. */
static void keep(const job *j, const place *out, char *ring, uint64_t call)
{
    const rpr_delay *d = j->d;
    const bool known = call >= (uint64_t)d->period;
    const int32_t from = d->head + d->shift;
    if (d->period == 1) {
        const place none = {.data = NULL};
        take(j, out, d->head, known ? out : &none, known ? from : 0, d->keep, j->mark);
        return;
    }
    const place slot =
        slot_of(j->t, d, ring + (size_t)(call % (uint64_t)(d->period - 1)) * d->bytes);
    place past = slot;
    past.data = known ? slot.data : NULL;
    for (int32_t at = 0, n; at < d->keep; at += n) { /* what is left there was not written yet */
        n = d->keep - at < d->shift ? d->keep - at : d->shift;
        take(j, out, d->head + at, &past, at, n, j->mark);
        take(j, &slot, at, out, from + at, n, NULL);
    }
}

void rpr_stream_run_delay(rpr_stream *s, const rpr_step *step)
{
    const rpr_delay *d = step->delay;
    const rpr_tensor *t = &s->plan->tensor[step->out[0]];
    rpr_touch *touched = &s->touch[step->out[0]];
    const bool all = s->anew || s->frame < (uint64_t)d->period;
    const int32_t tail = d->columns - d->head - d->keep;
    if (s->reuse)
        rpr_touch_fill(touched, all);
    if ((int64_t)t->n * t->h * t->w * t->c == 0)
        return;
    const job j = {.d = d, .t = t, .mark = s->reuse && !all ? touched : NULL};
    const place out = place_of(s, step->out[0], d->columns), new = place_of(s, step->in[0], tail);
    if (d->keep > 0)
        keep(&j, &out, s->delay[step - s->plan->step], s->frame);
    if (d->head > 0) {
        const place front = place_of(s, step->in[1], d->head);
        take(&j, &out, 0, &front, 0, d->head, j.mark);
    }
    take(&j, &out, d->head + d->keep, &new, 0, tail, j.mark);
}

bool rpr_stream_delays_rest(rpr_stream *s)
{
    bool moved = false;
    uint64_t longest = 0;
    for (int i = 0; i < s->plan->n_step; i++) {
        const rpr_delay *d = s->plan->step[i].delay;
        if (!d)
            continue;
        moved |= s->touch[s->plan->step[i].out[0]].any;
        longest = (uint64_t)d->period > longest ? (uint64_t)d->period : longest;
    }
    s->rested = moved ? 0 : s->rested + 1;
    return s->rested >= longest;
}

int64_t rpr_stream_window_missing(const rpr_stream *s)
{
    const uint64_t calls = s->plan->slide ? (uint64_t)s->warm : 0;
    return s->frame < calls ? (int64_t)(calls - s->frame) : 0;
}
