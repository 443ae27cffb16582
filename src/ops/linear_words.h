/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of layers of words: from the maps' units to the bytes and sums of the int8 kernels. */
#ifndef RPR_OPS_LINEAR_WORDS_H
#define RPR_OPS_LINEAR_WORDS_H

#include "ops/linear.h"

/**
 * Sums to r->out (or none if it is NULL) and bytes to `a` (NULL: none), `a_pix` words from pixel to
 * pixel. `a` is channel 0 of the output's first pixel; r's weights, bias and outputs begin with
 * output channel c0 of the phase.
 */
void rpr_words_conv_row(const rpr_linear *l, const rpr_kernels *k, const rpr_phase *p,
                        const rpr_conv_row *r, int32_t c0, float *a, int64_t a_pix);

/** Output row j of image n, where mask says so (NULL: all of it); z may be without data. */
void rpr_words_row(const rpr_linear *l, const rpr_kernels *k, const rpr_phase *p, const rpr_map *in,
                   const rpr_map *z, const rpr_map *a, int32_t n, int32_t j, const uint8_t *mask);

/** From the sums of `count` neighbouring pixels to their bytes. */
void rpr_words_finish(const rpr_linear *l, const rpr_kernels *k, const float *z, int64_t z_pix,
                      float *a, int64_t a_pix, int32_t count);

/** job->delta are the steps, `rest` what they leave. */
void rpr_words_delta(const rpr_linear *l, const rpr_kernels *k, const rpr_delta_job *job,
                     const uint32_t *rest);

#endif
