/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pixel_check.h"

#define ROUNDS 8

static void fill_pixel(const rpr_map *m, int64_t pixel, uint32_t one_in)
{
    float *p = buffer_pixel(m, pixel);
    for (int32_t i = 0; i < m->c; i++)
        if (check_random(one_in) == 0)
            p[i] = check_random_float();
}

static void poison_pixel(const rpr_map *m, int64_t pixel)
{
    float *p = buffer_pixel(m, pixel);
    for (int32_t i = 0; i < m->c; i++)
        p[i] = NAN;
}

/* Everything that one case needs in one layout. */
typedef struct bench {
    const pixel_case *t;
    const rpr_kernels *k;
    buffer in[CHECK_MAX_IN], out;
    rpr_map in_map[CHECK_MAX_IN];
    rpr_touch in_touch[CHECK_MAX_IN], out_touch;
    const rpr_touch *touch[CHECK_MAX_IN];
} bench;

#define CANARY 12345.25f

static void bench_open(bench *b, const pixel_case *t, const rpr_kernels *k, int in_layout,
                       int out_layout)
{
    *b = (bench){.t = t, .k = k};
    for (int i = 0; i < t->n_in; i++) {
        b->in[i] = buffer_new(t->in[i], (in_layout + i) % LAYOUTS, NAN);
        b->in_map[i] = b->in[i].m;
        b->in_touch[i] = touch_new(&t->in[i]);
        b->touch[i] = t->constant[i] ? NULL : &b->in_touch[i];
        for (int64_t p = 0; p < rpr_touch_pixels(&b->in_touch[i]); p++)
            fill_pixel(&b->in[i].m, p, 1);
    }
    b->out = buffer_new(t->out, out_layout, CANARY);
    b->out_touch = touch_new(&t->out);
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

static void check_value(float got, float want)
{
    double bound = 1e-5 * fmax(1.0, fabs((double)want));
    if (isnan(want) || isinf(want) ? memcmp(&got, &want, sizeof got) != 0
                                   : !(fabs((double)got - (double)want) <= bound))
        fail_msg("got %.9g, expected %.9g", (double)got, (double)want);
}

/** Values against the naive run; then, with those wiped out, every float against the canary. */
static void check_dense(const bench *b)
{
    const rpr_map *o = &b->out.m;
    const rpr_kernels *scalar = rpr_kernels_named("scalar");
    buffer want = buffer_new(b->t->out, 0, 0.0f), wiped = buffer_copy(&b->out);
    b->t->naive(b->t->ctx, b->in_map, &want.m);
    scalar->act(&b->t->op->act, want.mem, want.mem, (int64_t)want.count);
    for (int32_t n = 0; n < o->n; n++) {
        for (int32_t y = 0; y < o->h; y++) {
            for (int32_t x = 0; x < o->w; x++) {
                for (int32_t i = 0; i < o->c; i++) {
                    check_value(rpr_map_at(o, n, y, x)[i], rpr_map_at(&want.m, n, y, x)[i]);
                    rpr_map_at(&wiped.m, n, y, x)[i] = CANARY;
                }
            }
        }
    }
    for (size_t i = 0; i < wiped.count; i++)
        assert_true(!(wiped.mem[i] < CANARY) && !(wiped.mem[i] > CANARY));
    free(want.mem);
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

/** The pixels that the naive run turns into NaN when the marked ones are NaN: what touch must mark.
 */
static void check_touch(bench *b)
{
    rpr_map poisoned[CHECK_MAX_IN];
    buffer copy[CHECK_MAX_IN], out = buffer_new(b->t->out, 0, 0.0f);
    bool any = false;
    for (int i = 0; i < b->t->n_in; i++) {
        copy[i] = buffer_copy(&b->in[i]);
        poisoned[i] = copy[i].m;
        for (int64_t p = 0; p < rpr_touch_pixels(&b->in_touch[i]); p++)
            if (b->in_touch[i].pix[p])
                poison_pixel(&poisoned[i], p);
    }
    b->t->naive(b->t->ctx, poisoned, &out.m);
    b->t->op->touch(b->t->op, b->touch, &b->out_touch);
    for (int64_t p = 0; p < rpr_touch_pixels(&b->out_touch); p++) {
        bool want = false;
        for (int32_t i = 0; i < out.m.c; i++)
            want |= isnan(out.mem[p * out.m.c + i]) != 0;
        assert_int_equal(b->out_touch.pix[p], want);
        any |= want;
    }
    assert_int_equal(b->out_touch.any, any);
    for (int i = 0; i < b->t->n_in; i++)
        free(copy[i].mem);
    free(out.mem);
}

static void check_sparse(bench *b, int round)
{
    mark(b, round);
    check_touch(b);
    for (int i = 0; i < b->t->n_in; i++)
        for (int64_t p = 0; p < rpr_touch_pixels(&b->in_touch[i]); p++)
            if (b->in_touch[i].pix[p])
                fill_pixel(&b->in[i].m, p, 1 + check_random(3));
    buffer fresh = buffer_copy(&b->out);
    run(b, &fresh, NULL);
    run(b, &b->out, &b->out_touch);
    assert_memory_equal(fresh.mem, b->out.mem, fresh.count * sizeof(float));
    free(fresh.mem);
}

void check_pixel(const pixel_case *t)
{
    const char *const isa[] = {"scalar", "neon", "avx2", "avx512"};
    assert_non_null(t->op);
    for (size_t i = 0; i < sizeof isa / sizeof *isa; i++) {
        const rpr_kernels *k = rpr_kernels_named(isa[i]);
        for (int layout = 0; k && layout < LAYOUTS * LAYOUTS; layout++) {
            bench b;
            bench_open(&b, t, k, layout % LAYOUTS, layout / LAYOUTS);
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
