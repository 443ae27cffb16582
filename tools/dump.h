/* SPDX-License-Identifier: Apache-2.0 */
/** The files that run --out writes. */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H

#include "session.h"

/** Makes the directory if it is missing. Returns an exit code. */
int dump_open(const char *directory);

/** Writes DIRECTORY/frame%06d_OUTPUT.npy for every output of the current frame. */
int dump_frame(const char *directory, const session *s, const rpr_output *out);

#endif
