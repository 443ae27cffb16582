/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QuantizeLinear of an 8-bit picture: what a byte becomes by way of a float is looked up, and the
 * floats are never written. The same bits as by way of them.
 */
#ifndef RPR_OPS_PIXEL_BYTES_PICTURE_H
#define RPR_OPS_PIXEL_BYTES_PICTURE_H

#include "ops/pixel_ops.h"

/** A picture of c channels, at most 4, side by side, and how its bytes become words. */
typedef struct rpr_byte_picture {
    const uint8_t *bytes;
    size_t pitch; /* from row to row */
    int32_t c;
    uint32_t word[4][256]; /* what a byte of each channel gives to its pixel's word */
} rpr_byte_picture;

/** The scale of an operator from rpr_pixel_bytes_quantise_new; NULL: it is another one. */
const rpr_byte_scale *rpr_pixel_bytes_quantises(const rpr_pixel_op *op);

/** Fills c and word: a byte b of channel k is b * scale[k] + offset[k], stored with scale `to`. */
void rpr_byte_picture_fill(rpr_byte_picture *p, const rpr_kernels *k, const rpr_byte_scale *to,
                           const float *scale, const float *offset, int32_t c);

/** The operator `op` on such a picture, in the place of its input; it lives as long as both. */
rpr_pixel_op rpr_byte_picture_op(const rpr_pixel_op *op, rpr_byte_picture *p);

#endif
