/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that are compiled in; dispatch.c chooses between them. */
#ifndef RPR_KERNELS_TABLES_H
#define RPR_KERNELS_TABLES_H

#include "kernels/kernels.h"

extern const rpr_kernels rpr_kernels_scalar;
#if defined(__x86_64__)
extern const rpr_kernels rpr_kernels_avx2;
extern const rpr_kernels rpr_kernels_avx2vnni;
extern const rpr_kernels rpr_kernels_avx512;
extern const rpr_kernels rpr_kernels_avx512vnni;
#endif
#if defined(__aarch64__)
extern const rpr_kernels rpr_kernels_neon;
extern const rpr_kernels rpr_kernels_neondot;
#endif

/* The integer kernels have files of their own: what a file `name` defines, and as table entries. */
#define RPR_DECLARE_INT8(name)                                                                     \
    void rpr_##name##_conv_row_i8(const rpr_conv_row_i8 *r);                                       \
    void rpr_##name##_delta_i8(const rpr_delta_job_i8 *j);                                         \
    void rpr_##name##_depthwise_row_i8(const rpr_depthwise_row_i8 *r);                             \
    int32_t rpr_##name##_gate_words(const uint32_t *x, uint32_t *xhat, int32_t n, int32_t theta,   \
                                    int32_t base, int32_t *idx, uint32_t *step, uint32_t *rest);   \
    void rpr_##name##_requantise(const rpr_requant *q, const int32_t *z, int64_t z_pix, bool z24,  \
                                 uint8_t *a, int64_t a_pix, int32_t c, int32_t n);
#define RPR_INT8(name)                                                                             \
    .conv_row_i8 = rpr_##name##_conv_row_i8, .delta_i8 = rpr_##name##_delta_i8,                    \
    .depthwise_row_i8 = rpr_##name##_depthwise_row_i8, .gate_words = rpr_##name##_gate_words,      \
    .requantise = rpr_##name##_requantise

RPR_DECLARE_INT8(ref)
#if defined(__x86_64__)
RPR_DECLARE_INT8(avx2)
RPR_DECLARE_INT8(avx2vnni)
RPR_DECLARE_INT8(avx512vnni)
#endif
#if defined(__aarch64__)
RPR_DECLARE_INT8(neon)
RPR_DECLARE_INT8(neondot)
#endif

#endif
