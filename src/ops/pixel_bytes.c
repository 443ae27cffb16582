/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of one pixel at a time on maps of u8: tables, arithmetic, to and from floats. */
#include "ops/pixel_bytes.h"

#include "ops/pixel_bytes_picture.h"
#include "ops/pixel_walk.h"

/* Four equal bytes are never a signalling NaN, so nothing changes them on their way. */
float rpr_byte_word(uint8_t b)
{
    const uint8_t bytes[4] = {b, b, b, b};
    float word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint8_t *bytes_at(rpr_span s, int32_t pixel)
{
    return (uint8_t *)(s.p + pixel * s.step);
}

/** Fills what follows the channels in the last word of n pixels. */
static void fill_padding(rpr_span o, int32_t n, int32_t channels, uint8_t value)
{
    const int32_t end = 4 * rpr_words(channels);
    for (int32_t i = 0; channels < end && i < n; i++)
        memset(bytes_at(o, i) + channels, value, (size_t)(end - channels));
}

/* -------------------------------------------------------------------- table */

static void table_each(const void *ctx, const rpr_kernels *k, const float *a, float *o, int64_t len)
{
    k->bytes->table(ctx, (const uint8_t *)a, (uint8_t *)o, 4 * len);
}

static void run_table(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                      const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w))
        rpr_span_each(k, table_each, op->tables, rpr_span_at(in, w.n, w.y, w.x0),
                      rpr_span_at(out, w.n, w.y, w.x0), w.x1 - w.x0, out->c);
}

rpr_pixel_op *rpr_pixel_bytes_table_new(const uint8_t *table)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, NULL, 0, 256 / 4);
    if (!op)
        return NULL;
    memcpy(op->tables, table, 256);
    op->touch = rpr_pixel_touch_same;
    op->run = run_table;
    return op;
}

/* ------------------------------------------------------------- two operands */

typedef struct binary_params {
    rpr_byte_binary q, turned; /* the second: of the operands in the other order */
    int32_t channels[3];
} binary_params;

static void binary_pairs(const void *ctx, const rpr_kernels *k, const float *a, const float *b,
                         float *o, int64_t len)
{
    k->bytes->binary(ctx, (const uint8_t *)a, (const uint8_t *)b, (uint8_t *)o, 4 * len);
}

typedef struct scalar_ctx {
    const rpr_byte_binary *q;
    uint8_t b;
} scalar_ctx;

static void scalar_each(const void *ctx, const rpr_kernels *k, const float *a, float *o,
                        int64_t len)
{
    const scalar_ctx *s = ctx;
    k->bytes->binary_scalar(s->q, (const uint8_t *)a, s->b, (uint8_t *)o, 4 * len);
}

/** b has a single channel: a byte for each pixel, or for all. */
static void run_scalars(const rpr_kernels *k, const rpr_byte_binary *q, rpr_span a, rpr_span b,
                        rpr_span o, int32_t n, int32_t c)
{
    if (b.step == 0) {
        rpr_span_each(k, scalar_each, &(scalar_ctx){q, *bytes_at(b, 0)}, a, o, n, c);
        return;
    }
    for (int32_t i = 0; i < n; i++)
        k->bytes->binary_scalar(q, bytes_at(a, i), *bytes_at(b, i), bytes_at(o, i), 4 * c);
}

/** True if input i gives one byte to all channels of a pixel, or to all pixels of one channel. */
static bool is_scalar(const binary_params *p, int i, rpr_span s)
{
    return p->channels[i] == 1 && (p->channels[2] > 1 || s.step == 0);
}

static void run_binary(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                       const rpr_map *out, rpr_rows rows)
{
    const binary_params *p = op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        rpr_span a = rpr_span_broadcast(&in[0], w.n, w.y, w.x0);
        rpr_span b = rpr_span_broadcast(&in[1], w.n, w.y, w.x0);
        rpr_span o = rpr_span_at(out, w.n, w.y, w.x0);
        int32_t n = w.x1 - w.x0;
        if (!is_scalar(p, 0, a) && !is_scalar(p, 1, b)) {
            rpr_span_pairs(k, binary_pairs, &p->q, a, b, o, n, out->c);
            continue;
        }
        if (is_scalar(p, 1, b))
            run_scalars(k, &p->q, a, b, o, n, out->c);
        else
            run_scalars(k, &p->turned, b, a, o, n, out->c);
        fill_padding(o, n, p->channels[2], (uint8_t)p->q.to.zero);
    }
}

bool rpr_pixel_bytes_binary_fits(const rpr_map shapes[2], const rpr_map *out,
                                 const int32_t channels[3])
{
    const rpr_map *a = &shapes[0], *b = &shapes[1];
    return rpr_broadcasts(a->n, b->n, out->n) && rpr_broadcasts(a->h, b->h, out->h) &&
           rpr_broadcasts(a->w, b->w, out->w) &&
           rpr_broadcasts(channels[0], channels[1], channels[2]) &&
           a->c == rpr_words(channels[0]) && b->c == rpr_words(channels[1]) &&
           out->c == rpr_words(channels[2]);
}

rpr_pixel_op *rpr_pixel_bytes_binary_new(rpr_byte_op kind, const rpr_byte_scale scales[3],
                                         const int32_t channels[3])
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(2, NULL, sizeof(binary_params), 0);
    if (!op)
        return NULL;
    binary_params *p = op->params;
    p->q = rpr_byte_binary_of(kind, scales[0], scales[1], scales[2]);
    p->turned = rpr_byte_binary_turned(&p->q);
    memcpy(p->channels, channels, sizeof p->channels);
    op->touch = rpr_pixel_touch_same;
    op->run = run_binary;
    return op;
}

/* ---------------------------------------------------------- to and from floats */

enum { FLAT = 768, FEW = 32 }; /* bytes at a time; channels that are not worth a call */

/**
 * Between n pixels of c bytes side by side and as many in words. The first four bytes of a pixel
 * are moved at once: `flat` has room for 3 bytes more, and the pixels follow each other.
 */
static inline void spread(const uint8_t *flat, rpr_span o, int32_t n, int32_t c, uint8_t zero)
{
    for (int32_t i = 0; i < n; i++) {
        uint8_t *to = bytes_at(o, i);
        memcpy(to, flat + i * c, 4);
        for (int32_t b = 4; b < c; b++)
            to[b] = flat[i * c + b];
        for (int32_t b = c; b % 4; b++)
            to[b] = zero;
    }
}

static inline void gather(rpr_span a, uint8_t *flat, int32_t n, int32_t c)
{
    for (int32_t i = 0; i < n; i++) {
        const uint8_t *from = bytes_at(a, i);
        memcpy(flat + i * c, from, 4);
        for (int32_t b = 4; b < c; b++)
            flat[i * c + b] = from[b];
    }
}

/* The usual numbers of few channels become constants. */
static void spread_few(const uint8_t *flat, rpr_span o, int32_t n, int32_t c, uint8_t zero)
{
    switch (c) {
    case 1:
        spread(flat, o, n, 1, zero);
        break;
    case 3:
        spread(flat, o, n, 3, zero);
        break;
    default:
        spread(flat, o, n, c, zero);
    }
}

static void gather_few(rpr_span a, uint8_t *flat, int32_t n, int32_t c)
{
    switch (c) {
    case 1:
        gather(a, flat, n, 1);
        break;
    case 3:
        gather(a, flat, n, 3);
        break;
    default:
        gather(a, flat, n, c);
    }
}

static void quantise_span(const rpr_kernels *k, const rpr_byte_scale *to, rpr_span a, rpr_span o,
                          int32_t n, int32_t c)
{
    uint8_t flat[FLAT + 3];
    if (a.step == c && 4 * o.step == c) {
        k->bytes->quantise(to, a.p, bytes_at(o, 0), (int64_t)n * c);
        return;
    }
    if (a.step == c && c <= FEW) {
        for (int32_t i = 0, m; i < n; i += m) {
            m = n - i < FLAT / c ? n - i : FLAT / c;
            k->bytes->quantise(to, a.p + i * a.step, flat, (int64_t)m * c);
            spread_few(flat, (rpr_span){o.p + i * o.step, o.step}, m, c, (uint8_t)to->zero);
        }
        return;
    }
    for (int32_t i = 0; i < n; i++)
        k->bytes->quantise(to, a.p + i * a.step, bytes_at(o, i), c);
    fill_padding(o, n, c, (uint8_t)to->zero);
}

static void dequantise_span(const rpr_kernels *k, const rpr_byte_scale *from, rpr_span a,
                            rpr_span o, int32_t n, int32_t c)
{
    uint8_t flat[FLAT + 3];
    if (o.step == c && 4 * a.step == c) {
        k->bytes->dequantise(from, bytes_at(a, 0), o.p, (int64_t)n * c);
        return;
    }
    if (o.step == c && c <= FEW) {
        for (int32_t i = 0, m; i < n; i += m) {
            m = n - i < FLAT / c ? n - i : FLAT / c;
            gather_few((rpr_span){a.p + i * a.step, a.step}, flat, m, c);
            k->bytes->dequantise(from, flat, o.p + i * o.step, (int64_t)m * c);
        }
        return;
    }
    for (int32_t i = 0; i < n; i++)
        k->bytes->dequantise(from, bytes_at(a, i), o.p + i * o.step, c);
}

static void run_quantise(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                         const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w))
        quantise_span(k, op->params, rpr_span_at(in, w.n, w.y, w.x0),
                      rpr_span_at(out, w.n, w.y, w.x0), w.x1 - w.x0, in->c);
}

static void run_dequantise(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                           const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w))
        dequantise_span(k, op->params, rpr_span_at(in, w.n, w.y, w.x0),
                        rpr_span_at(out, w.n, w.y, w.x0), w.x1 - w.x0, out->c);
}

static rpr_pixel_op *scale_new(const rpr_byte_scale *scale)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, NULL, sizeof *scale, 0);
    if (op) {
        *(rpr_byte_scale *)op->params = *scale;
        op->touch = rpr_pixel_touch_same;
    }
    return op;
}

rpr_pixel_op *rpr_pixel_bytes_quantise_new(const rpr_byte_scale *to)
{
    rpr_pixel_op *op = scale_new(to);
    if (op)
        op->run = run_quantise;
    return op;
}

const rpr_byte_scale *rpr_pixel_bytes_quantises(const rpr_pixel_op *op)
{
    return op->run == run_quantise ? op->params : NULL;
}

rpr_pixel_op *rpr_pixel_bytes_dequantise_new(const rpr_byte_scale *from)
{
    rpr_pixel_op *op = scale_new(from);
    if (op)
        op->run = run_dequantise;
    return op;
}
