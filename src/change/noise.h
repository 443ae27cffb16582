/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How noisy a stream's 8-bit pictures are, by the level of their values: estimated on line from the
 * differences between frames, in whole numbers, so that it is the same on every machine.
 */
#ifndef RPR_CHANGE_NOISE_H
#define RPR_CHANGE_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"

/** Every so-manieth row of a picture is looked at, the first in the middle of as many. */
static inline int32_t rpr_noise_step(int64_t bytes)
{
    const int64_t step = bytes / 65536;
    return step < 1 ? 1 : step > 8 ? 8 : (int32_t)step;
}

#define RPR_NOISE_UNIT 256 /* of a sigma: so many in a step of an 8-bit value */

/** Between frames; all zero before the first. */
typedef struct rpr_noise {
    int32_t sigma[RPR_BYTE_LEVELS]; /* standard deviation of one frame's values at this level */
    int32_t seen[RPR_BYTE_LEVELS];  /* frames that it was estimated from, up to those that count */
} rpr_noise;

#define RPR_NOISE_BINS 64 /* differences above are counted in the last */

/** What one frame shows: scratch. */
typedef struct rpr_noise_counts {
    int32_t n[RPR_BYTE_LEVELS]
             [RPR_NOISE_BINS]; /* values by level and distance from the last frame */
} rpr_noise_counts;

/** Counts n values beside those of the last frame, whose levels count. */
void rpr_noise_count(rpr_noise_counts *c, const uint8_t *now, const uint8_t *last, int64_t n);

/**
 * Takes a frame's counts into account. A level with too few values keeps its estimate, and so does
 * one whose distances do not look like noise: where things move, some are far larger than most.
 */
void rpr_noise_update(rpr_noise *s, const rpr_noise_counts *c);

/**
 * The largest distance at a level that is within `sigmas` of the noise. A level that is not known
 * has what its nearest neighbours have, the lesser of two; 0 while nothing is known.
 */
int rpr_noise_limit(const rpr_noise *s, int level, double sigmas);

#endif
