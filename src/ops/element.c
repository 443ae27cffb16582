/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/element.h"

double rpr_f16_to_f64(uint16_t h)
{
    int exponent = h >> 10 & 31;
    int mantissa = h & 1023;
    double x;
    if (exponent == 31)
        x = mantissa ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        x = ldexp(mantissa, -24);
    else
        x = ldexp(mantissa + 1024, exponent - 25);
    return h & 0x8000 ? -x : x;
}

/* x >= 0 in units of the last place of a half with that magnitude, rounded half to even. */
static long round_half_even(double x)
{
    double whole = floor(x);
    double rest = x - whole;
    long n = (long)whole;
    if (rest > 0.5 || (rest >= 0.5 && n % 2 != 0))
        n++;
    return n;
}

uint16_t rpr_f64_to_f16(double x)
{
    unsigned sign = signbit(x) ? 0x8000u : 0;
    double a = fabs(x);
    if (isnan(x))
        return (uint16_t)(sign | 0x7e00u);
    if (a >= 65520.0) /* halfway between the largest half and the next power of two */
        return (uint16_t)(sign | 0x7c00u);
    int e = -14;
    if (a >= 0x1p-14)
        e = ilogb(a);
    /* A carry out of the mantissa runs into the exponent field, which is the right result. */
    long units = round_half_even(ldexp(a, 10 - e));
    return (uint16_t)(sign | (unsigned)(units + (long)(e + 14) * 1024));
}
