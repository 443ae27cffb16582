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
    return json_pack("{s:I, s:o, s:o, s:o}", "frames", (json_int_t)r->frames, "error",
                     json_number(r->error), "mac_share", json_number(r->mac_share), "cost_share",
                     json_number(r->cost_share));
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
    json_t *root = json_pack("{s:i, s:s, s:{s:s, s:s}, s:s, s:o, s:o}", "schema", SCHEMA, "kind",
                             KIND, "model", "file", slash ? slash + 1 : from->model, "fingerprint",
                             text, "metric", metric_name(from->metric), "seen",
                             result_json(&c->seen), "held_back", result_json(&c->held_back));
    if (!root)
        return cli_no_memory();
    if (from->preset) {
        json_object_set_new(root, "preset", json_string(from->preset));
        json_object_set_new(root, "clusters", json_integer(from->clusters));
    } else {
        json_object_set_new(root, "budget", json_number(from->budget));
        json_object_set_new(root, "objective",
                            json_string(from->objective == RPR_OBJECTIVE_TIME ? "time" : "macs"));
    }
    if (c->settle > 0)
        json_object_set_new(root, "settle", json_integer(c->settle));
    json_object_set_new(root, "gates", gates);
    return json_file_write(root, path);
}

/* ----------------------------------------------------------------- reading */

/* 0 if it is not there, NaN if it is no number. */
static double number_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v ? 0 : json_is_number(v) ? json_number_value(v) : NAN;
}

/* Numbers that rpr_stream_create would refuse are refused here, where the file can be named. */
static const char *wrong_number(const json_t *o, const rpr_gate *g)
{
    const int ranged = json_object_get(o, "lo") || json_object_get(o, "hi");
    const json_t *levels = json_object_get(o, "levels");
    if (g->kind == RPR_GATE_DEADZONE &&
        !(json_object_get(o, "threshold") && g->threshold >= 0 && g->threshold < 1))
        return "threshold should be a number from 0 to below 1";
    if (g->kind == RPR_GATE_LEVELS &&
        !(json_is_integer(levels) && g->levels >= 2 && g->levels <= 65536))
        return "levels should be a number from 2 to 65536";
    if (ranged && !(fabs(g->lo) <= 1e30 && fabs(g->hi) <= 1e30 && g->lo < g->hi))
        return "lo and hi should be numbers, lo below hi";
    return NULL;
}

static int kind_of(const char *name)
{
    for (int k = 0; name && k < (int)(sizeof kinds / sizeof kinds[0]); k++)
        if (strcmp(name, kinds[k]) == 0)
            return k;
    return -1;
}

static const char *unknown_key(json_t *o)
{
    static const char *const keys[] = {"layer", "name", "gate", "threshold", "levels", "lo", "hi"};
    const char *key;
    json_t *value;
    json_object_foreach(o, key, value)
    {
        size_t k = 0;
        while (k < sizeof keys / sizeof keys[0] && strcmp(key, keys[k]) != 0)
            k++;
        if (k == sizeof keys / sizeof keys[0])
            return key;
    }
    return NULL;
}

/* NULL, or what is wrong with it as a gate as written above. */
static const char *read_gate(json_t *o, const rpr_model *m, rpr_layer_gate *g)
{
    const char *name = json_string_value(json_object_get(o, "name"));
    const json_t *layer = json_object_get(o, "layer");
    const int kind = kind_of(json_string_value(json_object_get(o, "gate")));
    rpr_layer_info info;
    *g = (rpr_layer_gate){.layer = (size_t)json_integer_value(layer)};
    if (unknown_key(o))
        return "a key that no gate has";
    if (!name || !json_is_integer(layer) || rpr_model_layer(m, g->layer, &info) != RPR_OK ||
        !(info.weighted || info.recurrent) || strcmp(info.name, name) != 0)
        return "no weighted layer of this model has that number and name";
    if (kind < 0)
        return "gate should be off, exact, levels or deadzone";
    const json_int_t levels = json_integer_value(json_object_get(o, "levels"));
    g->gate = (rpr_gate){.kind = (rpr_gate_kind)kind,
                         .levels = levels > 0 && levels <= 65536 ? (int)levels : 0,
                         .threshold = number_of(o, "threshold"),
                         .lo = number_of(o, "lo"),
                         .hi = number_of(o, "hi")};
    return wrong_number(o, &g->gate);
}

static int same_gate(const rpr_gate *a, const rpr_gate *b)
{
    return a->kind == b->kind && a->levels == b->levels && !(a->threshold < b->threshold) &&
           !(a->threshold > b->threshold) && !(a->lo < b->lo) && !(a->lo > b->lo) &&
           !(a->hi < b->hi) && !(a->hi > b->hi);
}

/* NULL, or how a gate contradicts one before it. */
static const char *contradiction(const rpr_model *m, const rpr_layer_gate *gates, size_t n)
{
    rpr_layer_info own, other;
    (void)rpr_model_layer(m, gates[n].layer, &own);
    for (size_t i = 0; i < n; i++) {
        (void)rpr_model_layer(m, gates[i].layer, &other);
        if (gates[i].layer == gates[n].layer)
            return "the layer has one already";
        if (own.weighted && other.gate == own.gate && !same_gate(&gates[i].gate, &gates[n].gate))
            return "another layer reads the same tensor and has a different one";
    }
    return NULL;
}

static int read_gates(const char *path, const json_t *list, const rpr_model *m,
                      rpr_layer_gate **gates, size_t *n)
{
    const size_t count = json_array_size(list);
    *gates = calloc(count ? count : 1, sizeof **gates);
    if (!*gates)
        return cli_no_memory();
    for (*n = 0; *n < count; ++*n) {
        const char *wrong = read_gate(json_array_get(list, *n), m, &(*gates)[*n]);
        if (!wrong)
            wrong = contradiction(m, *gates, *n);
        if (wrong)
            return cli_fail(CLI_BAD_INPUT, "%s: gates[%zu] is no gate of this model: %s", path, *n,
                            wrong);
    }
    return CLI_DONE;
}

static int read_promise(const char *path, const json_t *root, plan_promise *p)
{
    const json_t *budget = json_object_get(root, "budget"), *by = json_object_get(root, "metric");
    const json_t *settle = json_object_get(root, "settle");
    const json_int_t n = json_integer_value(settle);
    *p = (plan_promise){.budget = -1};
    if (settle && !(json_is_integer(settle) && n >= 0 && n <= INT32_MAX))
        return cli_fail(CLI_BAD_INPUT, "%s: settle should be a number of frames", path);
    p->settle = (int)n;
    if (!budget) /* a preset promises nothing */
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
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &err);
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
