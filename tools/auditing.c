/* SPDX-License-Identifier: Apache-2.0 */
#include "auditing.h"

#include <stdint.h>
#include <stdlib.h>

#include "cli.h"

/* The bar comes back with the next step. */
static void on_log(void *user, rpr_log_level level, const char *line)
{
    const auditing *a = user;
    const int active = a->bar->active;
    progress_end(a->bar);
    a->bar->active = active;
    if (level == RPR_LOG_WARNING)
        cli_warn("%s", line);
    else
        cli_say("%s", line);
}

/* The plan's budget and metric are a pair, unless others are given. */
static int find_budget(auditing *a, const session *s, metric_kind *kind)
{
    const cli_options *o = s->opt;
    const plan_promise *p = &s->promise;
    a->budget = o->budget >= 0 ? o->budget : p->budget;
    *kind = o->have_metric ? o->metric : p->metric;
    if (o->budget < 0 && p->budget >= 0 && *kind != p->metric)
        return cli_fail(CLI_USAGE, "--metric %s needs --budget: that of %s is by %s",
                        metric_name(*kind), o->plan, metric_name(p->metric));
    if (*kind == METRIC_F1 && o->decode == DECODE_NONE)
        return cli_fail(CLI_USAGE, "--audit by f1, as in %s, needs --decode: it is about boxes",
                        o->plan);
    return CLI_DONE;
}

int auditing_open(auditing *a, session *s, const lane *l)
{
    metric_kind kind;
    rpr_audit_options o;
    rpr_error err = {""};
    int code = find_budget(a, s, &kind);
    if (code != CLI_DONE)
        return code;
    if (!metric_init(&a->metric, kind, s->out_info, s->n_out, &s->decoder))
        return cli_no_memory();
    const rpr_metric callbacks = metric_callbacks(&a->metric);
    a->bar = &s->progress;
    rpr_audit_options_init(&o);
    o.every = s->opt->audit;
    o.budget = a->budget;
    o.power = kind == METRIC_REL_L2 ? 2 : 1;
    o.window = kind == METRIC_MAX_ABS ? 1 : o.window; /* of which the largest counts */
    o.metric = &callbacks;
    o.log = on_log;
    o.log_user = a;
    int status = rpr_audit_create(l->stream, &o, &a->audit, &err);
    return status == RPR_OK ? CLI_DONE : cli_fail(cli_exit_of_status(status), "%s", err.message);
}

static int add_event(auditing *a)
{
    if (a->n_event == a->room) {
        const size_t room = a->room ? 2 * a->room : 16;
        audit_event *event = realloc(a->event, room * sizeof *event);
        if (!event)
            return cli_no_memory();
        a->event = event;
        a->room = room;
    }
    a->event[a->n_event++] =
        (audit_event){.frame = a->st.last_frame, .error = a->st.last, .scale = a->st.scale};
    return CLI_DONE;
}

int auditing_frame(auditing *a, const session *s)
{
    const int64_t before = a->st.breaches + a->st.loosened;
    if (rpr_audit_frame(a->audit, &s->in, 1) != RPR_OK)
        return cli_fail(CLI_BAD_INPUT, "%s: frame %lld: %s", s->opt->input,
                        (long long)s->frame.index, rpr_audit_error(a->audit));
    rpr_audit_get_stats(a->audit, &a->st);
    a->shares += a->st.share;
    return a->st.breaches + a->st.loosened > before ? add_event(a) : CLI_DONE;
}

void auditing_close(auditing *a)
{
    rpr_audit_destroy(a->audit);
    metric_free(&a->metric);
    free(a->event);
}
