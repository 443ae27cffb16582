/* SPDX-License-Identifier: Apache-2.0 */
/* What the public calls take and refuse. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "play.h"

/* ---------------------------------------------------------------- pictures */

typedef struct picture {
    int h, w, c;
    size_t row_bytes;
    uint8_t *bytes; /* with something in the padding */
    float *tensor;  /* the same values, in the input's own order */
    bool channels_last;
    rpr_input in;
} picture;

static picture picture_new(const rpr_model *m, size_t padding)
{
    rpr_tensor_info t;
    assert_int_equal(rpr_model_input(m, 0, &t), RPR_OK);
    bool last = t.dim[3] <= 4;
    picture p = {.h = (int)t.dim[last ? 1 : 2],
                 .w = (int)t.dim[last ? 2 : 3],
                 .c = (int)t.dim[last ? 3 : 1],
                 .channels_last = last};
    p.row_bytes = (size_t)p.w * (size_t)p.c + padding;
    p.bytes = calloc(p.row_bytes, (size_t)p.h);
    p.tensor = calloc(1, t.bytes);
    assert_non_null(p.bytes);
    assert_non_null(p.tensor);
    p.in = (rpr_input){.data = p.bytes, .format = RPR_FORMAT_U8_HWC};
    p.in.row_bytes = padding ? p.row_bytes : 0;
    return p;
}

static void picture_free(picture *p)
{
    free(p->bytes);
    free(p->tensor);
}

static float *tensor_at(const picture *p, int y, int x, int c)
{
    return p->tensor + (p->channels_last ? (y * p->w + x) * p->c + c : (c * p->h + y) * p->w + x);
}

/** Changes one byte in `every`, padding included, and converts as the header promises. */
static void repaint(picture *p, rng *r, int every)
{
    for (size_t i = 0; i < p->row_bytes * (size_t)p->h; i++)
        if (rng_below(r, every) == 0)
            p->bytes[i] = (uint8_t)rng_next(r);
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++)
            for (int c = 0; c < p->c; c++) {
                uint8_t v = p->bytes[(size_t)y * p->row_bytes + (size_t)(x * p->c + c)];
                float scale = 0.0f;
                for (int k = 0; k < 4; k++)
                    scale += fabsf(p->in.scale[k]);
                scale = scale > 0.0f ? p->in.scale[c] : 1.0f / 255.0f;
                volatile float scaled = (float)v * scale; /* one rounding per operation */
                *tensor_at(p, y, x, c) = scaled + p->in.offset[c];
            }
}

static void run_both(player *a, player *b, const picture *p)
{
    const rpr_input tensor = {.data = p->tensor};
    assert_int_equal(rpr_stream_run(a->s, &p->in, 1, a->out, a->n), RPR_OK);
    assert_int_equal(rpr_stream_run(b->s, &tensor, 1, b->out, b->n), RPR_OK);
    assert_true(player_same(a, b));
    assert_int_equal(player_stats(a).changed, player_stats(b).changed);
    assert_int_equal(player_stats(a).macs_executed, player_stats(b).macs_executed);
}

static void pictures_equal_tensors(void **state)
{
    static const char *const names[] = {"plain", "channels_last", "depthwise", "pads"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t padding = 0; padding <= 13; padding += 13)
            for (int g = 0; g < PLAY_GATES; g++) {
                rpr_model *m = nets_named(names[i]);
                rpr_stream_options opt = play_options();
                opt.gate = play_gate_of((play_gate)g);
                opt.gate.threshold += 0.2 / 255.0; /* no whole step of any scale below */
                player *a = player_new(m, &opt), *b = player_new(m, &opt);
                picture p = picture_new(m, padding);
                rng r = {i};
                for (int f = 0; f < 8; f++) {
                    /* Then all of a picture is taken anew, also what a dead-zone would hold. */
                    const bool other_scale = g != PLAY_DEADZONE;
                    if (other_scale && f == 3) {
                        p.in.offset[1] = -0.5f;
                    } else if (other_scale && f == 5) {
                        p.in.scale[0] = p.in.scale[1] = p.in.scale[2] = p.in.scale[3] = 0.01f;
                        p.in.scale[2] = -0.02f;
                    }
                    repaint(&p, &r, f ? 40 : 1);
                    run_both(a, b, &p);
                    run_both(a, b, &p);
                    assert_int_equal(player_stats(a).changed, 0);
                }
                picture_free(&p);
                player_free(a);
                player_free(b);
                rpr_model_destroy(m);
            }
}

/** One stream may be given either form from frame to frame. */
static void formats_mix(void **state)
{
    rpr_model *m = nets_named("plain");
    /* Another form touches all pixels, which a bypass would take for a busy frame. */
    const rpr_stream_options opt = play_options();
    player *a = player_new(m, &opt), *b = player_new(m, &opt);
    picture p = picture_new(m, 3);
    rng r = {5};
    (void)state;
    for (int f = 0; f < 12; f++) {
        const rpr_input tensor = {.data = p.tensor}, *in = f / 2 % 2 ? &tensor : &p.in;
        repaint(&p, &r, 30);
        assert_int_equal(rpr_stream_run(a->s, in, 1, a->out, a->n), RPR_OK);
        assert_int_equal(rpr_stream_run(b->s, &tensor, 1, b->out, b->n), RPR_OK);
        assert_true(player_same(a, b));
    }
    picture_free(&p);
    player_free(a);
    player_free(b);
    rpr_model_destroy(m);
}

/* ------------------------------------------------------------- bad frames */

static void refuse(player *p, const rpr_input *in, size_t n_in, size_t n_out, int want,
                   const char *named)
{
    int status = rpr_stream_run(p->s, in, n_in, p->out, n_out);
    const char *text = rpr_stream_error(p->s);
    check_that(status == want, "%s: status %d, not %d", named, status, want);
    check_that(strstr(text, named) != NULL, "'%s' does not say '%s'", text, named);
}

static void bad_frames_are_refused(void **state)
{
    rpr_model *m = nets_named("plain");
    player *p = player_new(m, NULL), *same = player_new(m, NULL);
    picture pic = picture_new(m, 5);
    rpr_tensor_info t;
    rng r = {1};
    (void)state;
    assert_int_equal(rpr_model_input(m, 0, &t), RPR_OK);
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "input '%s'", t.name);
    repaint(&pic, &r, 1);
    run_both(p, same, &pic);
    rpr_input in = {.data = pic.tensor, .bytes = t.bytes};
    refuse(p, &in, 0, 1, RPR_ERR_ARGUMENT, "0 inputs given");
    refuse(p, &in, 2, 1, RPR_ERR_ARGUMENT, "2 inputs given");
    refuse(p, NULL, 1, 1, RPR_ERR_ARGUMENT, "inputs given");
    in.bytes--;
    refuse(p, &in, 1, 1, RPR_ERR_ARGUMENT, quoted);
    in = (rpr_input){.data = NULL};
    refuse(p, &in, 1, 1, RPR_ERR_ARGUMENT, quoted);
    in = (rpr_input){.data = pic.tensor, .format = (rpr_format)9};
    refuse(p, &in, 1, 1, RPR_ERR_ARGUMENT, quoted);
    in = pic.in;
    in.bytes = pic.row_bytes * (size_t)pic.h - 6; /* the last row needs no padding behind it */
    refuse(p, &in, 1, 1, RPR_ERR_ARGUMENT, quoted);
    in = pic.in;
    in.row_bytes = (size_t)(pic.w * pic.c) - 1;
    refuse(p, &in, 1, 1, RPR_ERR_ARGUMENT, quoted);
    in = pic.in;
    in.scale[1] = NAN;
    refuse(p, &in, 1, 1, RPR_ERR_NONFINITE, quoted);
    in = pic.in;
    in.offset[0] = INFINITY;
    refuse(p, &in, 1, 1, RPR_ERR_NONFINITE, quoted);
    in = pic.in;
    refuse(p, &in, 1, 2, RPR_ERR_ARGUMENT, "2 outputs asked for");
    p->out[0].bytes--;
    refuse(p, &in, 1, 1, RPR_ERR_ARGUMENT, p->info[0].name);
    p->out[0].bytes++;
    in.bytes = pic.row_bytes * (size_t)pic.h - 5;
    assert_int_equal(rpr_stream_run(p->s, &in, 1, NULL, 0), RPR_OK);
    assert_int_equal(player_stats(p).frame, 1);
    assert_int_equal(player_stats(p).changed, 0);
    repaint(&pic, &r, 9);
    run_both(p, same, &pic); /* as if nothing had happened */
    picture_free(&pic);
    player_free(p);
    player_free(same);
    rpr_model_destroy(m);
}

static void pictures_need_a_picture(void **state)
{
    static const char *const names[] = {"shared_gate", "batch", "one_gemm"};
    uint8_t bytes[4000] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rpr_model *m = nets_named(names[i]);
        player *p = player_new(m, NULL);
        const rpr_input in = {.data = bytes, .format = RPR_FORMAT_U8_HWC};
        refuse(p, &in, 1, 0, RPR_ERR_ARGUMENT, "picture");
        player_free(p);
        rpr_model_destroy(m);
    }
}

static void outputs_may_be_left_out(void **state)
{
    rpr_model *m = nets_named("pyramid");
    player *all = player_new(m, NULL), *some = player_new(m, NULL);
    scene *s = scene_new(m, 3);
    (void)state;
    assert_int_equal(all->n, 3);
    for (int f = 0; f < 5; f++) {
        scene_next(s);
        player_run(all, s);
        rpr_output out[2] = {{.data = NULL}, some->out[1]};
        memset(some->out[2].data, 0x5a, some->info[2].bytes);
        assert_int_equal(rpr_stream_run(some->s, s->in, s->n, out, f % 2 ? 2 : 0), RPR_OK);
        if (f % 2)
            assert_memory_equal(some->out[1].data, all->out[1].data, all->info[1].bytes);
        assert_int_equal(*(uint8_t *)some->out[2].data, 0x5a);
    }
    scene_free(s);
    player_free(all);
    player_free(some);
    rpr_model_destroy(m);
}

/* ----------------------------------------------------------------- options */

static void refuse_options(const rpr_model *m, rpr_stream_options o, const char *named)
{
    rpr_stream *s = (rpr_stream *)&o;
    rpr_error err;
    assert_int_equal(rpr_stream_create(m, &o, &s, &err), RPR_ERR_ARGUMENT);
    check_that(strstr(err.message, named) != NULL, "'%s' does not say '%s'", err.message, named);
    assert_null(s);
    assert_int_equal(rpr_stream_create(m, &o, &s, NULL), RPR_ERR_ARGUMENT);
}

static void bad_options_are_refused(void **state)
{
    rpr_model *m = nets_named("one_conv");
    rpr_stream_options o;
    rpr_stream *s = NULL;
    (void)state;
#define REFUSE(change, named)                                                                      \
    do {                                                                                           \
        rpr_stream_options_init(&o);                                                               \
        change;                                                                                    \
        refuse_options(m, o, named);                                                               \
    } while (0)
    REFUSE(o.struct_size--, "rpr_stream_options_init");
    REFUSE(o.struct_size = 0, "rpr_stream_options_init");
    REFUSE(o.gate.kind = (rpr_gate_kind)4, "kind");
    REFUSE(o.gate.kind = (rpr_gate_kind)-1, "kind");
    REFUSE((o.gate.kind = RPR_GATE_LEVELS, o.gate.levels = 1), "1 levels");
    REFUSE((o.gate.kind = RPR_GATE_LEVELS, o.gate.levels = 65537), "65537 levels");
    REFUSE((o.gate.kind = RPR_GATE_LEVELS, o.gate.levels = -5), "-5 levels");
    REFUSE((o.gate.kind = RPR_GATE_DEADZONE, o.gate.threshold = -1e-9), "threshold");
    REFUSE((o.gate.kind = RPR_GATE_DEADZONE, o.gate.threshold = 1.0), "threshold");
    REFUSE((o.gate.kind = RPR_GATE_DEADZONE, o.gate.threshold = (double)NAN), "threshold");
    REFUSE(o.refresh = -1, "refresh");
    REFUSE(o.threads = 0, "threads");
    REFUSE(o.threads = 65, "threads");
    REFUSE(o.policy = (rpr_policy)4, "policy");
    REFUSE(o.weights = (rpr_weights)3, "weights");
    REFUSE((o.gate.lo = 1.0, o.gate.hi = 0.5), "no range from 1 to 0.5");
    REFUSE((o.gate.lo = 0.0, o.gate.hi = (double)NAN), "no range");
    REFUSE(o.n_layer_gates = 1, "layer_gates: NULL");
    rpr_layer_gate of_layer = {.layer = 99, .gate = {.kind = RPR_GATE_EXACT}};
#define REFUSE_LAYER(change, named)                                                                \
    REFUSE((change, o.layer_gates = &of_layer, o.n_layer_gates = 1), named)
    REFUSE_LAYER(of_layer.layer = 99, "layer 99 is not a weighted layer");
    REFUSE_LAYER((of_layer.layer = 0, of_layer.gate.kind = (rpr_gate_kind)9), "unknown kind 9");
    REFUSE_LAYER((of_layer.gate.kind = RPR_GATE_DEADZONE, of_layer.gate.threshold = 2.0),
                 "threshold 2");
#undef REFUSE_LAYER
#undef REFUSE
    assert_int_equal(rpr_stream_create(NULL, NULL, &s, NULL), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_create(m, NULL, NULL, NULL), RPR_ERR_ARGUMENT);
    rpr_stream_destroy(NULL);
    rpr_model_destroy(m);
}

/** The extremes that are allowed run. */
static void extreme_options_run(void **state)
{
    const rpr_gate gates[] = {{.kind = RPR_GATE_LEVELS, .levels = 2},
                              {.kind = RPR_GATE_LEVELS, .levels = 65536},
                              {.kind = RPR_GATE_DEADZONE, .threshold = 0.0},
                              {.kind = RPR_GATE_DEADZONE, .threshold = 0.999}};
    rpr_model *m = nets_named("residual");
    (void)state;
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        rpr_stream_options o = play_options();
        rpr_oracle result;
        o.gate = gates[i];
        o.refresh = 1;
        o.oracle = 1;
        player *p = player_new(m, &o);
        scene *s = scene_new(m, 1);
        for (int f = 0; f < 4; f++) {
            scene_next(s);
            player_run(p, s);
            assert_int_equal(rpr_stream_oracle(p->s, &result), RPR_OK);
            assert_true(result.worst <= 1.0);
        }
        scene_free(s);
        player_free(p);
    }
    rpr_model_destroy(m);
}

static void bad_models_are_refused(void **state)
{
    const char garbage[] = "\x08\x07this is no network";
    rpr_model_options o;
    rpr_model *m = (rpr_model *)&o;
    rpr_error err;
    (void)state;
    rpr_model_options_init(&o);
    for (size_t n = 0; n <= sizeof garbage; n++) {
        m = (rpr_model *)&o;
        assert_true(rpr_model_load_memory(garbage, n, &o, &m, &err) < 0);
        assert_null(m);
        assert_true(*err.message != '\0');
    }
    assert_int_equal(rpr_model_load_memory(NULL, 0, &o, &m, &err), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_model_load_memory(garbage, 4, &o, NULL, &err), RPR_ERR_ARGUMENT);
    o.struct_size = 1;
    assert_int_equal(rpr_model_load_memory(garbage, 4, &o, &m, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "rpr_model_options_init"));
    const rpr_input_shape shape = {.rank = RPR_MAX_RANK + 1};
    rpr_model_options_init(&o);
    o.shapes = &shape;
    o.n_shapes = 1;
    assert_int_equal(rpr_model_load_memory(garbage, 4, &o, &m, &err), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_model_load("/no/such/file.onnx", NULL, &m, &err), RPR_ERR_IO);
    assert_non_null(strstr(err.message, "/no/such/file.onnx"));
    rpr_model_destroy(NULL);
}

static void questions_have_limits(void **state)
{
    rpr_model *m = nets_named("two_inputs");
    player *p = player_new(m, NULL);
    rpr_tensor_info t;
    rpr_layer_info l;
    rpr_layer_stats st;
    (void)state;
    assert_int_equal(rpr_model_n_inputs(m), 2);
    assert_int_equal(rpr_model_n_outputs(m), 2);
    assert_int_equal(rpr_model_input(m, 2, &t), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_model_output(m, 2, &t), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_model_layer(m, rpr_model_n_layers(m), &l), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_stream_layer_stats(p->s, 0, &st), RPR_ERR_ARGUMENT);
    assert_true(rpr_model_bytes(m) > 0);
    assert_true(rpr_stream_state_bytes(p->s) > 0);
    assert_string_equal(rpr_stream_error(p->s), "");
    player_free(p);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_equal_tensors),  cmocka_unit_test(formats_mix),
        cmocka_unit_test(bad_frames_are_refused),  cmocka_unit_test(pictures_need_a_picture),
        cmocka_unit_test(outputs_may_be_left_out), cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(extreme_options_run),     cmocka_unit_test(bad_models_are_refused),
        cmocka_unit_test(questions_have_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
