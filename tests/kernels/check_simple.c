/* SPDX-License-Identifier: Apache-2.0 */
/* Gates, activations and element by element kernels: bit for bit with the reference. */
#include <math.h>
#include <string.h>

#include "checkkern.h"

enum { ROUNDS = 600, MAX_N = 300 };

static int32_t rnd_n(void)
{
    return rnd() % 2 ? rnd_int(0, 40) : rnd_int(0, MAX_N);
}

static void expect_same(const float *got, const float *want, int64_t n, const char *what)
{
    int64_t i = first_difference(got, want, n);
    expect(i < 0, "%s: element %lld of %lld is %.9g, not %.9g", what, (long long)i, (long long)n,
           i < 0 ? 0.0 : (double)got[i], i < 0 ? 0.0 : (double)want[i]);
}

/* --------------------------------------------------------------------- gates */

typedef struct gate_run {
    float *xhat, *delta;
    int32_t *idx, n;
    bool nonfinite;
} gate_run;

static gate_run run_gate(const rpr_kernels *k, const float *x, const float *xhat, int32_t n,
                         const rpr_levels *q, float theta, int32_t base, bool lists, bool flag)
{
    gate_run g = {.nonfinite = flag};
    size_t room = (size_t)(n + RPR_LANE);
    g.xhat = guard_copy(xhat, n);
    g.idx = lists ? guard_alloc(room * sizeof *g.idx, false) : NULL;
    g.delta = lists ? guard_alloc(room * sizeof *g.delta, false) : NULL;
    g.n = q ? k->gate_levels(x, g.xhat, n, q, base, g.idx, g.delta, &g.nonfinite)
            : k->gate_deadzone(x, g.xhat, n, theta, base, g.idx, g.delta, &g.nonfinite);
    return g;
}

static rpr_levels rnd_levels(void)
{
    rpr_levels q = {.lo = rnd_float() - 0.5f, .top = (float)(rnd_int(2, 64) - 1)};
    q.step = (rnd_float() + 1.5f) / q.top;
    q.inv_step = 1.0f / q.step;
    return q;
}

/* xhat: mostly x itself, so that whole blocks hold no change. */
static void fill_last(float *xhat, const float *x, int32_t n, bool specials)
{
    uint32_t odds = (uint32_t[]){1, 3, 60}[rnd() % 3];
    for (int32_t i = 0; i < n; i++)
        xhat[i] = rnd() % odds ? x[i] : specials && rnd() % 4 == 0 ? rnd_special() : x[i] * 1.25f;
}

static void gate_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t n = rnd_n(), base = rnd_int(-1000, 100000);
    bool specials = rnd() % 4 == 0, lists = rnd() % 4 != 0, flag = rnd() % 2;
    float theta = (float[]){0.0f, 0.1f, 0x1p-140f, 0.3f}[rnd() % 4];
    rpr_levels q = rnd_levels();
    const rpr_levels *levels = rnd() % 2 ? &q : NULL;
    float *x = guard_floats(n), *xhat = guard_floats(n);
    fill_mixed(x, n, specials);
    fill_last(xhat, x, n, specials);
    if (levels && rnd() % 2) { /* start from centroids */
        gate_run first = run_gate(ref, x, xhat, n, levels, theta, base, false, false);
        if (n)
            memcpy(xhat, first.xhat, (size_t)n * sizeof(float));
        for (int32_t i = 0; i < n; i++)
            x[i] += 0.2f * rnd_float() * rnd_float();
    }
    gate_run want = run_gate(ref, x, xhat, n, levels, theta, base, lists, flag);
    gate_run got = run_gate(k, x, xhat, n, levels, theta, base, lists, flag);
    expect(got.n == want.n, "%d changes, not %d", got.n, want.n);
    expect(got.nonfinite == want.nonfinite, "nonfinite is %d", got.nonfinite);
    expect_same(got.xhat, want.xhat, n, "xhat");
    if (lists && got.n == want.n) {
        expect_same(got.delta, want.delta, want.n, "delta");
        expect(!want.n || !memcmp(got.idx, want.idx, (size_t)want.n * sizeof *got.idx), "idx");
    }
}

void check_gates(const rpr_kernels *k, const rpr_kernels *ref)
{
    begin(k->isa, "gates");
    for (int i = 0; i < 4 * ROUNDS; i++) {
        gate_case(k, ref);
        guard_release();
    }
}

/* --------------------------------------------------------------- activations */

static rpr_act rnd_act(void)
{
    rpr_act a = rpr_act_none();
    a.kind = (rpr_act_kind)rnd_int(RPR_ACT_NONE, RPR_ACT_TANH);
    a.alpha = rnd_float();
    a.beta = a.kind == RPR_ACT_CLIP ? a.alpha + 0.5f : rnd_float();
    return a;
}

static bool is_transcendental(rpr_act_kind kind)
{
    return kind == RPR_ACT_SIGMOID || kind == RPR_ACT_TANH;
}

/* Numbers floats in their order, so that a difference counts units in the last place. */
static int64_t ordinal(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? (int64_t)INT32_MIN - bits : bits;
}

static bool within_ulp(float a, float b, int64_t ulp)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    int64_t d = ordinal(a) - ordinal(b);
    return d <= ulp && d >= -ulp;
}

static void expect_4ulp(const float *got, const float *want, const float *x, int64_t n)
{
    int64_t i = 0;
    while (i < n && within_ulp(got[i], want[i], 4))
        i++;
    expect(i == n, "at %.9g: %.9g, not %.9g", i < n ? (double)x[i] : 0.0,
           i < n ? (double)got[i] : 0.0, i < n ? (double)want[i] : 0.0);
}

static void act_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t n = rnd_n();
    rpr_act a = rnd_act(), plain = a;
    float *x = guard_floats(n), *y = guard_floats(n), *f = guard_floats(n), *want = guard_floats(n);
    float range = (float[]){1.0f, 10.0f, 110.0f}[rnd() % 3];
    fill_mixed(x, n, true);
    for (int32_t i = 0; i < n; i++)
        x[i] *= range;
    k->act(&plain, x, f, n);
    ref->act(&plain, x, want, n);
    if (is_transcendental(a.kind))
        expect_4ulp(f, want, x, n);
    else
        expect_same(f, want, n, "value");
    a.post_mul = rnd_float();
    a.post_add = rnd_float();
    k->act(&a, x, y, n);
    for (int32_t i = 0; i < n; i++) {
        float scaled = a.post_mul * f[i];
        want[i] = scaled + a.post_add;
    }
    if (a.kind != RPR_ACT_NONE || a.post_add != 0.0f)
        expect_same(y, want, n, "post_mul and post_add");
    k->act(&a, x, x, n);
    expect_same(x, y, n, "in place");
}

/* Every 2^12th float, of both signs. */
static void act_sweep(const rpr_kernels *k, const rpr_kernels *ref, rpr_act_kind kind)
{
    enum { CHUNK = 4096 };
    rpr_act a = rpr_act_none();
    a.kind = kind;
    float x[CHUNK], y[CHUNK], want[CHUNK];
    for (uint64_t bits = rnd() % 4096; bits < UINT64_C(1) << 32;) {
        for (int i = 0; i < CHUNK; i++, bits += 4096) {
            uint32_t b = (uint32_t)bits;
            memcpy(&x[i], &b, sizeof b);
        }
        k->act(&a, x, y, CHUNK);
        ref->act(&a, x, want, CHUNK);
        expect_4ulp(y, want, x, CHUNK);
    }
}

/* The reference itself, against double: a few units in the last place. */
static void act_reference(const rpr_kernels *k)
{
    for (int i = 0; i < ROUNDS; i++) {
        float x = 12.0f * rnd_float(), y;
        rpr_act a = rpr_act_none();
        a.kind = RPR_ACT_SIGMOID;
        k->act(&a, &x, &y, 1);
        expect(within_ulp(y, (float)(1.0 / (1.0 + exp(-(double)x))), 4), "sigmoid(%.9g)",
               (double)x);
        a.kind = RPR_ACT_TANH;
        k->act(&a, &x, &y, 1);
        expect(within_ulp(y, (float)tanh((double)x), 4), "tanh(%.9g)", (double)x);
    }
}

void check_act(const rpr_kernels *k, const rpr_kernels *ref)
{
    begin(k->isa, "act");
    act_reference(k);
    if (k == ref)
        return;
    for (int i = 0; i < 2 * ROUNDS; i++) {
        act_case(k, ref);
        guard_release();
    }
    act_sweep(k, ref, RPR_ACT_SIGMOID);
    act_sweep(k, ref, RPR_ACT_TANH);
}

/* -------------------------------------------------------- element by element */

static void binary_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t n = rnd_n();
    rpr_binary op = (rpr_binary)rnd_int(0, RPR_BIN_COUNT - 1);
    bool reversed = rnd() % 2;
    float *a = guard_floats(n), *b = guard_floats(n), *o = guard_floats(n), *want = guard_floats(n);
    float s = rnd() % 4 ? rnd_float() : rnd_special();
    fill_mixed(a, n, true);
    fill_mixed(b, n, true);
    ref->binary_scalar(op, a, s, reversed, want, n);
    k->binary_scalar(op, a, s, reversed, o, n);
    expect_same(o, want, n, "with a scalar");
    ref->binary(op, a, b, want, n);
    k->binary(op, a, b, o, n);
    expect_same(o, want, n, "binary");
    float *alias = rnd() % 2 ? a : b;
    k->binary(op, a, b, alias, n);
    expect_same(alias, want, n, "binary in place");
}

static void sum_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t n = rnd_n(), m = rnd_int(1, 16);
    const float *p[16];
    float w[16], *o = guard_floats(n), *want = guard_floats(n);
    fill_floats(w, m);
    for (int32_t j = 0; j < m; j++) {
        float *in = guard_floats(n);
        fill_mixed(in, n, rnd() % 4 == 0);
        p[j] = in;
    }
    ref->weighted_sum(want, p, w, m, n);
    k->weighted_sum(o, p, w, m, n);
    expect_same(o, want, n, "weighted_sum");
    ref->maximum(want, p, m, n);
    k->maximum(o, p, m, n);
    expect_same(o, want, n, "maximum");
    ref->accumulate(want, p[0], n);
    k->accumulate(o, p[0], n);
    expect_same(o, want, n, "accumulate");
    float *finite = guard_floats(n), a, b;
    fill_floats(finite, n);
    a = ref->magnitude(finite, n);
    b = k->magnitude(finite, n);
    expect(!memcmp(&a, &b, sizeof a), "magnitude %g, not %g", (double)b, (double)a);
}

static void finite_case(const rpr_kernels *k)
{
    int32_t n = rnd_n();
    float *x = guard_floats(n);
    for (int32_t i = 0; i < n; i++)
        x[i] = rnd() % 8 ? rnd_float() : 3.4028235e38f;
    expect(k->all_finite(x, n), "finite values do not pass");
    if (!n)
        return;
    x[rnd_int(0, n - 1)] = (float[]){NAN, INFINITY, -INFINITY}[rnd() % 3];
    expect(!k->all_finite(x, n), "a NaN or infinity passes");
}

static void u8_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t c = rnd_int(1, 4), pixels = rnd_int(0, 120), n = pixels * c;
    uint8_t *x = guard_alloc((size_t)n, rnd() % 2);
    float *y = guard_floats(n), *want = guard_floats(n), *scale = guard_floats(c);
    float *offset = guard_floats(c);
    fill_floats(scale, c);
    fill_floats(offset, c);
    for (int32_t i = 0; i < n; i++)
        x[i] = (uint8_t)rnd();
    ref->u8_to_f32(x, want, pixels, c, scale, offset);
    k->u8_to_f32(x, y, pixels, c, scale, offset);
    expect_same(y, want, n, "u8_to_f32");
}

static void planes_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t c = rnd_int(1, 20), n = rnd_int(1, 70), pix = c + (rnd() % 2 ? rnd_int(0, 5) : 0);
    int32_t plane = n + (rnd() % 2 ? rnd_int(0, 9) : 0);
    int64_t in = (int64_t)(n - 1) * pix + c, out = (int64_t)(c - 1) * plane + n;
    float *x = guard_floats(in), *y = guard_floats(out), *want = guard_floats(out);
    fill_mixed(x, (int32_t)in, true);
    fill_floats(y, (int32_t)out); /* what lies between planes stays */
    memcpy(want, y, (size_t)out * sizeof *y);
    ref->planes(x, pix, want, plane, n, c);
    k->planes(x, pix, y, plane, n, c);
    expect_same(y, want, out, "planes");
}

static void moved_case(const rpr_kernels *k, const rpr_kernels *ref)
{
    int32_t n = rnd_n();
    uint8_t *now = guard_alloc((size_t)n, rnd() % 2), *then = guard_alloc((size_t)n, rnd() % 2);
    uint8_t *got = guard_alloc((size_t)n, rnd() % 2), *want = guard_alloc((size_t)n, rnd() % 2);
    uint8_t limit[RPR_BYTE_LEVELS];
    for (int i = 0; i < RPR_BYTE_LEVELS; i++)
        limit[i] = (uint8_t)(rnd() % 8 ? rnd() % 6 : rnd());
    const uint32_t still = rnd() % 2 ? 1 : 60;
    for (int32_t i = 0; i < n; i++) {
        then[i] = (uint8_t)rnd();
        now[i] = rnd() % still ? then[i]
                 : rnd() % 8   ? (uint8_t)(then[i] + rnd() % 8)
                               : (uint8_t)rnd();
    }
    bool any = ref->u8_moved(now, then, limit, want, n);
    expect(k->u8_moved(now, then, limit, got, n) == any, "u8_moved: any is not %d", any);
    expect(!n || !memcmp(got, want, (size_t)n), "u8_moved: marks");
}

void check_elementwise(const rpr_kernels *k, const rpr_kernels *ref)
{
    begin(k->isa, "element by element");
    for (int i = 0; i < ROUNDS; i++) {
        binary_case(k, ref);
        sum_case(k, ref);
        finite_case(k);
        u8_case(k, ref);
        planes_case(k, ref);
        moved_case(k, ref);
        guard_release();
    }
}

/* ------------------------------------------------------------- known answers */

static void known_gates(const rpr_kernels *k)
{
    const float x[6] = {1.0f, 2.0f, 3.5f, NAN, 0.0f, -1.0f};
    float xhat[6] = {1.0f, 2.5f, 3.0f, NAN, -0.0f, -1.25f}, delta[6 + RPR_LANE];
    int32_t idx[6 + RPR_LANE];
    bool bad = false;
    int32_t n = k->gate_deadzone(x, xhat, 3, 0.5f, 10, idx, delta, &bad);
    expect(n == 0 && !bad && xhat[1] > 2.4f, "a difference of theta counts as a change");
    n = k->gate_deadzone(x, xhat, 6, 0.0f, 10, idx, delta, &bad);
    expect(n == 4 && idx[0] == 11 && idx[1] == 12 && idx[2] == 13 && idx[3] == 15, "exact: idx");
    expect(same_float(delta[0], -0.5f) && same_float(delta[3], 0.25f), "exact: delta");
    expect(bad && same_float(xhat[2], 3.5f), "exact: nonfinite and xhat");

    const rpr_levels q = {.lo = -1.0f, .step = 0.5f, .inv_step = 2.0f, .top = 4.0f};
    const float y[6] = {-0.75f, -0.25f, 7.0f, -7.0f, INFINITY, 0.1f};
    float yhat[6] = {0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f};
    bad = false;
    n = k->gate_levels(y, yhat, 6, &q, 0, idx, delta, &bad);
    expect(n == 3 && idx[0] == 0 && idx[1] == 3 && idx[2] == 4 && bad, "levels: idx");
    expect(same_float(yhat[0], -1.0f) && same_float(yhat[3], -1.0f), "levels: half to even, clamp");
    expect(same_float(yhat[1], 0.0f) && isinf(yhat[4]), "levels: half to even, infinity stays");
}

static void known_act(const rpr_kernels *k, rpr_act_kind kind, float alpha, float beta, float x,
                      float want)
{
    rpr_act a = {.kind = kind, .alpha = alpha, .beta = beta, .post_mul = 1.0f};
    float y = 0.0f;
    k->act(&a, &x, &y, 1);
    expect(same_float(y, want), "act %d of %g is %g, not %g", (int)kind, (double)x, (double)y,
           (double)want);
}

static void known_binary(const rpr_kernels *k, rpr_binary op, float a, float b, float want)
{
    float o = 0.0f;
    k->binary(op, &a, &b, &o, 1);
    expect(same_float(o, want), "op %d of %g and %g is %g", (int)op, (double)a, (double)b,
           (double)o);
}

void check_known_answers(const rpr_kernels *k)
{
    begin(k->isa, "known answers");
    known_gates(k);
    known_act(k, RPR_ACT_RELU, 0, 0, -2.0f, 0.0f);
    known_act(k, RPR_ACT_RELU, 0, 0, NAN, NAN);
    known_act(k, RPR_ACT_LEAKY_RELU, 0.25f, 0, -2.0f, -0.5f);
    known_act(k, RPR_ACT_CLIP, 0, 6, 7.0f, 6.0f);
    known_act(k, RPR_ACT_CLIP, 0, 6, NAN, NAN);
    known_act(k, RPR_ACT_SIGMOID, 0, 0, 0.0f, 0.5f);
    known_act(k, RPR_ACT_SIGMOID, 0, 0, -INFINITY, 0.0f);
    known_act(k, RPR_ACT_SIGMOID, 0, 0, INFINITY, 1.0f);
    known_act(k, RPR_ACT_HARDSIGMOID, 0.25f, 0.5f, 1.0f, 0.75f);
    known_act(k, RPR_ACT_HARDSWISH, 0.25f, 0.5f, 1.0f, 0.75f);
    known_act(k, RPR_ACT_TANH, 0, 0, -INFINITY, -1.0f);
    known_act(k, RPR_ACT_TANH, 0, 0, NAN, NAN);
    known_binary(k, RPR_BIN_SUB, 3.0f, 1.0f, 2.0f);
    known_binary(k, RPR_BIN_DIV, 3.0f, 2.0f, 1.5f);
    known_binary(k, RPR_BIN_MAX, 1.0f, 2.0f, 2.0f);
    known_binary(k, RPR_BIN_MAX, NAN, 2.0f, NAN);
    known_binary(k, RPR_BIN_MIN, 2.0f, NAN, NAN);
    float a = 3.0f, o = 0.0f;
    k->binary_scalar(RPR_BIN_SUB, &a, 1.0f, true, &o, 1);
    expect(same_float(o, -2.0f), "1 - 3 is %g", (double)o);
    const uint8_t pixel[2] = {255, 4};
    const float scale[2] = {2.0f, 0.5f}, offset[2] = {1.0f, -1.0f};
    float y[2];
    k->u8_to_f32(pixel, y, 1, 2, scale, offset);
    expect(same_float(y[0], 511.0f) && same_float(y[1], 1.0f), "u8_to_f32");
    const uint8_t now[3] = {10, 20, 255}, then[3] = {12, 17, 250};
    uint8_t limit[RPR_BYTE_LEVELS] = {[0] = 2, [1] = 2, [15] = 5}, moved[3];
    expect(k->u8_moved(now, then, limit, moved, 3), "u8_moved: none");
    expect(!moved[0] && moved[1] == 1 && !moved[2], "u8_moved: %d %d %d", moved[0], moved[1],
           moved[2]);
    limit[1] = 3;
    expect(!k->u8_moved(now, then, limit, moved, 3), "u8_moved: some");
    const float big = 3.4028235e38f, inf = INFINITY;
    expect(k->all_finite(&big, 1) && !k->all_finite(&inf, 1), "all_finite");
}
