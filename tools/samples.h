/* SPDX-License-Identifier: Apache-2.0 */
/** Measured times and their percentiles. */
#ifndef TOOLS_SAMPLES_H
#define TOOLS_SAMPLES_H

#include <stddef.h>

/** Zero it before the first use. */
typedef struct samples {
    double *value;
    size_t n, room;
} samples;

/** 0 if memory ran out. */
int samples_add(samples *s, double value);
void samples_free(samples *s);

double samples_mean(const samples *s);
/** The smallest value that at least share of all values do not exceed; sorts s. 0 if empty. */
double samples_percentile(samples *s, double share);

/** Milliseconds of a clock that never jumps. */
double clock_ms(void);

#endif
