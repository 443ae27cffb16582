/* SPDX-License-Identifier: Apache-2.0 */
/* 8-bit pictures behind a dead-zone: what counts as changed, and the noise that does not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

#define STEP (1.0 / 255.0)

/** A picture, a stream that sees it, and room for what its bytes are around. */
typedef struct sight {
    rpr_model *m;
    player *p;
    int h, w, c;
    uint8_t *scene, *bytes;
    rng r;
} sight;

static sight sight_new(rpr_model *m, const rpr_stream_options *opt)
{
    rpr_tensor_info t;
    assert_int_equal(rpr_model_input(m, 0, &t), RPR_OK);
    sight s = {.m = m, .p = player_new(m, opt), .r = {4}};
    s.c = (int)t.dim[1];
    s.h = (int)t.dim[2];
    s.w = (int)t.dim[3];
    s.scene = calloc((size_t)(s.h * s.w * s.c), 1);
    s.bytes = calloc((size_t)(s.h * s.w * s.c), 1);
    assert_non_null(s.scene);
    assert_non_null(s.bytes);
    for (int i = 0; i < s.h * s.w * s.c; i++)
        s.bytes[i] = s.scene[i] = (uint8_t)(40 + rng_below(&s.r, 150));
    return s;
}

static void sight_free(sight *s)
{
    free(s->scene);
    free(s->bytes);
    player_free(s->p);
    rpr_model_destroy(s->m);
}

/** Changed values of the gate that reads the picture. */
static int64_t run_one(const sight *s, player *p)
{
    const rpr_input in = {.data = s->bytes, .format = RPR_FORMAT_U8_HWC};
    rpr_layer_info info = {0};
    rpr_layer_stats st;
    size_t layer = 0;
    int status = rpr_stream_run(p->s, &in, 1, p->out, p->n);
    check_that(status == RPR_OK, "%s", rpr_stream_error(p->s));
    while (rpr_model_layer(s->m, layer, &info) == RPR_OK && !info.weighted)
        layer++;
    assert_int_equal(rpr_stream_layer_stats(p->s, layer, &st), RPR_OK);
    return st.changed;
}

static int64_t run(const sight *s)
{
    return run_one(s, s->p);
}

static rpr_stream_options dead_zone(double steps)
{
    rpr_stream_options o = play_options();
    o.gate = (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = steps * STEP, .lo = 0.0, .hi = 1.0};
    return o;
}

/** A picture that is moved to -1..1 before a padded convolution, as networks from Keras do. */
static rpr_model *shifted_net(void)
{
    net b = net_new(3);
    int x = net_input(&b, NET_DIMS(1, 3, 24, 20));
    x = net_op(&b, "Mul", "", 2, x, net_floats(&b, 2.0f, 0.0f, NET_DIMS(1)));
    x = net_op(&b, "Sub", "", 2, x, net_floats(&b, 1.0f, 0.0f, NET_DIMS(1)));
    x = net_relu(&b, net_conv(&b, x, 16, 3, 3, 1, "strides:2,2 pads:1,1,1,1"));
    net_output(&b, net_conv(&b, x, 5, 1, 1, 1, ""));
    return net_finish(b.g);
}

/* --------------------------------------------------------------- dead-zone */

static void check_border(rpr_model *m, const rpr_stream_options *opt, int steps)
{
    sight s = sight_new(m, opt);
    (void)run(&s);
    for (int k = 0; k < 60; k++) {
        int i = rng_below(&s.r, s.h * s.w * s.c), sign = k % 2 ? 1 : -1;
        s.bytes[i] = (uint8_t)(s.scene[i] + sign * steps);
        assert_int_equal(run(&s), 0);
        s.bytes[i] = (uint8_t)(s.scene[i] + sign * (steps + 1));
        assert_int_equal(run(&s), 1);
        s.scene[i] = s.bytes[i];
        assert_int_equal(run(&s), 0);
    }
    sight_free(&s);
}

static void the_border_is_exact(void **state)
{
    (void)state;
    for (int steps = 0; steps <= 7; steps++) {
        rpr_stream_options opt = dead_zone(steps);
        check_border(nets_named("plain"), &opt, steps);
        opt.gate.hi = 2.0; /* of what the picture becomes */
        check_border(shifted_net(), &opt, steps);
    }
}

static void a_layer_may_have_its_own(void **state)
{
    rpr_stream_options opt = dead_zone(1);
    const rpr_layer_gate first = {.layer = 0, .gate = dead_zone(6).gate};
    (void)state;
    opt.layer_gates = &first;
    opt.n_layer_gates = 1;
    check_border(nets_named("plain"), &opt, 6);
}

/** What drifts passes as soon as it is a step further than allowed from what was used. */
static void drifts_add_up(void **state)
{
    const rpr_stream_options opt = dead_zone(3);
    sight s = sight_new(nets_named("plain"), &opt);
    const int at = 77;
    (void)state;
    (void)run(&s);
    for (int f = 1; f <= 20; f++) {
        s.bytes[at]++;
        assert_int_equal(run(&s), f % 4 == 0);
    }
    sight_free(&s);
}

/** Within the zone nothing happens at all; beyond it the result is that of the exact picture. */
static void used_values_are_exact(void **state)
{
    const rpr_stream_options opt = dead_zone(4), plain = play_options();
    sight s = sight_new(nets_named("one_conv"), &opt);
    player *exact = player_new(s.m, &plain);
    (void)state;
    (void)run(&s);
    for (int i = 0; i < s.h * s.w * s.c; i++)
        s.bytes[i] = (uint8_t)(s.bytes[i] + rng_below(&s.r, 9) - 4);
    assert_int_equal(run(&s), 0);
    assert_int_equal(player_stats(s.p).macs_executed, 0);
    for (int i = 0; i < s.h * s.w * s.c; i++)
        s.bytes[i] = (uint8_t)(s.scene[i] + (i % 2 ? 5 : -5));
    assert_int_equal(run(&s), s.h * s.w * s.c);
    (void)run_one(&s, exact);
    assert_true(player_same(s.p, exact));
    player_free(exact);
    sight_free(&s);
}

/** Frames without reuse hold nothing back, and afterwards what is used is what they held. */
static void bypassed_frames_are_dense(void **state)
{
    rpr_stream_options opt = dead_zone(4), off = play_options();
    opt.bypass = 1;
    off.gate.kind = RPR_GATE_OFF;
    sight s = sight_new(nets_named("plain"), &opt);
    player *dense = player_new(s.m, &off);
    int bypassed = 0;
    (void)state;
    for (int f = 0; f < 40; f++) {
        for (int i = 0; i < s.h * s.w * s.c; i++)
            s.bytes[i] = (uint8_t)(f % 10 ? rng_below(&s.r, 256) : s.bytes[i] ^ 1);
        (void)run(&s);
        (void)run_one(&s, dense);
        if (!player_stats(s.p).bypassed)
            continue;
        bypassed++;
        assert_true(player_same(s.p, dense));
    }
    assert_true(bypassed > 10);
    player_free(dense);
    sight_free(&s);
}

/* ------------------------------------------------------------------- noise */

/** Roughly normal: the sum of twelve. */
static double normal(rng *r)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += (double)rng_unit(r);
    return sum;
}

static uint8_t noisy(rng *r, double value, double sigma)
{
    double v = rint(value + sigma * normal(r));
    return (uint8_t)(v < 0.0 ? 0.0 : v > 255.0 ? 255.0 : v);
}

static void estimates_find_the_noise(void **state)
{
    enum { N = 20000 };
    static uint8_t now[N], last[N];
    rng r = {9};
    rpr_noise noise = {0};
    (void)state;
    for (int f = 0; f < 20; f++) {
        static rpr_noise_counts counts;
        counts = (rpr_noise_counts){0};
        for (int i = 0; i < N; i++) {
            int level = i % RPR_BYTE_LEVELS;
            last[i] = now[i];
            now[i] = noisy(&r, level * 16 + 8, 1.0 + 0.2 * level);
            if (i % 23 == 0) /* something moves */
                now[i] = (uint8_t)rng_below(&r, 256);
        }
        rpr_noise_count(&counts, now, last, N);
        if (f > 0)
            rpr_noise_update(&noise, &counts);
    }
    for (int level = 1; level < RPR_BYTE_LEVELS - 1; level++) {
        double want = 1.0 + 0.2 * level, got = (double)noise.sigma[level] / RPR_NOISE_UNIT;
        check_that(fabs(got - want) < 0.2 * want, "level %d: %g, not %g", level, got, want);
        assert_int_equal(rpr_noise_limit(&noise, level, 4.0), (int)(4.0 * got));
    }
}

/** Neither a scene that moves nor one without any noise is taken for a noisy one. */
static void motion_is_no_noise(void **state)
{
    rpr_noise noise = {0};
    rpr_noise_counts counts = {0};
    (void)state;
    for (int level = 0; level < RPR_BYTE_LEVELS; level++)
        for (int d = 0; d < RPR_NOISE_BINS; d++) /* edges: many small, a long tail */
            counts.n[level][d] = 4000 / (1 + d * d);
    rpr_noise_update(&noise, &counts);
    counts = (rpr_noise_counts){0};
    for (int level = 0; level < RPR_BYTE_LEVELS; level++)
        counts.n[level][40] = 5000; /* a flash */
    rpr_noise_update(&noise, &counts);
    for (int level = 0; level < RPR_BYTE_LEVELS; level++)
        assert_int_equal(noise.seen[level], 0);
    counts = (rpr_noise_counts){0};
    for (int level = 0; level < RPR_BYTE_LEVELS; level++)
        counts.n[level][0] = 5000;
    rpr_noise_update(&noise, &counts);
    for (int level = 0; level < RPR_BYTE_LEVELS; level++)
        assert_int_equal(rpr_noise_limit(&noise, level, 1.0), 0);
}

/** What no frame has shown yet is taken to be like its neighbours. */
static void unknown_levels_follow_others(void **state)
{
    rpr_noise noise = {0};
    (void)state;
    assert_int_equal(rpr_noise_limit(&noise, 3, 4.0), 0);
    noise.seen[5] = noise.seen[9] = 1;
    noise.sigma[5] = 2 * RPR_NOISE_UNIT;
    noise.sigma[9] = 1 * RPR_NOISE_UNIT;
    assert_int_equal(rpr_noise_limit(&noise, 0, 4.0), 8);
    assert_int_equal(rpr_noise_limit(&noise, 6, 4.0), 8);
    assert_int_equal(rpr_noise_limit(&noise, 7, 4.0), 4);
    assert_int_equal(rpr_noise_limit(&noise, 15, 4.0), 4);
}

static void still_frame(sight *s, double sigma)
{
    for (int i = 0; i < s->h * s->w * s->c; i++)
        s->bytes[i] = noisy(&s->r, s->scene[i], sigma);
}

static sight noisy_sight(rpr_stream_options opt, double noise)
{
    opt.noise = noise;
    sight s = sight_new(nets_named("plain"), &opt);
    for (int i = 0; i < s.h * s.w * s.c; i++)
        s.scene[i] = (uint8_t)(100 + i % 100);
    return s;
}

static void noisy_still_cameras_cost_little(void **state)
{
    double share[2][2];
    (void)state;
    for (int sigma = 2; sigma <= 4; sigma += 2)
        for (int k = 0; k < 2; k++) {
            sight s = noisy_sight(dead_zone(4), k ? RPR_NOISE_AUTO : 0.0);
            int64_t executed = 0, dense = 0;
            for (int f = 0; f < 40; f++) {
                still_frame(&s, sigma);
                (void)run(&s);
                if (f < 5)
                    continue;
                executed += player_stats(s.p).macs_executed;
                dense += player_stats(s.p).macs_dense;
            }
            share[sigma / 4][k] = (double)executed / (double)dense;
            sight_free(&s);
        }
    for (int i = 0; i < 2; i++)
        check_that(share[i][1] < 0.02 && share[i][1] < share[i][0] / 8.0,
                   "sigma %d: %.4f of the work with a model of the noise, %.4f without", 2 * i + 2,
                   share[i][1], share[i][0]);
}

/** A slow dawn passes: what is compared is the last used value. */
static void dawn_passes(void **state)
{
    sight s = noisy_sight(dead_zone(2), RPR_NOISE_AUTO);
    int64_t passed = 0;
    (void)state;
    for (int f = 0; f < 100; f++) {
        still_frame(&s, 2.0);
        int64_t changed = run(&s);
        passed += f >= 20 ? changed : 0;
        for (int i = 0; f % 2 && i < s.h * s.w * s.c; i++)
            s.scene[i]++;
    }
    /* 40 steps of light pass in steps of about the limit, 10: every value 3 times or so. */
    assert_true(passed > 2 * s.h * s.w * s.c);
    const rpr_map x = rpr_stream_map(s.p->s, s.p->s->plan->input[0]);
    for (int y = 0; y < s.h; y++)
        for (int i = 0; i < s.w * s.c; i++) {
            double off = (double)rpr_map_at(&x, 0, y, 0)[i] * 255.0 - s.bytes[y * s.w * s.c + i];
            check_that(fabs(off) <= 4.0 * RPR_NOISE_AUTO + 1.0, "%g steps behind", off);
        }
    sight_free(&s);
}

/** Alone it is noise, with a neighbour it is something; and further away it is so alone, too. */
static void lone_pixels_are_noise(void **state)
{
    sight s = noisy_sight(dead_zone(0), 4.0);
    const int at = (10 * s.w + 12) * s.c, below = at + (s.w + 1) * s.c;
    (void)state;
    for (int f = 0; f < 20; f++) {
        still_frame(&s, 1.5);
        (void)run(&s);
    }
    uint8_t *last = malloc((size_t)(s.h * s.w * s.c));
    assert_non_null(last);
    memcpy(last, s.p->s->input[0].previous, (size_t)(s.h * s.w * s.c));
    const rpr_noise *noise = &s.p->s->input[0].noise;
    const int one = rpr_noise_limit(noise, last[at] / 16, 4.0);
    const int lone = rpr_noise_limit(noise, last[at] / 16, 8.0);
    const int other = rpr_noise_limit(noise, last[below] / 16, 4.0);
    assert_true(one > 2 && lone > one + 1);
    memcpy(s.bytes, last, (size_t)(s.h * s.w * s.c)); /* and no frame to learn from */
    s.bytes[at] = (uint8_t)(last[at] + one + 1);
    assert_int_equal(run(&s), 0);
    s.bytes[below] = (uint8_t)(last[below] - other - 1);
    assert_int_equal(run(&s), 2);
    assert_int_equal(run(&s), 0);
    s.bytes[4] = (uint8_t)(last[4] + rpr_noise_limit(noise, last[4] / 16, 8.0) + 1);
    assert_int_equal(run(&s), 1);
    free(last);
    sight_free(&s);
}

static void sigmas_have_limits(void **state)
{
    static const double bad[] = {-1.0, 101.0, NAN, INFINITY};
    rpr_model *m = nets_named("one_conv");
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rpr_stream_options opt = play_options();
        rpr_stream *s = NULL;
        rpr_error err;
        opt.noise = bad[i];
        assert_int_equal(rpr_stream_create(m, &opt, &s, &err), RPR_ERR_ARGUMENT);
        check_that(strncmp(err.message, "noise: ", 7) == 0, "%s", err.message);
    }
    rpr_model_destroy(m);
}

/* ------------------------------------------------------------------- state */

static player *copy_of(const sight *s, const rpr_stream_options *opt, bool saved)
{
    rpr_stream *copy = NULL;
    if (!saved) {
        assert_int_equal(rpr_stream_clone(s->p->s, &copy, NULL), RPR_OK);
        return player_of(s->m, copy);
    }
    size_t bytes = rpr_stream_save_bytes(s->p->s);
    void *buffer = malloc(bytes);
    assert_non_null(buffer);
    assert_int_equal(rpr_stream_save(s->p->s, buffer, bytes), RPR_OK);
    player *p = player_new(s->m, opt);
    assert_int_equal(rpr_stream_load(p->s, buffer, bytes), RPR_OK);
    rpr_stream_options other = *opt;
    other.noise += 1.0;
    player *q = player_new(s->m, &other);
    assert_int_equal(rpr_stream_load(q->s, buffer, bytes), RPR_ERR_STATE);
    player_free(q);
    free(buffer);
    return p;
}

static void next_frame(sight *s, int f)
{
    for (int i = 0; i < 4 * s->c; i++)
        s->scene[(f % s->h) * s->w * s->c + i] = (uint8_t)(250 - f);
    still_frame(s, 2.0);
}

static void copies_and_threads_agree(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) { /* a clone, a saved state, more threads, a reset */
        rpr_stream_options opt = dead_zone(way), many;
        opt.noise = way == 1 ? 0.0 : 4.0;
        many = opt;
        many.threads = 3;
        sight s = noisy_sight(opt, opt.noise);
        player *other = way == 2 ? player_new(s.m, &many) : NULL;
        for (int f = 0; f < 12; f++) {
            next_frame(&s, f);
            int64_t changed = run(&s);
            if (other)
                assert_int_equal(run_one(&s, other), changed);
        }
        if (way == 3) {
            rpr_stream_reset(s.p->s);
            other = player_new(s.m, &opt);
        } else if (way != 2) {
            other = copy_of(&s, &opt, way == 1);
        }
        for (int f = 12; f < 24; f++) {
            next_frame(&s, f);
            int64_t changed = run(&s);
            assert_int_equal(run_one(&s, other), changed);
            assert_true(player_same(s.p, other));
        }
        player_free(other);
        sight_free(&s);
    }
}

/** A stream may be given bytes or floats: those are compared by the gate, as ever. */
static void forms_may_alternate(void **state)
{
    const rpr_stream_options opt = dead_zone(2);
    sight s = sight_new(nets_named("plain"), &opt);
    rpr_tensor_info t;
    (void)state;
    assert_int_equal(rpr_model_input(s.m, 0, &t), RPR_OK);
    float *tensor = malloc(t.bytes);
    assert_non_null(tensor);
    for (int f = 0; f < 12; f++) {
        for (int k = 0; k < 20; k++)
            s.bytes[rng_below(&s.r, s.h * s.w * s.c)] = (uint8_t)rng_below(&s.r, 256);
        for (int i = 0; i < s.h * s.w * s.c; i++)
            tensor[i % s.c * s.h * s.w + i / s.c] = (float)s.bytes[i] * (1.0f / 255.0f);
        const rpr_input in = {.data = tensor};
        if (f / 3 % 2)
            assert_int_equal(rpr_stream_run(s.p->s, &in, 1, s.p->out, s.p->n), RPR_OK);
        else
            (void)run(&s);
        if (f / 3 % 2)
            assert_int_equal(rpr_stream_run(s.p->s, &in, 1, s.p->out, s.p->n), RPR_OK);
        else
            (void)run(&s);
        assert_int_equal(player_stats(s.p).changed, 0); /* the second time */
    }
    free(tensor);
    sight_free(&s);
}

static double error_of(const sight *s, player *dense)
{
    (void)run_one(s, dense);
    return player_error(s->p, dense);
}

/** Every byte moves by a step or two, within the zone. */
static void drift(sight *s)
{
    for (int i = 0; i < s->h * s->w * s->c; i++)
        s->bytes[i] = (uint8_t)(s->bytes[i] + 1 + rng_below(&s->r, 2));
}

/** What a dead-zone held back of a picture is used when its gate's turn comes. */
static void refresh_takes_the_picture(void **state)
{
    (void)state;
    for (int shifted = 0; shifted < 2; shifted++) {
        rpr_stream_options opt = dead_zone(6);
        opt.gate.hi = shifted ? 2.0 : 1.0;
        sight s = sight_new(shifted ? shifted_net() : nets_named("plain"), &opt);
        opt.gate.kind = RPR_GATE_OFF;
        player *dense = player_new(s.m, &opt);
        (void)run(&s);
        drift(&s);
        assert_int_equal(run(&s), 0);
        assert_true(error_of(&s, dense) > 1e-4);
        assert_int_equal(rpr_stream_refresh(s.p->s), RPR_OK);
        for (int f = 0; f < 16; f++)
            (void)run(&s);
        assert_true(error_of(&s, dense) < 4e-6);
        player_free(dense);
        sight_free(&s);
    }
}

/** Where most of a picture is another one, nothing of it is held back. */
static void another_picture_is_taken_whole(void **state)
{
    (void)state;
    rpr_stream_options opt = dead_zone(6);
    sight s = sight_new(nets_named("plain"), &opt);
    opt.gate.kind = RPR_GATE_OFF;
    player *dense = player_new(s.m, &opt);
    for (int f = 0; f < 4; f++)
        (void)run(&s);
    for (int i = 0; i < s.h * s.w * s.c; i++)
        s.bytes[i] = (uint8_t)rng_below(&s.r, 256);
    (void)run(&s);
    for (int i = 0; i < s.h * s.w * s.c; i++)
        assert_int_equal(s.p->s->input[0].previous[i], s.bytes[i]);
    assert_int_equal(player_stats(s.p).cut, 1);
    assert_true(error_of(&s, dense) < 4e-6);
    player_free(dense);
    sight_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_border_is_exact),
        cmocka_unit_test(a_layer_may_have_its_own),
        cmocka_unit_test(drifts_add_up),
        cmocka_unit_test(used_values_are_exact),
        cmocka_unit_test(bypassed_frames_are_dense),
        cmocka_unit_test(estimates_find_the_noise),
        cmocka_unit_test(motion_is_no_noise),
        cmocka_unit_test(unknown_levels_follow_others),
        cmocka_unit_test(noisy_still_cameras_cost_little),
        cmocka_unit_test(dawn_passes),
        cmocka_unit_test(lone_pixels_are_noise),
        cmocka_unit_test(sigmas_have_limits),
        cmocka_unit_test(copies_and_threads_agree),
        cmocka_unit_test(forms_may_alternate),
        cmocka_unit_test(refresh_takes_the_picture),
        cmocka_unit_test(another_picture_is_taken_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
