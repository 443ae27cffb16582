/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bytes_check.h"

#define ROUNDS 6

struct bytes_reader {
    const bytes_map *in;
    const rpr_map *map;
    const rpr_touch *marks;
    bool *read_marked; /* set when a marked pixel is read */
};

float bytes_get(const bytes_reader *r, int i, int32_t n, int32_t y, int32_t x, int32_t c)
{
    const bytes_map *m = &r->in[i];
    assert_true(n >= 0 && n < m->n && y >= 0 && y < m->h && x >= 0 && x < m->w && c >= 0 &&
                c < m->channels);
    const float *p = rpr_map_at(&r->map[i], n, y, x);
    *r->read_marked |= rpr_touch_row(&r->marks[i], n, y)[x] != 0;
    return m->floats ? p[c] : (float)((const uint8_t *)p)[c];
}

/* Everything that one case needs in one layout. */
typedef struct bench {
    const bytes_case *t;
    const rpr_kernels *k;
    buffer in[BYTES_MAX_IN], out;
    rpr_map in_map[BYTES_MAX_IN];
    rpr_touch in_touch[BYTES_MAX_IN], out_touch;
    const rpr_touch *touch[BYTES_MAX_IN];
} bench;

#define CANARY 12345.25f

/** New random channels; padding is the same for every pixel. */
static void fill_pixel(const bytes_map *of, const rpr_map *m, int64_t pixel, uint32_t one_in, int i)
{
    float *p = buffer_pixel(m, pixel);
    uint8_t *b = (uint8_t *)p;
    for (int32_t c = 0; c < of->channels; c++) {
        if (check_random(one_in) != 0)
            continue;
        if (of->floats)
            p[c] = check_random(30) ? 8.0f * check_random_float() : NAN;
        else
            b[c] = (uint8_t)check_random(256);
    }
    for (int32_t c = of->channels; !of->floats && c < 4 * m->c; c++)
        b[c] = (uint8_t)(17 + i);
}

static void bench_open(bench *b, const bytes_case *t, const rpr_kernels *k, int layout)
{
    *b = (bench){.t = t, .k = k};
    for (int i = 0; i < t->n_in; i++) {
        b->in[i] = buffer_new(bytes_shape(&t->in[i]), (layout + i) % LAYOUTS, CANARY);
        b->in_map[i] = b->in[i].m;
        b->in_touch[i] = touch_new(&b->in_map[i]);
        rpr_touch_fill(&b->in_touch[i], false);
        b->touch[i] = t->constant[i] ? NULL : &b->in_touch[i];
        for (int64_t p = 0; p < rpr_touch_pixels(&b->in_touch[i]); p++)
            fill_pixel(&t->in[i], &b->in_map[i], p, 1, i);
    }
    b->out = buffer_new(bytes_shape(&t->out), layout / LAYOUTS, CANARY);
    b->out_touch = touch_new(&b->out.m);
}

static void bench_close(bench *b)
{
    for (int i = 0; i < b->t->n_in; i++) {
        free(b->in[i].mem);
        free(b->in_touch[i].pix);
    }
    free(b->out.mem);
    free(b->out_touch.pix);
}

static void run(const bench *b, const buffer *out, const rpr_touch *mask)
{
    b->t->op->run(b->t->op, b->k, b->in_map, &out->m, rpr_all_rows(&out->m, mask));
}

/** Element c of the output by definition; sets *marked if that reads a marked pixel. */
static float define(const bench *b, int64_t pixel, int32_t c, bool *marked)
{
    const bytes_reader r = {b->t->in, b->in_map, b->in_touch, marked};
    const rpr_map *m = &b->out.m;
    return b->t->naive(b->t->ctx, &r, (int32_t)(pixel / m->w / m->h),
                       (int32_t)(pixel / m->w % m->h), (int32_t)(pixel % m->w), c);
}

static void check_element(const bench *b, int64_t pixel, int32_t c)
{
    bool marked = false;
    const float *p = buffer_pixel(&b->out.m, pixel);
    float want = define(b, pixel, c, &marked);
    float got = b->t->out.floats ? p[c] : (float)((const uint8_t *)p)[c];
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%s: pixel %lld channel %d: got %.9g, expected %.9g", b->k->isa, (long long)pixel,
                 c, (double)got, (double)want);
}

/** Values against the definition; then, with those wiped out, every float against the canary. */
static void check_dense(const bench *b)
{
    buffer wiped = buffer_copy(&b->out);
    const float canary = CANARY;
    for (int64_t p = 0; p < rpr_touch_pixels(&b->out_touch); p++) {
        for (int32_t c = 0; c < b->t->out.channels; c++)
            check_element(b, p, c);
        for (int32_t i = 0; i < wiped.m.c; i++)
            buffer_pixel(&wiped.m, p)[i] = CANARY;
    }
    for (size_t i = 0; i < wiped.count; i++)
        assert_memory_equal(&wiped.mem[i], &canary, sizeof canary);
    free(wiped.mem);
}

/** Marks random pixels; round 0 marks none and round 1 all. */
static void mark(bench *b, int round)
{
    uint32_t one_in = 1 + check_random(40);
    for (int i = 0; i < b->t->n_in; i++) {
        rpr_touch *t = &b->in_touch[i];
        rpr_touch_fill(t, !b->t->constant[i] && round == 1);
        if (b->t->constant[i] || round < 2 || check_random(4) == 0)
            continue;
        for (int64_t p = 0; p < rpr_touch_pixels(t); p++) {
            t->pix[p] = check_random(one_in) == 0;
            t->any |= t->pix[p] != 0;
        }
    }
}

static void check_touch(bench *b)
{
    bool any = false;
    b->t->op->touch(b->t->op, b->touch, &b->out_touch);
    for (int64_t p = 0; p < rpr_touch_pixels(&b->out_touch); p++) {
        bool want = false;
        for (int32_t c = 0; c < b->t->out.channels; c++)
            (void)define(b, p, c, &want);
        assert_int_equal(b->out_touch.pix[p], want);
        any |= want;
    }
    assert_int_equal(b->out_touch.any, any);
}

/** Bytes that are no channels are in two outputs the same. */
static void check_padding(const bench *b, const buffer *was)
{
    const int32_t channels = b->t->out.channels;
    for (int64_t p = 0; !b->t->out.floats && p < rpr_touch_pixels(&b->out_touch); p++) {
        const uint8_t *a = (const uint8_t *)buffer_pixel(&b->out.m, p);
        const uint8_t *c = (const uint8_t *)buffer_pixel(&was->m, p);
        assert_memory_equal(a + channels, c + channels, (size_t)(4 * b->out.m.c - channels));
    }
}

static void check_sparse(bench *b, int round)
{
    mark(b, round);
    check_touch(b);
    for (int i = 0; i < b->t->n_in; i++)
        for (int64_t p = 0; p < rpr_touch_pixels(&b->in_touch[i]); p++)
            if (b->in_touch[i].pix[p])
                fill_pixel(&b->t->in[i], &b->in_map[i], p, 1 + check_random(3), i);
    /* What is not written differs between the two. */
    buffer fresh = buffer_new(bytes_shape(&b->t->out), 1, -7.5f), was = buffer_copy(&b->out);
    run(b, &fresh, NULL);
    run(b, &b->out, &b->out_touch);
    for (int64_t p = 0; p < rpr_touch_pixels(&b->out_touch); p++)
        assert_memory_equal(buffer_pixel(&fresh.m, p), buffer_pixel(&b->out.m, p),
                            (size_t)fresh.m.c * sizeof(float));
    check_padding(b, &was);
    free(fresh.mem);
    free(was.mem);
}

void check_bytes(const bytes_case *t)
{
    const char *const isa[] = {"scalar", "neon", "avx2", "avx512"};
    assert_non_null(t->op);
    assert_true(rpr_act_is_none(&t->op->act));
    for (size_t i = 0; i < sizeof isa / sizeof *isa; i++) {
        const rpr_kernels *k = rpr_kernels_named(isa[i]);
        for (int layout = 0; k && layout < LAYOUTS * LAYOUTS; layout++) {
            bench b;
            bench_open(&b, t, k, layout);
            run(&b, &b.out, NULL);
            check_dense(&b);
            for (int round = 0; round < ROUNDS; round++)
                check_sparse(&b, round);
            check_dense(&b);
            bench_close(&b);
        }
    }
    rpr_pixel_op_free(t->op);
}
