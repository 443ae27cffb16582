/* SPDX-License-Identifier: Apache-2.0 */
/** The video that run --overlay writes. */
#ifndef TOOLS_OVERLAY_H
#define TOOLS_OVERLAY_H

#include "media/sink.h"

#include "session.h"

typedef struct overlay {
    media_sink *sink;
    float *cells; /**< heat */
    int grid_w, grid_h;
} overlay;

/** All return exit codes, after a message. */
int overlay_open(overlay *v, const session *s, const char *path);
/** Adds the frame that the lane has just run. */
int overlay_frame(overlay *v, const session *s, const lane *l);
int overlay_close(overlay *v);

#endif
