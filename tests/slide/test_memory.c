/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out at any place of the pass: it says so, and nothing is lost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nets.h"
#include "rig.h"

int __real_posix_memalign(void **p, size_t align, size_t bytes);
int __wrap_posix_memalign(void **p, size_t align, size_t bytes);

static long fail_at = -1; /* this call fails; none if negative */

int __wrap_posix_memalign(void **p, size_t align, size_t bytes)
{
    if (fail_at >= 0 && fail_at-- == 0)
        return ENOMEM;
    return __real_posix_memalign(p, align, bytes);
}

#define RANDOM_NETS 12

/** Edges, sums, a product with even weights, constants and indices that are cut. */
static net all_kinds(random_window *w)
{
    net b = net_new(3);
    const int64_t flat[] = {12, 1}, steps[] = {1, 12};
    int x = net_input(&b, NET_DIMS(1, 2, 12)), even;
    *w = (random_window){.axis = 2, .length = 12, .hop = 2};
    x = net_op(&b, "Tanh", "", 1, x);
    even = net_op(&b, "Expand", "", 2, net_floats(&b, 0, 1, NET_DIMS(1, 1, 1)),
                  net_ints(&b, NET_DIMS(1, 2, 12)));
    x = net_op(&b, "Concat", "axis=1", 2, x, even);
    net_output(&b, net_conv1d(&b, x, 3, 3, "pads:1,1"));
    net_output(&b, net_op(&b, "GlobalAveragePool", "", 1, net_conv1d(&b, x, 3, 5, "pads:2,2")));
    net_output(&b, net_op(&b, "Gather", "axis=2", 2, x, net_ints(&b, NET_DIMS(-1, 3))));
    x = net_op(&b, "Reshape", "", 2, net_op(&b, "ReduceMax", "axes:1", 1, x),
               net_ints(&b, 2, steps));
    even = net_op(&b, "Expand", "", 2, net_floats(&b, 1, 0, NET_DIMS(1, 1)), net_ints(&b, 2, flat));
    net_output(&b, net_op(&b, "MatMul", "", 2, net_op(&b, "Flatten", "axis=1", 1, x), even));
    return b;
}

/** False if the pass took less memory than that. */
static bool slide_once(int which, long fails)
{
    random_window r;
    net b = which == 0 ? all_kinds(&r) : random_slide_net((uint64_t)which, &r);
    const rpr_window w = {.axis = r.axis, .length = r.length, .hop = r.hop};
    rpr_slide *s = NULL;
    rpr_error err = {{0}};
    rig_prepare(b.g);
    fail_at = fails;
    const int status = rpr_graph_slide(b.g, &w, &s, &err);
    const bool failed = fails >= 0 && fail_at < 0;
    fail_at = -1;
    if (status == RPR_OK) { /* sweeping a graph can do without */
        assert_non_null(s);
    } else {
        assert_true(failed);
        assert_int_equal(status, RPR_ERR_NOMEM);
        assert_null(s);
        assert_non_null(strstr(err.message, "memory"));
    }
    rpr_slide_free(s);
    rpr_graph_free(b.g);
    return failed;
}

static void test_memory(void **state)
{
    (void)state;
    long total = 0;
    for (int which = 0; which <= RANDOM_NETS; which++) {
        long places = 0;
        while (slide_once(which, places))
            places++;
        assert_true(places > 10);
        total += places;
    }
    print_message("%ld places\n", total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
