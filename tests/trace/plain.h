/* SPDX-License-Identifier: Apache-2.0 */
/* Rows read bit by bit, as doc/trace-format.md says and not as the library does. */
#ifndef RPR_TESTS_TRACE_PLAIN_H
#define RPR_TESTS_TRACE_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct plain_bits {
    const uint8_t *bytes;
    int64_t at; /* bit */
} plain_bits;

/** How often something was met. */
typedef struct plain_seen {
    int row[3], set[4], pixels[4], of_pixels[4];
    int escapes;
} plain_seen;

/** Reads a row of w pixels of c channels: changed[x * c + channel] becomes 0 or 1. */
void plain_row(plain_bits *b, int w, int c, uint8_t *changed, plain_seen *seen);

#endif
