/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures out: what was written can be read back, and twice the same is the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "media/npy.h"
#include "media/sink.h"
#include "media/source.h"
#include "scratch.h"

enum { W = 51, H = 37, FRAMES = 12 }; /* odd on purpose */

static uint8_t pixels[W * H * 3];

static media_picture picture(int k)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t *p = pixels + (y * W + x) * 3;
            p[0] = (uint8_t)(4 * x);
            p[1] = (uint8_t)(6 * y);
            p[2] = (uint8_t)(20 * k);
        }
    return (media_picture){.rgb = pixels, .width = W, .height = H};
}

static void write_video(const char *path)
{
    media_error err = {""};
    media_sink *s = NULL;
    if (media_sink_open(path, W, H, 10, 1, &s, &err) != MEDIA_OK)
        fail_msg("%s", err.message);
    for (int k = 0; k < FRAMES; k++) {
        media_picture p = picture(k);
        assert_int_equal(media_sink_write(s, &p, &err), MEDIA_OK);
    }
    media_picture small = {.rgb = pixels, .width = W - 1, .height = H};
    assert_int_equal(media_sink_write(s, &small, &err), MEDIA_ERROR);
    assert_int_equal(media_sink_close(s, &err), MEDIA_OK);
}

static void video_can_be_read_back(void **state)
{
    (void)state;
    char path[512];
    strcpy(path, scratch_path("out.mp4"));
    write_video(path);
    media_error err = {""};
    media_source *s = NULL;
    assert_int_equal(media_source_open(path, NULL, &s, &err), MEDIA_OK);
    media_source_info info;
    media_source_get_info(s, &info);
    assert_int_equal(info.width, W + 1);
    assert_int_equal(info.height, H + 1);
    assert_int_equal(info.frames, FRAMES);
    assert_int_equal(info.rate_num, 10 * info.rate_den);
    media_frame f;
    int n = 0, status;
    while ((status = media_source_next(s, &f, &err)) == MEDIA_OK) {
        const uint8_t *p = f.u8 + (20 * (W + 1) + 30) * 3;
        assert_in_range(p[0], 4 * 30 - 12, 4 * 30 + 12);
        assert_in_range(p[1], 6 * 20 - 12, 6 * 20 + 12);
        assert_in_range(p[2] + 12, 20 * n, 20 * n + 24);
        n++;
    }
    assert_int_equal(status, MEDIA_END);
    assert_int_equal(n, FRAMES);
    media_source_close(s);
}

static void same_pictures_same_bytes(void **state)
{
    (void)state;
    size_t na, nb;
    write_video(scratch_path("a.mp4"));
    write_video(scratch_path("b.mp4"));
    unsigned char *a = scratch_read(scratch_path("a.mp4"), &na);
    unsigned char *b = scratch_read(scratch_path("b.mp4"), &nb);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    free(a);
    free(b);
}

/* A film cut near its end; AVI has its header in front, so it opens. */
static void truncated_video_says_so(void **state)
{
    (void)state;
    size_t n;
    write_video(scratch_path("whole.avi"));
    unsigned char *bytes = scratch_read(scratch_path("whole.avi"), &n);
    const char *path = scratch_write("cut.avi", bytes, n * 9 / 10);
    free(bytes);
    media_error err = {""};
    media_source *s = NULL;
    if (media_source_open(path, NULL, &s, &err) != MEDIA_OK)
        fail_msg("%s", err.message);
    media_frame f;
    int good = 0, status;
    while ((status = media_source_next(s, &f, &err)) == MEDIA_OK)
        good++;
    assert_int_equal(status, MEDIA_ERROR);
    assert_true(good < FRAMES);
    assert_non_null(strstr(err.message, "cut.avi: ends early"));
    media_source_close(s);
}

static void unwritable_places_are_named(void **state)
{
    (void)state;
    media_error err = {""};
    media_sink *s = NULL;
    media_picture p = picture(0);
    assert_int_equal(media_sink_open("/nonexistent/a.mp4", W, H, 25, 1, &s, &err), MEDIA_ERROR);
    assert_non_null(strstr(err.message, "/nonexistent/a.mp4: cannot be written"));
    assert_int_equal(media_write_png("/nonexistent/a.png", &p, &err), MEDIA_ERROR);
    assert_non_null(strstr(err.message, "/nonexistent/a.png: cannot be written"));
    assert_int_equal(media_write_npy("/nonexistent/a.npy", "<f4", NULL, 0, "", 0, &err),
                     MEDIA_ERROR);
    assert_non_null(strstr(err.message, "/nonexistent/a.npy: cannot be written"));
}

static void png_keeps_every_pixel(void **state)
{
    (void)state;
    media_picture p = picture(5);
    media_error err = {""};
    media_source *s = NULL;
    media_frame f;
    char path[512];
    strcpy(path, scratch_path("one.png"));
    assert_int_equal(media_write_png(path, &p, &err), MEDIA_OK);
    assert_int_equal(media_source_open(path, NULL, &s, &err), MEDIA_OK);
    assert_int_equal(media_source_next(s, &f, &err), MEDIA_OK);
    assert_int_equal(f.width, W);
    assert_int_equal(f.height, H);
    assert_memory_equal(f.u8, pixels, sizeof pixels);
    assert_int_equal(media_source_next(s, &f, &err), MEDIA_END);
    media_source_close(s);
}

static void npy_has_numpys_layout(void **state)
{
    (void)state;
    const float values[6] = {0, 1, 2, 3, 4, 5};
    const int64_t dim[3] = {1, 2, 3};
    size_t n;
    char path[512];
    strcpy(path, scratch_path("a.npy"));
    assert_int_equal(media_write_npy(path, "<f4", dim, 3, values, sizeof values, NULL), MEDIA_OK);
    unsigned char *bytes = scratch_read(path, &n);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00", 8);
    size_t header = bytes[8] + 256u * bytes[9];
    assert_int_equal((10 + header) % 64, 0);
    assert_int_equal(n, 10 + header + sizeof values);
    assert_int_equal(bytes[10 + header - 1], '\n');
    bytes[10 + header - 1] = 0;
    assert_non_null(strstr((char *)bytes + 10,
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,2,3,), }"));
    assert_memory_equal(bytes + 10 + header, values, sizeof values);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(video_can_be_read_back),  cmocka_unit_test(same_pictures_same_bytes),
        cmocka_unit_test(truncated_video_says_so), cmocka_unit_test(unwritable_places_are_named),
        cmocka_unit_test(png_keeps_every_pixel),   cmocka_unit_test(npy_has_numpys_layout),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
