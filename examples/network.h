/* SPDX-License-Identifier: Apache-2.0 */
/** A network of one input and one output that counts, on a stream; all values are f32. */
#ifndef EXAMPLES_NETWORK_H
#define EXAMPLES_NETWORK_H

#include <stddef.h>

#include "reprise/reprise.h"

#include "tally.h"

typedef struct network {
    rpr_model *model;
    rpr_stream *stream;
    size_t output;       /**< number of the one that is read */
    size_t n_in, n_out;  /**< values */
    rpr_window_info win; /**< zeros without a window */
    tally tally;
} network;

/** What a file must be, or it is refused with the text "FILE: is no NAME". */
typedef struct network_form {
    const char *name;
    const char *output; /**< NULL: the only one. Another one may be a state */
    size_t n_in, n_out; /**< values; n_in 0: as in the file */
} network_form;

/** RPR_OK, or a status and one line that names the file. After either: network_close. */
int network_load(network *n, const char *path, const rpr_model_options *o, const network_form *form,
                 rpr_error *err);
int network_start(network *n, const rpr_stream_options *o, rpr_error *err);
void network_close(network *n);

/** n_in values in, n_out values out; counts what it took. */
int network_run(network *n, const float *x, float *y, rpr_error *err);

/** Multiply-accumulates of all calls but the first if each had run its whole window densely. */
double network_whole(const network *n);

#endif
