/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers. */
#ifndef SIM_ARITH_H
#define SIM_ARITH_H

#include <stdint.h>

#define SIM_VALUE 4 /* bytes of an FP32 value */

/** a / b rounded up; a >= 0, b > 0. */
static inline int64_t sim_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t sim_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t sim_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
