/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json_file.h"

enum { SCHEMA = 1 };
static const char KIND[] = "reprise plan";

static const char *const kinds[] = {
    [RPR_GATE_OFF] = "off",
    [RPR_GATE_EXACT] = "exact",
    [RPR_GATE_LEVELS] = "levels",
    [RPR_GATE_DEADZONE] = "deadzone",
};

/* ----------------------------------------------------------------- writing */

static void fingerprint_text(char text[17], const rpr_model *m)
{
    (void)snprintf(text, 17, "%016llx", (unsigned long long)rpr_model_fingerprint(m));
}

static json_t *gate_json(const rpr_model *m, const rpr_layer_gate *g)
{
    rpr_layer_info info;
    json_t *o = json_object();
    (void)rpr_model_layer(m, g->layer, &info);
    json_object_set_new(o, "layer", json_integer((json_int_t)g->layer));
    json_object_set_new(o, "name", json_string(info.name));
    json_object_set_new(o, "gate", json_string(kinds[g->gate.kind]));
    if (g->gate.kind == RPR_GATE_DEADZONE)
        json_object_set_new(o, "threshold", json_number(g->gate.threshold));
    if (g->gate.kind == RPR_GATE_LEVELS)
        json_object_set_new(o, "levels", json_integer(g->gate.levels));
    if (g->gate.lo < g->gate.hi) {
        json_object_set_new(o, "lo", json_number(g->gate.lo));
        json_object_set_new(o, "hi", json_number(g->gate.hi));
    }
    return o;
}

static json_t *result_json(const rpr_calibration_result *r)
{
    return json_pack("{s:I, s:o, s:o}", "frames", (json_int_t)r->frames, "error",
                     json_number(r->error), "mac_share", json_number(r->mac_share));
}

int plan_file_write(const char *path, const rpr_model *m, const plan_origin *from,
                    const rpr_calibration *c)
{
    char text[17];
    fingerprint_text(text, m);
    const char *slash = strrchr(from->model, '/');
    json_t *gates = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(gates, gate_json(m, &c->gate[i]));
    json_t *root =
        json_pack("{s:i, s:s, s:{s:s, s:s}, s:s, s:o, s:o, s:o, s:o}", "schema", SCHEMA, "kind",
                  KIND, "model", "file", slash ? slash + 1 : from->model, "fingerprint", text,
                  "metric", metric_name(from->metric), "budget", json_number(from->budget), "seen",
                  result_json(&c->seen), "held_back", result_json(&c->held_back), "gates", gates);
    return root ? json_file_write(root, path) : cli_no_memory();
}

/* ----------------------------------------------------------------- reading */

/* 0 if it is not there, NaN if it is no number. */
static double number_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v ? 0 : json_is_number(v) ? json_number_value(v) : NAN;
}

/* Numbers that rpr_stream_create would refuse are refused here, where the file can be named. */
static int has_good_numbers(const rpr_gate *g)
{
    const int ranged = g->lo != 0 || g->hi != 0;
    return (g->kind != RPR_GATE_DEADZONE || (g->threshold >= 0 && g->threshold < 1)) &&
           (g->kind != RPR_GATE_LEVELS || (g->levels >= 2 && g->levels <= 65536)) &&
           (!ranged || g->lo < g->hi);
}

/* 0 if it is not a gate as written above. */
static int read_gate(const json_t *o, const rpr_model *m, rpr_layer_gate *g)
{
    const char *kind = json_string_value(json_object_get(o, "gate"));
    const char *name = json_string_value(json_object_get(o, "name"));
    const json_t *layer = json_object_get(o, "layer");
    rpr_layer_info info;
    *g = (rpr_layer_gate){.layer = (size_t)json_integer_value(layer)};
    if (!kind || !name || !json_is_integer(layer) ||
        rpr_model_layer(m, g->layer, &info) != RPR_OK || strcmp(info.name, name) != 0)
        return 0;
    g->gate.lo = number_of(o, "lo");
    g->gate.hi = number_of(o, "hi");
    g->gate.threshold = number_of(o, "threshold");
    g->gate.levels = (int)json_integer_value(json_object_get(o, "levels"));
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(kind, kinds[k]) == 0) {
            g->gate.kind = (rpr_gate_kind)k;
            return has_good_numbers(&g->gate);
        }
    return 0;
}

static int read_gates(const char *path, const json_t *list, const rpr_model *m,
                      rpr_layer_gate **gates, size_t *n)
{
    const size_t count = json_array_size(list);
    *gates = calloc(count ? count : 1, sizeof **gates);
    if (!*gates)
        return cli_no_memory();
    for (*n = 0; *n < count; ++*n)
        if (!read_gate(json_array_get(list, *n), m, &(*gates)[*n]))
            return cli_fail(CLI_BAD_INPUT, "%s: gates[%zu] is no gate of a layer of this model",
                            path, *n);
    return CLI_DONE;
}

static int read_promise(const char *path, const json_t *root, plan_promise *p)
{
    const json_t *budget = json_object_get(root, "budget"), *by = json_object_get(root, "metric");
    *p = (plan_promise){.budget = -1};
    if (!budget && !by)
        return CLI_DONE;
    p->budget = json_is_number(budget) ? json_number_value(budget) : -1;
    for (p->metric = METRIC_REL_L2; p->metric <= METRIC_F1; p->metric++)
        if (json_is_string(by) && strcmp(json_string_value(by), metric_name(p->metric)) == 0 &&
            p->budget >= 0)
            return CLI_DONE;
    return cli_fail(CLI_BAD_INPUT, "%s: its budget and metric are none", path);
}

static int read_root(const char *path, const json_t *root, const rpr_model *m,
                     rpr_layer_gate **gates, size_t *n)
{
    char own[17];
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const json_t *model = json_object_get(root, "model");
    const char *mark = json_string_value(json_object_get(model, "fingerprint"));
    const char *file = json_string_value(json_object_get(model, "file"));
    const json_t *list = json_object_get(root, "gates");
    fingerprint_text(own, m);
    if (!kind || strcmp(kind, KIND) != 0 || !mark || !json_is_array(list))
        return cli_fail(CLI_BAD_INPUT, "%s: not a plan", path);
    if (json_integer_value(json_object_get(root, "schema")) != SCHEMA)
        return cli_fail(CLI_BAD_INPUT, "%s: a plan of another version", path);
    if (strcmp(mark, own) != 0)
        return cli_fail(CLI_BAD_INPUT,
                        "%s: the plan is for another model (%s), or another input shape", path,
                        file ? file : "?");
    return read_gates(path, list, m, gates, n);
}

int plan_file_read(const char *path, const rpr_model *m, rpr_layer_gate **gates, size_t *n,
                   plan_promise *promise)
{
    json_error_t err;
    json_t *root = json_load_file(path, 0, &err);
    *gates = NULL;
    *n = 0;
    if (!root)
        return cli_fail(CLI_BAD_INPUT, "%s: %s", path, err.text);
    int code = read_root(path, root, m, gates, n);
    if (code == CLI_DONE)
        code = read_promise(path, root, promise);
    json_decref(root);
    if (code != CLI_DONE) {
        free(*gates);
        *gates = NULL;
        *n = 0;
    }
    return code;
}
