/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_PLAN_LOWER_BYTES_H
#define RPR_PLAN_LOWER_BYTES_H

#include "plan/lower_pixel.h"

/** A u8 value as an operand in words of this rank with channels on `axis`; RPR_NONE if it cannot
 *  be. */
int rpr_lower_word_operand(rpr_plan *p, int value, int rank, int axis);

/** A constant scale and zero point (u8) of a whole tensor, inputs of a node; false if they are
 *  something else. */
bool rpr_lower_scale(const rpr_plan *p, const rpr_node *n, int scale, int zero,
                     rpr_byte_scale *out);

/** What only moves elements may be of either type. */
int rpr_lower_moved_operand(rpr_plan *p, int value, int rank, int axis);

/** The operator that gathers elements of tensor `in`, which is of u8; `value` is a byte. *made is
 *  false if it cannot be; NULL with *made true: out of memory. */
rpr_pixel_op *rpr_lower_gather_bytes(const rpr_plan *p, const rpr_node *n, int in,
                                     const rpr_map *to, int axis, const int32_t *const index[4],
                                     float value, bool *made);

/** Operators on u8, but for those that only move elements (lower_move.c). */
int rpr_lower_bytes(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err);

#endif
