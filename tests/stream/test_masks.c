/* SPDX-License-Identifier: Apache-2.0 */
/* Masks: what the caller says may have changed, and what is to be ignored. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define H 29
#define W 37
#define C 3

/** A picture as bytes and as a tensor, and a stream that is given one of them. */
typedef struct sight {
    rpr_model *m;
    player *p;
    bool floats;
    uint8_t bytes[H * W * C];
    float tensor[H * W * C];
    rng r;
} sight;

static sight *sight_new(const rpr_stream_options *opt, bool floats)
{
    sight *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->m = nets_named("plain");
    s->p = player_new(s->m, opt);
    s->floats = floats;
    s->r = (rng){8};
    for (int i = 0; i < H * W * C; i++)
        s->bytes[i] = (uint8_t)rng_below(&s->r, 256);
    return s;
}

static void sight_free(sight *s)
{
    player_free(s->p);
    rpr_model_destroy(s->m);
    free(s);
}

static int run_status(sight *s, player *p, const rpr_mask *mask)
{
    for (int i = 0; i < H * W * C; i++)
        s->tensor[i % C * H * W + i / C] = (float)s->bytes[i] * (1.0f / 255.0f);
    const rpr_input in = {.data = s->floats ? (const void *)s->tensor : s->bytes,
                          .format = s->floats ? RPR_FORMAT_TENSOR : RPR_FORMAT_U8_HWC};
    return rpr_stream_run_masked(p->s, &in, 1, mask, p->out, p->n);
}

static int64_t run(sight *s, player *p, const rpr_mask *mask)
{
    int status = run_status(s, p, mask);
    check_that(status == RPR_OK, "%s", rpr_stream_error(p->s));
    return player_stats(p).changed;
}

/** Paints a part of the picture with other values. */
static void paint(sight *s, rpr_rect at)
{
    for (int y = at.y < 0 ? 0 : at.y; y < at.y + at.h && y < H; y++)
        for (int x = at.x < 0 ? 0 : at.x; x < at.x + at.w && x < W; x++)
            for (int c = 0; c < C; c++)
                s->bytes[(y * W + x) * C + c] ^= (uint8_t)(64 + rng_below(&s->r, 128));
}

static rpr_rect some_rect(rng *r)
{
    rpr_rect at = {rng_below(r, W + 4) - 4, rng_below(r, H + 4) - 4, 5 + rng_below(r, 10),
                   5 + rng_below(r, 10)};
    return at;
}

/** While the promise holds a masked run is a whole one, in every bit and count. */
static void damage_is_enough(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2 * PLAY_GATES; kind++) {
        rpr_stream_options opt = play_options();
        opt.gate = play_gate_of((play_gate)(kind / 2));
        sight *s = sight_new(&opt, kind % 2);
        player *whole = player_new(s->m, &opt);
        for (int f = 0; f < 25; f++) {
            rpr_rect damage[3];
            const size_t n = (size_t)rng_below(&s->r, 4);
            for (size_t i = 0; i < n; i++) {
                damage[i] = some_rect(&s->r);
                if (rng_below(&s->r, 3)) /* more damage may be told than there is */
                    paint(s, damage[i]);
            }
            int64_t changed = run(s, s->p, &(rpr_mask){.damage = damage, .n_damage = n});
            assert_int_equal(run(s, whole, NULL), changed);
            assert_true(player_same(s->p, whole));
        }
        player_free(whole);
        sight_free(s);
    }
}

/** The promise is trusted: nothing else is looked at, until a frame without it. */
static void damage_is_trusted(void **state)
{
    const rpr_rect here = {3, 4, 5, 6}, there = {20, 15, 4, 4};
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        const rpr_stream_options opt = play_options();
        sight *s = sight_new(&opt, floats);
        const rpr_mask nothing = {.damage = &here, .n_damage = 0};
        const rpr_mask one = {.damage = &here, .n_damage = 1};
        (void)run(s, s->p, &nothing); /* the first is whole in any case */
        assert_int_equal(player_stats(s->p).macs_executed, player_stats(s->p).macs_dense);
        paint(s, there);
        assert_int_equal(run(s, s->p, &nothing), 0);
        assert_int_equal(run(s, s->p, &one), 0);
        paint(s, here);
        assert_int_equal(run(s, s->p, &nothing), 0);
        int64_t first = run(s, s->p, &one), rest = run(s, s->p, NULL);
        assert_true(first > 0 && rest > 0);
        assert_int_equal(run(s, s->p, NULL), 0);
        sight_free(s);
    }
}

/** What is ignored keeps its used value, also where damage is told. */
static void ignored_parts_stay(void **state)
{
    const rpr_rect clock = {-2, -1, 12, 8}, other = {20, 15, 4, 4}, all = {0, 0, W, H};
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        rpr_stream_options opt = play_options();
        opt.gate = play_gate_of(kind / 2 ? PLAY_DEADZONE : PLAY_EXACT);
        sight *s = sight_new(&opt, kind % 2);
        player *same = player_new(s->m, &opt);
        const rpr_mask mask = {.damage = kind / 2 ? &all : NULL,
                               .n_damage = kind / 2 ? 1 : 0,
                               .ignore = &clock,
                               .n_ignore = 1};
        uint8_t kept[H * W * C];
        (void)run(s, s->p, NULL);
        (void)run(s, same, NULL);
        memcpy(kept, s->bytes, sizeof kept);
        paint(s, clock);
        assert_int_equal(run(s, s->p, &mask), 0);
        paint(s, clock);
        paint(s, other);
        int64_t changed = run(s, s->p, &mask);
        assert_true(changed > 0);
        for (int y = 0; y < 7; y++) /* the same with the clock as it was */
            for (int i = 0; i < 10 * C; i++) {
                uint8_t now = s->bytes[y * W * C + i];
                s->bytes[y * W * C + i] = kept[y * W * C + i];
                kept[y * W * C + i] = now;
            }
        assert_int_equal(run(s, same, NULL), changed);
        assert_true(player_same(s->p, same));
        for (int y = 0; y < 7; y++)
            memcpy(s->bytes + y * W * C, kept + y * W * C, (size_t)(10 * C));
        assert_true(run(s, s->p, NULL) > 0); /* and now it counts */
        player_free(same);
        sight_free(s);
    }
}

static void refuse(sight *s, const rpr_mask *mask, const char *named)
{
    int status = run_status(s, s->p, mask);
    const char *text = rpr_stream_error(s->p->s);
    check_that(status == RPR_ERR_ARGUMENT, "%s: status %d", named, status);
    check_that(strstr(text, named) != NULL, "'%s' does not say '%s'", text, named);
}

static void bad_rectangles_are_refused(void **state)
{
    static const rpr_rect bad[] = {{0, 0, -1, 3},       {0, 0, 3, -1},        {W, 0, 1, 1},
                                   {0, H, 1, 1},        {-5, 0, 5, 1},        {0, -5, 1, 5},
                                   {-1, 0, 0, 4},       {INT32_MIN, 0, 5, 5}, {0, INT32_MIN, 5, 5},
                                   {INT32_MAX, 0, 5, 5}};
    static const rpr_rect good[] = {{0, 0, 0, 0}, {0, 0, INT32_MAX, INT32_MAX}, {-5, -5, 6, 6}};
    const rpr_stream_options opt = play_options();
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        sight *s = sight_new(&opt, floats);
        (void)run(s, s->p, NULL);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            refuse(s, &(rpr_mask){.damage = &bad[i], .n_damage = 1}, "damage 0");
            const rpr_rect two[] = {good[0], bad[i]};
            refuse(s, &(rpr_mask){.ignore = two, .n_ignore = 2}, "ignore 1");
        }
        refuse(s, &(rpr_mask){.n_ignore = 1}, "ignore is NULL");
        refuse(s, &(rpr_mask){.n_damage = 2}, "damage is NULL");
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
            (void)run(s, s->p, &(rpr_mask){.damage = good, .n_damage = i + 1});
        assert_int_equal(player_stats(s->p).frame, 3);
        sight_free(s);
    }
}

static void masks_need_a_picture(void **state)
{
    rpr_model *m = nets_named("conv1d");
    const rpr_stream_options opt = play_options();
    player *p = player_new(m, &opt);
    scene *film = scene_new(m, 1);
    const rpr_rect r = {0, 0, 1, 1};
    (void)state;
    scene_next(film);
    const rpr_mask none = {0}, some = {.ignore = &r, .n_ignore = 1};
    assert_int_equal(rpr_stream_run_masked(p->s, film->in, 1, &none, p->out, p->n), RPR_OK);
    assert_int_equal(rpr_stream_run_masked(p->s, film->in, 1, &some, p->out, p->n),
                     RPR_ERR_ARGUMENT);
    assert_non_null(strstr(rpr_stream_error(p->s), "a mask needs a picture"));
    scene_free(film);
    player_free(p);
    rpr_model_destroy(m);
}

/** Without reuse there is nothing to keep. */
static void dense_streams_see_all(void **state)
{
    rpr_stream_options opt = play_options(), off = opt;
    off.gate.kind = RPR_GATE_OFF;
    sight *s = sight_new(&off, false);
    player *exact = player_new(s->m, &opt);
    const rpr_rect all = {0, 0, W, H};
    (void)state;
    for (int f = 0; f < 3; f++) {
        paint(s, all);
        (void)run(s, s->p, &(rpr_mask){.damage = &all, .ignore = &all, .n_ignore = 1});
        (void)run(s, exact, NULL);
        assert_true(player_error(s->p, exact) < 1e-5);
    }
    player_free(exact);
    sight_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_enough),     cmocka_unit_test(damage_is_trusted),
        cmocka_unit_test(ignored_parts_stay),   cmocka_unit_test(bad_rectangles_are_refused),
        cmocka_unit_test(masks_need_a_picture), cmocka_unit_test(dense_streams_see_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
