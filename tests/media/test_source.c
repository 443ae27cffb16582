/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in: raw formats, sequences, y4m through a pipe, scaling, and inputs that are broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "media/source.h"
#include "scratch.h"

static media_source *open_ok(const char *input, media_source_options opt)
{
    media_error err = {""};
    media_source *s = NULL;
    if (media_source_open(input, &opt, &s, &err) != MEDIA_OK)
        fail_msg("%s", err.message);
    return s;
}

/* "rawvideo:SIZE_FORMAT:FILE" for bytes written to a file. */
static const char *raw(const char *size_format, const void *bytes, size_t n)
{
    static char spec[600];
    snprintf(spec, sizeof spec, "rawvideo:%s:%s", size_format, scratch_write("raw", bytes, n));
    return spec;
}

/* Opens and reads to the end; the message must hold every part up to NULL. */
static void expect_error(const char *input, int64_t good_frames, const char *part1,
                         const char *part2)
{
    media_error err = {""};
    media_source *s = NULL;
    media_frame f;
    int status = media_source_open(input, NULL, &s, &err);
    int64_t n = 0;
    while (status == MEDIA_OK)
        if ((status = media_source_next(s, &f, &err)) == MEDIA_OK)
            n++;
    assert_int_equal(status, MEDIA_ERROR);
    assert_int_equal(n, good_frames);
    if (!strstr(err.message, part1) || !strstr(err.message, part2) || strchr(err.message, '\n'))
        fail_msg("\"%s\" should hold \"%s\" and \"%s\"", err.message, part1, part2);
    media_source_close(s);
}

static void rgb_arrives_as_it_is(void **state)
{
    (void)state;
    uint8_t bytes[2 * 3 * 2 * 3];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    media_source *s = open_ok(raw("3x2:rgb24", bytes, sizeof bytes), (media_source_options){0});
    media_source_info info;
    media_source_get_info(s, &info);
    assert_int_equal(info.width, 3);
    assert_int_equal(info.height, 2);
    assert_int_equal(info.frames, 2);
    media_frame f;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
        assert_int_equal(f.index, i);
        assert_memory_equal(f.u8, bytes + i * 18, 18);
        assert_null(f.f32);
    }
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_END);
    media_source_close(s);
}

static void grey_keeps_its_full_range(void **state)
{
    (void)state;
    const uint8_t bytes[4] = {0, 1, 128, 255};
    for (int channels = 1; channels <= 3; channels += 2) {
        media_source *s =
            open_ok(raw("4x1:gray", bytes, 4), (media_source_options){.channels = channels});
        media_frame f;
        assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
        for (int i = 0; i < 4 * channels; i++)
            assert_int_equal(f.u8[i], bytes[i / channels]);
        media_source_close(s);
    }
}

static void skip_and_frames_count(void **state)
{
    (void)state;
    const uint8_t bytes[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    media_source_options opt = {.channels = 1, .skip = 3, .frames = 4};
    media_source *s = open_ok(raw("1x1:gray", bytes, 10), opt);
    media_source_info info;
    media_source_get_info(s, &info);
    assert_int_equal(info.frames, 4);
    media_frame f;
    for (int i = 3; i < 7; i++) {
        assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
        assert_int_equal(f.index, i);
        assert_int_equal(f.u8[0], i);
    }
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_END);
    media_source_close(s);
}

static void scaling_halves_and_is_repeatable(void **state)
{
    (void)state;
    enum { W = 64, H = 48 };
    static uint8_t bytes[W * H * 3], first[(W / 2) * (H / 2) * 3];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < 3; c++)
                bytes[(y * W + x) * 3 + c] = (uint8_t)(c == 0 ? 4 * x : c == 1 ? 5 * y : 77);
    for (int round = 0; round < 2; round++) {
        media_source *s = open_ok(raw("64x48:rgb24", bytes, sizeof bytes),
                                  (media_source_options){.width = W / 2, .height = H / 2});
        media_frame f;
        assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
        for (int y = 2; y < H / 2 - 2; y++)
            for (int x = 2; x < W / 2 - 2; x++) {
                const uint8_t *p = f.u8 + (y * (W / 2) + x) * 3;
                assert_in_range(p[0], 8 * x, 8 * x + 4); /* a ramp stays a ramp */
                assert_in_range(p[1], 10 * y, 10 * y + 5);
                assert_in_range(p[2], 76, 78);
            }
        if (round == 0)
            memcpy(first, f.u8, sizeof first);
        else
            assert_memory_equal(first, f.u8, sizeof first);
        media_source_close(s);
    }
}

static void floats_keep_nan_and_range(void **state)
{
    (void)state;
    /* planes G, B, R of 2x1 pixels */
    float bytes[6] = {0.25f, NAN, -3.0f, INFINITY, 0.5f, 1e30f};
    media_source *s = open_ok(raw("2x1:gbrpf32le", bytes, sizeof bytes), (media_source_options){0});
    media_frame f;
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
    assert_null(f.u8);
    assert_true(f.f32[0] == 0.5f && f.f32[1] == 0.25f && f.f32[2] == -3.0f);
    assert_true(f.f32[3] == 1e30f && isnan(f.f32[4]) && isinf(f.f32[5]));
    media_source_close(s);

    float grey[4] = {0, 1, 2, 3};
    s = open_ok(raw("4x1:grayf32le", grey, sizeof grey),
                (media_source_options){.width = 2, .height = 1, .channels = 3});
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
    assert_true(f.f32[0] == 0.5f && f.f32[1] == 0.5f && f.f32[2] == 0.5f && f.f32[3] == 2.5f);
    media_source_close(s);
}

static void original_has_the_inputs_size(void **state)
{
    (void)state;
    uint8_t bytes[4 * 4 * 3];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 5);
    media_source *s = open_ok(raw("4x4:rgb24", bytes, sizeof bytes),
                              (media_source_options){.width = 2, .height = 2});
    media_frame f;
    media_picture p;
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
    assert_int_equal(media_source_original(s, &p, NULL), MEDIA_OK);
    assert_int_equal(p.width, 4);
    assert_memory_equal(p.rgb, bytes, sizeof bytes);
    media_source_close(s);
}

static void sequence_of_pictures(void **state)
{
    (void)state;
    for (int i = 3; i < 8; i++) {
        char name[32], pgm[64];
        snprintf(name, sizeof name, "s%04d.pgm", i);
        int n = snprintf(pgm, sizeof pgm, "P5\n4 2\n255\n");
        memset(pgm + n, 10 * i, 8);
        scratch_write(name, pgm, (size_t)n + 8);
    }
    media_source *s = open_ok(scratch_path("s%04d.pgm"), (media_source_options){.channels = 1});
    media_frame f;
    for (int i = 3; i < 8; i++) {
        assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
        assert_int_equal(f.width, 4);
        assert_int_equal(f.u8[7], 10 * i);
    }
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_END);
    media_source_close(s);
}

/* Makes the bytes (less than a pipe holds) what stdin gives next. */
static void set_stdin(const void *bytes, size_t n)
{
    int ends[2];
    assert_true(n < 60000);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, n), n);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    clearerr(stdin);
}

/* A y4m stream of grey frames whose pixels are all 40, 50, 60, ...; returns its length. */
static size_t make_y4m(char *to, int frames)
{
    size_t n = (size_t)sprintf(to, "YUV4MPEG2 W16 H8 F30:1 Ip A1:1 Cmono\n");
    for (int i = 0; i < frames; i++) {
        n += (size_t)sprintf(to + n, "FRAME\n");
        memset(to + n, 40 + 10 * i, 16 * 8);
        n += 16 * 8;
    }
    return n;
}

static void y4m_through_a_pipe(void **state)
{
    (void)state;
    char y4m[4096];
    set_stdin(y4m, make_y4m(y4m, 5));
    media_source *s = open_ok("-", (media_source_options){.channels = 1});
    media_source_info info;
    media_source_get_info(s, &info);
    assert_int_equal(info.width, 16);
    assert_int_equal(info.rate_num, 30);
    media_frame f;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(media_source_next(s, &f, NULL), MEDIA_OK);
        assert_int_equal(f.u8[100], 40 + 10 * i);
    }
    assert_int_equal(media_source_next(s, &f, NULL), MEDIA_END);
    media_source_close(s);
}

static void y4m_cut_short(void **state)
{
    (void)state;
    char y4m[4096];
    size_t n = make_y4m(y4m, 5);
    set_stdin(y4m, n - 10);
    expect_error("-", 4, "stdin", "ends early");
    set_stdin(y4m, n - 128 - 3); /* within the word FRAME */
    expect_error("-", 4, "stdin", "ends early");
    set_stdin("no video at all", 15);
    expect_error("-", 0, "stdin", "is not a y4m stream");
    set_stdin("", 0);
    expect_error("-", 0, "stdin", "is not a y4m stream");
    set_stdin(y4m, 37); /* the header alone */
    expect_error("-", 0, "stdin", "");
}

static void raw_through_a_pipe(void **state)
{
    (void)state;
    set_stdin("abcdefg", 7);
    expect_error("rawvideo:2x1:gray:-", 3, "stdin", "ends early: frame 3 has 1 of 2 bytes");
}

static void broken_inputs_are_named(void **state)
{
    (void)state;
    expect_error("/nonexistent/clip.mp4", 0, "/nonexistent/clip.mp4", "No such file");
    expect_error("/nonexistent/%03d.png", 0, "/nonexistent/%03d.png", "no such image sequence");
    expect_error("/tmp", 0, "/tmp", "is a directory");
    expect_error("rawvideo:2x2:gray:/tmp", 0, "/tmp", "is a directory");
    expect_error("rawvideo:2x2:gray:/nonexistent/a", 0, "/nonexistent/a", "No such file");
    expect_error("rawvideo:2x2:grey:-", 0, "no pixel format", "\"grey\"");
    expect_error("rawvideo:2x2:vaapi:-", 0, "vaapi", "cannot be read");
    expect_error("rawvideo:0x2:gray:-", 0, "rawvideo:0x2:gray:-", "from 1 to 32768");
    expect_error("rawvideo:2x99999999999999:gray:-", 0, "rawvideo", "");
    expect_error("rawvideo:2x2:gray", 0, "should be rawvideo:WIDTHxHEIGHT:FORMAT:FILE", "");
    expect_error("rawvideo:", 0, "should be rawvideo:WIDTHxHEIGHT:FORMAT:FILE", "");
    expect_error(scratch_write("empty.mp4", "", 0), 0, "empty.mp4", "is empty");
    expect_error(raw("2x2:gray", "", 0), 0, "raw", "has no frames");
    expect_error(raw("2x2:gray", "12345", 5), 1, "raw", "frame 1 has 1 of 4 bytes");
    const char text[] = "This is a letter and no film.\n";
    expect_error(scratch_write("letter.avi", text, sizeof text), 0, "letter.avi", "is not a video");
    expect_error(scratch_write("letter.txt", text, sizeof text), 0, "letter.txt", "is not a video");
}

static void skipping_everything_is_an_error(void **state)
{
    (void)state;
    media_error err = {""};
    media_source *s = open_ok(raw("1x1:gray", "abc", 3), (media_source_options){.skip = 3});
    media_frame f;
    assert_int_equal(media_source_next(s, &f, &err), MEDIA_ERROR);
    assert_non_null(strstr(err.message, "has only 3 frames, all of them skipped"));
    media_source_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rgb_arrives_as_it_is),
        cmocka_unit_test(grey_keeps_its_full_range),
        cmocka_unit_test(skip_and_frames_count),
        cmocka_unit_test(scaling_halves_and_is_repeatable),
        cmocka_unit_test(floats_keep_nan_and_range),
        cmocka_unit_test(original_has_the_inputs_size),
        cmocka_unit_test(sequence_of_pictures),
        cmocka_unit_test(y4m_through_a_pipe),
        cmocka_unit_test(y4m_cut_short),
        cmocka_unit_test(raw_through_a_pipe),
        cmocka_unit_test(broken_inputs_are_named),
        cmocka_unit_test(skipping_everything_is_an_error),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
