/* SPDX-License-Identifier: Apache-2.0 */
/* A bidirectional LSTM, inputs that walk from step to step, and streams that run it. */
#ifndef RPR_TESTS_STREAM_STEPS_H
#define RPR_TESTS_STREAM_STEPS_H

#include <stdlib.h>

#include "build.h"
#include "play.h"

enum { INPUTS = 40, HIDDEN = 24, ROWS = 4 * HIDDEN, MOST_STEPS = 150 };

/** Y of a bidirectional LSTM; weights in [-spread, spread). */
static inline rpr_model *bilstm(int steps, float spread)
{
    net b = net_new(5);
    int x = net_input(&b, NET_DIMS(steps, 1, INPUTS));
    int w = net_floats(&b, 0.0f, spread, NET_DIMS(2, ROWS, INPUTS));
    int r = net_floats(&b, 0.0f, 0.4f, NET_DIMS(2, ROWS, HIDDEN));
    int bias = net_floats(&b, 0.0f, 0.2f, NET_DIMS(2, 2 * ROWS));
    net_output(&b, net_op(&b, "LSTM", "direction@bidirectional", 4, x, w, r, bias));
    return net_finish(b.g);
}

static inline size_t layer_of(const rpr_model *m)
{
    rpr_layer_info info;
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        assert_int_equal(rpr_model_layer(m, i, &info), RPR_OK);
        if (info.recurrent)
            return i;
    }
    fail();
    return 0;
}

typedef struct steps {
    rng r;
    int n;
    float now[INPUTS], x[MOST_STEPS * INPUTS];
} steps;

/** Values that walk: `share` of them do from step to step; on step `wild` all do. */
static inline void walk(steps *s, float share, int wild)
{
    for (int t = 0; t < s->n; t++)
        for (int j = 0; j < INPUTS; j++) {
            if (rng_unit(&s->r) < share || t == wild)
                s->now[j] = rng_signed(&s->r);
            s->x[t * INPUTS + j] = s->now[j];
        }
}

typedef struct runner {
    rpr_stream *s;
    float y[MOST_STEPS * 2 * HIDDEN];
    rpr_layer_stats st;
} runner;

static inline runner *runner_new(const rpr_model *m, const rpr_stream_options *opt)
{
    runner *r = calloc(1, sizeof *r);
    rpr_error err;
    assert_non_null(r);
    assert_int_equal(rpr_stream_create(m, opt, &r->s, &err), RPR_OK);
    return r;
}

static inline void runner_free(runner *r)
{
    rpr_stream_destroy(r->s);
    free(r);
}

static inline void run(runner *r, const rpr_model *m, const steps *x)
{
    const rpr_input in = {.data = x->x};
    rpr_output out = {.data = r->y, .bytes = sizeof r->y};
    assert_int_equal(rpr_stream_run(r->s, &in, 1, &out, 1), RPR_OK);
    assert_int_equal(rpr_stream_layer_stats(r->s, layer_of(m), &r->st), RPR_OK);
}

#endif
