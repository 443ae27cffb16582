/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar kernels: each is the definition of what kernels.h describes. */
#ifndef RPR_KERNELS_REF_REF_H
#define RPR_KERNELS_REF_REF_H

#include "kernels/kernels.h"

void rpr_ref_conv_row(const rpr_conv_row *r);
void rpr_ref_delta(const rpr_delta_job *j);
void rpr_ref_depthwise_row(const rpr_depthwise_row *r);
int32_t rpr_ref_gate_deadzone(const float *x, float *xhat, int32_t n, float theta, int32_t base,
                              int32_t *idx, float *delta, bool *nonfinite);
int32_t rpr_ref_gate_levels(const float *x, float *xhat, int32_t n, const rpr_levels *q,
                            int32_t base, int32_t *idx, float *delta, bool *nonfinite);
void rpr_ref_act(const rpr_act *a, const float *x, float *y, int64_t n);
void rpr_ref_binary(rpr_binary op, const float *a, const float *b, float *o, int64_t n);
void rpr_ref_binary_scalar(rpr_binary op, const float *a, float b, bool reversed, float *o,
                           int64_t n);
void rpr_ref_weighted_sum(float *o, const float *const *p, const float *w, int32_t m, int64_t n);
void rpr_ref_accumulate(float *o, const float *a, int64_t n);
void rpr_ref_maximum(float *o, const float *const *p, int32_t m, int64_t n);
float rpr_ref_magnitude(const float *x, int64_t n);
bool rpr_ref_all_finite(const float *x, int64_t n);
void rpr_ref_u8_to_f32(const uint8_t *x, float *y, int64_t pixels, int32_t c, const float *scale,
                       const float *offset);
void rpr_ref_planes(const float *from, int64_t pix, float *to, int64_t plane, int32_t n, int32_t c);
bool rpr_ref_u8_moved(const uint8_t *now, const uint8_t *then, const uint8_t *limit, uint8_t *moved,
                      int64_t n);
extern const rpr_byte_kernels rpr_ref_bytes;

#endif
