/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NanoDet: at strides 8, 16 and 32 a map of class probabilities (sigmoid already applied) and a map
 * of boxes. A box is four distances (left, top, right, bottom) from the centre of its cell; each is
 * the mean of a distribution over 0..10 strides, given as logits ("generalized focal loss").
 */
#include "decoder.h"

#include <math.h>

enum { BINS = 11, SIDES = 4, STRIDES = 3 };

static const int strides[STRIDES] = {8, 16, 32};
static const float SCORE = 0.35f, OVERLAP = 0.6f;

static int64_t cells(const decoder_level *l)
{
    return (int64_t)l->grid_w * l->grid_h;
}

/* Rows and columns of a [1, rows, columns] or [rows, columns] tensor of floats. */
static int is_map(const rpr_tensor_info *t, int64_t *rows, int64_t *columns)
{
    if (t->dtype != RPR_F32 || !(t->rank == 2 || (t->rank == 3 && t->dim[0] == 1)))
        return 0;
    *rows = t->dim[t->rank - 2];
    *columns = t->dim[t->rank - 1];
    return 1;
}

/* Finds the two maps of one stride; classes is set by the first. */
static int match_level(decoder *d, decoder_level *l, const rpr_tensor_info *out, size_t n_out)
{
    int have_scores = 0, have_boxes = 0;
    for (size_t i = 0; i < n_out; i++) {
        int64_t rows, columns;
        if (!is_map(&out[i], &rows, &columns) || rows != cells(l))
            continue;
        if (columns == SIDES * BINS) {
            l->boxes = i;
            have_boxes++;
        } else if (columns < 100000 && (!d->classes || columns == d->classes)) {
            d->classes = (int)columns;
            l->scores = i;
            have_scores++;
        }
    }
    return have_scores == 1 && have_boxes == 1;
}

int nanodet_match(decoder *d, const rpr_tensor_info *out, size_t n_out)
{
    d->n_levels = STRIDES;
    for (int k = 0; k < STRIDES; k++) {
        decoder_level *l = &d->level[k];
        l->stride = strides[k];
        l->grid_w = (d->width + l->stride - 1) / l->stride;
        l->grid_h = (d->height + l->stride - 1) / l->stride;
        l->per_cell = 1;
        if (!match_level(d, l, out, n_out))
            return 0;
    }
    return 1;
}

/* Mean of the distribution whose logits are given, in strides. */
static float distance(const float *logits)
{
    float top = logits[0], sum = 0, mean = 0;
    for (int i = 1; i < BINS; i++)
        top = fmaxf(top, logits[i]);
    for (int i = 0; i < BINS; i++) {
        float e = expf(logits[i] - top);
        sum += e;
        mean += e * (float)i;
    }
    return mean / sum;
}

float nanodet_best(const decoder *d, const float *scores, int *label)
{
    int best = 0;
    for (int c = 1; c < d->classes; c++)
        if (scores[c] > scores[best])
            best = c;
    *label = best;
    return scores[best];
}

void nanodet_place(const decoder_level *l, int64_t i, const float *maps, box *b)
{
    const float *sides = maps + i * SIDES * BINS, stride = (float)l->stride;
    const float x = ((float)(i % l->grid_w) + 0.5f) * stride;
    const float y = ((float)(i / l->grid_w) + 0.5f) * stride;
    b->x0 = x - distance(sides) * stride;
    b->y0 = y - distance(sides + BINS) * stride;
    b->x1 = x + distance(sides + 2 * BINS) * stride;
    b->y1 = y + distance(sides + 3 * BINS) * stride;
}

static int decode_level(const decoder *d, const decoder_level *l, const float *scores,
                        const float *maps, boxes *b)
{
    for (int64_t i = 0; i < cells(l); i++, scores += d->classes) {
        int best;
        if (!(nanodet_best(d, scores, &best) > SCORE))
            continue;
        box one = {.score = scores[best], .label = best};
        nanodet_place(l, i, maps, &one);
        if (!boxes_add(b, one))
            return 0;
    }
    return 1;
}

int nanodet_decode(const decoder *d, const rpr_output *out, boxes *b)
{
    for (int k = 0; k < d->n_levels; k++) {
        const decoder_level *l = &d->level[k];
        if (!decode_level(d, l, out[l->scores].data, out[l->boxes].data, b))
            return 0;
    }
    boxes_suppress(b, OVERLAP);
    return 1;
}

const char *nanodet_label(int label)
{
    static const char *const names[80] = {"person",        "bicycle",      "car",
                                          "motorcycle",    "airplane",     "bus",
                                          "train",         "truck",        "boat",
                                          "traffic light", "fire hydrant", "stop sign",
                                          "parking meter", "bench",        "bird",
                                          "cat",           "dog",          "horse",
                                          "sheep",         "cow",          "elephant",
                                          "bear",          "zebra",        "giraffe",
                                          "backpack",      "umbrella",     "handbag",
                                          "tie",           "suitcase",     "frisbee",
                                          "skis",          "snowboard",    "sports ball",
                                          "kite",          "baseball bat", "baseball glove",
                                          "skateboard",    "surfboard",    "tennis racket",
                                          "bottle",        "wine glass",   "cup",
                                          "fork",          "knife",        "spoon",
                                          "bowl",          "banana",       "apple",
                                          "sandwich",      "orange",       "broccoli",
                                          "carrot",        "hot dog",      "pizza",
                                          "donut",         "cake",         "chair",
                                          "couch",         "potted plant", "bed",
                                          "dining table",  "toilet",       "tv",
                                          "laptop",        "mouse",        "remote",
                                          "keyboard",      "cell phone",   "microwave",
                                          "oven",          "toaster",      "sink",
                                          "refrigerator",  "book",         "clock",
                                          "vase",          "scissors",     "teddy bear",
                                          "hair drier",    "toothbrush"};
    return label >= 0 && label < 80 ? names[label] : "object";
}
