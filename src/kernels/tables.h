/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that are compiled in; dispatch.c chooses between them. */
#ifndef RPR_KERNELS_TABLES_H
#define RPR_KERNELS_TABLES_H

#include "kernels/kernels.h"

extern const rpr_kernels rpr_kernels_scalar;
#if defined(__x86_64__)
extern const rpr_kernels rpr_kernels_avx2;
extern const rpr_kernels rpr_kernels_avx512;
#endif
#if defined(__aarch64__)
extern const rpr_kernels rpr_kernels_neon;
#endif

#endif
