/* SPDX-License-Identifier: Apache-2.0 */
/** The arguments of vad. */
#ifndef EXAMPLES_VAD_ARGS_H
#define EXAMPLES_VAD_ARGS_H

#include "reprise/reprise.h"

#include "segments.h"

enum { VAD_RATE = 16000 };

typedef struct vad_args {
    const char *model, *sound;
    rpr_gate gate;
    segments_options segments;
    int probabilities; /**< print those of every block instead of segments */
} vad_args;

/** Reads them: 1; 0 after --help; -1 after a message on stderr. */
int vad_args_read(int argc, char **argv, vad_args *a);

#endif
