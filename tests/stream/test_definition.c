/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan against the graph: without reuse, a stream's outputs equal those of the graph as it was
 * before any pass, evaluated node by node by the operators' definitions.
 */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"
#include "nets.h"
#include "nets_quant.h"
#include "ops/ops.h"
#include "play.h"

#define FRAMES 3
#define RANDOM_NETS 60

/** Rounding of the activations between layers; a sum of a few hundred terms is this exact. */
#define TOLERANCE 1e-5

#define MAX_NODE_ENDS 16

static void *value_data(rpr_graph *g, int value)
{
    rpr_value *v = &g->value[value];
    if (!v->data)
        v->data = rpr_alloc((size_t)rpr_shape_count(&v->shape) * rpr_dtype_size(v->dtype));
    assert_non_null(v->data);
    return v->data;
}

static void evaluate(rpr_graph *g)
{
    rpr_error err = {{0}};
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        rpr_view in[MAX_NODE_ENDS] = {{0}}, out[MAX_NODE_ENDS] = {{0}};
        assert_true(n->n_in <= MAX_NODE_ENDS && n->n_out <= MAX_NODE_ENDS);
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] != RPR_NONE)
                in[k] = rpr_value_view(&g->value[n->in[k]], value_data(g, n->in[k]));
        for (int k = 0; k < n->n_out; k++)
            if (n->out[k] != RPR_NONE)
                out[k] = rpr_value_view(&g->value[n->out[k]], value_data(g, n->out[k]));
        if (n->def->eval(n, in, out, &err) != RPR_OK)
            fail_msg("%s", err.message);
    }
}

static void prepare(rpr_graph *g)
{
    rpr_error err = {{0}};
    assert_int_equal(rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err), RPR_OK);
    assert_int_equal(rpr_graph_fold(g, &err), RPR_OK);
}

static void compare(rpr_graph *g, const rpr_model *m, const char *name, double tolerance)
{
    rpr_stream_options opt = play_options();
    opt.gate.kind = RPR_GATE_OFF;
    player *off = player_new(m, &opt), *by_definition = player_new(m, &opt);
    scene *s = scene_new(m, 3);
    for (int f = 0; f < FRAMES; f++) {
        scene_next(s);
        player_run(off, s);
        for (size_t i = 0; i < s->n; i++)
            memcpy(value_data(g, g->input[i]), s->in[i].data, s->in[i].bytes);
        evaluate(g);
        for (size_t i = 0; i < off->n; i++)
            memcpy(by_definition->out[i].data, value_data(g, g->output[i]), off->info[i].bytes);
        double e = player_error(off, by_definition);
        check_that(e <= tolerance, "%s, frame %d: error %g", name, f, e);
    }
    scene_free(s);
    player_free(off);
    player_free(by_definition);
}

static void named(void **state)
{
    (void)state;
    for (size_t i = 0; i < nets_all(); i++) {
        rpr_graph *g = nets_graph(i);
        rpr_model *m = nets_make(i);
        prepare(g);
        compare(g, m, nets_name(i), TOLERANCE);
        rpr_model_destroy(m);
        rpr_graph_free(g);
    }
}

static void random_graphs(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < RANDOM_NETS; seed++) {
        char name[32];
        rpr_graph *g = nets_random_graph(seed);
        rpr_model *m = nets_random(seed);
        (void)snprintf(name, sizeof name, "random %u", seed);
        prepare(g);
        compare(g, m, name, TOLERANCE);
        rpr_model_destroy(m);
        rpr_graph_free(g);
    }
}

/** What the passes made of it, in every bit: before them, sums near a half may go either way. */
static void play_made(void (*make)(net *b), const char *op, int count, const char *name)
{
    net b = net_new(5);
    make(&b);
    rpr_model *m = net_finish(b.g);
    const rpr_graph *g = m->plan->graph;
    for (size_t i = 0; i < g->n_node; i++)
        count -= strcmp(g->node[i].op, op) == 0;
    assert_int_equal(count, 0);
    compare(m->plan->graph, m, name, 0.0);
    rpr_model_destroy(m);
}

static void made_by_passes(void **state)
{
    (void)state;
    play_made(nets_quantised_pyramid, "QLinearResize", NETS_PYRAMID_RESIZES, "quantised_pyramid");
    play_made(nets_quantised_transposed, "QLinearConvTranspose", 5, "quantised_transposed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(named), cmocka_unit_test(random_graphs),
                                       cmocka_unit_test(made_by_passes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
