/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/pixel_bytes_picture.h"

#include <string.h>

#include "kernels/int8.h"

enum { CHANNELS = 4, LEVELS = 256, GAP = 8 /* pixels that cost less than another run */ };

/** All levels go through the kernels that floats would come from and go to. */
void rpr_byte_picture_fill(rpr_byte_picture *p, const rpr_kernels *k, const rpr_byte_scale *to,
                           const float *scale, const float *offset, int32_t c)
{
    uint8_t bytes[LEVELS * CHANNELS] = {0};
    float values[LEVELS * CHANNELS];
    for (int32_t i = 0; i < LEVELS * c; i++)
        bytes[i] = (uint8_t)(i / c);
    k->u8_to_f32(bytes, values, LEVELS, c, scale, offset);
    k->bytes->quantise(to, values, bytes, (int64_t)LEVELS * c);
    p->c = c;
    for (int32_t i = 0; i < LEVELS * c; i++) {
        uint8_t word[RPR_WORD] = {0};
        for (int32_t behind = c; i % c == 0 && behind < RPR_WORD; behind++)
            word[behind] = (uint8_t)to->zero;
        word[i % c] = bytes[i];
        memcpy(&p->word[i % c][i / c], word, sizeof word);
    }
}

static inline __attribute__((always_inline)) void
look_up(const rpr_byte_picture *p, const uint8_t *x, float *o, int64_t step, int32_t n, int32_t c)
{
    for (int32_t i = 0; i < n; i++, x += c) {
        uint32_t word = p->word[0][x[0]];
        for (int32_t k = 1; k < c; k++)
            word |= p->word[k][x[k]];
        memcpy(o + i * step, &word, sizeof word);
    }
}

static void run_picture(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in,
                        const rpr_map *out, rpr_rows rows)
{
    const rpr_byte_picture *p = op->params;
    (void)k;
    (void)in;
    for (int32_t y = rows.first; y < rows.end; y++) {
        const uint8_t *mark = rows.mask ? rpr_touch_row(rows.mask, 0, y) : NULL;
        for (int32_t x0 = 0, x1 = 0; rpr_touch_span(mark, x1, out->w, GAP, &x0, &x1);) {
            const uint8_t *x = p->bytes + (size_t)y * p->pitch + x0 * p->c;
            float *o = rpr_map_at(out, 0, y, x0);
            if (p->c == 3) /* a constant: the usual picture */
                look_up(p, x, o, out->pix, x1 - x0, 3);
            else
                look_up(p, x, o, out->pix, x1 - x0, p->c);
        }
    }
}

rpr_pixel_op rpr_byte_picture_op(const rpr_pixel_op *op, rpr_byte_picture *p)
{
    rpr_pixel_op own = *op;
    own.params = p;
    own.run = run_picture;
    return own;
}
