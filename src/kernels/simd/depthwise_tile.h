/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template of depthwise.h for one width of vectors: DW(name) makes a name, DW_V is the type, DW_OP
 * the prefix of what it can do.
 */

/* Channels [k, k + a vector) of np pixels or, with `part`, those of the tail. */
static inline ALWAYS_INLINE void DW(start)(DW_V *acc, const float *bias, int np, bool part,
                                           vtail tail)
{
    const DW_V b = part ? DW_OP(load_tail)(bias, tail) : DW_OP(load)(bias);
    UNROLL
    for (int p = 0; p < np; p++)
        acc[p] = b;
}

static inline ALWAYS_INLINE void DW(store)(const DW_V *acc, float *out, int64_t out_pix, int np,
                                           bool part, vtail tail)
{
    UNROLL
    for (int p = 0; p < np; p++, out += out_pix)
        if (part)
            DW_OP(store_tail)(out, tail, acc[p]);
        else
            DW_OP(store)(out, acc[p]);
}

/* Any kernel. */
static inline ALWAYS_INLINE void DW(vector)(const rpr_depthwise_row *r, const float *in, float *out,
                                            int32_t k, int np, bool part, vtail tail)
{
    const float *w = r->w + k;
    DW_V acc[DEPTHWISE_PIXELS];
    DW(start)(acc, r->bias + k, np, part, tail);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++, w += r->c) {
            const float *x = in + ky * r->in_row + kx * r->in_pix + k;
            const DW_V wv = part ? DW_OP(load_tail)(w, tail) : DW_OP(load)(w);
            UNROLL
            for (int p = 0; p < np; p++, x += r->in_step)
                acc[p] = DW_OP(fma)(part ? DW_OP(load_tail)(x, tail) : DW_OP(load)(x), wv, acc[p]);
        }
    DW(store)(acc, out + k, r->out_pix, np, part, tail);
}

/* kw columns wide and of stride 1: a value is loaded once for the kw neighbours that see it. */
static inline ALWAYS_INLINE void DW(slide)(const rpr_depthwise_row *r, const float *in, float *out,
                                           int32_t k, int kw, bool part, vtail tail)
{
    const float *w = r->w + k;
    const int64_t in_pix = r->in_pix;
    DW_V acc[DEPTHWISE_PIXELS], wv[DEPTHWISE_WIDEST];
    DW(start)(acc, r->bias + k, DEPTHWISE_PIXELS, part, tail);
    for (int32_t ky = 0; ky < r->kh; ky++) {
        const float *x = in + ky * r->in_row + k;
        UNROLL
        for (int kx = 0; kx < kw; kx++, w += r->c)
            wv[kx] = part ? DW_OP(load_tail)(w, tail) : DW_OP(load)(w);
        UNROLL
        for (int i = 0; i < DEPTHWISE_PIXELS + kw - 1; i++, x += in_pix) {
            const DW_V v = DW_OP(kept)(part ? DW_OP(load_tail)(x, tail) : DW_OP(load)(x));
            UNROLL
            for (int kx = 0; kx < kw; kx++)
                if (i - kx >= 0 && i - kx < DEPTHWISE_PIXELS)
                    acc[i - kx] = DW_OP(fma)(v, wv[kx], acc[i - kx]);
        }
    }
    DW(store)(acc, out + k, r->out_pix, DEPTHWISE_PIXELS, part, tail);
}
