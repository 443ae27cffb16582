/* SPDX-License-Identifier: Apache-2.0 */
/* Changes made up from a similarity, for networks without a trace. The same seed, the same bits. */
#ifndef SIM_PATTERN_H
#define SIM_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_pattern {
    bool clustered; /* changes come in runs; otherwise each element changes by itself */
    double run;     /* mean length of a run of changed elements, at least 1 */
    uint64_t state; /* begins as the seed */
} sim_pattern;

/** Sets each of the elements with probability 1 - similarity; the rest of the last word is 0. */
void sim_pattern_fill(sim_pattern *p, double similarity, uint64_t *bits, int64_t elements);

#endif
