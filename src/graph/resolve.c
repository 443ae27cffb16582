/* SPDX-License-Identifier: Apache-2.0 */
/* From operator names to their definitions. */
#include <stdio.h>
#include <string.h>

#include "graph/dropout.h"
#include "graph/passes.h"

/* The summary names this many operator types; the log has every node. */
#define MAX_NAMED 32

typedef struct rpr_missing {
    const rpr_node *first[MAX_NAMED]; /* one node per operator type */
    size_t nodes[MAX_NAMED];
    size_t n, others; /* types named, nodes of further types */
} rpr_missing;

static void count_missing(rpr_missing *m, const rpr_node *n)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->first[i]->op, n->op) == 0 && strcmp(m->first[i]->domain, n->domain) == 0) {
            m->nodes[i]++;
            return;
        }
    if (m->n == MAX_NAMED) {
        m->others++;
        return;
    }
    m->first[m->n] = n;
    m->nodes[m->n++] = 1;
}

/** "com.microsoft:Gelu" or, in the default domain, "Relu". */
static void op_name(const rpr_node *n, char *text, size_t size)
{
    (void)snprintf(text, size, "%s%s%s", n->domain, *n->domain ? ":" : "", n->op);
}

static void log_missing(const rpr_node *n, rpr_log_fn log, void *user)
{
    char op[128], line[512];
    if (!log)
        return;
    op_name(n, op, sizeof op);
    (void)snprintf(line, sizeof line, "node '%.300s': operator %s of opset %d is not supported",
                   n->name, op, n->opset);
    log(user, RPR_LOG_ERROR, line);
}

static int summarise(const rpr_missing *m, rpr_error *err)
{
    char list[700] = "", op[128];
    size_t at = 0;
    for (size_t i = 0; i < m->n && at < sizeof list; i++) {
        op_name(m->first[i], op, sizeof op);
        int n = snprintf(list + at, sizeof list - at, "%s%s (opset %d, %zu node%s)", i ? ", " : "",
                         op, m->first[i]->opset, m->nodes[i], m->nodes[i] == 1 ? "" : "s");
        at += n > 0 ? (size_t)n : 0;
    }
    return rpr_fail(err, RPR_ERR_UNSUPPORTED, "unsupported operators: %s%s", list,
                    m->others || at >= sizeof list ? ", and others" : "");
}

/** Evaluators may rely on these counts. */
static int check_arity(const rpr_node *n, rpr_error *err)
{
    const rpr_opdef *d = n->def;
    int given = n->n_in;
    while (given > 0 && n->in[given - 1] == RPR_NONE)
        given--;
    if (given < d->min_in || given > d->max_in)
        return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (%s) has %d inputs, it takes %d to %d",
                        n->name, n->op, given, d->min_in, d->max_in);
    for (int i = 0; i < d->min_in; i++)
        if (n->in[i] == RPR_NONE)
            return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (%s): input %d is missing", n->name,
                            n->op, i);
    for (int i = 0; i < n->n_out; i++)
        if (i >= d->max_out && n->out[i] != RPR_NONE)
            return rpr_fail(err, RPR_ERR_FORMAT,
                            "node '%s' (%s) has %d outputs, it gives at most %d", n->name, n->op,
                            n->n_out, d->max_out);
    return RPR_OK;
}

static int resolve_from(rpr_graph *g, size_t first, rpr_log_fn log, void *log_user, rpr_error *err)
{
    rpr_missing m = {.n = 0};
    for (size_t i = first; i < g->n_node; i++) {
        rpr_node *n = &g->node[i];
        n->def = g->find(n->domain, n->op, n->opset);
        if (n->def)
            continue;
        log_missing(n, log, log_user);
        count_missing(&m, n);
    }
    if (m.n)
        return summarise(&m, err);
    for (size_t i = first; i < g->n_node; i++)
        RPR_TRY(check_arity(&g->node[i], err));
    return RPR_OK;
}

int rpr_graph_resolve_from(rpr_graph *g, size_t first, rpr_error *err)
{
    return resolve_from(g, first, NULL, NULL, err);
}

int rpr_graph_resolve(rpr_graph *g, rpr_find_op_fn find, rpr_log_fn log, void *log_user,
                      rpr_error *err)
{
    g->find = find;
    RPR_TRY(rpr_graph_settle_dropout(g, err));
    return resolve_from(g, 0, log, log_user, err);
}
