/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/macs.h"

#include "core/checked.h"

int32_t rpr_trace_meets(const rpr_trace_axis *a, bool transposed, int32_t o, int32_t k)
{
    int64_t tap = (int64_t)k * a->dilation - a->pad;
    int64_t i = transposed ? o - tap : (int64_t)o * a->stride + tap;
    if (transposed && (i < 0 || i % a->stride != 0))
        return -1;
    i = transposed ? i / a->stride : i;
    return i >= 0 && i < a->in ? (int32_t)i : -1;
}

int32_t rpr_trace_taps(const rpr_trace_axis *a, bool transposed, int32_t o)
{
    int32_t taps = 0;
    for (int32_t k = 0; k < a->kernel; k++)
        taps += rpr_trace_meets(a, transposed, o, k) >= 0;
    return taps;
}

int32_t rpr_trace_fanout(const rpr_trace_axis *a, bool transposed, int32_t i)
{
    int32_t fan = 0;
    for (int32_t k = 0; k < a->kernel; k++) {
        int64_t tap = (int64_t)k * a->dilation - a->pad;
        int64_t o = transposed ? (int64_t)i * a->stride + tap : i - tap;
        if (!transposed && (o < 0 || o % a->stride != 0))
            continue;
        o = transposed ? o : o / a->stride;
        fan += o >= 0 && o < a->out;
    }
    return fan;
}

/** Positions p in [0, coarse) with 0 <= p * stride + first < fine. */
static int64_t count_inside(int64_t coarse, int64_t fine, int64_t stride, int64_t first)
{
    int64_t lo = first < 0 ? (-first + stride - 1) / stride : 0;
    int64_t hi = fine > first ? (fine - first + stride - 1) / stride : 0;
    hi = hi < coarse ? hi : coarse;
    return hi > lo ? hi - lo : 0;
}

int64_t rpr_trace_pairs(const rpr_trace_axis *a, bool transposed)
{
    int64_t pairs = 0;
    for (int32_t k = 0; k < a->kernel; k++)
        pairs += count_inside(transposed ? a->in : a->out, transposed ? a->out : a->in, a->stride,
                              (int64_t)k * a->dilation - a->pad);
    return pairs;
}

int64_t rpr_trace_dense_macs(const rpr_trace_layer *l)
{
    int64_t macs = (int64_t)l->ci / l->groups * l->co;
    bool fits = rpr_mul_i64(macs, l->n, &macs);
    for (int i = 0; i < 3 && fits; i++)
        fits = rpr_mul_i64(macs, rpr_trace_pairs(&l->axis[i], l->transposed), &macs);
    return fits ? macs : -1;
}

/* ------------------------------------------------------------ of one frame */

/** Set bits in [at, at + n). */
static int64_t count_bits(const uint64_t *bits, int64_t at, int64_t n)
{
    int64_t found = 0;
    while (n > 0) {
        int shift = (int)(at & 63);
        int64_t take = n < 64 - shift ? n : 64 - shift;
        uint64_t v = bits[at >> 6] >> shift;
        v = take < 64 ? v & ((UINT64_C(1) << take) - 1) : v;
        found += __builtin_popcountll(v);
        at += take;
        n -= take;
    }
    return found;
}

/** First element of row (n, z, y) of what the layer reads. */
static int64_t row_start(const rpr_trace_layer *l, int32_t n, int32_t z, int32_t y)
{
    const rpr_trace_axis *a = l->axis;
    return (((int64_t)n * a[0].in + z) * a[1].in + y) * ((int64_t)a[2].in * l->ci);
}

/** Changed elements of a row times the outputs along w that each feeds. */
static int64_t row_products(const rpr_trace_layer *l, const uint64_t *changed, int64_t start)
{
    const rpr_trace_axis *x = &l->axis[2];
    int64_t products = 0;
    if (count_bits(changed, start, (int64_t)x->in * l->ci) == 0)
        return 0;
    for (int32_t i = 0; i < x->in; i++) {
        int64_t n = count_bits(changed, start + (int64_t)i * l->ci, l->ci);
        products += n ? n * rpr_trace_fanout(x, l->transposed, i) : 0;
    }
    return products;
}

static int64_t macs_by_list(const rpr_trace_layer *l, const uint64_t *changed)
{
    int64_t products = 0;
    for (int32_t n = 0; n < l->n; n++)
        for (int32_t z = 0; z < l->axis[0].in; z++)
            for (int32_t y = 0; y < l->axis[1].in; y++) {
                int64_t rows = (int64_t)rpr_trace_fanout(&l->axis[0], l->transposed, z) *
                               rpr_trace_fanout(&l->axis[1], l->transposed, y);
                if (rows)
                    products += rows * row_products(l, changed, row_start(l, n, z, y));
            }
    return products * (l->co / l->groups);
}

/** Whether output pixel o = (d, h, w) of image n sees a changed element. */
static bool sees_change(const rpr_trace_layer *l, const uint64_t *changed, int32_t n,
                        const int32_t o[3])
{
    const rpr_trace_axis *a = l->axis;
    for (int32_t kz = 0; kz < a[0].kernel; kz++)
        for (int32_t ky = 0; ky < a[1].kernel; ky++) {
            int32_t z = rpr_trace_meets(&a[0], l->transposed, o[0], kz);
            int32_t y = rpr_trace_meets(&a[1], l->transposed, o[1], ky);
            if (z < 0 || y < 0)
                continue;
            int64_t row = row_start(l, n, z, y);
            for (int32_t kx = 0; kx < a[2].kernel; kx++) {
                int32_t x = rpr_trace_meets(&a[2], l->transposed, o[2], kx);
                if (x >= 0 && count_bits(changed, row + (int64_t)x * l->ci, l->ci) > 0)
                    return true;
            }
        }
    return false;
}

static int64_t macs_by_pixel(const rpr_trace_layer *l, const uint64_t *changed)
{
    const rpr_trace_axis *a = l->axis;
    int64_t taps = 0;
    for (int32_t n = 0; n < l->n; n++)
        for (int32_t z = 0; z < a[0].out; z++)
            for (int32_t y = 0; y < a[1].out; y++) {
                int64_t rows = (int64_t)rpr_trace_taps(&a[0], l->transposed, z) *
                               rpr_trace_taps(&a[1], l->transposed, y);
                for (int32_t x = 0; x < a[2].out && rows; x++)
                    if (sees_change(l, changed, n, (const int32_t[3]){z, y, x}))
                        taps += rows * rpr_trace_taps(&a[2], l->transposed, x);
            }
    return taps * (l->ci / l->groups) * l->co;
}

int64_t rpr_trace_macs(const rpr_trace_net *net, const rpr_trace_frame *frame, int32_t layer)
{
    const rpr_trace_layer *l = &net->layer[layer];
    const uint64_t *changed = frame->changed[l->input];
    switch (frame->layer[layer].choice) {
    case RPR_CHOICE_SKIP:
        return 0;
    case RPR_CHOICE_CORRECT:
        return l->by_pixel ? macs_by_pixel(l, changed) : macs_by_list(l, changed);
    case RPR_CHOICE_DENSE:
        break;
    }
    return l->macs;
}

bool rpr_trace_macs_fit(const rpr_trace_net *net, const rpr_trace_frame *frame, int32_t layer)
{
    const rpr_trace_layer_frame *f = &frame->layer[layer];
    int64_t counted = rpr_trace_macs(net, frame, layer);
    return f->mixed ? f->macs >= counted && f->macs <= net->layer[layer].macs : f->macs == counted;
}
