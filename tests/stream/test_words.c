/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks of u8: with exact gates every output equals the dense run's in every bit, on every
 * instruction set, with any number of threads, whatever is skipped, refreshed, saved and loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "nets_quant.h"
#include "play.h"

#define FRAMES 150

#define PYRAMID "quantised_pyramid"
#define TRANSPOSED "quantised_transposed"

static const char *const nets[] = {"quantised_deep", "quantised_squeeze", "quantised_rows", PYRAMID,
                                   TRANSPOSED};
static const char *const sets[] = {"scalar",   "neon",   "neondot",   "avx2",
                                   "avx2vnni", "avx512", "avx512vnni"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static rpr_model *model_of(const char *name)
{
    const bool pyramid = strcmp(name, PYRAMID) == 0;
    if (!pyramid && strcmp(name, TRANSPOSED) != 0)
        return nets_named(name);
    net b = net_new(5);
    (pyramid ? nets_quantised_pyramid : nets_quantised_transposed)(&b);
    return net_finish(b.g);
}

/** A stream that computes with one instruction set. */
static player *player_on(const rpr_model *m, const rpr_stream_options *opt, const rpr_kernels *k)
{
    player *p = player_new(m, opt);
    p->s->k = k;
    if (p->s->bypass.plain)
        p->s->bypass.plain->k = k;
    return p;
}

/** Moves the state of one stream into another by saving and loading. */
static void hand_over(const player *from, const player *to)
{
    const size_t bytes = rpr_stream_save_bytes(from->s);
    char *saved = malloc(bytes);
    assert_non_null(saved);
    assert_int_equal(rpr_stream_save(from->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(to->s, saved, bytes), RPR_OK);
    free(saved);
}

static const char *const policy_name[] = {"auto", "correct", "dense", "random"};

/** Runs a net by a policy; now and then the next instruction set takes over where one left off. */
static void play_sets(const rpr_model *m, const char *name, rpr_policy policy, int threads,
                      const rpr_gate *gate)
{
    rpr_stream_options opt = play_options();
    player *on[COUNT(sets)];
    size_t n = 0, at = 0;
    opt.gate.kind = RPR_GATE_OFF;
    player *off = player_on(m, &opt, rpr_kernels_named("scalar"));
    opt.gate = *gate;
    opt.policy = policy;
    opt.threads = threads;
    opt.refresh = 37;
    opt.bypass = 0;
    for (size_t i = 0; i < COUNT(sets); i++)
        if (rpr_kernels_named(sets[i]))
            on[n++] = player_on(m, &opt, rpr_kernels_named(sets[i]));
    scene *s = scene_new(m, 11);
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(off, s);
        player_run(on[at], s);
        check_that(player_same(on[at], off), "%s, %s, policy %s, %d threads, frame %d", name,
                   on[at]->s->k->isa, policy_name[policy], threads, f);
        if (f % 13 == 12) {
            hand_over(on[at], on[(at + 1) % n]);
            at = (at + 1) % n;
        }
        if (f % 41 == 40)
            assert_int_equal(rpr_stream_refresh(on[at]->s), RPR_OK);
    }
    scene_free(s);
    for (size_t i = 0; i < n; i++)
        player_free(on[i]);
    player_free(off);
}

static void exact_in_every_bit(void **state)
{
    (void)state;
    const rpr_gate exact = {.kind = RPR_GATE_EXACT};
    const rpr_gate narrow = {.kind = RPR_GATE_DEADZONE, .threshold = 0.003}; /* less than a step */
    for (size_t i = 0; i < COUNT(nets); i++) {
        rpr_model *m = model_of(nets[i]);
        for (int p = RPR_POLICY_AUTO; p <= RPR_POLICY_RANDOM; p++)
            play_sets(m, nets[i], (rpr_policy)p, 1 + p % 2,
                      p == RPR_POLICY_AUTO ? &narrow : &exact);
        rpr_model_destroy(m);
    }
}

static void bytes_come_out(void **state)
{
    (void)state;
    net b = net_new(4);
    nets_quantised_bytes(&b);
    rpr_model *m = net_finish(b.g);
    const rpr_gate exact = {.kind = RPR_GATE_EXACT};
    play_sets(m, "bytes", RPR_POLICY_AUTO, 1, &exact);
    rpr_model_destroy(m);
}

/** With bypass, loose gates and all, too. */
static void exact_by_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(nets); i++) {
        rpr_model *m = model_of(nets[i]);
        rpr_stream_options opt = play_options();
        opt.refresh = 20;
        opt.threads = 2;
        player *reuse = player_new(m, &opt);
        opt.gate.kind = RPR_GATE_OFF;
        player *off = player_new(m, &opt);
        scene *s = scene_new(m, 3);
        for (int f = 0; f < FRAMES; f++) {
            scene_next(s);
            player_run(off, s);
            player_run(reuse, s);
            check_that(player_same(reuse, off), "%s, frame %d", nets[i], f);
        }
        scene_free(s);
        player_free(reuse);
        player_free(off);
        rpr_model_destroy(m);
    }
}

/** Gates that let errors pass: what is kept always belongs to what was used, in every bit. */
static void sums_belong_to_inputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(nets); i++)
        for (int g = 0; g < PLAY_GATES; g++)
            for (int p = RPR_POLICY_AUTO; p <= RPR_POLICY_RANDOM; p++) {
                rpr_stream_options opt = play_options();
                rpr_oracle o;
                opt.gate = play_gate_of((play_gate)g);
                opt.policy = (rpr_policy)p;
                opt.oracle = 1;
                opt.refresh = 19;
                show w = show_new(model_of(nets[i]), &opt, 7);
                for (int f = 0; f < FRAMES / 3; f++) {
                    show_next(&w);
                    assert_int_equal(rpr_stream_oracle(w.p->s, &o), RPR_OK);
                    check_that(o.worst <= 0.0, "%s, %s, policy %s, frame %d: layer %zu", nets[i],
                               play_gate_name((play_gate)g), policy_name[p], f, o.layer);
                }
                show_free(&w);
            }
}

/** Counts are of multiply-accumulates, not of words. */
static void macs_are_counted_in_full(void **state)
{
    (void)state;
    rpr_model *m = nets_named("quantised_rows");
    rpr_layer_info info;
    int64_t macs = 0;
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        assert_int_equal(rpr_model_layer(m, i, &info), RPR_OK);
        macs += info.macs;
    }
    assert_int_equal(macs, 15 * (42 * 33 + 33 * 9));
    rpr_model_destroy(m);
}

static rpr_model *one_layer(const net_scales *s)
{
    net b = net_new(4);
    int x = net_input(&b, NET_DIMS(1, 5, 6, 6));
    x = net_qconv(&b, net_quantise(&b, x, s->from, s->from_zero), s, 7, 3, 3, 1, "");
    net_output(&b, net_dequantise(&b, x, s->to, s->to_zero));
    return net_finish(b.g);
}

/** Plans and saved states are found again by it: by all that a layer is, and nothing else. */
static void fingerprints_tell_layers(void **state)
{
    (void)state;
    const net_scales scales[] = {
        {0.02f, 0.05f, 128, 120}, {0.02f, 0.05f, 128, 121}, {0.02f, 0.05f, 127, 120}};
    uint64_t seen[COUNT(scales)];
    for (size_t i = 0; i < COUNT(scales); i++) {
        rpr_model *m = one_layer(&scales[i]), *again = one_layer(&scales[i]);
        seen[i] = rpr_model_fingerprint(m);
        assert_int_equal(rpr_model_fingerprint(again), seen[i]);
        for (size_t k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
        rpr_model_destroy(again);
        rpr_model_destroy(m);
    }
}

/** Which layers are of 8 bits. */
static void layers_say_their_width(void **state)
{
    (void)state;
    static const char *const of[] = {"quantised_deep", TRANSPOSED};
    for (size_t k = 0; k < COUNT(of); k++) {
        rpr_model *m = model_of(of[k]);
        rpr_layer_info info;
        for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
            assert_int_equal(rpr_model_layer(m, i, &info), RPR_OK);
            check_that(info.quantised == (strcmp(info.op, "DequantizeLinear") != 0), "%s %s",
                       info.op, info.name);
        }
        rpr_model_destroy(m);
    }
}

/** Nothing is f32 between the first and the last of them. */
static void resizes_are_of_bytes(void **state)
{
    (void)state;
    rpr_model *m = model_of(PYRAMID);
    const rpr_plan *p = m->plan;
    int resizes = 0;
    for (size_t i = 0; i < p->graph->n_node; i++) {
        const rpr_node *n = &p->graph->node[i];
        assert_true(strcmp(n->op, "Resize") != 0);
        resizes += strcmp(n->op, "QLinearResize") == 0;
        if (strcmp(n->op, "DequantizeLinear") != 0)
            assert_int_equal(p->graph->value[n->out[0]].dtype, RPR_U8);
    }
    assert_int_equal(resizes, NETS_PYRAMID_RESIZES);
    for (int i = 0; i < p->n_step; i++)
        assert_true(p->step[i].kind != RPR_STEP_GENERIC);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_in_every_bit),       cmocka_unit_test(bytes_come_out),
        cmocka_unit_test(exact_by_default),         cmocka_unit_test(sums_belong_to_inputs),
        cmocka_unit_test(macs_are_counted_in_full), cmocka_unit_test(fingerprints_tell_layers),
        cmocka_unit_test(layers_say_their_width),   cmocka_unit_test(resizes_are_of_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
