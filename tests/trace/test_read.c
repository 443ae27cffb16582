/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: gives back what was written, and refuses everything else with the place. */
#define _POSIX_C_SOURCE 200809L
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal.h"
#include "trace/bytes.h"
#include "trace/read.h"
#include "trace/write.h"

/* ----------------------------------------------------------------- reading */

static const char path[] = "some/where.trace";

static int open_bytes(const uint8_t *bytes, size_t n, rpr_trace_reader **r, rpr_error *err)
{
    FILE *f = n ? fmemopen((void *)(uintptr_t)bytes, n, "rb") : fopen("/dev/null", "rb");
    assert_non_null(f);
    return rpr_trace_open_file(f, path, r, err);
}

/** Reads all frames; the status of the first failure. */
static int read_all(const uint8_t *bytes, size_t n, rpr_error *err)
{
    rpr_trace_reader *r = NULL;
    const rpr_trace_frame *f = NULL;
    err->message[0] = '\0';
    int status = open_bytes(bytes, n, &r, err);
    assert_true((status == RPR_OK) == (r != NULL));
    if (status != RPR_OK)
        return status;
    do
        status = rpr_trace_next(r, &f, err);
    while (status == RPR_OK && f);
    assert_int_equal(rpr_trace_next(r, &f, err), status); /* what it said once it says again */
    assert_null(f);
    rpr_trace_close(r);
    return status;
}

/** Fails unless the trace is refused in one line that names path and a byte; returns the byte. */
static size_t refused_at(const uint8_t *bytes, size_t n, rpr_error *err)
{
    long at = -1;
    int status = read_all(bytes, n, err);
    if (status != RPR_ERR_FORMAT)
        fail_msg("status %d: %s", status, err->message);
    assert_int_equal(strncmp(err->message, path, strlen(path)), 0);
    assert_int_equal(sscanf(err->message + strlen(path), ": byte %ld: ", &at), 1);
    assert_true(at >= 0 && (size_t)at <= n);
    assert_true(strchr(err->message, '\n') == NULL);
    return (size_t)at;
}

static void same_net(const rpr_trace_net *a, const rpr_trace_net *b)
{
    assert_int_equal(a->n_input, b->n_input);
    assert_int_equal(a->n_layer, b->n_layer);
    for (int i = 0; i < a->n_input; i++) {
        const rpr_trace_input *x = &a->input[i], *y = &b->input[i];
        assert_string_equal(x->name, y->name);
        assert_true(x->n == y->n && x->d == y->d && x->h == y->h && x->w == y->w && x->c == y->c);
        assert_int_equal(x->gate.kind, y->gate.kind);
        assert_int_equal(x->gate.levels, y->gate.levels);
        assert_memory_equal(&x->gate.threshold, &y->gate.threshold, sizeof(double));
    }
    for (int i = 0; i < a->n_layer; i++) {
        const rpr_trace_layer *x = &a->layer[i], *y = &b->layer[i];
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->op, y->op);
        assert_memory_equal(x->axis, y->axis, sizeof x->axis);
        assert_true(x->input == y->input && x->transposed == y->transposed &&
                    x->by_pixel == y->by_pixel && x->n == y->n && x->ci == y->ci &&
                    x->co == y->co && x->groups == y->groups && x->macs == y->macs &&
                    x->parameters == y->parameters);
    }
}

static void same_frame(const rpr_trace_net *net, const rpr_trace_frame *f, int index)
{
    sample_frame want = sample_frame_new(net, index);
    assert_int_equal(f->index, index);
    assert_int_equal(f->first, want.first);
    for (int i = 0; i < SAMPLE_INPUTS; i++) {
        assert_int_equal(f->n_changed[i], want.n_changed[i]);
        assert_memory_equal(f->changed[i], want.changed[i],
                            rpr_trace_words(rpr_trace_elements(&net->input[i])) * 8);
        assert_true(f->lo[i] >= -1.5f && f->lo[i] <= -1.5f);
        assert_true(f->hi[i] >= (float)i && f->hi[i] <= (float)i);
    }
    for (int i = 0; i < SAMPLE_LAYERS; i++)
        assert_true(f->layer[i].choice == want.layer[i].choice &&
                    f->layer[i].refreshed == want.layer[i].refreshed &&
                    f->layer[i].mixed == want.layer[i].mixed &&
                    f->layer[i].macs == want.layer[i].macs);
    sample_frame_free(&want);
}

static void sample_comes_back(void **state)
{
    sample_bytes s = sample_trace();
    rpr_trace_net net = sample_net();
    rpr_trace_reader *r;
    const rpr_trace_frame *f;
    rpr_error err;
    (void)state;
    assert_int_equal(open_bytes(s.bytes, s.n, &r, &err), RPR_OK);
    same_net(rpr_trace_reader_net(r), &net);
    for (int i = 0; i < SAMPLE_FRAMES; i++) {
        assert_int_equal(rpr_trace_next(r, &f, &err), RPR_OK);
        assert_non_null(f);
        same_frame(&net, f, i);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rpr_trace_next(r, &f, &err), RPR_OK);
        assert_null(f);
    }
    rpr_trace_close(r);
    rpr_trace_close(NULL);
    free(s.bytes);
}

/* ------------------------------------------------------------------ damage */

static void every_cut_is_refused(void **state)
{
    sample_bytes s = sample_trace();
    rpr_error err;
    (void)state;
    for (size_t n = 0; n < s.n; n++) {
        assert_int_equal(refused_at(s.bytes, n, &err), n);
        assert_non_null(strstr(err.message, "cut short"));
    }
    free(s.bytes);
}

static void every_flip_is_refused(void **state)
{
    static const uint8_t flips[] = {1, 0x80, 0xff};
    sample_bytes s = sample_trace();
    rpr_error err;
    (void)state;
    for (size_t at = 0; at < s.n; at++)
        for (size_t k = 0; k < sizeof flips; k++) {
            s.bytes[at] ^= flips[k];
            (void)refused_at(s.bytes, s.n, &err);
            s.bytes[at] ^= flips[k];
        }
    free(s.bytes);
}

static void extra_bytes_are_refused(void **state)
{
    sample_bytes s = sample_trace();
    rpr_error err;
    size_t n = s.n;
    (void)state;
    (void)sample_write(&s, "!", 1);
    assert_int_equal(refused_at(s.bytes, s.n, &err), n);
    assert_non_null(strstr(err.message, "behind the end"));
    free(s.bytes);
}

/** A hostile file with good checksums: whatever the verdict, it comes without a crash. */
static void sealed_damage_is_survived(void **state)
{
    sample_bytes s = sample_trace();
    uint8_t *copy = malloc(s.n);
    rng r = {23};
    int good = 0, bad = 0;
    (void)state;
    assert_non_null(copy);
    for (int round = 0; round < 12000; round++) {
        memcpy(copy, s.bytes, s.n);
        for (int hits = rng_between(&r, 1, 4); hits > 0; hits--) {
            size_t at = (size_t)rng_below(&r, (int)s.n);
            copy[at] = rng_below(&r, 3) ? (uint8_t)(copy[at] ^ 1 << rng_below(&r, 8))
                                        : (uint8_t)rng_below(&r, 256);
        }
        seal(copy, s.n);
        rpr_error err;
        int status = read_all(copy, s.n, &err);
        assert_true(status == RPR_OK || status == RPR_ERR_FORMAT);
        good += status == RPR_OK;
        bad += status != RPR_OK;
    }
    assert_true(good > 100 && bad > 1000);
    free(copy);
    free(s.bytes);
}

/* ---------------------------------------------------------- certain damage */

/** Changes `n` bytes at `at`, seals, and wants a refusal at `where` that says `what`. */
static void refuses(size_t at, const void *bytes, size_t n, size_t where, const char *what)
{
    sample_bytes s = sample_trace();
    rpr_error err;
    memcpy(s.bytes + at, bytes, n);
    seal(s.bytes, s.n);
    size_t found = refused_at(s.bytes, s.n, &err);
    if (!strstr(err.message, what) || found != where)
        fail_msg("not \"%s\" at byte %zu: %s", what, where, err.message);
    free(s.bytes);
}

static void refuses_u32(size_t at, uint32_t v, size_t where, const char *what)
{
    uint8_t bytes[4];
    (void)rpr_put_u32(bytes, v);
    refuses(at, bytes, sizeof bytes, where, what);
}

static size_t record_at_start(void)
{
    sample_bytes s = sample_trace();
    size_t at = seal_record_at(s.bytes, s.n, 0);
    free(s.bytes);
    return at;
}

static void beginnings_are_looked_at(void **state)
{
    (void)state;
    refuses(0, "\x88", 1, 0, "not a similarity trace");
    refuses(0, "RIFF", 4, 0, "not a similarity trace");
    refuses(4, "\n\x1a\n\1", 4, 0, "not a similarity trace"); /* after a transfer as text */
    refuses_u32(8, 0, 8, "version 0 of the format");
    refuses_u32(8, 3, 8, "version 3 of the format; this program reads up to version 2");
    refuses_u32(12, RPR_TRACE_MAX_HEADER + 1, 12, "a description of 16777217 bytes");
    refuses_u32(12, UINT32_MAX, 12, "at most");
}

static void descriptions_are_looked_at(void **state)
{
    const size_t counts = RPR_TRACE_PREAMBLE, x = counts + 8; /* the input of that name */
    const size_t sizes = x + 2 + 1, gate = sizes + 5 * 4;
    const size_t levels = gate + 1 + 4 + 8 + 2 + 5 * 4 + 1;
    const size_t conv = x + 3 * RPR_TRACE_INPUT_BYTES + 1 + 0 + 3;
    const size_t input = conv + 2 + 4 + 2 + 4, axes = input + 4 + 1 + 4 * 4, w = axes + 2 * 24;
    const char shape[] = "layer 0: its multiply-accumulates do not follow from its shape";
    (void)state;
    refuses_u32(counts, UINT32_MAX, counts, "more inputs and layers than there are bytes");
    refuses_u32(counts + 4, 1000, counts, "more inputs and layers than there are bytes");
    refuses(x, "\xff\xff", 2, record_at_start() - RPR_TRACE_CRC, "ends within");
    refuses(x + 2, "\0", 1, x + 2, "zero byte");
    refuses_u32(sizes, 0, x, "input 0: a dimension is out of range");
    refuses_u32(sizes + 12, UINT32_MAX, x, "input 0: a dimension is out of range");
    refuses_u32(sizes + 12, RPR_TRACE_MAX_SIZE, x, "input 0: it has too many elements");
    refuses(gate, "\4", 1, x, "input 0: its gate is of unknown kind");
    refuses(gate, "\xff", 1, x, "input 0: its gate is of unknown kind");
    refuses_u32(levels, 1, x + RPR_TRACE_INPUT_BYTES + 1, "input 1: the levels of its gate");
    refuses_u32(input, SAMPLE_INPUTS, conv, "layer 0: it reads an input that does not exist");
    refuses_u32(input, UINT32_MAX, conv, "layer 0: it reads an input that does not exist");
    refuses_u32(input, 1, conv, "layer 0: it does not have the size of the input that it reads");
    refuses(input + 4, "\4", 1, input + 4, "layer 0: unknown flags");
    refuses(input + 4, "\1", 1, conv, shape); /* transposed */
    refuses_u32(input + 5 + 12, 2, conv, "layer 0: its images, channels or groups");
    refuses_u32(w, 8, conv, "layer 0: it does not have the size of the input that it reads");
    refuses_u32(w + 4, 3, conv, shape); /* without padding at the end */
    refuses_u32(w + 4, 2, conv, "layer 0: an axis does not fit itself");
    refuses_u32(w + 8, 0, conv, "layer 0: an axis does not fit itself");
    refuses_u32(w + 8, RPR_TRACE_MAX_KERNEL + 1, conv, "layer 0: an axis does not fit itself");
    refuses_u32(w + 12, 0, conv, "layer 0: an axis does not fit itself");
    refuses_u32(w + 16, 1u << 30, conv, "layer 0: an axis does not fit itself");
    refuses_u32(w + 20, UINT32_MAX, conv, "layer 0: an axis does not fit itself");
    refuses_u32(w + 20, 3, conv, shape);
    refuses_u32(w + 24, 1, conv, shape);
    refuses_u32(w + 24 + 4, UINT32_MAX, conv, shape);
    refuses_u32(w + 24 + 8, 1, conv, "layer 0: its parameters do not follow from its shape");
}

/** Where parts of the frame record `index` stand. */
typedef struct places {
    size_t record, payload, layers, inputs, end;
} places;

static places frame_places(int index)
{
    sample_bytes s = sample_trace();
    places p = {.record = seal_record_at(s.bytes, s.n, index)};
    p.payload = p.record + RPR_TRACE_RECORD;
    p.layers = p.payload + RPR_TRACE_FRAME_BYTES;
    p.inputs = p.layers + SAMPLE_LAYERS * RPR_TRACE_LAYER_FRAME_BYTES;
    p.end = seal_record_at(s.bytes, s.n, index + 1);
    free(s.bytes);
    return p;
}

static void records_are_looked_at(void **state)
{
    places first = frame_places(0), last = frame_places(SAMPLE_FRAMES);
    (void)state;
    refuses(first.record, "G", 1, first.record, "neither a frame nor the end");
    refuses_u32(first.record + 1, UINT32_MAX, first.record + 1, "the length of a record");
    refuses(first.record, "E", 1, first.record + 1, "the length of a record");
    refuses_u32(last.record + 1, 9, last.record + 1, "the length of a record");
    refuses(last.payload, "\7", 1, last.payload, "7 frames should have come, not 6");
    /* A record too few. */
    sample_bytes s = sample_trace();
    rpr_error err;
    memmove(s.bytes + first.record, s.bytes + first.end, s.n - first.end);
    s.n -= first.end - first.record;
    assert_int_equal(refused_at(s.bytes, s.n, &err), first.payload);
    assert_non_null(strstr(err.message, "frame 1 stands where frame 0 should be"));
    free(s.bytes);
}

static void frames_are_looked_at(void **state)
{
    places f0 = frame_places(0), f1 = frame_places(1), f2 = frame_places(2), f3 = frame_places(3);
    const size_t size = RPR_TRACE_LAYER_FRAME_BYTES;
    (void)state;
    refuses(f1.payload, "\2", 1, f1.payload, "frame 2 stands where frame 1 should be");
    refuses(f1.payload + 8, "\2", 1, f1.payload + 8, "unknown flags of a frame");
    refuses(f1.payload + 8, "\1", 1, f1.layers, "layer 0: should be dense");
    refuses(f1.layers, "\3", 1, f1.layers, "layer 0: unknown choice");
    refuses(f1.layers, "\x12", 1, f1.layers, "layer 0: unknown choice");
    refuses(f1.layers, "\0", 1, f1.layers + 1, "layer 0: impossible multiply-accumulates");
    refuses(f1.layers + 8, "\x80", 1, f1.layers + 1, "layer 0: impossible multiply-accumulates");
    refuses(f1.layers + 5, "\1", 1, f1.layers + 1, "layer 0: impossible multiply-accumulates");
    refuses(f1.layers, "\2", 1, f1.layers + 1, "layer 0: impossible multiply-accumulates");
    refuses(f2.layers, "\x8", 1, f2.layers, "layer 0: has no list to go beyond");
    refuses(f3.layers + size, "\5", 1, f3.layers + size, "layer 1: should be dense");
    refuses(f2.layers, "\1", 1, f2.layers, "layer 0: its choice does not fit what changed");
    refuses(f0.inputs + 8, "\0", 1, f0.inputs + 8, "input 0: should count as changed");
    refuses(f0.inputs + 3, "\x7f", 1, f0.inputs, "input 0: impossible range"); /* lo > hi */
    refuses(f0.inputs + 2, "\x80\xff", 2, f0.inputs, "input 0: impossible range");
    refuses(f1.inputs + 8, "\3", 1, f1.inputs + 8, "input 0: written in an unknown way");
    refuses(f1.inputs + 9, "\xff", 1, f1.inputs + 9, "input 0: more changes than elements");
    refuses(f1.inputs + 9, "\1", 1, f1.inputs + 21, "elements changed, not 1");
    refuses_u32(f1.inputs + 17, 1, f1.inputs + 21, "beyond its end");
    refuses_u32(f1.inputs + 17, UINT32_MAX, f1.end - RPR_TRACE_CRC, "ends within");
    refuses(f1.inputs + 21, "\3", 1, f1.inputs + 21, "a row of unknown form");
}

/* ------------------------------------------------------------ other troubles */

static void files_that_cannot_be_read(void **state)
{
    rpr_trace_reader *r;
    rpr_error err;
    (void)state;
    assert_int_equal(rpr_trace_open("/nonexistent/trace", &r, &err), RPR_ERR_IO);
    assert_null(r);
    assert_non_null(strstr(err.message, "/nonexistent/trace: cannot be opened"));
    assert_int_equal(rpr_trace_open("/", &r, &err), RPR_ERR_IO);
    assert_non_null(strstr(err.message, "/: byte 0: cannot be read"));
    assert_int_equal(rpr_trace_open("/dev/null", &r, NULL), RPR_ERR_FORMAT);
}

static void writers_say_what_does_not_work(void **state)
{
    rpr_trace_net net = sample_net();
    rpr_trace_layer_frame layer[SAMPLE_LAYERS] = {{RPR_CHOICE_SKIP, false, 0}};
    rpr_trace_change change[SAMPLE_INPUTS] = {{0}};
    rpr_trace_writer *w;
    rpr_error err;
    (void)state;
    sample_bytes s = {.calls_left = 0};
    assert_int_equal(rpr_trace_writer_create(&net, sample_write, &s, &w, &err), RPR_ERR_IO);
    assert_null(w);
    s.calls_left = 1;
    assert_int_equal(rpr_trace_writer_create(&net, sample_write, &s, &w, &err), RPR_OK);
    assert_int_equal(rpr_trace_writer_frame(w, false, change, layer), RPR_ERR_IO);
    assert_int_equal(rpr_trace_writer_end(w), RPR_ERR_IO);
    rpr_trace_writer_free(w);
    net.layer[1].macs++;
    assert_int_equal(rpr_trace_writer_create(&net, sample_write, &s, &w, &err),
                     RPR_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "layer 'depth': its multiply-accumulates"));
    net.input[1].h = 0;
    assert_int_equal(rpr_trace_writer_create(&net, sample_write, &s, &w, &err),
                     RPR_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "input '': a dimension"));
    net.input[1].h = 4;
    free(s.bytes);
}

/** Nothing to say is fine. */
static void empty_networks(void **state)
{
    rpr_trace_net net = {0};
    rpr_trace_writer *w;
    rpr_error err;
    sample_bytes s = {.calls_left = -1};
    (void)state;
    assert_int_equal(rpr_trace_writer_create(&net, sample_write, &s, &w, &err), RPR_OK);
    assert_int_equal(rpr_trace_writer_frame(w, true, NULL, NULL), RPR_OK);
    assert_int_equal(rpr_trace_writer_end(w), RPR_OK);
    rpr_trace_writer_free(w);
    assert_int_equal(read_all(s.bytes, s.n, &err), RPR_OK);
    free(s.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sample_comes_back),
                                       cmocka_unit_test(every_cut_is_refused),
                                       cmocka_unit_test(every_flip_is_refused),
                                       cmocka_unit_test(extra_bytes_are_refused),
                                       cmocka_unit_test(sealed_damage_is_survived),
                                       cmocka_unit_test(beginnings_are_looked_at),
                                       cmocka_unit_test(descriptions_are_looked_at),
                                       cmocka_unit_test(records_are_looked_at),
                                       cmocka_unit_test(frames_are_looked_at),
                                       cmocka_unit_test(files_that_cannot_be_read),
                                       cmocka_unit_test(writers_say_what_does_not_work),
                                       cmocka_unit_test(empty_networks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
