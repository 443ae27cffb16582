/* SPDX-License-Identifier: Apache-2.0 */
/* Places pieces of memory that are wanted at different times, so that they share it. */
#ifndef RPR_CORE_PLACE_H
#define RPR_CORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define RPR_PLACE_ALIGN 64

/** Memory that is wanted from one moment to another, both included. */
typedef struct rpr_piece {
    size_t bytes;
    int first, last;
    size_t at; /* set by rpr_place: offset, a multiple of 64 */
    bool placed;
} rpr_piece;

/**
 * Places n pieces such that no two overlap that are wanted at the same moment: the largest first,
 * each as low as it can lie. Sets *total to the bytes that all take; false if there are too many.
 */
bool rpr_place(rpr_piece *piece, int n, size_t *total);

#endif
