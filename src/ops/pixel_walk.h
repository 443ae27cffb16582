/* SPDX-License-Identifier: Apache-2.0 */
/* What the pixel operators share: walking over marked pixels, and arithmetic on spans of them. */
#ifndef RPR_OPS_PIXEL_WALK_H
#define RPR_OPS_PIXEL_WALK_H

#include "ops/pixel_op.h"

/** A stretch of pixels side by side in a row; the channels of one are contiguous. */
typedef struct rpr_span {
    float *p;
    int64_t step; /* floats from pixel to pixel */
} rpr_span;

static inline rpr_span rpr_span_at(const rpr_map *m, int32_t n, int32_t y, int32_t x)
{
    return (rpr_span){rpr_map_at(m, n, y, x), m->pix};
}

/** The pixels of a map of which some dimensions may be 1 that belong to a run of pixels from
 *  (n, y, x) on; step 0 stands for the same pixel again and again. */
static inline rpr_span rpr_span_broadcast(const rpr_map *m, int32_t n, int32_t y, int32_t x)
{
    rpr_span s = rpr_span_at(m, m->n == 1 ? 0 : n, m->h == 1 ? 0 : y, m->w == 1 ? 0 : x);
    if (m->w == 1)
        s.step = 0;
    return s;
}

/** A function of `len` values (words) side by side, of one operand or of two. */
typedef void (*rpr_each_fn)(const void *ctx, const rpr_kernels *k, const float *a, float *o,
                            int64_t len);
typedef void (*rpr_pairs_fn)(const void *ctx, const rpr_kernels *k, const float *a, const float *b,
                             float *o, int64_t len);

/*
 * Spans of `n` pixels with `c` channels. Where the pixels of all of them touch each other this is
 * one call of the function or kernel, otherwise one per pixel.
 */
void rpr_span_each(const rpr_kernels *k, rpr_each_fn f, const void *ctx, rpr_span a, rpr_span o,
                   int32_t n, int32_t c);
/** A pixel of few channels that is repeated is laid out, for longer calls. */
void rpr_span_pairs(const rpr_kernels *k, rpr_pairs_fn f, const void *ctx, rpr_span a, rpr_span b,
                    rpr_span o, int32_t n, int32_t c);
void rpr_span_binary(const rpr_kernels *k, rpr_binary op, rpr_span a, rpr_span b, rpr_span o,
                     int32_t n, int32_t c);
/** o = a op b, or b op a when reversed. */
void rpr_span_scalar(const rpr_kernels *k, rpr_binary op, rpr_span a, float b, bool reversed,
                     rpr_span o, int32_t n, int32_t c);
/** o = act(a). */
void rpr_span_act(const rpr_kernels *k, const rpr_act *act, rpr_span a, rpr_span o, int32_t n,
                  int32_t c);
void rpr_span_copy(rpr_span a, rpr_span o, int32_t n, int32_t c);
void rpr_span_fill(rpr_span o, float value, int32_t n, int32_t c);

/**
 * Walks over the runs of marked pixels in some rows of a map. A few pixels between two runs are
 * taken with them: what is computed there is what stands there.
 */
typedef struct rpr_walk {
    const rpr_map *map;
    rpr_rows rows;
    int32_t n, y, x0, x1; /* the run, [x0, x1) */
} rpr_walk;

static inline rpr_walk rpr_walk_start(const rpr_map *map, rpr_rows rows)
{
    return (rpr_walk){.map = map, .rows = rows};
}

/** Moves to the next run; false after the last. */
bool rpr_walk_next(rpr_walk *w);

/** Applies the operator's activation, if any, to the run at which the walk stands. */
void rpr_walk_act(const rpr_walk *w, const rpr_kernels *k, const rpr_act *act);

/** An operator with room for its parameters and `words` 32-bit table entries, all zero. */
rpr_pixel_op *rpr_pixel_op_alloc(int n_in, const rpr_act *act, size_t params, size_t words);

/** Clears `out`; true if an input may have touched pixels. */
bool rpr_pixel_touch_start(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out);

/** touch of an operator whose pixel (n, y, x) reads that pixel of each input (broadcast: or 0). */
void rpr_pixel_touch_same(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out);

/** Two dimensions of inputs fit one of an output: each is the same or 1, and one is the same. */
static inline bool rpr_broadcasts(int32_t a, int32_t b, int32_t out)
{
    return (a == out || a == 1) && (b == out || b == 1) && (a == out || b == out);
}

/** touch of an operator whose output is one pixel of each image and reads all of that image. */
void rpr_pixel_touch_image(const rpr_pixel_op *op, const rpr_touch *const *in, rpr_touch *out);

#endif
