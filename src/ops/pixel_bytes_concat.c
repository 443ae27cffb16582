/* SPDX-License-Identifier: Apache-2.0 */
/* Concat of maps of u8, each part through a table if it has one. */
#include "ops/pixel_bytes.h"
#include "ops/pixel_concat.h"

typedef struct byte_concat {
    rpr_concat concat;
    bool in_words; /* along the channels: every part but the last is of whole words */
    int32_t channels[RPR_PIXEL_MAX_IN], n_tables;
    int32_t table[RPR_PIXEL_MAX_IN]; /* where the part's is among the tables; -1: none */
} byte_concat;

bool rpr_pixel_bytes_concat_fits(rpr_axis axis, int n_in, const rpr_map *in,
                                 const int32_t *channels, const rpr_map *out, int32_t out_channels)
{
    rpr_map part[RPR_PIXEL_MAX_IN], whole = *out;
    if (n_in < 1 || n_in > RPR_PIXEL_MAX_IN || out->c != rpr_words(out_channels))
        return false;
    whole.c = out_channels;
    for (int i = 0; i < n_in; i++) {
        if (in[i].c != rpr_words(channels[i]))
            return false;
        part[i] = in[i];
        part[i].c = channels[i];
    }
    return rpr_pixel_concat_fits(axis, n_in, part, &whole);
}

static const uint8_t *table_of(const rpr_pixel_op *op, int i)
{
    const byte_concat *p = op->params;
    return p->table[i] < 0 ? NULL : (const uint8_t *)op->tables + 256 * p->table[i];
}

static void table_each(const void *ctx, const rpr_kernels *k, const float *a, float *o, int64_t len)
{
    k->bytes->table(ctx, (const uint8_t *)a, (uint8_t *)o, 4 * len);
}

static void move_words(const rpr_kernels *k, const uint8_t *table, rpr_concat_piece part, int32_t c)
{
    if (table)
        rpr_span_each(k, table_each, table, part.from, part.to, part.n, c);
    else
        rpr_span_copy(part.from, part.to, part.n, c);
}

/** A part that begins or ends within a word: `at` bytes from the start of a pixel. */
static void move_bytes(const rpr_kernels *k, const uint8_t *table, rpr_concat_piece part,
                       int32_t at, int32_t channels)
{
    for (int32_t i = 0; i < part.n; i++) {
        const uint8_t *from = (const uint8_t *)(part.from.p + i * part.from.step);
        uint8_t *to = (uint8_t *)(part.to.p + i * part.to.step) + at;
        if (table)
            k->bytes->table(table, from, to, channels);
        else
            memcpy(to, from, (size_t)channels);
    }
}

/** All parts of a run, byte by byte, and zeros behind them. */
static void join_bytes(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_walk *w)
{
    const byte_concat *p = op->params;
    const rpr_span o = rpr_span_at(w->map, w->n, w->y, w->x0);
    int32_t at = 0;
    for (int i = 0; i < op->n_in; i++) {
        move_bytes(k, table_of(op, i), rpr_concat_part(&p->concat, i, in, w), at, p->channels[i]);
        at += p->channels[i];
    }
    for (int32_t x = 0; x < w->x1 - w->x0; x++)
        memset((uint8_t *)(o.p + x * o.step) + at, 0, (size_t)(4 * w->map->c - at));
}

static void run_concat(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    const byte_concat *p = op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        if (!p->in_words) {
            join_bytes(op, k, in, &w);
            continue;
        }
        for (int i = 0; i < op->n_in; i++) {
            rpr_concat_piece part = rpr_concat_part(&p->concat, i, in, &w);
            if (p->concat.axis == RPR_AXIS_C)
                part.to.p += p->concat.start[i];
            move_words(k, table_of(op, i), part, in[i].c);
        }
    }
}

rpr_pixel_op *rpr_pixel_bytes_concat_new(rpr_axis axis, int n_in, const rpr_map *in,
                                         const int32_t *channels, const uint8_t *const *table)
{
    size_t n_tables = 0;
    for (int i = 0; table && i < n_in; i++)
        n_tables += table[i] != NULL;
    rpr_pixel_op *op =
        rpr_concat_op_new(axis, n_in, in, NULL, sizeof(byte_concat), n_tables * (256 / 4));
    if (!op)
        return NULL;
    byte_concat *p = op->params;
    p->in_words = true;
    for (int i = 0; i < n_in; i++) {
        p->channels[i] = channels[i];
        p->in_words &= axis != RPR_AXIS_C || i == n_in - 1 || channels[i] % 4 == 0;
        p->table[i] = table && table[i] ? p->n_tables++ : -1;
        if (p->table[i] >= 0)
            memcpy((uint8_t *)op->tables + 256 * p->table[i], table[i], 256);
    }
    op->run = run_concat;
    return op;
}
