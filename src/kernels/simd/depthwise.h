/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template: depthwise convolution of one row, a few pixels times one vector of channels at a time,
 * so that a weight is loaded once for all of them. Taps are added in their order, whatever the
 * tile.
 */

enum { DEPTHWISE_PIXELS = 8 };

/* Pixels [0, np) of a tile, channels [k, k + VL) or, with `part`, those of the tail. */
static inline ALWAYS_INLINE void depthwise_vector(const rpr_depthwise_row *r, const float *in,
                                                  float *out, int32_t k, int np, bool part,
                                                  vtail tail)
{
    const float *w = r->w + k;
    vf acc[DEPTHWISE_PIXELS];
    vf bias = part ? v_load_tail(r->bias + k, tail) : v_load(r->bias + k);
    UNROLL
    for (int p = 0; p < np; p++)
        acc[p] = bias;
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++, w += r->c) {
            const float *x = in + ky * r->in_row + kx * r->in_pix + k;
            vf wv = part ? v_load_tail(w, tail) : v_load(w);
            UNROLL
            for (int p = 0; p < np; p++, x += r->in_step)
                acc[p] = v_fma(part ? v_load_tail(x, tail) : v_load(x), wv, acc[p]);
        }
    UNROLL
    for (int p = 0; p < np; p++, out += r->out_pix)
        if (part)
            v_store_tail(out + k, tail, acc[p]);
        else
            v_store(out + k, acc[p]);
}

static inline ALWAYS_INLINE void depthwise_tile(const rpr_depthwise_row *r, int32_t p, int np)
{
    const float *in = r->in + p * r->in_step;
    float *out = r->out + p * r->out_pix;
    int32_t k = 0;
    for (; k + VL <= r->c; k += VL)
        depthwise_vector(r, in, out, k, np, false, v_tail(VL));
    if (k < r->c)
        depthwise_vector(r, in, out, k, np, true, v_tail(r->c - k));
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
    for (int32_t p = 0; p < r->n;) {
        int32_t run = depthwise_run(r, p);
        if (run == DEPTHWISE_PIXELS) {
            depthwise_tile(r, p, DEPTHWISE_PIXELS);
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
