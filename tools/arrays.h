/* SPDX-License-Identifier: Apache-2.0 */
/** Frames that are no pictures: a .npy file whose first axis counts them, or a window's columns. */
#ifndef TOOLS_ARRAYS_H
#define TOOLS_ARRAYS_H

#include "media/npy.h"
#include "reprise/reprise.h"

#include "args.h"
#include "columns.h"

typedef struct arrays {
    media_npy *file;
    columns columns; /**< of a window */
    int64_t frames;  /**< that will be given */
    int64_t given, skipped;
    size_t bytes; /**< of one */
    void *data;
} arrays;

/** True if the input's name is that of such a file. */
int arrays_are(const char *input);

/**
 * Opens the input and checks that its arrays are what the model reads as t, or w's columns, and
 * that no option is for pictures or sound. Returns an exit code, after a message. Close it in any
 * case. w must stay.
 */
int arrays_open(arrays *a, const rpr_tensor_info *t, const window *w, const cli_options *o);
void arrays_close(arrays *a);

/** The next frame, valid until the call after: MEDIA_OK, MEDIA_END or MEDIA_ERROR. */
int arrays_next(arrays *a, int64_t *index, rpr_input *in, media_error *err);

/** NumPy's name of an element type; NULL if it has none. */
const char *numpy_type(rpr_dtype t);

#endif
