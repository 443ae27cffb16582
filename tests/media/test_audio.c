/* SPDX-License-Identifier: Apache-2.0 */
/* Sound in: formats, channels, rates, pipes, and inputs that are broken. */
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

#include "media/audio.h"
#include "scratch.h"

enum { ROOM = 1 << 20 };

static unsigned char *put(unsigned char *p, const char *tag, uint32_t v, size_t n)
{
    if (tag)
        memcpy(p, tag, 4), p += 4;
    for (size_t i = 0; i < n; i++)
        *p++ = (unsigned char)(v >> (8 * i));
    return p;
}

/* A wav file of `bytes` bytes of sound; format 1: integers, 3: floats. Returns its size. */
static size_t make_wav(unsigned char *p, int format, int channels, int rate, int bits,
                       const void *sound, size_t bytes)
{
    unsigned char *start = p;
    const int block = channels * bits / 8;
    p = put(p, "RIFF", (uint32_t)bytes + 36, 4);
    memcpy(p, "WAVE", 4);
    p = put(p + 4, "fmt ", 16, 4);
    p = put(p, NULL, (uint32_t)format, 2);
    p = put(p, NULL, (uint32_t)channels, 2);
    p = put(p, NULL, (uint32_t)rate, 4);
    p = put(p, NULL, (uint32_t)(rate * block), 4);
    p = put(p, NULL, (uint32_t)block, 2);
    p = put(p, NULL, (uint32_t)bits, 2);
    p = put(p, "data", (uint32_t)bytes, 4);
    memcpy(p, sound, bytes);
    return (size_t)(p - start) + bytes;
}

static const char *write_wav(int format, int channels, int rate, int bits, const void *sound,
                             size_t bytes)
{
    static unsigned char file[ROOM];
    return scratch_write("x.wav", file, make_wav(file, format, channels, rate, bits, sound, bytes));
}

static media_audio *open_ok(const char *input, int rate)
{
    media_error err = {""};
    media_audio *a = NULL;
    if (media_audio_open(input, &(media_audio_options){.rate = rate}, &a, &err) != MEDIA_OK)
        fail_msg("%s", err.message);
    return a;
}

/* Reads to the end, at most `piece` samples a call; returns how many there were. */
static size_t read_all(const char *input, int rate, size_t piece, float *out)
{
    media_error err = {""};
    media_audio *a = open_ok(input, rate);
    size_t n = 0, got = 0;
    int status;
    while ((status = media_audio_read(a, out + n, piece, &got, &err)) == MEDIA_OK) {
        assert_true(got >= 1 && got <= piece);
        n += got;
    }
    if (status != MEDIA_END)
        fail_msg("%s", err.message);
    assert_int_equal(media_audio_read(a, out + n, piece, &got, &err), MEDIA_END);
    media_audio_close(a);
    return n;
}

/* The message must hold both parts, after so many good samples. */
static void expect_error(const char *input, int rate, size_t good, const char *part1,
                         const char *part2)
{
    static float out[ROOM];
    media_error err = {""};
    media_audio *a = NULL;
    size_t n = 0, got = 0;
    int status = media_audio_open(input, &(media_audio_options){.rate = rate}, &a, &err);
    for (; status == MEDIA_OK; n += got)
        status = media_audio_read(a, out, 100, &got, &err);
    assert_int_equal(status, MEDIA_ERROR);
    if (!strstr(err.message, part1) || !strstr(err.message, part2) || strchr(err.message, '\n'))
        fail_msg("\"%s\" should hold \"%s\" and \"%s\"", err.message, part1, part2);
    assert_int_equal(n, good);
    media_audio_close(a);
}

/* ---------------------------------------------------------------- formats */

static void integers_become_minus_one_to_one(void **state)
{
    (void)state;
    const int16_t s16[4] = {0, 16384, -32768, 32767};
    const int32_t s32[4] = {0, 1 << 30, INT32_MIN, INT32_MAX};
    const uint8_t u8[4] = {128, 192, 0, 255};
    float out[8];
    const char *path = write_wav(1, 1, 16000, 16, s16, sizeof s16);
    assert_int_equal(read_all(path, 0, 8, out), 4);
    assert_true(out[0] == 0 && out[1] == 0.5f && out[2] == -1 && out[3] == 32767.0f / 32768);
    path = write_wav(1, 1, 16000, 32, s32, sizeof s32);
    assert_int_equal(read_all(path, 0, 8, out), 4);
    assert_true(out[0] == 0 && out[1] == 0.5f && out[2] == -1 && out[3] == 1);
    path = write_wav(1, 1, 16000, 8, u8, sizeof u8);
    assert_int_equal(read_all(path, 0, 8, out), 4);
    assert_true(out[0] == 0 && out[1] == 0.5f && out[2] == -1 && out[3] == 127.0f / 128);
}

static void floats_arrive_as_they_are(void **state)
{
    (void)state;
    const float f32[5] = {0, 1.5f, -3e-20f, 1e20f, -1};
    const double f64[3] = {0.25, -7, 1e-300};
    float out[8];
    const char *path = write_wav(3, 1, 44100, 32, f32, sizeof f32);
    assert_int_equal(read_all(path, 44100, 2, out), 5);
    assert_memory_equal(out, f32, sizeof f32);
    path = write_wav(3, 1, 44100, 64, f64, sizeof f64);
    assert_int_equal(read_all(path, 0, 8, out), 3);
    assert_true(out[0] == 0.25f && out[1] == -7 && out[2] == 0);
}

static void channels_become_their_mean(void **state)
{
    (void)state;
    float stereo[6] = {1, 0, -0.5f, 0.5f, 3, 5}, out[8], many[5 * 7];
    const char *path = write_wav(3, 2, 8000, 32, stereo, sizeof stereo);
    assert_int_equal(read_all(path, 0, 8, out), 3);
    assert_true(out[0] == 0.5f && out[1] == 0 && out[2] == 4);
    for (int i = 0; i < 35; i++)
        many[i] = (float)(i % 7);
    path = write_wav(3, 7, 8000, 32, many, sizeof many);
    assert_int_equal(read_all(path, 0, 8, out), 5);
    assert_true(out[0] == 3 && out[4] == 3);
}

static void raw_formats(void **state)
{
    (void)state;
    const int16_t s16[6] = {0, 16384, -32768, 0, 8192, 8192};
    float out[8];
    char spec[600];
    media_audio_info info;
    const char *path = scratch_write("raw", s16, sizeof s16);
    snprintf(spec, sizeof spec, "rawaudio:8000:s16le:%s", path);
    assert_int_equal(read_all(spec, 0, 8, out), 6);
    assert_true(out[1] == 0.5f && out[2] == -1 && out[4] == 0.25f);
    snprintf(spec, sizeof spec, "rawaudio:8000x2:s16le:%s", path);
    assert_int_equal(read_all(spec, 0, 8, out), 3);
    assert_true(out[0] == 0.25f && out[1] == -0.5f && out[2] == 0.25f);
    media_audio *a = open_ok(spec, 16000);
    media_audio_get_info(a, &info);
    assert_true(info.rate == 16000 && info.input_rate == 8000 && info.channels == 2);
    media_audio_close(a);
}

/* ------------------------------------------------------------------- rates */

static double tone(double seconds)
{
    return 0.5 * sin(2 * 3.14159265358979 * 440 * seconds);
}

static void another_rate_keeps_time_and_size(void **state)
{
    (void)state;
    const int from[] = {48000, 44100, 8000, 16000}, to[] = {16000, 16000, 16000, 11025};
    static float x[48000], out[48000];
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < from[k]; i++)
            x[i] = (float)tone((double)i / from[k]);
        const char *path = write_wav(3, 1, from[k], 32, x, (size_t)from[k] * sizeof *x);
        assert_int_equal(read_all(path, to[k], 1000, out), to[k]);
        for (int i = to[k] / 10; i < to[k] * 9 / 10; i++)
            if (!(fabs((double)out[i] - tone((double)i / to[k])) < 1e-3))
                fail_msg("%d to %d: sample %d is %g", from[k], to[k], i, (double)out[i]);
    }
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    static float x[10000], whole[10000], parts[10000];
    for (int i = 0; i < 10000; i++)
        x[i] = (float)(i * 7919 % 2000) / 1000 - 1;
    const char *path = write_wav(3, 1, 44100, 32, x, sizeof x);
    const size_t n = read_all(path, 16000, 10000, whole);
    assert_int_equal(n, 3629); /* 10000 * 16000 / 44100, rounded up */
    assert_int_equal(read_all(path, 16000, 1, parts), n);
    assert_memory_equal(whole, parts, n * sizeof *whole);
    assert_int_equal(read_all(path, 16000, 777, parts), n);
    assert_memory_equal(whole, parts, n * sizeof *whole);
}

static void one_sample_is_enough(void **state)
{
    (void)state;
    const int16_t x = 16384;
    float out[100];
    assert_int_equal(read_all(write_wav(1, 1, 16000, 16, &x, 2), 0, 100, out), 1);
    assert_true(out[0] == 0.5f);
    assert_int_equal(read_all(write_wav(1, 1, 16000, 16, &x, 2), 8000, 100, out), 1);
    assert_int_equal(read_all(write_wav(1, 1, 16000, 16, &x, 2), 48000, 100, out), 3);
}

/* ------------------------------------------------------------------- pipes */

/* Makes the bytes (less than a pipe holds) what stdin gives next. */
static void set_stdin(const void *bytes, size_t n)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, n), (int)n);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

static void wav_through_a_pipe(void **state)
{
    (void)state;
    static unsigned char wav[20000];
    int16_t x[5000];
    float out[5000];
    for (int i = 0; i < 5000; i++)
        x[i] = (int16_t)i;
    const size_t n = make_wav(wav, 1, 1, 16000, 16, x, sizeof x);
    set_stdin(wav, n);
    assert_int_equal(read_all("-", 16000, 333, out), 5000);
    assert_true(out[4999] == 4999.0f / 32768);
    put(wav + 40, NULL, UINT32_MAX, 4); /* as who cannot go back writes it */
    set_stdin(wav, n);
    assert_int_equal(read_all("-", 16000, 333, out), 5000);
    set_stdin(x, sizeof x);
    assert_int_equal(read_all("rawaudio:16000:s16le:-", 0, 5000, out), 5000);
    set_stdin("no sound at all, but text", 25);
    expect_error("-", 0, 0, "stdin", "is not a wav stream");
    set_stdin(wav, 20);
    expect_error("-", 0, 0, "stdin", "is not a wav stream");
}

/* -------------------------------------------------------------- bad inputs */

static void bad_names_and_files(void **state)
{
    (void)state;
    const char picture[] = "YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME\nabcdFRAME\nabcd";
    expect_error("missing.wav", 0, 0, "missing.wav", "cannot be opened");
    expect_error(".", 0, 0, ".", "is a directory");
    expect_error(scratch_write("empty.wav", "", 0), 0, 0, "empty.wav", "is empty");
    expect_error(scratch_write("letter.wav", "Dear reader, no sound.", 22), 0, 0, "letter.wav",
                 "is not audio");
    expect_error(scratch_write("film.y4m", picture, sizeof picture - 1), 0, 0, "film.y4m",
                 "has no audio stream");
    expect_error(write_wav(1, 1, 16000, 16, "", 0), 0, 0, "x.wav", "has no samples");
    expect_error("rawaudio:16000:s16le", 0, 0, "rawaudio:16000:s16le", "should be rawaudio:RATE");
    expect_error("rawaudio:16000:s16le:", 0, 0, "rawaudio:", "should be rawaudio:RATE");
    expect_error("rawaudio:x:s16le:f", 0, 0, "rawaudio:x", "should be rawaudio:RATE");
    expect_error("rawaudio:0:s16le:f", 0, 0, "rawaudio:0", "the rate must be from");
    expect_error("rawaudio:16000x0:s16le:f", 0, 0, "rawaudio:", "channels must be from");
    expect_error("rawaudio:16000:s17le:f", 0, 0, "s17le", "there is no raw format");
    expect_error("rawaudio:16000:s16le:missing", 0, 0, "missing", "cannot be opened");
    const char *path = write_wav(1, 1, 16000, 16, "abcd", 4);
    expect_error(path, -1, 0, "x.wav", "a rate of -1 is not from 100");
    expect_error(path, 99, 0, "x.wav", "a rate of 99 is not from 100");
    expect_error(path, 768001, 0, "x.wav", "a rate of 768001");
    char spec[600];
    snprintf(spec, sizeof spec, "rawaudio:16000:wav:%s", path);
    expect_error(spec, 0, 0, "\"wav\"", "is no raw format");
}

static void cut_files_say_so(void **state)
{
    (void)state;
    static unsigned char wav[ROOM];
    static int16_t x[100000];
    const size_t n = make_wav(wav, 1, 1, 16000, 16, x, sizeof x);
    expect_error(scratch_write("cut.wav", wav, n / 2), 0, 49989, "cut.wav",
                 "ends early: 49989 of 100000 samples");
    expect_error(scratch_write("cut.wav", wav, n - 200), 0, 99900, "cut.wav", "ends early");
    put(wav + 40, NULL, UINT32_MAX, 4);
    float *out = malloc(sizeof x * 2);
    assert_int_equal(read_all(scratch_write("open.wav", wav, n), 0, 1000, out), 100000);
    free(out);
}

static void what_is_no_number_is_refused_with_its_place(void **state)
{
    (void)state;
    static float x[20000];
    const float evil[] = {NAN, INFINITY, -INFINITY};
    for (int k = 0; k < 3; k++) {
        memset(x, 0, sizeof x);
        x[2 * 8000 + 1] = evil[k]; /* of the second channel */
        expect_error(write_wav(3, 2, 16000, 32, x, sizeof x), 0, 8000, "x.wav",
                     "sample 8000 (second 0.500) is NaN or infinite");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_become_minus_one_to_one),
        cmocka_unit_test(floats_arrive_as_they_are),
        cmocka_unit_test(channels_become_their_mean),
        cmocka_unit_test(raw_formats),
        cmocka_unit_test(another_rate_keeps_time_and_size),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(one_sample_is_enough),
        cmocka_unit_test(wav_through_a_pipe),
        cmocka_unit_test(bad_names_and_files),
        cmocka_unit_test(cut_files_say_so),
        cmocka_unit_test(what_is_no_number_is_refused_with_its_place)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
