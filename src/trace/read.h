/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a trace and believes nothing. Every refusal is one line, `PATH: byte OFFSET: what is wrong`
 * (RPR_ERR_FORMAT), or names the file alone where it cannot be read at all (RPR_ERR_IO).
 */
#ifndef RPR_TRACE_READ_H
#define RPR_TRACE_READ_H

#include <stdio.h>

#include "trace/trace.h"

typedef struct rpr_trace_reader rpr_trace_reader;

/**
 * Opens a trace and reads its header. Memory is bounded by the file's size and, for the bits of one
 * frame, by RPR_TRACE_MAX_ELEMENTS / 8 bytes. On failure *out is NULL.
 */
int rpr_trace_open(const char *path, rpr_trace_reader **out, rpr_error *err);

/** The same from a file that is open at its start; it is closed in any case. Messages name `path`.
 */
int rpr_trace_open_file(FILE *file, const char *path, rpr_trace_reader **out, rpr_error *err);

/** Owned by the reader. */
const rpr_trace_net *rpr_trace_reader_net(const rpr_trace_reader *r);

/**
 * Reads the next frame: RPR_OK and *frame, owned by the reader and valid until the next call; or
 * RPR_OK and *frame NULL at the proper end, after the end record and nothing behind it. After a
 * failure every further call fails alike.
 */
int rpr_trace_next(rpr_trace_reader *r, const rpr_trace_frame **frame, rpr_error *err);

/** NULL is allowed. */
void rpr_trace_close(rpr_trace_reader *r);

#endif
