/* SPDX-License-Identifier: Apache-2.0 */
/** A progress bar on stderr, drawn only on a terminal. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdint.h>

typedef struct progress {
    int64_t total; /**< -1: unknown */
    double start, drawn;
    int active;       /**< stderr is a terminal */
    const char *what; /**< "frames", unless set otherwise after the start. NULL: done and total
                           are drawn as a percentage */
} progress;

void progress_start(progress *p, int64_t total);
void progress_step(progress *p, int64_t done);
/** Takes the bar away. */
void progress_end(progress *p);

#endif
