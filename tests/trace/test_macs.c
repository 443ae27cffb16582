/* SPDX-License-Identifier: Apache-2.0 */
/* Multiply-accumulates from a trace against brute force over outputs, taps and channels. */
#include "sample.h"

#include <stdlib.h>

#include "trace/macs.h"
#include "trace/net.h"

/** A layer with its input and bits. */
typedef struct scene {
    rpr_trace_input input;
    rpr_trace_layer layer;
    rpr_trace_net net;
    uint64_t *bits;
} scene;

static rpr_trace_axis random_axis(rng *r, bool transposed)
{
    rpr_trace_axis a = {.in = rng_between(r, 1, 9),
                        .kernel = rng_between(r, 1, 5),
                        .stride = rng_between(r, 1, 4),
                        .dilation = rng_between(r, 1, 4),
                        .pad = rng_below(r, 4)};
    int reach = (a.kernel - 1) * a.dilation + 1, behind = rng_below(r, 4);
    if (transposed)
        a.out = (a.in - 1) * a.stride + reach - a.pad - behind;
    else
        a.out = (a.in + a.pad + behind - reach) / a.stride + 1;
    return a;
}

/** False if the sizes that came up do not make a layer. */
static bool scene_make(scene *s, rng *r)
{
    bool transposed = rng_below(r, 2);
    int groups = rng_between(r, 1, 4), ci = groups * rng_between(r, 1, 3);
    s->layer = (rpr_trace_layer){.transposed = transposed,
                                 .by_pixel = rng_below(r, 2),
                                 .n = rng_between(r, 1, 3),
                                 .ci = ci,
                                 .co = groups * rng_between(r, 1, 4),
                                 .groups = groups};
    for (int i = 0; i < 3; i++) {
        s->layer.axis[i] = random_axis(r, transposed);
        if (s->layer.axis[i].out < 1)
            return false;
    }
    const rpr_trace_axis *a = s->layer.axis;
    s->input = (rpr_trace_input){.n = s->layer.n,
                                 .d = a[0].in,
                                 .h = a[1].in,
                                 .w = a[2].in,
                                 .c = ci,
                                 .gate = {.kind = RPR_GATE_EXACT}};
    s->net = (rpr_trace_net){.input = &s->input, .n_input = 1, .layer = &s->layer, .n_layer = 1};
    sample_measure(&s->layer);
    return rpr_trace_check_input(&s->input) == NULL &&
           rpr_trace_check_layer(&s->net, &s->layer) == NULL;
}

static void scene_paint(scene *s, rng *r, int every)
{
    int64_t n = rpr_trace_elements(&s->input);
    s->bits = calloc(rpr_trace_words(n), sizeof *s->bits);
    assert_non_null(s->bits);
    for (int64_t i = 0; i < n; i++)
        s->bits[i / 64] |= (uint64_t)(rng_below(r, every) == 0) << (i % 64);
}

/* ------------------------------------------------------------- brute force */

/** Input position of an output and a tap, from the definition alone; -1 if there is none. */
static int meets(const rpr_trace_axis *a, bool transposed, int o, int k)
{
    for (int i = 0; i < a->in; i++)
        if (transposed ? i * a->stride + k * a->dilation - a->pad == o
                       : o * a->stride + k * a->dilation - a->pad == i)
            return i;
    return -1;
}

typedef struct counts {
    int64_t all, listed, by_pixel;
} counts;

static bool is_set(const scene *s, int n, int z, int y, int x, int c)
{
    const rpr_trace_input *in = &s->input;
    int64_t e = (((n * in->d + z) * in->h + y) * in->w + x) * in->c + c;
    return s->bits[e / 64] >> (e % 64) & 1;
}

static void count_output(const scene *s, int n, const int o[3], counts *total)
{
    const rpr_trace_layer *l = &s->layer;
    int64_t taps = 0, hits = 0;
    for (int kz = 0; kz < l->axis[0].kernel; kz++)
        for (int ky = 0; ky < l->axis[1].kernel; ky++)
            for (int kx = 0; kx < l->axis[2].kernel; kx++) {
                int z = meets(&l->axis[0], l->transposed, o[0], kz);
                int y = meets(&l->axis[1], l->transposed, o[1], ky);
                int x = meets(&l->axis[2], l->transposed, o[2], kx);
                if (z < 0 || y < 0 || x < 0)
                    continue;
                taps++;
                for (int c = 0; c < l->ci; c++)
                    hits += is_set(s, n, z, y, x, c);
            }
    int64_t products = taps * l->ci * (l->co / l->groups);
    total->all += products;
    total->listed += hits * (l->co / l->groups);
    total->by_pixel += hits ? products : 0;
}

static counts count(const scene *s)
{
    counts total = {0};
    const rpr_trace_axis *a = s->layer.axis;
    for (int n = 0; n < s->layer.n; n++)
        for (int z = 0; z < a[0].out; z++)
            for (int y = 0; y < a[1].out; y++)
                for (int x = 0; x < a[2].out; x++)
                    count_output(s, n, (const int[3]){z, y, x}, &total);
    return total;
}

/* ------------------------------------------------------------------- tests */

static int64_t macs_of(const scene *s, rpr_choice choice)
{
    rpr_trace_layer_frame layer = {.choice = choice};
    uint64_t *bits = s->bits;
    const rpr_trace_frame f = {.changed = &bits, .layer = &layer};
    return rpr_trace_macs(&s->net, &f, 0);
}

static void check_axis(const rpr_trace_axis *a, bool transposed)
{
    int64_t taps = 0, fans = 0;
    for (int i = 0; i < a->in; i++) {
        int fan = 0;
        for (int o = 0; o < a->out; o++)
            for (int k = 0; k < a->kernel; k++)
                fan += meets(a, transposed, o, k) == i;
        assert_int_equal(rpr_trace_fanout(a, transposed, i), fan);
        fans += fan;
    }
    for (int o = 0; o < a->out; o++) {
        int n = 0;
        for (int k = 0; k < a->kernel; k++) {
            assert_int_equal(rpr_trace_meets(a, transposed, o, k), meets(a, transposed, o, k));
            n += meets(a, transposed, o, k) >= 0;
        }
        assert_int_equal(rpr_trace_taps(a, transposed, o), n);
        taps += n;
    }
    assert_int_equal(rpr_trace_pairs(a, transposed), taps);
    assert_int_equal(taps, fans);
}

static void macs_are_true(void **state)
{
    rng r = {29};
    int made = 0;
    (void)state;
    for (int round = 0; round < 600; round++) {
        scene s;
        if (!scene_make(&s, &r))
            continue;
        made++;
        for (int i = 0; i < 3; i++)
            check_axis(&s.layer.axis[i], s.layer.transposed);
        scene_paint(&s, &r, 1 << rng_below(&r, 8));
        counts want = count(&s);
        assert_int_equal(s.layer.macs, want.all);
        assert_int_equal(macs_of(&s, RPR_CHOICE_DENSE), want.all);
        assert_int_equal(macs_of(&s, RPR_CHOICE_SKIP), 0);
        assert_int_equal(macs_of(&s, RPR_CHOICE_CORRECT),
                         s.layer.by_pixel ? want.by_pixel : want.listed);
        free(s.bits);
    }
    assert_true(made > 300);
}

/** Counts beyond 63 bits are noticed. */
static void large_layers(void **state)
{
    rpr_trace_layer l = {.n = RPR_TRACE_MAX_SIZE,
                         .ci = RPR_TRACE_MAX_SIZE,
                         .co = RPR_TRACE_MAX_SIZE,
                         .groups = 1,
                         .axis = {{1, 1, 1, 1, 1, 0}, {1, 1, 1, 1, 1, 0}, {1, 1, 1, 1, 1, 0}}};
    (void)state;
    assert_int_equal(rpr_trace_dense_macs(&l), -1);
    l.n = 1;
    assert_int_equal(rpr_trace_dense_macs(&l), (int64_t)l.ci * l.co);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(macs_are_true),
                                       cmocka_unit_test(large_layers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
