/* SPDX-License-Identifier: Apache-2.0 */
/* Models with a window: what they say, refuse, save, trace and cost. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "nets.h"
#include "reprise/audit.h"
#include "reprise/reprise.h"
#include "ride.h"
#include "trace/read.h"

static void the_oracle_goes_on(void **state)
{
    (void)state;
    ride *w = ride_plain(1);
    rpr_stream_options o = ride_options(RPR_GATE_EXACT, 1);
    o.oracle = 1;
    o.policy = RPR_POLICY_CORRECT;
    player *p = player_new(w->slid, &o);
    for (int call = 0; call < 40; call++) {
        rpr_oracle found;
        ride_next(w, false);
        ride_run(w, p);
        assert_int_equal(rpr_stream_oracle(p->s, &found), RPR_OK);
        check_that(found.worst <= 1.0, "call %d: %g of the bound", call, found.worst);
    }
    player_free(p);
    ride_free(w);
}

static const char *const sets[] = {"scalar",   "neon",   "neondot",   "avx2",
                                   "avx2vnni", "avx512", "avx512vnni"};
#define SETS (sizeof sets / sizeof *sets)

/** Integers are the same on every instruction set: a saved state goes on on any, bit by bit. */
static void words_go_on_elsewhere(void **state)
{
    (void)state;
    size_t i = 0;
    while (strcmp(nets_name(i), "quantised_deep") != 0)
        i++;
    ride *w = ride_new(nets_graph(i), nets_graph(i), -1, 1, 9);
    const rpr_stream_options o = ride_options(RPR_GATE_EXACT, 1);
    player *p = player_new(w->slid, &o), *reference = player_new(w->slid, &o);
    reference->s->k = rpr_kernels_named("scalar");
    bool any = false;
    for (int call = 0; call < 6 * (int)w->calls; call++) {
        const rpr_kernels *k = rpr_kernels_named(sets[(size_t)call % SETS]);
        if (k) {
            player *q = ride_saved(p);
            player_free(p);
            p = q;
            p->s->k = k;
        }
        ride_next(w, false);
        ride_run(w, p);
        ride_run(w, reference);
        check_that(player_same(p, reference), "call %d on %s", call, p->s->k->isa);
    }
    for (int k = 0; k < w->slid->plan->n_step; k++)
        any |= w->slid->plan->step[k].delay &&
               w->slid->plan->tensor[w->slid->plan->step[k].out[0]].words;
    assert_true(any); /* a Delay of words */
    player_free(p);
    player_free(reference);
    ride_free(w);
}

/** Of a volume only the slices that a tap reads are multiplied. */
static void volumes_cost_what_is_told(void **state)
{
    (void)state;
    rpr_graph *g[2];
    for (int i = 0; i < 2; i++) {
        net b = net_new(3);
        int x = net_input(&b, NET_DIMS(1, 2, 12, 6, 6));
        for (int k = 0; k < 2; k++) {
            const int64_t ci = net_shape(&b, x)->dim[1];
            const int wt = net_floats(&b, 0.0f, 0.3f, NET_DIMS(4, ci, 3, 3, 3));
            x = net_relu(&b, net_op(&b, "Conv", "", 2, x, wt));
        }
        net_output(&b, x);
        g[i] = b.g;
    }
    ride *w = ride_new(g[0], g[1], 2, 1, 4);
    const rpr_stream_options o = ride_options(RPR_GATE_OFF, 1);
    player *p = player_new(w->slid, &o);
    rpr_window_info info;
    assert_int_equal(rpr_model_window(w->slid, &info), RPR_OK);
    assert_true(info.macs_hop * 8 <= info.macs);
    for (int call = 0; call < 20; call++) {
        ride_next(w, false);
        ride_run(w, p);
        assert_int_equal(player_stats(p).macs_executed, info.macs_hop);
        const double error = ride_full(w) ? player_error(p, w->dense) : 0.0;
        check_that(error <= 1e-5, "call %d: %g", call, error);
    }
    for (size_t i = 0; i < rpr_model_n_layers(w->slid); i++)
        assert_true(strcmp(w->slid->plan->step[i].op, "Transpose") != 0); /* all are slices */
    player_free(p);
    ride_free(w);
}

static int write_to(void *user, const void *data, size_t n)
{
    return fwrite(data, 1, n, user) != n;
}

/** All calls that fill a window are first ones in a trace, too. */
static void traces_can_be_read(void **state)
{
    (void)state;
    ride *w = ride_plain(4);
    rpr_stream_options o = ride_options(RPR_GATE_DEADZONE, 1);
    o.gate.threshold = 2.0 / 255.0;
    o.trace = 1;
    player *p = player_new(w->slid, &o);
    rpr_trace *t = NULL;
    rpr_trace_reader *r = NULL;
    rpr_error err;
    char *bytes = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&bytes, &n);
    assert_non_null(to);
    assert_int_equal(rpr_trace_create(p->s, write_to, to, &t, &err), RPR_OK);
    const int calls = 2 * (int)w->calls;
    int64_t executed[64];
    assert_true(calls <= 64);
    for (int call = 0; call < calls; call++) {
        ride_next(w, false);
        ride_run(w, p);
        executed[call] = player_stats(p).macs_executed;
        assert_int_equal(rpr_trace_frame_write(t), RPR_OK);
    }
    assert_int_equal(rpr_trace_end(t), RPR_OK);
    rpr_trace_destroy(t);
    fclose(to);
    FILE *from = fmemopen(bytes, n, "rb");
    assert_int_equal(rpr_trace_open_file(from, "trace", &r, &err), RPR_OK);
    for (int call = 0; call < calls; call++) {
        const rpr_trace_frame *f;
        assert_int_equal(rpr_trace_next(r, &f, &err), RPR_OK);
        assert_int_equal(f->first, call < w->calls);
        int64_t macs = 0;
        for (int i = 0; i < rpr_trace_reader_net(r)->n_layer; i++)
            macs += f->layer[i].macs;
        assert_int_equal(macs, executed[call]);
    }
    rpr_trace_close(r);
    free(bytes);
    player_free(p);
    ride_free(w);
}

/* ------------------------------------------------------------------ options */

static void refused(const rpr_window *window, int status, const char *part)
{
    rpr_model_options o;
    rpr_model *m = NULL;
    rpr_error err = {{0}};
    net b = net_new(1);
    const int x = net_input(&b, NET_DIMS(1, 2, 8, 6));
    net_output(&b, net_conv(&b, x, 2, 3, 3, 1, "pads:1,1,1,1"));
    rpr_model_options_init(&o);
    o.window = window;
    assert_int_equal(rpr_graph_sort(b.g, &err), RPR_OK);
    const int got = rpr_model_from_graph(b.g, &o, &m, &err);
    check_that(got == status && strstr(err.message, part) && !strchr(err.message, '\n'),
               "%d \"%s\", not %d \"%s\"", got, err.message, status, part);
    assert_null(m);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    refused(&(rpr_window){.axis = 2}, RPR_ERR_ARGUMENT, "hop 0");
    refused(&(rpr_window){.axis = 2, .hop = -1}, RPR_ERR_ARGUMENT, "hop -1");
    refused(&(rpr_window){.axis = 2, .hop = 1, .length = -8}, RPR_ERR_ARGUMENT, "length -8");
    refused(&(rpr_window){.axis = 2, .hop = 8, .length = 8}, RPR_ERR_ARGUMENT, "hop of 8");
    refused(&(rpr_window){.axis = 2, .hop = 8}, RPR_ERR_ARGUMENT, "8");
    refused(&(rpr_window){.axis = 4, .hop = 1}, RPR_ERR_ARGUMENT, "axis 4");
    refused(&(rpr_window){.axis = -5, .hop = 1}, RPR_ERR_ARGUMENT, "axis -5");
    refused(&(rpr_window){.axis = 2, .hop = 1, .input = "none"}, RPR_ERR_ARGUMENT, "'none'");
}

static void what_a_window_comes_to(void **state)
{
    (void)state;
    ride *w = ride_plain(3);
    rpr_window_info info;
    rpr_window_layer layer;
    assert_int_equal(rpr_model_window(w->whole, &info), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_model_window_layer(w->whole, 0, &layer), RPR_ERR_ARGUMENT);
    assert_int_equal(rpr_model_window(w->slid, &info), RPR_OK);
    assert_int_equal(info.length, w->length);
    assert_int_equal(info.hop, 3);
    assert_int_equal(info.calls, (w->length + 2) / 3);
    assert_int_equal(info.lead, info.calls * 3 - info.length);
    assert_true(info.state_bytes > 0 && info.n_layers > 0 && info.macs_hop <= info.macs);
    for (size_t i = 0; i < info.n_layers; i++) {
        assert_int_equal(rpr_model_window_layer(w->slid, i, &layer), RPR_OK);
        assert_true(*layer.name && *layer.op);
        assert_int_equal(*layer.reason != '\0', layer.verdict == RPR_WINDOW_WHOLE);
    }
    assert_int_equal(rpr_model_window_layer(w->slid, info.n_layers, &layer), RPR_ERR_ARGUMENT);
    const rpr_stream_options o = ride_options(RPR_GATE_OFF, 1);
    player *p = player_new(w->slid, &o), *q = player_new(w->whole, &o);
    assert_int_equal(rpr_stream_window_missing(p->s), info.calls);
    assert_int_equal(rpr_stream_window_missing(q->s), 0);
    player_free(p);
    player_free(q);
    ride_free(w);
}

static void states_belong_to_a_window(void **state)
{
    (void)state;
    ride *w = ride_plain(2), *other = ride_plain(1);
    const rpr_stream_options o = ride_options(RPR_GATE_EXACT, 1);
    player *p = player_new(w->slid, &o), *q = player_new(other->slid, &o);
    const size_t bytes = rpr_stream_save_bytes(p->s);
    void *saved = malloc(bytes);
    assert_non_null(saved);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(q->s, saved, bytes), RPR_ERR_STATE);
    free(saved);
    player_free(p);
    player_free(q);
    ride_free(w);
    ride_free(other);
}

static void audits_are_refused(void **state)
{
    (void)state;
    ride *w = ride_plain(1);
    const rpr_stream_options o = ride_options(RPR_GATE_EXACT, 1);
    player *p = player_new(w->slid, &o);
    rpr_audit *a = NULL;
    rpr_error err = {{0}};
    assert_int_equal(rpr_audit_create(p->s, NULL, &a, &err), RPR_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "window"));
    player_free(p);
    ride_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_goes_on),        cmocka_unit_test(words_go_on_elsewhere),
        cmocka_unit_test(volumes_cost_what_is_told), cmocka_unit_test(traces_can_be_read),
        cmocka_unit_test(wrong_options_are_refused), cmocka_unit_test(what_a_window_comes_to),
        cmocka_unit_test(states_belong_to_a_window), cmocka_unit_test(audits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
