/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels for AVX-VNNI: dot products of bytes in 16 registers of 8 words. */
#include "kernels/tables.h"

#if defined(__x86_64__)

#define RPR_SIMD_TARGET "avx2,fma,avxvnni"
#include "kernels/simd/target_begin.h"
#define I_VNNI 1
#include "kernels/x86/int256.h"

#define INT8(name) rpr_avx2vnni_##name
#include "kernels/simd/requant.h"

/* Tiles that leave registers for the weights and one broadcast. */
#define CONV_MAX_PIXELS 12
#define CONV_MAX_VECTORS 2
#define CONV_WIDE(S) S(12, 1) S(6, 2)
#define CONV_SHAPES(S) CONV_UP_TO_12(S, 1) CONV_UP_TO_6(S, 2)
#define CONV_MAX_SCATTERED 8
#define CONV_SCATTERED(S) S(8, 4, 1) S(6, 3, 2)
#include "kernels/simd/conv_row_i8.h"

#define DEPTHWISE_PIXELS 2
#include "kernels/simd/depthwise_i8.h"

#include "kernels/simd/delta_i8.h"
#include "kernels/simd/gate_words.h"

#include "kernels/simd/target_end.h"

#endif
