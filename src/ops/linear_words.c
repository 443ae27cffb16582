/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_words.h"

#include "kernels/int8.h"
#include "ops/linear_rows.h"

static rpr_requant requant_of(const rpr_linear *l, const rpr_phase *p, int32_t c0)
{
    return (rpr_requant){.scale = p->scale + c0, .zero = l->zero_out, .table = l->table};
}

/** The bytes of a phase's first channel. */
static uint8_t *bytes_of(const rpr_phase *p, float *a, int32_t c0)
{
    return a ? (uint8_t *)a + p->co0 + c0 : NULL;
}

void rpr_words_conv_row(const rpr_linear *l, const rpr_kernels *k, const rpr_phase *p,
                        const rpr_conv_row *r, int32_t c0, float *a, int64_t a_pix)
{
    const rpr_requant q = requant_of(l, p, c0);
    const rpr_conv_row_i8 row = {.in = (const uint8_t *)r->in,
                                 .in_row = r->in_row * RPR_WORD,
                                 .in_pix = r->in_pix * RPR_WORD,
                                 .in_step = r->in_step * RPR_WORD,
                                 .w = (const int8_t *)r->w,
                                 .bias = (const int32_t *)r->bias,
                                 .sum128 = p->sum128 + c0,
                                 .z = (int32_t *)r->out,
                                 .z_pix = r->out_pix,
                                 .z24 = l->z24,
                                 .a = bytes_of(p, a, c0),
                                 .a_pix = a_pix * RPR_WORD,
                                 .q = &q,
                                 .mask = r->mask,
                                 .kh = r->kh,
                                 .kw = r->kw,
                                 .ci = r->ci,
                                 .co = r->co,
                                 .n = r->n};
    k->conv_row_i8(&row);
}

static void depthwise_row(const rpr_linear *l, const rpr_kernels *k, const rpr_phase *p,
                          const rpr_conv_row *r, float *a, int64_t a_pix)
{
    const rpr_requant q = requant_of(l, p, 0);
    const rpr_depthwise_row_i8 row = {.in = (const uint8_t *)r->in,
                                      .in_row = r->in_row * RPR_WORD,
                                      .in_pix = r->in_pix * RPR_WORD,
                                      .in_step = r->in_step * RPR_WORD,
                                      .w = (const int8_t *)p->w,
                                      .bias = (const int32_t *)p->bias,
                                      .sum128 = p->sum128,
                                      .z = (int32_t *)r->out,
                                      .z_pix = r->out_pix,
                                      .a = bytes_of(p, a, 0),
                                      .a_pix = a_pix * RPR_WORD,
                                      .q = &q,
                                      .mask = r->mask,
                                      .kh = r->kh,
                                      .kw = r->kw,
                                      .c = p->co,
                                      .n = r->n};
    k->depthwise_row_i8(&row);
}

void rpr_words_row(const rpr_linear *l, const rpr_kernels *k, const rpr_phase *p, const rpr_map *in,
                   const rpr_map *z, const rpr_map *a, int32_t n, int32_t j, const uint8_t *mask)
{
    rpr_conv_row r = rpr_phase_conv_row(p, in, z, n, j);
    float *to = rpr_map_at(a, n, p->out_y0 + j * p->out_sy, p->out_x0);
    r.mask = mask;
    if (l->depthwise)
        depthwise_row(l, k, p, &r, to, p->out_sx * a->pix);
    else
        rpr_words_conv_row(l, k, p, &r, 0, to, p->out_sx * a->pix);
}

void rpr_words_finish(const rpr_linear *l, const rpr_kernels *k, const float *z, int64_t z_pix,
                      float *a, int64_t a_pix, int32_t count)
{
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        if (i > 0 && p->co0 == p[-1].co0) /* another residue of the same channels */
            continue;
        const rpr_requant q = requant_of(l, p, 0);
        k->requantise(&q, (const int32_t *)z + p->z0, z_pix, l->z24, bytes_of(p, a, 0),
                      a_pix * RPR_WORD, p->co / p->out_n, count);
    }
}

void rpr_words_delta(const rpr_linear *l, const rpr_kernels *k, const rpr_delta_job *job,
                     const uint32_t *rest)
{
    const rpr_delta_job_i8 words = {.idx = job->idx,
                                    .step = (const uint32_t *)job->delta,
                                    .rest = rest,
                                    .w = (const int8_t *)job->w,
                                    .w_rows = job->w_rows,
                                    .co = job->co,
                                    .visit = job->visit,
                                    .n_visit = job->n_visit,
                                    .first_row = job->first_row,
                                    .n_rows = job->n_rows,
                                    .next_row = job->next_row,
                                    .z24 = l->z24};
    k->delta_i8(&words);
}
