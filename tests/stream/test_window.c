/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on windows that slide against the whole windows. */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "reprise/audit.h"
#include "reprise/reprise.h"
#include "ride.h"

#define CALLS 40

static rpr_stream_options options(rpr_gate_kind kind, int threads)
{
    rpr_stream_options o = play_options();
    o.gate.kind = kind;
    o.threads = threads;
    return o;
}

/** Calls of two streams side by side, the second of whole windows. */
static void ride_along(ride *w, const rpr_stream_options *o, double tolerance, const char *name)
{
    player *p = player_new(w->slid, o);
    for (int call = 0; call < CALLS; call++) {
        ride_next(w, call % 20 >= 17);
        assert_int_equal(rpr_stream_window_missing(p->s), call < w->calls ? w->calls - call : 0);
        ride_run(w, p);
        const double error = ride_full(w) ? player_error(p, w->dense) : 0.0;
        check_that(error <= tolerance, "%s: hop %d of %d, gate %d: %g on call %d", name,
                   (int)w->hop, (int)w->length, (int)o->gate.kind, error, call);
    }
    player_free(p);
}

static void check_net(size_t i, int axis, int64_t hop, const rpr_stream_options *o,
                      double tolerance)
{
    ride *w = ride_new(nets_graph(i), nets_graph(i), axis, hop, 11);
    ride_along(w, o, tolerance, nets_name(i));
    ride_free(w);
}

/** Extent of input 0 along an axis; 0 if there is no such axis. */
static int64_t extent(size_t i, int axis)
{
    rpr_model *m = nets_make(i);
    rpr_tensor_info info;
    assert_int_equal(rpr_model_input(m, 0, &info), RPR_OK);
    rpr_model_destroy(m);
    return axis < info.rank ? info.dim[axis] : 0;
}

/** Quantised layers may fall to the next step where their inputs are rounded otherwise. */
static double tolerance_of(size_t i)
{
    return strncmp(nets_name(i), "quantised", 9) == 0 ? 0.03 : 1e-4;
}

static void every_net_on_every_axis(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_all(); i++)
        for (int axis = 0; axis < RPR_MAX_RANK; axis++) {
            const int64_t n = extent(i, axis);
            for (int64_t hop = 1; hop < n; hop = hop == 1 && n > 2 ? 2 : hop < n - 1 ? n - 1 : n) {
                const rpr_stream_options o =
                    options(hop % 2 ? RPR_GATE_EXACT : RPR_GATE_OFF, 1 + (int)(i % 2));
                check_net(i, axis, hop, &o, tolerance_of(i));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_net_on_every_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
