/* SPDX-License-Identifier: Apache-2.0 */
#include "core/place.h"

#include <stdint.h>

static rpr_piece *largest_left(rpr_piece *piece, int n)
{
    rpr_piece *best = NULL;
    for (int i = 0; i < n; i++)
        if (!piece[i].placed && (!best || piece[i].bytes > best->bytes))
            best = &piece[i];
    return best;
}

/** Moves p behind a placed piece that is in its way; false if it is not. */
static bool makes_way(rpr_piece *p, const rpr_piece *o)
{
    size_t end = o->at + o->bytes;
    if (!o->placed || o->last < p->first || p->last < o->first || end <= p->at ||
        p->at + p->bytes <= o->at)
        return false;
    p->at = (end + RPR_PLACE_ALIGN - 1) / RPR_PLACE_ALIGN * RPR_PLACE_ALIGN;
    return true;
}

bool rpr_place(rpr_piece *piece, int n, size_t *total)
{
    size_t sum = 0; /* of all: nothing that is added below overflows if this does not */
    *total = 0;
    for (int i = 0; i < n; i++) {
        piece[i].placed = false;
        if (piece[i].bytes > PTRDIFF_MAX / 2 - sum)
            return false;
        sum += piece[i].bytes + RPR_PLACE_ALIGN;
    }
    for (rpr_piece *p; (p = largest_left(piece, n));) {
        p->at = 0;
        for (bool moved = p->bytes > 0; moved;) {
            moved = false;
            for (int i = 0; i < n; i++)
                moved |= makes_way(p, &piece[i]);
        }
        p->placed = true;
        *total = p->at + p->bytes > *total ? p->at + p->bytes : *total;
    }
    return true;
}
