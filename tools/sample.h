/* SPDX-License-Identifier: Apache-2.0 */
/** All frames of a session, kept in memory as the model's input wants them. */
#ifndef TOOLS_SAMPLE_H
#define TOOLS_SAMPLE_H

#include "reprise/calibrate.h"

#include "session.h"

typedef struct sample {
    rpr_input *in; /**< of every frame; its data are copies */
    size_t n, room;
} sample;

/** Reads the session to its end into a zeroed sample; returns an exit code. Free it in any case. */
int sample_read(sample *a, session *s);
void sample_free(sample *a);

/** a must stay where it is. */
rpr_sample sample_frames(const sample *a);

#endif
