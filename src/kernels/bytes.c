/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/bytes.h"

/* Scales for which no operation loses bits by underflow. */
static bool is_plain(const rpr_byte_scale *s)
{
    return s->scale > 0x1p-60f && s->scale < 0x1p60f;
}

/*
 * Errors, in units of the result. ADD: with m = 255 * (ratio of a + ratio of b) + 255, which no
 * intermediate value exceeds, the definition rounds three times (products, sum, quotient) and the
 * short cut four (factors, add, two fused operations), each by at most m * 2^-24. MUL: the product
 * of the differences is exact, and all that matters lies within 512 of the zero point; three
 * roundings and two.
 */
rpr_byte_binary rpr_byte_binary_of(rpr_byte_op op, rpr_byte_scale a, rpr_byte_scale b,
                                   rpr_byte_scale to)
{
    rpr_byte_binary q = {.op = op, .a = a, .b = b, .to = to, .limit = -1.0f};
    if (!is_plain(&a) || !is_plain(&b) || !is_plain(&to))
        return q;
    double u = (double)a.scale / (double)to.scale, v = (double)b.scale / (double)to.scale, most;
    if (op == RPR_BYTE_ADD) {
        most = 255 * (u + v) + 255;
        q.mul[0] = (float)u;
        q.mul[1] = (float)v;
        q.add = (float)(to.zero - a.zero * u - b.zero * v);
    } else {
        most = 512;
        q.mul[0] = (float)(u * (double)b.scale);
        q.add = (float)to.zero;
    }
    /* Far from the ends of 32-bit integers, which the short cut is converted to. */
    bool bounded = op == RPR_BYTE_ADD ? most < 0x1p16 : q.mul[0] < 0x1p12f;
    if (bounded)
        q.limit = (float)(0.5 - most * 0x1p-21);
    return q;
}
