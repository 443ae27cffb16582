/* SPDX-License-Identifier: Apache-2.0 */
/* The same graphs in streams: hundreds of calls against whole windows, and no drift. */
#include "../stream/ride.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nets.h"

#define GRAPHS 400
#define CALLS 260

typedef struct worst {
    double early, late; /* errors of the calls of the first and the last third */
    int64_t compared;
} worst;

static rpr_stream_options options_of(uint64_t seed)
{
    rpr_stream_options o = play_options();
    o.gate.kind = seed % 3 == 2 ? RPR_GATE_OFF : RPR_GATE_EXACT;
    o.threads = 1 + (int)(seed % 2);
    o.policy = seed % 5 == 4 ? RPR_POLICY_RANDOM : RPR_POLICY_AUTO;
    o.seed = seed + 1;
    o.refresh = seed % 4 == 3 ? 50 : 0;
    return o;
}

/**
 * The largest difference by the largest value, or by 1: a graph may well end in one number, which
 * is close to zero on some calls.
 */
static double error_of(const player *got, const player *want)
{
    double most = 0;
    for (size_t i = 0; i < got->n; i++) {
        const float *a = got->out[i].data, *b = want->out[i].data;
        const size_t n = got->info[i].bytes / sizeof *a;
        double scale = 1;
        for (size_t k = 0; k < n; k++) /* not fmax: gcc 12 for AArch64 fails in vectorising it */
            if (fabs((double)b[k]) > scale)
                scale = fabs((double)b[k]);
        for (size_t k = 0; k < n; k++) {
            const double off = fabs((double)a[k] - (double)b[k]) / scale;
            most = off <= most ? most : off; /* NaN, too */
        }
    }
    return most;
}

static void one(uint64_t seed, worst *found)
{
    random_window r, same;
    rpr_graph *a = random_slide_net(seed, &r).g, *b = random_slide_net(seed, &same).g;
    ride *w = ride_new(a, b, r.axis, r.hop, seed + 1);
    const rpr_stream_options o = options_of(seed);
    player *p = player_new(w->slid, &o);
    for (int call = 0; call < CALLS; call++) {
        ride_next(w, call % 50 > 42); /* at times nothing is new */
        ride_run(w, p);
        if (!ride_full(w))
            continue;
        const double error = error_of(p, w->dense);
        check_that(error <= 1e-4, "graph %d, hop %d of %d on axis %d, gate %d, call %d: %g",
                   (int)seed, (int)w->hop, (int)w->length, r.axis, (int)o.gate.kind, call, error);
        double *of = call < CALLS / 3 ? &found->early : &found->late;
        if (call < CALLS / 3 || call >= CALLS - CALLS / 3)
            *of = error > *of ? error : *of;
        found->compared++;
    }
    player_free(p);
    ride_free(w);
}

static void streams_give_what_whole_windows_do(void **state)
{
    (void)state;
    worst found = {0};
    const char *only = getenv("SLIDE_SEED");
    for (uint64_t seed = 0; seed < GRAPHS && !only; seed++)
        one(seed, &found);
    if (only)
        one(strtoull(only, NULL, 10), &found);
    print_message("%lld calls compared; off by %g at first and %g at last\n",
                  (long long)found.compared, found.early, found.late);
    assert_true(only || found.compared > GRAPHS * CALLS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(streams_give_what_whole_windows_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
