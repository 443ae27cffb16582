/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/pattern.h"

#include <math.h>
#include <string.h>

#include "sim/bits.h"

/** splitmix64. */
static uint64_t next_word(sim_pattern *p)
{
    uint64_t z = p->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#define SHARE_BITS 16 /* precision of the share of ones */

/**
 * 64 independent bits, each one with probability share / 2^SHARE_BITS: from the lowest binary digit
 * of the share up, a one joins a random word by OR, a zero by AND.
 */
static uint64_t random_bits(sim_pattern *p, uint32_t share)
{
    if (share >> SHARE_BITS)
        return ~UINT64_C(0);
    uint64_t v = 0;
    int digit = share ? __builtin_ctz(share) : SHARE_BITS;
    for (; digit < SHARE_BITS; digit++) {
        uint64_t word = next_word(p);
        v = share >> digit & 1 ? v | word : v & word;
    }
    return v;
}

/** Length of a run whose mean is `mean`, at least 1: geometric. */
static int64_t run_length(sim_pattern *p, double mean)
{
    double u = (double)(next_word(p) >> 11) * 0x1p-53;
    if (mean <= 1.0)
        return 1;
    double n = 1.0 + floor(log1p(-u) / log1p(-1.0 / mean));
    return n < 1e15 ? (int64_t)n : INT64_C(1000000000000000);
}

static void set_run(uint64_t *bits, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        sim_bits_set(bits, i);
}

/** Runs of changed and unchanged elements in turns; the first is drawn by their shares. */
static void fill_clustered(sim_pattern *p, double share, uint64_t *bits, int64_t elements)
{
    double gap = p->run * (1.0 - share) / share; /* mean length of what lies between */
    double changed_run = p->run;
    if (gap < 1.0) { /* then the runs must be longer to leave so little between them */
        changed_run = share / (1.0 - share);
        gap = 1.0;
    }
    bool changed = (double)(next_word(p) >> 11) * 0x1p-53 < share;
    for (int64_t at = 0; at < elements; changed = !changed) {
        int64_t n = run_length(p, changed ? changed_run : gap);
        int64_t end = n < elements - at ? at + n : elements;
        if (changed)
            set_run(bits, at, end);
        at = end;
    }
}

void sim_pattern_fill(sim_pattern *p, double similarity, uint64_t *bits, int64_t elements)
{
    int64_t words = sim_bits_words(elements);
    double share = 1.0 - similarity;
    if (p->clustered && share > 0.0 && share < 1.0) {
        memset(bits, 0, (size_t)words * sizeof *bits);
        fill_clustered(p, share, bits, elements);
        return;
    }
    uint32_t digits = (uint32_t)lrint(share * (1 << SHARE_BITS));
    for (int64_t i = 0; i < words; i++)
        bits[i] = random_bits(p, digits);
    if (elements & 63)
        bits[words - 1] &= (UINT64_C(1) << (elements & 63)) - 1;
}
