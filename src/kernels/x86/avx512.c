/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels for AVX-512 F, BW, DQ, VL: 32 registers of 16 floats. */
#include "kernels/tables.h"

#if defined(__x86_64__)

#define RPR_SIMD_TARGET "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"
#include "kernels/simd/target_begin.h"
#include "kernels/x86/vec512.h"
#include "kernels/x86/bytes512.h"
#include "kernels/simd/vec_common.h"

/* Tiles that leave registers for the weights and one broadcast. */
#define CONV_MAX_PIXELS 12
#define CONV_MAX_VECTORS 4
#define CONV_WIDE(S) S(12, 1) S(12, 2) S(8, 3) S(6, 4)
#define CONV_SHAPES(S) CONV_UP_TO_12(S, 1) CONV_UP_TO_12(S, 2) CONV_UP_TO_8(S, 3) CONV_UP_TO_6(S, 4)
#define CONV_MAX_SCATTERED 8
#define CONV_SCATTERED(S) S(8, 4, 1) S(8, 4, 2) S(6, 3, 3) S(6, 3, 4)
#include "kernels/simd/conv_row.h"

#include "kernels/simd/act.h"
#include "kernels/simd/bytes.h"
#include "kernels/simd/delta.h"
#include "kernels/simd/depthwise.h"
#include "kernels/simd/elementwise.h"
#include "kernels/simd/gate.h"
#include "kernels/simd/planes.h"
#include "kernels/simd/quantised.h"

#include "kernels/simd/target_end.h"

/* Tables differ in their integer kernels only. */
#define FLOATS                                                                                     \
    .bytes = &bytes, .conv_row = conv_row, .delta = delta, .depthwise_row = depthwise_row,         \
    .gate_deadzone = gate_deadzone, .gate_levels = gate_levels, .act = act, .binary = binary,      \
    .binary_scalar = binary_scalar, .weighted_sum = weighted_sum, .accumulate = accumulate,        \
    .maximum = maximum, .magnitude = magnitude, .all_finite = all_finite, .u8_to_f32 = u8_to_f32,  \
    .planes = planes, .u8_moved = u8_moved

const rpr_kernels rpr_kernels_avx512 = {
    .isa = "avx512",
    FLOATS,
    RPR_INT8(avx2),
};
const rpr_kernels rpr_kernels_avx512vnni = {
    .isa = "avx512vnni",
    FLOATS,
    RPR_INT8(avx512vnni),
};

#endif
