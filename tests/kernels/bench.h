/* SPDX-License-Identifier: Apache-2.0 */
/* What the timings of kernels share. */
#ifndef BENCH_H
#define BENCH_H

#include "checkkern.h"

/* A piece of work that any table can do, and its size. */
typedef struct work {
    char name[64];
    double amount; /* multiply-accumulates or bytes */
    const char *unit;
    void (*run)(const rpr_kernels *k, void *data);
    void *data;
} work;

/** Zeroed and aligned; freed when the work is measured. */
void *buffer(size_t bytes);

/** Runs for about a third of a second, prints one line and frees all buffers. */
void measure(const work *w, const rpr_kernels *const *tables, int n);

/** Kernels on 8-bit values beside those on floats that they stand for; in elements. */
void bench_bytes(const rpr_kernels *const *tables, int n);

#endif
