/* SPDX-License-Identifier: Apache-2.0 */
/* Settling: what a dead-zone holds back where nothing moves is taken in, in turns, and the contract
 * holds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define FRAMES 40
#define EVERY 4
#define RANDOM_NETS 20

static rpr_stream_options options_of(int settle)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(PLAY_DEADZONE);
    opt.settle = settle;
    opt.oracle = 1;
    return opt;
}

static bool is_narrow(const player *p, int gate)
{
    return p->s->gate[gate].narrow < 1.0;
}

/** Every gate has its turn once in a period, front to back, and never on the first frame. */
static void gates_have_turns(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < nets_count() + RANDOM_NETS; seed++) {
        rpr_model *m = seed < nets_count() ? nets_make(seed) : nets_random(900 + seed);
        rpr_stream_options opt = options_of(EVERY);
        show w = show_new(m, &opt, seed);
        const int n = m->plan->n_gate;
        int *turns = calloc((size_t)n + 1, sizeof *turns);
        for (int f = 0, last = 0; f < 1 + 4 * EVERY; f++) {
            show_next(&w);
            last = f % EVERY == 0 ? 0 : last;
            for (int i = 0; i < n; i++) {
                turns[i] += is_narrow(w.p, i);
                check_that(!is_narrow(w.p, i) || (f > 0 && i >= last), "gate %d on frame %d", i, f);
                last = is_narrow(w.p, i) ? i : last;
            }
        }
        for (int i = 0; i < n; i++)
            check_that(turns[i] == 4, "gate %d had %d turns", i, turns[i]);
        free(turns);
        show_free(&w);
    }
}

/** The oracle, and copies that go on with the same turns. */
static void contract_holds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < nets_count() + RANDOM_NETS; seed++) {
        rpr_model *m = seed < nets_count() ? nets_make(seed) : nets_random(900 + seed);
        rpr_stream_options opt = options_of(EVERY);
        opt.policy = seed % 2 ? RPR_POLICY_AUTO : RPR_POLICY_RANDOM;
        player *p = player_new(m, &opt), *restored = player_new(m, &opt), *clone = NULL;
        scene *s = scene_new(m, seed);
        for (int f = 0; f < FRAMES; f++) {
            rpr_oracle o;
            scene_next(s);
            player_run(p, s);
            assert_int_equal(rpr_stream_oracle(p->s, &o), RPR_OK);
            check_that(o.worst <= 1.0, "net %d, frame %d: %g", (int)seed, f, o.worst);
            if (f == 9) {
                const size_t bytes = rpr_stream_save_bytes(p->s);
                void *saved = malloc(bytes);
                rpr_stream *copy;
                assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
                assert_int_equal(rpr_stream_load(restored->s, saved, bytes), RPR_OK);
                assert_int_equal(rpr_stream_clone(p->s, &copy, NULL), RPR_OK);
                clone = player_of(m, copy);
                free(saved);
            } else if (f > 9) {
                player_run(restored, s);
                player_run(clone, s);
                assert_true(player_same(p, restored) && player_same(p, clone));
            }
        }
        scene_free(s);
        player_free(p);
        player_free(restored);
        player_free(clone);
        rpr_model_destroy(m);
    }
}

/** A picture a fifth of which moves by 0.75 of the dead-zone and stays: the error of the output. */
static double left_over(const rpr_model *m, int settle)
{
    rpr_stream_options opt = options_of(settle);
    opt.gate.threshold = 0.1;
    opt.gate.lo = 0.0;
    opt.gate.hi = 1.0;
    player *p = player_new(m, &opt);
    opt.gate = (rpr_gate){.kind = RPR_GATE_OFF};
    player *dense = player_new(m, &opt);
    uint8_t x[16 * 16 * 3];
    const rpr_input in = {.data = x, .format = RPR_FORMAT_U8_HWC};
    for (int f = 0; f < 2 * EVERY; f++) {
        for (size_t i = 0; i < sizeof x; i++)
            x[i] = (uint8_t)(100 + i % 7 * 10 + (f > 0 && i % 5 == 0 ? 19 : 0));
        assert_int_equal(rpr_stream_run(p->s, &in, 1, p->out, p->n), RPR_OK);
        assert_int_equal(rpr_stream_run(dense->s, &in, 1, dense->out, dense->n), RPR_OK);
    }
    const double e = player_error(p, dense);
    player_free(p);
    player_free(dense);
    return e;
}

static void what_stands_is_taken_in(void **state)
{
    (void)state;
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(1, 3, 16, 16));
    net_output(&b, net_conv(&b, x, 32, 3, 3, 1, "pads:1,1,1,1"));
    rpr_model *m = net_finish(b.g);
    const double without = left_over(m, 0), with = left_over(m, EVERY);
    check_that(without > 0.01 && with < 1e-5, "error %g, settled %g", without, with);
    rpr_model_destroy(m);
}

static void mistakes_are_refused(void **state)
{
    rpr_model *m = nets_named("plain");
    rpr_stream_options opt = options_of(-1);
    rpr_stream *s;
    rpr_error err;
    (void)state;
    assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "settle: -1"));
    opt = options_of(EVERY);
    player *p = player_new(m, &opt);
    opt = options_of(EVERY + 1);
    player *other = player_new(m, &opt);
    const size_t bytes = rpr_stream_save_bytes(p->s);
    void *saved = malloc(bytes);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(other->s, saved, bytes), RPR_ERR_STATE);
    assert_non_null(strstr(rpr_stream_error(other->s), "settle"));
    free(saved);
    player_free(p);
    player_free(other);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_have_turns), cmocka_unit_test(contract_holds),
        cmocka_unit_test(what_stands_is_taken_in), cmocka_unit_test(mistakes_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
