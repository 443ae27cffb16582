/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an output index of a resized axis reads. In float, like the runtimes that models are
 * trained and exported with: a double would pick another neighbour at ties.
 */
#include <math.h>

#include "core/alloc.h"
#include "ops/resize.h"

/* The position on the input axis that output index o stands for. */
static float source_position(const rpr_resize_spec *r, int d, float o)
{
    float in = (float)r->in[d], out = (float)r->out[d], scale = r->scale[d];
    switch (r->coordinates) {
    case RPR_COORD_ALIGN_CORNERS:
        return r->out[d] == 1 ? 0.0f : o * (in - 1.0f) / (r->length[d] - 1.0f);
    case RPR_COORD_ASYMMETRIC:
        return o / scale;
    case RPR_COORD_TF_HALF_PIXEL_FOR_NN:
        return (o + 0.5f) / scale;
    case RPR_COORD_TF_CROP_AND_RESIZE: {
        float start = r->roi_start[d], end = r->roi_end[d];
        if (r->out[d] > 1)
            return start * (in - 1.0f) + o * (end - start) * (in - 1.0f) / (out - 1.0f);
        return 0.5f * (start + end) * (in - 1.0f);
    }
    case RPR_COORD_PYTORCH_HALF_PIXEL:
        return r->out[d] > 1 ? (o + 0.5f) / scale - 0.5f : 0.0f;
    case RPR_COORD_HALF_PIXEL:
        break;
    }
    return (o + 0.5f) / scale - 0.5f;
}

/* Closer than this to a tie is a tie: the rounding of the scale must not decide it. */
#define TIE 1.2e-6f

static float round_nearest(const rpr_resize_spec *r, int d, float x)
{
    if (r->nearest_simple)
        return r->scale[d] < 1.0f ? ceilf(x) : floorf(x);
    float below = floorf(x), rest = x - below; /* both exact, unlike x + 0.5 */
    switch (r->nearest) {
    case RPR_NEAREST_ROUND_PREFER_CEIL:
        return rest < 0.5f - TIE ? below : below + 1.0f;
    case RPR_NEAREST_FLOOR:
        return below;
    case RPR_NEAREST_CEIL:
        return ceilf(x);
    case RPR_NEAREST_ROUND_PREFER_FLOOR:
        break;
    }
    return rest <= 0.5f + TIE ? below : below + 1.0f;
}

static int32_t clamp_index(float i, int64_t in)
{
    if (!(i > 0))
        return 0;
    return i >= (float)(in - 1) ? (int32_t)(in - 1) : (int32_t)i;
}

/* Keys' cubic convolution at distance s from the second of four taps. */
static void cubic_weights(float a, float s, float *w)
{
    float u = 1.0f - s, s1 = s + 1.0f, u1 = u + 1.0f;
    w[0] = ((a * s1 - 5.0f * a) * s1 + 8.0f * a) * s1 - 4.0f * a;
    w[1] = ((a + 2.0f) * s - (a + 3.0f)) * s * s + 1.0f;
    w[2] = ((a + 2.0f) * u - (a + 3.0f)) * u * u + 1.0f;
    w[3] = ((a * u1 - 5.0f * a) * u1 + 8.0f * a) * u1 - 4.0f * a;
}

/* Drops the taps that start .. start + 3 has outside the input and rescales the others to 1. */
static void exclude(float *w, float start, int64_t in)
{
    float sum = 0.0f;
    for (int t = 0; t < 4; t++) {
        float i = start + (float)t;
        if (i < 0.0f || i > (float)(in - 1))
            w[t] = 0.0f;
        sum += w[t];
    }
    for (int t = 0; t < 4; t++)
        w[t] /= sum;
}

static void fill_taps(const rpr_resize_spec *r, int d, float x, int32_t *index, float *weight)
{
    int64_t in = r->in[d];
    if (r->mode == RPR_RESIZE_LINEAR && !(x > 0.0f && x < (float)(in - 1)))
        x = x > 0.0f ? (float)(in - 1) : 0.0f; /* what lies outside is the edge, not a mean of it */
    float base = floorf(x);
    if (r->mode == RPR_RESIZE_NEAREST) {
        index[0] = clamp_index(round_nearest(r, d, x), in);
        weight[0] = 1.0f;
    } else if (r->mode == RPR_RESIZE_LINEAR) {
        index[0] = clamp_index(base, in);
        index[1] = clamp_index(base + 1.0f, in);
        /* Both halves at the end, as ONNX Runtime sums it: ties of what is stored as 8 bits. */
        weight[1] = index[0] == index[1] ? 0.5f : x - base;
        weight[0] = 1.0f - weight[1];
    } else {
        for (int t = 0; t < 4; t++)
            index[t] = clamp_index(base - 1.0f + (float)t, in);
        cubic_weights(r->cubic_a, x - base, weight);
        if (r->exclude_outside)
            exclude(weight, base - 1.0f, in);
    }
}

bool rpr_resize_is_identity(const rpr_resize_spec *r, int axis)
{
    return r->in[axis] == r->out[axis] && r->coordinates != RPR_COORD_TF_CROP_AND_RESIZE &&
           fabsf(r->scale[axis] - 1.0f) <= 0.0f;
}

int rpr_resize_make_table(const rpr_resize_spec *r, int axis, rpr_resize_table *t)
{
    int64_t out = r->out[axis];
    bool identity = rpr_resize_is_identity(r, axis);
    *t = (rpr_resize_table){.taps = 1};
    if (r->in[axis] > INT32_MAX || out > INT32_MAX)
        return RPR_ERR_UNSUPPORTED;
    if (!identity && r->mode != RPR_RESIZE_NEAREST)
        t->taps = r->mode == RPR_RESIZE_LINEAR ? 2 : 4;
    bool crop = r->coordinates == RPR_COORD_TF_CROP_AND_RESIZE;
    t->index = rpr_alloc_array((size_t)out * (size_t)t->taps, sizeof *t->index);
    t->weight = rpr_alloc_array((size_t)out * (size_t)t->taps, sizeof *t->weight);
    t->outside = crop ? rpr_alloc_array((size_t)out, sizeof *t->outside) : NULL;
    if (!t->index || !t->weight || (crop && !t->outside)) {
        rpr_resize_free_table(t);
        return RPR_ERR_NOMEM;
    }
    for (int64_t o = 0; o < out; o++) {
        if (identity) {
            t->index[o] = (int32_t)o;
            t->weight[o] = 1.0f;
            continue;
        }
        float x = source_position(r, axis, (float)o);
        if (crop)
            t->outside[o] = !(x >= 0.0f && x <= (float)(r->in[axis] - 1));
        fill_taps(r, axis, x, t->index + o * t->taps, t->weight + o * t->taps);
    }
    return RPR_OK;
}

void rpr_resize_free_table(rpr_resize_table *t)
{
    rpr_free(t->index);
    rpr_free(t->weight);
    rpr_free(t->outside);
    *t = (rpr_resize_table){.taps = 0};
}

bool rpr_resize_plane_tables(const rpr_resize_spec *r, rpr_resize_table t[2])
{
    bool fits = r->rank >= 2;
    t[0] = t[1] = (rpr_resize_table){.taps = 0};
    for (int a = 0; a < r->rank - 2; a++)
        fits &= rpr_resize_is_identity(r, a);
    for (int i = 0; i < 2 && fits; i++)
        fits = rpr_resize_make_table(r, r->rank - 2 + i, &t[i]) == RPR_OK && !t[i].outside;
    if (!fits)
        rpr_resize_free_planes(t);
    return fits;
}

void rpr_resize_free_planes(rpr_resize_table t[2])
{
    rpr_resize_free_table(&t[0]);
    rpr_resize_free_table(&t[1]);
}
