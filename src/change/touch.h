/* SPDX-License-Identifier: Apache-2.0 */
/* Touched maps: which pixels of a tensor may differ from the previous frame. */
#ifndef RPR_CHANGE_TOUCH_H
#define RPR_CHANGE_TOUCH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/**
 * One byte per pixel (0 or 1), row-major over n, h, w, without any halo. Conservative: a pixel that
 * is not marked holds, in every channel, exactly what it held on the previous frame.
 * `pix` has room for 8 bytes past the end, so that it may be read by words.
 */
typedef struct rpr_touch {
    uint8_t *pix;
    int32_t n, h, w;
    bool any;
    bool all; /* if set every pixel is marked; if not they may be, too */
} rpr_touch;

static inline int64_t rpr_touch_pixels(const rpr_touch *t)
{
    return (int64_t)t->n * t->h * t->w;
}

static inline void rpr_touch_fill(rpr_touch *t, bool on)
{
    memset(t->pix, on ? 1 : 0, (size_t)rpr_touch_pixels(t));
    t->any = t->all = on;
}

static inline uint8_t *rpr_touch_row(const rpr_touch *t, int32_t n, int32_t y)
{
    return t->pix + ((int64_t)n * t->h + y) * t->w;
}

/** Number of marked pixels. */
int64_t rpr_touch_count(const rpr_touch *t);

/** True if any of the `count` bytes at p is set. */
bool rpr_touch_range(const uint8_t *p, int64_t count);

/**
 * Next run of marked pixels in row[x..w): sets *x0, *x1 (half open) and returns true; false if
 * none. A NULL row stands for "all marked": the run is [x, w).
 */
bool rpr_touch_run(const uint8_t *row, int32_t x, int32_t w, int32_t *x0, int32_t *x1);

/**
 * The same with runs that are at most `gap` pixels apart taken as one: for work that does no harm
 * at pixels that are not marked.
 */
bool rpr_touch_span(const uint8_t *row, int32_t x, int32_t w, int32_t gap, int32_t *x0,
                    int32_t *x1);

/** out |= in, pixel by pixel; the maps have the same size. */
void rpr_touch_or(rpr_touch *out, const rpr_touch *in);

/**
 * Marks in `out` every pixel of a window operator that reads a marked pixel of `in`: output (y, x)
 * reads input rows y * sh - pt + k * dh for k in [0, kh), and columns alike.
 */
void rpr_touch_window(rpr_touch *out, const rpr_touch *in, int kh, int kw, int sh, int sw, int pt,
                      int pl, int dh, int dw);

#endif
