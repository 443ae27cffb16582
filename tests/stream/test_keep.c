/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that are left as they are while they do not change. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"

#define FRAMES 24
#define POISON 0xa5

static void keep(player *p)
{
    for (size_t i = 0; i < p->n; i++)
        p->out[i].keep = 1;
}

static void poison(player *p)
{
    for (size_t i = 0; i < p->n; i++)
        memset(p->out[i].data, POISON, p->info[i].bytes);
}

/** Outputs that the last frame did not write. */
static size_t poisoned(const player *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const unsigned char *b = p->out[i].data;
        size_t k = 0;
        while (k < p->info[i].bytes && b[k] == POISON)
            k++;
        n += k == p->info[i].bytes;
    }
    return n;
}

/** Two streams of the same frames, some of which repeat: one writes all, always. */
static void play(const rpr_model *m, const char *name, rpr_stream_options opt, uint64_t seed)
{
    player *kept = player_new(m, &opt), *written = player_new(m, &opt);
    scene *s = scene_new(m, seed);
    rng r = {seed + 7};
    keep(kept);
    for (int f = 0; f < FRAMES; f++) {
        if (f == 0 || rng_below(&r, 3) > 0)
            scene_next(s);
        if (rng_below(&r, 12) == 0) {
            rpr_stream_reset(kept->s);
            rpr_stream_reset(written->s);
            poison(kept);
        }
        player_run(kept, s);
        player_run(written, s);
        check_that(player_same(kept, written), "%s, frame %d: an output is stale", name, f);
    }
    scene_free(s);
    player_free(kept);
    player_free(written);
}

static void kept_outputs_are_those_that_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_model *m = nets_make(i);
        for (int gate = 0; gate < PLAY_GATES; gate++)
            for (int bypass = 0; bypass < 2; bypass++) {
                rpr_stream_options opt = play_options();
                opt.gate = play_gate_of((play_gate)gate);
                opt.bypass = bypass;
                opt.refresh = 5;
                play(m, nets_name(i), opt, i);
            }
        rpr_model_destroy(m);
    }
}

/** A frame that repeats writes nothing, unless the stream has been told to forget. */
static void what_repeats_is_not_written(void **state)
{
    (void)state;
    for (int off = 0; off < 2; off++) {
        rpr_stream_options opt = play_options();
        rpr_model *m = nets_named("plain");
        opt.gate.kind = off ? RPR_GATE_OFF : RPR_GATE_EXACT;
        player *p = player_new(m, &opt);
        scene *s = scene_new(m, 3);
        keep(p);
        scene_next(s);
        player_run(p, s);
        poison(p);
        player_run(p, s);
        assert_int_equal(poisoned(p), off ? 0 : p->n);
        rpr_stream_reset(p->s);
        player_run(p, s);
        assert_int_equal(poisoned(p), 0);
        poison(p);
        for (size_t i = 0; i < p->n; i++)
            p->out[i].keep = 0;
        player_run(p, s);
        assert_int_equal(poisoned(p), 0);
        scene_free(s);
        player_free(p);
        rpr_model_destroy(m);
    }
}

/** Words of an output that are what they should be; the others must be as they were poisoned. */
static size_t written_words(const player *p, const player *whole, size_t i)
{
    const uint32_t *a = p->out[i].data, *b = whole->out[i].data;
    size_t n = 0;
    for (size_t k = 0; k < p->info[i].bytes / sizeof *a; k++) {
        n += a[k] == b[k];
        assert_true(a[k] == b[k] || a[k] == POISON * UINT32_C(0x01010101));
    }
    return n;
}

/** What another stream says has changed is there. */
static void changes_are_there(const player *p, const player *before, const player *now)
{
    for (size_t i = 0; i < p->n; i++) {
        const char *a = before->out[i].data, *b = now->out[i].data;
        for (size_t k = 0; k < p->info[i].bytes; k += 4)
            if (memcmp(a + k, b + k, 4) != 0)
                assert_memory_equal((char *)p->out[i].data + k, b + k, 4);
    }
}

/** Of a frame of which one value moved the changed part of the outputs is written, and not all. */
static void only_what_changes_is_written(void **state)
{
    (void)state;
    const char *const nets[] = {"plain", "channels_last", "one_conv"};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        const rpr_stream_options opt = play_options();
        rpr_model *m = nets_named(nets[i]);
        player *p = player_new(m, &opt), *whole = player_new(m, &opt), *old = player_new(m, &opt);
        scene *s = scene_new(m, 3);
        keep(p);
        scene_next(s);
        player_run(p, s);
        player_run(whole, s);
        player_run(old, s);
        poison(p);
        s->data[0][0] += 0.5f;
        player_run(p, s);
        player_run(whole, s);
        size_t words = 0, written = 0;
        for (size_t k = 0; k < p->n; k++) {
            words += p->info[k].bytes / sizeof(uint32_t);
            written += written_words(p, whole, k);
        }
        check_that(0 < written && written < words, "%s: %zu of %zu words were written", nets[i],
                   written, words);
        changes_are_there(p, old, whole);
        scene_free(s);
        player_free(p);
        player_free(whole);
        player_free(old);
        rpr_model_destroy(m);
    }
}

/** What was loaded is not what was written. */
static void a_loaded_state_is_written(void **state)
{
    (void)state;
    const rpr_stream_options opt = play_options();
    rpr_model *m = nets_named("plain");
    player *p = player_new(m, &opt);
    scene *s = scene_new(m, 3);
    const size_t bytes = rpr_stream_save_bytes(p->s);
    char *saved = malloc(bytes);
    assert_non_null(saved);
    keep(p);
    scene_next(s);
    player_run(p, s);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    poison(p);
    assert_int_equal(rpr_stream_load(p->s, saved, bytes), RPR_OK);
    player_run(p, s);
    assert_int_equal(poisoned(p), 0);
    free(saved);
    scene_free(s);
    player_free(p);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_outputs_are_those_that_are_written),
        cmocka_unit_test(what_repeats_is_not_written),
        cmocka_unit_test(only_what_changes_is_written),
        cmocka_unit_test(a_loaded_state_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
