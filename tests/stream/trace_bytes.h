/* SPDX-License-Identifier: Apache-2.0 */
/* Traces in memory, as they are written and read. */
#ifndef RPR_TESTS_TRACE_BYTES_H
#define RPR_TESTS_TRACE_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/read.h"

/** To be opened by the first write: it must stay where it is from then on. */
typedef struct bytes {
    char *data;
    size_t n;
    FILE *file;
    int calls_left; /* then writing fails; negative: never */
} bytes;

static inline bytes bytes_new(void)
{
    bytes b = {.calls_left = -1};
    return b;
}

static inline int write_bytes(void *user, const void *data, size_t n)
{
    bytes *b = user;
    if (b->calls_left == 0)
        return 1;
    b->calls_left -= b->calls_left > 0;
    if (!b->file)
        b->file = open_memstream(&b->data, &b->n);
    return !b->file || fwrite(data, 1, n, b->file) != n || fflush(b->file) != 0;
}

static inline void bytes_free(bytes *b)
{
    if (b->file)
        fclose(b->file);
    free(b->data);
}

static inline rpr_trace_reader *reader_of(const bytes *b)
{
    rpr_trace_reader *r = NULL;
    rpr_error err = {""};
    FILE *f = fmemopen(b->data, b->n, "rb");
    assert_non_null(f);
    if (rpr_trace_open_file(f, "trace", &r, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return r;
}

#endif
