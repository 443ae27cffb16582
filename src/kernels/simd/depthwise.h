/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: depthwise convolution of one row, a few pixels times one vector of channels at a time,
 * so that a weight is loaded once for all of them. Taps are added in their order, whatever the
 * tile.
 */

enum { DEPTHWISE_PIXELS = 8, DEPTHWISE_WIDEST = 5 };

#define DW(name) depthwise_##name
#define DW_V vf
#define DW_OP(name) v_##name
#include "kernels/simd/depthwise_tile.h"
#undef DW
#undef DW_V
#undef DW_OP

#define DW(name) depthwise_half_##name
#define DW_V vh
#define DW_OP(name) vh_##name
#include "kernels/simd/depthwise_tile.h"
#undef DW
#undef DW_V
#undef DW_OP

/* All channels of the pixels [p, p + np). */
static inline ALWAYS_INLINE void depthwise_tile(const rpr_depthwise_row *r, int32_t p, int np)
{
    const float *in = r->in + p * r->in_step;
    float *out = r->out + p * r->out_pix;
    const int32_t left = r->c % VL;
    int32_t k = 0;
    for (; k + VL <= r->c; k += VL)
        depthwise_vector(r, in, out, k, np, false, v_tail(VL));
    if (left > VH)
        depthwise_vector(r, in, out, k, np, true, v_tail(left));
    else if (left > 0)
        depthwise_half_vector(r, in, out, k, np, true, v_tail(left));
}

/* The same of DEPTHWISE_PIXELS pixels for kernels of kw columns and stride 1. */
static inline ALWAYS_INLINE void depthwise_slide_tile(const rpr_depthwise_row *r, int32_t p, int kw)
{
    const float *in = r->in + p * r->in_step;
    float *out = r->out + p * r->out_pix;
    const int32_t left = r->c % VL;
    int32_t k = 0;
    for (; k + VL <= r->c; k += VL)
        depthwise_slide(r, in, out, k, kw, false, v_tail(VL));
    if (left > VH)
        depthwise_slide(r, in, out, k, kw, true, v_tail(left));
    else if (left > 0)
        depthwise_half_slide(r, in, out, k, kw, true, v_tail(left));
}

static void depthwise_whole_tile(const rpr_depthwise_row *r, int32_t p)
{
    if (r->in_step == r->in_pix && r->kw == 3)
        depthwise_slide_tile(r, p, 3);
    else if (r->in_step == r->in_pix && r->kw == 5)
        depthwise_slide_tile(r, p, 5);
    else
        depthwise_tile(r, p, DEPTHWISE_PIXELS);
}

/* Pixels from p on that are all wanted, at most DEPTHWISE_PIXELS. */
static int32_t depthwise_run(const rpr_depthwise_row *r, int32_t p)
{
    int32_t n = r->n - p < DEPTHWISE_PIXELS ? r->n - p : DEPTHWISE_PIXELS;
    if (!r->mask)
        return n;
    for (int32_t i = 0; i < n; i++)
        if (!r->mask[p + i])
            return i;
    return n;
}

static void depthwise_row(const rpr_depthwise_row *r)
{
    const bool long_enough = !r->mask && r->n >= DEPTHWISE_PIXELS;
    for (int32_t p = 0; p < r->n;) {
        if (long_enough && p + DEPTHWISE_PIXELS > r->n)
            p = r->n -
                DEPTHWISE_PIXELS; /* some pixels once more, which costs less than one by one */
        int32_t run = depthwise_run(r, p);
        if (run == DEPTHWISE_PIXELS) {
            depthwise_whole_tile(r, p);
            p += DEPTHWISE_PIXELS;
        } else if (run >= DEPTHWISE_PIXELS / 2) {
            depthwise_tile(r, p, DEPTHWISE_PIXELS / 2);
            p += DEPTHWISE_PIXELS / 2;
        } else {
            if (run)
                depthwise_tile(r, p, 1);
            p++;
        }
    }
}
