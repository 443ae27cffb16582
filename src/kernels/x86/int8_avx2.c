/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels for AVX2: 16 registers of 8 words, bytes widened to 16 bits. */
#include "kernels/tables.h"

#if defined(__x86_64__)

#define RPR_SIMD_TARGET "avx2,fma"
#include "kernels/simd/target_begin.h"
#define I_VNNI 0
#include "kernels/x86/int256.h"

#define INT8(name) rpr_avx2_##name
#include "kernels/simd/requant.h"

/* Tiles that leave registers for the even and the odd bytes of weights and values. */
#define CONV_MAX_PIXELS 8
#define CONV_MAX_VECTORS 2
#define CONV_WIDE(S) S(8, 1) S(4, 2)
#define CONV_SHAPES(S) CONV_UP_TO_8(S, 1) CONV_UP_TO_4(S, 2)
#define CONV_MAX_SCATTERED 4
#define CONV_SCATTERED(S) S(4, 2, 1) S(4, 2, 2)
#include "kernels/simd/conv_row_i8.h"

#include "kernels/pack_i8.h"
#include "kernels/x86/depthwise_pairs256.h"

#include "kernels/simd/delta_i8.h"
#include "kernels/simd/gate_words.h"

#include "kernels/simd/target_end.h"

#endif
