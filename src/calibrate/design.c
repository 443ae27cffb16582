/* SPDX-License-Identifier: Apache-2.0 */
#include "calibrate/design.h"

static bool is_prime(size_t n)
{
    for (size_t i = 2; i * i <= n; i++)
        if (n % i == 0)
            return false;
    return n > 1;
}

size_t rpr_design_trials(size_t things)
{
    size_t q = 3;
    while (q < things || !is_prime(q))
        q += 4;
    return q + 1;
}

static bool is_square(size_t n, size_t q)
{
    for (size_t i = 0; i <= q / 2; i++)
        if (i * i % q == n)
            return true;
    return false;
}

/* The last trial would have less of everything; with every other thing turned none is like that. */
bool rpr_design_more(size_t trials, size_t trial, size_t thing)
{
    const size_t q = trials - 1;
    const bool more = trial < q && is_square((trial + thing) % q, q);
    return more != (thing % 2 == 1);
}

double rpr_design_effect(const double *value, size_t trials, size_t thing, bool mirrored)
{
    double sum = 0.0;
    for (size_t i = 0; i < trials; i++)
        sum += rpr_design_more(trials, i, thing) != mirrored ? value[i] : -value[i];
    return sum / (double)trials;
}
