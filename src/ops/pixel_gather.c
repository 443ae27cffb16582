/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move elements, axis by axis: copies, slices, pads, nearest resize. */
#include "core/alloc.h"
#include "ops/pixel_bytes.h"
#include "ops/pixel_walk.h"

/** The table holds the source index of every n, then of every h, w and c; -1: the value. */
typedef struct rpr_gather {
    int64_t h, w, c; /* where the entries of these axes start */
    float value;
    int32_t bytes; /* of a map of u8 whose entries of c are bytes: how many; else 0 */
    bool whole;    /* the channels are one stretch of the source's, from the first entry on */
} rpr_gather;

static int32_t source(const int32_t *index, int32_t i)
{
    if (!index)
        return i;
    return index[i] < 0 ? -1 : index[i];
}

bool rpr_pixel_gather_fits(const rpr_map *in, const rpr_map *out, const int32_t *const index[4])
{
    const int32_t size[4] = {in->n, in->h, in->w, in->c};
    const int32_t count[4] = {out->n, out->h, out->w, out->c};
    for (int a = 0; a < 4; a++)
        for (int32_t i = 0; i < count[a]; i++)
            if (source(index[a], i) >= size[a])
                return false;
    return true;
}

/** A word that is not whole is filled up with the value. */
static void move_bytes(const rpr_gather *p, const int32_t *ic, rpr_span a, rpr_span o, int32_t n,
                       int32_t c)
{
    uint8_t value[sizeof p->value];
    memcpy(value, &p->value, sizeof value);
    for (int32_t x = 0; x < n; x++) {
        const uint8_t *from = (const uint8_t *)(a.p + x * a.step);
        uint8_t *to = (uint8_t *)(o.p + x * o.step);
        for (int32_t i = 0; i < p->bytes; i++)
            to[i] = ic[i] < 0 ? value[0] : from[ic[i]];
        for (int32_t i = p->bytes; i < 4 * c; i++)
            to[i] = value[0];
    }
}

static void move_channels(const rpr_gather *p, const int32_t *ic, rpr_span a, rpr_span o, int32_t n,
                          int32_t c)
{
    if (p->bytes) {
        move_bytes(p, ic, a, o, n, c);
        return;
    }
    if (p->whole) {
        a.p += ic[0];
        rpr_span_copy(a, o, n, c);
        return;
    }
    for (int32_t x = 0; x < n; x++)
        for (int32_t i = 0; i < c; i++)
            o.p[x * o.step + i] = ic[i] < 0 ? p->value : a.p[x * a.step + ic[i]];
}

/** Moves the pixels of a run, in stretches whose sources stand side by side. */
static void move_run(const rpr_gather *p, const int32_t *table, const rpr_map *in,
                     const rpr_walk *w)
{
    const int32_t *iw = table + p->w, *ic = table + p->c;
    int32_t n = table[w->n], y = table[p->h + w->y], c = w->map->c;
    for (int32_t x = w->x0, next; x < w->x1; x = next) {
        bool outside = n < 0 || y < 0 || iw[x] < 0;
        for (next = x + 1; next < w->x1; next++)
            if (outside ? n >= 0 && y >= 0 && iw[next] >= 0 : iw[next] != iw[x] + (next - x))
                break;
        rpr_span o = rpr_span_at(w->map, w->n, w->y, x);
        if (outside)
            rpr_span_fill(o, p->value, next - x, c);
        else
            move_channels(p, ic, rpr_span_at(in, n, y, iw[x]), o, next - x, c);
    }
}

static void run_gather(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        move_run(op->params, op->tables, in, &w);
        rpr_walk_act(&w, k, &op->act);
    }
}

static void touch_gather(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    const rpr_gather *p = op->params;
    const int32_t *table = op->tables, *iw = table + p->w;
    if (!rpr_pixel_touch_start(op, in, out))
        return;
    for (int32_t n = 0; n < out->n; n++) {
        for (int32_t y = 0; y < out->h; y++) {
            int32_t sn = table[n], sy = table[p->h + y];
            if (sn < 0 || sy < 0)
                continue;
            const uint8_t *row = rpr_touch_row(in[0], sn, sy);
            uint8_t *o = rpr_touch_row(out, n, y), any = 0;
            if (!rpr_touch_range(row, in[0]->w))
                continue;
            for (int32_t x = 0; x < out->w; x++)
                any |= o[x] = iw[x] < 0 ? 0 : row[iw[x]];
            out->any |= any != 0;
        }
    }
}

/** An operator whose table, with `c` entries for channels, is still to be filled in. */
static rpr_pixel_op *gather_alloc(const rpr_map *out, int32_t c, float value, const rpr_act *act)
{
    size_t words = (size_t)out->n + (size_t)out->h + (size_t)out->w + (size_t)c;
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, sizeof(rpr_gather), words);
    if (!op)
        return NULL;
    rpr_gather *p = op->params;
    p->h = out->n;
    p->w = p->h + out->h;
    p->c = p->w + out->w;
    p->value = value;
    op->touch = touch_gather;
    op->run = run_gather;
    return op;
}

/** To be called when the table is complete. */
static rpr_pixel_op *gather_finish(rpr_pixel_op *op, int32_t c)
{
    rpr_gather *p = op->params;
    const int32_t *ic = (const int32_t *)op->tables + p->c;
    p->whole = true;
    for (int32_t i = 0; i < c; i++)
        p->whole &= ic[i] == ic[0] + i && ic[0] >= 0;
    return op;
}

/** Fills in the entries of n, h and w; returns where those of c are. */
static int32_t *fill_space(rpr_pixel_op *op, const rpr_map *out, const int32_t *const index[4])
{
    const int32_t count[3] = {out->n, out->h, out->w};
    int32_t *t = op->tables;
    for (int a = 0; a < 3; a++)
        for (int32_t i = 0; i < count[a]; i++)
            *t++ = source(index[a], i);
    return t;
}

rpr_pixel_op *rpr_pixel_gather_new(const rpr_map *out, const int32_t *const index[4], float value,
                                   const rpr_act *act)
{
    rpr_pixel_op *op = gather_alloc(out, out->c, value, act);
    if (!op)
        return NULL;
    int32_t *t = fill_space(op, out, index);
    for (int32_t i = 0; i < out->c; i++)
        t[i] = source(index[RPR_AXIS_C], i);
    return gather_finish(op, out->c);
}

rpr_pixel_op *rpr_pixel_copy_new(const rpr_map *shape, const rpr_act *act)
{
    return rpr_pixel_gather_new(shape, (const int32_t *const[4]){NULL}, 0.0f, act);
}

/* ---------------------------------------------------------------- maps of u8 */

bool rpr_pixel_bytes_gather_fits(const rpr_map *in, int32_t in_channels, const rpr_map *out,
                                 int32_t out_channels, const int32_t *const index[4])
{
    rpr_map from = *in, to = *out;
    from.c = in_channels;
    to.c = out_channels;
    return in->c == rpr_words(in_channels) && out->c == rpr_words(out_channels) &&
           rpr_pixel_gather_fits(&from, &to, index);
}

/**
 * The source of output word w, -1 for the value, or -2 if it is no word of the source. A last word
 * that is not whole must be the source's last one: its padding comes with it.
 */
static int32_t source_word(const int32_t *index, int32_t in_channels, int32_t out_channels,
                           int32_t w)
{
    int32_t n = out_channels - 4 * w < 4 ? out_channels - 4 * w : 4, first = source(index, 4 * w);
    for (int32_t i = 1; i < n; i++)
        if (source(index, 4 * w + i) != (first < 0 ? -1 : first + i))
            return -2;
    if (first < 0)
        return -1;
    return first % 4 == 0 && (n == 4 || first + n == in_channels) ? first / 4 : -2;
}

rpr_pixel_op *rpr_pixel_bytes_gather_new(int32_t in_channels, const rpr_map *out,
                                         int32_t out_channels, const int32_t *const index[4],
                                         uint8_t value)
{
    rpr_pixel_op *op = gather_alloc(out, out_channels, rpr_byte_word(value), NULL);
    if (!op)
        return NULL;
    rpr_gather *p = op->params;
    int32_t *t = fill_space(op, out, index);
    for (int32_t i = 0; i < out->c; i++) {
        t[i] = source_word(index[RPR_AXIS_C], in_channels, out_channels, i);
        if (t[i] == -2)
            p->bytes = out_channels;
    }
    for (int32_t i = 0; i < p->bytes; i++)
        t[i] = source(index[RPR_AXIS_C], i);
    return gather_finish(op, p->bytes ? p->bytes : out->c);
}

/* -------------------------------------------------------------------- slices */

bool rpr_pixel_slice_fits(const rpr_map *in, const rpr_map *out, const int32_t start[4],
                          const int32_t step[4])
{
    const int32_t size[4] = {in->n, in->h, in->w, in->c};
    const int32_t count[4] = {out->n, out->h, out->w, out->c};
    for (int a = 0; a < 4; a++) {
        int64_t last = start[a] + ((int64_t)count[a] - 1) * step[a];
        if (count[a] > 0 && (start[a] < 0 || start[a] >= size[a] || last < 0 || last >= size[a]))
            return false;
    }
    return true;
}

rpr_pixel_op *rpr_pixel_slice_new(const rpr_map *out, const int32_t start[4], const int32_t step[4],
                                  const rpr_act *act)
{
    const int32_t count[4] = {out->n, out->h, out->w, out->c};
    rpr_pixel_op *op = gather_alloc(out, out->c, 0.0f, act);
    if (!op)
        return NULL;
    int32_t *t = op->tables;
    for (int a = 0; a < 4; a++)
        for (int32_t i = 0; i < count[a]; i++)
            *t++ = start[a] + i * step[a];
    return gather_finish(op, out->c);
}

/* ---------------------------------------------------------------------- pads */

static rpr_pad_spec pad_spec(const int32_t begin[4], rpr_pad_mode mode)
{
    rpr_pad_spec p = {.rank = 4, .mode = mode};
    for (int a = 0; a < 4; a++)
        p.begin[a] = begin[a];
    return p;
}

bool rpr_pixel_pad_fits(const rpr_map *in, const rpr_map *out, rpr_pad_mode mode)
{
    const int32_t size[4] = {in->n, in->h, in->w, in->c};
    const int32_t count[4] = {out->n, out->h, out->w, out->c};
    for (int a = 0; a < 4; a++)
        if (mode != RPR_PAD_CONSTANT && size[a] == 0 && count[a] > 0)
            return false; /* an empty axis has no edge */
    return true;
}

rpr_pixel_op *rpr_pixel_pad_new(const rpr_map *in, const rpr_map *out, const int32_t begin[4],
                                rpr_pad_mode mode, float value, const rpr_act *act)
{
    const int32_t size[4] = {in->n, in->h, in->w, in->c};
    const int32_t count[4] = {out->n, out->h, out->w, out->c};
    const rpr_pad_spec p = pad_spec(begin, mode);
    rpr_pixel_op *op = gather_alloc(out, out->c, value, act);
    if (!op)
        return NULL;
    int32_t *t = op->tables;
    for (int a = 0; a < 4; a++)
        for (int32_t i = 0; i < count[a]; i++)
            *t++ = (int32_t)rpr_pad_source(&p, a, size[a], i);
    return gather_finish(op, out->c);
}
