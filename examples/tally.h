/* SPDX-License-Identifier: Apache-2.0 */
/** What a network took over a whole sound, for the report at the end. */
#ifndef EXAMPLES_TALLY_H
#define EXAMPLES_TALLY_H

#include <stdint.h>

#include "reprise/reprise.h"

/** Counts of all blocks but the first, which is always dense. */
typedef struct tally {
    int64_t blocks, inputs, changed, macs_dense, macs_executed;
    double cpu; /**< seconds inside rpr_stream_run */
} tally;

/** CPU time of this thread, in seconds. */
double tally_clock(void);

/** Adds the block that the stream ran last, which took so many seconds. */
void tally_add(tally *t, const rpr_stream *stream, double seconds);

/** Two lines on stderr about blocks of so many milliseconds; nothing if there was only one block.
 */
void tally_report(const tally *t, const char *title, double ms);

#endif
