/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted: changes, multiply-accumulates with true fan-out, choices and heat. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

/* ------------------------------------------------------------ brute force */

/** One layer on one axis: output o and tap t meet input o * s + t * d - p, or the reverse. */
typedef struct axis {
    int in, out, k, s, d, p;
} axis;

typedef struct geometry {
    bool transposed;
    int ci, co, group;
    axis y, x;
} geometry;

/** Input index of an output and a tap; -1 if there is none. */
static int meets(const geometry *g, const axis *a, int o, int t)
{
    int at = g->transposed ? o + a->p - t * a->d : o * a->s + t * a->d - a->p;
    if (g->transposed && at % a->s != 0)
        return -1;
    at = g->transposed ? at / a->s : at;
    return at >= 0 && at < a->in ? at : -1;
}

/** Products: of a dense run, of the changed elements, and of the output pixels that see a change.
 */
typedef struct counts {
    int64_t all, changed, recomputed;
} counts;

/** Products of one output pixel; `changed` has ci planes of one flag per input pixel. */
static void count_pixel(const geometry *g, const uint8_t *changed, int oy, int ox, counts *n)
{
    int64_t taps = 0, hits = 0;
    for (int ky = 0; ky < g->y.k; ky++)
        for (int kx = 0; kx < g->x.k; kx++) {
            int iy = meets(g, &g->y, oy, ky), ix = meets(g, &g->x, ox, kx);
            if (iy < 0 || ix < 0)
                continue;
            taps++;
            for (int c = 0; c < g->ci; c++)
                hits += changed[(c * g->y.in + iy) * g->x.in + ix];
        }
    int64_t products = taps * g->ci * (g->co / g->group);
    n->all += products;
    n->changed += hits * (g->co / g->group);
    n->recomputed += hits > 0 ? products : 0;
}

static counts count(const geometry *g, const uint8_t *changed)
{
    counts n = {0};
    for (int oy = 0; oy < g->y.out; oy++)
        for (int ox = 0; ox < g->x.out; ox++)
            count_pixel(g, changed, oy, ox, &n);
    return n;
}

/** Whether changes are corrected by recomputing output pixels: depthwise, or reads a picture. */
static bool recomputes_pixels(const geometry *g)
{
    bool depthwise = !g->transposed && g->group > 1 && g->ci == g->group && g->co == g->group;
    bool one_grid = !g->transposed || (g->y.s == 1 && g->x.s == 1);
    return depthwise || (g->group == 1 && g->ci <= 4 && one_grid && g->y.k * g->x.k > 1);
}

static rpr_model *model_of(geometry *g)
{
    char attr[128];
    net b = net_new(1);
    int x = net_input(&b, NET_DIMS(1, g->ci, g->y.in, g->x.in));
    (void)snprintf(attr, sizeof attr, "strides:%d,%d dilations:%d,%d pads:%d,%d,%d,%d", g->y.s,
                   g->x.s, g->y.d, g->x.d, g->y.p, g->x.p, g->y.p, g->x.p);
    x = (g->transposed ? net_conv_transpose : net_conv)(&b, x, g->co, g->y.k, g->x.k, g->group,
                                                        attr);
    g->y.out = (int)net_shape(&b, x)->dim[2];
    g->x.out = (int)net_shape(&b, x)->dim[3];
    net_output(&b, x);
    return net_finish(b.g);
}

/** Changes about one value in `every`; returns how many really differ. */
static int64_t disturb(rng *r, float *data, uint8_t *changed, int n, int every)
{
    int64_t found = 0;
    for (int i = 0; i < n; i++) {
        changed[i] = rng_below(r, every) == 0;
        data[i] += changed[i] ? 0.25f + rng_unit(r) : 0.0f;
        found += changed[i];
    }
    return found;
}

static void check_geometry(geometry g, uint64_t seed)
{
    rpr_stream_options opt = play_options();
    opt.policy = RPR_POLICY_CORRECT;
    opt.all_gates = 1;
    show w = show_new(model_of(&g), &opt, seed);
    int n = g.ci * g.y.in * g.x.in;
    uint8_t *changed = calloc((size_t)n, 1);
    show_next(&w);
    for (int every = 1; every <= 1000; every *= 10) {
        int64_t want = disturb(&w.s->r, w.s->data[0], changed, n, every);
        counts c = count(&g, changed);
        player_run(w.p, w.s);
        rpr_frame_stats st = player_stats(w.p);
        rpr_layer_stats layer;
        assert_int_equal(rpr_stream_layer_stats(w.p->s, 0, &layer), RPR_OK);
        assert_int_equal(st.inputs, n);
        assert_int_equal(st.changed, want);
        assert_int_equal(st.macs_dense, c.all);
        assert_int_equal(st.macs_executed, recomputes_pixels(&g) ? c.recomputed : c.changed);
        assert_int_equal(layer.choice, want ? RPR_CHOICE_CORRECT : RPR_CHOICE_SKIP);
        assert_int_equal(layer.inputs, st.inputs);
        assert_int_equal(layer.changed, st.changed);
        assert_int_equal(layer.macs_dense, st.macs_dense);
        assert_int_equal(layer.macs_executed, st.macs_executed);
    }
    free(changed);
    show_free(&w);
}

static void fan_out_is_true(void **state)
{
    const geometry list[] = {
        /* elements are corrected */
        {false, 8, 8, 1, {13, 0, 3, 1, 1, 1}, {17, 0, 3, 1, 1, 1}},
        {false, 5, 70, 1, {13, 0, 3, 2, 1, 0}, {17, 0, 3, 2, 1, 1}},
        {false, 5, 4, 1, {9, 0, 1, 1, 1, 0}, {10, 0, 1, 1, 1, 0}},
        {false, 5, 4, 1, {9, 0, 1, 2, 1, 0}, {10, 0, 1, 3, 1, 0}},
        {false, 3, 4, 1, {9, 0, 1, 1, 1, 0}, {10, 0, 1, 2, 1, 0}},
        {false, 6, 6, 1, {12, 0, 3, 1, 2, 2}, {11, 0, 3, 2, 3, 3}},
        {false, 5, 7, 1, {9, 0, 1, 1, 1, 0}, {31, 0, 9, 1, 1, 4}},
        {false, 5, 7, 1, {9, 0, 3, 1, 1, 0}, {31, 0, 11, 2, 1, 4}},
        {false, 4, 6, 2, {12, 0, 5, 2, 1, 2}, {11, 0, 3, 1, 1, 1}},
        {false, 8, 16, 4, {7, 0, 3, 1, 2, 2}, {8, 0, 3, 1, 1, 0}},
        {false, 6, 12, 6, {7, 0, 3, 1, 1, 1}, {8, 0, 3, 2, 1, 1}},
        {true, 4, 5, 1, {6, 0, 2, 2, 1, 0}, {7, 0, 2, 2, 1, 0}},
        {true, 3, 5, 1, {6, 0, 3, 1, 1, 1}, {7, 0, 3, 2, 1, 1}},
        {true, 6, 5, 1, {6, 0, 3, 1, 1, 1}, {7, 0, 3, 1, 2, 2}},
        {true, 7, 5, 1, {6, 0, 3, 2, 2, 1}, {7, 0, 4, 3, 1, 2}},
        {true, 4, 6, 2, {6, 0, 3, 2, 1, 1}, {7, 0, 4, 3, 1, 2}},
        {true, 10, 6, 2, {6, 0, 3, 2, 1, 1}, {7, 0, 4, 3, 1, 2}},
        {true, 3, 3, 3, {6, 0, 3, 1, 2, 1}, {7, 0, 2, 3, 1, 0}},
        /* output pixels are recomputed: pictures */
        {false, 3, 8, 1, {13, 0, 3, 1, 1, 1}, {17, 0, 3, 1, 1, 1}},
        {false, 3, 70, 1, {13, 0, 3, 2, 1, 0}, {17, 0, 3, 2, 1, 1}},
        {false, 4, 6, 1, {12, 0, 3, 1, 2, 2}, {11, 0, 3, 2, 3, 3}},
        {false, 1, 6, 1, {12, 0, 1, 1, 1, 0}, {11, 0, 5, 1, 1, 2}},
        {true, 4, 5, 1, {6, 0, 3, 1, 1, 1}, {7, 0, 3, 1, 2, 2}},
        /* output pixels are recomputed: depthwise */
        {false, 6, 6, 6, {9, 0, 3, 1, 1, 1}, {11, 0, 3, 1, 1, 1}},
        {false, 6, 6, 6, {9, 0, 5, 2, 1, 2}, {11, 0, 3, 2, 2, 2}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        check_geometry(list[i], i);
}

static void gemm_counts_columns(void **state)
{
    rpr_stream_options opt = play_options();
    opt.policy = RPR_POLICY_CORRECT;
    show w = show_new(nets_named("one_gemm"), &opt, 4);
    uint8_t changed[3 * 40];
    (void)state;
    show_next(&w);
    int64_t n = disturb(&w.s->r, w.s->data[0], changed, 3 * 40, 5);
    player_run(w.p, w.s);
    assert_int_equal(player_stats(w.p).changed, n);
    assert_int_equal(player_stats(w.p).macs_executed, n * 33);
    assert_int_equal(player_stats(w.p).macs_dense, 3 * 40 * 33);
    show_free(&w);
}

/** A layer that is as cheap as comparing: what was touched is computed anew, in all channels. */
static void open_gates_follow(void **state)
{
    const geometry list[] = {
        {false, 6, 6, 6, {9, 0, 3, 1, 1, 1}, {11, 0, 3, 1, 1, 1}},
        {false, 6, 6, 6, {9, 0, 5, 2, 1, 2}, {11, 0, 3, 2, 2, 2}},
        {false, 9, 31, 1, {9, 0, 1, 1, 1, 0}, {10, 0, 1, 1, 1, 0}},
        {false, 9, 31, 1, {9, 0, 1, 2, 1, 0}, {10, 0, 1, 3, 1, 0}},
        {false, 5, 3, 1, {9, 0, 3, 1, 1, 1}, {10, 0, 3, 1, 1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        geometry g = list[i];
        rpr_stream_options opt = play_options();
        opt.policy = RPR_POLICY_CORRECT;
        show w = show_new(model_of(&g), &opt, i);
        int pixels = g.y.in * g.x.in, n = g.ci * pixels;
        uint8_t *changed = calloc((size_t)n, 1);
        assert_true(w.p->s->gate[0].open);
        show_next(&w);
        for (int every = 20; every <= 2000; every *= 10) {
            int64_t want = disturb(&w.s->r, w.s->data[0], changed, n, every), touched = 0;
            for (int at = 0; at < pixels; at++) {
                bool any = false;
                for (int c = 0; c < g.ci; c++)
                    any |= changed[c * pixels + at];
                touched += any;
            }
            player_run(w.p, w.s);
            assert_int_equal(player_stats(w.p).changed, touched * g.ci);
            assert_int_equal(player_stats(w.p).macs_executed, count(&g, changed).recomputed);
            assert_int_equal(player_stats(w.p).layers[RPR_CHOICE_CORRECT], want > 0);
        }
        free(changed);
        show_free(&w);
    }
}

/* ------------------------------------------------------------- identities */

static void check_sums(const player *p, const char *name)
{
    rpr_frame_stats st = player_stats(p), sum = {0};
    for (size_t i = 0; i < rpr_model_n_layers(p->s->model); i++) {
        rpr_layer_info info;
        rpr_layer_stats l;
        assert_int_equal(rpr_model_layer(p->s->model, i, &info), RPR_OK);
        assert_int_equal(rpr_stream_layer_stats(p->s, i, &l), RPR_OK);
        check_that(l.changed >= 0 && l.changed <= l.inputs && l.macs_executed >= 0 &&
                       l.macs_executed <= l.macs_dense && l.macs_dense <= info.macs,
                   "%s: layer %zu counts more than there is", name, i);
        sum.macs_dense += l.macs_dense;
        sum.macs_executed += l.macs_executed;
        sum.layers[l.choice] += info.weighted;
    }
    check_that(sum.macs_dense == st.macs_dense && sum.macs_executed == st.macs_executed &&
                   memcmp(sum.layers, st.layers, sizeof sum.layers) == 0,
               "%s: layers do not add up to the frame", name);
    check_that(st.changed <= st.inputs && st.macs_executed <= st.macs_dense &&
                   st.refreshed <= st.layers[RPR_CHOICE_DENSE],
               "%s: a frame counts more than there is", name);
}

static void check_repeat(player *p, const scene *s, const char *name)
{
    player *before = player_of(p->s->model, NULL);
    for (size_t i = 0; i < p->n; i++)
        memcpy(before->out[i].data, p->out[i].data, p->info[i].bytes);
    player_run(p, s);
    rpr_frame_stats st = player_stats(p);
    check_that(st.changed == 0 && st.macs_executed == 0 && st.layers[RPR_CHOICE_CORRECT] == 0 &&
                   st.layers[RPR_CHOICE_DENSE] == 0,
               "%s: work is done for a frame that repeats", name);
    check_that(player_same(p, before), "%s: a frame that repeats changes the output", name);
    player_free(before);
}

static void counts_add_up(void **state)
{
    const rpr_policy policies[] = {RPR_POLICY_AUTO, RPR_POLICY_CORRECT};
    (void)state;
    for (size_t i = 0; i < nets_count(); i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_stream_options opt = play_options();
            opt.gate = play_gate_of((play_gate)g);
            opt.policy = policies[(i + (size_t)g) % 2];
            opt.all_gates = i % 3 == 0;
            show w = show_new(nets_make(i), &opt, 8);
            for (int f = 0; f < 12; f++) {
                show_next(&w);
                assert_int_equal(player_stats(w.p).frame, 2 * f);
                check_sums(w.p, nets_name(i));
                check_repeat(w.p, w.s, nets_name(i));
            }
            show_free(&w);
        }
}

static void first_frame_is_dense(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_stream_options opt = play_options();
        show w = show_new(nets_make(i), &opt, 8);
        rpr_frame_stats st;
        assert_int_equal(rpr_stream_frame_stats(w.p->s, &st), RPR_ERR_ARGUMENT);
        scene_next(w.s);
        for (int round = 0; round < 2; round++) {
            player_run(w.p, w.s);
            st = player_stats(w.p);
            assert_int_equal(st.frame, 0);
            assert_int_equal(st.changed, st.inputs);
            assert_int_equal(st.macs_executed, st.macs_dense);
            assert_int_equal(st.layers[RPR_CHOICE_SKIP] + st.layers[RPR_CHOICE_CORRECT], 0);
            rpr_stream_reset(w.p->s);
        }
        show_free(&w);
    }
}

/* ------------------------------------------------------------------- heat */

#define GRID_H 9
#define GRID_W 7

static void heat_of(const player *p, float lo, float hi, const char *name)
{
    float cells[GRID_H * GRID_W];
    assert_int_equal(rpr_stream_heat(p->s, GRID_W, GRID_H, cells), RPR_OK);
    for (int i = 0; i < GRID_H * GRID_W; i++)
        check_that(cells[i] >= lo && cells[i] <= hi, "%s: heat %g in cell %d, not %g to %g", name,
                   (double)cells[i], i, (double)lo, (double)hi);
}

static bool has_picture_layer(const rpr_model *m)
{
    for (int i = 0; i < m->plan->n_step; i++) {
        const rpr_linear *l = m->plan->step[i].linear;
        if (l && l->in_h > 1 && l->in_w > 1)
            return true;
    }
    return false;
}

static void heat_has_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count(); i++) {
        rpr_stream_options opt = play_options();
        show w = show_new(nets_make(i), &opt, 8);
        float all = has_picture_layer(w.m) ? 1.0f : 0.0f;
        show_next(&w);
        heat_of(w.p, 0.9999f * all, all, nets_name(i));
        player_run(w.p, w.s);
        heat_of(w.p, 0.0f, 0.0f, nets_name(i));
        for (int f = 0; f < 10; f++) {
            show_next(&w);
            heat_of(w.p, 0.0f, 1.0f, nets_name(i));
            rpr_stream *copy = NULL; /* knows what the last frame did, before its own first one */
            assert_int_equal(rpr_stream_clone(w.p->s, &copy, NULL), RPR_OK);
            player *p = player_of(w.m, copy);
            heat_of(p, 0.0f, 1.0f, nets_name(i));
            player_free(p);
        }
        show_free(&w);
    }
}

/** A change in the upper left corner stays there through layers of small reach. */
static void heat_is_where_the_change_was(void **state)
{
    rpr_stream_options opt = play_options();
    opt.policy = RPR_POLICY_CORRECT;
    show w = show_new(nets_named("residual"), &opt, 8); /* 18 x 22, reach of 22 pixels at most */
    float cells[3 * 3];
    (void)state;
    show_next(&w);
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++)
            w.s->data[0][y * 22 + x] += 0.3f;
    player_run(w.p, w.s);
    assert_int_equal(rpr_stream_heat(w.p->s, 3, 3, cells), RPR_OK);
    assert_true(cells[0] > 0.05f);
    for (int i = 1; i < 9; i++)
        assert_true(cells[i] < cells[0]);
    assert_true(cells[8] <= 0.0f);
    show_free(&w);
}

static void heat_refuses_bad_grids(void **state)
{
    show w = show_new(nets_named("one_conv"), NULL, 8);
    float cell;
    (void)state;
    assert_int_equal(rpr_stream_heat(w.p->s, 1, 1, &cell), RPR_ERR_ARGUMENT);
    show_next(&w);
    assert_int_equal(rpr_stream_heat(w.p->s, 0, 1, &cell), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_heat(w.p->s, 1, -1, &cell), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_heat(w.p->s, 1, 1, NULL), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_heat(w.p->s, 1, 1, &cell), RPR_OK);
    show_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fan_out_is_true),
                                       cmocka_unit_test(open_gates_follow),
                                       cmocka_unit_test(gemm_counts_columns),
                                       cmocka_unit_test(counts_add_up),
                                       cmocka_unit_test(first_frame_is_dense),
                                       cmocka_unit_test(heat_has_limits),
                                       cmocka_unit_test(heat_is_where_the_change_was),
                                       cmocka_unit_test(heat_refuses_bad_grids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
