/* SPDX-License-Identifier: Apache-2.0 */
/* Choices for a matrix and one vector, and for pictures of which most outputs see a change. */
#include <stdlib.h>

#include "build.h"
#include "play.h"

enum { INPUTS = 400, OUTPUTS = 1000, SIZE = 40 };

/** Streams with and without reuse over one model, and the frame that both run. */
typedef struct pair {
    rpr_model *m;
    player *reuse, *dense;
    float *x;
    size_t n;
} pair;

static pair pair_new(rpr_model *m, size_t n)
{
    rpr_stream_options opt = play_options(), off = play_options();
    off.gate.kind = RPR_GATE_OFF;
    pair p = {.m = m, .reuse = player_new(m, &opt), .dense = player_new(m, &off), .n = n};
    p.x = calloc(n, sizeof *p.x);
    assert_non_null(p.x);
    return p;
}

static void pair_free(pair *p)
{
    player_free(p->reuse);
    player_free(p->dense);
    rpr_model_destroy(p->m);
    free(p->x);
}

/** Runs both; their outputs must agree up to rounding. */
static void pair_run(const pair *p)
{
    const rpr_input in = {.data = p->x, .bytes = p->n * sizeof *p->x, .format = RPR_FORMAT_TENSOR};
    assert_int_equal(rpr_stream_run(p->reuse->s, &in, 1, p->reuse->out, p->reuse->n), RPR_OK);
    assert_int_equal(rpr_stream_run(p->dense->s, &in, 1, p->dense->out, p->dense->n), RPR_OK);
    assert_true(player_error(p->reuse, p->dense) < 1e-5);
}

static rpr_layer_stats layer_of(const player *p, size_t i)
{
    rpr_layer_stats st;
    assert_int_equal(rpr_stream_layer_stats(p->s, i, &st), RPR_OK);
    return st;
}

/** Adds to the first `count` of every `of` values. */
static void change(const pair *p, int count, int of, int frame)
{
    for (size_t i = 0; i < p->n; i++)
        if ((int)(i % (size_t)of) < count)
            p->x[i] = 0.1f * (float)((i * 7 + (size_t)frame) % 11) - 0.4f;
}

static void many_changes_of_a_vector_are_corrected(void **state)
{
    (void)state;
    net b = net_new(3);
    net_output(&b, net_gemm(&b, net_input(&b, NET_DIMS(1, INPUTS)), OUTPUTS));
    pair p = pair_new(net_finish(b.g), INPUTS);
    for (int f = 0; f < 12; f++) {
        const int tenths = f % 2 ? 6 : 3;
        change(&p, tenths, 10, f);
        pair_run(&p);
        const rpr_layer_stats st = layer_of(p.reuse, 0);
        if (f == 0)
            continue;
        assert_int_equal(st.choice, RPR_CHOICE_CORRECT);
        assert_true(st.changed > 0 && st.changed <= INPUTS * tenths / 10);
        assert_int_equal(st.macs_executed, st.changed * OUTPUTS);
    }
    pair_free(&p);
}

/** A picture of which one value in `of` changes, and a layer with large windows. */
static rpr_layer_stats picture(int of)
{
    net b = net_new(4);
    int x = net_input(&b, NET_DIMS(1, 3, SIZE, SIZE));
    net_output(&b, net_relu(&b, net_conv(&b, x, 24, 5, 5, 1, "strides:2,2")));
    pair p = pair_new(net_finish(b.g), (size_t)3 * SIZE * SIZE);
    rpr_layer_stats st = {0};
    for (int f = 0; f < 6; f++) {
        change(&p, f ? 1 : of, of, f);
        pair_run(&p);
        st = layer_of(p.reuse, 0);
        assert_true(f == 0 || st.changed <= (int64_t)p.n / of + 1);
    }
    pair_free(&p);
    return st;
}

static void scattered_changes_of_a_picture_are_covered(void **state)
{
    (void)state;
    rpr_layer_stats few = picture(1600), many = picture(31);
    assert_int_equal(few.choice, RPR_CHOICE_CORRECT);
    assert_true(few.macs_executed > 0 && few.macs_executed * 10 < few.macs_dense);
    assert_int_equal(many.choice, RPR_CHOICE_DENSE); /* a tenth of the pixels, most outputs */
    assert_int_equal(many.macs_executed, many.macs_dense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_changes_of_a_vector_are_corrected),
        cmocka_unit_test(scattered_changes_of_a_picture_are_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
