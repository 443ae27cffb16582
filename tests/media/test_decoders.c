/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes: decoding, suppression and agreement on cases worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/decoder.h"

static int near(double a, double b)
{
    return fabs(a - b) < 1e-4;
}

static boxes list(const box *item, size_t n)
{
    boxes b = {0};
    for (size_t i = 0; i < n; i++)
        assert_true(boxes_add(&b, item[i]));
    return b;
}

static void iou_by_hand(void **state)
{
    (void)state;
    box a = {0, 0, 10, 10, 1, 0}, half = {5, 0, 15, 10, 1, 0}, far = {20, 20, 30, 30, 1, 0};
    assert_true(near(box_iou(&a, &a), 1));
    assert_true(near(box_iou(&a, &half), 50.0 / 150.0));
    assert_true(box_iou(&a, &far) == 0);
}

static void suppression_is_by_class_and_score(void **state)
{
    (void)state;
    const box item[] = {
        {0, 0, 10, 10, 0.5f, 1},  /* covered by the third */
        {0, 0, 10, 10, 0.4f, 2},  /* another class stays */
        {0, 0, 10, 11, 0.9f, 1},  /* best */
        {0, 0, 10, 5.9f, 0.8f, 1} /* IoU 0.536 with the best: stays */
    };
    boxes b = list(item, 4);
    boxes_suppress(&b, 0.6f);
    assert_int_equal(b.n, 3);
    assert_true(b.item[0].score == 0.9f && b.item[1].score == 0.8f && b.item[2].score == 0.4f);
    boxes_free(&b);
}

static void agreement_with_hysteresis(void **state)
{
    (void)state;
    const box reference[] = {
        {0, 0, 10, 10, 0.8f, 0},   /* found, although the other side scores it 0.36 */
        {20, 0, 30, 10, 0.7f, 0},  /* the other side has another class there: missed */
        {40, 0, 50, 10, 0.38f, 0}, /* does not count, but confirms */
        {60, 0, 70, 10, 0.9f, 0},  /* moved by 2 of 10: IoU 0.667, missed */
    };
    const box got[] = {
        {0, 0, 10, 10, 0.36f, 0},
        {20, 0, 30, 10, 0.7f, 1},
        {40, 0, 50, 10, 0.41f, 0},
        {62, 0, 72, 10, 0.9f, 0},
    };
    boxes r = list(reference, 4), g = list(got, 4);
    agreement a = {0};
    agreement_add(&a, &r, &g);
    assert_int_equal(a.reference, 3);
    assert_int_equal(a.reference_found, 1);
    assert_int_equal(a.got, 3);
    assert_int_equal(a.got_confirmed, 1);
    assert_true(near(agreement_f1(&a), 1.0 / 3));
    agreement_add(&a, &r, &r); /* a frame of full agreement: 4 of 6 both ways */
    assert_true(near(agreement_recall(&a), 4.0 / 6) && near(agreement_precision(&a), 4.0 / 6));
    boxes_free(&r);
    boxes_free(&g);
}

static void agreement_without_boxes(void **state)
{
    (void)state;
    const box one = {0, 0, 10, 10, 0.8f, 0};
    boxes none = {0}, some = list(&one, 1);
    agreement a = {0};
    agreement_add(&a, &none, &none);
    assert_true(agreement_f1(&a) == 1 && agreement_empty(&a));
    agreement_add(&a, &none, &some);
    assert_true(agreement_f1(&a) == 0 && !agreement_empty(&a));
    a = (agreement){0};
    agreement_add(&a, &some, &none);
    assert_true(agreement_f1(&a) == 0);
    boxes_free(&some);
}

/* Outputs for a detector, all zero; names are not looked at. */
typedef struct fake {
    rpr_tensor_info info[6];
    rpr_output out[6];
    size_t n;
} fake;

static float *fake_add(fake *f, int64_t rows, int64_t columns)
{
    size_t bytes = (size_t)(rows * columns) * sizeof(float);
    f->info[f->n] = (rpr_tensor_info){
        .name = "", .dtype = RPR_F32, .rank = 3, .dim = {1, rows, columns}, .bytes = bytes};
    f->out[f->n] = (rpr_output){.data = calloc(1, bytes), .bytes = bytes};
    return f->out[f->n++].data;
}

static void fake_free(fake *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->out[i].data);
}

static void nanodet_decodes_by_hand(void **state)
{
    (void)state;
    fake f = {0};
    /* A 64x32 input: 8x4, 4x2 and 2x1 cells. The order of the outputs does not matter. */
    float *box16 = fake_add(&f, 8, 44), *cls8 = fake_add(&f, 32, 80), *cls16 = fake_add(&f, 8, 80);
    fake_add(&f, 2, 44);
    fake_add(&f, 32, 44);
    fake_add(&f, 2, 80);
    cls16[6 * 80 + 7] = 0.75f; /* row 1, column 2 of stride 16: centre (40, 24) */
    cls16[6 * 80 + 3] = 0.70f; /* only the best class counts */
    cls8[0] = 0.35f;           /* not above the threshold */
    float *sides = box16 + 6 * 44;
    sides[0 * 11 + 1] = 50;                     /* left: all weight on bin 1 */
    sides[1 * 11 + 0] = sides[1 * 11 + 1] = 50; /* top: bins 0 and 1, mean 0.5 */
    sides[2 * 11 + 10] = 50;                    /* right: bin 10 */
    for (int i = 0; i < 11; i++)                /* bottom: even, mean 5 */
        sides[3 * 11 + i] = -3;
    decoder d;
    boxes b = {0};
    assert_true(decoder_match(&d, DECODE_NANODET, f.info, f.n, 64, 32));
    assert_true(decoder_run(&d, f.out, &b));
    assert_int_equal(b.n, 1);
    assert_int_equal(b.item[0].label, 7);
    assert_string_equal(decoder_label(&d, 7), "truck");
    assert_true(b.item[0].score == 0.75f);
    assert_true(near(b.item[0].x0, 40 - 16) && near(b.item[0].y0, 24 - 8));
    assert_true(near(b.item[0].x1, 40 + 160) && near(b.item[0].y1, 24 + 80));
    assert_false(decoder_match(&d, DECODE_NANODET, f.info, f.n, 128, 32));
    assert_false(decoder_match(&d, DECODE_SSD, f.info, f.n, 128, 128));
    assert_false(decoder_match(&d, DECODE_NANODET, f.info, 5, 64, 32));
    boxes_free(&b);
    fake_free(&f);
}

static void blazeface_decodes_by_hand(void **state)
{
    (void)state;
    for (int size = 128; size <= 256; size *= 2) {
        fake f = {0};
        float *score16 = fake_add(&f, 512, 1), *score8 = fake_add(&f, 384, 1);
        float *box16 = fake_add(&f, 512, 16), *box8 = fake_add(&f, 384, 16);
        for (int i = 0; i < 512; i++)
            score16[i] = -500; /* clipped, no overflow */
        for (int i = 0; i < 384; i++)
            score8[i] = -1;
        /* Fine grid, row 3, column 5, second anchor of the cell: 2 * (3 * 16 + 5) + 1. */
        score16[107] = 2;
        memcpy(box16 + 107 * 16, (float[]){1, -2, 20, 30}, 4 * sizeof(float));
        /* Coarse grid, row 7, column 0, last anchor: 6 * 56 + 5. Overlaps nothing. */
        score8[341] = 400;
        memcpy(box8 + 341 * 16, (float[]){0, 0, 8, 8}, 4 * sizeof(float));
        decoder d;
        boxes b = {0};
        assert_true(decoder_match(&d, DECODE_SSD, f.info, f.n, size, size));
        assert_true(decoder_run(&d, f.out, &b));
        assert_int_equal(b.n, 2);
        float fine = (float)size / 16, coarse = (float)size / 8;
        assert_true(near(b.item[0].score, 1) && near(b.item[1].score, 1 / (1 + exp(-2))));
        assert_true(near(b.item[0].x0, coarse * 0.5 - 4) && near(b.item[0].y1, coarse * 7.5 + 4));
        assert_true(near(b.item[1].x0, fine * 5.5 + 1 - 10) &&
                    near(b.item[1].y0, fine * 3.5 - 2 - 15));
        assert_true(near(b.item[1].x1 - b.item[1].x0, 20) && near(b.item[1].y1 - b.item[1].y0, 30));
        assert_false(decoder_match(&d, DECODE_SSD, f.info, f.n, 192, 192));
        boxes_free(&b);
        fake_free(&f);
    }
}

/* Of two sides whose scores differ in one cell, and then its place: one that shows something. */
static void deviation_by_hand(void **state)
{
    (void)state;
    fake f[2] = {{.n = 0}, {.n = 0}};
    float *scores[2], *places[2];
    decoder d;
    for (int i = 0; i < 2; i++) {
        places[i] = fake_add(&f[i], 8, 44);
        fake_add(&f[i], 32, 80);
        scores[i] = fake_add(&f[i], 8, 80);
        fake_add(&f[i], 2, 44);
        fake_add(&f[i], 32, 44);
        fake_add(&f[i], 2, 80);
    }
    assert_true(decoder_match(&d, DECODE_NANODET, f[0].info, f[0].n, 64, 32));
    scores[0][6 * 80 + 7] = scores[1][6 * 80 + 7] = 0.5f;
    scores[1][3 * 80 + 7] = 0.5f; /* the dense side has nothing there: not looked at */
    double sum = 0, cells = 0;
    decoder_deviation(&d, f[0].out, f[1].out, &sum, &cells);
    assert_true(near(sum, 0) && near(cells, 1));
    scores[1][6 * 80 + 7] = 0.45f; /* half of 0.1 */
    decoder_deviation(&d, f[0].out, f[1].out, &sum, &cells);
    assert_true(near(sum, 0.25) && near(cells, 2));
    places[1][6 * 44] = 50; /* the left side in the middle: an IoU of a half */
    decoder_deviation(&d, f[0].out, f[1].out, &sum, &cells);
    assert_true(near(sum, 0.25 + 0.25 + 1) && near(cells, 3));
    fake_free(&f[0]);
    fake_free(&f[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iou_by_hand),
        cmocka_unit_test(suppression_is_by_class_and_score),
        cmocka_unit_test(agreement_with_hysteresis),
        cmocka_unit_test(agreement_without_boxes),
        cmocka_unit_test(deviation_by_hand),
        cmocka_unit_test(nanodet_decodes_by_hand),
        cmocka_unit_test(blazeface_decodes_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
