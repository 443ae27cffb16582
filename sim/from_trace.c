/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/from_trace.h"

#include "core/status.h"
#include "trace/macs.h"

int sim_traced_open(sim_traced *t, const char *path, sim_net *net, rpr_error *err)
{
    *t = (sim_traced){.path = path};
    *net = (sim_net){0};
    RPR_TRY(rpr_trace_open(path, &t->reader, err));
    return sim_net_from_trace(rpr_trace_reader_net(t->reader), path, net, err);
}

void sim_traced_close(sim_traced *t)
{
    rpr_trace_close(t->reader);
    *t = (sim_traced){0};
}

static int check_macs(const sim_traced *t, const rpr_trace_frame *f, rpr_error *err)
{
    const rpr_trace_net *net = rpr_trace_reader_net(t->reader);
    for (int32_t i = 0; i < net->n_layer; i++) {
        if (!rpr_trace_macs_fit(net, f, i))
            return rpr_fail(err, RPR_ERR_FORMAT,
                            "%s: frame %llu, layer %s: the engine executed %lld MACs, but its "
                            "trace gives %lld",
                            t->path, (unsigned long long)f->index, net->layer[i].name,
                            (long long)f->layer[i].macs, (long long)rpr_trace_macs(net, f, i));
    }
    return RPR_OK;
}

static int next_frame(void *user, sim_execution *e, bool *end, rpr_error *err)
{
    sim_traced *t = user;
    const rpr_trace_frame *f;
    RPR_TRY(rpr_trace_next(t->reader, &f, err));
    *end = f == NULL;
    if (*end)
        return t->frames ? RPR_OK : rpr_fail(err, RPR_ERR_FORMAT, "%s: has no frames", t->path);
    /* A trace may begin in the middle of a stream; the machine has no state then either. */
    bool first = f->first || t->frames == 0;
    t->frames++;
    *e = (sim_execution){.first = first, .changed = (const uint64_t *const *)f->changed};
    return check_macs(t, f, err);
}

sim_source sim_traced_source(sim_traced *t)
{
    return (sim_source){.next = next_frame, .user = t};
}
