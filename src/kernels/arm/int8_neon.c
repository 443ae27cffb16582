/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels for NEON (Advanced SIMD of AArch64): products of bytes, summed in pairs. */
#include "kernels/tables.h"

#if defined(__aarch64__)

#include "kernels/simd/target_begin.h"
#define I_DOT 0
#include "kernels/arm/int128.h"

#define INT8(name) rpr_neon_##name
#include "kernels/simd/requant.h"

/* Tiles that leave registers for the weights and the values. */
#define CONV_MAX_PIXELS 12
#define CONV_MAX_VECTORS 4
#define CONV_WIDE(S) S(12, 1) S(10, 2) S(6, 3) S(5, 4)
#define CONV_SHAPES(S) CONV_UP_TO_12(S, 1) CONV_UP_TO_10(S, 2) CONV_UP_TO_6(S, 3) CONV_UP_TO_5(S, 4)
#define CONV_MAX_SCATTERED 8
#define CONV_SCATTERED(S) S(8, 4, 1) S(8, 4, 2) S(6, 3, 3) S(5, 3, 4)
#include "kernels/simd/conv_row_i8.h"

#define DEPTHWISE_PIXELS 4
#include "kernels/simd/depthwise_i8.h"

#include "kernels/simd/delta_i8.h"
#include "kernels/simd/gate_words.h"

#include "kernels/simd/target_end.h"

#endif
