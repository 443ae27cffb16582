/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels with weights: dense convolution, correction by change lists, depthwise convolution. */
#include "kernels/pack.h"
#include "kernels/ref/ref.h"

static int32_t min_i32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* out[0, n) += x * w[0, n): one weight row. */
static void add_row(float *out, const float *w, float x, int32_t n)
{
    for (int32_t o = 0; o < n; o++)
        out[o] += x * w[o];
}

void rpr_ref_conv_row(const rpr_conv_row *r)
{
    int64_t rows = (int64_t)r->kh * r->kw * r->ci;
    for (int32_t c0 = 0; c0 < r->co; c0 += RPR_BLOCK) {
        int32_t width = rpr_block_width(r->co, c0);
        int32_t n_out = min_i32(width, r->co - c0);
        for (int32_t p = 0; p < r->n; p++) {
            if (r->mask && !r->mask[p])
                continue;
            const float *w = r->w + rows * c0;
            float *out = r->out + p * r->out_pix + c0;
            for (int32_t o = 0; o < n_out; o++)
                out[o] = r->bias[c0 + o];
            for (int32_t ky = 0; ky < r->kh; ky++)
                for (int32_t kx = 0; kx < r->kw; kx++) {
                    const float *in = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix;
                    for (int32_t i = 0; i < r->ci; i++, w += width)
                        add_row(out, w, in[i], n_out);
                }
        }
    }
}

/* The weight row of a change in the block at channel c0: where it stands, or unpacked into `room`.
 */
static const float *delta_row(const rpr_delta_job *j, int32_t c0, int64_t row, float *room)
{
    const int32_t width = rpr_block_width(j->co, c0);
    if (j->w)
        return j->w + j->w_rows * c0 + row * width;
    const float *words = j->half + j->w_rows * rpr_half_words(c0) + row * rpr_half_words(width);
    for (int32_t o = 0; o < width; o++)
        room[o] = rpr_half_weight(words, width / RPR_LANE, o / RPR_LANE, o % RPR_LANE);
    return room;
}

void rpr_ref_delta(const rpr_delta_job *j)
{
    float room[RPR_BLOCK];
    for (int32_t c0 = 0; c0 < j->co; c0 += RPR_BLOCK) {
        int32_t n_out = min_i32(RPR_BLOCK, j->co - c0);
        for (const rpr_delta_visit *v = j->visit; v < j->visit + j->n_visit; v++)
            for (int32_t e = v->first; e < v->first + v->n; e++)
                add_row(v->z + c0, delta_row(j, c0, v->row + j->idx[e], room), j->delta[e], n_out);
    }
}

void rpr_ref_depthwise_row(const rpr_depthwise_row *r)
{
    for (int32_t p = 0; p < r->n; p++) {
        if (r->mask && !r->mask[p])
            continue;
        float *out = r->out + p * r->out_pix;
        const float *w = r->w;
        for (int32_t k = 0; k < r->c; k++)
            out[k] = r->bias[k];
        for (int32_t ky = 0; ky < r->kh; ky++)
            for (int32_t kx = 0; kx < r->kw; kx++, w += r->c) {
                const float *in = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix;
                for (int32_t k = 0; k < r->c; k++)
                    out[k] += in[k] * w[k];
            }
    }
}
