/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "trace/macs.h"
#include "trace/write.h"

#define MOST 256 /* elements and rows of an input */

int sample_write(void *sample, const void *bytes, size_t n)
{
    sample_bytes *s = sample;
    if (s->calls_left == 0)
        return -1;
    s->calls_left -= s->calls_left > 0;
    if (s->n + n > s->room) {
        s->room = (s->n + n) * 2;
        s->bytes = realloc(s->bytes, s->room);
        assert_non_null(s->bytes);
    }
    memcpy(s->bytes + s->n, bytes, n);
    s->n += n;
    return 0;
}

void sample_measure(rpr_trace_layer *l)
{
    l->macs = rpr_trace_dense_macs(l);
    l->parameters = (int64_t)l->ci / l->groups * l->co;
    for (int i = 0; i < 3; i++)
        l->parameters *= l->axis[i].kernel;
    l->parameters += l->co;
}

#define ABSENT                                                                                     \
    {                                                                                              \
        1, 1, 1, 1, 1, 0                                                                           \
    }

static char names[][8] = {"x", "", "z/1", "conv", "depth", "up", "deep", "matrix"};
static char ops[][16] = {"Conv", "ConvTranspose", "MatMul"};

rpr_trace_net sample_net(void)
{
    static rpr_trace_input input[SAMPLE_INPUTS] = {
        {names[0], 1, 1, 5, 7, 3, {.kind = RPR_GATE_EXACT}},
        {names[1], 2, 1, 4, 5, 4, {.kind = RPR_GATE_LEVELS, .levels = 32}},
        {names[2], 1, 3, 4, 5, 2, {.kind = RPR_GATE_DEADZONE, .threshold = 2.0 / 255.0}},
    };
    static rpr_trace_layer layer[SAMPLE_LAYERS] = {
        {names[3],
         ops[0],
         0,
         false,
         false,
         1,
         3,
         8,
         1,
         {ABSENT, {5, 3, 3, 2, 1, 1}, {7, 4, 3, 2, 1, 1}},
         0,
         0},
        {names[4],
         ops[0],
         1,
         false,
         true,
         2,
         4,
         4,
         4,
         {ABSENT, {4, 4, 3, 1, 1, 1}, {5, 3, 3, 1, 2, 1}},
         0,
         0},
        {names[5],
         ops[1],
         1,
         true,
         false,
         2,
         4,
         6,
         2,
         {ABSENT, {4, 8, 2, 2, 1, 0}, {5, 10, 3, 2, 1, 1}},
         0,
         0},
        {names[6],
         ops[0],
         2,
         false,
         false,
         1,
         2,
         3,
         1,
         {{3, 2, 2, 1, 1, 0}, {4, 4, 3, 1, 1, 1}, {5, 2, 2, 3, 1, 0}},
         0,
         0},
        {names[7],
         ops[2],
         2,
         false,
         false,
         1,
         2,
         9,
         1,
         {{3, 3, 1, 1, 1, 0}, {4, 4, 1, 1, 1, 0}, {5, 5, 1, 1, 1, 0}},
         0,
         0},
    };
    for (int i = 0; i < SAMPLE_LAYERS; i++)
        sample_measure(&layer[i]);
    return (rpr_trace_net){
        .input = input, .n_input = SAMPLE_INPUTS, .layer = layer, .n_layer = SAMPLE_LAYERS};
}

/** Sets about one bit in `every`; every = 0 is none and 1 is all. */
static int64_t scatter(uint64_t *bits, int64_t n, int every, rng *r)
{
    int64_t set = 0;
    for (int64_t i = 0; i < n; i++) {
        bool on = every > 0 && rng_below(r, every) == 0;
        bits[i / 64] |= (uint64_t)on << (i % 64);
        set += on;
    }
    return set;
}

static rpr_trace_layer_frame choose(const rpr_trace_net *net, sample_frame *f, int i, int index)
{
    const rpr_trace_layer *l = &net->layer[i];
    rpr_trace_frame seen = {.changed = f->changed, .n_changed = f->n_changed, .layer = f->layer};
    rpr_trace_layer_frame *done = &f->layer[i];
    bool refreshed = index == 3 && i == 1;
    done->choice = f->n_changed[l->input] ? RPR_CHOICE_CORRECT : RPR_CHOICE_SKIP;
    if (f->first || refreshed || (index == 1 && i == 2))
        done->choice = RPR_CHOICE_DENSE;
    int64_t macs = rpr_trace_macs(net, &seen, i);
    bool mixed = done->choice == RPR_CHOICE_CORRECT && !l->by_pixel && index % 2 == 1;
    return (rpr_trace_layer_frame){.choice = done->choice,
                                   .refreshed = refreshed,
                                   .mixed = mixed,
                                   .macs = mixed ? (macs + l->macs) / 2 : macs};
}

sample_frame sample_frame_new(const rpr_trace_net *net, int index)
{
    static const int every[SAMPLE_FRAMES][SAMPLE_INPUTS] = {{1, 1, 1},  {3, 9, 2}, {0, 0, 0},
                                                            {30, 0, 1}, {1, 1, 1}, {2, 5, 40}};
    rng r = {(uint64_t)index + 3};
    sample_frame f = {.first = index % 4 == 0};
    for (int i = 0; i < SAMPLE_INPUTS; i++) {
        int64_t n = rpr_trace_elements(&net->input[i]);
        assert_true(n <= MOST);
        f.changed[i] = calloc(rpr_trace_words(n), sizeof(uint64_t));
        assert_non_null(f.changed[i]);
        f.n_changed[i] = scatter(f.changed[i], n, every[index][i], &r);
    }
    for (int i = 0; i < SAMPLE_LAYERS; i++)
        f.layer[i] = choose(net, &f, i, index);
    return f;
}

void sample_frame_free(sample_frame *f)
{
    for (int i = 0; i < SAMPLE_INPUTS; i++)
        free(f->changed[i]);
}

static void write_frame(rpr_trace_writer *w, const rpr_trace_net *net, int index)
{
    sample_frame f = sample_frame_new(net, index);
    rpr_trace_change change[SAMPLE_INPUTS];
    int32_t idx[SAMPLE_INPUTS][MOST], row_n[SAMPLE_INPUTS][MOST];
    for (int i = 0; i < SAMPLE_INPUTS; i++) {
        int32_t size = rpr_trace_row_elements(&net->input[i]), n = 0;
        memset(row_n[i], 0, sizeof row_n[i]);
        for (int32_t e = 0; e < rpr_trace_elements(&net->input[i]); e++)
            if (f.changed[i][e / 64] >> (e % 64) & 1) {
                idx[i][n++] = e % size;
                row_n[i][e / size]++;
            }
        change[i] = (rpr_trace_change){.n_changed = f.n_changed[i],
                                       .row_n = row_n[i],
                                       .idx = idx[i],
                                       .lo = -1.5f,
                                       .hi = (float)i};
    }
    assert_int_equal(rpr_trace_writer_frame(w, f.first, change, f.layer), RPR_OK);
    sample_frame_free(&f);
}

sample_bytes sample_trace(void)
{
    rpr_trace_net net = sample_net();
    sample_bytes s = {.calls_left = -1};
    rpr_trace_writer *w = NULL;
    rpr_error err = {""};
    if (rpr_trace_writer_create(&net, sample_write, &s, &w, &err) != RPR_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < SAMPLE_FRAMES; i++)
        write_frame(w, &net, i);
    assert_int_equal(rpr_trace_writer_end(w), RPR_OK);
    rpr_trace_writer_free(w);
    return s;
}
