/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ref/ref.h"
#include "kernels/tables.h"

const rpr_kernels rpr_kernels_scalar = {
    .isa = "scalar",
    .conv_row = rpr_ref_conv_row,
    .delta = rpr_ref_delta,
    .depthwise_row = rpr_ref_depthwise_row,
    .gate_deadzone = rpr_ref_gate_deadzone,
    .gate_levels = rpr_ref_gate_levels,
    .act = rpr_ref_act,
    .binary = rpr_ref_binary,
    .binary_scalar = rpr_ref_binary_scalar,
    .weighted_sum = rpr_ref_weighted_sum,
    .accumulate = rpr_ref_accumulate,
    .maximum = rpr_ref_maximum,
    .magnitude = rpr_ref_magnitude,
    .all_finite = rpr_ref_all_finite,
    .u8_to_f32 = rpr_ref_u8_to_f32,
    .planes = rpr_ref_planes,
    .u8_moved = rpr_ref_u8_moved,
    RPR_INT8(ref),
    .bytes = &rpr_ref_bytes,
};
