/* SPDX-License-Identifier: Apache-2.0 */
#include "dtln.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/fft.h"

#include "network.h"

enum { BINS = DTLN_BLOCK / 2 + 1 };

/* Of the networks as their authors give them. */
static const struct {
    const char *output;
    rpr_carry state;
    size_t values; /* of the input and of the output */
} part[2] = {
    {"activation_2", {.input = "input_3", .output = "tf_op_layer_stack_2"}, BINS},
    {"conv1d_3", {.input = "input_5", .output = "tf_op_layer_stack_5"}, DTLN_BLOCK},
};

struct dtln {
    network net[2];
    audio_fft *fft;
    audio_complex bins[BINS];
    double samples[DTLN_BLOCK];
    float magnitude[BINS], mask[BINS];
    float masked[DTLN_BLOCK], clean[DTLN_BLOCK];
    float sum[DTLN_BLOCK]; /* of blocks that overlap; the next DTLN_HOP of it lack nothing */
};

static int open_network(dtln *d, int i, const char *path, const rpr_gate *gate, rpr_error *err)
{
    static const char *const name[2] = {"network 1 of DTLN", "network 2 of DTLN"};
    const network_form form = {name[i], part[i].output, part[i].values, part[i].values};
    rpr_model_options o;
    rpr_stream_options so;
    rpr_model_options_init(&o);
    rpr_stream_options_init(&so);
    o.carry = &part[i].state;
    o.n_carry = 1;
    so.gate = *gate;
    const int status = network_load(&d->net[i], path, &o, &form, err);
    return status == RPR_OK ? network_start(&d->net[i], &so, err) : status;
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
    for (int i = 0; i < 2; i++)
        network_close(&d->net[i]);
    audio_fft_free(d->fft);
    free(d);
}

int dtln_run(dtln *d, const float *block, float *out, rpr_error *err)
{
    for (int t = 0; t < DTLN_BLOCK; t++)
        d->samples[t] = (double)block[t];
    audio_fft_run(d->fft, d->samples, d->bins);
    for (int k = 0; k < BINS; k++)
        d->magnitude[k] = (float)hypot(d->bins[k].re, d->bins[k].im);
    int status = network_run(&d->net[0], d->magnitude, d->mask, err);
    if (status != RPR_OK)
        return status;
    for (int k = 0; k < BINS; k++) { /* the phase stays */
        d->bins[k].re *= (double)d->mask[k];
        d->bins[k].im *= (double)d->mask[k];
    }
    audio_fft_inverse(d->fft, d->bins, d->samples);
    for (int t = 0; t < DTLN_BLOCK; t++)
        d->masked[t] = (float)d->samples[t];
    status = network_run(&d->net[1], d->masked, d->clean, err);
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
    return &d->net[i].tally;
}
