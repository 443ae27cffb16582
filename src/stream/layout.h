/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over all memory of a stream (memory.c): what its parts share. */
#ifndef RPR_STREAM_LAYOUT_H
#define RPR_STREAM_LAYOUT_H

#include "core/arena.h"
#include "core/place.h"
#include "stream/stream.h"

/** Takes memory for a part of each frame: asked for twice, like an arena. */
typedef struct rpr_shared {
    char *base; /* NULL while pieces are being gathered */
    rpr_piece *piece;
    int n;
} rpr_shared;

typedef struct rpr_layout {
    rpr_arena state;
    rpr_arena frame;   /* made anew by every frame, and there until the next */
    rpr_shared shared; /* ... and there for a part of it */
} rpr_layout;

/** n elements of `size` bytes from moment `first` to moment `last`. */
void *rpr_take_shared(rpr_layout *m, int first, int last, size_t n, size_t size);

/** What every gate keeps, lists and marks. */
void rpr_stream_take_gates(rpr_stream *s, rpr_layout *m);

/** A row of every thread for the gates: one gate is updated at a time. */
void rpr_stream_take_gate_rows(rpr_stream *s, rpr_arena *a);

#endif
