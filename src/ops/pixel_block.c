/* SPDX-License-Identifier: Apache-2.0 */
/* DepthToSpace and SpaceToDepth. */
#include "ops/pixel_bytes.h"
#include "ops/pixel_walk.h"

#define MAX_BLOCK 32768 /* its square fits 32 bits */

typedef struct rpr_block_params {
    int32_t block;
    rpr_block_order order;
    int32_t channels; /* of the shallow map of u8 whose bytes are moved; else 0 */
} rpr_block_params;

/** Where the channels of element `d` of a block stand in the deep pixel: the first, and the step.
 */
typedef struct rpr_deep {
    int64_t first, step;
} rpr_deep;

static rpr_deep deep_channels(const rpr_block_params *p, int32_t d, int32_t shallow_c)
{
    if (p->order == RPR_BLOCK_DCR)
        return (rpr_deep){(int64_t)d * shallow_c, 1};
    return (rpr_deep){d, (int64_t)p->block * p->block};
}

static bool block_fits(const rpr_map *deep, const rpr_map *shallow, int32_t block)
{
    return block >= 1 && block <= MAX_BLOCK && deep->n == shallow->n &&
           (int64_t)deep->h * block == shallow->h && (int64_t)deep->w * block == shallow->w &&
           (int64_t)shallow->c * block * block == deep->c;
}

bool rpr_pixel_depth_to_space_fits(const rpr_map *in, const rpr_map *out, int32_t block)
{
    return block_fits(in, out, block);
}

bool rpr_pixel_space_to_depth_fits(const rpr_map *in, const rpr_map *out, int32_t block)
{
    return block_fits(out, in, block);
}

static void run_to_space(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                         const rpr_map *out, rpr_rows rows)
{
    const rpr_block_params *p = op->params;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++) {
            int32_t d = w.y % p->block * p->block + x % p->block;
            rpr_deep at = deep_channels(p, d, out->c);
            const float *s = rpr_map_at(in, w.n, w.y / p->block, x / p->block) + at.first;
            float *o = rpr_map_at(out, w.n, w.y, x);
            for (int32_t i = 0; i < out->c; i++)
                o[i] = s[i * at.step];
        }
        rpr_walk_act(&w, k, &op->act);
    }
}

static void touch_to_space(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    const rpr_block_params *p = op->params;
    if (!rpr_pixel_touch_start(op, in, out))
        return;
    out->any = true;
    for (int32_t n = 0; n < out->n; n++) {
        for (int32_t y = 0; y < out->h; y++) {
            const uint8_t *row = rpr_touch_row(in[0], n, y / p->block);
            uint8_t *o = rpr_touch_row(out, n, y);
            for (int32_t x0 = 0, x1 = 0; rpr_touch_run(row, x1, in[0]->w, &x0, &x1);)
                memset(o + x0 * p->block, 1, (size_t)((x1 - x0) * p->block));
        }
    }
}

/** Gathers the block of pixels that becomes output pixel (n, y, x). */
static void pack_block(const rpr_block_params *p, const rpr_map *in, int32_t n, int32_t y,
                       int32_t x, float *o)
{
    for (int32_t d = 0; d < p->block * p->block; d++) {
        const float *s =
            rpr_map_at(in, n, y * p->block + d / p->block, x * p->block + d % p->block);
        rpr_deep at = deep_channels(p, d, in->c);
        for (int32_t i = 0; i < in->c; i++)
            o[at.first + i * at.step] = s[i];
    }
}

static void run_to_depth(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                         const rpr_map *out, rpr_rows rows)
{
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++)
            pack_block(op->params, in, w.n, w.y, x, rpr_map_at(out, w.n, w.y, x));
        rpr_walk_act(&w, k, &op->act);
    }
}

static void touch_to_depth(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out)
{
    int b = ((const rpr_block_params *)op->params)->block;
    if (rpr_pixel_touch_start(op, in, out))
        rpr_touch_window(out, in[0], b, b, b, b, 0, 0, 1, 1);
}

static rpr_pixel_op *block_new(int32_t block, rpr_block_order order, const rpr_act *act)
{
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, sizeof(rpr_block_params), 0);
    if (op)
        *(rpr_block_params *)op->params = (rpr_block_params){block, order, 0};
    return op;
}

rpr_pixel_op *rpr_pixel_depth_to_space_new(int32_t block, rpr_block_order order, const rpr_act *act)
{
    rpr_pixel_op *op = block_new(block, order, act);
    if (op) {
        op->touch = touch_to_space;
        op->run = run_to_space;
    }
    return op;
}

rpr_pixel_op *rpr_pixel_space_to_depth_new(int32_t block, rpr_block_order order, const rpr_act *act)
{
    rpr_pixel_op *op = block_new(block, order, act);
    if (op) {
        op->touch = touch_to_depth;
        op->run = run_to_depth;
    }
    return op;
}

/* ---------------------------------------------------------------- maps of u8 */

static bool bytes_fit(rpr_map deep, rpr_map shallow, int32_t block, int32_t channels)
{
    int64_t all = (int64_t)channels * block * block;
    if (block < 1 || block > MAX_BLOCK || all > INT32_MAX || shallow.c != rpr_words(channels) ||
        deep.c != rpr_words((int32_t)all))
        return false;
    shallow.c = channels;
    deep.c = (int32_t)all;
    return block_fits(&deep, &shallow, block);
}

bool rpr_pixel_bytes_depth_to_space_fits(const rpr_map *in, const rpr_map *out, int32_t block,
                                         int32_t channels)
{
    return bytes_fit(*in, *out, block, channels);
}

bool rpr_pixel_bytes_space_to_depth_fits(const rpr_map *in, const rpr_map *out, int32_t block,
                                         int32_t channels)
{
    return bytes_fit(*out, *in, block, channels);
}

/** Padding is 0. */
static void run_bytes_to_space(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                               const rpr_map *out, rpr_rows rows)
{
    const rpr_block_params *p = op->params;
    (void)k;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++) {
            int32_t d = w.y % p->block * p->block + x % p->block;
            rpr_deep at = deep_channels(p, d, p->channels);
            const float *pixel = rpr_map_at(in, w.n, w.y / p->block, x / p->block);
            const uint8_t *s = (const uint8_t *)pixel + at.first;
            uint8_t *o = (uint8_t *)rpr_map_at(out, w.n, w.y, x);
            for (int32_t i = 0; i < p->channels; i++)
                o[i] = s[i * at.step];
            for (int32_t i = p->channels; i < 4 * out->c; i++)
                o[i] = 0;
        }
    }
}

static void pack_bytes(const rpr_block_params *p, const rpr_map *in, int32_t n, int32_t y,
                       int32_t x, uint8_t *o)
{
    for (int32_t d = 0; d < p->block * p->block; d++) {
        const float *pixel =
            rpr_map_at(in, n, y * p->block + d / p->block, x * p->block + d % p->block);
        const uint8_t *s = (const uint8_t *)pixel;
        rpr_deep at = deep_channels(p, d, p->channels);
        for (int32_t i = 0; i < p->channels; i++)
            o[at.first + i * at.step] = s[i];
    }
}

static void run_bytes_to_depth(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                               const rpr_map *out, rpr_rows rows)
{
    const rpr_block_params *p = op->params;
    const int32_t deep = p->channels * p->block * p->block;
    (void)k;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        for (int32_t x = w.x0; x < w.x1; x++) {
            uint8_t *o = (uint8_t *)rpr_map_at(out, w.n, w.y, x);
            pack_bytes(p, in, w.n, w.y, x, o);
            for (int32_t i = deep; i < 4 * out->c; i++)
                o[i] = 0;
        }
    }
}

/** True if the channels of each element of a block are words of the deep map. */
static bool in_words(rpr_block_order order, int32_t channels)
{
    return order == RPR_BLOCK_DCR && channels % 4 == 0;
}

rpr_pixel_op *rpr_pixel_bytes_depth_to_space_new(int32_t block, rpr_block_order order,
                                                 int32_t channels)
{
    rpr_pixel_op *op = rpr_pixel_depth_to_space_new(block, order, NULL);
    if (op && !in_words(order, channels)) {
        ((rpr_block_params *)op->params)->channels = channels;
        op->run = run_bytes_to_space;
    }
    return op;
}

rpr_pixel_op *rpr_pixel_bytes_space_to_depth_new(int32_t block, rpr_block_order order,
                                                 int32_t channels)
{
    rpr_pixel_op *op = rpr_pixel_space_to_depth_new(block, order, NULL);
    if (op && !in_words(order, channels)) {
        ((rpr_block_params *)op->params)->channels = channels;
        op->run = run_bytes_to_depth;
    }
    return op;
}
