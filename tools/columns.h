/* SPDX-License-Identifier: Apache-2.0 */
/** The columns of a window from a .npy file: one long array, or one array a column. */
#ifndef TOOLS_COLUMNS_H
#define TOOLS_COLUMNS_H

#include "media/npy.h"

#include "window.h"

/** Zero it before. */
typedef struct columns {
    const window *window;
    media_npy *file;
    int64_t n, at; /**< columns in the file, and the next one */
    size_t bytes;  /**< of one */
    void *column;  /**< one, dense */
    void *all;     /**< the file's data, if a column's bytes do not lie together */
    int64_t rows;  /**< ... and in how many places they do */
} columns;

/**
 * Finds out how the file, whose numbers have the input's type, holds columns, and leaves out those
 * of --skip. w and file must stay. Returns an exit code. Close it in any case.
 */
int columns_open(columns *c, media_npy *file, const window *w, const cli_options *o);
void columns_close(columns *c);

/** The next columns into a block from place `from` on, and zeros before. */
int columns_next(columns *c, int64_t from, void *block, media_error *err);

#endif
