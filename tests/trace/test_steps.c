/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of steps: version 2 of the format. */
#define _POSIX_C_SOURCE 200809L
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal.h"
#include "trace/bytes.h"
#include "trace/macs.h"
#include "trace/read.h"
#include "trace/write.h"

enum { SEQUENCES = 2, STEPS = 3, VALUES = 5, OUTPUTS = 4, ROWS = SEQUENCES * STEPS };

static char name[] = "lstm", op[] = "LSTM";

/** A layer of steps and one on its first values: both read inputs of their own. */
static void describe(rpr_trace_input *in, rpr_trace_layer *layer)
{
    const rpr_trace_axis one = {1, 1, 1, 1, 1, 0}, steps = {STEPS, STEPS, 1, 1, 1, 0};
    const rpr_gate gate = {.kind = RPR_GATE_LEVELS, .levels = 16};
    in[0] = (rpr_trace_input){
        .name = name, .n = SEQUENCES, .d = STEPS, .h = 1, .w = 1, .c = VALUES, .gate = gate};
    in[1] = in[0];
    layer[0] = (rpr_trace_layer){.name = name,
                                 .op = op,
                                 .steps = true,
                                 .n = SEQUENCES,
                                 .ci = VALUES,
                                 .co = OUTPUTS,
                                 .groups = 1,
                                 .axis = {steps, one, one}};
    layer[1] = layer[0];
    layer[1].input = 1;
    layer[1].steps = false;
    sample_measure(&layer[0]);
    sample_measure(&layer[1]);
}

/** The first step of either sequence, and one value of the second one's last. */
static const int32_t row_n[ROWS] = {VALUES, 0, 0, VALUES, 0, 1};
static const int32_t idx[2 * VALUES + 1] = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 2};

static sample_bytes trace_of(const int32_t *n, int32_t changed, bool mixed)
{
    rpr_trace_input in[2];
    rpr_trace_layer layer[2];
    describe(in, layer);
    const rpr_trace_net net = {.input = in, .n_input = 2, .layer = layer, .n_layer = 2};
    sample_bytes s = {.calls_left = -1};
    rpr_trace_writer *w = NULL;
    rpr_error err;
    assert_int_equal(rpr_trace_writer_create(&net, sample_write, &s, &w, &err), RPR_OK);
    const rpr_trace_change change[2] = {{.n_changed = changed, .row_n = n, .idx = idx},
                                        {.n_changed = ROWS * VALUES}};
    const rpr_trace_layer_frame did[2] = {
        {.choice = RPR_CHOICE_CORRECT, .mixed = mixed, .macs = changed * OUTPUTS + (mixed ? 8 : 0)},
        {.choice = RPR_CHOICE_DENSE, .macs = layer[1].macs}};
    assert_int_equal(rpr_trace_writer_frame(w, true, change, did), RPR_OK);
    assert_int_equal(rpr_trace_writer_end(w), RPR_OK);
    rpr_trace_writer_free(w);
    return s;
}

/** Opens, and reads one frame; the status of the first failure. */
static int open_one(const sample_bytes *s, rpr_trace_reader **r, const rpr_trace_frame **f,
                    rpr_error *err)
{
    FILE *file = fmemopen(s->bytes, s->n, "rb");
    assert_non_null(file);
    *f = NULL;
    int status = rpr_trace_open_file(file, "steps.trace", r, err);
    return status == RPR_OK ? rpr_trace_next(*r, f, err) : status;
}

static void steps_come_back(void **state)
{
    (void)state;
    for (int mixed = 0; mixed <= 1; mixed++) {
        sample_bytes s = trace_of(row_n, 2 * VALUES + 1, mixed != 0);
        rpr_trace_reader *r = NULL;
        const rpr_trace_frame *f;
        rpr_error err = {""};
        assert_int_equal(s.bytes[RPR_TRACE_MAGIC_BYTES], 2);
        if (open_one(&s, &r, &f, &err) != RPR_OK)
            fail_msg("%s", err.message);
        const rpr_trace_net *net = rpr_trace_reader_net(r);
        assert_true(net->layer[0].steps && !net->layer[1].steps);
        assert_true(net->input[0].steps && !net->input[1].steps);
        assert_true(f->first && f->layer[0].choice == RPR_CHOICE_CORRECT);
        assert_int_equal(f->n_changed[0], 2 * VALUES + 1);
        assert_int_equal(f->changed[0][0], 0x1full | 0x1full << 15 | 1ull << 27);
        assert_true(rpr_trace_macs_fit(net, f, 0) && rpr_trace_macs_fit(net, f, 1));
        assert_int_equal(rpr_trace_macs(net, f, 0), (2 * VALUES + 1) * OUTPUTS);
        rpr_trace_close(r);
        free(s.bytes);
    }
}

static void refuses(sample_bytes s, const char *what)
{
    rpr_trace_reader *r = NULL;
    const rpr_trace_frame *f;
    rpr_error err = {""};
    seal(s.bytes, s.n);
    assert_int_equal(open_one(&s, &r, &f, &err), RPR_ERR_FORMAT);
    if (!strstr(err.message, what))
        fail_msg("not \"%s\": %s", what, err.message);
    if (r)
        rpr_trace_close(r);
    free(s.bytes);
}

/** Bytes of a description before layer 0's input index. */
static size_t layer_at(void)
{
    return RPR_TRACE_PREAMBLE + 8 + 2 * (RPR_TRACE_INPUT_BYTES + strlen(name)) + 2 + strlen(name) +
           2 + strlen(op);
}

static sample_bytes changed_at(size_t at, uint32_t v, size_t bytes)
{
    sample_bytes s = trace_of(row_n, 2 * VALUES + 1, false);
    if (bytes == 1)
        s.bytes[at] = (uint8_t)v;
    else
        (void)rpr_put_u32(s.bytes + at, v);
    return s;
}

static void nonsense_is_refused(void **state)
{
    static const int32_t late[ROWS] = {0, VALUES, 0, VALUES, 0, 1};
    const size_t flags = layer_at() + 4, axes = flags + 1 + 4 * 4;
    (void)state;
    refuses(changed_at(RPR_TRACE_MAGIC_BYTES, 1, 4), "layer 0: unknown flags");
    refuses(changed_at(RPR_TRACE_MAGIC_BYTES, 3, 4), "version 3 of the format");
    refuses(changed_at(flags, 8, 1), "layer 0: unknown flags");
    refuses(changed_at(flags, RPR_TRACE_STEPS | RPR_TRACE_BY_PIXEL, 1), "no product of steps");
    refuses(changed_at(axes + 8, 2, 4), "layer 0: it is no product of steps");
    refuses(
        changed_at(layer_at() + 4 + 1 + 4 * 4 + 3 * 24 + 16 + 4 + strlen(name) + strlen(op), 0, 4),
        "layers with and without steps read one input");
    refuses(changed_at(flags, 0, 1), "layer 0: should be dense"); /* if it has no steps */
    refuses(trace_of(late, 2 * VALUES + 1, false), "its first step should count as changed");
    refuses(trace_of(row_n, 0, false), "should count as changed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_come_back),
                                       cmocka_unit_test(nonsense_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
