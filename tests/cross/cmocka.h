/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests use of cmocka, for builds with -Dengine_only=true, which have no other libraries.
 * The first failure ends the program.
 */
#ifndef CROSS_CMOCKA_H
#define CROSS_CMOCKA_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
};

/* clang-format off */
#define cmocka_unit_test(f) {#f, f}
/* clang-format on */

/* There is no setup and no teardown. */
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    cross_run(tests, sizeof(tests) / sizeof((tests)[0]))

static inline int cross_run(const struct CMUnitTest *tests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *state = NULL;
        printf("%s\n", tests[i].name);
        fflush(stdout);
        tests[i].test(&state);
    }
    return 0;
}

#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) printf(__VA_ARGS__)

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        printf("%s:%d: ", __FILE__, __LINE__);                                                     \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        exit(1);                                                                                   \
    } while (0)

#define fail() fail_msg("failed")

#define CROSS_ASSERT(c, text)                                                                      \
    do {                                                                                           \
        if (!(c))                                                                                  \
            fail_msg("%s", text);                                                                  \
    } while (0)

#define assert_true(c) CROSS_ASSERT(c, #c)
#define assert_false(c) CROSS_ASSERT(!(c), "not " #c)
#define assert_null(p) CROSS_ASSERT(!(p), #p " is NULL")
#define assert_non_null(p) CROSS_ASSERT(p, #p)
#define assert_ptr_equal(a, b) CROSS_ASSERT((a) == (b), #a " == " #b)
#define assert_string_equal(a, b) CROSS_ASSERT(strcmp(a, b) == 0, #a " is " #b)
#define assert_string_not_equal(a, b) CROSS_ASSERT(strcmp(a, b) != 0, #a " is not " #b)
#define assert_memory_equal(a, b, n) CROSS_ASSERT(memcmp(a, b, n) == 0, #a " holds " #b)
#define assert_int_equal(a, b) CROSS_ASSERT((uintmax_t)(a) == (uintmax_t)(b), #a " == " #b)

#endif
