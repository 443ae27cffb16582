/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes, their data, and the clock. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define LEAST_REPS 21
#define SECONDS 1.0

static const layer shapes[] = {
    {.kind = LAYER_CONV, .in_h = 52, .ci = 128, .co = 128, .k = 3, .s = 1, .pad = 1},
    {.kind = LAYER_CONV, .in_h = 104, .ci = 64, .co = 64, .k = 3, .s = 1, .pad = 1},
    {.kind = LAYER_CONV, .in_h = 26, .ci = 256, .co = 256, .k = 3, .s = 1, .pad = 1},
    {.kind = LAYER_CONV, .in_h = 13, .ci = 512, .co = 512, .k = 3, .s = 1, .pad = 1},
    {.kind = LAYER_CONV, .in_h = 52, .ci = 256, .co = 128, .k = 1, .s = 1},
    {.kind = LAYER_CONV, .in_h = 13, .ci = 512, .co = 512, .k = 1, .s = 1},
    {.kind = LAYER_CONV, .in_h = 104, .ci = 24, .co = 48, .k = 1, .s = 1},
    {.kind = LAYER_CONV, .in_h = 52, .ci = 72, .co = 24, .k = 1, .s = 1},
    {.kind = LAYER_CONV, .in_h = 416, .ci = 3, .co = 16, .k = 3, .s = 2, .pad = 1},
    {.kind = LAYER_CONV, .in_h = 416, .ci = 3, .co = 24, .k = 3, .s = 2, .pad = 1},
    {.kind = LAYER_DEPTHWISE, .in_h = 104, .ci = 24, .co = 24, .k = 3, .s = 1, .pad = 1},
    {.kind = LAYER_DEPTHWISE, .in_h = 56, .ci = 128, .co = 128, .k = 3, .s = 1, .pad = 1},
    {.kind = LAYER_DEPTHWISE, .in_h = 28, .ci = 240, .co = 240, .k = 5, .s = 1, .pad = 2},
    {.kind = LAYER_TRANSPOSED, .in_h = 64, .ci = 24, .co = 8, .k = 2, .s = 2},
};

void bench_fail(const char *what)
{
    fprintf(stderr, "kernelbench: %s\n", what);
    exit(2);
}

void *bench_alloc(size_t bytes)
{
    size_t size = (bytes + 191) / 64 * 64;
    void *p = aligned_alloc(64, size);
    if (!p)
        bench_fail("out of memory");
    return memset(p, 0, size);
}

float *bench_floats(int64_t n)
{
    return bench_alloc((size_t)n * sizeof(float));
}

float bench_random(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (float)(state >> 40) * 0x1p-24f;
}

static float *random_floats(int64_t n, float spread)
{
    float *p = bench_floats(n);
    for (int64_t i = 0; i < n; i++)
        p[i] = spread * (2.0f * bench_random() - 1.0f);
    return p;
}

bool layer_make(int i, layer *l)
{
    if (i < 0 || (size_t)i >= sizeof shapes / sizeof shapes[0])
        return false;
    *l = shapes[i];
    l->in_w = l->in_h;
    l->out_h =
        l->kind == LAYER_TRANSPOSED ? l->in_h * l->s : (l->in_h + 2 * l->pad - l->k) / l->s + 1;
    l->out_w = l->out_h;
    int64_t per_output = (int64_t)l->k * l->k * (l->kind == LAYER_DEPTHWISE ? 1 : l->ci);
    l->x = random_floats((int64_t)l->in_h * l->in_w * l->ci, 1.0f);
    l->w = random_floats(per_output * l->co, sqrtf(3.0f / (float)per_output));
    l->bias = random_floats(l->co, 0.1f);
    return true;
}

void layer_free(layer *l)
{
    free(l->x);
    free(l->w);
    free(l->bias);
}

void layer_name(const layer *l, char *text, size_t size)
{
    static const char *const kinds[] = {"conv", "depthwise", "transposed"};
    char channels[32], stride[16] = "";
    snprintf(channels, sizeof channels, l->kind == LAYER_DEPTHWISE ? "%d" : "%d->%d", l->ci, l->co);
    if (l->s != 1)
        snprintf(stride, sizeof stride, " s%d", l->s);
    snprintf(text, size, "%s %dx%d%s, %dx%d, %s", kinds[l->kind], l->k, l->k, stride, l->out_h,
             l->out_w, channels);
}

int64_t layer_outputs(const layer *l)
{
    return (int64_t)l->out_h * l->out_w * l->co;
}

double bench_error(const float *a, const float *b, int64_t n)
{
    double worst = 0.0, largest = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= worst))
            worst = d; /* NaN stays */
        largest = fmax(largest, fabs((double)b[i]));
    }
    return worst / largest;
}

/* Processor time of all threads: on a machine that has other work it is steadier than wall time. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

timing bench_timing(double *seconds, int n)
{
    if (n <= 0)
        return (timing){0};
    qsort(seconds, (size_t)n, sizeof *seconds, compare);
    return (timing){seconds[n / 2], seconds[(n - 1) * 5 / 100], seconds[(n - 1) * 95 / 100]};
}

void bench_measure(job *jobs, int n)
{
    double *seconds = bench_alloc((size_t)n * BENCH_MOST_REPS * sizeof *seconds);
    for (int i = 0; i < n; i++)
        jobs[i].run(jobs[i].data);
    double start = now();
    int reps = 0;
    for (; reps < BENCH_MOST_REPS && (reps < LEAST_REPS || now() - start < SECONDS); reps++)
        for (int turn = 0; turn < n; turn++) {
            int i = (reps + turn) % n;
            double t = now();
            jobs[i].run(jobs[i].data);
            seconds[i * BENCH_MOST_REPS + reps] = now() - t;
        }
    for (int i = 0; i < n; i++)
        jobs[i].time = bench_timing(seconds + i * BENCH_MOST_REPS, reps);
    free(seconds);
}
