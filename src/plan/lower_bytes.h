/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_PLAN_LOWER_BYTES_H
#define RPR_PLAN_LOWER_BYTES_H

#include "plan/lower_pixel.h"

/** A u8 value as an operand in words of this rank with channels on `axis`; RPR_NONE if it cannot
 *  be. */
int rpr_lower_word_operand(rpr_plan *p, int value, int rank, int axis);

/** Operators on u8, but for those that only move elements (lower_move.c). */
int rpr_lower_bytes(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err);

#endif
