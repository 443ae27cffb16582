/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of streams: they change nothing, hold what the gates found, and account for every MAC. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "play.h"
#include "trace_bytes.h"
#include "trace/macs.h"
#include "trace/read.h"

#define RANDOM_NETS 40

static rpr_model *model_of(size_t i)
{
    return i < nets_count() ? nets_make(i) : nets_random(i);
}

static const char *name_of(size_t i)
{
    return i < nets_count() ? nets_name(i) : "random";
}

/* ----------------------------------------------- nothing changes by tracing */

static void same_gates(const rpr_stream *a, const rpr_stream *b, const char *name)
{
    for (int i = 0; i < a->plan->n_gate; i++) {
        const rpr_gate_state *x = &a->gate[i], *y = &b->gate[i];
        check_that(x->n_changed == y->n_changed && x->n_listed == y->n_listed &&
                       x->n_pixels == y->n_pixels && x->cap == y->cap && x->list_ok == y->list_ok &&
                       x->crowded == y->crowded && x->fades == y->fades &&
                       x->nonfinite == y->nonfinite,
                   "%s: gate %d finds something else", name, i);
        assert_int_equal(x->changed.any, y->changed.any);
        assert_memory_equal(x->changed.pix, y->changed.pix, (size_t)rpr_touch_pixels(&x->changed));
    }
}

static void same_layers(const rpr_stream *a, const rpr_stream *b)
{
    for (size_t i = 0; i < rpr_model_n_layers(a->model); i++) {
        rpr_layer_stats x, y;
        assert_int_equal(rpr_stream_layer_stats(a, i, &x), RPR_OK);
        assert_int_equal(rpr_stream_layer_stats(b, i, &y), RPR_OK);
        assert_int_equal(x.choice, y.choice);
        assert_int_equal(x.inputs, y.inputs);
        assert_int_equal(x.changed, y.changed);
        assert_int_equal(x.macs_dense, y.macs_dense);
        assert_int_equal(x.macs_executed, y.macs_executed);
    }
}

static void run_both(size_t net, play_gate gate, rpr_policy policy)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(gate);
    opt.policy = policy;
    opt.refresh = 11;
    show w = show_new(model_of(net), &opt, net);
    opt.trace = 1;
    player *traced = player_new(w.m, &opt);
    for (int f = 0; f < 26; f++) { /* the cut at 23 changes nearly everything */
        show_next(&w);
        player_run(traced, w.s);
        check_that(player_same(w.p, traced), "%s, %s, frame %d: another output", name_of(net),
                   play_gate_name(gate), f);
        same_layers(w.p->s, traced->s);
        same_gates(w.p->s, traced->s, name_of(net));
    }
    assert_memory_equal(w.p->s->state, traced->s->state, traced->s->state_bytes);
    player_free(traced);
    show_free(&w);
}

static void tracing_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_count() + RANDOM_NETS; i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            run_both(i, (play_gate)g, RPR_POLICY_AUTO);
            if (i % 4 == (size_t)g)
                run_both(i, (play_gate)g, RPR_POLICY_RANDOM);
        }
}

/* ---------------------------------------------------------- what it contains */

static const rpr_trace_frame *next_of(rpr_trace_reader *r)
{
    const rpr_trace_frame *f;
    rpr_error err = {""};
    if (rpr_trace_next(r, &f, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return f;
}

/** What one frame must turn out to hold. */
typedef struct wanted {
    bool first;
    uint8_t **changed; /* per gate and element */
    int64_t *n_changed, *macs;
    rpr_choice *choice;
    bool *refreshed;
    float *lo, *hi;
} wanted;

static void *take(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    assert_non_null(p);
    return p;
}

/** The gates' xhat without halos, before or after a frame. */
static float **copy_used(const rpr_stream *s)
{
    float **all = take((size_t)s->plan->n_gate, sizeof *all);
    for (int i = 0; i < s->plan->n_gate; i++) {
        const rpr_map *m = &s->gate[i].in;
        float *to = all[i] = take((size_t)rpr_gate_elements(&s->gate[i]), sizeof *to);
        for (int32_t n = 0; n < m->n; n++)
            for (int32_t y = 0; y < m->h; y++, to += (int64_t)m->w * m->c)
                memcpy(to, rpr_map_at(m, n, y, 0), (size_t)m->w * (size_t)m->c * sizeof *to);
    }
    return all;
}

static void free_used(const rpr_stream *s, float **all)
{
    for (int i = 0; i < s->plan->n_gate; i++)
        free(all[i]);
    free(all);
}

/** An element counts as changed when, and only when, the value in use is another one. */
static wanted want_frame(const rpr_stream *s, float **before)
{
    const rpr_plan *p = s->plan;
    size_t gates = (size_t)p->n_gate, steps = (size_t)p->n_step;
    float **after = copy_used(s);
    wanted w = {.first = s->frame == 1,
                .changed = take(gates, sizeof *w.changed),
                .n_changed = take(gates, sizeof *w.n_changed),
                .lo = take(gates, sizeof *w.lo),
                .hi = take(gates, sizeof *w.hi),
                .macs = take(steps, sizeof *w.macs),
                .choice = take(steps, sizeof *w.choice),
                .refreshed = take(steps, sizeof *w.refreshed)};
    for (int i = 0; i < p->n_gate; i++) {
        int64_t n = rpr_gate_elements(&s->gate[i]);
        w.changed[i] = take((size_t)n, 1);
        for (int64_t e = 0; e < n; e++) {
            bool differs = w.first || before[i][e] < after[i][e] || before[i][e] > after[i][e];
            if (!s->gate[i].open && !s->gate[i].compared) { /* loose, or anew: all or nothing */
                assert_true(s->gate[i].n_changed > 0 || !differs);
                differs = s->gate[i].n_changed > 0;
            }
            if (s->gate[i].open) { /* counts by pixels that may differ */
                bool touched = s->gate[i].changed.pix[e / s->gate[i].xhat.c];
                assert_true(touched || !differs);
                differs = touched;
            }
            w.changed[i][e] = differs;
            w.n_changed[i] += differs;
        }
    }
    int layer = 0;
    for (int i = 0; i < p->n_step; i++) {
        rpr_layer_stats st;
        if (!p->step[i].linear)
            continue;
        assert_int_equal(rpr_stream_layer_stats(s, (size_t)i, &st), RPR_OK);
        w.macs[layer] = st.macs_executed;
        w.choice[layer] = st.choice;
        w.refreshed[layer++] = s->step[i].refreshed;
        w.lo[p->step[i].gate] = st.range_lo;
        w.hi[p->step[i].gate] = st.range_hi;
    }
    free_used(s, after);
    return w;
}

static void free_wanted(const rpr_stream *s, wanted *w)
{
    for (int i = 0; i < s->plan->n_gate; i++)
        free(w->changed[i]);
    free(w->changed);
    free(w->n_changed);
    free(w->macs);
    free(w->choice);
    free(w->refreshed);
    free(w->lo);
    free(w->hi);
}

static void check_net(const rpr_stream *s, const rpr_trace_net *net)
{
    const rpr_plan *p = s->plan;
    int layer = 0;
    assert_int_equal(net->n_input, p->n_gate);
    for (int i = 0; i < p->n_gate; i++) {
        const rpr_trace_input *in = &net->input[i];
        assert_int_equal(rpr_trace_elements(in), rpr_gate_elements(&s->gate[i]));
        assert_int_equal(in->gate.kind, s->gate[i].open ? RPR_GATE_OFF : s->opt.gate.kind);
        assert_int_equal(in->gate.levels, s->gate[i].open ? 0 : s->opt.gate.levels);
    }
    for (size_t i = 0; i < rpr_model_n_layers(s->model); i++) {
        rpr_layer_info info;
        assert_int_equal(rpr_model_layer(s->model, i, &info), RPR_OK);
        if (!info.weighted)
            continue;
        const rpr_trace_layer *l = &net->layer[layer++];
        assert_string_equal(l->name, info.name);
        assert_string_equal(l->op, info.op);
        assert_int_equal(l->parameters, info.parameters);
        assert_int_equal(l->macs, p->step[i].linear->macs);
        assert_int_equal(l->by_pixel, p->step[i].linear->by_pixel || s->gate[p->step[i].gate].open);
    }
    assert_int_equal(layer, net->n_layer);
}

static void check_frame(const rpr_trace_net *net, const rpr_trace_frame *f, const wanted *w,
                        const char *name, int index)
{
    assert_int_equal(f->index, index);
    assert_int_equal(f->first, w->first);
    for (int i = 0; i < net->n_input; i++) {
        int64_t n = rpr_trace_elements(&net->input[i]);
        check_that(f->n_changed[i] == w->n_changed[i], "%s, frame %d, input %d: another count",
                   name, index, i);
        for (int64_t e = 0; e < n; e++)
            check_that((f->changed[i][e / 64] >> (e % 64) & 1) == w->changed[i][e],
                       "%s, frame %d, input %d: element %lld is wrong", name, index, i,
                       (long long)e);
        assert_true(n % 64 == 0 || f->changed[i][n / 64] >> (n % 64) == 0);
        assert_memory_equal(&f->lo[i], &w->lo[i], sizeof(float));
        assert_memory_equal(&f->hi[i], &w->hi[i], sizeof(float));
    }
    for (int i = 0; i < net->n_layer; i++) {
        assert_int_equal(f->layer[i].choice, w->choice[i]);
        assert_int_equal(f->layer[i].refreshed, w->refreshed[i]);
        assert_int_equal(f->layer[i].macs, w->macs[i]);
        check_that(rpr_trace_macs_fit(net, f, i),
                   "%s, frame %d, layer %d: %lld MACs from the trace, %lld executed", name, index,
                   i, (long long)rpr_trace_macs(net, f, i), (long long)w->macs[i]);
    }
}

#define FRAMES 25

static void write_and_read(size_t net, const rpr_stream_options *opt, int64_t choices[3])
{
    show w = show_new(model_of(net), opt, net + 100);
    const rpr_stream *s = w.p->s;
    bytes b = bytes_new();
    wanted want[FRAMES];
    rpr_trace *t;
    rpr_error err;
    const int status = rpr_trace_create(s, write_bytes, &b, &t, &err);
    if (status == RPR_ERR_UNSUPPORTED && stream_has_words(s)) {
        bytes_free(&b);
        show_free(&w);
        return;
    }
    if (status != RPR_OK)
        fail_msg("%s: %s", name_of(net), err.message);
    for (int f = 0; f < FRAMES; f++) {
        if (f == 17)
            rpr_stream_reset(w.p->s);
        float **before = copy_used(s);
        show_next(&w);
        want[f] = want_frame(s, before);
        free_used(s, before);
        assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
    }
    assert_int_equal(rpr_trace_end(t), RPR_OK);
    rpr_trace_destroy(t);
    rpr_trace_reader *r = reader_of(&b);
    const rpr_trace_net *read = rpr_trace_reader_net(r);
    check_net(s, read);
    for (int f = 0; f < FRAMES; f++) {
        const rpr_trace_frame *frame = next_of(r);
        assert_non_null(frame);
        check_frame(read, frame, &want[f], name_of(net), f);
        for (int i = 0; i < read->n_layer; i++)
            choices[frame->layer[i].choice]++;
        free_wanted(s, &want[f]);
    }
    assert_null(next_of(r));
    rpr_trace_close(r);
    bytes_free(&b);
    show_free(&w);
}

static void traces_are_true(void **state)
{
    const rpr_policy policies[] = {RPR_POLICY_AUTO, RPR_POLICY_CORRECT, RPR_POLICY_RANDOM,
                                   RPR_POLICY_DENSE};
    int64_t choices[3] = {0};
    (void)state;
    for (size_t i = 0; i < nets_count() + RANDOM_NETS; i++)
        for (int g = 0; g < PLAY_GATES; g++) {
            rpr_stream_options opt = play_options();
            opt.gate = play_gate_of((play_gate)g);
            opt.policy = policies[(i + (size_t)g) % 4];
            opt.seed = i + 1;
            opt.refresh = i % 3 ? 7 : 0;
            opt.trace = 1;
            opt.oracle = 1; /* what gates read is looked at after the frame */
            write_and_read(i, &opt, choices);
        }
    for (int i = 0; i < 3; i++)
        assert_true(choices[i] > 1000);
}

/* ------------------------------------------------------------------- misuse */

static void wrong_streams_are_refused(void **state)
{
    rpr_model *m = nets_named("plain");
    bytes b = bytes_new();
    rpr_trace *t;
    rpr_error err;
    (void)state;
    rpr_stream_options opt = play_options();
    player *p = player_new(m, &opt);
    assert_int_equal(rpr_trace_create(p->s, write_bytes, &b, &t, &err), RPR_ERR_ARGUMENT);
    assert_null(t);
    assert_non_null(strstr(err.message, "without the option `trace`"));
    assert_int_equal(rpr_trace_create(NULL, write_bytes, &b, &t, &err), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_trace_create(p->s, NULL, &b, &t, NULL), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_trace_create(p->s, write_bytes, &b, NULL, &err), RPR_ERR_ARGUMENT);
    player_free(p);
    opt.gate.kind = RPR_GATE_OFF;
    opt.trace = 1;
    p = player_new(m, &opt);
    assert_int_equal(rpr_trace_create(p->s, write_bytes, &b, &t, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "has no gates"));
    assert_int_equal(b.n, 0);
    player_free(p);
    rpr_trace_destroy(NULL);
    rpr_model_destroy(m);
}

typedef struct tracing {
    show w;
    bytes b;
    rpr_trace *t;
} tracing;

static void tracing_start(tracing *g, int calls_left)
{
    rpr_stream_options opt = play_options();
    rpr_error err;
    opt.trace = 1;
    g->w = show_new(nets_named("residual"), &opt, 3);
    g->b = bytes_new();
    g->b.calls_left = calls_left;
    assert_int_equal(rpr_trace_create(g->w.p->s, write_bytes, &g->b, &g->t, &err), RPR_OK);
}

static void tracing_stop(tracing *g)
{
    rpr_trace_destroy(g->t);
    bytes_free(&g->b);
    show_free(&g->w);
}

static void frames_come_once_and_all(void **state)
{
    tracing g;
    (void)state;
    tracing_start(&g, -1);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_ARGUMENT); /* nothing was run */
    assert_string_not_equal(rpr_trace_error(g.t), "");
    show_next(&g.w);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_OK);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_ARGUMENT); /* twice */
    show_next(&g.w);
    g.w.s->data[0][5] = (float)(0.0 / 0.0); /* refused, so that the frame before is still there */
    assert_int_equal(rpr_stream_run(g.w.p->s, g.w.s->in, g.w.s->n, g.w.p->out, g.w.p->n),
                     RPR_ERR_NONFINITE);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_OK);
    rpr_stream_reset(g.w.p->s);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_ARGUMENT);
    scene_next(g.w.s);
    player_run(g.w.p, g.w.s);
    player_run(g.w.p, g.w.s);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_ARGUMENT); /* one is missing */
    assert_non_null(strstr(rpr_trace_error(g.t), "missed"));
    assert_int_equal(rpr_trace_end(g.t), RPR_OK);
    assert_int_equal(rpr_trace_end(g.t), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_ARGUMENT);
    rpr_trace_reader *r = reader_of(&g.b);
    assert_true(next_of(r)->first);
    assert_false(next_of(r)->first);
    assert_null(next_of(r));
    rpr_trace_close(r);
    tracing_stop(&g);
}

/** After a state was loaded the lists belong to nothing; frames after that are fine. */
static void loaded_states(void **state)
{
    tracing g;
    (void)state;
    tracing_start(&g, -1);
    show_next(&g.w);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_OK);
    size_t n = rpr_stream_save_bytes(g.w.p->s);
    void *saved = malloc(n);
    assert_int_equal(rpr_stream_save(g.w.p->s, saved, n), RPR_OK);
    show_next(&g.w);
    assert_int_equal(rpr_stream_load(g.w.p->s, saved, n), RPR_OK);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_ARGUMENT);
    free(saved);
    tracing_stop(&g);
    /* A trace may begin in the middle of a stream, and of a copy. */
    rpr_stream_options opt = play_options();
    bytes b = bytes_new();
    rpr_stream *copy;
    rpr_trace *t;
    opt.trace = 1;
    show w = show_new(nets_named("residual"), &opt, 3);
    show_next(&w);
    assert_int_equal(rpr_stream_clone(w.p->s, &copy, NULL), RPR_OK);
    assert_int_equal(rpr_trace_create(copy, write_bytes, &b, &t, NULL), RPR_OK);
    scene_next(w.s);
    assert_int_equal(rpr_stream_run(copy, w.s->in, w.s->n, w.p->out, w.p->n), RPR_OK);
    assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
    assert_int_equal(rpr_trace_end(t), RPR_OK);
    rpr_trace_reader *r = reader_of(&b);
    assert_false(next_of(r)->first);
    assert_null(next_of(r));
    rpr_trace_close(r);
    rpr_trace_destroy(t);
    rpr_stream_destroy(copy);
    bytes_free(&b);
    show_free(&w);
}

static void failed_writes_stay_failed(void **state)
{
    tracing g;
    (void)state;
    tracing_start(&g, 2);
    show_next(&g.w);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_OK);
    show_next(&g.w);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_IO);
    assert_string_not_equal(rpr_trace_error(g.t), "");
    g.b.calls_left = -1;
    show_next(&g.w);
    assert_int_equal(rpr_trace_frame_write(g.t), RPR_ERR_IO);
    assert_int_equal(rpr_trace_end(g.t), RPR_ERR_IO);
    tracing_stop(&g);
    rpr_stream_options opt = play_options();
    bytes b = bytes_new();
    rpr_trace *t;
    rpr_error err;
    opt.trace = 1;
    b.calls_left = 0;
    show w = show_new(nets_named("residual"), &opt, 3);
    assert_int_equal(rpr_trace_create(w.p->s, write_bytes, &b, &t, &err), RPR_ERR_IO);
    assert_null(t);
    show_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tracing_changes_nothing),
                                       cmocka_unit_test(traces_are_true),
                                       cmocka_unit_test(wrong_streams_are_refused),
                                       cmocka_unit_test(frames_come_once_and_all),
                                       cmocka_unit_test(loaded_states),
                                       cmocka_unit_test(failed_writes_stay_failed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
