/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that are concentrated: outputs that a correction computes anew. Which they are and what
 * they cost by a slow definition; what they hold; and that nothing else is touched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "ops/linear_fresh.h"
#include "play.h"

#define FRAMES 10
#define RANDOM_NETS 8

/** A band of rows in which nearly everything changes; elsewhere about one value in 200. */
static void next_band(scene *s, int64_t rows)
{
    s->frame++;
    for (size_t i = 0; i < s->n; i++) {
        const rpr_tensor_info *t = &s->info[i];
        bool last = t->rank == 4 && t->dim[3] <= 4; /* channels */
        int64_t w = t->rank == 4 ? t->dim[last ? 2 : 3] * (last ? t->dim[3] : 1) : 1;
        int64_t h = t->rank == 4 ? t->dim[last ? 1 : 2] : 1, top = s->frame * 2 % h;
        for (int64_t k = 0; k < (int64_t)(t->bytes / sizeof(float)); k++) {
            int64_t y = k / w % h;
            bool inside = y >= top && y < top + rows;
            if (s->frame == 0 || rng_below(&s->r, inside ? 100 : 200) < (inside ? 95 : 1))
                s->data[i][k] = rng_unit(&s->r);
        }
    }
}

/* ------------------------------------------------------------ brute force */

/** Products of a correction, and of them the outputs computed anew. */
typedef struct counts {
    int64_t products, fresh, untouched;
} counts;

/** A layer before and after a frame. */
typedef struct layer {
    const rpr_linear *l;
    const rpr_gate_state *g;
    const uint8_t *changed; /* of the gate's elements */
    rpr_fresh_rule rule;    /* of the present phase */
    rpr_map before, after, dense;
} layer;

/** Changed elements and taps inside under output (j, i), of channels [c0, c0 + c). */
static int32_t see(const layer *y, int32_t n, int32_t j, int32_t i, int32_t c0, int32_t c,
                   int32_t *taps)
{
    const rpr_phase *p = y->rule.p;
    const rpr_map *x = &y->g->xhat;
    int32_t seen = 0;
    *taps = 0;
    for (int32_t ky = 0; ky < p->kh; ky++)
        for (int32_t kx = 0; kx < p->kw; kx++) {
            int32_t iy = j * p->sh + p->in_y0 + ky * p->dh, ix = i * p->sw + p->in_x0 + kx * p->dw;
            if (iy < 0 || iy >= x->h || ix < 0 || ix >= x->w)
                continue;
            ++*taps;
            for (int32_t k = c0; k < c0 + c; k++)
                seen += y->changed[((n * x->h + iy) * x->w + ix) * x->c + k];
        }
    return seen;
}

static bool is_crowded(const layer *y, int32_t n, int32_t j, int32_t i)
{
    int32_t taps;
    return i >= 0 && i < y->rule.p->cols && see(y, n, j, i, 0, y->g->xhat.c, &taps) > y->rule.limit;
}

/** Stands among enough crowded neighbours. */
static bool is_fresh(const layer *y, int32_t n, int32_t j, int32_t i)
{
    int32_t first = i, end = i;
    while (is_crowded(y, n, j, first - 1))
        first--;
    while (is_crowded(y, n, j, end))
        end++;
    return is_crowded(y, n, j, i) && end - first >= RPR_FRESH_RUN;
}

static void check_pixel(const layer *y, int32_t n, int32_t j, int32_t i, counts *sum)
{
    const rpr_phase *p = y->rule.p;
    int32_t oy = p->out_y0 + j * p->out_sy, ox = p->out_x0 + i * p->out_sx, taps;
    int32_t seen = see(y, n, j, i, p->ci0, p->ci, &taps);
    bool fresh = is_fresh(y, n, j, i);
    size_t bytes = (size_t)p->co * sizeof(float);
    const float *z = rpr_map_at(&y->after, n, oy, ox) + p->co0;
    if (fresh)
        assert_memory_equal(z, rpr_map_at(&y->dense, n, oy, ox) + p->co0, bytes);
    if (!fresh && seen == 0) {
        assert_memory_equal(z, rpr_map_at(&y->before, n, oy, ox) + p->co0, bytes);
        sum->untouched++;
    }
    sum->products += (int64_t)(fresh ? taps * p->ci : seen) * p->co;
    sum->fresh += fresh;
}

static counts check_layer(layer *y, const rpr_cost *cost)
{
    counts sum = {0};
    for (int32_t q = 0; q < y->l->n_phase; q++) {
        y->rule = rpr_fresh_rule_of(&y->l->phase[q], y->g, cost);
        for (int32_t n = 0; n < y->l->n; n++)
            for (int32_t j = 0; j < y->rule.p->rows; j++)
                for (int32_t i = 0; i < y->rule.p->cols; i++)
                    check_pixel(y, n, j, i, &sum);
    }
    return sum;
}

static rpr_map copy_map(const rpr_map *m)
{
    size_t bytes = (size_t)(m->n * m->img) * sizeof(float);
    rpr_map copy = *m;
    copy.data = memcpy(malloc(bytes), m->data, bytes);
    return copy;
}

/** One frame of a network of one layer without activation; fresh outputs in it. */
static int64_t check_frame(show *w, const rpr_cost *cost, int64_t rows)
{
    rpr_stream *s = w->p->s;
    layer y = {.l = s->plan->step[0].linear, .g = &s->gate[0]};
    rpr_map z = rpr_stream_pre_activation(s, &s->plan->step[0]), x = y.g->xhat;
    int64_t elements = rpr_gate_elements(y.g), at = 0;
    float *used = malloc((size_t)elements * sizeof *used);
    uint8_t *changed = malloc((size_t)elements);
    for (int round = 0; round < 2; round++, at = 0) {
        if (round) {
            next_band(w->s, rows);
            player_run(w->p, w->s);
        } else {
            y.before = copy_map(&z);
        }
        for (int32_t r = 0; r < x.n * x.h; r++)
            for (int32_t e = 0; e < x.w * x.c; e++, at++) {
                float v = rpr_map_at(&x, r / x.h, r % x.h, 0)[e];
                changed[at] = round && memcmp(&v, &used[at], sizeof v) != 0;
                used[at] = v;
            }
    }
    y.changed = changed;
    y.after = z;
    y.dense = copy_map(&z);
    const rpr_act none = rpr_act_none();
    rpr_linear_dense(y.l, s->k, NULL, &x, &y.dense, &y.dense, &none);
    assert_int_equal(s->step[0].choice, RPR_CHOICE_CORRECT);
    counts sum = check_layer(&y, cost);
    assert_int_equal(player_stats(w->p).macs_executed, sum.products);
    assert_int_equal(s->step[0].mixed, sum.fresh > 0);
    assert_true(sum.untouched > 0);
    free(y.before.data);
    free(y.dense.data);
    free(changed);
    free(used);
    return sum.fresh;
}

typedef struct shape {
    bool transposed;
    int ci, co, h, w, k, group;
    const char *attr;
} shape;

static const shape shapes[] = {
    {false, 16, 40, 29, 33, 3, 1, "pads:1,1,1,1"},
    {false, 9, 70, 31, 40, 3, 1, "strides:2,2 pads:1,0,0,1"},
    {false, 12, 16, 28, 30, 3, 1, "dilations:2,2 pads:2,2,2,2"},
    {false, 24, 48, 25, 21, 1, 1, ""},
    {false, 12, 12, 27, 30, 5, 2, "pads:2,2,2,2"},
    {false, 300, 33, 24, 20, 1, 1, ""},
    {true, 20, 18, 28, 26, 4, 1, "strides:2,2"},
};

static rpr_model *model_of(const shape *h)
{
    net b = net_new(1);
    int x = net_input(&b, NET_DIMS(1, h->ci, h->h, h->w));
    net_output(&b, (h->transposed ? net_conv_transpose : net_conv)(&b, x, h->co, h->k, h->k,
                                                                   h->group, h->attr));
    return net_finish(b.g);
}

static void rows_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        rpr_stream_options opt = play_options();
        opt.oracle = 1;
        opt.all_gates = 1;
        show w = show_new(model_of(&shapes[i]), &opt, i + 1);
        w.m->cost = rpr_cost_named("avx512"); /* whatever the kernels */
        int64_t fresh = 0;
        next_band(w.s, 0);
        player_run(w.p, w.s);
        for (int f = 0; f < 6; f++)
            fresh += check_frame(&w, &w.m->cost, shapes[i].h / 4);
        check_that(fresh > 0, "shape %zu: nothing was computed anew", i);
        show_free(&w);
    }
}

/** Where no output sees enough, and under the policy that says so, there are none. */
static void lists_are_left_alone(void **state)
{
    rpr_stream_options opt = play_options();
    opt.oracle = 1;
    (void)state;
    for (int forced = 0; forced < 2; forced++) {
        opt.all_gates = 1;
        opt.policy = forced ? RPR_POLICY_CORRECT : RPR_POLICY_AUTO;
        show w = show_new(model_of(&shapes[0]), &opt, 5);
        next_band(w.s, 0);
        player_run(w.p, w.s);
        for (int f = 0; f < 4; f++)
            assert_int_equal(check_frame(&w, NULL, forced ? 7 : 0), 0);
        show_free(&w);
    }
}

/** Half of the rows change: by the list alone a dense run is cheaper, with fresh rows it is not. */
static void rows_save_a_layer(void **state)
{
    const shape h = {false, 32, 64, 40, 40, 3, 1, "pads:1,1,1,1"};
    rpr_stream_options opt = play_options();
    opt.oracle = 1;
    (void)state;
    opt.all_gates = 1;
    show w = show_new(model_of(&h), &opt, 5);
    w.m->cost = rpr_cost_named("avx512");
    next_band(w.s, 0);
    player_run(w.p, w.s);
    assert_true(check_frame(&w, &w.m->cost, 20) > 0);
    const rpr_linear *l = w.m->plan->step[0].linear;
    assert_true(rpr_linear_list_cost(l, &w.p->s->gate[0], &w.m->cost) >
                rpr_linear_dense_cost(l, &w.m->cost));
    assert_true(player_stats(w.p).macs_executed < player_stats(w.p).macs_dense * 2 / 3);
    show_free(&w);
}

/* ---------------------------------------------------------- whole networks */

static void play_net(rpr_model *m, const char *name, play_gate gate, rpr_policy policy,
                     int64_t *mixed)
{
    rpr_stream_options one = play_options(), many;
    one.oracle = 1;
    one.gate = play_gate_of(gate);
    one.policy = policy;
    one.all_gates = 1;
    one.seed = 3;
    many = one;
    many.threads = 3;
    player *a = player_new(m, &one), *b = player_new(m, &many);
    scene *s = scene_new(m, 3);
    for (int f = 0; f < FRAMES; f++) {
        rpr_oracle o;
        next_band(s, 3);
        player_run(a, s);
        player_run(b, s);
        check_that(player_same(a, b), "%s, %s: threads change frame %d", name, play_gate_name(gate),
                   f);
        assert_int_equal(player_stats(a).macs_executed, player_stats(b).macs_executed);
        assert_int_equal(rpr_stream_oracle(a->s, &o), RPR_OK);
        check_that(o.worst <= 1.0, "%s, %s, frame %d, layer %zu: %g of the bound", name,
                   play_gate_name(gate), f, o.layer, o.worst);
        for (int i = 0; i < m->plan->n_step; i++)
            *mixed += a->s->step[i].mixed;
    }
    scene_free(s);
    player_free(a);
    player_free(b);
}

static void networks_hold(void **state)
{
    int64_t mixed[2] = {0};
    (void)state;
    for (unsigned i = 0; i < RANDOM_NETS + nets_count(); i++) {
        rpr_model *m = i < RANDOM_NETS ? nets_random(300 + i) : nets_make(i - RANDOM_NETS);
        char name[32];
        (void)snprintf(name, sizeof name, "network %u", i);
        for (int gate = 0; gate < PLAY_GATES; gate++)
            for (int k = 0; k < 2; k++)
                play_net(m, name, (play_gate)gate, k ? RPR_POLICY_RANDOM : RPR_POLICY_AUTO,
                         &mixed[k]);
        rpr_model_destroy(m);
    }
    assert_true(mixed[0] > 20 && mixed[1] > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_counted),
        cmocka_unit_test(lists_are_left_alone),
        cmocka_unit_test(rows_save_a_layer),
        cmocka_unit_test(networks_hold),
    };
    setenv("RPR_EAGER", "1", 1); /* threads share also the small layers of these networks */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
