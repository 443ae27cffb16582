/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "info_window.h"
#include "json_file.h"
#include "model_open.h"

/* All layers of one operator. */
typedef struct op_sum {
    const char *op;
    int64_t layers, dense_layers, quantised, macs, parameters;
} op_sum;

typedef struct model_sum {
    rpr_layer_info *layer;
    op_sum *op; /* in the order of their first use */
    size_t n_layers, n_ops;
    op_sum total;
    int64_t weighted, recurrent;
    int64_t quantised, quantised_macs; /* weighted ones in 8 bits */
} model_sum;

static void add_layer(op_sum *sum, const rpr_layer_info *l)
{
    sum->layers++;
    sum->dense_layers += !l->sparse;
    sum->quantised += l->quantised;
    sum->macs += l->macs;
    sum->parameters += l->parameters;
}

static int collect(model_sum *m, const rpr_model *model)
{
    m->n_layers = rpr_model_n_layers(model);
    m->layer = calloc(m->n_layers + 1, sizeof *m->layer);
    m->op = calloc(m->n_layers + 1, sizeof *m->op);
    if (!m->layer || !m->op)
        return cli_no_memory();
    for (size_t i = 0; i < m->n_layers; i++) {
        rpr_layer_info *l = &m->layer[i];
        int status = rpr_model_layer(model, i, l);
        if (status != RPR_OK)
            return cli_fail(cli_exit_of_status(status), "layer %zu: %s", i, rpr_strerror(status));
        size_t k = 0;
        while (k < m->n_ops && strcmp(m->op[k].op, l->op) != 0)
            k++;
        if (k == m->n_ops)
            m->op[m->n_ops++].op = l->op;
        add_layer(&m->op[k], l);
        add_layer(&m->total, l);
        m->weighted += l->weighted != 0;
        m->quantised += l->weighted && l->quantised;
        m->quantised_macs += l->weighted && l->quantised ? l->macs : 0;
        m->recurrent += l->recurrent != 0;
    }
    return CLI_DONE;
}

/* ------------------------------------------------------------------ text */

static void print_tensors(const char *title, const rpr_model *model, size_t n,
                          int (*get)(const rpr_model *m, size_t i, rpr_tensor_info *info))
{
    for (size_t i = 0; i < n; i++) {
        rpr_tensor_info t;
        char shape[128];
        if (get(model, i, &t) == RPR_OK)
            printf("%-11s %s  %s %s\n", i ? "" : title, t.name, dtype_name(t.dtype),
                   format_shape(shape, sizeof shape, &t));
    }
}

static void print_ops(const model_sum *m)
{
    printf("\n%-20s %7s %7s %11s %12s  %s\n", "operator", "layers", "8-bit", "M MACs", "parameters",
           "when inputs change");
    for (size_t i = 0; i < m->n_ops; i++) {
        const op_sum *s = &m->op[i];
        const char *how = s->dense_layers == 0           ? "only what changed"
                          : s->dense_layers == s->layers ? "all of it"
                                                         : "all of it in some";
        printf("%-20s %7" PRId64 " %7" PRId64 " %11.2f %12" PRId64 "  %s\n", s->op, s->layers,
               s->quantised, (double)s->macs / 1e6, s->parameters, how);
    }
    printf("%-20s %7" PRId64 " %7" PRId64 " %11.2f %12" PRId64 "\n", "all", m->total.layers,
           m->total.quantised, (double)m->total.macs / 1e6, m->total.parameters);
}

/* Where there are any: which of the layers with weights compute in integers, and which do not. */
static void print_quantised(const model_sum *m)
{
    if (m->quantised == 0)
        return;
    printf("\n8-bit       %" PRId64 " of %" PRId64 " layers with weights (%.1f %% of the MACs)%s\n",
           m->quantised, m->weighted,
           m->total.macs > 0 ? 100.0 * (double)m->quantised_macs / (double)m->total.macs : 100.0,
           m->quantised < m->weighted ? "; these are f32:" : "");
    for (size_t i = 0; i < m->n_layers; i++)
        if (m->layer[i].weighted && !m->layer[i].quantised)
            printf("            %s %s\n", m->layer[i].op, m->layer[i].name);
}

static void print_layers(const model_sum *m)
{
    printf("\nreuse       %" PRId64 " of %" PRId64 " layers compute only what changed; %" PRId64
           " of them have weights and a gate\n            (--gate), which says what counts as "
           "changed\n",
           m->total.layers - m->total.dense_layers, m->total.layers, m->weighted);
    if (m->recurrent > 0)
        printf("            %" PRId64 " recurrent layer%s of several steps ha%s gates along the "
               "steps\n",
               m->recurrent, m->recurrent == 1 ? "" : "s", m->recurrent == 1 ? "s" : "ve");
    if (m->total.dense_layers == 0)
        return;
    puts("dense       these are computed in full as soon as anything they read changed:");
    for (size_t i = 0; i < m->n_layers; i++)
        if (!m->layer[i].sparse)
            printf("            %s %s\n", m->layer[i].op, m->layer[i].name);
}

static void print_text(const cli_options *o, const rpr_model *model, const model_sum *m)
{
    printf("model       %s\n", o->model);
    print_tensors("inputs", model, rpr_model_n_inputs(model), rpr_model_input);
    print_tensors("outputs", model, rpr_model_n_outputs(model), rpr_model_output);
    printf("weights     %.1f MB, shared by all streams\n", (double)rpr_model_bytes(model) / 1e6);
    print_ops(m);
    print_quantised(m);
    print_layers(m);
    if (o->have_axis)
        info_window_print(o, model);
}

/* ------------------------------------------------------------------ JSON */

static json_t *json_tensors(const rpr_model *model, size_t n,
                            int (*get)(const rpr_model *m, size_t i, rpr_tensor_info *info))
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        rpr_tensor_info t;
        if (get(model, i, &t) != RPR_OK)
            continue;
        json_t *shape = json_array();
        for (int k = 0; k < t.rank; k++)
            json_array_append_new(shape, json_integer(t.dim[k]));
        json_array_append_new(list, json_pack("{s:s,s:s,s:o}", "name", t.name, "type",
                                              dtype_name(t.dtype), "shape", shape));
    }
    return list;
}

static json_t *json_ops(const model_sum *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_ops; i++)
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I,s:I}", "op", m->op[i].op, "layers",
                                              (json_int_t)m->op[i].layers, "quantised",
                                              (json_int_t)m->op[i].quantised, "macs",
                                              (json_int_t)m->op[i].macs, "parameters",
                                              (json_int_t)m->op[i].parameters));
    return list;
}

static json_t *json_layers(const model_sum *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_layers; i++) {
        const rpr_layer_info *l = &m->layer[i];
        json_array_append_new(list, json_pack("{s:s,s:s,s:I,s:I,s:b,s:b,s:b,s:b}", "name", l->name,
                                              "op", l->op, "macs", (json_int_t)l->macs,
                                              "parameters", (json_int_t)l->parameters, "weighted",
                                              l->weighted, "sparse", l->sparse, "quantised",
                                              l->quantised, "recurrent", l->recurrent));
    }
    return list;
}

static json_t *json_lines(const line_list *l)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(list, json_string(l->line[i]));
    return list;
}

static int print_json(const cli_options *o, const rpr_model *model, const model_sum *m,
                      const line_list *unsupported)
{
    json_t *root = json_pack("{s:i,s:s,s:s}", "schema", 1, "command", "info", "model", o->model);
    if (!root)
        return cli_fail(CLI_BAD_INPUT, "%s: a name that is not UTF-8 does not fit JSON", o->model);
    if (model) {
        json_object_set_new(root, "inputs",
                            json_tensors(model, rpr_model_n_inputs(model), rpr_model_input));
        json_object_set_new(root, "outputs",
                            json_tensors(model, rpr_model_n_outputs(model), rpr_model_output));
        json_object_set_new(root, "macs", json_integer(m->total.macs));
        json_object_set_new(root, "parameters", json_integer(m->total.parameters));
        json_object_set_new(root, "weight_bytes", json_integer((json_int_t)rpr_model_bytes(model)));
        json_object_set_new(root, "ops", json_ops(m));
        json_object_set_new(root, "layers", json_layers(m));
        if (o->have_axis)
            json_object_set_new(root, "window", info_window_json(o, model));
    }
    json_object_set_new(root, "unsupported", json_lines(unsupported));
    return json_file_write(root, "-");
}

int cmd_info(const cli_options *o)
{
    rpr_model *model = NULL;
    line_list unsupported = {0};
    model_sum m = {0};
    int code = model_open(o, &model, &unsupported);
    if (code == CLI_DONE)
        code = collect(&m, model);
    if (code == CLI_DONE && !o->json)
        print_text(o, model, &m);
    else if (code == CLI_DONE)
        code = print_json(o, model, &m, &unsupported);
    else if (code == CLI_UNSUPPORTED && o->json)
        print_json(o, NULL, &m, &unsupported);
    free(m.layer);
    free(m.op);
    line_list_free(&unsupported);
    rpr_model_destroy(model);
    return code;
}
