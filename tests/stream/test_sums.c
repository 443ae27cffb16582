/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of layers of u8 that are kept in three bytes where they always fit: at the very ends of what
 * fits, and one beyond.
 */
#include <string.h>

#include "nets_quant.h"
#include "play.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* With weights of 127 and inputs of 255, the other sign in every second output, what is missing to
   the ends of 24 bits is left to the bias. */
enum { SIDE = 8, DEPTH = 256, OUTPUTS = 41, MOST = 255 * 127 * DEPTH, TOP = (1 << 23) - 1 };

enum { FRAMES = 60 };

static void *data_of(const net *b, int value)
{
    return (void *)(uintptr_t)b->g->value[value].data;
}

/** One product, whose sums reach from -TOP - 1 - below to TOP + above. */
static rpr_model *ends(int32_t above, int32_t below)
{
    net b = net_new(5);
    const net_scales s = {1.0f / 255.0f, 1.0f / 255.0f, 0, 128};
    int x = net_quantise(&b, net_input(&b, NET_DIMS(1, DEPTH, SIDE, SIDE)), s.from, s.from_zero);
    int w = net_bytes(&b, RPR_I8, 127, 127, NET_DIMS(OUTPUTS, DEPTH, 1, 1));
    int bias = net_floats(&b, 0, 0, NET_DIMS(OUTPUTS));
    b.g->value[bias].dtype = RPR_I32;
    for (int o = 0; o < OUTPUTS; o++) {
        int8_t *row = (int8_t *)data_of(&b, w) + o * DEPTH;
        memset(row, o % 2 ? -127 : 127, DEPTH);
        ((int32_t *)data_of(&b, bias))[o] = o % 2 ? MOST - TOP - 1 - below : TOP - MOST + above;
    }
    x = net_op(&b, "QLinearConv", "", 9, x, net_floats(&b, s.from, 0, 0, NULL),
               net_bytes(&b, RPR_U8, 0, 0, 0, NULL), w, net_floats(&b, 1.0f / 65500.0f, 0, 0, NULL),
               net_bytes(&b, RPR_I8, 0, 0, 0, NULL), net_floats(&b, s.to, 0, 0, NULL),
               net_bytes(&b, RPR_U8, s.to_zero, s.to_zero, 0, NULL), bias);
    net_output(&b, net_dequantise(&b, x, s.to, s.to_zero));
    return net_finish(b.g);
}

/** The one layer with weights. */
static const rpr_linear *layer(const rpr_model *m)
{
    for (int i = 0; i < m->plan->n_step; i++)
        if (m->plan->step[i].linear)
            return m->plan->step[i].linear;
    fail();
    return NULL;
}

static void three_bytes_where_they_suffice(void **state)
{
    (void)state;
    const struct {
        int32_t above, below;
        bool z24;
    } cases[] = {{0, 0, true}, {1, 0, false}, {0, 1, false}, {-1, -1, true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        rpr_model *m = ends(cases[i].above, cases[i].below);
        assert_true(layer(m)->words);
        assert_int_equal(layer(m)->z24, cases[i].z24);
        rpr_model_destroy(m);
    }
}

static void state_is_that_much_smaller(void **state)
{
    (void)state;
    const rpr_stream_options opt = play_options();
    rpr_model *m[2] = {ends(0, 0), ends(1, 0)};
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        player *p = player_new(m[i], &opt);
        bytes[i] = rpr_stream_save_bytes(p->s);
        player_free(p);
    }
    const size_t words = (3 * OUTPUTS + 3) / 4; /* whole ones for every pixel */
    assert_int_equal(bytes[1] - bytes[0], SIDE * SIDE * (OUTPUTS - words) * 4);
    for (int i = 0; i < 2; i++)
        rpr_model_destroy(m[i]);
}

/** Pixels that are all 0 or all 1 come and go, or some of their channels. */
static void paint(scene *s, rng *r)
{
    enum { PIXELS = SIDE * SIDE };
    const int few = rng_below(r, 3);
    for (int p = 0; p < PIXELS; p++) {
        const float value = (float)rng_below(r, 2);
        const int from = few ? rng_below(r, DEPTH) : 0;
        const int to = few ? from + rng_below(r, DEPTH - from + 1) : DEPTH;
        if (rng_below(r, 3) == 0)
            continue;
        for (int c = from; c < to; c++)
            s->data[0][c * PIXELS + p] = few == 2 ? rng_unit(r) : value;
    }
}

/** The next instruction set that this machine has takes over by a saved state. */
static player *pass_on(const rpr_model *m, player *p)
{
    static const char *const sets[] = {"scalar",   "neon",   "neondot",   "avx2",
                                       "avx2vnni", "avx512", "avx512vnni"};
    size_t at = 0;
    while (strcmp(sets[at], p->s->k->isa) != 0)
        at++;
    do
        at = (at + 1) % COUNT(sets);
    while (!rpr_kernels_named(sets[at]));
    player *next = player_go_on(m, p, false);
    next->s->k = rpr_kernels_named(sets[at]);
    player_free(p);
    return next;
}

/** A stream with a policy beside one without reuse, which keeps no sums. */
static void play_ends(const rpr_model *m, rpr_policy policy)
{
    rpr_stream_options opt = play_options();
    rpr_oracle found;
    opt.bypass = 0;
    opt.policy = policy;
    opt.oracle = 1;
    player *p = player_new(m, &opt);
    opt.gate.kind = RPR_GATE_OFF;
    opt.oracle = 0;
    player *off = player_new(m, &opt);
    scene *s = scene_new(m, 2);
    rng r = {.state = 8};
    scene_next(s);
    for (int f = 0; f < FRAMES; f++) {
        paint(s, &r);
        player_run(off, s);
        player_run(p, s);
        check_that(player_same(p, off), "%s, policy %d, frame %d", p->s->k->isa, policy, f);
        assert_int_equal(rpr_stream_oracle(p->s, &found), RPR_OK);
        check_that(found.worst <= 0.0, "%s, policy %d, frame %d: sums", p->s->k->isa, policy, f);
        if (f % 5 == 4)
            p = pass_on(m, p);
    }
    scene_free(s);
    player_free(p);
    player_free(off);
}

static void exact_at_the_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        rpr_model *m = ends(i == 1, i == 2);
        for (int p = RPR_POLICY_AUTO; p <= RPR_POLICY_RANDOM; p++)
            play_ends(m, (rpr_policy)p);
        rpr_model_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_bytes_where_they_suffice),
                                       cmocka_unit_test(state_is_that_much_smaller),
                                       cmocka_unit_test(exact_at_the_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
