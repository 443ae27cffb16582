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

/* The dot product of a word of values and one of weights. */
static int32_t dot(const uint8_t *x, const int8_t *w)
{
    int32_t sum = 0;
    for (int i = 0; i < RPR_WORD; i++)
        sum += x[i] * w[i];
    return sum;
}

/* Word o of weight row `row`. */
static const int8_t *weights_at(const int8_t *w, int64_t rows, int32_t co, int64_t row, int32_t o)
{
    const int32_t c0 = o / RPR_BLOCK * RPR_BLOCK;
    return w + (rows * c0 + row * rpr_block_width(co, c0) + o - c0) * RPR_WORD;
}

static int32_t conv_sum(const rpr_conv_row_i8 *r, int32_t p, int32_t o)
{
    const int64_t rows = (int64_t)r->kh * r->kw * r->ci;
    int64_t row = 0;
    int32_t sum = r->bias[o];
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++) {
            const uint8_t *in = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix;
            for (int32_t i = 0; i < r->ci; i++, row++)
                sum += dot(in + i * RPR_WORD, weights_at(r->w, rows, r->co, row, o));
        }
    return sum;
}

void rpr_ref_conv_row_i8(const rpr_conv_row_i8 *r)
{
    for (int32_t p = 0; p < r->n; p++)
        for (int32_t o = 0; o < rpr_word_bytes(r->co); o++) {
            if (r->mask && !r->mask[p])
                continue;
            const int32_t sum = o < r->co ? conv_sum(r, p, o) : 0;
            if (r->z && o < r->co)
                r->z[p * r->z_pix + o] = sum;
            put_value(r->q, r->a ? r->a + p * r->a_pix : NULL, o, r->co, sum);
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
    for (const rpr_delta_visit *v = j->visit; v < j->visit + j->n_visit; v++)
        for (int32_t e = v->first; e < v->first + v->n; e++)
            for (int32_t o = 0; o < j->co; o++) {
                const int8_t *w = weights_at(j->w, j->w_rows, j->co, v->row + j->idx[e], o);
                uint8_t now[RPR_WORD], was[RPR_WORD];
                int32_t z;
                memcpy(now, &j->now[e], sizeof now);
                memcpy(was, &j->was[e], sizeof was);
                memcpy(&z, v->z + o, sizeof z);
                z += dot(now, w) - dot(was, w);
                memcpy(v->z + o, &z, sizeof z);
            }
}

static bool differs(uint32_t a, uint32_t b, int32_t theta)
{
    for (int shift = 0; shift < 32; shift += 8)
        if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) > theta)
            return true;
    return false;
}

int32_t rpr_ref_gate_words(const uint32_t *x, uint32_t *xhat, int32_t n, int32_t theta,
                           int32_t base, int32_t *idx, uint32_t *now, uint32_t *was)
{
    int32_t changed = 0;
    for (int32_t i = 0; i < n; i++) {
        if (!differs(x[i], xhat[i], theta))
            continue;
        if (idx) {
            idx[changed] = base + i;
            now[changed] = x[i];
            was[changed] = xhat[i];
        }
        xhat[i] = x[i];
        changed++;
    }
    return changed;
}

void rpr_ref_requantise(const rpr_requant *q, const int32_t *z, int64_t z_pix, uint8_t *a,
                        int64_t a_pix, int32_t c, int32_t n)
{
    for (int32_t p = 0; p < n; p++)
        for (int32_t o = 0; o < rpr_word_bytes(c); o++)
            put_value(q, a + p * a_pix, o, c, o < c ? z[p * z_pix + o] : 0);
}
