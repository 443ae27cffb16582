/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/bytes.h"

#include <math.h>

/* Scales for which no operation loses bits by underflow. */
static bool is_plain(const rpr_byte_scale *s)
{
    return s->scale > 0x1p-60f && s->scale < 0x1p60f;
}

/* ADD as ONNX Runtime has it where processors have fused operations (mlas, qladd). */
static void take_ratios(rpr_byte_binary *q)
{
    q->mul[0] = q->a.scale / q->to.scale;
    q->mul[1] = q->b.scale / q->to.scale;
    q->by_ratio = q->mul[0] < RPR_BYTE_RATIOS && q->mul[1] < RPR_BYTE_RATIOS;
    float b = q->mul[1] * (float)q->b.zero;
    q->add = (float)q->to.zero - fmaf(q->mul[0], (float)q->a.zero, b);
}

/*
 * MUL. The product of the differences is exact, and all that matters lies within 512 of the zero
 * point; the definition rounds three times (operands, product, quotient) and the short cut twice,
 * each by at most 512 * 2^-24 steps of the result.
 */
static void take_short_cut(rpr_byte_binary *q)
{
    if (!is_plain(&q->a) || !is_plain(&q->b) || !is_plain(&q->to))
        return;
    q->mul[0] = (float)((double)q->a.scale / (double)q->to.scale * (double)q->b.scale);
    q->add = (float)q->to.zero;
    if (q->mul[0] < 0x1p12f) /* far from the ends of 32-bit integers, which it is converted to */
        q->limit = (float)(0.5 - 512 * 0x1p-21);
}

rpr_byte_binary rpr_byte_binary_of(rpr_byte_op op, rpr_byte_scale a, rpr_byte_scale b,
                                   rpr_byte_scale to)
{
    rpr_byte_binary q = {.op = op, .a = a, .b = b, .to = to, .limit = -1.0f};
    if (op == RPR_BYTE_ADD)
        take_ratios(&q);
    else
        take_short_cut(&q);
    return q;
}

rpr_byte_binary rpr_byte_binary_turned(const rpr_byte_binary *q)
{
    rpr_byte_binary t = *q;
    t.a = q->b;
    t.b = q->a;
    t.turned = !q->turned;
    if (q->op == RPR_BYTE_ADD) {
        t.mul[0] = q->mul[1];
        t.mul[1] = q->mul[0];
    }
    return t;
}
