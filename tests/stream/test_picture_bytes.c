/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised networks read the bytes of a picture: the same bits as by way of floats. */
#include <stdlib.h>
#include <string.h>

#include "nets_quant.h"
#include "play.h"

enum { H = 19, W = 21, PAD = 5, FRAMES = 48 };

static rpr_model *picture_net(int channels, bool two_readers)
{
    const net_scales s = {0.011f, 0.03f, 77, 140};
    net b = net_new(11);
    const int x = net_input(&b, NET_DIMS(1, channels, H, W));
    const int q = net_quantise(&b, x, s.from, s.from_zero);
    const int y = net_qconv(&b, q, &s, 24, 3, 3, 1, "strides:2,2 pads:1,1,1,1");
    if (two_readers) /* then the floats are wanted, too */
        net_output(&b, net_relu(&b, x));
    net_output(&b, net_dequantise(&b, y, s.to, s.to_zero));
    return net_finish(b.g);
}

/** A picture with bytes between its rows, and what it is worth as the model's tensor. */
typedef struct picture {
    int c;
    float scale[4], offset[4];
    uint8_t *bytes;
    float *tensor;
} picture;

static size_t pitch_of(const picture *p)
{
    return (size_t)(W * p->c + PAD);
}

static void make_tensor(const picture *p)
{
    for (int k = 0; k < p->c; k++)
        for (int i = 0; i < H * W; i++) {
            const uint8_t b = p->bytes[(size_t)(i / W) * pitch_of(p) + (size_t)(i % W * p->c + k)];
            p->tensor[k * H * W + i] = (float)b * p->scale[k] + p->offset[k];
        }
}

static rpr_input as_picture(const picture *p)
{
    rpr_input in = {.data = p->bytes, .format = RPR_FORMAT_U8_HWC, .row_bytes = pitch_of(p)};
    memcpy(in.scale, p->scale, sizeof in.scale);
    memcpy(in.offset, p->offset, sizeof in.offset);
    return in;
}

/** Here and there, in a corner, nowhere or everywhere; other scales now and then. */
static void next_picture(picture *p, rng *r, int frame)
{
    const int all = H * (int)pitch_of(p), kind = frame % 12 > 7 ? 3 : rng_below(r, 3);
    for (int i = 0; i < all && kind > 0; i++)
        if (kind == 3 || (kind == 2 ? i < all / 5 : rng_below(r, 15) == 0))
            p->bytes[i] = (uint8_t)rng_below(r, 256);
    for (int k = 0; k < 4 && frame % 17 == 0; k++) {
        p->scale[k] = 0.002f + 0.009f * rng_unit(r);
        p->offset[k] = rng_unit(r) - 0.9f;
    }
    make_tensor(p);
}

/** A frame in pieces, whose bytes are gone before the first one is run. */
static void run_pieces(player *p, const picture *from)
{
    const size_t bytes = H * pitch_of(from);
    picture gone = *from;
    gone.bytes = malloc(bytes);
    assert_non_null(gone.bytes);
    memcpy(gone.bytes, from->bytes, bytes);
    const rpr_input in = as_picture(&gone);
    assert_int_equal(rpr_stream_enter(p->s, &in, 1), RPR_OK);
    memset(gone.bytes, 99, bytes);
    free(gone.bytes);
    assert_int_equal(rpr_stream_run_piece(p->s, 0, p->s->plan->n_step), RPR_OK);
    rpr_stream_copy_outputs(p->s, p->out, p->n);
}

static void run_one(player *p, const rpr_input *in)
{
    check_that(rpr_stream_run(p->s, in, 1, p->out, p->n) == RPR_OK, "%s", rpr_stream_error(p->s));
}

enum { REUSE, BYPASSED, THREADS, DENSE, PIECES, WAYS };

static void check(int channels, bool two_readers)
{
    rpr_model *m = picture_net(channels, two_readers);
    rpr_stream_options opt[WAYS], off = play_options();
    player *way[WAYS];
    off.gate.kind = RPR_GATE_OFF;
    for (int k = 0; k < WAYS; k++)
        opt[k] = k < DENSE ? play_options() : off;
    opt[BYPASSED].bypass = 1;
    opt[THREADS].threads = 3;
    for (int k = 0; k < WAYS; k++)
        way[k] = player_new(m, &opt[k]);
    player *truth = player_new(m, &off);
    picture p = {.c = channels};
    rng r = {(uint64_t)channels + 5};
    int bypassed = 0;
    p.bytes = calloc(H * pitch_of(&p), 1);
    p.tensor = calloc((size_t)(H * W * channels), sizeof *p.tensor);
    assert_true(p.bytes && p.tensor);
    for (int f = 0; f < FRAMES; f++) {
        next_picture(&p, &r, f);
        const rpr_input in = as_picture(&p), tensor = {.data = p.tensor};
        run_one(truth, &tensor);
        for (int k = 0; k < WAYS; k++) {
            if (k == PIECES)
                run_pieces(way[k], &p);
            else
                run_one(way[k], f % 7 == 5 ? &tensor : &in);
            check_that(player_same(way[k], truth), "%d channels, way %d, frame %d", channels, k, f);
        }
        rpr_frame_stats st;
        assert_int_equal(rpr_stream_frame_stats(way[BYPASSED]->s, &st), RPR_OK);
        bypassed += st.bypassed;
    }
    check_that(bypassed > 2, "%d frames without reuse", bypassed);
    for (int k = 0; k < WAYS; k++)
        player_free(way[k]);
    player_free(truth);
    free(p.bytes);
    free(p.tensor);
    rpr_model_destroy(m);
}

static void bytes_or_floats(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++)
        check(channels, false);
}

static void floats_that_others_read(void **state)
{
    (void)state;
    check(3, true);
}

/** The plan finds what the tests above are about. */
static void quantisers_are_found(void **state)
{
    rpr_model *m = picture_net(3, false), *two = picture_net(3, true);
    rpr_stream_options opt = play_options();
    player *p = player_new(m, &opt), *q = player_new(two, &opt);
    (void)state;
    assert_true(p->s->plan->picture[0].quantiser >= 0);
    assert_int_equal(q->s->plan->picture[0].quantiser, RPR_NONE);
    player_free(p);
    player_free(q);
    rpr_model_destroy(m);
    rpr_model_destroy(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_or_floats),
        cmocka_unit_test(floats_that_others_read),
        cmocka_unit_test(quantisers_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
