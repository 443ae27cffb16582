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

/*
 * With B = ratio * 255 * most, which no sum exceeds in steps of the result, and u = 2^-24: the
 * definition rounds each product m + 2 times (operand, product, additions, quotient), the short cut
 * its sum m times and then the ratio, which is (2 m + 3) u B together; the short cut's result and
 * `add`, which are at most B + 255 (ratio + 1) and 255 (ratio + 1), once each. What the weights
 * miss of 1 counts as often as the zero point. The bound here has 2 u B and 2 u more than that, for
 * products of roundings and for the limit's own. Sums of steps are exact, and their ratio is that
 * one divided by a power of two.
 */
rpr_byte_mix rpr_byte_mix_of(rpr_byte_scale from, rpr_byte_scale to, const rpr_byte_weights *w)
{
    rpr_byte_mix q = {.from = from, .to = to, .limit = -1.0f, .steps = w->steps};
    const double ratio = (double)from.scale / (double)to.scale;
    const double sum = ratio * 255 * w->most;
    const double rounded = 0x1p-23 * ((w->m + 3) * sum + 256 * (ratio + 1));
    const double error = rounded + 255 * ratio * w->drift;
    q.ratio = (float)ratio;
    q.step = w->steps > 0 ? q.ratio / w->steps : 0;
    q.add = (float)(to.zero - ratio * from.zero);
    if (!is_plain(&from) || !is_plain(&to) || !(error < 0x1p-3))
        return q;
    q.inverse = 1.0f / to.scale;
    if (ratio < 1 || ratio > 1) /* else halves are frequent */
        q.limit = (float)(0.5 - error);
    return q;
}
