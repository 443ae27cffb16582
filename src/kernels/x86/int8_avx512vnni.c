/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels for AVX-512 with VNNI: dot products of bytes in 32 registers of 16 words. */
#include "kernels/tables.h"

#if defined(__x86_64__)

#define RPR_SIMD_TARGET "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"
#include "kernels/simd/target_begin.h"
#include "kernels/x86/int512.h"
#include "kernels/x86/int512_half.h"

#define INT8(name) rpr_avx512vnni_##name
#include "kernels/simd/requant.h"

/* Tiles that leave registers for the weights and one broadcast. */
#define CONV_MAX_PIXELS 12
#define CONV_MAX_VECTORS 4
#define CONV_WIDE(S) S(12, 1) S(12, 2) S(8, 3) S(6, 4)
#define CONV_SHAPES(S) CONV_UP_TO_12(S, 1) CONV_UP_TO_12(S, 2) CONV_UP_TO_8(S, 3) CONV_UP_TO_6(S, 4)
#define CONV_MAX_SCATTERED 8
#define CONV_SCATTERED(S) S(8, 4, 1) S(8, 4, 2) S(6, 3, 3) S(6, 3, 4)
#include "kernels/simd/conv_row_i8.h"

#define DEPTHWISE_PIXELS 4
#include "kernels/simd/depthwise_i8.h"

#include "kernels/simd/delta_i8.h"
#include "kernels/simd/gate_words.h"

#include "kernels/simd/target_end.h"

#endif
