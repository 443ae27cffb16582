/* SPDX-License-Identifier: Apache-2.0 */
#include "dtln.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/fft.h"

enum { BINS = DTLN_BLOCK / 2 + 1 };

/* Of the networks as their authors give them. */
static const struct {
    const char *output;
    rpr_carry state;
    int values; /* of the input and of the output */
} network[2] = {
    {"activation_2", {.input = "input_3", .output = "tf_op_layer_stack_2"}, BINS},
    {"conv1d_3", {.input = "input_5", .output = "tf_op_layer_stack_5"}, DTLN_BLOCK},
};

struct dtln {
    rpr_model *model[2];
    rpr_stream *stream[2];
    size_t output[2]; /* number of the one that is no state */
    tally tally[2];
    audio_fft *fft;
    audio_complex bins[BINS];
    double samples[DTLN_BLOCK];
    float magnitude[BINS], mask[BINS];
    float masked[DTLN_BLOCK], clean[DTLN_BLOCK];
    float sum[DTLN_BLOCK]; /* of blocks that overlap; the next DTLN_HOP of it lack nothing */
};

static int fits(dtln *d, int i)
{
    const rpr_model *m = d->model[i];
    const size_t bytes = (size_t)network[i].values * sizeof(float), n = rpr_model_n_outputs(m);
    size_t *k = &d->output[i];
    rpr_tensor_info in, out;
    for (*k = 0; *k < n; ++*k)
        if (rpr_model_output(m, *k, &out) == RPR_OK && strcmp(out.name, network[i].output) == 0)
            return n <= 2 && out.dtype == RPR_F32 && out.bytes == bytes &&
                   rpr_model_n_inputs(m) == 1 && rpr_model_input(m, 0, &in) == RPR_OK &&
                   in.dtype == RPR_F32 && in.bytes == bytes;
    return 0;
}

static int open_network(dtln *d, int i, const char *path, const rpr_gate *gate, rpr_error *err)
{
    rpr_model_options o;
    rpr_stream_options so;
    rpr_model_options_init(&o);
    rpr_stream_options_init(&so);
    o.carry = &network[i].state;
    o.n_carry = 1;
    so.gate = *gate;
    int status = rpr_model_load(path, &o, &d->model[i], err);
    if (status == RPR_OK && !fits(d, i)) {
        snprintf(err->message, sizeof err->message, "is no network %d of DTLN", i + 1);
        status = RPR_ERR_FORMAT;
    }
    if (status != RPR_OK && !strstr(err->message, path)) {
        rpr_error line;
        snprintf(line.message, sizeof line.message, "%.400s: %.500s", path, err->message);
        *err = line;
    }
    return status == RPR_OK ? rpr_stream_create(d->model[i], &so, &d->stream[i], err) : status;
}

dtln *dtln_new(const char *const model[2], const rpr_gate *gate, rpr_error *err)
{
    dtln *d = calloc(1, sizeof *d);
    if (d)
        d->fft = audio_fft_new(DTLN_BLOCK);
    if (!d || !d->fft) {
        snprintf(err->message, sizeof err->message, "memory ran out");
        dtln_free(d);
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        if (open_network(d, i, model[i], gate, err) != RPR_OK) {
            dtln_free(d);
            return NULL;
        }
    return d;
}

void dtln_free(dtln *d)
{
    if (!d)
        return;
    for (int i = 0; i < 2; i++) {
        rpr_stream_destroy(d->stream[i]);
        rpr_model_destroy(d->model[i]);
    }
    audio_fft_free(d->fft);
    free(d);
}

static int run_network(dtln *d, int i, const float *x, float *y, rpr_error *err)
{
    const size_t bytes = (size_t)network[i].values * sizeof(float);
    const rpr_input in = {.data = x, .bytes = bytes};
    rpr_output out[2] = {{0}};
    out[d->output[i]] = (rpr_output){.data = y, .bytes = bytes};
    const double start = tally_clock();
    const int status = rpr_stream_run(d->stream[i], &in, 1, out, rpr_model_n_outputs(d->model[i]));
    if (status == RPR_OK)
        tally_add(&d->tally[i], d->stream[i], tally_clock() - start);
    else
        snprintf(err->message, sizeof err->message, "%.900s", rpr_stream_error(d->stream[i]));
    return status;
}

int dtln_run(dtln *d, const float *block, float *out, rpr_error *err)
{
    for (int t = 0; t < DTLN_BLOCK; t++)
        d->samples[t] = (double)block[t];
    audio_fft_run(d->fft, d->samples, d->bins);
    for (int k = 0; k < BINS; k++)
        d->magnitude[k] = (float)hypot(d->bins[k].re, d->bins[k].im);
    int status = run_network(d, 0, d->magnitude, d->mask, err);
    if (status != RPR_OK)
        return status;
    for (int k = 0; k < BINS; k++) { /* the phase stays */
        d->bins[k].re *= (double)d->mask[k];
        d->bins[k].im *= (double)d->mask[k];
    }
    audio_fft_inverse(d->fft, d->bins, d->samples);
    for (int t = 0; t < DTLN_BLOCK; t++)
        d->masked[t] = (float)d->samples[t];
    status = run_network(d, 1, d->masked, d->clean, err);
    if (status != RPR_OK)
        return status;
    memmove(d->sum, d->sum + DTLN_HOP, DTLN_DELAY * sizeof *d->sum);
    memset(d->sum + DTLN_DELAY, 0, DTLN_HOP * sizeof *d->sum);
    for (int t = 0; t < DTLN_BLOCK; t++)
        d->sum[t] += d->clean[t];
    memcpy(out, d->sum, DTLN_HOP * sizeof *out);
    return RPR_OK;
}

const tally *dtln_tally(const dtln *d, int i)
{
    return &d->tally[i];
}
