/* SPDX-License-Identifier: Apache-2.0 */
#include "boxes.h"

#include <stdlib.h>
#include <string.h>

static const float COUNTED = 0.4f, MATCHING = 0.35f, SAME_PLACE = 0.75f;

static int reserve(boxes *b, size_t room)
{
    if (room <= b->room)
        return 1;
    if (room < 2 * b->room)
        room = 2 * b->room;
    box *item = realloc(b->item, room * sizeof *item);
    if (!item)
        return 0;
    b->item = item;
    b->room = room;
    return 1;
}

int boxes_add(boxes *b, box one)
{
    if (!reserve(b, b->n + 1))
        return 0;
    b->item[b->n++] = one;
    return 1;
}

int boxes_copy(boxes *to, const boxes *from)
{
    if (!reserve(to, from->n))
        return 0;
    if (from->n)
        memcpy(to->item, from->item, from->n * sizeof *from->item);
    to->n = from->n;
    return 1;
}

void boxes_free(boxes *b)
{
    free(b->item);
    *b = (boxes){0};
}

int box_counts(const box *b)
{
    return b->score > COUNTED;
}

static float area(const box *b)
{
    return (b->x1 - b->x0) * (b->y1 - b->y0);
}

float box_iou(const box *a, const box *b)
{
    float x0 = a->x0 > b->x0 ? a->x0 : b->x0, y0 = a->y0 > b->y0 ? a->y0 : b->y0;
    float x1 = a->x1 < b->x1 ? a->x1 : b->x1, y1 = a->y1 < b->y1 ? a->y1 : b->y1;
    float w = x1 > x0 ? x1 - x0 : 0, h = y1 > y0 ? y1 - y0 : 0;
    return w * h / (area(a) + area(b) - w * h + 1e-9f);
}

/* Insertion sort by falling score: the lists are short and it keeps the order of equals. */
static void sort_by_score(boxes *b)
{
    for (size_t i = 1; i < b->n; i++) {
        box one = b->item[i];
        size_t j = i;
        for (; j > 0 && b->item[j - 1].score < one.score; j--)
            b->item[j] = b->item[j - 1];
        b->item[j] = one;
    }
}

void boxes_suppress(boxes *b, float iou)
{
    size_t kept = 0;
    sort_by_score(b);
    for (size_t i = 0; i < b->n; i++) {
        size_t k = 0;
        while (k < kept &&
               !(b->item[k].label == b->item[i].label && box_iou(&b->item[k], &b->item[i]) > iou))
            k++;
        if (k == kept)
            b->item[kept++] = b->item[i];
    }
    b->n = kept;
}

static int has_match(const box *one, const boxes *others)
{
    for (size_t i = 0; i < others->n; i++) {
        const box *other = &others->item[i];
        if (other->label == one->label && other->score > MATCHING &&
            box_iou(one, other) > SAME_PLACE)
            return 1;
    }
    return 0;
}

static void count_matches(const boxes *from, const boxes *in, int64_t *n, int64_t *matched)
{
    for (size_t i = 0; i < from->n; i++) {
        if (!box_counts(&from->item[i]))
            continue;
        ++*n;
        *matched += has_match(&from->item[i], in);
    }
}

void agreement_add(agreement *a, const boxes *reference, const boxes *got)
{
    count_matches(reference, got, &a->reference, &a->reference_found);
    count_matches(got, reference, &a->got, &a->got_confirmed);
}

static double share(int64_t part, int64_t whole)
{
    return whole ? (double)part / (double)whole : 1;
}

double agreement_recall(const agreement *a)
{
    return share(a->reference_found, a->reference);
}

double agreement_precision(const agreement *a)
{
    return share(a->got_confirmed, a->got);
}

double agreement_f1(const agreement *a)
{
    double r = agreement_recall(a), p = agreement_precision(a);
    return r + p > 0 ? 2 * r * p / (r + p) : 0;
}

int agreement_empty(const agreement *a)
{
    return a->reference == 0 && a->got == 0;
}
