/* SPDX-License-Identifier: Apache-2.0 */
#include "ride.h"

#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "reprise/reprise.h"

static void *take(size_t bytes)
{
    void *p = calloc(bytes ? bytes : 1, 1);
    assert_non_null(p);
    return p;
}

static rpr_model *make(rpr_graph *g, const rpr_window *window)
{
    rpr_model_options o;
    rpr_error err = {{0}};
    rpr_model *m = NULL;
    rpr_model_options_init(&o);
    o.window = window;
    assert_int_equal(rpr_graph_sort(g, &err), RPR_OK);
    if (rpr_model_from_graph(g, &o, &m, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return m;
}

static void take_inputs(ride *w)
{
    for (size_t i = 0; i < w->n; i++) {
        rpr_tensor_info info;
        assert_int_equal(rpr_model_input(w->whole, i, &info), RPR_OK);
        assert_int_equal(info.dtype, RPR_F32);
        w->other[i] = take(info.bytes);
        for (size_t k = 0; k < info.bytes / sizeof(float); k++)
            w->other[i][k] = rng_unit(&w->r);
        w->in[i] = w->whole_in[i] = (rpr_input){.data = w->other[i]};
    }
    w->whole_in[0].data = w->window;
    w->in[0].data = w->fresh;
}

ride *ride_new(rpr_graph *a, rpr_graph *b, int axis, int64_t hop, uint64_t seed)
{
    ride *w = take(sizeof *w);
    const rpr_window window = {.axis = axis, .hop = hop};
    *w = (ride){.hop = hop, .r = {seed}, .outer = 1, .inner = 1};
    w->whole = make(a, NULL);
    w->slid = make(b, &window);
    const rpr_stream_options o = {.struct_size = sizeof o, .threads = 1};
    w->dense = player_new(w->whole, &o);
    w->n = rpr_model_n_inputs(w->whole);
    assert_true(w->n <= MAX_ENDS && w->n == rpr_model_n_inputs(w->slid));
    rpr_tensor_info info;
    assert_int_equal(rpr_model_input(w->whole, 0, &info), RPR_OK);
    axis = axis < 0 ? axis + info.rank : axis;
    w->length = info.dim[axis];
    for (int d = 0; d < info.rank; d++) {
        w->outer *= d < axis ? (size_t)info.dim[d] : 1;
        w->inner *= d > axis ? (size_t)info.dim[d] : 1;
    }
    w->calls = (w->length + hop - 1) / hop;
    w->column = take(info.bytes);
    w->window = take(info.bytes);
    assert_int_equal(rpr_model_input(w->slid, 0, &info), RPR_OK);
    assert_true(info.dim[axis] == hop);
    w->fresh = take(info.bytes);
    take_inputs(w);
    return w;
}

void ride_free(ride *w)
{
    player_free(w->dense);
    rpr_model_destroy(w->whole);
    rpr_model_destroy(w->slid);
    for (size_t i = 0; i < w->n; i++)
        free(w->other[i]);
    free(w->column);
    free(w->window);
    free(w->fresh);
    free(w);
}

static void draw(ride *w, float *column, const float *before, bool still)
{
    const size_t n = w->outer * w->inner;
    const int kind = w->at > 0 ? rng_below(&w->r, 10) : 9;
    for (size_t i = 0; i < n; i++) {
        const bool moves = !still && (kind > 6 || (kind > 2 && rng_below(&w->r, 8) == 0));
        column[i] = moves ? rng_unit(&w->r) : before[i];
    }
}

/** Row-major, from columns in a row. */
static void place(const ride *w, float *to, int64_t n, const float *column)
{
    for (size_t o = 0; o < w->outer; o++)
        for (int64_t c = 0; c < n; c++)
            memcpy(to + (o * (size_t)n + (size_t)c) * w->inner,
                   column + ((size_t)c * w->outer + o) * w->inner, w->inner * sizeof *to);
}

void ride_next(ride *w, bool still)
{
    const size_t one = w->outer * w->inner;
    const size_t kept = (size_t)(w->length - w->hop) * one;
    memmove(w->column, w->column + (size_t)w->hop * one, kept * sizeof *w->column);
    for (int64_t c = w->length - w->hop; c < w->length; c++)
        draw(w, w->column + (size_t)c * one, w->column + (size_t)(c - 1) * one, still);
    place(w, w->window, w->length, w->column);
    place(w, w->fresh, w->hop, w->column + kept);
    w->at++;
    if (rpr_stream_run(w->dense->s, w->whole_in, w->n, w->dense->out, w->dense->n) != RPR_OK)
        fail_msg("%s", rpr_stream_error(w->dense->s));
}

void ride_run(const ride *w, player *p)
{
    if (rpr_stream_run(p->s, w->in, w->n, p->out, p->n) != RPR_OK)
        fail_msg("%s", rpr_stream_error(p->s));
}

bool ride_full(const ride *w)
{
    return w->at >= w->calls;
}

ride *ride_plain(int64_t hop)
{
    size_t i = 0;
    while (strcmp(nets_name(i), "plain") != 0)
        i++;
    return ride_new(nets_graph(i), nets_graph(i), -1, hop, 5);
}

rpr_stream_options ride_options(rpr_gate_kind kind, int threads)
{
    rpr_stream_options o = play_options();
    o.gate.kind = kind;
    o.threads = threads;
    return o;
}

player *ride_saved(const player *p)
{
    const size_t bytes = rpr_stream_save_bytes(p->s);
    void *saved = malloc(bytes);
    assert_non_null(saved);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    player *q = player_new(p->s->model, &p->s->opt);
    assert_int_equal(rpr_stream_load(q->s, saved, bytes), RPR_OK);
    free(saved);
    return q;
}
