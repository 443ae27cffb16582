/* SPDX-License-Identifier: Apache-2.0 */
/** The arguments of denoise. */
#ifndef EXAMPLES_DENOISE_ARGS_H
#define EXAMPLES_DENOISE_ARGS_H

#include "reprise/reprise.h"

typedef struct denoise_args {
    const char *model[2], *sound, *out;
    rpr_gate gate;
} denoise_args;

/** Reads them: 1; 0 after --help; -1 after a message on stderr. */
int denoise_args_read(int argc, char **argv, denoise_args *a);

#endif
