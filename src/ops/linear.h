/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weighted layers: Conv, ConvTranspose, Gemm and MatMul with constant weights, all brought to one
 * form. A layer is one or more *phases*; a phase is an ordinary convolution that writes a regular
 * grid of output pixels. Conv has one phase per group, ConvTranspose one per group and residue of
 * the output position modulo the stride, Gemm and MatMul are a 1x1 convolution.
 */
#ifndef RPR_OPS_LINEAR_H
#define RPR_OPS_LINEAR_H

#include "change/gate.h"
#include "change/map.h"
#include "change/touch.h"
#include "core/pool.h"
#include "kernels/cost.h"
#include "kernels/kernels.h"

/**
 * Output index (j, i) of a phase is output pixel (out_y0 + j * out_sy, out_x0 + i * out_sx); its
 * tap (ky, kx) reads input pixel (j * sh + in_y0 + ky * dh, i * sw + in_x0 + kx * dw). A phase may
 * write out_n neighbouring pixels at once, as if they were channels: then co counts those of all.
 */
typedef struct rpr_phase {
    int32_t kh, kw, sh, sw, dh, dw;
    int32_t in_y0, in_x0;
    int32_t out_y0, out_x0, out_sy, out_sx;
    int32_t rows, cols;
    int32_t out_n;
    int32_t ci0, ci, co0, co;
    int32_t z0;        /* where its first output's z is in a pixel, in floats: rpr_linear_measure */
    const float *w;    /* packed; depthwise: kh * kw * c, unpacked */
    const float *half; /* the same as half weights, or NULL */
    const float *bias; /* rpr_round_lane(co) floats */
    const int32_t *sum128; /* of a layer of words (kernels/int8.h), rpr_round_lane(co), ... */
    const float *scale;    /* ... and from sums to steps of the output, as many */
} rpr_phase;

/** Sizes along one spatial axis: taps, stride, dilation, padding before the first element. */
typedef struct rpr_linear_axis {
    int32_t k, s, d, pad, in, out;
} rpr_linear_axis;

/** What the node says, before it becomes phases. */
typedef struct rpr_linear_geometry {
    rpr_linear_axis axis[2]; /* y, x */
    int32_t groups;
    bool transposed;
} rpr_linear_geometry;

/**
 * A layer of *words* takes u8 and gives u8: where others have floats it has words, of four s8
 * weights or four u8 inputs (ci, ci0 and in_c count them; so do the maps of input and output), or
 * of an int32 bias or sum. z holds a sum for every output channel: in an int32, or with z24, which
 * says that three bytes hold each for whatever input, as kernels/int8.h has it.
 */
typedef struct rpr_linear {
    rpr_linear_geometry geometry;
    rpr_phase *phase; /* owned */
    int32_t n_phase;
    bool words;
    bool z24;       /* of words */
    bool folded;    /* some out_n is not 1: the output's pixels must follow each other */
    bool depthwise; /* one phase of the depthwise kernel */
    bool by_pixel;  /* corrected by recomputing the output pixels that see a change */
    bool cheap;     /* comparing its input costs about as much as a dense evaluation */
    float *weights; /* owned: packed weights of all phases, then biases */
    float *requant; /* owned, of words: scales and sum128 of all phases, and the table; or NULL */
    float *half;    /* owned: half weights of all phases, or NULL */
    size_t weight_bytes, requant_bytes, half_bytes;
    rpr_act act;
    int32_t n, in_h, in_w, in_c, out_h, out_w, out_c;
    int32_t halo_t, halo_b, halo_l, halo_r; /* zeros needed around the input: bytes of `zero` */
    uint8_t zero;                           /* of words: the input's zero point, ... */
    uint8_t zero_out;                       /* ... the output's, ... */
    const uint8_t *table; /* ... and what becomes of an output; 256 bytes, or NULL */
    int32_t group_in;     /* input channels of an output; ci is as many, but for words */
    int32_t max_terms;    /* products of one output at most */
    int64_t macs; /* dense multiply-accumulates, taps in the padding not counted; of words one is
                     four: rpr_linear_macs */
    int64_t macs_nominal; /* the same with every tap counted */
    int64_t parameters;
} rpr_linear;

void rpr_linear_free(rpr_linear *l);

static inline bool rpr_linear_has_halo(const rpr_linear *l)
{
    return l->halo_t > 0 || l->halo_b > 0 || l->halo_l > 0 || l->halo_r > 0;
}

/** Floats of z for c output channels; these are all of them, or a multiple of 4. */
static inline int32_t rpr_linear_z_floats(const rpr_linear *l, int32_t c)
{
    return l->z24 ? rpr_sum24_words(c) : c;
}

/** True multiply-accumulates of what is counted in the layer's units. */
static inline int64_t rpr_linear_macs(const rpr_linear *l, int64_t counted)
{
    return l->words && !l->depthwise ? counted * l->group_in / l->phase[0].ci : counted;
}

/** Fills halo, counts, maxima and z0 from the phases and dimensions. */
void rpr_linear_measure(rpr_linear *l);

/**
 * z = W * in + b and a = act(z) for every output pixel. in has the halo that the layer needs;
 * a and z may be one map; of words z may be without data. The threads of `pool` (NULL: none but the
 * caller) share the rows; the bits do not depend on them.
 */
void rpr_linear_dense(const rpr_linear *l, const rpr_kernels *k, rpr_pool *pool, const rpr_map *in,
                      const rpr_map *z, const rpr_map *a, const rpr_act *act);

/** True if a correction computes z anew from xhat wherever it sees a change: old z is not needed.
 */
static inline bool rpr_linear_recomputes(const rpr_linear *l, const rpr_gate_state *g)
{
    return l->by_pixel || g->open;
}

/** True if a correction from the gate's list uses half weights. */
static inline bool rpr_phase_uses_half(const rpr_phase *p, const rpr_gate_state *g)
{
    return g->half && p->half;
}

/** Output pixels that a correction handles together; one row at least. */
#define RPR_CORRECT_PIXELS 512

/**
 * Scratch of one correction, for every thread of the pool: room for `pixels` entries, which are one
 * more than RPR_CORRECT_PIXELS or the longest row, whichever is more.
 */
typedef struct rpr_linear_scratch {
    rpr_pool *pool; /* or NULL */
    rpr_delta_visit *visit;
    int32_t *terms; /* products added to an output */
    uint8_t *fresh; /* outputs that are computed anew */
    size_t pixels;
} rpr_linear_scratch;

typedef struct rpr_correction {
    int64_t macs;      /* multiply-accumulates executed */
    int32_t max_terms; /* most products added to one output */
    bool finite;       /* z is finite wherever it was written */
    bool mixed;        /* some outputs were computed anew, though there is a list */
} rpr_correction;

/**
 * z += W * (new xhat - old xhat) from the gate's change list (which must be complete), and a =
 * act(z) where z was written. By pixel, and behind an open gate, z is computed anew from xhat where
 * it sees a change; then a and z may be one map, else only without activation. By the list, outputs
 * are computed anew where that is cheaper by `cost` (linear_fresh.h; NULL: nowhere). Marks in
 * `touched` (cleared first) the output pixels that were written. With `next`, which must have begun
 * with a and `touched`, the layer has one phase and one image, and rows are compared when they are
 * done; once something is not finite in a z that is kept no more of them, and the scan is
 * worthless.
 */
rpr_correction rpr_linear_correct(const rpr_linear *l, const rpr_kernels *k,
                                  const rpr_gate_state *g, const rpr_map *z, const rpr_map *a,
                                  const rpr_act *act, rpr_touch *touched, const rpr_cost *cost,
                                  const rpr_linear_scratch *scratch, rpr_gate_scan *next);

/** Marks in `touched` what a correction that recomputes would write. */
void rpr_linear_reach(const rpr_linear *l, const rpr_gate_state *g, rpr_touch *touched);

/** True if z is finite everywhere. */
bool rpr_linear_finite(const rpr_linear *l, const rpr_kernels *k, const rpr_map *z);

#endif
