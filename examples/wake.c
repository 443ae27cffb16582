/* SPDX-License-Identifier: Apache-2.0 */
#include "wake.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slide.h"

enum { BLOCK = WAKE_CONTEXT + WAKE_HOP, BANDS = 32, FRAMES = 8, WINDOW = 76, EMBEDDING = 96 };

struct wake {
    network mel;
    slide embedding, head[WAKE_HEADS];
    char word[WAKE_HEADS][100];
    int heads;
    float quiet;
    float samples[BLOCK], spectra[FRAMES * BANDS], embedded[EMBEDDING];
};

static void set_word(char word[100], const char *file)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    snprintf(word, 100, "%.*s", dot ? (int)(dot - name) : (int)strlen(name), name);
}

static int open_all(wake *w, const wake_options *o, rpr_error *err)
{
    const network_form mel = {"mel spectrum of openWakeWord", NULL, BLOCK, FRAMES * BANDS};
    const rpr_input_shape samples = {NULL, 2, {1, BLOCK}};
    const rpr_input_shape spectra = {NULL, 4, {1, WINDOW, BANDS, 1}};
    const slide_form embedding = {
        {"embedding of openWakeWord", NULL, 0, EMBEDDING}, &spectra, BANDS, FRAMES};
    const slide_form head = {
        {"word of openWakeWord with one score", NULL, 0, 1}, NULL, EMBEDDING, 1};
    rpr_model_options mo;
    rpr_stream_options so, mel_so;
    rpr_model_options_init(&mo);
    rpr_stream_options_init(&so);
    rpr_stream_options_init(&mel_so);
    so.gate = o->gate;
    so.all_gates = o->all_gates;
    so.policy = o->all_gates ? RPR_POLICY_CORRECT : RPR_POLICY_AUTO;
    if (o->gate.kind == RPR_GATE_OFF)
        mel_so.gate = o->gate; /* else exact: what comes of an error in a quiet sound is large */
    mo.shapes = &samples;
    mo.n_shapes = 1;
    int status = network_load(&w->mel, o->mel, &mo, &mel, err);
    if (status == RPR_OK)
        status = network_start(&w->mel, &mel_so, err);
    if (status == RPR_OK)
        status = slide_open(&w->embedding, o->embedding, &embedding, o->full, &so, err);
    for (; status == RPR_OK && w->heads < o->heads; w->heads++) {
        set_word(w->word[w->heads], o->head[w->heads]);
        status = slide_open(&w->head[w->heads], o->head[w->heads], &head, o->full, &so, err);
    }
    return status;
}

wake *wake_new(const wake_options *o, rpr_error *err)
{
    wake *w = calloc(1, sizeof *w);
    if (w)
        w->quiet = (float)o->quiet;
    if (!w)
        snprintf(err->message, sizeof err->message, "memory ran out");
    else if (open_all(w, o, err) != RPR_OK) {
        wake_free(w);
        w = NULL;
    }
    return w;
}

void wake_free(wake *w)
{
    if (!w)
        return;
    network_close(&w->mel);
    slide_close(&w->embedding);
    for (int i = 0; i < w->heads; i++)
        slide_close(&w->head[i]);
    free(w);
}

const char *wake_word(const wake *w, int head)
{
    return w->word[head];
}

/* A quiet block becomes silence, which is the same every time. */
static void take_samples(wake *w, const float *block)
{
    float most = 0;
    for (int i = 0; i < BLOCK; i++) {
        w->samples[i] = block[i] * 32768.0f;
        most = fmaxf(most, fabsf(w->samples[i]));
    }
    if (most <= w->quiet)
        memset(w->samples, 0, sizeof w->samples);
}

int wake_run(wake *w, const float *block, float *score, rpr_error *err)
{
    for (int i = 0; i < w->heads; i++)
        score[i] = -1;
    take_samples(w, block);
    int status = network_run(&w->mel, w->samples, w->spectra, err);
    if (status != RPR_OK)
        return status;
    for (int i = 0; i < FRAMES * BANDS; i++)
        w->spectra[i] = w->spectra[i] / 10 + 2;
    status = slide_run(&w->embedding, w->spectra, w->embedded, err);
    if (status != RPR_OK || w->embedding.missing)
        return status;
    for (int i = 0; i < w->heads && status == RPR_OK; i++) {
        float y = 0;
        status = slide_run(&w->head[i], w->embedded, &y, err);
        if (!w->head[i].missing)
            score[i] = y;
    }
    return status;
}

/* Adds what a network executed and what whole windows would have taken, per block of 80 ms. */
static void report(const network *n, const char *title, double sum[2])
{
    char line[120];
    snprintf(line, sizeof line, "%.100s: ", title);
    tally_report(&n->tally, line, 1000.0 * WAKE_HOP / WAKE_RATE);
    if (n->tally.blocks == 0)
        return;
    sum[0] += (double)n->tally.macs_executed / (double)n->tally.blocks;
    sum[1] += network_whole(n) / (double)n->tally.blocks;
}

void wake_report(const wake *w)
{
    double sum[2] = {0, 0};
    const double blocks = (double)WAKE_RATE / WAKE_HOP; /* a second */
    report(&w->mel, "mel spectrum", sum);
    report(&w->embedding.net, "embedding", sum);
    for (int i = 0; i < w->heads; i++)
        report(&w->head[i].net, w->word[i], sum);
    if (sum[1] > 0)
        fprintf(stderr,
                "all: %.2f million multiply-accumulates a second of sound, %.2f with every window "
                "whole and dense\n",
                1e-6 * blocks * sum[0], 1e-6 * blocks * sum[1]);
}
