/* SPDX-License-Identifier: Apache-2.0 */
/* With exact gates the output is the dense run's, whatever the policy. */
#include <stdio.h>

#include "nets.h"
#include "play.h"

#define FRAMES 60
#define RANDOM_NETS 40

/**
 * Corrections add one rounding (2^-24) per changed product and frame; a few dozen products, 60
 * frames and a few layers keep that well under this share of the output's range.
 */
#define TOLERANCE 1e-5

/** Recomputing everything is what the dense run does, by the same kernels in the same order. */
static double tolerance(rpr_policy policy)
{
    return policy == RPR_POLICY_DENSE ? 0.0 : TOLERANCE;
}

static const char *const policy_name[] = {"auto", "correct", "dense", "random"};

static double play_policy(const rpr_model *m, const char *name, rpr_policy policy, int refresh)
{
    rpr_stream_options opt = play_options();
    opt.policy = policy;
    opt.refresh = refresh;
    player *reuse = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *off = player_new(m, &opt);
    scene *s = scene_new(m, 5);
    double worst = 0.0;
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(off, s);
        player_run(reuse, s);
        double e = player_error(reuse, off);
        check_that(e <= tolerance(policy), "%s, policy %s, refresh %d, frame %d: error %g", name,
                   policy_name[policy], refresh, f, e);
        worst = e > worst ? e : worst;
    }
    scene_free(s);
    player_free(reuse);
    player_free(off);
    return worst;
}

static void play_all(const rpr_model *m, const char *name)
{
    double worst = play_policy(m, name, RPR_POLICY_AUTO, 16);
    for (int p = RPR_POLICY_AUTO; p <= RPR_POLICY_RANDOM; p++) {
        double e = play_policy(m, name, (rpr_policy)p, 0);
        worst = e > worst ? e : worst;
    }
    print_message("%-18s worst %.2g\n", name, worst);
}

static void named(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        play_all(m, nets_name(i));
        rpr_model_destroy(m);
    }
}

static void random_graphs(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < RANDOM_NETS; seed++) {
        char name[32];
        rpr_model *m = nets_random(seed);
        (void)snprintf(name, sizeof name, "random %u", seed);
        play_all(m, name);
        rpr_model_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(named), cmocka_unit_test(random_graphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
