/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on maps of u8 that move elements: those for bytes, and those for floats on words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bytes_check.h"

static bytes_map map_of(const int32_t size[4])
{
    return bytes_dims(size[0], size[1], size[2], size[3]);
}

/* ----------------------------------------------------------------- concat */

typedef struct concat_ctx {
    rpr_axis axis;
    bytes_map in[4];
    const uint8_t *table[4];
} concat_ctx;

static float naive_concat(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                          int32_t c)
{
    const concat_ctx *q = ctx;
    int32_t p[4] = {n, y, x, c};
    int i = 0;
    for (;; i++) {
        const bytes_map *m = &q->in[i];
        int32_t size = ((int32_t[]){m->n, m->h, m->w, m->channels})[q->axis];
        if (p[q->axis] < size)
            break;
        p[q->axis] -= size;
    }
    float v = bytes_get(r, i, p[0], p[1], p[2], p[3]);
    return q->table[i] ? (float)q->table[i][(int)v] : v;
}

static void check_concat(rpr_axis axis, const int32_t along[3], bool tables)
{
    static uint8_t table[2][256];
    concat_ctx q = {.axis = axis, .table = {table[0], NULL, table[1]}};
    bytes_case t = {.n_in = 3, .constant = {false, true}, .naive = naive_concat, .ctx = &q};
    int32_t size[4] = {2, 3, 5, 7}, channels[3];
    rpr_map shape[3], out;
    for (int i = 0; i < 2 * 256; i++)
        table[i / 256][i % 256] = (uint8_t)check_random(256);
    if (!tables)
        q.table[0] = q.table[2] = NULL;
    for (int i = 0; i < 3; i++) {
        size[axis] = along[i];
        t.in[i] = q.in[i] = map_of(size);
        shape[i] = bytes_shape(&t.in[i]);
        channels[i] = size[3];
    }
    size[axis] = along[0] + along[1] + along[2];
    t.out = map_of(size);
    out = bytes_shape(&t.out);
    assert_true(rpr_pixel_bytes_concat_fits(axis, 3, shape, channels, &out, size[3]));
    assert_false(rpr_pixel_bytes_concat_fits(axis, 2, shape, channels, &out, size[3]));
    channels[0] += 4;
    assert_false(rpr_pixel_bytes_concat_fits(axis, 3, shape, channels, &out, size[3]));
    channels[0] -= 4;
    t.op = rpr_pixel_bytes_concat_new(axis, 3, shape, channels, tables ? q.table : NULL);
    check_bytes(&t);
}

static void test_concat(void **state)
{
    (void)state;
    for (int tables = 0; tables < 2; tables++) {
        for (rpr_axis axis = RPR_AXIS_N; axis <= RPR_AXIS_W; axis++)
            check_concat(axis, (int32_t[]){1, 3, 5}, tables);
        check_concat(RPR_AXIS_C, (int32_t[]){4, 16, 8}, tables);
        check_concat(RPR_AXIS_C, (int32_t[]){4, 16, 7}, tables);
        check_concat(RPR_AXIS_C, (int32_t[]){3, 5, 4}, tables);
        check_concat(RPR_AXIS_C, (int32_t[]){1, 1, 1}, tables);
        check_concat(RPR_AXIS_C, (int32_t[]){8, 6, 21}, tables);
    }
}

/* ----------------------------------------------------------------- gather */

typedef struct gather_ctx {
    const int32_t *index[4];
    uint8_t value;
} gather_ctx;

static float naive_gather(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                          int32_t c)
{
    const gather_ctx *g = ctx;
    int32_t p[4] = {n, y, x, c};
    for (int a = 0; a < 4; a++) {
        if (g->index[a])
            p[a] = g->index[a][p[a]];
        if (p[a] < 0)
            return g->value;
    }
    return bytes_get(r, 0, p[0], p[1], p[2], p[3]);
}

static void check_gather(const bytes_map *in, const bytes_map *out, const gather_ctx *g)
{
    const rpr_map from = bytes_shape(in), to = bytes_shape(out);
    assert_true(rpr_pixel_bytes_gather_fits(&from, in->channels, &to, out->channels, g->index));
    check_bytes(&(bytes_case){
        .op = rpr_pixel_bytes_gather_new(in->channels, &to, out->channels, g->index, g->value),
        .n_in = 1,
        .in = {*in},
        .out = *out,
        .naive = naive_gather,
        .ctx = g});
}

static void fill_random(int32_t *index, int32_t n, int32_t size)
{
    for (int32_t i = 0; i < n; i++)
        index[i] = (int32_t)check_random((uint32_t)size + 1) - 1;
}

static void test_gather(void **state)
{
    const int32_t count[4] = {3, 5, 9, 13};
    int32_t index[4][16];
    (void)state;
    for (int round = 0; round < 8; round++) {
        const bytes_map in = bytes_dims(2, 4, 6, 12), out = map_of(count);
        gather_ctx g = {.value = (uint8_t)check_random(256)};
        const int32_t size[4] = {in.n, in.h, in.w, in.channels};
        for (int a = 0; a < 4; a++) {
            fill_random(index[a], count[a], size[a]);
            g.index[a] = index[a];
        }
        check_gather(&in, &out, &g);
    }
}

/** Slices, repetitions and pads of channels; most within words, some not. */
static void test_gather_channels(void **state)
{
    static const struct {
        int32_t in, out, index[16];
    } cases[] = {
        {12, 8, {4, 5, 6, 7, 8, 9, 10, 11}},  /* words */
        {12, 8, {8, 9, 10, 11, 0, 1, 2, 3}},  /* words in another order */
        {10, 6, {4, 5, 6, 7, 8, 9}},          /* the last word, padding and all */
        {10, 5, {4, 5, 6, 7, 8}},             /* without its last channel */
        {12, 6, {4, 5, 6, 7, 8, 9}},          /* the padding would be channels */
        {8, 6, {1, 2, 3, 4, 5, 6}},           /* between words */
        {4, 8, {-1, -1, -1, -1, 0, 1, 2, 3}}, /* a word of the value */
        {4, 6, {0, 1, 2, 3, -1, -1}},         /* and one that is not whole */
        {4, 6, {-1, 0, 1, 2, 3, -1}},
        {8, 8, {0, 4, 1, 5, 2, 6, 3, 7}}, /* a shuffle */
        {3, 3, {2, 1, 0}},
        {1, 4, {0, 0, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bytes_map in = bytes_dims(2, 3, 5, cases[i].in);
        const bytes_map out = bytes_dims(2, 3, 5, cases[i].out);
        check_gather(&in, &out,
                     &(gather_ctx){.index = {NULL, NULL, NULL, cases[i].index}, .value = 99});
    }
    const bytes_map same = bytes_dims(2, 3, 5, 7);
    check_gather(&same, &same, &(gather_ctx){.value = 1});
    const rpr_map m = bytes_shape(&same);
    const int32_t bad[7] = {0, 1, 2, 3, 4, 5, 7};
    const int32_t *const index[4] = {NULL, NULL, NULL, bad};
    assert_false(rpr_pixel_bytes_gather_fits(&m, 7, &m, 7, index));
    assert_true(rpr_pixel_bytes_gather_fits(&m, 8, &m, 7, index));
    assert_false(rpr_pixel_bytes_gather_fits(&m, 9, &m, 7, index));
}

/* ------------------------------------- operators for floats, on words as they are */

static void check_words(rpr_pixel_op *op, const bytes_map *in, const bytes_map *out,
                        const gather_ctx *g)
{
    check_bytes(&(bytes_case){
        .op = op, .n_in = 1, .in = {*in}, .out = *out, .naive = naive_gather, .ctx = g});
}

static void test_words(void **state)
{
    const int32_t up[10] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4}, even[3] = {0, 2, 4};
    const int32_t padded[7] = {-1, 0, 1, 2, 3, 4, -1}, one = 1;
    const float ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const bytes_map in = bytes_dims(2, 5, 5, 6);
    rpr_map from = bytes_shape(&in), to;
    (void)state;
    check_words(rpr_pixel_copy_new(&from, NULL), &in, &in, &(gather_ctx){.value = 0});

    bytes_map out = bytes_dims(2, 10, 10, 6);
    to = bytes_shape(&out);
    const rpr_resize_axis axis = {one, up, ones};
    check_words(rpr_pixel_resize_new(&to, &axis, &axis, NULL), &in, &out,
                &(gather_ctx){.index = {NULL, up, up}});

    out = bytes_dims(2, 3, 5, 6);
    to = bytes_shape(&out);
    check_words(rpr_pixel_slice_new(&to, (int32_t[]){0, 0, 0, 0}, (int32_t[]){1, 2, 1, 1}, NULL),
                &in, &out, &(gather_ctx){.index = {NULL, even}});

    const uint8_t zeros[] = {0, 128, 255};
    for (int i = 0; i < 3; i++) {
        out = bytes_dims(2, 7, 7, 6);
        to = bytes_shape(&out);
        check_words(rpr_pixel_pad_new(&from, &to, (int32_t[]){0, 1, 1, 0}, RPR_PAD_CONSTANT,
                                      rpr_byte_word(zeros[i]), NULL),
                    &in, &out, &(gather_ctx){.index = {NULL, padded, padded}, .value = zeros[i]});
    }
}

/* ----------------------------------------------------------------- blocks */

typedef struct block_ctx {
    int32_t block, channels;
    rpr_block_order order;
} block_ctx;

static int32_t deep_channel(const block_ctx *b, int32_t dy, int32_t dx, int32_t c)
{
    return b->order == RPR_BLOCK_DCR ? (dy * b->block + dx) * b->channels + c
                                     : (c * b->block + dy) * b->block + dx;
}

static float naive_to_space(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                            int32_t c)
{
    const block_ctx *b = ctx;
    return bytes_get(r, 0, n, y / b->block, x / b->block,
                     deep_channel(b, y % b->block, x % b->block, c));
}

static float naive_to_depth(const void *ctx, const bytes_reader *r, int32_t n, int32_t y, int32_t x,
                            int32_t c)
{
    const block_ctx *b = ctx;
    for (int32_t d = 0; d < b->block * b->block; d++)
        for (int32_t k = 0; k < b->channels; k++)
            if (deep_channel(b, d / b->block, d % b->block, k) == c)
                return bytes_get(r, 0, n, y * b->block + d / b->block, x * b->block + d % b->block,
                                 k);
    return -1.0f;
}

static void check_block(const block_ctx *b)
{
    const bytes_map deep = bytes_dims(2, 3, 4, b->channels * b->block * b->block);
    const bytes_map shallow = bytes_dims(2, 3 * b->block, 4 * b->block, b->channels);
    const rpr_map d = bytes_shape(&deep), s = bytes_shape(&shallow);
    assert_true(rpr_pixel_bytes_depth_to_space_fits(&d, &s, b->block, b->channels));
    assert_true(rpr_pixel_bytes_space_to_depth_fits(&s, &d, b->block, b->channels));
    assert_false(rpr_pixel_bytes_space_to_depth_fits(&s, &d, b->block, b->channels + 4));
    check_bytes(
        &(bytes_case){.op = rpr_pixel_bytes_depth_to_space_new(b->block, b->order, b->channels),
                      .n_in = 1,
                      .in = {deep},
                      .out = shallow,
                      .naive = naive_to_space,
                      .ctx = b});
    /* One element of a block is one pixel: touch marks what reads any of it. */
    check_bytes(
        &(bytes_case){.op = rpr_pixel_bytes_space_to_depth_new(b->block, b->order, b->channels),
                      .n_in = 1,
                      .in = {shallow},
                      .out = deep,
                      .naive = naive_to_depth,
                      .ctx = b});
}

static void test_blocks(void **state)
{
    (void)state;
    for (int32_t block = 1; block <= 3; block++)
        for (int32_t channels = 1; channels <= 8; channels++)
            for (rpr_block_order order = RPR_BLOCK_DCR; order <= RPR_BLOCK_CRD; order++)
                check_block(&(block_ctx){block, channels, order});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concat),          cmocka_unit_test(test_gather),
        cmocka_unit_test(test_gather_channels), cmocka_unit_test(test_words),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
