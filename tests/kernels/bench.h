/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share: buffers, and runs that take turns. */
#ifndef BENCH_H
#define BENCH_H

#include "checkkern.h"

enum { MAX_TABLES = 8, MAX_WORK = 4 };

/* A piece of work that any table can do, and its size. */
typedef struct work {
    char name[64];
    double amount; /* multiply-accumulates or bytes */
    const char *unit;
    void (*run)(const rpr_kernels *k, void *data);
    void *data;
} work;

/** Runs for about a third of a second, prints one line and frees all buffers. */
void measure(const work *w, const rpr_kernels *const *tables, int n);

/** Kernels on 8-bit values beside those on floats that they stand for; in elements. */
void bench_bytes(const rpr_kernels *const *tables, int n);
/** Zeroed and aligned; freed by time_runs. */
void *buffer(size_t bytes);
/** The same with random floats. */
float *buffer_floats(int64_t n);
/** Runs every work with every table in turn for about a third of a second of processor time.
 *  median[table * n_work + work]: seconds. */
void time_runs(const work *w, int n_work, const rpr_kernels *const *tables, int n, double *median);

#endif
