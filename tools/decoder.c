/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder.h"

int decoder_match(decoder *d, decoder_kind kind, const rpr_tensor_info *out, size_t n_out,
                  int width, int height)
{
    *d = (decoder){.kind = kind, .width = width, .height = height};
    switch (kind) {
    case DECODE_NANODET:
        return nanodet_match(d, out, n_out);
    case DECODE_SSD:
        return ssd_match(d, out, n_out);
    case DECODE_NONE:
        break;
    }
    return 1;
}

const char *decoder_wants(decoder_kind kind)
{
    switch (kind) {
    case DECODE_NANODET:
        return "for strides 8, 16 and 32 a class map [1, cells, classes] and a box map "
               "[1, cells, 44]";
    case DECODE_SSD:
        return "scores [1, 512, 1] and [1, 384, 1] and boxes [1, 512, 16] and [1, 384, 16] "
               "for a 128x128 or 256x256 input";
    case DECODE_NONE:
        break;
    }
    return "anything";
}

int decoder_run(const decoder *d, const rpr_output *out, boxes *b)
{
    b->n = 0;
    switch (d->kind) {
    case DECODE_NANODET:
        return nanodet_decode(d, out, b);
    case DECODE_SSD:
        return ssd_decode(d, out, b);
    case DECODE_NONE:
        break;
    }
    return 1;
}

static float best_score(const decoder *d, const float *scores)
{
    int label;
    return d->kind == DECODE_SSD ? ssd_score(*scores) : nanodet_best(d, scores, &label);
}

static void place(const decoder *d, const decoder_level *l, int64_t i, const float *maps, box *b)
{
    if (d->kind == DECODE_SSD)
        ssd_place(l, i, maps, b);
    else
        nanodet_place(l, i, maps, b);
}

/* Of one cell or anchor: how far apart its boxes are, by their IoU. */
static double places_apart(const decoder *d, const decoder_level *l, int64_t i, const float *a,
                           const float *b)
{
    static const double FAR = 1 - 0.75;
    box one = {0}, other = {0};
    place(d, l, i, a, &one);
    place(d, l, i, b, &other);
    const double off = (1 - (double)box_iou(&one, &other)) / FAR;
    return off < 1 ? off * off : 1;
}

static const float SURE = 0.1f;
static const double SCORE_FAR = 0.1;

void decoder_deviation(const decoder *d, const rpr_output *dense, const rpr_output *got,
                       double *difference2, double *cells)
{
    for (int k = 0; d->kind != DECODE_NONE && k < d->n_levels; k++) {
        const decoder_level *l = &d->level[k];
        const float *a = dense[l->scores].data, *b = got[l->scores].data;
        const int64_t n = (int64_t)l->grid_w * l->grid_h * l->per_cell;
        for (int64_t i = 0; i < n; i++, a += d->classes, b += d->classes) {
            const float score = best_score(d, a);
            if (!(score > SURE))
                continue;
            const double off = ((double)best_score(d, b) - (double)score) / SCORE_FAR;
            *difference2 +=
                off * off + places_apart(d, l, i, dense[l->boxes].data, got[l->boxes].data);
            ++*cells;
        }
    }
}

const char *decoder_label(const decoder *d, int label)
{
    return d->kind == DECODE_NANODET && d->classes == 80 ? nanodet_label(label)
           : d->kind == DECODE_SSD                       ? "face"
                                                         : "object";
}
