/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the reader: from bytes in memory to descriptions and frames. */
#ifndef RPR_TRACE_PARSE_H
#define RPR_TRACE_PARSE_H

#include "trace/rows.h"
#include "trace/trace.h"

/** Bytes from a file and where they stood in it; RPR_BITS_SLACK more may be read behind them. */
typedef struct rpr_trace_cursor {
    const char *path;
    const uint8_t *base;
    size_t at, n;    /* bytes taken, bytes there are */
    uint64_t offset; /* of base in the file */
    rpr_error *err;
} rpr_trace_cursor;

/** Fails with RPR_ERR_FORMAT and the offset of base[at]. */
int rpr_trace_wrong(const rpr_trace_cursor *c, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** RPR_OK if n more bytes are there. */
int rpr_trace_need(const rpr_trace_cursor *c, uint64_t n);

/** Takes bytes that are there. */
static inline const uint8_t *rpr_trace_take(rpr_trace_cursor *c, size_t n)
{
    const uint8_t *p = c->base + c->at;
    c->at += n;
    return p;
}

/** Counts, inputs and layers of a version. On failure too the net is to be freed. */
int rpr_trace_parse_net(rpr_trace_cursor *c, uint32_t version, rpr_trace_net *net);

/** The payload of a frame record. The frame has its arrays; their contents are overwritten. */
int rpr_trace_parse_frame(rpr_trace_cursor *c, const rpr_trace_net *net, rpr_row_decoder *rows,
                          uint64_t index, rpr_trace_frame *f);

#endif
