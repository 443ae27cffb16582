/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The integer kernels, bit for bit: against sums of the plain weights, which also checks the
 * packing. Whatever lies outside a kernel's output must stay as it was.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkkern.h"
#include "kernels/pack_i8.h"

enum { ROUNDS = 400 };

static int32_t rnd_co(void)
{
    static const int32_t wide[] = {64, 80, 96, 128, 129, 144, 192, 200, 255};
    return rnd() % 3 ? rnd_int(1, 70) : wide[rnd() % (sizeof wide / sizeof wide[0])];
}

/* Bytes on a random side of a page that traps; with `ends` many of them are extreme. */
static uint8_t *rnd_bytes(int64_t n, bool ends)
{
    uint8_t *p = guard_alloc((size_t)n, rnd() % 2);
    for (int64_t i = 0; i < n; i++)
        p[i] = (uint8_t)(ends && rnd() % 2 ? 255 * (rnd() % 2) : rnd());
    return p;
}

/* Weights and what belongs to them, for co outputs; of depthwise ones ci is 1. */
typedef struct weights {
    int32_t co, taps, ci;
    int8_t *plain, *packed; /* [co][taps][ci] */
    int32_t *bias, *sum128;
    rpr_requant q;
} weights;

static float rnd_scale(void)
{
    static const float odd[] = {0.5f, 1.0f, 0.25f, 0x1p-20f, 1e6f, 3e38f, 0x1p-140f};
    return rnd() % 4 ? 0.002f * fabsf(rnd_float()) : odd[rnd() % (sizeof odd / sizeof odd[0])];
}

static weights new_weights(int32_t co, int32_t taps, int32_t ci)
{
    weights w = {.co = co, .taps = taps, .ci = ci};
    const int32_t padded = rpr_round_lane(co);
    const bool ends = rnd() % 4 == 0;
    w.plain = (int8_t *)rnd_bytes((int64_t)co * taps * ci, false);
    for (int64_t i = 0; ends && i < (int64_t)co * taps * ci; i++)
        w.plain[i] = rnd() % 4 ? -128 : 127;
    w.bias = guard_alloc((size_t)padded * sizeof *w.bias, false);
    w.sum128 = guard_alloc((size_t)padded * sizeof *w.sum128, false);
    float *scale = guard_alloc((size_t)padded * sizeof *scale, false);
    for (int32_t o = 0; o < padded; o++) {
        w.bias[o] = o < co ? rnd_int(-100000, 100000) : 0;
        scale[o] = o < co ? rnd_scale() : 0.0f;
    }
    w.q = (rpr_requant){.scale = scale, .zero = rnd_int(0, 255)};
    if (rnd() % 3 == 0)
        w.q.table = rnd_bytes(256, false);
    return w;
}

static weights dense_weights(int32_t co, int32_t taps, int32_t ci)
{
    weights w = new_weights(co, taps, ci);
    const int64_t rows = (int64_t)taps * rpr_words(ci);
    w.packed = guard_alloc((size_t)rpr_packed_bytes_i8(rows, co), false);
    rpr_pack_i8(w.packed, w.plain, co, taps, ci, (int64_t)taps * ci, ci, 1);
    rpr_sum128_i8(w.sum128, w.packed, rows, co);
    return w;
}

static int32_t weight(const weights *w, int32_t o, int32_t tap, int32_t i)
{
    return i < w->ci ? w->plain[((int64_t)o * w->taps + tap) * w->ci + i] : 0;
}

/* The 8-bit value of channel o, which may be one that fills up a word. */
static uint8_t byte_of(const weights *w, int64_t z, int32_t o)
{
    const float y = o < w->co ? (float)(int32_t)z * w->q.scale[o] : 0.0f;
    const double r = nearbyint((double)y) + w->q.zero;
    const uint8_t b = (uint8_t)(r < 0.0 ? 0.0 : r > 255.0 ? 255.0 : r);
    return w->q.table ? w->q.table[b] : b;
}

/* The lower three bytes of a sum: all of it, where it may be kept in them. */
static int64_t lower24(int64_t sum)
{
    return ((sum & 0xffffff) ^ 0x800000) - 0x800000;
}

/* Sums of n pixels of c channels, z_pix words apart. */
typedef struct sums {
    int32_t *z;
    int64_t z_pix, words;
    int32_t c;
    bool z24;
} sums;

static sums new_sums(int32_t c, int32_t n, bool z24)
{
    const int32_t words = z24 ? (3 * c + 3) / 4 : c;
    sums s = {.c = c, .z24 = z24, .z_pix = words + (rnd() % 2 ? rnd_int(1, 5) : 0)};
    s.words = (n - 1) * s.z_pix + words;
    s.z = (int32_t *)(void *)rnd_bytes(s.words * 4, false);
    return s;
}

static sums copy_of(const sums *s)
{
    sums copy = *s;
    copy.z = guard_alloc((size_t)s->words * 4, false);
    memcpy(copy.z, s->z, (size_t)s->words * 4);
    return copy;
}

static int64_t sum_at(const sums *s, int32_t p, int32_t o)
{
    const uint8_t *b = (const uint8_t *)(s->z + p * s->z_pix) + 3 * o;
    return s->z24 ? lower24(b[0] + 256 * b[1] + 65536 * b[2]) : s->z[p * s->z_pix + o];
}

static void set_sum(const sums *s, int32_t p, int32_t o, int64_t sum)
{
    uint8_t *b = (uint8_t *)(s->z + p * s->z_pix) + 3 * o;
    if (!s->z24)
        s->z[p * s->z_pix + o] = (int32_t)sum;
    for (int i = 0; s->z24 && i < 3; i++)
        b[i] = (uint8_t)(sum >> 8 * i);
}

/* A pixel as it was is to have these sums; what fills up its last word is 0 then. */
static void set_pixel(const sums *s, int32_t p, const int64_t *sum)
{
    for (int32_t o = 0; o < s->c; o++)
        set_sum(s, p, o, sum[o]);
    if (s->z24)
        memset((uint8_t *)(s->z + p * s->z_pix) + 3 * s->c, 0, (size_t)(-3 * s->c & 3));
}

/* Every byte, and every sum, that the message may say which one it is. */
static void expect_sums(const sums *s, const sums *want, int32_t n)
{
    for (int32_t p = 0; p < n; p++)
        for (int32_t o = 0; o < s->c; o++)
            expect(sum_at(s, p, o) == sum_at(want, p, o),
                   "sum%s: pixel %d, channel %d of %d: %d, not %d", s->z24 ? "24" : "", p, o, s->c,
                   (int)sum_at(s, p, o), (int)sum_at(want, p, o));
    expect(memcmp(s->z, want->z, (size_t)s->words * 4) == 0, "bytes around sums of %d channels",
           s->c);
}

/* Where a kernel writes, and how that is to be, and was before. */
typedef struct outputs {
    sums z, z_want;
    uint8_t *a, *a_before;
    int64_t a_pix;
    int32_t c, n;
} outputs;

static outputs new_outputs(int32_t c, int32_t n, bool z24)
{
    outputs o = {.c = c, .n = n};
    const uint32_t which = rnd() % 3;
    o.a_pix = rpr_word_bytes(c) + (rnd() % 2 ? rnd_int(1, 3) * RPR_WORD : 0);
    const int64_t n_a = (n - 1) * o.a_pix + rpr_word_bytes(c);
    if (which != 0) {
        o.z = new_sums(c, n, z24);
        o.z_want = copy_of(&o.z);
    }
    if (which != 1) {
        o.a = rnd_bytes(n_a, false);
        o.a_before = guard_alloc((size_t)n_a, false);
        memcpy(o.a_before, o.a, (size_t)n_a);
    }
    return o;
}

/* Pixel p, with `sum` of its channels, or untouched if `sum` is NULL. */
static void expect_pixel(const outputs *out, const weights *w, int32_t p, const int64_t *sum)
{
    const bool last = p + 1 == out->n;
    if (out->z.z && sum)
        set_pixel(&out->z_want, p, sum);
    if (out->z.z && last)
        expect_sums(&out->z, &out->z_want, out->n);
    const int32_t bytes = rpr_word_bytes(out->c);
    for (int32_t o = 0; out->a && o < (last ? bytes : out->a_pix); o++) {
        const int64_t at = p * out->a_pix + o;
        const uint8_t want =
            sum && o < bytes ? byte_of(w, o < out->c ? sum[o] : 0, o) : out->a_before[at];
        expect(out->a[at] == want, "byte: pixel %d, channel %d of %d: %d, not %d", p, o, out->c,
               out->a[at], want);
    }
}

static uint8_t *rnd_mask(int32_t n)
{
    if (rnd() % 2)
        return NULL;
    uint8_t *mask = guard_alloc((size_t)n, false);
    const uint32_t one_in = rnd() % 5 + 1;
    const bool runs = rnd() % 3 == 0; /* long ones between single pixels */
    for (int32_t p = 0; p < n; p++)
        mask[p] = runs ? p % 19 > 3 || rnd() % 2 : rnd() % one_in == 0;
    return mask;
}

/* ------------------------------------------------------------------ conv_row */

static int64_t conv_sum(const rpr_conv_row_i8 *r, const weights *w, int32_t p, int32_t o)
{
    int64_t sum = w->bias[o];
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++) {
            const uint8_t *x = r->in + p * r->in_step + ky * r->in_row + kx * r->in_pix;
            for (int32_t i = 0; i < w->ci; i++)
                sum += x[i] * weight(w, o, ky * r->kw + kx, i);
        }
    return sum;
}

static void conv_case(const rpr_kernels *k)
{
    const int32_t ci = rnd_int(1, 36);
    rpr_conv_row_i8 r = {.kh = rnd_int(1, 3),
                         .kw = rnd_int(1, 3),
                         .ci = rpr_words(ci),
                         .co = rnd_co(),
                         .n = rnd_int(1, 45)};
    r.in_pix = r.ci * RPR_WORD + (rnd() % 2 ? rnd_int(1, 5) * RPR_WORD : 0);
    r.in_step = r.in_pix * rnd_int(1, 2);
    r.in_row = r.n * r.in_step + r.kw * r.in_pix + rnd_int(0, 3) * RPR_WORD;
    const int64_t n_in = (r.n - 1) * r.in_step + (r.kh - 1) * r.in_row + (r.kw - 1) * r.in_pix +
                         (int64_t)r.ci * RPR_WORD;
    const weights w = dense_weights(r.co, r.kh * r.kw, ci);
    r.z24 = rnd() % 2;
    const outputs out = new_outputs(r.co, r.n, r.z24);
    r.in = rnd_bytes(n_in, rnd() % 4 == 0), r.w = w.packed, r.bias = w.bias, r.sum128 = w.sum128;
    r.z = out.z.z, r.z_pix = out.z.z_pix, r.a = out.a, r.a_pix = out.a_pix, r.q = &w.q;
    r.mask = rnd_mask(r.n);
    k->conv_row_i8(&r);
    for (int32_t p = 0; p < r.n; p++) {
        int64_t sum[256];
        for (int32_t o = 0; o < r.co; o++)
            sum[o] = conv_sum(&r, &w, p, o);
        expect_pixel(&out, &w, p, r.mask && !r.mask[p] ? NULL : sum);
    }
}

/* ----------------------------------------------------------------- depthwise */

static int64_t depthwise_sum(const rpr_depthwise_row_i8 *r, const weights *w, int32_t p, int32_t c)
{
    int64_t sum = w->bias[c];
    for (int32_t ky = 0; ky < r->kh; ky++)
        for (int32_t kx = 0; kx < r->kw; kx++)
            sum += r->in[p * r->in_step + ky * r->in_row + kx * r->in_pix + c] *
                   weight(w, c, ky * r->kw + kx, 0);
    return sum;
}

static void depthwise_case(const rpr_kernels *k)
{
    rpr_depthwise_row_i8 r = {
        .kh = rnd_int(1, 5), .kw = rnd_int(1, 9), .c = rnd_co(), .n = rnd_int(1, 30)};
    const int32_t taps = r.kh * r.kw, bytes = rpr_word_bytes(r.c);
    r.in_pix = bytes + rnd_int(0, 3) * RPR_WORD;
    r.in_step = r.in_pix * rnd_int(1, 3);
    r.in_row = r.n * r.in_step + r.kw * r.in_pix;
    const int64_t n_in =
        (r.n - 1) * r.in_step + (r.kh - 1) * r.in_row + (r.kw - 1) * r.in_pix + bytes;
    weights w = new_weights(r.c, taps, 1);
    w.packed = guard_alloc((size_t)rpr_depthwise_bytes_i8(r.kh, r.kw, r.c), false);
    rpr_pack_depthwise_i8(w.packed, w.plain, r.kh, r.kw, r.c, taps, 1);
    rpr_depthwise_sum128_i8(w.sum128, w.packed, r.kh, r.kw, r.c);
    const outputs out = new_outputs(r.c, r.n, false);
    r.in = rnd_bytes(n_in, rnd() % 4 == 0), r.w = w.packed, r.bias = w.bias, r.sum128 = w.sum128;
    r.z = out.z.z, r.z_pix = out.z.z_pix, r.a = out.a, r.a_pix = out.a_pix, r.q = &w.q;
    r.mask = rnd_mask(r.n);
    k->depthwise_row_i8(&r);
    for (int32_t p = 0; p < r.n; p++) {
        int64_t sum[256];
        for (int32_t c = 0; c < r.c; c++)
            sum[c] = depthwise_sum(&r, &w, p, c);
        expect_pixel(&out, &w, p, r.mask && !r.mask[p] ? NULL : sum);
    }
}

/* --------------------------------------------------------------------- delta */

enum { MAX_PIX = 24, MAX_VISITS = 4 };

enum { MOST_LIST = 90 };

/* Moves of random bytes, or mostly short ones, as they are listed. */
typedef struct moves {
    int32_t by[MOST_LIST][RPR_WORD];
    uint32_t *step, *rest;
} moves;

static moves rnd_moves(int32_t n)
{
    moves m = {.step = guard_alloc((size_t)n * 4, rnd() % 2),
               .rest = guard_alloc((size_t)n * 4, rnd() % 2)};
    const bool ends = rnd() % 4 == 0, shorts = rnd() % 2;
    for (int32_t e = 0; e < n; e++) {
        uint8_t step[RPR_WORD], rest[RPR_WORD];
        for (int i = 0; i < RPR_WORD; i++) {
            int32_t by = shorts && rnd() % 20 ? rnd_int(-9, 9) : rnd_int(-255, 255);
            by = ends && rnd() % 2 ? (const int32_t[]){-255, -128, 127, 255}[rnd() % 4] : by;
            m.by[e][i] = by;
            const int32_t near = by < -128 ? -128 : by > 127 ? 127 : by;
            step[i] = (uint8_t)near;
            rest[i] = (uint8_t)(by - near);
        }
        memcpy(&m.step[e], step, sizeof step);
        memcpy(&m.rest[e], rest, sizeof rest);
    }
    return m;
}

static int32_t dot(const weights *w, int32_t o, int32_t row, const int32_t by[RPR_WORD])
{
    int32_t sum = 0;
    for (int i = 0; i < RPR_WORD; i++)
        sum += by[i] * weight(w, o, row, i);
    return sum;
}

/* Random lists: every pixel is visited up to four times, round by round. A row is a tap here. */
static void delta_case(const rpr_kernels *k)
{
    const int32_t rows = rnd_int(1, 40), co = rnd_co(), n_list = rnd_int(1, MOST_LIST);
    const int32_t most = rnd() % 2 ? 3 : 40, lead = rnd_int(-5, 5), n_pix = rnd_int(1, MAX_PIX);
    const weights w = dense_weights(co, rows, RPR_WORD);
    const bool z24 = rnd() % 2;
    const sums z = new_sums(co, n_pix, z24);
    int32_t *idx = guard_alloc((size_t)n_list * sizeof *idx, false), n_visit = 0;
    rpr_delta_visit visits[MAX_PIX * MAX_VISITS];
    const moves m = rnd_moves(n_list);
    rpr_delta_job_i8 j = {
        .step = m.step, .rest = m.rest, .idx = idx, .w = w.packed, .w_rows = rows, .co = co};
    j.z24 = z24;
    for (int32_t p = 0; p < n_pix; p++) {
        int64_t sum[256];
        for (int32_t o = 0; o < co; o++)
            sum[o] = sum_at(&z, p, o) / (z24 ? 1 : 16); /* leaves room for what is added */
        set_pixel(&z, p, sum);
    }
    const sums want = copy_of(&z);
    for (int32_t e = 0; e < n_list; e++)
        idx[e] = rnd_int(0, rows - 1) + lead; /* undone by the visits' rows */
    for (int32_t round = rnd_int(0, MAX_VISITS); round > 0; round--)
        for (int32_t p = 0; p < n_pix; p++) {
            const int32_t first = rnd_int(0, n_list - 1), left = n_list - first;
            const int32_t n = rnd_int(1, left < most ? left : most);
            if (rnd() % 4 == 0)
                continue;
            visits[n_visit++] =
                (rpr_delta_visit){(float *)(void *)(z.z + p * z.z_pix), first, n, -lead};
            for (int32_t e = first; e < first + n; e++)
                for (int32_t o = 0; o < co; o++)
                    set_sum(&want, p, o, sum_at(&want, p, o) + dot(&w, o, idx[e] - lead, m.by[e]));
        }
    rpr_delta_visit *visit = guard_alloc((size_t)n_visit * sizeof *visit, false);
    if (n_visit)
        memcpy(visit, visits, (size_t)n_visit * sizeof *visit);
    j.visit = visit, j.n_visit = n_visit;
    j.first_row = rnd() % 2 ? rnd_int(0, rows - 1) : 0;
    j.n_rows = rnd() % 3 ? rnd_int(1, rows - j.first_row) : 0;
    j.next_row = rnd_int(-1, rows - rnd_int(1, rows - j.first_row));
    k->delta_i8(&j);
    expect_sums(&z, &want, n_pix);
}

/* --------------------------------------------------------- gates, requantising */

static bool moved(uint32_t a, uint32_t b, int32_t theta)
{
    int32_t most = 0;
    for (int i = 0; i < 32; i += 8) {
        const int32_t d = abs((int32_t)(a >> i & 255) - (int32_t)(b >> i & 255));
        most = d > most ? d : most;
    }
    return most > theta;
}

/* Whether step and rest say what a word moved by, and rest no more than it must. */
static bool says(uint32_t step, uint32_t rest, uint32_t now, uint32_t was)
{
    bool right = true;
    for (int i = 0; i < RPR_WORD; i++) {
        const int32_t by = (int32_t)(now >> 8 * i & 255) - (int32_t)(was >> 8 * i & 255);
        const uint32_t left = rest >> 8 * i & 255;
        right &=
            rpr_word_move(step, rest, i) == by; /* of bytes in memory: all four are looked at */
        right &= by >= -128 && by <= 127 ? left == 0 : left != 0;
    }
    return right;
}

static void gate_case(const rpr_kernels *k)
{
    static const int32_t thetas[] = {0, 0, 1, 7, 100, 254, 255};
    const int32_t n = rnd() % 2 ? rnd_int(0, 40) : rnd_int(0, 300), base = rnd_int(0, 1000);
    const int32_t theta = thetas[rnd() % (sizeof thetas / sizeof thetas[0])];
    const size_t bytes = (size_t)n * 4, room = (size_t)(n + RPR_LANE) * 4;
    const bool list = rnd() % 4 != 0;
    uint32_t *x = (uint32_t *)(void *)rnd_bytes((int64_t)bytes, rnd() % 3 == 0);
    uint32_t *xhat = (uint32_t *)(void *)rnd_bytes((int64_t)bytes, rnd() % 3 == 0);
    uint32_t *before = guard_alloc(bytes, false), odds = rnd() % 5;
    for (int32_t i = 0; i < n; i++) {
        if (rnd() % 4 < odds)
            xhat[i] = rnd() % 2 ? x[i] : x[i] ^ rnd() % 8 << rnd() % 32;
        before[i] = xhat[i];
    }
    int32_t *idx = guard_alloc(room, false), changed = 0;
    uint32_t *step = guard_alloc(room, false), *rest = guard_alloc(room, false);
    const int32_t got = k->gate_words(x, xhat, n, theta, base, list ? idx : NULL,
                                      list ? step : NULL, list ? rest : NULL);
    for (int32_t i = 0; i < n; i++) {
        const bool m = moved(x[i], before[i], theta);
        expect(xhat[i] == (m ? x[i] : before[i]), "word %d of %d: %08x", i, n, xhat[i]);
        if (m && list && changed < got)
            expect(idx[changed] == base + i && says(step[changed], rest[changed], x[i], before[i]),
                   "entry %d: %d", changed, idx[changed]);
        changed += m;
    }
    expect(got == changed, "%d changes, not %d", got, changed);
}

static void requant_case(const rpr_kernels *k)
{
    const int32_t c = rnd_co(), n = rnd_int(1, 20);
    const weights w = new_weights(c, 1, 1);
    outputs out = new_outputs(c, n, false);
    if (!out.a)
        return;
    const sums z = new_sums(c, n, rnd() % 2);
    const bool ends = rnd() % 4 == 0;
    out.z.z = NULL;
    for (int32_t p = 0, shift = rnd_int(0, z.z24 ? 16 : 24); p < n; p++)
        for (int32_t o = 0; o < c; o++) {
            const int64_t end = (z.z24 ? 1 << 23 : INT64_C(1) << 31) - rnd_int(0, 2);
            const int64_t either = rnd() % 2 ? end - 1 : -end;
            set_sum(&z, p, o, ends && rnd() % 2 ? either : sum_at(&z, p, o) >> shift);
        }
    k->requantise(&w.q, z.z, z.z_pix, z.z24, out.a, out.a_pix, c, n);
    for (int32_t p = 0; p < n; p++) {
        int64_t sum[256];
        for (int32_t o = 0; o < c; o++)
            sum[o] = sum_at(&z, p, o);
        expect_pixel(&out, &w, p, sum);
    }
}

void check_int8(const rpr_kernels *k)
{
    static const struct {
        const char *name;
        void (*run)(const rpr_kernels *k);
    } cases[] = {{"conv_row_i8", conv_case},
                 {"depthwise_row_i8", depthwise_case},
                 {"delta_i8", delta_case},
                 {"gate_words", gate_case},
                 {"requantise", requant_case}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        begin(k->isa, cases[c].name);
        for (int i = 0; i < ROUNDS; i++) {
            cases[c].run(k);
            guard_release();
        }
    }
}
