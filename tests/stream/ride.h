/* SPDX-License-Identifier: Apache-2.0 */
/* A network on a window that slides, beside the same network on whole windows. */
#ifndef RPR_TESTS_STREAM_RIDE_H
#define RPR_TESTS_STREAM_RIDE_H

#include "play.h"

typedef struct ride {
    rpr_model *whole, *slid;
    player *dense; /* of `whole`: what a window's outputs are */
    int64_t length, hop, calls;
    int64_t at; /* calls made */
    rng r;
    size_t n, outer, inner;
    float *column; /* the last `length` columns, each in one piece */
    float *window, *fresh;
    rpr_input whole_in[MAX_ENDS], in[MAX_ENDS]; /* of the present call */
    float *other[MAX_ENDS];                     /* inputs that are no window, and stay */
} ride;

/** Both models of two equal graphs, which it takes over; the window is on input 0. */
ride *ride_new(rpr_graph *a, rpr_graph *b, int axis, int64_t hop, uint64_t seed);
void ride_free(ride *w);

/** The next columns: some repeat, some change a little, some are new; `still`: all repeat. */
void ride_next(ride *w, bool still);

/** Runs them; must succeed. */
void ride_run(const ride *w, player *p);

/** "plain" of nets.h along its width. */
ride *ride_plain(int64_t hop);

/** Without refresh. */
rpr_stream_options ride_options(rpr_gate_kind kind, int threads);

/** Another stream that goes on from the saved state of one. */
player *ride_saved(const player *p);

/** True if outputs are of whole windows by now. */
bool ride_full(const ride *w);

#endif
