/* SPDX-License-Identifier: Apache-2.0 */
/** Loading a model, with its complaints told or kept. */
#ifndef TOOLS_MODEL_OPEN_H
#define TOOLS_MODEL_OPEN_H

#include "reprise/reprise.h"

#include "args.h"

/** Lines that the library gave; zero it before use. */
typedef struct line_list {
    char **line;
    size_t n;
} line_list;

void line_list_free(line_list *l);

/**
 * Loads o->model. On failure the message is on stderr, every unsupported node in a line of its own,
 * and the exit code is returned. unsupported, if not NULL, receives those lines too.
 */
int model_open(const cli_options *o, rpr_model **out, line_list *unsupported);

/** "1x3x640x640" into text, which is returned. */
char *format_shape(char *text, size_t room, const rpr_tensor_info *t);

/** "f32" and so on. */
const char *dtype_name(rpr_dtype t);

#endif
