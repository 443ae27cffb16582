/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing: what is set, and that nothing outside the picture is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "media/draw.h"
#include "media/font.h"

enum { W = 40, H = 24, GUARD = 64 };

static uint8_t store[GUARD + W * H * 3 + GUARD];

static media_picture blank(void)
{
    memset(store, 0x5a, sizeof store);
    memset(store + GUARD, 0, W * H * 3);
    return (media_picture){.rgb = store + GUARD, .width = W, .height = H};
}

static void check_guards(void)
{
    for (int i = 0; i < GUARD; i++) {
        assert_int_equal(store[i], 0x5a);
        assert_int_equal(store[GUARD + W * H * 3 + i], 0x5a);
    }
}

static const uint8_t *at(const media_picture *p, int x, int y)
{
    return p->rgb + (y * p->width + x) * 3;
}

static void box_has_four_sides(void **state)
{
    (void)state;
    media_picture p = blank();
    media_draw_box(&p, 5, 4, 20, 15, 2, (media_color){255, 1, 2});
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int inside = x >= 5 && x <= 20 && y >= 4 && y <= 15;
            int hollow = x >= 7 && x <= 18 && y >= 6 && y <= 13;
            assert_int_equal(at(&p, x, y)[0], inside && !hollow ? 255 : 0);
        }
}

static void everything_is_clipped(void **state)
{
    (void)state;
    media_picture p = blank();
    float cells[6] = {1, 0.5f, 2, -1, 1, 1};
    media_draw_box(&p, -100, -100, 1000, 1000, 2, (media_color){9, 9, 9});
    media_draw_box(&p, 30, 20, 10, 5, 2, (media_color){9, 9, 9});
    media_draw_text(&p, -7, -3, 3, "clipped", (media_color){255, 255, 255});
    media_draw_text(&p, 35, 20, 2, "\xff\n~", (media_color){255, 255, 255});
    media_fill(&p, 2000000000, -2000000000, -5, 2000000000, (media_color){1, 1, 1}, 256);
    media_draw_heat(&p, cells, 3, 2);
    check_guards();
}

static void heat_leaves_cold_cells(void **state)
{
    (void)state;
    media_picture p = blank();
    float cells[2] = {0, 1};
    media_draw_heat(&p, cells, 2, 1);
    assert_int_equal(at(&p, W / 4 - 1, 0)[0], 0); /* up to the middle of the cold cell */
    assert_true(at(&p, W - 1, H - 1)[0] > 80);
    assert_int_equal(at(&p, W - 1, 0)[1], 0); /* the hottest is red */
    for (int x = 1; x < W; x++)
        assert_true(at(&p, x, 3)[0] >= at(&p, x - 1, 3)[0]);
}

static void heat_lies_where_its_cell_is(void **state)
{
    (void)state;
    enum { COLUMNS = 5, ROWS = 3 };
    for (int hot = 0; hot < COLUMNS * ROWS; hot++) {
        media_picture p = blank();
        float cells[COLUMNS * ROWS] = {0};
        cells[hot] = 1;
        media_draw_heat(&p, cells, COLUMNS, ROWS);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                int is_hot = x / (W / COLUMNS) == hot % COLUMNS && y / (H / ROWS) == hot / COLUMNS;
                float from_x = ((float)x + 0.5f) * COLUMNS / W - 0.5f - (float)(hot % COLUMNS);
                float from_y = ((float)y + 0.5f) * ROWS / H - 0.5f - (float)(hot / COLUMNS);
                int is_near = fabsf(from_x) < 1 && fabsf(from_y) < 1;
                assert_true(at(&p, x, y)[0] <= (is_near ? 255 : 0));
                assert_true(at(&p, x, y)[0] >= (is_hot ? 24 : 0));
            }
    }
}

static void text_shows_the_font(void **state)
{
    (void)state;
    media_picture p = blank();
    media_draw_text(&p, 1, 2, 2, "A", (media_color){255, 255, 255});
    for (int y = 0; y < FONT_HEIGHT * 2; y++)
        for (int x = 0; x < FONT_WIDTH * 2; x++)
            assert_int_equal(at(&p, x + 1, y + 2)[0], font_dot('A', x / 2, y / 2) ? 255 : 0);
    assert_int_equal(media_text_width("AB", 2), 22);
    assert_int_equal(media_text_width("", 2), 0);
}

static void every_character_has_its_own_shape(void **state)
{
    (void)state;
    for (int a = ' '; a <= '~'; a++)
        for (int b = ' '; b < a; b++) {
            int same = 1;
            for (int y = 0; y < FONT_HEIGHT; y++)
                for (int x = 0; x < FONT_WIDTH; x++)
                    same &= font_dot((char)a, x, y) == font_dot((char)b, x, y);
            if (same)
                fail_msg("'%c' looks like '%c'", a, b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(box_has_four_sides),
        cmocka_unit_test(everything_is_clipped),
        cmocka_unit_test(heat_leaves_cold_cells),
        cmocka_unit_test(heat_lies_where_its_cell_is),
        cmocka_unit_test(text_shows_the_font),
        cmocka_unit_test(every_character_has_its_own_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
