/* SPDX-License-Identifier: Apache-2.0 */
/* Pixel operators that move elements or resize, against loops that say what they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pixel_check.h"

static const rpr_act sigmoid = {.kind = RPR_ACT_SIGMOID, .post_mul = 1.0f};

static void naive_copy(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    (void)ctx;
    EACH(out)
    SET(out) = at(in, n, y, x, c);
}

static void test_copy(void **state)
{
    const rpr_map shape = dims(2, 3, 5, 7);
    (void)state;
    for (int i = 0; i < 2; i++)
        check_pixel(&(pixel_case){.op = rpr_pixel_copy_new(&shape, i ? &sigmoid : NULL),
                                  .n_in = 1,
                                  .in = {shape},
                                  .out = shape,
                                  .naive = naive_copy});
}

/* ----------------------------------------------------------------- concat */

static void naive_concat(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    rpr_axis axis = *(const rpr_axis *)ctx;
    EACH(out)
    {
        int32_t p[4] = {n, y, x, c};
        const rpr_map *m = in;
        for (;; m++) {
            int32_t size = ((int32_t[]){m->n, m->h, m->w, m->c})[axis];
            if (p[axis] < size)
                break;
            p[axis] -= size;
        }
        SET(out) = at(m, p[0], p[1], p[2], p[3]);
    }
}

static void test_concat(void **state)
{
    (void)state;
    for (rpr_axis axis = RPR_AXIS_N; axis <= RPR_AXIS_C; axis++) {
        int32_t size[4][4], total = 0;
        pixel_case t = {.n_in = 3, .constant = {false, true}, .naive = naive_concat, .ctx = &axis};
        for (int i = 0; i < 3; i++) {
            memcpy(size[i], (int32_t[]){2, 3, 5, 4}, sizeof size[i]);
            size[i][axis] = 1 + 2 * i;
            total += size[i][axis];
            t.in[i] = dims(size[i][0], size[i][1], size[i][2], size[i][3]);
        }
        size[0][axis] = total;
        t.out = dims(size[0][0], size[0][1], size[0][2], size[0][3]);
        t.op = rpr_pixel_concat_new(axis, 3, t.in, axis == RPR_AXIS_H ? &sigmoid : NULL);
        assert_true(rpr_pixel_concat_fits(axis, 3, t.in, &t.out));
        assert_false(rpr_pixel_concat_fits(axis, 2, t.in, &t.out));
        check_pixel(&t);
    }
}

/* ----------------------------------------------------------------- resize */

typedef struct resize_ctx {
    rpr_resize_axis h, w;
} resize_ctx;

static float naive_taps(const resize_ctx *r, const rpr_map *in, int32_t n, int32_t y, int32_t x,
                        int32_t c)
{
    double sum = 0;
    for (int i = 0; i < r->h.taps; i++) {
        for (int j = 0; j < r->w.taps; j++) {
            double wy = (double)r->h.weight[y * r->h.taps + i];
            double wx = (double)r->w.weight[x * r->w.taps + j];
            if (fabs(wy) > 0 && fabs(wx) > 0)
                sum += wy * wx *
                       (double)at(in, n, r->h.index[y * r->h.taps + i],
                                  r->w.index[x * r->w.taps + j], c);
        }
    }
    return (float)sum;
}

static void naive_resize(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    EACH(out)
    SET(out) = naive_taps(ctx, in, n, y, x, c);
}

/** Random sources, near where they would be; some weights 0, or all 1 as for nearest. */
static void random_axis(rpr_resize_axis *a, int32_t *index, float *weight, int32_t in, int32_t out,
                        bool nearest)
{
    *a = (rpr_resize_axis){1 + (int32_t)check_random(RPR_RESIZE_TAPS), index, weight};
    a->taps = nearest ? 1 : a->taps;
    for (int32_t i = 0; i < out * a->taps; i++) {
        int32_t p = i / a->taps * in / out + (int32_t)check_random(3) - 1;
        index[i] = p < 0 ? 0 : p >= in ? in - 1 : p;
        weight[i] = nearest ? 1.0f : check_random(3) == 0 ? 0.0f : check_random_float();
    }
}

static void test_resize(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        int32_t index[2][20 * RPR_RESIZE_TAPS];
        float weight[2][20 * RPR_RESIZE_TAPS];
        resize_ctx r;
        rpr_map in = dims(2, 1 + (int32_t)check_random(9), 1 + (int32_t)check_random(9), 5);
        rpr_map out = dims(2, 1 + (int32_t)check_random(19), 1 + (int32_t)check_random(19), 5);
        random_axis(&r.h, index[0], weight[0], in.h, out.h, round % 4 == 0);
        random_axis(&r.w, index[1], weight[1], in.w, out.w, round % 4 == 0);
        assert_true(rpr_pixel_resize_fits(&in, &out, &r.h, &r.w));
        check_pixel(&(pixel_case){
            .op = rpr_pixel_resize_new(&out, &r.h, &r.w, round % 3 == 0 ? &sigmoid : NULL),
            .n_in = 1,
            .in = {in},
            .out = out,
            .naive = naive_resize,
            .ctx = &r});
        index[0][0] = in.h;
        assert_false(rpr_pixel_resize_fits(&in, &out, &r.h, &r.w));
    }
}

/* ------------------------------------------- gathers: slices, pads, tables */

/** index[axis][i], or -1. */
typedef struct gather_ctx {
    int32_t index[4][32];
    float value;
} gather_ctx;

static void naive_gather(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    const gather_ctx *g = ctx;
    EACH(out)
    {
        int32_t a = g->index[0][n], b = g->index[1][y], d = g->index[2][x], e = g->index[3][c];
        SET(out) = a < 0 || b < 0 || d < 0 || e < 0 ? g->value : at(in, a, b, d, e);
    }
}

static void check_gather(rpr_pixel_op *op, const rpr_map *in, const rpr_map *out,
                         const gather_ctx *g)
{
    check_pixel(&(pixel_case){
        .op = op, .n_in = 1, .in = {*in}, .out = *out, .naive = naive_gather, .ctx = g});
}

static void test_slice(void **state)
{
    const int32_t start[][4] = {{0, 1, 2, 0}, {1, 0, 8, 3}, {0, 6, 0, 1}, {1, 0, 1, 10}};
    const int32_t step[][4] = {{1, 2, 1, 1}, {-1, 1, -3, 1}, {1, -1, 2, 2}, {1, 1, 1, -1}};
    const rpr_map in = dims(2, 7, 9, 11);
    const rpr_map out[] = {dims(2, 3, 5, 11), dims(2, 7, 3, 6), dims(1, 7, 4, 5), dims(1, 2, 8, 9)};
    (void)state;
    for (int s = 0; s < 4; s++) {
        gather_ctx g;
        for (int a = 0; a < 4; a++)
            for (int i = 0; i < 32; i++)
                g.index[a][i] = start[s][a] + i * step[s][a];
        assert_true(rpr_pixel_slice_fits(&in, &out[s], start[s], step[s]));
        check_gather(rpr_pixel_slice_new(&out[s], start[s], step[s], s == 1 ? &sigmoid : NULL), &in,
                     &out[s], &g);
    }
    assert_false(rpr_pixel_slice_fits(&in, &in, start[0], step[0]));
    assert_false(rpr_pixel_slice_fits(&in, &in, start[1], step[1]));
}

/** ONNX's Pad, position by position: edge clamps, reflect mirrors without repeating the border. */
static int32_t naive_pad(rpr_pad_mode mode, int32_t i, int32_t size)
{
    if (mode == RPR_PAD_CONSTANT)
        return i < 0 || i >= size ? -1 : i;
    while (i < 0 || i >= size) {
        if (mode == RPR_PAD_EDGE)
            i += i < 0 ? 1 : -1;
        else
            i = i < 0 ? -i : 2 * size - 2 - i;
    }
    return i;
}

static void test_pad(void **state)
{
    const int32_t begin[][4] = {
        {0, 1, 2, 0}, {0, 2, 0, 3}, {0, -1, -2, 0}, {0, 0, 3, -2}, {0, 11, 0, 0}};
    const rpr_map in = dims(2, 5, 6, 7);
    const rpr_map out[] = {dims(2, 8, 11, 7), dims(2, 7, 6, 12), dims(2, 3, 7, 7), dims(2, 6, 9, 4),
                           dims(2, 27, 6, 7)};
    (void)state;
    for (int s = 0; s < 5; s++) {
        for (rpr_pad_mode mode = RPR_PAD_CONSTANT; mode <= RPR_PAD_REFLECT; mode++) {
            const int32_t size[4] = {in.n, in.h, in.w, in.c};
            const int32_t count[4] = {out[s].n, out[s].h, out[s].w, out[s].c};
            gather_ctx g = {.value = -3.5f};
            for (int a = 0; a < 4; a++)
                for (int i = 0; i < count[a]; i++)
                    g.index[a][i] = naive_pad(mode, i - begin[s][a], size[a]);
            assert_true(rpr_pixel_pad_fits(&in, &out[s], mode));
            check_gather(
                rpr_pixel_pad_new(&in, &out[s], begin[s], mode, -3.5f, s == 2 ? &sigmoid : NULL),
                &in, &out[s], &g);
        }
    }
    const rpr_map empty = dims(2, 0, 6, 7);
    assert_false(rpr_pixel_pad_fits(&empty, &out[0], RPR_PAD_REFLECT));
    assert_true(rpr_pixel_pad_fits(&empty, &out[0], RPR_PAD_CONSTANT));
}

static void test_gather(void **state)
{
    const rpr_map in = dims(2, 3, 4, 5), out = dims(3, 4, 9, 7);
    (void)state;
    for (int round = 0; round < 8; round++) {
        const int32_t size[4] = {in.n, in.h, in.w, in.c}, count[4] = {out.n, out.h, out.w, out.c};
        gather_ctx g = {.value = 0.5f};
        for (int a = 0; a < 4; a++)
            for (int i = 0; i < count[a]; i++)
                g.index[a][i] = (int32_t)check_random((uint32_t)size[a] + 1) - (a < 3 && round % 2);
        for (int a = 0; a < 4; a++)
            for (int i = 0; i < count[a]; i++)
                g.index[a][i] = g.index[a][i] >= size[a] ? size[a] - 1 : g.index[a][i];
        const int32_t *const index[4] = {g.index[0], g.index[1], g.index[2], g.index[3]};
        assert_true(rpr_pixel_gather_fits(&in, &out, index));
        check_gather(rpr_pixel_gather_new(&out, index, g.value, NULL), &in, &out, &g);
        g.index[3][2] = in.c;
        assert_false(rpr_pixel_gather_fits(&in, &out, index));
    }
}

/* ----------------------------------------------------------------- blocks */

typedef struct block_ctx {
    int32_t block;
    rpr_block_order order;
} block_ctx;

static int32_t deep_channel(const block_ctx *b, int32_t y, int32_t x, int32_t c, int32_t channels)
{
    int32_t dy = y % b->block, dx = x % b->block;
    return b->order == RPR_BLOCK_DCR ? dy * b->block * channels + dx * channels + c
                                     : c * b->block * b->block + dy * b->block + dx;
}

static void naive_to_space(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    const block_ctx *b = ctx;
    EACH(out)
    SET(out) = at(in, n, y / b->block, x / b->block, deep_channel(b, y, x, c, out->c));
}

static void naive_to_depth(const void *ctx, const rpr_map *in, const rpr_map *out)
{
    const block_ctx *b = ctx;
    EACH(in)
    {
        int32_t k = deep_channel(b, y, x, c, in->c);
        rpr_map_at(out, n, y / b->block, x / b->block)[k] = at(in, n, y, x, c);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    for (int32_t block = 1; block <= 3; block++) {
        for (rpr_block_order order = RPR_BLOCK_DCR; order <= RPR_BLOCK_CRD; order++) {
            const block_ctx b = {block, order};
            const rpr_map deep = dims(2, 3, 5, 4 * block * block);
            const rpr_map shallow = dims(2, 3 * block, 5 * block, 4);
            const rpr_act *act = block == 2 ? &sigmoid : NULL;
            assert_true(rpr_pixel_depth_to_space_fits(&deep, &shallow, block));
            assert_true(rpr_pixel_space_to_depth_fits(&shallow, &deep, block));
            assert_false(rpr_pixel_depth_to_space_fits(&deep, &shallow, block + 1));
            check_pixel(&(pixel_case){.op = rpr_pixel_depth_to_space_new(block, order, act),
                                      .n_in = 1,
                                      .in = {deep},
                                      .out = shallow,
                                      .naive = naive_to_space,
                                      .ctx = &b});
            check_pixel(&(pixel_case){.op = rpr_pixel_space_to_depth_new(block, order, act),
                                      .n_in = 1,
                                      .in = {shallow},
                                      .out = deep,
                                      .naive = naive_to_depth,
                                      .ctx = &b});
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy),   cmocka_unit_test(test_concat), cmocka_unit_test(test_resize),
        cmocka_unit_test(test_slice),  cmocka_unit_test(test_pad),    cmocka_unit_test(test_gather),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
