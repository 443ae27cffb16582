/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a trace. Checksums are made right first, or nothing would get past them. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/trace/seal.h"
#include "trace/bytes.h"
#include "trace/macs.h"
#include "trace/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_ELEMENTS 100000 /* more take too long for many runs */

/** The format's own promises, on a frame that the reader has let through. */
static void check_frame(const rpr_trace_net *net, const rpr_trace_frame *f)
{
    for (int32_t i = 0; i < net->n_input; i++) {
        int64_t n = rpr_trace_elements(&net->input[i]), found = 0;
        for (size_t k = 0; k < rpr_trace_words(n); k++)
            found += __builtin_popcountll(f->changed[i][k]);
        if (found != f->n_changed[i] || (n % 64 && f->changed[i][n / 64] >> (n % 64)))
            abort();
    }
    for (int32_t i = 0; i < net->n_layer; i++) {
        int64_t macs = rpr_trace_macs(net, f, i);
        if (macs < 0 || macs > net->layer[i].macs)
            abort();
    }
}

static int64_t work_of(const rpr_trace_net *net)
{
    int64_t work = 0;
    for (int32_t i = 0; i < net->n_input; i++)
        work += rpr_trace_elements(&net->input[i]);
    for (int32_t i = 0; i < net->n_layer && work <= MOST_ELEMENTS; i++) {
        const rpr_trace_axis *a = net->layer[i].axis;
        double outputs = (double)net->layer[i].n;
        for (int k = 0; k < 3; k++)
            outputs *= (double)a[k].out * a[k].kernel;
        work = outputs < MOST_ELEMENTS ? work + (int64_t)outputs : INT64_MAX / 2;
    }
    return work;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = size + RPR_TRACE_MAGIC_BYTES;
    uint8_t *bytes = malloc(n);
    rpr_trace_reader *r = NULL;
    const rpr_trace_frame *f = NULL;
    rpr_error err;
    if (!bytes)
        return 0;
    memcpy(bytes, RPR_TRACE_MAGIC, RPR_TRACE_MAGIC_BYTES);
    if (size)
        memcpy(bytes + RPR_TRACE_MAGIC_BYTES, data, size);
    seal(bytes, n);
    FILE *file = fmemopen(bytes, n, "rb");
    if (file && rpr_trace_open_file(file, "fuzz", &r, &err) == RPR_OK) {
        const rpr_trace_net *net = rpr_trace_reader_net(r);
        bool small = work_of(net) <= MOST_ELEMENTS;
        while (small && rpr_trace_next(r, &f, &err) == RPR_OK && f)
            check_frame(net, f);
    }
    rpr_trace_close(r);
    free(bytes);
    return 0;
}
