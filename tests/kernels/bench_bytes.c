/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels on 8-bit values, each beside the float kernel that it stands for. In elements. */
#include <stdio.h>

#include "bench.h"

enum { N = 1 << 14, TIMES = 32, ROWS = 9, SHORT = 64 };

typedef struct arrays {
    float *x[ROWS], *y;
    uint8_t *a[ROWS], *o, table[256];
    int32_t *sum;
    rpr_byte_binary q;
    int32_t piece; /* elements of a call */
} arrays;

static arrays new_arrays(void)
{
    arrays j = {.y = buffer(N * sizeof(float)),
                .o = buffer(N),
                .sum = buffer(N * sizeof(int32_t)),
                .q = rpr_byte_binary_of(RPR_BYTE_ADD, (rpr_byte_scale){0.0213f, 120},
                                        (rpr_byte_scale){0.0307f, 130},
                                        (rpr_byte_scale){0.0482f, 128})};
    float *all = buffer((N + ROWS) * sizeof(float));
    uint8_t *bytes = buffer(N + ROWS);
    for (int i = 0; i < N + ROWS; i++) {
        bytes[i] = (uint8_t)(rnd() >> 16);
        all[i] = 4.0f * rnd_float();
    }
    for (int i = 0; i < ROWS; i++) {
        j.x[i] = all + i;
        j.a[i] = bytes + i;
    }
    for (int i = 0; i < 256; i++)
        j.table[i] = (uint8_t)(255 - i);
    return j;
}

/* A body for each piece p, many times over. */
#define RUN(name, call)                                                                            \
    static void name(const rpr_kernels *k, void *data)                                             \
    {                                                                                              \
        const arrays *j = data;                                                                    \
        for (int t = 0; t < TIMES; t++)                                                            \
            for (int32_t p = 0; p < N; p += j->piece)                                              \
                call;                                                                              \
    }

#define TAPS(type, from)                                                                           \
    ((const type *[]){from[0] + p, from[1] + p, from[2] + p, from[3] + p, from[4] + p,             \
                      from[5] + p, from[6] + p, from[7] + p, from[8] + p})

static const rpr_act relu = {.kind = RPR_ACT_RELU, .post_mul = 1.0f};
static const rpr_byte_average mean = {-1080, 0.02f, 9.0f, 0.02f, 128.0f, 0};

RUN(run_act, k->act(&relu, j->x[0] + p, j->y + p, j->piece))
RUN(run_table, k->bytes->table(j->table, j->a[0] + p, j->o + p, j->piece))
RUN(run_add, k->binary(RPR_BIN_ADD, j->x[0] + p, j->x[1] + p, j->y + p, j->piece))
RUN(run_byte_add, k->bytes->binary(&j->q, j->a[0] + p, j->a[1] + p, j->o + p, j->piece))
RUN(run_scalar, k->binary_scalar(RPR_BIN_ADD, j->x[0] + p, 0.5f, false, j->y + p, j->piece))
RUN(run_byte_scalar, k->bytes->binary_scalar(&j->q, j->a[0] + p, 99, j->o + p, j->piece))
RUN(run_quantise, k->bytes->quantise(&j->q.to, j->x[0] + p, j->o + p, j->piece))
RUN(run_dequantise, k->bytes->dequantise(&j->q.to, j->a[0] + p, j->y + p, j->piece))
RUN(run_max, k->maximum(j->y + p, TAPS(float, j->x), ROWS, j->piece))
RUN(run_byte_max, k->bytes->maximum(j->o + p, TAPS(uint8_t, j->a), ROWS, j->piece))
RUN(run_byte_sum, k->bytes->accumulate(j->sum + p, TAPS(uint8_t, j->a), ROWS, j->piece))
RUN(run_average, k->bytes->average(&mean, j->sum + p, j->o + p, j->piece))

static const rpr_byte_weights quarters = {4, 1.0, 0.0, 16.0f};

static void run_mix(const rpr_kernels *k, void *data)
{
    const arrays *j = data;
    static const float w[4] = {0.5625f, 0.1875f, 0.1875f, 0.0625f};
    const rpr_byte_mix q = rpr_byte_mix_of(j->q.a, j->q.b, &quarters);
    for (int t = 0; t < TIMES; t++)
        for (int32_t p = 0; p < N; p += j->piece)
            k->bytes->mix(&q, j->o + p, TAPS(uint8_t, j->a), w, 4, j->piece);
}

static void run_mix_same(const rpr_kernels *k, void *data)
{
    const arrays *j = data;
    static const float w[4] = {0.5625f, 0.1875f, 0.1875f, 0.0625f};
    const rpr_byte_mix q = rpr_byte_mix_of(j->q.a, j->q.a, &quarters);
    for (int t = 0; t < TIMES; t++)
        for (int32_t p = 0; p < N; p += j->piece)
            k->bytes->mix(&q, j->o + p, TAPS(uint8_t, j->a), w, 4, j->piece);
}

static void run_sum4(const rpr_kernels *k, void *data)
{
    const arrays *j = data;
    static const float w[4] = {0.5625f, 0.1875f, 0.1875f, 0.0625f};
    for (int t = 0; t < TIMES; t++)
        for (int32_t p = 0; p < N; p += j->piece)
            k->weighted_sum(j->y + p, TAPS(float, j->x), w, 4, j->piece);
}

static void run_sum(const rpr_kernels *k, void *data)
{
    const arrays *j = data;
    static const float one[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (int t = 0; t < TIMES; t++)
        for (int32_t p = 0; p < N; p += j->piece)
            k->weighted_sum(j->y + p, TAPS(float, j->x), one, ROWS, j->piece);
}

void bench_bytes(const rpr_kernels *const *tables, int n)
{
    static const struct {
        const char *name;
        void (*run)(const rpr_kernels *k, void *data);
    } works[] = {{"f32 relu", run_act},
                 {"u8 table", run_table},
                 {"f32 add", run_add},
                 {"u8 add", run_byte_add},
                 {"f32 add of a scalar", run_scalar},
                 {"u8 add of a scalar", run_byte_scalar},
                 {"u8 quantise", run_quantise},
                 {"u8 dequantise", run_dequantise},
                 {"f32 maximum of 9", run_max},
                 {"u8 maximum of 9", run_byte_max},
                 {"f32 weighted_sum of 9", run_sum},
                 {"u8 accumulate of 9", run_byte_sum},
                 {"u8 average", run_average},
                 {"f32 weighted_sum of 4", run_sum4},
                 {"u8 mix of 4", run_mix},
                 {"u8 mix of 4, scales equal", run_mix_same}};
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        for (int32_t piece = N; piece >= SHORT; piece /= N / SHORT) {
            arrays j = new_arrays();
            j.piece = piece;
            work w = {.amount = (double)N * TIMES, .unit = "G/s", .run = works[i].run, .data = &j};
            snprintf(w.name, sizeof w.name, "%s, %d at a time", works[i].name, piece);
            measure(&w, tables, n);
        }
}
