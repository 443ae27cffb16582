/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/rows.h"

#include "core/alloc.h"

static size_t words_of(int64_t bits)
{
    return (size_t)((bits + 63) / 64);
}

bool rpr_row_decoder_init(rpr_row_decoder *d, int32_t pixels, int32_t elements)
{
    *d = (rpr_row_decoder){.pixels = rpr_alloc_array(words_of(pixels), sizeof(uint64_t)),
                           .elements = rpr_alloc_array(words_of(elements), sizeof(uint64_t))};
    return d->pixels && d->elements;
}

void rpr_row_decoder_free(rpr_row_decoder *d)
{
    rpr_free(d->pixels);
    rpr_free(d->elements);
    *d = (rpr_row_decoder){0};
}

/* -------------------------------------------------------------------- bits */

/** The n lowest bits; n in [0, 64]. */
static uint64_t low_bits(uint64_t v, int64_t n)
{
    return n < 64 ? v & ((UINT64_C(1) << n) - 1) : v;
}

/** Sets the n bits of `from` that begin at bit `first` in `to` from bit `at` on. */
static void copy_bits(uint64_t *to, int64_t at, const uint64_t *from, int64_t first, int64_t n)
{
    while (n > 0) {
        int shift = (int)(first & 63), room = 64 - (int)(at & 63);
        int64_t take = n < room ? n : room;
        uint64_t v = from[first >> 6] >> shift;
        if (shift + take > 64)
            v |= from[(first >> 6) + 1] << (64 - shift);
        to[at >> 6] |= low_bits(v, take) << (at & 63);
        at += take;
        first += take;
        n -= take;
    }
}

static void fill_bits(uint64_t *bits, int64_t n, bool on)
{
    size_t words = words_of(n);
    for (size_t i = 0; i < words; i++)
        bits[i] = on ? low_bits(UINT64_MAX, n - (int64_t)i * 64) : 0;
}

/* -------------------------------------------------------------------- sets */

static const char cut_short[] = "a row goes on beyond its end";

/** Flips the bits that `listed` Rice-coded gaps name. */
static const char *get_gaps(rpr_bit_reader *b, uint64_t *bits, int32_t size, int32_t listed)
{
    int width = rpr_bits_for((uint32_t)size);
    uint64_t k, mask, plain = (UINT64_C(1) << width) - 1;
    if (!rpr_bits_get(b, RPR_SET_K_BITS, &k))
        return cut_short;
    mask = (UINT64_C(1) << k) - 1;
    rpr_bit_reader r = *b;
    int64_t at = -1;
    for (int32_t i = 0; i < listed; i++) {
        uint64_t v = rpr_bits_peek(&r), gap;
        int q = __builtin_ctzll(v | UINT64_C(1) << RPR_RICE_ESCAPE);
        if (q < RPR_RICE_ESCAPE) {
            gap = (uint64_t)q << k | (v >> (q + 1) & mask);
            r.at += (uint64_t)q + 1 + k;
        } else {
            gap = v >> RPR_RICE_ESCAPE & plain;
            r.at += RPR_RICE_ESCAPE + (uint64_t)width;
        }
        at += (int64_t)gap + 1;
        if (r.at > r.end || at >= size) {
            *b = r;
            return r.at > r.end ? cut_short : "a row names an element that it does not have";
        }
        bits[at >> 6] ^= UINT64_C(1) << (at & 63);
    }
    *b = r;
    return NULL;
}

static const char *get_bitmap(rpr_bit_reader *b, uint64_t *bits, int32_t size, int32_t *n)
{
    *n = 0;
    for (int32_t first = 0; first < size; first += 32) {
        uint64_t word;
        if (!rpr_bits_get(b, size - first < 32 ? size - first : 32, &word))
            return cut_short;
        bits[first >> 6] |= word << (first & 63);
        *n += __builtin_popcountll(word);
    }
    return NULL;
}

/** Reads a set into bits[0, size); *n is the number of its members. */
static const char *get_set(rpr_bit_reader *b, uint64_t *bits, int32_t size, int32_t *n)
{
    uint64_t form, listed;
    if (!rpr_bits_get(b, RPR_SET_FORM_BITS, &form))
        return cut_short;
    fill_bits(bits, size, form == RPR_SET_OTHERS || form == RPR_SET_ALL);
    *n = size;
    if (form == RPR_SET_ALL)
        return NULL;
    if (form == RPR_SET_BITMAP)
        return get_bitmap(b, bits, size, n);
    if (!rpr_bits_get(b, rpr_bits_for((uint32_t)size), &listed))
        return cut_short;
    if (listed > (uint64_t)size)
        return "a row lists more elements than it has";
    *n = form == RPR_SET_MEMBERS ? (int32_t)listed : size - (int32_t)listed;
    return listed ? get_gaps(b, bits, size, (int32_t)listed) : NULL;
}

/* -------------------------------------------------------------------- rows */

/** Copies the elements of the marked pixels to where these are. */
static void spread_pixels(const rpr_row_decoder *d, int32_t w, int32_t c, uint64_t *bits,
                          int64_t at)
{
    int64_t first = 0;
    for (int32_t word = 0; word < (int32_t)words_of(w); word++)
        for (uint64_t v = d->pixels[word]; v; v &= v - 1, first += c) {
            int64_t x = (int64_t)word * 64 + __builtin_ctzll(v);
            copy_bits(bits, at + x * c, d->elements, first, c);
        }
}

const char *rpr_row_decode(rpr_row_decoder *d, rpr_bit_reader *b, int32_t w, int32_t c,
                           uint64_t *bits, int64_t at, int32_t *n)
{
    uint64_t form;
    const char *wrong = NULL;
    int32_t pixels;
    *n = 0;
    if (!rpr_bits_get(b, RPR_ROW_FORM_BITS, &form))
        return cut_short;
    switch (form) {
    case RPR_ROW_NONE:
        return NULL;
    case RPR_ROW_FLAT:
        wrong = get_set(b, d->elements, w * c, n);
        if (!wrong)
            copy_bits(bits, at, d->elements, 0, (int64_t)w * c);
        return wrong;
    case RPR_ROW_PIXELS:
        wrong = get_set(b, d->pixels, w, &pixels);
        if (!wrong)
            wrong = get_set(b, d->elements, pixels * c, n);
        if (!wrong)
            spread_pixels(d, w, c, bits, at);
        return wrong;
    default:
        return "a row of unknown form";
    }
}
