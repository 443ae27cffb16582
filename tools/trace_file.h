/* SPDX-License-Identifier: Apache-2.0 */
/** run --trace FILE: a similarity trace of a lane's stream. */
#ifndef TOOLS_TRACE_FILE_H
#define TOOLS_TRACE_FILE_H

#include <stdio.h>

#include "session.h"

/**
 * Written as FILE.part, which becomes FILE when all is well: a run that fails or is interrupted
 * leaves a FILE of before as it was. What is no regular file, such as a pipe, is written directly.
 */
typedef struct trace_file {
    const char *path; /**< as the user wrote it */
    char *part;       /**< what is written; path itself if it is no regular file */
    FILE *file;
    rpr_trace *trace;
} trace_file;

/** All return an exit code after a message. Zero t before, and close it in any case. */
int trace_file_open(trace_file *t, const char *path, const lane *l);
int trace_file_frame(trace_file *t); /**< after every frame of the lane */
int trace_file_end(trace_file *t);   /**< all went well: FILE is complete afterwards */
void trace_file_close(trace_file *t);

#endif
