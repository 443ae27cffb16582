/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of floats, which are summed up in rows, against their definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/compare.h"

enum { N = 3000 };

static float reference[N], got[N];

/* The tools ask the library, which this test does without. */
size_t rpr_dtype_size(rpr_dtype t)
{
    return t == RPR_F32 ? 4 : 0;
}

/* Pseudorandom in -1..1. */
static float noise(uint32_t i)
{
    uint32_t v = (i + 1) * 2654435761u;
    v = (v ^ v >> 15) * 2246822519u;
    return (float)(int32_t)(v ^ v >> 13) / 2147483648.0f;
}

static void fill(float size, float error)
{
    for (uint32_t i = 0; i < N; i++) {
        reference[i] = size * (noise(i) + 0.25f);
        got[i] = reference[i] + size * error * noise(i + N);
    }
}

static output_error measure(size_t n)
{
    rpr_tensor_info info = {.dtype = RPR_F32, .bytes = n * sizeof(float)};
    error_sum e;
    assert_true(error_sum_init(&e, 1));
    error_sum_add(&e, &info, &(rpr_output){.data = reference}, &(rpr_output){.data = got});
    output_error o = e.output[0];
    error_sum_free(&e);
    return o;
}

static void check_against_definition(size_t n)
{
    double difference2 = 0, reference2 = 0, max_abs = 0, low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double r = (double)reference[i], d = fabs(r - (double)got[i]);
        difference2 += d * d;
        reference2 += r * r;
        max_abs = fmax(max_abs, d);
        low = fmin(low, r);
        high = fmax(high, r);
    }
    output_error o = measure(n);
    assert_true(fabs(o.difference2 - difference2) <= 1e-5 * difference2);
    assert_true(fabs(o.reference2 - reference2) <= 1e-5 * reference2);
    assert_true(fabs(o.max_abs - max_abs) <= 1e-6 * max_abs);
    assert_true(o.low == low && o.high == high);
}

static void follows_the_definition(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 17, 255, 256, 257, 2048, N};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        fill(3, 0.01f);
        check_against_definition(counts[i]);
    }
}

/* Squares of these do not fit a float, or only with few of their bits. */
static void keeps_the_tiny_and_the_huge(void **state)
{
    (void)state;
    static const float sizes[] = {1e-38f, 1e-30f, 1e-22f, 1e-18f, 1e-12f, 1e12f, 1e19f, 1e30f};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fill(sizes[i], 0.1f);
        check_against_definition(N);
        fill(sizes[i], 1e-5f);
        check_against_definition(N);
    }
}

static void equal_is_exactly_no_error(void **state)
{
    (void)state;
    fill(1, 0);
    reference[300] = got[300] = NAN;
    reference[1500] = got[1500] = INFINITY;
    output_error o = measure(N);
    assert_true(o.difference2 == 0 && o.max_abs == 0);
    assert_true(isfinite(o.reference2) && isfinite(o.low) && isfinite(o.high));
    for (int i = 0; i < N; i++)
        reference[i] = got[i] = 0;
    o = measure(N);
    assert_true(o.difference2 == 0 && o.reference2 == 0 && o.low == 0 && o.high == 0);
}

static void strays_are_found_anywhere(void **state)
{
    (void)state;
    static const size_t places[] = {0, 15, 16, 255, 256, 1000, N - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        fill(1, 0);
        got[places[i]] += 5;
        output_error o = measure(N);
        assert_true(fabs(o.max_abs - 5) < 1e-5 && fabs(o.difference2 - 25) < 1e-4);
        got[places[i]] = NAN;
        assert_true(isinf(measure(N).max_abs));
        got[places[i]] = INFINITY;
        assert_true(isinf(measure(N).difference2));
        reference[places[i]] = NAN;
        assert_true(isinf(measure(N).max_abs));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_definition),
        cmocka_unit_test(keeps_the_tiny_and_the_huge),
        cmocka_unit_test(equal_is_exactly_no_error),
        cmocka_unit_test(strays_are_found_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
