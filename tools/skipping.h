/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rival: run densely on every k-th frame and repeat the result in between. Which k costs what
 * reuse costs is known only at the end, so every k up to a limit is followed at once.
 */
#ifndef TOOLS_SKIPPING_H
#define TOOLS_SKIPPING_H

#include "boxes.h"
#include "compare.h"
#include "session.h"

typedef struct skipping_one {
    rpr_output *held; /**< dense result of the last k-th frame */
    boxes boxes;
    error_sum error;
    agreement agreement;
} skipping_one;

typedef struct skipping {
    skipping_one *one; /**< one[k - 1] runs every k-th frame */
    int limit;
    int64_t frames;
} skipping;

int skipping_open(skipping *r, const session *s);
void skipping_close(skipping *r, const session *s);

/** Adds the frame that the dense lane has just run. */
int skipping_frame(skipping *r, const session *s, const lane *dense);

/**
 * The k of the same compute: 1 / mac_share rounded, within 1..limit; at the limit skipping is given
 * more compute than it was entitled to.
 */
int skipping_factor(const skipping *r, double mac_share);

#endif
