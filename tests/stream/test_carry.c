/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that streams keep themselves, and inputs that are constants. */
#include <string.h>

#include "build.h"
#include "core/alloc.h"
#include "play.h"
#include "reprise/audit.h"

#define N 6

/** y = 2 * state + x + bias, which is the state of the next frame. */
static rpr_graph *graph(void)
{
    net b = net_new(1);
    int x = net_input(&b, NET_DIMS(1, N)), state = net_input(&b, NET_DIMS(1, N));
    int bias = net_input(&b, NET_DIMS(1)), two = net_floats(&b, 2.0f, 0.0f, NET_DIMS(1));
    int y = net_op(&b, "Add", "", 2, net_op(&b, "Mul", "", 2, state, two), x);
    y = net_op(&b, "Add", "", 2, y, bias);
    net_output(&b, y);
    net_output(&b, net_op(&b, "Reshape", "", 2, y, net_ints(&b, 1, (const int64_t[]){N})));
    return b.g;
}

static const char *const X = "v0", *const STATE = "v1", *const BIAS = "v2";

static rpr_model_options options(rpr_carry *carry, rpr_input_value *fixed)
{
    rpr_model_options o;
    static const double one = 1.0;
    rpr_model_options_init(&o);
    *fixed = (rpr_input_value){.name = BIAS, .value = &one, .n = 1};
    o.fixed = fixed;
    o.n_fixed = 1;
    o.carry = carry;
    o.n_carry = 1;
    return o;
}

/** The name of output i: the graph's own. */
static const char *output_name(int i)
{
    static char name[2][32];
    rpr_graph *g = graph();
    strncpy(name[i], g->value[g->output[i]].name, sizeof name[i] - 1);
    rpr_graph_free(g);
    return name[i];
}

static rpr_model *load(const float *initial)
{
    rpr_carry carry = {.input = STATE,
                       .output = output_name(0),
                       .initial = initial,
                       .bytes = initial ? N * sizeof(float) : 0};
    rpr_input_value fixed;
    const rpr_model_options o = options(&carry, &fixed);
    rpr_model *m = NULL;
    rpr_error err;
    rpr_graph *g = graph();
    assert_int_equal(rpr_graph_sort(g, &err), RPR_OK);
    if (rpr_model_from_graph(g, &o, &m, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rpr_model_n_inputs(m), 1);
    assert_int_equal(rpr_model_n_outputs(m), 2);
    return m;
}

/** One frame of x everywhere; the first value of the output. */
static float run(rpr_stream *s, float x)
{
    float in[N], out[N];
    for (int i = 0; i < N; i++)
        in[i] = x;
    rpr_output o = {.data = out, .bytes = sizeof out};
    if (rpr_stream_run(s, &(rpr_input){.data = in}, 1, &o, 1) != RPR_OK)
        fail_msg("%s", rpr_stream_error(s));
    for (int i = 1; i < N; i++)
        assert_true(out[i] >= out[0] && out[i] <= out[0]);
    return out[0];
}

static void expect(float got, float want)
{
    check_that(got >= want && got <= want, "%g, not %g", (double)got, (double)want);
}

static rpr_stream *stream_of(const rpr_model *m, rpr_gate_kind kind)
{
    rpr_stream_options o = play_options();
    rpr_stream *s = NULL;
    rpr_error err;
    o.gate.kind = kind;
    o.bypass = kind == RPR_GATE_EXACT;
    assert_int_equal(rpr_stream_create(m, &o, &s, &err), RPR_OK);
    return s;
}

static void outputs_come_back(void **state)
{
    (void)state;
    for (int kind = RPR_GATE_OFF; kind <= RPR_GATE_EXACT; kind++) {
        rpr_model *m = load(NULL);
        rpr_stream *s = stream_of(m, (rpr_gate_kind)kind);
        for (int again = 0; again < 2; again++) {
            expect(run(s, 1.0f), 2.0f);
            expect(run(s, 1.0f), 6.0f); /* the same input, another state */
            expect(run(s, 0.0f), 13.0f);
            expect(run(s, -14.0f), 13.0f);
            expect(run(s, -14.0f), 13.0f); /* nothing changes at all */
            expect(run(s, -13.0f), 14.0f);
            rpr_stream_reset(s);
        }
        rpr_stream_destroy(s);
        rpr_model_destroy(m);
    }
}

static void begins_where_it_is_told(void **state)
{
    (void)state;
    const float initial[N] = {5, 5, 5, 5, 5, 5};
    rpr_model *m = load(initial);
    rpr_stream *s = stream_of(m, RPR_GATE_EXACT);
    for (int again = 0; again < 2; again++) {
        expect(run(s, 1.0f), 12.0f);
        expect(run(s, 1.0f), 26.0f);
        rpr_stream_reset(s);
    }
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

static void goes_with_the_state(void **state)
{
    (void)state;
    rpr_model *m = load(NULL);
    rpr_stream *s = stream_of(m, RPR_GATE_EXACT), *other = stream_of(m, RPR_GATE_EXACT);
    rpr_stream *clone = NULL;
    rpr_error err;
    expect(run(s, 3.0f), 4.0f);
    const size_t bytes = rpr_stream_save_bytes(s);
    void *saved = rpr_alloc(bytes);
    assert_int_equal(rpr_stream_save(s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_clone(s, &clone, &err), RPR_OK);
    expect(run(s, 0.0f), 9.0f);
    expect(run(other, 7.0f), 8.0f); /* streams of one model do not meet */
    expect(run(clone, 0.0f), 9.0f);
    assert_int_equal(rpr_stream_load(other, saved, bytes), RPR_OK);
    expect(run(other, 0.0f), 9.0f);
    rpr_free(saved);
    rpr_stream_destroy(s);
    rpr_stream_destroy(other);
    rpr_stream_destroy(clone);
    rpr_model_destroy(m);
}

/** A state that overflowed is an error until the stream is reset. */
static void overflow_is_told(void **state)
{
    (void)state;
    rpr_model *m = load(NULL);
    rpr_stream *s = stream_of(m, RPR_GATE_EXACT);
    float in[N] = {3e38f}, out[N];
    rpr_output o = {.data = out, .bytes = sizeof out};
    const rpr_input x = {.data = in};
    assert_int_equal(rpr_stream_run(s, &x, 1, &o, 1), RPR_OK);
    assert_int_equal(rpr_stream_run(s, &x, 1, &o, 1), RPR_OK);
    assert_int_equal(rpr_stream_run(s, &x, 1, &o, 1), RPR_ERR_NONFINITE);
    assert_non_null(strstr(rpr_stream_error(s), STATE));
    rpr_stream_reset(s);
    expect(run(s, 1.0f), 2.0f);
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

static void refused(const rpr_model_options *o, int status, const char *part)
{
    rpr_model *m = NULL;
    rpr_error err = {{0}};
    rpr_graph *g = graph();
    assert_int_equal(rpr_graph_sort(g, &err), RPR_OK);
    const int got = rpr_model_from_graph(g, o, &m, &err);
    check_that(got == status && strstr(err.message, part), "%d \"%s\", not %d \"%s\"", got,
               err.message, status, part);
    assert_null(m);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    const double two[2] = {1, 2};
    rpr_carry carry = {.input = "none", .output = output_name(0)};
    rpr_input_value fixed;
    rpr_model_options o = options(&carry, &fixed);
    refused(&o, RPR_ERR_ARGUMENT, "the model has no input 'none'");
    carry.input = STATE;
    carry.output = "none";
    refused(&o, RPR_ERR_ARGUMENT, "the model has no output 'none'");
    carry.output = output_name(1); /* of another rank */
    refused(&o, RPR_ERR_SHAPE, output_name(1));
    refused(&o, RPR_ERR_SHAPE, STATE);
    carry =
        (rpr_carry){.input = STATE, .output = output_name(0), .initial = two, .bytes = sizeof two};
    refused(&o, RPR_ERR_SHAPE, "begins with 16 bytes, 24 are needed");
    carry.initial = NULL;
    fixed.name = "none";
    refused(&o, RPR_ERR_ARGUMENT, "the model has no input 'none'");
    fixed = (rpr_input_value){.name = X, .value = two, .n = 2};
    refused(&o, RPR_ERR_SHAPE, "2 values for 6 elements");
    fixed = (rpr_input_value){.name = STATE, .value = two, .n = 1};
    refused(&o, RPR_ERR_ARGUMENT, "the model has no input"); /* it is a constant by then */
}

static void audits_are_refused(void **state)
{
    (void)state;
    rpr_model *m = load(NULL);
    rpr_stream *s = stream_of(m, RPR_GATE_EXACT);
    rpr_audit *a = NULL;
    rpr_error err = {{0}};
    assert_int_equal(rpr_audit_create(s, NULL, &a, &err), RPR_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "carries"));
    rpr_stream_destroy(s);
    rpr_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_come_back),         cmocka_unit_test(begins_where_it_is_told),
        cmocka_unit_test(goes_with_the_state),       cmocka_unit_test(overflow_is_told),
        cmocka_unit_test(wrong_options_are_refused), cmocka_unit_test(audits_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
