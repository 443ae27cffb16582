/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BlazeFace, a single-shot detector of faces: 896 anchors on two grids, 16x16 with 2 in a cell and
 * 8x8 with 6 in a cell, at strides 8 and 16 for the 128x128 (front) model and 16 and 32 for the
 * 256x256 (back) model. Scores are logits. A box row holds centre, size and six key points in
 * pixels of the input, the centre relative to that of the anchor's cell.
 */
#include "decoder.h"

#include <math.h>

enum { LEVELS = 2, ROW = 16 };

static const int grids[LEVELS] = {16, 8}, anchors[LEVELS] = {2, 6};
static const float SCORE = 0.35f, OVERLAP = 0.3f, LOGIT_LIMIT = 100;

static int64_t level_rows(const decoder_level *l)
{
    return (int64_t)l->grid_w * l->grid_h * l->per_cell;
}

/* The one output of rows x columns floats, whatever its leading ones; 0 if there is none. */
static int find_map(const rpr_tensor_info *out, size_t n_out, int64_t rows, int64_t columns,
                    size_t *which)
{
    int found = 0;
    for (size_t i = 0; i < n_out; i++) {
        const rpr_tensor_info *t = &out[i];
        int flat = t->rank == 2 || (t->rank == 3 && t->dim[0] == 1);
        if (flat && t->dtype == RPR_F32 && t->dim[t->rank - 2] == rows &&
            t->dim[t->rank - 1] == columns) {
            *which = i;
            found++;
        }
    }
    return found == 1;
}

int ssd_match(decoder *d, const rpr_tensor_info *out, size_t n_out)
{
    if (d->width != d->height || (d->width != 128 && d->width != 256))
        return 0;
    d->classes = 1;
    d->n_levels = LEVELS;
    for (int k = 0; k < LEVELS; k++) {
        decoder_level *l = &d->level[k];
        l->grid_w = l->grid_h = grids[k];
        l->stride = d->width / grids[k];
        l->per_cell = anchors[k];
        if (!find_map(out, n_out, level_rows(l), 1, &l->scores) ||
            !find_map(out, n_out, level_rows(l), ROW, &l->boxes))
            return 0;
    }
    return 1;
}

float ssd_score(float logit)
{
    return 1 / (1 + expf(-fminf(fmaxf(logit, -LOGIT_LIMIT), LOGIT_LIMIT)));
}

void ssd_place(const decoder_level *l, int64_t i, const float *rows, box *b)
{
    const int64_t cell = i / l->per_cell;
    const float *row = rows + i * ROW;
    const float x = row[0] + ((float)(cell % l->grid_w) + 0.5f) * (float)l->stride;
    const float y = row[1] + ((float)(cell / l->grid_w) + 0.5f) * (float)l->stride;
    const float w = row[2] / 2, h = row[3] / 2;
    b->x0 = x - w;
    b->y0 = y - h;
    b->x1 = x + w;
    b->y1 = y + h;
}

static int decode_level(const decoder_level *l, const float *scores, const float *rows, boxes *b)
{
    for (int64_t i = 0; i < level_rows(l); i++) {
        float score = ssd_score(scores[i]);
        if (!(score > SCORE))
            continue;
        box one = {.score = score};
        ssd_place(l, i, rows, &one);
        if (!boxes_add(b, one))
            return 0;
    }
    return 1;
}

int ssd_decode(const decoder *d, const rpr_output *out, boxes *b)
{
    for (int k = 0; k < d->n_levels; k++) {
        const decoder_level *l = &d->level[k];
        if (!decode_level(l, out[l->scores].data, out[l->boxes].data, b))
            return 0;
    }
    boxes_suppress(b, OVERLAP);
    return 1;
}
