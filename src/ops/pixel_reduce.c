/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reductions over space and over channels, and softmax over channels.
 *
 * A sum over space is taken afresh whenever anything was touched, never corrected: its bits then do
 * not depend on how the input came about. 16 pixels at a time are added in float, these partial
 * sums in double, so that the error stays below 16 roundings however large the picture is.
 */
#include <math.h>

#include "ops/pixel_ops.h"
#include "ops/pixel_walk.h"

#define GROUP 16  /* pixels that one weighted_sum takes */
#define CHUNK 128 /* channels whose sums are kept on the stack */

static void add_group(const rpr_kernels *k, const float *const p[GROUP], int32_t m, int32_t c,
                      double *sum)
{
    static const float one[GROUP] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float part[CHUNK];
    k->weighted_sum(part, p, one, m, c);
    for (int32_t i = 0; i < c; i++)
        sum[i] += (double)part[i];
}

/** Sums of channels [c0, c0 + c) over all pixels of image n. */
static void sum_space(const rpr_kernels *k, const rpr_map *in, int32_t n, int32_t c0, int32_t c,
                      double sum[CHUNK])
{
    const float *p[GROUP];
    int32_t m = 0;
    memset(sum, 0, CHUNK * sizeof *sum);
    for (int32_t y = 0; y < in->h; y++) {
        for (int32_t x = 0; x < in->w; x++) {
            p[m++] = rpr_map_at(in, n, y, x) + c0;
            if (m == GROUP) {
                add_group(k, p, m, c, sum);
                m = 0;
            }
        }
    }
    if (m > 0)
        add_group(k, p, m, c, sum);
}

static void reduce_sum(const rpr_kernels *k, const rpr_map *in, int32_t n, float *o, bool mean)
{
    double sum[CHUNK], count = mean ? (double)in->h * in->w : 1.0;
    for (int32_t c0 = 0; c0 < in->c; c0 += CHUNK) {
        int32_t c = in->c - c0 < CHUNK ? in->c - c0 : CHUNK;
        sum_space(k, in, n, c0, c, sum);
        for (int32_t i = 0; i < c; i++)
            o[c0 + i] = (float)(sum[i] / count);
    }
}

static void reduce_extreme(const rpr_kernels *k, rpr_binary op, const rpr_map *in, int32_t n,
                           float *o)
{
    rpr_span_fill((rpr_span){o, in->c}, op == RPR_BIN_MAX ? -INFINITY : INFINITY, 1, in->c);
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++)
            k->binary(op, o, rpr_map_at(in, n, y, x), o, in->c);
}

static void run_space(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                      const rpr_map *out, rpr_rows rows)
{
    rpr_reduce kind = *(const rpr_reduce *)op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        float *o = rpr_map_at(out, w.n, 0, 0);
        if (kind == RPR_REDUCE_SUM || kind == RPR_REDUCE_MEAN)
            reduce_sum(k, in, w.n, o, kind == RPR_REDUCE_MEAN);
        else
            reduce_extreme(k, kind == RPR_REDUCE_MAX ? RPR_BIN_MAX : RPR_BIN_MIN, in, w.n, o);
        rpr_walk_act(&w, k, &op->act);
    }
}

static rpr_pixel_op *reduce_new(rpr_reduce kind, const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, sizeof kind, 0);
    if (op)
        *(rpr_reduce *)op->params = kind;
    return op;
}

rpr_pixel_op *rpr_pixel_reduce_space_new(rpr_reduce kind, const rpr_act *act)
{
    rpr_pixel_op *op = reduce_new(kind, act);
    if (op) {
        op->touch = rpr_pixel_touch_image;
        op->run = run_space;
    }
    return op;
}

/* ------------------------------------------------------------------ channels */

/** Summed in eight lanes, which lets the compiler use vectors. */
static double sum_channels(const float *x, int32_t c)
{
    double lane[8] = {0}, sum = 0;
    int32_t i = 0;
    for (; i + 8 <= c; i += 8)
        for (int j = 0; j < 8; j++)
            lane[j] += (double)x[i + j];
    for (; i < c; i++)
        sum += (double)x[i];
    for (int j = 0; j < 8; j++)
        sum += lane[j];
    return sum;
}

/** NaN if one of the values is. */
static float max_channels(const float *x, int32_t c)
{
    float m = -INFINITY;
    for (int32_t i = 0; i < c; i++)
        m = x[i] > m || isnan(x[i]) ? x[i] : m;
    return m;
}

static float min_channels(const float *x, int32_t c)
{
    float m = INFINITY;
    for (int32_t i = 0; i < c; i++)
        m = x[i] < m || isnan(x[i]) ? x[i] : m;
    return m;
}

static float reduce_channels(rpr_reduce kind, const float *x, int32_t c)
{
    switch (kind) {
    case RPR_REDUCE_SUM:
        return (float)sum_channels(x, c);
    case RPR_REDUCE_MEAN:
        return (float)(sum_channels(x, c) / c);
    case RPR_REDUCE_MAX:
        return max_channels(x, c);
    default:
        return min_channels(x, c);
    }
}

static void run_channels(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                         const rpr_map *out, rpr_rows rows)
{
    rpr_reduce kind = *(const rpr_reduce *)op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++)
            *rpr_map_at(out, w.n, w.y, x) =
                reduce_channels(kind, rpr_map_at(in, w.n, w.y, x), in->c);
        rpr_walk_act(&w, k, &op->act);
    }
}

rpr_pixel_op *rpr_pixel_reduce_channels_new(rpr_reduce kind, const rpr_act *act)
{
    rpr_pixel_op *op = reduce_new(kind, act);
    if (op) {
        op->touch = rpr_pixel_touch_same;
        op->run = run_channels;
    }
    return op;
}

static void softmax(const float *x, float *o, int32_t c)
{
    float max = max_channels(x, c);
    for (int32_t i = 0; i < c; i++)
        o[i] = expf(x[i] - max);
    float scale = (float)(1.0 / sum_channels(o, c));
    for (int32_t i = 0; i < c; i++)
        o[i] *= scale;
}

static void run_softmax(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                        const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++)
            softmax(rpr_map_at(in, w.n, w.y, x), rpr_map_at(out, w.n, w.y, x), out->c);
        rpr_walk_act(&w, k, &op->act);
    }
}

rpr_pixel_op *rpr_pixel_softmax_new(const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, 0, 0);
    if (op) {
        op->touch = rpr_pixel_touch_same;
        op->run = run_softmax;
    }
    return op;
}
