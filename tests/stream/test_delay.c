/* SPDX-License-Identifier: Apache-2.0 */
/* Delay alone: every axis, layout, type and period against its definition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "core/alloc.h"
#include "graph/passes.h"
#include "graph/table.h"
#include "ops/ops.h"
#include "play.h"

#define CALLS 30
#define STILL_FROM 8 /* calls that repeat */
#define STILL_TO 22
#define MOST 32768 /* bytes of one tensor */

typedef struct setting {
    int rank, axis;
    int64_t dim[RPR_MAX_RANK]; /* of the output */
    int64_t head, tail, shift, period;
    rpr_dtype type;
    bool spatial; /* channels on axis 1: a reader asks for it */
} setting;

static int64_t count_of(const setting *c, int64_t columns)
{
    int64_t n = 1;
    for (int a = 0; a < c->rank; a++)
        n *= a == c->axis ? columns : c->dim[a];
    return n;
}

static size_t bytes_of(const setting *c, int64_t columns)
{
    return (size_t)count_of(c, columns) * rpr_dtype_size(c->type);
}

static int input_of(net *b, const setting *c, int64_t columns)
{
    int64_t dim[RPR_MAX_RANK];
    memcpy(dim, c->dim, sizeof dim);
    dim[c->axis] = columns;
    const int v = net_input(b, c->rank, dim);
    b->g->value[v].dtype = c->type;
    return v;
}

/** Plans a graph with operators of the library's own, which no file has. */
static rpr_model *plan(rpr_graph *g)
{
    rpr_model *m = rpr_alloc(sizeof *m);
    rpr_model_options o;
    rpr_error err = {{0}};
    rpr_model_options_init(&o);
    assert_int_equal(rpr_graph_sort(g, &err), RPR_OK);
    if (rpr_graph_resolve(g, rpr_ops_find_own, NULL, NULL, &err) != RPR_OK ||
        rpr_graph_fold(g, &err) != RPR_OK || rpr_plan_build(g, NULL, &o, &m->plan, &err) != RPR_OK)
        fail_msg("%s", err.message);
    m->cost = rpr_cost_named(rpr_isa());
    m->words_cost = rpr_cost_named_i8(rpr_isa());
    return m;
}

static int delay_of(net *b, const setting *c, int tail, int head)
{
    char attr[128];
    (void)snprintf(attr, sizeof attr, "axis=%d length=%d shift=%d period=%d", c->axis,
                   (int)c->dim[c->axis], (int)c->shift, (int)c->period);
    return net_op(b, RPR_OWN_DOMAIN ":Delay", attr, head == RPR_NONE ? 1 : 2, tail, head);
}

/** Outputs: the Delay's, and what a step behind it made of what was marked. */
static rpr_model *make(const setting *c)
{
    net b = net_new(1);
    const int tail = input_of(&b, c, c->tail);
    const int head = c->head > 0 ? input_of(&b, c, c->head) : RPR_NONE;
    const int out = delay_of(&b, c, tail, head);
    net_output(&b, out);
    if (c->spatial)
        net_output(&b, net_op(&b, "MaxPool", "kernel_shape:1,1", 1, out));
    else if (c->type == RPR_F32)
        net_output(&b, net_op(&b, "Neg", "", 1, net_op(&b, "Neg", "", 1, out)));
    return plan(b.g);
}

/** Copies `n` columns between row-major arrays. */
static void columns(const setting *c, char *to, int64_t to_n, int64_t at, const char *from,
                    int64_t from_n, int64_t first, int64_t n)
{
    int64_t outer = 1;
    size_t inner = rpr_dtype_size(c->type);
    for (int a = 0; a < c->axis; a++)
        outer *= c->dim[a];
    for (int a = c->axis + 1; a < c->rank; a++)
        inner *= (size_t)c->dim[a];
    for (int64_t o = 0; o < outer; o++)
        memcpy(to + (size_t)(o * to_n + at) * inner, from + (size_t)(o * from_n + first) * inner,
               (size_t)n * inner);
}

/** What is put out on a call; `past` are the outputs of all calls. */
static void define(const setting *c, char past[][MOST], int call, const char *tail,
                   const char *head)
{
    const int64_t n = c->dim[c->axis], kept = n - c->tail - c->head;
    char *out = past[call];
    memset(out, 0, bytes_of(c, n));
    if (call >= c->period)
        columns(c, out, n, c->head, past[call - c->period], n, c->head + c->shift, kept);
    columns(c, out, n, n - c->tail, tail, c->tail, 0, c->tail);
    if (c->head > 0)
        columns(c, out, n, 0, head, c->head, 0, c->head);
}

/** Random bytes; floats are small whole numbers, which repeat often. */
static void fill(rng *r, const setting *c, char *data, int64_t columns_of)
{
    const size_t n = (size_t)count_of(c, columns_of);
    for (size_t i = 0; i < n; i++) {
        const int v = (int)rng_below(r, c->type == RPR_BOOL ? 2 : 3);
        if (c->type == RPR_F32)
            ((float *)(void *)data)[i] = (float)v;
        else
            memset(data + i * rpr_dtype_size(c->type), v, rpr_dtype_size(c->type));
    }
}

/** The stream goes on as another one: a clone, or one that saved bytes were loaded into. */
static rpr_stream *copied(rpr_stream *s, bool clones)
{
    rpr_stream *to = NULL;
    rpr_error err;
    if (clones) {
        assert_int_equal(rpr_stream_clone(s, &to, &err), RPR_OK);
    } else {
        const size_t bytes = rpr_stream_save_bytes(s);
        void *saved = malloc(bytes);
        assert_non_null(saved);
        assert_int_equal(rpr_stream_create(s->model, &s->opt, &to, &err), RPR_OK);
        assert_int_equal(rpr_stream_save(s, saved, bytes), RPR_OK);
        assert_int_equal(rpr_stream_load(to, saved, bytes), RPR_OK);
        free(saved);
    }
    rpr_stream_destroy(s);
    return to;
}

static void run_setting(const setting *c, rpr_gate_kind gate, rng *r)
{
    static char past[CALLS][MOST];
    static _Alignas(8) char tail[MOST], head[MOST], out[MOST], behind[MOST];
    rpr_model *m = make(c);
    rpr_stream_options o = play_options();
    rpr_stream *s = NULL;
    rpr_error err;
    o.gate.kind = gate;
    assert_int_equal(rpr_stream_create(m, &o, &s, &err), RPR_OK);
    const size_t bytes = bytes_of(c, c->dim[c->axis]);
    assert_true(bytes <= MOST);
    const rpr_input in[2] = {{.data = tail}, {.data = head}};
    rpr_output to[2] = {{.data = out, .bytes = bytes}, {.data = behind, .bytes = bytes}};
    for (int again = 0; again < 2; again++) {
        int rested = 0;
        for (int call = 0; call < CALLS; call++) {
            const bool rests = call >= STILL_FROM && call < STILL_TO;
            const bool still = rests || rng_below(r, 4) == 0;
            if (call == 0 || !still) {
                fill(r, c, tail, c->tail);
                fill(r, c, head, c->head);
            }
            if (rpr_stream_run(s, in, c->head > 0 ? 2 : 1, to, rpr_model_n_outputs(m)) != RPR_OK)
                fail_msg("%s", rpr_stream_error(s));
            define(c, past, call, tail, head);
            const bool same = call > 0 && still && memcmp(out, past[call - 1], bytes) == 0;
            rested = same ? rested + 1 : 0;
            if (rested > c->period && gate != RPR_GATE_OFF)
                assert_true(s->calm > s->frame); /* nothing is done any more */
            if (rng_below(r, 6) == 0) {
                s = copied(s, rng_below(r, 2) == 0);
                rested = 0;
            }
            const char *layout = c->spatial ? "spatial" : "plain";
            check_that(memcmp(out, past[call], bytes) == 0 &&
                           (rpr_model_n_outputs(m) == 1 || memcmp(behind, past[call], bytes) == 0),
                       "rank %d, axis %d (%s), type %d, head %d, tail %d of %d, shift %d, period "
                       "%d, gate %d: call %d",
                       c->rank, c->axis, layout, (int)c->type, (int)c->head, (int)c->tail,
                       (int)c->dim[c->axis], (int)c->shift, (int)c->period, (int)gate, call);
        }
        rpr_stream_reset(s);
    }
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

/** All that a rank, an axis and a type allow, at random. */
static setting setting_of(rng *r, int rank, int axis, rpr_dtype type)
{
    setting c = {.rank = rank, .axis = axis, .type = type, .period = rng_between(r, 1, 5)};
    for (int a = 0; a < rank; a++)
        c.dim[a] = rng_between(r, 1, rank > 4 ? 3 : 6);
    c.dim[axis] = rng_between(r, 1, 12);
    c.tail = rng_between(r, 1, (int)c.dim[axis] + 1);
    c.head = rng_below(r, 2) ? 0 : rng_between(r, 0, (int)(c.dim[axis] - c.tail) + 1);
    c.shift = rng_between(r, 1, (int)c.tail + 1);
    c.spatial = rank == 4 && (type == RPR_F32 || type == RPR_U8) && rng_below(r, 2) == 0;
    return c;
}

static void every_axis_type_and_period(void **state)
{
    (void)state;
    static const rpr_dtype types[] = {RPR_F32, RPR_U8, RPR_I8, RPR_F16, RPR_I64, RPR_BOOL};
    rng r = {7};
    for (int rank = 1; rank <= 6; rank++)
        for (int axis = 0; axis < rank; axis++)
            for (size_t t = 0; t < sizeof types / sizeof *types; t++)
                for (int i = 0; i < (types[t] == RPR_F32 ? 24 : 6); i++) {
                    const setting c = setting_of(&r, rank, axis, types[t]);
                    run_setting(&c, i % 2 ? RPR_GATE_OFF : RPR_GATE_EXACT, &r);
                }
}

/** What moved marks the pixels that differ, and no others. */
static void only_differences_are_marked(void **state)
{
    (void)state;
    const setting c = {.rank = 4,
                       .dim = {1, 2, 6, 3},
                       .axis = 2,
                       .tail = 1,
                       .shift = 1,
                       .period = 1,
                       .type = RPR_F32,
                       .spatial = true};
    rpr_model *m = make(&c);
    const rpr_stream_options o = play_options();
    rpr_stream *s = NULL;
    rpr_error err;
    assert_int_equal(rpr_stream_create(m, &o, &s, &err), RPR_OK);
    float x[6] = {1, 2, 3, 4, 5, 6};
    const rpr_input in = {.data = x};
    const int out = s->plan->step[s->plan->n_step - 2].out[0];
    assert_non_null(s->plan->step[s->plan->n_step - 2].delay);
    /* Rows of three pixels come in, one each call; a pixel of one differs, and goes through. */
    static const int64_t want[] = {18, 3, 4, 5, 5, 5, 2, 2, 1, 0};
    for (int call = 0; call < 10; call++) {
        x[1] = call == 2 ? 9.0f : 2.0f; /* one pixel of one column */
        assert_int_equal(rpr_stream_run(s, &in, 1, NULL, 0), RPR_OK);
        const rpr_touch t = rpr_stream_touch(s, out);
        const int64_t marked = rpr_touch_count(&t);
        check_that(marked == want[call], "call %d: %d pixels are marked, not %d", call, (int)marked,
                   (int)want[call]);
        assert_true(t.any == (marked > 0));
    }
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

static void refused(const setting *c, bool drops, const char *part)
{
    net b = net_new(1);
    rpr_error err = {{0}};
    const int tail = input_of(&b, c, c->tail);
    const int head = c->head > 0 ? input_of(&b, c, c->head) : RPR_NONE;
    net_output(&b, delay_of(&b, c, tail, head));
    if (drops)
        b.g->node[0].attr[2].name[0] = 'x';
    assert_int_equal(rpr_graph_resolve(b.g, rpr_ops_find_own, NULL, NULL, &err), RPR_OK);
    assert_true(rpr_graph_fold(b.g, &err) != RPR_OK);
    check_that(strstr(err.message, part) && strstr(err.message, "Delay"), "\"%s\", not \"%s\"",
               err.message, part);
    rpr_graph_free(b.g);
}

static void wrong_nodes_are_refused(void **state)
{
    (void)state;
    const setting good = {
        .rank = 2, .dim = {2, 6}, .axis = 1, .tail = 2, .shift = 1, .period = 1, .type = RPR_F32};
    setting c = good;
    refused(&c, true, "shift is missing");
    c.shift = 3;
    refused(&c, false, "move by 3");
    c.shift = 0;
    refused(&c, false, "shift 0");
    c = good;
    c.period = 0;
    refused(&c, false, "period 0");
    c = good;
    c.head = 5;
    refused(&c, false, "5 at the front");
    c = good;
    c.tail = 7;
    refused(&c, false, "7 columns at the end");
}

/** No file may have it. */
static void files_know_no_delay(void **state)
{
    (void)state;
    assert_null(rpr_ops_find(RPR_OWN_DOMAIN, "Delay", 1));
    assert_non_null(rpr_ops_find_own(RPR_OWN_DOMAIN, "Delay", 1));
}

/** Evaluated as a constant it would never see a second call. */
static void constants_do_not_fold(void **state)
{
    (void)state;
    const setting c = {
        .rank = 2, .dim = {2, 3}, .axis = 1, .tail = 1, .shift = 1, .period = 1, .type = RPR_F32};
    net b = net_new(1);
    const int x = net_input(&b, NET_DIMS(2, 3));
    const int out = delay_of(&b, &c, net_floats(&b, 3.0f, 0.0f, NET_DIMS(2, 1)), RPR_NONE);
    net_output(&b, net_op(&b, "Add", "", 2, x, out));
    rpr_model *m = plan(b.g);
    const rpr_stream_options o = play_options();
    rpr_stream *s = NULL;
    rpr_error err;
    assert_int_equal(rpr_stream_create(m, &o, &s, &err), RPR_OK);
    const float zeros[6] = {0};
    float y[6];
    rpr_output to = {.data = y, .bytes = sizeof y};
    for (int call = 0; call < 4; call++) {
        assert_int_equal(rpr_stream_run(s, &(rpr_input){.data = zeros}, 1, &to, 1), RPR_OK);
        const float want[] = {call < 2 ? 0.0f : 3.0f, call < 1 ? 0.0f : 3.0f, 3.0f};
        assert_memory_equal(y, want, sizeof want);
    }
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_axis_type_and_period), cmocka_unit_test(only_differences_are_marked),
        cmocka_unit_test(wrong_nodes_are_refused),    cmocka_unit_test(files_know_no_delay),
        cmocka_unit_test(constants_do_not_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
