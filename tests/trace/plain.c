/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include <stdlib.h>
#include <string.h>

static int64_t take(plain_bits *b, int n)
{
    int64_t v = 0;
    for (int i = 0; i < n; i++, b->at++)
        v |= (int64_t)(b->bytes[b->at / 8] >> (b->at % 8) & 1) << i;
    return v;
}

/** Bits that hold every number from 0 to v. */
static int width_of(int64_t v)
{
    int width = 0;
    while (v >> width)
        width++;
    return width;
}

static int64_t take_gap(plain_bits *b, int k, int width, plain_seen *seen)
{
    int zeros = 0;
    while (zeros < 24 && take(b, 1) == 0)
        zeros++;
    if (zeros < 24)
        return ((int64_t)zeros << k) + take(b, k);
    seen->escapes++;
    return take(b, width);
}

static void take_set(plain_bits *b, int64_t size, uint8_t *member, int count[4], plain_seen *seen)
{
    int form = (int)take(b, 2), width = width_of(size);
    count[form]++;
    memset(member, form == 1 || form == 3, (size_t)size);
    if (form == 2)
        for (int64_t i = 0; i < size; i++)
            member[i] = (uint8_t)take(b, 1);
    if (form >= 2)
        return;
    int64_t listed = take(b, width), at = -1;
    int k = listed ? (int)take(b, 5) : 0;
    for (int64_t i = 0; i < listed; i++) {
        at += take_gap(b, k, width, seen) + 1;
        if (at >= size)
            abort();
        member[at] = form == 0;
    }
}

void plain_row(plain_bits *b, int w, int c, uint8_t *changed, plain_seen *seen)
{
    int64_t size = (int64_t)w * c, of = 0;
    int form = (int)take(b, 2);
    seen->row[form]++;
    memset(changed, 0, (size_t)size);
    if (form == 1)
        take_set(b, size, changed, seen->set, seen);
    if (form != 2)
        return;
    uint8_t *pixel = calloc((size_t)w, 1), *packed = calloc((size_t)size, 1);
    if (!pixel || !packed)
        abort();
    take_set(b, w, pixel, seen->pixels, seen);
    for (int x = 0; x < w; x++)
        of += pixel[x] * c;
    take_set(b, of, packed, seen->of_pixels, seen);
    const uint8_t *next = packed;
    for (int x = 0; x < w; x++)
        if (pixel[x]) {
            memcpy(changed + (int64_t)x * c, next, (size_t)c);
            next += c;
        }
    free(pixel);
    free(packed);
}
