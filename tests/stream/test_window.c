/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on windows that slide against the whole windows. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "reprise/reprise.h"
#include "ride.h"

#define CALLS 40

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
                    ride_options(hop % 2 ? RPR_GATE_EXACT : RPR_GATE_OFF, 1 + (int)(i % 2));
                check_net(i, axis, hop, &o, tolerance_of(i));
            }
        }
}

/* ------------------------------------------------------------------ one net */

/** All calls that fill a window are first ones: dense, and with ranges that are profiled anew. */
static void windows_fill_before_anything_is_gated(void **state)
{
    (void)state;
    ride *w = ride_plain(2);
    rpr_stream_options o = ride_options(RPR_GATE_DEADZONE, 1);
    o.gate.threshold = 8.0 / 255.0;
    player *p = player_new(w->slid, &o);
    float lo = 0.0f, hi = 0.0f;
    for (int call = 0; call < 30; call++) {
        ride_next(w, false);
        ride_run(w, p);
        const rpr_frame_stats st = player_stats(p);
        rpr_layer_stats last = {0};
        for (size_t i = 0; i < rpr_model_n_layers(w->slid); i++) {
            rpr_layer_info info;
            assert_int_equal(rpr_model_layer(w->slid, i, &info), RPR_OK);
            if (info.weighted && info.compares)
                assert_int_equal(rpr_stream_layer_stats(p->s, i, &last), RPR_OK);
        }
        if (call < w->calls) {
            assert_int_equal(st.layers[RPR_CHOICE_SKIP] + st.layers[RPR_CHOICE_CORRECT], 0);
            assert_true(st.changed == st.inputs && st.macs_executed == st.macs_dense);
            check_that(call == 0 || last.range_lo < lo || last.range_lo > lo ||
                           last.range_hi > hi || last.range_hi < hi,
                       "call %d leaves a range as it was", call);
        } else {
            assert_true(last.range_lo >= lo && last.range_lo <= lo);
            assert_true(last.range_hi >= hi && last.range_hi <= hi);
        }
        lo = last.range_lo;
        hi = last.range_hi;
    }
    player_free(p);
    ride_free(w);
}

/** What gates let pass is bounded, swept away by a refresh, and never adds up. */
static void gates_leave_little(void **state)
{
    (void)state;
    for (int64_t hop = 1; hop <= 3; hop++) {
        ride *w = ride_plain(hop);
        rpr_stream_options o = ride_options(RPR_GATE_DEADZONE, 2);
        o.gate.threshold = 2.0 / 255.0;
        o.refresh = 64;
        player *p = player_new(w->slid, &o);
        for (int call = 0; call < 200; call++) {
            ride_next(w, false);
            if (call == 150)
                assert_int_equal(rpr_stream_scale_gates(p->s, 0.0), RPR_OK);
            ride_run(w, p);
            const double error = ride_full(w) ? player_error(p, w->dense) : 0.0;
            /* A column keeps what was let pass when it was new until it has left the window. */
            const double most = call < 166 + w->calls ? 0.05 : 1e-5;
            check_that(error <= most, "hop %d, call %d: %g", (int)hop, call, error);
        }
        player_free(p);
        ride_free(w);
    }
}

static player *by_clone(const player *p)
{
    rpr_stream *s = NULL;
    assert_int_equal(rpr_stream_clone(p->s, &s, NULL), RPR_OK);
    return player_of(p->s->model, s);
}

/** While the window fills and afterwards; a reset begins with an empty one. */
static void copies_and_resets(void **state)
{
    (void)state;
    static player *(*const copies[])(const player *) = {by_clone, ride_saved};
    for (size_t i = 0; i < nets_all(); i += 3)
        for (int k = 0; k < 4; k++) {
            ride *w = ride_new(nets_graph(i), nets_graph(i), -1, 1, 3);
            rpr_stream_options o = ride_options(k < 2 ? RPR_GATE_DEADZONE : RPR_GATE_OFF, 1);
            o.gate.threshold = 2.0 / 255.0;
            player *p = player_new(w->slid, &o), *first = player_new(w->slid, &o);
            for (int call = 0; call < 3 * (int)w->calls; call++) {
                ride_next(w, false);
                ride_run(w, p);
                player *q = copies[k % 2](p);
                assert_int_equal(rpr_stream_window_missing(q->s), rpr_stream_window_missing(p->s));
                ride_next(w, call % 2);
                ride_run(w, p);
                ride_run(w, q);
                check_that(player_same(p, q), "%s: call %d of the copy", nets_name(i), call);
                player_free(q);
            }
            rpr_stream_reset(p->s);
            for (int call = 0; call < 2 * (int)w->calls; call++) {
                ride_next(w, false);
                ride_run(w, p);
                ride_run(w, first);
                check_that(player_same(p, first), "%s: call %d after a reset", nets_name(i), call);
            }
            player_free(p);
            player_free(first);
            ride_free(w);
        }
}

static void frames_that_are_refused_do_not_count(void **state)
{
    (void)state;
    ride *w = ride_plain(3);
    const rpr_stream_options o = ride_options(RPR_GATE_EXACT, 1);
    player *p = player_new(w->slid, &o), *q = player_new(w->slid, &o);
    for (int call = 0; call < 20; call++) {
        ride_next(w, false);
        ride_run(w, p);
        const float kept = w->fresh[1];
        const uint32_t nan = 0x7fc00000u;
        memcpy(&w->fresh[1], &nan, sizeof nan);
        assert_int_equal(rpr_stream_run(q->s, w->in, w->n, NULL, 0), RPR_ERR_NONFINITE);
        w->fresh[1] = kept;
        ride_run(w, q);
        assert_true(player_same(p, q));
        assert_int_equal(rpr_stream_window_missing(p->s), rpr_stream_window_missing(q->s));
    }
    player_free(p);
    player_free(q);
    ride_free(w);
}

/** New columns that repeat still move the window, until all of it is one column. */
static void still_inputs_become_calm(void **state)
{
    (void)state;
    ride *w = ride_plain(1);
    rpr_stream_options o = ride_options(RPR_GATE_EXACT, 1);
    o.refresh = 0;
    player *p = player_new(w->slid, &o);
    for (int round = 0; round < 3; round++)
        for (int call = 0; call < 4 * (int)w->calls; call++) {
            const bool still = call >= (int)w->calls;
            ride_next(w, still);
            ride_run(w, p);
            const double error = ride_full(w) ? player_error(p, w->dense) : 0.0;
            check_that(error <= 1e-5, "round %d, call %d: %g", round, call, error);
            if (call == 4 * (int)w->calls - 1) {
                assert_true(p->s->calm > p->s->frame);
                assert_int_equal(player_stats(p).macs_executed, 0);
            }
        }
    player_free(p);
    ride_free(w);
}

/** Reuse never steps aside: the frame would go past what is remembered. */
static void nothing_is_bypassed(void **state)
{
    (void)state;
    ride *w = ride_plain(1);
    rpr_stream_options o;
    rpr_stream_options_init(&o);
    player *p = player_new(w->slid, &o);
    for (int call = 0; call < 60; call++) {
        ride_next(w, false);
        for (size_t i = 0; i < w->outer * w->inner * (size_t)w->hop; i++)
            w->fresh[i] = rng_unit(&w->r);
        ride_run(w, p);
        assert_int_equal(player_stats(p).bypassed, 0);
    }
    player_free(p);
    ride_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_net_on_every_axis),
        cmocka_unit_test(windows_fill_before_anything_is_gated),
        cmocka_unit_test(gates_leave_little),
        cmocka_unit_test(copies_and_resets),
        cmocka_unit_test(frames_that_are_refused_do_not_count),
        cmocka_unit_test(still_inputs_become_calm),
        cmocka_unit_test(nothing_is_bypassed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
