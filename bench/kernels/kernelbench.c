/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our kernels beside oneDNN's and XNNPACK's on the same layers, in one process and one thread; and
 * corrections beside our dense kernels. Prints Markdown. Contestants take turns, repetition by
 * repetition, so that a slow moment of the machine falls on all of them. A whole layer each: all
 * rows, padding included. Nothing is timed whose results do not agree.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define TOLERANCE 1e-4

static const contestant *const others[] = {&contestant_onednn, &contestant_xnnpack};
enum { N_OTHERS = sizeof others / sizeof others[0] };

/* What we do to one layer. */
typedef struct ours {
    rpr_linear *l;
    const rpr_kernels *k;
    ours_map in;
    rpr_map out;
    rpr_act act;
} ours;

static void run_ours(void *data)
{
    const ours *o = data;
    rpr_linear_dense(o->l, o->k, NULL, &o->in.map, &o->out, &o->out, &o->act);
}

static void print_processor(const rpr_kernels *k)
{
    char line[256], model[128] = "unknown processor", family[16] = "?", number[16] = "?";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f) && line[0] != '\n') {
        (void)sscanf(line, "model name : %127[^\n]", model);
        (void)sscanf(line, "cpu family : %15[^\n]", family);
        (void)sscanf(line, "model : %15[^\n]", number);
    }
    if (f)
        fclose(f);
    printf("%s (family %s, model %s), one thread. Ours: %s.\n", model, family, number, k->isa);
    for (int i = 0; i < N_OTHERS; i++) {
        const char *version = others[i]->version(k->isa);
        printf("%s (%s): %s.\n", others[i]->name, others[i]->package,
               version ? version : "not installed");
    }
}

static void print_heading(void)
{
    printf("\n| layer | MMAC | ours ms (5 to 95 %%) | GMAC/s |");
    for (int i = 0; i < N_OTHERS; i++)
        printf(" %s ms | ours against it |", others[i]->name);
    printf(" oneDNN's choice |\n|---|---|---|---|");
    for (int i = 0; i < N_OTHERS; i++)
        printf("---|---|");
    printf("---|\n");
}

static void print_other(const contestant *c, const void *made, timing mine, timing its, total *sum)
{
    if (!made) {
        printf(" %s | - |", c->make ? "cannot" : "not installed");
        return;
    }
    printf(" %.3f (%.3f to %.3f) | %.2f |", its.median * 1e3, its.low * 1e3, its.high * 1e3,
           its.median / mine.median);
    sum->logs += log(its.median / mine.median);
    sum->n++;
}

/* Others disturb the caches even where only our own time counts. */
static void print_load(const char *when)
{
    double load;
    if (getloadavg(&load, 1) == 1)
        printf("Load of the machine %s: %.1f.\n", when, load);
}

/** One row of the first table. */
static void compare_layer(const layer *l, const rpr_kernels *k, total *sums)
{
    const int64_t n = layer_outputs(l);
    char name[64];
    ours o = {.l = ours_linear(l), .k = k, .act = rpr_act_none()};
    void *made[N_OTHERS] = {0};
    float *out[N_OTHERS];
    job jobs[1 + N_OTHERS] = {{.run = run_ours, .data = &o}};
    timing none = {0}, *time[N_OTHERS];
    int n_jobs = 1;
    o.in = ours_input(o.l, l->x);
    o.out = ours_output(o.l, bench_floats(n));
    run_ours(&o);
    layer_name(l, name, sizeof name);
    for (int i = 0; i < N_OTHERS; i++) {
        time[i] = &none;
        out[i] = bench_floats(n);
        made[i] = others[i]->make ? others[i]->make(l, out[i]) : NULL;
        if (!made[i])
            continue;
        others[i]->run(made[i]);
        double error = bench_error(o.out.data, out[i], n);
        if (!(error <= TOLERANCE)) {
            fprintf(stderr, "%s, %s: error %.1e\n", name, others[i]->name, error);
            bench_fail("results differ");
        }
        time[i] = &jobs[n_jobs].time;
        jobs[n_jobs++] = (job){.run = others[i]->run, .data = made[i]};
    }
    bench_measure(jobs, n_jobs);
    timing t = jobs[0].time;
    printf("| %s | %.1f | %.3f (%.3f to %.3f) | %.1f |", name, (double)o.l->macs * 1e-6,
           t.median * 1e3, t.low * 1e3, t.high * 1e3, (double)o.l->macs / t.median * 1e-9);
    for (int i = 0; i < N_OTHERS; i++)
        print_other(others[i], made[i], t, *time[i], &sums[i]);
    printf(" %s |\n", made[0] ? others[0]->choice(made[0]) : "-");
    for (int i = 0; i < N_OTHERS; i++) {
        if (made[i])
            others[i]->destroy(made[i]);
        free(out[i]);
    }
    free(o.in.memory);
    free(o.out.data);
    rpr_linear_free(o.l);
}

static bool wanted(const layer *l, const char *text)
{
    char name[64];
    layer_name(l, name, sizeof name);
    return !text || strstr(name, text);
}

static void compare_layers(const rpr_kernels *k, const char *text)
{
    total sums[N_OTHERS] = {0};
    layer l;
    printf("\n## Dense, against other libraries\n");
    print_heading();
    for (int i = 0; layer_make(i, &l); i++, layer_free(&l)) {
        if (wanted(&l, text))
            compare_layer(&l, k, sums);
        fflush(stdout);
    }
    printf("| geometric mean | | | |");
    for (int i = 0; i < N_OTHERS; i++)
        if (sums[i].n)
            printf(" | %.2f |", exp(sums[i].logs / sums[i].n));
        else
            printf(" | - |");
    printf(" |\n");
}

static void compare_changes(const rpr_kernels *k, const char *text)
{
    total sums[BENCH_PATTERNS][BENCH_WEIGHTS] = {{{0}}};
    layer l;
    printf(
        "\n## Corrections, against our dense kernel\n\n"
        "| layer | changed | MACs executed | dense GMAC/s | delta kernel, f32 weights, GMAC/s (5 "
        "to 95 %%) | against dense | half weights, GMAC/s (5 to 95 %%) | against dense | "
        "correction against dense, f32 | half | speed-up, f32 (5 to 95 %%) | half |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; layer_make(i, &l); i++, layer_free(&l)) {
        if (wanted(&l, text))
            bench_changes(&l, k, sums);
        fflush(stdout);
    }
    for (int i = 0; i < BENCH_PATTERNS; i++) {
        printf("| geometric mean | %s | |", bench_patterns[i].name);
        for (int w = 0; w < BENCH_WEIGHTS; w++) {
            const total *t = &sums[i][w];
            printf(" | | %.2f; %d of %d reach 0.6", t->n ? exp(t->logs / t->n) : 0.0, t->reached,
                   t->n);
        }
        printf(" | | | | |\n");
    }
}

/* OpenMP reads its environment before main. */
static void become_single_threaded(char **argv)
{
    const char *threads = getenv("OMP_NUM_THREADS");
    if (threads && strcmp(threads, "1") == 0)
        return;
    if (setenv("OMP_NUM_THREADS", "1", 1) == 0)
        (void)execv("/proc/self/exe", argv);
    bench_fail("set OMP_NUM_THREADS=1");
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        printf("usage: kernelbench [PART OF A LAYER'S NAME] > TABLE.md\n");
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    become_single_threaded(argv);
    const rpr_kernels *k = rpr_kernels_best();
    printf("# Kernels\n\n"
           "Written by `make bench` (bench/kernels/). Whole layers, one picture, channels last,\n"
           "f32, with bias, without activation; weights packed beforehand by everyone. Shapes are\n"
           "those of outputs. Contestants take turns; times are medians of processor time. MACs\n"
           "are those of taps inside the picture. Results agree to 1e-4 of the largest output.\n"
           "\n");
    print_processor(k);
    print_load("at the start");
    compare_layers(k, argv[1]);
    compare_changes(k, argv[1]);
    printf(
        "\n*Against dense*: rate of the delta kernel on the MACs that it executes over the dense\n"
        "layer's rate; below 0.6 is bold. *Correction against dense*: the same for the whole\n"
        "correction, with listing the visits and testing what was written. Comparing the input\n"
        "is in neither. *By pixel*: depthwise layers and those of pictures compute anew the\n"
        "pixels that see a change.\n\n");
    print_load("at the end");
    return 0;
}
