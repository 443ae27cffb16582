/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/rows.h"

#include "core/alloc.h"

bool rpr_row_encoder_init(rpr_row_encoder *e, int32_t pixels, int32_t elements)
{
    size_t w = (size_t)pixels, n = (size_t)elements;
    *e = (rpr_row_encoder){.pixel = rpr_alloc_array(w, sizeof(int32_t)),
                           .packed = rpr_alloc_array(n, sizeof(int32_t)),
                           .gap_flat = rpr_alloc_array(n / 2 + 1, sizeof(int32_t)),
                           .gap_packed = rpr_alloc_array(n / 2 + 1, sizeof(int32_t)),
                           .gap_pixels = rpr_alloc_array(w / 2 + 1, sizeof(int32_t))};
    return e->pixel && e->packed && e->gap_flat && e->gap_packed && e->gap_pixels;
}

void rpr_row_encoder_free(rpr_row_encoder *e)
{
    rpr_free(e->pixel);
    rpr_free(e->packed);
    rpr_free(e->gap_flat);
    rpr_free(e->gap_packed);
    rpr_free(e->gap_pixels);
    *e = (rpr_row_encoder){0};
}

/** A set of positions in [0, size) and the shortest way to write it. */
typedef struct set {
    const int32_t *at; /* members, ascending */
    int32_t n, size;
    int form, k;
    const int32_t *gap; /* of what is listed */
    int32_t listed;
    int64_t bits; /* that writing it takes */
} set;

/* -------------------------------------------------------------------- gaps */

static void gaps_of_members(const int32_t *at, int32_t n, int32_t *gap)
{
    if (n > 0)
        gap[0] = at[0];
    for (int32_t i = 1; i < n; i++)
        gap[i] = at[i] - at[i - 1] - 1;
}

/** Members from i on that follow each other without a gap; looks at most at 64. */
static int32_t run_length(const int32_t *at, int32_t i, int32_t n)
{
    int32_t most = n - i < 64 ? n - i : 64, run = 1;
    if (at[i + most - 1] - at[i] == most - 1)
        return most;
    while (run < most && at[i + run] == at[i] + run)
        run++;
    return run;
}

static void gaps_of_others(const int32_t *at, int32_t n, int32_t size, int32_t *gap)
{
    int32_t next = 0, members = 0; /* the position after the last one looked at; since an other */
    for (int32_t i = 0; i <= n;) {
        int32_t stop = i < n ? at[i] : size;
        for (; next < stop; next++) {
            *gap++ = members;
            members = 0;
        }
        int32_t run = i < n ? run_length(at, i, n) : 1;
        members += run;
        next += run;
        i += run;
    }
}

/* -------------------------------------------------------------------- Rice */

#define BLOCK 4096 /* gaps whose bits add up in 32 bits */

/** Bits of all gaps with parameter k; a gap that is written plainly takes `plain` bits. */
static int64_t rice_bits(const int32_t *gap, int32_t n, int k, int32_t plain)
{
    int64_t bits = 0;
    for (int32_t first = 0; first < n; first += BLOCK) {
        int32_t end = n - first < BLOCK ? n : first + BLOCK, sum = 0;
        for (int32_t i = first; i < end; i++) {
            int32_t q = gap[i] >> k;
            sum += q < RPR_RICE_ESCAPE ? q + 1 + k : plain;
        }
        bits += sum;
    }
    return bits;
}

/** The best k is near the logarithm of the mean, or below if a few gaps are large. */
static int64_t choose_k(const int32_t *gap, int32_t n, int64_t sum, int32_t plain, int *k)
{
    int top = rpr_bits_for((uint32_t)(sum / n)) - 1;
    *k = top > 0 ? top : 0;
    int64_t best = rice_bits(gap, n, *k, plain);
    for (int lower = *k - 1; lower >= 0; lower--) {
        int64_t bits = rice_bits(gap, n, lower, plain);
        if (bits >= best)
            break;
        best = bits;
        *k = lower;
    }
    return best;
}

static set choose_set(const int32_t *at, int32_t n, int32_t size, int32_t *gap)
{
    set s = {.at = at, .n = n, .size = size, .bits = RPR_SET_FORM_BITS, .gap = gap};
    if (n == size) {
        s.form = RPR_SET_ALL;
        return s;
    }
    int width = rpr_bits_for((uint32_t)size);
    s.form = n <= size - n ? RPR_SET_MEMBERS : RPR_SET_OTHERS;
    s.listed = s.form == RPR_SET_MEMBERS ? n : size - n;
    if (s.form == RPR_SET_MEMBERS)
        gaps_of_members(at, n, gap);
    else
        gaps_of_others(at, n, size, gap);
    int64_t sum = size - s.listed; /* the gaps and what is behind the last one */
    int64_t bits = width;
    if (s.listed > 0)
        bits += RPR_SET_K_BITS + choose_k(gap, s.listed, sum, RPR_RICE_ESCAPE + width, &s.k);
    if (bits >= size) {
        bits = size;
        s.form = RPR_SET_BITMAP;
    }
    s.bits += bits;
    return s;
}

/* ----------------------------------------------------------------- writing */

static void put_gaps(rpr_bit_writer *b, const set *s)
{
    const int32_t *gap = s->gap;
    int width = rpr_bits_for((uint32_t)s->size), k = s->k;
    rpr_bit_writer w = *b;
    for (int32_t i = 0; i < s->listed; i++) {
        uint64_t v = (uint32_t)gap[i], q = v >> k;
        if (q < RPR_RICE_ESCAPE) {
            uint64_t low = v & ((UINT64_C(1) << k) - 1);
            rpr_bits_put(&w, (low << 1 | 1) << q, (int)q + 1 + k);
        } else {
            rpr_bits_put(&w, v << RPR_RICE_ESCAPE, RPR_RICE_ESCAPE + width);
        }
    }
    *b = w;
}

static void put_bitmap(rpr_bit_writer *b, const set *s)
{
    int32_t i = 0;
    for (int32_t first = 0; first < s->size; first += 32) {
        int32_t end = s->size - first < 32 ? s->size : first + 32;
        uint64_t word = 0;
        for (; i < s->n && s->at[i] < end; i++)
            word |= UINT64_C(1) << (s->at[i] - first);
        rpr_bits_put(b, word, end - first);
    }
}

static void put_set(rpr_bit_writer *b, const set *s)
{
    rpr_bits_put(b, (uint64_t)s->form, RPR_SET_FORM_BITS);
    if (s->form == RPR_SET_BITMAP)
        put_bitmap(b, s);
    if (s->form == RPR_SET_BITMAP || s->form == RPR_SET_ALL)
        return;
    rpr_bits_put(b, (uint64_t)s->listed, rpr_bits_for((uint32_t)s->size));
    if (s->listed > 0) {
        rpr_bits_put(b, (uint64_t)s->k, RPR_SET_K_BITS);
        put_gaps(b, s);
    }
}

/** Fills pixel and packed; returns the number of changed pixels. */
static int32_t pack_pixels(const rpr_row_encoder *e, const int32_t *idx, int32_t n, int32_t c)
{
    int32_t pixels = 0, end = 0, shift = 0; /* of the present pixel */
    for (int32_t i = 0; i < n; i++) {
        if (idx[i] >= end) {
            int32_t x = idx[i] / c;
            end = (x + 1) * c;
            shift = (x - pixels) * c;
            e->pixel[pixels++] = x;
        }
        e->packed[i] = idx[i] - shift;
    }
    return pixels;
}

void rpr_row_encode(rpr_row_encoder *e, rpr_bit_writer *b, const int32_t *idx, int32_t n, int32_t w,
                    int32_t c)
{
    if (n == 0) {
        rpr_bits_put(b, RPR_ROW_NONE, RPR_ROW_FORM_BITS);
        return;
    }
    set flat = choose_set(idx, n, w * c, e->gap_flat);
    int32_t pixels = flat.form == RPR_SET_ALL || c == 1 ? w : pack_pixels(e, idx, n, c);
    if (pixels < w) {
        set some = choose_set(e->pixel, pixels, w, e->gap_pixels);
        set of_them = choose_set(e->packed, n, pixels * c, e->gap_packed);
        if (some.bits + of_them.bits < flat.bits) {
            rpr_bits_put(b, RPR_ROW_PIXELS, RPR_ROW_FORM_BITS);
            put_set(b, &some);
            put_set(b, &of_them);
            return;
        }
    }
    rpr_bits_put(b, RPR_ROW_FLAT, RPR_ROW_FORM_BITS);
    put_set(b, &flat);
}
