/* SPDX-License-Identifier: Apache-2.0 */
/** The arguments of wakeword. */
#ifndef EXAMPLES_WAKEWORD_ARGS_H
#define EXAMPLES_WAKEWORD_ARGS_H

#include <stdint.h>

#include "wake.h"

typedef struct wakeword_args {
    wake_options wake;
    const char *sound;
    double threshold;
    int64_t rest; /**< samples after a detection in which the word is not reported again */
    int scores;   /**< print those of every block instead */
} wakeword_args;

/** Reads them: 1; 0 after --help; -1 after a message on stderr. */
int wakeword_args_read(int argc, char **argv, wakeword_args *a);

#endif
