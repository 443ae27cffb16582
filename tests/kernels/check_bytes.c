/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels on 8-bit values: the reference against ONNX's definitions, the others against it. */
#include <math.h>
#include <string.h>

#include "checkkern.h"
#include "ops/quant.h"

enum { ROUNDS = 500, MAX_N = 700 };

static int32_t rnd_n(void)
{
    return rnd() % 2 ? rnd_int(0, 70) : rnd_int(0, MAX_N);
}

static uint8_t *guard_bytes(int32_t n)
{
    return guard_alloc((size_t)n, rnd() % 2);
}

static uint8_t *random_bytes(int32_t n)
{
    uint8_t *p = guard_bytes(n);
    for (int32_t i = 0; i < n; i++)
        p[i] = (uint8_t)(rnd() >> 16);
    return p;
}

/* Powers of two give halves to round, the rest the neighbours of halves; a few are extreme. */
static rpr_byte_scale rnd_scale(void)
{
    static const float extreme[] = {0x1p-149f, 0x1p-126f, 1e-35f, 3e38f, 0x1p100f, 0x1p-100f};
    rpr_byte_scale s = {.zero = rnd() % 3 ? rnd_int(0, 255) : (int32_t)(rnd() % 2 * 255)};
    switch (rnd() % 8) {
    case 0:
        s.scale = extreme[rnd() % 6];
        break;
    case 1:
    case 2:
        s.scale = ldexpf(1.0f, rnd_int(-8, 3));
        break;
    case 3:
        s.scale = 0.0235f;
        break;
    default:
        s.scale = fabsf(rnd_float()) * 0.1f + 0x1p-12f;
    }
    return s;
}

static void expect_bytes(const uint8_t *got, const uint8_t *want, int64_t n, const char *what)
{
    int64_t i = 0;
    while (i < n && got[i] == want[i])
        i++;
    expect(i == n, "%s: byte %lld of %lld is %d, not %d", what, (long long)i, (long long)n,
           i < n ? got[i] : 0, i < n ? want[i] : 0);
}

static void table_case(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    int32_t n = rnd_n();
    uint8_t *t = random_bytes(256), *x = random_bytes(n), *y = guard_bytes(n);
    uint8_t *want = guard_bytes(n);
    ref->table(t, x, want, n);
    k->table(t, x, y, n);
    expect_bytes(y, want, n, "table");
    k->table(t, x, x, n);
    expect_bytes(x, want, n, "table in place");
}

static void binary_case(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    int32_t n = rnd_n();
    rpr_byte_scale from = rnd_scale(), with = rnd_scale(), to = rnd_scale();
    if (rnd() % 3 == 0)
        from.scale = with.scale = to.scale; /* halves */
    rpr_byte_op op = rnd() % 2 ? RPR_BYTE_ADD : RPR_BYTE_MUL;
    rpr_byte_binary q = rpr_byte_binary_of(op, from, with, to);
    uint8_t *a = random_bytes(n), *b = random_bytes(n), *o = guard_bytes(n), s = (uint8_t)rnd();
    uint8_t *want = guard_bytes(n);
    ref->binary_scalar(&q, a, s, want, n);
    k->binary_scalar(&q, a, s, o, n);
    expect_bytes(o, want, n, "binary with a scalar");
    ref->binary(&q, a, b, want, n);
    k->binary(&q, a, b, o, n);
    expect_bytes(o, want, n, "binary");
    rpr_byte_binary turned = rpr_byte_binary_turned(&q);
    k->binary(&turned, b, a, o, n);
    expect_bytes(o, want, n, "binary, turned");
    uint8_t *alias = rnd() % 2 ? a : b;
    k->binary(&q, a, b, alias, n);
    expect_bytes(alias, want, n, "binary in place");
}

/* Numbers around the scale's halves, and others. */
static void fill_near_halves(float *x, int32_t n, const rpr_byte_scale *s)
{
    fill_mixed(x, n, true);
    for (int32_t i = 0; i < n; i++) {
        float half = ((float)rnd_int(-600, 600) + 0.5f) * s->scale;
        switch (rnd() % 4) {
        case 0:
            x[i] = half;
            break;
        case 1:
            x[i] = nextafterf(half, rnd_float() * INFINITY);
            break;
        case 2:
            x[i] = rnd_float() * 300.0f * s->scale;
            break;
        default:
            break;
        }
    }
}

static void scale_case(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    int32_t n = rnd_n();
    rpr_byte_scale s = rnd_scale();
    float *x = guard_floats(n), *back = guard_floats(n), *want_back = guard_floats(n);
    uint8_t *y = guard_bytes(n), *want = guard_bytes(n);
    fill_near_halves(x, n, &s);
    ref->quantise(&s, x, want, n);
    k->quantise(&s, x, y, n);
    expect_bytes(y, want, n, "quantise");
    ref->dequantise(&s, y, want_back, n);
    k->dequantise(&s, y, back, n);
    expect(first_difference(back, want_back, n) < 0, "dequantise");
}

static void rows_case(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    int32_t n = rnd_n(), m = rnd_int(1, RPR_BYTE_ROWS);
    const uint8_t *p[RPR_BYTE_ROWS];
    int32_t *sum = guard_alloc((size_t)n * sizeof *sum, rnd() % 2);
    int32_t *want_sum = guard_alloc((size_t)n * sizeof *sum, rnd() % 2);
    uint8_t *o = guard_bytes(n), *want = guard_bytes(n);
    for (int32_t j = 0; j < m; j++)
        p[j] = random_bytes(n);
    if (rnd() % 4 == 0)
        memset((uint8_t *)p[0], 255, (size_t)n);
    for (int32_t i = 0; i < n; i++)
        sum[i] = want_sum[i] = rnd_int(-100000, 100000);
    ref->accumulate(want_sum, p, m, n);
    k->accumulate(sum, p, m, n);
    expect(!n || !memcmp(sum, want_sum, (size_t)n * sizeof *sum), "accumulate");
    ref->maximum(want, p, m, n);
    k->maximum(o, p, m, n);
    expect_bytes(o, want, n, "maximum");
    k->maximum((uint8_t *)p[0], p, m, n);
    expect_bytes(p[0], want, n, "maximum in place");

    rpr_byte_scale from = rnd_scale(), to = rnd_scale();
    rpr_byte_average q = {.bias = rnd_int(-4000, 0), .mul = from.scale, .div = (float)m};
    q.step = rnd() % 3 ? from.scale : to.scale;
    if (rnd() % 2)
        q.after = to.zero;
    else
        q.before = (float)to.zero;
    ref->average(&q, sum, want, n);
    k->average(&q, sum, o, n);
    expect_bytes(o, want, n, "average");
    for (int32_t i = 0; i < n; i++)
        sum[i] = rnd_int(0, 4000 + m * 255);
    ref->average(&q, sum, want, n);
    k->average(&q, sum, o, n);
    expect_bytes(o, want, n, "average of small sums");
}

/* Weights of an interpolation, as an axis of twice the length has them or any, or others. */
static rpr_byte_weights fill_weights(float *w, int32_t m)
{
    rpr_byte_weights of = {.m = m};
    const float parts = rnd() % 2 ? (float)(1 << rnd_int(0, 6)) : 0.0f;
    double sum = 0.0;
    of.steps = parts;
    for (int32_t j = 0; j < m; j++) {
        w[j] = parts > 0.0f ? (float)rnd_int(0, (int32_t)parts) / parts : rnd_float();
        if (m > 1 && j == m - 1 && rnd() % 4)
            w[j] = (float)(1.0 - sum);
        sum += (double)w[j];
        of.most += fabs((double)w[j]);
        of.steps = w[j] < 0.0f ? 0.0f : of.steps;
    }
    of.drift = fabs(sum - 1.0);
    if (sum * (double)parts > RPR_BYTE_STEPS)
        of.steps = 0.0f;
    return of;
}

static void mix_case(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    static const int32_t usual[] = {2, 4, 4, 16};
    const int32_t n = rnd_n(), m = rnd() % 2 ? usual[rnd() % 4] : rnd_int(1, RPR_BYTE_ROWS);
    rpr_byte_scale from = rnd_scale(), to = rnd_scale();
    const uint8_t *p[RPR_BYTE_ROWS];
    float w[RPR_BYTE_ROWS];
    if (rnd() % 4)
        to.scale = from.scale * (rnd() % 3 ? 1.0f + 0.9f * rnd_float() : 1.0f);
    if (rnd() % 4 == 0)
        to = from;
    uint8_t *o = guard_bytes(n), *want = guard_bytes(n);
    for (int32_t j = 0; j < m; j++)
        p[j] = random_bytes(n);
    for (int32_t j = 1; j < m && rnd() % 4 == 0; j++) /* smooth pictures are near halves often */
        for (int32_t i = 0; i < n; i++)
            ((uint8_t *)p[j])[i] = (uint8_t)(p[0][i] + rnd() % 3);
    const rpr_byte_weights of = fill_weights(w, m);
    const rpr_byte_mix q = rpr_byte_mix_of(from, to, &of);
    ref->mix(&q, want, p, w, m, n);
    k->mix(&q, o, p, w, m, n);
    expect_bytes(o, want, n, "mix");
}

/* All pairs of bytes of two weights, where there is a short cut. */
static void mix_pairs(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    uint8_t a[256], every[256], o[256], want[256];
    const uint8_t *const p[2] = {a, every};
    const float w = rnd() % 2 ? 0.25f : 0.5f + 0.4f * rnd_float(), both[2] = {w, 1.0f - w};
    rpr_byte_scale from = {0.01f + 0.009f * rnd_float(), rnd_int(0, 255)};
    rpr_byte_scale to = {from.scale * (1.0f + 0.7f * rnd_float()), rnd_int(0, 255)};
    const rpr_byte_weights of = {2, 1.0, 0x1p-24, w < 0.25f || w > 0.25f ? 0.0f : 4.0f};
    const rpr_byte_mix q = rpr_byte_mix_of(from, to, &of);
    expect(q.limit > 0.49f, "ordinary scales have no short cut");
    for (int i = 0; i < 256; i++)
        every[i] = (uint8_t)i;
    for (int i = 0; i < 256; i++) {
        memset(a, i, sizeof a);
        ref->mix(&q, want, p, both, 2, 256);
        k->mix(&q, o, p, both, 2, 256);
        expect_bytes(o, want, 256, "mix of every pair");
    }
}

/* The short cut's error is what rpr_byte_mix_of says: where it decides, it decides as the sums of
   the definition do. Near a half, where only a wrong bound shows. */
static void mix_bound(const rpr_byte_kernels *ref)
{
    rpr_byte_scale from = rnd_scale(), to = {from.scale * expf(rnd_float()), rnd_int(0, 255)};
    const int32_t m = rnd_int(1, RPR_BYTE_ROWS);
    const uint8_t *p[RPR_BYTE_ROWS];
    uint8_t bytes[RPR_BYTE_ROWS], o;
    float w[RPR_BYTE_ROWS], sum;
    const rpr_byte_weights of = fill_weights(w, m);
    const rpr_byte_mix q = rpr_byte_mix_of(from, to, &of);
    for (int32_t j = 0; j < m; j++) {
        bytes[j] = rnd() % 3 ? (uint8_t)(rnd() >> 16) : (uint8_t)(rnd() % 2 * 255);
        p[j] = &bytes[j];
    }
    sum = w[0] * (float)bytes[0];
    for (int32_t j = 1; j < m; j++)
        sum = fmaf(w[j], (float)bytes[j], sum);
    const float t = fmaf(sum, q.ratio, q.add), r = rintf(t);
    if (q.limit < 0.0f || fabsf(t - r) > q.limit)
        return;
    ref->mix(&q, &o, p, w, m, 1);
    expect(o == (r < 0.0f     ? 0.0f
                 : r > 255.0f ? 255.0f
                              : r),
           "short cut of a mix: %.9g, not %d", (double)t, o);
}

/* Against the definitions of the operators, one byte at a time. */
static void definition_case(const rpr_byte_kernels *k)
{
    rpr_byte_op op = rnd() % 2 ? RPR_BYTE_ADD : RPR_BYTE_MUL;
    rpr_byte_binary q = rpr_byte_binary_of(op, rnd_scale(), rnd_scale(), rnd_scale());
    uint8_t a = (uint8_t)rnd(), b = (uint8_t)rnd(), o;
    float x, y, r;
    k->dequantise(&q.a, &a, &x, 1);
    k->dequantise(&q.b, &b, &y, 1);
    r = (float)(a - q.a.zero) * q.a.scale;
    expect(same_float(x, r), "dequantise %d: %.9g, not %.9g", a, (double)x, (double)r);
    r = q.op == RPR_BYTE_ADD ? x + y : x * y;
    k->binary(&q, &a, &b, &o, 1);
    int64_t want = rpr_quant_store(r / q.to.scale, q.to.zero, RPR_U8);
    float ra = q.a.scale / q.to.scale, rb = q.b.scale / q.to.scale;
    if (q.op == RPR_BYTE_ADD && ra < RPR_BYTE_RATIOS && rb < RPR_BYTE_RATIOS) {
        float fixed = (float)q.to.zero - fmaf(ra, (float)q.a.zero, rb * (float)q.b.zero);
        want = rpr_quant_store(fmaf((float)a, ra, fmaf((float)b, rb, fixed)), 0, RPR_U8);
    }
    expect(o == want, "%d op %d is %d, not %lld", a, b, o, (long long)want);
    fill_near_halves(&r, 1, &q.to);
    k->quantise(&q.to, &r, &o, 1);
    want = rpr_quant_store(r / q.to.scale, q.to.zero, RPR_U8);
    expect(o == want, "%.9g by %.9g is %d, not %lld", (double)r, (double)q.to.scale, o,
           (long long)want);
}

static void known_answers(const rpr_byte_kernels *k)
{
    const rpr_byte_scale s = {0.5f, 10};
    const float x[6] = {0.25f, 0.75f, -5.0f, 1000.0f, NAN, -INFINITY};
    const uint8_t want[6] = {10, 12, 0, 255, 10, 0}, byte[2] = {12, 9};
    uint8_t y[6];
    float back[2];
    k->quantise(&s, x, y, 6);
    expect_bytes(y, want, 6, "quantise: halves to even, saturated, NaN as zero");
    k->dequantise(&s, byte, back, 2);
    expect(same_float(back[0], 1.0f) && same_float(back[1], -0.5f), "dequantise");
    const int32_t sum[3] = {13, 15, 2000};
    const rpr_byte_average q = {-12, 0.5f, 2.0f, 0.5f, 3.0f, 0}, r = {-12, 0.5f, 1.0f, 1.0f, 0, 3};
    k->average(&q, sum, y, 3);
    expect(y[0] == 4 && y[1] == 4 && y[2] == 255, "average: zero before rounding");
    k->average(&r, sum, y, 3);
    expect(y[0] == 3 && y[1] == 5 && y[2] == 255, "average: zero behind rounding");
    const uint8_t row[2][4] = {{10, 12, 9, 255}, {11, 13, 16, 255}}, *const rows[2] = {row[0],
                                                                                       row[1]};
    const float half[2] = {0.5f, 0.5f};
    const rpr_byte_weights of = {2, 1.0, 0.0, 2.0f};
    const rpr_byte_mix same = rpr_byte_mix_of(s, s, &of);
    k->mix(&same, y, rows, half, 2, 4);
    expect(y[0] == 10 && y[1] == 12 && y[2] == 12 && y[3] == 255,
           "mix: halves to even of q - zero");
    const rpr_byte_mix finer = rpr_byte_mix_of(s, (rpr_byte_scale){0.3f, 3}, &of);
    k->mix(&finer, y, rows, half, 2, 4);
    expect(y[0] == 4 && y[1] == 7 && y[2] == 7 && y[3] == 255, "mix: to another scale");
}

/* All pairs of bytes, where there is a short cut. */
static void every_pair(const rpr_byte_kernels *k, const rpr_byte_kernels *ref)
{
    uint8_t a[256], every[256], o[256], want[256];
    rpr_byte_scale from = {0.1f + 0.09f * rnd_float(), rnd_int(0, 255)};
    rpr_byte_scale with = {0.1f + 0.09f * rnd_float(), rnd_int(0, 255)};
    rpr_byte_scale to = {0.2f + 0.15f * rnd_float(), rnd_int(0, 255)};
    rpr_byte_op op = rnd() % 2 ? RPR_BYTE_ADD : RPR_BYTE_MUL;
    rpr_byte_binary q = rpr_byte_binary_of(op, from, with, to);
    expect(op == RPR_BYTE_ADD ? q.by_ratio : q.limit > 0.4f, "ordinary scales have no short cut");
    for (int i = 0; i < 256; i++)
        every[i] = (uint8_t)i;
    for (int i = 0; i < 256; i++) {
        memset(a, i, sizeof a);
        ref->binary(&q, a, every, want, 256);
        k->binary(&q, a, every, o, 256);
        expect_bytes(o, want, 256, "every pair");
    }
}

void check_bytes(const rpr_kernels *k, const rpr_kernels *ref)
{
    begin(k->isa, "bytes");
    known_answers(k->bytes);
    for (int i = 0; i < 20 * ROUNDS; i++)
        definition_case(k->bytes);
    for (int i = 0; k == ref && i < 400 * ROUNDS; i++)
        mix_bound(ref->bytes);
    for (int i = 0; k != ref && i < 40; i++) {
        every_pair(k->bytes, ref->bytes);
        mix_pairs(k->bytes, ref->bytes);
    }
    for (int i = 0; k != ref && i < ROUNDS; i++) {
        table_case(k->bytes, ref->bytes);
        binary_case(k->bytes, ref->bytes);
        scale_case(k->bytes, ref->bytes);
        guard_release();
        rows_case(k->bytes, ref->bytes);
        mix_case(k->bytes, ref->bytes);
        guard_release();
    }
}
