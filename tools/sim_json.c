/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "json_file.h"
#include "sim_report.h"

static json_t *band(const sim_band *b)
{
    return json_pack("{s:o,s:o,s:o}", "low", json_number(b->low), "nominal",
                     json_number(b->nominal), "high", json_number(b->high));
}

static json_t *arch_of(const sim_config *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < sim_n_keys(); i++) {
        const sim_key *k = sim_key_at(i);
        char name[128], value[128];
        snprintf(name, sizeof name, "%s.%s", k->section, k->name);
        sim_key_format(k, c, value, sizeof value);
        json_object_set_new(all, name, json_string(value));
    }
    json_object_set_new(all, "energy.tables", json_string(c->tables));
    return all;
}

static json_t *workload(const sim_outcome *o)
{
    const sim_workload *w = &o->workload;
    json_t *root = json_pack("{s:s?,s:s?,s:s?,s:I,s:I,s:I}", "net", w->preset, "trace", w->trace,
                             "off", w->off, "first", (json_int_t)o->result.n_first, "further",
                             (json_int_t)o->result.n_later, "sequence", (json_int_t)o->sequence);
    if (w->trace)
        return root;
    json_t *list = json_array();
    for (int i = 0; i < w->n_similarity; i++)
        json_array_append_new(list, json_number(w->similarity[i]));
    json_object_set_new(root, "similarity", list);
    json_object_set_new(root, "pattern", json_string(w->clustered ? "clustered" : "uniform"));
    json_object_set_new(root, "run", w->clustered ? json_number(w->run) : json_null());
    json_object_set_new(root, "seed", json_integer((json_int_t)w->seed));
    return root;
}

/* Per execution: counts, picojoules of every part. */
static json_t *mean(const sim_mean *m)
{
    json_t *counts = json_object(), *parts = json_object();
    for (int i = 0; i < SIM_N_COUNTS; i++)
        json_object_set_new(counts, sim_count_name((sim_count)i), json_number(m->n[i]));
    for (int i = 0; i < SIM_N_PARTS; i++)
        json_object_set_new(parts, sim_part_name((sim_part)i), band(&m->energy.part[i]));
    return json_pack("{s:o,s:o,s:o}", "counts", counts, "energy_pj", parts, "total_pj",
                     band(&m->total));
}

static json_t *area(const sim_area *a)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "weights", band(&a->weights), "io", band(&a->io),
                     "lanes", band(&a->lanes), "reuse", band(&a->reuse), "control",
                     band(&a->control), "total", band(&a->total));
}

static json_t *variant(const sim_outcome *o, int v)
{
    const sim_plan *p = &o->result.plan[v];
    json_t *root = mean(&o->mean[v]);
    json_object_set_new(root, "ms", json_number(sim_ms(&o->config, o->mean[v].n[SIM_CYCLES])));
    json_object_set_new(root, "area_mm2", area(&o->area[v]));
    json_object_set_new(root, "footprint",
                        json_pack("{s:I,s:I,s:I,s:I,s:I}", "io_bytes", (json_int_t)p->io_used,
                                  "io_state_bytes", (json_int_t)p->io_state, "weights_bytes",
                                  (json_int_t)p->weights_used, "dram_bytes",
                                  (json_int_t)p->dram_used, "dram_state_bytes",
                                  (json_int_t)p->dram_state));
    return root;
}

/* Appends a part; a list with one that could not be made is none. */
static json_t *append(json_t *list, json_t *part)
{
    if (list && json_array_append_new(list, part) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *layers(const sim_outcome *o)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < o->net.n_layer; i++) {
        const sim_layer *l = &o->net.layer[i];
        sim_mean b, r;
        sim_outcome_layer(o, i, SIM_BASE, &b);
        sim_outcome_layer(o, i, SIM_REUSE, &r);
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:I,s:b,s:o,s:o,s:o,s:o}", "name", l->name, "op",
                                        l->op, "macs", (json_int_t)l->macs, "reuses", l->reuse,
                                        "similarity", json_number(sim_outcome_similarity(o, i)),
                                        "reuse", json_number(sim_outcome_reuse(o, i)), "base",
                                        mean(&b), "with_reuse", mean(&r)));
    }
    return list;
}

/* Where every figure came from. */
static json_t *rows(const sim_outcome *o)
{
    json_t *list = json_array();
    for (int i = 0; i < SIM_N_COSTS; i++) {
        const sim_found *f = &o->costs.of[i];
        list = append(list, json_pack("{s:s,s:o,s:s,s:s,s:i,s:s,s:s,s:b}", "figure",
                                      sim_cost_name((sim_cost)i), "value", band(&f->value), "unit",
                                      f->row->unit, "file", f->row->file, "line", f->row->line,
                                      "kind", f->row->kind, "source", f->row->source,
                                      "interpolated", f->other != NULL));
    }
    return list;
}

/* jansson takes NULL, which a part is that could not be made, for a failure of its own. */
static int put(json_t *root, const char *name, json_t *part)
{
    return json_object_set_new(root, name, part) == 0;
}

json_t *sim_json(const sim_outcome *o, const char *arch)
{
    sim_band saved = sim_outcome_saving(o), more = sim_outcome_extra_area(o);
    json_t *root =
        json_pack("{s:i,s:s,s:s,s:s,s:o,s:o}", "schema", 1, "kind", "simulation", "arch", arch,
                  "network", o->net.name, "config", arch_of(&o->config), "workload", workload(o));
    int ok = root && put(root, "similarity", json_number(sim_outcome_similarity(o, -1))) &&
             put(root, "reuse", json_number(sim_outcome_reuse(o, -1))) &&
             put(root, "speedup", json_number(sim_outcome_speedup(o))) &&
             put(root, "energy_saved", band(&saved)) && put(root, "area_added", band(&more)) &&
             put(root, "base", variant(o, SIM_BASE)) &&
             put(root, "with_reuse", variant(o, SIM_REUSE)) && put(root, "layers", layers(o)) &&
             put(root, "rows", rows(o));
    if (ok)
        return root;
    json_decref(root);
    return NULL;
}
