/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels: the definition of what int8.h describes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/pack_i8.h"
#include "kernels/tables.h"

static uint8_t requantised(const rpr_requant *q, int32_t z, float scale)
{
    float y = rintf((float)z * scale) + (float)q->zero; /* exact, or far outside */
    y = y > 0.0f ? y : 0.0f;
    y = y < 255.0f ? y : 255.0f;
    return q->table ? q->table[(int)y] : (uint8_t)y;
}

/* Channel o of a pixel of c channels. Those that fill up the last word have sums of 0. */
static void put_value(const rpr_requant *q, uint8_t *a, int32_t o, int32_t c, int32_t z)
{
    if (a && o < rpr_word_bytes(c))
        a[o] = requantised(q, o < c ? z : 0, o < c ? q->scale[o] : 0.0f);
}

static int32_t load_sum(const int32_t *z, bool z24, int32_t o)
{
    return z24 ? rpr_sum24(z, o) : z[o];
}

static void store_sum(int32_t *z, bool z24, int32_t o, int32_t sum)
{
    if (z24)
        rpr_put_sum24(z, o, sum);
    else
        z[o] = sum;
}

/* What fills up the last word of a pixel of c sums of three bytes. */
static void fill_up(int32_t *z, int32_t c)
{
    memset((uint8_t *)z + 3 * c, 0, (size_t)(rpr_sum24_words(c) * RPR_WORD - 3 * c));
}

/* sum[0, n) += the dot products of a word of values and n words of weights: one weight row. */
static void add_row(int32_t *sum, const int8_t *w, int16_t a, int16_t b, int16_t c, int16_t d,
                    int32_t n)
{
    for (int32_t o = 0; o < n; o++)
        sum[o] += a * w[4 * o] + b * w[4 * o + 1] + c * w[4 * o + 2] + d * w[4 * o + 3];
}

/* The sums of pixel p in the block at channel c0, of so many words. */
static void conv_sums(const rpr_conv_row_i8 *r, int32_t p, int32_t c0, int32_t width, int32_t *sum)
{
    const int8_t *w = r->w + (int64_t)r->kh * r->kw * r->ci * c0 * RPR_WORD;
    memcpy(sum, r->bias + c0, (size_t)width * sizeof *sum);
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++) {
            const uint8_t *in = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix;
            for (int32_t i = 0; i < r->ci; i++, in += RPR_WORD, w += width * RPR_WORD)
                add_row(sum, w, in[0], in[1], in[2], in[3], width);
        }
}

void rpr_ref_conv_row_i8(const rpr_conv_row_i8 *r)
{
    for (int32_t c0 = 0; c0 < r->co; c0 += RPR_BLOCK) {
        const int32_t width = rpr_block_width(r->co, c0);
        for (int32_t p = 0; p < r->n; p++) {
            int32_t sum[RPR_BLOCK];
            if (r->mask && !r->mask[p])
                continue;
            conv_sums(r, p, c0, width, sum);
            for (int32_t o = 0; r->z && o < width && c0 + o < r->co; o++)
                store_sum(r->z + p * r->z_pix, r->z24, c0 + o, sum[o]);
            if (r->z && r->z24)
                fill_up(r->z + p * r->z_pix, r->co);
            for (int32_t o = 0; r->a && o < width; o++)
                put_value(r->q, r->a + p * r->a_pix, c0 + o, r->co, sum[o]);
        }
    }
}

static int32_t depthwise_sum(const rpr_depthwise_row_i8 *r, int32_t p, int32_t k)
{
    int32_t sum = r->bias[k];
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++)
            sum += r->in[p * r->in_step + ky * r->in_row + kx * r->in_pix + k] *
                   rpr_depthwise_weight_i8(r->w, r->kh, r->kw, r->c, ky, kx, k);
    return sum;
}

void rpr_ref_depthwise_row_i8(const rpr_depthwise_row_i8 *r)
{
    for (int32_t p = 0; p < r->n; p++)
        for (int32_t k = 0; k < rpr_word_bytes(r->c); k++) {
            if (r->mask && !r->mask[p])
                continue;
            const int32_t sum = k < r->c ? depthwise_sum(r, p, k) : 0;
            if (r->z && k < r->c)
                r->z[p * r->z_pix + k] = sum;
            put_value(r->q, r->a ? r->a + p * r->a_pix : NULL, k, r->c, sum);
        }
}

void rpr_ref_delta_i8(const rpr_delta_job_i8 *j)
{
    for (int32_t c0 = 0; c0 < j->co; c0 += RPR_BLOCK) {
        const int32_t width = rpr_block_width(j->co, c0), left = j->co - c0;
        const int32_t n = width < left ? width : left;
        for (const rpr_delta_visit *v = j->visit; v < j->visit + j->n_visit; v++) {
            int32_t sum[RPR_BLOCK], *z = (int32_t *)(void *)v->z;
            for (int32_t o = 0; o < n; o++)
                sum[o] = load_sum(z, j->z24, c0 + o);
            for (int32_t e = v->first; e < v->first + v->n; e++) {
                const int64_t row = j->w_rows * c0 + (int64_t)(v->row + j->idx[e]) * width;
                const uint32_t s = j->step[e], r = j->rest[e];
                add_row(sum, j->w + row * RPR_WORD, rpr_word_move(s, r, 0), rpr_word_move(s, r, 1),
                        rpr_word_move(s, r, 2), rpr_word_move(s, r, 3), n);
            }
            for (int32_t o = 0; o < n; o++)
                store_sum(z, j->z24, c0 + o, sum[o]);
        }
    }
}

static bool differs(uint32_t a, uint32_t b, int32_t theta)
{
    for (int shift = 0; shift < 32; shift += 8)
        if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) > theta)
            return true;
    return false;
}

static void list_move(uint32_t now, uint32_t was, uint32_t *step, uint32_t *rest)
{
    uint8_t a[RPR_WORD], b[RPR_WORD], s[RPR_WORD], r[RPR_WORD];
    memcpy(a, &now, sizeof a);
    memcpy(b, &was, sizeof b);
    for (int i = 0; i < RPR_WORD; i++) {
        const int move = a[i] - b[i], near = move < -128 ? -128 : move > 127 ? 127 : move;
        s[i] = (uint8_t)near;
        r[i] = (uint8_t)(move - near);
    }
    memcpy(step, s, sizeof s);
    memcpy(rest, r, sizeof r);
}

int32_t rpr_ref_gate_words(const uint32_t *x, uint32_t *xhat, int32_t n, int32_t theta,
                           int32_t base, int32_t *idx, uint32_t *step, uint32_t *rest)
{
    int32_t changed = 0;
    for (int32_t i = 0; i < n; i++) {
        if (!differs(x[i], xhat[i], theta))
            continue;
        if (idx) {
            idx[changed] = base + i;
            list_move(x[i], xhat[i], &step[changed], &rest[changed]);
        }
        xhat[i] = x[i];
        changed++;
    }
    return changed;
}

void rpr_ref_requantise(const rpr_requant *q, const int32_t *z, int64_t z_pix, bool z24, uint8_t *a,
                        int64_t a_pix, int32_t c, int32_t n)
{
    for (int32_t p = 0; p < n; p++)
        for (int32_t o = 0; o < rpr_word_bytes(c); o++)
            put_value(q, a + p * a_pix, o, c, o < c ? load_sum(z + p * z_pix, z24, o) : 0);
}
