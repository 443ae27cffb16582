/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes are looked at eight at a time: the common case is long stretches of pixels not touched. */
#include "change/touch.h"

#define ALL_SET UINT64_C(0x0101010101010101)
#define WORD 8

/** Eight marks, the first in the lowest byte. */
static inline uint64_t load8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/** The marks of row[x..w), at most eight; 0 behind them. Reads nothing outside of row[0..w). */
static inline uint64_t load_marks(const uint8_t *row, int32_t x, int32_t w)
{
    if (w - x >= WORD)
        return load8(row + x);
    if (w >= WORD)
        return load8(row + w - WORD) >> (8 * (WORD - (w - x)));
    uint64_t v = 0;
    for (int32_t i = w - 1; i >= x; i--)
        v = v << 8 | row[i];
    return v;
}

/** Position of the lowest and of the highest byte that is not zero. */
static inline int32_t first_byte(uint64_t word)
{
    return __builtin_ctzll(word) / 8;
}

static inline int32_t last_byte(uint64_t word)
{
    return 7 - __builtin_clzll(word) / 8;
}

bool rpr_touch_range(const uint8_t *p, int64_t count)
{
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        if (load8(p + i))
            return true;
    for (; i < count; i++)
        if (p[i])
            return true;
    return false;
}

#define COUNTED 255 /* words of which a byte can hold the sum */

int64_t rpr_touch_count(const rpr_touch *t)
{
    const int64_t n = rpr_touch_pixels(t);
    int64_t i = 0, count = 0;
    if (t->all || !t->any)
        return t->all ? n : 0;
    while (i + WORD <= n) {
        const int64_t words = (n - i) / WORD, some = words < COUNTED ? words : COUNTED;
        uint64_t sums = 0; /* one in every byte */
        for (const int64_t end = i + some * WORD; i < end; i += WORD)
            sums += load8(t->pix + i);
        for (int b = 0; b < WORD; b++)
            count += (int64_t)(sums >> (8 * b) & 0xff);
    }
    for (; i < n; i++)
        count += t->pix[i];
    return count;
}

/** First marked pixel of row[x..w); w if none. */
static inline int32_t first_marked(const uint8_t *row, int32_t x, int32_t w)
{
    for (; x < w; x += WORD) {
        const uint64_t marks = load_marks(row, x, w);
        if (marks)
            return x + first_byte(marks);
    }
    return w;
}

bool rpr_touch_run(const uint8_t *row, int32_t x, int32_t w, int32_t *x0, int32_t *x1)
{
    if (row)
        x = first_marked(row, x, w);
    if (x >= w)
        return false;
    *x0 = x;
    for (; row && x < w; x += WORD) {
        const uint64_t clear = load_marks(row, x, w) ^ ALL_SET;
        if (clear) {
            *x1 = x + first_byte(clear); /* behind the row nothing is marked */
            return true;
        }
    }
    *x1 = w;
    return true;
}

/**
 * The last marked pixel among `marks`, which are pixels x and behind, that follows `last` without a
 * gap of more than `gap`: through a short one from mark to mark.
 */
static inline int32_t follow(uint64_t marks, int32_t x, int32_t last, int32_t gap)
{
    for (; marks; marks &= marks - 1) {
        const int32_t next = x + first_byte(marks);
        if (next - last > gap + 1)
            break;
        last = next;
    }
    return last;
}

bool rpr_touch_span(const uint8_t *row, int32_t x, int32_t w, int32_t gap, int32_t *x0, int32_t *x1)
{
    if (!row || gap <= 0)
        return rpr_touch_run(row, x, w, x0, x1);
    int32_t last = first_marked(row, x, w);
    if (last >= w)
        return false;
    *x0 = last;
    for (x = last + 1; x < w && x - last <= gap + 1; x += WORD) {
        const uint64_t marks = load_marks(row, x, w);
        if (!marks)
            continue;
        if (x + first_byte(marks) - last > gap + 1)
            break;
        if (gap < WORD - 2 && marks != ALL_SET) {
            last = follow(marks, x, last, gap);
            if (last != x + last_byte(marks))
                break;
            continue;
        }
        last = x + last_byte(marks);
    }
    *x1 = last + 1;
    return true;
}

void rpr_touch_or(rpr_touch *out, const rpr_touch *in)
{
    const int64_t count = rpr_touch_pixels(out);
    uint8_t *restrict o = out->pix; /* marks might be anything to a compiler, these pointers too */
    const uint8_t *restrict row = in->pix;
    if (!in->any)
        return;
    for (int64_t i = 0; i < count; i++)
        o[i] |= row[i];
    out->any = true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/**
 * Marks the outputs of a row that read input columns [i0, i1) at tap k = 0, where output x reads
 * column x * stride.
 */
static bool mark_columns(uint8_t *o, int32_t w, int64_t i0, int64_t i1, int stride)
{
    int64_t lo = -floor_div(-i0, stride), hi = floor_div(i1 - 1, stride) + 1;
    lo = lo > 0 ? lo : 0;
    hi = hi < w ? hi : w;
    if (lo >= hi)
        return false;
    memset(o + lo, 1, (size_t)(hi - lo));
    return true;
}

typedef struct rpr_window_axis {
    int k, stride, pad, dilation;
} rpr_window_axis;

/** Marks the outputs of a row whose taps reach input columns [x0, x1). */
static bool mark_run(uint8_t *o, int32_t w, int64_t x0, int64_t x1, const rpr_window_axis *t)
{
    bool any = false;
    int64_t reach = (int64_t)(t->k - 1) * t->dilation;
    if (t->dilation <= x1 - x0) /* the taps leave no gap */
        return mark_columns(o, w, x0 + t->pad - reach, x1 + t->pad, t->stride);
    for (int k = 0; k < t->k; k++) {
        int64_t shift = t->pad - (int64_t)k * t->dilation;
        any |= mark_columns(o, w, x0 + shift, x1 + shift, t->stride);
    }
    return any;
}

/** Marks the outputs of image n that read the pixels [x0, x1) of input row y. */
static bool mark_rows(rpr_touch *out, int32_t n, int64_t y, int32_t x0, int32_t x1,
                      const rpr_window_axis *ty, const rpr_window_axis *tx)
{
    bool any = false;
    for (int k = 0; k < ty->k; k++) {
        int64_t i = y + ty->pad - (int64_t)k * ty->dilation;
        if (i < 0 || i % ty->stride || i / ty->stride >= out->h)
            continue;
        uint8_t *o = rpr_touch_row(out, n, (int32_t)(i / ty->stride));
        any |= mark_run(o, out->w, x0, x1, tx);
    }
    return any;
}

/** o[x] |= row[x * stride] for n outputs; the usual strides are loops that become vectors. */
static void or_strided(uint8_t *restrict o, const uint8_t *restrict row, int32_t n, int stride)
{
    if (stride == 1)
        for (int32_t x = 0; x < n; x++)
            o[x] |= row[x];
    else if (stride == 2)
        for (int32_t x = 0; x < n; x++)
            o[x] |= row[2 * (int64_t)x];
    else
        for (int32_t x = 0; x < n; x++)
            o[x] |= row[(int64_t)x * stride];
}

/** Marks the outputs of a row that read a marked pixel of the whole input row, tap by tap. */
static void or_taps(uint8_t *o, int32_t w, const uint8_t *row, int32_t in_w,
                    const rpr_window_axis *t)
{
    for (int k = 0; k < t->k; k++) {
        const int64_t at = (int64_t)k * t->dilation - t->pad; /* column that output 0 reads */
        int64_t lo = -floor_div(at, t->stride), hi = floor_div(in_w - 1 - at, t->stride) + 1;
        lo = lo > 0 ? lo : 0;
        hi = hi < w ? hi : w;
        if (lo < hi)
            or_strided(o + lo, row + lo * t->stride + at, (int32_t)(hi - lo), t->stride);
    }
}

#define FEW_RUNS 4 /* more of them in a row than that are not worth a call each */

/** Runs of a row, up to a word in which there are more than FEW_RUNS; most have none. */
static int count_runs(const uint8_t *row, int32_t w)
{
    uint64_t before = 0; /* whether the pixel before the word is marked */
    int runs = 0;
    for (int32_t x = 0; x < w && runs <= FEW_RUNS; x += WORD) {
        const uint64_t marks = load_marks(row, x, w), begins = marks & ~(marks << 8 | before);
        runs += (int)(begins * ALL_SET >> 56); /* the sum of its bytes */
        before = marks >> 56;
    }
    return runs;
}

/** As mark_rows, of a row of many runs. */
static bool mark_scattered(rpr_touch *out, const rpr_touch *in, int32_t n, int32_t y,
                           const rpr_window_axis *ty, const rpr_window_axis *tx)
{
    bool any = false;
    for (int k = 0; k < ty->k; k++) {
        const int64_t i = (int64_t)y + ty->pad - (int64_t)k * ty->dilation;
        if (i < 0 || i % ty->stride || i / ty->stride >= out->h)
            continue;
        uint8_t *o = rpr_touch_row(out, n, (int32_t)(i / ty->stride));
        or_taps(o, out->w, rpr_touch_row(in, n, y), in->w, tx);
        any |= rpr_touch_range(o, out->w);
    }
    return any;
}

void rpr_touch_window(rpr_touch *out, const rpr_touch *in, int kh, int kw, int sh, int sw, int pt,
                      int pl, int dh, int dw)
{
    const rpr_window_axis ty = {kh, sh, pt, dh}, tx = {kw, sw, pl, dw};
    if (!in->any)
        return;
    for (int32_t n = 0; n < in->n; n++) {
        for (int32_t y = 0; y < in->h; y++) {
            const uint8_t *row = rpr_touch_row(in, n, y);
            const int runs = count_runs(row, in->w);
            if (runs > FEW_RUNS) {
                out->any |= mark_scattered(out, in, n, y, &ty, &tx);
                continue;
            }
            for (int32_t x0, x1 = 0, i = 0; i < runs && rpr_touch_run(row, x1, in->w, &x0, &x1);
                 i++)
                out->any |= mark_rows(out, n, y, x0, x1, &ty, &tx);
        }
    }
}
