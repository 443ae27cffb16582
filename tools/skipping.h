/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rival: run densely on every k-th frame and repeat the result in between. Which k costs what
 * reuse costs is known only at the end, so a list of them is followed at once.
 */
#ifndef TOOLS_SKIPPING_H
#define TOOLS_SKIPPING_H

#include "boxes.h"
#include "compare.h"
#include "session.h"

typedef struct skipping_one {
    int every;        /**< k */
    rpr_output *held; /**< dense result of the last k-th frame */
    boxes boxes;
    error_sum error;
    agreement agreement;
} skipping_one;

typedef struct skipping {
    skipping_one *one; /**< by rising k; the first has k = 1 */
    size_t n;
    int64_t frames;
} skipping;

int skipping_open(skipping *r, const session *s);
void skipping_close(skipping *r, const session *s);

/** Adds the frame that the dense lane has just run. */
int skipping_frame(skipping *r, const session *s, const lane *dense);

/**
 * The rival at the same compute: the largest k on the list whose share of the work, 1 / k, is not
 * below mac_share, so that skipping gets no less than reuse used.
 */
const skipping_one *skipping_rival(const skipping *r, double mac_share);

#endif
