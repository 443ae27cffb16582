/* SPDX-License-Identifier: Apache-2.0 */
/**
 * --axis: the model's input is a window that slides. A call takes the block of its new columns;
 * what runs the full window beside it gets that from here, too.
 */
#ifndef TOOLS_WINDOW_H
#define TOOLS_WINDOW_H

#include <stddef.h>

#include "reprise/reprise.h"

#include "args.h"

/** Zeroed: there is no window. A column is `outer` runs of `inner` bytes. */
typedef struct window {
    int on;
    rpr_window_info info;
    rpr_tensor_info full; /**< the input as it is without a window: info.length columns */
    int axis;             /**< of it, from 0 */
    size_t outer, inner;
    unsigned char *whole; /**< the last info.length columns in the input's order; NULL: not kept */
} window;

/**
 * Of a model that was loaded with o's window, of which t is the input. keep: `whole` is wanted.
 * Returns an exit code. Without --axis nothing is done. Close it in any case.
 */
int window_open(window *w, const rpr_model *m, const rpr_tensor_info *t, const cli_options *o,
                int keep);
void window_close(window *w);

/** One column as a tensor: the input without its axis, with ones in front up to four axes. */
rpr_tensor_info window_column(const window *w);
size_t window_column_bytes(const window *w);

/** Puts a column, dense, in place i of a block. */
void window_put(const window *w, void *block, int64_t i, const void *column);

/** Takes a block's columns in at the end of `whole`, if that is kept. */
void window_push(window *w, const void *block);

/** Input columns that so many windows take together. */
int64_t window_span(const window *w, int64_t windows);
/** Windows in so many input columns; -1 of -1. */
int64_t window_count(const window *w, int64_t columns);

#endif
